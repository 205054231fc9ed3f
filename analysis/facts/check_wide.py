"""Faults of tables with several numbers a row: each row sourced, each column's name with a unit."""

from analysis.facts.check_cells import (
    Faults,
    Rows,
    has_unit,
    is_day,
    is_number,
    is_whole_day,
    text_fault,
)
from analysis.facts.check_names import Known
from analysis.facts.check_orders import row_order_faults
from analysis.facts.columns import COUNTS, DAYS, KEYS, NUMBERS, TABLES, WHOLE_DAYS

# Written by `python -m analysis calibrate` from tables that are sourced, or what it starts from,
# with a reason a row.
FITTED_TABLES = {
    "best_of_each",
    "coefficients",
    "energy_coefficients",
    "deviations",
    "energy_validation",
    "held_back",
    "log_sd",
    "priors",
    "validation",
}


def wide_faults(name: str, rows: Rows, known: Known) -> Faults:
    """Faults of a wide table, each with its line and column."""
    header = list(rows[0][1])
    if name not in FITTED_TABLES and "source" not in header:
        yield 1, "expected a column `source`"
    for column in header:
        yield from _column_faults(name, column, rows, known)
    yield from _row_faults(name, rows)
    yield from row_order_faults(rows)
    for line, row in rows:
        if row.get("status") == "happened" and row["known"] < row["earliest"]:
            yield line, f"happened from {row['earliest']} on and was known on {row['known']}"
        if "source" in header and (fault := known.source_fault(row["source"])):
            yield line, fault


def _row_faults(name: str, rows: Rows) -> Faults:
    """Rows that stand twice, or two that say they are the same."""
    seen: set[tuple[str, ...]] = set()
    for line, row in rows:
        columns = KEYS.get(name, tuple(row))
        cells = tuple(row[column] for column in columns)
        if cells in seen:
            shown = " ".join(cells) if name in KEYS else "the whole row"
            yield line, f"{shown[:80]}: is there twice"
        seen.add(cells)


def _column_faults(name: str, column: str, rows: Rows, known: Known) -> Faults:
    filled = name in TABLES and column in TABLES[name].filled.split() and column != "source"
    cells = [(line, row[column]) for line, row in rows if row[column]]
    may_lack_unit = name in FITTED_TABLES or "unit" in rows[0][1] or column in COUNTS
    are_numbers = bool(cells) and all(is_number(cell) for _, cell in cells)
    if are_numbers and not has_unit(column) and not may_lack_unit:
        yield 1, f"{column}: numbers under a name that ends in no unit"
    faults = {cell: _cell_fault(name, column, cell, known) for cell in {c for _, c in cells}}
    faults[""] = "is blank" if filled else ""
    for line, row in rows:
        if fault := faults[row[column]]:
            yield line, f"{column}: {fault}"


def _cell_fault(name: str, column: str, cell: str, known: Known) -> str:
    """What is wrong with a cell that is not blank, or nothing."""
    if column in WHOLE_DAYS:
        return "" if is_whole_day(cell) else f"{cell!r} is no ISO date (YYYY-MM-DD)"
    if column in DAYS:
        return "" if is_day(cell) else f"{cell!r} is no ISO date"
    if fault := known.cell_fault(name, column, cell):
        return fault
    if has_unit(column) or column in NUMBERS:
        return _number_fault(name, column, cell)
    return text_fault(cell)


def _number_fault(name: str, column: str, cell: str) -> str:
    if not is_number(cell):
        return f"{cell!r} is no finite number"
    if name in FITTED_TABLES:
        return ""
    if float(cell) < 0:
        return f"{cell} is below 0"
    if column.endswith("_share") and float(cell) > 1:
        return f"{cell} is a share above 1"
    return ""
