"""Costs of acts month by month: golden cases with their arithmetic, and properties."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import analysis as an
from analysis.laws.decision import slacking_months
from analysis.questions.act_costs import drawn
from analysis.questions.acts import (
    Plan,
    Way,
    bridge_cost,
    keep_cost,
    move_cost,
    ordered_cost,
    present_usd,
    price_by_month,
    usd_per_year,
)
from analysis.questions.answer import decide, evaluated

prices = st.floats(0.001, 10)
shares = st.floats(0, 1)


def plan(months: int = 24, requests: float = 1000.0, rate: float = 0.0, **changed) -> Plan:
    values = {
        "requests_per_month": np.array([requests]),
        "ramp_months": 0.0,
        "dual_months": 0.0,
        "committed_months": 0.0,
        "patience_months": 12.0,
        "hedge_share": 0.5,
        "discount": np.exp(-rate / 12 * np.arange(months)),
    }
    return Plan(**{**values, **changed})


def way(usd: float, tenure: str = "rent_3yr", **changed) -> Way:
    values = {
        "drift_per_month": 1.0,
        "movable_share": 1.0,
        "once_usd": 0.0,
        "start_months": 0.0,
        "first_year_ratio": 1.0,
        "chips": 1.0,
        **changed,
    }
    arrays = {name: np.array([float(value)]) for name, value in values.items()}
    return Way("an option", tenure, np.array([float(usd)]), **arrays)  # type: ignore[arg-type]


def moved(there: Way, money: Plan, kept: Way) -> np.ndarray:
    return move_cost(keep_cost(kept, money), there, money, there.start_months)


def test_keeping_costs_the_work_at_its_price():
    """1,000 requests a month at 3 cents for 24 months: $720, $360 a year."""
    kept = keep_cost(way(0.03), plan())
    assert kept.sum() == pytest.approx(720)
    assert usd_per_year(kept, plan()) == pytest.approx(360)


def test_a_move_at_half_the_price_with_a_tenth_that_stays():
    """$30 a month becomes 0.9 x $15 + 0.1 x $30 = $16.50, and $100 once: $396 + $100 in 2 years."""
    there = way(0.015, movable_share=0.9, once_usd=100)
    cost = moved(there, plan(), way(0.03))
    assert cost[0, 1] == pytest.approx(16.5)
    assert cost.sum() == pytest.approx(24 * 16.5 + 100)


def test_dual_running_pays_twice_for_what_moves_and_a_first_year_is_less_full():
    """Two months of old beside new: 2 x 0.5 x $30 = $30. At a load of 0.8 of a settled one the new
    half costs $7.50 / 0.8 = $9.375 a month for a year, then $7.50.
    """
    there = way(0.015, movable_share=0.5, first_year_ratio=0.8)
    cost = moved(there, plan(dual_months=2), way(0.03))
    assert cost[0, 0] == pytest.approx(15 + 9.375 + 15)
    assert cost[0, 2] == pytest.approx(15 + 9.375)
    assert cost[0, 12] == pytest.approx(15 + 7.5)


def test_a_contract_that_still_runs_is_paid_for_whatever_moves():
    """$30 a month for six more months, and $10 for the new way at once: 6 x $40 + 18 x $10."""
    cost = moved(way(0.01), plan(committed_months=6), way(0.03))
    assert cost.sum() == pytest.approx(6 * 40 + 18 * 10)


def test_what_is_paid_by_use_has_no_idle_first_year():
    cost = moved(way(0.015, "api", first_year_ratio=0.5), plan(), way(0.03))
    assert cost[0] == pytest.approx(np.full(24, 15.0))


def test_a_delivery_of_six_months_leaves_six_months_at_the_old_price():
    cost = moved(way(0.01, start_months=6), plan(), way(0.03))
    assert cost.sum() == pytest.approx(6 * 30 + 18 * 10)


def test_a_ramp_moves_the_work_in_a_straight_line():
    """Over four months the new way has 1/8, 3/8, 5/8, 7/8 and then all of it."""
    cost = moved(way(0.01), plan(ramp_months=4), way(0.03))
    assert cost[0, :5] == pytest.approx([27.5, 22.5, 17.5, 12.5, 10])


def test_a_contract_fixes_its_price_for_its_term():
    """Rents rise by 2% a month: on demand at once, for a year from the 13th month, for 3 years
    never within two.
    """
    months = np.arange(24.0)
    rising = {"drift_per_month": 1.02}
    on_demand, year, three = (
        price_by_month(way(1, tenure, **rising), months)[0]
        for tenure in ("rent_on_demand", "rent_1yr", "rent_3yr")
    )
    assert on_demand[[0, 1, 12]] == pytest.approx([1, 1.02, 1.02**12])
    assert year[[0, 11, 12, 23]] == pytest.approx([1, 1, 1.02**12, 1.02**12])
    assert three == pytest.approx(np.ones(24))


def test_a_contract_signed_later_is_signed_at_the_price_of_that_month():
    price = price_by_month(way(1, "rent_3yr", drift_per_month=1.02), np.arange(24.0), 6.0)
    assert price[0, 6] == pytest.approx(1.02**6)


def test_waiting_for_what_never_comes_costs_what_keeping_does():
    kept, never = way(0.03), way(0.001, start_months=np.inf)
    assert bridge_cost(kept, None, never, plan()) == pytest.approx(keep_cost(kept, plan()))


def test_a_bridge_moves_twice():
    """$30 a month kept; half-price from the first month; a quarter of the price after a year:
    12 x $15 + 12 x $7.50.
    """
    later = way(0.0075, start_months=12)
    cost = bridge_cost(way(0.03), way(0.015), later, plan())
    assert cost.sum() == pytest.approx(12 * 15 + 12 * 7.5)


def test_until_an_order_is_delivered_the_work_is_served_on_something_else():
    """$20 a month on demand for six months, then $10: 6 x 20 + 18 x 10, and $50 and $100 once."""
    first = way(0.02, "rent_on_demand", once_usd=50)
    ordered = way(0.01, "own", start_months=6, once_usd=100)
    served = move_cost(keep_cost(way(0.03), plan()), first, plan(), first.start_months)
    cost = ordered_cost(served, ordered, plan())
    assert cost.sum() == pytest.approx(6 * 20 + 18 * 10 + 150)
    dearer = way(0.05, "own", start_months=6)
    taken = ordered_cost(served, dearer, plan())
    assert taken.sum() == pytest.approx(6 * 20 + 18 * 50 + 50)


def test_what_proves_dearer_when_it_comes_is_declined():
    kept = way(0.03)
    assert bridge_cost(kept, None, way(0.04, start_months=3), plan()) == pytest.approx(
        keep_cost(kept, plan())
    )


def test_who_waits_gives_up_when_patience_ends():
    kept, late = way(0.03), way(0.001, start_months=13)
    assert bridge_cost(kept, None, late, plan()) == pytest.approx(keep_cost(kept, plan()))


def test_present_values_discount_by_the_month():
    """10% a year, continuously: a dollar a month for 24 months is worth the sum of exp(-m/120)."""
    money = plan(requests=1, rate=0.10)
    kept = keep_cost(way(1), money)
    assert present_usd(kept, money) == pytest.approx(sum(np.exp(-m / 120) for m in range(24)))
    assert usd_per_year(kept, money) == pytest.approx(12)


def test_slacking():
    """Gottbrath et al. (1999): with speed doubling in 18 months a job has to take longer than 26
    months.
    """
    assert slacking_months(18) == pytest.approx(25.97, abs=0.005)


@pytest.mark.parametrize(
    ("delay", "costs"),
    [(6, (0.98, 0.88, 0.66, 0.53)), (12, (1.02, 0.95, 0.78, 0.69)), (24, (1.10, 1.07, 1.00, 0.97))],
)
def test_the_grid_of_waiting_over_buying(delay, costs):
    """36 months, 10% a year, a rent 15% above the cost of buying, six months of moving over, work
    per dollar 1.1, 1.3, 2.2 and 3.57 times: present cost of waiting over that of buying today.
    Months are taken at their middle here, at their start in the grid: the two are 1.5% apart at
    most.
    """
    money = plan(36, ramp_months=6.0, patience_months=99.0)
    money = dataclasses.replace(money, discount=np.exp(-np.log(1.10) / 12 * money.months))
    bought = keep_cost(way(1.0), money)
    for multiplier, cost in zip((1.1, 1.3, 2.2, 3.57), costs, strict=True):
        waits = bridge_cost(way(1.15), None, way(1 / multiplier, start_months=delay), money)
        ratio = present_usd(waits, money) / present_usd(bought, money)
        assert ratio == pytest.approx(cost, abs=0.02)


@given(prices, prices, shares, st.floats(0, 24), st.floats(0.01, 12), st.floats(0.1, 1))
def test_scaling_all_prices_scales_all_costs(old, new, movable, start, ramp, filled):
    money = plan(ramp_months=ramp, dual_months=1)
    there = way(new, movable_share=movable, start_months=start, first_year_ratio=filled)
    once, twice = (
        moved(
            dataclasses.replace(there, usd_per_request=scale * there.usd_per_request),
            money,
            way(scale * old),
        )
        for scale in (1, 2)
    )
    assert twice == pytest.approx(2 * once)


@given(prices, prices, shares, st.floats(0, 30))
def test_what_is_dearer_in_every_respect_never_costs_less(old, extra, movable, start):
    money = plan(ramp_months=3, dual_months=1)
    there = way(old + extra, movable_share=movable, once_usd=10, start_months=start)
    assert present_usd(moved(there, money, way(old)), money) >= present_usd(
        keep_cost(way(old), money), money
    ) * (1 - 1e-12)


@given(prices, st.floats(0.1, 0.9), st.floats(0, 20), st.floats(0, 10))
def test_a_later_start_never_makes_a_cheaper_way_cheaper(old, ratio, start, later):
    money = plan(ramp_months=3)
    costs = [
        present_usd(moved(way(old * ratio, start_months=at), money, way(old)), money)
        for at in (start, start + later)
    ]
    assert costs[1] >= costs[0] * (1 - 1e-12)


@given(prices, prices)
def test_no_work_costs_nothing(old, new):
    money = plan(requests=0)
    assert moved(way(new), money, way(old)).sum() == 0


def test_a_chance_of_the_claim_mixes_its_costs_with_the_measured_ones():
    """Expected costs are linear in the chance; acts on other chips do not move."""
    by_chance = {
        chance: evaluated(an.load("article", {"credence.true_share": chance})).acts
        for chance in (0.0, 0.3, 1.0)
    }
    moved = []
    shared = [act for act in by_chance[0.0] if all(act in found for found in by_chance.values())]
    for act in shared:  # stop-gaps are others where the claim makes one cheaper
        never, some, always = (found[act].mean() for found in by_chance.values())
        if "gb300-rack" not in (act.option, act.later_option):
            assert never == some == always
            continue
        moved.append(act)
        assert always < never
        assert some == pytest.approx(0.7 * never + 0.3 * always, rel=0.01)
    assert moved


def test_an_answer_that_takes_the_claim_for_possible_says_so():
    said = "The claim is taken to be true with a chance of 30%."
    assert said in decide(an.load("article", {"credence.true_share": 0.3})).sentence
    assert "taken to be true" not in decide(an.load("article")).sentence


def test_no_chance_is_given_to_a_claim_where_there_is_none():
    nothing = {"claim": None, "reading": "measured"}
    assert an.load("reference", nothing).credence.true_share == 0
    with pytest.raises(an.ScenarioError, match=r"credence\.true_share: nothing is claimed"):
        an.load("reference", {**nothing, "credence.true_share": 0.3})


def test_acts_alone_cost_what_they_cost_with_all_columns():
    case = an.load("startup")
    whole, lean = (drawn(case, 64, of_acts=of_acts) for of_acts in (False, True))
    assert list(whole.acts) == list(lean.acts)
    for act, usd in whole.acts.items():
        assert np.array_equal(usd, lean.acts[act], equal_nan=True)
    assert all(np.ndim(value) == 0 for value in lean.columns.options["gb200-rack"].values())
    assert any(np.ndim(value) == 1 for value in whole.columns.options["gb200-rack"].values())
