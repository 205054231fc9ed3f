"""The best that anybody has measured under a promise, beside the best that the search finds."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.model.dimensions import same_dimensions
from analysis.model.measured import serving_points
from analysis.model.search import RATE, deployments

MODEL = "deepseek-r1"  # measured on the most chips, with the most kinds of serving
LENGTHS = (8192.0, 1024.0)  # tokens of a prompt and an answer
PROMISES = (20, 30, 50, 75, 100)  # tokens/s for each user
FEWEST = 3  # points from which a best is read


def best_of_each(promises: Sequence[float] = PROMISES) -> pd.DataFrame:
    """Highest output tokens/s per chip under each promise, a row a chip, precision and promise.

    Columns are accelerator, precision, promise, chips (of the largest measured deployment, which is
    the most that the search may span), points, measured and predicted; NaN where nobody measured a
    deployment so fast, or the search finds none. The measured points are in the fit; the search
    does not see which of them was best.
    """
    points = serving_points()
    is_model = points["model"].map(same_dimensions) == same_dimensions(MODEL)
    asked = (points["input_tokens"] == LENGTHS[0]) & (points["output_tokens"] == LENGTHS[1])
    measured = points[is_model & asked & points["tpot_s"].notna() & points[RATE].notna()]
    rows = []
    for (accelerator, precision), own in measured.groupby(["accelerator", "precision"]):
        if len(own) < FEWEST:
            continue
        span = int(_chips(own).max())
        offers = deployments(str(accelerator), MODEL, str(precision), "", span, *LENGTHS)
        for promise in promises:
            rows.append(
                {
                    "accelerator": accelerator,
                    "precision": precision,
                    "promise": float(promise),
                    "chips": span,
                    "points": len(own),
                    "measured": _most(own[RATE], 1 / own["tpot_s"], promise),
                    "predicted": _most(offers[RATE], offers["tokens_per_s_per_user"], promise),
                }
            )
    return pd.DataFrame(rows)


def _chips(points: pd.DataFrame) -> pd.Series:
    """Chips of a deployment, both pools counted."""
    return points["chips"] + points["prefill_chips"].fillna(0)


def _most(rate: pd.Series, speed: pd.Series, promise: float) -> float:
    """The highest rate at a speed that keeps a promise; NaN where none does."""
    kept = rate[speed >= promise]
    return float(kept.max()) if len(kept) else np.nan
