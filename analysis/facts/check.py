"""Is every fact sourced, in its unit, and there once? Each fault with file, line and key."""

import csv
from pathlib import Path

from analysis.facts.check_cells import Row, Rows
from analysis.facts.check_numbers import number_faults
from analysis.facts.check_sources import source_table_faults
from analysis.facts.check_wide import wide_faults
from analysis.facts.tables import COLUMNS, FOLDER


def check(folder: Path = FOLDER) -> list[str]:
    """Every fault of the CSV tables in a folder, as `file:line: key: what is wrong`."""
    source_rows, _ = _read(folder / "sources.csv")
    sources = {row.get("source", "") for _, row in source_rows} - {""}
    faults = []
    for path in sorted(folder.glob("*.csv")):
        for line, fault in sorted(_table_faults(path, sources)):
            faults.append(f"{path.parent.name}/{path.name}:{line}: {fault}")
    return faults


def _table_faults(path: Path, sources: set[str]) -> list[tuple[int, str]]:
    rows, faults = _read(path)
    if not rows:
        return [*faults, (1, "no rows")]
    find_faults = wide_faults
    if path.stem == "sources":
        find_faults = source_table_faults
    elif list(rows[0][1]) == COLUMNS:
        find_faults = number_faults
    return [*faults, *find_faults(path.stem, rows, sources)]


def _read(path: Path) -> tuple[Rows, list[tuple[int, str]]]:
    """The rows of a CSV with the lines on which they start, and what keeps it from being read."""
    rows: Rows = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        reader = csv.reader(lines, strict=True)
        header = next(reader, [])
        line = reader.line_num + 1
        for cells in reader:
            if len(cells) != len(header):
                found = f"{len(cells)} cells under {len(header)} columns; the rest is not read"
                return rows, [(line, found)]
            row: Row = dict(zip(header, cells, strict=True))
            rows.append((line, row))
            line = reader.line_num + 1
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        return [], [(1, f"cannot be read: {fault}")]
    return rows, []
