"""Quoted rents of the headline's two chips, and when owning beats hiring on demand."""

import numpy as np
import pandas as pd

from analysis.facts import table
from analysis.laws import cost
from analysis.model.prices import quote_usd_per_s_per_chip
from analysis.scenario.scenario import Scenario
from analysis.units import convert

OPTIONS = ("baseline", "candidate")
CONTRACTS = {
    "rent_3yr": "rented for 3 years",
    "rent_1yr": "rented for 1 year",
    "rent_on_demand": "rented on demand",
}


def break_even(case: Scenario, draws: pd.DataFrame, option: str) -> np.ndarray:
    """Load factor above which owning beats hiring on demand, shape (draws,).

    NaN where nobody has quoted the chip on demand.
    """
    accelerator = getattr(case, option).accelerator
    rent = quote_usd_per_s_per_chip(accelerator, "rent_on_demand", str(case.as_of))
    owned = draws.loc[option, "owned_usd_per_s_per_chip"].to_numpy()
    return cost.break_even_load_factor(owned, rent)


def neocloud_usd_per_hour(case: Scenario) -> dict[str, float]:
    """What owning the headline's chips costs a neocloud, as published by the scenario's day.

    Dollars per chip-hour by chip; chips for which nobody has published it are left out.
    """
    found = {}
    for option in OPTIONS:
        name = getattr(case, option).accelerator
        usd_per_s = quote_usd_per_s_per_chip(name, "owner_neocloud", str(case.as_of))
        if np.isfinite(usd_per_s):
            found[name] = convert(usd_per_s, "usd/s", "usd/hour")
    return found


def rents(case: Scenario) -> pd.DataFrame:
    """Dated quotes of the two options' chips up to the scenario's day, a row a quote.

    Columns are thing, as_of, contract, usd_per_chip_hour and source.
    """
    rows = table("prices")
    chips = [getattr(case, option).accelerator for option in OPTIONS]
    rows = rows[rows["stands"] & rows["thing"].isin(chips) & (rows["as_of"] <= str(case.as_of))]
    contract = rows["field"].str.removesuffix("_usd_per_s_per_chip").map(CONTRACTS)
    hourly = convert(rows["base"], "usd/s", "usd/hour")
    rows = rows.assign(contract=contract, usd_per_chip_hour=hourly).dropna(subset="contract")
    return rows[["thing", "as_of", "contract", "usd_per_chip_hour", "source"]]
