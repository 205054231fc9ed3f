"""How far the predictions of speed can be trusted: errors of points left out, peers, ratios, and
published records.
"""

import numpy as np
import pandas as pd

from analysis.calibration.fit import QUANTITIES, served_rate
from analysis.facts import table
from analysis.laws.throughput import THROUGHPUT
from analysis.model.coefficients import levels, same_dimensions
from analysis.model.draws import Z90
from analysis.model.layouts import BATCHES, layouts, sweep_layouts
from analysis.model.measured import serving_points
from analysis.model.points import read_points
from analysis.model.runner import evaluate
from analysis.model.settings import setting

SCHEMES = {
    "configuration": "unseen configurations",
    "series": "unseen combinations of known things",
    "model": "unseen models",
    "accelerator": "unseen accelerators of a known generation",
    "generation": "unseen generations",
}


def points(scheme: str = "configuration") -> pd.DataFrame:
    """Measured points with out-of-fold predictions under one scheme of leaving out."""
    told = table("validation").set_index("point")
    told = told[told[f"{scheme}_left_out_tpot_s_error"].notna()]
    rows = serving_points().loc[told.index]
    rows[QUANTITIES[0]] = served_rate(rows, rows["ttft_s"], rows["tpot_s"])
    for name in QUANTITIES:
        rows[f"{name}_error"] = told[f"{scheme}_left_out_{name}_error"]
        rows[f"{name}_predicted"] = rows[name] * np.exp(rows[f"{name}_error"])
    return rows.reset_index(drop=True).assign(left_out=SCHEMES[scheme])


def errors(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """Points and median absolute errors of each quantity by a column."""
    groups = rows.groupby(by, sort=True, observed=True)
    told = {"points": groups.size()}
    told |= {name: groups[f"{name}_error"].agg(_median) for name in QUANTITIES}
    return pd.DataFrame(told).reset_index()


def _median(error: pd.Series) -> float:
    return float(np.abs(np.expm1(error)).median())


def summary() -> pd.DataFrame:
    """A row a scheme: median absolute errors, and how many points the interval of that scheme
    holds.
    """
    sizes = table("log_sd").query("thing == 'all'").set_index(["level", "quantity"])["log_sd"]
    rows = []
    for scheme, title in SCHEMES.items():
        told = points(scheme)
        row = {"left_out": title, "points": len(told)}
        row |= {name: _median(told[f"{name}_error"]) for name in QUANTITIES}
        inside = [held(told, name, Z90 * sizes[scheme, name]) for name in QUANTITIES]
        rows.append(
            row
            | {f"{name}_inside": part.mean() for name, part in zip(QUANTITIES, inside, strict=True)}
        )
    return pd.DataFrame(rows)


def held(rows: pd.DataFrame, name: str, size) -> pd.Series:
    """Whether the measured value lies within exp(±size) of the prediction; only where both are
    there.
    """
    error = rows[f"{name}_error"]
    return (error.abs() <= size)[error.notna()]


def coverage(by: str) -> pd.DataFrame:
    """Share of unseen configurations inside the 80% interval of their own series, by a column."""
    rows, sizes = (
        points(),
        table("log_sd").query("level == 'series_known'").set_index(["thing", "quantity"])["log_sd"],
    )
    names = ("accelerator", "model", "precision", "engine")
    series = [levels(*named)["series"] for named in rows[list(names)].itertuples(index=False)]
    told = {}
    for name in QUANTITIES:
        size = Z90 * pd.Series([sizes.get((thing, name), np.nan) for thing in series])
        inside = held(rows, name, size)
        told[f"{name}_inside"] = inside.groupby(rows[by]).mean()
    return pd.DataFrame({"points": rows.groupby(by).size(), **told}).reset_index()


def narrower() -> pd.DataFrame:
    """FP4 over FP8 at equal chip, engine, layout and load: measured and predicted (unseen)."""
    rows = points().assign(like=lambda x: x["model"].map(same_dimensions))
    laid = [
        "chips",
        "tensor_parallel",
        "data_parallel",
        "input_tokens",
        "output_tokens",
        "concurrency",
    ]
    same = ["accelerator", "like", "engine", *laid]
    values = ["tpot_s", "tpot_s_predicted"]
    both = (
        rows[rows["precision"].isin(["fp4", "fp8"])]
        .pivot_table(values, same, "precision", "median")
        .dropna()
    )
    ratio = pd.DataFrame(
        {
            "measured": both["tpot_s", "fp4"] / both["tpot_s", "fp8"],
            "predicted": both["tpot_s_predicted", "fp4"] / both["tpot_s_predicted", "fp8"],
        }
    )
    return ratio.reset_index().rename(columns={"like": "model"})


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
}
PARTS = ("linear", "expert", "attention")
FREE |= {f"{part}_mfu_share": 1.0 for part in PARTS}


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
        sweep_layouts(ideal(fixed) | work, laid, (*parts, "stage_requests"), FINE),
    )
    ways = (real, real["tpot_s"]), (best, least_s(best, row.output_tokens))
    return tuple((at["concurrency_requests"] / seconds).max() / row.chips for at, seconds in ways)


def ideal(columns: dict) -> dict:
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


def peers() -> pd.DataFrame:
    """Errors of other tools on the serving points that NVIDIA curated, as measured by us."""
    return table("peers")


def worst(count: int = 8) -> pd.DataFrame:
    """The series of which the model is most wrong on unseen configurations, and which way."""
    rows = points()
    groups = rows.groupby(["accelerator", "model", "engine", "precision"])["tpot_s_error"]
    told = pd.DataFrame(
        {"points": groups.size(), "median_error": groups.agg(_median), "bias": groups.median()}
    )
    return (
        told[told["points"] >= 5]
        .sort_values("median_error", ascending=False)
        .head(count)
        .reset_index()
    )


def by_load(rows: pd.DataFrame) -> pd.DataFrame:
    """Errors by requests in flight."""
    edges = [0, 4, 16, 64, 256, np.inf]
    names = ["1 to 4", "5 to 16", "17 to 64", "65 to 256", "more"]
    return errors(rows.assign(load=pd.cut(rows["concurrency"], edges, labels=names)), "load")


def by_length(rows: pd.DataFrame) -> pd.DataFrame:
    """Errors by the commonest lengths of prompt and answer."""
    lengths = rows["input_tokens"].map("{:,.0f} in, ".format) + rows["output_tokens"].map(
        "{:,.0f} out".format
    )
    common = lengths.where(lengths.isin(lengths.value_counts().index[:8]), "others")
    return errors(rows.assign(lengths=common), "lengths")
