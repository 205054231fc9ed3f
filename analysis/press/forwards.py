"""What is sent to others of a scenario: a board paper (PDF), a workbook (XLSX) and an e-mail.

They are made where somebody asks for them and kept as long as the reports that they speak of stay
as they were: a file that says what no page says any more is removed.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import groupby

from analysis.press import pdf, storage
from analysis.press.domain import Forward
from analysis.press.pool import available_cores
from analysis.press.records import ReportRecord
from analysis.press.site_task import SiteTask
from analysis.press.workbook import workbook

BOARD, NUMBERS, MAIL = "board.pdf", "numbers.xlsx", "answer.eml"
ALL = (BOARD, NUMBERS, MAIL)
STATE = "forwards"  # in .records/<scenario>/: of what the files were made, and their names


@dataclass(frozen=True)
class WriteForwards(SiteTask):
    """Makes the files of `names` for scenarios, and removes those that are not true any more.

    `references` are the scenarios to make them for, each with the name or path by which the domain
    reads it. `address` is where the site will stand, for links in e-mails, blank where that is not
    known. `common` is the digest of what every report depends on.
    """

    records: tuple[ReportRecord, ...]
    references: tuple[tuple[str, str], ...]
    names: tuple[str, ...]
    address: str
    common: str

    def run(self) -> None:
        """Make those that are missing or old."""
        of_scenario = {
            scenario: tuple(group)
            for scenario, group in groupby(self.records, lambda record: record.scenario)
            if scenario
        }
        keys = {name: self._key(records) for name, records in of_scenario.items()}
        _drop_old(self.output, keys)
        forward = self.domain.forward
        if forward is None or not self.names:
            return
        states = _states(self.output)
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(available_cores()) as printers:
            made = []
            for scenario, reference in self.references:
                records = of_scenario.get(scenario, ())
                is_whole = records and all(each.page and not each.error for each in records)
                standing = self._standing(states.get(scenario))
                missing = set(self.names) - set(standing)
                if is_whole and missing:
                    content = forward(reference, records)
                    files = _files(content, records, missing, self.address)
                    board = None
                    if BOARD in missing:
                        board = printers.submit(pdf.printed, content.board, content.day)
                    made.append((scenario, standing, files, board))
            for scenario, standing, files, board in made:
                if board is not None:
                    files[BOARD] = board.result()
                self._write(scenario, keys[scenario], files, {*standing, *files})

    def _key(self, records: Iterable[ReportRecord]) -> str:
        return storage.digest(self.common, *(each.to_json() for each in records))

    def _standing(self, state: "State | None") -> tuple[str, ...]:
        """Files that need not be made; an e-mail with links to elsewhere does."""
        if state is None:
            return ()
        return tuple(each for each in state.names if each != MAIL or state.address == self.address)

    def _write(
        self, scenario: str, key: str, files: Mapping[str, bytes], names: Iterable[str]
    ) -> None:
        """The files, then the record that says of what they were made."""
        for name, content in sorted(files.items()):
            storage.put(self.output, f"{scenario}/{name}", content)
        state = State(key, tuple(name for name in ALL if name in names), self.address)
        storage.put(self.output, f".records/{scenario}/{STATE}", json.dumps(asdict(state)))


@dataclass(frozen=True)
class State:
    """Of what a scenario's files were made, their names, and where their links lead."""

    key: str
    names: tuple[str, ...]
    address: str


def forwards(output: str) -> dict[str, tuple[str, ...]]:
    """Names of the files that stand in the site, by scenario: board paper, numbers, e-mail."""
    return {scenario: state.names for scenario, state in _states(output).items()}


def _states(output: str) -> dict[str, State]:
    """What is known of each scenario's files; one that cannot be read has none."""
    states = {}
    for name in storage.names(output, ".records"):
        parts = name.split("/")
        if len(parts) == 3 and parts[2] == STATE:
            try:
                found = json.loads(storage.get(output, name) or b"")
                names = tuple(each for each in ALL if each in found["names"])
                states[parts[1]] = State(str(found["key"]), names, str(found["address"]))
            except (ValueError, KeyError, TypeError):
                states[parts[1]] = State("", ALL, "")
    return states


def _drop_old(output: str, keys: Mapping[str, str]) -> None:
    """Remove files whose reports have changed since, or are gone."""
    for scenario, state in _states(output).items():
        if keys.get(scenario) != state.key:
            for name in state.names:
                storage.drop(output, f"{scenario}/{name}")
            storage.drop(output, f".records/{scenario}/{STATE}")


def _files(
    content: Forward, records: Sequence[ReportRecord], names: Iterable[str], address: str
) -> dict[str, bytes]:
    """The files of `names` that need no browser."""
    files = {}
    if NUMBERS in names:
        files[NUMBERS] = workbook(content.sheets, content.title, content.day)
    if MAIL in names:
        scenario = records[0].scenario
        pages = [f"{record.name}.html" for record in records]
        links = [*pages, *(f"{scenario}/{name}" for name in (BOARD, NUMBERS))]
        files[MAIL] = mail(content, links, address)
    return files


def mail(content: Forward, links: Iterable[str], address: str) -> bytes:
    """A plain-text e-mail without sender or receiver, which a mail program opens as a draft.

    Dated by the content's day, so that equal contents are equal files. Without an `address` the
    links are names of files in the site.
    """
    from email.message import EmailMessage  # not where nothing is sent
    from email.policy import SMTP

    message = EmailMessage(policy=SMTP)
    message["Subject"] = " ".join(content.title.split())
    message["Date"] = datetime.fromisoformat(content.day).replace(tzinfo=UTC)
    message["X-Unsent"] = "1"
    base = f"{address.rstrip('/')}/" if address else ""
    heading = "Read on:" if address else "Read on, in the site:"
    lines = [content.letter.strip(), "", heading, *(f"  {base}{link}" for link in links)]
    message.set_content("\n".join(lines) + "\n", cte="quoted-printable")
    return message.as_bytes()
