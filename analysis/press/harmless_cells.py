"""Tables that go to a spreadsheet: no cell of theirs is run as a formula."""

import pandas as pd

from analysis.press.workbook import is_formula


def harmless(table: pd.DataFrame) -> pd.DataFrame:
    """The table with an apostrophe before each text that a spreadsheet would take for a formula.

    Numbers stay as they are, those that are written as text too: `-1.5` is no formula.

    >>> harmless(pd.DataFrame({"a": ["=1+1", "-1.5", "b"]}))["a"].tolist()
    ["'=1+1", '-1.5', 'b']
    """
    texts = table.select_dtypes(exclude="number")
    quoted = {name: texts[name].map(_quoted) for name in texts}
    return table.assign(**quoted).rename(columns=_quoted)


def _quoted(cell: object) -> object:
    if not isinstance(cell, str) or not is_formula(cell):
        return cell
    return cell if _is_number(cell) else f"'{cell}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.isascii() and "_" not in text
