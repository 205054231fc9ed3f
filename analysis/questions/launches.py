"""What past launches did with their promises: the reference class, its rates, and how well it
forecasts its own.
"""

from datetime import date, timedelta
from functools import cache

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import betaincinv, ndtr, ndtri

from analysis.facts import nearest, table
from analysis.laws import rollout, scoring
from analysis.model import SEED
from analysis.scenario.schema import quantiles

DAYS_PER_MONTH = 30.4375  # the mean month of the Julian calendar, 365.25 / 12
CLASS_SINCE = date(
    2020, 1, 1
)  # a yearly cadence, racks and clouds: older launches are listed and not counted
LOG_ROOT_TAU = np.log(2 * np.pi) / 2  # of a standard normal's density
LATE_LEVELS = (0.05, 0.5, 0.95)


def months_between(start, end) -> float:
    """Months from one date to another."""
    return (pd.Timestamp(end) - pd.Timestamp(start)).days / DAYS_PER_MONTH


def day_after(start: date, months: float) -> date | None:
    """The date so many months after `start`; None where the months are infinite (never)."""
    return (
        start + timedelta(days=round(float(months) * DAYS_PER_MONTH))
        if np.isfinite(months)
        else None
    )


@cache
def read(name: str) -> pd.DataFrame:
    """A wide fact table with its dates parsed."""
    return dated(table(name))


def dated(frame: pd.DataFrame) -> pd.DataFrame:
    """A table with its columns of days as dates."""
    days = [
        column for column in ("earliest", "latest", "known", "resolved", "until") if column in frame
    ]
    return frame.assign(**{column: pd.to_datetime(frame[column]).dt.date for column in days})


@cache
def _launches() -> dict[str, list]:
    """Rows of launches.csv by product."""
    return {
        name: list(own.itertuples())
        for name, own in read("launches").groupby("product", sort=False)
    }


def milestones(product: str, as_of: date) -> dict:
    """What was known of a product by a day, by milestone; LookupError where it was not announced by
    then.
    """
    seen = {row.milestone: row for row in _launches().get(product, ()) if row.known <= as_of}
    if not {"announced", "promised"} <= set(seen):
        hint = nearest(product, set(_launches()))
        raise LookupError(f"launches.csv: {product!r} was not announced by {as_of}; {hint}")
    return seen


@cache
def reference_class(
    as_of: date, without: str | None = None, since: date = CLASS_SINCE
) -> pd.DataFrame:
    """Past launches as known on a day: fate, slip against the window's end, gap to volume. Shared:
    do not change.
    """
    rows = read("launches")
    known = rows[
        (rows.vendor != "unnamed") & (rows.milestone == "announced") & (rows.known <= as_of)
    ]
    named = known[(known.latest >= since) & (known["product"] != without)]["product"]
    return pd.DataFrame(
        [_fate(milestones(name, as_of), as_of) for name in named], index=list(named)
    )


def _fate(seen: dict, as_of: date) -> dict:
    start, window, ship = seen["announced"].latest, seen["promised"], seen.get("shipped")
    fate = next((name for name in ("shipped", "cancelled", "postponed") if name in seen), "open")
    ends = (
        (ship.earliest, ship.latest)
        if ship
        else (seen["postponed"].earliest,) * 2
        if fate == "postponed"
        else None
    )
    low, high = (months_between(window.latest, day) for day in ends) if ends else (np.nan, np.nan)
    volume, over = seen.get("volume"), ship or seen.get("cancelled")
    middle = lambda row: (
        months_between(start, row.earliest) / 2 + months_between(start, row.latest) / 2
    )
    return {
        "form": window.form,
        "fate": fate,
        "window_months": months_between(window.earliest, window.latest),
        "promise_months": months_between(start, window.latest),
        "lead_months": middle(ship) if ship else np.nan,
        "exposed_months": middle(over) if over else months_between(start, as_of),
        "slip_low_months": low,
        "slip_months": (low + high) / 2,
        "slip_high_months": np.inf if fate == "postponed" else high,
        "gap_months": middle(volume) - middle(ship) if volume and ship else np.nan,
    }


def fit_late(low_months, high_months) -> tuple[float, float]:
    """Median and log spread of a lognormal from exact, interval and right-censored slips, by
    maximum likelihood.
    """
    return _fitted(tuple(map(float, low_months)), tuple(map(float, high_months)))


@cache
def _fitted(low_months: tuple, high_months: tuple) -> tuple[float, float]:
    low, high = np.maximum(low_months, 0.03), np.asarray(high_months)  # a slip of a day at least
    exact = low >= high

    def loss(at):
        z_low, z_high = (
            (np.log(side) - at[0]) / np.exp(at[1]) for side in (low, np.maximum(high, low))
        )
        inside = np.log(np.maximum(ndtr(z_high) - ndtr(z_low), 1e-12))
        return -np.where(exact, -(z_low**2) / 2 - LOG_ROOT_TAU - at[1] - np.log(low), inside).sum()

    found = minimize(loss, [0.5, 0.0], method="Nelder-Mead").x
    return float(np.exp(found[0])), float(np.exp(found[1]))


def rates(known: pd.DataFrame) -> dict:
    """What the class says: chances of cancellation and lateness, and the positive slip; open
    launches are left out.

    The rate of cancellation a month counts the months that every launch, open ones too, was at
    risk.
    """
    settled = known[known.fate != "open"]
    dated = settled[settled.fate != "cancelled"]
    late = dated[dated.slip_months > 0]
    counts = {
        "cancelled": (int((settled.fate == "cancelled").sum()), len(settled)),
        "late": (len(late), len(dated)),
    }
    median, spread = fit_late(
        late.slip_months, late.slip_months.where(late.fate == "shipped", np.inf)
    )
    jeffreys = {
        name: (events + 0.5, trials - events + 0.5) for name, (events, trials) in counts.items()
    }
    intervals = {
        f"{name}_interval": betaincinv(*ends, LATE_LEVELS) for name, ends in jeffreys.items()
    }
    shares = {f"{name}_share": rollout.jeffreys_share(*pair) for name, pair in counts.items()}
    per_month = rollout.hazard_share_per_month(counts["cancelled"][0], known.exposed_months.sum())
    gaps = np.sort(known.gap_months.dropna())
    p90 = rollout.late_slip_months(median, spread, ndtri(0.9))
    return {
        **shares,
        **intervals,
        "counts": counts,
        "median_months": median,
        "spread_ratio": spread,
        "p90_months": p90,
        "gaps": gaps,
        "cancelled_share_per_month": per_month,
    }


def slips(said: dict, window_months: float | np.ndarray, uniform: dict) -> np.ndarray:
    """Slips that the class implies for a window of this width, one a draw; uniform variates by
    name.
    """
    late = rollout.late_slip_months(
        said["median_months"], said["spread_ratio"], ndtri(uniform["slip"])
    )
    early = rollout.early_slip_months(window_months, uniform["slip"])
    return np.where(uniform["late"] < said["late_share"], late, early)


def uniforms(names, draws: int, seed: int) -> dict:
    """Uniform variates, not to be changed; a stream a name, so that a new one moves no other."""
    return {name: _uniform(name, draws, seed) for name in names}


@cache
def _uniform(name: str, draws: int, seed: int) -> np.ndarray:
    told = np.random.default_rng([seed, *name.encode()]).uniform(size=draws)
    told.flags.writeable = False
    return told


@cache
def others(as_of: date) -> dict[str, dict]:
    """What the class says of each launch whose fate is known, learnt from the others. Shared: do
    not change.
    """
    known = reference_class(as_of)
    return {
        name: rates(known.drop(name))
        for name in known.index[known.fate.isin(["shipped", "cancelled"])]
    }


@cache
def leave_one_out(as_of: date, draws: int = 2000) -> pd.DataFrame:
    """Each dated launch forecast from the others: 80% interval, CRPS, and that of taking its window
    at its word.
    """
    known = reference_class(as_of)
    rows = []
    for name, own in known[known.fate == "shipped"].iterrows():
        said = others(as_of)[name]
        u = uniforms(("late", "slip"), draws, SEED)
        drawn = slips(said, own.window_months, u)
        word = rollout.early_slip_months(own.window_months, u["slip"])
        crps, word_crps = (
            float(scoring.ensemble_crps_months(sample, own.slip_months)) for sample in (drawn, word)
        )
        rows.append(
            {
                "product": name,
                **quantiles(drawn),
                "slip": own.slip_months,
                "crps": crps,
                "word_crps": word_crps,
                "late_share": said["late_share"],
            }
        )
    return pd.DataFrame(rows).assign(inside=lambda t: t.slip.between(t.low - 0.02, t.high + 0.02))
