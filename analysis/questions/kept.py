"""What a kept site said beside what the same scenarios say now.

A site holds answers and what scenarios state where they differ, but neither code nor facts: it
tells from where to where an answer moved, and not what each group of files contributes.
"""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.scenario.scenario import Scenario

TABLE = "scenarios.csv"
ANSWER = "answer.json"
NEARLY = 0.005  # a change of an option's median speed or cost below this share is none


@dataclass(frozen=True)
class Kept:
    """A scenario of a kept site beside now: act and median cost over keeping, and what differs.

    `stated` and `followed` say in words what its file states otherwise, and what follows
    otherwise for its options.
    """

    scenario: str
    before: tuple[str, float]
    after: tuple[str, float]
    stated: tuple[str, ...]
    followed: tuple[str, ...]


def is_site(folder: Path) -> bool:
    """Whether a folder has answers of scenarios, as a site has them."""
    return folder.is_dir() and any(folder.glob(f"*/{ANSWER}"))


def kept_answers(folder: Path) -> dict[str, dict[str, Any]]:
    """Each scenario's answer.json of a site, by name; OSError for one that cannot be read."""
    found = {}
    for path in sorted(folder.glob(f"*/{ANSWER}")):
        try:
            answer = json.loads(path.read_text(encoding="utf-8"))
            said(answer)
        except (ValueError, LookupError, TypeError) as fault:
            raise OSError(f"{path}: no answer of this project: {fault!r}") from None
        found[path.parent.name] = answer
    return found


def kept_statements(folder: Path) -> dict[str, dict[str, str]]:
    """What a site's table says that each scenario states, by name; nothing without a table."""
    path = folder / TABLE
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {row.pop("scenario", ""): row for row in csv.DictReader(file)}


def said(answer: Mapping[str, Any]) -> tuple[str, float]:
    """The act in words, and its median cost over keeping."""
    return str(answer["acts"][0]["instruction"]), float(answer["cost_ratio"]["mid"])


def compared(
    scenario: Scenario,
    stated: Mapping[str, Any],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    table: Mapping[str, str],
) -> Kept:
    """A scenario of a kept site beside now.

    `before` and `after` are answers as answer.json holds them, `stated` what the scenario states
    now by dotted key, `table` the cells of its row in the site's table.
    """
    work = [
        (f"work: {key}", value, after["work"].get(key)) for key, value in before["work"].items()
    ]
    days = [("as_of", before["as_of"], after["as_of"])]
    cells = [(key, cell, _cell(stated[key])) for key, cell in table.items() if key in stated]
    changes = [(key, old, new) for key, old, new in (*days, *work, *cells) if old != new]
    return Kept(
        scenario=scenario.name,
        before=said(before),
        after=said(after),
        stated=tuple(f"{key}: {old} → {new}" for key, old, new in changes),
        followed=tuple(_of_options(before["options"], after["options"])),
    )


def _of_options(before: Sequence[Mapping], after: Sequence[Mapping]) -> list[str]:
    """What options serve and cost otherwise, and which are there in one state alone."""
    old, new = ({each["name"]: each for each in options} for options in (before, after))
    lines = [f"{name}: no longer an option" for name in old if name not in new]
    lines += [f"{name}: a new option" for name in new if name not in old]
    for name in (each for each in old if each in new):
        for key, words in (
            ("output_tokens_per_s_per_chip", "tokens/s a chip"),
            ("usd_per_mtok", "$ a million tokens"),
            ("j_per_token", "J a token"),
        ):
            was_range, now_range = old[name].get(key), new[name].get(key)
            if was_range is None or now_range is None:
                continue
            was, now = was_range["mid"], now_range["mid"]
            if abs(now / was - 1) > NEARLY:
                lines.append(f"{name}: {was:.4g} → {now:.4g} {words}")
    return lines


def _cell(value: Any) -> str:
    """A value as the table of a site writes it."""
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
