"""Launches, dates and scores by hand: from what was known to a chance, and from that to a score."""

import json
from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import analysis as an
from analysis.questions import forecast_scores, forecasts, launches, price_forecasts, slips
from analysis.questions.dates import Forecast, curves, outlook, quantile
from analysis.questions.launches import DAYS_PER_MONTH, _fate
from analysis.questions.milestone_draws import STREAMS, _never, milestone_draws
from analysis.questions.price_forecasts import Price, price_rows

NEVER = np.inf


def milestone(earliest: str, latest: str, **more) -> SimpleNamespace:
    ends = {"earliest": date.fromisoformat(earliest), "latest": date.fromisoformat(latest)}
    return SimpleNamespace(**{"form": "rack", **ends, **more})


KNOWN = {
    "announced": milestone("2024-01-01", "2024-01-01"),
    "promised": milestone("2024-04-01", "2024-06-30"),
}


def test_a_launch_slips_by_the_days_between_its_window_and_its_shipment():
    # From the end of June 61 days to 30 August and 91 to 29 September. From 1 January it led by 242
    # and 272; to 30 November, its volume, there are 334.
    shipped = {
        "shipped": milestone("2024-08-30", "2024-09-29"),
        "volume": milestone("2024-11-30", "2024-11-30"),
    }
    row = _fate({**KNOWN, **shipped}, date(2025, 1, 1))
    assert row["fate"] == "shipped"
    assert row["slip_low_months"] * DAYS_PER_MONTH == pytest.approx(61)
    assert row["slip_months"] * DAYS_PER_MONTH == pytest.approx((61 + 91) / 2)
    assert row["lead_months"] * DAYS_PER_MONTH == pytest.approx((242 + 272) / 2)
    assert row["gap_months"] * DAYS_PER_MONTH == pytest.approx(334 - 257)


def test_a_launch_of_which_nothing_came_is_open_and_at_risk_to_this_day():
    row = _fate(KNOWN, date(2024, 12, 31))
    assert row["fate"] == "open"
    assert row["exposed_months"] * DAYS_PER_MONTH == pytest.approx(365)  # of a leap year


def test_what_was_announced_without_a_date_cannot_be_forecast(monkeypatch):
    row = SimpleNamespace(product="X1", milestone="announced", known=date(2024, 1, 1))
    monkeypatch.setattr(launches, "_launches", lambda: {"X1": [row]})
    with pytest.raises(LookupError, match="'X1' was not announced by 2024-06-01"):
        launches.milestones("X1", date(2024, 6, 1))


RATES = SimpleNamespace(
    cancelled=SimpleNamespace(share=0.3),
    cancelled_share_per_month=np.log(2) / 10,  # half are cancelled in ten months
    late=SimpleNamespace(share=0.5),
    median_months=2.0,
    log_sd=0.0,
    gaps_months=np.array([0.0]),
)


def test_a_launch_is_cancelled_by_the_share_of_its_class_or_by_the_months_at_risk():
    drawn = {"cancel": np.array([0.2, 0.4, 0.6])}
    limited = np.array([12.0, 12.0, 12.0])
    assert _never({}, RATES, limited, None, drawn).tolist() == [True, False, False]
    # Two of the twelve months are survived: half of all launches end in the other ten.
    assert _never({}, RATES, limited, 2.0, drawn).tolist() == [True, True, False]
    assert not _never({}, RATES, limited, 12.0, drawn).any()
    assert _never({"cancelled": None}, RATES, limited, 2.0, drawn).all()
    assert not _never({"shipped": None}, RATES, limited, None, drawn).any()


def test_what_ships_at_once_and_has_no_window_is_open_at_once():
    known = {**KNOWN, "shipped": milestone("2024-01-01", "2024-01-01")}
    beliefs = dict.fromkeys(
        ("redesign_share_per_month", "loops_count", "fiscal_share", "design_fix_months"), 0.0
    )
    ones = ("validation_months", "common_ratio", "loop_months", "overlap_share")
    beliefs |= {**dict.fromkeys(ones, 1.0), "volume_gap_months": 3.0}
    assert {"late", "gap"} <= set(STREAMS)
    rows = milestone_draws(known, RATES, beliefs, 8, 1)
    assert (rows["limited_months"] == 0).all()
    assert (rows["general_months"] == 0).all()
    assert (rows["volume_months"] == 3).all()


def test_a_chance_from_no_trial_is_jeffreys_prior():
    # The arcsine distribution: a chance of p lies below sin² (p π / 2).
    rate = slips.event_rate(0, 0)
    assert rate.share == 0.5
    by_hand = np.sin(np.pi / 2 * np.array([0.05, 0.5, 0.95])) ** 2
    assert rate.interval == pytest.approx(tuple(by_hand))


def test_exact_slips_have_the_mean_and_the_deviation_of_their_logarithms():
    # 1, 2 and 3 as logarithms: a mean of 2, and a deviation of the root of 2 in 3.
    months = np.exp([1.0, 2.0, 3.0])
    median, log_sd = slips.fit_late(months, months)
    assert median == pytest.approx(np.exp(2), rel=1e-3)
    assert log_sd == pytest.approx(np.sqrt(2 / 3), rel=1e-3)


def forecast(months=tuple(range(1, 11)), **changed) -> Forecast:
    """Ten futures in which the first customer has it after 1, 2, .. 10 months, all alike likely."""
    weight = {"weight": np.ones(len(months))}
    dates = {f"{name}_months": np.array(months, float) for name in ("limited", "general", "volume")}
    stated = {
        "product": "X 1",
        "start": date(2026, 1, 1),
        "as_of": date(2026, 5, 20),
        "real_share": 1.0,
        "shipped": False,
        "general": False,
        **changed,
    }
    return Forecast(**stated, dates=pd.DataFrame({**dates, **weight}))


def test_an_outlook_has_the_tenth_the_half_and_nine_tenths_of_the_futures():
    rows = outlook(forecast()).set_index("milestone")
    days = [launches.day_after(date(2026, 1, 1), months) for months in (1, 5, 9)]
    assert rows.loc["limited", ["low", "mid", "high"]].tolist() == days
    assert rows.loc["limited", "never_share"] == pytest.approx(0)
    assert quantile(forecast(real_share=0.5), "limited", 0.6) == NEVER


def test_a_curve_has_a_point_each_half_month():
    # To 1 April are 90 days, 2.96 months: from 0 to 3 seven half-months.
    rows = curves(forecast(), date(2026, 4, 1))
    limited = rows[rows["milestone"] == "limited"]["chance_share"]
    assert limited.tolist() == pytest.approx([0, 0, 0.1, 0.1, 0.2, 0.2, 0.3])


WINDOW = {"promised": milestone("2026-04-01", "2026-06-30")}
PAST = {"promised": milestone("2026-01-01", "2026-03-31")}


def asked(monkeypatch, known: dict, **changed) -> list[str]:
    monkeypatch.setattr(forecasts.launches, "milestones", lambda product, as_of: known)
    return [each.name for each in forecasts._questions(forecast(**changed), None)]


def test_open_windows_and_two_quarter_ends_are_asked_about(monkeypatch):
    general = ["x_1_general_2026-06-30", "x_1_general_2026-09-30"]
    limited = ["x_1_limited_2026-06-30", "x_1_limited_2026-09-30"]
    assert asked(monkeypatch, PAST) == [*limited, *general]
    assert asked(monkeypatch, WINDOW) == ["x_1_limited_window", limited[1], *general]
    assert asked(monkeypatch, PAST, shipped=True) == general


def test_the_word_of_a_vendor_holds_from_the_last_day_of_his_window(monkeypatch):
    monkeypatch.setattr(forecasts.launches, "milestones", lambda product, as_of: WINDOW)
    monkeypatch.setattr(forecasts, "base_rate", lambda forecast, milestone, day: 0.5)
    question = forecasts.Question("q", "limited", date(2026, 6, 30))
    before = forecasts.Question("q", "limited", date(2026, 6, 29))
    assert forecasts._chance_row(forecast(), question)["word_share"] == 1
    assert forecasts._chance_row(forecast(), before)["word_share"] == 0
    # 180 days are 5.91 months: five of ten futures.
    assert forecasts._chance_row(forecast(), question)["chance_share"] == pytest.approx(0.5)


def test_a_base_rate_counts_what_came_as_soon_and_the_gap_for_what_is_open_to_all(monkeypatch):
    # Of three settled launches two shipped, after 4 and 8 months, and were open after 7 and 9.
    past = pd.DataFrame(
        {
            "fate": ["shipped", "shipped", "cancelled", "open"],
            "lead_months": [4, 8, np.nan, 1],
            "gap_months": [3, 1, np.nan, 1],
        }
    )
    monkeypatch.setattr(forecasts.launches, "reference_class", lambda as_of, without: past)
    day = launches.day_after(date(2026, 1, 1), 5)
    assert forecasts.base_rate(forecast(), "limited", day) == pytest.approx(1.5 / 4)
    assert forecasts.base_rate(forecast(), "general", day) == pytest.approx(0.5 / 4)


def test_a_day_is_forecast_at_each_twentieth_and_never_is_null():
    levels = [f"0.{n:02}" for n in range(5, 100, 5)]
    months = [1.0] * 18 + [NEVER]
    days = forecasts._days_by_level(date(2026, 1, 1), months)
    assert list(days) == levels
    assert days["0.05"] == "2026-01-31"  # 30.4 days
    assert days["0.95"] is None


def test_without_a_last_day_neither_prices_nor_the_decision_are_in_a_register():
    found = forecasts.register(an.load("reference"))
    assert "decision" not in found
    assert {row["kind"] for row in found["forecasts"]} <= {"chance", "day"}
    assert not any("_below_" in row["question"] for row in found["forecasts"])


REGISTER = {
    "scenario": "s",
    "as_of": "2026-01-01",
    "forecasts": [
        {
            "question": "q",
            "kind": "chance",
            "closes": "2026-06-30",
            "chance_share": 0.87,
            "base_share": 0.5,
            "word_share": 1.0,
        },
        {
            "question": "d",
            "kind": "day",
            "quantiles": {"0.10": "2026-02-01", "0.50": "2026-03-01", "0.90": None},
            "base_quantiles": {"0.10": "2026-02-01", "0.50": "2026-04-01", "0.90": None},
        },
    ],
}


@pytest.fixture
def answered(tmp_path):
    """A register and what came of it: both questions answered with yes, on 1 May."""
    path, answers = tmp_path / "register.json", tmp_path / "resolutions.csv"
    path.write_text(json.dumps(REGISTER))
    answers.write_text(
        "question,resolved,outcome,source\nq,2026-05-01,1,judged\nd,2026-05-01,1,judged\n"
    )
    return path, answers


def test_a_chance_that_came_true_is_scored_by_what_it_lacked(answered):
    # 0.13 squared is 0.0169, the base rate's half 0.25, the word 0; ln 0.87 is -0.139.
    path, answers = answered
    (chances, days, stated), words = forecast_scores.score_registers([path], answers)
    (row,) = chances.to_dict("records")
    assert (row["model_brier"], row["base_brier"], row["word_brier"]) == (0.017, 0.25, 0)
    assert row["model_log"] == pytest.approx(0.139)
    assert len(stated) == 1
    assert words.startswith("1 chance in 1 register. 1 resolved: mean Brier score 0.017")
    assert "Of dates, 1 resolved" in words
    # 1 May is 120 days on, 3.943 months; the medians are 59 and 90 days, 1.938 and 2.957.
    (row,) = days.to_dict("records")
    assert (row["came_months"], row["model_mid_months"], row["base_mid_months"]) == (
        3.94,
        1.94,
        2.96,
    )


def test_registers_are_counted(answered):
    path, answers = answered
    twice = forecast_scores.score_registers([path, path], answers)[1]
    assert twice.startswith("2 chances in 2 registers.")
    assert forecast_scores.read_registers([path]) == [REGISTER]


def test_a_pinball_loss_is_the_mean_over_the_levels():
    # 3 months: 0.1 of 2 above the low end, half of 1 above the middle, 0.1 of 3 below the high end.
    loss = forecast_scores._mean_pinball(3.0, {0.1: 1.0, 0.5: 2.0, 0.9: 6.0})
    assert loss == pytest.approx((0.2 + 0.5 + 0.3) / 3)


def test_before_the_first_register_none_is_on_file():
    assert forecast_scores.on_file(date(2024, 1, 1)) == "No register was on file by then."
    assert "resolved" in forecast_scores.on_file(date(2026, 11, 22))


def test_a_price_is_asked_below_today_s_and_below_nine_tenths_of_it(monkeypatch):
    price = Price(
        "b200", "rent_3yr_usd_per_s_per_chip", "rent_drift_ratio", 4.0, "an hour", "B200", "judged"
    )
    monkeypatch.setattr(price_forecasts, "_prices", lambda case, as_of: [price])
    reference, day = an.load("reference"), date(2027, 11, 22)
    belief = reference.believe["rent_drift_ratio"]
    even = belief.model_copy(update={"low": 0.5, "mid": 1.0, "high": 2.0})
    case = reference.model_copy(
        update={
            "as_of": date(2026, 11, 22),
            "believe": {**reference.believe, "rent_drift_ratio": even},
        }
    )
    rows = price_rows(case, case.as_of, [day])
    assert [row["question"] for row in rows] == [
        "b200_rent_3yr_below_4.00_2027-11-22",
        "b200_rent_3yr_below_3.60_2027-11-22",
    ]
    # A year's drift has its median at 1: as often below today's price as above it.
    assert rows[0]["chance_share"] == pytest.approx(0.5, abs=0.03)
    assert rows[1]["chance_share"] < rows[0]["chance_share"]
    assert [round(row["base_share"], 6) - row["base_share"] for row in rows] == [0, 0]
