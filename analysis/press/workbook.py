"""Tables as one XLSX file: typed cells, no formulas, equal bytes for equal tables."""

import io
from collections.abc import Sequence
from datetime import datetime

from analysis.press.domain import Cell, Sheet

FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r")  # with which a spreadsheet begins a formula
# Nothing that stands in a cell is taken for anything but what it is.
OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
WIDEST = 60  # characters


def is_formula(text: str) -> bool:
    """Whether a spreadsheet may take the text for a formula, blanks before it or not."""
    return text.startswith(FORMULA_MARKS) or text.lstrip().startswith(FORMULA_MARKS)


def workbook(sheets: Sequence[Sheet], title: str, day: str) -> bytes:
    """The tables as sheets of a workbook that is dated by `day` (YYYY-MM-DD).

    Text that a spreadsheet would take for a formula keeps its text when it is edited or exported.
    """
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, OPTIONS)
    book.set_properties({"title": title, "created": datetime.fromisoformat(day)})
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    plain = book.add_format({"text_wrap": True, "valign": "top"})
    quoted = book.add_format({"text_wrap": True, "valign": "top", "quote_prefix": True})
    for sheet in sheets:
        page = book.add_worksheet(sheet.name)
        page.freeze_panes(1, 0)
        page.write_row(0, 0, sheet.columns, head)
        for at, row in enumerate(sheet.rows, 1):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    is_risky = is_formula(cell)
                    page.write_string(at, column, cell, quoted if is_risky else plain)
                elif cell is not None:
                    page.write_number(at, column, cell, plain)
        for column, name in enumerate(sheet.columns):
            longest = max([len(_text(row[column])) for row in sheet.rows] + [len(name)])
            page.set_column(column, column, min(longest + 2, WIDEST))
    book.close()
    return out.getvalue()


def _text(cell: Cell) -> str:
    return "" if cell is None else str(cell)
