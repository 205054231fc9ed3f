"""The text of a file that a user brings, and the table in it: encodings, separators, and faults
with row and column.

Rows are counted as a spreadsheet shows them: the header is row 1.
"""

import csv
import io
import sys
from pathlib import Path

import pandas as pd

SEPARATORS = (",", ";", "\t")
FAULTS_COUNT = 5  # said at once
BYTE_ORDER_MARKS = {
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
    b"\xef\xbb\xbf": "utf-8-sig",
}


class MeasurementFault(ValueError):
    """What keeps a file of points or results from being read, in words for the person who brought
    it.
    """


def file_name(path: str | Path) -> str:
    """What a file is called in messages."""
    return "standard input" if str(path) == "-" else str(path)


def read_text(path: str | Path) -> str:
    """The text of a file, or of standard input for `-`; UTF-8, or UTF-16 with its mark.

    Raises MeasurementFault where it is empty or no text.
    """
    name = file_name(path)
    if str(path) == "-":
        data = (
            sys.stdin.buffer.read() if hasattr(sys.stdin, "buffer") else sys.stdin.read().encode()
        )
    else:
        if Path(path).is_dir():
            raise MeasurementFault(f"{name} is a folder; give a file")
        data = Path(path).read_bytes()
    text = decode_text(data, name)
    if not text.strip():
        raise MeasurementFault(f"{name} is empty; expected a header and rows, or a result as JSON")
    return text


def decode_text(data: bytes, name: str) -> str:
    """Bytes as text. Raises MeasurementFault, with row and column, at the first byte that is no
    UTF-8.
    """
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                raise MeasurementFault(
                    f"{name} is cut short or no {encoding.upper()} text"
                ) from None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as fault:
        before = data[: fault.start].decode("utf-8", errors="replace")
        lines = before.split("\n")
        column = _column_name(lines, before)
        raise MeasurementFault(
            f"{name}, row {len(lines)}{column}: byte {data[fault.start]:#04x} is no UTF-8; "
            "save the file as UTF-8 text"
        ) from None
    if "\x00" in text:
        row = text[: text.index("\x00")].count("\n") + 1
        raise MeasurementFault(f"{name}, row {row}: holds zero bytes, so it is no UTF-8 text")
    return text


def _column_name(lines: list[str], before: str) -> str:
    """`, column x` where the text before a place has a header that names it."""
    header = lines[0]
    if len(lines) < 2 or before.lstrip()[:1] in ("{", "["):
        return ""
    separator = find_separator(header)
    names = header.strip().split(separator)
    place = lines[-1].count(separator)
    return f", column {names[place].strip()}" if place < len(names) else ""


def find_separator(header: str) -> str:
    """The separator of a table: that which stands most often in its header."""
    return max(SEPARATORS, key=header.count)


def read_rows(text: str, name: str) -> tuple[list[str], list[list[str]], list[int]]:
    """The header of a table, its rows, and the row number of each; blank rows are left out.

    Raises MeasurementFault for a row of another length than the header, and for a column that
    stands twice.
    """
    first = next(line for line in text.splitlines() if line.strip())
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=find_separator(first), strict=True)
    header: list[str] = []
    rows: list[list[str]] = []
    numbers: list[int] = []
    start = 1
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped) and not header:
                header = stripped
            elif any(stripped):
                rows.append(stripped)
                numbers.append(start)
            start = reader.line_num + 1
    except csv.Error as fault:
        raise MeasurementFault(f"{name}, row {start}: is no row of a table ({fault})") from None
    while (
        header
        and not header[-1]
        and all(len(cells) < len(header) or not cells[-1] for cells in rows)
    ):
        header = header[:-1]
        rows = [cells[: len(header)] for cells in rows]
    _check_shape(header, rows, numbers, name)
    return header, rows, numbers


def _check_shape(header: list[str], rows: list[list[str]], numbers: list[int], name: str) -> None:
    unnamed = [place for place, column in enumerate(header, 1) if not column]
    if unnamed:
        raise MeasurementFault(f"{name}, row 1: column {unnamed[0]} of {len(header)} has no name")
    twice = [column for column in header if header.count(column) > 1]
    if twice:
        raise MeasurementFault(f"{name}, row 1: column {twice[0]} stands twice")
    ragged = [
        f"row {number} has {len(cells)} cells where the header has {len(header)} columns"
        for cells, number in zip(rows, numbers, strict=True)
        if len(cells) != len(header)
    ]
    if ragged:
        raise MeasurementFault(f"{name}, {list_faults(ragged)}")


def read_table(text: str, name: str) -> pd.DataFrame:
    """A table of text cells, indexed by row number. Raises MeasurementFault where it has no
    rows.
    """
    header, rows, numbers = read_rows(text, name)
    if not rows:
        raise MeasurementFault(f"{name} has a header and no rows")
    return pd.DataFrame(rows, columns=header, index=numbers, dtype=object)


def list_faults(faults: list[str]) -> str:
    """The first faults, and how many more there are."""
    more = len(faults) - FAULTS_COUNT
    return "; ".join(faults[:FAULTS_COUNT]) + (f"; and {more} more" if more > 0 else "")
