"""Arithmetic that a data file may state: named numbers, + - * /, one comparison, and a few
functions of dates.
"""

import ast
import operator
import string
from datetime import UTC, date, datetime
from typing import Any

from analysis.facts import unknown

# The service's epoch: an identifier carries the milliseconds since then above its 22nd bit.
SNOWFLAKE_MS = 1288834974657
FUNCTIONS: dict[str, Any] = {
    "days": lambda first, last: (last - first).days,
    "weekday": lambda day: f"{day:%A}",
    "moment": lambda identifier: datetime.fromtimestamp(
        ((identifier >> 22) + SNOWFLAKE_MS) / 1000, UTC
    ),
    "fiscal_quarter": lambda day, year_start: (
        (day - year_start).days // 91 + 1
    ),  # quarters of 13 weeks
    "max": max,
    "min": min,
}
_BINARY = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARE = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
}


def compute(expression: str, numbers: dict):
    """Value of an expression over named `numbers`; ValueError names what is unknown, and whatever
    else would run.
    """
    if len(expression) > 400:
        raise ValueError("an expression has at most 400 characters")
    return _node(ast.parse(expression, mode="eval").body, numbers)


def _node(node, numbers: dict):
    match node:
        case ast.Constant(value=int() | float() as value):
            return value
        case ast.Name(id=name) if name in numbers:
            return numbers[name]
        case ast.Name(id=name):
            raise ValueError(unknown("number", name, numbers))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_node(operand, numbers)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _BINARY[type(op)](_node(left, numbers), _node(right, numbers))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
            return _COMPARE[type(op)](_node(left, numbers), _node(right, numbers))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in FUNCTIONS:
            return FUNCTIONS[name](*(_node(argument, numbers) for argument in arguments))
        case ast.Call(func=ast.Name(id=name)):
            raise ValueError(unknown("function", name, FUNCTIONS))
    said = f"names, numbers, + - * /, a comparison, {', '.join(FUNCTIONS)}"
    raise ValueError(f"{ast.unparse(node)!r} is not allowed; use {said}")


class _Plain(string.Formatter):
    def get_field(self, field_name, args, kwargs):
        if field_name not in kwargs:
            raise ValueError(unknown("number in the evidence", field_name, kwargs))
        return kwargs[field_name], field_name

    def format_field(self, value, format_spec):
        """A day of the month without the zero before it: strftime has no portable way to say so."""
        return format(
            value,
            format_spec.replace("%d", str(value.day)) if isinstance(value, date) else format_spec,
        )


def fill(sentence: str, numbers: dict) -> str:
    """`sentence` with {names} replaced and formatted; a text in a file reaches no attribute and no
    index.
    """
    return _Plain().vformat(sentence, (), numbers)
