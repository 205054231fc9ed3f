"""The measured serving points that the project holds, as tables."""

import pandas as pd

from analysis.facts import table
from analysis.model.manner import AS_RUN, TUNED

# Keys of sources.csv whose measurements differ in kind.
INFERENCEX = "inferencex_dump"  # prints energy and speed of different runs
ML_ENERGY = "ml_energy_v3"
ML_ENERGY_2024 = "ml_energy_v2"  # by a vLLM that the throughput laws do not describe


def serving_points() -> pd.DataFrame:
    """All measured speeds, a row a point; the index is what other tables call `point`.

    They are facts/serving.csv and the speeds that ML.ENERGY prints with its energy, from tuned
    servers, and facts/field.csv, from servers as people run them (column `engine_level`).
    """
    plain = {"speculative": "no", "disaggregated": "no", "draft_tokens": 0}
    energy = table("energy")
    energy = energy[energy["source"] == ML_ENERGY].drop(columns=["boundary", "where"])
    energy = energy.assign(engine_level=TUNED, **plain)
    field = table("field").drop(columns="where").assign(engine_level=AS_RUN, **plain)
    serving = table("serving").assign(engine_level=TUNED)
    return pd.concat([serving, energy, field], ignore_index=True)


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
