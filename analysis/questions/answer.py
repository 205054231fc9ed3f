"""One answer a scenario: the act of least expected cost, how sure it is, what would change it."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal

import numpy as np
from scipy.special import ndtr

from analysis.facts import chip
from analysis.model.draws import DRAWS, SEED, Scores, quantile, z_scores
from analysis.model.runner import Columns
from analysis.questions import act_costs
from analysis.questions.act_costs import Evaluation
from analysis.questions.acts import Act
from analysis.questions.flips import TurningPoint, turning_points
from analysis.questions.ways import TENURE_WORDS, TODAY
from analysis.scenario.scenario import Scenario
from analysis.scenario.schema import Option, Record, quantiles
from analysis.units import convert, factor, unit_of

NEARLY = 0.005  # a saving below this is none that a sentence would state
TIE = 0.001  # a saving below this is none for which anybody would move
BETTER = 0.05  # a saving for which a buyer would rather have chosen otherwise
LARGE_MOVE = 0.25  # of a year's budget: a move that costs this much is a reason to stay


class Range(Record):
    """P10, P50 and P90 of draws."""

    low: float
    mid: float
    high: float


class Cost(Range):
    """Dollars a year with their mean, by which acts are ranked."""

    mean: float


class NextAct(Record):
    """The cheapest act of another choice than the advised one, and its median cost over keeping.

    Another choice is what `Answer.better_share` counts.
    """

    act: str
    option: str
    tenure: str
    cost_ratio: float


class ActCost(Record):
    """An act that was considered: its cost, or why this buyer does not have it.

    `instruction` says it in words; it is empty where the act is not available.
    """

    instruction: str
    act: str
    option: str
    tenure: str
    later_option: str
    later_tenure: str
    available: bool
    usd_per_year: Cost | None
    reason: str


class OptionAnswer(Record):
    """An option as it would be served: its layout's mode and drafts, speed, cost and energy."""

    name: str
    accelerator: str
    chips: int
    precision: str
    mode: Literal["aggregated", "disaggregated"]
    draft_tokens: int
    output_tokens_per_s_per_chip: Range
    usd_per_mtok: Range | None
    j_per_token: Range
    tokens_per_s_per_mw: Range


class Flip(Record):
    """A belief that would change the choice if it alone were known to have this value, and to which
    act. Acts that only differ in their stop-gap are one choice.

    `value` is in the input's own unit; `percentile_share` says how far out in its range that is.
    """

    input: str
    value: float
    unit: str
    percentile_share: float
    to: str


class Work(Record):
    """What is served and under which promise: only equal work can be compared."""

    model: str
    input_tokens: float
    output_tokens: float
    cached_share: float
    tokens_per_s_per_user: float
    ttft_limit_s: float


class Answer(Record):
    """The decision of a scenario, as answer.json holds it and as pages print its sentence.

    `better_share` is the chance that another choice of chips, number format or contract turns out
    at least 5% cheaper.
    """

    scenario: str
    as_of: str
    work: Work
    act: str
    option: str
    tenure: str
    later_option: str
    later_tenure: str
    sentence: str
    cost_ratio: Range
    better_share: float
    knowing_usd_per_year: float
    next: NextAct | None
    acts: list[ActCost]
    options: list[OptionAnswer]
    flips: list[Flip]


def decide(case: Scenario, draws: int = DRAWS, seed: int = SEED) -> Answer:
    """The answer to a scenario: what to do, at what cost, how sure, and what would change it.

    The act of least mean cost is chosen; keeping, where no act saves a thousandth of it. Raises
    Infeasible where what serves today cannot keep the promise.
    """
    return _decision(_Key(case), draws, seed)


class _Key:
    """A scenario as the key of a cache: equal texts have equal answers."""

    def __init__(self, case: Scenario):
        self.case, self.text = case, case.model_dump_json()

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.text == other.text


def evaluated(case: Scenario, draws: int = DRAWS, seed: int = SEED) -> Evaluation:
    """All acts, ways and options behind the answer, draw by draw."""
    return _evaluation(_Key(case), draws, seed)


@lru_cache(maxsize=1)
def _evaluation(key: _Key, draws: int, seed: int) -> Evaluation:
    return act_costs.drawn(key.case, draws, seed)


@lru_cache(maxsize=4)
def _decision(key: _Key, draws: int, seed: int) -> Answer:
    case = key.case
    evaluation = _evaluation(key, draws, seed)
    ranked = ranking(evaluation)
    act = ranked[0]
    costs = np.stack(list(evaluation.acts.values()))
    chosen = evaluation.acts[act]
    kept = next(iter(evaluation.acts.values()))
    ratio = Range(**quantiles(chosen / kept))
    share = better_share(case, evaluation, act)
    after = next_choice(case, ranked)
    following = None
    if after is not None:
        middle = float(np.median(evaluation.acts[after] / kept))
        following = NextAct(
            act=after.kind, option=after.option, tenure=after.tenure, cost_ratio=middle
        )
    return Answer(
        scenario=case.name,
        as_of=str(case.as_of),
        work=Work(
            model=case.model,
            input_tokens=case.workload.input_tokens,
            output_tokens=case.workload.output_tokens,
            cached_share=case.workload.cached_share,
            tokens_per_s_per_user=case.workload.tokens_per_s_per_user,
            ttft_limit_s=case.workload.ttft_limit_s,
        ),
        act=act.kind,
        option=act.option,
        tenure=act.tenure,
        later_option=act.later_option,
        later_tenure=act.later_tenure,
        sentence=sentence(case, act, ratio, share, after),
        cost_ratio=ratio,
        better_share=share,
        knowing_usd_per_year=float(chosen.mean() - costs.min(axis=0).mean()),
        next=following,
        acts=_act_costs(case, evaluation, ranked),
        options=_option_answers(case, evaluation),
        flips=flips(case, evaluation, act, lambda name: z_scores(name, draws, seed)),
    )


def better_share(case: Scenario, evaluation: Evaluation, act: Act) -> float:
    """The chance that another choice turns out cheaper than an act by BETTER of its cost.

    Another choice ends on other chips, in another number format or under another contract, or
    keeps what runs. The same end by another stop-gap is none: who regrets that has still bought or
    rented the right thing.
    """
    end = end_of(case, act)
    others = [usd for other, usd in evaluation.acts.items() if end_of(case, other) != end]
    if not others:
        return 0.0
    return float(np.mean(np.min(others, axis=0) < evaluation.acts[act] * (1 - BETTER)))


def next_choice(case: Scenario, ranked: Sequence[Act]) -> Act | None:
    """The cheapest act that ends elsewhere than the first of a ranking; None where there is none.

    The first with another stop-gap, or without one, is no second choice.
    """
    end = end_of(case, ranked[0])
    return next((act for act in ranked[1:] if end_of(case, act) != end), None)


def next_row(case: Scenario, answer: Answer) -> ActCost | None:
    """The row of an answer's acts that it calls the next best."""
    rows = [row for row in answer.acts if row.available]
    after = next_choice(case, [act_of(row) for row in rows])
    return next((row for row in rows if act_of(row) == after), None)


def end_of(case: Scenario, act: Act) -> tuple[str, ...]:
    """On what an act ends: chip, number format and contract; an API and its contract; or today's.

    A split ends on what a part of the work waits for.
    """
    option = act.later_option or act.option
    tenure = act.later_tenure or act.tenure
    if option == TODAY:
        return (TODAY,)
    known = case.options[option]
    if isinstance(known, Option):
        return (known.accelerator, known.precision, tenure)
    return (known.api, tenure)


def ranking(evaluation: Evaluation) -> list[Act]:
    """Acts by mean cost, the cheapest first; of equal ones that which changes least.

    Keeping comes first where no act saves more than TIE of it.
    """
    acts = list(evaluation.acts)
    means = {act: float(np.mean(usd)) for act, usd in evaluation.acts.items()}
    ranked = sorted(acts, key=lambda act: (means[act], acts.index(act)))
    keep = acts[0]
    if means[keep] * (1 - TIE) <= means[ranked[0]]:
        ranked.remove(keep)
        ranked.insert(0, keep)
    return ranked


def act_of(row: Answer | ActCost) -> Act:
    """The act that an answer advises, or that one of its rows is, as the evaluation names it."""
    return Act(
        kind=row.act,  # type: ignore[arg-type]
        option=row.option,
        tenure=row.tenure,  # type: ignore[arg-type]
        later_option=row.later_option,
        later_tenure=row.later_tenure,  # type: ignore[arg-type]
    )


def cheapest_by_kind(answer: Answer) -> dict[str, Cost]:
    """What the cheapest act of each kind costs a year, the cheapest kind first."""
    found: dict[str, Cost] = {}
    for row in answer.acts:
        if row.usd_per_year is not None:
            found.setdefault(row.act, row.usd_per_year)
    return found


def named(case: Scenario, option: str) -> str:
    """An option as a reader knows it: chip and precision, the product that it waits for, an API."""
    if option == TODAY:
        if case.have.held in ("api", "nothing"):
            return "the API"
        return f"{chip(case.have.accelerator)} in {case.have.precision.upper()}"
    known = case.options[option]
    if not isinstance(known, Option):
        return f"the API ({known.api})"
    return f"{known.product or chip(known.accelerator)} in {known.precision.upper()}"


def instruction(case: Scenario, act: Act) -> str:
    """An act as an instruction, for example "Rent GB200 in FP4 for 3 years"."""
    where, later = named(case, act.option), act.later_option and named(case, act.later_option)
    if act.kind == "keep":
        return f"Keep {where}"
    if act.kind == "wait":
        return f"Keep {where} until {later} is there, then {_then(act.later_tenure)}"
    moved = _move(case, act)
    if act.kind == "bridge":
        return f"{moved}; when {later} is there, {_then(act.later_tenure)}"
    if act.kind == "meanwhile":
        ordered = Act("move", act.later_option, act.later_tenure)  # type: ignore[arg-type]
        return f"{_move(case, ordered)}; until it is delivered, {lower_first(moved)}"
    if act.kind == "split":
        return f"{moved} for a part of the work; for the rest wait for {later}"
    return moved


def _move(case: Scenario, act: Act) -> str:
    """The part of an act that is done now."""
    where = named(case, act.option)
    if act.tenure == "as held":
        return f"Serve in {case.deployment(act.option).precision.upper()} on the chips that run"
    if act.tenure == "api":
        return f"Move to {where}, paid by the token"
    if act.tenure == "own":
        return f"Buy {where}"
    return f"Rent {where} {TENURE_WORDS[act.tenure][5:]}"


def _then(tenure: str) -> str:
    return "buy that" if tenure == "own" else f"rent that {TENURE_WORDS[tenure][5:]}"


def sentence(
    case: Scenario, act: Act, ratio: Range, better_share: float, following: Act | None
) -> str:
    """The answer in plain words: what to do, what it saves, how likely another is cheaper."""
    saving = 1 - ratio.mid
    words = f"{instruction(case, act)}."
    if act.kind == "keep":
        words += " No other way to serve this work is expected to cost less."
    elif saving > NEARLY:
        span = f"{_percent(1 - ratio.high)} to {_percent(1 - ratio.low)}"
        words += f" Expect to pay {_percent(saving)} less than today ({span})."
    else:
        words += " Expect to pay about what you pay today."
    once_usd = case.budget.migration_usd
    if act.kind in ("keep", "wait") and once_usd > LARGE_MOVE * case.budget.usd_per_year:
        years = once_usd / case.budget.usd_per_year
        words += f" A move costs ${once_usd:,.0f} once, {years:.1f} times a year's budget."
    if case.credence.true_share > 0:
        words += f" The claim is taken to be true with a chance of {case.credence.true_share:.0%}."
    odds = f"{max(better_share, 0.01):.0%}" if better_share >= 0.005 else "under 1%"
    words += f" The chance that another choice turns out at least {BETTER:.0%} cheaper is {odds}."
    if following is not None:
        words += f" Next best: {lower_first(instruction(case, following))}."
    return words


def _percent(share: float) -> str:
    whole = f"{share:.0%}"
    return "0%" if whole == "-0%" else whole.replace("-", "−")


def lower_first(words: str) -> str:
    """An instruction as a part of a sentence."""
    return words[0].lower() + words[1:]


def flips(
    case: Scenario, evaluation: Evaluation, best: Act, scores: Scores, limit: int = 6
) -> list[Flip]:
    """Beliefs that alone change the choice within their P1 to P99, the nearest to the median first.

    A change of the stop-gap alone is none, as for `better_share`. Each belief is taken as known
    while all others stay as uncertain as they are; `scores` gives those behind the evaluation's
    draws.
    """
    least_usd = TIE * float(np.mean(evaluation.acts[best]))
    end = end_of(case, best)
    twins = {act for act in evaluation.acts if end_of(case, act) == end}
    points = turning_points(evaluation.acts, best, case.believe, scores, least_usd, twins)
    return [_flip(case, point) for point in points[:limit]]


def _flip(case: Scenario, point: TurningPoint) -> Flip:
    belief = case.believe[point.name]
    base_value = float(quantile(point.name, belief, point.score))
    value = base_value / factor(belief.unit or "1", unit_of(point.name))
    return Flip(
        input=point.name,
        value=float(f"{value:.4g}"),
        unit=belief.unit,
        percentile_share=float(f"{ndtr(point.score):.3g}"),
        to=instruction(case, point.act),
    )


def _act_costs(case: Scenario, evaluation: Evaluation, ranked: list[Act]) -> list[ActCost]:
    rows = []
    for act in ranked:
        usd = evaluation.acts[act]
        cost = Cost(**quantiles(usd), mean=float(np.mean(usd)))
        rows.append(
            ActCost(
                instruction=instruction(case, act),
                act=act.kind,
                option=act.option,
                tenure=act.tenure,
                later_option=act.later_option,
                later_tenure=act.later_tenure,
                available=True,
                usd_per_year=cost,
                reason="",
            )
        )
    for way in evaluation.none:
        rows.append(
            ActCost(
                instruction="",
                act="move",
                option=way.option,
                tenure=way.tenure,
                later_option="",
                later_tenure="",
                available=False,
                usd_per_year=None,
                reason=way.reason,
            )
        )
    return rows


def _option_answers(case: Scenario, evaluation: Evaluation) -> list[OptionAnswer]:
    rows = [_option_answer(case, TODAY, evaluation.columns.today, evaluation)]
    for name, columns in evaluation.columns.options.items():
        rows.append(_option_answer(case, name, columns, evaluation))
    return rows


def _option_answer(
    case: Scenario, name: str, columns: Columns, evaluation: Evaluation
) -> OptionAnswer:
    deployment = case.have if name == TODAY else case.deployment(name)
    cheapest = _cheapest_request(name, evaluation)
    mtok = convert(1.0, "usd/tok", "usd/Mtok")
    per_token = None
    if cheapest is not None:
        per_token = Range(**quantiles(cheapest / columns["output_tokens_per_request"] * mtok))
    rate = np.asarray(columns["output_tokens_per_s_per_chip"])
    megawatt = convert(1.0, "MW", "W")
    pools = float(columns.get("disaggregated_count", 0.0)) > 0
    return OptionAnswer(
        name=name,
        accelerator=deployment.accelerator,
        chips=int(columns["deployment_chips"]),
        precision=deployment.precision,
        mode="disaggregated" if pools else "aggregated",
        draft_tokens=int(columns.get("draft_count", 0)),
        output_tokens_per_s_per_chip=Range(**quantiles(rate)),
        usd_per_mtok=per_token,
        j_per_token=Range(**quantiles(columns["energy_j_per_output_token"])),
        tokens_per_s_per_mw=Range(**quantiles(rate * megawatt / columns["feed_w_per_chip"])),
    )


def _cheapest_request(name: str, evaluation: Evaluation) -> np.ndarray | None:
    """Dollars of a request of an option under its cheapest tenure that this buyer has."""
    if name == TODAY:
        return evaluation.ways.today.usd_per_request
    own = [way.usd_per_request for way in evaluation.ways.others if way.option == name]
    return min(own, key=lambda usd: float(np.mean(usd))) if own else None


def schema() -> Mapping[str, object]:
    """The JSON Schema of answer.json."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Answer.model_json_schema()}
