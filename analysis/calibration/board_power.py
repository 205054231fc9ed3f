"""Energy against measurements: the few weights of board power, fitted with bounds.

They are tested on models left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.calibration.cross_validation import FACTS, REFIT_STEPS
from analysis.calibration.fit import Problem
from analysis.calibration.points import fitted_points, with_levels
from analysis.facts import table
from analysis.laws.energy import BOARD
from analysis.model.board_power import ENERGY
from analysis.model.dimensions import same_dimensions
from analysis.model.draws import Z90
from analysis.model.manner import KINDS
from analysis.model.measured import board_points, measured_in_one_run
from analysis.model.predict import speeds_of_points
from analysis.model.runner import Columns, evaluate

# Where the fit starts, how freely it may leave (log standard deviation), and what physics allows.
# Starts: a board waits near a quarter of its limit; kernels that only read reach 0.4 to 0.9 of it,
# dense arithmetic 0.7 to 1.
PRIOR = pd.DataFrame(
    {
        "floor_share": [0.25, 0.5, 0.05, 0.6],
        "memory_weight_ratio": [1.8, 1, 0.01, 20],
        "compute_weight_ratio": [6, 1, 0.01, 40],
        "link_weight_ratio": [0.4, 1, 0.001, 10],
        "prefill_weight_ratio": [2, 1, 0.01, 20],
    },
    index=["start", "log_sd", "low", "high"],
)
NOISE = 0.1  # residuals beyond this log distance count less (soft L1)
SPEED, SPEED_LOG_SD = "output_tokens_per_s_per_chip", "output_tokens_per_s_per_chip_log_sd"
AT_MEASURED_SPEED, AT_PREDICTED_SPEED = "measured, where it is", "predicted"


@dataclass(frozen=True)
class ErrorSize:
    """Log standard deviations of errors of board energy.

    `own_log_sd` is the board model's at a known speed; `speed_weight_ratio` is what a unit of the
    predicted speed's log standard deviation adds to it, in squares.
    """

    own_log_sd: float
    speed_weight_ratio: float

    def log_sd(self, speed_log_sd: np.ndarray) -> np.ndarray:
        """The size of the error at a speed that is known so well."""
        return np.hypot(self.own_log_sd, self.speed_weight_ratio * speed_log_sd)


def fitted_at(rows: pd.DataFrame) -> Columns:
    """Columns of the rows that the weights are fitted at.

    The speed is the measured one where speed and power share a run, else the predicted one.
    """
    columns, same_run = speeds_of_points(rows), measured_in_one_run(rows)
    return {
        **columns,
        SPEED: np.where(same_run, rows[SPEED], columns[SPEED]),
        SPEED_LOG_SD: np.where(same_run, 0, columns[SPEED_LOG_SD]),
    }


def log_error(weights: np.ndarray, columns: Mapping, measured: np.ndarray) -> np.ndarray:
    """Log of predicted over measured joules per token; weights in the order of PRIOR."""
    named = dict(zip(PRIOR, weights, strict=True))
    return np.log(evaluate({**columns, **named}, BOARD)[ENERGY] / measured)


def fit(columns: Mapping, measured: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights and their standard errors: least squares on logs, drawn weakly to the start.

    Robust (soft L1) and bounded. `measured` are joules per token.
    """
    from scipy.optimize import least_squares  # takes long to import

    start, width = PRIOR.loc["start"], PRIOR.loc["log_sd"]

    def residuals(weights: np.ndarray) -> np.ndarray:
        away = NOISE * np.log(weights / start) / width
        return np.concatenate([log_error(weights, columns, measured), away])

    found = least_squares(
        residuals,
        start,
        bounds=(PRIOR.loc["low"], PRIOR.loc["high"]),
        loss="soft_l1",
        f_scale=NOISE,
        x_scale="jac",
    )
    variance = 2 * found.cost / (len(measured) - len(PRIOR.columns))
    covariance = np.linalg.inv(found.jac.T @ found.jac) * variance
    return found.x, np.sqrt(np.diag(covariance))


def left_out_errors(rows: pd.DataFrame, columns: Columns, by: str = "model") -> np.ndarray:
    """Log error of each row by weights fitted without its model (or its accelerator).

    `columns` are those that the rows are predicted at.
    """
    known, measured = fitted_at(rows), rows[ENERGY]
    errors = np.full(len(rows), np.nan)
    for left_out in _groups(rows, by):
        weights, _ = fit(_part(known, ~left_out), measured[~left_out])
        errors[left_out] = log_error(weights, _part(columns, left_out), measured[left_out])
    return errors


def at_unseen_speeds(rows: pd.DataFrame) -> Columns:
    """Columns at the speeds that are predicted for each model after a fit that left it out."""
    columns, known = speeds_of_points(rows), fitted_points()
    log_sd = table("log_sd").query("level == 'model' and kind == 'all'").set_index("quantity")
    others = with_levels(rows).assign(statistic="", kind=KINDS[0])
    is_known = np.arange(len(known) + len(others)) < len(known)
    problem = Problem(pd.concat([known, others], ignore_index=True), is_known)
    whole = problem.fit()
    speed = pd.Series(np.nan, rows.index)
    for left_out in _groups(rows):
        unseen = {same_dimensions(name) for name in rows["model"][left_out]}
        kept = ~problem.rows["same_dimensions"].isin(unseen).to_numpy()
        refit = problem.fit(whole, kept, REFIT_STEPS)
        speed[left_out] = problem.answers(refit)[SPEED].to_numpy()[~is_known][left_out]
    return {
        **columns,
        SPEED: speed.to_numpy(),
        SPEED_LOG_SD: np.full(len(rows), log_sd["log_sd"][SPEED]),
    }


def _groups(rows: pd.DataFrame, by: str = "model") -> list[np.ndarray]:
    """For each thing of a column, which rows are its own."""
    return [rows[by].eq(name).to_numpy() for name in rows[by].unique()]


def _part(columns: Columns, kept: np.ndarray) -> Columns:
    """The columns at some rows."""
    return {name: value[kept] if np.ndim(value) else value for name, value in columns.items()}


def error_size(errors: np.ndarray, speed_log_sd: np.ndarray) -> ErrorSize:
    """The size of errors, found at most likelihood for normal errors.

    Both log standard deviations are then widened or narrowed together until 80% of the errors lie
    within their interval.
    """
    from scipy.optimize import minimize  # takes long to import

    def negative_log_likelihood(logs: np.ndarray) -> float:
        variance = np.exp(2 * logs[0]) + np.exp(2 * logs[1]) * speed_log_sd**2
        return np.sum(np.log(variance) + errors**2 / variance)

    found = minimize(negative_log_likelihood, np.log([0.1, 1]), method="Nelder-Mead").x
    own, speed_weight = np.exp(found)
    widths = Z90 * np.hypot(own, speed_weight * speed_log_sd)
    factor = np.quantile(np.abs(errors) / widths, 0.8)
    return ErrorSize(float(own * factor), float(speed_weight * factor))


def answers() -> pd.DataFrame:
    """Measured points with what laws that never saw their model say, a row a point and speed.

    `predicted` is joules per token at the measured or at the predicted `speed`, `off` the relative
    error, and `inside` says whether a point lies in the 80% interval that the errors of the other
    models give.
    """
    return board_points().reset_index(names="point").merge(table("energy_validation"), on="point")


def validate(rows: pd.DataFrame) -> tuple[pd.DataFrame, ErrorSize]:
    """The answers for models left out, a row a point and speed, and the size of their errors."""
    columns = {AT_MEASURED_SPEED: fitted_at(rows), AT_PREDICTED_SPEED: at_unseen_speeds(rows)}
    errors = np.stack([left_out_errors(rows, each) for each in columns.values()])
    speed_log_sd = np.stack([each[SPEED_LOG_SD] for each in columns.values()])
    inside = np.zeros(errors.shape, dtype=bool)
    for left_out in _groups(rows):
        others = error_size(errors[:, ~left_out].ravel(), speed_log_sd[:, ~left_out].ravel())
        width = Z90 * others.log_sd(speed_log_sd[:, left_out])
        inside[:, left_out] = np.abs(errors[:, left_out]) <= width
    tables = [
        pd.DataFrame(
            {
                "speed": speed,
                "predicted": rows[ENERGY] * np.exp(errors[place]),
                "off": np.abs(np.expm1(errors[place])),
                "inside": inside[place],
            }
        )
        for place, speed in enumerate(columns)
    ]
    answered = pd.concat(tables).rename_axis("point").reset_index()
    return answered, error_size(errors.ravel(), speed_log_sd.ravel())


def accuracy() -> pd.DataFrame:
    """How far off board joules per token are for models left out, a row a speed and source.

    Columns are speed, source (`all` for all together), points, median_error_share, p90_error_share
    and covered_share.
    """
    rows = answers()
    groups = pd.concat([rows, rows.assign(source="all")]).groupby(["speed", "source"], sort=True)
    columns = {
        "points": groups["off"].size(),
        "median_error_share": groups["off"].median(),
        "p90_error_share": groups["off"].quantile(0.9),
        "covered_share": groups["inside"].mean(),
    }
    return pd.DataFrame(columns).reset_index()


def calibrate_energy() -> pd.DataFrame:
    """Refit on facts/energy.csv and write facts/energy_coefficients.csv, which is returned.

    Its rows are the weights with their standard errors, and the sizes of errors. Also writes
    facts/energy_validation.csv.
    """
    rows = board_points()
    columns = fitted_at(rows)
    weights, standard_errors = fit(columns, rows[ENERGY])
    answered, size = validate(rows)
    unseen_errors = np.abs(left_out_errors(rows, columns, "accelerator"))
    sizes = {
        "own_log_sd": size.own_log_sd,
        "speed_weight_ratio": size.speed_weight_ratio,
        "unseen_board_log_sd": np.quantile(unseen_errors, 0.8) / Z90,
    }
    coefficients = pd.DataFrame(
        {
            "field": [*PRIOR, *sizes],
            "value": [*weights, *sizes.values()],
            "standard_error": [*standard_errors, *[np.nan] * len(sizes)],
        }
    )
    _write(answered, "energy_validation")
    _write(coefficients, "energy_coefficients")
    return coefficients


def _write(rows: pd.DataFrame, name: str) -> None:
    rows.to_csv(FACTS / f"{name}.csv", index=False, float_format="%.4g", lineterminator="\n")
