"""The decision by hand: months of acts, chips needed, sentences, and where an act turns over."""

import json
from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import analysis as an
from analysis.model.draws import z_scores
from analysis.model.options import OptionColumns
from analysis.questions.act_costs import Evaluation, FirstSteps, _costs
from analysis.questions.act_costs import plan as plan_of
from analysis.questions.acts import Act, Plan, Way, keep_cost, price_by_month, usd_per_year
from analysis.questions.answer import Range, _Key, cheapest_by_kind, instruction, named, sentence
from analysis.questions.budget import required_gain_ratio, stretch_of_gain
from analysis.questions.cash import FRICTIONS, budget_steps
from analysis.questions.flips import turning_points
from analysis.questions.ways import MONTH_S, TODAY, Ways, chips_needed
from analysis.questions.ways import movable_share as share_that_moves

ONE = np.ones(1)


def plan(months: int = 24, **changed) -> Plan:
    values = {
        "requests_per_month": 1000 * ONE,
        "ramp_months": 0.0,
        "dual_months": 0.0,
        "committed_months": 0.0,
        "patience_months": 12.0,
        "hedge_share": 0.5,
        "discount": np.ones(months),
    }
    return Plan(**{**values, **changed})


def way(option: str, tenure: str, usd: float, **changed) -> Way:
    values = {
        "drift_per_month": 1.0,
        "movable_share": 1.0,
        "once_usd": 0.0,
        "start_months": 0.0,
        "first_year_ratio": 1.0,
        "chips": 1.0,
        **changed,
    }
    arrays = {name: value * ONE for name, value in values.items()}
    return Way(option, tenure, usd * ONE, **arrays)  # type: ignore[arg-type]


TODAY_WAY = way(TODAY, "as held", 0.04)


def found(*others: Way) -> Ways:
    return Ways(TODAY_WAY, others, (), 1000 * ONE)


def test_a_price_that_drifts_by_a_tenth_a_month_is_that_power():
    by_use = way("a", "rent_on_demand", 2.0, drift_per_month=0.9)
    assert price_by_month(by_use, np.arange(3.0))[0] == pytest.approx([2, 1.8, 1.62])


def test_a_year_of_rent_is_renewed_at_what_the_market_asks_by_then():
    # Half the price a year later; signed on the third month, renewed on the fifteenth.
    yearly = way("a", "rent_1yr", 2.0, drift_per_month=0.5 ** (1 / 12))
    prices = price_by_month(yearly, np.arange(24.0), 3.0)[0]
    signed = 2 * 0.5 ** (3 / 12)
    assert prices[[0, 14]] == pytest.approx(signed)
    assert prices[[15, 23]] == pytest.approx(signed / 2)


def test_what_is_delivered_within_a_month_is_bridged_by_what_is_there_at_once():
    # Half a month is a wait: chips on demand, cheaper than today's, serve until then.
    there = way("a", "rent_on_demand", 0.02)
    ordered = way("b", "rent_3yr", 0.01, start_months=0.5)
    costs, steps = _costs(found(there, ordered), plan(), {}, None)
    assert steps.meanwhile == ("a", "rent_on_demand")
    kinds = [act.kind for act in costs]
    assert kinds == ["keep", "move", "move", "meanwhile"]


def test_an_act_of_level_months_costs_twelve_of_them_a_year():
    # 1,000 requests at 4 cents are $40 a month.
    assert usd_per_year(keep_cost(TODAY_WAY, plan()), plan()) == pytest.approx(480)


def test_chips_are_the_tokens_of_a_month_over_what_one_serves_in_it():
    # 0.15 requests of 100 tokens for each second of a month are 15 tokens/s; a chip at half of 10
    # tokens/s serves 5.
    columns = {
        "output_tokens_per_request": 100,
        "paid_tokens_per_s_per_chip": 10 * ONE,
        "load_factor": 0.5 * ONE,
    }
    assert chips_needed(columns, 0.15 * MONTH_S * ONE) == pytest.approx(3)


@pytest.mark.parametrize(("precision", "share"), [("fp4", 0.4), ("fp8", 1.0), ("bf16", 1.0)])
def test_only_narrower_weights_than_today_s_leave_work_behind(precision, share):
    case = an.load("reference")  # FP8 today, a model released in FP8
    option = case.options["b200-fp4"].model_copy(update={"precision": precision})
    assert share_that_moves(case, option, {"eligible_share": 0.4 * ONE}) == pytest.approx(share)


def reference():
    """The reference, with the budget that is counted with here."""
    case = an.load("reference")
    stated = {"usd_per_year": 10e6, "migration_usd": 150e3, "dual_months": 1}
    return case.model_copy(update={"budget": case.budget.model_copy(update=stated)})


def owned(**have):
    case = an.load("reference")
    return case.model_copy(update={"have": case.have.model_copy(update=have)})


@pytest.mark.parametrize(("days", "months"), [(-30, 0), (0, 0), (365.25, 12)])
def test_a_contract_commits_for_the_months_that_it_still_runs(days, months):
    until = an.load("reference").as_of + timedelta(days=days)
    case = owned(until=until)
    committed = plan_of(case, found()).committed_months
    assert committed == pytest.approx(months, abs=0.02)  # 365 days are 11.99 months


def test_a_tenth_a_year_is_its_twelfth_root_a_month():
    # 1.10 ** (-1) after twelve months.
    discount = plan_of(an.load("reference"), found()).discount
    assert discount[[0, 12]] == pytest.approx([1, 1 / 1.1])


def test_a_kind_of_act_is_known_by_its_name_wherever_that_was_read():
    case = an.load("reference")
    kind = json.loads('["meanwhile"]')[0]  # equal to the word in the code, and another object
    act = Act(kind, "b200-fp4", "rent_on_demand", "gb300-rack", "own")
    assert instruction(case, act) == (
        "Buy GB300 in FP4; until it is delivered, rent B200 in FP4 on demand"
    )


def test_an_option_is_named_by_its_chip_or_by_the_product_that_it_waits_for():
    case = an.load("reference")
    assert named(case, "gb300-rack") == "GB300 in FP4"
    assert named(case, "vr200-rack") == "VR200 NVL72 in FP4"
    assert named(case, "api") == "the API (deepseek/deepseek-v4-pro)"
    assert named(case, TODAY) == "B200 in FP8"


COST_OF_MOVE = "A move costs $9,000,000 once, 0.9 times a year's budget."


@pytest.mark.parametrize(
    ("kind", "once_usd", "said"),
    [("keep", 9e6, True), ("keep", 150e3, False), ("move", 9e6, False)],
)
def test_a_dear_move_is_a_reason_for_staying_alone(kind, once_usd, said):
    case = reference()
    budget = case.budget.model_copy(update={"migration_usd": once_usd})
    option, tenure = ("today", "as held") if kind == "keep" else ("gb300-rack", "rent_3yr")
    ratio = Range(low=0.8, mid=0.9, high=1.0)
    words = sentence(
        case.model_copy(update={"budget": budget}), Act(kind, option, tenure), ratio, 0.1, None
    )
    assert (COST_OF_MOVE in words) == said
    assert ("A move costs" in words) == said
    assert ("Expect to pay 10% less than today (0% to 20%)." in words) == (kind == "move")


def test_two_scenarios_are_one_only_where_all_of_their_text_agrees():
    case = an.load("reference")
    assert _Key(case) == _Key(case.model_copy())
    assert _Key(case) != _Key(owned(chips=16))
    assert _Key(case) != "reference"


def test_the_cheapest_of_each_kind_is_the_first_that_can_be_had():
    rows = [("keep", None), ("keep", 5), ("move", 3), ("move", 2)]
    acts = [SimpleNamespace(act=kind, usd_per_year=usd) for kind, usd in rows]
    assert cheapest_by_kind(SimpleNamespace(acts=acts)) == {"keep": 5, "move": 3}


def test_an_act_turns_where_another_is_cheaper_by_more_than_the_least():
    # The other costs $100 less $100 a score: from a score of 1.01 on it saves more than $1, and the
    # first score beyond on the grid of percentiles is that of the 85th, 1.036.
    best, other = Act("keep", TODAY, "as held"), Act("move", "a", "own")
    score = z_scores("demand", 2000, 1)
    acts = {best: np.zeros(2000), other: 100 - 100 * score}
    scores = {"demand": score, "weather": z_scores("weather", 2000, 1)}
    (point,) = turning_points(acts, best, ["demand", "weather"], scores.__getitem__, 1.0)
    assert (point.name, point.act) == ("demand", other)
    assert point.score == pytest.approx(1.0364, abs=1e-4)


def test_a_saving_within_two_standard_errors_is_none():
    # $1 a score in scatter of $100: the fit of 2,000 draws is sure to some $2 a score at best.
    best, other = Act("keep", TODAY, "as held"), Act("move", "a", "own")
    score, scatter = z_scores("demand", 2000, 1), 100 * z_scores("weather", 2000, 1)
    acts = {best: np.zeros(2000), other: 1 - score + scatter}
    assert turning_points(acts, best, ["demand"], {"demand": score}.__getitem__, 0.1) == []


def evaluation(money: Plan, *others: Way) -> Evaluation:
    nothing = OptionColumns({}, {}, {}, {}, None)
    steps = FirstSteps(None, None, None)
    return Evaluation({}, (), found(*others), money, nothing, {}, steps)


def test_frictions_take_from_what_a_price_alone_would_buy():
    """A request at half the price, for 24 months of $40 each, $960 in all.

    Price alone: 2. Half of the work stays: $30 a month, 960 / 720. The moved half at 0.8 of the
    load for a year: 12 months of 20 + 10 / 0.8 = $32.50 and 12 of $30, $750. A price that nothing
    moves leaves that, and so does a start today. $150 once and a month of the moved half paid
    twice, $20: $920.
    """
    there = way("a", "rent_3yr", 0.02, movable_share=0.5, first_year_ratio=0.8, once_usd=150.0)
    steps = budget_steps(
        evaluation(plan(dual_months=1.0), there), Act("move", "a", "rent_3yr")
    ).set_index("step")["mid"]
    assert list(steps.index) == list(FRICTIONS)
    by_hand = [2, 960 / 720, 960 / 750, 960 / 750, 960 / 750, 960 / 920]
    assert steps.to_numpy() == pytest.approx(by_hand)


def baseline(share: float, first_year: float, usd: float = 0.5):
    return reference(), {
        "eligible_share": share * ONE,
        "first_year_ratio": first_year * ONE,
        "request_usd": usd * ONE,
    }


def test_a_budget_stretches_by_what_moves_less_what_the_move_costs():
    """Twice the work per dollar for all of it, at 0.8 of the load: 1.6 times.

    Of $10 million, $150,000 pay the migration and a twelfth the month of both: $9,016,667 buy
    $14,426,667 of today's work, at 50 cents 28.9 million requests.
    """
    case, columns = baseline(1.0, 0.8)
    row = stretch_of_gain(case, pd.DataFrame(columns), 2 * ONE).iloc[0]
    left = 10e6 - 150e3 - 10e6 / 12
    assert row["effective_usd"] == pytest.approx(left * 1.6)
    assert row["stretch_ratio"] == pytest.approx(left * 1.6 / 10e6)
    assert row["requests"] == pytest.approx(left * 1.6 / 0.5)


def test_the_gain_that_a_target_requires_gives_that_target():
    """All work moves at a full load: with no gain 0.9017 of the budget's work is done, so that
    twice the work takes a gain of 2 / 0.9017.
    """
    case, columns = baseline(1.0, 1.0)
    draws = pd.concat({"baseline": pd.DataFrame(columns)})
    left = 1 - 0.015 - 1 / 12
    assert required_gain_ratio(case, draws, 2.0) == pytest.approx(2 / left)
    case, columns = baseline(0.5, 1.0)  # half stays: twice the work cannot be had
    draws = pd.concat({"baseline": pd.DataFrame(columns)})
    assert required_gain_ratio(case, draws, 2.0) == pytest.approx(np.inf)
