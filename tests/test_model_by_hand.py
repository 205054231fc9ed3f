"""What stands between facts and laws, by hand: names, drafts, coefficients, own rows and prices."""

import dataclasses
import importlib
import pkgutil
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import analysis
import analysis as an
from analysis.facts import Accelerator, Model, find, table
from analysis.model import acceptance as drafts
from analysis.model.alternatives import _proportion, best_few
from analysis.model.arrivals import requests_in_flight
from analysis.model.board_power import predict_energy
from analysis.model.closed_loop import SHARE, serve
from analysis.model.coefficients import combined, levels, measured_tuned
from analysis.model.installation import SHARED, Deviations, Posterior, fields, slopes
from analysis.model.options import option_columns
from analysis.model.own_measurements import learn
from analysis.model.points import NOT_POSITIVE, identities, manners, read_points
from analysis.model.predict import predict, prediction_errors
from analysis.model.prices import buyer_finance, prices_paid
from analysis.model.runner import evaluate
from analysis.model.search import RATE
from analysis.model.settings import formats, setting_with_errors
from analysis.scenario.file_text import MeasurementFault

NAMED = {"accelerator": "h200-sxm", "model": "qwen3-32b", "precision": "fp8", "engine": "vllm"}
ROW = {
    **NAMED,
    "chips": 4,
    "tensor_parallel": 4,
    "input_tokens": 1024,
    "output_tokens": 1024,
    "concurrency": 16,
}


def rows(*changed) -> pd.DataFrame:
    return pd.DataFrame([ROW | each for each in changed])


def columns_of(**changed) -> dict[str, np.ndarray]:
    return read_points(rows(changed), setting_with_errors)[0]


def test_all_that_the_model_and_the_questions_find_is_frozen():
    modules = [
        importlib.import_module(each.name)
        for room in ("model", "questions")
        for each in pkgutil.iter_modules(
            [f"{analysis.__path__[0]}/{room}"], prefix=f"analysis.{room}."
        )
    ]
    found = {
        each
        for module in modules
        for each in vars(module).values()
        if dataclasses.is_dataclass(each) and each.__module__ == module.__name__
    }
    assert len(found) > 20
    assert [each.__name__ for each in found if not each.__dataclass_params__.frozen] == []


# Lengths of steps with 1, 2 and 3 drafts, the first accepted with a chance of 0.8, the next with
# 0.72 and 0.648: 1 + 0.8, + 0.8 x 0.72 = 0.576, + 0.576 x 0.648 = 0.373248.
FALLING = [1.8, 2.376, 2.749248]
# With 0.6 at each: 1 + 0.6, + 0.36, + 0.216.
LEVEL = [1.6, 1.96, 2.176]


@pytest.fixture
def measured_drafts(monkeypatch):
    """Two models measured, each by itself; nothing of any other."""
    own = [("qwen3-8b", n + 1, length) for n, length in enumerate(FALLING)]
    own += [("qwen3-14b", n + 1, length) for n, length in enumerate(LEVEL)]
    rows = pd.DataFrame(own, columns=["model", "draft_count", "accepted_tokens_ratio"])
    monkeypatch.setattr(drafts, "table", lambda name: rows.assign(input_tokens=np.nan))
    drafts.acceptance.cache_clear()
    yield
    drafts.acceptance.cache_clear()


@pytest.mark.parametrize(
    ("model", "first", "decay"), [("qwen3-8b", 0.8, 0.9), ("qwen3-14b", 0.6, 1.0)]
)
def test_acceptance_is_the_chance_behind_the_lengths_of_a_model(
    measured_drafts, model, first, decay
):
    found = drafts.acceptance(model)
    assert found["first_acceptance_share"] == pytest.approx(first)
    assert found["acceptance_decay_ratio"] == pytest.approx(decay)


def test_no_later_draft_is_likelier_than_the_one_before_it(monkeypatch):
    # 1 + 0.5 + 0.5 x 0.75 + ...: chances of 0.5 and 0.75 would be a decay of 1.5.
    rows = pd.DataFrame({"model": "qwen3-8b", "draft_count": [1, 2], "input_tokens": np.nan})
    rows = rows.assign(accepted_tokens_ratio=[1.5, 1.875])
    monkeypatch.setattr(drafts, "table", lambda name: rows)
    drafts.acceptance.cache_clear()
    assert drafts.acceptance("qwen3-8b")["acceptance_decay_ratio"] == pytest.approx(1)
    drafts.acceptance.cache_clear()


def test_a_series_counts_where_its_model_is_named_and_drafts_where_they_are_served():
    learnt = {
        ("pool", "all"): {"mbu_share": 0.5},
        ("engine", "vllm"): {"mbu_share": 0.9},
        ("drafts", "drafted vllm"): {"mbu_share": 0.7},
    }
    named = levels("h200-sxm", "qwen3-32b", "fp8", "vllm", "drafted")
    learnt["series", named["series"]] = {"mbu_share": 0.8}
    asked = ("h200-sxm", "vllm", "fp8")
    assert combined(learnt, *asked)["mbu_share"] == pytest.approx(0.5 * 0.9)
    assert combined(learnt, *asked, "qwen3-32b")["mbu_share"] == pytest.approx(0.5 * 0.9 * 0.8)
    drafted = combined(learnt, *asked, "qwen3-32b", "drafted")
    assert drafted["mbu_share"] == pytest.approx(0.5 * 0.9 * 0.8 * 0.7)


def test_what_no_table_names_was_never_measured():
    asked = rows({"accelerator": "warp9"}, {"model": "gpt-99"})
    assert measured_tuned(asked).tolist() == [False, False]


def test_checkpoints_in_four_bits_keep_all_but_their_experts_as_released():
    chip = vars(find(Accelerator, "b200"))
    experts = formats(chip, vars(find(Model, "qwen3-30b-a3b")), "fp4")
    dense = formats(chip, vars(find(Model, "qwen3-32b")), "fp4")
    assert experts["dense_bytes_per_parameter"] == 2  # released in 16 bits
    assert experts["expert_bytes_per_parameter"] == dense["dense_bytes_per_parameter"]
    assert dense["dense_bytes_per_parameter"] == pytest.approx(4.5 / 8)  # with a scale for 16


def test_blank_ranks_are_one_and_a_cache_has_the_format_that_is_stated():
    stated = [{"kv_precision": name, "tensor_parallel": ""} for name in ("", "bf16", "fp8", "fp9")]
    columns, reasons = read_points(rows(*stated), setting_with_errors)
    assert columns["tensor_parallel"].tolist() == [1, 1, 1, 1]
    assert columns["cached_value_bytes_per_token"][1:3].tolist() == [2, 1]
    assert reasons[:3].tolist() == ["", "", ""]
    assert "unknown kv_precision 'fp9'" in reasons[3]


def test_a_row_is_faulty_by_its_own_numbers_alone():
    _, reasons = read_points(rows({}, {"concurrency": -1}), setting_with_errors)
    assert reasons.tolist() == ["", NOT_POSITIVE]


def test_how_a_row_is_served_is_stated_or_the_usual():
    stated = rows(
        {"engine_level": "As run"},
        {"engine_level": "tuned"},
        {"draft_tokens": 2},  # nobody drafts by default: tuned
        {"model": "opt-125m"},  # of which no tuned server was measured
    )
    assert [text.strip() for text in manners(stated)] == ["as_run", "", "drafted", "as_run"]


def test_a_table_whose_index_has_the_name_of_a_column_is_read():
    indexed = rows({}, {"concurrency": 32}).set_index("concurrency", drop=False)
    assert identities(indexed)["model"].tolist() == ["qwen3-32b", "qwen3-32b"]


def test_a_note_that_a_row_brings_stays_before_what_was_assumed_of_its_names():
    answered = predict(rows({"note": "from our log", "accelerator": "H200"}, {"note": None}))
    assert answered["note"].str.startswith("from our log").tolist() == [True, False]
    assert len(answered) == 2


def test_errors_are_relative_to_what_was_measured():
    # 110 for 100 and 120 for 160: a tenth and a quarter off; one of two within its range.
    answered = pd.DataFrame({"tpot_s": [110.0, 120.0], "tpot_s_measured": [100.0, 160.0]})
    answered = answered.assign(tpot_s_p10=[90.0, 90.0], tpot_s_p90=[130.0, 130.0])
    others = dict.fromkeys((RATE, "ttft_s", "energy_j_per_output_token"), np.nan)
    (found,) = prediction_errors(answered.assign(**others)).to_dict("records")
    assert (found["quantity"], found["measured"], found["answered"]) == ("tpot_s", 2, 2)
    assert found["mean_error"] == pytest.approx((0.1 + 0.25) / 2)
    assert found["inside_p10_p90"] == 0.5


def test_a_value_in_another_unit_is_refused_with_its_row():
    answered = predict(rows({}, {"concurrency": 32}))
    in_ms = answered["tpot_s"] * [1, 1000]
    with pytest.raises(MeasurementFault, match="measured row 2, column tpot_s_measured"):
        learn(rows({}, {"concurrency": 32}).assign(tpot_s_measured=in_ms))


@pytest.mark.parametrize(("board", "speed", "both"), [(0.3, 0.0, 0.3), (0.3, 0.4, 0.5)])
def test_a_range_of_joules_is_as_wide_as_its_board_and_its_speed_are_unsure(board, speed, both):
    # 3-4-5: errors of board and speed add in squares. Four outcomes in five lie within 1.28155
    # standard deviations of a normal's middle, here of the logarithm's.
    weights = table("energy_coefficients").set_index("field")["value"].astype(float)
    sizes = {"board_log_sd": board, f"{RATE}_log_sd": speed / weights["speed_weight_ratio"]}
    joules, low, high = predict_energy({**serve(columns_of()), **sizes})
    width = np.exp(1.28155 * both)
    assert high / joules == pytest.approx(width, rel=1e-4)
    assert joules / low == pytest.approx(width, rel=1e-4)


def test_a_request_in_a_long_while_is_one_in_flight():
    found = requests_in_flight(columns_of(), np.array([1e-6]))
    assert found == pytest.approx(1)


@pytest.mark.parametrize("concurrency", [16, 256, 2048])  # from few that prompt to nearly all
def test_requests_that_decode_are_those_that_the_laws_give_back(concurrency):
    pools = {f"{pool}_workers": 1 for pool in ("prefill", "decode")}
    work = {"input_tokens": 8192, "output_tokens": 256, "concurrency": concurrency}
    columns = columns_of(mode="disaggregated", chips=8, tensor_parallel="", **work, **pools)
    results = serve(columns)
    assert results[SHARE] == pytest.approx(results["next_decoding_share"], rel=1e-3)


def test_a_time_answers_its_own_factor_one_to_one():
    # What the first token takes is proportional to its factor where nothing waits for memory, so
    # that a prior width of the factor moves its logarithm by that width.
    at = slopes(serve(columns_of(concurrency=1)))[0, 2, fields().index("first_residual_factor")]
    priors = table("priors").set_index(["level", "field"])["log_sd"]
    width = float(priors["engine_level", "first_residual_factor"])  # of servers as people run them
    assert at == pytest.approx(width, rel=1e-3)


PRIOR = Deviations(
    steps=dict.fromkeys((*SHARED, "point"), 0.5),
    first=dict.fromkeys((*SHARED, "point"), 0.5),
    noise=np.array([0.1, 0.2, 0.3]),
    widening=1.0,
)


def posterior(*groups: tuple[str, ...]) -> Posterior:
    """Rows of these things that say nothing: their slopes are 0."""
    things = pd.DataFrame(list(groups), columns=list(SHARED))
    flat = np.zeros((len(groups), 3, len(fields())))
    return Posterior(things, flat, np.zeros((len(groups), 3)), PRIOR)


FIRST, SECOND = ("own", "m", "p", "s", "one"), ("own", "m", "p", "z", "two")


def test_what_a_row_does_not_share_scatters_by_the_square_of_the_noise():
    flat = np.zeros((1, 3, len(fields())))
    found = posterior(FIRST).own_covariance(flat)[0]
    assert found == pytest.approx(np.diag([0.01, 0.04, 0.09]))


def test_rows_that_say_nothing_leave_every_part_as_wide_as_it_was():
    # Five parts of 0.5 x 0.5 each, whether a part was met or not.
    for group in (FIRST, SECOND, ("o", "x", "y", "z", "w")):
        found = posterior(FIRST).shared_covariance(group)
        assert found == pytest.approx(np.eye(len(fields())) * 5 * 0.25)


def test_rows_in_another_order_are_the_same_measurements():
    assert list(posterior(FIRST, SECOND).blocks) == list(posterior(SECOND, FIRST).blocks)


def financed(buyer: str, **beliefs) -> dict:
    reference = an.load("reference")
    case = SimpleNamespace(
        buyer=buyer,
        as_of=reference.as_of,
        believe={name: reference.believe[name] for name in beliefs},
        finance=SimpleNamespace(electricity_usd_per_kwh=None),
    )
    return buyer_finance(case, beliefs)


def test_a_share_of_a_buyer_moves_its_range_by_the_odds():
    # 16.47% of debt in place of a median of one half: odds of 0.1647 / 0.8353 = 0.1972 in place of
    # 1. A draw of 3 in 4, odds of 3, becomes 0.5915 / 1.5915.
    drawn = np.array([0.5, 0.75])
    found = financed("enterprise", debt_share=drawn)
    odds = 3 * 0.1647 / 0.8353
    assert found["debt_share"] == pytest.approx([0.1647, odds / (1 + odds)])
    assert found["leased_share"] == 1


def test_a_rate_of_a_buyer_moves_its_range_by_a_factor_and_none_has_no_range():
    year_s = 365.25 * 86400
    drawn = np.array([0.09, 0.18]) / year_s
    found = financed("startup", equity_return_share_per_s=drawn, debt_share=np.array([0.4, 0.6]))
    assert found["equity_return_share_per_s"] * year_s == pytest.approx([0.178, 0.356], rel=1e-3)
    assert found["debt_share"].tolist() == [0, 0]


def test_chips_that_are_all_owned_pay_no_rent():
    case = an.load("reference")
    finance = case.finance.model_copy(update={"owned_share": 1.0})
    owned = case.model_copy(update={"finance": finance})
    assert prices_paid(owned, "candidate")["rent_usd_per_s_per_chip"] == 0


def test_the_table_of_a_scenario_is_what_the_laws_say_of_each_option():
    case = an.load("article")
    found, columns = evaluate(case, draws=4), option_columns(case, 4)
    assert found.loc["claimed", "request_usd"].notna().all()
    for option in ("baseline", "candidate"):
        for name in ("request_usd", "tpot_s", "energy_j_per_output_token"):
            assert (found.loc[option, name] == columns[option][name]).all()


def test_a_layout_repeated_is_the_same_layout():
    ranks = {f"{name}_parallel": 1 for name in ("tensor", "data", "expert", "pipeline")}
    pools = {f"{pool}_{name}": n for pool in ("prefill", "decode") for name, n in ranks.items()}
    row = {**pools, "mode": "disaggregated", "decode_tensor_parallel": 8}
    many = {**row, "prefill_workers": 20, "decode_workers": 2}
    assert _proportion(many) == "10x TP1 + 1x TP8"


def test_five_deployments_of_one_chip_are_shown_at_its_longest_quoted_rent():
    work = {"input_tokens": 1024, "output_tokens": 1024, "tokens_per_s_per_user": 40}
    few = best_few(["h200-sxm"], "qwen3-8b", ["fp8"], chips=4, **work)
    assert len(few) == 5
    assert few["tokens_per_s_per_user"].to_numpy() == pytest.approx(1 / few["tpot_s"].to_numpy())
    assert few["price"].str.contains(" an hour, ").all()
    hour_usd = few["price"].str.extract(r"\$([0-9.]+) an hour")[0].astype(float)
    per_mtok = hour_usd / 3600 / few[RATE] * 1e6
    assert few["usd_per_mtok"].to_numpy() == pytest.approx(per_mtok.to_numpy(), rel=2e-3)
