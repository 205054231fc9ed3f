"""Words that a reader sees in place of names: of units, quantities, options, fields and days."""

import csv
import html
import re
from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd

from analysis.facts import chip
from analysis.scenario.scenario import Scenario
from analysis.units import SUFFIX, unit_of

FILE = Path(__file__).with_name("words.csv")
# What begins a list, or draws a rule, where a paragraph begins; a number such as 3.57 does not.
LIST_MARK = re.compile(r"^(\d*)([-.])(?=[-.\s]|$)")
MARKUP = "\\`*_{}[]()#+!|$~"  # characters that Markdown gives a meaning
UNITS_OF_COUNTS = ("", "chip", "B")  # a name in one of these says no unit that could be cut off


@cache
def worded(kind: str) -> dict[str, str]:
    """Words by name for one kind of names, as words.csv has them and in its order.

    >>> worded("token")["cached_usd_per_token"], worded("unit")["usd"]
    ('cached input', '${}')
    """
    with FILE.open(encoding="utf-8", newline="") as file:
        return {row["name"]: row["words"] for row in csv.DictReader(file) if row["kind"] == kind}


def around(unit: str) -> tuple[str, str]:
    """What stands before and behind a number in a unit.

    >>> around("usd/Mtok"), around("ms")
    (('$', ' per million tokens'), ('', ' ms'))
    """
    template = worded("unit").get(unit, f"{{}} {unit}")
    before, _, behind = template.partition("{}")
    return before, behind


def unit_words(unit: str) -> str:
    """A unit as it is written away from its number, as in the head of a column."""
    before, behind = around(unit)
    return (before + behind).strip()


def field_words(field: str) -> str:
    """A field in words, without the unit in its name: the printed number may have another.

    >>> field_words("debt_interest_share_per_s"), field_words("rack_chips")
    ('debt interest', 'rack chips')
    """
    name = field if unit_of(field) in UNITS_OF_COUNTS else SUFFIX.sub("", field)
    return name.replace("_", " ")


def option_words(case: Scenario, option: str) -> str:
    """An option as a reader knows it: chip and precision. The claim has the candidate's chip."""
    deployment = case.baseline if option == "baseline" else case.candidate
    return f"{chip(deployment.accelerator)} in {deployment.precision.upper()}"


def day(when: date | None) -> str:
    """A date in words; no date is never.

    >>> day(date(2026, 4, 23)), day(None)
    ('23 April 2026', 'never')
    """
    if when is None or pd.isna(when):
        return "never"
    return f"{when.day} {when:%B %Y}"


def plain(text: object) -> str:
    """Text from outside made safe for Markdown and HTML: it is shown, never interpreted.

    >>> plain("5 < 6, *not* $7")
    '5 &lt; 6, &#42;not&#42; &#36;7'
    """
    escaped = html.escape(" ".join(str(text).split()), quote=False)
    escaped = "".join(f"&#{ord(mark)};" if mark in MARKUP else mark for mark in escaped)
    return LIST_MARK.sub(lambda found: f"{found[1]}&#{ord(found[2])};", escaped)
