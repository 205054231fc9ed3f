"""How every act's cost answers to an edited belief, as a closed form that a page can carry.

An edit gives a belief another median and keeps its spread. The scenario is evaluated at a design of
edits of all adjustable beliefs together; the logarithm of each statistic over the stated one is
fitted by a polynomial of the edits. Weighting the draws by the ratio of edited to stated density
needs no fit, but 400 draws leave too few of weight once three sliders have moved.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations_with_replacement

import numpy as np
from scipy.special import expit, logit, ndtri

from analysis.model.draws import SEED, Z90, quantile
from analysis.model.options import all_options
from analysis.questions import act_costs
from analysis.questions.act_costs import Evaluation, monthly_usd
from analysis.questions.acts import Act, Way, usd_per_year
from analysis.questions.answer import ranking
from analysis.questions.ways import Ways, full_request_usd, ways
from analysis.scenario.renamed import stream_of
from analysis.scenario.scenario import Scenario
from analysis.scenario.schema import Belief
from analysis.units import is_share

ADJUSTABLE = (
    "load_factor",
    "rent_drift_ratio",
    "candidate_paid_ratio",
    "tariff_ratio",
    "eligible_share",
)
STATISTICS = ("mean", "low", "high", "ratio")  # mean, P10 and P90 a year; median over keeping
REACH = 2.1  # scores by which one belief's median can be moved
FEWEST = 40  # effective draws below which nothing is said
MOVES = 0.002  # of a mean cost: a belief that moves no act by more gets no slider
CHEAPEST, OF_CONTRACT = 10, 3  # acts that are followed: of all, and of each contract
ROWS = 48_000  # edits times draws that are evaluated for the fit
MIXED = 3  # beliefs, the first that move anything, whose products are fitted to the third degree
BLOCK = 1_000  # rows whose months are in a processor's cache at once
SPARE = 2  # edits for each term that is fitted
PROBE = 64  # draws with which beliefs that move nothing are found


@dataclass(frozen=True, eq=False)
class Responses:
    """Costs of acts as functions of edits: what `predicted` and the page's chart evaluate.

    `stated` has shape (statistics, acts), in dollars a year or a ratio; `slopes` has shape
    (statistics, acts, terms), the terms being those of `powers`. `draws` is how many are behind it.
    """

    names: tuple[str, ...]
    acts: tuple[Act, ...]
    stated: np.ndarray
    slopes: np.ndarray
    draws: int


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


def predicted(responses: Responses, scores: Sequence[float]) -> np.ndarray:
    """The statistics of every act at an edit, shape (statistics, acts)."""
    terms = _terms(np.array([scores], dtype=float))[0]
    return responses.stated * np.exp(responses.slopes @ terms)


def effective_draws(responses: Responses, scores: Sequence[float]) -> float:
    """The draws that would carry an edit if they were weighted by the ratio of the densities.

    For normal scores whose medians move by `scores` it is the closed form of (Σw)²/Σw².
    """
    return float(responses.draws * np.exp(-np.sum(np.square(scores))))


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


def responses(case: Scenario, base: Evaluation) -> Responses:
    """How the cheapest acts answer to edits of the beliefs that move them; no names where none do.

    `base` is the evaluation of the page, whose statistics hold where nothing is edited.
    """
    acts = _followed(base)
    draws = len(base.acts[acts[0]])
    names = _moving(case, base, acts, min(PROBE, draws))
    stated = _statistics(np.stack([base.acts[act] for act in acts])[:, None, :])[:, :, 0]
    terms = len(powers(len(names)))
    slopes = np.zeros((len(STATISTICS), len(acts), terms))
    if names:
        points = _design(len(names), terms)
        evaluated = _at(case, base, acts, names, points, min(ROWS // len(points), draws))
        logs = np.log(evaluated / evaluated[:, :, :1])
        fitted = np.linalg.lstsq(_terms(points), logs.reshape(-1, len(points)).T, rcond=None)[0]
        slopes = fitted.T.reshape(slopes.shape)
    return Responses(names, acts, stated, slopes, draws)


def contracts(act: Act) -> set[str]:
    """The contracts that an act signs: none for keeping, and for waiting those of what comes."""
    signed: set[str] = {act.later_tenure} if act.later_tenure else set()
    if act.kind not in ("keep", "wait"):
        signed.add(act.tenure)
    return signed


def _followed(base: Evaluation) -> tuple[Act, ...]:
    """Keeping, the cheapest of all acts and of each contract, in the order of the evaluation."""
    ranked = ranking(base)
    chosen = {next(iter(base.acts)), *ranked[:CHEAPEST]}
    for contract in {contract for act in ranked for contract in contracts(act)}:
        chosen |= set([act for act in ranked if contract in contracts(act)][:OF_CONTRACT])
    return tuple(act for act in base.acts if act in chosen)


def _moving(case: Scenario, base: Evaluation, acts: Sequence[Act], draws: int) -> tuple[str, ...]:
    """The adjustable beliefs that are uncertain here and move the mean cost of some act."""
    names = [name for name in ADJUSTABLE if case.believe[name].low < case.believe[name].high]
    points = np.concatenate([np.zeros((1, len(names))), np.eye(len(names)), -np.eye(len(names))])
    means = _at(case, base, acts, names, points, draws)[STATISTICS.index("mean")]
    moved = np.abs(means / means[:, :1] - 1).max(axis=0)[1:].reshape(2, -1).max(axis=0)
    return tuple(name for name, share in zip(names, moved, strict=True) if share > MOVES)


def _design(count: int, terms: int) -> np.ndarray:
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


def _at(
    case: Scenario,
    base: Evaluation,
    acts: Sequence[Act],
    names: Sequence[str],
    points: np.ndarray,
    draws: int,
) -> np.ndarray:
    """Statistics of acts at edits, shape (statistics, acts, edits), all from the same draws.

    The work is what the budget buys at each edit. First steps of bridges stay those of the base.
    """
    edits = len(points)

    def scores(name: str) -> np.ndarray:
        return np.tile(_even_scores(name, draws), edits)

    once = {name: quantile(name, b, _even_scores(name, draws)) for name, b in case.believe.items()}
    beliefs = {name: np.tile(values, edits) for name, values in once.items()}
    for name, moves in zip(names, points.T, strict=True):
        beliefs[name] = _moved(name, case.believe[name], moves, draws)
    starts = {
        name: np.tile(months, edits)
        for name, months in act_costs.arrival_months(case, once).items()
    }
    columns = all_options(case, beliefs, scores)
    full = full_request_usd(case, columns.today, beliefs).reshape(edits, draws)
    work = np.repeat(case.budget.usd_per_year / 12 / np.median(full, axis=1), draws)
    found = ways(case, columns, beliefs, starts, work)
    blocks = [slice(start, start + BLOCK) for start in range(0, edits * draws, BLOCK)]
    costs = np.concatenate([_costs(case, _part(found, rows), acts) for rows in blocks], axis=1)
    return _statistics(costs.reshape(len(acts), edits, draws))


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


def _statistics(costs: np.ndarray) -> np.ndarray:
    """STATISTICS of costs of shape (acts, edits, draws), of which the first act is keeping."""
    low, high = np.quantile(costs, [0.1, 0.9], axis=2)
    return np.stack([costs.mean(axis=2), low, high, np.median(costs / costs[:1], axis=2)])


@cache
def _even_scores(name: str, draws: int) -> np.ndarray:
    """Scores of a name's own stream in a random order, one from each of so many equal chances.

    A Latin hypercube: some hundred draws stand for the page's thousands.
    """
    order = np.random.default_rng([SEED, *stream_of(name).encode()]).permutation(draws)
    return ndtri((order + 0.5) / draws)


def _terms(edits: np.ndarray) -> np.ndarray:
    """The terms of `powers` for edits of shape (edits, names), shape (edits, terms)."""
    columns = [edits[:, list(power)].prod(axis=1) for power in powers(edits.shape[1])]
    return np.stack(columns, axis=1) if columns else np.zeros((len(edits), 0))
