"""Names that changed: a scenario written with an old one is still read, and draws stay the same."""

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from analysis.scenario.errors import Key, Where, refuse

# Old belief to new. An old name is read for one version, with a note of how to write it now.
BELIEFS = {"busy_share": "load_factor"}
# Beliefs that are none any more, and what to state instead.
REMOVED = {"horizon_s": "no belief any more; state budget.horizon_months"}
OLD_OPTION = "candidate"  # what an option is called that a file states in the old way
_FIRST_NAMES = {new: old for old, new in BELIEFS.items()}


def stream_of(name: str) -> str:
    """The name that seeds a quantity's random stream: its first, so that renaming moves no draw.

    >>> stream_of("load_factor"), stream_of("it_life_s")
    ('busy_share', 'it_life_s')
    """
    return _FIRST_NAMES.get(name, name)


def with_present_names(
    values: dict[str, Any], where: Where, reference: Mapping[str, Any]
) -> tuple[dict[str, Any], Where]:
    """Values of a file and where its keys stand, under their present names.

    Warns for each old name, with file and line, and says how to write it now. Raises ScenarioError
    where old and new stand together, and for a belief that is none any more.
    """
    refuse(where, _faults(values))
    values, where = _present_sections(values, where, reference)
    return _present_beliefs(values, where)


def present_key(parts: list[str], headline: str) -> list[str]:
    """The parts of a dotted key under their present names; `headline` names the claim's option.

    >>> present_key(["candidate", "chips"], "gb300-rack")
    ['options', 'gb300-rack', 'chips']
    >>> present_key(["believe", "busy_share", "mid"], "gb300-rack")
    ['believe', 'load_factor', 'mid']
    """
    if parts[0] == "baseline":
        return ["have", *parts[1:]]
    if parts[0] == "candidate":
        return ["options", headline, *parts[1:]]
    return list(_present_belief_key(tuple(parts)))


def _present_sections(
    values: dict[str, Any], where: Where, reference: Mapping[str, Any]
) -> tuple[dict[str, Any], Where]:
    """`baseline` as `have`, and `candidate` as the option of which the claim speaks."""
    present, places = dict(values), dict(where)
    if "baseline" in present:
        line = where.get(("baseline",), where[()])
        _warn(f"{line}: baseline is now called have, and says how its chips are held")
        present["have"] = present.pop("baseline")
        places = {
            ("have", *key[1:]) if key[:1] == ("baseline",) else key: at
            for key, at in places.items()
        }
    if "candidate" in present:
        line = where.get(("candidate",), where[()])
        _warn(f"{line}: candidate is now an entry of options, and headline names it")
        known = reference["options"][reference["headline"]]
        stated = present.pop("candidate")
        option = {**known, **stated} if isinstance(stated, Mapping) else stated
        present["options"] = {OLD_OPTION: option}
        present["headline"] = OLD_OPTION
        renamed = {
            ("options", OLD_OPTION, *key[1:]) if key[:1] == ("candidate",) else key: at
            for key, at in places.items()
        }
        places = {**renamed, ("options",): line, ("headline",): line}
    return present, places


def _present_beliefs(values: dict[str, Any], where: Where) -> tuple[dict[str, Any], Where]:
    stated = values.get("believe")
    if not isinstance(stated, Mapping) or stated.keys().isdisjoint(BELIEFS):
        return values, where
    renamed = {}
    for name, belief in stated.items():
        present = BELIEFS.get(name, name)
        renamed[present] = belief
        if present != name:
            line = where.get(("believe", name), where[()])
            _warn(f"{line}: believe.{name} is now called {present}; the old name will go")
    places = {_present_belief_key(key): line for key, line in where.items()}
    return {**values, "believe": renamed}, places


def _warn(message: str) -> None:
    warnings.warn(message, FutureWarning, stacklevel=5)


def _faults(values: Mapping[str, Any]) -> Iterator[tuple[Key, str]]:
    for old, new in (("baseline", "have"), ("candidate", "options")):
        if old in values and new in values:
            yield (old,), f"is the old name of {new}, which is stated too"
    stated = values.get("believe")
    for name in stated if isinstance(stated, Mapping) else ():
        if name in REMOVED:
            yield ("believe", name), REMOVED[name]
        elif name in BELIEFS and BELIEFS[name] in (stated or ()):
            yield ("believe", name), f"is the old name of {BELIEFS[name]}, which is stated too"


def _present_belief_key(key: Key) -> Key:
    if len(key) > 1 and key[0] == "believe":
        return ("believe", BELIEFS.get(key[1], key[1]), *key[2:])
    return key
