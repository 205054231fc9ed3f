"""How many chips are made: published shipments, the curve fitted to them, and its fan."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from analysis import model
from analysis.laws import rollout
from analysis.questions.launches import dated_table, day_after, months_between
from analysis.scenario.scenario import Scenario

KEPT_DRAWS = 1024  # enough for fans; every month of every cohort is held for each
Z95 = 1.645  # standard-normal score of the 95th percentile; estimates range from P5 to P95
QUARTER_MONTHS = 3
FAN = {"low": 0.1, "lower": 0.25, "mid": 0.5, "upper": 0.75, "high": 0.9}


def kept_draws(draws: pd.DataFrame) -> int:
    """How many draws a simulation month by month keeps of what `evaluate` gives: all of a few."""
    return min(KEPT_DRAWS, len(draws.loc["baseline"]))


def shipped(product: str) -> pd.DataFrame:
    """Cumulative shipments of a product, a row a quarter.

    Columns are months since the first quarter began, units, and the log standard deviation of the
    quarter's estimate.
    """
    rows = _volumes(product)
    log_sd = np.log(rows["high_units"] / rows["low_units"]) / (2 * Z95)
    first = rows["until"].iloc[0]
    months = [months_between(first, day) + QUARTER_MONTHS for day in rows["until"]]
    units = rows["mid_units"].cumsum()
    return pd.DataFrame({"months": months, "units": units, "log_sd": log_sd.fillna(0)})


def _volumes(product: str) -> pd.DataFrame:
    rows = dated_table("volumes")
    return rows[rows["product"] == product]


def fit_ramp(
    months: np.ndarray, units: np.ndarray, cap_units: Any, error_units: Any = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Growth a month and midpoint month of a logistic with a given cap, by least squares.

    The last axis of all arrays is time; the results keep it, with length 1. The fit is linear in
    the logit; residuals are weighed by the curve's slope, which makes them residuals in units.
    """
    logits = np.log(units / (cap_units - units))
    weight = (units * (1 - units / cap_units) / error_units) ** 2
    mean_month, mean_logit = _weighted_mean(months, weight), _weighted_mean(logits, weight)
    away = months - mean_month
    covariance = (weight * away * (logits - mean_logit)).sum(-1, keepdims=True)
    variance = (weight * away**2).sum(-1, keepdims=True)
    growth = covariance / variance
    return growth, mean_month - mean_logit / growth


def _weighted_mean(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The mean over the last axis, which is kept."""
    return (weight * values).sum(-1, keepdims=True) / weight.sum(-1, keepdims=True)


def cumulative_units(
    product: str, cap_ratio: np.ndarray, months: np.ndarray, seed: int = model.SEED
) -> np.ndarray:
    """Cumulative units by month, shape (draws, months).

    `cap_ratio` units, a value a draw, are still to come for each shipped so far; `months` since the
    first quarter began, shape (months,) or (draws, months).
    """
    rows = shipped(product)
    generator = np.random.default_rng([seed, *product.encode()])
    score = generator.standard_normal((len(cap_ratio), 1))
    units = rows["units"].to_numpy() * np.exp(score * rows["log_sd"].mean())
    cap = units[:, -1:] * (1 + cap_ratio[:, None])
    growth, midpoint = fit_ramp(rows["months"].to_numpy(), units, cap, units)
    return rollout.logistic_chips(cap, growth, midpoint, np.asarray(months, float))


def fan(
    case: Scenario, values: np.ndarray, quantity: str, start: date | None = None
) -> pd.DataFrame:
    """Percentiles of a quantity by month from `start` (the scenario's day if None), a row a month.

    `values` has the shape (draws, months). Columns are day, quantity, and low, lower, mid, upper
    and high (P10, 25, 50, 75, 90).
    """
    percentiles = np.quantile(values, list(FAN.values()), axis=0)
    first = start or case.as_of
    days = [pd.Timestamp(day_after(first, month)) for month in range(values.shape[1])]
    columns = dict(zip(FAN, percentiles, strict=True))
    return pd.DataFrame({"day": days, "quantity": quantity, **columns})


def ramp(case: Scenario, months: int = 36) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The supply of the product whose ramp is followed: a fan, and the published estimates.

    The fan runs from the beginning of the first quarter; the estimates have a row a quarter with
    day, units, low_units and high_units (P5 to P95).
    """
    product = case.rollout.ramp
    until = _volumes(product)["until"]
    begin = pd.Timestamp(until.iloc[0]) - pd.DateOffset(months=QUARTER_MONTHS)
    cap_ratio = model.beliefs(case)["cap_ratio"].to_numpy()[:KEPT_DRAWS]
    units = cumulative_units(product, cap_ratio, np.arange(months))
    estimates = shipped(product)
    factor = np.exp(Z95 * estimates["log_sd"])
    estimates = estimates.assign(
        day=pd.to_datetime(until.to_numpy()),
        low_units=estimates["units"] / factor,
        high_units=estimates["units"] * factor,
    )
    return fan(case, units, "units", begin.date()), estimates
