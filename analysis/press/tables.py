"""Tidy tables of a site, each as CSV and as Parquet: of all scenarios, and of each sweep."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from analysis.press import html, storage
from analysis.press.domain import Cell, Domain
from analysis.press.records import ReportRecord
from analysis.press.workbook import is_formula

SCENARIOS = "scenarios"  # the name of the table of all scenarios
Row = Mapping[str, Cell]


def tables(domain: Domain, records: Sequence[ReportRecord]) -> dict[str, tuple[list[str], list]]:
    """Columns and rows of each table of a site, by its name without a suffix."""
    found = {SCENARIOS: scenario_table(domain, records)}
    for record in records:
        if record.page is not None and record.page.table:
            columns = [str(name) for name in record.page.table["columns"]]
            rows = [dict(zip(columns, row, strict=True)) for row in record.page.table["rows"]]
            found[record.name] = (columns, rows)
    return found


def scenario_table(domain: Domain, records: Iterable[ReportRecord]) -> tuple[list[str], list]:
    """A row a scenario: its name, what it states where scenarios differ, and its answer."""
    stated: dict[str, dict] = {}
    answers: dict[str, Row] = {}
    of_scenarios = (each for each in records if each.scenario and each.page is not None)
    for name, group in groupby(of_scenarios, lambda record: record.scenario):
        pages = [record.page for record in group if record.page is not None]
        stated[name] = pages[0].values
        answers[name] = domain.answer_values([file for page in pages for file in page.files])
    keys = list(dict.fromkeys(key for values in stated.values() for key in values))
    differing = [key for key in keys if len({repr(each.get(key)) for each in stated.values()}) > 1]
    answer_columns = list(dict.fromkeys(key for row in answers.values() for key in row))
    columns = ["scenario", *differing, *answer_columns]
    rows = []
    for name, values in stated.items():
        known = {key: values.get(key) for key in differing}
        rows.append(dict.fromkeys(columns) | {"scenario": name} | known | dict(answers[name]))
    return columns, rows


def write(output: str, name: str, columns: Sequence[str], rows: Sequence[Row]) -> str:
    """Write `name`.csv and `name`.parquet where they changed; the text of the CSV."""
    text = csv_text(columns, rows)
    changed = storage.put_changed(output, {f"{name}.csv": text})
    if changed or storage.size(output, f"{name}.parquet") is None:
        storage.put(output, f"{name}.parquet", parquet(columns, rows))
    return text


def csv_text(columns: Sequence[str], rows: Iterable[Row]) -> str:
    """A table as the text of a CSV."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _csv_cell(value) for name, value in row.items()})
    return out.getvalue()


def _csv_cell(value: object) -> object:
    """Six digits of a number; text that a spreadsheet would take for a formula is quoted, and what
    no table can hold is marked.
    """
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, str):
        value = html.marked(value)
        return f"'{value}" if is_formula(value) else value
    return value


def parquet(columns: Sequence[str], rows: Sequence[Row], numbers: Sequence[str] = ()) -> bytes:
    """A table as the bytes of a Parquet file, a blank as null.

    A column is of numbers where all of its cells are, or where `numbers` names it; else of text.
    """
    import pyarrow
    import pyarrow.parquet

    arrays = {}
    for name in columns:
        cells = [row.get(name) for row in rows]
        cells = [None if cell == "" else cell for cell in cells]
        known = [cell for cell in cells if cell is not None]
        if name in numbers or (known and all(_is_number(cell) for cell in known)):
            floats = [None if cell is None else float(cell) for cell in cells]
            arrays[name] = pyarrow.array(floats, pyarrow.float64())
        else:
            texts = [None if cell is None else html.marked(str(cell)) for cell in cells]
            arrays[name] = pyarrow.array(texts, pyarrow.string())
    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(arrays), out)
    return out.getvalue()


def _is_number(cell: object) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)
