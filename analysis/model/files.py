"""Tables that people bring: read whatever separates their columns."""

import csv
import sys
from io import StringIO
from pathlib import Path

import pandas as pd

SEPARATORS = ",;\t"


def read_table(path: Path) -> pd.DataFrame:
    """A table of a file, or of standard input for `-`; cells as text or numbers.

    Columns are separated by commas, semicolons or tabs, whichever its first line has most of.
    Raises ValueError where it is no table, and OSError where it cannot be read.
    """
    text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8-sig")
    header = text.split("\n", 1)[0]
    separator = max(SEPARATORS, key=header.count)
    try:
        return pd.read_csv(StringIO(text), sep=separator, skipinitialspace=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error) as fault:
        raise ValueError(f"{path}: no table: {fault}") from fault
