"""How many drafted tokens a model accepts: measured where somebody has, the usual where not."""

from functools import cache

import numpy as np

from analysis.facts import table
from analysis.laws.speculation import accepted_tokens_ratio
from analysis.model.dimensions import same_dimensions

LONG_TOKENS = 40000  # prompts beyond which fewer drafts are accepted: no measure of usual ones
FIRST = np.arange(0.5, 0.96, 0.01)  # chances of the first draft that are tried
DECAY = np.arange(0.5, 1.005, 0.01)  # chance at a position over that at the one before


def has_measured_drafts(model: str) -> bool:
    """Whether somebody has measured how many drafts are accepted by a model of these dimensions."""
    return same_dimensions(model) in _measured()


@cache
def _measured() -> frozenset[str]:
    return frozenset(table("acceptance")["model"].map(same_dimensions))


@cache
def acceptance(model: str) -> dict[str, float]:
    """Chance that a model's first draft is accepted, and how it falls with depth.

    Least squares over the acceptance lengths in facts/acceptance.csv of models with the same
    dimensions; over those of all models, each with one weight, where none was measured.
    """
    rows = table("acceptance")
    rows = rows[~(rows["input_tokens"] > LONG_TOKENS)]
    same = rows["model"].map(same_dimensions) == same_dimensions(model)
    if same.any():
        rows = rows[same]
    weights = 1 / rows.groupby("model")["model"].transform("size")
    first, decay = np.meshgrid(FIRST, DECAY)
    squares = np.zeros_like(first)
    columns = ["draft_count", "accepted_tokens_ratio"]
    for (depth, length), weight in zip(rows[columns].to_numpy(), weights, strict=True):
        modelled = accepted_tokens_ratio(first, decay, 1.0, depth, 0.0)
        squares += weight * (modelled - length) ** 2
    best = np.unravel_index(squares.argmin(), squares.shape)
    return {
        "first_acceptance_share": float(first[best]),
        "acceptance_decay_ratio": float(decay[best]),
    }
