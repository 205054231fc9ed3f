"""Ways to hold the same chips side by side: owned, contracted, hired on demand, or an API."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.facts import table
from analysis.laws import cost
from analysis.model.prices import api_prices, api_request_usd, quote_usd_per_s_per_chip
from analysis.scenario.scenario import Scenario
from analysis.scenario.schema import quantiles
from analysis.units import convert

OPTIONS = ("baseline", "candidate")
CONTRACTS = {
    "rent_3yr": "hired for 3 years",
    "rent_1yr": "hired for 1 year",
    "rent_on_demand": "hired on demand",
}


@dataclass(frozen=True)
class Way:
    """A way to hold a chip: the contract in prices.csv, and whether it is paid for only in use."""

    contract: str
    label: str
    pays_in_use: bool


WAYS = (
    Way("owner_neocloud", "owned by a neocloud, as published", pays_in_use=False),
    Way("rent_3yr", CONTRACTS["rent_3yr"], pays_in_use=False),
    Way("rent_1yr", CONTRACTS["rent_1yr"], pays_in_use=False),
    Way("rent_on_demand", CONTRACTS["rent_on_demand"], pays_in_use=True),
)


def tenures(case: Scenario, draws: pd.DataFrame) -> pd.DataFrame:
    """The same work held in different ways, a row an option and way.

    Columns are option, how, usd_per_chip_hour and output_usd_per_mtok (medians), and low, mid and
    high of a request in dollars. Owned and contracted chips are paid for idle hours too; hired on
    demand, they are paid while they work. Ways without a quote are left out. The API's row has no
    chip-hour: its price holds its own margin, model and load.
    """
    rows = list(_option_rows(case, OPTIONS[0], draws.loc[OPTIONS[0]]))
    if case.finance.api:
        token_usd = np.array([api_prices(case)["output_usd_per_token"]])
        request_usd = np.array([api_request_usd(case)])
        rows.append(_row("API", case.finance.api, np.nan, token_usd, request_usd))
    rows += _option_rows(case, OPTIONS[1], draws.loc[OPTIONS[1]])
    return pd.DataFrame(rows)


def _option_rows(case: Scenario, option: str, columns: pd.DataFrame) -> Iterator[dict]:
    """The ways to hold an option's chips; `columns` are its draws."""
    load_factor = columns["load_factor"].to_numpy()
    yield _held(
        option, "owned", columns["owned_usd_per_s_per_chip"].to_numpy(), load_factor, columns
    )
    for way in WAYS:
        quote = quote_usd_per_s_per_chip(
            getattr(case, option).accelerator, way.contract, str(case.as_of)
        )
        if np.isfinite(quote):
            paid_share = np.ones(len(columns)) if way.pays_in_use else load_factor
            yield _held(option, way.label, quote, paid_share, columns)


def _held(
    option: str,
    label: str,
    usd_per_s: float | np.ndarray,
    busy_share_of_paid: np.ndarray,
    columns: pd.DataFrame,
) -> dict:
    """A row of `tenures`: the option's costs at another price of a chip second."""
    times = usd_per_s / busy_share_of_paid / columns["busy_usd_per_s_per_chip"].to_numpy()
    token_usd = columns["output_usd_per_token"].to_numpy() * times
    request_usd = columns["request_usd"].to_numpy() * times
    return _row(option, label, float(np.median(usd_per_s)), token_usd, request_usd)


def _row(
    option: str, label: str, usd_per_s: float, token_usd: np.ndarray, request_usd: np.ndarray
) -> dict:
    return {
        "option": option,
        "how": label,
        "usd_per_chip_hour": convert(usd_per_s, "usd/s", "usd/hour"),
        "output_usd_per_mtok": convert(float(np.median(token_usd)), "usd/tok", "usd/Mtok"),
        **quantiles(request_usd),
    }


def break_even(case: Scenario, draws: pd.DataFrame, option: str) -> np.ndarray:
    """Load factor above which owning beats hiring on demand, shape (draws,).

    NaN where nobody has quoted the chip on demand.
    """
    accelerator = getattr(case, option).accelerator
    rent = quote_usd_per_s_per_chip(accelerator, "rent_on_demand", str(case.as_of))
    owned = draws.loc[option, "owned_usd_per_s_per_chip"].to_numpy()
    return cost.break_even_load_factor(owned, rent)


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
