"""Published results that no fit saw, beside the most that is predicted and beside the roof."""

import numpy as np
import pandas as pd

from analysis.calibration.fit import QUANTITIES
from analysis.facts import table
from analysis.laws.throughput import THROUGHPUT
from analysis.model.layouts import BATCHES, layouts, sweep_layouts
from analysis.model.points import read_points
from analysis.model.runner import evaluate
from analysis.model.settings import setting


def at_load(rows: pd.DataFrame) -> np.ndarray:
    """Most tokens per second and chip at any load that fits in memory, where a queue never empties
    (offline).
    """
    laid = (
        rows.drop(columns="concurrency", errors="ignore")
        .reset_index(drop=True)
        .reset_index(names="row")
    )
    laid = laid.merge(pd.DataFrame({"batch": BATCHES}), how="cross")
    laid["concurrency"] = (
        laid["batch"] * laid["chips"] / (laid["tensor_parallel"] * laid["data_parallel"])
    )
    columns, reasons = read_points(laid)
    with np.errstate(all="ignore"):
        told = evaluate(columns, THROUGHPUT)
    fits = (told["capacity_requests"] >= told["concurrency_requests"]) & (reasons == "")
    rate = (
        told["concurrency_requests"] / told["tpot_s"] / told["deployment_chips"]
    )  # a queue refills what ends
    rate = pd.Series(np.where(fits, rate, np.nan))
    return rate.groupby(laid["row"]).max().to_numpy()


def records() -> pd.DataFrame:
    """NVIDIA's tables of offline throughput, in no fit: printed tokens/s per chip, and the most
    that is predicted.
    """
    rows = table("serving")
    rows = (
        rows[rows["source"].str.startswith("trtllm")]
        .fillna({"data_parallel": 1})
        .reset_index(drop=True)
    )
    return rows.assign(predicted=at_load(rows), measured=rows[QUANTITIES[0]])


PARTS = ("linear", "expert", "attention")
IDEAL = {
    "_share": 1.0,
    "residual_factor": 1.0,
    "overhead_s": 0.0,
    "overhead_s_per_request": 0.0,
    "latency_s": 0.0,
}


FREE = {
    "queue_share": 0.0,
    "imbalance_share": 0.0,
    "routing_tokens": 1.0,
    "activation_passes_ratio": 0.0,
    **{f"{part}_mfu_share": 1.0 for part in PARTS},
}


def mlperf(scenario: str = "offline") -> pd.DataFrame:
    """Published MLPerf results beside the most that is predicted over all layouts and loads, and
    beside the roof.

    The roof runs the same laws with every share at one, nothing waited for, and reading, arithmetic
    and links all at once, so that the slowest of the three is all that takes time. Rates per chip
    are derived by us. The newest round of each accelerator, model and precision; results that state
    16-bit weights are left out, since some of round 4.1 do so and cannot have them. Lengths of
    prompts are judged (facts/mlperf_work.csv).
    """
    rows = table("mlperf").query("scenario == @scenario and precision in ('fp8', 'fp4')")
    same = ["accelerator", "model", "precision"]
    rows = rows.sort_values(["round", "tokens_per_s"]).drop_duplicates(same, keep="last")
    rows = rows.merge(table("mlperf_work").drop(columns=["source", "where"]), on="model")
    told = [_most(row) for row in rows.itertuples(index=False)]
    rows = rows.assign(measured=rows["tokens_per_s"] / rows["chips"])
    return rows.assign(
        predicted=[each for each, _ in told], roof=[each for _, each in told]
    ).reset_index(drop=True)


def _most(row) -> tuple[float, float]:
    work = {
        "input_tokens_per_request": row.input_tokens,
        "output_tokens_per_request": row.output_tokens,
    }
    fixed = setting(row.accelerator, row.model, row.precision)
    laid = layouts(row.accelerator, row.model, int(row.chips))
    parts = [name for step, prompt in BUSY for name in (*step, *prompt)]
    real, best = (
        sweep_layouts(fixed | work, laid),
        sweep_layouts(ideal_columns(fixed) | work, laid, (*parts, "stage_requests"), FINE),
    )
    ways = (real, real["tpot_s"]), (best, least_s(best, row.output_tokens))
    return tuple((at["concurrency_requests"] / seconds).max() / row.chips for at, seconds in ways)


def ideal_columns(columns: dict) -> dict:
    """Columns with every share at one, nothing waited for, and attention in the narrowest format
    (kernels exist).
    """
    fields = table("coefficients")["field"].unique()
    ends = {name: value for name in fields for end, value in IDEAL.items() if name.endswith(end)}
    peak = np.max([columns[f"{part}_flop_per_s_per_chip"] for part in PARTS], axis=0)
    return columns | ends | FREE | {"attention_flop_per_s_per_chip": peak}


FINE = np.unique(
    np.round(2 ** np.arange(0, 17, 1 / 64))
)  # requests an instance: within 1% of what memory holds


# what keeps memory, arithmetic and links busy in a step, and in a prompt (what it reads, steps
# read, too)
BUSY = (
    (["linear_read_s", "expert_read_s", "cache_read_s"], []),
    (
        ["linear_compute_s", "expert_compute_s", "attention_s"],
        ["prefill_linear_s", "prefill_expert_compute_s", "prefill_attention_s"],
    ),
    (["communication_s"], ["prefill_communication_s"]),
)


def least_s(told: pd.DataFrame, output_tokens: float) -> np.ndarray:
    """Time for a token of each request that no schedule beats, prompts included: the busiest of the
    three all along.
    """
    prompts = told["stage_requests"] / output_tokens
    return np.max(
        [told[step].sum(axis=1) + prompts * told[prompt].sum(axis=1) for step, prompt in BUSY],
        axis=0,
    )
