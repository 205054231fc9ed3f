"""Combinations of values of a scenario's keys: each with a name of its own, each read strictly."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import product
from typing import Any

from analysis.scenario.errors import ScenarioError
from analysis.scenario.scenario import Scenario, load
from analysis.scenario.yaml_file import parsed

MOST = 1000  # combinations of a sweep; a slip of the keyboard makes more
LONGEST_NAME = 150  # characters of a name, which has to fit into that of a file
EXAMPLE = "workload.tokens_per_s_per_user=10,30,100"


@dataclass(frozen=True)
class Combination:
    """A scenario under one value of each swept key.

    `name` begins with the scenario's own and fits a file's; `chosen` are values by dotted key.
    """

    name: str
    chosen: Mapping[str, Any]
    case: Scenario


def parsed_settings(texts: Sequence[str]) -> dict[str, list]:
    """Texts such as "model=deepseek-r1,kimi-k2.5" as values by dotted key.

    Values are read as YAML reads them: numbers, words, null. ScenarioError for a text without a
    key or a value, and for a key that stands twice.

    >>> parsed_settings(["workload.output_tokens=512,1024"])
    {'workload.output_tokens': [512, 1024]}
    """
    swept: dict[str, list] = {}
    for text in texts:
        key, sign, values = (part.strip() for part in text.partition("="))
        if not (key and sign and values):
            raise ScenarioError([f"--set {text!r}: expected a key and values such as {EXAMPLE}"])
        if key in swept:
            raise ScenarioError([f"--set {key}: stated twice; state all of its values at once"])
        swept[key] = parsed(f"values: [{values}]", f"--set {key}")["values"]
    return swept


def combinations(
    name: str, swept: Mapping[str, Sequence], overrides: Mapping[str, Any] | None = None
) -> list[Combination]:
    """Every combination of the swept values, the last key changing fastest.

    `name` is a scenario's name or path, `swept` has values by dotted key, and `overrides` hold in
    all combinations. Raises ScenarioError with every fault of the keys and values, each with the
    nearest valid name or with what would do.
    """
    _refuse_unfit(swept, overrides or {})
    found, faults = [], []
    for values in product(*swept.values()):
        chosen = dict(zip(swept, values, strict=True))
        try:
            case = load(name, {**(overrides or {}), **chosen})
        except ScenarioError as fault:
            faults += fault.faults
            continue
        found.append(Combination(combination_name(case.name, chosen), chosen, case))
    if faults:
        raise ScenarioError(list(dict.fromkeys(faults)))
    names = [each.name for each in found]
    twice = [each for each in names if names.count(each) > 1]
    if twice:
        raise ScenarioError([f"sweep: two combinations would both be called {twice[0]!r}"])
    return found


def combination_name(scenario: str, values: Mapping[str, Any]) -> str:
    """The speaking name of a combination, fit for a file.

    Keys are called by their last words, as far as these tell them apart. A very long name ends in
    a digest instead.

    >>> combination_name("reference", {"workload.output_tokens": 512, "model": "kimi-k2.5"})
    'reference+output_tokens=512+model=kimi-k2.5'
    """
    words = key_words(list(values))
    parts = [scenario]
    for key, value in values.items():
        parts.append(f"{words[key]}={'null' if value is None else value}")
    return _file_name("+".join(parts))


def sweep_name(scenario: str, swept: Mapping[str, Sequence]) -> str:
    """The name of a whole sweep: the scenario and the keys, and a digest of the values."""
    words = key_words(list(swept))
    mark = blake2b(repr(sorted((k, list(v)) for k, v in swept.items())).encode(), digest_size=3)
    return _file_name("+".join([scenario, *words.values(), mark.hexdigest()]))


def key_words(keys: Sequence[str]) -> dict[str, str]:
    """The last word of each dotted key, or the whole key where two would have the same.

    >>> key_words(["workload.output_tokens", "model"])
    {'workload.output_tokens': 'output_tokens', 'model': 'model'}
    """
    last = [key.rsplit(".", 1)[-1] for key in keys]
    return {
        key: word if last.count(word) == 1 else key for key, word in zip(keys, last, strict=True)
    }


def _file_name(text: str) -> str:
    """The text with a dash for whatever a file's name should not hold, and not too long."""
    name = re.sub(r"[^A-Za-z0-9._+=-]+", "-", text)
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[:LONGEST_NAME]}-{blake2b(text.encode(), digest_size=4).hexdigest()}"


def _refuse_unfit(swept: Mapping[str, Sequence], overrides: Mapping[str, Any]) -> None:
    """ScenarioError for a sweep that has no keys, no values or too many, or values of no kind."""
    if not isinstance(swept, Mapping) or not swept:
        raise ScenarioError(
            [f"sweep: expected keys with lists of values, such as {EXAMPLE}; found {swept!r}"]
        )
    faults, count = [], 1
    for key, values in swept.items():
        if isinstance(values, str | bytes) or not isinstance(values, Sequence) or not values:
            faults.append(f"sweep: {key}: expected a list of values, found {values!r}")
            continue
        count *= len(values)
        if any(isinstance(value, Mapping | list | tuple) for value in values):
            faults.append(
                f"sweep: {key}: values are numbers, words or null; state the keys below it, such "
                f"as {key}.NAME, or write a scenario file"
            )
        elif len({str(value) for value in values}) < len(values):
            faults.append(f"sweep: {key}: a value stands twice in {list(values)}")
        if key in overrides:
            faults.append(f"sweep: {key}: stands among the overrides, too")
    if not faults and count > MOST:
        faults.append(f"sweep: {count:,} combinations; at most {MOST:,} are made at once")
    if faults:
        raise ScenarioError(faults)
