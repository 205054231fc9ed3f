"""The index: a row a scenario under the heading of its group, made of the records alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from analysis.press import html
from analysis.press.domain import Column, Domain, ExtraLink, Summary
from analysis.press.records import Answer, Page, ReportRecord

MANY_ROWS = 30  # from which rows are as low as they can be


@dataclass(frozen=True)
class IndexRow:
    """A scenario on the index, with the record of each column's report.

    `summary` says what all its reports answer; None where they differ or one failed. `before` is
    what the answer was before it changed, blank where it did not. `forwards` are names of files of
    the scenario that are made to be sent to others.
    """

    scenario: str
    title: str
    question: str
    as_of: str
    group: str
    records: tuple[ReportRecord | None, ...]
    value: float | None
    summary: Summary | None
    before: str
    forwards: tuple[str, ...]

    @property
    def link(self) -> str:
        """The first page of the scenario, blank where none was made."""
        made = [record.name for record in self.records if record is not None and record.page]
        return f"{made[0]}.html" if made else ""


def index(
    domain: Domain,
    records: Iterable[ReportRecord],
    forwards: Mapping[str, Sequence[str]] | None = None,
    links: Sequence[ExtraLink] | None = None,
) -> str:
    """The page that leads to all others.

    `forwards` holds, by scenario, the names of its files that are made to be sent to others;
    `links` are to extra pages that stand, all of the domain's without it.
    """
    records = list(records)
    names = domain.ordered({record.notebook for record in records if record.scenario})
    captions = {column.notebook: column.caption for column in domain.columns}
    rows = []
    by_scenario = groupby((r for r in records if r.scenario), lambda record: record.scenario)
    for scenario, group in by_scenario:
        found = {record.notebook: record for record in group}
        files = tuple((forwards or {}).get(scenario, ()))
        rows.append(_row(domain, scenario, [found.get(name) for name in names], files))
    return html.fill_frame(
        "index.html",
        title="All answers",
        site_name=domain.name,
        heading=domain.title,
        lead=domain.lead,
        columns=[Column(name, captions.get(name, "")) for name in names],
        groups=_grouped(domain, rows),
        count=len(rows),
        changed=sum(bool(row.before) for row in rows),
        is_long=len(rows) > MANY_ROWS,
        value_caption=domain.value_caption,
        whole_site=[record for record in records if not record.scenario],
        links=domain.links if links is None else links,
    )


def _row(
    domain: Domain,
    scenario: str,
    records: Sequence[ReportRecord | None],
    forwards: tuple[str, ...],
) -> IndexRow:
    """The row of a scenario, from the records of its reports in the order of the columns."""
    pages = [record.page for record in records if record is not None and record.page is not None]
    page = pages[0] if pages else None
    answer = _common_answer(records)
    before = pages[0].previous if answer is not None else None
    return IndexRow(
        scenario=scenario,
        title=page.title if page else "",
        question=page.question if page else "",
        as_of=page.as_of if page else "",
        group=page.group if page else "",
        records=tuple(records),
        value=None if answer is None else answer.value,
        summary=None if answer is None else domain.summarise(answer, pages[0].group, _files(pages)),
        before="" if answer is None or before is None else domain.changed(before, answer),
        forwards=forwards,
    )


def _common_answer(records: Sequence[ReportRecord | None]) -> Answer | None:
    """The answer that all reports of a row give; None where they differ, or one failed."""
    answers = []
    for record in records:
        if record is None or record.page is None or record.error is not None:
            return None
        answers.append(record.page.answer)
    first = answers[0]
    if first is None or not all(first.same_as(other) for other in answers):
        return None
    return first


def _files(pages: Iterable[Page]) -> list[dict]:
    return [file for page in pages for file in page.files]


def _grouped(domain: Domain, rows: Sequence[IndexRow]) -> list[tuple[str, list[IndexRow]]]:
    """Rows by group: those that the domain names first, then others, then those of none."""
    order = {name: place for place, name in enumerate(domain.groups)}

    def place(row: IndexRow) -> tuple[bool, int, str]:
        return not row.group, order.get(row.group, len(order)), row.group

    ordered = sorted(rows, key=place)
    return [(name, list(group)) for name, group in groupby(ordered, lambda row: row.group)]
