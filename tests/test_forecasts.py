"""Registers of forecasts: what they hold, how they are read back and scored, and what survival does
to them.
"""

import hashlib
import json
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from analysis.laws import rollout
from analysis.questions import dates, forecast_scores, forecasts, launches, slips
from analysis.scenario.scenario import load

TODAY, ARTICLE = date(2026, 11, 22), date(2026, 4, 23)


def register(chance, base, kind="chance", as_of="2026-01-01", question="q"):
    body = {"chance_share": chance, "base_share": base, "word_share": 1.0}
    if kind == "day":
        body = {"quantiles": chance, "base_quantiles": base}
    return {
        "scenario": "s",
        "as_of": as_of,
        "forecasts": [{"question": question, "kind": kind, **body}],
    }


def resolutions(day, outcome=1):
    return launches.with_dates(
        pd.DataFrame([{"question": "q", "resolved": day, "outcome": outcome, "source": "judged"}])
    )


def days_by_level(*days):
    return {
        f"{level:.2f}": day
        for level, day in zip(forecasts.LEVELS, np.resize(days, 19).tolist(), strict=True)
    }


def test_a_sure_date_scores_its_distance_and_never_scores_the_horizon():
    """A date said for certain, 90 days late: CRPS of 90 days; never said of what came counts up to
    the horizon.
    """
    scored = forecast_scores.score_days(
        [register(days_by_level("2026-07-01"), days_by_level(None), "day")],
        resolutions("2026-04-02"),
    ).iloc[0]
    assert scored.model_crps == pytest.approx(90 / 30.4375)
    assert scored.model_pinball == pytest.approx(90 / 30.4375 / 2)
    assert scored.model_interval == pytest.approx(10 * 90 / 30.4375)  # penalty of 2 / (1 - 0.8)
    assert scored.base_crps == pytest.approx(forecast_scores.HORIZON_MONTHS - 91 / 30.4375)
    never = forecast_scores.score_days(
        [register(days_by_level("2026-07-01"), days_by_level(None), "day")],
        resolutions("2026-04-02", 0),
    ).iloc[0]
    assert never.base_crps == pytest.approx(0, abs=1e-9)
    assert never.model_crps > 1


def test_a_forecast_made_after_its_answer_is_not_scored():
    rows = forecast_scores.score(
        [register(0.2, 0.5), register(0.9, 0.5, as_of="2026-05-01")], resolutions("2026-04-02", 0)
    )
    assert rows.model_brier.tolist() == pytest.approx([0.04])
    assert rows.base_brier.tolist() == pytest.approx([0.25])


def test_registers_are_read_one_or_many_a_file_and_others_are_refused(tmp_path):
    one, many, none = (tmp_path / f"{name}.json" for name in ("one", "many", "none"))
    one.write_text(json.dumps(register(0.2, 0.5)))
    many.write_text(json.dumps([register(0.2, 0.5), register(0.3, 0.5)]))
    assert len(forecasts.read_registers([one, many])) == 3
    none.write_text("[1]")
    with pytest.raises(ValueError, match=r"none\.json: expected a register"):
        forecasts.read_registers([none])


SAID = {  # registers of forecasts made on their day, by the beginning of their SHA-256
    "2026-11-22-article.json": "0c303204a2ebb668",
    "2026-11-22-next-generation.json": "77fb24f27c3b0dbd",
    "2026-11-26-article.json": "f62379fb830ab0ba",
    "2026-11-26-helios.json": "081012beb2b8f99d",
    "2026-11-26-next-generation.json": "13211f8756b598b7",
}


def questions(register):
    return [row["question"] for row in register["forecasts"]]


def chances(register):
    return [row["chance_share"] for row in register["forecasts"] if row["kind"] == "chance"]


def test_a_forecast_once_made_never_changes():
    """What was said on its own day stands, whatever the method says later: it is to be scored."""
    for name, digest in SAID.items():
        said = (forecasts.REGISTERS / name).read_bytes()
        assert hashlib.sha256(said).hexdigest().startswith(digest), name


def test_registers_computed_afterwards_are_those_that_the_method_gives():
    """Said as of 23 April from what was known then, computed later and marked so."""
    afterwards = 0
    for path in sorted(forecasts.REGISTERS.glob("*.json")):
        kept = json.loads(path.read_text())
        if kept["as_of"] >= kept["computed"]:
            assert path.name in SAID, "a new register: add its digest to SAID"
            continue
        afterwards += 1
        computed = forecasts.register(load(kept["scenario"]), date.fromisoformat(kept["as_of"]))
        assert questions(kept) == questions(computed)
        assert chances(kept) == pytest.approx(chances(computed), abs=1e-4)
    assert afterwards == 2
    tables, words = forecast_scores.score_registers()
    assert len(tables) == 3
    assert "10 resolved" in words


def test_the_hazard_of_cancellation_forecasts_launches_left_out_better_than_one_share_for_all():
    """Five cancelled in about 220 months at risk: 2.5% a month; Brier score of each launch from the
    others.
    """
    known = launches.reference_class(TODAY)
    assert slips.reference_rates(known).cancelled_share_per_month == pytest.approx(
        5.5 / 219.9, abs=1e-4
    )
    errors = []
    for name, own in known[known.fate != "open"].iterrows():
        rates, gone = slips.reference_rates(known.drop(name)), float(own.fate == "cancelled")
        drawn = slips.slip_draws(
            rates, own.window_months, slips.uniforms(("late", "slip"), 2000, 1)
        )
        exposed = np.maximum(own.promise_months + drawn, 0)
        risk = rollout.event_probability(rates.cancelled_share_per_month, exposed).mean()
        errors.append(((risk - gone) ** 2, (rates.cancelled.share - gone) ** 2))
    hazard, share = np.mean(errors, axis=0)
    assert hazard < share - 0.01


def test_only_a_launch_that_a_vendor_announced_gains_from_not_being_cancelled():
    case, rack = load("article"), load("next-generation")
    rates = slips.reference_rates(launches.reference_class(ARTICLE, without="VR200 NVL72"))
    forecast = dates.forecast(rack, ARTICLE)
    assert 1 - forecast.dates.limited_months.pipe(np.isfinite).mean() < rates.cancelled.share - 0.05
    early, late = (
        dates.forecast(case, day).dates.limited_months for day in (ARTICLE, date(2026, 6, 20))
    )
    # Not credited; what moves is the record's own rate, by the months that open launches stayed at
    # risk.
    assert np.isinf(early).mean() == pytest.approx(np.isinf(late).mean(), abs=0.01)


def test_retrospective_registers_are_of_what_claims_were_about_and_had_not_shipped():
    """On the day of the article: its rack, and both vendors' next; MI355X shipped a year before.

    A scenario of an earlier day has nothing to look back on.
    """
    registers = forecasts.retrospective_registers(load("competitor"))
    assert {register["as_of"] for register in registers} == {ARTICLE.isoformat()}
    products = {row["text"].split(":")[0] for each in registers for row in each["forecasts"]}
    assert products == {"Magnum", "VR200 NVL72", "MI455X Helios"}
    owned = {"have.held": "owned", "have.bought": "2025-06-01"}  # no rent was quoted by then
    earlier = load("competitor", {"as_of": "2026-02-01", **owned})
    assert forecasts.retrospective_registers(earlier) == []


def test_prices_of_the_decision_are_forecast_with_their_limit_in_the_name():
    """Two prices of one chip on two days never share a question: the limit tells them apart."""
    kept = forecasts.register(load("article"), date(2026, 11, 26), date(2027, 6, 30))
    prices = [row for row in kept["forecasts"] if "_below_" in row["question"]]
    names = [row["question"] for row in prices]
    assert len(set(names)) == len(names) > 8
    assert {row["closes"] for row in prices} == {"2027-03-31", "2027-06-30"}
    row = next(row for row in prices if row["question"] == "b200_rent_3yr_below_3.33_2027-06-30")
    assert row["text"] == (
        "B200, rented for three years, costs less than $3.33 an hour on 30 June 2027; "
        "it was $3.70 on 26 November 2026"
    )
    assert "market survey of July 2026" in row["resolved_by"]
    assert row["word_share"] is None
    # P10, P50 and P90 of a year are 0.75, 1 and 1.5: over seven months 0.9 lies near P20.
    months = launches.months_between("2026-11-26", "2027-06-30")
    score = np.log(0.9) / (np.log(0.75) * months / 12) * -1.2815515655446004
    assert row["chance_share"] == pytest.approx(norm.cdf(score), abs=0.01)
    assert kept["decision"].startswith("Rent GB200 in FP4 for 3 years;")
    assert kept["until"] == "2027-06-30"


def test_what_falls_due_and_what_is_overdue_is_said():
    kept = [
        {
            "as_of": "2026-01-01",
            "scenario": "s",
            "forecasts": [
                {"question": name, "kind": "chance", "closes": day, "chance_share": 0.5}
                for name, day in (
                    ("q", "2026-03-01"),
                    ("late", "2026-03-31"),
                    ("next", "2026-06-30"),
                )
            ],
        }
    ]
    said = forecast_scores.due(kept, resolutions("2026-02-01"), date(2026, 4, 1))
    assert said == (
        "Past their day and without an answer: late. "
        "1 open; the next one falls due on 30 June 2026."
    )
    on_its_day = forecast_scores.due(kept, resolutions("2026-02-01"), date(2026, 3, 31))
    assert on_its_day.startswith("2 open")


def test_a_price_that_two_scenarios_forecast_alike_is_scored_once():
    one, two = register(0.2, 0.5), {**register(0.2, 0.5), "scenario": "t"}
    rows = forecast_scores.score([one, two], resolutions("2026-04-02", 0))
    assert len(rows) == 1
    other = {**register(0.3, 0.5), "scenario": "t"}
    assert len(forecast_scores.score([one, other], resolutions("2026-04-02", 0))) == 2


def test_the_page_says_what_the_registers_on_file_became():
    said = forecast_scores.on_file(TODAY)
    assert said.startswith("10 resolved: mean Brier score 0.186")
    assert said.endswith("fall due on 31 December 2026.")
    assert "Past their day" not in said
    assert forecast_scores.on_file(date(2026, 1, 1)) == "No register was on file by then."
