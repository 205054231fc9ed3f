"""The graph of milestones from announcement to volume, drawn many times."""

import numpy as np
import pandas as pd
from scipy.special import ndtri

from analysis.laws import rollout
from analysis.questions import slips
from analysis.questions.launches import months_between

GAP_SPREAD = (
    0.25  # log spread about the class's few gaps, so that a draw is not one of thirteen dates
)


HEAD_START_MONTHS = (
    0.5  # a vendor who keeps his word may open this long before the promised window (judged)
)


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
    u = slips.uniforms(
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
    return ends + slips.slip_draws(said, ends - opens, u)


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
