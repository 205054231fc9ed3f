"""How late past launches came: rates of lateness and cancellation, slips, and how they forecast."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
import pandas as pd
from scipy.special import betaincinv, ndtr, ndtri

from analysis.laws import rollout, scoring
from analysis.model import SEED
from analysis.questions.launches import reference_class
from analysis.scenario.schema import quantiles

INTERVAL_LEVELS = (0.05, 0.5, 0.95)
LEAST_SLIP_MONTHS = 0.03  # a day
HALF_LOG_TAU = np.log(2 * np.pi) / 2  # of a standard normal's log density
# A slip counts as inside its interval within half a day of it.
ROUNDING_MONTHS = 0.02


@dataclass(frozen=True)
class EventRate:
    """How often something happened, with the Jeffreys estimate of its chance.

    `interval` holds the chance at 5, 50 and 95 per cent.
    """

    events: int
    trials: int
    share: float
    interval: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class ReferenceRates:
    """What the class of past launches says of another: chances, slips and gaps, in months.

    The positive slip is lognormal: `median_months`, `log_sd`, `p90_months`. `gaps_months` are the
    sorted gaps from first shipment to volume. The hazard of cancellation is a month's.
    """

    cancelled: EventRate
    late: EventRate
    median_months: float
    log_sd: float
    p90_months: float
    gaps_months: np.ndarray
    cancelled_share_per_month: float


def event_rate(events: int, trials: int) -> EventRate:
    """The Jeffreys estimate of a chance from a count."""
    low, middle, high = betaincinv(events + 0.5, trials - events + 0.5, INTERVAL_LEVELS).tolist()
    share = float(rollout.jeffreys_share(events, trials))
    return EventRate(events, trials, share, (low, middle, high))


def reference_rates(launches: pd.DataFrame) -> ReferenceRates:
    """What a class of launches says; `launches` as `reference_class` gives them.

    Open launches are left out, except that the hazard of cancellation counts the months that every
    launch was at risk.
    """
    settled = launches[launches["fate"] != "open"]
    cancelled = settled["fate"] == "cancelled"
    dated = settled[~cancelled]
    late = dated[dated["slip_months"] > 0]
    slip_high = late["slip_months"].where(late["fate"] == "shipped", np.inf)
    median_months, log_sd = fit_late(late["slip_months"], slip_high)
    events = int(cancelled.sum())
    hazard = rollout.hazard_share_per_month(events, launches["exposed_months"].sum())
    return ReferenceRates(
        cancelled=event_rate(events, len(settled)),
        late=event_rate(len(late), len(dated)),
        median_months=median_months,
        log_sd=log_sd,
        p90_months=float(rollout.late_slip_months(median_months, log_sd, ndtri(0.9))),
        gaps_months=np.sort(launches["gap_months"].dropna()),
        cancelled_share_per_month=float(hazard),
    )


def fit_late(low_months: Iterable[float], high_months: Iterable[float]) -> tuple[float, float]:
    """Median and log standard deviation of a lognormal fitted to slips by maximum likelihood.

    A slip whose ends agree is exact, one whose ends differ lies between them, and one without an
    upper end (infinite) is known only to be longer.
    """
    return _fit_late(tuple(map(float, low_months)), tuple(map(float, high_months)))


@cache
def _fit_late(low_months: tuple, high_months: tuple) -> tuple[float, float]:
    from scipy.optimize import minimize  # takes long to import

    low, high = np.maximum(low_months, LEAST_SLIP_MONTHS), np.asarray(high_months)
    exact = low >= high
    high = np.maximum(high, low)

    def negative_log_likelihood(parameters: np.ndarray) -> float:
        log_median, log_log_sd = parameters
        z_low = (np.log(low) - log_median) / np.exp(log_log_sd)
        z_high = (np.log(high) - log_median) / np.exp(log_log_sd)
        density = -(z_low**2) / 2 - HALF_LOG_TAU - log_log_sd - np.log(low)
        between = np.log(np.maximum(ndtr(z_high) - ndtr(z_low), 1e-12))
        return -np.where(exact, density, between).sum()

    log_median, log_log_sd = minimize(negative_log_likelihood, [0.5, 0.0], method="Nelder-Mead").x
    return float(np.exp(log_median)), float(np.exp(log_log_sd))


def slip_draws(
    rates: ReferenceRates, window_months: float | np.ndarray, uniform: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Slips against the end of a window of this width, one a draw, shape (draws,).

    `uniform` holds the variates `late` (is it late?) and `slip` (by how much?).
    """
    late = rollout.late_slip_months(rates.median_months, rates.log_sd, ndtri(uniform["slip"]))
    early = rollout.early_slip_months(window_months, uniform["slip"])
    return np.where(uniform["late"] < rates.late.share, late, early)


def uniforms(names: Iterable[str], draws: int, seed: int) -> dict[str, np.ndarray]:
    """Uniform variates by name, read-only; a stream a name, so that a new one moves no other."""
    return {name: _uniform(name, draws, seed) for name in names}


@cache
def _uniform(name: str, draws: int, seed: int) -> np.ndarray:
    variates = np.random.default_rng([seed, *name.encode()]).uniform(size=draws)
    variates.flags.writeable = False
    return variates


@cache
def leave_one_out_rates(as_of: date) -> dict[str, ReferenceRates]:
    """For each launch that shipped or was cancelled, the rates of the class without it.

    Shared: not to be changed.
    """
    launches = reference_class(as_of)
    ended = launches.index[launches["fate"].isin(["shipped", "cancelled"])]
    return {name: reference_rates(launches.drop(name)) for name in ended}


@cache
def leave_one_out(as_of: date, draws: int = 2000) -> pd.DataFrame:
    """Each dated launch forecast from the others, a row a launch, in months.

    Columns low, mid and high are the 80% interval, `slip` what happened, `inside` whether it holds;
    `crps` scores the forecast and `word_crps` the vendor's window taken at its word.
    """
    launches = reference_class(as_of)
    rates, uniform = leave_one_out_rates(as_of), uniforms(("late", "slip"), draws, SEED)
    rows = []
    for name, launch in launches[launches["fate"] == "shipped"].iterrows():
        forecast = slip_draws(rates[name], launch["window_months"], uniform)
        word = rollout.early_slip_months(launch["window_months"], uniform["slip"])
        slip, ends = launch["slip_months"], quantiles(forecast)
        low, high = ends["low"] - ROUNDING_MONTHS, ends["high"] + ROUNDING_MONTHS
        rows.append(
            {
                "product": name,
                **ends,
                "slip": slip,
                "crps": float(scoring.ensemble_crps_months(forecast, slip)),
                "word_crps": float(scoring.ensemble_crps_months(word, slip)),
                "late_share": rates[name].late.share,
                "inside": low <= slip <= high,
            }
        )
    return pd.DataFrame(rows)
