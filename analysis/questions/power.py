"""Questions asked in watts: what a claim implies, what megawatts buy, racks, warm water."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.facts import Accelerator, Site, chip, chosen, find, table
from analysis.laws import cooling
from analysis.model.measured import board_points, wall_points
from analysis.model.prices import api_request_usd
from analysis.questions.claim import gains, tokens_per_watt_ratio
from analysis.scenario.claims import claim
from analysis.scenario.scenario import Scenario
from analysis.scenario.schema import quantiles

SITES_W = (1e6, 1e7, 1e8)
SUPPLY_K = tuple(range(291, 324, 2))
OPTIONS = ("baseline", "candidate")
# Steps whose limits of power are shown beside the scenario's own.
LIMITS = (
    ("h100-sxm", "h200-sxm"),
    ("h100-sxm", "b200"),
    ("b100", "b200"),
    ("b100", "gb300"),
    ("b200", "gb300"),
)
STEP_COLUMNS = [
    "step",
    "boundary",
    "power_ratio",
    "energy_ratio",
    "time_ratio",
    "change",
    "source",
]


@dataclass(frozen=True)
class TokenRatios:
    """Energy and time per token, new over old, and the mean power that both imply together."""

    energy_ratio: float
    time_ratio: float

    @property
    def power_ratio(self) -> float:
        """Power is energy over time."""
        return float(cooling.implied_power_ratio(self.energy_ratio, self.time_ratio))

    def columns(self) -> dict[str, float]:
        """The three ratios by name."""
        return {
            "power_ratio": self.power_ratio,
            "energy_ratio": self.energy_ratio,
            "time_ratio": self.time_ratio,
        }


def claimed_ratios(case: Scenario) -> TokenRatios | None:
    """What the claim says of energy and time per token; None where it does not speak of energy."""
    if case.claim is None:
        return None
    claimed = claim(case.claim)
    measures = [statement.measure for statement in claimed.statements if statement.measure]
    cuts = [each.value for each in measures if each.quantity == "energy per output token"]
    return TokenRatios(1 - cuts[0], 1 / claimed.headline_ratio) if cuts else None


def generation_steps(case: Scenario) -> pd.DataFrame:
    """Power, time and energy per token of later chips over earlier ones, a row a step.

    Limits of boards, then measured boards and walls; `boundary` says which, `change` what else
    differs. Where the scenario's claim speaks of energy, the power that it implies is the first
    row. Columns as in STEP_COLUMNS.
    """
    rows = [*_claimed_step(case), *_limit_steps(case), *_measured_steps()]
    return pd.DataFrame(rows, columns=STEP_COLUMNS)


def _claimed_step(case: Scenario) -> list[dict]:
    ratios = claimed_ratios(case)
    if case.claim is None or ratios is None:
        return []
    source = claim(case.claim).source
    labels = {"step": "the claim, at its word", "boundary": "not stated", "source": source}
    return [{**labels, **ratios.columns()}]


def _limit_steps(case: Scenario) -> list[dict]:
    """Ratios of the boards' limits of power, as data sheets print them."""
    own = (case.baseline.accelerator, case.candidate.accelerator)
    rows = []
    for before, after in dict.fromkeys((*LIMITS, own)):
        old_w, new_w = (find(Accelerator, name).power_w_per_chip for name in (before, after))
        labels = {"boundary": "board limit", "source": "datasheets"}
        rows.append({"step": _step_name(before, after), "power_ratio": new_w / old_w, **labels})
    return rows


def _measured_steps() -> list[dict]:
    """Ratios of measured points: the steps of energy_steps.csv."""
    points = {"board": board_points(), "wall": wall_points()}
    rows = []
    for step in table("energy_steps").itertuples():
        old = _fastest_point(points[step.boundary], step.before, step.model)
        new = _fastest_point(points[step.boundary], step.after, step.model)
        energy, speed = "energy_j_per_output_token", "output_tokens_per_s_per_chip"
        ratios = TokenRatios(new[energy] / old[energy], old[speed] / new[speed])
        labels = {"boundary": step.boundary, "change": step.differs, "source": step.source}
        rows.append({"step": _step_name(step.before, step.after), **labels, **ratios.columns()})
    return rows


def _step_name(before: str, after: str) -> str:
    return f"{chip(before)} to {chip(after)}"


def _fastest_point(points: pd.DataFrame, accelerator: str, model: str) -> pd.Series:
    """The point with most tokens per chip."""
    own = points[(points["accelerator"] == accelerator) & (points["model"] == model)]
    return own.loc[own["output_tokens_per_s_per_chip"].idxmax()]


def tokens_by_limit(draws: pd.DataFrame, option: str = "candidate") -> pd.DataFrame:
    """Tokens of an option over the baseline under each limit, a row a limit.

    The limits are chips, chips with halls and heat counted, dollars, and megawatts. Lower clocks
    are in all but the first; the wait for a hall costs dollars as far as the chips are paid for.
    Columns are limit, low, mid and high; `draws` as `evaluate` gives them.
    """
    old, new = draws.loc["baseline"], draws.loc[option]
    placed = "placed_tokens_per_s_per_chip"
    ratios = {
        "chips": new["output_tokens_per_s_per_chip"] / old["output_tokens_per_s_per_chip"],
        "chips, halls and heat counted": new[placed] / old[placed],
        "dollars": gains(old, new)["dollars"],
        "megawatts": tokens_per_watt_ratio(old, new),
    }
    return pd.DataFrame([{"limit": limit, **quantiles(ratio)} for limit, ratio in ratios.items()])


def sites(case: Scenario, draws: pd.DataFrame, sites_w: Sequence[float] = SITES_W) -> pd.DataFrame:
    """What a utility connection carries under each option, a row a size, option and quantity.

    The quantities are chips, served tokens, what they cost and what one more watt would earn, each
    with low, mid and high. The value of a token is the API's list price of a request (finance.api);
    without one the last is missing.
    """
    token_usd = api_request_usd(case) / case.workload.output_tokens
    rows = []
    for site_w in sites_w:
        for option in OPTIONS:
            quantities = _site(draws.loc[option], site_w, token_usd)
            if np.isnan(token_usd):
                del quantities["watt_usd_per_s_per_w"]
            for name, value in quantities.items():
                labels = {"site_w": site_w, "option": option, "quantity": name}
                rows.append({**labels, **quantiles(value)})
    return pd.DataFrame(rows)


def _site(columns: pd.DataFrame, site_w: float, token_usd: float) -> dict[str, pd.Series]:
    """What a connection of `site_w` carries, a value a draw."""
    feed_w, usd = columns["feed_w_per_chip"], columns["usd_per_s_per_chip"]
    chips = cooling.powered_chips(site_w, feed_w)
    cooled = columns["output_tokens_per_s_per_chip"] * columns["derated_tokens_ratio"]
    served = cooled * columns["load_factor"]
    watt_usd = cooling.power_value_usd_per_s_per_w(token_usd, served, usd, feed_w)
    return {
        "chips": chips,
        "tokens_per_s": chips * served,
        "usd_per_s": chips * usd,
        "watt_usd_per_s_per_w": watt_usd,
    }


def density(case: Scenario, draws: pd.DataFrame) -> pd.DataFrame:
    """Racks of priced chips by power, and the share of halls that could hold each, a row a rack.

    Columns are rack, rack_w, limit_w (the site's), low, mid and high.
    """
    priced = chosen("accelerators").query("field == 'rack_power_w'")
    priced = priced[priced["thing"].isin(table("prices")["thing"])]
    coming = chosen("cooling", "kyber").query("field == 'rack_power_w'")
    racks = pd.concat([priced, coming])[["thing", "base"]].sort_values("base")
    columns, limit_w = draws.loc["baseline"], find(Site, case.site).rack_limit_w
    rows = []
    for name, rack_w in racks.itertuples(index=False):
        air = cooling.air_share(rack_w, limit_w, columns["hall_slope_ratio"])
        share = cooling.placeable_share(columns["liquid_hall_share"], air)
        rows.append({"rack": name, "rack_w": rack_w, "limit_w": limit_w, **quantiles(share)})
    return pd.DataFrame(rows)


def warm_water(
    draws: pd.DataFrame, option: str = "candidate", supply_k: Sequence[float] = SUPPLY_K
) -> pd.DataFrame:
    """Free cooling, PUE and tokens kept by supply temperature, a row a temperature and quantity.

    Warmer water saves chillers until clocks fall. Columns are supply_k, quantity, low, mid, high.
    """
    rows = []
    for kelvin in supply_k:
        for quantity, value in _at_supply(draws.loc[option], kelvin).items():
            rows.append({"supply_k": kelvin, "quantity": quantity, **quantiles(value)})
    return pd.DataFrame(rows)


def _at_supply(columns: pd.DataFrame, kelvin: float) -> dict[str, pd.Series]:
    """What a supply temperature makes of cooling and clocks, a value a draw."""
    free = cooling.free_cooling_share(
        kelvin, columns["approach_k"], columns["outdoor_k"], columns["outdoor_spread_k"]
    )
    pue = cooling.cooled_pue_ratio(
        columns["loss_ratio"], columns["circulation_ratio"], columns["chiller_ratio"], free
    )
    clock = cooling.clock_ratio(kelvin, columns["derate_from_k"], columns["derate_share_per_k"])
    kept = cooling.derated_tokens_ratio(clock, columns["compute_bound_share"])
    return {"free cooling, share of the year": free, "PUE": pue, "tokens kept, share": kept}
