"""What a headline can mean: each reading multiplies quantities of the model and runs through it."""

from collections.abc import Iterator, Mapping
from functools import cache
from inspect import signature
from itertools import product
from pathlib import Path
from typing import Literal

from analysis.facts import chosen, sources, unknown
from analysis.laws.cooling import HALL
from analysis.laws.cost import CAPITAL, OPERATION, usd_per_s_per_chip
from analysis.laws.quantities import quantities
from analysis.scenario.claims import claim, claims
from analysis.scenario.errors import Key, ScenarioError, refuse
from analysis.scenario.expression import compute_number
from analysis.scenario.records import checked
from analysis.scenario.schema import Params, Record, Text
from analysis.scenario.yaml_file import read

FILE = Path(__file__).parents[1] / "facts" / "readings.yml"
MEASURED = "measured"  # no reading: the model compares the two chips as they are
BITS_PER_BYTE = 8
# The laws of what a chip second costs.
PRICE = (*HALL, *CAPITAL, *OPERATION, usd_per_s_per_chip)
# Numbers with which the expressions of a file are tried when it is read, beside those of claims.
TRIAL_CUT = 0.5
TRIAL_BITS = (4.5, 8.0, 16.0)
LARGEST_FACTOR = 1e6


class Reading(Record):
    """One meaning: for each quantity an expression that multiplies it, and the chip whose price
    holds.
    """

    title: Text
    means: Text
    change: dict[str, str]
    price: Literal["baseline", "candidate"]
    why: Text
    source: Text


@cache
def readings() -> dict[str, Reading]:
    """All readings by name; ScenarioError for a fault in the file."""
    return read_readings(FILE)


def read_readings(path: Path) -> dict[str, Reading]:
    """The readings of a file by name; ScenarioError names file, line and key of each fault."""
    values, where = read(path, path.name)
    found = checked(dict[str, Reading], values, where)
    refuse(where, _faults(found))
    return found


def _faults(found: dict[str, Reading]) -> Iterator[tuple[Key, str]]:
    """Unknown sources and quantities, and expressions that cannot be computed."""
    for name, reading in found.items():
        if reading.source not in sources().index:
            yield (name, "source"), unknown("source", reading.source, sources().index)
        for quantity, expression in reading.change.items():
            key = (name, "change", quantity)
            if quantity not in quantities():
                yield key, unknown("quantity", quantity, quantities())
            if fault := _expression_fault(expression):
                yield key, fault


def _expression_fault(expression: str) -> str:
    """What is wrong with a factor under some cut that is claimed, or nothing."""
    for cut, bits in product(_trial_cuts(), TRIAL_BITS):
        try:
            factor = compute_number(expression, {"cut": cut, "baseline_bits": bits})
        except ValueError as fault:
            return f"{fault} (for a cut of {cut:g})"
        if not 0 < factor <= LARGEST_FACTOR:
            return f"{expression!r} gives no factor above 0 for a cut of {cut:g}: {factor:g}"
    return ""


@cache
def _trial_cuts() -> list[float]:
    """The cuts of all sound claims on file, and one more."""
    cuts = {TRIAL_CUT}
    for name in claims():
        try:
            cuts.add(claim(name).cut_share)
        except ScenarioError:  # named where claims are checked
            continue
    return sorted(cuts)


def title(name: str) -> str:
    """A reading's title; `measured` is none."""
    return "The two chips as they are" if name == MEASURED else readings()[name].title


def factors(reading: str, cut_share: float, precision: str) -> dict[str, float]:
    """What each quantity is multiplied by under a reading of a claimed cut.

    `precision` is what the baseline serves: its weights are narrower than 16 bits already.
    """
    numbers = {"cut": cut_share, "baseline_bits": weight_bits(precision)}
    return {
        name: compute_number(expression, numbers)
        for name, expression in readings()[reading].change.items()
    }


def weight_bits(precision: str) -> float:
    """Bits of a weight in a precision, with the scales of its block (facts/precisions.csv)."""
    rows = chosen("precisions", precision).set_index("field")
    return BITS_PER_BYTE * float(rows["base"]["weight_bytes_per_parameter"])


def change(case: Params, reading: str | None = None) -> dict[str, float]:
    """The factors of a scenario's reading (or another) of its claim.

    Empty without a claim, and for no reading.
    """
    reading = reading or case.reading
    if case.claim is None or reading == MEASURED:
        return {}
    return factors(reading, claim(case.claim).cut_share, case.have.precision)


def at_claimed_price(baseline: Mapping, candidate: Mapping, reading: str) -> Mapping:
    """The claim taken at its word: the baseline at work, at the price that the reading names.

    `baseline` and `candidate` are columns for the laws. The candidate's price comes with power,
    life, hall, heat and all else that a chip second costs.
    """
    if readings()[reading].price == "baseline":
        return baseline
    prices = {name: candidate[name] for name in _price_inputs() if name in candidate}
    return {**baseline, **prices}


@cache
def _price_inputs() -> list[str]:
    """What the laws of a chip second's cost read and no law among them gives."""
    results = {law.__name__ for law in PRICE}
    read = dict.fromkeys(name for law in PRICE for name in signature(law).parameters)
    return [name for name in read if name not in results]
