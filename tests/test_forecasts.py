"""Registers of forecasts: what they hold, how they are read back and scored, and what survival does
to them.
"""

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest

from analysis.laws import rollout
from analysis.questions import dates as schedule
from analysis.questions import forecast_scores, forecasts, slips
from analysis.questions import launches as record
from analysis.scenario.scenario import load

TODAY, ARTICLE = date(2026, 11, 22), date(2026, 4, 23)


def told(said, base, kind="chance", as_of="2026-01-01", question="q"):
    body = {"chance_share": said, "base_share": base, "word_share": 1.0}
    if kind == "day":
        body = {"quantiles": said, "base_quantiles": base}
    return {
        "scenario": "s",
        "as_of": as_of,
        "forecasts": [{"question": question, "kind": kind, **body}],
    }


def came(day, outcome=1):
    return record.with_dates(
        pd.DataFrame([{"question": "q", "resolved": day, "outcome": outcome, "source": "judged"}])
    )


def dates(*days):
    return {
        f"{level:.2f}": day
        for level, day in zip(forecasts.LEVELS, np.resize(days, 19).tolist(), strict=True)
    }


def test_a_sure_date_scores_its_distance_and_never_scores_the_horizon():
    """A date said for certain, 90 days late: CRPS of 90 days; never said of what came counts up to
    the horizon.
    """
    scored = forecast_scores.score_days(
        [told(dates("2026-07-01"), dates(None), "day")], came("2026-04-02")
    ).iloc[0]
    assert scored.model_crps == pytest.approx(90 / 30.4375)
    assert scored.model_pinball == pytest.approx(90 / 30.4375 / 2)
    assert scored.model_interval == pytest.approx(10 * 90 / 30.4375)  # penalty of 2 / (1 - 0.8)
    assert scored.base_crps == pytest.approx(forecast_scores.HORIZON_MONTHS - 91 / 30.4375)
    never = forecast_scores.score_days(
        [told(dates("2026-07-01"), dates(None), "day")], came("2026-04-02", 0)
    ).iloc[0]
    assert never.base_crps == pytest.approx(0, abs=1e-9)
    assert never.model_crps > 1


def test_a_forecast_made_after_its_answer_is_not_scored():
    rows = forecast_scores.score(
        [told(0.2, 0.5), told(0.9, 0.5, as_of="2026-05-01")], came("2026-04-02", 0)
    )
    assert rows.model_brier.tolist() == pytest.approx([0.04])
    assert rows.base_brier.tolist() == pytest.approx([0.25])


def test_registers_are_read_one_or_many_a_file_and_others_are_refused(tmp_path):
    one, many, none = (tmp_path / f"{name}.json" for name in ("one", "many", "none"))
    one.write_text(json.dumps(told(0.2, 0.5)))
    many.write_text(json.dumps([told(0.2, 0.5), told(0.3, 0.5)]))
    assert len(forecasts.read_registers([one, many])) == 3
    none.write_text("[1]")
    with pytest.raises(ValueError, match=r"none\.json: expected a register"):
        forecasts.read_registers([none])


def test_the_projects_registers_are_those_that_the_method_gives():
    """The registers in the tree: said on 23 April (computed afterwards, and marked so) and on 22
    November 2026.
    """
    for path in sorted(forecasts.REGISTERS.glob("*.json")):
        kept = json.loads(path.read_text())
        made = forecasts.register(load(kept["scenario"]), date.fromisoformat(kept["as_of"]))
        said = [
            [row.get("chance_share") for row in register["forecasts"]] for register in (kept, made)
        ]
        assert made["computed"] == kept["computed"] == "2026-11-22"
        assert [row["question"] for row in kept["forecasts"]] == [
            row["question"] for row in made["forecasts"]
        ]
        assert [x for x in said[0] if x] == pytest.approx([x for x in said[1] if x], abs=1e-4)
    tables, words = forecast_scores.score_registers()
    assert len(tables) == 3
    assert "8 resolved" in words


def test_the_hazard_of_cancellation_forecasts_launches_left_out_better_than_one_share_for_all():
    """Five cancelled in about 220 months at risk: 2.5% a month; Brier score of each launch from the
    others.
    """
    known = record.reference_class(TODAY)
    assert slips.reference_rates(known).cancelled_share_per_month == pytest.approx(
        5.5 / 219.9, abs=1e-4
    )
    errors = []
    for name, own in known[known.fate != "open"].iterrows():
        said, gone = slips.reference_rates(known.drop(name)), float(own.fate == "cancelled")
        drawn = slips.slip_draws(said, own.window_months, slips.uniforms(("late", "slip"), 2000, 1))
        exposed = np.maximum(own.promise_months + drawn, 0)
        risk = rollout.event_probability(said.cancelled_share_per_month, exposed).mean()
        errors.append(((risk - gone) ** 2, (said.cancelled.share - gone) ** 2))
    hazard, share = np.mean(errors, axis=0)
    assert hazard < share - 0.01


def test_only_a_launch_that_a_vendor_announced_gains_from_not_being_cancelled():
    case, rack = load("article"), load("next-generation")
    known = slips.reference_rates(record.reference_class(ARTICLE, without="VR200 NVL72"))
    seen = schedule.forecast(rack, ARTICLE)
    assert 1 - seen.dates.limited_months.pipe(np.isfinite).mean() < known.cancelled.share - 0.05
    early, late = (
        schedule.forecast(case, day).dates.limited_months for day in (ARTICLE, date(2026, 6, 20))
    )
    # Not credited; what moves is the record's own rate, by the months that open launches stayed at
    # risk.
    assert np.isinf(early).mean() == pytest.approx(np.isinf(late).mean(), abs=0.01)
