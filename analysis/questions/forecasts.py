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

from analysis.laws import rollout
from analysis.questions import dates, launches

REGISTERS = Path(launches.__file__).parents[1] / "facts" / "forecasts"
REPORTS = REGISTERS.parents[2] / "reports"
LEVELS = tuple(at / 20 for at in range(1, 20))
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
    seen = dates.forecast(dates.with_rollout(case, assume_real=False), as_of)
    rows = [_chance(seen, *question) for question in _questions(seen)]
    rows += [] if seen.general else [_day(seen)]
    told = json.dumps(
        [case.name, case.overrides, case.model_dump(mode="json"), as_of.isoformat()], sort_keys=True
    )
    version = hashlib.sha256(told.encode()).hexdigest()[:12]
    days = {"as_of": as_of.isoformat(), "computed": case.as_of.isoformat()}
    return {"scenario": case.name, **days, "version": version, "forecasts": rows}


def _questions(seen: dates.Forecast):
    """Name, milestone and last day: the product's promised windows first, then the next two quarter
    ends.
    """
    known, name = (
        launches.milestones(seen.product, seen.as_of),
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


def _chance(seen: dates.Forecast, name: str, milestone: str, day: date) -> dict:
    window = "promised general" if milestone == "general" else "promised"
    promised = launches.milestones(seen.product, seen.as_of).get(window)
    said = np.clip(dates.chance_by(seen, milestone, day), 1 - SURE_SHARE, SURE_SHARE)
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


def _day(seen: dates.Forecast) -> dict:
    milestone = "general" if seen.shipped else "limited"
    said = [dates.quantile(seen, milestone, level) for level in LEVELS]
    base = np.quantile(_leads(seen, milestone), LEVELS, method="inverted_cdf")
    dated = lambda months: {
        f"{level:.2f}": day.isoformat() if (day := launches.day_after(seen.start, month)) else None
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


def _leads(seen: dates.Forecast, milestone: str) -> pd.Series:
    """Months from announcement to milestone of every launch whose fate is known; infinite where it
    has not come.
    """
    known = launches.reference_class(seen.as_of, without=seen.product)
    settled = known[known.fate != "open"]
    return (settled.lead_months + (settled.gap_months if milestone == "general" else 0)).fillna(
        np.inf
    )


def base_rate(seen: dates.Forecast, milestone: str, day: date) -> float:
    """Share of settled launches that came within as many months of their announcement (Jeffreys
    mean): no model.
    """
    leads = _leads(seen, milestone)
    came = int((leads <= launches.months_between(seen.start, day)).sum())
    return float(rollout.jeffreys_share(came, len(leads)))


def retrospective_registers(case) -> list[dict]:
    """Registers of the claimed rack and the vendor's own next rack as of the claim's day, computed
    afterwards.
    """
    day = launches.milestones("Magnum", case.as_of)["announced"].latest
    cases = [dates.with_rollout(case, product=name) for name in ("Magnum", "VR200 NVL72")]
    return [register(other, day) for other in cases]


def read_registers(paths: Iterable[Path]) -> list[dict]:
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
