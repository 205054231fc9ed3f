"""What a scenario's chips and tokens cost on its day: purchase prices, rents and API prices."""

from collections.abc import Mapping
from functools import cache
from typing import cast

import numpy as np
from scipy.special import expit, logit

from analysis.facts import COMPONENTS, chosen, prices_by_field, token_prices
from analysis.laws import cost
from analysis.model.draws import quantile
from analysis.model.runner import Columns
from analysis.scenario.scenario import Scenario
from analysis.scenario.schema import Quote
from analysis.units import convert, is_share

CONTRACTS = ("rent_3yr", "rent_1yr", "rent_on_demand")  # of chips, the longest first


def quote_usd_per_s_per_chip(thing: str, contract: str, as_of: str) -> float:
    """The newest quote of a contract not later than `as_of`; NaN where nobody has quoted it yet.

    `contract` is the beginning of a field of prices.csv, such as `rent_1yr`.
    """
    try:
        return prices_by_field(thing, as_of).get(f"{contract}_usd_per_s_per_chip", np.nan)
    except LookupError:
        return np.nan


def buyer_finance(case: Scenario, beliefs: Mapping[str, np.ndarray]) -> Columns:
    """Beliefs of finance and halls as they are for this kind of buyer (buyers.csv).

    The buyer's number takes the place of a belief's median, and its range moves along: rates and
    ratios by a factor, shares by their odds. Where either is 0, or a share 1, there is no range. A
    price of electricity that the scenario states stands before the site's and has no range either.
    """
    rows = chosen("buyers", case.buyer, str(case.as_of))
    columns: Columns = {}
    for field, value in zip(rows["field"], rows["base"], strict=True):
        if field == "leased_share":
            columns[field] = float(value)
        if field not in case.believe:
            continue
        median = float(quantile(field, case.believe[field], 0.0))
        no_odds = is_share(field) and not (0 < value < 1 and 0 < median < 1)
        if median == 0 or no_odds:  # a range about 0 or 1 moves nowhere
            columns[field] = np.full(np.shape(beliefs[field]), float(value))
        elif not is_share(field):
            columns[field] = beliefs[field] * (value / median)
        else:
            columns[field] = expit(logit(beliefs[field]) + logit(value) - logit(median))
    stated = case.finance.electricity_usd_per_kwh
    if stated is not None:
        columns["electricity_usd_per_j"] = convert(stated, "usd/kWh", "usd/J")
        columns["tariff_ratio"] = 1.0
    return columns


def rent_usd_per_s_per_chip(case: Scenario, accelerator: str, tenure: str) -> float:
    """What this buyer pays for a chip second under a contract; NaN where nobody has quoted it.

    The buyer's own quote stands before the newest of the tables, as far as it is known on the
    scenario's day; `tenure` is such as `rent_1yr`.
    """
    own = cast(dict[str, Quote], case.quotes.get(accelerator, {})).get(tenure)
    if own is not None and own.as_of <= case.as_of:
        return convert(own.usd_per_hour, "usd/hour", "usd/s")
    return quote_usd_per_s_per_chip(accelerator, tenure, str(case.as_of))


def prices_paid(case: Scenario, option: str) -> dict[str, float]:
    """Fixed money columns of an option: prices of its computers, and the rent of chips not owned.

    NaN where nobody has printed a price, which a scenario may lack for options beside the headline.
    """
    chip, as_of, finance = case.deployment(option).accelerator, str(case.as_of), case.finance
    prices = purchase_prices(chip, as_of)
    rent = 0.0
    if finance.owned_share < 1:
        rent = rent_usd_per_s_per_chip(case, chip, finance.rent)
    return {
        **prices,
        "owned_share": finance.owned_share,
        "leased_share": finance.leased_share,
        "rent_usd_per_s_per_chip": rent,
    }


def purchase_prices(accelerator: str, as_of: str) -> dict[str, float]:
    """Prices of the computers of a chip on a day, by component; NaN where none is printed."""
    return dict(_purchase_prices(accelerator, as_of))


@cache
def _purchase_prices(accelerator: str, as_of: str) -> dict[str, float]:
    prices = dict.fromkeys([f"{part}_usd_per_chip" for part in COMPONENTS], np.nan)
    if accelerator not in set(chosen("capex", None, as_of)["thing"]):
        return prices
    capex = chosen("capex", accelerator, as_of)
    return {**prices, **dict(zip(capex["field"], capex["base"].tolist(), strict=True))}


def api_prices(case: Scenario, api: str | None = None) -> dict[str, float]:
    """An API's list prices of tokens on the scenario's day, under the name of the cost each meets.

    `api` is a thing of prices.csv or an API that genai-prices lists, the scenario's own without it;
    empty where it names none. Cached tokens without a price of their own cost what others cost.
    """
    api = api or case.finance.api
    if not api:
        return {}
    rows = token_prices(api, str(case.as_of), case.workload.input_tokens)
    usd = dict(zip(rows["field"], rows["base"].tolist(), strict=True))
    usd.setdefault("cached_input_usd_per_token", usd["input_usd_per_token"])
    fields = {"input": "input", "cached": "cached_input", "output": "output"}
    return {
        f"{kind}_usd_per_token": usd[f"{field}_usd_per_token"] for kind, field in fields.items()
    }


def api_request_usd(case: Scenario, api: str | None = None) -> float:
    """A request of the scenario at an API's list prices; NaN where the scenario names no API."""
    prices = api_prices(case, api)
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
