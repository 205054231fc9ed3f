"""Faults of the table of sources: what each is, how it was read and when, and how good it is."""

import re
from collections.abc import Iterator

from analysis.facts.check_cells import Faults, Row, Rows, is_day, text_fault
from analysis.facts.check_names import Known
from analysis.facts.hints import nearest
from analysis.facts.provenance import READ_ON_A_DAY

NEEDED = ("source", "title", "publisher", "licence")


def source_table_faults(name: str, rows: Rows, known: Known) -> Faults:
    """Faults of sources.csv, each with its line and key."""
    seen: set[str] = set()
    for line, row in rows:
        key = row["source"]
        for fault in _row_faults(row):
            yield line, f"{key}: {fault}"
        if key in seen:
            yield line, f"{key}: is there twice"
        seen.add(key)


def _row_faults(row: Row) -> Iterator[str]:
    for column in NEEDED:
        if not row[column]:
            yield f"{column} is blank"
    for column, cell in row.items():
        if cell and (fault := text_fault(cell)):
            yield f"{column} {fault}"
    if row["url"] and not row["url"].startswith(("http://", "https://")):
        yield f"{row['url']!r} is no URL"
    if row["read"] not in READ_ON_A_DAY:
        yield f"read {row['read']!r}: {nearest(row['read'], READ_ON_A_DAY)}"
    has_day = READ_ON_A_DAY.get(row["read"], True)
    as_expected = is_day(row["read_on"]) if has_day else not row["read_on"]
    if not as_expected:
        yield f"read_on {row['read_on']!r} is no day on which it was read ({row['read']})"
    if not re.fullmatch("[A-F][1-6]", row["grade"]):
        yield f"grade {row['grade']!r} is none of A1 to F6"
