"""How late past launches came: rates of lateness and cancellation, slips, and how they forecast."""

from datetime import date
from functools import cache

import numpy as np
import pandas as pd
from scipy.special import betaincinv, ndtr, ndtri

from analysis.laws import rollout, scoring
from analysis.model import SEED
from analysis.questions.launches import reference_class
from analysis.scenario.schema import quantiles

LOG_ROOT_TAU = np.log(2 * np.pi) / 2  # of a standard normal's density


LATE_LEVELS = (0.05, 0.5, 0.95)


def fit_late(low_months, high_months) -> tuple[float, float]:
    """Median and log spread of a lognormal from exact, interval and right-censored slips, by
    maximum likelihood.
    """
    return _fitted(tuple(map(float, low_months)), tuple(map(float, high_months)))


@cache
def _fitted(low_months: tuple, high_months: tuple) -> tuple[float, float]:
    from scipy.optimize import minimize  # which takes a tenth of a second to import

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


def reference_rates(known: pd.DataFrame) -> dict:
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


def slip_draws(said: dict, window_months: float | np.ndarray, uniform: dict) -> np.ndarray:
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
def leave_one_out_rates(as_of: date) -> dict[str, dict]:
    """What the class says of each launch whose fate is known, learnt from the others. Shared: do
    not change.
    """
    known = reference_class(as_of)
    return {
        name: reference_rates(known.drop(name))
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
        said = leave_one_out_rates(as_of)[name]
        u = uniforms(("late", "slip"), draws, SEED)
        drawn = slip_draws(said, own.window_months, u)
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
