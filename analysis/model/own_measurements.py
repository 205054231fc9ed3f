"""A user's own measured rows applied: coefficients of his installation, and how sure they are."""

from functools import cache
from io import StringIO

import numpy as np
import pandas as pd

from analysis.model.closed_loop import serve_points
from analysis.model.installation import (
    QUANTITIES,
    SHARED,
    Posterior,
    deviations,
    fields,
    log_predictions,
    moved_coefficients,
    slopes,
    things_of,
)
from analysis.model.loads import points_under_load
from analysis.model.points import NAMES, identities
from analysis.model.runner import Columns
from analysis.model.settings import setting
from analysis.scenario.file_text import MeasurementFault

OWN = "own"  # the one report to which all rows of a user belong
MEASURED = tuple(f"{name}_measured" for name in QUANTITIES)
MOST_COEFFICIENTS = 6000  # that one posterior holds: some thirty chips, models and modes together
FARTHEST = 100.0  # times the prediction: beyond it a unit is wrong, not an installation
FourNames = tuple[str, str, str, str]


class Installation:
    """What measured rows say of the coefficients of an installation.

    `rows` is how many were used; equal measurements give equal answers. See `learn`.
    """

    def __init__(self, posterior: Posterior, rows: int):
        self.posterior, self.rows = posterior, rows

    def columns(self, names: pd.DataFrame, columns: Columns) -> Columns:
        """Columns of points with their coefficients as this installation's own.

        `names` has the four names and the manner of each point.
        """
        shift = np.zeros((len(names), len(fields())))
        for group, places in _groups(names).items():
            shift[places] = self.posterior.shift(group)
        return {**columns, **moved_coefficients(columns, shift)}

    def log_sds(self, names: pd.DataFrame, results: Columns) -> dict[str, np.ndarray]:
        """Log standard deviations of predictions by quantity, an entry a point.

        `results` are columns that the throughput laws filled, with `<quantity>_log_sd`: those
        without own measurements.
        """
        own_slopes = slopes(results)
        pooled = [np.broadcast_to(results[f"{name}_log_sd"], len(names)) for name in QUANTITIES]
        sizes = np.stack(pooled, axis=1).astype(float)
        for group, places in _groups(names).items():
            own = own_slopes[places]
            sizes[places] = self.posterior.log_sds(group, own, sizes[places])
        return dict(zip(QUANTITIES, sizes.T, strict=True))

    def setting(
        self, accelerator: str, model: str, precision: str, engine: str = "", manner: str = ""
    ) -> dict[str, float]:
        """What the names fix, as `settings.setting` gives it, with this installation's own."""
        fixed = setting(accelerator, model, precision, engine, manner)
        group = next(iter(_groups(_one((accelerator, model, precision, engine), manner))))
        moved = moved_coefficients(fixed, self.posterior.shift(group))
        return {**fixed, **{name: float(value) for name, value in moved.items()}}

    def log_sds_of(self, names: FourNames, manner: str, results: Columns) -> dict[str, float]:
        """The same log standard deviations for one deployment."""
        found = self.log_sds(_one(names, manner), results)
        return {name: float(value[0]) for name, value in found.items()}


def learn(measured: pd.DataFrame) -> Installation:
    """Condition on measured rows: a table of points with columns `<quantity>_measured`.

    Rows that cannot be predicted, or of which nothing was measured, are left out. Raises
    MeasurementFault where no row is left, with the reason of the first, and where a value is a
    hundred times what is predicted or a hundredth.
    """
    found = [name for name in MEASURED if name in measured]
    if not found:
        raise MeasurementFault(f"nothing measured: expected a column of {', '.join(MEASURED)}")
    points = measured.reset_index(drop=True)
    points, columns, reasons = points_under_load(points)
    values = np.full((len(points), len(MEASURED)), np.nan)
    for place, name in enumerate(MEASURED):
        if name in points:
            values[:, place] = pd.to_numeric(points[name], errors="coerce")
    values[~(values > 0)] = np.nan
    with np.errstate(all="ignore"):
        results = serve_points(columns)
        residuals = np.log(values) - log_predictions(results)
    usable = (reasons == "") & np.isfinite(residuals).any(axis=1)
    usable &= results["capacity_requests"] >= results["instances_count"]
    if not usable.any():
        said = next((reason for reason in reasons if reason), "nothing measured in any row")
        raise MeasurementFault(f"no measured row can be used: {said}")
    _check_units(values[usable], residuals[usable], np.flatnonzero(usable))
    kept = {name: value[usable] if np.ndim(value) else value for name, value in results.items()}
    things = _with_report(identities(points)[usable])
    count = sum(things[part].nunique() for part in SHARED)
    own_slopes = slopes(kept)
    if count * own_slopes.shape[2] > MOST_COEFFICIENTS:
        raise MeasurementFault(
            f"rows of {things['series'].nunique()} chips, models and engines: "
            "give those of at most thirty at once"
        )
    residuals = np.where(np.isfinite(residuals), residuals, np.nan)[usable]
    return Installation(Posterior(things, own_slopes, residuals, deviations()), int(usable.sum()))


def _check_units(values: np.ndarray, residuals: np.ndarray, rows: np.ndarray) -> None:
    far = np.abs(np.nan_to_num(residuals)) > np.log(FARTHEST)
    for place, quantity in np.argwhere(far)[:1]:
        predicted = values[place, quantity] / np.exp(residuals[place, quantity])
        raise MeasurementFault(
            f"measured row {rows[place] + 1}, column {MEASURED[quantity]}: "
            f"{values[place, quantity]:.3g} where {predicted:.3g} is predicted; is the unit right?"
        )


@cache
def learn_text(table: str) -> Installation | None:
    """The same of a table as CSV text, once for each; None for a blank."""
    return learn(pd.read_csv(StringIO(table))) if table else None


def _groups(names: pd.DataFrame) -> dict[tuple[str, ...], np.ndarray]:
    """Places of the points that belong to the same things; those of unknown names to none."""
    return _with_report(names).groupby(list(SHARED), sort=False).indices


def _with_report(names: pd.DataFrame) -> pd.DataFrame:
    """What each point belongs to, a column for each of SHARED; `report` is a model by one hand."""
    found = things_of(names)
    return found.assign(report=OWN + " " + found["model"])[list(SHARED)]


def _one(names: FourNames, manner: str) -> pd.DataFrame:
    return pd.DataFrame([[*names, manner]], columns=[*NAMES, "manner"])
