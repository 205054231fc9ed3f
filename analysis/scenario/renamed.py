"""Names that changed: a scenario written with an old one is still read, and draws stay the same."""

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from analysis.scenario.errors import Key, Where, refuse

# Old belief to new. An old name is read for one version, with a note of how to write it now.
BELIEFS = {"busy_share": "load_factor"}
# Beliefs that are none any more, and what to state instead.
REMOVED = {"horizon_s": "no belief any more; state budget.horizon_months"}
_FIRST_NAMES = {new: old for old, new in BELIEFS.items()}


def stream_of(name: str) -> str:
    """The name that seeds a quantity's random stream: its first, so that renaming moves no draw.

    >>> stream_of("load_factor"), stream_of("it_life_s")
    ('busy_share', 'it_life_s')
    """
    return _FIRST_NAMES.get(name, name)


def with_present_names(values: dict[str, Any], where: Where) -> tuple[dict[str, Any], Where]:
    """Values of a file and where its keys stand, beliefs under their present names.

    Warns for each old name, with file and line. Raises ScenarioError where old and new stand
    together, and for a belief that is none any more.
    """
    stated = values.get("believe")
    if not isinstance(stated, Mapping) or stated.keys().isdisjoint({*BELIEFS, *REMOVED}):
        return values, where
    refuse(where, _faults(stated))
    renamed = {}
    for name, belief in stated.items():
        present = BELIEFS.get(name, name)
        renamed[present] = belief
        if present != name:
            line = where.get(("believe", name), where[()])
            message = f"{line}: believe.{name} is now called {present}; the old name will go"
            warnings.warn(message, FutureWarning, stacklevel=3)
    places = {_present_key(key): line for key, line in where.items()}
    return {**values, "believe": renamed}, places


def _faults(stated: Mapping[str, Any]) -> Iterator[tuple[Key, str]]:
    for name in stated:
        if name in REMOVED:
            yield ("believe", name), REMOVED[name]
        elif name in BELIEFS and BELIEFS[name] in stated:
            yield ("believe", name), f"is the old name of {BELIEFS[name]}, which is stated too"


def _present_key(key: Key) -> Key:
    if len(key) > 1 and key[0] == "believe":
        return ("believe", BELIEFS.get(key[1], key[1]), *key[2:])
    return key
