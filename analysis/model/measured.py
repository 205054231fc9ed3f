"""The measured serving points that the project holds, as tables."""

import pandas as pd

from analysis.facts import table


def serving_points() -> pd.DataFrame:
    """All measured speeds: facts/serving.csv, then those that ML.ENERGY prints beside its energy."""
    energy = table("energy").query("source == 'ml_energy_v3'").drop(columns=["boundary", "where"])
    energy = energy.assign(speculative="no", disaggregated="no")
    return pd.concat([table("serving"), energy], ignore_index=True)


def board_points() -> pd.DataFrame:
    """Measured board energy of engines that the throughput laws describe: no vLLM of 2024."""
    rows = table("energy")
    kept = (rows["boundary"] == "board") & (rows["source"] != "ml_energy_v2")
    return rows[kept].reset_index(drop=True)


def wall_points() -> pd.DataFrame:
    """Measured energy at the wall of whole servers: MLPerf's power runs."""
    rows = table("energy")
    return rows[rows["boundary"] == "wall"].reset_index(drop=True)
