"""How an engine is started for a deployment: its documented flags, nothing that nobody has set.

vLLM: `vllm serve --help`; SGLang: its page of server arguments; TensorRT-LLM: `trtllm-serve --help`
and the fields of its LLM API. What joins pools is as these pages document it:

- vLLM: docs.vllm.ai/en/latest/features/nixl_connector_usage.html (the proxy is the example there;
  vLLM ships none for production);
- SGLang: docs.sglang.io/advanced_features/pd_disaggregation.html;
- TensorRT-LLM: nvidia.github.io/TensorRT-LLM/features/disagg-serving.html and
  examples/disaggregated/README.md of NVIDIA/TensorRT-LLM.

`$MODEL` stands for the checkpoint, `$PREFILL_1` and `$DECODE_1` for the hosts of the first workers.
"""

import json
from collections.abc import Mapping

POOLS = ("prefill", "decode")
VLLM_PORT, SGLANG_PORT, TRTLLM_PORT = 8100, 30000, 8001  # of a worker


def launch_commands(row: Mapping) -> list[str]:
    """A command a worker kind: one for one pool; for pools one each, then what joins them.

    `row` has the columns that `predict` reads of a layout. Each worker of a pool is started by its
    pool's command on a host of its own. Empty where no engine is named.
    """
    engines = {
        "vllm": (_vllm, _vllm_proxy),
        "sglang": (_sglang, _sglang_router),
        "trtllm": (_trtllm, _trtllm_server),
        "tensorrt-llm": (_trtllm, _trtllm_server),
    }
    if str(row["engine"]) not in engines:
        return []
    write, join = engines[str(row["engine"])]
    if row["mode"] == "aggregated":
        return [write(row, "", "")]
    return [
        *(write(row, f"{pool}_", pool) for pool in POOLS),
        join(*(_hosts(row, p) for p in POOLS)),
    ]


def _ranks(row: Mapping, prefix: str) -> tuple[int, int, int]:
    """Tensor, data and expert ranks of a worker."""
    names = ("tensor_parallel", "data_parallel", "expert_parallel")
    tensor, data, expert = (int(row[f"{prefix}{name}"]) for name in names)
    return tensor, data, expert


def _hosts(row: Mapping, pool: str) -> list[str]:
    """A host for each worker of a pool, as a shell variable."""
    return [f"${pool.upper()}_{place}" for place in range(1, int(row[f"{pool}_workers"]) + 1)]


def _requests(row: Mapping, pool: str) -> int:
    """Requests that a worker has in flight at most; prompts of a prefill worker come one by one."""
    if pool == "prefill":
        return 0
    workers = row["decode_workers"] if pool else 1
    return max(round(row["concurrency"] / workers), 1)


def _drafts(row: Mapping, pool: str) -> int:
    return 0 if pool == "prefill" else int(row["draft_tokens"])


def _vllm(row: Mapping, prefix: str, pool: str) -> str:
    tensor, data, expert = _ranks(row, prefix)
    flags = [f"--tensor-parallel-size {tensor}"]
    flags += [f"--data-parallel-size {data}"] * (data > 1)
    flags += ["--enable-expert-parallel"] * (expert > 1)
    requests, drafts = _requests(row, pool), _drafts(row, pool)
    flags += [f"--max-num-seqs {-(-requests // data)}"] * (requests > 0)
    if drafts:
        config = json.dumps({"method": "mtp", "num_speculative_tokens": drafts})
        flags.append(f"--speculative-config '{config}'")
    if pool:
        config = json.dumps({"kv_connector": "NixlConnector", "kv_role": "kv_both"})
        flags.append(f"--port {VLLM_PORT} --kv-transfer-config '{config}'")
    side = f"VLLM_NIXL_SIDE_CHANNEL_HOST=${pool.upper()}_1 " if pool else ""
    return " ".join([f"{side}vllm serve $MODEL", *flags])


def _sglang(row: Mapping, prefix: str, pool: str) -> str:
    tensor, data, expert = _ranks(row, prefix)
    flags = [f"--tp-size {tensor * data}"]
    flags += [f"--dp-size {data} --enable-dp-attention"] * (data > 1)
    flags += [f"--ep-size {expert}"] * (expert > 1)
    requests, drafts = _requests(row, pool), _drafts(row, pool)
    flags += [f"--max-running-requests {requests}"] * (requests > 0)
    if drafts:
        flags.append(f"--speculative-algorithm EAGLE --speculative-num-steps {drafts}")
        flags.append(f"--speculative-eagle-topk 1 --speculative-num-draft-tokens {drafts + 1}")
    if pool:
        flags.append(f"--host 0.0.0.0 --port {SGLANG_PORT}")
        flags.append(f"--disaggregation-mode {pool} --disaggregation-transfer-backend nixl")
    return " ".join(["python -m sglang.launch_server --model-path $MODEL", *flags])


def _trtllm(row: Mapping, prefix: str, pool: str) -> str:
    tensor, data, expert = _ranks(row, prefix)
    requests, drafts = _requests(row, pool), _drafts(row, pool)
    config: dict[str, object] = {"enable_attention_dp": data > 1}
    if drafts:
        speculative = {"decoding_type": "MTP", "num_nextn_predict_layers": drafts}
        config["speculative_config"] = speculative
    if pool:
        config["cache_transceiver_config"] = {"backend": "DEFAULT"}
    if pool == "prefill":
        config["disable_overlap_scheduler"] = True  # as context servers need it
    flags = [f"--tp_size {tensor * data}"]
    flags += [f"--ep_size {expert}"] * (expert > 1)
    flags += [f"--max_batch_size {-(-requests // data)}"] * (requests > 0)
    name = f"{pool or 'serve'}.yml"
    flags += [f"--host 0.0.0.0 --port {TRTLLM_PORT}"] * bool(pool)
    flags.append(f"--extra_llm_api_options {name}")
    return f"echo '{json.dumps(config)}' > {name}; trtllm-serve $MODEL {' '.join(flags)}"


def _vllm_proxy(prefill: list[str], decode: list[str]) -> str:
    script = "python tests/v1/kv_connector/nixl_integration/toy_proxy_server.py --port 8192"
    pools = [("prefiller", prefill), ("decoder", decode)]
    words = [
        f"--{name}-hosts {' '.join(hosts)} --{name}-ports {' '.join([str(VLLM_PORT)] * len(hosts))}"
        for name, hosts in pools
    ]
    return " ".join([script, *words])


def _sglang_router(prefill: list[str], decode: list[str]) -> str:
    workers = [
        f"--{pool} http://{host}:{SGLANG_PORT}"
        for pool, hosts in zip(POOLS, (prefill, decode), strict=True)
        for host in hosts
    ]
    router = "python -m sglang_router.launch_router --pd-disaggregation"
    return " ".join([router, *workers, "--host 0.0.0.0 --port 8000"])


def _trtllm_server(prefill: list[str], decode: list[str]) -> str:
    """Double quotes, so that the shell fills in the hosts."""
    lines = ["hostname: 0.0.0.0", "port: 8000"]
    for name, hosts in (("context", prefill), ("generation", decode)):
        urls = ", ".join(f"'{host}:{TRTLLM_PORT}'" for host in hosts)
        lines += [f"{name}_servers: {{num_instances: {len(hosts)}, urls: [{urls}]}}"]
    text = "\\n".join(lines)
    return f'printf "{text}\\n" > disagg.yml; trtllm-serve disaggregated -c disagg.yml'
