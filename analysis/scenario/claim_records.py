"""A claim as a record: its statements, who makes them, what settles them, and checks of them.

Checks are data, not code: expressions over numbers of the text and of the fact tables.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from analysis.laws.claim import cut_share, headline_ratio
from analysis.scenario.schema import Record, Share, Text

Verdict = Literal["holds", "fails", "cannot be told"]
ShortText = Annotated[str, Field(max_length=200)]
Day = Annotated[date, Field(ge=date(1990, 1, 1), le=date(2100, 1, 1))]
Sources = Annotated[int, Field(ge=1, le=1000)]


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
    value: Annotated[float, Field(ge=0, le=1e12)]
    unit: Literal["share", "ratio", "Musd", "W", "GB"]
    baseline: str | None
    workload: str | None
    precision: str | None
    statistic: str | None
    boundary: str | None


class Resolution(Record):
    """What would settle a statement, by when, and where to look."""

    settles: Text
    by: Day
    where: Text


class Statement(Record):
    """One sentence of an announcement in our own words, with its checks."""

    id: Text
    says: Text
    measure: Measure | None
    date: Day
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
    announced: Day
    source: Text
    channel: Text
    sources_count: Sources
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
