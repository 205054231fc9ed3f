"""The laws of serving speed: monotone where physics says so, published counts, and Epoch's
equations as a limit.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.facts import Model, find
from analysis.laws.architecture import ARCHITECTURE
from analysis.laws.speculation import accepted_tokens_ratio
from analysis.laws.throughput import THROUGHPUT
from analysis.model.closed_loop import serve
from analysis.model.layouts import Infeasible
from analysis.model.runner import evaluate, ordered_laws, upstream
from analysis.model.search import Search, best_deployment, deployments, frontier
from analysis.model.settings import UNITS, setting

LAYOUT = {
    "deployment_chips": 8.0,
    "instances_count": 1.0,
    "tensor_parallel": 8.0,
    "expert_parallel": 1.0,
    "data_parallel": 1.0,
    "pipeline_parallel": 1.0,
}
WORK = {
    "input_tokens_per_request": 1024.0,
    "output_tokens_per_request": 1024.0,
    "concurrency_requests": 64.0,
}
PAIRS = [
    ("h100-sxm", "llama3.1-70b", "fp8"),
    ("b200", "deepseek-r1", "fp4"),
    ("mi355x", "gpt-oss-120b", "fp4"),
    ("gb300", "qwen3.5-397b-a17b", "fp8"),
    ("h200-sxm", "deepseek-v3.2", "fp8"),
]


def served(pair, **changed):
    """All quantities of serving for an accelerator, a model and a precision."""
    layout = LAYOUT | {name: value for name, value in changed.items() if name in LAYOUT}
    prompts = {f"prefill_{name}": value for name, value in layout.items()}
    return evaluate(setting(*pair) | layout | prompts | WORK | changed, THROUGHPUT)


# METHODS golden: DeepSeek-V3's latent cache is about 70 kB a token in 16 bits, Llama-3.1-405B's 516
# kB (Epoch's note).
@pytest.mark.parametrize(("model", "kilobytes"), [("deepseek-v3", 70.3), ("llama3.1-405b", 516.1)])
def test_cache_of_a_token(model, kilobytes):
    columns = evaluate(vars(find(Model, model)) | UNITS, ARCHITECTURE)
    assert columns["cache_width"] * columns["full_layers_count"] * 2 == pytest.approx(
        kilobytes * 1e3, rel=0.01
    )


# Epoch's notebook (ege-erdil/inference-economics): 4 L t_reduce + max(read, compute) for
# Llama-3-70B on 8 H100, 16-bit.
def test_epoch_equation_as_a_limit_of_ours():
    pair = ("h100-sxm", "llama3.1-70b", "bf16")
    ideal = {name: 1.0 for name in setting(*pair) if name.endswith(("_share", "residual_factor"))}
    ideal |= {"cached_share": 0.0}
    ideal |= dict.fromkeys(("dispatch_latency_s", "network_latency_s"), 0.0)
    nothing = {
        name: 0.0
        for name in setting(*pair)
        if name.endswith(("overhead_s", "overhead_s_per_request"))
    }
    epoch = {
        "bandwidth_bytes_per_s_per_chip": 3.3e12,
        "collective_latency_s": (6e-6 + 2e-6 * (8**0.5 - 1)) * 2 / 3,
    }
    ours = served(
        pair,
        **ideal,
        **nothing,
        **epoch,
        concurrency_requests=1.0,
        input_tokens_per_request=1.0,
        output_tokens_per_request=2.0,
        head_bytes_per_parameter=0.0,
        link_bytes_per_s_per_chip=1e30,
    )
    assert ours["step_s"] == pytest.approx(8.4351e-3, rel=0.02)


@pytest.mark.parametrize("pair", PAIRS)
def test_pipeline_stages_add_chips_and_requests_in_step(pair):
    """Two stages of eight chips hold half the layers each: a token passes as fast, twice as many at
    once.
    """
    one = served(pair)
    two = served(pair, deployment_chips=16.0, pipeline_parallel=2.0, concurrency_requests=128.0)
    assert two["step_s"] == pytest.approx(one["step_s"], rel=1e-9)
    assert two["tpot_s"] == pytest.approx(one["tpot_s"], rel=1e-9)
    assert two["output_tokens_per_s_per_chip"] == pytest.approx(
        one["output_tokens_per_s_per_chip"], rel=0.05
    )


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(PAIRS),
    st.floats(1.01, 4),
    st.sampled_from(
        [
            "bandwidth_bytes_per_s_per_chip",
            "linear_flop_per_s_per_chip",
            "expert_flop_per_s_per_chip",
            "link_bytes_per_s_per_chip",
            "memory_bytes_per_chip",
        ]
    ),
)
def test_better_hardware_is_never_slower(pair, factor, field):
    better = served(pair, **{field: setting(*pair)[field] * factor})
    assert better["output_tokens_per_s_per_chip"] >= served(pair)[
        "output_tokens_per_s_per_chip"
    ] * (1 - 1e-12)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(PAIRS), st.floats(1, 200), st.floats(1.05, 3))
def test_more_requests_never_shorten_a_step(pair, requests, factor):
    few, many = (served(pair, concurrency_requests=requests * by) for by in (1.0, factor))
    for name in ("step_s", "tpot_s", "ttft_s", "request_bytes_per_request"):
        assert many[name] >= few[name] * (1 - 1e-12)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(PAIRS), st.floats(128, 60000), st.floats(1.1, 3))
def test_longer_prompts_cost_memory_and_time(pair, tokens, factor):
    short, long = (served(pair, input_tokens_per_request=tokens * by) for by in (1.0, factor))
    assert long["prefill_s"] > short["prefill_s"]
    assert long["request_bytes_per_request"] >= short["request_bytes_per_request"]
    assert long["capacity_requests"] <= short["capacity_requests"]


def test_caching_the_prompt_saves_prefill_but_no_memory():
    cold, warm = served(PAIRS[0], cached_share=0.0), served(PAIRS[0], cached_share=0.9)
    assert warm["prefill_s"] < 0.5 * cold["prefill_s"]
    assert warm["request_bytes_per_request"] == cold["request_bytes_per_request"]


def test_requests_beyond_memory_wait():
    full = served(PAIRS[0], concurrency_requests=1e5)
    assert full["running_requests"] == pytest.approx(full["capacity_requests"])
    assert full["waiting_s"] > 0 == served(PAIRS[0])["waiting_s"]


def test_a_chip_without_the_path_multiplies_wider():
    a100 = setting("a100-sxm", "llama3.1-70b", "fp8")
    assert a100["linear_flop_per_s_per_chip"] == a100["bf16_flop_per_s_per_chip"]
    h100 = setting("h100-sxm", "gpt-oss-120b", "fp4")
    assert h100["expert_flop_per_s_per_chip"] == h100["bf16_flop_per_s_per_chip"]
    assert h100["expert_bytes_per_parameter"] < 1


def test_speculation_yields_what_leviathan_et_al_derive():
    assert accepted_tokens_ratio(0.8, 1.0, 1.0, 0.0, 0.0) == pytest.approx(1)
    assert accepted_tokens_ratio(0.5, 1.0, 1.0, 2.0, 0.0) == pytest.approx(1 + 0.5 + 0.25)
    assert accepted_tokens_ratio(0.5, 0.5, 1.0, 2.0, 0.0) == pytest.approx(1 + 0.5 + 0.125)
    assert accepted_tokens_ratio(0.5, 1.0, 1.0, 2.0, 2.3) == pytest.approx(2.3)
    accepted = served(PAIRS[1], draft_count=2.0, stated_acceptance_ratio=2.7)
    assert accepted["tpot_s"] < served(PAIRS[1])["tpot_s"]


LENGTHS = [WORK[f"{kind}_tokens_per_request"] for kind in ("input", "output")]
ONE_POOL = (("aggregated",), (0,))  # modes and depths of drafts


def offers(accelerator: str, engine: str) -> pd.DataFrame:
    return deployments(one_pool(accelerator, engine))


def one_pool(accelerator: str, engine: str) -> Search:
    return Search(accelerator, "deepseek-r1", "fp8", engine, 8, *LENGTHS, 0.0, *ONE_POOL)


def test_the_frontier_only_falls_and_names_its_layouts():
    points = frontier(offers("b200", ""))
    points["usd_per_output_token"] = 1e-3 / points["output_tokens_per_s_per_chip"]
    assert (np.diff(points["tokens_per_s_per_user"]) <= 0).all()
    assert (np.diff(points["output_tokens_per_s_per_chip"]) > 0).all()
    assert points["usd_per_output_token"].is_monotonic_decreasing
    assert points["tensor_parallel"].notna().all()


def test_the_best_layout_keeps_its_promises_and_nothing_that_keeps_them_is_better():
    promise = {"tokens_per_s_per_user": 40, "ttft_limit_s": 2}
    laid = best_deployment(one_pool("b200", "sglang"), promise)
    best = serve(laid.columns)
    assert 1 / best["tpot_s"] >= 40
    assert best["ttft_s"] <= 2
    points = offers("b200", "sglang")
    kept = points[(points["tokens_per_s_per_user"] >= 40) & (points["ttft_s"] <= 2)]
    assert kept["output_tokens_per_s_per_chip"].max() == pytest.approx(
        best["output_tokens_per_s_per_chip"]
    )


@pytest.mark.parametrize(("chips", "speed", "message"), [(1, 10, "memory"), (8, 5000, "promised")])
def test_a_promise_that_no_layout_keeps_is_refused_with_a_reason(chips, speed, message):
    with pytest.raises(Infeasible, match=message):
        best_deployment(
            Search("h200-sxm", "deepseek-r1", "fp8", "", chips, *LENGTHS),
            {"tokens_per_s_per_user": speed, "ttft_limit_s": 5},
        )


def test_laws_upstream_of_a_quantity_give_it_as_all_laws_do():
    prompts = {f"prefill_{name}": value for name, value in LAYOUT.items()}
    columns = setting("b200", "deepseek-r1", "fp8") | LAYOUT | prompts | WORK
    wanted = ["tpot_s", "capacity_requests"]
    needed = upstream(THROUGHPUT, wanted)
    everything, alone = evaluate(columns, THROUGHPUT), evaluate(columns, needed)
    assert len(needed) < len(ordered_laws(THROUGHPUT))
    assert [alone[name] for name in wanted] == [everything[name] for name in wanted]
    assert "output_tokens_per_s_per_chip" not in alone
