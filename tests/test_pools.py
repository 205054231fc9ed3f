"""Pools, drafts and the search: limits that physics sets, layouts as engines state them, promises
kept, and what was measured.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import analysis as an
from analysis.calibration import best_of_each as best_measured
from analysis.calibration import validation
from analysis.calibration.fit import Problem
from analysis.calibration.points import fitted_points
from analysis.facts import Model, find, table
from analysis.laws.decode import imbalance_ratio
from analysis.laws.network import path_bytes_per_s_per_chip
from analysis.laws.pools import closed_loop_s
from analysis.laws.throughput import THROUGHPUT
from analysis.model import evidence
from analysis.model.acceptance import acceptance
from analysis.model.closed_loop import serve
from analysis.model.dimensions import same_dimensions
from analysis.model.evidence import highest_loads
from analysis.model.layouts import Infeasible
from analysis.model.manner import KINDS
from analysis.model.measured import serving_points
from analysis.model.operating_point import operating_point
from analysis.model.points import read_points
from analysis.model.predict import predict
from analysis.model.ranks import resolve_pools
from analysis.model.runner import evaluate
from analysis.model.search import RATE, Search, best, best_deployment, deployments, proven, searched
from analysis.model.settings import setting

POOLS = {
    "accelerator": "gb200",
    "model": "deepseek-r1",
    "precision": "fp4",
    "engine": "trtllm",
    "mode": "disaggregated",
    "chips": 32,
    "input_tokens": 8192,
    "output_tokens": 1024,
    "concurrency": 512,
    "prefill_workers": 4,
    "prefill_data_parallel": 4,
    "prefill_expert_parallel": 4,
    "decode_workers": 1,
    "decode_data_parallel": 16,
    "decode_expert_parallel": 16,
    "draft_tokens": 0,
}


def served(**changed):
    """All columns of one deployment, as floats."""
    columns, reasons = read_points(pd.DataFrame([POOLS | changed]))
    assert reasons[0] == ""
    return {name: np.asarray(value).item() for name, value in serve(columns).items()}


def test_the_share_of_requests_that_decode_is_the_one_that_the_laws_give_back():
    for concurrency in (1, 64, 512, 4096):
        results = served(concurrency=concurrency)
        assert results["next_decoding_share"] == pytest.approx(results["decoding_share"], rel=5e-3)
        assert 0 < results["decoding_share"] <= 1


def test_requests_in_flight_are_the_rate_times_the_time_of_each():
    results = served()
    rate = results["output_tokens_per_s_per_chip"] * 32 / 1024 / results["run_fill_share"]
    time_s = results["ttft_s"] + results["tpot_s"] * 1023
    assert rate * time_s == pytest.approx(512, rel=1e-9)


def test_no_prompt_interrupts_decoding_in_a_pool_of_its_own():
    assert served()["interference_s"] == 0
    together = served(mode="aggregated", data_parallel=16, expert_parallel=16)
    assert together["interference_s"] > 0


def test_one_request_is_not_interrupted_by_its_own_prompt():
    alone = served(mode="aggregated", chips=8, tensor_parallel=8, concurrency=1)
    assert alone["interference_s"] == 0


def test_a_full_prefill_pool_sets_the_rate():
    full = served(prefill_workers=1, chips=20, concurrency=8192)
    most = 1 / full["prompt_capacity_s"]
    rate = full["output_tokens_per_s_per_chip"] * 20 / 1024 / full["run_fill_share"]
    assert rate == pytest.approx(most, rel=0.15)
    assert rate <= most
    assert full["decoding_share"] < 0.5


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 7), st.integers(1, 2048))
def test_another_prefill_worker_never_slows_requests(workers, concurrency):
    few = served(prefill_workers=workers, chips=16 + 4 * workers, concurrency=concurrency)
    more = served(prefill_workers=workers + 1, chips=20 + 4 * workers, concurrency=concurrency)
    assert more["request_s"] <= few["request_s"] * 1.001


@given(st.floats(0.01, 100), st.floats(0.01, 100), st.floats(1, 12))
def test_a_closed_loop_is_no_faster_than_either_bound(unhindered_s, bound_s, elasticity):
    time_s = closed_loop_s(unhindered_s, bound_s, elasticity)
    assert time_s >= max(unhindered_s, bound_s) * (1 - 1e-12)
    assert time_s <= unhindered_s + bound_s + 1e-9


def test_an_exchange_beyond_the_domain_is_slower_and_ends_at_the_network():
    assert path_bytes_per_s_per_chip(8, 8, 900.0, 50.0) == pytest.approx(900)
    assert 50 < path_bytes_per_s_per_chip(16, 8, 900.0, 50.0) < 900
    assert path_bytes_per_s_per_chip(1e9, 8, 900.0, 50.0) == pytest.approx(50, rel=1e-6)


def test_load_of_expert_ranks_evens_out_with_tokens():
    few, many = (imbalance_ratio(32, tokens, 1, 1, 8, 0.0, 1.0) for tokens in (32, 32000))
    assert few > many > 1
    assert imbalance_ratio(1, 32, 1, 1, 8, 0.1, 1.0) == pytest.approx(1)


def test_pipeline_stages_are_read_and_take_chips():
    row = {"mode": "aggregated", "chips": 8, "tensor_parallel": 4, "pipeline_parallel": 2}
    results = served(**row, model="llama3.1-70b", precision="fp8", accelerator="h100-sxm")
    assert results["instances_count"] == 1
    assert results["instance_chips"] == 8


# Acceptance lengths at three drafts that InferenceX prints (SPEED-Bench): 2.49 with thinking and
# 2.97 without for DeepSeek-V4, 2.99 for GLM-5.2.
@pytest.mark.parametrize(
    ("model", "low", "high"), [("deepseek-v4-pro", 2.45, 3.0), ("glm-5.2", 2.8, 3.2)]
)
def test_acceptance_is_what_was_measured(model, low, high):
    chances = acceptance(model)
    first, decay = chances["first_acceptance_share"], chances["acceptance_decay_ratio"]
    assert low <= 1 + first + first**2 * decay + first**3 * decay**3 <= high


def test_drafts_help_a_small_batch_more_than_a_large_one():
    gains = []
    for concurrency in (16, 4096):
        plain, drafted = (served(concurrency=concurrency, draft_tokens=d) for d in (0, 3))
        gains.append(plain["tpot_s"] / drafted["tpot_s"])
    assert gains[0] > gains[1]
    assert gains[0] > 1.2


def test_a_stated_acceptance_length_stands_for_itself():
    results = served(draft_tokens=3, acceptance_length=2.4)
    assert results["accepted_tokens_ratio"] == 2.4


@pytest.mark.parametrize(
    ("stated", "sizes"),
    [
        ({"prefill_tensor_parallel": 4, "prefill_data_parallel": 4}, (4, 16)),  # inside
        ({"prefill_tensor_parallel": 1, "decode_tensor_parallel": 16}, (4, 16)),
        ({"prefill_data_parallel": 1, "prefill_expert_parallel": 1}, (4, 16)),  # what is left
    ],
)
def test_workers_are_read_as_engines_state_them(stated, sizes):
    frame = pd.DataFrame([POOLS | stated])
    ranks, impossible = resolve_pools(frame, np.array([32.0]))
    assert not impossible[0]
    prefill = ranks["prefill_tensor_parallel"] * ranks["prefill_data_parallel"]
    decode = ranks["tensor_parallel"] * ranks["data_parallel"]
    assert (prefill[0], decode[0]) == sizes


def test_pools_of_which_nothing_is_said_have_half_of_the_chips_each():
    silent = {name: np.nan for name in POOLS if name.startswith(("prefill", "decode"))}
    ranks, impossible = resolve_pools(pd.DataFrame([POOLS | silent]), np.array([32.0]))
    assert not impossible[0]
    assert ranks["data_parallel"][0] == ranks["prefill_data_parallel"][0] == 16


def test_workers_that_do_not_fill_the_chips_are_refused():
    answer = predict(pd.DataFrame([POOLS | {"chips": 31}])).iloc[0]
    assert "do not fill" in answer["reason"]
    assert np.isnan(answer["tpot_s"])


def test_a_rate_of_requests_stands_for_those_in_flight():
    at_load = predict(pd.DataFrame([POOLS])).iloc[0]
    time_s = at_load["ttft_s"] + at_load["tpot_s"] * 1023
    rows = pd.DataFrame([POOLS | {"concurrency": np.nan, "request_rate": 512 / time_s}])
    by_rate = predict(rows).iloc[0]
    assert by_rate["tpot_s"] == pytest.approx(at_load["tpot_s"], rel=0.01)
    overrun = predict(rows.assign(request_rate=1e4)).iloc[0]
    assert "arrive than these chips finish" in overrun["reason"]


def test_numbers_are_read_as_people_write_them():
    plain = {"tensor_parallel": 8, "mode": "aggregated", "chips": 8}
    written = plain | {"input_tokens": "8k", "output_tokens": "1,024", "tensor_parallel": "TP8"}
    both = predict(pd.DataFrame([POOLS | plain, POOLS | written]).astype(object))
    assert both["tpot_s"][0] == both["tpot_s"][1]


def test_a_cache_in_16_bits_takes_more_memory_and_time():
    narrow, wide = (served(kv_precision=name) for name in ("fp8", "bf16"))
    assert wide["request_bytes_per_request"] > narrow["request_bytes_per_request"]
    assert wide["tpot_s"] > narrow["tpot_s"]
    assert "kv_precision" in predict(pd.DataFrame([POOLS | {"kv_precision": "x"}]))["reason"][0]


def test_what_people_run_is_slower_than_what_is_tuned():
    row = POOLS | {"mode": "aggregated", "chips": 8, "tensor_parallel": 8}
    rows = pd.DataFrame([row | {"engine_level": level} for level in ("tuned", "as run")])
    tuned, as_run = predict(rows)["tpot_s"]
    assert as_run > tuned


# InferenceX, DeepSeek-R1 in FP4, 8,192 in and 1,024 out: most tokens/s a chip that was measured at
# the promised speed or above (facts/serving.csv).
@pytest.mark.parametrize(
    ("accelerator", "speed", "measured"),
    [
        ("b200", 30, 1351),
        ("b200", 50, 1238),
        ("gb200", 30, 1484),
        ("gb200", 50, 1442),
        ("gb200", 100, 986),
        ("gb300", 30, 1705),
        ("gb300", 50, 1617),
    ],
)
def test_the_best_deployment_serves_about_what_the_best_measured_does(accelerator, speed, measured):
    question = {
        "accelerator": accelerator,
        "model": "deepseek-r1",
        "precision": "fp4",
        "chips": 72,
        "input_tokens": 8192,
        "output_tokens": 1024,
        "tokens_per_s_per_user": speed,
    }
    answer = best(pd.DataFrame([question])).iloc[0]
    assert answer["reason"] == ""
    assert answer["mode"] == "disaggregated"
    assert answer["deployment_chips"] <= 72
    assert 1 / answer["tpot_s"] >= speed * 0.999
    assert 0.75 <= answer["output_tokens_per_s_per_chip"] / measured <= 1.33


def test_a_promise_that_nothing_keeps_is_answered_with_the_nearest():
    question = {
        "accelerator": "h200",
        "model": "deepseek-r1",
        "precision": "fp8",
        "chips": 8,
        "input_tokens": 1024,
        "output_tokens": 1024,
        "tokens_per_s_per_user": 5000,
    }
    small = question | {"chips": 1}
    answers = best(pd.DataFrame([question, small, question | {"model": "nosuch"}]))
    assert "tokens/s a user" in answers["reason"][0]
    assert "memory" in answers["reason"][1]
    assert "nosuch" in answers["reason"][2]


def test_the_best_deployment_has_all_that_the_laws_read():
    promise = {"tokens_per_s_per_user": 50.0, "ttft_limit_s": 20.0}
    search = Search("b200", "deepseek-r1", "fp4", "", 36, 8192.0, 1024.0)
    columns = best_deployment(search, promise).columns
    results = evaluate(columns, THROUGHPUT)
    assert 1 / results["tpot_s"] >= 50 * 0.999
    assert results["ttft_s"] <= 20 * 1.001
    plain = best_deployment(replace(search, modes=("aggregated",), depths=(0,)), promise).columns
    assert plain["disaggregated_count"] == plain["draft_count"] == 0
    slower = evaluate(plain, THROUGHPUT)["output_tokens_per_s_per_chip"]
    assert results["output_tokens_per_s_per_chip"] > 2 * slower
    with pytest.raises(Infeasible, match="most is"):
        best_deployment(search, promise | {"tokens_per_s_per_user": 5000.0})


@pytest.mark.parametrize("draft_tokens", [3, "best"])
def test_drafts_that_are_accepted_as_a_scenario_states_it_add_so_much_more(draft_tokens):
    """The stated ratio scales what drafts add, and the deployment is chosen under it."""
    said = {"serving.draft_tokens": draft_tokens}
    measured, more, fewer = (
        operating_point(an.load("reference", said | other), "baseline").columns
        for other in ({}, *({"serving.draft_acceptance_ratio": ratio} for ratio in (1.2, 0.5)))
    )
    assert more["acceptance_ratio"] == pytest.approx(1.2 * measured["acceptance_ratio"])
    rates = [evaluate(each, THROUGHPUT)[RATE] for each in (fewer, measured, more)]
    assert rates == sorted(rates)
    assert rates[0] < rates[2]
    if draft_tokens == 3:
        added = [accepted(each) - 1 for each in (measured, more)]
        assert added[1] == pytest.approx(1.2 * added[0])


def accepted(columns):
    """Tokens that a step yields in a deployment."""
    return evaluate(columns, THROUGHPUT)["accepted_tokens_ratio"]


@pytest.mark.parametrize("ratio", [0, -1, 1000, "much"])
def test_an_acceptance_that_is_none_is_refused_by_its_key(ratio):
    with pytest.raises(an.ScenarioError, match=r"serving\.draft_acceptance_ratio"):
        an.load("reference", {"serving.draft_acceptance_ratio": ratio})


def test_a_later_first_token_never_costs_throughput():
    question = {
        "accelerator": "h200",
        "model": "deepseek-r1",
        "precision": "fp8",
        "chips": 32,
        "input_tokens": 8192,
        "output_tokens": 1024,
        "tokens_per_s_per_user": 20,
    }
    limits = pd.DataFrame([question | {"ttft_limit_s": limit} for limit in (2, 5, 60)])
    assert best(limits)["output_tokens_per_s_per_chip"].is_monotonic_increasing


# What is promised of each kind of serving on points that no fit saw.
@pytest.mark.parametrize(
    ("kind", "scheme", "most"),
    [
        (KINDS[0], "configuration", 0.076),
        (KINDS[1], "configuration", 0.12),
        (KINDS[2], "configuration", 0.12),
        (KINDS[3], "configuration", 0.13),
        (KINDS[2], "accelerator", 0.12),
        (KINDS[3], "accelerator", 0.17),
        (KINDS[4], "report", 0.18),
    ],
)
def test_left_out_points_of_each_kind_are_as_near_as_promised(kind, scheme, most):
    rows = validation.points(scheme, kind)
    error = np.abs(np.expm1(rows["output_tokens_per_s_per_chip_error"])).median()
    assert error <= most


def test_no_point_is_of_a_chip_that_nobody_can_buy_yet():
    assert "vr200" not in set(table("serving")["accelerator"])


def test_the_best_measured_is_the_highest_point_that_keeps_the_promise():
    """By hand: B200 in FP4, DeepSeek-R1 and what has its dimensions, 8,192 in and 1,024 out."""
    rows = table("best_of_each").query("model == 'deepseek-v3' and input_tokens == 8192")
    points = serving_points()
    alike = points["model"].map(same_dimensions) == same_dimensions("deepseek-r1")
    own = points[alike].query(
        "accelerator == 'b200' and precision == 'fp4' "
        "and input_tokens == 8192 and output_tokens == 1024"
    )
    for promise in (20, 50, 100):
        rate = own.loc[own["tpot_s"] <= 1 / promise, "output_tokens_per_s_per_chip"].max()
        row = rows.query("accelerator == 'b200' and precision == 'fp4' and promise == @promise")
        assert row["best_measured"].item() == pytest.approx(rate, rel=1e-3)
    for _, each in rows.groupby(["accelerator", "precision"]):
        assert (each["predicted"].dropna().diff().dropna() <= 1e-9).all()
        assert (each["best_measured"].dropna().diff().dropna() <= 1e-9).all()


def test_no_prefill_pool_reads_faster_than_anybody_has_been_seen_to():
    """Prompt tokens/s of a prefill chip of Blackwell in FP8, as measured and as offered."""
    points = serving_points()
    families = table("families").set_index("accelerator")["generation"]
    points = points[
        (points["model"].map(same_dimensions) == same_dimensions("deepseek-r1"))
        & (points["accelerator"].map(families) == families["b200"])
        & (points["precision"] == "fp8")
        & (points["disaggregated"] == "yes")
        & (points["input_tokens"] == 8192)
        & (points["output_tokens"] == 1024)
    ]
    output_tokens_per_s = points[RATE] * points["chips"]
    measured = (output_tokens_per_s * 8 / points["prefill_chips"]).max()
    offers = deployments(Search("b200", "deepseek-r1", "fp8", "", 72, 8192.0, 1024.0))
    pools = offers[offers["disaggregated_count"] > 0]
    workers = pools["prefill_instances_count"] * pools["prefill_data_parallel"]
    chips = workers * pools["prefill_tensor_parallel"]
    offered = (pools[RATE] * pools["deployment_chips"] * 8 / chips).max()
    assert 0.5 * measured <= offered <= 1.02 * measured


def test_what_is_found_best_stays_near_what_was_measured_best():
    """Judged bounds: the search may find better than people tried, not twice as good."""
    rows = table("best_of_each").dropna(subset=["best_measured", "predicted"])
    ratio = rows["predicted"] / rows["best_measured"]
    assert len(ratio) >= 650
    assert 0.9 <= ratio.median() <= 1.15
    assert np.exp(np.abs(np.log(ratio)).median()) <= 1.25
    assert 0.75 <= ratio[rows["accelerator"].isin(["gb200", "gb300"])].median() <= 1.33
    assert 0.8 <= ratio[rows["points"] >= 50].median() <= 1.33


def test_stored_best_deployments_are_those_of_the_search_as_it_stands():
    """Red where coefficients, laws or search moved: `python -m analysis calibrate --only best`."""
    now = best_measured.best_of_each(model="deepseek-r1")
    stored = table("best_of_each").query("model == 'deepseek-v3'").reset_index(drop=True)
    seen = [name for name in stored if not name.endswith("_unseen_in_all")]
    named = best_measured.NAMES
    assert now[named].to_numpy().tolist() == stored[named].to_numpy().tolist()
    numbers = [name for name in seen if name not in named]
    np.testing.assert_allclose(now[numbers].astype(float), stored[numbers].astype(float), rtol=1e-3)
    assert now[[name for name in now if name not in seen]].isna().all(axis=None)
    refitted = stored[["predicted", "model_unseen_in_all", "accelerator_unseen_in_all"]]
    assert refitted.notna().sum().min() >= 50
    assert (refitted["model_unseen_in_all"] != stored["model_unseen_in_bound"]).any()


@pytest.mark.parametrize(("unseen", "thing"), [("model", "deepseek-v3"), ("accelerator", "b200")])
def test_what_is_unseen_does_not_bound_the_search(unseen, thing):
    """As if its rows were not there: those of other models, or of other chips, stand in for it."""
    names = ("b200", "deepseek-r1", "fp8", 8192.0, 1024.0)
    seen, without = highest_loads(*names), highest_loads(*names, unseen)
    assert seen != without
    points = serving_points()
    families = table("families").set_index("accelerator")["generation"]
    asked = points[
        (points["accelerator"].map(families) == "blackwell")
        & (points["precision"] == "fp8")
        & (points["input_tokens"] == 8192)
        & (points["output_tokens"] == 1024)
        & (points["engine_level"] == "tuned")
        & points["tpot_s"].notna()
    ]
    models = asked["model"].map(same_dimensions)
    others = asked[models != thing] if unseen == "model" else asked[asked["accelerator"] != thing]
    others = others if unseen == "model" else others[models[others.index] == "deepseek-v3"]
    others = others.assign(
        pools=others["disaggregated"] == "yes",
        drafts=others["draft_tokens"] > 0,
        model=models[others.index],
        load=others["concurrency"] / others["chips"],
    )
    if unseen == "model":  # what at least half of those of its kind are served with, at any length
        kind = ["deepseek-v4-pro", "qwen3.5-397b-a17b"]  # with draft layers of their own
        fp8 = points[
            (points["accelerator"].map(families) == "blackwell")
            & (points["precision"] == "fp8")
            & (points["engine_level"] == "tuned")
            & points["tpot_s"].notna()
            & points["concurrency"].notna()
            & ~points["speculative"].isin(["yes", "inferred"])
        ]
        fp8 = fp8.assign(model=fp8["model"].map(same_dimensions))
        fp8 = fp8[fp8["model"].isin(kind)]
        others = others[others["model"].isin(kind)]
        served = fp8.groupby([fp8["disaggregated"] == "yes", fp8["draft_tokens"] > 0])["model"]
        usual = served.nunique() >= fp8["model"].nunique() / 2
        assert usual.any()
        kept = [usual[pair] for pair in zip(others["pools"], others["drafts"], strict=True)]
        others = others[kept]
    by_model = others.groupby(["engine", "pools", "drafts", "model"])["load"].max()
    load = by_model.groupby(level=[0, 1, 2]).median()
    assert len(load) > 0
    assert {kind: most.requests_per_chip for kind, most in without.items()} == pytest.approx(
        load.to_dict()
    )


def test_a_model_that_nobody_measured_is_served_as_most_of_its_kind_are(monkeypatch):
    """Three models: all in one pool, two in two pools, one with drafts, which do not count then.

    A fourth, without draft layers that anybody has measured, is of the other kind.
    """
    columns = ["model", "pools", "drafts", "draft_tokens", "requests_per_chip", "prompt_rate"]
    rows = [
        ("deepseek-v3", False, False, 0, 10, np.nan),  # 37 billion parameters at work
        ("deepseek-v3", False, False, 0, 30, np.nan),
        ("glm-5", False, False, 0, 50, np.nan),
        ("qwen3.5-397b-a17b", False, False, 0, 90, np.nan),  # 17 billion
        ("deepseek-v3", True, False, 0, 20, 1000),
        ("glm-5", True, False, 0, 40, 1500),
        ("qwen3.5-397b-a17b", False, True, 3, 60, np.nan),
        ("minimax-m2.5", False, False, 0, 9000, np.nan),
    ]
    seen = pd.DataFrame(rows, columns=columns).assign(
        accelerator="b200",
        generation="blackwell",
        precision="fp4",
        engine="vllm",
        input_tokens=8192,
        output_tokens=1024,
    )
    monkeypatch.setattr(evidence, "_shown", lambda: seen)
    found = highest_loads.__wrapped__("gb200", "deepseek-v4-pro", "fp4", 1024.0, 1024.0)
    assert set(found) == {("vllm", False, False), ("vllm", True, False)}
    assert found["vllm", False, False].requests_per_chip == 50  # the median of 30, 50 and 90
    assert found["vllm", True, False].requests_per_chip == 30
    own = find(Model, "deepseek-v4-pro").active_parameters
    ratios = [find(Model, name).active_parameters / own for name in ("deepseek-v3", "glm-5")]
    rate = (1000 * ratios[0] + 1500 * ratios[1]) / 2
    assert found["vllm", True, False].prompt_rate == pytest.approx(rate)
    assert found["vllm", False, False].prompt_rate == np.inf
    other_kind = highest_loads.__wrapped__("gb200", "llama3.1-70b", "fp4", 1024.0, 1024.0)
    assert other_kind == {("vllm", False, False): (9000, np.inf, 0)}
    own_model = highest_loads.__wrapped__("gb200", "qwen3.5-397b-a17b", "fp4", 1024.0, 1024.0)
    assert own_model["vllm", False, True] == (60, np.inf, 3)
    assert ("vllm", True, False) not in own_model


def test_drafts_are_no_deeper_than_anybody_has_shown():
    names = ("gb200", "deepseek-r1", "fp4")
    seen = highest_loads(*names, 8192.0, 1024.0)
    depths = {most.draft_tokens for (_, _, drafts), most in seen.items() if drafts}
    assert depths
    assert max(depths) < 5
    search = Search(*names, "", 72, 8192.0, 1024.0)
    offered = proven(searched(search), search)
    assert offered["draft_count"].max() == max(depths)


def test_a_fit_without_a_model_knows_no_factor_of_its_series():
    rows = fitted_points()
    rows = rows[rows["accelerator"].isin(["gb200", "gb300"])].reset_index(drop=True)
    problem = Problem(rows)
    whole = problem.fit(steps=3)
    refit = best_measured.Refit(
        problem, whole, (rows["same_dimensions"] == "deepseek-v3").to_numpy()
    )
    of_series = {
        thing: values for (level, thing), values in refit.learnt.items() if level == "series"
    }
    own = [thing for thing in of_series if thing.endswith(" deepseek-v3") and "blackwell" in thing]
    fitted = {thing for level, thing, _ in problem.keys if level == "series"}
    assert fitted & set(own)
    for thing in fitted & set(own):
        assert list(of_series[thing].values()) == pytest.approx([1.0] * len(of_series[thing]))
    fixed = refit.setting("gb300", "deepseek-r1", "fp4", "trtllm")
    assert fixed.keys() == setting("gb300", "deepseek-r1", "fp4", "trtllm").keys()
    assert fixed != setting("gb300", "deepseek-r1", "fp4", "trtllm")
