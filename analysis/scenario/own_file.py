"""The file of own measurements that a scenario names, checked at the door."""

import os
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from analysis.facts import read_names
from analysis.scenario.file_text import MeasurementFault
from analysis.scenario.measurements import MEASURED, NAMES, read_measurements
from analysis.scenario.schema import Params

SUFFIX = "_measured"
SPEEDS = tuple(f"{name}{SUFFIX}" for name in MEASURED[:3])  # energy follows from speed and power


def own_file(params: Params, folder: Path) -> str:
    """The path of the file that a scenario of this folder names; blank where it names none."""
    return os.path.normpath(folder / params.measured) if params.measured else ""


def own_points(params: Params, file: str) -> str:
    """The measured points in a file as the text of a CSV; blank without a file.

    What the file does not say of chip, model and layout is as in the scenario's `have`. Raises
    MeasurementFault, with file, row and column, for what cannot be read, for names that are not
    known, and where no speed was measured; OSError where the file cannot be opened.
    """
    if not file:
        return ""
    have = params.have
    options = {
        "accelerator": have.accelerator,
        "chips": have.chips,
        "precision": have.precision,
        "engine": have.engine,
        "model": params.model,
    }
    points = read_measurements(file, options)
    faults = list(_faults(points))
    if faults:
        raise MeasurementFault(f"{file}, {'; '.join(faults[:3])}")
    return points.to_csv(index=False)


def _faults(points: pd.DataFrame) -> Iterator[str]:
    """What keeps points from saying anything of an installation."""
    found = [name for name in SPEEDS if name in points]
    if not found or not (points[found] > 0).any(axis=None):
        yield f"no measured column: expected one of {', '.join(SPEEDS)}, or a benchmark's result"
        return
    for place, row in enumerate(points[list(NAMES[:4])].itertuples(index=False), 1):
        fault = read_names(*(str(value) for value in row)).fault
        if fault:
            yield f"measured row {place}: {fault}"
