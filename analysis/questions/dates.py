"""When will it ship? The graph of milestones drawn many times, and what silence and news
say since.
"""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtri

from analysis import model
from analysis.laws import rollout
from analysis.laws.claim import independent_count
from analysis.questions import launches as record
from analysis.questions.launches import day_after, milestones, months_between
from analysis.scenario.claims import claim
from analysis.scenario.schema import Belief

GAP_SPREAD = (
    0.25  # log spread about the class's few gaps, so that a draw is not one of thirteen dates
)
HEAD_START_MONTHS = (
    0.5  # a vendor who keeps his word may open this long before the promised window (judged)
)


class Forecast(NamedTuple):
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


def simulate(
    seen: dict, said: dict, table: dict, draws: int, seed: int, survived_months=None
) -> pd.DataFrame:
    """Draws of every milestone in months since the announcement, and flags that say what held the
    date.

    `seen` are the milestones known, `said` the rates of the class, `table` the beliefs. A launch
    known to have happened lies somewhere in its reported interval; one known to be cancelled, or
    drawn so, never comes (infinite). The hazard of cancellation runs from the months survived until
    it ships; without them the class's share holds for any launch.
    """
    start = seen["announced"].latest
    at = {
        name: (months_between(start, row.earliest), months_between(start, row.latest))
        for name, row in seen.items()
    }
    u = record.uniforms(
        ("cancel", "late", "slip", "loop", "gap", "gap noise", "fiscal", "day"), draws, seed
    )
    announced, (proven, loops) = _announced(at, said, table, u), _proven(table, u)
    limited = (
        _reported(at["shipped"], u)
        if "shipped" in at
        else rollout.limited_months(announced, proven)
    )
    gap = np.quantile(said["gaps"], u["gap"], method="inverted_cdf") * np.exp(
        GAP_SPREAD * ndtri(u["gap noise"])
    )
    gap = gap * table["common_ratio"]
    early = np.where(u["late"] < said["late_share"], 0, HEAD_START_MONTHS)
    general = rollout.general_months(limited, gap, at.get("promised general", (0, 0))[0] - early)
    general = np.maximum(limited, _reported(at["volume"], u)) if "volume" in at else general
    volume = general + table["volume_gap_months"] * table["common_ratio"]
    risk = said["cancelled_share"]
    if survived_months is not None:
        risk = rollout.event_probability(
            said["cancelled_share_per_month"], np.maximum(limited - survived_months, 0)
        )
    never = (u["cancel"] < risk) & ("shipped" not in at) | ("cancelled" in at)
    dates = {"limited_months": limited, "general_months": general, "volume_months": volume}
    held = {
        "loops": loops > 0,
        "cooling leads": proven > announced,
        "window opens last": general > limited + gap,
    }
    return pd.DataFrame(
        {**{name: np.where(never, np.inf, months) for name, months in dates.items()}, **held}
    )


def _reported(interval: tuple[float, float], u: dict) -> np.ndarray:
    """A day somewhere in the interval to which its source dates it."""
    return interval[0] + u["day"] * (interval[1] - interval[0])


def _announced(at: dict, said: dict, table: dict, u: dict) -> np.ndarray:
    """The end of the promised window, calendar or fiscal, with the slip that the class suggests."""
    fiscal = (u["fiscal"] < table["fiscal_share"]) & ("promised fiscal" in at)
    other = at.get("promised fiscal", at["promised"])
    opens, ends = (np.where(fiscal, other[side], at["promised"][side]) for side in (0, 1))
    return ends + record.slips(said, ends - opens, u)


def _proven(table: dict, u: dict) -> tuple[np.ndarray, np.ndarray]:
    """Months until the cooling is proven, and the redesign loops that it took."""
    hazard = rollout.event_probability(
        table["redesign_share_per_month"], table["validation_months"]
    )
    loops = table["loops_count"] + (u["loop"] < hazard)
    steps = table["design_fix_months"], table["validation_months"], table["common_ratio"]
    return rollout.cooling_months(
        *steps, loops, table["loop_months"], table["overlap_share"]
    ), loops


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
    said = record.rates(record.reference_class(as_of, without=product))
    believed = model.beliefs(case) if believed is None else believed
    believed = {name: np.asarray(draws) for name, draws in believed.items()}
    choices = {"loops_count": case.rollout.loops, "fiscal_share": case.rollout.fiscal_share}
    claimed, now = seen["announced"].status == "claimed", months_between(start, as_of)
    survived = 0.0 if claimed else now
    dates = simulate(
        seen, said, {**believed, **choices}, len(believed["common_ratio"]), model.SEED, survived
    )
    awaited = dates["general_months" if "shipped" in seen else "limited_months"]
    hidden = rollout.unnoticed_share(now - awaited, believed["notice_share_per_month"])
    weight = np.ones(len(dates)) if "volume" in seen else hidden
    real = 1.0
    if claimed and not case.rollout.assume_real:
        ratio = weight.mean() * np.prod(
            [told[2] for told in evidence(case, product.lower(), as_of, believed)], axis=0
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


def evidence(
    case, name: str, as_of: date, believed, seed=model.SEED
) -> Iterator[tuple[str, date, np.ndarray, Belief]]:
    """What was known of a claim by a day, in order: step, day, likelihood ratio a draw, and the
    belief behind it.
    """
    told, ratio = claim(name), np.asarray(believed["source_ratio"])
    if (sources := independent_count(told.sources_count, told.dependence_share)) > 1:
        yield (
            "Further sources",
            told.announced,
            rollout.weighed_ratio(ratio, sources - 1),
            case.believe["source_ratio"],
        )
    for row in news(case, as_of, name).itertuples():
        ends = {"low": row.low_ratio, "mid": row.mid_ratio, "high": row.high_ratio}
        belief = Belief(**ends, unit="", source=row.source, why=row.why)
        drawn = model.quantile(
            "evidence_ratio", belief, model.z_scores(f"evidence {row.known}", len(ratio), seed)
        )
        yield row.title, row.known, rollout.weighed_ratio(drawn, row.reliability_share), belief


def news(case, as_of: date, name: str | None = None) -> pd.DataFrame:
    """The log of evidence on a claim by a day; without a name on the scenario's product, if it is a
    claimed one.

    The scenario's own ratios stand instead of the log's, where it has some; each is tempered by its
    source's worth.
    """
    product, log = case.rollout.product, record.read("evidence")
    claimed = milestones(product, case.as_of)["announced"].status == "claimed"
    name = name or (product.lower() if claimed else "")
    log = log[(log.claim == name) & (log.known <= as_of)].sort_values("known", kind="stable")
    if case.claim == name and case.credence.instead:
        taken = log.known.map(
            lambda day: case.credence.instead.get(day.isoformat(), np.nan)
        ).astype(float)
        log = log.assign(
            **{end: taken.fillna(log[end]) for end in ("low_ratio", "mid_ratio", "high_ratio")}
        )
    return log.assign(weighed_ratio=rollout.weighed_ratio(log.mid_ratio, log.reliability_share))


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


def by(seen: Forecast, milestone: str, day: date) -> float:
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


def taking(case, **choices):
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
        taking(case, assume_real=False),
    )
    rows = []
    for day in sorted(days | set(news(case, case.as_of).known)):
        seen = forecast(doubted, day, believed)
        real = seen._replace(real_share=1.0)
        rows.append(
            (
                pd.Timestamp(day),
                seen.real_share,
                by(real, "limited", goal),
                by(real, "general", goal),
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
