"""Columns of a table of strings and numbers, read as numbers."""

import re
from functools import cache

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

# Numbers as people write them: 1,024 and 1k tokens, TP8 ranks.
WRITTEN = re.compile(r"(?:tp|dp|ep|pp)?\s*(\d+(?:,\d{3})*(?:\.\d+)?)\s*(k?)", re.IGNORECASE)
THOUSAND = {"": 1.0, "k": 1024.0}  # 1k and 8k of tokens are powers of two


def number_column(frame: pd.DataFrame, name: str) -> np.ndarray:
    """A column as numbers: not a number where the column or the cell is missing or is no number."""
    if name not in frame:
        return np.full(len(frame), np.nan)
    numbers = pd.to_numeric(frame[name], errors="coerce").to_numpy(float, copy=True)
    unread = np.isnan(numbers) & frame[name].notna().to_numpy()
    for place in np.flatnonzero(unread):
        numbers[place] = _written_number(str(frame[name].iloc[place]).strip())
    return numbers


@cache
def _written_number(text: str) -> float:
    found = WRITTEN.fullmatch(text)
    if found is None:
        return np.nan
    return float(found[1].replace(",", "")) * THOUSAND[found[2].lower()]


def count_column(frame: pd.DataFrame, name: str) -> np.ndarray:
    """A column of counts: one where the column is missing, or the cell is blank or 0."""
    if name not in frame:
        return np.ones(len(frame))
    numbers = number_column(frame, name)
    blank = frame[name].isna().to_numpy()
    if not is_numeric_dtype(frame[name]):
        blank = blank | (frame[name].astype(str).str.strip() == "").to_numpy()
    return np.where(blank | (numbers == 0), 1, numbers)
