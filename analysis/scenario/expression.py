"""Arithmetic that a data file may state, and sentences that show its numbers.

An expression has named numbers, + - * /, one comparison, and a few functions of dates. It is short,
it works on numbers and days alone, and what it gives is bounded, so that no file can run code or
fill memory.
"""

import ast
import math
import operator
import re
import string
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from analysis.facts import unknown

LONGEST = 400  # characters of an expression
LARGEST = 1e60  # of a number in an expression and of what it gives
WIDEST = 99  # columns and digits that a number in a sentence may take
# The service's epoch: an identifier carries the milliseconds since then above its 22nd bit.
SNOWFLAKE_MS = 1288834974657
QUARTER_DAYS = 91  # 13 weeks

Value = bool | int | float | str | date  # what an expression gives; a datetime is a date


def days(first: date, last: date) -> int:
    """Days from one date to another."""
    return (last - first).days


def weekday(day: date) -> str:
    """The name of a date's day of the week."""
    return f"{day:%A}"


def moment(identifier: int) -> datetime:
    """When an identifier of the service was given out, in UTC."""
    milliseconds = (identifier >> 22) + SNOWFLAKE_MS
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def fiscal_quarter(day: date, year_start: date) -> int:
    """Quarter of a fiscal year of four times 13 weeks; 1 is its first."""
    return days(year_start, day) // QUARTER_DAYS + 1


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "days": days,
    "weekday": weekday,
    "moment": moment,
    "fiscal_quarter": fiscal_quarter,
    "max": max,
    "min": min,
}
_ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARISONS: dict[type, Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
}
_ALLOWED = f"names, numbers, + - * /, a comparison, {', '.join(FUNCTIONS)}"


def compute(expression: str, numbers: Mapping[str, Any]) -> Value:
    """The value of an expression over named numbers and dates.

    Raises ValueError for an expression that does not parse, that is too long, or that has anything
    but what is allowed; for an unknown name, with the nearest; for a division by zero, for numbers
    beyond LARGEST, and for arithmetic on what is no number.
    """
    if len(expression) > LONGEST:
        raise ValueError(f"an expression has at most {LONGEST} characters")
    try:
        tree = ast.parse(expression, mode="eval")
    except (SyntaxError, RecursionError, MemoryError) as fault:
        raise ValueError(f"{expression!r} does not parse: {fault}") from None
    try:
        return _value(tree.body, numbers)
    except ZeroDivisionError:
        raise ValueError(f"{expression!r} divides by zero") from None
    except (TypeError, OverflowError, RecursionError) as fault:
        raise ValueError(f"{expression!r} cannot be computed: {fault}") from None


def compute_number(expression: str, numbers: Mapping[str, Any]) -> float:
    """The value of an expression that gives a number; ValueError as `compute`, and for all else."""
    value = compute(expression, numbers)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{expression!r} gives {value!r}, which is no number")
    return float(value)


def _value(node: ast.expr, numbers: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=int() | float() as value):
            return _bounded(value)
        case ast.Name(id=name) if name in numbers:
            return _bounded(numbers[name])
        case ast.Name(id=name):
            raise ValueError(unknown("number", name, numbers))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_number(operand, numbers)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            calculate = _ARITHMETIC[type(op)]
            return _bounded(calculate(_number(left, numbers), _number(right, numbers)))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISONS:
            return _compare(type(op), _value(left, numbers), _value(right, numbers))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in FUNCTIONS:
            return _call(name, [_value(argument, numbers) for argument in arguments])
        case ast.Call(func=ast.Name(id=name)):
            raise ValueError(unknown("function", name, FUNCTIONS))
    raise ValueError(f"{ast.unparse(node)!r} is not allowed; use {_ALLOWED}")


def _compare(op: type, left: Any, right: Any) -> bool:
    """A comparison of two numbers, or of two values of one kind; ValueError for any other."""
    are_numbers = isinstance(left, int | float) and isinstance(right, int | float)
    if not are_numbers and type(left) is not type(right):
        kinds = f"{type(left).__name__} and {type(right).__name__}"
        raise ValueError(f"{left!s:.40} and {right!s:.40} do not compare: {kinds}")
    return _COMPARISONS[op](left, right)


def _call(name: str, arguments: list[Any]) -> Any:
    try:
        return FUNCTIONS[name](*arguments)
    except (ValueError, TypeError, AttributeError, OverflowError, OSError) as fault:
        shown = ", ".join(str(argument)[:30] for argument in arguments)
        raise ValueError(f"{name}({shown}) cannot be computed: {fault}") from None


def _number(node: ast.expr, numbers: Mapping[str, Any]) -> int | float:
    """The value of an operand of arithmetic, which has to be a number."""
    value = _value(node, numbers)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{ast.unparse(node)!r} is no number, so it cannot be calculated with")
    return value


def _bounded(value: Any) -> Any:
    """A value as it is; ValueError for a number that is too large or not finite."""
    is_number = isinstance(value, int | float)
    if is_number and not (abs(value) <= LARGEST and math.isfinite(value)):
        raise ValueError(f"a number is larger than {LARGEST:g}")
    return value


class _Sentence(string.Formatter):
    """Fills names alone: a text in a file reaches no attribute and no index."""

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        if field_name not in kwargs:
            raise ValueError(unknown("number in the evidence", field_name, kwargs))
        return kwargs[field_name], field_name

    def format_field(self, value: Any, format_spec: str) -> str:
        """A value in its format; strftime has no portable way to say a day without its zero."""
        widths: Iterable[str] = re.findall(r"\d+", format_spec)
        if any(len(width) > 3 or int(width) > WIDEST for width in widths):
            raise ValueError(f"a number takes at most {WIDEST} columns, not {format_spec[:20]!r}")
        if isinstance(value, date):
            format_spec = format_spec.replace("%d", str(value.day))
        return format(value, format_spec)


def fill(sentence: str, numbers: Mapping[str, Any]) -> str:
    """A sentence with {names} replaced by their numbers, each in its format.

    Raises ValueError for an unknown name, with the nearest, and for a format that does not fit.
    """
    try:
        return _Sentence().vformat(sentence, (), numbers)
    except (TypeError, AttributeError, KeyError, IndexError) as fault:
        raise ValueError(f"the evidence cannot be written: {fault}") from None
