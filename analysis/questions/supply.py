"""How many chips are made: published shipments, the curve fitted to them, and its fan."""

import numpy as np
import pandas as pd

from analysis import model
from analysis.laws import rollout
from analysis.questions import launches

KEPT_DRAWS = 1024  # enough for fans; every month of every cohort is held for each


def shipped(product: str) -> pd.DataFrame:
    """Cumulative shipments: months since the first quarter began, units, and the log spread of
    their estimate.
    """
    rows = launches.dated_table("volumes")[lambda t: t["product"] == product]
    spread = np.log(rows.high_units / rows.low_units) / (2 * 1.645)  # its range is P5 to P95
    months = [launches.months_between(rows.until.iloc[0], day) + 3 for day in rows.until]
    return pd.DataFrame(
        {"months": months, "units": rows.mid_units.cumsum(), "spread_ratio": spread.fillna(0)}
    )


def fit_ramp(months, units, cap_units, error_units=1.0):
    """Growth a month and midpoint month of a logistic with a given cap, by least squares (last
    axis: time).

    The fit is linear in the logit; residuals are weighed by the curve's slope, which makes them
    residuals in units.
    """
    level = np.log(units / (cap_units - units))
    weight = (units * (1 - units / cap_units) / error_units) ** 2
    mean = lambda x: (weight * x).sum(-1, keepdims=True) / weight.sum(-1, keepdims=True)
    away = months - mean(months)
    growth = (weight * away * (level - mean(level))).sum(-1, keepdims=True) / (
        weight * away**2
    ).sum(-1, keepdims=True)
    return growth, mean(months) - mean(level) / growth


def cumulative_units(product: str, cap_ratio, months, seed: int = model.SEED) -> np.ndarray:
    """Cumulative units by month, a row a draw; `cap_ratio` units are still to come for each shipped
    so far.
    """
    rows = shipped(product)
    score = np.random.default_rng([seed, *product.encode()]).standard_normal((len(cap_ratio), 1))
    noise = np.exp(score * rows.spread_ratio.mean())
    units = rows.units.to_numpy() * noise
    cap = units[:, -1:] * (1 + cap_ratio[:, None])
    growth, midpoint = fit_ramp(rows.months.to_numpy(), units, cap, units)
    return rollout.logistic_chips(cap, growth, midpoint, np.asarray(months, float))


def fan(case, values: np.ndarray, quantity: str, start=None) -> pd.DataFrame:
    """Percentiles of a quantity by month, a row a month: columns low, lower, mid, upper, high (P10,
    25, 50, 75, 90).
    """
    ends = np.quantile(values, [0.1, 0.25, 0.5, 0.75, 0.9], axis=0)
    days = [
        pd.Timestamp(launches.day_after(start or case.as_of, month))
        for month in range(values.shape[1])
    ]
    columns = dict(zip(("low", "lower", "mid", "upper", "high"), ends, strict=True))
    return pd.DataFrame({"day": days, "quantity": quantity, **columns})


def ramp(case, months: int = 36) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The supply curve as a fan from its first quarter on, and the published estimates with their
    ranges.
    """
    rows = launches.dated_table("volumes")[lambda t: t["product"] == case.rollout.ramp]
    shares = shipped(case.rollout.ramp)
    first = pd.Timestamp(rows.until.iloc[0]) - pd.DateOffset(months=3)
    total = cumulative_units(
        case.rollout.ramp, model.beliefs(case).cap_ratio.to_numpy()[:KEPT_DRAWS], np.arange(months)
    )
    spread = np.exp(1.645 * shares.spread_ratio)
    points = shares.assign(
        day=pd.to_datetime(rows.until.to_numpy()),
        low_units=shares.units / spread,
        high_units=shares.units * spread,
    )
    return fan(case, total, "units", first.date()), points
