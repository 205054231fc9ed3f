"""Forecasts scored against what happened, beside the base rate and the word of the vendor."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import betaincinv

from analysis.laws import rollout, scoring
from analysis.questions.forecasts import REGISTERS, REPORTS, SURE_SHARE, read_registers
from analysis.questions.launches import (
    dated_table,
    months_between,
    reference_class,
    with_dates,
)
from analysis.questions.slips import leave_one_out, leave_one_out_rates, slip_draws, uniforms

ENDS = {"low": 0.1, "mid": 0.5, "high": 0.9}
# Dates are scored up to here from the day of the forecast: later and never count alike.
HORIZON_MONTHS = 36
BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
FORECASTERS = ("model", "base", "word")  # the model, the base rate, the vendor's word
CHANCES = {"model": "chance_share", "base": "base_share", "word": "word_share"}
DATES = {"model": "quantiles", "base": "base_quantiles"}
SCORE_COLUMNS = [
    "scenario",
    "as_of",
    "computed",
    "question",
    "chance_share",
    "base_share",
    "word_share",
    "outcome",
    "model_brier",
    "base_brier",
    "word_brier",
    "model_log",
]


def score(registers: Iterable[dict], resolutions: pd.DataFrame | None = None) -> pd.DataFrame:
    """Every resolved chance, a row each, with Brier and log scores of the three forecasters.

    `resolutions` is resolutions.csv if None. Empty where nothing is resolved.
    """
    rows = _resolved(registers, "chance", resolutions)
    if rows.empty:
        return rows
    for forecaster, column in CHANCES.items():
        capped = np.clip(rows[column], 1 - SURE_SHARE, SURE_SHARE)
        rows[f"{forecaster}_brier"] = scoring.brier_score(rows[column], rows["outcome"])
        rows[f"{forecaster}_log"] = scoring.log_score(capped, rows["outcome"])
    return rows


def score_days(registers: Iterable[dict], resolutions: pd.DataFrame | None = None) -> pd.DataFrame:
    """Every resolved date, a row each, with CRPS, pinball and 80% interval score in months.

    Of the model and of the base rate. An outcome of 1 came on the day `resolved`, an outcome of 0
    never; months count from the day of the forecast.
    """
    rows = _resolved(registers, "day", resolutions)
    return pd.DataFrame([_day_scores(row) for row in rows.to_dict("records")])


def _day_scores(row: Mapping) -> dict:
    """The scores of one date, of the model and of the base rate."""
    start = row["as_of"]
    came = _months_to(start, row["resolved"] if row["outcome"] else None)
    scores = {name: row[name] for name in ("scenario", "as_of", "computed", "question")}
    scores["came_months"] = came
    for forecaster, column in DATES.items():
        months = {float(level): _months_to(start, day) for level, day in row[column].items()}
        low, mid, high = (months[level] for level in ENDS.values())
        levels = {level: months[level] for level in ENDS.values()}
        crps = scoring.ensemble_crps_months(list(months.values()), came)
        scores[f"{forecaster}_mid_months"] = mid
        scores[f"{forecaster}_crps"] = float(crps)
        scores[f"{forecaster}_pinball"] = _mean_pinball(came, levels)
        scores[f"{forecaster}_interval"] = float(
            scoring.interval_score_months(came, low, high, 0.8)
        )
    return scores


def _months_to(start: date | str, day: date | str | None) -> float:
    """Months to a day, at most the horizon; None is never."""
    return min(months_between(start, day), HORIZON_MONTHS) if day else HORIZON_MONTHS


def _mean_pinball(came, months_by_level: Mapping[float, float | pd.Series]):
    """Mean quantile loss over the levels."""
    losses = [
        scoring.pinball_months(came, months, level) for level, months in months_by_level.items()
    ]
    return sum(losses) / len(losses)


def _resolved(
    registers: Iterable[dict], kind: str, resolutions: pd.DataFrame | None
) -> pd.DataFrame:
    """Forecasts of a kind (chance or day) with what came of them.

    One that was not made before its answer is left out.
    """
    known = dated_table("resolutions") if resolutions is None else resolutions
    forecasts = []
    for register in registers:
        days = {"as_of": register["as_of"], "computed": register.get("computed", register["as_of"])}
        for row in register["forecasts"]:
            if row["kind"] == kind:
                forecasts.append({**row, "scenario": register["scenario"], **days})
    if not forecasts:
        return pd.DataFrame()
    answers = known[["question", "resolved", "outcome", "source"]]
    rows = pd.DataFrame(forecasts).merge(answers, on="question")
    rows = rows[pd.to_datetime(rows["as_of"]) < pd.to_datetime(rows["resolved"])]
    # A price that two scenarios forecast from one belief is one forecast.
    who = ["chance_share"] if kind == "chance" else ["scenario"]
    return rows.drop_duplicates(["question", "as_of", *who]).reset_index(drop=True)


def due(registers: Iterable[dict], resolutions: pd.DataFrame | None, as_of: date) -> str:
    """Which chances are past their day without an answer, and which fall due next, in sentences."""
    known = dated_table("resolutions") if resolutions is None else resolutions
    answered = set(known["question"])
    open_ones = {
        row["question"]: date.fromisoformat(row["closes"])
        for register in registers
        for row in register["forecasts"]
        if row["kind"] == "chance" and row["question"] not in answered and "closes" in row
    }
    overdue = [name for name, day in open_ones.items() if day < as_of]
    ahead = sorted(day for day in open_ones.values() if day >= as_of)
    words = []
    if overdue:
        words.append(f"Past their day and without an answer: {', '.join(overdue)}.")
    if ahead:
        count = ahead.count(ahead[0])
        noun = "one falls" if count == 1 else f"{count} fall"
        words.append(f"{len(ahead)} open; the next {noun} due on {ahead[0].day} {ahead[0]:%B %Y}.")
    return " ".join(words)


def on_file(as_of: date) -> str:
    """How the registers on file did by a day, and what of them falls due next, in sentences."""
    registers = [
        each
        for each in read_registers(sorted(REGISTERS.glob("*.json")))
        if date.fromisoformat(each["as_of"]) <= as_of
    ]
    known = dated_table("resolutions")
    known = known[known["resolved"] <= as_of]
    if not registers:
        return "No register was on file by then."
    words = verdict(score(registers, known), score_days(registers, known))
    return f"{words} {due(registers, known, as_of)}".strip()


def score_registers(
    paths: Sequence[Path] | None = None,
    resolutions: Path | None = None,
    as_of: date | None = None,
) -> tuple[list[pd.DataFrame], str]:
    """Scores of registers as tables (chances, dates, stated against observed), and in a sentence.

    With a day the sentence says what falls due. Without paths these are the project's own registers
    and those that the reports left beside their pages; without `resolutions` the project's own.
    """
    own = [*REGISTERS.glob("*.json"), *REPORTS.glob("*/forecasts.json")]
    registers = read_registers(paths or sorted(own))
    known = None if resolutions is None else with_dates(pd.read_csv(resolutions))
    chances, days = score(registers, known), score_days(registers, known)
    tables = []
    if len(chances):
        tables.append(chances[SCORE_COLUMNS].round(3))
    if len(days):
        tables.append(days.round(2))
    if len(chances):
        tables.append(calibration(chances["chance_share"], chances["outcome"]).round(3))
    kinds = [row["kind"] for register in registers for row in register["forecasts"]]
    chances_count, registers_count = kinds.count("chance"), len(registers)
    count = f"{chances_count} {'chance' if chances_count == 1 else 'chances'} in "
    count += f"{registers_count} {'register' if registers_count == 1 else 'registers'}."
    words = f"{count} {verdict(chances, days)}"
    return tables, f"{words} {due(registers, known, as_of)}".strip() if as_of else words


def verdict(chances: pd.DataFrame, days: pd.DataFrame) -> str:
    """How resolved forecasts did against base rate and word, in a sentence.

    `chances` as `score` gives them, `days` as `score_days`; either may be empty.
    """
    if chances.empty:
        return "No forecast is resolved yet."
    brier = {name: chances[f"{name}_brier"].mean() for name in FORECASTERS}
    skill = scoring.skill_ratio(brier["model"], brier["base"])
    words = (
        f"{len(chances)} resolved: mean Brier score {brier['model']:.3f}, "
        f"base rate {brier['base']:.3f}, word of the vendor {brier['word']:.3f}. "
        f"Skill against the base rate: {skill:+.2f}.".replace("-", "−")
    )
    if len(days):
        crps = {name: days[f"{name}_crps"].mean() for name in DATES}
        words += (
            f" Of dates, {len(days)} resolved: mean CRPS {crps['model']:.1f} months, "
            f"base rate {crps['base']:.1f}."
        )
    return words


def scorecard(as_of: date) -> pd.DataFrame:
    """The method on launches it was not shown, a row a launch, scores in months.

    Columns of `slips.leave_one_out`, with `pinball` and `interval`.
    """
    rows = leave_one_out(as_of)
    pinball = _mean_pinball(rows["slip"], {level: rows[end] for end, level in ENDS.items()})
    interval = scoring.interval_score_months(rows["slip"], rows["low"], rows["high"], 0.8)
    return rows.assign(pinball=pinball, interval=interval)


def reliability(as_of: date, offsets: Sequence[int] = (-3, 0, 3, 6)) -> pd.DataFrame:
    """Chances to ship within so many months of the window's end, stated against observed.

    Each is learnt from the other launches; rows as `calibration` gives them. Cancelled launches
    count as not shipped. Rows of one launch depend on each other, so the intervals are too narrow.
    """
    launches = reference_class(as_of)
    uniform = uniforms(("late", "slip"), 2000, 1)
    chances, outcomes = [], []
    for name, rates in leave_one_out_rates(as_of).items():
        launch = launches.loc[name]
        slip = slip_draws(rates, launch["window_months"], uniform)
        exposed = np.maximum(launch["promise_months"] + slip, 0)
        cancelled = rollout.event_probability(rates.cancelled_share_per_month, exposed)
        for offset in offsets:
            chances.append(((1 - cancelled) * (slip <= offset)).mean())
            shipped = launch["fate"] == "shipped" and launch["slip_months"] <= offset
            outcomes.append(float(shipped))
    return calibration(chances, outcomes)


def calibration(
    chances: Sequence[float] | pd.Series, outcomes: Sequence[float] | pd.Series
) -> pd.DataFrame:
    """Chances stated and how often they came true, a row a bin.

    Columns are `said_share` and `came_share` (means), cases, came (a count), the 80% Jeffreys range
    of the latter share (low, high) and `miss`, the bin's calibration score.
    """
    table = pd.DataFrame({"said": chances, "came": outcomes})
    bins = table.groupby(pd.cut(table["said"], list(BINS), include_lowest=True), observed=True)
    rows = bins.agg(
        said_share=("said", "mean"),
        came_share=("came", "mean"),
        cases=("came", "size"),
        came=("came", "sum"),
    )
    counts = (rows["came"] + 0.5, rows["cases"] - rows["came"] + 0.5)
    rows = rows.assign(
        low=betaincinv(*counts, 0.1),
        high=betaincinv(*counts, 0.9),
        miss=scoring.calibration_score(rows["said_share"], rows["came_share"]),
    )
    return rows.reset_index(drop=True)
