"""How every act's cost answers to an edited belief, as a closed form that a page can carry.

An edit gives a belief another median and keeps its spread. The scenario is evaluated at a design of
edits of all adjustable beliefs together; the logarithm of each statistic over the stated one is
fitted by a polynomial of the edits. Weighting the draws by the ratio of edited to stated density
needs no fit, but 400 draws leave too few of weight once three sliders have moved.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.questions.act_costs import Evaluation
from analysis.questions.acts import Act
from analysis.questions.answer import ranking
from analysis.questions.what_if_edits import (
    REACH,
    STATISTICS,
    at_edits,
    design,
    edited,
    linear_tilt,
    powers,
    spread,
    statistics,
    terms_of,
    tilt,
)
from analysis.questions.what_if_worlds import (
    CHANCES,
    accepted,
    act_usd,
    at_acceptance,
    at_chance,
    at_promise,
    claimed,
    draws_of,
    has_ways,
    log_accepted,
    log_claimed,
    promised,
)
from analysis.scenario.scenario import Scenario

__all__ = [
    "ADJUSTABLE",
    "CHANCES",
    "FEWEST",
    "REACH",
    "STATISTICS",
    "Responses",
    "at_acceptance",
    "at_chance",
    "at_promise",
    "contracts",
    "edited",
    "effective_draws",
    "powers",
    "predicted",
    "responses",
    "spread",
]
ADJUSTABLE = (
    "load_factor",
    "rent_drift_ratio",
    "candidate_paid_ratio",
    "tariff_ratio",
    "eligible_share",
)
FEWEST = 40  # effective draws below which nothing is said
MOVES = 0.002  # of a mean cost: a belief that moves no act by more gets no slider
CHEAPEST, OF_CONTRACT = 10, 3  # acts that are followed: of all, and of each contract
OF_WORLD = 4  # acts that are followed under each other promise, acceptance and truth of the claim
ROWS = 48_000  # edits times draws that are evaluated for the fit
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

    Logarithms that are added at the scenario's own promise: `accepted`, of shape (statistics,
    acceptances, acts), at each acceptance of drafts, and `claimed`, of shape (statistics, chances,
    acts), at each chance of the claim. `accepted_tilts`, of shape (statistics, acceptances, acts,
    names), is what each edit adds there. Where the claim is true, `claim_tilts`, of
    shape (statistics, acts, names), is added for each edit, and `claim_accepted`, of shape
    (statistics, acceptances, acts), at each acceptance. A scenario without drafts, or without a
    claim, has its own acceptance, or chance, alone. `draws` is how many are behind it.
    """

    names: tuple[str, ...]
    acts: tuple[Act, ...]
    promises: tuple[float, ...]
    refused: tuple[float, ...]
    own: int
    own_acceptance: int
    stated: np.ndarray
    slopes: np.ndarray
    tilts: np.ndarray
    acceptances: tuple[float, ...]
    accepted: np.ndarray
    accepted_tilts: np.ndarray
    chances: tuple[float, ...]
    own_chance: float
    claimed: np.ndarray
    claim_tilts: np.ndarray
    claim_accepted: np.ndarray
    draws: int


def predicted(
    responses: Responses,
    scores: Sequence[float],
    promise: int | None = None,
    acceptance: int | None = None,
    chance: float | None = None,
) -> np.ndarray:
    """The statistics of every act at an edit, shape (statistics, acts).

    `promise` and `acceptance` are places among those of the responses, `chance` is that of the
    claim; the scenario's own without them. Raises ValueError for another promise together with one
    of the others: how these answer to each other is not known.
    """
    if promise not in (None, responses.own) and (acceptance, chance) != (None, None):
        raise ValueError("under another promise neither another acceptance nor chance is known")
    edits = np.array(scores, dtype=float)
    squares = np.concatenate([edits, edits**2])
    place = responses.own if promise is None else promise
    logs = responses.slopes @ terms_of(edits[None])[0]
    logs += responses.tilts[:, place] @ squares
    if acceptance is not None:
        logs += responses.accepted[:, acceptance]
        logs += responses.accepted_tilts[:, acceptance] @ edits
    if chance is not None and len(responses.chances) > 1:
        at = chance * (len(responses.chances) - 1)
        lower = min(int(at), len(responses.chances) - 2)
        below, above = responses.claimed[:, lower], responses.claimed[:, lower + 1]
        logs += below + (at - lower) * (above - below)
        own = responses.own_acceptance
        where_true = responses.claim_tilts @ edits
        where_true += responses.claim_accepted[:, own if acceptance is None else acceptance]
        logs += (chance - responses.own_chance) * where_true
    return responses.stated[:, place] * np.exp(logs)


def effective_draws(responses: Responses, scores: Sequence[float]) -> float:
    """The draws that would carry an edit if they were weighted by the ratio of the densities.

    For normal scores whose medians move by `scores` it is the closed form of (Σw)²/Σw².
    """
    return float(responses.draws * np.exp(-np.sum(np.square(scores))))


def responses(case: Scenario, base: Evaluation) -> Responses:
    """How the cheapest acts answer to edits of the beliefs that move them; no names where none do.

    `base` is the evaluation of the page, whose statistics hold where nothing is edited.
    """
    under = promised(case, base)
    by_ratio, pair = accepted(case, base, under.found), claimed(case, base)
    own_ratio, own_chance = case.serving.draft_acceptance_ratio, case.credence.true_share
    worlds = [*under.found.values(), *by_ratio.values(), *(pair or ())]
    acts = _followed(base, [each for each in worlds if each is not None and each is not base])
    names = _moving(case, acts, min(PROBE, draws_of(base)))
    slopes = _slopes(case, acts, names, draws_of(base))
    logs = log_accepted(by_ratio, own_ratio, acts)
    claims = np.zeros((len(STATISTICS), 1, len(acts)))
    return Responses(
        names=names,
        acts=acts,
        promises=tuple(under.found),
        refused=under.refused,
        own=list(under.found).index(case.workload.tokens_per_s_per_user),
        own_acceptance=list(by_ratio).index(own_ratio),
        stated=np.stack([_stated(each, acts) for each in under.found.values()], axis=1),
        slopes=slopes,
        tilts=_tilts(case, base, under.found, acts, names, slopes),
        acceptances=tuple(by_ratio),
        accepted=logs,
        accepted_tilts=_accepted_tilts(case, list(by_ratio), acts, names, slopes, logs[0]),
        chances=CHANCES if pair else (own_chance,),
        own_chance=own_chance,
        claimed=log_claimed(*pair, own_chance, acts) if pair else claims,
        claim_tilts=_claim_tilts(case, acts, names, slopes, is_claimed=pair is not None),
        claim_accepted=_claim_accepted(case, by_ratio, acts, is_claimed=pair is not None),
        draws=draws_of(base),
    )


def _slopes(case: Scenario, acts: Sequence[Act], names: Sequence[str], draws: int) -> np.ndarray:
    """The polynomials of the statistics' logarithms: (statistics, acts, terms)."""
    terms = len(powers(len(names)))
    slopes = np.zeros((len(STATISTICS), len(acts), terms))
    if names:
        points = design(len(names), terms)
        evaluated = at_edits(case, acts, names, points, min(ROWS // len(points), draws))
        logs = np.log(evaluated / evaluated[:, :, :1])
        fitted = np.linalg.lstsq(terms_of(points), logs.reshape(-1, len(points)).T, rcond=None)[0]
        slopes = fitted.T.reshape(slopes.shape)
    return slopes


def _tilts(
    case: Scenario,
    base: Evaluation,
    found: Mapping[float, Evaluation],
    acts: Sequence[Act],
    names: Sequence[str],
    slopes: np.ndarray,
) -> np.ndarray:
    """What edits and then their squares add under each promise.

    Shape (statistics, promises, acts, 2 · names).
    """
    tilts = np.zeros((len(STATISTICS), len(found), len(acts), 2 * len(names)))
    for place, (speed, other) in enumerate(found.items()):
        if names and other is not base:
            there = [has_ways(other.ways, act) for act in acts]
            own_acts = [act for act in acts if has_ways(other.ways, act)]
            under = at_promise(case, speed)
            tilts[:, place, there] = tilt(under, own_acts, names, slopes[:, there])
    return tilts


def _accepted_tilts(
    case: Scenario,
    ratios: Sequence[float],
    acts: Sequence[Act],
    names: Sequence[str],
    slopes: np.ndarray,
    logs: np.ndarray,
) -> np.ndarray:
    """What edits add at each acceptance of drafts, shape (statistics, acceptances, acts, names).

    `logs` are those of the acts there, of shape (acceptances, acts), NaN where one cannot be had.
    """
    tilts = np.zeros((len(STATISTICS), len(ratios), len(acts), len(names)))
    for place, ratio in enumerate(ratios):
        there = [int(k) for k in np.flatnonzero(np.isfinite(logs[place]))]
        if names and there and ratio != case.serving.draft_acceptance_ratio:
            known = [acts[k] for k in there]
            other = at_acceptance(case, ratio)
            tilts[:, place, there] = linear_tilt(other, known, names, slopes[:, there])
    return tilts


def _claim_tilts(
    case: Scenario,
    acts: Sequence[Act],
    names: Sequence[str],
    slopes: np.ndarray,
    is_claimed: bool,
) -> np.ndarray:
    """What edits add to acts on the headline's option where the claim is true.

    Shape (statistics, acts, names), over the slopes at the scenario's own chance.
    """
    tilts = np.zeros((len(STATISTICS), len(acts), len(names)))
    places = [k for k, act in enumerate(acts) if case.headline in (act.option, act.later_option)]
    own = case.credence.true_share
    if names and is_claimed and places and own < 1:
        asked = [0, *places]  # what keeping costs is what ratios are over
        true = at_chance(case, 1.0)
        added = linear_tilt(true, [acts[place] for place in asked], names, slopes[:, asked])
        tilts[:, places] = added[:, 1:] / (1 - own)
    return tilts


def _claim_accepted(
    case: Scenario,
    by_ratio: Mapping[float, Evaluation | None],
    acts: Sequence[Act],
    is_claimed: bool,
) -> np.ndarray:
    """By how much more the claim moves acts at each acceptance.

    Logarithms of shape (statistics, acceptances, acts): of what the claim makes of the statistics
    where it is true, over what it makes of them at the own acceptance.
    """
    moved = np.zeros((len(STATISTICS), len(by_ratio), len(acts)))
    if not is_claimed or len(by_ratio) == 1:
        return moved
    for place, (ratio, found) in enumerate(by_ratio.items()):
        if found is not None and (pair := claimed(at_acceptance(case, ratio), found)):
            moved[:, place] = log_claimed(*pair, case.credence.true_share, acts)[:, -1]
    return moved - moved[:, [list(by_ratio).index(case.serving.draft_acceptance_ratio)]]


def _stated(found: Evaluation, acts: Sequence[Act]) -> np.ndarray:
    """STATISTICS of acts in an evaluation, shape (statistics, acts); NaN for one that it lacks."""
    kept = next(iter(found.acts.values()))
    return statistics(act_usd(found, acts)[:, None, :], kept)[:, :, 0]


def contracts(act: Act) -> set[str]:
    """The contracts that an act signs: none for keeping, and for waiting those of what comes."""
    signed: set[str] = {act.later_tenure} if act.later_tenure else set()
    if act.kind not in ("keep", "wait"):
        signed.add(act.tenure)
    return signed


def _followed(base: Evaluation, worlds: Sequence[Evaluation]) -> tuple[Act, ...]:
    """Keeping, the cheapest of all acts and of each contract, then the cheapest of other worlds, in
    the order of the evaluations.
    """
    ranked = ranking(base)
    chosen = {next(iter(base.acts)), *ranked[:CHEAPEST]}
    for contract in {contract for act in ranked for contract in contracts(act)}:
        chosen |= set([act for act in ranked if contract in contracts(act)][:OF_CONTRACT])
    acts = [act for act in base.acts if act in chosen]
    for other in worlds:
        cheapest = ranking(other)[:OF_WORLD]
        acts += [act for act in cheapest if act not in acts and has_ways(base.ways, act)]
    return tuple(acts)


def _moving(case: Scenario, acts: Sequence[Act], draws: int) -> tuple[str, ...]:
    """The adjustable beliefs that are uncertain here and move the mean cost of some act."""
    names = [name for name in ADJUSTABLE if case.believe[name].low < case.believe[name].high]
    points = np.concatenate([np.zeros((1, len(names))), np.eye(len(names)), -np.eye(len(names))])
    means = at_edits(case, acts, names, points, draws)[STATISTICS.index("mean")]
    moved = np.abs(means / means[:, :1] - 1).max(axis=0)[1:].reshape(2, -1).max(axis=0)
    return tuple(name for name, share in zip(names, moved, strict=True) if share > MOVES)
