"""What past launches did with their promises: milestones known on a day, and their class."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import numpy as np
import pandas as pd

from analysis.facts import nearest, table

DAYS_PER_MONTH = 30.4375  # the mean month of the Julian calendar, 365.25 / 12
# A yearly cadence, racks and clouds: older launches are listed and not counted.
CLASS_SINCE = date(2020, 1, 1)
DAY_COLUMNS = ("earliest", "latest", "known", "resolved", "until")


@dataclass(frozen=True)
class Milestone:
    """A row of launches.csv: what was announced, promised or done, when, and when it was known."""

    product: str
    vendor: str
    form: str
    milestone: str
    earliest: date
    latest: date
    precision: str
    status: str
    known: date
    source: str
    where: str


def months_between(start: date | str, end: date | str) -> float:
    """Months from one date to another."""
    return (pd.Timestamp(end) - pd.Timestamp(start)).days / DAYS_PER_MONTH


def day_after(start: date, months: float) -> date | None:
    """The date so many months after `start`; None where the months are infinite (never)."""
    if not np.isfinite(months):
        return None
    return start + timedelta(days=round(float(months) * DAYS_PER_MONTH))


@cache
def dated_table(name: str) -> pd.DataFrame:
    """A wide fact table with its columns of days as dates. Shared: not to be changed."""
    return with_dates(table(name))


def with_dates(frame: pd.DataFrame) -> pd.DataFrame:
    """A table with its columns of days as dates."""
    columns = [name for name in DAY_COLUMNS if name in frame]
    return frame.assign(**{name: pd.to_datetime(frame[name]).dt.date for name in columns})


@cache
def _launches() -> dict[str, list[Milestone]]:
    """Rows of launches.csv by product."""
    launches: dict[str, list[Milestone]] = {}
    for row in dated_table("launches").fillna({"where": ""}).to_dict("records"):
        milestone = Milestone(**{str(name): value for name, value in row.items()})
        launches.setdefault(milestone.product, []).append(milestone)
    return launches


def milestones(product: str, as_of: date) -> dict[str, Milestone]:
    """What was known of a product by a day, by milestone.

    Raises LookupError where it was not announced by then.
    """
    launches = _launches()
    known = {row.milestone: row for row in launches.get(product, ()) if row.known <= as_of}
    if "announced" not in known or "promised" not in known:
        hint = nearest(product, set(launches))
        raise LookupError(f"launches.csv: {product!r} was not announced by {as_of}; {hint}")
    return known


def first_day(known: Mapping[str, Milestone]) -> date:
    """The day from which a launch can be forecast: it is announced, and a date is promised."""
    return max(known["announced"].latest, known["promised"].known)


@cache
def reference_class(
    as_of: date, without: str | None = None, since: date = CLASS_SINCE
) -> pd.DataFrame:
    """Past launches as known on a day, a row a product. Shared: not to be changed.

    Columns are form, fate (shipped, cancelled, postponed or open), and in months: width of the
    promised window, promise and lead time from the announcement, months at risk of cancellation,
    slip against the window's end (its middle and both ends), and the gap from first shipment to
    volume. Launches that no vendor announced are left out, those without a promised date by that
    day, and the product `without`.
    """
    rows = dated_table("launches")
    rows = rows[rows["known"] <= as_of]
    dated = set(rows.loc[rows["milestone"] == "promised", "product"]) - {without}
    announced = (rows["vendor"] != "unnamed") & (rows["milestone"] == "announced")
    counted = (rows["latest"] >= since) & rows["product"].isin(dated)
    products = list(rows[announced & counted]["product"])
    return pd.DataFrame(
        [_fate(milestones(product, as_of), as_of) for product in products], index=products
    )


def _fate(known: Mapping[str, Milestone], as_of: date) -> dict:
    """What came of a launch, as a row of the reference class."""
    start, window = known["announced"].latest, known["promised"]
    shipped, volume = known.get("shipped"), known.get("volume")
    fates = [name for name in ("shipped", "cancelled", "postponed") if name in known]
    fate = fates[0] if fates else "open"
    slip_low = slip_high = lead = gap = np.nan
    if shipped:
        slip_low = months_between(window.latest, shipped.earliest)
        slip_high = months_between(window.latest, shipped.latest)
        lead = _middle_months(start, shipped)
    elif fate == "postponed":
        slip_low = slip_high = months_between(window.latest, known["postponed"].earliest)
    if shipped and volume:
        gap = _middle_months(start, volume) - lead
    ended = shipped or known.get("cancelled")
    return {
        "form": window.form,
        "fate": fate,
        "window_months": months_between(window.earliest, window.latest),
        "promise_months": months_between(start, window.latest),
        "lead_months": lead,
        "exposed_months": _middle_months(start, ended) if ended else months_between(start, as_of),
        "slip_low_months": slip_low,
        "slip_months": (slip_low + slip_high) / 2,
        "slip_high_months": np.inf if fate == "postponed" else slip_high,
        "gap_months": gap,
    }


def _middle_months(start: date, milestone: Milestone) -> float:
    """Months to the middle of the days to which a source dates a milestone."""
    earliest = months_between(start, milestone.earliest)
    latest = months_between(start, milestone.latest)
    return earliest / 2 + latest / 2
