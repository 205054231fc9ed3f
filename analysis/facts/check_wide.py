"""Faults of tables with several numbers a row: each row sourced, each column's name with a unit."""

import csv
from collections.abc import Collection
from functools import cache

from analysis.facts.check_cells import Faults, Rows, has_unit, is_day, is_number, source_fault
from analysis.facts.check_numbers import RECORDS
from analysis.facts.hints import unknown
from analysis.facts.tables import COLUMNS, FOLDER

# Written by `python -m analysis calibrate` from tables that are sourced, or what it starts from,
# with a reason a row.
FITTED_TABLES = {
    "coefficients",
    "energy_coefficients",
    "energy_validation",
    "log_sd",
    "priors",
    "validation",
}
NUMBER_TABLES = {*RECORDS, "prices"}  # which have the columns of a number a row
DAYS = {"as_of", "known", "earliest", "latest", "until", "resolved"}  # columns of days
# Plain counts, named as the tables of `predict` name them.
COUNTS = {"concurrency", "repeats", "prefill_workers", "decode_workers"}
RISING = (  # columns that may not fall from left to right
    ("earliest", "latest"),
    ("low_units", "mid_units", "high_units"),
    ("low_ratio", "mid_ratio", "high_ratio"),
)
MILESTONES = {
    "announced",
    "promised",
    "promised fiscal",
    "promised general",
    "shipped",
    "volume",
    "cancelled",
    "postponed",
    "sample",
    "deployed",
    "measured",
    "announced volume",
}
MATCHINGS = {"matched", "same_promise", "best_of_each", "single_point", "best_against_best"}


@cache
def allowed_words(name: str, column: str) -> frozenset[str]:
    """The words that a column of a table may hold; none where it holds anything."""
    words: dict[str, Collection[str]] = {
        "milestone": MILESTONES,
        "status": {"happened", "promised", "reported", "claimed"},
        "outcome": {"0", "1"},
        "boundary": {"board", "wall"},
        "matching": MATCHINGS,  # how the two sides of a ratio were made comparable
        "per": {"chip", "megawatt", "owner dollar", "rent dollar"},
    }
    if name == "launches":
        words["precision"] = {"day", "month", "quarter", "half", "year"}  # of a date
    if column == "claim":
        return frozenset(path.stem for path in (FOLDER / "claims").glob("*.yml"))
    if column in ("accelerator", "model"):
        with (FOLDER / f"{column}s.csv").open(encoding="utf-8", newline="") as file:
            return frozenset(row["thing"] for row in csv.DictReader(file))
    return frozenset(words.get(column, ()))


def wide_faults(name: str, rows: Rows, sources: Collection[str]) -> Faults:
    """Faults of a wide table, each with its line and column."""
    header = list(rows[0][1])
    if name in NUMBER_TABLES:
        yield 1, f"expected the columns {','.join(COLUMNS)}"
    elif name not in FITTED_TABLES and "source" not in header:
        yield 1, "expected a column `source`"
    for column in header:
        yield from _column_faults(name, column, rows)
    if name not in FITTED_TABLES:
        yield from _order_faults(header, rows)
    for line, row in rows:
        if row.get("status") == "happened" and row["known"] < row["earliest"]:
            yield line, f"happened from {row['earliest']} on and was known on {row['known']}"
        if "source" in header and (fault := source_fault(row["source"], sources)):
            yield line, fault


def _column_faults(name: str, column: str, rows: Rows) -> Faults:
    cells = [(line, row[column]) for line, row in rows if row[column]]
    may_lack_unit = name in FITTED_TABLES or "unit" in rows[0][1] or column in COUNTS
    are_numbers = bool(cells) and all(is_number(cell) for _, cell in cells)
    if are_numbers and not has_unit(column) and not may_lack_unit:
        yield 1, f"{column}: numbers under a name that ends in no unit"
    for line, cell in cells:
        if fault := _cell_fault(name, column, cell):
            yield line, f"{column}: {fault}"


def _cell_fault(name: str, column: str, cell: str) -> str:
    """What is wrong with a cell that is not blank, or nothing."""
    if column in DAYS:
        return "" if is_day(cell) else f"{cell!r} is no ISO date"
    words = allowed_words(name, column)
    if words and cell not in words:
        return unknown("word", cell, words)
    never_finite = cell.lower() in ("nan", "inf", "-inf")
    if never_finite or (has_unit(column) and not is_number(cell)):
        return f"{cell!r} is no finite number"
    if name in FITTED_TABLES or not is_number(cell):
        return ""
    if float(cell) < 0:
        return f"{cell} is below 0"
    if column.endswith("_share") and float(cell) > 1:
        return f"{cell} is a share above 1"
    return ""


def _order_faults(header: list[str], rows: Rows) -> Faults:
    for columns in RISING:
        if not set(columns) <= set(header):
            continue
        for line, row in rows:
            ends = [row[column] for column in columns if row[column]]
            if ends != sorted(ends, key=_rank):
                yield line, f"expected {' <= '.join(columns)}, found {', '.join(ends)}"


def _rank(cell: str) -> tuple[float, str]:
    """Numbers by their size, days by their text."""
    return (float(cell) if is_number(cell) else 0.0, cell)
