"""The YAML door: bytes in, plain values with their lines out. Nothing in a file is ever executed."""

import io
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent

LARGEST_BYTES, DEEPEST = 1_000_000, 20


class ScenarioError(ValueError):
    """Faults of a file, each with file, line, key and, where there is one, the nearest valid name."""

    def __init__(self, faults: list[str]):
        super().__init__("\n".join(faults))
        self.faults = faults


def near(name, names) -> str:
    """A hint that names the valid word nearest to `name`, or lists a few of them."""
    close = get_close_matches(str(name), list(names), n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"valid: {', '.join(sorted(names)[:12])}"


def read(path: Path) -> tuple[dict, dict[tuple, int]]:
    """Values of a YAML 1.2 file and the line of each key, not to be changed: equal files are parsed once.

    ScenarioError for all but plain text, mappings and lists.
    """
    return _read(path, _text(path))


@cache
def _read(path: Path, text: str) -> tuple[dict, dict[tuple, int]]:
    try:
        _refuse_tricks(path, text)
        loaded = YAML(typ="rt", pure=True).load(text)
    except (YAMLError, ValueError, OverflowError) as fault:
        if isinstance(fault, ScenarioError):
            raise
        mark = getattr(fault, "problem_mark", None)
        line = mark.line + 1 if mark else _odd_line(text, fault)
        said = (
            " ".join(str(getattr(fault, "problem", None) or fault).split())
            .split("To suppress")[0]
            .split(";")[0]
            .strip()
        )
        there = [*text.splitlines(), ""][line - 1].strip()[:60]
        raise ScenarioError([f"{path}:{line}: {said}" + (f" (at {there!r})" if there else "")]) from None
    if not isinstance(loaded, dict):
        raise ScenarioError([f"{path}:1: expected a mapping of keys to values, found {type(loaded).__name__}"])
    lines: dict[tuple, int] = {(): 1}
    return _plain(loaded, (), lines), lines


def _text(path: Path) -> str:
    try:
        found = path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        found = False
    if not found:
        hint = near(path.stem, [p.stem for p in path.parent.glob("*.yml")] or ["reference"])
        raise ScenarioError([f"{str(path)[:200]}: no such scenario file; {hint}"])
    raw = path.read_bytes()
    if len(raw) > LARGEST_BYTES:
        raise ScenarioError([f"{path}:1: {len(raw):,} bytes are more than a scenario needs ({LARGEST_BYTES:,})"])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise ScenarioError([f"{path}:{raw[: fault.start].count(10) + 1}: not UTF-8 text"]) from None
    if "\0" in text or not text.strip():
        raise ScenarioError([f"{path}:1: the file is {'binary' if text.strip() else 'empty'}"])
    return text


def _odd_line(text: str, fault: Exception) -> int:
    """Line of a character that YAML forbids, or of a scalar that cannot be: a day that no calendar has, say."""
    if isinstance(fault, YAMLError):
        return text[: getattr(fault, "position", 0)].count("\n") + 1
    for event in YAML(typ="safe", pure=True).parse(io.StringIO(text)):
        if getattr(event, "value", None) and event.style is None:
            try:
                YAML(typ="safe", pure=True).load(event.value)
            except YAMLError:
                continue
            except (ValueError, OverflowError):
                return event.start_mark.line + 1
    return 1


def _refuse_tricks(path: Path, text: str) -> None:
    depth = 0
    for event in YAML(typ="safe", pure=True).parse(io.StringIO(text)):
        name, line = type(event).__name__, event.start_mark.line + 1
        depth += name.endswith("StartEvent") - name.endswith("EndEvent")
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            raise ScenarioError([f"{path}:{line}: anchors and aliases are not allowed; write the value out"])
        if getattr(event, "tag", None):
            raise ScenarioError([f"{path}:{line}: tags such as {str(event.tag)!r} are not allowed"])
        if depth > DEEPEST:
            raise ScenarioError([f"{path}:{line}: nested more than {DEEPEST} deep"])


def _plain(node: Any, path: tuple, lines: dict[tuple, int]):
    """Plain dicts, lists and scalars; the line of every key and item goes into `lines`."""
    if isinstance(node, dict):
        lines.update({(*path, str(key)): node.lc.key(key)[0] + 1 for key in node})  # type: ignore[attr-defined]
        return {str(key): _plain(value, (*path, str(key)), lines) for key, value in node.items()}
    if isinstance(node, list):
        lines.update({(*path, index): node.lc.item(index)[0] + 1 for index in range(len(node))})  # type: ignore[attr-defined]
        return [_plain(value, (*path, index), lines) for index, value in enumerate(node)]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node
