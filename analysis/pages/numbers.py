"""Numbers as a reader sees them: rounded, with their unit, and with the range that they lie in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.pages.words import around
from analysis.scenario.schema import quantiles
from analysis.units import convert, unit_of


@dataclass(frozen=True)
class Shown:
    """Median and 80% range of a quantity in a unit fit to read; prints as text, keeps the numbers.

    `ends` are P10, P50 and P90 in `unit`; `low`, `mid`, `high` and `range` are their texts.

    >>> value = Shown((2.0, 3.571, 4.0), "ratio")
    >>> str(value), value.range
    ('3.57× (2.00 to 4.00×)', '2.00 to 4.00×')
    """

    ends: tuple[float, float, float]
    unit: str

    @property
    def low(self) -> str:
        """P10 with its unit."""
        return text(self.ends[0], self.unit)

    @property
    def mid(self) -> str:
        """Median with its unit."""
        return text(self.ends[1], self.unit)

    @property
    def high(self) -> str:
        """P90 with its unit."""
        return text(self.ends[2], self.unit)

    @property
    def range(self) -> str:
        """P10 to P90; the unit stands once, behind the second."""
        return f"{prefixed(self.ends[0], self.unit)} to {self.high}"

    def __str__(self) -> str:
        """Median with its range; without, where no digit of it would differ."""
        if self.low == self.high:
            return self.mid
        return f"{self.mid} ({self.range})"


def shown(draws: pd.DataFrame, quantity: str, unit: str = "", option: str | None = None) -> Shown:
    """P10, P50 and P90 of a column of `draws`, of one option or of all rows.

    `draws` is what `evaluate` gives; `unit` is any unit of the quantity's dimension, its base unit
    if blank, and `ratio` for a pure number that is written with ×. Raises KeyError for a quantity
    or option that is not there.

    >>> shown(draws, "output_usd_per_token", "usd/Mtok", "candidate")  # doctest: +SKIP
    """
    rows = draws.loc[option] if option else draws
    return interval(rows[quantity], unit_of(quantity), unit)


def interval(values: Sequence[float] | pd.Series, from_unit: str = "", unit: str = "") -> Shown:
    """P10, P50 and P90 of any values in `from_unit`, converted to `unit`.

    >>> str(interval([0.7, 1.0, 1.3], "", "percent"))
    '100% (76 to 120%)'
    """
    ends = np.array(list(quantiles(values).values()))
    target = "" if unit == "ratio" else unit
    low, mid, high = convert(ends, from_unit, target).tolist()
    return Shown((low, mid, high), unit)


def number(value: float, digits: int = 3) -> str:
    """A value with `digits` significant digits and separated thousands.

    From a thousand million on it is written with an exponent.

    >>> number(1234.5), number(0.012345), number(3.5714)
    ('1,230', '0.0123', '3.57')
    """
    if value == 0:
        return "0"
    if not np.isfinite(value):
        return str(value)
    if abs(value) >= 1e9:
        return f"{value:,.{digits}g}"
    places = digits - 1 - int(np.floor(np.log10(abs(value))))
    return f"{round(value, places):,.{max(places, 0)}f}"


def prefixed(value: float, unit: str) -> str:
    """A number with what stands before it ("$"), as the first of a range.

    A multiplier below 1 and a percentage have two digits, all else three.
    """
    rough = unit == "percent" or (unit == "ratio" and abs(value) < 1)
    before, _ = around(unit)
    digits = number(abs(value), 2 if rough else 3)
    return ("−" if value < 0 and digits.strip("0.") else "") + before + digits


def text(value: float, unit: str) -> str:
    """A number with its unit, as it is written in a sentence.

    >>> text(0.7631, "ratio"), text(3.571, "usd/Mtok")
    ('0.76×', '$3.57 per million tokens')
    """
    _, behind = around(unit)
    return prefixed(value, unit) + behind


def chance(share: float, digits: int = 0) -> str:
    """A chance in per cent, from draws: what happens in all of them is not certain for that.

    >>> chance(0.7312), chance(0.044, 1), chance(1.0), chance(0.0001)
    ('73%', '4.4%', 'over 99%', 'under 1%')
    """
    if share >= 0.995:
        return "over 99%"
    return "under 1%" if share < 0.005 else f"{share:.{digits}%}"


def three_numbers(values: Sequence[float] | pd.Series) -> str:
    """P10, P50 and P90 of values without a unit, for one cell of a table."""
    return " / ".join(number(end) for end in interval(values).ends)


def musd(usd: float) -> str:
    """Dollars that somebody states, in millions, without zeros that claim a precision.

    >>> musd(10_000_000), musd(35_714_000)
    ('$10 M', '$35.7 M')
    """
    return f"${convert(usd, 'usd', 'Musd'):,.3g} M"


def usd_words(usd: float) -> str:
    """Dollars that were computed, to three digits: in thousands below a million, else in millions.

    >>> usd_words(304_700), usd_words(7_204_000), usd_words(13_040_000), usd_words(999_700)
    ('$305,000', '$7.20 M', '$13.0 M', '$1.00 M')
    """
    rounded = float(f"{usd:.3g}")
    if rounded < convert(1.0, "Musd", "usd"):
        return f"${rounded:,.0f}"
    return f"${number(convert(rounded, 'usd', 'Musd'))} M"


def percent_change(share: float, places: int = 0) -> str:
    """A change with its sign, in per cent; none that rounds to zero has one.

    >>> percent_change(-0.42), percent_change(0.071, 1), percent_change(-0.001)
    ('−42%', '+7.1%', '0%')
    """
    words = f"{share:+z.{places}%}".replace("-", "−")
    return words[1:] if not words.strip("+0.%") else words


def printed(value: float, times: float, unit: str) -> str:
    """A number as its source prints it, with the factor that adjusts it and what comes of it.

    >>> printed(1080, 1 / 72, "PFLOP/s/chip")
    '1,080 × 0.01389 = 15 PFLOP/s/chip'
    """
    if times == 1:
        return f"{value:,.10g} {unit}"
    return f"{value:,.10g} × {_four_digits(times)} = {_four_digits(value * times)} {unit}"


def _four_digits(value: float) -> str:
    return f"{value:,.4g}" if value < 1e4 else f"{value:,.0f}"
