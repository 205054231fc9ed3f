"""The pages about all reports: index, tables of every answer, feed. Made of the records alone."""

import gzip
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from itertools import groupby
from typing import Any

from analysis.press import html, storage, tables
from analysis.press.domain import Domain, ExtraLink
from analysis.press.forwards import forwards
from analysis.press.jobs import Job
from analysis.press.markup import plain
from analysis.press.records import Answer, Page, ReportRecord, page_name, record_name
from analysis.press.site_index import index
from analysis.press.site_task import SiteTask

RESULT_COLUMNS = (
    "scenario",
    "notebook",
    "heading",
    "question",
    "as_of",
    "headline",
    "value",
    "low",
    "high",
    "unit",
    "verdict",
    "status",
)
RESULT_NUMBERS = ("value", "low", "high")
NUMBER_COLUMNS = ("notebook", "quantity", "option", "unit", "low", "mid", "high")
LATEST_ENTRIES = 200
TABLES = ".records/tables"  # of what the tables were made, and what was written


# The plain name of a JSON file.
FILE_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}\.json")


@dataclass(frozen=True)
class CheckScenarios(SiteTask):
    """Reads scenarios strictly; gives every fault, each with its place."""

    scenarios: tuple[str, ...]

    def run(self) -> list[str]:
        """Faults of all scenarios, in their order."""
        faults: list[str] = []
        for scenario in self.scenarios:
            faults += self.domain.describe(scenario).faults
        return faults


@dataclass(frozen=True)
class WriteTables(SiteTask):
    """Writes results.csv and .parquet, the tables of scenarios and sweeps (tables.py), and for each
    scenario numbers.csv and forecasts.json. `common` is the digest of what every report depends on.
    """

    records: tuple[ReportRecord, ...]
    common: str

    def run(self) -> str:
        """Write those that changed; a digest of all.

        Nothing is made anew where the records are the same and every file is as it was written.
        """
        made_of = storage.digest(self.common, *(record.to_json() for record in self.records))
        state = _state(storage.get_file(self.output, TABLES))
        if state.get("made_of") == made_of and self._digests(state["files"]) == state["files"]:
            return state["answers"]
        names, answers = self._write()
        state = {"made_of": made_of, "answers": answers, "files": self._digests(names)}
        storage.put(self.output, TABLES, json.dumps(state))
        return answers

    def _digests(self, names: Iterable[str]) -> dict[str, str]:
        return {name: storage.digest(storage.get_file(self.output, name) or b"") for name in names}

    def _write(self) -> tuple[list[str], str]:
        """The names of all files, and a digest of what they say."""
        results = _result_rows(self.records)
        texts = {"results.csv": tables.csv_text(RESULT_COLUMNS, results)}
        for scenario, group in groupby(self.records, lambda record: record.scenario):
            if scenario:
                texts |= _tables_of_scenario(scenario, list(group))
        changed = storage.put_changed(self.output, texts)
        if "results.csv" in changed or storage.size(self.output, "results.parquet") is None:
            parquet = tables.parquet(RESULT_COLUMNS, results, numbers=RESULT_NUMBERS)
            storage.put(self.output, "results.parquet", parquet)
        names = [*texts, "results.parquet"]
        for name, (columns, rows) in tables.tables(self.domain, self.records).items():
            tables.write(self.output, name, columns, rows)
            names += [f"{name}.csv", f"{name}.parquet"]
        return names, storage.digest(*texts, *texts.values())


def _state(text: bytes | None) -> dict[str, Any]:
    """What was remembered; empty where that cannot be read."""
    try:
        state = json.loads(text or b"")
        texts = {name: str(state[name]) for name in ("made_of", "answers")}
        return {**texts, "files": dict(state["files"])}
    except (ValueError, TypeError, KeyError, RecursionError):
        return {}


@dataclass(frozen=True)
class WriteExtraPages(SiteTask):
    """Writes the pages that the domain adds; nothing where nothing changed on which they depend.

    `common` is the digest of what every report depends on.
    """

    common: str
    force: bool

    def run(self) -> None:
        """Write those that changed."""
        state = storage.get(self.output, ".records/extra-pages")
        first_link = next((link.name for link in self.domain.links), None)
        is_there = first_link is None or storage.size(self.output, first_link)
        if self.force or state != self.common.encode() or not is_there:
            pages = {page.name: page.content for page in self.domain.extra_pages()}
            storage.put_changed(self.output, pages | {".records/extra-pages": self.common})


@dataclass(frozen=True)
class WriteSite(SiteTask):
    """Writes chart library, extra pages, feed and, last, the index; nothing where nothing changed.

    `library` is where the chart library lies in the site, blank where each page carries it.
    """

    records: tuple[ReportRecord, ...]
    common: str
    library: str
    force: bool

    def run(self) -> None:
        """Write those that changed."""
        found = "\n".join(record.to_json() for record in self.records)
        sent = forwards(self.output)
        links = [link for link in self.domain.links if self._stands(link)]
        made = json.dumps([sent, [link.name for link in links]])
        state = storage.digest(self.common, self.library, found, made)
        pages = [storage.get_file(self.output, name) or b"" for name in ("feed.xml", "index.html")]
        as_written = f"{state} {storage.digest(*pages)}".encode()
        is_current = storage.get(self.output, ".records/site") == as_written
        has_library = not self.library or storage.size(self.output, self.library) is not None
        if is_current and has_library and not self.force:
            return
        if self.library and storage.size(self.output, self.library) is None:
            storage.put(self.output, self.library, gzip.decompress(html.library()))
        WriteExtraPages(self.domain_path, self.output, self.common, force=False).run()
        texts = {
            "feed.xml": feed(self.domain, self.records, links),
            "index.html": index(self.domain, self.records, sent, links),
        }
        as_made = f"{state} {storage.digest(*texts.values())}"
        storage.put_changed(self.output, texts | {".records/site": as_made})

    def _stands(self, link: ExtraLink) -> bool:
        return not link.is_optional or storage.size(self.output, link.name) is not None


def read_records(output: str) -> list[ReportRecord]:
    """Every record of the site that can be read, by scenario and notebook."""
    records = []
    for name in storage.names(output, ".records"):
        if name.endswith(".json"):
            record = _record(output, name)
            if record is not None:
                records.append(record)
    return sorted(records, key=lambda record: (record.scenario, record.notebook))


def _record(output: str, name: str) -> ReportRecord | None:
    """The record in a file of the site; None where none can be read, or it names another report:
    its names lead to pages, which may lie outside the site.
    """
    record = ReportRecord.from_json(storage.get(output, name))
    if record is None or record_name(record.scenario, record.notebook) != name:
        return None
    return record


def remove_unplanned(output: str, jobs: Iterable[Job]) -> None:
    """Remove records and pages of reports that are not planned any more.

    A guest, a scenario from outside params/, is never planned with all the others. It stays in the
    site until somebody removes its page.
    """
    planned = {record_name(job.scenario, job.notebook) for job in jobs}
    for name in storage.names(output, ".records"):
        if not name.endswith(".json") or name in planned:
            continue
        record = _record(output, name)
        if record is not None and record.is_guest:
            page = page_name(record.scenario, record.notebook)
            if storage.size(output, page) is not None:
                continue
        if record is not None:
            for suffix in (".html", ".failed.ipynb", ".csv", ".parquet"):
                storage.drop(output, page_name(record.scenario, record.notebook, suffix))
        storage.drop(output, name)


def _result_rows(records: Iterable[ReportRecord]) -> list[dict]:
    """A row for each report of a scenario, as results.csv has it."""
    rows = []
    for record in records:
        if not record.scenario:
            continue
        row: dict = dict.fromkeys(RESULT_COLUMNS, "")
        row |= {"scenario": record.scenario, "notebook": record.notebook}
        if record.page is not None:
            page = record.page
            row |= {"heading": page.title, "question": page.question, "as_of": page.as_of}
            if page.answer is not None:
                answer = asdict(page.answer) | {"headline": plain(page.answer.headline)}
                row |= {name: answer[name] for name in RESULT_COLUMNS if name in answer}
        row["status"] = record.status
        rows.append(row)
    return rows


def _tables_of_scenario(scenario: str, records: Sequence[ReportRecord]) -> dict[str, str]:
    """numbers.csv, forecasts.json and files of a scenario, where its reports have such."""
    numbers: list[dict] = []
    registers: list[dict] = []
    files: list[dict] = []
    for record in records:
        if record.page is not None:
            for number in record.page.numbers:
                numbers.append({"notebook": record.notebook, **vars(number)})
            registers += record.page.forecasts
            files += record.page.files
    texts = {}
    for file in files:
        name = str(file["name"])
        if not FILE_NAME.fullmatch(name):
            raise OSError(f"{scenario}: a report may leave no file named {name[:80]!r}")
        texts[f"{scenario}/{name}"] = json.dumps(file["content"], indent=1) + "\n"
    if numbers:
        texts[f"{scenario}/numbers.csv"] = tables.csv_text(NUMBER_COLUMNS, numbers)
    if registers:
        text = json.dumps(registers, indent=1, sort_keys=True)
        texts[f"{scenario}/forecasts.json"] = text + "\n"
    return texts


@dataclass(frozen=True)
class FeedEntry:
    """An answer in the feed; `mark` changes with the answer, `moment` is its date."""

    scenario: str
    notebook: str
    page: Page
    link: str
    mark: str
    moment: str


def feed(domain: Domain, records: Iterable[ReportRecord], links: Sequence[ExtraLink] = ()) -> str:
    """Atom (RFC 4287): an entry an answer, whose id changes with the answer, so that a reader shows
    what moved. Answers that changed come first. `links` are to extra pages that stand; those made
    on demand are related to the feed, and named in the summary of what changed.
    """
    records = list(records)
    days = [record.page.as_of for record in records if record.page is not None]
    newest = max(days, default="")
    entries = []
    for record in records:
        if record.page is not None and record.page.answer is not None:
            entries.append(_entry(record, record.page, record.page.answer, newest))
    entries.sort(key=lambda entry: (entry.page.previous is None, entry.scenario, entry.notebook))
    return html.parsed_template("feed.xml").render(
        site_name=domain.name,
        urn=domain.name.lower(),
        latest=_moment(newest),
        related=[link for link in links if link.is_optional],
        entries=entries[:LATEST_ENTRIES],
    )


def _moment(day: str) -> str:
    """Midnight of a day; of today where no scenario of the site states one, since Atom needs it."""
    return f"{day or date.today().isoformat()}T00:00:00Z"


def _entry(record: ReportRecord, page: Page, answer: Answer, newest: str) -> FeedEntry:
    """The entry of an answer; one of the whole site is as new as the newest scenario."""
    changing = (answer.headline, answer.value, answer.low, answer.high)
    return FeedEntry(
        scenario=record.scenario,
        notebook=record.notebook,
        page=page,
        link=page_name(record.scenario, record.notebook),
        mark=storage.digest(*(str(each) for each in changing)),
        moment=_moment(page.as_of or newest),
    )
