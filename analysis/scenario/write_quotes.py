"""Quotes in the format of a scenario: as text, or added to a scenario's file with its comments."""

import io
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from analysis.scenario.errors import ScenarioError
from analysis.scenario.scenario import load


@dataclass(frozen=True)
class NewQuote:
    """A rent of a chip under a contract, as a scenario states it."""

    chip: str
    contract: str
    usd_per_hour: float
    as_of: date
    source: str

    def entry(self) -> CommentedMap:
        """What stands under the contract, on one line."""
        entry = CommentedMap(
            usd_per_hour=round(self.usd_per_hour, 4), as_of=self.as_of, source=self.source
        )
        entry.fa.set_flow_style()
        return entry


def quotes_text(quotes: Sequence[NewQuote]) -> str:
    """The section `quotes` of a scenario."""
    section = CommentedMap(quotes=CommentedMap())
    for quote in quotes:
        section["quotes"].setdefault(quote.chip, CommentedMap())[quote.contract] = quote.entry()
    return _text(section) if quotes else "quotes: {}\n"


def add_quotes(path: Path, quotes: Sequence[NewQuote]) -> list[str]:
    """Add quotes to a scenario's file and keep its comments; a line for each that was not added.

    One that stands already stays, unless it is older than the new one, which is said too. Raises
    ScenarioError, and leaves the file as it is, where the scenario would not be valid.
    """
    load(str(path))
    document = _yaml().load(path.read_text(encoding="utf-8"))
    section = document.get("quotes")
    if not section:
        section = document["quotes"] = CommentedMap()
    said = []
    for quote in quotes:
        own = section.setdefault(quote.chip, CommentedMap())
        standing = own.get(quote.contract)
        day = standing and date.fromisoformat(str(standing["as_of"]))
        if day and day >= quote.as_of:
            said.append(f"kept {quote.chip}, {quote.contract}: {path.name} has one of {day}")
            continue
        if day:
            replaced = f"{standing['usd_per_hour']} of {day}"
            said.append(f"replaced {quote.chip}, {quote.contract}: {replaced} in {path.name}")
        own[quote.contract] = quote.entry()
    _write_valid(path, _text(document))
    return said


def _yaml() -> Any:
    yaml = YAML()  # keeps comments, quotation marks and the order of keys
    yaml.preserve_quotes = True
    yaml.width = 4096
    return yaml


def _text(document: Any) -> str:
    file = io.StringIO()
    _yaml().dump(document, file)
    return file.getvalue()


def _write_valid(path: Path, text: str) -> None:
    """Replace a file at once, if the scenario that it would then be can be read."""
    with tempfile.TemporaryDirectory(dir=path.resolve().parent, prefix=".quotes-") as folder:
        new = Path(folder) / path.name
        new.write_text(text, encoding="utf-8")
        try:
            load(str(new))
        except ScenarioError as error:
            faults = [fault.replace(str(new), str(path)) for fault in error.faults]
            raise ScenarioError([*faults, f"{path}: nothing is written"]) from None
        os.replace(new, path)
