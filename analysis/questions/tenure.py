"""What a scenario's chips cost: purchase prices, contracts, and the ways to hold them side
by side.
"""

import numpy as np
import pandas as pd

from analysis.facts import table
from analysis.laws import cost
from analysis.model.prices import api_prices, api_request_usd, quote_usd_per_s_per_chip
from analysis.scenario.scenario import Scenario
from analysis.scenario.schema import quantiles
from analysis.units import convert

OWNER = "owner_neocloud"  # a published total, beside ours from components
CONTRACTS = {
    "rent_3yr": "hired for 3 years",
    "rent_1yr": "hired for 1 year",
    "rent_on_demand": "hired on demand",
}


def tenures(case: Scenario, draws: pd.DataFrame) -> pd.DataFrame:
    """The same work four ways for each option: $ per chip-hour, per million output tokens and per
    request.

    Owned and contracted chips are paid for idle hours too; hired on demand, they are paid while
    they work. Rows without a quote are left out. The API's row has no chip-hour: its price holds
    its own margin, model and load.
    """
    return pd.DataFrame(
        [
            row
            for option in ("baseline", "candidate")
            for row in _ways(case, option, draws.loc[option])
        ]
    )


def _ways(case: Scenario, option: str, mine: pd.DataFrame):
    as_of, own = str(case.as_of), mine["owned_usd_per_s_per_chip"]
    chip, asked = (
        getattr(case, option).accelerator,
        {OWNER: "owned by a neocloud, as published", **CONTRACTS},
    )
    rents = {label: quote_usd_per_s_per_chip(chip, field, as_of) for field, label in asked.items()}
    for label, second in {"owned": own, **rents}.items():
        if np.all(np.isfinite(second)):
            idle = 1.0 if "on demand" in label else mine["load_factor"]
            times = second / idle / mine["busy_usd_per_s_per_chip"]
            token, request = (
                mine[name] * times for name in ("output_usd_per_token", "request_usd")
            )
            yield _way(option, label, np.median(second), token, request)
    if case.finance.api and option == "baseline":
        output = api_prices(case)["output_usd_per_token"]
        yield _way("API", case.finance.api, np.nan, [output], [api_request_usd(case)])


def _way(option: str, how: str, second: float, token, request) -> dict:
    token = convert(float(np.median(token)), "usd/tok", "usd/Mtok")
    hour = convert(second, "usd/s", "usd/hour")
    told = {"option": option, "how": how, "usd_per_chip_hour": hour, "output_usd_per_mtok": token}
    return {**told, **quantiles(request)}


def break_even(case: Scenario, draws: pd.DataFrame, option: str) -> np.ndarray:
    """Load factor above which owning beats hiring on demand, a value a draw; NaN where on-demand
    has no quote.
    """
    rent = quote_usd_per_s_per_chip(
        getattr(case, option).accelerator, "rent_on_demand", str(case.as_of)
    )
    return cost.break_even_load_factor(
        draws.loc[option]["owned_usd_per_s_per_chip"].to_numpy(), rent
    )


def rents(case: Scenario) -> pd.DataFrame:
    """Dated quotes of the two options' chips up to the scenario's date: thing, as_of, contract, $
    per chip-hour.
    """
    rows = table("prices")
    chips = [case.baseline.accelerator, case.candidate.accelerator]
    rows = rows[rows["stands"] & rows["thing"].isin(chips) & (rows["as_of"] <= str(case.as_of))]
    contract = rows["field"].str.removesuffix("_usd_per_s_per_chip").map(CONTRACTS)
    hourly = convert(rows["base"], "usd/s", "usd/hour")
    rows = rows.assign(contract=contract, usd_per_chip_hour=hourly).dropna(subset="contract")
    return rows[["thing", "as_of", "contract", "usd_per_chip_hour", "source"]]
