"""A range is the middle 80%: of a belief's draws, of what is shown, and of a prediction."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import analysis as an
from analysis.model.coefficients import log_sd
from analysis.model.draws import Z90, belief_draws, quantile
from analysis.scenario.schema import Belief, quantiles
from analysis.units import convert, unit_of

CASE = an.load("reference")
DRAWN = {name: belief for name, belief in CASE.believe.items() if belief.low != belief.high}


def stated_values(name: str) -> list[float]:
    stated = DRAWN[name]
    ends = (stated.low, stated.mid, stated.high)
    return [convert(value, stated.unit, unit_of(name)) for value in ends]


def belief(low: float, mid: float, high: float) -> Belief:
    return Belief(low=low, mid=mid, high=high, unit="", source="judged", why="by hand")


def test_one_normal_draw_in_ten_lies_above_its_ninetieth_percentile():
    assert norm.cdf(Z90) == pytest.approx(0.9, abs=1e-12)


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_a_belief_has_its_stated_percentiles(name):
    scores = norm.ppf([0.1, 0.5, 0.9])
    assert quantile(name, DRAWN[name], scores) == pytest.approx(stated_values(name), rel=1e-9)


def test_two_scores_out_shares_stay_shares_and_ratios_double_again():
    # Odds of 1/4, 1 and 4: two steps out they are 16, so 16 in 17.
    score = np.array([-2.0, 2.0]) * Z90
    shares = quantile("eligible_share", belief(0.2, 0.5, 0.8), score)
    assert shares == pytest.approx([1 / 17, 16 / 17])
    ratios = quantile("rent_drift_ratio", belief(0.5, 1.0, 3.0), score)
    assert ratios == pytest.approx([0.25, 9.0])


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_one_draw_in_ten_lies_below_and_one_above_the_stated_range(name):
    draws = belief_draws(name, DRAWN[name], 4096, 1)
    low, mid, high = stated_values(name)
    # Of 4,096 draws the share has a standard error of 0.005; a range a tenth too narrow makes it
    # 0.077.
    assert np.mean(draws < low) == pytest.approx(0.1, abs=0.02)
    assert np.mean(draws < mid) == pytest.approx(0.5, abs=0.035)
    assert np.mean(draws > high) == pytest.approx(0.1, abs=0.02)


def test_over_all_beliefs_four_draws_in_five_lie_inside():
    inside = []
    for name, stated in DRAWN.items():
        low, _, high = stated_values(name)
        draws = belief_draws(name, stated, 4096, 1)
        inside.append(np.mean((draws >= low) & (draws <= high)))
    assert np.mean(inside) == pytest.approx(0.8, abs=0.004)


def test_the_model_runs_on_the_draws_of_beliefs_and_not_on_their_medians():
    drawn = an.evaluate(CASE)
    read = set(DRAWN) & set(drawn.columns)
    assert len(read) > 10
    for name in read:
        for option, rows in drawn.groupby(level="option"):
            assert rows[name].nunique() > 4000, (name, option)
    loads = an.beliefs(CASE)["load_factor"].to_numpy()
    assert drawn.loc["candidate", "load_factor"].to_numpy() == pytest.approx(loads)


def test_a_shown_range_leaves_a_tenth_on_either_side():
    assert quantiles(np.arange(101)) == {"low": 10, "mid": 50, "high": 90}
    assert an.interval(np.arange(101)).ends == (10, 50, 90)


def test_a_prediction_spans_what_one_log_error_in_five_leaves():
    row = {"accelerator": "b200", "model": "llama3.1-70b", "precision": "fp8", "engine": "vllm"}
    row |= {"mode": "mixed", "chips": 4, "tensor_parallel": 4, "data_parallel": 1}
    row |= {"expert_parallel": 1, "pipeline_parallel": 1, "input_tokens": 1024}
    row |= {"output_tokens": 512, "concurrency": 16}
    answer = an.predict(pd.DataFrame([row])).iloc[0]
    assert answer["reason"] == ""
    sizes = log_sd("b200", "llama3.1-70b", "fp8", "vllm", "")
    for name in ("output_tokens_per_s_per_chip", "ttft_s", "tpot_s"):
        below, above = answer[name] / answer[f"{name}_p10"], answer[f"{name}_p90"] / answer[name]
        assert below == pytest.approx(above)
        assert norm.cdf(np.log(above) / sizes[name]) == pytest.approx(0.9)
