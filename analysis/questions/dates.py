"""When will it ship? The graph of milestones drawn many times, and what silence and news
say since.
"""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from analysis import model
from analysis.laws import rollout
from analysis.questions import evidence, milestone_draws, slips
from analysis.questions.launches import day_after, milestones, months_between, reference_class
from analysis.scenario.claims import claim


@dataclass(frozen=True)
class Forecast:
    """Dates of one product as seen on `as_of`: a row a draw, months since `start`, infinite for
    never, and weights.
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


def forecast(case, as_of: date | None = None, believed=None) -> Forecast:
    """The scenario's product as seen on `as_of` (the scenario's own day if None), from what was
    known then.

    Draws in which the next milestone came and would have been noticed by now lose weight: that is
    how silence counts. A vendor's own product has survived the months since its announcement; a
    claimed one could end unnoticed.
    """
    as_of, product = as_of or case.as_of, case.rollout.product
    seen = milestones(product, as_of)
    start = seen["announced"].latest
    said = slips.reference_rates(reference_class(as_of, without=product))
    believed = model.beliefs(case) if believed is None else believed
    believed = {name: np.asarray(draws) for name, draws in believed.items()}
    choices = {"loops_count": case.rollout.loops, "fiscal_share": case.rollout.fiscal_share}
    claimed, now = seen["announced"].status == "claimed", months_between(start, as_of)
    survived = 0.0 if claimed else now
    dates = milestone_draws.simulate(
        seen, said, {**believed, **choices}, len(believed["common_ratio"]), model.SEED, survived
    )
    awaited = dates["general_months" if "shipped" in seen else "limited_months"]
    hidden = rollout.unnoticed_share(now - awaited, believed["notice_share_per_month"])
    weight = np.ones(len(dates)) if "volume" in seen else hidden
    real = 1.0
    if claimed and not case.rollout.assume_real:
        ratio = weight.mean() * np.prod(
            [
                told[2]
                for told in evidence.likelihood_ratios(case, product.lower(), as_of, believed)
            ],
            axis=0,
        )
        real = float(np.mean(rollout.updated_share(believed[claim(product.lower()).prior], ratio)))
    return Forecast(
        product,
        start,
        as_of,
        real,
        "shipped" in seen,
        "volume" in seen,
        dates.assign(weight=weight),
    )


def chance(seen: Forecast, milestone: str, months) -> np.ndarray:
    """Chance that a milestone (`limited`, `general`, `volume`) is reached within so many months of
    the start.
    """
    dates, weight = (seen.dates[name].to_numpy() for name in (f"{milestone}_months", "weight"))
    order = np.argsort(dates)
    dates, weight = dates[order], weight[order]
    total = np.concatenate([[0.0], np.cumsum(weight) / weight.sum()])
    return seen.real_share * total[np.searchsorted(dates, months, side="right")]


def quantile(seen: Forecast, milestone: str, level: float) -> float:
    """The month by which a milestone is reached with chance `level`; infinite where it never is."""
    dates = np.sort(seen.dates[f"{milestone}_months"])
    at = np.searchsorted(chance(seen, milestone, dates), level)
    return float(dates[at]) if at < len(dates) else np.inf


def chance_by(seen: Forecast, milestone: str, day: date) -> float:
    """Chance that a milestone is reached by the end of a day."""
    return float(chance(seen, milestone, months_between(seen.start, day)))


def stages(seen: Forecast) -> tuple[str, ...]:
    """The milestones that a forecast is about; volume is left out where cloud availability is
    already a fact.
    """
    return ("limited", "general") if seen.general else ("limited", "general", "volume")


def outlook(seen: Forecast) -> pd.DataFrame:
    """A row a milestone: P10, P50 and P90 as dates (None is never) and the chance that it never
    comes.
    """
    rows = []
    for name in stages(seen):
        dates = [day_after(seen.start, quantile(seen, name, level)) for level in (0.1, 0.5, 0.9)]
        finite = seen.dates[np.isfinite(seen.dates[f"{name}_months"])]
        never = 1 - seen.real_share * finite.weight.sum() / seen.dates.weight.sum()
        rows.append((name, *dates, never))
    return pd.DataFrame(rows, columns=["milestone", "low", "mid", "high", "never_share"])


def windows(seen: Forecast) -> pd.DataFrame:
    """What was promised for each milestone: earliest and latest day, and the source."""
    names = {"promised": "limited", "promised general": "general"}
    known = milestones(seen.product, seen.as_of)
    told = [row for row in known.values() if row.milestone in names]
    rows = [(names[row.milestone], row.earliest, row.latest, row.source) for row in told]
    return pd.DataFrame(rows, columns=["milestone", "earliest", "latest", "source"])


def curves(seen: Forecast, until: date) -> pd.DataFrame:
    """Chance over time, a row a milestone and a half-month, from the start on."""
    months = np.arange(0, months_between(seen.start, until) + 0.5, 0.5)
    days = pd.to_datetime([day_after(seen.start, month) for month in months])
    told = (
        {"day": days, "milestone": name, "chance_share": chance(seen, name, months)}
        for name in stages(seen)
    )
    return pd.concat(map(pd.DataFrame, told))


def with_rollout(case, **choices):
    """The scenario with other choices in its rollout section."""
    return case.model_copy(update={"rollout": case.rollout.model_copy(update=choices)})


def history(case) -> pd.DataFrame:
    """How the forecast moved: a row a quarter end and a piece of news, each from what was known by
    then.

    Chance that the product exists, and, if it does, that it comes by the end of next year.
    """
    start = milestones(case.rollout.product, case.as_of)["announced"].latest
    days = {day.date() for day in pd.date_range(start, case.as_of, freq="QE")} | {start, case.as_of}
    believed, goal, doubted = (
        model.beliefs(case),
        date(case.as_of.year + 1, 12, 31),
        with_rollout(case, assume_real=False),
    )
    rows = []
    for day in sorted(days | set(evidence.news(case, case.as_of).known)):
        seen = forecast(doubted, day, believed)
        real = seen.if_real()
        rows.append(
            (
                pd.Timestamp(day),
                seen.real_share,
                chance_by(real, "limited", goal),
                chance_by(real, "general", goal),
            )
        )
    return pd.DataFrame(rows, columns=["day", "real_share", "limited_share", "general_share"])


def criticality(seen: Forecast) -> pd.DataFrame:
    """Share of the futures in which it ships where each task holds the date: the chain that a
    planner should watch.
    """
    rows = seen.dates[np.isfinite(seen.dates.general_months)]
    weigh = lambda flag: float(np.average(flag, weights=rows.weight))
    tasks = {
        "announced date and its slip": ~rows["cooling leads"] & ~rows["window opens last"],
        "cooling fix and validation": rows["cooling leads"]
        & ~rows["loops"]
        & ~rows["window opens last"],
        "another cooling redesign": rows["cooling leads"]
        & rows["loops"]
        & ~rows["window opens last"],
        "opening of the promised window": rows["window opens last"],
    }
    return pd.DataFrame({"task": list(tasks), "share": [weigh(flag) for flag in tasks.values()]})
