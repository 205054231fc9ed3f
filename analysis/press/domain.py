"""What the press asks of the project whose notebooks it renders; it knows no more of it."""

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from analysis.press.markup import plain
from analysis.press.records import Answer, ReportRecord


@dataclass(frozen=True)
class Description:
    """What the frame of a page and the index show of a scenario.

    `faults` say, each with its place, why the scenario cannot be read; then the other fields are
    blank and no report is made of it. `group` is the heading under which the index lists it, blank
    where it has none. `values` are what it states, by dotted key, for the table of all scenarios.
    """

    title: str
    question: str
    as_of: str
    faults: tuple[str, ...]
    group: str = ""
    values: Mapping[str, str | float | int | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Summary:
    """What a row of the index says of an answer.

    `act` says in a few words what to do. `figure` is the one number that counts for this reader,
    `caption` says in words what it is, and `range` how far it may go; the three may be blank.
    """

    act: str
    figure: str
    caption: str
    range: str


Cell = str | float | int | None


@dataclass(frozen=True)
class Sheet:
    """A table of a workbook: a name of at most 31 characters, heads, and rows as wide as these."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Forward:
    """What is sent to others of a scenario.

    `title` is the subject, `day` (YYYY-MM-DD) the date of all, `board` the paper as a whole page of
    HTML, `letter` the text of an e-mail, without links.
    """

    title: str
    day: str
    board: str
    sheets: tuple[Sheet, ...]
    letter: str


def whole_answer(answer: Answer, group: str, files: Sequence[dict]) -> Summary:
    """The summary of a project that has no shorter words for its answers than the headline."""
    return Summary(plain(answer.headline), answer.shown, "", answer.range)


def answer_before(before: Answer, now: Answer) -> str:
    """What an answer was before, of a project that has no shorter words for it."""
    return plain(before.headline)


@dataclass(frozen=True)
class Sweep:
    """Combinations of values of a scenario's keys: what each is called, and its overrides.

    `name` is fit for a file and `title` for a heading.
    """

    name: str
    title: str
    combinations: tuple[tuple[str, Mapping[str, Any]], ...]


def no_sweep(scenario: str, swept: Mapping[str, Sequence]) -> Sweep:
    """What a project says whose scenarios have no keys to sweep."""
    raise OSError(f"{scenario}: this project's scenarios have no keys to sweep")


def no_values(files: Sequence[dict]) -> Mapping[str, Cell]:
    """What a project has of an answer that keeps none in numbers."""
    return {}


@dataclass(frozen=True)
class Column:
    """A column of the index: a notebook, and in a few words what its figure is."""

    notebook: str
    caption: str


@dataclass(frozen=True)
class ExtraPage:
    """A page of the site that no notebook makes: its name in the site and its content."""

    name: str
    content: str


@dataclass(frozen=True)
class ExtraLink:
    """A link on the index to an extra page, and what a reader finds there.

    `is_optional`: the page is made on demand, and the link stands where it is there.
    """

    name: str
    title: str
    description: str
    is_optional: bool = False


@dataclass(frozen=True)
class Domain:
    """A project whose notebooks the press renders.

    `root` holds notebooks/ and params/. `inputs` are the files and folders, below `root`, on which
    every report depends beside its notebook and its scenario. `describe` reads a scenario by the
    name or path that its notebooks get as their parameter. `warm` imports and runs once what
    reports need: processes that make reports start as copies of one that has done so. It may start
    no thread. `extra_pages` depend on `inputs` alone. `columns` are in the order in which a reader
    takes the notebooks; others follow by name.

    `groups` are the groups of scenarios in the order of the index; others follow by name.
    `value_caption` says what the value of an answer is, by which the index sorts; blank where it
    should not. `summarise` gives the words of a row from an answer, its scenario's group and the
    files that its reports have left. `changed` says what the answer was before, blank where no
    reader would notice. `forward` gives what is sent to others of a scenario, by the name or path
    that its notebooks get and the records of its reports; None where there is nothing to send.

    `sweep` makes the combinations of values of a scenario's dotted keys; it raises OSError or
    ValueError for a key or a value that cannot be. `answer_values` gives the columns of an answer
    in the table of all scenarios, from the files that its reports have left.
    """

    name: str
    root: Path
    inputs: tuple[Path, ...]
    title: str
    lead: str
    columns: tuple[Column, ...]
    links: tuple[ExtraLink, ...]
    describe: Callable[[str], Description]
    warm: Callable[[], None]
    extra_pages: Callable[[], Iterator[ExtraPage]]
    groups: tuple[str, ...] = ()
    value_caption: str = ""
    summarise: Callable[[Answer, str, Sequence[dict]], Summary] = whole_answer
    changed: Callable[[Answer, Answer], str] = answer_before
    forward: Callable[[str, Sequence[ReportRecord]], Forward] | None = None
    sweep: Callable[[str, Mapping[str, Sequence]], Sweep] = no_sweep
    answer_values: Callable[[Sequence[dict]], Mapping[str, Cell]] = no_values

    def ordered(self, notebooks: set[str]) -> list[str]:
        """Names of notebooks in the order in which a reader takes them."""
        leading = [column.notebook for column in self.columns if column.notebook in notebooks]
        return leading + sorted(notebooks - set(leading))


@cache
def load_domain(path: str) -> Domain:
    """The domain that stands at `module:name`; so named, every process finds it.

    ImportError where there is no such module, AttributeError where it holds no such name.
    """
    module, _, name = path.partition(":")
    domain = getattr(importlib.import_module(module), name)
    if not isinstance(domain, Domain):
        raise TypeError(f"{path} is no Domain but {type(domain).__name__}")
    return domain
