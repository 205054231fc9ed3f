"""What a scenario's chips and tokens cost on its day: purchase prices, rents and API prices."""

import numpy as np

from analysis.facts import chosen, price
from analysis.laws import cost
from analysis.scenario.scenario import Scenario

COMPONENTS = ("accelerator", "server", "network", "storage")


def quote_usd_per_s_per_chip(thing: str, contract: str, as_of: str) -> float:
    """The newest quote of a contract not later than `as_of`; NaN where nobody has quoted it yet.

    `contract` is the beginning of a field of prices.csv, such as `rent_1yr`.
    """
    try:
        return price(thing, f"{contract}_usd_per_s_per_chip", as_of)
    except LookupError:
        return np.nan


def prices_paid(case: Scenario, option: str) -> dict[str, float]:
    """Fixed money columns of an option: prices of its computers, and the rent of chips not owned.

    Raises LookupError where a chip has no price, or no quote for a contract that is needed.
    """
    chip, as_of, finance = getattr(case, option).accelerator, str(case.as_of), case.finance
    capex = chosen("capex", chip, as_of)
    prices = dict(zip(capex["field"], capex["base"].tolist(), strict=True))
    missing = [part for part in COMPONENTS if f"{part}_usd_per_chip" not in prices]
    if missing:
        raise LookupError(f"capex.csv: {chip}: no price of {', '.join(missing)} as of {as_of}")
    rent = 0.0
    if finance.owned_share < 1:
        rent = price(chip, f"{finance.rent}_usd_per_s_per_chip", as_of)
    return {
        **prices,
        "owned_share": finance.owned_share,
        "leased_share": finance.leased_share,
        "rent_usd_per_s_per_chip": rent,
    }


def api_prices(case: Scenario) -> dict[str, float]:
    """The API's list prices of tokens on the scenario's day, under the name of the cost each meets.

    Empty where the scenario names no API.
    """
    if not case.finance.api:
        return {}
    fields = {"input": "input", "cached": "cached_input", "output": "output"}
    return {
        f"{kind}_usd_per_token": price(case.finance.api, f"{field}_usd_per_token", str(case.as_of))
        for kind, field in fields.items()
    }


def api_request_usd(case: Scenario) -> float:
    """A request of the scenario at the API's list prices; NaN where the scenario names no API."""
    prices = api_prices(case)
    if not prices:
        return np.nan
    work = case.workload
    return cost.request_usd(
        input_tokens_per_request=float(work.input_tokens),
        cached_share=work.cached_share,
        output_tokens_per_request=float(work.output_tokens),
        **prices,
        one_request=1,
    )
