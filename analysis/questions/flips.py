"""Which belief alone would change the choice, and at which value.

A belief is taken as known while all others stay as uncertain as they are, as in the ranking of
acts by expected cost: the expected costs, given the belief, are read off the draws.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from analysis.model.draws import Scores
from analysis.questions.acts import Act

GRID = ndtri(np.linspace(0.01, 0.99, 99))  # scores at which a belief is tried for a flip
SURE = 2.0  # standard errors of a difference in expected cost below which it is none


@dataclass(frozen=True)
class TurningPoint:
    """A belief, the score nearest to its median at which another act is cheaper, and that act."""

    name: str
    score: float
    act: Act


def turning_points(
    acts: Mapping[Act, np.ndarray],
    best: Act,
    names: Iterable[str],
    scores: Scores,
    least_usd: float,
    twins: Collection[Act] = (),
) -> list[TurningPoint]:
    """The turning points of these beliefs, the nearest to its median first.

    `acts` has what each act costs a year, a value a draw, `best` is the act of least expected cost,
    and `scores` gives the standard-normal scores behind the draws of a name. The expected
    difference to `best` given a belief is a polynomial of the third degree in its score, fitted by
    least squares to the draws. It counts as a saving beyond `least_usd` and SURE of its own
    standard errors. `twins` are acts that make the same choice as `best`: where one of them is the
    cheapest, nothing has turned.
    """
    others = [act for act in acts if act != best]
    if not others:
        return []
    over_best = np.stack([acts[act] - acts[best] for act in others])
    squares = (over_best**2).sum(axis=1)
    is_other = np.array([act not in twins for act in others])
    found = []
    for name in names:
        saving = -_highest_likely(over_best, squares, scores(name))
        turned = is_other[saving.argmax(axis=1)]
        changes = np.flatnonzero((saving.max(axis=1) > least_usd) & turned)
        if len(changes):
            at = changes[np.argmin(np.abs(GRID[changes]))]
            found.append(TurningPoint(name, float(GRID[at]), others[saving[at].argmax()]))
    return sorted(found, key=lambda point: abs(point.score))


def _highest_likely(costs: np.ndarray, squares: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Expected costs given a score on GRID, and SURE standard errors on top; shape (GRID, acts).

    `costs` has shape (acts, draws), `squares` the sums of their squares, `score` a value a draw.
    """
    terms, places = _polynomials(score), _PLACES
    inverse = np.linalg.pinv(terms @ terms.T)
    projected = terms @ costs.T
    fitted = inverse @ projected
    unexplained = squares - (projected * fitted).sum(axis=0)
    variance = np.maximum(unexplained, 0) / max(len(score) - len(terms), 1)
    leverage = ((inverse @ places) * places).sum(axis=0)
    return places.T @ fitted + SURE * np.sqrt(leverage[:, None] * variance)


def _polynomials(score: np.ndarray) -> np.ndarray:
    """Hermite's polynomials to the third degree, which are independent for normal scores."""
    square = score * score
    return np.stack([np.ones_like(score), score, square - 1, (square - 3) * score])


_PLACES = _polynomials(GRID)
