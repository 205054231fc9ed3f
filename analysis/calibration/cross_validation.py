"""How far predictions are off on what the fit did not see, and the files calibration writes."""

from pathlib import Path

import numpy as np
import pandas as pd

from analysis.calibration.fit import QUANTITIES, Fit, fitted_points, served_rate
from analysis.facts import table
from analysis.facts.provenance import FITTED
from analysis.model.draws import Z90

FACTS = Path(__file__).parents[1] / "facts"
SIBLING_POINTS = 10  # that make an accelerator one to learn from
POOLED_POINTS = 4  # points that the common error counts for beside a series' own
# Steps of a refit that starts at the whole fit; more move no error by a tenth of a per cent.
REFIT_STEPS = 8
FOLDS = 5


def schemes(rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """How points are left out: a fold a row, -1 for never.

    Configurations and series in five folds each, models, accelerators and generations one by one.
    Repeats of one configuration stay together, and so do models of the same dimensions. An
    accelerator is left out where its generation keeps others to learn from; a generation with all
    its accelerators.
    """
    series = rows["accelerator"] + " " + rows["series"]
    setup = ["chips", "tensor_parallel", "data_parallel", "expert_parallel"]
    setup += ["concurrency", "input_tokens", "output_tokens"]
    configuration = series.str.cat([rows[name].astype(str) for name in setup], "|")
    accelerators = rows.groupby("generation")["accelerator"]
    siblings = accelerators.transform(lambda names: (names.value_counts() >= SIBLING_POINTS).sum())
    accelerator_folds = np.where(siblings > 1, pd.factorize(rows["accelerator"])[0], -1)
    return {
        "configuration": _random_folds(configuration),
        "series": _random_folds(series),
        "model": pd.factorize(rows["same_dimensions"])[0],
        "accelerator": accelerator_folds,
        "generation": pd.factorize(rows["generation"])[0],
    }


def _random_folds(group: pd.Series) -> np.ndarray:
    codes, things = pd.factorize(group, sort=True)
    return np.random.default_rng(0).permutation(len(things))[codes] % FOLDS


def out_of_fold_errors(rows: pd.DataFrame, whole: Fit) -> pd.DataFrame:
    """Log errors, predicted over measured, by fits that did not see a point: a row each and scheme.

    Columns: `point` (its row in `serving_points()`), `series`, `<quantity>_error`, `left_out`.
    """
    ttft_s = rows["ttft_s"].where(rows["statistic"] != "median")
    measured = pd.DataFrame({"tpot_s": rows["tpot_s"], "ttft_s": ttft_s})
    measured[QUANTITIES[0]] = served_rate(rows, rows["ttft_s"], rows["tpot_s"])
    tables = []
    for scheme, folds in schemes(rows).items():
        for fold in sorted(set(folds) - {-1}):
            left_out = rows[folds == fold]
            refit = Fit(rows[folds != fold].reset_index(drop=True), whole, REFIT_STEPS)
            ratio = refit.predict(left_out) / measured.loc[left_out.index, list(QUANTITIES)]
            errors = np.log(ratio).add_suffix("_error")
            tables.append(left_out[["point", "series"]].join(errors).assign(left_out=scheme))
    return pd.concat(tables, ignore_index=True)


def error_sizes(errors: pd.DataFrame) -> pd.DataFrame:
    """Log standard deviations of out-of-fold errors such that 80% of points lie inside.

    A row a scheme and quantity, and one a known series and quantity. Large series weigh with the
    root of their points. Where only the configuration is new, each series has its own size, drawn
    towards that of all where these scatter more.
    """
    rows: list[tuple] = []
    for quantity in QUANTITIES:
        sizes = np.abs(errors[f"{quantity}_error"])
        for scheme, part in sizes.dropna().groupby(errors["left_out"]):
            weight = part.groupby(errors["series"]).transform("size") ** -0.5
            rows.append((scheme, "all", quantity, _holding(part, weight), len(part)))
        common = next(row[3] for row in rows if row[0] == "configuration" and row[2] == quantity)
        of_configurations = sizes[errors["left_out"] == "configuration"].dropna()
        for series, part in of_configurations.groupby(errors["series"]):
            own = _holding(part, pd.Series(1.0, part.index))
            squares = len(part) * own**2 + POOLED_POINTS * common**2
            pooled = np.sqrt(squares / (len(part) + POOLED_POINTS))
            rows.append(("series_known", series, quantity, max(own, pooled), len(part)))
    return pd.DataFrame(rows, columns=["level", "thing", "quantity", "log_sd", "points"])


def _holding(sizes: pd.Series, weight: pd.Series) -> float:
    """The log standard deviation whose 80% interval just holds 80% of the weight."""
    order = sizes.sort_values().index
    held_share = weight[order].cumsum() / weight.sum()
    return float(sizes[order][held_share >= 0.8].iloc[0]) / Z90


def calibrate() -> None:
    """Fit, leave out, write coefficients.csv, log_sd.csv and validation.csv.

    Equal tables give equal bytes.
    """
    rows = fitted_points()
    whole = Fit(rows)
    errors = out_of_fold_errors(rows, whole)
    _write_coefficients(whole)
    error_sizes(errors).to_csv(
        FACTS / "log_sd.csv", index=False, float_format="%.4g", lineterminator="\n"
    )
    by_point = errors.pivot_table(
        index="point", columns="left_out", values=[f"{name}_error" for name in QUANTITIES]
    )
    by_point.columns = [f"{scheme}_left_out_{name}" for name, scheme in by_point.columns]
    by_point.to_csv(FACTS / "validation.csv", float_format="%.3f", lineterminator="\n")
    free = pd.Series([level for level, _, _ in whole.keys]).value_counts().to_dict()
    print(f"{len(rows)} points; free coefficients {free}")
    for scheme, part in errors.groupby("left_out"):
        medians = [
            f"{name} {np.abs(np.expm1(part[f'{name}_error'])).median():.1%}" for name in QUANTITIES
        ]
        print(f"{scheme:>14} left out: " + ", ".join(medians))


def _write_coefficients(whole: Fit) -> None:
    """The fitted values with their errors, behind the coefficients that are no result of a fit."""
    fitted = pd.DataFrame(whole.keys, columns=["level", "thing", "field"])
    fitted["value"] = [f"{value:.4g}" for value in np.exp(whole.carried_values())]
    fitted["log_error"] = [f"{error:.2g}" for error in whole.error]
    fitted = fitted[fitted["level"] != "statistic"].assign(source=FITTED)
    rows = table("coefficients")
    stated = rows[rows["source"] != FITTED].astype(str).replace("nan", "")
    rows = pd.concat([stated, fitted])
    rows.to_csv(FACTS / "coefficients.csv", index=False, lineterminator="\n")
