"""Forecasts that can be scored: a register a report, resolutions as facts, scores against the base
rate.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import betaincinv

from analysis.laws import rollout, scoring
from analysis.questions import dates as schedule
from analysis.questions import launches as record

REGISTERS = Path(record.__file__).parents[1] / "facts" / "forecasts"
REPORTS = REGISTERS.parents[2] / "reports"
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
LEVELS = tuple(at / 20 for at in range(1, 20))
ENDS = {"low": 0.1, "mid": 0.5, "high": 0.9}
HORIZON_MONTHS = (
    36  # dates are scored up to here from the day of the forecast: later and never count alike
)
BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
WINDOWS = {
    "promised": "limited_window",
    "promised fiscal": "limited_fiscal",
    "promised general": "general_window",
}
WORDS = {"limited": "a first customer has it", "general": "it is open to any customer"}
# no chance is stated beyond this, nor below its complement: the model itself may be wrong
SURE_SHARE = 0.995
RESOLVED_BY = "statements of the vendor, a customer or a cloud that name the product and who has it"


def register(case, as_of: date | None = None) -> dict:
    """The forecasts of a scenario as made on a day, from what was known then, ready for JSON.

    Never on the assumption that a claimed product exists: only an unconditional chance can be
    scored. `computed` is the scenario's own day: where it is later than `as_of`, the register was
    made afterwards.
    """
    as_of = as_of or case.as_of
    seen = schedule.forecast(schedule.taking(case, assume_real=False), as_of)
    rows = [_chance(seen, *question) for question in _questions(seen)]
    rows += [] if seen.general else [_day(seen)]
    told = json.dumps(
        [case.name, case.overrides, case.model_dump(mode="json"), as_of.isoformat()], sort_keys=True
    )
    version = hashlib.sha256(told.encode()).hexdigest()[:12]
    days = {"as_of": as_of.isoformat(), "computed": case.as_of.isoformat()}
    return {"scenario": case.name, **days, "version": version, "forecasts": rows}


def _questions(seen: schedule.Forecast):
    """Name, milestone and last day: the product's promised windows first, then the next two quarter
    ends.
    """
    known, name = (
        record.milestones(seen.product, seen.as_of),
        seen.product.lower().replace(" ", "_"),
    )
    windows = {
        (words.partition("_")[0], known[row].latest): words
        for row, words in WINDOWS.items()
        if row in known
    }
    ends = pd.date_range(seen.as_of, periods=2, freq="QE").date
    asked = {
        (milestone, day): f"{milestone}_{day}" for milestone in WORDS for day in ends
    } | windows
    for (milestone, day), words in asked.items():
        if day >= seen.as_of and not (seen.shipped if milestone == "limited" else seen.general):
            yield f"{name}_{words}", milestone, day


def _chance(seen: schedule.Forecast, name: str, milestone: str, day: date) -> dict:
    window = "promised general" if milestone == "general" else "promised"
    promised = record.milestones(seen.product, seen.as_of).get(window)
    said = np.clip(schedule.by(seen, milestone, day), 1 - SURE_SHARE, SURE_SHARE)
    text = f"{seen.product}: {WORDS[milestone]} by {day.day} {day:%B %Y}"
    shares = {
        "chance": round(float(said), 6),
        "base": round(base_rate(seen, milestone, day), 6),
        "word": float(promised is not None and day >= promised.latest),
    }
    return {
        "question": name,
        "kind": "chance",
        "text": text,
        "closes": day.isoformat(),
        "resolved_by": RESOLVED_BY,
        **{f"{who}_share": share for who, share in shares.items()},
    }


def _day(seen: schedule.Forecast) -> dict:
    milestone = "general" if seen.shipped else "limited"
    said = [schedule.quantile(seen, milestone, level) for level in LEVELS]
    base = np.quantile(_leads(seen, milestone), LEVELS, method="inverted_cdf")
    dated = lambda months: {
        f"{level:.2f}": day.isoformat() if (day := record.day_after(seen.start, month)) else None
        for level, month in zip(LEVELS, months, strict=True)
    }
    return {
        "question": f"{seen.product.lower().replace(' ', '_')}_{milestone}_day",
        "kind": "day",
        "text": f"{seen.product}: the day on which {WORDS[milestone]}; null is never",
        "resolved_by": RESOLVED_BY,
        "quantiles": dated(said),
        "base_quantiles": dated(base),
    }


def _leads(seen: schedule.Forecast, milestone: str) -> pd.Series:
    """Months from announcement to milestone of every launch whose fate is known; infinite where it
    has not come.
    """
    known = record.reference_class(seen.as_of, without=seen.product)
    settled = known[known.fate != "open"]
    return (settled.lead_months + (settled.gap_months if milestone == "general" else 0)).fillna(
        np.inf
    )


def base_rate(seen: schedule.Forecast, milestone: str, day: date) -> float:
    """Share of settled launches that came within as many months of their announcement (Jeffreys
    mean): no model.
    """
    leads = _leads(seen, milestone)
    came = int((leads <= record.months_between(seen.start, day)).sum())
    return float(rollout.jeffreys_share(came, len(leads)))


def _resolved(
    registers: Iterable[dict], kind: str, resolutions: pd.DataFrame | None
) -> pd.DataFrame:
    """Forecasts of a kind with what came of them; a forecast comes before its answer, or it is left
    out.
    """
    known = record.read("resolutions") if resolutions is None else resolutions
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
            record.months_between(start, day) if day else np.inf
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


def in_the_open(case) -> list[dict]:
    """Registers of the claimed rack and the vendor's own next rack as of the claim's day, computed
    afterwards.
    """
    day = record.milestones("Magnum", case.as_of)["announced"].latest
    cases = [schedule.taking(case, product=name) for name in ("Magnum", "VR200 NVL72")]
    return [register(other, day) for other in cases]


def scorecard(as_of: date) -> pd.DataFrame:
    """The method on launches it was not shown: CRPS, pinball and interval score in months, a row a
    launch.
    """
    rows = record.leave_one_out(as_of)
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
    known = record.reference_class(as_of)
    pairs = []
    for name, said in record.others(as_of).items():
        own = known.loc[name]
        drawn = record.slips(said, own.window_months, record.uniforms(("late", "slip"), 2000, 1))
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


def judge(
    paths: list[Path] | None = None, resolutions: Path | None = None
) -> tuple[list[pd.DataFrame], str]:
    """Scores of registers as tables (chances, dates, said against happened) and a sentence that
    sums them up.

    Without paths these are the project's own registers and those that the reports left beside their
    pages.
    """
    registers = read(
        paths or sorted([*REGISTERS.glob("*.json"), *REPORTS.glob("*/forecasts.json")])
    )
    known = None if resolutions is None else record.dated(pd.read_csv(resolutions))
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


def read(paths: Iterable[Path]) -> list[dict]:
    """Registers from JSON files, one or a list in each; ValueError naming the file for one that
    holds none.
    """
    found = []
    for path in paths:
        told = json.loads(Path(path).read_text())
        registers = told if isinstance(told, list) else [told]
        if not all(
            isinstance(one, dict) and {"scenario", "as_of", "forecasts"} <= set(one)
            for one in registers
        ):
            raise ValueError(
                f"{path}: expected a register with the keys scenario, as_of and forecasts"
            )
        found += registers
    return found
