"""Forecasts that can be scored: a register of them for a scenario, as made on a day."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.laws import rollout
from analysis.questions import dates, launches
from analysis.questions.answer import decide
from analysis.questions.dates import Forecast
from analysis.questions.price_forecasts import price_rows
from analysis.scenario.claims import claim, claims
from analysis.scenario.scenario import Scenario

REGISTERS = Path(__file__).parents[1] / "facts" / "forecasts"
REPORTS = REGISTERS.parents[2] / "reports"
LEVELS = tuple(percent / 100 for percent in range(5, 100, 5))
MILESTONES = {"limited": "a first customer has it", "general": "it is open to any customer"}
QUARTERS = 2  # quarter ends ahead that are asked about where no last day is stated
# No chance is stated beyond this, nor below its complement: the model itself may be wrong.
SURE_SHARE = 0.995
RESOLVED_BY = "statements of the vendor, a customer or a cloud that name the product and who has it"


@dataclass(frozen=True)
class Window:
    """A promised window of launches.csv: the milestone it is about, and its name in a question."""

    row: str
    milestone: str
    name: str


WINDOWS = (
    Window("promised", "limited", "limited_window"),
    Window("promised fiscal", "limited", "limited_fiscal"),
    Window("promised general", "general", "general_window"),
)


@dataclass(frozen=True)
class Question:
    """Whether a milestone is reached by the end of a day."""

    name: str
    milestone: str
    closes: date


def register(case: Scenario, as_of: date | None = None, until: date | None = None) -> dict:
    """The forecasts of a scenario as made on a day, from what was known then, ready for JSON.

    With `until` every quarter end up to that day is asked about, the prices on which the decision
    rests are forecast too, and the decision of the scenario's own day stands beside them.

    Never on the assumption that a claimed product exists: only an unconditional chance can be
    scored. `computed` is the scenario's own day: where it is later than `as_of`, the register was
    made afterwards.
    """
    as_of = as_of or case.as_of
    forecast = dates.forecast(dates.with_rollout(case, assume_real=False), as_of)
    rows = [_chance_row(forecast, question) for question in _questions(forecast, until)]
    if not forecast.general:
        rows.append(_day_row(forecast))
    of_decision: dict[str, Any] = {}
    if until is not None:
        ends = [day for day in _quarter_ends(as_of, until) if (day - as_of).days > 90]
        rows += price_rows(case, as_of, ends)
        of_decision = {"until": until.isoformat(), "decision": decide(case).sentence}
    if case.overrides:
        of_decision["overrides"] = case.overrides
    inputs = [case.name, case.overrides, case.model_dump(mode="json"), as_of.isoformat()]
    version = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:12]
    return {
        "scenario": case.name,
        "as_of": as_of.isoformat(),
        "computed": case.as_of.isoformat(),
        "version": version,
        **of_decision,
        "forecasts": rows,
    }


def retrospective_registers(case: Scenario) -> list[dict]:
    """Registers as of the day of the newest claim on a product that no vendor has announced.

    They are of every product that a claim on file was about by then and that had not shipped, and
    are computed afterwards. Empty where there was no such claim by the scenario's day.
    """
    day = _day_of_unconfirmed_claim(case.as_of)
    if day is None:
        return []
    announced = [claim(name).product for name in claims() if claim(name).announced <= day]
    awaited = [
        product for product in announced if "shipped" not in launches.milestones(product, day)
    ]
    return [register(dates.with_rollout(case, product=product), day) for product in awaited]


def _day_of_unconfirmed_claim(as_of: date) -> date | None:
    """The day of the newest claim by `as_of` on a product that launches.csv calls claimed."""
    made = [claim(name) for name in claims() if claim(name).announced <= as_of]
    days = [
        each.announced
        for each in made
        if launches.milestones(each.product, as_of)["announced"].status == "claimed"
    ]
    return max(days, default=None)


def read_registers(paths: Iterable[Path]) -> list[dict]:
    """Registers from JSON files, one or a list in each.

    Raises ValueError naming the file for one that holds none.
    """
    registers = []
    for path in paths:
        content = json.loads(Path(path).read_text())
        for each in content if isinstance(content, list) else [content]:
            if not isinstance(each, dict) or not {"scenario", "as_of", "forecasts"} <= set(each):
                keys = "scenario, as_of and forecasts"
                raise ValueError(f"{path}: expected a register with the keys {keys}")
            registers.append(each)
    return registers


def base_rate(forecast: Forecast, milestone: str, day: date) -> float:
    """Share of settled launches that came within as many months of their announcement.

    The Jeffreys mean of a count; no model.
    """
    leads = _leads(forecast, milestone)
    came = int((leads <= launches.months_between(forecast.start, day)).sum())
    return float(rollout.jeffreys_share(came, len(leads)))


def _leads(forecast: Forecast, milestone: str) -> pd.Series:
    """Months from announcement to milestone of each settled launch; infinite for never."""
    past = launches.reference_class(forecast.as_of, without=forecast.product)
    settled = past[past["fate"] != "open"]
    months = settled["lead_months"]
    if milestone == "general":
        months = months + settled["gap_months"]
    return months.fillna(np.inf)


def _quarter_ends(as_of: date, until: date | None) -> list[date]:
    """The next quarter ends: two, or all up to a day."""
    if until is None:
        return list(pd.date_range(as_of, periods=QUARTERS, freq="QE").date)
    return list(pd.date_range(as_of, until, freq="QE").date)


def _questions(forecast: Forecast, until: date | None) -> Iterator[Question]:
    """The next quarter ends and the product's promised windows that are still open.

    Where a window ends with a quarter, the question has the window's name.
    """
    known = launches.milestones(forecast.product, forecast.as_of)
    ends = _quarter_ends(forecast.as_of, until)
    names = {(milestone, day): f"{milestone}_{day}" for milestone in MILESTONES for day in ends}
    for window in WINDOWS:
        if window.row in known:
            names[window.milestone, known[window.row].latest] = window.name
    for (milestone, day), name in names.items():
        is_fact = forecast.shipped if milestone == "limited" else forecast.general
        if day >= forecast.as_of and not is_fact:
            yield Question(f"{_slug(forecast.product)}_{name}", milestone, day)


def _slug(product: str) -> str:
    return product.lower().replace(" ", "_")


def _chance_row(forecast: Forecast, question: Question) -> dict:
    """A chance beside the base rate and the vendor's word, which is a chance of 0 or 1."""
    milestone, day = question.milestone, question.closes
    window = "promised general" if milestone == "general" else "promised"
    promised = launches.milestones(forecast.product, forecast.as_of).get(window)
    chance = dates.chance_by(forecast, milestone, day)
    return {
        "question": question.name,
        "kind": "chance",
        "text": f"{forecast.product}: {MILESTONES[milestone]} by {day.day} {day:%B %Y}",
        "closes": day.isoformat(),
        "resolved_by": RESOLVED_BY,
        "chance_share": round(float(np.clip(chance, 1 - SURE_SHARE, SURE_SHARE)), 6),
        "base_share": round(base_rate(forecast, milestone, day), 6),
        "word_share": float(promised is not None and day >= promised.latest),
    }


def _day_row(forecast: Forecast) -> dict:
    """The date of the next milestone as quantiles, of the model and of the base rate."""
    milestone = "general" if forecast.shipped else "limited"
    months = [dates.quantile(forecast, milestone, level) for level in LEVELS]
    base_months = np.quantile(_leads(forecast, milestone), LEVELS, method="inverted_cdf")
    return {
        "question": f"{_slug(forecast.product)}_{milestone}_day",
        "kind": "day",
        "text": f"{forecast.product}: the day on which {MILESTONES[milestone]}; null is never",
        "resolved_by": RESOLVED_BY,
        "quantiles": _days_by_level(forecast.start, months),
        "base_quantiles": _days_by_level(forecast.start, base_months),
    }


def _days_by_level(start: date, months: Iterable[float]) -> dict[str, str | None]:
    """Quantiles as days, by their level; None is never."""
    days = {}
    for level, month in zip(LEVELS, months, strict=True):
        day = launches.day_after(start, month)
        days[f"{level:.2f}"] = day.isoformat() if day else None
    return days
