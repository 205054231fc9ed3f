"""What waiting costs over buying today, by delay and multiplier, and where it breaks even."""

import numpy as np
import pandas as pd

from analysis.laws import decision


def monthly_worth(case) -> tuple[np.ndarray, np.ndarray]:
    """Months of the decision's horizon, and what a dollar in each is worth today."""
    months = np.arange(case.decision.horizon_months, dtype=float)
    rate = np.log1p(case.decision.discount_share_per_year) / 12
    return months, decision.discount_ratio(months, rate)


def cost_ratio(
    case, arrival_months, premium_ratio, multiplier_ratio, gives_up: bool = False
) -> np.ndarray:
    """Present cost of waiting over that of buying today; columns of draws in, a row a draw out.

    Who `gives_up` declines hardware that yields less a dollar than the old, and buys the old when
    patience ends.
    """
    months, worth = monthly_worth(case)
    asked = (arrival_months, premium_ratio, multiplier_ratio)
    arrival, premium, multiplier = (np.asarray(x, float)[..., None] for x in asked)
    if gives_up:
        late = arrival > case.decision.patience_months
        arrival = np.where(late, case.decision.patience_months, arrival)
        multiplier = np.where(late, 1.0, decision.chosen_multiplier_ratio(multiplier, 1.0))
    moved = decision.migrated_share(months, arrival, case.decision.ramp_months)
    cost = decision.waiting_ratio(moved, premium, multiplier)
    return decision.present_usd(cost, worth) / decision.present_usd(np.ones_like(worth), worth)


def grid(case, delays=range(0, 37, 2), multipliers=None) -> pd.DataFrame:
    """Cost of waiting over buying for each delay and multiplier, at the median premium."""
    multipliers = np.round(np.geomspace(0.8, 4, 17), 2) if multipliers is None else multipliers
    delay, gain = (axis.ravel() for axis in np.meshgrid(np.asarray(delays, float), multipliers))
    cost = cost_ratio(
        case, delay, np.full(len(delay), case.believe["rent_premium_ratio"].mid), gain
    )
    return pd.DataFrame({"delay_months": delay, "multiplier_ratio": gain, "cost_ratio": cost})


def break_even(case, delays=range(0, 37)) -> pd.DataFrame:
    """Multiplier that a delay needs before waiting pays, a row a delay; infinite where none
    does.
    """
    months, worth = monthly_worth(case)
    delays = np.asarray(delays, float)
    moved = decision.migrated_share(months, delays[:, None], case.decision.ramp_months)
    share = decision.present_usd(moved, worth) / worth.sum()
    needed = decision.break_even_ratio(share, case.believe["rent_premium_ratio"].mid)
    return pd.DataFrame({"delay_months": delays, "multiplier_ratio": needed})


def grid_marks(case, table: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Cells of a grid to mark: the least multiplier that pays for each delay, and the medians of
    this scenario.
    """
    even = break_even(case, sorted(cells.delay_months.unique())).assign(mark="pays for the delay")
    here = (
        table[["arrival_months", "multiplier_ratio"]]
        .median()
        .rename({"arrival_months": "delay_months"})
    )
    marks = pd.concat([even, here.to_frame().T.assign(mark="this scenario")], ignore_index=True)
    inside = marks.multiplier_ratio <= cells.multiplier_ratio.max()
    inside &= np.isfinite(marks.delay_months.astype(float)) & (
        marks.delay_months <= cells.delay_months.max()
    )
    near = lambda column: [
        min(cells[column].unique(), key=lambda cell: abs(cell - x)) for x in marks[inside][column]
    ]
    return marks[inside].assign(
        **{column: near(column) for column in ("delay_months", "multiplier_ratio")}
    )


def break_even_month(case, gain: float) -> float:
    """Longest wait in months that a multiplier is worth; 0 where no wait is, infinite beyond 10
    years.
    """
    paying = break_even(case, np.arange(0, 120.5, 0.5))[lambda rows: rows.multiplier_ratio <= gain]
    return float(paying.delay_months.max()) if len(paying) else 0.0
