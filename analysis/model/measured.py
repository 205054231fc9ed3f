"""The measured serving points that the project holds, as tables."""

import pandas as pd

from analysis.facts import table

# Keys of sources.csv whose measurements differ in kind.
INFERENCEX = "inferencex_dump"  # prints energy and speed of different runs
ML_ENERGY = "ml_energy_v3"
ML_ENERGY_2024 = "ml_energy_v2"  # by a vLLM that the throughput laws do not describe


def serving_points() -> pd.DataFrame:
    """All measured speeds: facts/serving.csv, then those that ML.ENERGY prints with its energy."""
    energy = table("energy")
    energy = energy[energy["source"] == ML_ENERGY].drop(columns=["boundary", "where"])
    energy = energy.assign(speculative="no", disaggregated="no")
    return pd.concat([table("serving"), energy], ignore_index=True)


def board_points() -> pd.DataFrame:
    """Measured board energy of engines that the throughput laws describe."""
    rows = table("energy")
    kept = (rows["boundary"] == "board") & (rows["source"] != ML_ENERGY_2024)
    return rows[kept].reset_index(drop=True)


def board_points_by_load() -> pd.DataFrame:
    """Measured board energy of InferenceX, which sweeps the load."""
    rows = table("energy")
    return rows[rows["source"] == INFERENCEX].reset_index(drop=True)


def wall_points() -> pd.DataFrame:
    """Measured energy at the wall of whole servers: MLPerf's power runs."""
    rows = table("energy")
    return rows[rows["boundary"] == "wall"].reset_index(drop=True)


def measured_in_one_run(rows: pd.DataFrame) -> pd.Series:
    """Whether a row's speed and power are of the same run; `rows` of facts/energy.csv."""
    return rows["source"] != INFERENCEX
