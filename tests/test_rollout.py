"""The record of launches, the milestone graph, growth and fleets: published figures and
properties.
"""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.laws import rollout
from analysis.pages import rollout as page
from analysis.questions import (
    credence,
    dates,
    evidence,
    fleet,
    forecast_scores,
    forecasts,
    launches,
    slips,
    supply,
)
from analysis.questions.milestone_draws import milestone_draws
from analysis.scenario.errors import ScenarioError
from analysis.scenario.scenario import load

TODAY, ARTICLE = date(2026, 11, 22), date(2026, 4, 23)
DRAWS = 4096


def pert(low, mode, high, draws, seed=1):
    """Beta-PERT variates, as network schedules draw durations (Malcolm et al. 1959)."""
    span = high - low
    shape = 1 + 4 * (mode - low) / span, 1 + 4 * (high - mode) / span
    return low + span * np.random.default_rng(seed).beta(*shape, draws)


def beliefs(draws=DRAWS):
    """Beliefs close to the reference scenario's, without needing it."""
    ones = np.ones(draws)
    return {
        "common_ratio": ones,
        "design_fix_months": pert(1, 1.8, 3, draws, 2),
        "validation_months": pert(2, 3, 4.5, draws, 3),
        "loop_months": pert(1.5, 3, 6, draws, 4),
        "overlap_share": 0.3 * ones,
        "redesign_share_per_month": 0.09 * ones,
        "volume_gap_months": pert(2, 4, 8, draws, 5),
        "notice_share_per_month": 0.9 * ones,
        "programme_share": 0.15 * ones,
        "source_ratio": ones,
        "cluster_dependence_share": 0.8 * ones,
    }


def case(product="Magnum", loops=0, as_of=TODAY):
    return SimpleNamespace(
        as_of=as_of,
        claim="magnum",
        credence=SimpleNamespace(instead={}),
        believe={
            "source_ratio": SimpleNamespace(why="a test", source="judged"),
            "cluster_dependence_share": SimpleNamespace(mid=0.8),
        },
        rollout=SimpleNamespace(product=product, loops=loops, fiscal_share=0.0, assume_real=False),
    )


def test_the_record_gives_the_rates_of_cancellation_and_lateness():
    """5 of 21 cancelled: Jeffreys 5, 50 and 95% points .12, .24, .41; 7 of 16 dated launches late:
    .25, .44, .64.
    """
    rates = slips.reference_rates(launches.reference_class(TODAY))
    assert (rates.cancelled.events, rates.cancelled.trials) == (5, 21)
    assert (rates.late.events, rates.late.trials) == (7, 16)
    assert rates.cancelled.interval == pytest.approx([0.12, 0.24, 0.41], abs=0.006)
    assert rates.late.interval == pytest.approx([0.25, 0.44, 0.64], abs=0.006)


def test_positive_slips_are_lognormal_with_median_two_and_p90_seven_months():
    """Six dated late launches and Kyber, known only to slip at least six months."""
    rates = slips.reference_rates(launches.reference_class(TODAY))
    assert rates.median_months == pytest.approx(2.0, abs=0.05)
    p90 = rollout.late_slip_months(rates.median_months, rates.log_sd, 1.2816)
    assert p90 == pytest.approx(7.3, abs=0.2)
    lead = (
        launches.reference_class(TODAY)
        .lead_months.astype(float)
        .quantile([0.1, 0.5, 0.9])
        .to_numpy()
    )
    assert lead == pytest.approx([4.3, 8.5, 16.1], abs=0.2)


def test_censoring_counts():
    """Without the censored launch the slips look shorter; read as exact intervals they look more
    spread.
    """
    known = launches.reference_class(TODAY)
    exact = slips.reference_rates(known).median_months
    assert slips.reference_rates(known.drop("Rubin Ultra Kyber")).median_months < exact - 0.2
    late = known[(known.slip_months > 0) & (known.fate == "shipped")]
    loose = slips.fit_late([*late.slip_low_months, 6.0], [*late.slip_high_months, np.inf])
    assert loose[1] > slips.reference_rates(known).log_sd


def test_the_articles_timeline_run_through_the_record():
    """With the plan exactly filling the window, a 25% chance of one more loop and 30% of it
    absorbed: limited release P50 2026-12-02 and P70 2027-03-20, general availability P50 2027-04-17
    and P70 2027-09-24, chance of limited release by 22 November .45 and of general availability by
    31 March 2027 .45.
    """
    draws, window = 100_000, launches.months_between("2026-04-23", "2026-09-30")
    table = {
        "common_ratio": 1.0,
        "design_fix_months": 0.0,
        "validation_months": window,
        "redesign_share_per_month": -np.log(0.75) / window,
        "loop_months": pert(1.5, 3, 6, draws),
        "overlap_share": 0.3,
        "volume_gap_months": 4.0,
        "loops_count": 0,
        "fiscal_share": 0.0,
    }
    rates = slips.reference_rates(launches.reference_class(TODAY))
    drawn = milestone_draws(launches.milestones("Magnum", TODAY), rates, table, draws, 7).assign(
        weight=1.0
    )
    forecast = dates.Forecast("Magnum", ARTICLE, ARTICLE, 1.0, False, False, drawn)
    for milestone, level, day in [
        ("limited", 0.5, date(2026, 12, 2)),
        ("limited", 0.7, date(2027, 3, 20)),
        ("general", 0.5, date(2027, 4, 17)),
        ("general", 0.7, date(2027, 9, 24)),
    ]:
        found = launches.day_after(ARTICLE, dates.quantile(forecast, milestone, level))
        assert abs((found - day).days) <= 7, (milestone, level, found)
    assert dates.chance_by(forecast, "limited", TODAY) == pytest.approx(0.45, abs=0.02)
    assert dates.chance_by(forecast, "general", date(2027, 3, 31)) == pytest.approx(0.45, abs=0.02)


def test_entries_of_one_cluster_count_as_little_more_than_one():
    """Five entries of which each repeats 0.8 of the others are worth 5 / (1 + 4 x 0.8) = 1.19."""
    log = evidence.news(load("article"), TODAY)
    cluster = log[log["cluster"] == "another rack is named"]
    assert list(cluster["place_in_cluster"]) == [1, 2, 3, 4, 5]
    alone = np.log(cluster["mid_ratio"]) * cluster["reliability_share"]
    weights = np.log(cluster["weighed_ratio"]) / alone
    assert weights.iloc[0] == pytest.approx(1)
    assert weights.sum() == pytest.approx(5 / (1 + 4 * 0.8))
    (errors,) = log.loc[log["cluster"] == "errors of the text", "weighed_ratio"]
    assert errors == pytest.approx(0.35)


def test_a_ratio_that_a_scenario_puts_in_place_of_the_logs_reaches_the_dates():
    """Errors of the text that count for nothing (a ratio of 1) leave the belief that they had
    lowered.
    """
    logged, kinder = (
        load("thermal", {"credence.instead": ratios}) for ratios in ({}, {"2026-04-23": 1.0})
    )
    assert (
        evidence.news(kinder, TODAY).set_index("known").loc[ARTICLE, ["low_ratio", "mid_ratio"]]
        == 1
    ).all()
    odds = [
        share / (1 - share)
        for share in (dates.forecast(each).real_share for each in (logged, kinder))
    ]
    assert odds[1] > 2 * odds[0]


@pytest.mark.parametrize("name", ["article", "delayed", "thermal"])
def test_dates_and_credence_believe_a_claim_alike(name):
    unassumed = dates.with_rollout(load(name), assume_real=False)
    assert dates.forecast(unassumed).real_share == pytest.approx(
        credence.updates(unassumed)["mean"].iloc[-1], rel=1e-9
    )


def test_silence_and_wrong_facts_lower_belief():
    """A .45 chance of having shipped, noticed with .8: priors .05, .15, .30 fall to .032, .101,
    .215, then by .35.
    """
    priors = np.array([0.05, 0.15, 0.30])
    silent = rollout.updated_share(priors, 1 - 0.45 * 0.8)
    assert silent == pytest.approx([0.032, 0.101, 0.215], abs=0.001)
    assert rollout.updated_share(silent, 0.35) == pytest.approx([0.012, 0.038, 0.087], abs=0.001)


def test_leave_one_out_intervals_hold():
    """80% intervals hold 70 to 90% of launches, and the record beats taking windows at
    their word.
    """
    scored = slips.leave_one_out(TODAY)
    assert len(scored) == 15
    assert 0.7 <= scored.inside.mean() <= 0.9
    assert scored.crps.mean() < scored.word_crps.mean()


def test_only_what_was_known_enters():
    then = launches.reference_class(ARTICLE)
    assert then.fate["VR200 NVL72"] == then.fate["Rubin Ultra Kyber"] == "open"
    with pytest.raises(LookupError, match="not announced"):
        dates.forecast(case(), date(2026, 4, 22), beliefs())


def test_curves_never_fall_and_stay_shares():
    forecast = dates.forecast(case(), TODAY, beliefs())
    for _, curve in dates.curves(forecast, date(2030, 1, 1)).groupby("milestone"):
        assert (np.diff(curve.chance_share) >= 0).all()
        assert curve.chance_share.between(0, 1).all()
    limited, general, volume = (
        dates.chance(forecast, name, np.arange(60)) for name in ("limited", "general", "volume")
    )
    assert (limited >= general - 1e-12).all()
    assert (general >= volume - 1e-12).all()


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 200), st.integers(0, 200), st.floats(0.1, 0.6))
def test_a_later_day_without_news_never_makes_a_date_earlier(first, more, level):
    """Nothing in the record changes: the same launches are held fixed, only silence goes on."""
    table, known = beliefs(), launches.milestones("Magnum", TODAY)
    rates = slips.reference_rates(launches.reference_class(ARTICLE))
    drawn = milestone_draws(
        known, rates, {**table, "loops_count": 0, "fiscal_share": 0.0}, DRAWS, 1
    )
    months = np.array([first, first + more]) / 30.0
    ends = []
    for now in months:
        weight = rollout.unnoticed_share(
            now - drawn.limited_months, table["notice_share_per_month"]
        )
        real = rollout.updated_share(0.9, weight.mean())
        view = dates.Forecast(
            "Magnum", ARTICLE, TODAY, real, False, False, drawn.assign(weight=weight)
        )
        ends.append([dates.quantile(view, name, level) for name in ("limited", "general")])
    assert (np.array(ends[1]) >= np.array(ends[0])).all()


def test_another_redesign_delays_and_dominates():
    plain, delayed = (dates.forecast(case(loops=n), ARTICLE, beliefs()) for n in (0, 1))
    assert dates.quantile(delayed, "limited", 0.03) > dates.quantile(plain, "limited", 0.03)
    share = dates.criticality(delayed).set_index("task").share
    assert share.sum() == pytest.approx(1)
    assert share["another cooling redesign"] > dates.criticality(plain).share[2]


@pytest.mark.parametrize(
    ("product", "limited"), [("MI355X", date(2025, 6, 12)), ("GB300 NVL72", date(2025, 7, 3))]
)
def test_a_launch_that_happened_is_a_fact(product, limited):
    forecast = dates.forecast(case(product), TODAY, beliefs())
    assert forecast.real_share == 1
    assert dates.outlook(forecast).mid[0] == limited
    assert dates.outlook(forecast).never_share.tolist() == [0, 0]


@given(st.floats(1e3, 1e6), st.floats(0.05, 1), st.floats(1, 48), st.floats(0, 200))
def test_a_cap_is_never_exceeded(cap, growth, midpoint, time):
    assert 0 <= rollout.logistic_chips(cap, growth, midpoint, time) <= cap


def test_logistic_fits_the_rack_estimates():
    """Racks of three quarters (5.2, 8.5, 14.3 thousand): caps of 60, 100, 150 thousand give 1.10,
    .94, .88 a quarter and midpoints at quarter 4.1, 5.0 and 5.7: the ceiling is not identified so
    early.
    """
    quarters, racks = np.array([2.0, 3.0, 4.0]), np.array([5.2, 13.7, 28.0])
    growth, midpoint = supply.fit_ramp(quarters, racks, np.array([[60.0], [100.0], [150.0]]))
    assert growth[:, 0] == pytest.approx([1.10, 0.94, 0.88], abs=0.012)
    assert midpoint[:, 0] == pytest.approx([4.1, 5.0, 5.7], abs=0.03)


def outcomes(gain=1.6, draws=supply.KEPT_DRAWS):
    """A stand-in for the model's draws: a new chip that serves `gain` times as much a dollar."""
    base = {
        "request_usd": 0.004,
        "paid_tokens_per_s_per_chip": 1500.0,
        "busy_usd_per_s_per_chip": 1.2e-3,
        "metered_w_per_chip": 1600.0,
        "provisioned_w_per_chip": 2170.0,
    }
    better = base | {"request_usd": 0.004 / gain, "paid_tokens_per_s_per_chip": 1500 * gain}
    tables = {"baseline": base, "candidate": better}
    frames = {
        name: pd.DataFrame({k: np.full(draws, v) for k, v in row.items()})
        for name, row in tables.items()
    }
    return pd.concat(frames, names=["option", "draw"])


@pytest.mark.parametrize("change", [{}, {"fleet.liquid_w": 2e5}, {"fleet.power_w": 2.3e6}])
def test_a_fleet_keeps_its_chips_and_its_limits(change):
    case = load("measured", change)
    done = fleet.simulate(case, outcomes(), dates.forecast(case))
    alive, bought = (
        {kind: getattr(done, f"{kind}_{what}_chips") for kind in ("old", "new")}
        for what in ("alive", "bought")
    )
    assert (
        alive["new"] <= bought["new"].cumsum(axis=1) + 1e-6
    ).all()  # nothing appears that was not bought
    assert (alive["old"] <= case.fleet.chips + bought["old"].cumsum(axis=1) + 1e-6).all()
    gone = np.diff(bought["new"].cumsum(axis=1) - alive["new"], axis=1)
    assert (gone >= -1e-6).all()  # and what retires never comes back
    assert ((alive["old"] + alive["new"]) * 2170 <= case.fleet.power_w + 1).all()
    assert (alive["new"] * 2170 <= case.fleet.liquid_w + 1).all()
    assert (done.usd_per_token[:, 0] >= done.usd_per_token[:, -1] - 1e-12).all()


def test_supply_stays_under_its_cap_and_never_falls():
    ratio = np.array([0.5, 2.0, 5.0])
    total = supply.cumulative_units("B300", ratio, np.arange(200.0))
    shipped = supply.shipped("B300").units.iloc[-1]
    assert (np.diff(total, axis=1) >= 0).all()
    assert (total[:, -1] <= shipped * (1 + ratio) * 2).all()


def test_forecasts_are_scored_only_after_they_were_made():
    scored = forecast_scores.score(forecasts.retrospective_registers(load("article")))
    assert (pd.to_datetime(scored.as_of) < pd.to_datetime(scored.resolved)).all()
    window = scored.set_index("question").loc["magnum_limited_window"]
    assert window.outcome == 0
    assert window.model_brier < window.base_brier < window.word_brier == 1
    late = forecast_scores.score([forecasts.register(load("article"), TODAY)])
    assert late.empty


def test_said_and_happened_agree_on_launches_left_out():
    bins = forecast_scores.reliability(TODAY)
    assert ((bins.low <= bins.said_share) & (bins.said_share <= bins.high)).mean() >= 0.7
    card = forecast_scores.scorecard(TODAY)
    assert (card.interval >= (card.high - card.low).astype(float) - 1e-9).all()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("article", "supposes that Magnum exists; the evidence gives that a chance of 4.4%."),
        ("article", "VR200 NVL72 reached its first customer"),
        ("article", "No plan here waits for Magnum"),
        ("thermal", "The chance that Magnum comes at all is"),
        ("next-generation", "VR200 NVL72 reached its first customer"),
        ("competitor", "MI355X is on sale"),
    ],
)
def test_the_answer_says_what_is_fact_and_what_is_chance(name, words):
    case = load(name)
    sentence = page.in_short(case, dates.forecast(case)).markdown
    assert words in sentence
    assert not {"nan", "NaT", "None", "inf"} & set(
        sentence.replace(".", " ").replace(";", " ").split()
    )


def test_an_unknown_product_is_an_error_that_names_the_nearest():
    with pytest.raises(ScenarioError, match=r"rollout\.product.*did you mean 'Magnum'"):
        load("article", {"rollout.product": "Magnun"})


def test_hazards_silence_and_mixed_fleets_by_hand():
    """5 events in 300 months: 5.5 / 300. Half noticed a month: exp(-1) is unnoticed after two, all
    before it happens. Three tokens at 1 J and one at 5 J: 2 J each.
    """
    assert rollout.hazard_share_per_month(5, 300) == pytest.approx(5.5 / 300)
    assert rollout.unnoticed_share(np.array([-3.0, 0.0, 2.0]), 0.5) == pytest.approx(
        [1, 1, np.exp(-1)]
    )
    assert rollout.blended_j_per_token(3.0, 1.0, 1.0, 5.0) == pytest.approx(2)
