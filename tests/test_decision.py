"""Wait, buy or rent: the published grid and the properties of a sound decision."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.laws import decision
from analysis.questions.sensitivity import value_of_knowing

RATE = np.log(1.10) / 12  # 10% a year, continuously, a month
MONTHS = np.arange(36.0)
WORTH = decision.discount_ratio(MONTHS, RATE)
multipliers, delays = st.floats(0.3, 6), st.floats(0, 48)


def waiting(delay, multiplier, premium=1.15, ramp=6.0):
    moved = decision.migrated_share(MONTHS, delay, ramp)
    cost = decision.present_usd(decision.waiting_ratio(moved, premium, multiplier), WORTH)
    return cost / decision.present_usd(np.ones(36), WORTH)


@pytest.mark.parametrize(
    ("delay", "costs"),
    [(6, (0.98, 0.88, 0.66, 0.53)), (12, (1.02, 0.95, 0.78, 0.69)), (24, (1.10, 1.07, 1.00, 0.97))],
)
def test_the_grid_of_waiting_over_buying(delay, costs):
    """36 months, 10% a year, 15% premium on short rentals, six months of moving over; multipliers
    1.1 to 3.57.
    """
    for multiplier, cost in zip((1.1, 1.3, 2.2, 3.57), costs, strict=True):
        assert waiting(delay, multiplier) == pytest.approx(cost, abs=0.006)


def test_slacking():
    """Gottbrath et al. (1999): with speed doubling in 18 months a job has to take longer than 26
    months.
    """
    assert decision.slacking_months(18) == pytest.approx(25.97, abs=0.005)


@given(delays, multipliers)
def test_break_even_multiplier_is_where_waiting_costs_what_buying_does(delay, multiplier):
    moved = decision.migrated_share(MONTHS, delay, 6.0)
    share = decision.present_usd(moved, WORTH) / decision.present_usd(np.ones(36), WORTH)
    needed = float(decision.break_even_ratio(share, 1.15))
    if np.isfinite(needed):
        assert waiting(delay, needed) == pytest.approx(1)
    assert (waiting(delay, multiplier) < 1 - 1e-9) == (
        multiplier > needed * (1 + 1e-9)
    ) or multiplier == needed


@given(delays, st.floats(0, 24), multipliers)
def test_a_later_arrival_never_makes_waiting_cheaper_where_the_new_beats_renting(
    delay, more, multiplier
):
    if 1 / multiplier < 1.15:
        assert waiting(delay + more, multiplier) >= waiting(delay, multiplier) - 1e-12


def test_never_arriving_costs_the_premium_for_ever():
    assert waiting(np.inf, 3.57) == pytest.approx(1.15)


@given(st.lists(st.lists(st.floats(0.1, 5), min_size=3, max_size=3), min_size=2, max_size=20))
def test_knowing_is_worth_something_and_never_more_than_the_best_regret(rows):
    """Expected regret of the best act equals the gain from choosing after the outcome is known
    (Raiffa 1968).
    """
    costs = np.array(rows)
    regret = decision.regret_usd(costs, costs.min(axis=1, keepdims=True))
    informed = costs.mean(axis=0).min() - costs.min(axis=1).mean()
    assert regret.mean(axis=0).min() == pytest.approx(informed)
    assert informed >= -1e-12
    assert decision.chosen_multiplier_ratio(0.8, 1) == 1


def test_a_part_is_never_worth_more_than_the_whole():
    """By hand: of acts of 1.2 and 0 or 2, at even odds, one who knows which has 1.6 and not 1.2.

    A thing that says nothing of it is worth next to nothing, and dates may be infinite.
    """
    outcome = np.resize([0.0, 2.0], 4000)
    payoffs = np.stack([np.full(4000, 1.2), outcome], axis=1)
    assert value_of_knowing(payoffs, outcome) == pytest.approx(0.4)
    assert value_of_knowing(payoffs, np.where(outcome > 1, np.inf, 3.0)) == pytest.approx(0.4)
    assert value_of_knowing(payoffs, np.arange(4000.0)) == pytest.approx(0, abs=1e-3)
    random = np.random.default_rng(1).standard_normal((500, 3))
    whole = random.max(axis=1).mean() - random.mean(axis=0).max()
    assert all(0 <= value_of_knowing(random, random[:, act]) <= whole for act in range(3))
