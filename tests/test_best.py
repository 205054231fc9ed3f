"""The few best deployments of one question: order, prices, words, and how engines are started."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

import analysis as an
from analysis.model.alternatives import Unanswerable, best_few, layout_words
from analysis.model.launch import launch_commands
from analysis.model.search import RATE, Search, deployments, keeping, undominated

ROOT = Path(__file__).parents[1]
R1 = {"input_tokens": 8192, "output_tokens": 1024, "tokens_per_s_per_user": 30}
ONE_POOL = {
    "mode": "aggregated",
    "tensor_parallel": 1,
    "data_parallel": 8,
    "expert_parallel": 8,
    "pipeline_parallel": 1,
    "draft_tokens": 3,
    "concurrency": 512,
}
POOLS = {
    "mode": "disaggregated",
    "prefill_workers": 3,
    "decode_workers": 2,
    "prefill_tensor_parallel": 4,
    "prefill_data_parallel": 1,
    "prefill_expert_parallel": 1,
    "prefill_pipeline_parallel": 1,
    "decode_tensor_parallel": 1,
    "decode_data_parallel": 16,
    "decode_expert_parallel": 16,
    "decode_pipeline_parallel": 1,
    "draft_tokens": 0,
    "concurrency": 1000,
}


@pytest.fixture(scope="module")
def few():
    return best_few(["gb300"], "deepseek-r1", ["fp4"], **R1)


def test_five_layouts_that_keep_the_promise_and_the_best_first(few):
    assert len(few) == 5
    assert few[RATE].is_monotonic_decreasing
    assert (few["tokens_per_s_per_user"] >= 30).all()
    assert not few.duplicated(["engine", "layout", "draft_tokens"]).any()
    assert (few[f"{RATE}_p10"] < few[RATE]).all()
    assert (few[RATE] < few[f"{RATE}_p90"]).all()


def test_dollars_are_those_of_the_chip_hour_over_its_tokens(few):
    stated = best_few(["gb300"], "deepseek-r1", ["fp4"], usd_per_hour=3.6, **R1)
    by_hand = 3.6 / 3600 / stated[RATE] * 1e6
    np.testing.assert_allclose(stated["usd_per_mtok"], by_hand)
    assert stated["price"].unique().tolist() == ["$3.6 an hour, as stated"]
    assert few["price"].str.startswith("rent_3yr at $").all()


def test_each_objective_has_its_own_order():
    chips = ["b200", "gb300", "mi355x"]
    orders = {}
    for objective, column in (("usd", "usd_per_mtok"), ("joules", "energy_j_per_output_token")):
        found = best_few(chips, "deepseek-r1", ["fp4"], objective=objective, **R1)
        assert found[column].is_monotonic_increasing
        orders[objective] = found
    fastest = best_few(chips, "deepseek-r1", ["fp4"], **R1)
    for objective, column in (("usd", "usd_per_mtok"), ("joules", "energy_j_per_output_token")):
        assert orders[objective][column].iloc[0] <= fastest[column].min()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"accelerators": ["l4"], "chips": 1}, "does not fit in memory"),
        ({"tokens_per_s_per_user": 5000}, "the most is"),
        ({"ttft_limit_s": 1e-6}, "the soonest comes after"),
        ({"accelerators": ["gb30"]}, "gb300"),
    ],
)
def test_what_cannot_be_had_is_said_with_the_nearest(changed, words):
    asked = {"accelerators": ["gb300"], "model": "deepseek-r1", "precisions": ["fp4"], **R1}
    with pytest.raises(Unanswerable, match=words):
        best_few(**{**asked, **changed})


def test_an_unknown_objective_is_refused():
    with pytest.raises(ValueError, match="tokens"):
        best_few(["gb300"], "deepseek-r1", objective="token", **R1)


def test_layouts_in_short_words():
    assert layout_words(ONE_POOL) == "DP8 EP8"
    assert layout_words({**ONE_POOL, "data_parallel": 1, "expert_parallel": 1}) == "TP1"
    assert layout_words(POOLS) == "3x TP4 + 2x DP16 EP16"


# The flags as vLLM, SGLang and TensorRT-LLM document them; a rank's share of requests by hand.
COMMANDS = {
    "vllm": [
        "vllm serve $MODEL --tensor-parallel-size 1 --data-parallel-size 8 "
        "--enable-expert-parallel --max-num-seqs 64 "
        """--speculative-config '{"method": "mtp", "num_speculative_tokens": 3}'"""
    ],
    "sglang": [
        "python -m sglang.launch_server --model-path $MODEL --tp-size 8 --dp-size 8 "
        "--enable-dp-attention --ep-size 8 --max-running-requests 512 "
        "--speculative-algorithm EAGLE --speculative-num-steps 3 "
        "--speculative-eagle-topk 1 --speculative-num-draft-tokens 4"
    ],
    "trtllm": [
        """echo '{"enable_attention_dp": true, "speculative_config": """
        """{"decoding_type": "MTP", "num_nextn_predict_layers": 3}}' > serve.yml; """
        "trtllm-serve $MODEL --tp_size 8 --ep_size 8 --max_batch_size 64 "
        "--extra_llm_api_options serve.yml"
    ],
    "": [],
}


@pytest.mark.parametrize("engine", COMMANDS)
def test_one_pool_is_started_by_one_command(engine):
    assert launch_commands({**ONE_POOL, "engine": engine}) == COMMANDS[engine]


def test_pools_are_started_by_a_command_each_and_joined_by_a_third():
    prefill, decode, router = launch_commands({**POOLS, "engine": "sglang"})
    nixl = "--disaggregation-transfer-backend nixl"
    assert "--tp-size 4 --host" in prefill
    assert prefill.endswith(f"--disaggregation-mode prefill {nixl}")
    assert "--tp-size 16 --dp-size 16 --enable-dp-attention --ep-size 16" in decode
    assert "--max-running-requests 500" in decode
    assert decode.endswith(f"--disaggregation-mode decode {nixl}")
    assert "sglang_router.launch_router --pd-disaggregation" in router
    assert (router.count("--prefill http"), router.count("--decode http")) == (3, 2)


def test_vllm_s_pools_move_caches_through_a_connector_and_meet_at_a_proxy():
    prefill, decode, proxy = launch_commands({**POOLS, "engine": "vllm"})
    for command, host in ((prefill, "$PREFILL_1"), (decode, "$DECODE_1")):
        assert command.startswith(f"VLLM_NIXL_SIDE_CHANNEL_HOST={host} vllm serve")
        config = json.loads(shlex.split(command)[-1])
        assert config == {"kv_connector": "NixlConnector", "kv_role": "kv_both"}
    assert "--prefiller-hosts $PREFILL_1 $PREFILL_2 $PREFILL_3" in proxy
    assert "--decoder-hosts $DECODE_1 $DECODE_2 --decoder-ports 8100 8100" in proxy


def test_tensorrt_llm_s_pools_state_the_move_and_meet_in_a_configuration(tmp_path):
    """The shell writes the three files; they are read as the server reads them."""
    commands = launch_commands({**POOLS, "engine": "trtllm"})
    hosts = {f"PREFILL_{n}": f"p{n}" for n in (1, 2, 3)} | {f"DECODE_{n}": f"d{n}" for n in (1, 2)}
    for command in commands:
        write = command.split("; ")[0]
        subprocess.run(["sh", "-c", write], cwd=tmp_path, env={**os.environ, **hosts}, check=True)
    read = YAML(typ="safe").load
    prefill, decode, joined = (
        read(tmp_path / f"{name}.yml") for name in ("prefill", "decode", "disagg")
    )
    assert prefill["cache_transceiver_config"] == {"backend": "DEFAULT"}
    assert decode["cache_transceiver_config"] == {"backend": "DEFAULT"}
    assert prefill["disable_overlap_scheduler"]
    assert "disable_overlap_scheduler" not in decode
    assert joined["context_servers"] == {
        "num_instances": 3,
        "urls": ["p1:8001", "p2:8001", "p3:8001"],
    }
    assert joined["generation_servers"]["urls"] == ["d1:8001", "d2:8001"]
    assert commands[2].endswith("trtllm-serve disaggregated -c disagg.yml")


def run(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "analysis", "best", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_example_of_the_help_runs_as_printed():
    example = (
        "--accelerator gb300 --model deepseek-r1 --precision fp4 --input 8192 "
        "--output 1024 --promise 30"
    )
    shown = " ".join(run("--help").stdout.replace("│", " ").split())
    assert f"python -m analysis best {example}" in shown
    answer = run(*example.split())
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.count("gb300 fp4") == 5
    assert "trtllm-serve $MODEL" in answer.stdout or "vllm serve" in answer.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "state --accelerator, --model, --input, --output, --promise"),
        (("--accelerator", "gb300", "--model", "deepseek-r1"), "state --input"),
        (
            ("--accelerator=b200", "--model=m", "--input=1", "--output=a.csv", "--promise=1"),
            "a number of tokens",
        ),
        (
            ("--accelerator=b200", "--model=m", "--input=0", "--output=1", "--promise=-1"),
            "--input, --promise: above 0",
        ),
        (("no-such-file.csv",), "no-such-file.csv"),
    ],
)
def test_what_is_missing_or_wrong_is_said_in_a_line(arguments, words):
    answer = run(*arguments)
    assert answer.returncode == 2
    assert words in answer.stderr
    assert "Traceback" not in answer.stderr


def test_the_session_of_the_readme_runs_as_printed(tmp_path):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (session,) = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    commands = [part.split("\n", 1) for part in session.split("$ ")[1:]]
    assert len(commands) == 2
    for command, printed in commands:
        arguments = shlex.split(command.replace("answers.csv", str(tmp_path / "answers.csv")))
        answer = subprocess.run(
            [sys.executable, *arguments[1:]], capture_output=True, text=True, check=True, cwd=ROOT
        )
        assert answer.stdout.rstrip() == printed.rstrip()


@pytest.mark.parametrize(("accelerator", "chips"), [("b200", 8), ("gb300", 72), ("vr200", 72)])
def test_what_is_kept_of_a_search_answers_every_promise_alike(accelerator, chips):
    search = Search(accelerator, "deepseek-r1", "fp4", "", chips, 8192.0, 1024.0)
    every, few = deployments(search), undominated(search)
    assert 0 < len(few) < len(every) / 3
    for speed in (1, 20, 33.3, 50, 75, 120, 10_000):
        for limit_s in (0.01, 0.5, 2, 7, np.inf):
            best, nearest = zip(
                *(keeping(each, speed, limit_s) for each in (every, few)), strict=True
            )
            assert nearest[0] == nearest[1]
            rates = [each[RATE].max() for each in best]
            assert rates[0] == rates[1] or nearest[0]


def test_best_answers_at_the_loads_at_which_servers_are_measured_unless_all_are_asked_for():
    question = {
        "accelerator": "b200",
        "model": "qwen3-32b",
        "precision": "fp8",
        "chips": 1,
        "input_tokens": 1024,
        "output_tokens": 1024,
        "tokens_per_s_per_user": 80,
    }
    rows = [question, {**question, "loads": "Any"}, {**question, "loads": "some"}]
    found = an.best(pd.DataFrame(rows).fillna({"loads": ""}))
    assert np.log2(found.loc[0, "concurrency"]) % 1 == 0
    assert np.log2(found.loc[1, "concurrency"]) % 1 != 0
    assert found.loc[0, RATE] < found.loc[1, RATE] < 2 * found.loc[0, RATE]
    assert "unknown loads 'some'; known: any, measured" in found.loc[2, "reason"]
