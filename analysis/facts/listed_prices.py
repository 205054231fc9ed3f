"""Prices of tokens of APIs: rows of prices.csv first, the rest from the package genai-prices.

The package holds what providers list, without a day of its own. Its day is that of its release,
which sources.csv states together with the version; another version than that is refused, so that no
price moves because something was installed. Its own rules choose the tier of a prompt's length and
the price that was in force.
"""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.metadata import version
from typing import Any

import pandas as pd

from analysis.facts.hints import unknown
from analysis.facts.tables import COLUMNS, chosen, sold_by_token, sources
from analysis.units import factor

PACKAGE = "genai-prices"
SOURCE = "genai_prices"  # its row in sources.csv
FIELDS = ("input_usd_per_token", "cached_input_usd_per_token", "output_usd_per_token")
MANY = 1_000_000  # tokens that are priced at once
HOURS = 24  # some prices hold for hours of a day: their mean is taken


def token_prices(api: str, as_of: str, input_tokens: float) -> pd.DataFrame:
    """The prices of an API's tokens on an ISO day, rows as `chosen` gives them.

    Rows of prices.csv where it has the API, else those of the package, for prompts of
    `input_tokens`. Raises LookupError as `token_price_fault` says.
    """
    if api in sold_by_token():
        rows = chosen("prices", api, as_of)
        return rows[rows["field"].isin(FIELDS)]
    if fault := token_price_fault(api, as_of):
        raise LookupError(fault)
    return _listed(api, as_of, input_tokens)


def token_price_fault(api: str, as_of: str) -> str:
    """Why an API has no price of tokens on an ISO day, or nothing."""
    if api in sold_by_token():
        printed = set(chosen("prices", api, as_of)["field"])
        if printed >= {"input_usd_per_token", "output_usd_per_token"}:
            return ""
        return f"{api!r} has no price of tokens as of {as_of}"
    installed, (stated, day) = version(PACKAGE), _edition()
    if installed != stated:
        return (
            f"{PACKAGE} {installed} is installed, and sources.csv dates {stated}: install that, "
            "or state the new version and its day there"
        )
    provider, _, model = api.partition("/")
    listed = _models()
    if provider not in listed:
        known = {*sold_by_token(), *(f"{name}/" for name in listed)}
        return f"{unknown('API with token prices', api, known)} (provider/model)"
    if model not in listed[provider]:
        known = {f"{provider}/{name}" for name in listed[provider]}
        known |= {name for name in sold_by_token() if name.startswith(f"{provider}/")}
        return unknown("API with token prices", api, known)
    if as_of < day:
        return f"{api!r}: its price is of {day} ({PACKAGE} {stated}), later than {as_of}"
    if _priced(api, as_of, MANY)["output_usd_per_token"] <= 0:
        return f"{api!r}: {PACKAGE} {stated} has no price of its written tokens"
    return ""


@cache
def _edition() -> tuple[str, str]:
    """Version and day of the package's data, as sources.csv states them."""
    row = sources().loc[SOURCE]
    return row["title"].rpartition(" ")[2], row["published"]


@cache
def _models() -> dict[str, frozenset[str]]:
    """The models of each provider of the package."""
    from genai_prices.data import providers  # half a second: only where an API needs it

    return {provider.id: frozenset(model.id for model in provider.models) for provider in providers}


@cache
def _listed(api: str, as_of: str, input_tokens: float) -> pd.DataFrame:
    stated, day = _edition()
    model_name = api.partition("/")[2]
    where = f"{PACKAGE} {stated}, released {day}: {model_name}, as listed for {as_of}"
    if _depends_on_hours(api):
        where += ", mean of the day's hours"
    prices = _priced(api, as_of, input_tokens)
    rows = pd.DataFrame(
        [
            (api, field, day, usd * MANY, "usd/Mtok", 1.0, SOURCE, where, "reported", "")
            for field, usd in prices.items()
        ],
        columns=COLUMNS,
    )
    rows["base"] = rows["value"] * factor("usd/Mtok", "usd/token")
    return rows


@cache
def _priced(api: str, as_of: str, input_tokens: float) -> dict[str, float]:
    """Dollars of a token by field; the mean over a day's hours where the price depends on them.

    Cached tokens without a price of their own cost what others cost.
    """
    tokens = max(int(input_tokens), 1)
    first = datetime.combine(date.fromisoformat(as_of), datetime.min.time(), UTC)
    hours = [first + timedelta(hours=hour) for hour in range(HOURS)]
    if not _depends_on_hours(api):
        hours = hours[:1]
    read = _mean_usd(api, hours, input_tokens=tokens)
    cached = _mean_usd(api, hours, input_tokens=tokens, cache_read_tokens=tokens)
    both = _mean_usd(api, hours, input_tokens=tokens, output_tokens=MANY)
    usd = (read / tokens, cached / tokens, (both - read) / MANY)
    return dict(zip(FIELDS, usd, strict=True))


def _mean_usd(api: str, hours: list[datetime], **tokens: int) -> float:
    """Mean dollars of so many tokens over moments of a request, by the package's own rules."""
    from genai_prices import Usage

    provider, model = _model(api)
    usd = [
        model.calc_price(Usage(**tokens), provider, genai_request_timestamp=hour).total_price
        for hour in hours
    ]
    return float(sum(usd)) / len(usd)


def _depends_on_hours(api: str) -> bool:
    from genai_prices.types import TimeOfDateConstraint

    prices = _model(api)[1].prices
    conditions = [each.constraint for each in prices] if isinstance(prices, list) else []
    return any(isinstance(condition, TimeOfDateConstraint) for condition in conditions)


def _model(api: str) -> tuple[Any, Any]:
    """Provider and model of the package; both are known to be listed."""
    from genai_prices.data import providers

    name, _, model_name = api.partition("/")
    provider = next(each for each in providers if each.id == name)
    return provider, next(model for model in provider.models if model.id == model_name)
