"""How fast it spreads: supply under a cap, a buyer's part of it, cohorts of a fleet, what the mix
yields.
"""

import numpy as np
import pandas as pd

from analysis import model
from analysis.laws import cooling, rollout
from analysis.questions import dates, launches, slips
from analysis.questions.supply import KEPT_DRAWS, cumulative_units, fan

# Weibull shape: retirement bunches around the booked life, a judged value between wear (2) and plan
# (8).
WEAR_RATIO = 4.0
BOUGHT_MONTHS = 36  # the fleet in service was bought evenly over three years


def arrivals(
    case, seen: dates.Forecast, believed, draws: int, seed: int = model.SEED
) -> np.ndarray:
    """Months from the scenario's day until the product works for this buyer, a draw each; infinite
    for never.
    """
    u = slips.uniforms(("which future", "real"), draws, seed)
    reach = np.cumsum(seen.dates.weight) / seen.dates.weight.sum()
    general = seen.dates.general_months.to_numpy()[np.searchsorted(reach, u["which future"])]
    general = np.where(u["real"] < seen.real_share, general, np.inf)
    now = launches.months_between(seen.start, case.as_of)
    return np.maximum(general - now, 0) + believed["delivery_months"].to_numpy()[:draws]


def simulate(
    case, draws: pd.DataFrame, seen: dates.Forecast, option: str = "candidate"
) -> dict[str, np.ndarray]:
    """Chips bought, alive and retired by kind, and the blended cost and energy of a token: arrays
    (draw, month).
    """
    count, months = KEPT_DRAWS, case.decision.horizon_months
    believed = model.beliefs(case)[:count]
    old, new = (draws.loc[name][:count] for name in ("baseline", option))
    offered = _offers(case, believed, arrivals(case, seen, believed, count), months)
    offered *= (new.request_usd < old.request_usd).to_numpy()[
        :, None
    ]  # nobody buys what serves a request dearer
    ages = np.arange(BOUGHT_MONTHS + months)
    alive_share = rollout.surviving_share(
        ages, believed.chip_life_months.to_numpy()[:, None], WEAR_RATIO
    )
    was_w, new_w = (option.provisioned_w_per_chip.iloc[0] for option in (old, new))
    bought = _buy(case, alive_share, offered, was_w, new_w, months)
    alive = {
        kind: np.stack([_alive(case, cohorts, alive_share, t, kind) for t in range(months)], 1)
        for kind, cohorts in bought.items()
    }
    return {
        **{f"{kind}_bought_chips": cohorts for kind, cohorts in bought.items()},
        **{f"{kind}_alive_chips": chips for kind, chips in alive.items()},
        **_blend(old, new, alive),
    }


def _offers(case, believed, arrival, months: int) -> np.ndarray:
    since = np.arange(months + 1) - arrival[:, None]
    total = cumulative_units(case.rollout.ramp, believed.cap_ratio.to_numpy(), np.maximum(since, 0))
    return np.diff(total, axis=1) * believed.allocation_share.to_numpy()[:, None]


def _alive(case, cohorts, alive_share, month: int, kind: str):
    """Chips of a kind in service in a month, those bought in it included; `old` starts with the
    fleet in service.
    """
    ages = month - np.arange(month + 1)
    alive = (cohorts[:, : month + 1] * alive_share[:, ages]).sum(1)
    if kind == "old":
        age = np.arange(BOUGHT_MONTHS)
        alive = alive + case.fleet.chips * (alive_share[:, age + month] / alive_share[:, age]).mean(
            1
        )
    return alive


def _buy(
    case, alive_share, offered, old_w: float, new_w: float, months: int
) -> dict[str, np.ndarray]:
    """Month by month: replace what retired and grow; new chips first, as far as supply, power and
    cooling allow.
    """
    bought = {kind: np.zeros((len(offered), months)) for kind in ("old", "new")}
    for month in range(months):
        old, new = (_alive(case, bought[kind], alive_share, month, kind) for kind in ("old", "new"))
        wanted = np.maximum(
            case.fleet.chips + case.fleet.added_chips_per_month * month - old - new, 0
        )
        room_w = np.maximum(case.fleet.power_w - old * old_w - new * new_w, 0)
        liquid_w = np.maximum(np.minimum(room_w, case.fleet.liquid_w - new * new_w), 0)
        bought["new"][:, month] = np.minimum(
            np.minimum(wanted, offered[:, month]), cooling.powered_chips(liquid_w, new_w)
        )
        left_w = np.maximum(room_w - bought["new"][:, month] * new_w, 0)
        bought["old"][:, month] = np.minimum(
            wanted - bought["new"][:, month], cooling.powered_chips(left_w, old_w)
        )
    return bought


def _blend(old, new, alive: dict) -> dict[str, np.ndarray]:
    """Dollars and joules of an output token of the mixed fleet, prompts and idle time included."""
    parts = {}
    for kind, rows in (("old", old), ("new", new)):
        column = lambda name, rows=rows: rows[name].to_numpy()[:, None]
        tokens = alive[kind] * column("paid_tokens_per_s_per_chip")
        joules = column("metered_w_per_chip") / column("paid_tokens_per_s_per_chip")
        parts[kind] = alive[kind] * column("busy_usd_per_s_per_chip"), tokens, joules
    (old_usd, old_tokens, old_j), (new_usd, new_tokens, new_j) = parts["old"], parts["new"]
    return {
        "usd_per_token": rollout.blended_usd_per_token(old_usd, new_usd, old_tokens, new_tokens),
        "j_per_token": rollout.blended_j_per_token(old_tokens, new_tokens, old_j, new_j),
        "tokens_per_s": old_tokens + new_tokens,
    }


def fans(case, done: dict[str, np.ndarray]) -> pd.DataFrame:
    """Percentiles of every quantity of a simulated fleet, by month."""
    return pd.concat(
        [fan(case, values, quantity) for quantity, values in done.items()], ignore_index=True
    )
