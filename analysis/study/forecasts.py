"""Forecasts that can be scored: a register a report, resolutions as facts, scores against the base rate."""

import hashlib
import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import beta

from analysis.laws import rollout, scoring
from analysis.study import record, schedule

REGISTERS = Path(record.__file__).parents[1] / "facts" / "forecasts"
SHOWN = ["chance_share", "base_share", "word_share", "outcome", "model_brier", "base_brier", "word_brier", "model_log"]
LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
WINDOWS = {"promised": "limited_window", "promised fiscal": "limited_fiscal", "promised general": "general_window"}
WORDS = {"limited": "a first customer has it", "general": "it is open to any customer"}
SURE_SHARE = 0.995  # no chance is stated beyond this, nor below its complement: the model itself may be wrong
RESOLVED_BY = "statements of the vendor, a customer or a cloud that name the product and who has it"


def register(case, as_of: date | None = None) -> dict:
    """The forecasts of a scenario as made on a day, from what was known then, ready for JSON.

    Never on the assumption that a claimed product exists: only an unconditional chance can be scored.
    """
    as_of = as_of or case.as_of
    seen = schedule.forecast(schedule.taking(case, assume_real=False), as_of)
    rows = [_chance(seen, *question) for question in _questions(seen)]
    rows += [] if seen.general else [_day(seen)]
    told = json.dumps([case.name, case.overrides, case.model_dump(mode="json"), as_of.isoformat()], sort_keys=True)
    version = hashlib.sha256(told.encode()).hexdigest()[:12]
    return {"scenario": case.name, "as_of": as_of.isoformat(), "version": version, "forecasts": rows}


def _questions(seen: schedule.Forecast):
    """Name, milestone and last day: the product's promised windows first, then the next two quarter ends."""
    known, name = record.milestones(seen.product, seen.as_of), seen.product.lower().replace(" ", "_")
    windows = {(words.partition("_")[0], known[row].latest): words for row, words in WINDOWS.items() if row in known}
    ends = pd.date_range(seen.as_of, periods=2, freq="QE").date
    asked = {(milestone, day): f"{milestone}_{day}" for milestone in WORDS for day in ends} | windows
    for (milestone, day), words in asked.items():
        if day >= seen.as_of and not (seen.shipped if milestone == "limited" else seen.general):
            yield f"{name}_{words}", milestone, day


def _chance(seen: schedule.Forecast, name: str, milestone: str, day: date) -> dict:
    promised = record.milestones(seen.product, seen.as_of).get(
        "promised general" if milestone == "general" else "promised"
    )
    said = np.clip(schedule.by(seen, milestone, day), 1 - SURE_SHARE, SURE_SHARE)
    return {
        "question": name,
        "kind": "chance",
        "text": f"{seen.product}: {WORDS[milestone]} by {day}",
        "closes": day.isoformat(),
        "resolved_by": RESOLVED_BY,
        "chance_share": round(float(said), 6),
        "base_share": round(base_rate(seen, milestone, day), 6),
        "word_share": float(promised is not None and day >= promised.latest),
    }


def _day(seen: schedule.Forecast) -> dict:
    milestone = "general" if seen.shipped else "limited"
    ends = {str(level): record.day_after(seen.start, schedule.quantile(seen, milestone, level)) for level in LEVELS}
    return {
        "question": f"{seen.product.lower().replace(' ', '_')}_{milestone}_day",
        "kind": "day",
        "text": f"{seen.product}: the day on which {WORDS[milestone]}; null is never",
        "resolved_by": RESOLVED_BY,
        "quantiles": {level: end.isoformat() if end else None for level, end in ends.items()},
    }


def base_rate(seen: schedule.Forecast, milestone: str, day: date) -> float:
    """Share of settled launches that came within as many months of their announcement (Jeffreys mean): no model."""
    known = record.reference_class(seen.as_of, without=seen.product)
    settled = known[known.fate != "open"]
    lead = settled.lead_months + (settled.gap_months if milestone == "general" else 0)
    came = int((lead <= record.months_between(seen.start, day)).sum())
    return float(rollout.jeffreys_share(came, len(settled)))


def score(registers: Iterable[dict], resolutions: pd.DataFrame | None = None) -> pd.DataFrame:
    """Brier and log scores of every resolved chance, of its base rate, and of taking the window at its word."""
    known = record.read("resolutions") if resolutions is None else resolutions
    made = [
        pd.DataFrame(told["forecasts"]).assign(scenario=told["scenario"], as_of=told["as_of"]) for told in registers
    ]
    rows = pd.concat(made, ignore_index=True).query("kind == 'chance'")
    rows = rows.merge(known[["question", "resolved", "outcome", "source"]], on="question")
    rows = rows[pd.to_datetime(rows.as_of) < pd.to_datetime(rows.resolved)]  # a forecast comes before its answer
    for name, said in (("model", rows.chance_share), ("base", rows.base_share), ("word", rows.word_share)):
        rows[f"{name}_brier"] = scoring.brier_score(said, rows.outcome)
        rows[f"{name}_log"] = scoring.log_score(np.clip(said, 1 - SURE_SHARE, SURE_SHARE), rows.outcome)
    return rows.drop_duplicates(["question", "as_of"]).reset_index(drop=True)


def in_the_open(case) -> pd.DataFrame:
    """What the claimed rack and the vendor's own next rack were given on the claim's day, scored by what came since."""
    day = record.milestones("Magnum", case.as_of)["announced"].latest
    cases = [schedule.taking(case, product=name) for name in ("Magnum", "VR200 NVL72")]
    return score([register(other, day) for other in cases])


def scorecard(as_of: date) -> pd.DataFrame:
    """The method on launches it was not shown: CRPS, pinball and interval score in months, a row a launch."""
    rows = record.leave_one_out(as_of)
    ends = (("low", 0.1), ("mid", 0.5), ("high", 0.9))
    pinball = [scoring.pinball_months(rows.slip, rows[end], level) for end, level in ends]
    interval = scoring.interval_score_months(rows.slip, rows.low, rows.high, 0.8)
    return rows.assign(pinball=np.mean(pinball, axis=0), interval=interval)


def reliability(as_of: date, offsets=(-3, 0, 3, 6)) -> pd.DataFrame:
    """Said against happened: chances, learnt from the others, to ship within so many months of the window's end.

    Cancelled launches count as not shipped; rows of one launch depend on each other, so the intervals are too narrow.
    """
    known = record.reference_class(as_of)
    pairs = []
    for name, own in known[known.fate.isin(["shipped", "cancelled"])].iterrows():
        said = record.rates(known.drop(name))
        drawn = record.slips(said, own.window_months, record.uniforms(("late", "slip"), 2000, 1))
        for offset in offsets:
            chance = (1 - said["cancelled_share"]) * (drawn <= offset).mean()
            pairs.append((chance, float(own.fate == "shipped" and own.slip_months <= offset)))
    table = pd.DataFrame(pairs, columns=["said", "came"])
    bins = table.groupby(pd.cut(table.said, list(BINS), include_lowest=True), observed=True)
    rows = bins.agg(
        said_share=("said", "mean"), came_share=("came", "mean"), cases=("came", "size"), came=("came", "sum")
    )
    ends = {end: beta.ppf(p, rows.came + 0.5, rows.cases - rows.came + 0.5) for end, p in (("low", 0.1), ("high", 0.9))}
    return rows.assign(**ends, miss=scoring.calibration_score(rows.said_share, rows.came_share)).reset_index(drop=True)


def judge(paths: list[Path] | None = None, resolutions: Path | None = None) -> tuple[pd.DataFrame, str]:
    """Scores of registers (the project's own without paths) and a sentence that sums them up."""
    registers = read(paths or sorted(REGISTERS.glob("*.json")))
    rows = score(registers, None if resolutions is None else record.dated(pd.read_csv(resolutions)))
    asked = sum(row["kind"] == "chance" for told in registers for row in told["forecasts"])
    return rows[["question", "as_of", *SHOWN]].round(
        3
    ), f"{asked} chances in {len(registers)} registers. {verdict(rows)}"


def verdict(rows: pd.DataFrame) -> str:
    """How resolved forecasts did against base rate and word; a sentence, also where nothing is resolved yet."""
    if rows.empty:
        return "None is resolved yet."
    means = {name: rows[f"{name}_brier"].mean() for name in ("model", "base", "word")}
    skill = scoring.skill_ratio(means["model"], means["base"])
    return (f"{len(rows)} resolved: mean Brier score {means['model']:.3f}, base rate {means['base']:.3f}, "
            f"word of the vendor {means['word']:.3f}; skill against the base rate {skill:+.2f}.")  # fmt: skip


def read(paths: Iterable[Path]) -> list[dict]:
    """Registers from JSON files; ValueError naming the file for one that is no register."""
    found = [(path, json.loads(Path(path).read_text())) for path in paths]
    for path, told in found:
        if not isinstance(told, dict) or not {"scenario", "as_of", "forecasts"} <= set(told):
            raise ValueError(f"{path}: expected a register with the keys scenario, as_of and forecasts")
    return [told for _, told in found]
