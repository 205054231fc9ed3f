"""When will it ship? Milestones drawn many times, and what silence and news say since."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from analysis import model
from analysis.laws import rollout
from analysis.questions import evidence
from analysis.questions.launches import (
    Milestone,
    day_after,
    first_day,
    milestones,
    months_between,
    reference_class,
)
from analysis.questions.milestone_draws import milestone_draws
from analysis.questions.slips import reference_rates
from analysis.scenario.claims import claim, claim_about
from analysis.scenario.scenario import Scenario
from analysis.scenario.schema import RECORD_SINCE

LEAST_WEIGHT = 1e-300
PROMISES = {"promised": "limited", "promised general": "general"}


@dataclass(frozen=True, eq=False)
class Forecast:
    """Dates of one product as forecast on `as_of`.

    `dates` has a row a draw: months since `start` by milestone (`limited_months` and so on,
    infinite for never), what held the date, and the draw's `weight`. `real_share` is the chance
    that the product exists. `shipped` and `general` say which milestones are already facts.
    """

    product: str
    start: date
    as_of: date
    real_share: float
    shipped: bool
    general: bool
    dates: pd.DataFrame

    def if_real(self) -> "Forecast":
        """The same dates for a product that is taken to exist."""
        return replace(self, real_share=1.0)

    @property
    def stages(self) -> tuple[str, ...]:
        """The milestones it is about; volume is left out where general availability is a fact."""
        return ("limited", "general") if self.general else ("limited", "general", "volume")


def forecast(
    case: Scenario, as_of: date | None = None, beliefs: Mapping[str, Any] | None = None
) -> Forecast:
    """The scenario's product as forecast on `as_of`, from what was known then.

    The day is the scenario's own if None, `beliefs` are its own draws if None. Draws in which the
    next milestone came and would have been noticed by now lose weight: that is how silence counts.
    A vendor's own product has survived the months since its announcement; a claimed one could end
    unnoticed. Raises LookupError where the product was not announced by that day.
    """
    as_of, product = as_of or case.as_of, case.rollout.product
    known = milestones(product, as_of)
    start = known["announced"].latest
    now, is_claimed = months_between(start, as_of), known["announced"].status == "claimed"
    rates = reference_rates(reference_class(as_of, without=product))
    drawn = model.beliefs(case) if beliefs is None else beliefs
    columns = {name: np.asarray(values) for name, values in drawn.items()}
    choices = {"loops_count": case.rollout.loops, "fiscal_share": case.rollout.fiscal_share}
    survived = 0.0 if is_claimed else now
    dates = milestone_draws(
        known,
        rates,
        {**columns, **choices},
        draws=len(columns["common_ratio"]),
        seed=model.SEED,
        survived_months=survived,
    )
    weight = _silence(known, dates, now, columns["notice_share_per_month"])
    real_share = 1.0
    if is_claimed and not case.rollout.assume_real:
        real_share = _real_share(case, as_of, columns, weight)
    return Forecast(
        product=product,
        start=start,
        as_of=as_of,
        real_share=real_share,
        shipped="shipped" in known,
        general="volume" in known,
        dates=dates.assign(weight=weight),
    )


def _silence(
    known: Mapping[str, Milestone], dates: pd.DataFrame, now: float, notice_share: np.ndarray
) -> np.ndarray:
    """Chance, a draw, that its next milestone would have stayed unnoticed until now."""
    if "volume" in known:
        return np.ones(len(dates))
    awaited = dates["general_months" if "shipped" in known else "limited_months"]
    # After years of silence every share is too small for a float: then none is likelier.
    return np.maximum(rollout.unnoticed_share(now - awaited, notice_share), LEAST_WEIGHT)


def _real_share(
    case: Scenario, as_of: date, beliefs: Mapping[str, np.ndarray], silence: np.ndarray
) -> float:
    """Chance that a claimed product exists: its prior, updated by the evidence and by silence."""
    name = claim_about(case.rollout.product)
    if name is None:
        raise LookupError(f"no claim on file is about {case.rollout.product!r}")
    ratios = [entry.ratio for entry in evidence.likelihood_ratios(case, name, as_of, beliefs)]
    ratio = silence.mean() * np.prod(ratios, axis=0)
    return float(np.mean(rollout.updated_share(beliefs[claim(name).prior], ratio)))


def with_rollout(case: Scenario, **choices: Any) -> Scenario:
    """The scenario with other choices in its rollout section."""
    return case.model_copy(update={"rollout": case.rollout.model_copy(update=choices)})


def chance(forecast: Forecast, milestone: str, months: Any) -> np.ndarray:
    """Chance that a milestone is reached within so many months of the start.

    `milestone` is limited, general or volume; the result has the shape of `months`.
    """
    dates = forecast.dates[f"{milestone}_months"].to_numpy()
    order = np.argsort(dates)
    weight = forecast.dates["weight"].to_numpy()[order]
    reached = np.concatenate([[0.0], np.cumsum(weight) / weight.sum()])
    return forecast.real_share * reached[np.searchsorted(dates[order], months, side="right")]


def chance_by(forecast: Forecast, milestone: str, day: date) -> float:
    """Chance that a milestone is reached by the end of a day."""
    return float(chance(forecast, milestone, months_between(forecast.start, day)))


def quantile(forecast: Forecast, milestone: str, level: float) -> float:
    """The month by which a milestone is reached with chance `level`; infinite where it never is."""
    dates = np.sort(forecast.dates[f"{milestone}_months"])
    first = np.searchsorted(chance(forecast, milestone, dates), level)
    return float(dates[first]) if first < len(dates) else np.inf


def outlook(forecast: Forecast) -> pd.DataFrame:
    """A row a milestone: P10, P50 and P90 as dates (None is never), and the chance of never."""
    rows = []
    for name in forecast.stages:
        low, mid, high = (
            day_after(forecast.start, quantile(forecast, name, level)) for level in (0.1, 0.5, 0.9)
        )
        weight = forecast.dates["weight"]
        finite = np.isfinite(forecast.dates[f"{name}_months"])
        never = 1 - forecast.real_share * weight[finite].sum() / weight.sum()
        rows.append((name, low, mid, high, never))
    return pd.DataFrame(rows, columns=["milestone", "low", "mid", "high", "never_share"])


def windows(forecast: Forecast) -> pd.DataFrame:
    """What was promised for each milestone: earliest and latest day, and the source."""
    known = milestones(forecast.product, forecast.as_of)
    rows = [
        (PROMISES[name], row.earliest, row.latest, row.source)
        for name, row in known.items()
        if name in PROMISES
    ]
    return pd.DataFrame(rows, columns=["milestone", "earliest", "latest", "source"])


def curves(forecast: Forecast, until: date) -> pd.DataFrame:
    """Chance over time, a row a milestone and half-month, from the start on."""
    months = np.arange(0, months_between(forecast.start, until) + 0.5, 0.5)
    days = pd.to_datetime([day_after(forecast.start, month) for month in months])
    tables = [
        pd.DataFrame(
            {"day": days, "milestone": name, "chance_share": chance(forecast, name, months)}
        )
        for name in forecast.stages
    ]
    return pd.concat(tables)


def history(case: Scenario) -> pd.DataFrame:
    """How the forecast moved: a row a quarter end and a piece of news, from what was known by then.

    It begins when the product was announced with a date, and not before the launch record suffices.

    `real_share` is the chance that the product exists; `limited_share` and `general_share` are the
    chances that, if it does, it comes by the end of the year after the scenario's day.
    """
    start = max(first_day(milestones(case.rollout.product, case.as_of)), RECORD_SINCE)
    quarter_ends = [day.date() for day in pd.date_range(start, case.as_of, freq="QE")]
    days = {start, case.as_of, *quarter_ends, *evidence.news(case, case.as_of)["known"]}
    beliefs, goal = model.beliefs(case), date(case.as_of.year + 1, 12, 31)
    unassumed = with_rollout(case, assume_real=False)
    rows = []
    for day in sorted(days):
        then = forecast(unassumed, day, beliefs)
        limited, general = (
            chance_by(then.if_real(), milestone, goal) for milestone in ("limited", "general")
        )
        rows.append((pd.Timestamp(day), then.real_share, limited, general))
    return pd.DataFrame(rows, columns=["day", "real_share", "limited_share", "general_share"])


def criticality(forecast: Forecast) -> pd.DataFrame:
    """Share of the futures in which it ships where each task holds the date, a row a task.

    It names the chain that a planner should watch.
    """
    rows = forecast.dates[np.isfinite(forecast.dates["general_months"])]
    window, cooling, loops = rows["window opens last"], rows["cooling leads"], rows["loops"]
    tasks = {
        "announced date and its slip": ~cooling & ~window,
        "cooling fix and validation": cooling & ~loops & ~window,
        "another cooling redesign": cooling & loops & ~window,
        "opening of the promised window": window,
    }
    shares = [float(np.average(holds, weights=rows["weight"])) for holds in tasks.values()]
    return pd.DataFrame({"task": list(tasks), "share": shares})
