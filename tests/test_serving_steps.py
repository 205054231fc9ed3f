"""From plain serving to the best: steps multiply, end at the operating point, and are measured."""

import numpy as np
import pytest

import analysis as an
from analysis.model.measured import serving_points
from analysis.model.search import RATE
from analysis.pages import efficiency
from analysis.questions import serving_steps as stages
from analysis.questions import speed
from analysis.questions.serving_steps import (
    DRAFTS,
    NARROW_BEST,
    PRECISION,
    START,
    STEPS,
    TODAYS_BEST,
    measured_points,
    serving_steps,
)
from analysis.scenario.scenario import scenarios

DRAWS = 512


@pytest.mark.parametrize("name", scenarios())
def test_steps_multiply_from_plain_serving_to_the_operating_point(name):
    case = an.load(name)
    rows = serving_steps(case, DRAWS)
    steps = rows[rows["step"].isin(STEPS)]
    assert list(steps["step"]) == [step for step in STEPS if step in set(steps["step"])]
    if steps["step"].iloc[0] == START:
        whole = steps["mid"].iloc[-1] / steps["mid"].iloc[0]
        assert steps["factor"].iloc[1:].prod() == pytest.approx(whole)
    draws = an.evaluate(case, DRAWS).loc["candidate", RATE]
    assert steps["mid"].iloc[-1] == pytest.approx(draws.median(), rel=0.05)
    assert ((rows["low"] <= rows["mid"]) & (rows["mid"] <= rows["high"])).all()


def test_more_ways_to_serve_never_serve_less():
    """Each step after the chip only adds layouts, so the best at the medians cannot fall."""
    for name in ("reference", "reasoning", "agents"):
        rows = serving_steps(an.load(name), DRAWS).set_index("step")["mid"]
        later = rows[["rack", "pools", "drafts"]]
        assert (later.diff().dropna() >= -0.02 * later.iloc[0]).all()
        assert rows[TODAYS_BEST] >= rows[START]
        assert rows[NARROW_BEST] >= rows[PRECISION] * 0.98


def test_the_measured_best_of_a_step_is_the_highest_point_that_keeps_the_promise():
    case = an.load("reference")
    points = measured_points(case, "gb300", "fp4")
    kept = points.loc[points["tpot_s"] <= 1 / case.workload.tokens_per_s_per_user, RATE]
    rows = serving_steps(case, DRAWS).set_index("step")["measured"]
    assert rows[DRAFTS] == kept.max() == pytest.approx(1617.01)
    assert rows[START] == pytest.approx(112.0, abs=0.5)


def test_an_operator_without_pools_and_drafts_has_no_such_steps():
    case = an.load("reference", {"serving.disaggregated": False, "serving.draft_tokens": 0})
    steps = set(serving_steps(case, DRAWS)["step"])
    assert not steps & {"pools", "drafts"}


def test_frontiers_stand_beside_points_of_the_same_terms():
    case = an.load("reference")
    points = speed.measured_frontier_points(case)
    assert set(points["option"]) == {"baseline", "candidate"}
    as_measured = speed.frontiers(case, as_measured=True)
    assert as_measured["ttft_s"].max() > case.workload.ttft_limit_s
    own = speed.frontiers(case)
    assert own["ttft_s"].max() <= case.workload.ttft_limit_s
    for option, mine in own.groupby("option"):
        cached = np.interp(30, mine["tokens_per_s_per_user"][::-1], mine[RATE][::-1])
        assert cached > 0, option


def test_the_first_screen_says_what_was_said_of_tokens_and_energy():
    words = efficiency.key_numbers(an.load("reference")).markdown
    said = next(line for line in words.splitlines() if "said in the text" in line)
    assert "3.57×" in said
    assert "0.50×" in said
    assert (
        "said in the text"
        not in efficiency.key_numbers(an.load("measured", {"claim": None})).markdown
    )
    energy = efficiency.half_energy(an.load("reference")).markdown
    assert "The claim said 0.50" in energy


def test_chips_of_pools_are_counted_once(monkeypatch):
    """A deployment's chips hold its prefill pool: it lies within a limit of as many chips."""
    case = an.load("article")
    new = case.deployment("candidate")
    pools = serving_points().query("disaggregated == 'yes' and prefill_chips > 0").head(1)
    things = {"accelerator": new.accelerator, "model": case.model, "precision": new.precision}
    work = case.workload
    lengths = {"input_tokens": work.input_tokens, "output_tokens": work.output_tokens}
    spans = {"chips": new.chips, "prefill_chips": new.chips - 1}
    one = pools.assign(**things, **lengths, **spans, tpot_s=0.001, **{RATE: 1e6})
    monkeypatch.setattr(stages, "serving_points", lambda: one)
    assert (speed.measured_frontier_points(case)["option"] == "candidate").any()
    monkeypatch.setattr(stages, "FEWEST", 1)
    stage = stages.Stage(
        DRAFTS, new.accelerator, new.precision, new.chips, ("aggregated", "disaggregated"), (0, 1)
    )
    assert stages._measured(case, stage) == 1e6
