"""Is every fact sourced, in its unit, and there once? Each fault with file, line and key."""

import csv
import io
import re
from functools import cache
from pathlib import Path

from analysis.facts.check_cells import Rows
from analysis.facts.check_names import Known
from analysis.facts.check_numbers import NUMBER_TABLES, number_faults
from analysis.facts.check_sources import source_table_faults
from analysis.facts.check_wide import wide_faults
from analysis.facts.columns import TABLES
from analysis.facts.hints import nearest
from analysis.facts.tables import COLUMNS, FOLDER

# What no cell holds: characters that a reader of tables drops, or takes for the end of a line.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]")


def check(folder: Path = FOLDER) -> list[str]:
    """Every fault of the CSV tables in a folder, as `file:line: key: what is wrong`.

    Names are held against the tables of the same folder, or ours where it lacks one.
    """
    known = Known.of({name: _stated(folder, name) for name in Known.TABLES}, _claims(folder))
    faults = []
    for path in sorted(folder.glob("*.csv")):
        for line, fault in sorted(_table_faults(path, known)):
            faults.append(f"{path.parent.name}/{path.name}:{line}: {fault}")
    return faults


def _stated(folder: Path, name: str) -> Rows:
    own = folder / f"{name}.csv"
    return _read(own)[0] if own.exists() else _ours(name)


@cache
def _ours(name: str) -> Rows:
    return _read(FOLDER / f"{name}.csv")[0]


def _claims(folder: Path) -> list[str]:
    own = folder / "claims"
    return [path.stem for path in (own if own.is_dir() else FOLDER / "claims").glob("*.yml")]


def _table_faults(path: Path, known: Known) -> list[tuple[int, str]]:
    rows, faults = _read(path)
    if not rows:
        return faults or [(1, "no rows")]
    name, header = path.stem, list(rows[0][1])
    missing = _missing(name, header)
    if missing:
        return [*faults, *((1, f"{column}: column is missing{near}") for column, near in missing)]
    find_faults = wide_faults
    if name == "sources":
        find_faults = source_table_faults
    elif header == COLUMNS or name in NUMBER_TABLES:
        find_faults = number_faults
    return [*faults, *find_faults(name, rows, known)]


def _missing(name: str, header: list[str]) -> list[tuple[str, str]]:
    """Columns that a table lacks, each with the name that was perhaps meant."""
    needed = COLUMNS if name in NUMBER_TABLES else []
    needed = TABLES[name].names() if name in TABLES else needed
    others = [column for column in header if column not in needed]
    return [
        (column, f"; {nearest(column, others)}" if others else "")
        for column in needed
        if column not in header
    ]


def _read(path: Path) -> tuple[Rows, list[tuple[int, str]]]:
    """The rows of a CSV with the lines on which they start, and what keeps it from being read."""
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        return [], [(raw[: fault.start].count(b"\n") + 1, "not UTF-8 text")]
    except OSError as fault:
        return [], [(1, f"cannot be read: {fault}")]
    text = text.replace("\r\n", "\n")
    if found := CONTROL.search(text):
        line = text[: found.start()].count("\n") + 1
        return [], [(line, f"holds the character {found[0]!r}, which no table has")]
    return _rows(text)


def _rows(text: str) -> tuple[Rows, list[tuple[int, str]]]:
    rows: Rows = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        header = next(reader, [])
        doubled = [name for name in header if not name.strip() or header.count(name) > 1]
        if doubled:
            return [], [(1, f"{doubled[0]!r} is no name of a column, or that of two")]
        line = reader.line_num + 1
        for cells in reader:
            if cells and len(cells) != len(header):
                found = f"{len(cells)} cells under {len(header)} columns; the rest is not read"
                return rows, [(line, found)]
            if cells:  # a blank line is none
                rows.append((line, dict(zip(header, cells, strict=True))))
            line = reader.line_num + 1
    except csv.Error as fault:
        return [], [(line, f"cannot be read: {fault}")]
    return rows, []
