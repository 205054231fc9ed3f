"""Damaged tables of facts: whatever harms a table is named with file, line and column, at once.

Every table of the project is damaged in every way below, at places that a seed draws. What a check
cannot see is a plausible number in place of another: those damages are counted, and load.
"""

import csv
import io
import random
import time

import pandas as pd
import pytest

from analysis.facts import check_names, tables
from analysis.facts.check import check
from analysis.facts.check_cells import has_unit
from analysis.facts.columns import DAYS, KEYS, NUMBERS, TABLES
from analysis.facts.tables import COLUMNS, FOLDER

NAMES = sorted(path.stem for path in FOLDER.glob("*.csv"))
ROWS = 150  # of long tables: the first things alone, so that hundreds of damages take seconds
SEED = 20261126


class Table:
    """A table as cells, with what a test needs to damage it."""

    def __init__(self, name):
        self.name = name
        with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            self.header, *rows = csv.reader(file)
        last = min(ROWS, len(rows))
        if self.header == COLUMNS:  # whole things
            while last < len(rows) and rows[last][0] == rows[last - 1][0]:
                last += 1
        if name == "sources":
            last = len(rows)
        self.rows = rows[:last]

    def text(self, header=None, rows=None):
        file = io.StringIO()
        csv.writer(file, lineterminator="\n").writerows(
            [header or self.header, *(rows or self.rows)]
        )
        return file.getvalue()

    def with_cell(self, row, column, cell):
        rows = [list(each) for each in self.rows]
        rows[row][self.header.index(column)] = cell
        return self.text(rows=rows)

    def numbers(self):
        """Columns that hold numbers, and nothing else."""
        stated = {"value", "times"} if self.header == COLUMNS else set()
        return [
            c
            for c in self.header
            if c in stated | NUMBERS
            or (c not in ("field",) and has_unit(c) and self.header != COLUMNS)
        ]

    def filled(self, columns, rng):
        """A row and a column of these with something in it."""
        places = [
            (n, c) for c in columns for n, row in enumerate(self.rows) if row[self.header.index(c)]
        ]
        return rng.choice(places) if places else (0, columns[0])

    def line(self, row):
        """The line on which a row starts; a cell may hold an end of line."""
        return 2 + row + sum("\n" in cell for each in self.rows[:row] for cell in each)


def harms(table, rng):
    """Damages that are always named: what was done, bytes, and words that a fault has to hold."""
    header, name = table.header, table.name
    needed = TABLES[name].names() if name in TABLES else COLUMNS
    for column in needed:
        place = header.index(column)
        rows = [row[:place] + row[place + 1 :] for row in table.rows]
        yield (
            f"without {column}",
            table.text(header[:place] + header[place + 1 :], rows),
            (":1:", column),
        )
        slip = [*header[:place], f"{column}x", *header[place + 1 :]]
        yield f"{column} misspelt", table.text(slip), (":1:", column)
    doubled = [*header[:-1], header[0]]
    yield "two columns of one name", table.text(doubled), (":1:", header[0])
    row = rng.randrange(len(table.rows))
    at = (f":{table.line(row)}:",)
    whole = table.text()
    cut = rng.randrange(len(whole))
    yield "not UTF-8", whole[:cut].encode() + b"\xff" + whole[cut:].encode(), ("not UTF-8",)
    yield "UTF-16", whole.encode("utf-16"), ("not UTF-8",)
    yield "Latin-1", whole.encode() + b"caf\xe9\n", ("not UTF-8",)
    yield "empty", "", ("no rows",)
    yield "a header alone", ",".join(header) + "\n", ("no rows",)
    for character in "\0\r\x0b\u2028\x85":
        yield f"a {character!r}", whole[:1] + character + whole[1:], ("holds the character",)
    rows = [list(each) for each in table.rows]
    more = [*rows[:row], [*rows[row], "1"], *rows[row + 1 :]]
    yield "a cell too many", table.text(rows=more), (*at, "cells under")
    fewer = [*rows[:row], rows[row][:-1], *rows[row + 1 :]]
    yield "a cell too few", table.text(rows=fewer), (*at, "cells under")
    yield "a quotation that never ends", whole + '"x', ("cannot be read",)
    yield "a row twice", table.text(rows=[*rows, rows[row]]), ("twice",)
    if name in KEYS:
        keyless = [c for c in header if c not in KEYS[name]]
        again = list(rows[row])
        again[header.index(keyless[-1])] += "1"
        yield "a key twice", table.text(rows=[*rows, again]), ("is there twice",)
    if "source" in header and name != "sources":
        for cell in ("nobody_knows", "", " " + rows[row][header.index("source")]):
            yield f"source {cell!r}", table.with_cell(row, "source", cell), (*at, "source")
    for cell in ("much", "1,000", "1_000", "１２", "nan", "inf", "1e999", "0x10", "12 %", " 1"):
        if table.numbers():
            place, column = table.filled(table.numbers(), rng)
            found = (f":{table.line(place)}:", column)
            yield f"{column} {cell!r}", table.with_cell(place, column, cell), found
    if name in TABLES:
        texts = TABLES[name].filled.split()
        for _ in range(3):
            place, column = table.filled(texts, rng)
            found = (f":{table.line(place)}:", "" if column == "source" else column)
            yield f"{column} blank", table.with_cell(place, column, ""), found
            yield f"{column} NA", table.with_cell(place, column, "NA"), found
    for column in DAYS & set(header) - {"published", "measured"}:
        for cell in ("2026-13-01", "01/02/2026", "next week", "2026-1-5", "2026-02-30", "20261126"):
            place, _ = table.filled([column], rng)
            found = (f":{table.line(place)}:", column)
            yield f"{column} {cell}", table.with_cell(place, column, cell), found
    named = [c for c in header if check_names.allowed_words(name, c) or c in check_names.THINGS]
    for column in named:
        place, _ = table.filled([column], rng)
        found = (f":{table.line(place)}:", column)
        yield f"{column} misspelt", table.with_cell(place, column, "b20O"), found
    yield from _harms_of_numbers(table, rng)
    yield from _harms_of_ranges(table, rng)


def _harms_of_numbers(table, rng):
    if table.header != COLUMNS:
        return
    for cell in ("9**9**9", "gigabite", "degC", "J/degC", "usd**4", "Ω" * 99, "m"):
        row = rng.randrange(len(table.rows))
        unit = table.rows[row][4]
        if unit != cell:
            yield f"unit {cell!r}", table.with_cell(row, "unit", cell), (f":{table.line(row)}:",)
    for column, cell in (("kind", "datashet"), ("field", "pue_ratoi"), ("value", "-1")):
        row = rng.randrange(len(table.rows))
        yield f"{column} {cell!r}", table.with_cell(row, column, cell), (f":{table.line(row)}:",)
    rows = [list(each) for each in table.rows]
    rows.append([*rows[0][:3], str(float(rows[0][3]) * 3 + 1), *rows[0][4:9], ""])
    rows[0] = [*rows[0][:9], ""]
    yield "two sources that disagree", table.text(rows=rows), ("none is chosen",)


def _harms_of_ranges(table, rng):
    from analysis.facts.check_orders import RISING

    for columns in RISING:
        if not set(columns) <= set(table.header):
            continue
        places = [table.header.index(column) for column in columns]
        rows = [list(each) for each in table.rows]
        whole = [n for n, row in enumerate(rows) if all(row[p] for p in places)]
        open_ranges = [n for n in whole if rows[n][places[0]] != rows[n][places[-1]]]
        row = rng.choice(open_ranges)
        first, last = places[0], places[-1]
        rows[row][first], rows[row][last] = rows[row][last], rows[row][first]
        yield f"{columns} reversed", table.text(rows=rows), (f":{table.line(row)}:", columns[0])


def harmless(table, rng):
    """Changes that no reader of the table can see."""
    whole = table.text()
    yield "byte-order mark", b"\xef\xbb\xbf" + whole.encode()
    yield "ends of lines of another system", whole.replace("\n", "\r\n").encode()
    yield "a blank line at the end", whole.encode() + b"\n"
    if table.header != COLUMNS:
        order = list(range(len(table.header)))
        rng.shuffle(order)
        rows = [[row[n] for n in order] for row in table.rows]
        yield (
            "columns in another order",
            table.text([table.header[n] for n in order], rows).encode(),
        )


def plausible(table, rng):
    """A number in place of another, a row gone: some contradict their neighbours, others do not."""
    columns = table.numbers()
    if not columns:
        return
    for _ in range(3):
        row, column = table.filled(columns, rng)
        other, _ = table.filled([column], rng)
        place = table.header.index(column)
        rows = [list(each) for each in table.rows]
        rows[row][place], rows[other][place] = rows[other][place], rows[row][place]
        yield "numbers of two rows swapped", table.text(rows=rows)
        yield "a thousand times as much", table.with_cell(row, column, _times(table, row, place))
    pairs = [c for c in columns if table.header != COLUMNS]
    for _ in range(3 if len(pairs) > 1 else 0):
        first, second = (table.header.index(c) for c in rng.sample(pairs, 2))
        rows = [list(each) for each in table.rows]
        row = rng.randrange(len(rows))
        rows[row][first], rows[row][second] = rows[row][second], rows[row][first]
        yield "numbers of a row swapped", table.text(rows=rows)
    gone = rng.randrange(len(table.rows))
    yield "a row gone", table.text(rows=[*table.rows[:gone], *table.rows[gone + 1 :]])


def _times(table, row, place):
    return f"{float(table.rows[row][place]) * 1000:g}"


def checked(folder, name, content):
    """Faults of a folder that holds one table, found in less than two seconds."""
    path = folder / f"{name}.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    started = time.perf_counter()
    faults = check(folder)
    assert time.perf_counter() - started < 2
    return faults


def loaded(folder, name, monkeypatch):
    monkeypatch.setattr(tables, "FOLDER", folder)
    return tables._table.__wrapped__(name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("damaged") / "facts"


@pytest.mark.parametrize("name", NAMES)
def test_every_harmful_damage_is_named_with_file_line_and_column(name, tmp_path):
    table, rng = Table(name), random.Random(f"{SEED} {name}")
    assert checked(tmp_path, name, table.text()) == []
    silent, misplaced = [], []
    for what, content, words in harms(table, rng):
        faults = checked(tmp_path, name, content)
        if not faults:
            silent.append(what)
        elif not any(all(word in fault for word in words) for fault in faults):
            misplaced.append((what, words, faults[:3]))
        assert all(fault.startswith(f"{tmp_path.name}/{name}.csv:") for fault in faults)
    assert (silent, misplaced) == ([], [])


@pytest.mark.parametrize("name", NAMES)
def test_what_no_reader_sees_is_no_fault_and_reads_alike(name, tmp_path, monkeypatch):
    table, rng = Table(name), random.Random(f"{SEED} {name}")
    checked(tmp_path, name, table.text())
    before = loaded(tmp_path, name, monkeypatch)
    for what, content in harmless(table, rng):
        assert checked(tmp_path, name, content) == [], what
        after = loaded(tmp_path, name, monkeypatch)
        pd.testing.assert_frame_equal(after[list(before)], before)


@pytest.mark.parametrize("name", NAMES)
def test_a_plausible_number_in_place_of_another_ends_in_no_traceback(name, tmp_path, monkeypatch):
    table, rng = Table(name), random.Random(f"{SEED} {name}")
    for what, content in plausible(table, rng):
        if not checked(tmp_path, name, content):
            rows = loaded(tmp_path, name, monkeypatch)
            numbers = [c for c in rows if c in table.numbers()]
            assert all(pd.api.types.is_numeric_dtype(rows[c]) for c in numbers), what
