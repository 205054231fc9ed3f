"""What a build remembers of each report: typed in memory, JSON on disk."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True)
class Answer:
    """The answer of a report, as the output of its headline cell carries it.

    `value`, `low` and `high` are numbers in `unit`; `shown` and `range` are the same as text for
    the index. All but `headline` may be blank or None.
    """

    headline: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    verdict: str
    shown: str
    range: str

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> "Answer":
        """The answer in a JSON payload; ValueError where a field has the wrong kind."""
        return cls(
            headline=_text(payload, "headline"),
            value=_number(payload, "value"),
            low=_number(payload, "low"),
            high=_number(payload, "high"),
            unit=_text(payload, "unit", ""),
            verdict=_text(payload, "verdict", ""),
            shown=_text(payload, "shown", ""),
            range=_text(payload, "range", ""),
        )

    def same_as(self, other: "Answer | None") -> bool:
        """Whether both say the same sentence with the same numbers."""
        if other is None:
            return False
        return (self.headline, self.value, self.low, self.high) == (
            other.headline,
            other.value,
            other.low,
            other.high,
        )


@dataclass(frozen=True)
class NumberRow:
    """A row to take away: P10, P50 and P90 of a quantity of an option, in a unit."""

    quantity: str
    option: str
    unit: str
    low: float | None
    mid: float | None
    high: float | None

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> "NumberRow":
        """The row in a JSON payload; ValueError where a field does not fit."""
        return cls(
            quantity=_text(payload, "quantity"),
            option=_text(payload, "option"),
            unit=_text(payload, "unit"),
            low=_number(payload, "low"),
            mid=_number(payload, "mid"),
            high=_number(payload, "high"),
        )


@dataclass(frozen=True)
class Input:
    """A file below the root that a report read beside its own notebook and scenario.

    `keys` are the top-level keys of a YAML file that it read, none for the whole file. A path with
    `*` stands for the names of the files that it matches. `digest` is of what was read, and
    `file_digest` of the whole file, so that an unchanged file need not be parsed.
    """

    path: str
    keys: tuple[str, ...]
    digest: str
    file_digest: str

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> "Input":
        """The input in a JSON payload; ValueError where a field does not fit."""
        keys = tuple(str(key) for key in payload.get("keys", ()))
        texts = {name: _text(payload, name) for name in ("path", "digest", "file_digest")}
        return cls(keys=keys, **texts)


@dataclass(frozen=True)
class Page:
    """A page that stands in the site: of what it was made, and what it says.

    `key` is the digest of what it was made of, `bytes` its length and `content` the digest of its
    bytes, `previous` the answer before this one, where it was another. `group` is the scenario's on
    the index, `values` what the scenario states by dotted key. `table` is what stands beside the
    page as CSV and Parquet: {"columns": [...], "rows": [[...], ...]}, empty where there is none.
    """

    key: str
    bytes: int
    title: str
    question: str
    as_of: str
    answer: Answer | None
    previous: Answer | None
    numbers: tuple[NumberRow, ...]
    forecasts: tuple[dict, ...]
    files: tuple[dict, ...]
    inputs: tuple[Input, ...]
    content: str = ""
    group: str = ""
    values: dict = field(default_factory=dict)
    table: dict = field(default_factory=dict)

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> "Page":
        """The page in a JSON payload; ValueError where a field does not fit."""
        texts = {name: _text(payload, name) for name in ("key", "title", "question", "as_of")}
        answer, previous = payload["answer"], payload["previous"]
        return cls(
            **texts,
            bytes=int(payload["bytes"]),
            answer=None if answer is None else Answer.of(answer),
            previous=None if previous is None else Answer.of(previous),
            numbers=tuple(NumberRow.of(row) for row in payload["numbers"]),
            forecasts=tuple(dict(register) for register in payload["forecasts"]),
            files=tuple({**file, "name": _text(file, "name")} for file in payload["files"]),
            inputs=tuple(Input.of(each) for each in payload["inputs"]),
            content=_text(payload, "content", ""),
            group=_text(payload, "group", ""),
            values=dict(payload.get("values", {})),
            table=dict(payload.get("table", {})),
        )


@dataclass(frozen=True)
class ReportError:
    """Why a report failed: the cell's id, blank outside cells, and the error's name and message."""

    cell: str
    name: str
    message: str

    def __str__(self) -> str:
        """Where and how the report failed, on one line."""
        place = f"cell {self.cell}: " if self.cell else ""
        return f"{place}{self.name}: {' '.join(self.message.split())[:300]}"


@dataclass(frozen=True)
class ReportRecord:
    """What is known of a report: the page that stands, and why the last attempt failed, if it did.

    `scenario` is blank for a report of the whole site. A report that fails leaves the page before
    it as it was: then `page` is that page's, None where there never was one. `is_guest`: the
    scenario was named by a path outside params/, so that no build of all scenarios plans it.
    """

    scenario: str
    notebook: str
    page: Page | None
    error: ReportError | None
    is_guest: bool = False

    @property
    def name(self) -> str:
        """The report's name: scenario and notebook."""
        return report_name(self.scenario, self.notebook)

    @property
    def status(self) -> str:
        """Either "ok" or "failed"."""
        return "ok" if self.error is None else "failed"

    def to_json(self) -> str:
        """The record as it lies in the site."""
        # As asdict, without its copies of all that a record holds.
        return json.dumps(self, default=vars, sort_keys=True)

    @classmethod
    def from_json(cls, text: bytes | str | None) -> "ReportRecord | None":
        """The record in a file's text; None where there is none that can be read."""
        try:
            payload = json.loads(text or b"")
            page, error = payload["page"], payload["error"]
            return cls(
                scenario=_text(payload, "scenario"),
                notebook=_text(payload, "notebook"),
                page=None if page is None else Page.of(page),
                error=None if error is None else ReportError(*_texts(error, ReportError)),
                is_guest=payload.get("is_guest") is True,
            )
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            return None


def report_name(scenario: str, notebook: str) -> str:
    """How a report is called in messages."""
    return f"{scenario}/{notebook}" if scenario else notebook


def page_name(scenario: str, notebook: str, suffix: str = ".html") -> str:
    """Where a report's page lies in the site."""
    return report_name(scenario, notebook) + suffix


def record_name(scenario: str, notebook: str) -> str:
    """Where a report's record lies in the site; reports of no scenario under `_`."""
    return f".records/{scenario or '_'}/{notebook}.json"


def _texts(payload: Mapping[str, Any], kind: type) -> list[str]:
    return [_text(payload, field.name) for field in fields(kind)]


def _text(payload: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = payload.get(name, default)
    if not isinstance(value, str):
        raise ValueError(f"{name!r} is {type(value).__name__}, where text is expected")
    return value


def _number(payload: Mapping[str, Any], name: str) -> float | None:
    value = payload.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise ValueError(f"{name!r} is {type(value).__name__}, where a number is expected")
    return value
