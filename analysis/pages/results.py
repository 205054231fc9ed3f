"""Tables of a finished site, read back: all scenarios, or one sweep, a row for each answer."""

import io

import pandas as pd

from analysis.facts.hints import nearest
from analysis.press import storage
from analysis.press.jobs import SWEEPS
from analysis.press.tables import SCENARIOS
from analysis.scenario.scenario import PARAMS

SUFFIX = ".parquet"


def results(folder: str = "reports", sweep: str = "") -> pd.DataFrame:
    """The table of a site: a row a scenario, with what it states and its answer.

    `folder` is a folder or an fsspec URL; a relative one that is not there is looked for in the
    project's own. With `sweep`, the name of a sweep's page, the table of that sweep: a row a
    combination, with the columns of `an.sweep`. FileNotFoundError, with what to run or the nearest
    name, where there is no such table.
    """
    base = folder
    own = storage.local_folder(folder)
    if own is not None and not own.is_dir() and not own.is_absolute():
        base = str(PARAMS.parent / own)
    name = f"{SWEEPS}/{sweep.removesuffix('.html')}" if sweep else SCENARIOS
    content = storage.get_file(base, name + SUFFIX)
    if content is None:
        raise FileNotFoundError(_missing(folder, base, sweep))
    return pd.read_parquet(io.BytesIO(content))


def sweeps(folder: str) -> list[str]:
    """Names of the sweeps of a site that have a table."""
    found = storage.names(folder, SWEEPS)
    tables = [name for name in found if name.startswith(f"{SWEEPS}/") and name.endswith(SUFFIX)]
    return [name.removeprefix(f"{SWEEPS}/").removesuffix(SUFFIX) for name in tables]


def _missing(folder: str, base: str, sweep: str) -> str:
    """Why there is no table, and what makes one."""
    command = f"python -m analysis report --output {folder}"
    if not sweep:
        return f"{folder}: no {SCENARIOS}{SUFFIX} there; a build of a site writes it: {command}"
    known = sweeps(base)
    if known:
        return f"{folder}: no sweep {sweep!r}; {nearest(sweep, known)}"
    return (
        f"{folder}: no sweep there; one is made by: python -m analysis report SCENARIO "
        f"--set KEY=V1,V2 --output {folder}"
    )
