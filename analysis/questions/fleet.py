"""How fast a product spreads through a fleet: arrival, purchases, cohorts, what the mix yields."""

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from analysis import model
from analysis.laws import cooling, rollout
from analysis.questions import launches
from analysis.questions.dates import Forecast
from analysis.questions.slips import uniforms
from analysis.questions.supply import cumulative_units, fan, kept_draws
from analysis.scenario.scenario import Scenario

# Weibull shape: retirement bunches around the booked life, a judged value between wear (2) and plan
# (8).
WEAR_RATIO = 4.0
BOUGHT_MONTHS = 36  # the fleet in service was bought evenly over three years


@dataclass(frozen=True, eq=False)
class Fleet:
    """A simulated fleet, arrays of the shape (draws, months).

    Chips bought in a month and in service in it, of the old kind and of the new; dollars and joules
    of an output token of the mixed fleet, and its output tokens a second.
    """

    old_bought_chips: np.ndarray
    new_bought_chips: np.ndarray
    old_alive_chips: np.ndarray
    new_alive_chips: np.ndarray
    usd_per_token: np.ndarray
    j_per_token: np.ndarray
    tokens_per_s: np.ndarray


@dataclass(frozen=True)
class Service:
    """Chips in service over time: what of a cohort is left at each age, and the fleet at the start.

    `alive_share` has the shape (draws, ages); `chips` are in service on the scenario's day, bought
    evenly over the months before it.
    """

    alive_share: np.ndarray
    chips: int

    def cohorts(self, bought: np.ndarray, month: int) -> np.ndarray:
        """Chips in service in a month of those bought since the start, that month's included."""
        ages = month - np.arange(month + 1)
        return (bought[:, : month + 1] * self.alive_share[:, ages]).sum(1)

    def fleet_at_start(self, month: int) -> np.ndarray:
        """Chips in service in a month of those that were there at the start."""
        age = np.arange(BOUGHT_MONTHS)
        kept_share = self.alive_share[:, age + month] / self.alive_share[:, age]
        return self.chips * kept_share.mean(1)


def arrivals(
    case: Scenario,
    forecast: Forecast,
    beliefs: pd.DataFrame,
    draws: int,
    seed: int = model.SEED,
) -> np.ndarray:
    """Months from the scenario's day until the product works for this buyer, shape (draws,).

    Infinite where it never comes. `beliefs` has a row a draw, at least as many.
    """
    uniform = uniforms(("which future", "real"), draws, seed)
    weight = forecast.dates["weight"]
    reached_share = np.cumsum(weight) / weight.sum()
    future = np.searchsorted(reached_share, uniform["which future"])
    general = forecast.dates["general_months"].to_numpy()[future]
    general = np.where(uniform["real"] < forecast.real_share, general, np.inf)
    now = launches.months_between(forecast.start, case.as_of)
    return np.maximum(general - now, 0) + beliefs["delivery_months"].to_numpy()[:draws]


def simulate(
    case: Scenario, draws: pd.DataFrame, forecast: Forecast, option: str = "candidate"
) -> Fleet:
    """A fleet that replaces what retires and grows, month by month over the decision's horizon.

    `draws` as `evaluate` gives them. New chips are bought as far as supply, power and cooling
    allow, and never where they serve a request dearer.
    """
    months, kept = case.decision.horizon_months, kept_draws(draws)
    beliefs = model.beliefs(case, kept)
    old, new = (draws.loc[name][:kept] for name in ("baseline", option))
    ages = np.arange(BOUGHT_MONTHS + months)
    life = beliefs["chip_life_months"].to_numpy()[:, None]
    service = Service(rollout.surviving_share(ages, life, WEAR_RATIO), case.fleet.chips)
    offered = _offered(case, beliefs, arrivals(case, forecast, beliefs, kept), months)
    cheaper = (new["request_usd"] < old["request_usd"]).to_numpy()[:, None]
    old_w, new_w = (float(rows["provisioned_w_per_chip"].iloc[0]) for rows in (old, new))
    old_bought, new_bought = _purchases(case, service, offered * cheaper, old_w, new_w)
    old_alive = np.stack(
        [
            service.cohorts(old_bought, month) + service.fleet_at_start(month)
            for month in range(months)
        ],
        axis=1,
    )
    new_alive = np.stack([service.cohorts(new_bought, month) for month in range(months)], axis=1)
    return Fleet(
        old_bought_chips=old_bought,
        new_bought_chips=new_bought,
        old_alive_chips=old_alive,
        new_alive_chips=new_alive,
        **_blend(old, new, old_alive, new_alive),
    )


def _offered(
    case: Scenario, beliefs: pd.DataFrame, arrival_months: np.ndarray, months: int
) -> np.ndarray:
    """Chips that this buyer may have in each month: his part of what is made of the product."""
    since = np.arange(months + 1) - arrival_months[:, None]
    cap_ratio = beliefs["cap_ratio"].to_numpy()
    made = cumulative_units(case.rollout.ramp, cap_ratio, np.maximum(since, 0))
    return np.diff(made, axis=1) * beliefs["allocation_share"].to_numpy()[:, None]


def _purchases(
    case: Scenario, service: Service, offered: np.ndarray, old_w: float, new_w: float
) -> tuple[np.ndarray, np.ndarray]:
    """Chips bought by month, old and new: what retired is replaced and the fleet grows.

    New chips come first, as far as supply, power and cooling allow.
    """
    limits = case.fleet
    old_bought, new_bought = np.zeros(offered.shape), np.zeros(offered.shape)
    for month in range(offered.shape[1]):
        old = service.cohorts(old_bought, month) + service.fleet_at_start(month)
        new = service.cohorts(new_bought, month)
        wanted = np.maximum(limits.chips + limits.added_chips_per_month * month - old - new, 0)
        room_w = np.maximum(limits.power_w - old * old_w - new * new_w, 0)
        liquid_w = np.maximum(np.minimum(room_w, limits.liquid_w - new * new_w), 0)
        available = np.minimum(wanted, offered[:, month])
        buys = np.minimum(available, cooling.powered_chips(liquid_w, new_w))
        new_bought[:, month] = buys
        left_w = np.maximum(room_w - buys * new_w, 0)
        old_bought[:, month] = np.minimum(wanted - buys, cooling.powered_chips(left_w, old_w))
    return old_bought, new_bought


def _blend(
    old: pd.DataFrame, new: pd.DataFrame, old_alive: np.ndarray, new_alive: np.ndarray
) -> dict[str, np.ndarray]:
    """Dollars and joules of an output token of the mixed fleet, prompts and idle time included."""
    old_tokens = old_alive * _column(old, "paid_tokens_per_s_per_chip")
    new_tokens = new_alive * _column(new, "paid_tokens_per_s_per_chip")
    return {
        "usd_per_token": rollout.blended_usd_per_token(
            old_alive * _column(old, "busy_usd_per_s_per_chip"),
            new_alive * _column(new, "busy_usd_per_s_per_chip"),
            old_tokens,
            new_tokens,
        ),
        "j_per_token": rollout.blended_j_per_token(
            old_tokens, new_tokens, _metered_j_per_token(old), _metered_j_per_token(new)
        ),
        "tokens_per_s": old_tokens + new_tokens,
    }


def _column(rows: pd.DataFrame, name: str) -> np.ndarray:
    """A column of draws with an axis for months."""
    return rows[name].to_numpy()[:, None]


def _metered_j_per_token(rows: pd.DataFrame) -> np.ndarray:
    return _column(rows, "metered_w_per_chip") / _column(rows, "paid_tokens_per_s_per_chip")


def fans(case: Scenario, fleet: Fleet) -> pd.DataFrame:
    """Percentiles of every quantity of a simulated fleet by month, rows as `supply.fan` gives."""
    tables = [fan(case, getattr(fleet, field.name), field.name) for field in fields(Fleet)]
    return pd.concat(tables, ignore_index=True)
