"""What may stand in one cell of a table: numbers, days, units, sources."""

import math
import re
from collections.abc import Collection, Iterator
from datetime import date

from analysis.facts.hints import unknown
from analysis.units import UnitError, factor, unit_of

Row = dict[str, str]
Rows = list[tuple[int, Row]]  # each with the line of the file on which it starts
Faults = Iterator[tuple[int, str]]  # a line, and what is wrong there


def is_number(text: str) -> bool:
    """Whether a text is a finite number."""
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def is_day(text: str) -> bool:
    """Whether a text is YYYY, YYYY-MM or YYYY-MM-DD, on a calendar."""
    if not re.fullmatch(r"\d{4}(-\d\d){0,2}", text):
        return False
    year, month, day = [*text.split("-"), "01", "01"][:3]
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True


def has_unit(field: str) -> bool:
    """Whether a field's name claims a unit."""
    try:
        unit_of(field)
    except ValueError:
        return False
    return True


def unit_fault(field: str, unit: str) -> str:
    """What is wrong with a unit for a field, or nothing."""
    if not has_unit(field):
        return f"{field!r} does not end in a unit"
    try:
        factor(unit, unit_of(field))
    except UnitError as fault:
        if "zero elsewhere" in str(fault):
            return str(fault)
        return f"{unit[:60]!r} is no unit of {field} ({unit_of(field) or 'a plain number'})"
    return ""


def source_fault(source: str, sources: Collection[str]) -> str:
    """What is wrong with the source of a row, or nothing."""
    if source in sources:
        return ""
    return unknown("source", source, sources) if source else "has no source"
