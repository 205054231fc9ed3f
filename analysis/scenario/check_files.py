"""Faults of all files that people write: readings, claims and scenarios."""

from collections.abc import Sequence
from pathlib import Path

from analysis.scenario.claims import CLAIMS, claim
from analysis.scenario.errors import ScenarioError, faults
from analysis.scenario.readings import FILE, read_readings
from analysis.scenario.scenario import PARAMS, load
from analysis.scenario.yaml_file import read

OF_CLAIMS = {"statements", "channel", "sources_count"}  # keys that claims have and scenarios not


def check_files(paths: Sequence[Path] | None = None) -> list[str]:
    """Every fault of these files, each once, with file, line and key; of all files without paths.

    Scenarios may be named as reports name them; what a file states says whether it is a claim.
    """
    if paths:
        return _distinct(faults(_check, paths))
    files = [*sorted(CLAIMS.glob("*.yml")), *sorted(PARAMS.glob("*.yml"))]
    readings = faults(read_readings, [FILE])
    # A scenario needs readings and says their faults again.
    return _distinct([*readings, *faults(_check, files)])


def _distinct(found: list[str]) -> list[str]:
    return list(dict.fromkeys(found))


def _check(path: Path) -> None:
    (claim if _is_claim(path) else load)(str(path))


def _is_claim(path: Path) -> bool:
    if path.resolve().parent == CLAIMS:
        return True
    try:
        values, _ = read(path)
    except ScenarioError:  # named where it is read as a scenario
        return False
    return bool(OF_CLAIMS & values.keys())
