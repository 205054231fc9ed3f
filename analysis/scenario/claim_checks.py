"""Whether a claim's checks can be run, what they give, and what else its types cannot say."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from analysis.facts import Accelerator, find, names, sources, table, unknown
from analysis.facts.provenance import JUDGED
from analysis.scenario.claim_records import Check, Claim, Fact, Measure, Stated, Verdict
from analysis.scenario.errors import Key
from analysis.scenario.expression import Value, compute, fill
from analysis.units import convert, unit_of


def run(claimed: Claim, check: Check) -> tuple[Verdict, str]:
    """Verdict and evidence of a check; ValueError or LookupError where it cannot be run."""
    if check.expression is None:
        return check.otherwise, check.evidence
    numbers = {name: _number(claimed, stated) for name, stated in check.numbers.items()}
    result = compute(check.expression, numbers)
    evidence = fill(check.evidence, {**numbers, "found": result, "expected": check.expected})
    holds = _meets(result, check.expected, check.tolerance)
    return "holds" if holds else check.otherwise, evidence


def _meets(result: Value, expected: Any, tolerance: float) -> bool:
    """Whether a result is what was expected; ValueError where the two do not compare."""
    if isinstance(expected, bool | str):
        if not isinstance(result, type(expected)):
            raise ValueError(f"gives {result!r}, which does not compare with {expected!r}")
        return result == expected
    if isinstance(result, bool) or not isinstance(result, int | float):
        raise ValueError(f"gives {result!r}, which is no number as {expected!r} is")
    if isinstance(expected, tuple):
        return expected[0] <= result <= expected[1]
    return abs(result - expected) <= tolerance


def _number(claimed: Claim, stated: Any) -> int | float | date:
    """A check's number: as it stands, from the fact tables, or another statement's.

    Raises ValueError or LookupError where there is none. A time without a zone is one of UTC.
    """
    if isinstance(stated, Fact):
        fields = Accelerator.__dataclass_fields__
        if stated.field not in fields:
            raise ValueError(unknown("field", stated.field, fields))
        value = getattr(find(Accelerator, stated.accelerator), stated.field)
        return convert(value, unit_of(stated.field), stated.unit)
    if isinstance(stated, Stated):
        measured = {s.id: s.measure.value for s in claimed.statements if s.measure}
        if stated.statement not in measured:
            raise ValueError(unknown("measured statement", stated.statement, measured))
        return measured[stated.statement]
    if isinstance(stated, datetime) and stated.tzinfo is None:
        return stated.replace(tzinfo=UTC)
    return stated


def faults_of(claimed: Claim) -> Iterator[tuple[Key, str]]:
    """What the types cannot say: names that must exist, and checks that must run."""
    measured = [statement.id for statement in claimed.statements if statement.measure]
    if claimed.headline not in measured:
        yield ("headline",), unknown("measured statement", claimed.headline, measured)
    for place, statement in enumerate(claimed.statements):
        is_headline = statement.id == claimed.headline
        if statement.measure:
            for fault in _value_faults(statement.measure, is_headline):
                yield ("statements", place, "measure", "value"), fault
    yield from _product_faults(claimed)
    for index, chip in enumerate(claimed.accelerators):
        if chip not in names(Accelerator):
            yield ("accelerators", str(index)), unknown("accelerator", chip, names(Accelerator))
    yield from _source_faults(("source",), claimed.source)
    seen: set[str] = set()
    for place, statement in enumerate(claimed.statements):
        key = ("statements", place)
        if statement.id in seen:
            yield (*key, "id"), f"{statement.id!r} stands twice"
        seen.add(statement.id)
        yield from _source_faults((*key, "source"), statement.source)
        for number, check in enumerate(statement.checks):
            own_key = (*key, "checks", number)
            yield from _source_faults((*own_key, "source"), check.source)
            for inner, fault in _check_faults(claimed, check):
                yield (*own_key, *inner), fault


def _product_faults(claimed: Claim) -> Iterator[tuple[Key, str]]:
    """A product's launch is forecast from what was known of it when it was announced."""
    rows = table("launches")
    if claimed.product not in set(rows["product"]):
        yield (
            ("product",),
            unknown("product of launches.csv", claimed.product, set(rows["product"])),
        )
        return
    known = rows["known"] <= claimed.announced.isoformat()
    stated = set(rows.loc[known & (rows["product"] == claimed.product), "milestone"])
    for milestone in ("announced", "promised"):
        if milestone not in stated:
            fault = f"launches.csv has no row `{milestone}` that was known on {claimed.announced}"
            yield ("product",), f"{claimed.product!r}: {fault}"


def _value_faults(measure: Measure, is_headline: bool) -> Iterator[str]:
    """What is wrong with a measured value; a headline claims a gain that ends."""
    value, unit = measure.value, measure.unit
    if unit == "share" and value > 1:
        yield f"a share lies between 0 and 1, found {value:g}"
    elif is_headline and unit not in ("share", "ratio"):
        yield f"a headline is a share (a cut) or a ratio (a gain), found {unit}"
    elif is_headline and unit == "share" and not 0 < value < 1:
        yield f"a cut lies above 0 and below 1, found {value:g}"
    elif is_headline and unit == "ratio" and value <= 1:
        yield f"a gain lies above 1, found {value:g}"


def _source_faults(key: Key, source: str) -> Iterator[tuple[Key, str]]:
    if source not in sources().index:
        yield key, unknown("source", source, sources().index)


def _check_faults(claimed: Claim, check: Check) -> Iterator[tuple[Key, str]]:
    """What is wrong with a check, each with its key inside the check."""
    judged = check.kind == JUDGED
    if judged != (check.expression is None) or judged != (check.expected is None):
        rule = "a judged check has neither `expression` nor `expected`; every other has both"
        yield ("expression",), rule
        return
    if isinstance(check.expected, tuple) and check.expected[0] > check.expected[1]:
        yield ("expected",), f"expected low <= high, found {list(check.expected)}"
    unread = list(_number_faults(claimed, check))
    yield from unread
    if unread:
        return
    try:
        run(claimed, check)
    except (ValueError, LookupError) as fault:
        yield ("expression",), str(fault)


def _number_faults(claimed: Claim, check: Check) -> Iterator[tuple[Key, str]]:
    for name, stated in check.numbers.items():
        try:
            _number(claimed, stated)
        except (ValueError, LookupError) as fault:
            yield ("numbers", name), str(fault)
