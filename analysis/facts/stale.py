"""Facts that may be out of date: rows older than a span of days, by table."""

import calendar
import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pandas as pd

from analysis.facts.tables import FOLDER

DATED = ("as_of", "measured")  # columns that say on which day a row was true
LABELS = (
    "accelerator",
    "model",
    "precision",
    "basis",
    "source",
)  # what a row without a thing is of
ROW = ["table", "row", "day", "age_days", "rows_count"]


def stale_rows(days: int, as_of: date, folder: Path = FOLDER) -> pd.DataFrame:
    """Rows of facts that are more than `days` days old on a day, the oldest of each table first.

    Columns `table`, `row` (what it is of), `day`, `age_days` and `rows_count` (rows of one kind and
    day stand once). In a table with a number a row only the newest of a thing and field counts:
    older ones are history. A day that says a month or a year counts from its end. `attrs` has the
    number of dated rows, and of stale ones, by table.
    """
    found, dated, stale = [], {}, {}
    for path in sorted(folder.glob("*.csv")):
        rows = _dated_rows(path)
        ages = [(label, day, (as_of - last_day(day)).days) for label, day in rows]
        old = Counter(each for each in ages if each[2] > days)
        if rows:
            dated[path.stem], stale[path.stem] = len(rows), sum(old.values())
        for (label, day, age), count in sorted(old.items(), key=lambda item: -item[0][2]):
            found.append((path.stem, label, day, age, count))
    table = pd.DataFrame(found, columns=ROW)
    table.attrs = {"dated": dated, "stale": stale}
    return table


def last_day(day: str) -> date:
    """The last day that YYYY, YYYY-MM or YYYY-MM-DD means.

    >>> last_day("2026-02"), last_day("2026")
    (datetime.date(2026, 2, 28), datetime.date(2026, 12, 31))
    """
    year, month, number = [*map(int, day.split("-")), 0, 0][:3]
    month = month or 12
    return date(year, month, number or calendar.monthrange(year, month)[1])


def printed(table: pd.DataFrame, days: int, as_of: date) -> str:
    """Stale rows as text: each table with its count, then its rows."""
    lines = []
    for name, count in table.attrs["dated"].items():
        stale = table.attrs["stale"][name]
        lines.append(f"{name}.csv: {stale} of {count} dated rows older than {days} days on {as_of}")
        for row in table[table["table"] == name].itertuples():
            rows = f", {row.rows_count} rows" if row.rows_count > 1 else ""
            lines.append(f"  {row.row}: {row.day}, {row.age_days} days old{rows}")
    return "\n".join(lines)


def _dated_rows(path: Path) -> list[tuple[str, str]]:
    """What each dated row of a table is of, and its day."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    column = next((name for name in DATED if rows and name in rows[0]), None)
    if column is None:
        return []
    if "thing" not in rows[0]:
        labels = [name for name in LABELS if name in rows[0]]
        found = [(" ".join(row[name] for name in labels if row[name]), row[column]) for row in rows]
        return [(label, day) for label, day in found if day]
    newest: dict[str, str] = {}
    for row in rows:
        label = f"{row['thing']}.{row['field']}"
        newest[label] = max(newest.get(label, ""), row[column])
    return [(label, day) for label, day in newest.items() if day]
