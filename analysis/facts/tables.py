"""Tables of sourced numbers: a number a row, as its source prints it, converted to the unit that its field claims."""

from dataclasses import fields
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TypeVar

import pandas as pd

from analysis.facts.records import Accelerator, Model, Site
from analysis.units import factor, unit_of

pd.set_option("mode.string_storage", "python")  # tables of facts are short: Arrow's words cost a report a sixth more

FOLDER = Path(__file__).parent
COLUMNS = ["thing", "field", "as_of", "value", "unit", "times", "source", "where", "kind", "chosen"]
PLACE = ["thing", "field", "as_of"]
Thing = TypeVar("Thing", Accelerator, Model, Site)


def nearest(name: str, known) -> str:
    """The end of an error message: the nearest valid name, or some of them."""
    found = get_close_matches(str(name), list(known), 1, 0.4)
    return f"did you mean {found[0]!r}?" if found else f"known: {', '.join(sorted(known)[:20])}"


def unknown(what: str, name, known) -> str:
    """What is wrong with a name that is none of the known ones."""
    return f"unknown {what} {name!r}; {nearest(name, known)}"


@cache
def _table(name: str) -> pd.DataFrame:
    path = FOLDER / f"{name}.csv"
    if not path.exists():
        raise LookupError(f"{path}: no such table; {nearest(name, [file.stem for file in FOLDER.glob('*.csv')])}")
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    if list(rows) != COLUMNS:
        return pd.read_csv(path)
    rows[["value", "times"]] = rows[["value", "times"]].astype(float)
    units = zip(rows["unit"], rows["field"], strict=True)
    factors = [factor(unit or "dimensionless", unit_of(name)) for unit, name in units]
    rows["base"] = rows["value"] * rows["times"] * factors
    first = rows.sort_values("chosen", ascending=False, kind="stable").drop_duplicates(PLACE)
    rows["stands"] = rows.index.isin(first.index)
    return rows


def table(name: str) -> pd.DataFrame:
    """A copy of facts/<name>.csv. A number table gains `base`, its number in base units, and `stands`.

    `stands` marks the one row that is used for a thing, field and date: the chosen one where sources disagree.
    LookupError where there is no such file.
    """
    return _table(name).copy()


@cache
def chosen(name: str, thing: str | None = None, as_of: str | None = None) -> pd.DataFrame:
    """The standing rows of a number table, of one thing or all: each field's newest not later than `as_of`.

    `as_of` is an ISO date; without it, the newest of all. LookupError for an unknown thing. Not to be changed in place.
    """
    rows = _table(name)[_table(name)["stands"]]
    if thing is not None:
        if thing not in set(rows["thing"]):
            raise LookupError(f"{FOLDER / name}.csv: {unknown('thing', thing, set(rows['thing']))}")
        rows = rows[rows["thing"] == thing]
    rows = rows if as_of is None else rows[rows["as_of"] <= str(as_of)]
    return rows.sort_values("as_of", kind="stable").drop_duplicates(["thing", "field"], keep="last").sort_index()


@cache
def find(kind: type[Thing], name: str, as_of: str | None = None) -> Thing:
    """The frozen record of a thing, from the rows that `chosen` gives; LookupError naming file, thing and field."""
    rows = chosen(kind.__name__.lower() + "s", name, as_of)
    file = f"{FOLDER / kind.__name__.lower()}s.csv"
    told = dict(zip(rows["field"], rows["base"].tolist(), strict=True))
    asked = [field.name for field in fields(kind) if field.name != "name"]
    for field in told:
        if field not in asked:
            raise LookupError(f"{file}: {name}: {unknown('field', field, asked)}")
    for field in asked:
        if field not in told:
            raise LookupError(f"{file}: {name}: field {field!r} is missing as of {as_of or 'any date'}")
    return kind(name=name, **told)


def names(kind: type) -> list[str]:
    """The things of a kind (Accelerator, Model, Site), in the order of their table."""
    return list(_table(kind.__name__.lower() + "s")["thing"].unique())


@cache
def sources() -> pd.DataFrame:
    """The sources, indexed by key: title, publisher, url, published, read, read_on, licence, grade (Admiralty)."""
    return pd.read_csv(FOLDER / "sources.csv", dtype=str, keep_default_na=False).set_index("source")


def price(thing: str, field: str, as_of: str) -> float:
    """The newest price (facts/prices.csv) not later than `as_of`, in base units; LookupError if there was none yet."""
    rows = chosen("prices", thing, as_of)
    found = rows.loc[rows["field"] == field, "base"]
    if found.empty:
        ours = _table("prices").query("thing == @thing")
        dates = ours.loc[ours["field"] == field, "as_of"]
        hint = f"the first is of {dates.min()}" if len(dates) else nearest(field, set(ours["field"]))
        raise LookupError(f"{FOLDER / 'prices.csv'}: {thing}: no {field!r} as of {as_of}; {hint}")
    return float(found.iloc[0])
