"""Energy against measurements: the few weights of board power, fitted with bounds, tested on models
left out.
"""

import numpy as np
import pandas as pd

from analysis.calibration import fit as calibration
from analysis.calibration.cross_validation import FACTS
from analysis.facts import table
from analysis.laws.energy import BOARD
from analysis.model.coefficients import same_dimensions
from analysis.model.draws import Z90
from analysis.model.measured import board_points
from analysis.model.predict import speeds_of_points
from analysis.model.runner import evaluate

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
    index=["start", "spread", "low", "high"],
)
NOISE = 0.1  # residuals beyond this log distance count less (soft L1)
SPEEDS, SPREAD = "output_tokens_per_s_per_chip", "output_tokens_per_s_per_chip_log_sd"


def fitted_at(rows: pd.DataFrame) -> dict:
    """Columns of the rows that the weights are fitted at: the measured speed where speed and power
    share a run.

    InferenceX prints energy and speed of different runs, so its points stand at the predicted
    speed.
    """
    columns, same_run = speeds_of_points(rows), rows["source"].ne("inferencex_dump")
    known = {SPEEDS: np.where(same_run, rows[SPEEDS], columns[SPEEDS])}
    return columns | known | {SPREAD: np.where(same_run, 0, columns[SPREAD])}


def log_error(weights, columns: dict, measured) -> np.ndarray:
    """Log of predicted over measured joules per token."""
    told = evaluate({**columns, **dict(zip(PRIOR, weights, strict=True))}, BOARD)
    return np.log(told["energy_j_per_output_token"] / measured)


def fit(columns: dict, measured) -> tuple[np.ndarray, np.ndarray]:
    """Weights and their standard errors: least squares on logs, robust, bounded, drawn weakly to
    the start.
    """
    from scipy.optimize import least_squares  # takes long to import; who reads errors needs none

    def misfit(weights):
        away = NOISE * np.log(weights / PRIOR.loc["start"]) / PRIOR.loc["spread"]
        return np.concatenate([log_error(weights, columns, measured), away])

    bounds = (PRIOR.loc["low"], PRIOR.loc["high"])
    found = least_squares(
        misfit, PRIOR.loc["start"], bounds=bounds, loss="soft_l1", f_scale=NOISE, x_scale="jac"
    )
    spread = 2 * found.cost / (len(measured) - len(PRIOR.columns))
    return found.x, np.sqrt(np.diag(np.linalg.inv(found.jac.T @ found.jac)) * spread)


def left_out(rows: pd.DataFrame, at: dict, by: str = "model") -> np.ndarray:
    """Log error of each row at the columns `at`, by weights fitted without its model (or its
    accelerator).
    """
    columns, errors = fitted_at(rows), np.full(len(rows), np.nan)
    for out in _groups(rows, by):
        weights, _ = fit(_cut(columns, ~out), rows["energy_j_per_output_token"][~out])
        errors[out] = log_error(weights, _cut(at, out), rows["energy_j_per_output_token"][out])
    return errors


def unseen(rows: pd.DataFrame) -> dict:
    """Columns at speeds that the throughput laws predict for each model after a fit that left it
    out.
    """
    columns, known = speeds_of_points(rows), calibration.fitted_points()
    doubts = (
        table("log_sd").query("level == 'model' and thing == 'all'").set_index("quantity")["log_sd"]
    )
    told = pd.Series(np.nan, rows.index)
    for out in _groups(rows):
        kept = known[
            ~known["same_dimensions"].isin({same_dimensions(name) for name in rows["model"][out]})
        ].reset_index(drop=True)
        told[out] = calibration.Fit(kept).predict(calibration.with_levels(rows[out]))[SPEEDS]
    return columns | {SPEEDS: told.to_numpy(), SPREAD: np.full(len(rows), doubts[SPEEDS])}


def _groups(rows: pd.DataFrame, by: str = "model") -> list[np.ndarray]:
    return [rows[by].eq(name).to_numpy() for name in rows[by].unique()]


def doubt(errors, speed_spread) -> np.ndarray:
    """Two log spreads of errors: the board model's own, and what a unit of the predicted speed's
    spread adds to it.

    Both at most likelihood for normal errors, then widened or narrowed together until 80% lie
    within their interval.
    """
    from scipy.optimize import minimize

    def unlikely(logs):
        variance = np.exp(2 * logs[0]) + np.exp(2 * logs[1]) * speed_spread**2
        return np.sum(np.log(variance) + errors**2 / variance)

    found = np.exp(minimize(unlikely, np.log([0.1, 1]), method="Nelder-Mead").x)
    widths = Z90 * np.hypot(found[0], found[1] * speed_spread)
    return found * np.quantile(np.abs(errors) / widths, 0.8)


def answers() -> pd.DataFrame:
    """Measured points with what laws that never saw their model say, at the measured and at the
    predicted speed.

    `inside`: whether a point lies in the 80% interval that the errors of the other models give.
    """
    return board_points().reset_index(names="point").merge(table("energy_validation"), on="point")


def validate(rows: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """The answers for models left out, a row a point and speed, and both log spreads of their
    errors (`doubt`).
    """
    ways = {"measured, where it is": fitted_at(rows), "predicted": unseen(rows)}
    errors = np.stack([left_out(rows, at) for at in ways.values()])
    spread = np.stack([at[SPREAD] for at in ways.values()])
    inside = np.zeros(errors.shape, dtype=bool)
    for out in _groups(rows):
        own, more = doubt(errors[:, ~out].ravel(), spread[:, ~out].ravel())
        inside[:, out] = np.abs(errors[:, out]) <= Z90 * np.hypot(own, more * spread[:, out])
    told = pd.concat(
        [
            pd.DataFrame(
                {
                    "speed": speed,
                    "predicted": rows["energy_j_per_output_token"] * np.exp(error),
                    "off": np.abs(np.expm1(error)),
                    "inside": held,
                }
            )
            for speed, error, held in zip(ways, errors, inside, strict=True)
        ]
    )
    return told.rename_axis("point").reset_index(), doubt(errors.ravel(), spread.ravel())


def accuracy() -> pd.DataFrame:
    """How far off board joules per token are for models left out, a row a speed and source."""
    told = answers()
    both = pd.concat([told, told.assign(source="all")])
    grouped = both.groupby(["speed", "source"], sort=True)
    told = {"points": grouped["off"].size(), "median_error_share": grouped["off"].median()}
    told |= {
        "p90_error_share": grouped["off"].quantile(0.9),
        "covered_share": grouped["inside"].mean(),
    }
    return pd.DataFrame(told).reset_index()


def calibrate_energy() -> pd.DataFrame:
    """Refit on facts/energy.csv; write facts/energy_coefficients.csv: weights, standard errors,
    spreads of errors.
    """
    rows = board_points()
    weights, errors = fit(fitted_at(rows), rows["energy_j_per_output_token"])
    told, spreads = validate(rows)
    told.to_csv(
        FACTS / "energy_validation.csv",
        index=False,
        float_format="%.4g",
        lineterminator="\n",
    )
    boards = np.quantile(np.abs(left_out(rows, fitted_at(rows), "accelerator")), 0.8) / Z90
    names = ("own_log_sd", "speed_weight_ratio", "unseen_board_log_sd")
    told = [
        *zip(PRIOR, weights, errors, strict=True),
        *zip(names, (*spreads, boards), [np.nan] * 3, strict=True),
    ]
    made = pd.DataFrame(told, columns=["field", "value", "standard_error"])
    made.to_csv(
        FACTS / "energy_coefficients.csv",
        index=False,
        float_format="%.4g",
        lineterminator="\n",
    )
    return made


def _cut(columns: dict, keep) -> dict:
    return {name: value[keep] if np.ndim(value) else value for name, value in columns.items()}
