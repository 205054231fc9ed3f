"""Costs of acts at edits of beliefs: all from the same few draws, and how they answer.

An edit moves the median of a belief by scores, on the scale on which it is drawn, and keeps its
spread. `STATISTICS` of acts at edits are what questions/what_if.py fits its closed form to.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import combinations_with_replacement

import numpy as np
from scipy.special import expit, logit, ndtri

from analysis.model.draws import SEED, Z90, quantile
from analysis.model.options import all_options
from analysis.questions import act_costs
from analysis.questions.act_costs import monthly_usd
from analysis.questions.acts import Act, Way, usd_per_year
from analysis.questions.ways import READ, Ways, full_request_usd, ways
from analysis.scenario.renamed import stream_of
from analysis.scenario.scenario import Scenario
from analysis.scenario.schema import Belief
from analysis.units import is_share

STATISTICS = ("mean", "low", "high", "ratio")  # mean, P10 and P90 a year; median over keeping
REACH = 2.1  # scores by which one belief's median can be moved
TILT, TILT_DRAWS = 0.8, 400  # scores, and draws, with which slopes elsewhere are found
SLOPE, SLOPE_DRAWS = 1.2, 1000  # the same where squares are left out
MIXED = 3  # beliefs, the first that move anything, whose products are fitted to the third degree
ROWS_AT_ONCE = 12_000  # edits times draws whose options are in memory at once
BLOCK = 1_000  # rows whose months are in a processor's cache at once
SPARE = 2  # edits for each term that is fitted


def powers(count: int) -> list[tuple[int, ...]]:
    """The terms of the polynomial in so many edits, each as the edits that are multiplied.

    All to the second degree; of the third, those among the first MIXED, and each alone.

    >>> powers(2)
    [(0,), (1,), (0, 0), (0, 1), (1, 1), (0, 0, 0), (0, 0, 1), (0, 1, 1), (1, 1, 1)]
    """
    one, two = (combinations_with_replacement(range(count), degree) for degree in (1, 2))
    mixed = combinations_with_replacement(range(min(count, MIXED)), 3)
    alone = [(name, name, name) for name in range(MIXED, count)]
    return [*one, *two, *mixed, *alone]


def spread(name: str, belief: Belief) -> tuple[float, float]:
    """A belief's median and the width of one score, on the scale on which it is drawn.

    The width is the mean of those on either side of the median; units are the belief's own.
    """
    into = logit if is_share(name) else np.log
    low, mid, high = (float(into(end)) for end in (belief.low, belief.mid, belief.high))
    return mid, (high - low) / 2 / Z90


def edited(name: str, belief: Belief, score: float) -> Belief:
    """A belief whose median has moved by a score; its ends move along on the scale of its draws."""
    into, back = (logit, expit) if is_share(name) else (np.log, np.exp)
    shift = score * spread(name, belief)[1]
    ends = {end: float(back(into(getattr(belief, end)) + shift)) for end in ("low", "mid", "high")}
    return belief.model_copy(update=ends)


def tilt(
    case: Scenario, acts: Sequence[Act], names: Sequence[str], slopes: np.ndarray
) -> np.ndarray:
    """What edits, and then their squares, add to the slopes under another promise.

    Shape (statistics, acts, 2 · names), through the answers to each belief moved alone by TILT
    scores up and down.
    """
    up, down = _moved_alone(case, acts, names, slopes, TILT, TILT_DRAWS)
    return np.concatenate([(up - down) / 2 / TILT, (up + down) / 2 / TILT**2], axis=2)


def linear_tilt(
    case: Scenario, acts: Sequence[Act], names: Sequence[str], slopes: np.ndarray
) -> np.ndarray:
    """The same without squares, shape (statistics, acts, names), from wider steps and more draws.

    From few draws squares are more noise than answer far from the median.
    """
    up, down = _moved_alone(case, acts, names, slopes, SLOPE, SLOPE_DRAWS)
    return (up - down) / 2 / SLOPE


def _moved_alone(
    case: Scenario,
    acts: Sequence[Act],
    names: Sequence[str],
    slopes: np.ndarray,
    scores: float,
    draws: int,
) -> tuple[np.ndarray, np.ndarray]:
    """What each belief, moved alone up and down, adds to the polynomials, as logarithms."""
    count = len(names)
    steps = scores * np.eye(count)
    points = np.concatenate([np.zeros((1, count)), steps, -steps])
    evaluated = at_edits(case, acts, names, points, draws)
    logs = np.log(evaluated[:, :, 1:] / evaluated[:, :, :1])
    up, down = np.split(logs - slopes @ terms_of(points[1:]).T, 2, axis=2)
    return up, down


def design(count: int, terms: int) -> np.ndarray:
    """Edits at which acts are evaluated, shape (edits, names), the first without any change.

    Each belief moves alone, halfway and all the way to REACH, then all together inside the ball in
    which the page answers.
    """
    alone = [side * part * REACH * np.eye(count) for side in (1, -1) for part in (0.5, 1)]
    from scipy.stats import qmc  # takes long to import, and most uses of the package need it not

    even = qmc.Sobol(count + 1, rng=SEED).random_base2(8)[1 : SPARE * terms + 1]
    directions = ndtri(even[:, :count])
    radius = REACH * (0.4 + 0.6 * even[:, count:])
    inside = radius * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    return np.concatenate([np.zeros((1, count)), *alone, inside])


def at_edits(
    case: Scenario,
    acts: Sequence[Act],
    names: Sequence[str],
    points: np.ndarray,
    draws: int,
) -> np.ndarray:
    """Statistics of acts at edits, shape (statistics, acts, edits), all from the same draws.

    The work is what the budget buys at each edit. First steps of bridges stay those of the base.
    """
    once = {name: quantile(name, b, _even_scores(name, draws)) for name, b in case.believe.items()}
    arrivals = act_costs.arrival_months(case, once)

    def costs_at(moved: np.ndarray) -> np.ndarray:
        edits = len(moved)

        def scores(name: str) -> np.ndarray:
            return np.tile(_even_scores(name, draws), edits)

        beliefs = {name: np.tile(values, edits) for name, values in once.items()}
        for name, moves in zip(names, moved.T, strict=True):
            beliefs[name] = _moved(name, case.believe[name], moves, draws)
        starts = {name: np.tile(months, edits) for name, months in arrivals.items()}
        columns = all_options(case, beliefs, scores, READ)
        full = full_request_usd(case, columns.today, beliefs).reshape(edits, draws)
        work = np.repeat(case.budget.usd_per_year / 12 / np.median(full, axis=1), draws)
        found = ways(case, columns, beliefs, starts, work)
        blocks = [slice(start, start + BLOCK) for start in range(0, edits * draws, BLOCK)]
        costs = np.concatenate([_costs(case, _part(found, rows), acts) for rows in blocks], axis=1)
        return costs.reshape(len(acts), edits, draws)

    at_once = max(ROWS_AT_ONCE // draws, 1)
    parts = [points[start : start + at_once] for start in range(0, len(points), at_once)]
    costs = np.concatenate([costs_at(part) for part in parts], axis=1)
    return statistics(costs, costs[:1])


def _costs(case: Scenario, found: Ways, acts: Sequence[Act]) -> np.ndarray:
    """Dollars a year of acts, shape (acts, draws)."""
    plan = act_costs.plan(case, found)
    return np.stack([usd_per_year(monthly_usd(found, plan, act), plan) for act in acts])


def _part(found: Ways, rows: slice) -> Ways:
    """The same ways at some of their draws."""

    def part(way: Way) -> Way:
        return replace(
            way,
            usd_per_request=way.usd_per_request[rows],
            drift_per_month=way.drift_per_month[rows],
            movable_share=way.movable_share[rows],
            once_usd=way.once_usd[rows],
            start_months=way.start_months[rows],
            first_year_ratio=way.first_year_ratio[rows],
        )

    return replace(
        found,
        today=part(found.today),
        others=tuple(part(way) for way in found.others),
        requests_per_month=found.requests_per_month[rows],
    )


def _moved(name: str, belief: Belief, moves: np.ndarray, draws: int) -> np.ndarray:
    even = _even_scores(name, draws)
    return np.concatenate([quantile(name, edited(name, belief, move), even) for move in moves])


def statistics(costs: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """STATISTICS of costs of shape (acts, edits, draws); `kept` is what keeping costs."""
    low, high = np.quantile(costs, [0.1, 0.9], axis=2)
    return np.stack([costs.mean(axis=2), low, high, np.median(costs / kept, axis=2)])


@cache
def _even_scores(name: str, draws: int) -> np.ndarray:
    """Scores of a name's own stream in a random order, one from each of so many equal chances.

    A Latin hypercube: some hundred draws stand for the page's thousands.
    """
    order = np.random.default_rng([SEED, *stream_of(name).encode()]).permutation(draws)
    return ndtri((order + 0.5) / draws)


def terms_of(edits: np.ndarray) -> np.ndarray:
    """The terms of `powers` for edits of shape (edits, names), shape (edits, terms)."""
    columns = [edits[:, list(power)].prod(axis=1) for power in powers(edits.shape[1])]
    return np.stack(columns, axis=1) if columns else np.zeros((len(edits), 0))
