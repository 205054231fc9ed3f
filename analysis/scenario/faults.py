"""What the types of a scenario cannot say: names that must exist, percentiles in order, units."""

import re
from collections.abc import Iterator, Mapping
from datetime import date

from analysis.facts import (
    Accelerator,
    Model,
    Site,
    chosen,
    names,
    nearest,
    purchasable,
    sold_by_token,
    sources,
    table,
    token_price_fault,
    unknown,
)
from analysis.scenario.claims import claim, claims
from analysis.scenario.errors import Key
from analysis.scenario.readings import MEASURED, readings
from analysis.scenario.schema import ApiOption, Belief, Option, Params
from analysis.units import UnitError, convert, is_share, unit_of

# Beliefs that a law divides by, so that they are above 0 even where they are fixed.
DIVISORS = (
    "equity_return_share_per_s",
    "period_s",
    "it_life_s",
    "facility_life_s",
    "provisioned_pue_ratio",
    "available_share",
    "load_factor",
    "fetched_bytes_per_s_per_chip",
    "first_year_ratio",
    "supply_share",
)
FURTHEST = 1000  # times the reference's median, or a part of it: what is beyond is another unit
RESERVED = ("baseline", "claimed", "measured", "today")  # names that options of other meaning have
Faults = Iterator[tuple[Key, str]]


def faults_of(params: Params, beliefs: Mapping[str, Mapping]) -> Faults:
    """Faults of a whole scenario, each with its key; `beliefs` are those of the reference."""
    yield from _claim_faults(params)
    yield from _name_faults(params)
    unknown_names = list(_option_faults(params))
    yield from unknown_names or _price_faults(params)
    for name, belief in params.believe.items():
        key = ("believe", name)
        if name not in beliefs:
            yield key, unknown("belief", name, beliefs)
            continue
        for field, fault in _belief_faults(name, belief, beliefs[name]):
            yield (*key, field), fault


def _claim_faults(params: Params) -> Faults:
    """Faults of the claim, its reading, and what is believed of both."""
    known_readings = [MEASURED, *readings()]
    if params.reading not in known_readings:
        yield ("reading",), unknown("reading", params.reading, known_readings)
    if params.credence.reading not in readings():
        yield ("credence", "reading"), unknown("reading", params.credence.reading, readings())
    if params.claim is None:
        if params.reading != MEASURED:
            yield ("reading",), f"a reading needs a claim; without one it is {MEASURED!r}"
        if params.credence.true_share > 0:
            fault = "nothing is claimed here that could be true; without a claim it is 0"
            yield ("credence", "true_share"), fault
    elif params.claim not in claims():
        yield ("claim",), unknown("claim", params.claim, claims())
    else:
        announced = claim(params.claim).announced
        if announced > params.as_of:
            yield (
                ("claim",),
                f"{params.claim!r} is of {announced}, after {params.as_of}: state `claim: null`",
            )
        chips = claim(params.claim).accelerators
        option = params.options.get(params.headline)
        if isinstance(option, Option) and option.accelerator not in chips:
            yield (
                ("claim",),
                f"{params.claim!r} speaks of {', '.join(chips)}, the option of the headline "
                f"({params.headline}) is {option.accelerator}: state `claim: null`, or the "
                "headline of an option of which the claim speaks",
            )
        prior = claim(params.claim).prior
        if prior not in params.believe:
            fault = unknown("belief", prior, params.believe)
            yield ("claim",), f"{params.claim}.yml: prior: {fault}"
    log = table("evidence")
    logged = set(log["known"][log["claim"] == params.claim])
    for day in params.credence.instead:
        key = ("credence", "instead", day)
        if day not in logged:
            yield key, f"no evidence of that day; {nearest(day, logged)}"
        else:
            yield from _later(params, key, date.fromisoformat(day))


def _name_faults(params: Params) -> Faults:
    """Names of things and products that no table has."""
    api = params.finance.api
    if api is not None and (fault := token_price_fault(api, str(params.as_of))):
        yield ("finance", "api"), fault
    for key, kind, name in (
        (("model",), Model, params.model),
        (("site",), Site, params.site),
        (("have", "accelerator"), Accelerator, params.have.accelerator),
    ):
        if name not in names(kind):
            yield key, unknown(kind.__name__.lower(), name, names(kind))
    for name, product in params.products.items():
        if product.source not in sources().index:
            fault = unknown("source", product.source, sources().index)
            yield ("products", name, "source"), fault
    yield from _product_faults(params, ("rollout", "product"), params.rollout.product)
    followed = set(table("volumes")["product"])
    if params.rollout.ramp not in followed:
        fault = unknown("product of volumes.csv", params.rollout.ramp, followed)
        yield ("rollout", "ramp"), fault


def _product_faults(params: Params, key: Key, product: str) -> Faults:
    """A product of which nothing is known, or nothing on the scenario's day."""
    launches = table("launches")
    if product not in set(launches["product"]):
        yield key, unknown("product of launches.csv", product, set(launches["product"]))
        return
    known = launches[launches["product"] == product].set_index("milestone")["known"]
    announced = max(date.fromisoformat(known[name]) for name in ("announced", "promised"))
    if announced > params.as_of:
        fault = f"{product!r} was announced, with a date, by {announced}, after {params.as_of}"
        if key[0] == "options":
            fault += f": take it away, `options: {{{key[1]}: null}}`"
        yield key, fault


def _option_faults(params: Params) -> Faults:
    """Options that name no chip, no product or no API, and a headline that is none of them."""
    for name, option in params.options.items():
        key = ("options", name)
        if isinstance(option, ApiOption):
            # Where a price of the tables came later, there is no such way on the scenario's day.
            fault = token_price_fault(option.api, str(params.as_of))
            if fault and option.api not in sold_by_token():
                yield (*key, "api"), fault
            continue
        if option.accelerator not in names(Accelerator):
            hint = unknown("accelerator", option.accelerator, names(Accelerator))
            yield (*key, "accelerator"), hint
        if option.product is not None:
            yield from _product_faults(params, (*key, "product"), option.product)
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,39}", name) or name in RESERVED:
            yield key, "an option's name has small letters, digits, dots and dashes"
    chips = [name for name, option in params.options.items() if isinstance(option, Option)]
    if params.headline not in chips:
        yield ("headline",), unknown("option with chips", params.headline, chips)
    for name, quotes in params.quotes.items():
        if name not in names(Accelerator):
            yield ("quotes", name), unknown("accelerator", name, names(Accelerator))
        for held, quote in quotes.items():
            yield from _later(params, ("quotes", name, held, "as_of"), quote.as_of)
    if params.have.bought is not None:
        yield from _later(params, ("have", "bought"), params.have.bought)
    if params.have.held == "owned" and params.have.bought is None:
        yield ("have", "bought"), "chips that are owned were bought on a day: bought: 2025-03-01"


def _later(params: Params, key: Key, day: date) -> Faults:
    """A day after the scenario's own, on which nobody knows of it yet."""
    if day > params.as_of:
        yield key, f"{day} is later than the scenario's day, {params.as_of}, and not known then"


def _price_faults(params: Params) -> Faults:
    """Prices without which what serves today and the headline's option have no cost.

    Every other option is compared under the contracts for which a price is known.
    """
    finance, headline = params.finance, params.options.get(params.headline)
    sold = purchasable(str(params.as_of))
    compared: dict[Key, str] = {("have",): params.have.accelerator}
    if isinstance(headline, Option):
        compared["options", params.headline] = headline.accelerator
    for key, chip in compared.items():
        if chip not in names(Accelerator):
            continue
        if finance.owned_share > 0 and chip not in sold:
            yield (
                (*key, "accelerator"),
                f"no purchase price of {chip} is known as of {params.as_of}: state "
                "`finance: {owned_share: 0}`, by which rents alone count, or a chip of which one "
                f"is known ({', '.join(sold)})",
            )
        elif finance.owned_share < 1 and not _is_quoted(params, chip, finance.rent):
            yield (*key, "accelerator"), _no_quote(params, chip, finance.rent)
    held, today = params.have.held, params.have.accelerator
    is_known = today in names(Accelerator)
    if is_known and held.startswith("rent") and not _is_quoted(params, today, held):
        yield ("have", "held"), _no_quote(params, today, held)
    day = str(params.as_of)
    apis = [option.api for option in params.options.values() if isinstance(option, ApiOption)]
    if held in ("api", "nothing") and not any(has_token_prices(api, day) for api in apis):
        yield ("have", "held"), f"{held!r} needs an API among the options: its price is today's"


def has_token_prices(api: str, as_of: str) -> bool:
    """Whether an API has prices of read and written tokens by a day."""
    return not token_price_fault(api, as_of)


def _is_quoted(params: Params, chip: str, contract: str) -> bool:
    """Whether a contract of a chip has a price on the scenario's day: the buyer's or a table's."""
    if contract in params.quotes.get(chip, {}):
        return True
    prices = chosen("prices", None, str(params.as_of))
    rents = prices.loc[prices["field"] == f"{contract}_usd_per_s_per_chip", "thing"]
    return chip in set(rents)


def _no_quote(params: Params, chip: str, contract: str) -> str:
    day = params.as_of
    return (
        f"nobody has quoted {contract} of {chip} as of {day}: state your own, `quotes: {{{chip}: "
        f"{{{contract}: {{usd_per_hour: ..., as_of: {day}, source: ...}}}}}}`"
    )


def _belief_faults(name: str, belief: Belief, reference: Mapping) -> Iterator[tuple[str, str]]:
    """Faults of a belief, each with its field; `reference` is that of the reference."""
    low, mid, high = belief.low, belief.mid, belief.high
    if not low <= mid <= high:
        yield "low", f"expected low <= mid <= high, found {low}, {mid}, {high}"
    if belief.source not in sources().index:
        yield "source", unknown("source", belief.source, sources().index)
    unit = unit_of(name)
    try:
        least, most = (convert(value, belief.unit, unit) for value in (low, high))
    except UnitError as fault:
        yield "unit", f"{belief.unit[:60]!r} is no unit for {name} ({unit or 'a share'}): {fault}"
        return
    is_range = least < most
    if least < 0 or (is_range and least == 0):
        found = f"found {low} {belief.unit}"
        yield "unit", f"expected a number that is not below 0, or a range above it, {found}"
    if name in DIVISORS and least == 0:
        yield "low", f"{name} is above 0, or nothing is served and nothing can be told"
    if not is_share(name):
        usual = convert(reference["mid"] or 1.0, reference["unit"], unit)
        lowest, highest = usual / FURTHEST, usual * FURTHEST
        if most > highest or 0 < least < lowest:
            yield (
                "unit",
                f"expected a number not more than {FURTHEST:,} times off the reference's "
                f"({reference['mid']:g} {reference['unit']}), found {low:g} to {high:g} "
                f"{belief.unit}",
            )
    inside = 0 <= least <= most <= 1
    reaches_one = is_range and least > 0 and most == 1
    if is_share(name) and (not inside or reaches_one):
        found = f"found {low} to {high} {belief.unit}"
        yield "unit", f"a share lies between 0 and 1 (an open range), {found}"
