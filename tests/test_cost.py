"""Costs as a buyer would check them: published totals from components, identities, limits, and
faults that show.
"""

import itertools
from inspect import signature

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.facts import Accelerator, find
from analysis.laws import cooling, cost, products
from analysis.model import evaluate, z_scores
from analysis.model.options import option_columns
from analysis.model.prices import api_prices
from analysis.questions import budget, sensitivity, tenure
from analysis.questions import cost as cost_questions
from analysis.questions import products as product_questions
from analysis.scenario.scenario import load
from analysis.units import convert

HOUR = convert(1, "hour", "s")


def owned(accelerator, **changed):
    return cost_questions.from_components(load("reference"), accelerator, changed)


def usd_per_hour(accelerator, **changed):
    return float(np.squeeze(owned(accelerator, **changed)["owned_usd_per_s_per_chip"])) * HOUR


def published(accelerator):
    return cost_questions.totals(load("reference")).set_index("accelerator")["published"][
        accelerator
    ]


@pytest.mark.parametrize(
    "accelerator", ["h100-sxm", "b200", "h200-sxm", "gb200", "gb300", "mi300x", "mi325x", "mi355x"]
)
def test_published_total_costs_are_met_within_a_tenth(accelerator):
    """$/GPU-h from components that were not fitted to it: July 2026, H100 1.17, B200 1.73, and what
    else was priced.
    """
    assert usd_per_hour(accelerator) == pytest.approx(published(accelerator), rel=0.10)


def test_reconciliation_is_narrow_enough_to_catch_faults():
    """Faults that are often made move the total by more than the tolerance for at least one of the
    two chips.
    """
    faults = {
        "wrong life: three years": {"it_life_s": convert(3, "year", "s")},
        "facility in GW for MW prices": {"facility_usd_per_w": 117.0},
        "interest of a loan shark": {"debt_interest_share_per_s": convert(0.65, "1/year", "1/s")},
    }
    for what, changed in faults.items():
        off = [
            abs(usd_per_hour(chip, **changed) / published(chip) - 1)
            for chip in ("h100-sxm", "b200")
        ]
        assert max(off) > 0.10, what


def test_cooling_enters_the_bill_once():
    """At the feed or in the meter's reading, never both: twice the PUE doubles energy and adds
    nothing else.
    """
    once, twice = (owned("b200", design_pue_ratio=pue) for pue in (1.2, 2.4))
    lines = [name for name in cost.STACK if name in once]
    moved = [name for name in lines if not np.allclose(once[name], twice[name])]
    assert moved == ["electricity_usd_per_s_per_chip"]
    assert twice[moved[0]] == pytest.approx(2 * once[moved[0]])


def test_the_meter_sees_each_joule_once(draws):
    """Two joules a token at the boards, one token a second, a tenth lost before the wall, PUE 1.25:
    2.75 watts.

    In the model the mean at the meter stays below the feed, but for one draw in fifty at most.
    """
    assert cost.metered_w_per_chip(
        1.5, 0.25, 1.0, 10.0, 20.0, 0.0, 1.0, 1.1, 1.25
    ) == pytest.approx(2.75)
    half = cost.metered_w_per_chip(1.5, 0.25, 1.0, 10.0, 20.0, 0.0, 0.5, 1.1, 1.25)
    assert half == pytest.approx(2.75 / 2)  # the load factor enters once, too
    assert (draws["metered_w_per_chip"] < draws["feed_w_per_chip"]).mean() > 0.98


def test_lines_of_the_stack_add_up_to_the_total():
    done = owned("gb300", demand_usd_per_s_per_w=1e-6, leased_share=0.5)
    total = sum(done[name] for name in cost.STACK)
    assert total / done["available_share"] == pytest.approx(done["owned_usd_per_s_per_chip"])


def test_load_factor_enters_once():
    """Half the load doubles a token's cost: idle time is in the dollars, not in the rate as
    well.
    """
    seconds = [cost.busy_usd_per_s_per_chip(1.0, share) for share in (0.8, 0.4)]
    tokens = [
        cost.output_usd_per_token(cost.serving_usd_per_request(s, 100.0, 50.0), 0.3, 100.0)
        for s in seconds
    ]
    assert tokens[1] / tokens[0] == pytest.approx(2)
    readers = [law.__name__ for law in cost.COST if "load_factor" in signature(law).parameters]
    assert readers == [
        "metered_w_per_chip",
        "busy_usd_per_s_per_chip",
    ]  # power idles too, by another amount


def test_output_and_total_tokens_are_told_apart():
    """One dollar a busy second, 10 output tokens/s, 100 in and 10 out: a request costs the second
    that it takes.
    """
    serving = cost.serving_usd_per_request(1.0, 10.0, 10.0)
    inputs, output = (
        cost.input_usd_per_token(serving, 0.4, 100.0, 0.5),
        cost.output_usd_per_token(serving, 0.4, 10.0),
    )
    assert (inputs * 50, output * 10) == (pytest.approx(0.4), pytest.approx(0.6))
    assert cost.request_usd(100.0, 0.5, 10.0, inputs, 0.0, output, 1.0) == pytest.approx(1.0)
    assert (
        cost.kept_bytes_per_token(1100.0, 110.0) == 10
    )  # prompt and answer stay in the cache, not the answer alone


MEMORY = {
    "h100-sxm": 80,
    "h200-sxm": 141,
    "b200": 180,
    "b300": 288,
    "gb300": 288,
    "mi300x": 192,
    "mi355x": 288,
}
# PFLOP/s of FP8 and FP4 without sparsity; datasheets print twice as much in their largest type
DENSE = {
    "h100-sxm": (1.979, 0),
    "h200-sxm": (1.979, 0),
    "b200": (4.5, 9),
    "b300": (4.5, 13.5),
    "gb300": (5, 15),
    "mi300x": (2.615, 0),
    "mi355x": (5.03, 10.07),
}


@pytest.mark.parametrize("accelerator", MEMORY)
def test_memory_is_decimal_and_arithmetic_dense(accelerator):
    """GiB for GB would be 7% more, sparse for dense twice as much."""
    chip = find(Accelerator, accelerator)
    assert chip.memory_bytes_per_chip == pytest.approx(MEMORY[accelerator] * 1e9, rel=0.02)
    peaks = chip.fp8_flop_per_s_per_chip, chip.fp4_flop_per_s_per_chip
    assert peaks == pytest.approx([rate * 1e15 for rate in DENSE[accelerator]], rel=0.05)


def test_a_cached_gigabyte_is_decimal():
    assert convert(1.0, "usd/GB/year", "usd/B/s") == pytest.approx(1e-9 / convert(1, "year", "s"))


def test_lives_are_those_of_the_published_gigawatt():
    """Epoch: servers are written off over 5 years and halls over 14; each payment reads its own
    life.
    """
    case = load("reference")
    assert (case.believe["it_life_s"].mid, case.believe["facility_life_s"].mid) == (5, 14)
    longer = convert(20, "year", "s")
    it, hall = (owned("b200", **{name: longer}) for name in ("it_life_s", "facility_life_s"))
    moved = [
        [
            name
            for name in cost.STACK
            if name in it and not np.allclose(owned("b200")[name], changed[name])
        ]
        for changed in (it, hall)
    ]
    assert set(moved[0]) == {
        f"{line}_usd_per_s_per_chip"
        for line in ("accelerator", "server", "network", "storage", "spare")
    }
    assert moved[1] == ["facility_usd_per_s_per_chip"]


rates, lives = st.one_of(st.just(0.0), st.floats(1e-6, 0.5)), st.floats(1, 30)


@given(rates, lives, st.floats(0, 1))
def test_payments_repay_the_price(rate, life, residual):
    """Present value of all payments and of the sale at the end is the price: the definition of a
    level payment.
    """
    life = float(round(life))
    payment = float(cost.recovery_share_per_s(rate, life, residual, 1.0))
    worth = (1 + rate) ** -np.arange(1, life + 1)
    assert payment * worth.sum() + residual * worth[-1] == pytest.approx(1, rel=1e-9)


@given(rates, lives, st.floats(0, 0.9))
def test_longer_lives_and_dearer_resale_cost_less(rate, life, residual):
    base = cost.recovery_share_per_s(rate, life, residual, 1.0)
    assert cost.recovery_share_per_s(rate, life + 1, residual, 1.0) <= base * (1 + 1e-12)
    assert cost.recovery_share_per_s(rate, life, residual + 0.1, 1.0) <= base
    assert cost.recovery_share_per_s(rate + 0.01, life, residual, 1.0) >= base


money = st.floats(0.01, 100)


@given(money, money, st.floats(0.1, 1), st.floats(0, 0.95), st.floats(0, 5))
def test_threshold_reaches_exactly_the_margin(attempt, price, success, margin, other):
    """Tokens cheaper by the threshold give the target margin, and by less do not."""
    payable = products.payable_usd(price, margin, success, other)
    if payable <= 1e-6:
        return
    times = products.threshold_ratio(attempt, payable)
    reached = products.gross_margin_share(products.task_usd(attempt / times, other, success), price)
    assert reached == pytest.approx(margin, abs=1e-6)


def test_agent_example():
    """METHODS, section 4: 1 M tokens in (90% cached), 40 k out at DeepSeek-R1 prices, 60% success,
    $1 a task.
    """
    prices = (convert(p, "usd/Mtok", "usd/tok") for p in (0.55, 0.14, 2.19))
    attempt = products.attempt_usd(1e5, 9e5, 4e4, *prices)
    task = products.task_usd(attempt, 0.05, 0.6)
    assert attempt == pytest.approx(0.269, abs=5e-4)
    assert task == pytest.approx(0.53, abs=5e-3)
    assert products.gross_margin_share(task, 1.0) == pytest.approx(0.47, abs=5e-3)
    needed = products.threshold_ratio(attempt, products.payable_usd(1.0, 0.7, 0.6, 0.05))
    assert needed == pytest.approx(2.07, abs=5e-3)
    assert products.mean_usd(1.0, np.log(30) / (2 * 1.645)) == pytest.approx(1.71, abs=5e-3)


def test_demand_example():
    """METHODS, section 4: at M = 3.571 spending moves by 1.14 (elasticity 1.1) to 2.07 (1.57); 10%
    off sells 12%.
    """
    for elasticity, printed in ((1.1, 1.14), (1.57, 2.07)):
        price = products.price_ratio(1 / 3.571, 1.0)
        assert products.spend_ratio(
            price, products.demand_ratio(price, elasticity)
        ) == pytest.approx(printed, abs=5e-3)
    assert products.demand_ratio(0.9, 1.08) == pytest.approx(1.12, abs=2e-3)


@given(st.floats(0.1, 10), st.floats(0, 1))
def test_a_mean_by_tokens_lies_below_that_by_dollars_and_above_no_gain(gain, share):
    by_tokens = products.eligible_ratio(gain, share)
    by_dollars = 1 - share + share * gain
    assert min(1, gain) - 1e-9 <= by_tokens <= by_dollars + 1e-9


@pytest.fixture(scope="module")
def case():
    return load("reference")


@pytest.fixture(scope="module")
def draws(case):
    return evaluate(case, 256)


def test_request_cost_is_conserved(draws):
    """Prompt, cache and answer at their prices make the request; chip time is split, never made or
    lost.
    """
    mine = draws.loc["candidate"]
    fresh = mine["input_tokens_per_request"] * (1 - mine["cached_share"])
    cached = mine["input_tokens_per_request"] * mine["cached_share"] * mine["cached_usd_per_token"]
    split = (
        fresh * mine["input_usd_per_token"]
        + mine["output_tokens_per_request"] * mine["output_usd_per_token"]
    )
    np.testing.assert_allclose(split, mine["serving_usd_per_request"], rtol=1e-9)
    np.testing.assert_allclose(mine["request_usd"], split + cached, rtol=1e-9)


def test_a_step_that_changes_nothing_stretches_nothing(case, draws):
    """The same chips cost what they cost: migration, dual running and a new fleet's load factor are
    all that moves.
    """
    same = pd.concat({"baseline": draws.loc["baseline"], "other": draws.loc["baseline"]})
    stretched = budget.stretch(case, same, "other")
    np.testing.assert_allclose(stretched["gain_ratio"], 1)
    settled = np.maximum(draws.loc["baseline"]["first_year_ratio"].to_numpy(), 1)
    assert (stretched["stretch_ratio"] < settled).all()


def test_what_a_headline_needs_brings_its_dollars(case, draws):
    """With the gain that `needed` gives, frictions included, the budget does the headline's work;
    or no gain does.
    """
    need = budget.required_gain_ratio(case, draws, 1.5)
    before, can = draws.loc["baseline"], np.isfinite(need)
    stretched = budget.stretch_of_gain(case, before[can], need[can])
    np.testing.assert_allclose(stretched["stretch_ratio"], 1.5)
    assert (
        budget.stretch_of_gain(case, before[~can], np.full((~can).sum(), 1e9))["stretch_ratio"]
        < 1.5
    ).all()


def test_budget_over_time_has_its_limits(case, draws):
    """Never delivered, a budget is its dollars; delivered earlier, a better part never buys less in
    the end.
    """
    never = budget.over_time(case, draws, np.full(256, np.inf))
    np.testing.assert_allclose(
        never[["low", "mid", "high"]], never["today"].to_numpy()[:, None].repeat(3, 1)
    )
    better = draws.copy()
    better.loc["candidate", "request_usd"] = (draws.loc["baseline", "request_usd"] / 3).to_numpy()
    ends = [
        budget.over_time(case, better, np.full(256, m))["mid"].iloc[-1]
        for m in (1.0, 6.0, 12.0, 40.0)
    ]
    assert ends == sorted(ends, reverse=True)
    assert ends[-1] == pytest.approx(never["mid"].iloc[-1])


def test_every_reading_has_its_row_and_dollars_are_the_headline(case, draws):
    rows = budget.by_reading(case, draws).set_index("reading")
    assert {"measured", "all_gpu_time", "dollars"} <= set(rows.index)
    assert rows.before_frictions["dollars"] == pytest.approx(
        case.budget.usd_per_year / 0.28, rel=1e-6
    )
    assert (rows.high < rows.before_frictions["dollars"]).all()


def test_products_are_judged_by_their_own_thresholds(case, draws):
    """At least six archetypes; where the threshold is 1 or less, the margin is met, and a loss is
    rarer than even. At its price per million tokens a product has exactly its margin.
    """
    prices = {"old": draws.loc["baseline"], "API": api_prices(case)}
    table = product_questions.viability(case, prices)
    assert table["product"].nunique() >= 6
    met = table[(table["needed_ratio"] <= 1) & (table["prices"] == "API")]
    assert len(met) > 0
    assert (met["margin_share"] >= met["target_share"] - 1e-9).all()
    assert (table.loc[table["margin_low_share"] > 0.5, "loss_share"] < 0.5).all()
    flat = convert(met["payable_usd_per_mtok"].iloc[0], "usd/Mtok", "usd/tok")
    at_limit = {"limit": dict.fromkeys(api_prices(case), flat)}
    there = product_questions.viability(case, at_limit).set_index("product")
    name = met["product"].iloc[0]
    assert there.margin_share[name] == pytest.approx(there.target_share[name])
    assert there.needed_ratio[name] == pytest.approx(1)


def test_owning_beats_hiring_on_demand_above_some_load(case, draws):
    assert 0 < np.median(tenure.break_even(case, draws, "baseline")) < 1


def test_a_neocloud_owns_the_two_chips_for_what_was_published():
    """July 2026: 2.07 dollars an hour for B200, 2.79 for GB300."""
    usd_per_hour = tenure.neocloud_usd_per_hour(load("reference"))
    assert usd_per_hour == pytest.approx({"b200": 2.07, "gb300": 2.79}, abs=0.005)


def test_rents_are_dated_and_never_later_than_the_scenario():
    early = tenure.rents(
        load(
            "reference", {"as_of": "2025-12-31", "have.held": "owned", "have.bought": "2025-06-01"}
        )
    )
    assert early["as_of"].max() <= "2025-12-31"
    assert len(early) < len(tenure.rents(load("reference")))


def line(score):
    return 3 * score("a") + score("b")


def test_tornado_and_information_of_a_straight_line():
    """Known answers: swings of 6 and 2 times 1.28, and knowing the wider thing is worth more."""
    rows = sensitivity.tornado(line).set_index("name")
    np.testing.assert_allclose(rows["width"], [6 * 1.28155, 2 * 1.28155], rtol=1e-4)
    scores = sensitivity.score_draws(["a", "b"], 4096)
    payoffs = np.stack([np.zeros(4096), line(lambda name: z_scores(name, 4096, 20260423))], 1)
    worth = sensitivity.information(payoffs, scores).set_index("name")["worth"]
    assert worth["everything"] >= worth["a"] > worth["b"] >= 0
    assert worth["a"] == pytest.approx(3 / np.sqrt(2 * np.pi), rel=0.1)  # E[max(0, 3 a)]


def test_a_hall_without_liquid_a_tax_and_a_move_cost_what_they_say():
    """By hand: 2 $/W for the three quarters of 140 kW racks of 72 that need it; 1% on chip and
    hall; 10 M less a move of 0.5 M and three months of 60% of it paid twice.
    """
    assert cooling.retrofit_usd_per_chip(2.0, 144e3, 72, 0.25) == pytest.approx(3000)
    assert cost.tax_usd_per_s_per_chip(40e3, 10e3, 0.01) == pytest.approx(500)
    assert products.spendable_usd(10e6, 0.5e6, 0.25, 10e6, 0.6) == pytest.approx(8e6)


@pytest.mark.parametrize("inputs", [1024, 8192, 32768])
@pytest.mark.parametrize("outputs", [128, 512, 1024])
def test_prompts_and_answers_have_a_cost_at_everyday_work(inputs, outputs):
    """At slow promises and few output tokens both are positive in every draw, and add up to the
    request.
    """
    for promised, cached in itertools.product((10, 20, 30), (0, 0.5, 0.9)):
        work = {
            "workload.input_tokens": inputs,
            "workload.output_tokens": outputs,
            "workload.tokens_per_s_per_user": promised,
            "workload.cached_share": cached,
            "workload.ttft_limit_s": 20,
        }
        for option, columns in option_columns(load("measured", work), 64).items():
            spent = columns["input_usd_per_token"] * inputs * (1 - cached)
            spent = spent + columns["output_usd_per_token"] * outputs
            assert (np.asarray(columns["input_usd_per_token"]) > 0).all(), (option, work)
            assert (np.asarray(columns["output_usd_per_token"]) > 0).all(), (option, work)
            assert spent == pytest.approx(columns["serving_usd_per_request"])
