"""The text of a scenario file that states only what differs from params/reference.yml."""

import json
from collections.abc import Iterator, Mapping

from analysis.scenario.scenario import WHOLE

ALWAYS_STATED = ("title", "question")
EDITOR_LINE = "# yaml-language-server: $schema=schema.json"  # editors then complete the keys
NUMBERS = ("low", "mid", "high")


def scenario_text(values: Mapping, reference: Mapping, in_params: bool = True) -> str:
    """A scenario file: a line a section; beliefs and products, which are stated whole, a line each.

    `values` and `reference` are whole scenarios as nested mappings of plain values. A file in
    params/ names its schema in the first line.
    """
    stated = differences(values, reference)
    lines = [EDITOR_LINE] if in_params else []
    for name in ALWAYS_STATED:
        lines.append(f"{name}: {flow(values[name])}")
    for name, value in stated.items():
        if name in ALWAYS_STATED:
            continue
        if name in WHOLE and isinstance(value, Mapping):
            lines.append(f"{name}:")
            lines += [f"  {entry}: {flow(row)}" for entry, row in value.items()]
        else:
            lines.append(f"{name}: {flow(value)}")
    return "\n".join(lines) + "\n"


def differences(values: Mapping, reference: Mapping) -> dict:
    """What of a scenario differs from the reference: fields of a section, whole beliefs and
    products.

    >>> differences({"site": "us", "fleet": {"chips": 8, "power_w": 1.0}},
    ...             {"site": "us", "fleet": {"chips": 4, "power_w": 1.0}})
    {'fleet': {'chips': 8}}
    """
    stated = {}
    for name, value in values.items():
        before = reference.get(name)
        if value == before:
            continue
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            value = {key: inner for key, inner in value.items() if inner != before.get(key)}
        stated[name] = value
    return stated


def unexplained(values: Mapping, reference: Mapping) -> Iterator[str]:
    """Beliefs with other numbers than the reference's and its source and reason: an old reason does
    not speak for a new number.
    """
    for name, belief in values["believe"].items():
        before = reference["believe"].get(name)
        if before is None:
            continue
        moved = any(belief[end] != before[end] for end in NUMBERS)
        if moved and (belief["source"], belief["why"]) == (before["source"], before["why"]):
            yield f"believe.{name}.why: say why; this is the reason for {_numbers(before)}"


def _numbers(belief: Mapping) -> str:
    return " / ".join(f"{belief[end]:g}" for end in NUMBERS)


def flow(value) -> str:
    """A plain value in one line of YAML."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(key)}: {flow(each)}" for key, each in value.items())
        return f"{{{inner}}}"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    """A key as it is where it is a word, quoted where YAML could read something else."""
    return key if key.replace("_", "").replace("-", "").isalpha() else json.dumps(key)
