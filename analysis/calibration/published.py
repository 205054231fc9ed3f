"""Published results that no fit saw, beside the most that is predicted and beside the roof."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.calibration.points import RATE
from analysis.facts import table
from analysis.laws.throughput import THROUGHPUT
from analysis.model.layouts import BATCHES, layouts, sweep_layouts
from analysis.model.points import read_points
from analysis.model.runner import Columns, evaluate
from analysis.model.settings import setting

PARTS = ("linear", "expert", "attention")
# Coefficients at their ideal, by how their names end: nothing is lost and nothing waited for.
IDEAL_ENDINGS = {
    "_share": 1.0,
    "residual_factor": 1.0,
    "overhead_s": 0.0,
    "overhead_s_per_request": 0.0,
    "latency_s": 0.0,
}
IDEAL = {
    "queue_share": 0.0,
    "imbalance_share": 0.0,
    "routing_tokens": 1.0,
    "activation_passes_ratio": 0.0,
    **{f"{part}_mfu_share": 1.0 for part in PARTS},
}
# Requests an instance, so fine that one is within 1% of what memory holds.
FINE_BATCHES = np.unique(np.round(2 ** np.arange(0, 17, 1 / 64)))
MLPERF_KEY = ["accelerator", "model", "precision"]


@dataclass(frozen=True)
class Resource:
    """What keeps memory, arithmetic or links busy: quantities of a step, and of a prompt."""

    step: list[str]
    prompt: list[str]


RESOURCES = (
    # What a prompt reads, steps read too.
    Resource(["linear_read_s", "expert_read_s", "cache_read_s"], []),
    Resource(
        ["linear_compute_s", "expert_compute_s", "attention_s"],
        ["prefill_linear_s", "prefill_expert_compute_s", "prefill_attention_s"],
    ),
    Resource(["communication_s"], ["prefill_communication_s"]),
)
BUSY_COLUMNS = [name for each in RESOURCES for name in (*each.step, *each.prompt)]


def most_at_any_load(rows: pd.DataFrame) -> np.ndarray:
    """Most output tokens/s per chip at any load that fits in memory, a value a row.

    `rows` has the columns of `points.COLUMNS`, of which the concurrency is not read. A queue never
    empties (offline): it refills what ends.
    """
    loads = rows.drop(columns="concurrency", errors="ignore").reset_index(drop=True)
    loads = loads.reset_index(names="row").merge(pd.DataFrame({"batch": BATCHES}), how="cross")
    instances = loads["chips"] / (loads["tensor_parallel"] * loads["data_parallel"])
    loads["concurrency"] = loads["batch"] * instances
    columns, reasons = read_points(loads)
    with np.errstate(all="ignore"):
        results = evaluate(columns, THROUGHPUT)
    requests = results["concurrency_requests"]
    fits = (results["capacity_requests"] >= requests) & (reasons == "")
    rate = requests / results["tpot_s"] / results["deployment_chips"]
    return pd.Series(np.where(fits, rate, np.nan)).groupby(loads["row"]).max().to_numpy()


def records() -> pd.DataFrame:
    """NVIDIA's tables of offline throughput, which state no concurrency and are in no fit.

    Rows of serving.csv, with `measured` (printed) and `predicted` (the most) tokens/s per chip.
    """
    rows = table("serving")
    rows = rows[rows["concurrency"].isna()].fillna({"data_parallel": 1}).reset_index(drop=True)
    return rows.assign(predicted=most_at_any_load(rows), measured=rows[RATE])


def mlperf(scenario: str = "offline") -> pd.DataFrame:
    """Published MLPerf results beside the most that is predicted, and beside the roof, a row each.

    `measured`, `predicted` and `roof` are tokens/s per chip (derived by us), over all layouts and
    loads. The roof runs the same laws with every share at one, nothing waited for, and reading,
    arithmetic and links all at once, so that the slowest of the three is all that takes time. Rows
    are of the newest round of each accelerator, model and precision; results that state 16-bit
    weights are left out, since some of round 4.1 do so and cannot have them. Lengths of prompts are
    judged (facts/mlperf_work.csv).
    """
    rows = table("mlperf").query("scenario == @scenario and precision in ('fp8', 'fp4')")
    rows = rows.sort_values(["round", "tokens_per_s"]).drop_duplicates(MLPERF_KEY, keep="last")
    work = table("mlperf_work").drop(columns=["source", "where"])
    rows = rows.merge(work, on="model").reset_index(drop=True)
    best = [_best_rates(row) for row in rows.to_dict("records")]
    return rows.assign(
        measured=rows["tokens_per_s"] / rows["chips"],
        predicted=[predicted for predicted, _ in best],
        roof=[roof for _, roof in best],
    )


def _best_rates(row: Mapping[str, Any]) -> tuple[float, float]:
    """Most tokens/s per chip of a row of mlperf.csv: predicted, and at the roof."""
    accelerator, model, chips = row["accelerator"], row["model"], int(row["chips"])
    workload = {
        "input_tokens_per_request": row["input_tokens"],
        "output_tokens_per_request": row["output_tokens"],
    }
    fixed = {**setting(accelerator, model, row["precision"]), **workload}
    candidates = layouts(accelerator, model, chips)
    real = sweep_layouts(fixed, candidates)
    wanted = [*BUSY_COLUMNS, "stage_requests"]
    ideal = sweep_layouts(ideal_columns(fixed), candidates, wanted, FINE_BATCHES)
    predicted = (real["concurrency_requests"] / real["tpot_s"]).max()
    roof = (ideal["concurrency_requests"] / least_s(ideal, row["output_tokens"])).max()
    return predicted / chips, roof / chips


def ideal_columns(columns: Columns) -> Columns:
    """Columns with every share at one, nothing waited for, and attention in the narrowest format.

    Kernels for that exist.
    """
    ideal = {
        name: value
        for name in table("coefficients")["field"].unique()
        for ending, value in IDEAL_ENDINGS.items()
        if name.endswith(ending)
    }
    peak = np.max([columns[f"{part}_flop_per_s_per_chip"] for part in PARTS], axis=0)
    return {**columns, **ideal, **IDEAL, "attention_flop_per_s_per_chip": peak}


def least_s(columns: pd.DataFrame, output_tokens: float | np.ndarray) -> np.ndarray:
    """Seconds for a token of each request that no schedule beats, prompts included, a value a row.

    The busiest of memory, arithmetic and links works all along.
    """
    prompts = columns["stage_requests"] / output_tokens
    busy = [
        columns[each.step].sum(axis=1) + prompts * columns[each.prompt].sum(axis=1)
        for each in RESOURCES
    ]
    return np.max(busy, axis=0)
