"""How an engine is started for a deployment: its documented flags, nothing that nobody has set.

vLLM: `vllm serve --help`; SGLang: its page of server arguments; TensorRT-LLM: `trtllm-serve --help`
and the fields of its LLM API. `$MODEL` stands for the checkpoint.
"""

import json
from collections.abc import Mapping


def launch_commands(row: Mapping) -> list[str]:
    """A command a worker kind: one for one pool, one each for prefill and decode pools.

    `row` has the columns that `predict` reads of a layout. Empty where no engine is named.
    """
    engines = {"vllm": _vllm, "sglang": _sglang, "trtllm": _trtllm, "tensorrt-llm": _trtllm}
    write = engines.get(str(row["engine"]))
    if write is None:
        return []
    if row["mode"] == "aggregated":
        return [write(row, "", "")]
    return [write(row, f"{pool}_", pool) for pool in ("prefill", "decode")]


def _ranks(row: Mapping, prefix: str) -> tuple[int, int, int]:
    """Tensor, data and expert ranks of a worker."""
    names = ("tensor_parallel", "data_parallel", "expert_parallel")
    tensor, data, expert = (int(row[f"{prefix}{name}"]) for name in names)
    return tensor, data, expert


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
        flags.append(f"--kv-transfer-config '{config}'")
    return " ".join(["vllm serve $MODEL", *flags])


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
    flags += [f"--disaggregation-mode {pool}"] * bool(pool)
    return " ".join(["python -m sglang.launch_server --model-path $MODEL", *flags])


def _trtllm(row: Mapping, prefix: str, pool: str) -> str:
    tensor, data, expert = _ranks(row, prefix)
    requests, drafts = _requests(row, pool), _drafts(row, pool)
    config = {"enable_attention_dp": data > 1}
    if drafts:
        speculative = {"decoding_type": "MTP", "num_nextn_predict_layers": drafts}
        config["speculative_config"] = speculative  # type: ignore[assignment]
    flags = [f"--tp_size {tensor * data}"]
    flags += [f"--ep_size {expert}"] * (expert > 1)
    flags += [f"--max_batch_size {-(-requests // data)}"] * (requests > 0)
    name = f"{pool or 'serve'}.yml"
    flags.append(f"--extra_llm_api_options {name}")
    return f"echo '{json.dumps(config)}' > {name}; trtllm-serve $MODEL {' '.join(flags)}"
