"""Plain values as frozen records: all that does not fit is refused at once, each with its key."""

import json
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from analysis.facts import nearest
from analysis.scenario.errors import Key, Where, refuse


def checked(kind: Any, values: dict[str, Any], where: Where) -> Any:
    """Values as a record of a kind, or a mapping of them.

    Raises ScenarioError with all that does not fit.
    """
    refuse(where, _text_faults(values))
    try:
        return TypeAdapter(kind).validate_json(json.dumps(values, default=str))
    except ValidationError as error:
        refuse(where, [_key_and_fault(kind, where, each) for each in error.errors()])


def _text_faults(value: Any, key: Key = ()) -> Iterator[tuple[Key, str]]:
    """Texts, names of keys among them, with a character that no page and no file may hold."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _text_faults(str(name), (*key, name))
            yield from _text_faults(inner, (*key, name))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _text_faults(inner, (*key, place))
    elif isinstance(value, str):
        odd = next((each for each in value if _is_odd(each)), None)
        if odd is not None:
            yield key, f"a text has no control characters and no halves of others: U+{ord(odd):04X}"


def _is_odd(character: str) -> bool:
    """Whether it is a control character, half of a character, or none at all."""
    if character in "\n\t":
        return False
    is_none = ord(character) & 0xFFFE == 0xFFFE
    return is_none or unicodedata.category(character) in ("Cc", "Cs")


def _key_and_fault(kind: Any, where: Where, error: Any) -> tuple[Key, str]:
    """The key of what pydantic found, and what is wrong there.

    Pydantic puts the names of a union's types into a key; these stand in no file.
    """
    *parents, last = error["loc"]
    key: Key = ()
    for part in parents:
        if (*key, part) in where:
            key = (*key, part)
    fault = f"{error['msg']} (got {str(error['input'])[:60]!r})"
    if error["type"] == "missing":
        fault = "missing"
    elif error["type"] == "extra_forbidden":
        fault = f"unknown key; {nearest(last, _fields(kind, key))}"
    return (*key, last), fault


def _fields(kind: Any, key: Key) -> list[str]:
    """Field names of the record at `key`, inside mappings, lists and unions too."""
    for part in key:
        fields = getattr(kind, "model_fields", {})
        inner = (get_args(kind) or (kind,))[-1]  # of a mapping or a list
        kind = fields[part].annotation if part in fields else inner
        records = [each for each in get_args(kind) if hasattr(each, "model_fields")]
        if records:
            kind = records[0]
    return list(getattr(kind, "model_fields", {}))
