"""What past launches did with their promises: the reference class, its rates, and how well it
forecasts its own.
"""

from datetime import date, timedelta
from functools import cache

import numpy as np
import pandas as pd

from analysis.facts import nearest, table

DAYS_PER_MONTH = 30.4375  # the mean month of the Julian calendar, 365.25 / 12
CLASS_SINCE = date(
    2020, 1, 1
)  # a yearly cadence, racks and clouds: older launches are listed and not counted


def months_between(start, end) -> float:
    """Months from one date to another."""
    return (pd.Timestamp(end) - pd.Timestamp(start)).days / DAYS_PER_MONTH


def day_after(start: date, months: float) -> date | None:
    """The date so many months after `start`; None where the months are infinite (never)."""
    return (
        start + timedelta(days=round(float(months) * DAYS_PER_MONTH))
        if np.isfinite(months)
        else None
    )


@cache
def dated_table(name: str) -> pd.DataFrame:
    """A wide fact table with its dates parsed."""
    return dated(table(name))


def dated(frame: pd.DataFrame) -> pd.DataFrame:
    """A table with its columns of days as dates."""
    days = [
        column for column in ("earliest", "latest", "known", "resolved", "until") if column in frame
    ]
    return frame.assign(**{column: pd.to_datetime(frame[column]).dt.date for column in days})


@cache
def _launches() -> dict[str, list]:
    """Rows of launches.csv by product."""
    return {
        name: list(own.itertuples())
        for name, own in dated_table("launches").groupby("product", sort=False)
    }


def milestones(product: str, as_of: date) -> dict:
    """What was known of a product by a day, by milestone; LookupError where it was not announced by
    then.
    """
    seen = {row.milestone: row for row in _launches().get(product, ()) if row.known <= as_of}
    if not {"announced", "promised"} <= set(seen):
        hint = nearest(product, set(_launches()))
        raise LookupError(f"launches.csv: {product!r} was not announced by {as_of}; {hint}")
    return seen


@cache
def reference_class(
    as_of: date, without: str | None = None, since: date = CLASS_SINCE
) -> pd.DataFrame:
    """Past launches as known on a day: fate, slip against the window's end, gap to volume. Shared:
    do not change.
    """
    rows = dated_table("launches")
    known = rows[
        (rows.vendor != "unnamed") & (rows.milestone == "announced") & (rows.known <= as_of)
    ]
    named = known[(known.latest >= since) & (known["product"] != without)]["product"]
    return pd.DataFrame(
        [_fate(milestones(name, as_of), as_of) for name in named], index=list(named)
    )


def _fate(seen: dict, as_of: date) -> dict:
    start, window, ship = seen["announced"].latest, seen["promised"], seen.get("shipped")
    fate = next((name for name in ("shipped", "cancelled", "postponed") if name in seen), "open")
    ends = (
        (ship.earliest, ship.latest)
        if ship
        else (seen["postponed"].earliest,) * 2
        if fate == "postponed"
        else None
    )
    low, high = (months_between(window.latest, day) for day in ends) if ends else (np.nan, np.nan)
    volume, over = seen.get("volume"), ship or seen.get("cancelled")
    middle = lambda row: (
        months_between(start, row.earliest) / 2 + months_between(start, row.latest) / 2
    )
    return {
        "form": window.form,
        "fate": fate,
        "window_months": months_between(window.earliest, window.latest),
        "promise_months": months_between(start, window.latest),
        "lead_months": middle(ship) if ship else np.nan,
        "exposed_months": middle(over) if over else months_between(start, as_of),
        "slip_low_months": low,
        "slip_months": (low + high) / 2,
        "slip_high_months": np.inf if fate == "postponed" else high,
        "gap_months": middle(volume) - middle(ship) if volume and ship else np.nan,
    }
