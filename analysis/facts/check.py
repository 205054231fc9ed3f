"""Is every fact sourced, in its unit, and told once? The door of the tables: each fault with file,
line and key.
"""

import csv
import math
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from pathlib import Path

from pint.errors import PintError

from analysis.facts.records import Accelerator, Model, Site
from analysis.facts.tables import COLUMNS, FOLDER, PLACE, nearest, unknown
from analysis.units import factor, registry, unit_of

# Written by `python -m analysis calibrate` from tables that are sourced, or what it starts from,
# with a reason a row.
FITTED = {
    "coefficients",
    "energy_coefficients",
    "energy_validation",
    "priors",
    "log_sd",
    "validation",
}
DAYS = {"as_of", "known", "earliest", "latest", "until", "resolved"}
ORDERED = (
    ("earliest", "latest"),
    ("low_units", "mid_units", "high_units"),
    ("low_ratio", "mid_ratio", "high_ratio"),
)
WORDS = {  # columns of wide tables that hold one of these words
    "milestone": {
        "announced",
        "promised",
        "promised fiscal",
        "promised general",
        "shipped",
        "volume",
        "cancelled",
        "postponed",
    },
    "status": {"happened", "promised", "reported", "claimed"},
    "precision": {"day", "month", "quarter", "half", "year"},  # of a date, in launches.csv
    "outcome": {"0", "1"},
    "boundary": {"board", "wall"},
    "matching": {"matched", "best_against_best"},
    "claim": {path.stem for path in (FOLDER / "claims").glob("*.yml")},
    **{
        column: {
            row["thing"]
            for row in csv.DictReader((FOLDER / f"{column}s.csv").open(encoding="utf-8"))
        }
        for column in ("accelerator", "model")
    },
}
COUNTS = {"concurrency", "repeats"}  # plain counts, named as the tables of `predict` name them
READ = {
    "opened": True,
    "through a table of others": True,
    "recalled, to be checked": False,
    "our own": False,
}  # dated?
KINDS = {"datasheet", "measured", "reported", "estimate", "press", "derived", "judged", "config"}
RECORDS = {
    kind.__name__.lower() + "s": {field.name for field in fields(kind)}
    for kind in (Accelerator, Model, Site)
}
Faults = Iterator[tuple[int, str]]
Rows = list[tuple[int, dict[str, str]]]


def check(folder: Path = FOLDER) -> list[str]:
    """Every fault of the CSV tables in a folder as `file:line: key: what is wrong`; an empty list
    where all is well.
    """
    known, faults = (
        {row.get("source", "") for _, row in _rows(folder / "sources.csv")[0]} - {""},
        [],
    )
    for path in sorted(folder.glob("*.csv")):
        rows, found = _rows(path)
        numbers = rows and list(rows[0][1]) == COLUMNS
        tell = (
            _source_faults
            if path.stem == "sources"
            else _number_faults
            if numbers
            else _wide_faults
        )
        found += tell(path.stem, rows, known) if rows else [(1, "no rows")]
        faults += [f"{path.parent.name}/{path.name}:{line}: {said}" for line, said in sorted(found)]
    return faults


def _rows(path: Path) -> tuple[Rows, list[tuple[int, str]]]:
    """The rows of a CSV with the lines they start on, and what keeps it from being read."""
    rows: Rows = []
    try:
        lines = csv.reader(path.read_text(encoding="utf-8").splitlines(keepends=True), strict=True)
        header, line = next(lines, []), 2
        for cells in lines:
            if len(cells) != len(header):
                return rows, [
                    (line, f"{len(cells)} cells under {len(header)} columns; the rest is not read")
                ]
            rows.append((line, dict(zip(header, cells, strict=True))))
            line = lines.line_num + 1
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        return [], [(1, f"cannot be read: {fault}")]
    return rows, []


def _finite(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _dated(text: str) -> bool:
    """YYYY, YYYY-MM or YYYY-MM-DD, on a calendar."""
    try:
        return bool(
            re.fullmatch(r"\d{4}(-\d\d){0,2}", text)
            and date.fromisoformat(text + "-01-01"[len(text) - 4 :])
        )
    except ValueError:
        return False


def _unit(field: str, unit: str) -> str:
    """What is wrong with a unit for a field, or nothing."""
    try:
        into = unit_of(field)
        factor(unit or "dimensionless", into)
        zero = registry.Quantity(0.0, unit or "dimensionless").to(into or "dimensionless").magnitude
    except ValueError as fault:
        return str(fault)
    except (PintError, AttributeError, TypeError, AssertionError):
        return f"{unit!r} is no unit of {field} ({into or 'a plain number'})"
    return f"{unit!r} has its zero elsewhere: print the value in {into}" if zero else ""


def _sourced(row: dict[str, str], known: set[str]) -> str:
    if row["source"] in known:
        return ""
    return unknown("source", row["source"], known) if row["source"] else "has no source"


def _row_faults(name: str, row: dict[str, str], known: set[str]) -> Iterator[str]:
    yield from (
        f"{key} {row[key]!r} is no finite number"
        for key in ("value", "times")
        if not _finite(row[key])
    )
    if (
        _finite(row["value"])
        and _finite(row["times"])
        and float(row["value"]) * float(row["times"]) < 0
    ):
        yield f"{row['value']} times {row['times']} is below 0"
    yield from filter(None, (_unit(row["field"], row["unit"]), _sourced(row, known)))
    if row["kind"] not in KINDS:
        yield unknown("kind", row["kind"], KINDS)
    if row["as_of"] and not _dated(row["as_of"]):
        yield f"as_of {row['as_of']!r} is no ISO date"
    if (row["kind"] == "judged") != (row["source"] == "judged") or (
        row["kind"] == "judged" and not row["where"]
    ):
        yield "a judged number has kind and source `judged` and its reason in `where`"
    if row["field"] not in RECORDS.get(name, {row["field"]}):
        yield f"unknown field; {nearest(row['field'], RECORDS[name])}"


def _number_faults(name: str, rows: Rows, known: set[str]) -> Faults:
    """A table of numbers: rows that are well formed, told once, complete, and chosen from where
    they disagree.
    """
    seen, there, told = set(), defaultdict(set), defaultdict(list)
    for line, row in rows:
        said = [*_row_faults(name, row, known), *["is there twice"] * (tuple(row.values()) in seen)]
        seen.add(tuple(row.values()))
        there[row["thing"]].add(row["field"])
        yield from ((line, f"{row['thing']}.{row['field']}: {fault}") for fault in said)
        if not said:
            told[tuple(row[key] for key in PLACE)].append((line, row))
    for thing, have in there.items():
        first = next(line for line, row in rows if row["thing"] == thing)
        lacks = RECORDS.get(name, set()) - have - {"name"}
        yield from ((first, f"{thing}.{field}: is missing") for field in sorted(lacks))
    yield from _conflicts(told)


def _conflicts(told: dict[tuple, Rows]) -> Faults:
    """Where sources disagree, one row says in `chosen` why it is taken."""
    for (thing, field, as_of), rows in told.items():
        picked = [line for line, row in rows if row["chosen"]]
        units = [factor(row["unit"] or "dimensionless", unit_of(field)) for _, row in rows]
        base = [
            float(row["value"]) * float(row["times"]) * unit
            for (_, row), unit in zip(rows, units, strict=True)
        ]
        if max(base) - min(base) > 1e-9 * max(map(abs, base)) and not picked:
            yield (
                rows[-1][0],
                f"{thing}.{field} {as_of}: {len(rows)} sources disagree and none is chosen with a reason",
            )
        if len(picked) > 1:
            yield picked[1], f"{thing}.{field} {as_of}: {len(picked)} rows are chosen"


def _wide_faults(name: str, rows: Rows, known: set[str]) -> Faults:
    """A table with several numbers a row: a source for each row, a unit in the name of each column
    of numbers.
    """
    header, fitted, numbers = rows[0][1], name in FITTED, name in (*RECORDS, "prices")
    if numbers or not (fitted or "source" in header):
        yield (
            1,
            f"expected {'the columns ' + ','.join(COLUMNS) if numbers else 'a column `source`'}",
        )
    for column in header:
        cells = [(line, row[column]) for line, row in rows if row[column]]
        plain = "does not end in a unit" in _unit(column, "")
        free = fitted or "unit" in header or column in COUNTS
        if plain and cells and not free and all(_finite(cell) for _, cell in cells):
            yield 1, f"{column}: numbers under a name that ends in no unit"
        words = () if column == "precision" and name != "launches" else WORDS.get(column, ())
        told = ((line, _cell(column, cell, plain, fitted, words)) for line, cell in cells)
        yield from ((line, f"{column}: {said}") for line, said in told if said)
    for columns in ORDERED if not fitted else ():
        for line, row in rows if set(columns) <= set(header) else ():
            ends = [row[column] for column in columns if row[column]]
            if ends != sorted(ends, key=lambda cell: (float(cell) if _finite(cell) else 0.0, cell)):
                yield line, f"expected {' <= '.join(columns)}, found {', '.join(ends)}"
    for line, row in rows:
        if row.get("status") == "happened" and row["known"] < row["earliest"]:
            yield line, f"happened from {row['earliest']} on and was known on {row['known']}"
    if "source" in header:
        yield from ((line, _sourced(row, known)) for line, row in rows if _sourced(row, known))


def _cell(column: str, cell: str, plain: bool, fitted: bool, words) -> str:
    """What is wrong with a cell of a wide table, or nothing; a column is `plain` whose name claims
    no unit.
    """
    if column in DAYS:
        return "" if _dated(cell) else f"{cell!r} is no ISO date"
    if words and cell not in words:
        return unknown("word", cell, words)
    if cell.lower() in ("nan", "inf", "-inf") or not (plain or _finite(cell)):
        return f"{cell!r} is no finite number"
    if (
        not fitted
        and _finite(cell)
        and (float(cell) < 0 or (column.endswith("_share") and float(cell) > 1))
    ):
        return f"{cell} is {'below 0' if float(cell) < 0 else 'a share above 1'}"
    return ""


def _source_faults(name: str, rows: Rows, known: set[str]) -> Faults:
    keys = [row["source"] for _, row in rows]
    for place, (line, row) in enumerate(rows):
        said = [
            f"{column} is blank"
            for column in ("source", "title", "publisher", "licence")
            if not row[column]
        ]
        said += ["is there twice"] * (row["source"] in keys[:place])
        said += [f"{row['url']!r} is no URL"] * (not re.match("https?://|$", row["url"]))
        said += [f"read {row['read']!r}: {nearest(row['read'], READ)}"] * (row["read"] not in READ)
        wanted = _dated(row["read_on"]) if READ.get(row["read"], True) else not row["read_on"]
        said += [f"read_on {row['read_on']!r} is no day on which it was read ({row['read']})"] * (
            not wanted
        )
        said += [f"grade {row['grade']!r} is none of A1 to F6"] * (
            not re.fullmatch("[A-F][1-6]", row["grade"])
        )
        yield from ((line, f"{row['source']}: {fault}") for fault in said)
