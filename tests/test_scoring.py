"""Scores of forecasts against published values and the properties that make them worth trusting."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from analysis.laws import scoring

months = st.floats(-60, 60)
chances = st.floats(0.01, 0.99)


def test_crps_of_a_small_ensemble():
    """By hand: mean distance of {1, 2, 4} from 2.5 is 7/6, half the mean distance between pairs
    2/3.
    """
    assert scoring.ensemble_crps_months([1.0, 2.0, 4.0], 2.5) == pytest.approx(0.5)


@pytest.mark.parametrize(("outcome", "score"), [(0, 0.233695), (1, 0.602441), (2, 1.452792)])
def test_an_ensemble_of_normal_quantiles_scores_as_the_normal(outcome, score):
    """Closed form of Gneiting and Raftery (2007), equation 21; at 0 it is (sqrt 2 - 1) /
    sqrt pi.
    """
    samples = norm.ppf((np.arange(4000) + 0.5) / 4000)
    assert scoring.ensemble_crps_months(samples, outcome) == pytest.approx(score, abs=1e-3)


@pytest.mark.parametrize(("outcome", "loss"), [(12, 1.8), (8, 0.2)])
def test_pinball_loss(outcome, loss):
    """Koenker and Bassett (1978) at level 0.9 and quantile 10."""
    assert scoring.pinball_months(outcome, 10, 0.9) == pytest.approx(loss)


def test_brier_log_and_interval_scores():
    assert scoring.brier_score(0.7, np.array([1, 0])) == pytest.approx([0.09, 0.49])
    assert scoring.log_score(0.7, np.array([1, 0])) == pytest.approx(-np.log([0.7, 0.3]))
    assert scoring.interval_score_months(12, 4, 10, 0.8) == pytest.approx(26)
    assert scoring.interval_score_months(7, 4, 10, 0.8) == pytest.approx(6)


@given(chances, chances, st.floats(0.01, 0.99))
def test_honest_chances_score_best(stated, other, true):
    """Propriety: no stated chance has a lower expected score than the true one."""
    for score in (scoring.brier_score, scoring.log_score):
        expected = [true * score(p, 1) + (1 - true) * score(p, 0) for p in (true, stated, other)]
        assert expected[0] <= min(expected[1:]) + 1e-12


@given(st.lists(months, min_size=2, max_size=12), months, st.floats(-10, 10))
def test_crps_is_never_negative_and_moves_with_its_origin(samples, outcome, shift):
    here = scoring.ensemble_crps_months(np.array(samples), outcome)
    there = scoring.ensemble_crps_months(np.array(samples) + shift, outcome + shift)
    assert here >= -1e-9
    assert there == pytest.approx(here, abs=1e-9)


@given(months, months, st.floats(0.01, 20), st.floats(0.05, 0.95))
def test_interval_score_is_a_sum_of_two_pinball_losses(outcome, low, width, covered):
    """Gneiting and Raftery (2007): the interval score is 2 / alpha times the two quantile
    losses.
    """
    levels = ((1 - covered) / 2, (1 + covered) / 2)
    losses = [
        scoring.pinball_months(outcome, end, level)
        for end, level in zip((low, low + width), levels, strict=True)
    ]
    score = scoring.interval_score_months(outcome, low, low + width, covered)
    assert score == pytest.approx(2 / (1 - covered) * sum(losses), rel=1e-9, abs=1e-9)
