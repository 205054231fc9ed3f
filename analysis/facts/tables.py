"""Tables of sourced numbers: a number a row, as its source prints it, converted to the unit that
its field claims.
"""

import re
from dataclasses import fields
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TypeVar

import pandas as pd

from analysis.facts.records import Accelerator, Model, Site
from analysis.units import factor, unit_of

pd.set_option(
    "mode.string_storage", "python"
)  # tables of facts are short: Arrow's words cost a report a sixth more

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
        raise LookupError(
            f"{path}: no such table; {nearest(name, [file.stem for file in FOLDER.glob('*.csv')])}"
        )
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
    """A copy of facts/<name>.csv. A number table gains `base`, its number in base units, and
    `stands`.

    `stands` marks the one row that is used for a thing, field and date: the chosen one where
    sources disagree. LookupError where there is no such file.
    """
    return _table(name).copy()


def chosen(name: str, thing: str | None = None, as_of: str | None = None) -> pd.DataFrame:
    """The standing rows of a number table, of one thing or all: each field's newest not later than
    `as_of`.

    `as_of` is an ISO date; without it, the newest of all. LookupError for an unknown thing. Not to
    be changed in place.
    """
    things = _chosen(name, as_of)
    if thing not in things:
        raise LookupError(
            f"{FOLDER / name}.csv: {unknown('thing', thing, [*filter(None, things)])}"
        )
    return things[thing]


@cache
def _chosen(name: str, as_of: str | None) -> dict[str | None, pd.DataFrame]:
    """What `chosen` gives for each thing, empty for those of which nothing was known yet, and for
    all under None.
    """
    rows = _table(name)[_table(name)["stands"]]
    rows = rows if as_of is None else rows[rows["as_of"] <= str(as_of)]
    rows = (
        rows.sort_values("as_of", kind="stable")
        .drop_duplicates(["thing", "field"], keep="last")
        .sort_index()
    )
    return {
        None: rows,
        **dict.fromkeys(_table(name)["thing"], rows[:0]),
        **dict(list(rows.groupby("thing"))),
    }


@cache
def find(kind: type[Thing], name: str, as_of: str | None = None) -> Thing:
    """The frozen record of a thing, from the rows that `chosen` gives; LookupError naming file,
    thing and field.
    """
    file = kind.__name__.lower() + "s"
    rows = chosen(file, name, as_of)
    told: dict[str, float] = dict(zip(rows["field"], rows["base"].tolist(), strict=True))
    asked = {field.name for field in fields(kind)}
    for field in sorted(asked ^ {*told, "name"}):
        lacks = f"field {field!r} is missing as of {as_of or 'any date'}"
        raise LookupError(
            f"{FOLDER / file}.csv: {name}: {lacks if field in asked else unknown('field', field, asked)}"
        )
    return kind(name=name, **told)


def names(kind: type) -> list[str]:
    """The things of a kind (Accelerator, Model, Site), in the order of their table."""
    return list(_table(kind.__name__.lower() + "s")["thing"].unique())


@cache
def canonical_name(column: str, name: str) -> str:
    """The name in our tables that a name in a column (accelerator, model, precision, engine) means,
    or itself.

    Neither case nor separators nor an owner before a slash count; nor do words that change no
    dimension (`instruct`, `fp8`, `nvidia`), unless the whole name is known. Other names of a thing
    are in facts/aliases.csv; one thing never stands for another of other dimensions.
    """
    spellings, idle = _spellings(column)
    return spellings.get(_spelled(name), spellings.get(_spelled(name, idle), name))


def _spelled(name: str, idle=frozenset()) -> str:
    """Words and numbers apart, without those that are `idle`: `Llama-3.1 8B` and `llama3.1-8b` are
    the same.
    """
    words = re.split(r"[^a-z0-9.]+", name.lower().rpartition("/")[2])
    return " ".join(
        re.findall(r"[a-z]+|\d+(?:\.\d+)?", " ".join(word for word in words if word not in idle))
    )


@cache
def _spellings(column: str) -> tuple[dict[str, str], frozenset[str]]:
    """What each spelling in a column of aliases.csv means, and the words that stand for nothing in
    any.
    """
    rows = _table("aliases").set_index("alias")[["accelerator", "model", "precision", "engine"]]
    things = () if column == "engine" else _table(f"{column}s")["thing"]
    told = rows[column].dropna().to_dict() | dict(zip(things, things, strict=True))
    return {_spelled(alias): thing for alias, thing in told.items()}, frozenset(
        rows.index[rows.isna().all(axis=1)]
    )


@cache
def sources() -> pd.DataFrame:
    """The sources, indexed by key: title, publisher, url, published, read, read_on, licence, grade
    (Admiralty).
    """
    return pd.read_csv(FOLDER / "sources.csv", dtype=str, keep_default_na=False).set_index("source")


def price(thing: str, field: str, as_of: str) -> float:
    """The newest price (facts/prices.csv) not later than `as_of`, in base units; LookupError if
    there was none yet.
    """
    found = chosen("prices", thing, as_of).query("field == @field")["base"]
    if found.empty:
        ours = _table("prices").query("thing == @thing")
        dates = ours.loc[ours["field"] == field, "as_of"]
        hint = (
            f"the first is of {dates.min()}" if len(dates) else nearest(field, set(ours["field"]))
        )
        raise LookupError(f"{FOLDER / 'prices.csv'}: {thing}: no {field!r} as of {as_of}; {hint}")
    return float(found.iloc[0])
