"""YAML files: bytes in, plain values out, with the line of each key. Nothing is ever executed."""

import io
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
)
from ruamel.yaml.nodes import ScalarNode

from analysis.facts import nearest
from analysis.scenario.errors import Key, ScenarioError, Where

LARGEST_BYTES = 1_000_000
DEEPEST = 20  # levels of nesting
_RESOLVER = YAML(typ="safe", pure=True).resolver


def read(path: Path, shown: str = "") -> tuple[dict[str, Any], Where]:
    """Values of a YAML 1.2 file, and file and line of each key; not to be changed.

    Equal files are parsed once. Days stay words. Raises ScenarioError for all but plain text,
    mappings and lists; it calls the file `shown`.
    """
    return _parse(_text(path), shown or str(path))


def parsed(text: str, shown: str) -> dict[str, Any]:
    """Values of YAML 1.2 text, which has no file; faults call it `shown`. Raises ScenarioError."""
    return _parse(text, shown)[0]


def _text(path: Path) -> str:
    try:
        exists = path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        exists = False
    if not exists:
        names = [other.stem for other in path.parent.glob("*.yml")] or ["reference"]
        raise ScenarioError([f"{str(path)[:200]}: no such file; {nearest(path.stem, names)}"])
    raw = path.read_bytes()
    if len(raw) > LARGEST_BYTES:
        size = f"{len(raw):,} bytes are more than a scenario needs ({LARGEST_BYTES:,})"
        raise ScenarioError([f"{path}:1: {size}"])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = raw[: fault.start].count(b"\n") + 1
        raise ScenarioError([f"{path}:{line}: not UTF-8 text"]) from None
    if not text.strip():
        raise ScenarioError([f"{path}:1: the file is empty"])
    if "\0" in text:
        raise ScenarioError([f"{path}:1: the file is binary"])
    return text


@cache
def _parse(text: str, shown: str) -> tuple[dict[str, Any], Where]:
    reader = _Reader(text)
    try:
        values = reader.document()
    except YAMLError as fault:
        raise ScenarioError([_syntax_fault(fault, text, shown)]) from None
    if not isinstance(values, dict):
        found = type(values).__name__
        message = f"{shown}:1: expected a mapping of keys to values, found {found}"
        raise ScenarioError([message])
    return values, {key: f"{shown}:{line}" for key, line in reader.lines.items()}


def _syntax_fault(fault: YAMLError, text: str, shown: str) -> str:
    """What the parser found, in one line, with the text at that place."""
    mark = getattr(fault, "problem_mark", None)
    lines_before = mark.line if mark else text[: getattr(fault, "position", 0)].count("\n")
    line = lines_before + 1
    problem = " ".join(str(getattr(fault, "problem", None) or fault).split()).split(";")[0]
    there = [*text.splitlines(), ""][line - 1].strip()[:60]
    return f"{shown}:{line}: {problem}" + (f" (at {there!r})" if there else "")


class _Reader:
    """Reads the one document of a text; `lines` gains the line of every key and item."""

    def __init__(self, text: str):
        self.events: Iterator[Any] = YAML(typ="safe", pure=True).parse(io.StringIO(text))
        self.lines: dict[Key, int] = {(): 1}

    def document(self) -> Any:
        """The document's values; None where there is none."""
        next(self.events)  # the stream begins
        if not isinstance(next(self.events), DocumentStartEvent):
            return None
        values = self._value(next(self.events), ())
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                _refuse_event(event, "a second document")
        return values

    def _value(self, event: Any, key: Key) -> Any:
        """The plain dict, list or scalar that begins with an event."""
        _require_plain(event, key)
        if isinstance(event, MappingStartEvent):
            return self._mapping(key)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(key)
        return _scalar(event, key)

    def _mapping(self, key: Key) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for event in self._until_end():
            _require_plain(event, key)
            if not isinstance(event, ScalarEvent):
                _refuse_event(event, "a key is a word")
            name = event.value
            if name in values:
                _refuse_event(event, f"duplicate key {name!r}")
            self.lines[(*key, name)] = event.start_mark.line + 1
            values[name] = self._value(next(self.events), (*key, name))
        return values

    def _sequence(self, key: Key) -> list[Any]:
        values: list[Any] = []
        for event in self._until_end():
            place = (*key, len(values))
            self.lines[place] = event.start_mark.line + 1
            values.append(self._value(event, place))
        return values

    def _until_end(self) -> Iterator[Any]:
        """The events that begin the entries of a mapping or a list."""
        for event in self.events:
            if isinstance(event, CollectionEndEvent):
                return
            yield event


def _require_plain(event: Any, key: Key) -> None:
    if isinstance(event, AliasEvent) or event.anchor:
        _refuse_event(event, "anchors and aliases are not allowed, write the value out")
    if event.tag:
        _refuse_event(event, f"tags such as {str(event.tag)!r} are not allowed")
    if len(key) > DEEPEST:
        _refuse_event(event, f"nested more than {DEEPEST} deep")


def _scalar(event: Any, key: Key) -> Any:
    """YAML 1.2's null, truth values and numbers; everything else is text, days too."""
    text: str = event.value
    halves = [character for character in text if "\ud800" <= character <= "\udfff"]
    if halves:
        place, half = ".".join(map(str, key)), f"U+{ord(halves[0]):04X}"
        _refuse_event(event, f"{place}: half of a pair of surrogates, no text: {half}")
    tag = str(_RESOLVER.resolve(ScalarNode, text, event.implicit))
    try:
        match tag.split(":")[-1]:
            case "null":
                return None
            case "bool":
                return text.lower() == "true"
            case "int":
                return int(text, 0)
            case "float":
                return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError as fault:
        _refuse_event(event, f"{'.'.join(map(str, key))}: {fault}")
    return text


def _refuse_event(event: Any, problem: str) -> NoReturn:
    raise MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
