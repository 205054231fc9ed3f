"""A claim as a record: what was said, by whom, what would settle it, and checks of it that are
data, not code.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import Field

from analysis.facts import Accelerator, find, sources, unknown
from analysis.laws.claim import cut_share, headline_ratio
from analysis.scenario.expression import compute, fill
from analysis.scenario.schema import Record, Share, Text
from analysis.scenario.yaml_file import checked, read, refuse
from analysis.units import convert, unit_of

CLAIMS = Path(__file__).parents[1] / "facts" / "claims"
Verdict = Literal["holds", "fails", "cannot be told"]
GRAVEST: tuple[Verdict, ...] = (
    "fails",
    "cannot be told",
    "holds",
)  # of several checks the gravest verdict decides


class Fact(Record):
    """A number of the accelerators' table, in a unit of choice."""

    accelerator: Text
    field: Text
    unit: str


class Stated(Record):
    """The value that another statement of the same claim gives."""

    statement: Text


class Check(Record):
    """A test: `expression` over `numbers` gives what is `expected` within `tolerance`; else the
    verdict is `otherwise`.

    A judged check has no expression: `otherwise` is its verdict and `evidence` the reason.
    """

    kind: Literal["arithmetic", "date", "fact", "joint", "judged"]
    numbers: dict[str, int | float | Fact | Stated | date | datetime] = Field(default_factory=dict)
    expression: str | None = None
    expected: bool | float | str | tuple[float, float] | None = None
    tolerance: float = 0
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
    """An announcement: its channel, how far its sources are one, its headline and all its
    statements.

    `prior` names the belief that such a text is first taken with, `product` its row in
    launches.csv.
    """

    title: Text
    announced: date
    source: Text
    channel: Text
    sources_count: int
    dependence_share: Share
    headline: Text
    prior: Text
    product: Text
    statements: list[Statement]

    @property
    def head(self) -> Measure:
        """What the headline measures."""
        return next(s.measure for s in self.statements if s.id == self.headline and s.measure)

    @property
    def named(self) -> bool:
        """Whether the headline says what it is compared with; without that, its meaning is a matter
        of belief.
        """
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
def claim(name: str) -> Claim:
    """Read a claim by name (or path) strictly; ScenarioError names file, line, key and nearest
    valid name.
    """
    path = Path(name) if name.endswith((".yml", ".yaml")) else CLAIMS / f"{name}.yml"
    values, where = read(path, path.name)
    found = checked(Claim, values, where)
    refuse(where, _doubts(found))
    return found


def ledger(claimed: Claim, as_of: date) -> pd.DataFrame:
    """A row a statement: verdict, evidence, sources, what would settle it; `due` says what still
    waits at `as_of`.
    """
    return pd.DataFrame(
        [_entry(claimed, number, s, as_of) for number, s in enumerate(claimed.statements, 1)]
    )


def _entry(claimed: Claim, number: int, statement: Statement, as_of: date) -> dict:
    results = [_run(claimed, check) for check in statement.checks]
    settled = statement.resolution
    return {
        "number": number,
        "id": statement.id,
        "says": statement.says,
        "verdict": min((verdict for verdict, _ in results), key=GRAVEST.index),
        "evidence": " ".join(evidence for _, evidence in results),
        "kind": ", ".join(dict.fromkeys(check.kind for check in statement.checks)),
        "publisher": ", ".join(
            dict.fromkeys(sources()["publisher"][check.source] for check in statement.checks)
        ),
        "due": "settled"
        if statement.status == "settled"
        else "overdue"
        if settled.by < as_of
        else "open",
        **settled.model_dump(),
    }


def _run(claimed: Claim, check: Check) -> tuple[Verdict, str]:
    if check.expression is None:
        return check.otherwise, check.evidence
    numbers = {name: _value(claimed, given) for name, given in check.numbers.items()}
    found = compute(check.expression, numbers)
    evidence = fill(check.evidence, numbers | {"found": found, "expected": check.expected})
    return "holds" if _meets(found, check.expected, check.tolerance) else check.otherwise, evidence


def _meets(found, expected, tolerance: float) -> bool:
    if isinstance(expected, tuple):
        return expected[0] <= found <= expected[1]
    return (
        found == expected
        if isinstance(expected, bool | str)
        else abs(found - expected) <= tolerance
    )


def _value(claimed: Claim, given):
    """A check's number: as it stands, from the fact tables, or another statement's; ValueError if
    it is not there.
    """
    if isinstance(given, Fact):
        if given.field not in (fields := Accelerator.__dataclass_fields__):
            raise ValueError(unknown("field", given.field, fields))
        return convert(
            getattr(find(Accelerator, given.accelerator), given.field),
            unit_of(given.field),
            given.unit,
        )
    if isinstance(given, Stated):
        told = {s.id: s.measure.value for s in claimed.statements if s.measure}
        if given.statement not in told:
            raise ValueError(unknown("measured statement", given.statement, told))
        return told[given.statement]
    return (
        given.replace(tzinfo=UTC) if isinstance(given, datetime) and given.tzinfo is None else given
    )


def _doubts(found: Claim) -> Iterator[tuple[tuple, str]]:
    """What the types cannot say: names that must exist, and checks that must run."""
    measured = [s.id for s in found.statements if s.measure]
    if found.headline not in measured:
        yield ("headline",), unknown("measured statement", found.headline, measured)
    cited: dict[tuple, str] = {("source",): found.source}
    for i, statement in enumerate(found.statements):
        cited[("statements", i, "source")] = statement.source
        if statement.id in [s.id for s in found.statements[:i]]:
            yield ("statements", i, "id"), f"{statement.id!r} stands twice"
        for j, check in enumerate(statement.checks):
            cited[("statements", i, "checks", j, "source")] = check.source
            if said := _check_doubt(found, check):
                yield ("statements", i, "checks", j, "expression"), said
    for key, source in cited.items():
        if source not in sources().index:
            yield key, unknown("source", source, sources().index)


def _check_doubt(found: Claim, check: Check) -> str | None:
    if len({check.kind == "judged", check.expression is None, check.expected is None}) > 1:
        return "a judged check has neither `expression` nor `expected`; every other has both"
    try:
        _run(found, check)
    except (ValueError, SyntaxError, TypeError, ArithmeticError, LookupError) as fault:
        return str(fault)
    return None


@cache
def claim_about(product: str) -> str | None:
    """Name of the claim on file about a product of launches.csv; None where there is none."""
    return next((name for name in claims() if claim(name).product == product), None)
