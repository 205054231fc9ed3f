"""The YAML door: bytes in, checked records out. Nothing in a file is ever executed."""

import io
import json
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    MappingStartEvent,
    ScalarEvent,
)
from ruamel.yaml.nodes import ScalarNode

from analysis.facts import nearest

LARGEST_BYTES, DEEPEST = 1_000_000, 20
_RESOLVER = YAML(typ="safe", pure=True).resolver
Where = dict[tuple, str]  # file and line of each key that a file states; the file's own under ()


class ScenarioError(ValueError):
    """Faults of a file, each with file, line, key and, where there is one, the nearest
    valid name.
    """

    def __init__(self, faults: list[str]):
        super().__init__("\n".join(faults))
        self.faults = faults


def faults(read: Callable, paths: Iterable) -> list[str]:
    """Every fault that `read` finds in these files, with file, line and key."""
    found: list[str] = []
    for path in paths:
        try:
            read(path)
        except ScenarioError as refused:
            found += refused.faults
    return found


def refuse(where: Where, faults: Iterable[tuple[tuple, str]]) -> None:
    """ScenarioError for faults (key, what is wrong), each at the nearest key that is stated;
    nothing for none.
    """
    told = []
    for key, said in faults:
        line = next(
            where[key[:length]] for length in range(len(key), -1, -1) if key[:length] in where
        )
        told.append(f"{line}: {'.'.join(map(str, key))}: {said}")
    if told:
        raise ScenarioError(told)


def checked(kind: Any, values: dict, where: Where):
    """Plain values as a record of a kind (or a mapping of them); ScenarioError for all that does
    not fit at once.
    """
    try:
        return TypeAdapter(kind).validate_json(json.dumps(values, default=str))
    except ValidationError as refused:
        refuse(where, (_fault(kind, where, error) for error in refused.errors()))


def _fault(kind: Any, where: Where, error: Any) -> tuple[tuple, str]:
    """Key and words for what pydantic found. It puts the names of a union's types into a key; they
    stand nowhere.
    """
    *parents, last = error["loc"]
    key: tuple = ()
    for part in parents:
        key = (*key, part) if (*key, part) in where else key
    said = f"{error['msg']} (got {str(error['input'])[:60]!r})"
    if error["type"] == "extra_forbidden":
        said = f"unknown key; {nearest(last, _fields(kind, key))}"
    return (*key, last), "missing" if error["type"] == "missing" else said


def _fields(kind: Any, key: tuple) -> list[str]:
    """Field names of the record at `key`, inside mappings, lists and unions too."""
    for part in key:
        fields = getattr(kind, "model_fields", {})
        kind = fields[part].annotation if part in fields else (get_args(kind) or (kind,))[-1]
        kind = next((inner for inner in get_args(kind) if hasattr(inner, "model_fields")), kind)
    return list(getattr(kind, "model_fields", {}))


def read(path: Path, shown: str = "") -> tuple[dict, Where]:
    """Values of a YAML 1.2 file, and file and line of each key; not to be changed: equal files are
    parsed once.

    Days stay words. ScenarioError for all but plain text, mappings and lists; it calls the file
    `shown`.
    """
    return _read(_text(path), shown or str(path))


@cache
def _read(text: str, shown: str) -> tuple[dict, Where]:
    lines: dict[tuple, int] = {(): 1}
    events = YAML(typ="safe", pure=True).parse(io.StringIO(text))
    try:
        next(events)  # the stream begins; then a document, unless there is none
        values = (
            _value(events, next(events), (), lines)
            if isinstance(next(events), DocumentStartEvent)
            else None
        )
        if again := next(
            (event for event in events if isinstance(event, DocumentStartEvent)), None
        ):
            raise _no(again, "a second document")
    except YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        line = mark.line + 1 if mark else text[: getattr(fault, "position", 0)].count("\n") + 1
        said = " ".join(str(getattr(fault, "problem", None) or fault).split()).split(";")[0]
        there = [*text.splitlines(), ""][line - 1].strip()[:60]
        raise ScenarioError(
            [f"{shown}:{line}: {said}" + (f" (at {there!r})" if there else "")]
        ) from None
    if not isinstance(values, dict):
        raise ScenarioError(
            [f"{shown}:1: expected a mapping of keys to values, found {type(values).__name__}"]
        )
    return values, {key: f"{shown}:{line}" for key, line in lines.items()}


def _text(path: Path) -> str:
    try:
        found = path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        found = False
    if not found:
        hint = nearest(path.stem, [p.stem for p in path.parent.glob("*.yml")] or ["reference"])
        raise ScenarioError([f"{str(path)[:200]}: no such scenario file; {hint}"])
    raw = path.read_bytes()
    if len(raw) > LARGEST_BYTES:
        raise ScenarioError(
            [f"{path}:1: {len(raw):,} bytes are more than a scenario needs ({LARGEST_BYTES:,})"]
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise ScenarioError(
            [f"{path}:{raw[: fault.start].count(10) + 1}: not UTF-8 text"]
        ) from None
    if "\0" in text or not text.strip():
        raise ScenarioError([f"{path}:1: the file is {'binary' if text.strip() else 'empty'}"])
    return text


def _value(events: Iterator, event: Any, key: tuple, lines: dict[tuple, int]):
    """The plain dict, list or scalar that begins with an event; the line of every key and item goes
    into `lines`.
    """
    _plain(event, key)
    if isinstance(event, ScalarEvent):
        return _scalar(event, key)
    mapping, told = isinstance(event, MappingStartEvent), {}
    while not isinstance(inner := next(events), CollectionEndEvent):
        name: Any = len(told)
        if mapping:
            _plain(inner, key)
            if not isinstance(inner, ScalarEvent) or inner.value in told:
                word = isinstance(inner, ScalarEvent)
                raise _no(inner, f"duplicate key {inner.value!r}" if word else "a key is a word")
            name = inner.value
        lines[(*key, name)] = inner.start_mark.line + 1
        told[name] = _value(events, next(events) if mapping else inner, (*key, name), lines)
    return told if mapping else list(told.values())


def _plain(event: Any, key: tuple) -> None:
    if isinstance(event, AliasEvent) or event.anchor:
        raise _no(event, "anchors and aliases are not allowed, write the value out")
    if event.tag:
        raise _no(event, f"tags such as {str(event.tag)!r} are not allowed")
    if len(key) > DEEPEST:
        raise _no(event, f"nested more than {DEEPEST} deep")


def _scalar(event: Any, key: tuple):
    """YAML 1.2's null, truth values and numbers; everything else is text, days too."""
    text, kind = (
        event.value,
        str(_RESOLVER.resolve(ScalarNode, event.value, event.implicit)).split(":")[-1],
    )
    try:
        match kind:
            case "null":
                return None
            case "bool":
                return text.lower() == "true"
            case "int":
                return int(text, 0)
            case "float":
                return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError as fault:
        raise _no(event, f"{'.'.join(map(str, key))}: {fault}") from None
    return text


def _no(event: Any, said: str) -> MarkedYAMLError:
    return MarkedYAMLError(problem=said, problem_mark=event.start_mark)
