"""Faults of all files that people write: readings, claims and scenarios."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from analysis.scenario.claims import CLAIMS, claim
from analysis.scenario.errors import ScenarioError, faults
from analysis.scenario.faults import Faults
from analysis.scenario.readings import FILE, read_readings
from analysis.scenario.scenario import PARAMS, Scenario, load
from analysis.scenario.yaml_file import read

OF_CLAIMS = {"statements", "channel", "sources_count"}  # keys that claims have and scenarios not


def check_files(
    paths: Sequence[Path] | None = None,
    further: Callable[[Scenario], Faults] | None = None,
) -> list[str]:
    """Every fault of these files, each once, with file, line and key; of all files without paths.

    Scenarios may be named as reports name them; what a file states says whether it is a claim.
    `further` finds what only a model can, in a scenario that is else whole.
    """
    check = partial(_check, further=further)
    if paths:
        return _distinct(faults(check, paths))
    files = [*sorted(CLAIMS.glob("*.yml")), *sorted(PARAMS.glob("*.yml"))]
    readings = faults(read_readings, [FILE])
    # A scenario needs readings and says their faults again.
    return _distinct([*readings, *faults(check, files)])


def _distinct(found: list[str]) -> list[str]:
    return list(dict.fromkeys(found))


def _check(path: Path, further: Callable[[Scenario], Faults] | None) -> None:
    if _is_claim(path):
        claim(str(path))
    else:
        load(str(path), further=further)


def _is_claim(path: Path) -> bool:
    if path.resolve().parent == CLAIMS:
        return True
    try:
        values, _ = read(path)
    except ScenarioError:  # named where it is read as a scenario
        return False
    return bool(OF_CLAIMS & values.keys())
