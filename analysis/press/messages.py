"""What processes of a build say to each other; each message is one frozen record."""

from dataclasses import dataclass
from typing import Any


# From the process that makes a report.
@dataclass(frozen=True)
class NotebookStarted:
    """The notebook with its parameters, in JSON, before its first cell runs."""

    notebook: str


@dataclass(frozen=True)
class CellStarted:
    """The cell at this index begins to run."""

    index: int


@dataclass(frozen=True)
class CellFinished:
    """The cell has run; `success` is false where the notebook ends with it."""

    index: int
    outputs: list[dict]
    execution_count: int | None
    success: bool


@dataclass(frozen=True)
class Ended:
    """The work is done: the last message of a process. One that ends without it has failed."""

    result: Any


# From the pool to the build.
@dataclass(frozen=True)
class Started:
    """A process has begun the work of this name."""

    name: str


@dataclass(frozen=True)
class Finished:
    """The work of this name is done; `result` is what it gives: of a report, its record."""

    name: str
    result: Any


@dataclass(frozen=True)
class Failure:
    """The result of a task about the whole site that could not be done."""

    message: str


@dataclass(frozen=True)
class Note:
    """Something that the user should know."""

    text: str


Event = Started | Finished | Note
