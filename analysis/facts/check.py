"""Is every fact sourced, in its unit, and told once? The door of the tables: each fault with file, line and key."""

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
from analysis.facts.tables import COLUMNS, FOLDER, PLACE, nearest
from analysis.units import factor, registry, unit_of

KINDS = {"datasheet", "measured", "reported", "estimate", "press", "derived", "judged", "config"}
RECORDS = {kind.__name__.lower() + "s": {field.name for field in fields(kind)} for kind in (Accelerator, Model, Site)}
Faults = Iterator[tuple[int, str]]
Rows = list[tuple[int, dict[str, str]]]


def check(folder: Path = FOLDER) -> list[str]:
    """Every fault of the CSV tables in a folder as `file:line: key: what is wrong`; an empty list where all is well."""
    known, faults = {row["source"] for _, row in _rows(folder / "sources.csv")[0] if "source" in row}, []
    for path in sorted(folder.glob("*.csv")):
        rows, broken = _rows(path)
        header = list(rows[0][1]) if rows else []
        tell = _source_faults if path.stem == "sources" else _number_faults if header == COLUMNS else _wide_faults
        found = [*broken, *(tell(path.stem, rows, known) if rows else [(1, "no rows")])]
        faults += [f"{path.parent.name}/{path.name}:{line}: {said}" for line, said in sorted(found)]
    return faults


def _rows(path: Path) -> tuple[Rows, list[tuple[int, str]]]:
    """The rows of a CSV with the lines they start on, and what keeps it from being read."""
    try:
        lines = csv.reader(path.read_text(encoding="utf-8").splitlines(keepends=True), strict=True)
        header, rows, faults, line = next(lines, []), [], [], 2
        for cells in lines:
            if len(cells) == len(header):
                rows.append((line, dict(zip(header, cells, strict=True))))
            else:
                faults.append((line, f"{len(cells)} cells under {len(header)} columns"))
            line = lines.line_num + 1
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        return [], [(1, f"cannot be read: {fault}")]
    return rows, faults


def _number(text: str) -> str | None:
    """What is wrong with a number, or None."""
    try:
        return None if math.isfinite(float(text)) else f"{text!r} is not finite"
    except ValueError:
        return f"{text!r} is no number"


def _dated(text: str) -> str | None:
    """What is wrong with a date, or None: YYYY, YYYY-MM or YYYY-MM-DD."""
    try:
        date.fromisoformat(text + "-01-01"[len(text) - 4 :])
    except ValueError:
        return f"{text!r} is no ISO date"
    return None if re.fullmatch(r"\d{4}(-\d\d){0,2}", text) else f"{text!r} is no ISO date"


def _unit(field: str, unit: str) -> str | None:
    """What is wrong with a unit for a field, or None."""
    try:
        into = unit_of(field)
        factor(unit or "dimensionless", into)
        offset = registry.Quantity(0.0, unit or "dimensionless").to(into or "dimensionless").magnitude
    except ValueError as fault:
        return str(fault)
    except (PintError, AttributeError, TypeError, AssertionError):
        return f"{unit!r} is no unit of {field} ({into or 'a plain number'})"
    return f"{unit!r} has its zero elsewhere: print the value in {into}" if offset else None


def _sourced(row: dict[str, str], known: set[str]) -> str | None:
    """What is wrong with a row's source, or None."""
    if not row.get("source"):
        return "has no source"
    return None if row["source"] in known else f"unknown source {row['source']!r}; {nearest(row['source'], known)}"


def _base(row: dict[str, str]) -> float:
    return float(row["value"]) * float(row["times"]) * factor(row["unit"] or "dimensionless", unit_of(row["field"]))


def _row_faults(name: str, row: dict[str, str], known: set[str]) -> Iterator[str | None]:
    yield from (_number(row["value"]), _number(row["times"]), _unit(row["field"], row["unit"]), _sourced(row, known))
    if row["kind"] not in KINDS:
        yield f"unknown kind {row['kind']!r}; {nearest(row['kind'], KINDS)}"
    if row["as_of"]:
        yield _dated(row["as_of"])
    if (row["kind"] == "judged") != (row["source"] == "judged") or (row["kind"] == "judged" and not row["where"]):
        yield "a judged number has kind and source `judged` and its reason in `where`"
    if row["field"] not in RECORDS.get(name, {row["field"]}):
        yield f"unknown field; {nearest(row['field'], RECORDS[name])}"


def _number_faults(name: str, rows: Rows, known: set[str]) -> Faults:
    told, seen = defaultdict(list), set()
    for line, row in rows:
        said = [fault for fault in _row_faults(name, row, known) if fault]
        said += ["is there twice"] * (tuple(row.values()) in seen)
        seen.add(tuple(row.values()))
        yield from ((line, f"{row['thing']}.{row['field']}: {fault}") for fault in said)
        if not said:
            told[tuple(row[key] for key in PLACE)].append((line, row))
    yield from _conflicts(told)
    yield from _gaps(name, rows)


def _conflicts(told: dict[tuple, Rows]) -> Faults:
    """Where sources disagree, one row says in `chosen` why it is taken."""
    for (thing, field, as_of), rows in told.items():
        picked = [line for line, row in rows if row["chosen"]]
        base = [_base(row) for _, row in rows]
        if max(base) - min(base) > 1e-9 * max(map(abs, base)) and not picked:
            yield rows[-1][0], f"{thing}.{field} {as_of}: {len(rows)} sources disagree and none is chosen with a reason"
        if len(picked) > 1:
            yield picked[1], f"{thing}.{field} {as_of}: {len(picked)} rows are chosen"


def _gaps(name: str, rows: Rows) -> Faults:
    """A thing of a record's table has every field of the record."""
    for thing in dict.fromkeys(row["thing"] for _, row in rows):
        ours = [(line, row["field"]) for line, row in rows if row["thing"] == thing]
        lacks = RECORDS.get(name, {"name"}) - {"name"} - {field for _, field in ours}
        yield from ((ours[0][0], f"{thing}.{field}: is missing") for field in sorted(lacks))


def _wide_faults(name: str, rows: Rows, known: set[str]) -> Faults:
    """A table with several numbers a row: a source for each row, a unit in the name of each column of numbers."""
    if name in (*RECORDS, "prices") or "source" not in rows[0][1]:
        yield (
            1,
            f"expected {'the columns ' + ','.join(COLUMNS) if name in (*RECORDS, 'prices') else 'a column `source`'}",
        )
    for column in rows[0][1]:
        cells = [(line, row[column]) for line, row in rows if row[column]]
        plain = "ends in no unit" if "does not end in a unit" in (_unit(column, "") or "") else ""
        if plain and cells and "unit" not in rows[0][1] and not any(_number(cell) for _, cell in cells):
            yield 1, f"{column}: numbers under a name that {plain}"
        said = [(line, _number(cell)) for line, cell in cells if not plain or cell.lower() in ("nan", "inf", "-inf")]
        if column == "as_of":
            said += [(line, _dated(cell)) for line, cell in cells]
        yield from ((line, f"{column}: {fault}") for line, fault in said if fault)
    said = [(line, _sourced(row, known)) for line, row in rows if "source" in row]
    yield from ((line, fault) for line, fault in said if fault)


def _source_faults(name: str, rows: Rows, known: set[str]) -> Faults:
    seen: set[str] = set()
    for line, row in rows:
        key = row["source"]
        said = [f"{name} is blank" for name in ("source", "title", "publisher", "licence") if not row[name]]
        said += ["is there twice"] * (key in seen)
        said += [f"{row['url']!r} is no URL"] * (not re.match("https?://|$", row["url"]))
        said += [f"read_on: {_dated(row['read_on'])}"] * bool(_dated(row["read_on"]))
        said += [f"grade {row['grade']!r} is none of A1 to F6"] * (not re.fullmatch("[A-F][1-6]", row["grade"]))
        seen.add(key)
        yield from ((line, f"{key}: {fault}") for fault in said)
