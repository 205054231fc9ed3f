"""Faults of tables with a number a row: well-formed, there once, complete, and one that stands."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import fields

from analysis.facts.check_cells import (
    Faults,
    Row,
    Rows,
    is_day,
    is_number,
    text_fault,
    unit_fault,
)
from analysis.facts.check_names import Known
from analysis.facts.check_orders import field_order_faults
from analysis.facts.columns import FIELDS
from analysis.facts.hints import nearest, unknown
from analysis.facts.provenance import JUDGED, KINDS
from analysis.facts.records import Accelerator, Model, Site
from analysis.facts.tables import PLACE
from analysis.units import factor, unit_of

# The fields that each thing of a table has.
RECORDS = {
    f"{kind.__name__.lower()}s": {field.name for field in fields(kind)} - {"name"}
    for kind in (Accelerator, Model, Site)
}
# The fields of other tables, where the list of them is closed.
FIELDS_OF = {**FIELDS, **RECORDS}
NUMBER_TABLES = {*RECORDS, *FIELDS, "cooling"}  # which have the columns of a number a row
SAME = 1e-9  # relative difference below which two sources agree


def number_faults(name: str, rows: Rows, known: Known) -> Faults:
    """Faults of a table of numbers, each with its line, thing and field."""
    seen: set[tuple[str, ...]] = set()
    well_formed: Rows = []
    for line, row in rows:
        faults = list(_row_faults(name, row, known))
        cells = tuple(row.values())
        if cells in seen:
            faults.append("is there twice")
        seen.add(cells)
        for fault in faults:
            yield line, f"{row['thing']}.{row['field']}: {fault}"
        if not faults:
            well_formed.append((line, row))
    yield from _missing_fields(name, rows)
    yield from _conflicts(well_formed)
    yield from field_order_faults(name, well_formed)


def _row_faults(name: str, row: Row, known: Known) -> Iterator[str]:
    for key in ("value", "times"):
        if not is_number(row[key]):
            yield f"{key} {row[key]!r} is no finite number"
    are_numbers = is_number(row["value"]) and is_number(row["times"])
    if are_numbers and float(row["value"]) * float(row["times"]) < 0:
        yield f"{row['value']} times {row['times']} is below 0"
    if fault := unit_fault(row["field"], row["unit"]):
        yield fault
    if fault := known.source_fault(row["source"]):
        yield fault
    if row["kind"] not in KINDS:
        yield unknown("kind", row["kind"], KINDS)
    if row["as_of"] and not is_day(row["as_of"]):
        yield f"as_of {row['as_of']!r} is no ISO date"
    judged = (row["kind"] == JUDGED, row["source"] == JUDGED)
    if any(judged) and not (all(judged) and row["where"]):
        yield f"a judged number has kind and source `{JUDGED}` and its reason in `where`"
    if name in FIELDS_OF and row["field"] not in FIELDS_OF[name]:
        yield f"unknown field; {nearest(row['field'], FIELDS_OF[name])}"
    is_priced = name in ("capex", "prices") and row["field"].endswith("_per_chip")
    if is_priced and (fault := known.priced_fault(row["thing"])):
        yield fault
    for column, cell in row.items():
        if cell and column not in ("value", "times") and (fault := text_fault(cell)):
            yield f"{column} {fault}"


def _missing_fields(name: str, rows: Rows) -> Faults:
    """Fields of a record that a thing of its table lacks, on the thing's first line."""
    lines: dict[str, int] = {}
    stated: dict[str, set[str]] = defaultdict(set)
    for line, row in rows:
        lines.setdefault(row["thing"], line)
        stated[row["thing"]].add(row["field"])
    for thing, line in lines.items():
        for field in sorted(RECORDS.get(name, set()) - stated[thing]):
            yield line, f"{thing}.{field}: is missing"


def _conflicts(rows: Rows) -> Faults:
    """Where sources disagree, one row says in `chosen` why it stands."""
    places: dict[tuple[str, ...], Rows] = defaultdict(list)
    for line, row in rows:
        places[tuple(row[key] for key in PLACE)].append((line, row))
    for (thing, field, as_of), same_place in places.items():
        place = f"{thing}.{field} {as_of}"
        chosen = [line for line, row in same_place if row["chosen"]]
        values = [_base_value(row) for _, row in same_place]
        differ = max(values) - min(values) > SAME * max(abs(value) for value in values)
        if differ and not chosen:
            last_line = same_place[-1][0]
            count = len(same_place)
            yield last_line, f"{place}: {count} sources disagree and none is chosen with a reason"
        if len(chosen) > 1:
            yield chosen[1], f"{place}: {len(chosen)} rows are chosen"


def _base_value(row: Row) -> float:
    return float(row["value"]) * float(row["times"]) * factor(row["unit"], unit_of(row["field"]))
