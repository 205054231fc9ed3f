"""A claim as a record: its statements, who makes them, what settles them, and checks of them.

Checks are data, not code: expressions over numbers of the text and of the fact tables.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import Field

from analysis.facts import Accelerator, find, names, sources, table, unknown
from analysis.facts.provenance import JUDGED
from analysis.laws.claim import cut_share, headline_ratio
from analysis.scenario.errors import Key, refuse
from analysis.scenario.expression import Value, compute, fill
from analysis.scenario.records import checked
from analysis.scenario.schema import Count, Record, Share, Text
from analysis.scenario.yaml_file import read
from analysis.units import convert, unit_of

CLAIMS = Path(__file__).parents[1] / "facts" / "claims"
Verdict = Literal["holds", "fails", "cannot be told"]
GRAVEST: tuple[Verdict, ...] = ("fails", "cannot be told", "holds")  # the first of these decides
# Kinds of checks that support what they do not refute; the others only agree with themselves.
SUPPORTING = {"measurement", "model", "record"}
SUPPORTED, AS_ARITHMETIC = "is supported", "holds as arithmetic"
ShortText = Annotated[str, Field(max_length=200)]


class Fact(Record):
    """A number of the accelerators' table, in a unit of choice."""

    accelerator: Text
    field: Text
    unit: str


class Stated(Record):
    """The value that another statement of the same claim gives."""

    statement: Text


class Check(Record):
    """A test: `expression` over `numbers` gives what is `expected`, within `tolerance`.

    If it does, the statement holds; else the verdict is `otherwise`. A judged check has no
    expression: `otherwise` is its verdict and `evidence` the reason. The kind says what a verdict
    rests on: `arithmetic`, a record (`date`, `fact`, `record`), a `measurement`, a `model` (`joint`
    where two figures of the text are held against each other), or judgement.
    """

    kind: Literal["arithmetic", "date", "fact", "joint", "judged", "measurement", "model", "record"]
    numbers: dict[str, int | float | Fact | Stated | date | datetime] = Field(default_factory=dict)
    expression: str | None = None
    expected: bool | float | ShortText | tuple[float, float] | None = None
    tolerance: Annotated[float, Field(ge=0)] = 0
    otherwise: Verdict = "fails"
    evidence: Text
    source: Text


class Measure(Record):
    """What a statement quantifies; null is what the text leaves open, and it stays open."""

    quantity: Text
    value: float
    unit: Literal["share", "ratio", "Musd", "W", "GB"]
    baseline: str | None
    workload: str | None
    precision: str | None
    statistic: str | None
    boundary: str | None


class Resolution(Record):
    """What would settle a statement, by when, and where to look."""

    settles: Text
    by: date
    where: Text


class Statement(Record):
    """One sentence of an announcement in our own words, with its checks."""

    id: Text
    says: Text
    measure: Measure | None
    date: date
    source: Text
    status: Literal["open", "settled"]
    resolution: Resolution
    checks: list[Check] = Field(min_length=1)


class Claim(Record):
    """An announcement: its channel, how far its sources are one, its headline and statements.

    `prior` names the belief with which such a text is first taken, `product` its rows in
    launches.csv, `accelerators` the chips of which it speaks.
    """

    title: Text
    announced: date
    source: Text
    channel: Text
    sources_count: Count
    dependence_share: Share
    headline: Text
    prior: Text
    product: Text
    accelerators: Annotated[list[Text], Field(min_length=1)]
    statements: list[Statement]

    @property
    def head(self) -> Measure:
        """What the headline measures."""
        return next(s.measure for s in self.statements if s.id == self.headline and s.measure)

    @property
    def named(self) -> bool:
        """Whether the headline says what it is compared with; else its meaning is a belief."""
        return self.head.baseline is not None

    @property
    def cut_share(self) -> float:
        """Claimed fall per token: a share as it stands, a multiplier turned into one."""
        return self.head.value if self.head.unit == "share" else float(cut_share(self.head.value))

    @property
    def headline_ratio(self) -> float:
        """The multiplier that the headline suggests."""
        return float(headline_ratio(self.cut_share))


def claims() -> list[str]:
    """Names of the claims on file."""
    return sorted(path.stem for path in CLAIMS.glob("*.yml"))


@cache
def claim_about(product: str) -> str | None:
    """The name of the claim that announces a product of launches.csv; None where there is none."""
    for name in claims():
        if claim(name).product == product:
            return name
    return None


@cache
def claim(name: str) -> Claim:
    """Read a claim strictly, by name or path.

    Raises ScenarioError, which names file, line, key and nearest valid name of each fault.
    """
    path = Path(name) if name.endswith((".yml", ".yaml")) else CLAIMS / f"{name}.yml"
    values, where = read(path, path.name)
    record = checked(Claim, values, where)
    refuse(where, _faults(record))
    return record


def ledger(claimed: Claim, as_of: date) -> pd.DataFrame:
    """A claim's statements, a row each: verdict, evidence, sources, what would settle it.

    Column `standing` tells a statement that is supported by what was measured, recorded or modelled
    from one that holds as arithmetic alone: sums, dates and data sheets that agree with themselves
    support nothing. Column `due` is `settled`, `open`, or `overdue` where the day of settling is
    before `as_of`.
    """
    rows = [
        _ledger_row(claimed, number, statement, as_of)
        for number, statement in enumerate(claimed.statements, 1)
    ]
    return pd.DataFrame(rows)


def _ledger_row(claimed: Claim, number: int, statement: Statement, as_of: date) -> dict:
    results = [_run(claimed, check) for check in statement.checks]
    publishers = [sources()["publisher"][check.source] for check in statement.checks]
    resolution = statement.resolution
    due = "overdue" if resolution.by < as_of else "open"
    if statement.status == "settled":
        due = "settled"
    verdict = min((verdict for verdict, _ in results), key=GRAVEST.index)
    kinds = {check.kind for check in statement.checks}
    standing: str = verdict
    if verdict == "holds":
        standing = SUPPORTED if kinds & SUPPORTING else AS_ARITHMETIC
    return {
        "number": number,
        "id": statement.id,
        "says": statement.says,
        "verdict": verdict,
        "standing": standing,
        "evidence": " ".join(evidence for _, evidence in results),
        "kind": ", ".join(dict.fromkeys(check.kind for check in statement.checks)),
        "publisher": ", ".join(dict.fromkeys(publishers)),
        "due": due,
        **resolution.model_dump(),
    }


def _run(claimed: Claim, check: Check) -> tuple[Verdict, str]:
    """Verdict and evidence of a check; ValueError or LookupError where it cannot be run."""
    if check.expression is None:
        return check.otherwise, check.evidence
    numbers = {name: _number(claimed, stated) for name, stated in check.numbers.items()}
    result = compute(check.expression, numbers)
    evidence = fill(check.evidence, {**numbers, "found": result, "expected": check.expected})
    holds = _meets(result, check.expected, check.tolerance)
    return "holds" if holds else check.otherwise, evidence


def _meets(result: Value, expected: Any, tolerance: float) -> bool:
    """Whether a result is what was expected; ValueError where the two do not compare."""
    if isinstance(expected, bool | str):
        if not isinstance(result, type(expected)):
            raise ValueError(f"gives {result!r}, which does not compare with {expected!r}")
        return result == expected
    if isinstance(result, bool) or not isinstance(result, int | float):
        raise ValueError(f"gives {result!r}, which is no number as {expected!r} is")
    if isinstance(expected, tuple):
        return expected[0] <= result <= expected[1]
    return abs(result - expected) <= tolerance


def _number(claimed: Claim, stated: Any) -> int | float | date:
    """A check's number: as it stands, from the fact tables, or another statement's.

    Raises ValueError or LookupError where there is none. A time without a zone is one of UTC.
    """
    if isinstance(stated, Fact):
        fields = Accelerator.__dataclass_fields__
        if stated.field not in fields:
            raise ValueError(unknown("field", stated.field, fields))
        value = getattr(find(Accelerator, stated.accelerator), stated.field)
        return convert(value, unit_of(stated.field), stated.unit)
    if isinstance(stated, Stated):
        measured = {s.id: s.measure.value for s in claimed.statements if s.measure}
        if stated.statement not in measured:
            raise ValueError(unknown("measured statement", stated.statement, measured))
        return measured[stated.statement]
    if isinstance(stated, datetime) and stated.tzinfo is None:
        return stated.replace(tzinfo=UTC)
    return stated


def _faults(claimed: Claim) -> Iterator[tuple[Key, str]]:
    """What the types cannot say: names that must exist, and checks that must run."""
    measured = [statement.id for statement in claimed.statements if statement.measure]
    if claimed.headline not in measured:
        yield ("headline",), unknown("measured statement", claimed.headline, measured)
    products = set(table("launches")["product"])
    if claimed.product not in products:
        yield ("product",), unknown("product of launches.csv", claimed.product, products)
    for index, chip in enumerate(claimed.accelerators):
        if chip not in names(Accelerator):
            yield ("accelerators", str(index)), unknown("accelerator", chip, names(Accelerator))
    yield from _source_faults(("source",), claimed.source)
    seen: set[str] = set()
    for place, statement in enumerate(claimed.statements):
        key = ("statements", place)
        if statement.id in seen:
            yield (*key, "id"), f"{statement.id!r} stands twice"
        seen.add(statement.id)
        yield from _source_faults((*key, "source"), statement.source)
        for number, check in enumerate(statement.checks):
            own_key = (*key, "checks", number)
            yield from _source_faults((*own_key, "source"), check.source)
            if fault := _check_fault(claimed, check):
                yield (*own_key, "expression"), fault


def _source_faults(key: Key, source: str) -> Iterator[tuple[Key, str]]:
    if source not in sources().index:
        yield key, unknown("source", source, sources().index)


def _check_fault(claimed: Claim, check: Check) -> str | None:
    """What is wrong with a check, or nothing."""
    judged = check.kind == JUDGED
    if judged != (check.expression is None) or judged != (check.expected is None):
        return "a judged check has neither `expression` nor `expected`; every other has both"
    try:
        _run(claimed, check)
    except (ValueError, LookupError) as fault:
        return str(fault)
    return None
