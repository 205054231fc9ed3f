"""Questions asked in watts: the power that a claim implies, what megawatts buy, racks and warm water."""

import pandas as pd

from analysis.facts import Accelerator, Site, chip, chosen, find, names, table
from analysis.laws import cooling
from analysis.model import prices
from analysis.scenario.claims import claim
from analysis.scenario.scenario import Scenario
from analysis.scenario.schema import quantiles

SITES_W, SUPPLY_K = (1e6, 1e7, 1e8), tuple(range(291, 324, 2))


OPTIONS = ("baseline", "candidate")


LIMITS = (
    ("h100-sxm", "h200-sxm"),
    ("h100-sxm", "b200"),
    ("b100", "b200"),
    ("b100", "gb300"),
    ("b200", "gb300"),
)


# Steps between chips as datasheets and meters saw them: (earlier, later, model, source, what else
# changed).
SEEN = (
    ("h100-sxm", "b200", "llama3.1-70b", "ml_energy_v3", "both in BF16, four boards against two"),
    ("h100-sxm", "h200-sxm", "llama2-70b", "mlperf", "both in FP8 and in an efficient power mode"),
    ("h200-sxm", "b200", "llama2-70b", "mlperf", "FP8 in an efficient mode against FP4"),
    ("h100-sxm", "b200", "llama2-70b", "mlperf", "FP8 in an efficient mode against FP4"),
)


def claimed_ratios(case: Scenario) -> dict[str, float] | None:
    """What a claim says of energy and time per token, new over old; None where it does not speak of
    energy.
    """
    if not case.claim:
        return None
    told = claim(case.claim)
    cuts = [
        s.measure.value
        for s in told.statements
        if s.measure and s.measure.quantity == "energy per output token"
    ]
    return {"energy_ratio": 1 - cuts[0], "time_ratio": 1 / told.headline_ratio} if cuts else None


def generation_steps(case: Scenario) -> pd.DataFrame:
    """Power, time and energy per token of later over earlier chips: limits of boards, measured
    boards, measured walls.

    Where the scenario's claim speaks of energy, the power that it implies is the first row.
    """
    rows, said = [], claimed_ratios(case)
    if said:
        power = float(cooling.implied_power_ratio(said["energy_ratio"], said["time_ratio"]))
        told: dict = {
            "step": "the claim, at its word",
            "boundary": "not stated",
            "source": claim(case.claim).source,
        }
        rows.append({**told, **said, "power_ratio": power})
    limits = {name: find(Accelerator, name).power_w_per_chip for name in names(Accelerator)}
    for before, after in dict.fromkeys(
        (*LIMITS, (case.baseline.accelerator, case.candidate.accelerator))
    ):
        told = {
            "step": f"{chip(before)} to {chip(after)}",
            "boundary": "board limit",
            "source": "datasheets",
        }
        rows.append({**told, "power_ratio": limits[after] / limits[before]})
    seen = table("energy")
    for before, after, model, source, change in SEEN:
        (e0, t0), (e1, t1) = (_best(seen, name, model, source) for name in (before, after))
        boundary, power = (
            "wall" if source == "mlperf" else "board",
            cooling.implied_power_ratio(e1 / e0, t1 / t0),
        )
        told = {
            "step": f"{chip(before)} to {chip(after)}",
            "boundary": boundary,
            "change": change,
            "source": source,
        }
        rows.append({**told, "power_ratio": power, "energy_ratio": e1 / e0, "time_ratio": t1 / t0})
    columns = ["step", "boundary", "power_ratio", "energy_ratio", "time_ratio", "change", "source"]
    return pd.DataFrame(rows, columns=columns)


def _best(seen: pd.DataFrame, accelerator: str, model: str, source: str) -> tuple[float, float]:
    """Energy and chip time per token of the point with most tokens per chip."""
    mine = seen[
        seen["source"].str.startswith(source)
        & seen["accelerator"].eq(accelerator)
        & seen["model"].eq(model)
    ]
    best = mine.loc[mine["output_tokens_per_s_per_chip"].idxmax()]
    return best["energy_j_per_output_token"], 1 / best["output_tokens_per_s_per_chip"]


def tokens_by_limit(draws: pd.DataFrame, option: str = "candidate") -> pd.DataFrame:
    """Tokens of an option over the baseline, a row a limit: chips, chips with a hall that stay
    cool, dollars, watts.

    Lower clocks are in all but the first; the wait for a hall costs dollars as far as the chips are
    paid for.
    """
    old, new = draws.loc["baseline"], draws.loc[option]
    columns = (
        "output_tokens_per_s_per_chip",
        "derated_tokens_ratio",
        "feed_w_per_chip",
        "request_usd",
        "placed_tokens_per_s_per_chip",
    )
    more, kept, power, price, placed = (
        new[name].to_numpy() / old[name].to_numpy() for name in columns
    )
    limits = {
        "chips": more,
        "chips, halls and heat counted": placed,
        "dollars": 1 / price,
        "megawatts": cooling.scarce_ratio(more * kept, power),
    }
    return pd.DataFrame([{"limit": limit, **quantiles(ratio)} for limit, ratio in limits.items()])


def sites(case: Scenario, draws: pd.DataFrame, watts=SITES_W) -> pd.DataFrame:
    """What a utility connection carries under each option: chips, served tokens, what they cost,
    what a watt is worth.

    The value of a token is the API's list price of a request (finance.api); without one the shadow
    price is missing.
    """
    value, rows = prices.api_request_usd(case) / case.workload.output_tokens, []
    for site_w in watts:
        for option in OPTIONS:
            d = draws.loc[option]
            chips = cooling.powered_chips(site_w, d["feed_w_per_chip"])
            cooled = d["output_tokens_per_s_per_chip"] * d["derated_tokens_ratio"]
            served, cost = cooled * d["load_factor"], d["usd_per_s_per_chip"]
            worth = cooling.power_value_usd_per_s_per_w(value, served, cost, d["feed_w_per_chip"])
            told = {
                "chips": chips,
                "tokens_per_s": chips * served,
                "usd_per_s": chips * cost,
                "watt_usd_per_s_per_w": worth,
            }
            rows += [
                {"site_w": site_w, "option": option, "quantity": q, **quantiles(v)}
                for q, v in told.items()
            ]
    return pd.DataFrame(rows)


def density(case: Scenario, draws: pd.DataFrame) -> pd.DataFrame:
    """Racks of priced chips by power, and the share of halls that could hold each, today and with
    liquid everywhere.
    """
    rows = chosen("accelerators").query("field == 'rack_power_w'")[["thing", "base"]]
    kyber = chosen("cooling", "kyber").query("field == 'rack_power_w'")[["thing", "base"]]
    racks = pd.concat([rows[rows["thing"].isin(table("prices")["thing"])], kyber]).sort_values(
        "base"
    )
    d, limit_w = draws.loc["baseline"], find(Site, case.site).rack_limit_w
    made = []
    for name, rack_w in racks.itertuples(index=False):
        air = cooling.air_share(rack_w, limit_w, d["hall_slope_ratio"])
        share = cooling.placeable_share(d["liquid_hall_share"], air)
        made.append({"rack": name, "rack_w": rack_w, "limit_w": limit_w, **quantiles(share)})
    return pd.DataFrame(made)


def warm_water(draws: pd.DataFrame, option: str = "candidate", supply_k=SUPPLY_K) -> pd.DataFrame:
    """Supply temperature against free cooling, PUE and tokens kept: warmer saves chillers until
    clocks fall.
    """
    d, rows = draws.loc[option], []
    for kelvin in supply_k:
        free = cooling.free_cooling_share(
            kelvin, d["approach_k"], d["outdoor_k"], d["outdoor_spread_k"]
        )
        pue = cooling.cooled_pue_ratio(
            d["loss_ratio"], d["circulation_ratio"], d["chiller_ratio"], free
        )
        clock = cooling.clock_ratio(kelvin, d["derate_from_k"], d["derate_share_per_k"])
        kept = cooling.derated_tokens_ratio(clock, d["compute_bound_share"])
        told = {"free cooling, share of the year": free, "PUE": pue, "tokens kept, share": kept}
        rows += [
            {"supply_k": kelvin, "quantity": what, **quantiles(value)}
            for what, value in told.items()
        ]
    return pd.DataFrame(rows)
