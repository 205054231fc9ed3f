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
from analysis.model.layouts import Infeasible
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
OF_PROMISE = 4  # acts that are followed under each other promise
PROMISES = (10.0, 20.0, 30.0, 50.0, 75.0, 100.0)  # tokens/s for each user that the page offers
PROMISE_DRAWS = 2048  # with which acts are evaluated under them
TILT, TILT_DRAWS = 0.8, 400  # scores, and draws, with which slopes under them are found
ROWS = 48_000  # edits times draws that are evaluated for the fit
MIXED = 3  # beliefs, the first that move anything, whose products are fitted to the third degree
BLOCK = 1_000  # rows whose months are in a processor's cache at once
SPARE = 2  # edits for each term that is fitted
PROBE = 64  # draws with which beliefs that move nothing are found


@dataclass(frozen=True, eq=False)
class Responses:
    """Costs of acts as functions of edits: what `predicted` and the page's chart evaluate.

    `stated` has shape (statistics, promises, acts), in dollars a year or a ratio, NaN where an act
    cannot be had under a promise; `slopes` has shape (statistics, acts, terms), the terms being
    those of `powers`; `tilts`, of shape (statistics, promises, acts, 2 · names), is what each edit
    and then each of their squares adds under another promise. `promises` are tokens/s for each user
    that today's chips can keep, the scenario's own among them; `refused` those that cannot be
    offered.
    `draws` is how many are behind it.
    """

    names: tuple[str, ...]
    acts: tuple[Act, ...]
    promises: tuple[float, ...]
    refused: tuple[float, ...]
    own: int
    stated: np.ndarray
    slopes: np.ndarray
    tilts: np.ndarray
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


def predicted(
    responses: Responses, scores: Sequence[float], promise: int | None = None
) -> np.ndarray:
    """The statistics of every act at an edit, shape (statistics, acts).

    `promise` is a place among the promises; the scenario's own without it.
    """
    edits = np.array(scores, dtype=float)
    place = responses.own if promise is None else promise
    logs = responses.slopes @ _terms(edits[None])[0]
    logs += responses.tilts[:, place] @ np.concatenate([edits, edits**2])
    return responses.stated[:, place] * np.exp(logs)


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
    promised, refused = _promised(case, base)
    acts = _followed(base, list(promised.values()))
    draws = len(base.acts[next(iter(base.acts))])
    names = _moving(case, acts, min(PROBE, draws))
    stated = np.stack([_stated(each, acts) for each in promised.values()], axis=1)
    terms = len(powers(len(names)))
    slopes = np.zeros((len(STATISTICS), len(acts), terms))
    if names:
        points = _design(len(names), terms)
        evaluated = _at(case, acts, names, points, min(ROWS // len(points), draws))
        logs = np.log(evaluated / evaluated[:, :, :1])
        fitted = np.linalg.lstsq(_terms(points), logs.reshape(-1, len(points)).T, rcond=None)[0]
        slopes = fitted.T.reshape(slopes.shape)
    tilts = np.zeros((len(STATISTICS), len(promised), len(acts), 2 * len(names)))
    for place, (speed, other) in enumerate(promised.items()):
        if names and other is not base:
            there = [act in other.acts for act in acts]
            own_acts = [act for act in acts if act in other.acts]
            under = at_promise(case, speed)
            tilts[:, place, there] = _tilt(under, own_acts, names, slopes[:, there])
    own = list(promised).index(case.workload.tokens_per_s_per_user)
    return Responses(names, acts, tuple(promised), refused, own, stated, slopes, tilts, draws)


def _tilt(
    case: Scenario, acts: Sequence[Act], names: Sequence[str], slopes: np.ndarray
) -> np.ndarray:
    """What edits, and then their squares, add to the slopes under another promise.

    Shape (statistics, acts, 2 · names), through the answers to each belief moved alone by TILT
    scores up and down.
    """
    count = len(names)
    steps = TILT * np.eye(count)
    points = np.concatenate([np.zeros((1, count)), steps, -steps])
    evaluated = _at(case, acts, names, points, TILT_DRAWS)
    logs = np.log(evaluated[:, :, 1:] / evaluated[:, :, :1])
    up, down = np.split(logs - slopes @ _terms(points[1:]).T, 2, axis=2)
    return np.concatenate([(up - down) / 2 / TILT, (up + down) / 2 / TILT**2], axis=2)


def at_promise(case: Scenario, tokens_per_s: float) -> Scenario:
    """The scenario with another promised speed: tokens/s for each user."""
    workload = case.workload.model_copy(update={"tokens_per_s_per_user": tokens_per_s})
    return case.model_copy(update={"workload": workload})


def _promised(
    case: Scenario, base: Evaluation
) -> tuple[dict[float, Evaluation], tuple[float, ...]]:
    """Evaluations by promise, the slowest first, and promises that the page cannot offer.

    Those are what today's chips cannot keep, and those under which the cheapest act has a way that
    there is none of at the scenario's own promise, so that its slopes are not known.
    """
    own = case.workload.tokens_per_s_per_user
    draws = min(PROMISE_DRAWS, len(next(iter(base.acts.values()))))
    found, refused = {own: base}, []
    for speed in (speed for speed in PROMISES if speed != own):
        try:
            other = act_costs.drawn(at_promise(case, speed), draws, SEED)
        except Infeasible:
            refused.append(speed)
            continue
        if _has_ways(base.ways, ranking(other)[0]):
            found[speed] = other
        else:
            refused.append(speed)
    return dict(sorted(found.items())), tuple(refused)


def _has_ways(found: Ways, act: Act) -> bool:
    """Whether a buyer has all ways that an act names."""
    known = {(way.option, way.tenure) for way in (found.today, *found.others)}
    later = (act.later_option, act.later_tenure)
    return (act.option, act.tenure) in known and (not act.later_option or later in known)


def _stated(found: Evaluation, acts: Sequence[Act]) -> np.ndarray:
    """STATISTICS of acts in an evaluation, shape (statistics, acts); NaN for one that it lacks."""
    kept = next(iter(found.acts.values()))
    nothing = np.full(len(kept), np.nan)
    costs = np.stack([found.acts.get(act, nothing) for act in acts])
    return _statistics(costs[:, None, :], kept)[:, :, 0]


def contracts(act: Act) -> set[str]:
    """The contracts that an act signs: none for keeping, and for waiting those of what comes."""
    signed: set[str] = {act.later_tenure} if act.later_tenure else set()
    if act.kind not in ("keep", "wait"):
        signed.add(act.tenure)
    return signed


def _followed(base: Evaluation, promised: Sequence[Evaluation]) -> tuple[Act, ...]:
    """Keeping, the cheapest of all acts and of each contract, then the cheapest under the other
    promises, in the order of the evaluations.
    """
    ranked = ranking(base)
    chosen = {next(iter(base.acts)), *ranked[:CHEAPEST]}
    for contract in {contract for act in ranked for contract in contracts(act)}:
        chosen |= set([act for act in ranked if contract in contracts(act)][:OF_CONTRACT])
    acts = [act for act in base.acts if act in chosen]
    for other in promised:
        cheapest = ranking(other)[:OF_PROMISE]
        acts += [act for act in cheapest if act not in acts and _has_ways(base.ways, act)]
    return tuple(acts)


def _moving(case: Scenario, acts: Sequence[Act], draws: int) -> tuple[str, ...]:
    """The adjustable beliefs that are uncertain here and move the mean cost of some act."""
    names = [name for name in ADJUSTABLE if case.believe[name].low < case.believe[name].high]
    points = np.concatenate([np.zeros((1, len(names))), np.eye(len(names)), -np.eye(len(names))])
    means = _at(case, acts, names, points, draws)[STATISTICS.index("mean")]
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
    costs = costs.reshape(len(acts), edits, draws)
    return _statistics(costs, costs[:1])


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


def _statistics(costs: np.ndarray, kept: np.ndarray) -> np.ndarray:
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


def _terms(edits: np.ndarray) -> np.ndarray:
    """The terms of `powers` for edits of shape (edits, names), shape (edits, terms)."""
    columns = [edits[:, list(power)].prod(axis=1) for power in powers(edits.shape[1])]
    return np.stack(columns, axis=1) if columns else np.zeros((len(edits), 0))
