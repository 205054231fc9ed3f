"""How far predictions are off on what the fit did not see, and the files that it is written to."""

from pathlib import Path

import numpy as np
import pandas as pd

from analysis.calibration.fit import Problem
from analysis.calibration.points import QUANTITIES, RATE, fitted_points, served_rate
from analysis.facts import table
from analysis.facts.provenance import FITTED
from analysis.model.draws import Z90
from analysis.model.manner import KINDS

FACTS = Path(__file__).parents[1] / "facts"
SIBLING_POINTS = (
    10  # that make an accelerator one to learn from, and a model one to leave out by itself
)
POOLED_POINTS = 4  # points that the common error counts for beside a series' own
# Steps of a refit that starts at the whole fit; more move no error by a tenth of a per cent.
REFIT_STEPS = 3
FOLDS = 5
LAYOUT = ["chips", "tensor_parallel", "data_parallel", "expert_parallel", "pipeline_parallel"]
LAYOUT += [
    f"{pool}_{what}"
    for pool in ("prefill", "decode")
    for what in ("workers", "tensor_parallel", "data_parallel", "expert_parallel")
]
LOAD = ["draft_tokens", "concurrency", "input_tokens", "output_tokens"]


def schemes(rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """How points are left out: a fold a row, -1 for never.

    Configurations, series and reports in five folds each; models, accelerators and generations one
    by one, models of few points in five folds. Repeats of one configuration stay together, and so
    do models of the same dimensions, and all that one source reports. An accelerator is left out
    where its generation keeps others to learn from; a generation with all its accelerators.
    """
    series = rows["accelerator"] + " " + rows["series"]
    setup = [rows[name].fillna(0).astype(str) for name in (*LAYOUT, *LOAD)]
    accelerators = rows.groupby("generation")["accelerator"]
    siblings = accelerators.transform(lambda names: (names.value_counts() >= SIBLING_POINTS).sum())
    report = rows["kind"] == KINDS[-1]
    return {
        "configuration": _random_folds(series.str.cat(setup, "|")),
        "series": _random_folds(series),
        "model": _model_folds(rows["same_dimensions"]),
        "accelerator": np.where(siblings > 1, pd.factorize(rows["accelerator"])[0], -1),
        "generation": pd.factorize(rows["generation"])[0],
        "report": np.where(report, _random_folds(rows["source"]), -1),
    }


def _model_folds(models: pd.Series) -> np.ndarray:
    """A fold for each model, those of few points together in some."""
    few = models.map(models.value_counts()) < SIBLING_POINTS
    shared = "few " + pd.Series(_random_folds(models), models.index).astype(str)
    return pd.factorize(shared.where(few, models))[0]


def _random_folds(group: pd.Series) -> np.ndarray:
    codes, things = pd.factorize(group, sort=True)
    return np.random.default_rng(0).permutation(len(things))[codes] % FOLDS


def out_of_fold_errors(problem: Problem, whole: np.ndarray) -> pd.DataFrame:
    """Log errors, predicted over measured, by fits that did not see a point: a row each and scheme.

    `whole` are the log values of the fit to all. Columns: `point` (its row in `serving_points()`),
    `series`, `kind`, `<quantity>_error`, `left_out`.
    """
    rows = problem.rows
    # Pools and drafts have medians alone: a user brings one or the other, so they count as well.
    ttft_s = rows["ttft_s"].where(rows["statistic"] != "median").fillna(rows["median_ttft_s"])
    measured = pd.DataFrame({"tpot_s": rows["tpot_s"], "ttft_s": ttft_s})
    measured[RATE] = rows[RATE].fillna(served_rate(rows, rows["ttft_s"], rows["tpot_s"]))
    tables = []
    for scheme, folds in schemes(rows).items():
        for fold in sorted(set(folds) - {-1}):
            left_out = folds == fold
            refit = problem.fit(whole, ~left_out, REFIT_STEPS)
            ratio = problem.answers(refit)[left_out] / measured.loc[left_out, list(QUANTITIES)]
            errors = np.log(ratio).add_suffix("_error")
            kept = rows.loc[left_out, ["point", "series", "kind"]]
            tables.append(kept.join(errors).assign(left_out=scheme))
    return pd.concat(tables, ignore_index=True)


def error_sizes(errors: pd.DataFrame) -> pd.DataFrame:
    """Log standard deviations of out-of-fold errors such that 80% of points lie inside.

    A row a scheme, a kind of serving (manner.KINDS, or `all`) and a quantity, and one a known
    series, kind and quantity. So they do where all points weigh the same and where large series
    weigh with the root of their points. Where only the
    configuration is new, each series has its own size, drawn towards that of its kind where these
    scatter more.
    """
    rows: list[tuple] = []
    for quantity in QUANTITIES:
        known = errors.dropna(subset=f"{quantity}_error")
        known = known.assign(size=known[f"{quantity}_error"].abs())
        for scheme, part in known.groupby("left_out"):
            for kind, own in (("all", part), *part.groupby("kind")):
                weight = own.groupby("series")["size"].transform("size") ** -0.5
                size = max(_holding(own["size"], weight), _holding(own["size"], weight**0))
                rows.append((scheme, kind, "", quantity, size, len(own)))
        common = {
            row[1]: row[4] for row in rows if row[0] == "configuration" and row[3] == quantity
        }
        configurations = known[known["left_out"] == "configuration"]
        for (series, kind), part in configurations.groupby(["series", "kind"]):
            if series:
                own_size = _holding(part["size"], pd.Series(1.0, part.index))
                squares = len(part) * own_size**2 + POOLED_POINTS * common[kind] ** 2
                pooled = np.sqrt(squares / (len(part) + POOLED_POINTS))
                size = max(own_size, pooled)
                rows.append(("series_known", kind, series, quantity, size, len(part)))
    columns = ["level", "kind", "thing", "quantity", "log_sd", "points"]
    return pd.DataFrame(rows, columns=columns)


def _holding(sizes: pd.Series, weight: pd.Series) -> float:
    """The log standard deviation whose 80% interval just holds 80% of the weight."""
    order = sizes.sort_values(kind="stable").index
    held_share = weight[order].cumsum() / weight.sum()
    return float(sizes[order][held_share >= 0.8].iloc[0]) / Z90


def calibrate() -> None:
    """Fit, leave out, write coefficients.csv, log_sd.csv and validation.csv.

    Equal tables give equal bytes.
    """
    problem = Problem(fitted_points())
    whole = problem.fit()
    errors = out_of_fold_errors(problem, whole).round(3)  # as they are stored
    _write_coefficients(problem, whole)
    error_sizes(errors).to_csv(
        FACTS / "log_sd.csv", index=False, float_format="%.4g", lineterminator="\n"
    )
    by_point = errors.pivot_table(
        index="point", columns="left_out", values=[f"{name}_error" for name in QUANTITIES]
    )
    by_point.columns = [f"{scheme}_left_out_{name}" for name, scheme in by_point.columns]
    by_point.to_csv(FACTS / "validation.csv", float_format="%.3f", lineterminator="\n")
    free = pd.Series([level for level, _, _ in problem.keys]).value_counts().to_dict()
    print(f"{len(problem.rows)} points; free coefficients {free}")
    print(summary(errors).to_string(float_format="{:.3f}".format))


def summary(errors: pd.DataFrame) -> pd.DataFrame:
    """Median absolute errors, relative to the measurement, a row a scheme and kind of serving."""
    groups = errors.groupby(["left_out", "kind"])
    table = {
        name: groups[f"{name}_error"].agg(lambda error: np.abs(np.expm1(error)).median())
        for name in QUANTITIES
    }
    return pd.DataFrame({"points": groups.size(), **table})


def _write_coefficients(problem: Problem, whole: np.ndarray) -> None:
    """The fitted values with their errors, behind the coefficients that are no result of a fit."""
    errors = [f"{error:.2g}" for error in problem.errors(whole)]
    rows = fitted_rows(problem, whole, errors)
    rows.to_csv(FACTS / "coefficients.csv", index=False, lineterminator="\n")


def fitted_rows(
    problem: Problem, log_values: np.ndarray, errors: list[str] | None = None
) -> pd.DataFrame:
    """Fitted values as facts/coefficients.csv has them, behind those that are no result of a fit.

    `errors` are texts, an entry a value; blank where not given.
    """
    fitted = pd.DataFrame(problem.keys, columns=["level", "thing", "field"])
    fitted["value"] = [f"{value:.4g}" for value in np.exp(problem.carried(log_values))]
    fitted["log_error"] = "" if errors is None else errors
    fitted = fitted[fitted["level"] != "statistic"].assign(source=FITTED)
    rows = table("coefficients")
    stated = rows[rows["source"] != FITTED].astype(str).replace("nan", "")
    return pd.concat([stated, fitted])
