"""What a buyer can do, and what it costs month by month: keep, move, bridge, split.

An act is paid in dollars for one and the same work. Each friction is counted here, once: traffic
that cannot move, migration, dual running, the first year's load, the wait for delivery, and prices
that move. Arrays have a row a draw; months are those of the scenario's horizon.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Tenure = Literal["own", "rent_3yr", "rent_1yr", "rent_on_demand", "rent_spot", "api", "as held"]
Kind = Literal["keep", "serve better", "move", "meanwhile", "wait", "bridge", "split"]
# Ways that can be left again within months: the only ones on which somebody waits for another.
SHORT: tuple[str, ...] = ("rent_1yr", "rent_on_demand", "api")

# For how long a contract fixes its price; paid by use means that idle hours cost nothing.
FIXED_MONTHS: dict[str, float] = {
    "own": np.inf,
    "as held": np.inf,
    "rent_3yr": 36,
    "rent_1yr": 12,
    "rent_on_demand": 0,
    "rent_spot": 0,
    "api": 0,
}
PAID_BY_USE = ("rent_on_demand", "rent_spot", "api")
# Ways that are there at once and can be left again: on them the work waits for a delivery.
AT_ONCE = ("rent_on_demand", "api", "as held")


@dataclass(frozen=True, eq=False)
class Way:
    """One option under one tenure: what a request costs on it, and what it takes to get there.

    `usd_per_request` at today's prices; `drift_per_month` is the factor by which a price that is
    not fixed moves each month; `movable_share` of the work can be served this way; `once_usd` is
    paid when the move begins; `start_months` from today until it works for this buyer (infinite:
    never); `first_year_ratio` is the first year's load over a settled one; `chips` serve what can
    move (0 for an API). All of shape (draws,).
    """

    option: str
    tenure: Tenure
    usd_per_request: np.ndarray
    drift_per_month: np.ndarray
    movable_share: np.ndarray
    once_usd: np.ndarray
    start_months: np.ndarray
    first_year_ratio: np.ndarray
    chips: np.ndarray


@dataclass(frozen=True)
class Plan:
    """The work and the money: what all acts of a scenario share.

    `requests_per_month` is the work, `ramp_months` from the first to the last request moved,
    `dual_months` in which old and new are both paid for, `committed_months` for which a contract
    makes today's chips be paid for, used or not, `discount` a weight a month, and
    `patience_months` after which somebody who waits gives up.
    """

    requests_per_month: np.ndarray
    ramp_months: float
    dual_months: float
    committed_months: float
    patience_months: float
    hedge_share: float
    discount: np.ndarray

    @property
    def months(self) -> np.ndarray:
        """The months of the horizon, counted from today."""
        return np.arange(len(self.discount), dtype=float)


@dataclass(frozen=True)
class Act:
    """A thing to do: its kind, where the work goes, and for some kinds what comes later.

    A bridge ends on a product that is awaited; `meanwhile` ends on one that is ordered today, and
    serves on something else until it is delivered.
    """

    kind: Kind
    option: str
    tenure: Tenure
    later_option: str = ""
    later_tenure: Tenure | Literal[""] = ""


def price_by_month(way: Way, months: np.ndarray, signed_months: np.ndarray | float = 0.0):
    """Dollars a request by month, shape (draws, months), for a contract signed in a given month.

    A fixed price holds for its term and is renewed at what the market asks by then; a price that
    nothing fixes moves with the market.
    """
    usd, drift = way.usd_per_request[:, None], way.drift_per_month[:, None]
    term = FIXED_MONTHS[way.tenure]
    if term == 0:
        return usd * drift**months
    if np.isinf(term):
        # Owned chips and contracts in hand cost what they cost; ownership begins at today's price.
        return np.repeat(usd, len(months), axis=1)
    signed = np.broadcast_to(np.asarray(signed_months, float), way.usd_per_request.shape)[:, None]
    renewals = np.floor(np.maximum(months - signed, 0) / term)
    finite_signed = np.where(np.isfinite(signed), signed, 0)
    # Powers are slow, and a price stands for a whole term: one for each term of the horizon.
    terms = np.arange(renewals.max(initial=0) + 1)
    prices = usd * drift ** (finite_signed + terms * term)
    return np.take_along_axis(prices, renewals.astype(int), axis=1)


def moved_share(way: Way, plan: Plan, start_months: np.ndarray) -> np.ndarray:
    """Share of all work that is served this way, by month, shape (draws, months).

    Nothing moves before the start; then what can move does so in a straight line. A month has the
    share of its middle.
    """
    since = plan.months - _column(start_months)
    return way.movable_share[:, None] * _ramped(since, plan)


def _ramped(since: np.ndarray, plan: Plan) -> np.ndarray:
    """Share of what can move that has moved, so many months after the start."""
    begun = since >= 0
    if not plan.ramp_months:
        return begun * 1.0
    return begun * np.clip((since + 0.5) / plan.ramp_months, 0, 1)


def _column(values: np.ndarray) -> np.ndarray:
    """A value a draw as a column, of one row where all draws agree: it broadcasts to the same."""
    same = len(values) > 0 and (values == values[0]).all()
    return (values[:1] if same else values)[:, None]


def move_cost(base_usd: np.ndarray, way: Way, plan: Plan, start_months: np.ndarray) -> np.ndarray:
    """Monthly dollars of moving to a way at a start, from work that costs `base_usd` a month.

    `base_usd` has shape (draws, months): what all the work costs where it is. What cannot move
    stays there; while both run side by side, the moved part is paid for twice.
    """
    months = plan.months
    since = months - _column(start_months)
    begun = since >= 0
    movable = _column(way.movable_share)
    moved = movable * _ramped(since, plan)
    usd = price_by_month(way, months, start_months)
    if way.tenure not in PAID_BY_USE:
        usd = usd / np.where(begun & (since < 12), way.first_year_ratio[:, None], 1.0)
    usd = usd * moved  # in place from here on: a pass over all draws and months takes its time
    usd *= plan.requests_per_month[:, None]
    usd += (1 - moved) * base_usd
    dual_share = np.clip(plan.dual_months - since, 0, 1) * begun * movable
    if plan.committed_months > 0:
        committed_share = np.clip(plan.committed_months - months, 0, 1) * moved
        dual_share = np.maximum(dual_share, committed_share)
    if dual_share.any():
        usd += dual_share * base_usd
    usd += (begun & (since < 1)) * _column(way.once_usd)
    return usd


def keep_cost(way: Way, plan: Plan) -> np.ndarray:
    """Monthly dollars of leaving the work where it is, shape (draws, months)."""
    return price_by_month(way, plan.months) * plan.requests_per_month[:, None]


def bridge_cost(kept: Way, first: Way | None, later: Way, plan: Plan) -> np.ndarray:
    """Monthly dollars of serving on one way until another one is there, then moving to that.

    Without a `first` way the work stays where it is meanwhile: that is waiting. Somebody who waits
    longer than his patience stays; where the later way proves dearer than what runs by then, he
    declines it.
    """
    base = keep_cost(kept, plan)
    if first is not None:
        base = move_cost(base, first, plan, first.start_months)
    return awaited_cost(base, later, plan)


def awaited_cost(base_usd: np.ndarray, later: Way, plan: Plan) -> np.ndarray:
    """Monthly dollars of moving to a way once it is there, from work that costs `base_usd`."""
    start = np.where(later.start_months <= plan.patience_months, later.start_months, np.inf)
    moved = move_cost(base_usd, later, plan, start)
    declines = present_usd(moved, plan) > present_usd(base_usd, plan)
    return np.where(declines[:, None], base_usd, moved)


def ordered_cost(base_usd: np.ndarray, ordered: Way, plan: Plan) -> np.ndarray:
    """Monthly dollars of work that costs `base_usd` until a way, ordered today, is delivered.

    What is ordered is taken: nobody declines it on its day, as with a product that is awaited.
    """
    return move_cost(base_usd, ordered, plan, ordered.start_months)


def present_usd(monthly_usd: np.ndarray, plan: Plan) -> np.ndarray:
    """Present value of monthly dollars, shape (draws,)."""
    return monthly_usd @ plan.discount


def usd_per_year(monthly_usd: np.ndarray, plan: Plan) -> np.ndarray:
    """The level yearly payment with the same present value, shape (draws,)."""
    return 12 * present_usd(monthly_usd, plan) / plan.discount.sum()
