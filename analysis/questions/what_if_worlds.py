"""What becomes of acts where the scenario itself is another: its promise, its drafts, its claim.

No edit of a belief reaches these. Another promised speed and another acceptance of drafts have
layouts of their own, so acts are evaluated at each value that a page offers. A chance of the claim
mixes two worlds, in one of which it is true: expected costs are linear in it, and quantiles are
those of both worlds' draws, weighted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.model.draws import SEED
from analysis.model.layouts import Infeasible
from analysis.model.runner import Columns
from analysis.questions import act_costs
from analysis.questions.act_costs import Evaluation, monthly_usd
from analysis.questions.acts import Act, usd_per_year
from analysis.questions.answer import ranking
from analysis.questions.ways import Ways
from analysis.questions.what_if_edits import STATISTICS, statistics
from analysis.scenario.scenario import Scenario

PROMISES = (10.0, 20.0, 30.0, 50.0, 75.0, 100.0)  # tokens/s for each user that the page offers
PROMISE_DRAWS = 2048  # with which acts are evaluated under them
# Acceptance over the scenario's own: the prior of the coefficient (facts/priors.csv) has a log
# standard deviation of 0.2, so that its P10 and P90 lie within.
ACCEPTANCES = (0.7, 0.85, 1.0, 1.15, 1.3)
CHANCES = tuple(np.linspace(0, 1, 21))  # of the claim


@dataclass(frozen=True, eq=False)
class Promised:
    """Evaluations by promised speed, the slowest first, and speeds that cannot be offered."""

    found: Mapping[float, Evaluation]
    refused: tuple[float, ...]


def at_promise(case: Scenario, tokens_per_s: float) -> Scenario:
    """The scenario with another promised speed: tokens/s for each user."""
    workload = case.workload.model_copy(update={"tokens_per_s_per_user": tokens_per_s})
    return case.model_copy(update={"workload": workload})


def at_acceptance(case: Scenario, ratio: float) -> Scenario:
    """The scenario with another acceptance of drafts, over what is measured."""
    serving = case.serving.model_copy(update={"draft_acceptance_ratio": ratio})
    return case.model_copy(update={"serving": serving})


def at_chance(case: Scenario, share: float) -> Scenario:
    """The scenario with another chance that its claim is true."""
    credence = case.credence.model_copy(update={"true_share": share})
    return case.model_copy(update={"credence": credence})


def promised(case: Scenario, base: Evaluation) -> Promised:
    """The scenario under each promise that a page offers; its own is `base`.

    Refused is what today's chips cannot keep, and promises under which the cheapest act has a way
    that there is none of at the scenario's own promise, so that its slopes are not known.
    """
    own = case.workload.tokens_per_s_per_user
    draws = min(PROMISE_DRAWS, draws_of(base))
    found, refused = {own: base}, []
    for speed in (speed for speed in PROMISES if speed != own):
        try:
            other = act_costs.drawn(at_promise(case, speed), draws, SEED, of_acts=True)
        except Infeasible:
            refused.append(speed)
            continue
        if has_ways(base.ways, ranking(other)[0]):
            found[speed] = other
        else:
            refused.append(speed)
    return Promised(dict(sorted(found.items())), tuple(refused))


def accepted(
    case: Scenario, base: Evaluation, found: Mapping[float, Evaluation]
) -> dict[float, Evaluation | None]:
    """Evaluations by acceptance of drafts; the own one alone where nothing drafts.

    `found` is the scenario by promised speed. None where today's chips do not keep the scenario's
    promise with so few drafts accepted.
    """
    own = case.serving.draft_acceptance_ratio
    by_ratio: dict[float, Evaluation | None] = {own: base}
    if any(_drafts(each) for each in found.values()):
        for ratio in (float(f"{own * times:.6g}") for times in ACCEPTANCES if times != 1):
            by_ratio[ratio] = _drawn(at_acceptance(case, ratio), draws_of(base))
    return dict(sorted(by_ratio.items()))


def _drafts(found: Evaluation) -> bool:
    """Whether today's serving or an option drafts tokens."""
    columns: list[Columns] = [found.columns.today, *found.columns.options.values()]
    return any(float(each["draft_count"]) > 0 for each in columns)


def claimed(case: Scenario, base: Evaluation) -> tuple[Evaluation, Evaluation] | None:
    """Evaluations without the claim and with it; None where there is none of an option that is
    served. `base` is the scenario's own.
    """
    if case.claim is None or case.headline not in base.columns.options:
        return None
    own, draws = case.credence.true_share, draws_of(base)
    never, always = (
        base if share == own else act_costs.drawn(at_chance(case, share), draws, SEED, of_acts=True)
        for share in (0.0, 1.0)
    )
    return never, always


def _drawn(case: Scenario, draws: int) -> Evaluation | None:
    try:
        return act_costs.drawn(case, draws, SEED, of_acts=True)
    except Infeasible:
        return None


def draws_of(found: Evaluation) -> int:
    """How many draws are behind an evaluation."""
    return len(next(iter(found.acts.values())))


def has_ways(found: Ways, act: Act) -> bool:
    """Whether a buyer has all ways that an act names."""
    known = {(way.option, way.tenure) for way in (found.today, *found.others)}
    later = (act.later_option, act.later_tenure)
    return (act.option, act.tenure) in known and (not act.later_option or later in known)


def act_usd(found: Evaluation, acts: Sequence[Act]) -> np.ndarray:
    """Dollars a year of acts, shape (acts, draws); NaN for one whose ways this buyer lacks."""
    nothing = np.full(draws_of(found), np.nan)
    return np.stack([_usd(found, act) if has_ways(found.ways, act) else nothing for act in acts])


def _usd(found: Evaluation, act: Act) -> np.ndarray:
    if act in found.acts:
        return found.acts[act]
    return usd_per_year(monthly_usd(found.ways, found.plan, act), found.plan)


def log_accepted(
    by_ratio: Mapping[float, Evaluation | None], own: float, acts: Sequence[Act]
) -> np.ndarray:
    """Logs of STATISTICS over those at the own acceptance, shape (statistics, ratios, acts).

    NaN where an act cannot be had.
    """
    stated = np.full((len(STATISTICS), len(by_ratio), len(acts)), np.nan)
    for column, found in enumerate(by_ratio.values()):
        if found is not None:
            usd = act_usd(found, acts)
            stated[:, column] = statistics(usd[:, None], usd[:1])[:, :, 0]
    place = list(by_ratio).index(own)
    return np.log(stated / stated[:, [place]])


def log_claimed(
    never: Evaluation, always: Evaluation, own: float, acts: Sequence[Act]
) -> np.ndarray:
    """Logs of STATISTICS over those at the own chance, shape (statistics, CHANCES, acts).

    `never` is evaluated without the claim, `always` with it.
    """
    logs = np.zeros((len(STATISTICS), len(CHANCES), len(acts)))
    ends = [act_usd(each, acts) for each in (never, always)]
    for column in range(len(acts)):
        without, true = ends[0][column], ends[1][column]
        if np.isfinite(without).all() and (without != true).any():
            mixed = _mixed(without, true, ends[0][0], np.array([own, *CHANCES]))
            logs[:, :, column] = np.log(mixed[:, 1:] / mixed[:, :1])
    return logs


def _mixed(
    never: np.ndarray, always: np.ndarray, kept: np.ndarray, chances: np.ndarray
) -> np.ndarray:
    """STATISTICS of an act, shape (statistics, chances): each draw is of one world or the other."""
    mean = (1 - chances) * never.mean() + chances * always.mean()
    usd = np.concatenate([never, always])
    ratio = np.concatenate([never / kept, always / kept])
    low, high = _quantiles(usd, chances, (0.1, 0.9))
    (middle,) = _quantiles(ratio, chances, (0.5,))
    return np.stack([mean, low, high, middle])


def _quantiles(values: np.ndarray, chances: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """Quantiles of values whose second half has the weight of a chance: (levels, chances)."""
    half = len(values) // 2
    order = np.argsort(values)
    is_second = order >= half
    ordered = values[order]
    found = np.empty((len(levels), len(chances)))
    for column, chance in enumerate(chances):
        weights = np.where(is_second, chance, 1 - chance) / half
        middles = np.cumsum(weights) - weights / 2
        found[:, column] = np.interp(levels, middles, ordered)
    return found
