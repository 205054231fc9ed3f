"""The graph of milestones from announcement to volume, drawn many times.

A launch ships when its promised window has ended, with the slip that past launches suggest, and its
cooling is proven, whichever is later. General availability follows after a gap and not before the
window promised for it; volume follows that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from analysis.laws import rollout
from analysis.questions.launches import Milestone, months_between
from analysis.questions.slips import ReferenceRates, slip_draws, uniforms

# Log standard deviation about the class's few gaps, so that a draw is not one of thirteen dates.
GAP_LOG_SD = 0.25
# A vendor who keeps his word may open this long before the promised window (judged).
HEAD_START_MONTHS = 0.5
STREAMS = ("cancel", "late", "slip", "loop", "gap", "gap noise", "fiscal", "day")


@dataclass(frozen=True)
class Interval:
    """The days to which a source dates a milestone, in months since the announcement."""

    earliest: float
    latest: float

    def draws(self, uniform: np.ndarray) -> np.ndarray:
        """A day somewhere in the interval for each uniform variate."""
        return self.earliest + uniform * (self.latest - self.earliest)


def milestone_draws(
    known: Mapping[str, Milestone],
    rates: ReferenceRates,
    beliefs: Mapping[str, Any],
    draws: int,
    seed: int,
    survived_months: float | None = None,
) -> pd.DataFrame:
    """Draws of every milestone in months since the announcement, and what held the date.

    `known` are the milestones known, `rates` those of the class, `beliefs` floats and arrays by
    name. Columns are `limited_months`, `general_months`, `volume_months`, and the flags `loops`,
    `cooling leads` and `window opens last`. A launch that is known lies somewhere in its reported
    interval; one that is known or drawn to be cancelled never comes (infinite). The hazard of
    cancellation runs from the months survived until it ships; without them the class's share of
    cancelled launches holds.
    """
    start = known["announced"].latest
    reported = {
        name: Interval(months_between(start, row.earliest), months_between(start, row.latest))
        for name, row in known.items()
    }
    uniform = uniforms(STREAMS, draws, seed)
    announced = _announced(reported, rates, beliefs, uniform)
    proven, loops = _proven(beliefs, uniform)
    if "shipped" in reported:
        limited = reported["shipped"].draws(uniform["day"])
    else:
        limited = rollout.limited_months(announced, proven)
    gap = _gap(rates, beliefs, uniform)
    if "volume" in reported:
        general = np.maximum(limited, reported["volume"].draws(uniform["day"]))
    else:
        head_start = np.where(uniform["late"] < rates.late.share, 0, HEAD_START_MONTHS)
        window = reported.get("promised general", Interval(0.0, 0.0))
        general = rollout.general_months(limited, gap, window.earliest - head_start)
    volume = general + beliefs["volume_gap_months"] * beliefs["common_ratio"]
    never = _never(reported, rates, limited, survived_months, uniform)
    return pd.DataFrame(
        {
            "limited_months": np.where(never, np.inf, limited),
            "general_months": np.where(never, np.inf, general),
            "volume_months": np.where(never, np.inf, volume),
            "loops": loops > 0,
            "cooling leads": proven > announced,
            "window opens last": general > limited + gap,
        }
    )


def _never(
    reported: Mapping[str, Interval],
    rates: ReferenceRates,
    limited: np.ndarray,
    survived_months: float | None,
    uniform: Mapping[str, np.ndarray],
) -> np.ndarray:
    """Draws in which it is cancelled before it ships."""
    if "cancelled" in reported:
        return np.ones(len(limited), dtype=bool)
    if "shipped" in reported:
        return np.zeros(len(limited), dtype=bool)
    if survived_months is None:
        return uniform["cancel"] < rates.cancelled.share
    exposed = np.maximum(limited - survived_months, 0)
    return uniform["cancel"] < rollout.event_probability(rates.cancelled_share_per_month, exposed)


def _announced(
    reported: Mapping[str, Interval],
    rates: ReferenceRates,
    beliefs: Mapping[str, Any],
    uniform: Mapping[str, np.ndarray],
) -> np.ndarray:
    """The end of the promised window, calendar or fiscal, with the slip that the class suggests."""
    calendar = reported["promised"]
    fiscal = reported.get("promised fiscal", calendar)
    is_fiscal = uniform["fiscal"] < beliefs["fiscal_share"]
    opens = np.where(is_fiscal, fiscal.earliest, calendar.earliest)
    ends = np.where(is_fiscal, fiscal.latest, calendar.latest)
    return ends + slip_draws(rates, ends - opens, uniform)


def _proven(
    beliefs: Mapping[str, Any], uniform: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Months until the cooling is proven, and the redesign loops that it took."""
    chance = rollout.event_probability(
        beliefs["redesign_share_per_month"], beliefs["validation_months"]
    )
    loops = beliefs["loops_count"] + (uniform["loop"] < chance)
    months = rollout.cooling_months(
        beliefs["design_fix_months"],
        beliefs["validation_months"],
        beliefs["common_ratio"],
        loops,
        beliefs["loop_months"],
        beliefs["overlap_share"],
    )
    return months, loops


def _gap(
    rates: ReferenceRates, beliefs: Mapping[str, Any], uniform: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Months from first shipment to general availability: one of the class's gaps, blurred."""
    gaps = np.quantile(rates.gaps_months, uniform["gap"], method="inverted_cdf")
    return gaps * np.exp(GAP_LOG_SD * ndtri(uniform["gap noise"])) * beliefs["common_ratio"]
