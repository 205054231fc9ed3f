"""Beliefs in words: what they are called, and their values as a reader writes them."""

from analysis.pages.numbers import number
from analysis.pages.words import field_words, worded
from analysis.units import is_share

UNITS = {"month": "months", "year": "years", "minute": "minutes", "day": "days"}


def belief_words(name: str) -> str:
    """A belief or a residual factor in words; without any, its name without the unit.

    A prefix such as `baseline_` becomes the words for the option that it holds for.
    """
    for prefix, option in worded("side").items():
        if name.startswith(prefix):
            return _words(name.removeprefix(prefix)) + option
    return _words(name)


def _words(name: str) -> str:
    return worded("belief").get(name) or field_words(name)


def belief_value(name: str, value: float, unit: str) -> str:
    """A belief's value as it is written: a share in per cent, a ratio with ×, else with its unit.

    >>> belief_value("delivery_months", 2.699, "month"), belief_value("load_factor", 0.44, "")
    ('2.7 months', '44%')
    """
    if is_share(name) and unit == "":
        return f"{value:.0%}"
    if unit == "":
        return f"{value:.2f}×"
    return f"{number(value, 2)} {UNITS.get(unit, unit)}"
