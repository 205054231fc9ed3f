"""An act month by month: its bills are those of the decision, and payback is where it says."""

import numpy as np
import pytest

from analysis.questions import cash
from analysis.questions.act_costs import monthly_usd
from analysis.questions.acts import usd_per_year
from analysis.questions.answer import act_of, decide, evaluated, ranking
from analysis.questions.way_tokens import KINDS, cost_of_ways, token_prices
from analysis.questions.ways import TODAY
from analysis.scenario.scenario import load

NAMES = ("article", "agents", "measured", "startup")


def months(saved) -> cash.Cash:
    """Keeping at $30 a month against an act that saves so much in each month."""
    kept = np.full((1, len(saved)), 30.0)
    return cash.Cash(kept, kept - np.array([saved], float))


def test_a_move_of_100_dollars_that_saves_13_50_a_month_has_paid_back_after_eight():
    """$100 once in the first month, $13.50 saved in each: 7 x 13.50 = 94.50, 8 x 13.50 = 108."""
    moved = months([13.5 - 100] + [13.5] * 11)
    assert cash.payback_months(moved).item() == 8
    assert moved.saved_usd[0, 6] < 0 <= moved.saved_usd[0, 7]


@pytest.mark.parametrize(
    ("saved", "after"),
    [
        ([0, 0, -5, 3, 3, 3], 5),  # nothing before delivery
        ([-5, 6, -4, 2, 2, 2], 5),  # behind again: what counts is where it stays
        ([-5, 1, 1, 1, 1, 0.5], np.inf),
        ([0, 0, 0, 0, 0, 0], 0),  # nothing was spent
        ([1, 1, 1, 1, 1, 1], 0),
    ],
)
def test_payback_is_the_month_from_which_the_saving_stays(saved, after):
    assert cash.payback_months(months(saved)).item() == after


@pytest.mark.parametrize("name", NAMES)
def test_the_months_of_every_act_have_the_cost_of_the_decision(name):
    evaluation = evaluated(load(name))
    for act, usd in evaluation.acts.items():
        monthly = monthly_usd(evaluation.ways, evaluation.plan, act)
        assert usd_per_year(monthly, evaluation.plan) == pytest.approx(usd)


@pytest.mark.parametrize("name", NAMES)
def test_steps_of_the_budget_lead_from_the_price_to_the_whole_act(name):
    """The last step is the inverse of the act's cost over keeping: each friction counts once."""
    case = load(name)
    evaluation, answer = evaluated(case), decide(case)
    steps = cash.budget_steps(evaluation, act_of(answer)).set_index("step")
    assert steps.mid["move"] == pytest.approx(1 / answer.cost_ratio.mid)
    assert steps.low["move"] == pytest.approx(1 / answer.cost_ratio.high)
    assert steps.mid["stays"] <= steps.mid["price"]
    assert steps.mid["move"] <= steps.mid["arrival"]
    if not answer.later_option:
        after = {(w.option, w.tenure): w for w in evaluation.ways.others}
        way = after[answer.option, answer.tenure]
        alone = np.median(evaluation.ways.today.usd_per_request / way.usd_per_request)
        assert steps.mid["price"] == pytest.approx(alone)


@pytest.mark.parametrize("name", NAMES)
def test_tokens_of_a_request_add_up_to_its_price_on_every_way(name):
    case = load(name)
    evaluation, work = evaluated(case), case.workload
    cached = work.input_tokens * work.cached_share
    counts = dict(zip(KINDS, (work.input_tokens - cached, cached, work.output_tokens), strict=True))
    for way in (evaluation.ways.today, *evaluation.ways.others):
        prices = token_prices(case, evaluation, way.option, way.tenure)
        spent = sum(counts[kind] * prices[kind] for kind in KINDS)
        assert np.broadcast_to(spent, way.usd_per_request.shape) == pytest.approx(
            way.usd_per_request, rel=1e-6
        )


@pytest.mark.parametrize("name", NAMES)
def test_every_way_is_a_line_and_the_cheapest_comes_first(name):
    case = load(name)
    evaluation = evaluated(case)
    rows = cost_of_ways(case, evaluation)
    assert rows["mid"].is_monotonic_increasing
    named = {(way.option, way.tenure) for way in evaluation.ways.others}
    assert set(zip(rows["option"], rows["tenure"], strict=True)) == named | {
        (TODAY, evaluation.ways.today.tenure)
    }
    assert not rows["on_sale"][rows["option"] == "vr200-rack"].any()


def test_what_is_followed_by_month_is_what_is_advised():
    for name in NAMES:
        case = load(name)
        assert act_of(decide(case)) == ranking(evaluated(case))[0]
