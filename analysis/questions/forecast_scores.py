"""Forecasts scored against what happened, beside the base rate and the word of the vendor."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import betaincinv

from analysis.laws import rollout, scoring
from analysis.questions import launches, slips
from analysis.questions.forecasts import REGISTERS, REPORTS, SURE_SHARE, read_registers

SHOWN = [
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


ENDS = {"low": 0.1, "mid": 0.5, "high": 0.9}


HORIZON_MONTHS = (
    36  # dates are scored up to here from the day of the forecast: later and never count alike
)


BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def _resolved(
    registers: Iterable[dict], kind: str, resolutions: pd.DataFrame | None
) -> pd.DataFrame:
    """Forecasts of a kind with what came of them; a forecast comes before its answer, or it is left
    out.
    """
    known = launches.dated_table("resolutions") if resolutions is None else resolutions
    rows = pd.DataFrame(
        row
        | {
            "scenario": told["scenario"],
            "as_of": told["as_of"],
            "computed": told.get("computed", told["as_of"]),
        }
        for told in registers
        for row in told["forecasts"]
        if row["kind"] == kind
    )
    if rows.empty:
        return rows
    rows = rows.merge(known[["question", "resolved", "outcome", "source"]], on="question")
    rows = rows[pd.to_datetime(rows.as_of) < pd.to_datetime(rows.resolved)]
    return rows.drop_duplicates(["scenario", "question", "as_of"]).reset_index(drop=True)


def score(registers: Iterable[dict], resolutions: pd.DataFrame | None = None) -> pd.DataFrame:
    """Brier and log scores of every resolved chance, of its base rate, and of taking the window at
    its word.
    """
    rows = _resolved(registers, "chance", resolutions)
    for name, said in (
        (("model", "chance_share"), ("base", "base_share"), ("word", "word_share"))
        if len(rows)
        else ()
    ):
        rows[f"{name}_brier"] = scoring.brier_score(rows[said], rows.outcome)
        rows[f"{name}_log"] = scoring.log_score(
            np.clip(rows[said], 1 - SURE_SHARE, SURE_SHARE), rows.outcome
        )
    return rows


def score_days(registers: Iterable[dict], resolutions: pd.DataFrame | None = None) -> pd.DataFrame:
    """CRPS, pinball and 80% interval score in months of every resolved date, of the model and of
    the base rate.

    An outcome of 1 came on the day `resolved`, an outcome of 0 never; months count from the day of
    the forecast.
    """
    scored = []
    for row in _resolved(registers, "day", resolutions).to_dict("records"):
        months = lambda day, start=row["as_of"]: (
            launches.months_between(start, day) if day else np.inf
        )
        came = min(months(row["resolved"] if row["outcome"] else None), HORIZON_MONTHS)
        found = {key: row[key] for key in ("scenario", "as_of", "computed", "question")} | {
            "came_months": came
        }
        for name, said in (("model", row["quantiles"]), ("base", row["base_quantiles"])):
            dates = {float(level): min(months(day), HORIZON_MONTHS) for level, day in said.items()}
            low, mid, high = (dates[level] for level in ENDS.values())
            found |= {
                f"{name}_mid_months": mid,
                f"{name}_crps": float(scoring.ensemble_crps_months(list(dates.values()), came)),
                f"{name}_pinball": _pinball(came, {level: dates[level] for level in ENDS.values()}),
                f"{name}_interval": float(scoring.interval_score_months(came, low, high, 0.8)),
            }
        scored.append(found)
    return pd.DataFrame(scored)


def _pinball(came, quantiles: dict[float, float]):
    """Mean quantile loss over the levels."""
    return sum(scoring.pinball_months(came, day, level) for level, day in quantiles.items()) / len(
        quantiles
    )


def scorecard(as_of: date) -> pd.DataFrame:
    """The method on launches it was not shown: CRPS, pinball and interval score in months, a row a
    launch.
    """
    rows = slips.leave_one_out(as_of)
    pinball = _pinball(rows.slip, {level: rows[end] for end, level in ENDS.items()})
    return rows.assign(
        pinball=pinball, interval=scoring.interval_score_months(rows.slip, rows.low, rows.high, 0.8)
    )


def reliability(as_of: date, offsets=(-3, 0, 3, 6)) -> pd.DataFrame:
    """Said against happened: chances, learnt from the others, to ship within so many months of the
    window's end.

    Cancelled launches count as not shipped; rows of one launch depend on each other, so the
    intervals are too narrow.
    """
    known = launches.reference_class(as_of)
    pairs = []
    for name, said in slips.leave_one_out_rates(as_of).items():
        own = known.loc[name]
        drawn = slips.slip_draws(said, own.window_months, slips.uniforms(("late", "slip"), 2000, 1))
        risk = rollout.event_probability(
            said["cancelled_share_per_month"], np.maximum(own.promise_months + drawn, 0)
        )
        for offset in offsets:
            chance = ((1 - risk) * (drawn <= offset)).mean()
            pairs.append((chance, float(own.fate == "shipped" and own.slip_months <= offset)))
    return calibration(*zip(*pairs, strict=True))


def calibration(said, came) -> pd.DataFrame:
    """Chances said and how often they came true, a row a bin, with the 80% Jeffreys range of the
    latter.
    """
    table = pd.DataFrame({"said": said, "came": came})
    bins = table.groupby(pd.cut(table.said, list(BINS), include_lowest=True), observed=True)
    means = {"said_share": ("said", "mean"), "came_share": ("came", "mean")}
    rows = bins.agg(**means, cases=("came", "size"), came=("came", "sum"))
    counts = (rows.came + 0.5, rows.cases - rows.came + 0.5)
    ends = {end: betaincinv(*counts, level) for end, level in (("low", 0.1), ("high", 0.9))}
    return rows.assign(
        **ends, miss=scoring.calibration_score(rows.said_share, rows.came_share)
    ).reset_index(drop=True)


def score_registers(
    paths: list[Path] | None = None, resolutions: Path | None = None
) -> tuple[list[pd.DataFrame], str]:
    """Scores of registers as tables (chances, dates, said against happened) and a sentence that
    sums them up.

    Without paths these are the project's own registers and those that the reports left beside their
    pages.
    """
    registers = read_registers(
        paths or sorted([*REGISTERS.glob("*.json"), *REPORTS.glob("*/forecasts.json")])
    )
    known = None if resolutions is None else launches.dated(pd.read_csv(resolutions))
    rows, days = score(registers, known), score_days(registers, known)
    asked = sum(row["kind"] == "chance" for told in registers for row in told["forecasts"])
    tables = [days.round(2)] if len(days) else []
    if len(rows):
        tables = [
            rows[SHOWN].round(3),
            *tables,
            calibration(rows.chance_share, rows.outcome).round(3),
        ]
    return tables, f"{asked} chances in {len(registers)} registers. {verdict(rows, days)}"


def verdict(rows: pd.DataFrame, days: pd.DataFrame) -> str:
    """How resolved forecasts did against base rate and word; a sentence, also where nothing is
    resolved yet.
    """
    if rows.empty:
        return "None is resolved yet."
    means = {name: rows[f"{name}_brier"].mean() for name in ("model", "base", "word")}
    skill = scoring.skill_ratio(means["model"], means["base"])
    dated = ""
    if len(days):
        errors = {name: days[f"{name}_crps"].mean() for name in ("model", "base")}
        dated = (
            f" Of dates, {len(days)} resolved: mean CRPS {errors['model']:.1f} months, base rate "
            f"{errors['base']:.1f}."
        )
    return (
        f"{len(rows)} resolved: mean Brier score {means['model']:.3f}, base rate {means['base']:.3f}, "
        f"word of the vendor {means['word']:.3f}; skill against the base rate {skill:+.2f}.{dated}"
    )
