"""How far predictions of speed can be trusted: errors of points that the fit did not see."""

from functools import cache

import numpy as np
import pandas as pd

from analysis.calibration.points import QUANTITIES, measured_rate
from analysis.facts import table
from analysis.model.coefficients import levels
from analysis.model.dimensions import same_dimensions
from analysis.model.draws import Z90
from analysis.model.manner import KINDS, TUNED, kind_of
from analysis.model.measured import serving_points
from analysis.model.points import manners
from analysis.model.predict import predict

SCHEMES = {
    "configuration": "unseen configurations",
    "series": "unseen combinations of known things",
    "model": "unseen models",
    "accelerator": "unseen accelerators of a known generation",
    "generation": "unseen generations",
}
REPORTS = "unseen reports"
WHOLE = ("model", "accelerator")  # schemes that leave out whole things
SERIES = ["accelerator", "model", "precision", "engine"]
LAYOUT = [
    "chips",
    "tensor_parallel",
    "data_parallel",
    "input_tokens",
    "output_tokens",
    "concurrency",
]
LOADS = {"1 to 4": 4, "5 to 16": 16, "17 to 64": 64, "65 to 256": 256, "more": np.inf}
CURATED = "aiconfigurator"  # how the keys of sources begin whose points NVIDIA curated
LEAST_POINTS = 5  # that make a series worth naming
COMMON_LENGTHS = 8


@cache
def points(scheme: str = "configuration", kind: str = KINDS[0]) -> pd.DataFrame:
    """Measured points with out-of-fold predictions under one scheme of leaving out, a row a point.

    Points are those of one kind of serving (manner.KINDS); `report` is a scheme of what people run.

    For each quantity there are `<quantity>_error` (log of predicted over measured) and
    `<quantity>_predicted`; `left_out` names the scheme in words. Shared: not to be changed.
    """
    errors = table("validation").set_index("point")
    errors = errors[errors[f"{scheme}_left_out_tpot_s_error"].notna()]
    rows = serving_points().loc[errors.index]
    rows = rows[[kind_of(manner) == kind for manner in manners(rows)]]
    rows = rows.assign(**{QUANTITIES[0]: measured_rate(rows)})
    for quantity in QUANTITIES:
        error = errors[f"{scheme}_left_out_{quantity}_error"]
        rows[f"{quantity}_error"] = error
        rows[f"{quantity}_predicted"] = rows[quantity] * np.exp(error)
    return rows.reset_index(drop=True).assign(left_out=SCHEMES.get(scheme, REPORTS))


def by_kind() -> pd.DataFrame:
    """Median absolute errors of throughput by kind of serving and by what was left out.

    Columns are kind, left_out, points and error; kinds that a scheme leaves nothing of are absent.
    """
    schemes = [(kind, scheme) for kind in KINDS[:4] for scheme in ("configuration", *WHOLE)]
    rows = []
    for kind, scheme in (*schemes, (KINDS[4], "report")):
        found = points(scheme, kind)[f"{QUANTITIES[0]}_error"].dropna()
        if len(found):
            left_out = SCHEMES.get(scheme, REPORTS)
            rows.append((kind, left_out, len(found), _median_error(found)))
    return pd.DataFrame(rows, columns=["kind", "left_out", "points", "error"])


def errors(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """Median absolute errors of each quantity, relative to the measurement, a row a group.

    `rows` as `points` gives them, `by` a column of theirs; `points` is the group's count.
    """
    groups = rows.groupby(by, sort=True, observed=True)
    medians = {name: groups[f"{name}_error"].agg(_median_error) for name in QUANTITIES}
    return pd.DataFrame({"points": groups.size(), **medians}).reset_index()


def _median_error(log_error: pd.Series) -> float:
    return float(np.abs(np.expm1(log_error)).median())


def errors_by_load(rows: pd.DataFrame) -> pd.DataFrame:
    """Errors by requests in flight, as `errors` gives them by the column `load`."""
    edges = [0, *LOADS.values()]
    return errors(rows.assign(load=pd.cut(rows["concurrency"], edges, labels=list(LOADS))), "load")


def errors_by_length(rows: pd.DataFrame) -> pd.DataFrame:
    """Errors by the commonest lengths of prompt and answer, by the column `lengths`."""
    prompts = rows["input_tokens"].map("{:,.0f} in, ".format)
    lengths = prompts + rows["output_tokens"].map("{:,.0f} out".format)
    common = lengths.value_counts().index[:COMMON_LENGTHS]
    return errors(rows.assign(lengths=lengths.where(lengths.isin(common), "others")), "lengths")


def summary(kind: str = KINDS[0]) -> pd.DataFrame:
    """A row a scheme: points, median absolute errors, and the share of points in their interval.

    Columns are left_out, points, each quantity, and `<quantity>_inside`: how many points the 80%
    interval of that scheme holds.
    """
    sizes = table("log_sd")
    sizes = sizes[(sizes["kind"] == kind) & sizes["thing"].isna()]
    log_sd = sizes.set_index(["level", "quantity"])["log_sd"]
    rows = []
    for scheme, title in SCHEMES.items():
        left_out = points(scheme, kind)
        row = {"left_out": title, "points": len(left_out)}
        for name in QUANTITIES:
            row[name] = _median_error(left_out[f"{name}_error"])
        for name in QUANTITIES:
            inside = inside_interval(left_out, name, Z90 * log_sd[scheme, name])
            row[f"{name}_inside"] = inside.mean()
        rows.append(row)
    return pd.DataFrame(rows)


def inside_interval(rows: pd.DataFrame, quantity: str, size: float | pd.Series) -> pd.Series:
    """Whether the measured value lies within exp(±size) of the prediction; only where both are."""
    error = rows[f"{quantity}_error"]
    return (error.abs() <= size)[error.notna()]


def coverage(by: str, kind: str = KINDS[0]) -> pd.DataFrame:
    """Share of unseen configurations inside the 80% interval of their own series, a row a group.

    Columns are `by`, points, and `<quantity>_inside`.
    """
    rows = points(kind=kind)
    sizes = table("log_sd")
    known = sizes[(sizes["level"] == "series_known") & (sizes["kind"] == kind)]
    log_sd = known.set_index(["thing", "quantity"])["log_sd"]
    series = [levels(*four)["series"] for four in rows[SERIES].itertuples(index=False)]
    shares = {"points": rows.groupby(by).size()}
    for name in QUANTITIES:
        size = Z90 * pd.Series([log_sd.get((thing, name), np.nan) for thing in series])
        inside = inside_interval(rows, name, size)
        shares[f"{name}_inside"] = inside.groupby(rows[by]).mean()
    return pd.DataFrame(shares).reset_index()


def fp4_over_fp8() -> pd.DataFrame:
    """Time per token in FP4 over FP8 at equal chip, engine, layout and load, a row a setting.

    Columns are those that are equal, and the ratios `measured` and `predicted` (unseen).
    """
    rows = points()
    rows = rows.assign(model=rows["model"].map(same_dimensions))
    rows = rows[rows["precision"].isin(["fp4", "fp8"])]
    pairs = rows.pivot_table(
        index=["accelerator", "model", "engine", *LAYOUT],
        columns="precision",
        values=["tpot_s", "tpot_s_predicted"],
        aggfunc="median",
    ).dropna()
    measured, predicted = pairs["tpot_s"], pairs["tpot_s_predicted"]
    ratios = {
        "measured": measured["fp4"] / measured["fp8"],
        "predicted": predicted["fp4"] / predicted["fp8"],
    }
    return pd.DataFrame(ratios).reset_index()


def worst(count: int = 8) -> pd.DataFrame:
    """The series of which the model is most wrong on unseen configurations, and which way.

    Columns are accelerator, model, engine, precision, points, median_error and bias (median log).
    """
    errors = points().groupby(["accelerator", "model", "engine", "precision"])["tpot_s_error"]
    rows = pd.DataFrame(
        {
            "points": errors.size(),
            "median_error": errors.agg(_median_error),
            "bias": errors.median(),
        }
    )
    rows = rows[rows["points"] >= LEAST_POINTS].sort_values("median_error", ascending=False)
    return rows.head(count).reset_index()


def peers(kind: str = KINDS[0]) -> pd.DataFrame:
    """Errors of other tools by kind of serving, as measured by us: one pool as NVIDIA curated it.

    Columns are those of facts/peers.csv.
    """
    rows = table("peers")
    return rows[rows["kind"] == kind].reset_index(drop=True)


def beside_peers() -> pd.DataFrame:
    """Median errors of this model and of peers, a row a kind of serving and tool.

    Columns are kind, tool, answered (text), and QUANTITIES. This model's are of points of that kind
    left out: of one pool those that NVIDIA curated, from which the peers' rows come too.
    """
    rows = []
    for kind in table("peers")["kind"].unique():
        for scheme in ("configuration", *WHOLE):
            own = points(scheme, kind)
            if kind == KINDS[0]:
                own = own[own["source"].str.startswith(CURATED)]
            errors = {name: _median_error(own[f"{name}_error"].dropna()) for name in QUANTITIES}
            rows.append({"kind": kind, "tool": SCHEMES[scheme], "answered": f"{len(own):,}"})
            rows[-1] |= errors
        for tool, own in peers(kind).groupby("tool", sort=False):
            errors = own.set_index("quantity")["median_error_share"].to_dict()
            share = own["answered_share"].iloc[0]
            answered = (
                own["where"].iloc[0].split(";")[0]
                if np.isnan(share)
                else f"{share:.0%} of its rows"
            )
            rows.append({"kind": kind, "tool": tool, "answered": answered, **errors})
    return pd.DataFrame(rows, columns=["kind", "tool", "answered", *QUANTITIES])


def generations_left_out() -> pd.DataFrame:
    """Rates of whole generations that the fit did not see, a row a generation, all but reports.

    Columns are generation, points, ratio (median of measured over predicted) and error (median).
    """
    rows = pd.concat([points("generation", kind) for kind in KINDS[:4]], ignore_index=True)
    rows = rows.dropna(subset=f"{QUANTITIES[0]}_error")
    generation = table("families").set_index("accelerator")["generation"]
    groups = rows.groupby(rows["accelerator"].map(generation))[f"{QUANTITIES[0]}_error"]
    found = pd.DataFrame(
        {
            "points": groups.size(),
            "ratio": np.exp(-groups.median()),
            "error": groups.agg(_median_error),
        }
    )
    return found.rename_axis("generation").reset_index()


def engine_levels() -> pd.DataFrame:
    """Errors on tuned servers and on what people run, a row a way of predicting.

    Columns are servers, points, ratio (median of predicted over measured rate), median errors of
    QUANTITIES, and inside: the share of rates in their 80% range. `ratio` and errors are of points
    left out; of reports predicted as if tuned, the fit has seen the points.
    """
    rows = [
        _level("tuned", points("series"), "series", KINDS[0]),
        _level("as run", points("report", KINDS[-1]), "report", KINDS[-1]),
    ]
    reports = points("report", KINDS[-1])
    stated = reports.drop(columns=list(QUANTITIES)).assign(engine_level=TUNED)
    answers = predict(stated)
    as_tuned = {f"{name}_error": np.log(answers[name] / reports[name]) for name in QUANTITIES}
    rate = reports[QUANTITIES[0]]
    ends = [answers[f"{QUANTITIES[0]}_{end}"] for end in ("p10", "p90")]
    row = _level_errors("as run, predicted as if tuned", reports.assign(**as_tuned))
    row["inside"] = rate.between(*ends)[rate.notna()].mean()
    return pd.DataFrame([*rows, row])


def _level(servers: str, left_out: pd.DataFrame, scheme: str, kind: str) -> dict:
    sizes = table("log_sd").query("kind == @kind and level == @scheme and thing.isna()")
    size = Z90 * sizes.set_index("quantity")["log_sd"][QUANTITIES[0]]
    row = _level_errors(servers, left_out)
    row["inside"] = inside_interval(left_out, QUANTITIES[0], size).mean()
    return row


def _level_errors(servers: str, rows: pd.DataFrame) -> dict:
    errors = {name: _median_error(rows[f"{name}_error"].dropna()) for name in QUANTITIES}
    ratio = float(np.exp(rows[f"{QUANTITIES[0]}_error"].median()))
    return {"servers": servers, "points": len(rows), "ratio": ratio, **errors}
