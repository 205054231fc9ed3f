"""How far the predictions of speed can be trusted: errors of points left out, peers, ratios, and
published records.
"""

import numpy as np
import pandas as pd

from analysis.calibration.fit import QUANTITIES, served_rate
from analysis.facts import table
from analysis.model.coefficients import levels, same_dimensions
from analysis.model.draws import Z90
from analysis.model.measured import serving_points

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
        inside = [inside_interval(told, name, Z90 * sizes[scheme, name]) for name in QUANTITIES]
        rows.append(
            row
            | {f"{name}_inside": part.mean() for name, part in zip(QUANTITIES, inside, strict=True)}
        )
    return pd.DataFrame(rows)


def inside_interval(rows: pd.DataFrame, name: str, size) -> pd.Series:
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
        inside = inside_interval(rows, name, size)
        told[f"{name}_inside"] = inside.groupby(rows[by]).mean()
    return pd.DataFrame({"points": rows.groupby(by).size(), **told}).reset_index()


def fp4_over_fp8() -> pd.DataFrame:
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
