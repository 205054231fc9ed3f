"""Titles of quantities and the units in which people read them: a row a quantity, in one table.

Laws and columns use base units, which names claim (`analysis.units`). A page, a table or a chart
says a quantity by its title and converts it to the unit of its row.
"""

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).with_name("quantities.csv")


class Quantity(NamedTuple):
    """How a quantity is shown: its title, and a unit that pint reads (blank for plain numbers)."""

    title: str
    unit: str


@cache
def quantities() -> dict[str, Quantity]:
    """How each quantity of quantities.csv is shown, by its name; not to be changed.

    >>> quantities()["tpot_s"]
    Quantity(title='time between two tokens', unit='ms')
    """
    with FILE.open(encoding="utf-8", newline="") as file:
        return {
            row["quantity"]: Quantity(row["title"], row["unit"]) for row in csv.DictReader(file)
        }
