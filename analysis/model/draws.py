"""Draws of beliefs: a stream of standard-normal scores a name, and a belief's value at a score."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from analysis.scenario.draw_count import stated_draws
from analysis.scenario.renamed import stream_of
from analysis.scenario.scenario import Scenario
from analysis.scenario.schema import Belief
from analysis.units import convert, is_share, unit_of

DRAWS = stated_draws()
SEED = 20260423
Scores = Callable[[str], np.ndarray]  # gives the standard-normal scores of a name's stream
Z90 = 1.2815515655446004  # standard-normal score of the 90th percentile


@cache
def z_scores(name: str, draws: int, seed: int | None) -> np.ndarray:
    """Standard-normal scores of a name's own stream, shape (draws,); zeros without a seed.

    The array is read-only.

    Each name has its own stream, so that a new belief moves no other's draws.
    """
    if seed is None:
        scores = np.zeros(draws)
    else:
        stream = stream_of(name).encode()
        scores = np.random.default_rng([seed, *stream]).standard_normal(draws)
    scores.flags.writeable = False
    return scores


def quantile(name: str, belief: Belief, score) -> np.ndarray:
    """A belief's value at standard-normal scores, in the base unit that its name claims.

    Shares lie on a logit scale, all else on a logarithmic one. Either side of the median has its
    own width, so that the three stated percentiles hold exactly.
    """
    low, mid, high = (
        convert(value, belief.unit, unit_of(name))
        for value in (belief.low, belief.mid, belief.high)
    )
    if low == high:
        return np.full(np.shape(score), mid)
    into, back = (logit, expit) if is_share(name) else (np.log, np.exp)
    above = np.asarray(score) > 0
    width = np.where(above, into(high) - into(mid), into(mid) - into(low))
    return back(into(mid) + width * score / Z90)


@cache
def belief_draws(name: str, belief: Belief, draws: int, seed: int | None) -> np.ndarray:
    """A belief's draws in base units, shape (draws,), read-only; shared by scenarios that agree."""
    values = quantile(name, belief, z_scores(name, draws, seed))
    values.flags.writeable = False
    return values


def all_belief_draws(case: Scenario, draws: int, seed: int | None) -> dict[str, np.ndarray]:
    """The draws of every belief of a scenario, by name."""
    return {name: belief_draws(name, belief, draws, seed) for name, belief in case.believe.items()}


def beliefs(case: Scenario, draws: int = DRAWS, seed: int | None = SEED) -> pd.DataFrame:
    """A row a draw, a column a belief in base units; without a seed all stand at their medians."""
    return pd.DataFrame(all_belief_draws(case, draws, seed))


def beliefs_at(case: Scenario, scores: Scores) -> dict[str, np.ndarray]:
    """Every belief of a scenario at given scores of its stream, by name."""
    return {name: quantile(name, belief, scores(name)) for name, belief in case.believe.items()}
