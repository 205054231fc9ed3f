"""Options of a scenario as columns for the laws, and what all laws say of them, draw by draw."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import ndtr

from analysis.facts import Accelerator, Model, Site, find
from analysis.laws import LAWS
from analysis.model.board_power import board_power_draws
from analysis.model.closed_loop import serve
from analysis.model.coefficients import log_sd, residual_log_sd
from analysis.model.draws import DRAWS, SEED, Scores, all_belief_draws, z_scores
from analysis.model.layouts import Infeasible
from analysis.model.operating_point import operating_point
from analysis.model.own_measurements import learn_text
from analysis.model.prices import buyer_finance, prices_paid
from analysis.model.runner import Columns, downstream, evaluate
from analysis.model.search import Deployment
from analysis.model.settings import residual_draws
from analysis.scenario import readings
from analysis.scenario.scenario import Scenario
from analysis.scenario.schema import Option
from analysis.units import convert

OPTIONS = ("baseline", "candidate")
_WEIGHT_ORDER = {"int4": 0, "fp4": 0, "fp8": 1, "bf16": 2}


def option_inputs(
    case: Scenario, option: str, beliefs: Mapping[str, np.ndarray], scores: Scores
) -> Columns:
    """What the laws read for one option: floats for facts, workload and layout, arrays for draws.

    `option` is `baseline`, `candidate` or a name of the scenario's options. `beliefs` holds an
    array for each belief; one whose name begins with `baseline_` stands for the chips of today
    alone, one with `candidate_` for all others. `scores` gives the standard-normal scores of a
    name's stream: drawn, or set one by one to ask what matters.
    """
    deployment = case.deployment(option)
    side = "candidate_"
    if option == "baseline" or deployment.accelerator == case.have.accelerator:
        side = "baseline_"
    if option == "candidate":
        side = "candidate_"
    own_beliefs = {
        name.removeprefix(side): values for name, values in beliefs.items() if name.startswith(side)
    }
    point = operating_point(case, option)
    names = (deployment.accelerator, case.model, deployment.precision, point.engine)
    return {
        **_numbers(find(Accelerator, deployment.accelerator)),
        **_numbers(find(Model, case.model)),
        **_numbers(find(Site, case.site)),
        **point.columns,
        **prices_paid(case, option),
        "horizon_s": convert(float(case.budget.horizon_months), "month", "s"),
        **beliefs,
        **buyer_finance(case, beliefs),
        **residual_draws(point.columns, residual_sizes(case, point, names), option, scores),
        **board_power_draws(scores),
        **own_beliefs,
    }


def residual_sizes(
    case: Scenario, point: Deployment, names: tuple[str, str, str, str]
) -> pd.DataFrame:
    """What is left open of a deployment: log standard deviations, a row a part of serving.

    As `residual_log_sd` gives them; where own measurements know a time better, they shrink in
    proportion. How much of it options have in common stays as judged.
    """
    sizes = residual_log_sd(*names, point.manner)
    own = learn_text(case.own_points)
    if own is None:
        return sizes
    pooled = log_sd(*names, point.manner)
    sized = {f"{name}_log_sd": size for name, size in pooled.items()}
    known = own.log_sds_of(names, point.manner, {**serve(point.columns), **sized})
    times = {"step": "tpot_s", "prefill": "tpot_s", "first": "ttft_s"}
    shares = {part: known[name] / pooled[name] for part, name in times.items()}
    return sizes.mul(pd.Series(shares), axis=0)


def option_columns(
    case: Scenario, draws: int = DRAWS, seed: int | None = SEED
) -> dict[str, Columns]:
    """What all laws say of each option: columns of floats and of arrays, an entry a draw."""
    beliefs = all_belief_draws(case, draws, seed)
    return _evaluated(case, beliefs, lambda name: z_scores(name, draws, seed))


@dataclass(frozen=True, eq=False)
class AsClaimed:
    """The headline's option as it is claimed, over what the model says of it, an entry a draw.

    `usd_ratio` is of what a request costs, `chips_ratio` of the chips that serve equal work; both
    are 1 in draws in which the claim is not taken to be true.
    """

    usd_ratio: np.ndarray
    chips_ratio: np.ndarray


@dataclass(frozen=True, eq=False)
class OptionColumns:
    """What all laws say of every option of a scenario, and why an option cannot be evaluated.

    `today` and `options` (by name) hold columns of floats and of arrays, an entry a draw, with
    shared draws, so that ratios are draw by draw. `reasons` has an entry for each option that no
    layout serves as promised. `rest` has, for options in a narrower format than today's, the same
    chips in today's: what serves the work whose quality does not survive. An option is missing
    there where its chips serve nothing in that format as promised. `as_claimed` is None where no
    chance is given to the claim.
    """

    today: Columns
    options: Mapping[str, Columns]
    reasons: Mapping[str, str]
    rest: Mapping[str, Columns]
    as_claimed: AsClaimed | None

    def floats(self) -> "OptionColumns":
        """The same without quantities that are drawn."""
        options = {name: _floats(columns) for name, columns in self.options.items()}
        rest = {name: _floats(columns) for name, columns in self.rest.items()}
        return replace(self, today=_floats(self.today), options=options, rest=rest)


def all_options(
    case: Scenario,
    beliefs: Mapping[str, np.ndarray],
    scores: Scores,
    kept: Collection[str] | None = None,
) -> OptionColumns:
    """Evaluate what a scenario has and every option that is chips; raises Infeasible for today.

    Quantities that are not among `kept` are dropped as soon as an option is evaluated: of a hundred
    and fifty arrays a decision reads two dozen.
    """

    def reduced(columns: Columns) -> Columns:
        if kept is None:
            return columns
        return {name: value for name, value in columns.items() if name in kept}

    today = evaluate(option_inputs(case, "baseline", beliefs, scores))
    options, reasons, rest = {}, {}, {}
    as_claimed = None
    for name in case.chip_options:
        place = "candidate" if name == case.headline else name
        try:
            columns = evaluate(option_inputs(case, place, beliefs, scores))
        except Infeasible as fault:
            reasons[name] = str(fault)
            continue
        if name == case.headline and case.credence.true_share > 0:
            as_claimed = _as_claimed(case, today, columns, scores)
        options[name] = reduced(columns)
        wider = _in_todays_precision(case, name, beliefs, scores)
        if wider is not None:
            rest[name] = reduced(wider)
    return OptionColumns(reduced(today), options, reasons, rest, as_claimed)


def _as_claimed(case: Scenario, today: Columns, headline: Columns, scores: Scores) -> AsClaimed:
    """The claim taken at its word in as many draws as the scenario gives it a chance.

    True means by the reading of its credence, as for `claimed_columns`.
    """
    is_true = ndtr(scores("the claim is true")) < case.credence.true_share
    claimed = claimed_columns(case, today, headline, case.credence.reading)
    usd = claimed["request_usd"] / headline["request_usd"]
    rate = "paid_tokens_per_s_per_chip"
    chips = headline[rate] / claimed[rate]
    return AsClaimed(np.where(is_true, usd, 1.0), np.where(is_true, chips, 1.0))


def headline_rest(case: Scenario, draws: int = DRAWS, seed: int | None = SEED) -> Columns | None:
    """The headline's chips in today's number format: what serves the work that needs it.

    None where all work survives the headline's format, or where the chips do not keep the promise.
    """
    beliefs = all_belief_draws(case, draws, seed)
    return _in_todays_precision(
        case, case.headline, beliefs, lambda name: z_scores(name, draws, seed)
    )


def needs_wider(case: Scenario, option: Option) -> bool:
    """Whether some traffic may not survive an option's weights.

    So it is where they are narrower than today's and than those that the model was released with.
    """
    narrower = _WEIGHT_ORDER[option.precision] < _WEIGHT_ORDER[case.have.precision]
    return narrower and not 0 < find(Model, case.model).expert_bytes_per_parameter < 1


def _in_todays_precision(
    case: Scenario, name: str, beliefs: Mapping[str, np.ndarray], scores: Scores
) -> Columns | None:
    """An option's chips in the number format that serves today; None as `headline_rest` says."""
    option = case.chip_options[name]
    if not needs_wider(case, option):
        return None
    wider = option.model_copy(update={"precision": case.have.precision})
    changed = case.model_copy(update={"options": {**case.options, name: wider}})
    place = "candidate" if name == case.headline else name
    try:
        return evaluate(option_inputs(changed, place, beliefs, scores))
    except Infeasible:
        return None


@evaluate.register(Scenario)
def _evaluate_scenario(case: Scenario, draws: int = DRAWS, seed: int | None = SEED) -> pd.DataFrame:
    return _table(case, option_columns(case, draws, seed), draws)


def _evaluated(
    case: Scenario, beliefs: Mapping[str, np.ndarray], scores: Scores
) -> dict[str, Columns]:
    return {option: evaluate(option_inputs(case, option, beliefs, scores)) for option in OPTIONS}


def _table(case: Scenario, columns: dict[str, Columns], draws: int) -> pd.DataFrame:
    """Columns of options as one table in one block of memory."""
    if case.reading != readings.MEASURED:
        baseline, candidate = (columns[option] for option in OPTIONS)
        claimed = claimed_columns(case, baseline, candidate, case.reading)
        columns = {**columns, "claimed": claimed}
    names = list(dict.fromkeys(name for option in columns.values() for name in option))
    values = np.empty((len(names), len(columns), draws))
    for place, option in enumerate(columns.values()):
        for row, name in enumerate(names):
            values[row, place] = option.get(name, np.nan)
    index = pd.MultiIndex.from_product([list(columns), range(draws)], names=["option", "draw"])
    return pd.DataFrame(values.reshape(len(names), -1).T, index=index, columns=names, copy=False)


def claimed_columns(case: Scenario, baseline: Mapping, candidate: Mapping, reading: str) -> Columns:
    """The claim taken at its word: the baseline as a reading changes it, at the price it asks.

    `baseline` and `candidate` are evaluated columns. Only laws that depend on what the reading
    changes run again.
    """
    columns = readings.at_claimed_price(baseline, candidate, reading)
    factors = readings.change(case, reading)
    repriced = [name for name, value in columns.items() if value is not baseline[name]]
    return evaluate(columns, downstream(LAWS, [*factors, *repriced]), factors)


def _floats(columns: Columns) -> Columns:
    return {name: value for name, value in columns.items() if np.ndim(value) == 0}


def _numbers(record) -> dict[str, float]:
    return {name: value for name, value in vars(record).items() if not isinstance(value, str)}
