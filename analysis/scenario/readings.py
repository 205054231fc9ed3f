"""What a headline can mean: each reading multiplies named quantities of the model and runs through
it.
"""

from collections.abc import Mapping
from functools import cache
from inspect import signature
from pathlib import Path
from typing import Literal

from analysis.facts import nearest, sources, table, unknown
from analysis.laws.cooling import HALL
from analysis.laws.cost import CAPITAL, OPERATION, usd_per_s_per_chip
from analysis.scenario.claims import claim, claims
from analysis.scenario.expression import compute
from analysis.scenario.schema import Record, Text
from analysis.scenario.yaml_file import checked, read, refuse

FILE = Path(__file__).parents[1] / "facts" / "readings.yml"
MEASURED = "measured"  # no reading: the model compares the two chips as they are
WEIGHT_BITS = {"bf16": 16, "fp8": 8, "fp4": 4.5, "int4": 4.25}  # with the scales of a block
PRICE = (*HALL, *CAPITAL, *OPERATION, usd_per_s_per_chip)


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
    values, where = read(FILE, FILE.name)
    found = checked(dict[str, Reading], values, where)
    known = sources().index
    odd = {name: reading.source for name, reading in found.items() if reading.source not in known}
    refuse(
        where,
        (((name, "source"), unknown("source", source, known)) for name, source in odd.items()),
    )
    return found


def title(name: str) -> str:
    """A reading's title; `measured` is none."""
    return "The two chips as they are" if name == MEASURED else readings()[name].title


def factors(reading: str, cut_share: float, precision: str) -> dict[str, float]:
    """What each quantity is multiplied by under a reading of a claimed cut, for a baseline that
    serves `precision`.
    """
    numbers = {"cut": cut_share, "baseline_bits": WEIGHT_BITS[precision]}
    return {
        name: float(compute(said, numbers)) for name, said in readings()[reading].change.items()
    }


def change(case, reading: str | None = None) -> dict[str, float]:
    """The factors of the scenario's reading (or another) of its claim; empty without a claim or
    reading.
    """
    reading = reading or case.reading
    if case.claim is None or reading == MEASURED:
        return {}
    return factors(reading, claim(case.claim).cut_share, case.baseline.precision)


def at_claimed_price(baseline: Mapping, candidate: Mapping, reading: str) -> Mapping:
    """The claim taken at its word: the baseline at work, for the price of the candidate's chip
    where the reading asks.

    Columns for the laws; the price comes with power, life, hall, heat and all else that a chip
    second costs.
    """
    if readings()[reading].price == "baseline":
        return baseline
    return {**baseline, **{name: candidate[name] for name in _paid_for() if name in candidate}}


@cache
def _paid_for() -> list[str]:
    """What the laws of a chip second's cost read and do not make themselves."""
    made = {law.__name__ for law in PRICE}
    return list(
        dict.fromkeys(
            name for law in PRICE for name in signature(law).parameters if name not in made
        )
    )


def doubts(params):
    """Names in a scenario that must exist: its claim, and its reading, which needs one."""
    if params.claim is not None and params.claim not in claims():
        yield ("claim",), unknown("claim", params.claim, claims())
    if params.reading not in (known := [MEASURED, *readings()]):
        yield ("reading",), unknown("reading", params.reading, known)
    if params.claim is None and params.reading != MEASURED:
        yield ("reading",), f"a reading needs a claim; without one it is {MEASURED!r}"
    if params.credence.reading not in readings():
        yield ("credence", "reading"), unknown("reading", params.credence.reading, readings())
    if params.claim in claims() and (prior := claim(params.claim).prior) not in params.believe:
        yield ("claim",), f"{params.claim}.yml: prior: {unknown('belief', prior, params.believe)}"
    log = table("evidence")
    logged = set(log["known"][log["claim"] == params.claim])
    for day in set(params.credence.instead) - logged:
        yield ("credence", "instead", day), f"no evidence of that day; {nearest(day, logged)}"
