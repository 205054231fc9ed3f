"""Dated quotes of rents from a file that a buyer brings, with what was dropped and why.

Two formats are read: a table with the columns provider, chip, contract, usd_per_hour (of a chip),
date and source, and a catalogue in SkyPilot's format, whose prices are of an instance and have no
day.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import get_args

import pandas as pd

from analysis.facts import nearest
from analysis.facts.accelerator_names import read_accelerator
from analysis.scenario.file_text import MeasurementFault, file_name, read_table, read_text
from analysis.scenario.schema import Held

COLUMNS = ("provider", "chip", "contract", "usd_per_hour", "date", "source")
# How columns are called elsewhere, in small letters.
OTHER_NAMES = {"$/h": "usd_per_hour", "usd/h": "usd_per_hour", "price_usd_per_hour": "usd_per_hour"}
CATALOGUE = ("AcceleratorName", "AcceleratorCount", "Price")  # by which a catalogue is known
CONTRACTS = tuple(held for held in get_args(Held) if held.startswith("rent"))
# Words of rate cards for a contract, without blanks and dashes.
WORDS = {
    "ondemand": "rent_on_demand",
    "hourly": "rent_on_demand",
    "spot": "rent_spot",
    "preemptible": "rent_spot",
    "1yr": "rent_1yr",
    "1year": "rent_1yr",
    "reserved1yr": "rent_1yr",
    "reserved1year": "rent_1yr",
    "3yr": "rent_3yr",
    "3year": "rent_3yr",
    "3years": "rent_3yr",
    "reserved3yr": "rent_3yr",
    "reserved3year": "rent_3yr",
}
FOREIGN = re.compile(r"[€£¥₩₹]|\b(?:EUR|GBP|JPY|CNY|RMB|KRW|INR|CHF|CAD|AUD)\b", re.IGNORECASE)
PRICE = re.compile(r"(?:US)?\$?\s*([0-9]+(?:\.[0-9]+)?)\s*(?:USD)?", re.IGNORECASE)


@dataclass(frozen=True)
class Offer:
    """A row of a file as it was understood: a rent of one chip."""

    row: int
    provider: str
    chip: str  # of accelerators.csv
    contract: str
    usd_per_hour: float
    day: date
    source: str
    note: str  # what its names left open


@dataclass(frozen=True)
class Dropped:
    """A row of a file that is no quote of a scenario, and why."""

    row: int
    reason: str


@dataclass(frozen=True)
class Quotes:
    """The quote of each chip and contract, in the order of a file, and what was dropped."""

    chosen: list[Offer]
    dropped: list[Dropped]


def read_quotes(
    path: str | Path,
    *,
    day: str = "",
    provider: str = "",
    region: str = "",
    as_of: date | None = None,
) -> Quotes:
    """The quotes of a file: of each chip and contract the newest not later than `as_of`.

    Of several on one day the lowest stands. `day` dates rows that have none, as a catalogue has
    not; `provider` and `region` leave out all others. Raises MeasurementFault for a file that is
    neither format, with the nearest name of a column that it lacks.
    """
    name = file_name(path)
    table = read_table(read_text(path), name)
    dropped: list[Dropped] = []
    if set(CATALOGUE) <= set(table):
        rows = _catalogue_rows(table, Path(name).stem, day, dropped)
    else:
        rows = _own_rows(table, name, day)
    offers = []
    for row in rows:
        found = _offer(row, provider, region, as_of)
        if isinstance(found, Offer):
            offers.append(found)
        else:
            dropped.append(found)
    chosen = _newest(offers, dropped)
    return Quotes(chosen, sorted(dropped, key=lambda each: each.row))


def dropped_lines(dropped: Iterable[Dropped]) -> list[str]:
    """What was dropped, a line a reason, with its first rows."""
    rows: dict[str, list[int]] = {}
    for each in dropped:
        rows.setdefault(each.reason, []).append(each.row)
    lines = []
    for reason, all_numbers in rows.items():
        numbers = list(dict.fromkeys(all_numbers))
        first = ", ".join(map(str, numbers[:5]))
        more = f" and {len(numbers) - 5} more" if len(numbers) > 5 else ""
        word = "row" if len(numbers) == 1 else "rows"
        lines.append(f"dropped {word} {first}{more}: {reason}")
    return lines


def _own_rows(table: pd.DataFrame, name: str, day: str) -> Iterator[dict[str, str]]:
    """Rows of a table of quotes, under the names of COLUMNS."""
    columns = {column: column.strip().lower() for column in table}
    table = table.rename(columns={c: OTHER_NAMES.get(low, low) for c, low in columns.items()})
    missing = [column for column in COLUMNS if column not in table]
    if missing:
        lacks = f"{missing[0]!r} is missing; {nearest(missing[0], [str(c) for c in table])}"
        formats = f"expected {','.join(COLUMNS)}, or SkyPilot's {','.join(CATALOGUE)}"
        raise MeasurementFault(f"{name}, row 1: column {lacks}; {formats}")
    for number, row in zip(table.index, table.to_dict("records"), strict=True):
        yield {"region": "", **row, "date": row["date"] or day, "row": number, "chips": ""}


def _catalogue_rows(
    table: pd.DataFrame, stem: str, day: str, dropped: list[Dropped]
) -> Iterator[dict[str, str]]:
    """Rows of a catalogue, one for each of the two prices of an instance."""
    prices = {"Price": "rent_on_demand", "SpotPrice": "rent_spot"}
    for number, row in zip(table.index, table.to_dict("records"), strict=True):
        if not row["AcceleratorName"]:
            dropped.append(Dropped(int(number), "an instance without accelerators"))
            continue
        for column, contract in prices.items():
            if column in row and row[column] not in ("", "0", "0.0"):
                instance, place = row.get("InstanceType", "?"), row.get("Region", "?")
                yield {
                    "row": number,
                    "provider": stem,
                    "chip": row["AcceleratorName"],
                    "chips": row["AcceleratorCount"],
                    "contract": contract,
                    "usd_per_hour": row[column],
                    "date": day,
                    "source": f"SkyPilot catalogue, {instance} in {place}",
                    "region": row.get("Region", ""),
                }


def _offer(row: dict, provider: str, region: str, as_of: date | None) -> Offer | Dropped:
    """A row as an offer of one chip, or why it is none."""

    def drop(reason: str) -> Dropped:
        return Dropped(int(row["row"]), reason)

    if provider and row["provider"].lower() != provider.lower():
        return drop(f"provider is not {provider}")
    if region and row["region"].lower() != region.lower():
        return drop(f"region is not {region}")
    chip = read_accelerator(row["chip"])
    if chip.fault:
        return drop(chip.fault)
    contract = _contract(row["contract"])
    if not contract:
        return drop(f"contract {row['contract']!r}: {nearest(row['contract'], CONTRACTS)}")
    usd = _usd(row["usd_per_hour"], row.get("currency", ""))
    if isinstance(usd, str):
        return drop(usd)
    if not row["date"]:
        return drop("no date; --date says the day of a file that has none")
    try:
        day = date.fromisoformat(row["date"])
    except ValueError:
        return drop(f"date {row['date']!r} is no day (YYYY-MM-DD)")
    if as_of is not None and day > as_of:
        return drop(f"its day is later than {as_of}")
    if not row["source"]:
        return drop("no source")
    chips = _chips(row["chips"], chip.chips_count)
    if chips < 1:
        return drop(f"{row['chips']} of a chip")
    source = f"{row['provider']}: {row['source']}" if row["provider"] else row["source"]
    divided = f"its price is divided by {chips:g}" if chip.chips_count and not row["chips"] else ""
    note = "; ".join(filter(None, (*chip.notes, divided)))
    return Offer(
        int(row["row"]), row["provider"], chip.name, contract, usd / chips, day, source, note
    )


def _contract(written: str) -> str:
    words = re.sub(r"[\s_-]", "", written.lower())
    known = {re.sub("_", "", contract): contract for contract in CONTRACTS}
    return WORDS.get(words) or WORDS.get(words.removeprefix("rent")) or known.get(words, "")


def _usd(written: str, currency: str) -> float | str:
    """A price in dollars, or why it is none."""
    if FOREIGN.search(f"{written} {currency}") or currency.upper() not in ("", "USD", "$", "US$"):
        return f"currency: {written} {currency}".strip() + " is not in US dollars"
    found = PRICE.fullmatch(written.strip())
    if not found or not float(found[1]) > 0:
        return f"price {written!r} is no number above 0"
    return float(found[1])


def _chips(stated: str, named: float) -> float:
    """The chips that a price is of: those that a catalogue counts, or the name says, or one."""
    try:
        return float(stated) if stated else (named or 1.0)
    except ValueError:
        return 0.0


def _newest(offers: list[Offer], dropped: list[Dropped]) -> list[Offer]:
    """Of each chip and contract the newest, and of several on a day the lowest."""
    chosen: dict[tuple[str, str], Offer] = {}
    ranked = sorted(offers, key=lambda offer: (-offer.day.toordinal(), offer.usd_per_hour))
    for offer in ranked:
        first = chosen.setdefault((offer.chip, offer.contract), offer)
        if first is offer:
            continue
        other = f"of {first.chip}, {first.contract} (row {first.row}, {first.day})"
        is_older = offer.day < first.day
        reason = f"older than another {other}" if is_older else f"not below another {other}"
        dropped.append(Dropped(offer.row, reason))
    return sorted(chosen.values(), key=lambda offer: offer.row)
