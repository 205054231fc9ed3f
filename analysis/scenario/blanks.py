"""Skeletons of claims and scenarios, and the blanks that they leave to fill in."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from analysis.scenario.errors import Key, ScenarioError

BLANK = "___"
NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
# Names that YAML or the pages of a site give another meaning.
KEPT = ("null", "true", "false", "yes", "no", "on", "off", "index", "assets", "sources")
SKELETONS = Path(__file__).parent / "skeletons"


def blank_faults(values: Any, key: Key = ()) -> Iterator[tuple[Key, str]]:
    """Every value of a file that is still a blank, with its key."""
    if isinstance(values, dict):
        for name, value in values.items():
            yield from blank_faults(value, (*key, name))
    elif isinstance(values, list):
        for place, value in enumerate(values):
            yield from blank_faults(value, (*key, place))
    elif values == BLANK:
        yield key, "is blank: fill it in"


def write_skeleton(kind: Literal["claim", "scenario"], name: str, folder: Path) -> Path:
    """Write a commented skeleton under a name into a folder, and give its path.

    Raises ScenarioError for a name that no file has, and where the file is there already: nothing
    is written over.
    """
    if not NAME.fullmatch(name) or name in KEPT:
        rule = "a name is a small letter, then at most 39 small letters, digits and dashes"
        raise ScenarioError([f"{name[:60]!r}: {rule}; none is {', '.join(KEPT)}"])
    path = folder / f"{name}.yml"
    text = (SKELETONS / f"{kind}.yml").read_text(encoding="utf-8").replace("NAME", name)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ScenarioError([f"{path}: is there already, and is not written over"]) from None
    return path
