"""What waiting costs over buying today, by delay and multiplier, and where it breaks even.

The multiplier is work per dollar, new over old; the premium is that of renting in the meantime.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.laws import decision
from analysis.scenario.scenario import Scenario

MULTIPLIERS = tuple(np.round(np.geomspace(0.8, 4, 17), 2))
LONGEST_MONTHS = 120


def monthly_worth(case: Scenario) -> tuple[np.ndarray, np.ndarray]:
    """Months of the decision's horizon, and what a dollar in each is worth today."""
    months = np.arange(case.decision.horizon_months, dtype=float)
    rate = np.log1p(case.decision.discount_share_per_year) / 12
    return months, decision.discount_ratio(months, rate)


def median_premium_ratio(case: Scenario) -> float:
    """The scenario's median price of renting over that of owning."""
    return case.believe["rent_premium_ratio"].mid


def cost_ratio(
    case: Scenario,
    arrival_months: Any,
    premium_ratio: Any,
    multiplier_ratio: Any,
    gives_up: bool = False,
) -> np.ndarray:
    """Present cost of waiting over that of buying today; floats or arrays, a value a draw.

    Who `gives_up` declines hardware that yields less a dollar than the old, and buys the old when
    patience ends.
    """
    months, worth = monthly_worth(case)
    arrival = np.asarray(arrival_months, float)[..., None]
    premium = np.asarray(premium_ratio, float)[..., None]
    multiplier = np.asarray(multiplier_ratio, float)[..., None]
    if gives_up:
        patience = case.decision.patience_months
        late = arrival > patience
        arrival = np.where(late, patience, arrival)
        multiplier = np.where(late, 1.0, decision.chosen_multiplier_ratio(multiplier, 1.0))
    moved = decision.migrated_share(months, arrival, case.decision.ramp_months)
    cost = decision.waiting_ratio(moved, premium, multiplier)
    return decision.present_usd(cost, worth) / decision.present_usd(np.ones_like(worth), worth)


def grid(
    case: Scenario,
    delays: Sequence[float] = range(0, 37, 2),
    multipliers: Sequence[float] = MULTIPLIERS,
) -> pd.DataFrame:
    """Cost of waiting over buying at the median premium, a row a delay and multiplier."""
    delay, multiplier = np.meshgrid(np.asarray(delays, float), multipliers)
    delay, multiplier = delay.ravel(), multiplier.ravel()
    premium = np.full(len(delay), median_premium_ratio(case))
    cost = cost_ratio(case, delay, premium, multiplier)
    return pd.DataFrame({"delay_months": delay, "multiplier_ratio": multiplier, "cost_ratio": cost})


def break_even(case: Scenario, delays: Sequence[float] = range(37)) -> pd.DataFrame:
    """Multiplier that a delay needs before waiting pays, a row a delay; infinite for none."""
    months, worth = monthly_worth(case)
    delay = np.asarray(delays, float)
    moved = decision.migrated_share(months, delay[:, None], case.decision.ramp_months)
    share = decision.present_usd(moved, worth) / worth.sum()
    multiplier = decision.break_even_ratio(share, median_premium_ratio(case))
    return pd.DataFrame({"delay_months": delay, "multiplier_ratio": multiplier})


def break_even_month(case: Scenario, multiplier_ratio: float) -> float:
    """Longest wait in months that a multiplier is worth, up to ten years; 0 where no wait is."""
    rows = break_even(case, np.arange(0, LONGEST_MONTHS + 0.5, 0.5).tolist())
    paying = rows[rows["multiplier_ratio"] <= multiplier_ratio]
    return float(paying["delay_months"].max()) if len(paying) else 0.0


def grid_marks(case: Scenario, costs: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Cells of a grid to mark: the least multiplier that pays for each delay, and this scenario.

    `costs` as `decision.costs` gives them (their medians are marked), `cells` as `grid` does. Marks
    outside the grid are left out; others move to the nearest cell. The column `mark` names them.
    """
    even = break_even(case, sorted(cells["delay_months"].unique())).assign(
        mark="pays for the delay"
    )
    medians = costs[["arrival_months", "multiplier_ratio"]].median()
    here = {
        "delay_months": medians["arrival_months"],
        "multiplier_ratio": medians["multiplier_ratio"],
        "mark": "this scenario",
    }
    marks = pd.concat([even, pd.DataFrame([here])], ignore_index=True)
    inside = (
        (marks["multiplier_ratio"] <= cells["multiplier_ratio"].max())
        & np.isfinite(marks["delay_months"])
        & (marks["delay_months"] <= cells["delay_months"].max())
    )
    marks = marks[inside]
    nearest = {
        column: _nearest(marks[column], cells[column])
        for column in ("delay_months", "multiplier_ratio")
    }
    return marks.assign(**nearest)


def _nearest(values: pd.Series, choices: pd.Series) -> np.ndarray:
    """For each value the nearest of the choices."""
    unique = choices.unique()
    distances = np.abs(values.to_numpy(float)[:, None] - unique[None, :])
    return unique[distances.argmin(axis=1)]
