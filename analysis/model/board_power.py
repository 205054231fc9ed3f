"""Board energy with its fitted weights: predicted for serving points, drawn for scenarios."""

from collections.abc import Mapping
from functools import cache

import numpy as np
import pandas as pd

from analysis.facts import table
from analysis.laws.energy import BOARD
from analysis.model.draws import Z90, Scores
from analysis.model.runner import evaluate

WEIGHTS = (
    "floor_share",
    "memory_weight_ratio",
    "compute_weight_ratio",
    "link_weight_ratio",
    "prefill_weight_ratio",
)
ENERGY = "energy_j_per_output_token"


@cache
def _fitted() -> pd.DataFrame:
    """facts/energy_coefficients.csv by field, not to be changed."""
    return table("energy_coefficients").set_index("field")


@cache
def board_weights() -> dict[str, float]:
    """The fitted weights of board power, as columns for the laws."""
    values = _fitted()["value"]
    return {name: float(values[name]) for name in WEIGHTS}


def board_power_draws(scores: Scores) -> dict[str, np.ndarray]:
    """The weights with what their fit leaves open (its standard errors), an array each."""
    return {
        name: value * np.exp(relative_error * scores(f"energy_{name}"))
        for name, (value, relative_error) in _weights_and_errors().items()
    }


@cache
def _weights_and_errors() -> dict[str, tuple[float, float]]:
    """Each fitted weight with its relative standard error."""
    rows = _fitted().loc[list(WEIGHTS)]
    errors = rows["standard_error"] / rows["value"]
    pairs = zip(rows["value"].tolist(), errors.tolist(), strict=True)
    return dict(zip(WEIGHTS, pairs, strict=True))


def board_log_sd(metered: bool) -> float:
    """Log standard deviation of board energy at a known speed.

    Wider for boards whose power nobody measured for us.
    """
    values = _fitted()["value"]
    own = float(values["own_log_sd"])
    return own if metered else max(own, float(values["unseen_board_log_sd"]))


def predict_energy(columns: Mapping) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Board joules per output token, prompt included, and their P10 and P90.

    `columns` are those that the throughput laws filled, with `board_log_sd` and
    `output_tokens_per_s_per_chip_log_sd`: the error of a predicted speed widens the range.
    """
    joules = evaluate({**columns, **board_weights()}, BOARD)[ENERGY]
    speed_weight = _fitted()["value"]["speed_weight_ratio"]
    speed_log_sd = columns["output_tokens_per_s_per_chip_log_sd"]
    factor = np.exp(Z90 * np.hypot(columns["board_log_sd"], speed_weight * speed_log_sd))
    return joules, joules / factor, joules * factor
