"""How fast it spreads: supply under a cap, a buyer's part of it, cohorts of a fleet, what the mix
yields.
"""

import numpy as np
import pandas as pd

from analysis import model
from analysis.laws import rollout
from analysis.questions import dates as schedule
from analysis.questions import launches as record

# Weibull shape: retirement bunches around the booked life, a judged value between wear (2) and plan
# (8).
WEAR_RATIO = 4.0
BOUGHT_MONTHS = 36  # the fleet in service was bought evenly over three years
KEPT_DRAWS = 1024  # enough for fans; every month of every cohort is held for each


def shipped(product: str) -> pd.DataFrame:
    """Cumulative shipments: months since the first quarter began, units, and the log spread of
    their estimate.
    """
    rows = record.read("volumes")[lambda t: t["product"] == product]
    spread = np.log(rows.high_units / rows.low_units) / (2 * 1.645)  # its range is P5 to P95
    months = [record.months_between(rows.until.iloc[0], day) + 3 for day in rows.until]
    return pd.DataFrame(
        {"months": months, "units": rows.mid_units.cumsum(), "spread_ratio": spread.fillna(0)}
    )


def fit_ramp(months, units, cap_units, error_units=1.0):
    """Growth a month and midpoint month of a logistic with a given cap, by least squares (last
    axis: time).

    The fit is linear in the logit; residuals are weighed by the curve's slope, which makes them
    residuals in units.
    """
    level = np.log(units / (cap_units - units))
    weight = (units * (1 - units / cap_units) / error_units) ** 2
    mean = lambda x: (weight * x).sum(-1, keepdims=True) / weight.sum(-1, keepdims=True)
    away = months - mean(months)
    growth = (weight * away * (level - mean(level))).sum(-1, keepdims=True) / (
        weight * away**2
    ).sum(-1, keepdims=True)
    return growth, mean(months) - mean(level) / growth


def supply(product: str, cap_ratio, months, seed: int = model.SEED) -> np.ndarray:
    """Cumulative units by month, a row a draw; `cap_ratio` units are still to come for each shipped
    so far.
    """
    rows = shipped(product)
    score = np.random.default_rng([seed, *product.encode()]).standard_normal((len(cap_ratio), 1))
    noise = np.exp(score * rows.spread_ratio.mean())
    units = rows.units.to_numpy() * noise
    cap = units[:, -1:] * (1 + cap_ratio[:, None])
    growth, midpoint = fit_ramp(rows.months.to_numpy(), units, cap, units)
    return rollout.logistic_chips(cap, growth, midpoint, np.asarray(months, float))


def arrivals(
    case, seen: schedule.Forecast, believed, draws: int, seed: int = model.SEED
) -> np.ndarray:
    """Months from the scenario's day until the product works for this buyer, a draw each; infinite
    for never.
    """
    u = record.uniforms(("which future", "real"), draws, seed)
    reach = np.cumsum(seen.dates.weight) / seen.dates.weight.sum()
    general = seen.dates.general_months.to_numpy()[np.searchsorted(reach, u["which future"])]
    general = np.where(u["real"] < seen.real_share, general, np.inf)
    now = record.months_between(seen.start, case.as_of)
    return np.maximum(general - now, 0) + believed["delivery_months"].to_numpy()[:draws]


def simulate(
    case, draws: pd.DataFrame, seen: schedule.Forecast, option: str = "candidate"
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
    total = supply(case.rollout.ramp, believed.cap_ratio.to_numpy(), np.maximum(since, 0))
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
        bought["new"][:, month] = rollout.powered_chips(
            np.minimum(wanted, offered[:, month]), liquid_w, new_w
        )
        left_w = np.maximum(room_w - bought["new"][:, month] * new_w, 0)
        bought["old"][:, month] = rollout.powered_chips(
            wanted - bought["new"][:, month], left_w, old_w
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


def fan(case, values: np.ndarray, quantity: str, start=None) -> pd.DataFrame:
    """Percentiles of a quantity by month, a row a month: columns low, lower, mid, upper, high (P10,
    25, 50, 75, 90).
    """
    ends = np.quantile(values, [0.1, 0.25, 0.5, 0.75, 0.9], axis=0)
    days = [
        pd.Timestamp(record.day_after(start or case.as_of, month))
        for month in range(values.shape[1])
    ]
    columns = dict(zip(("low", "lower", "mid", "upper", "high"), ends, strict=True))
    return pd.DataFrame({"day": days, "quantity": quantity, **columns})


def ramp(case, months: int = 36) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The supply curve as a fan from its first quarter on, and the published estimates with their
    ranges.
    """
    rows = record.read("volumes")[lambda t: t["product"] == case.rollout.ramp]
    shares = shipped(case.rollout.ramp)
    first = pd.Timestamp(rows.until.iloc[0]) - pd.DateOffset(months=3)
    total = supply(
        case.rollout.ramp, model.beliefs(case).cap_ratio.to_numpy()[:KEPT_DRAWS], np.arange(months)
    )
    spread = np.exp(1.645 * shares.spread_ratio)
    points = shares.assign(
        day=pd.to_datetime(rows.until.to_numpy()),
        low_units=shares.units / spread,
        high_units=shares.units * spread,
    )
    return fan(case, total, "units", first.date()), points
