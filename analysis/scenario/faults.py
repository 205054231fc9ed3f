"""What the types of a scenario cannot say: names that must exist, percentiles in order, units."""

from collections.abc import Collection, Iterator

from analysis.facts import Accelerator, Model, Site, chosen, names, nearest, sources, table, unknown
from analysis.scenario.claims import claim, claims
from analysis.scenario.errors import Key
from analysis.scenario.readings import MEASURED, readings
from analysis.scenario.schema import Belief, Params
from analysis.units import UnitError, convert, is_share, unit_of

Faults = Iterator[tuple[Key, str]]


def faults_of(params: Params, beliefs: Collection[str]) -> Faults:
    """Faults of a whole scenario, each with its key; `beliefs` are the names that exist."""
    yield from _claim_faults(params)
    yield from _name_faults(params)
    for name, belief in params.believe.items():
        key = ("believe", name)
        if name not in beliefs:
            yield key, unknown("belief", name, beliefs)
            continue
        for field, fault in _belief_faults(name, belief):
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
    elif params.claim not in claims():
        yield ("claim",), unknown("claim", params.claim, claims())
    else:
        prior = claim(params.claim).prior
        if prior not in params.believe:
            fault = unknown("belief", prior, params.believe)
            yield ("claim",), f"{params.claim}.yml: prior: {fault}"
    log = table("evidence")
    logged = set(log["known"][log["claim"] == params.claim])
    for day in set(params.credence.instead) - logged:
        yield ("credence", "instead", day), f"no evidence of that day; {nearest(day, logged)}"


def _name_faults(params: Params) -> Faults:
    """Names of things and products that no table has."""
    prices = chosen("prices")
    quoted = set(prices["thing"][prices["field"] == "output_usd_per_token"])
    if params.finance.api is not None and params.finance.api not in quoted:
        yield ("finance", "api"), unknown("thing with token prices", params.finance.api, quoted)
    for key, kind, name in (
        (("model",), Model, params.model),
        (("site",), Site, params.site),
        (("baseline", "accelerator"), Accelerator, params.baseline.accelerator),
        (("candidate", "accelerator"), Accelerator, params.candidate.accelerator),
    ):
        if name not in names(kind):
            yield key, unknown(kind.__name__.lower(), name, names(kind))
    for field, file, name in (
        ("product", "launches", params.rollout.product),
        ("ramp", "volumes", params.rollout.ramp),
    ):
        products = set(table(file)["product"])
        if name not in products:
            yield ("rollout", field), unknown(f"product of {file}.csv", name, products)


def _belief_faults(name: str, belief: Belief) -> Iterator[tuple[str, str]]:
    """Faults of a belief, each with its field."""
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
    inside = 0 <= least <= most <= 1
    reaches_one = is_range and least > 0 and most == 1
    if is_share(name) and (not inside or reaches_one):
        found = f"found {low} to {high} {belief.unit}"
        yield "unit", f"a share lies between 0 and 1 (an open range), {found}"
