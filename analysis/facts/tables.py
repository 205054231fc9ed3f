"""Tables of sourced numbers: a number a row, as its source prints it, converted to base units."""

from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import TypeVar

import pandas as pd

from analysis.facts.hints import nearest, unknown
from analysis.facts.records import Accelerator, Model, Site
from analysis.units import factor, unit_of

FOLDER = Path(__file__).parent
COLUMNS = ["thing", "field", "as_of", "value", "unit", "times", "source", "where", "kind", "chosen"]
PLACE = ["thing", "field", "as_of"]  # what a number is of; sources may give several for one place
# Parts of a computer that capex.csv prices, each as <part>_usd_per_chip.
COMPONENTS = ("accelerator", "server", "network", "storage")
Thing = TypeVar("Thing", Accelerator, Model, Site)


@cache
def _table(name: str) -> pd.DataFrame:
    path = FOLDER / f"{name}.csv"
    if not path.exists():
        tables = [file.stem for file in FOLDER.glob("*.csv")]
        raise LookupError(f"{path}: no such table; {nearest(name, tables)}")
    # These tables are short, and Python's own strings are quicker for them than Arrow's.
    with pd.option_context("mode.string_storage", "python"):
        rows = pd.read_csv(path, dtype=str, keep_default_na=False)
        if list(rows) != COLUMNS:
            return pd.read_csv(path)
    rows[["value", "times"]] = rows[["value", "times"]].astype(float)
    units = zip(rows["unit"], rows["field"], strict=True)
    factors = [factor(unit, unit_of(field)) for unit, field in units]
    rows["base"] = rows["value"] * rows["times"] * factors
    first = rows.sort_values("chosen", ascending=False, kind="stable").drop_duplicates(PLACE)
    rows["stands"] = rows.index.isin(first.index)
    return rows


def table(name: str) -> pd.DataFrame:
    """A copy of facts/<name>.csv, a row a line of the file.

    A table of numbers gains `base`, its number in base units, and `stands`, which marks the one row
    that is used for a thing, field and date: the chosen one where sources disagree. Raises
    LookupError where there is no such file.
    """
    return _table(name).copy()


def chosen(name: str, thing: str | None = None, as_of: str | None = None) -> pd.DataFrame:
    """The standing rows of a table of numbers, of one thing or of all; not to be changed in place.

    Each field has its newest row not later than `as_of`, an ISO date; without it, its newest.
    Raises LookupError for an unknown thing.
    """
    by_thing = _chosen(name, as_of)
    if thing not in by_thing:
        known = [each for each in by_thing if each]
        raise LookupError(f"{FOLDER / name}.csv: {unknown('thing', thing, known)}")
    return by_thing[thing]


def published_range(
    name: str, thing: str, field: str, as_of: str | None = None
) -> tuple[float, float, float]:
    """Lowest, standing and highest published value of a field by a day, in base units.

    All rows count, also those that a newer or a chosen one replaces: publishers and their editions
    differ, and the range shows by how much. Judged rows count only where one stands. LookupError
    where nothing was known by `as_of` (an ISO date; without it, all dates).
    """
    standing = chosen(name, thing, as_of)
    standing = standing.loc[standing["field"] == field, "base"]
    if standing.empty:
        raise LookupError(f"{FOLDER / name}.csv: {thing}: no {field!r} as of {as_of or 'any date'}")
    rows = _table(name)
    rows = rows[(rows["thing"] == thing) & (rows["field"] == field)]
    known = rows["as_of"] <= (as_of or "9999")
    values = [*rows.loc[known & (rows["kind"] != "judged"), "base"], standing.iloc[0]]
    return float(min(values)), float(standing.iloc[0]), float(max(values))


@cache
def _chosen(name: str, as_of: str | None) -> dict[str | None, pd.DataFrame]:
    """What `chosen` gives for each thing, and under None for all.

    A thing of which nothing was known yet has no rows.
    """
    rows = _table(name)
    rows = rows[rows["stands"]]
    if as_of is not None:
        rows = rows[rows["as_of"] <= str(as_of)]
    newest_last = rows.sort_values("as_of", kind="stable")
    rows = newest_last.drop_duplicates(["thing", "field"], keep="last").sort_index()
    by_thing: dict[str | None, pd.DataFrame] = dict.fromkeys(_table(name)["thing"], rows[:0])
    by_thing[None] = rows
    for thing, own in rows.groupby("thing"):
        by_thing[str(thing)] = own
    return by_thing


@cache
def find(kind: type[Thing], name: str, as_of: str | None = None) -> Thing:
    """The record of a thing, in base units, from the rows that `chosen` gives.

    Raises LookupError for an unknown thing, and for a field that is missing or unknown, with the
    nearest valid name.
    """
    file = f"{kind.__name__.lower()}s"
    rows = chosen(file, name, as_of)
    values = dict(zip(rows["field"], rows["base"].tolist(), strict=True))
    needed = {field.name for field in fields(kind)} - {"name"}
    for field in sorted(needed ^ values.keys()):
        fault = unknown("field", field, needed)
        if field in needed:
            fault = f"field {field!r} is missing as of {as_of or 'any date'}"
        raise LookupError(f"{FOLDER / file}.csv: {name}: {fault}")
    return kind(name=name, **values)


def names(kind: type) -> list[str]:
    """The things of a kind (Accelerator, Model, Site), in the order of their table."""
    return list(_table(f"{kind.__name__.lower()}s")["thing"].unique())


@cache
def sources() -> pd.DataFrame:
    """The sources, indexed by key: title, publisher, url, published, read, read_on, licence, grade.

    Grades are those of the Admiralty system, A1 to F6.
    """
    return pd.read_csv(FOLDER / "sources.csv", dtype=str, keep_default_na=False).set_index("source")


@cache
def purchasable(as_of: str | None = None) -> tuple[str, ...]:
    """Accelerators whose computers had a price for every component by a day, or ever."""
    fields = chosen("capex", None, as_of).groupby("thing")["field"].agg(set)
    needed = {f"{part}_usd_per_chip" for part in COMPONENTS}
    return tuple(str(thing) for thing, known in fields.items() if needed <= known)


@cache
def sold_by_token() -> frozenset[str]:
    """Things of prices.csv with a price of written tokens: APIs that somebody sells."""
    prices = chosen("prices")
    return frozenset(prices.loc[prices["field"] == "output_usd_per_token", "thing"])


def price(thing: str, field: str, as_of: str) -> float:
    """The newest price of prices.csv not later than `as_of`, in base units.

    Raises LookupError where there was none yet, with the date of the first or the nearest field.
    """
    found = prices_by_field(thing, as_of)
    if field not in found:
        prices = _table("prices")
        ours = prices[prices["thing"] == thing]
        dates = ours.loc[ours["field"] == field, "as_of"]
        hint = nearest(field, set(ours["field"]))
        if len(dates):
            hint = f"the first is of {dates.min()}"
        raise LookupError(f"{FOLDER / 'prices.csv'}: {thing}: no {field!r} as of {as_of}; {hint}")
    return found[field]


@cache
def prices_by_field(thing: str, as_of: str) -> dict[str, float]:
    """The newest prices of a thing of prices.csv not later than `as_of`, in base units, by field.

    Not to be changed. Raises LookupError for an unknown thing.
    """
    rows = chosen("prices", thing, as_of)
    return dict(zip(rows["field"], rows["base"].tolist(), strict=True))
