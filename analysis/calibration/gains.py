"""What one change brings, measured beside predicted: all else equal, and each side at its best."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.calibration import validation
from analysis.calibration.best_of_each import PROMISES, measured_alike, most
from analysis.calibration.frontiers import CHIPS, MODEL, PRECISION, offers
from analysis.calibration.points import RATE
from analysis.facts import table
from analysis.model.dimensions import same_dimensions
from analysis.model.manner import KINDS

MATCHED, BEST = "all else equal", "each at its best"
FEWEST = 5  # pairs from which a median is shown
WORKER = ("workers", "tensor_parallel", "expert_parallel", "data_parallel")
SETTING = [
    *("accelerator", "model", "precision", "engine", "disaggregated", "draft_tokens"),
    *("chips", "tensor_parallel", "expert_parallel", "data_parallel"),
    *(f"{pool}_{name}" for pool in ("prefill", "decode") for name in WORKER),
    *("input_tokens", "output_tokens", "concurrency"),
]


@dataclass(frozen=True)
class Change:
    """One difference: the column that differs, and its value before and after."""

    column: str
    before: str
    after: str


CHANGES = (
    Change("precision", "fp8", "fp4"),
    Change("accelerator", "h200-sxm", "b200"),
    Change("accelerator", "b200", "gb200"),
    Change("accelerator", "gb200", "gb300"),
    Change("accelerator", "mi325x", "mi355x"),
)


def matched_pairs(change: Change) -> pd.DataFrame:
    """Points that differ in one thing alone: `measured` and `predicted` gain in tokens/s a chip.

    Predictions are of configurations left out. Columns are those of SETTING that are equal.
    """
    rows = _settings()
    before = rows[rows[change.column] == change.before]
    return _gains(before, rows[rows[change.column] == change.after], change.column)


def draft_pairs() -> pd.DataFrame:
    """Points with and without drafts at one layout and load, as `matched_pairs` gives them.

    `draft_tokens` is the depth.
    """
    rows = _settings()
    plain = rows[rows["draft_tokens"] == 0].drop(columns="draft_tokens")
    return _gains(plain, rows[rows["draft_tokens"] > 0])


def _settings() -> pd.DataFrame:
    """Medians of measured and predicted rate over repeats of one configuration."""
    tables = [validation.points("configuration", kind) for kind in KINDS[:-1]]
    rows = pd.concat(tables, ignore_index=True).dropna(subset=f"{RATE}_predicted")
    rows = rows.assign(model=rows["model"].map(same_dimensions))
    rows[SETTING] = rows[SETTING].fillna(0)
    return rows.groupby(SETTING, sort=True)[[RATE, f"{RATE}_predicted"]].median().reset_index()


def _gains(before: pd.DataFrame, after: pd.DataFrame, but: str = "draft_tokens") -> pd.DataFrame:
    same = [name for name in SETTING if name != but]
    pairs = after.merge(before, on=same, suffixes=("", "_before"))
    predicted = f"{RATE}_predicted"
    return pairs.assign(
        measured=pairs[RATE] / pairs[f"{RATE}_before"],
        predicted=pairs[predicted] / pairs[f"{predicted}_before"],
    ).drop(columns=[RATE, predicted, f"{RATE}_before", f"{predicted}_before"])


def best_pairs(change: Change) -> pd.DataFrame:
    """The same, each side at its best: a row a question that was measured on both sides.

    From facts/best_of_each.csv; the search is that of the whole fit.
    """
    rows = table("best_of_each")
    keys = ("accelerator", "model", "precision", "input_tokens", "output_tokens", "promise")
    same = [name for name in keys if name != change.column]
    before, after = (rows[rows[change.column] == value] for value in (change.before, change.after))
    pairs = after.merge(before, on=same, suffixes=("", "_before"))
    gains = pairs.assign(
        measured=pairs["best_measured"] / pairs["best_measured_before"],
        predicted=pairs["predicted"] / pairs["predicted_before"],
    )
    return gains[[*same, "measured", "predicted"]].dropna()


def served_better() -> pd.DataFrame:
    """The best over the best of one pool without drafts, a row a chip and promise.

    Columns are accelerator, promise, measured and predicted.
    """
    rows = []
    for accelerator in CHIPS:
        points, found = measured_alike(MODEL, accelerator, PRECISION), offers(accelerator)
        plain_points = points[(points["disaggregated"] == "no") & (points["draft_tokens"] == 0)]
        plain = found[(found["disaggregated_count"] == 0) & (found["draft_count"] == 0)]
        for promise in PROMISES:
            measured = [_best(each, promise) for each in (points, plain_points)]
            predicted = [_best(each, promise) for each in (found, plain)]
            gains = (measured[0] / measured[1], predicted[0] / predicted[1])
            rows.append((accelerator, float(promise), *gains))
    columns = ["accelerator", "promise", "measured", "predicted"]
    return pd.DataFrame(rows, columns=columns).dropna()


def _best(rows: pd.DataFrame, promise: float) -> float:
    return most(rows[RATE], rows["tokens_per_s_per_user"], promise)


def summary() -> pd.DataFrame:
    """Median gains, a row a change and way of comparing.

    Columns are matching (MATCHED or BEST), before, after, count, measured, predicted and error
    (median distance of the predicted gain from the measured, relative).
    """
    rows = [(*key, *_medians(pairs)) for key, pairs in _compared() if len(pairs) >= FEWEST]
    columns = ["matching", "before", "after", "count", "measured", "predicted", "error"]
    return pd.DataFrame(rows, columns=columns)


def _compared() -> Iterator[tuple[tuple[str, str, str], pd.DataFrame]]:
    for change in CHANGES:
        yield (MATCHED, change.before, change.after), matched_pairs(change)
    yield (MATCHED, "no drafts", "drafts"), draft_pairs()
    for change in CHANGES:
        yield (BEST, change.before, change.after), best_pairs(change)
    yield (BEST, "one pool, no drafts", "pools and drafts"), served_better()


def _medians(pairs: pd.DataFrame) -> tuple[int, float, float, float]:
    off = np.abs(pairs["predicted"] / pairs["measured"] - 1)
    return len(pairs), pairs["measured"].median(), pairs["predicted"].median(), off.median()
