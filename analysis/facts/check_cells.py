"""What may stand in one cell of a table: numbers, days, units."""

import math
import re
from collections.abc import Iterator
from datetime import date

from analysis.units import UnitError, factor, unit_of

Row = dict[str, str]
Rows = list[tuple[int, Row]]  # each with the line of the file on which it starts
Faults = Iterator[tuple[int, str]]  # a line, and what is wrong there
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
# What readers of tables take for a blank cell.
BLANKS = {"na", "n/a", "#na", "#n/a", "<na>", "nan", "-nan", "null", "none"}


def is_number(text: str) -> bool:
    """Whether a text is a finite number, as every reader of tables reads it."""
    return bool(NUMBER.fullmatch(text)) and math.isfinite(float(text))


def is_day(text: str) -> bool:
    """Whether a text is YYYY, YYYY-MM or YYYY-MM-DD, on a calendar."""
    if not re.fullmatch(r"[0-9]{4}(-[0-9]{2}){0,2}", text):
        return False
    year, month, day = [*text.split("-"), "01", "01"][:3]
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True


def is_whole_day(text: str) -> bool:
    """Whether a text is YYYY-MM-DD, on a calendar: a day that the code counts with."""
    return is_day(text) and text.count("-") == 2


def text_fault(text: str) -> str:
    """What is wrong with any cell that is not blank, or nothing."""
    if text != text.strip():
        return f"{text[:40]!r} has a blank at its edge"
    if text.lower() in BLANKS:
        return f"{text!r} is read as a blank: leave the cell empty, or write it out"
    return ""


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
