"""The decision: every act that a buyer has, what each costs a year, and which to choose."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from analysis.model.draws import DRAWS, SEED, Scores, all_belief_draws, beliefs_at, z_scores
from analysis.model.options import OptionColumns, all_options
from analysis.questions import dates, fleet
from analysis.questions.acts import (
    AT_ONCE,
    SHORT,
    Act,
    Plan,
    Way,
    awaited_cost,
    keep_cost,
    ordered_cost,
    usd_per_year,
)
from analysis.questions.launches import months_between
from analysis.questions.ways import READ, TODAY, NoWay, Ways, ways
from analysis.scenario.scenario import Scenario


@dataclass(frozen=True)
class FirstSteps:
    """What acts of two steps begin with: option and tenure; None where no move beats keeping."""

    split: tuple[str, str] | None
    bridge: tuple[str, str] | None
    meanwhile: tuple[str, str] | None


@dataclass(frozen=True, eq=False)
class Evaluation:
    """All acts of a scenario at given draws: what each costs a year, shape (draws,) each.

    `acts` is in a fixed order that begins with keeping, or with the way of somebody who has
    nothing. `none` are the ways that this buyer does not have, `columns` the evaluated options,
    `start_months` when those that are not on sale yet can be had, `plan` the work and the money.
    """

    acts: Mapping[Act, np.ndarray]
    none: tuple[NoWay, ...]
    ways: Ways
    plan: Plan
    columns: OptionColumns
    start_months: Mapping[str, np.ndarray]
    first_steps: FirstSteps


def evaluate_acts(
    case: Scenario,
    beliefs: Mapping[str, np.ndarray],
    scores: Scores,
    base: Evaluation | None = None,
    of_acts: bool = False,
) -> Evaluation:
    """What every act costs a year at these draws; `scores` gives those behind the beliefs.

    Products that are not on sale yet come when their forecasts say, the work is what the budget
    buys, and bridges and splits begin with the cheapest steps; with a `base` the products come at
    the medians behind it, and work and first steps are those of the base. Where only
    `of_acts` is asked, the options' columns keep their floats alone: their arrays are most of the
    memory of an evaluation.
    """
    columns = all_options(case, beliefs, scores, READ if of_acts else None)
    if base is None:
        starts = arrival_months(case, beliefs)
        found = ways(case, columns, beliefs, starts)
        first_steps = None
    else:
        count = len(beliefs["delivery_months"])
        starts = {
            name: np.full(count, np.quantile(months, 0.5, method="inverted_cdf"))
            for name, months in base.start_months.items()
        }
        work = float(base.ways.requests_per_month[0])
        found = ways(case, columns, beliefs, starts, work)
        first_steps = base.first_steps
    if of_acts:
        columns = columns.floats()
    agreed = plan(case, found)
    costs, steps = _costs(found, agreed, starts, first_steps)
    return Evaluation(costs, found.none, found, agreed, columns, starts, steps)


def drawn(
    case: Scenario,
    draws: int = DRAWS,
    seed: int | None = SEED,
    of_acts: bool = False,
) -> Evaluation:
    """The same with everything uncertain drawn."""
    beliefs = all_belief_draws(case, draws, seed)
    scores = partial(z_scores, draws=draws, seed=seed)
    return evaluate_acts(case, beliefs, scores, of_acts=of_acts)


def at_scores(case: Scenario, scores: Scores, base: Evaluation) -> Evaluation:
    """The acts of an evaluation at other scores of everything uncertain, for the same work."""
    return evaluate_acts(case, beliefs_at(case, scores), scores, base, of_acts=True)


def arrival_months(case: Scenario, beliefs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Months until each option that waits for a product can be had by anybody, a value a draw."""
    return {
        name: _start_months(case, option.product, beliefs)
        for name, option in case.chip_options.items()
        if option.product is not None
    }


def _start_months(case: Scenario, product: str, beliefs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Months until a product can be had by anybody, a value a draw; infinite for never."""
    forecast = dates.forecast(dates.with_rollout(case, product=product))
    count = len(beliefs["delivery_months"])
    without_delivery = {**beliefs, "delivery_months": np.zeros(count)}
    return fleet.arrivals(case, forecast, pd.DataFrame(without_delivery), count)


def plan(case: Scenario, found: Ways) -> Plan:
    """The work and the money that all acts of a scenario share."""
    months = np.arange(case.budget.horizon_months)
    rate = np.log1p(case.decision.discount_share_per_year) / 12
    committed = 0.0
    if case.have.until is not None:
        committed = max(months_between(case.as_of, case.have.until), 0.0)
    return Plan(
        requests_per_month=found.requests_per_month,
        ramp_months=case.decision.ramp_months,
        dual_months=case.budget.dual_months,
        committed_months=committed,
        patience_months=case.decision.patience_months,
        hedge_share=case.decision.hedge_share,
        discount=np.exp(-rate * months),
    )


def monthly_usd(found: Ways, plan: Plan, act: Act) -> np.ndarray:
    """What an act costs month by month, in dollars, shape (draws, months).

    Raises KeyError where the act names a way that this buyer does not have.
    """
    return _Months(found, plan).of(act)


class _Months:
    """What acts cost month by month; keeping and first steps, which acts share, are found once."""

    def __init__(self, found: Ways, plan: Plan):
        self.found, self.plan = found, plan
        self.kept = keep_cost(found.today, plan)
        self._first_steps: dict[tuple[str, str], np.ndarray] = {}

    def of(self, act: Act) -> np.ndarray:
        """Dollars of an act, shape (draws, months), as `monthly_usd` gives them."""
        if act.kind == "keep":
            return self.kept
        if act.kind not in ("wait", "bridge", "meanwhile", "split"):
            return self._moved(act.option, act.tenure)
        later = self.found.of(act.later_option, act.later_tenure)
        if act.kind == "wait":
            return awaited_cost(self.kept, later, self.plan)
        first_usd = self._first_step(act.option, act.tenure)
        if act.kind == "bridge":
            return awaited_cost(first_usd, later, self.plan)
        if act.kind == "meanwhile":
            return ordered_cost(first_usd, later, self.plan)
        waits = awaited_cost(self.kept, later, self.plan)
        return self.plan.hedge_share * first_usd + (1 - self.plan.hedge_share) * waits

    def _first_step(self, option: str, tenure: str) -> np.ndarray:
        step = (option, tenure)
        if step not in self._first_steps:
            self._first_steps[step] = self._moved(option, tenure)
        return self._first_steps[step]

    def _moved(self, option: str, tenure: str) -> np.ndarray:
        way = self.found.of(option, tenure)
        return ordered_cost(self.kept, way, self.plan)


def _costs(
    found: Ways,
    plan: Plan,
    start_months: Mapping[str, np.ndarray],
    first_steps: FirstSteps | None,
) -> tuple[dict[Act, np.ndarray], FirstSteps]:
    """Dollars a year of every act: keep, then moves, then acts that end on what is yet to come."""
    today = found.today
    costs: dict[Act, np.ndarray] = {}
    monthly = _Months(found, plan)

    def add(act: Act) -> None:
        costs[act] = usd_per_year(monthly.of(act), plan)

    add(Act("keep", TODAY, today.tenure))
    now = [way for way in found.others if way.option not in start_months]
    for way in now:
        add(_act_now(way))
    steps = first_steps or _cheapest_steps(costs, now)
    for way in found.others:
        if way.option not in start_months:
            is_delivered = bool(np.median(way.start_months) > 0)
            if steps.meanwhile is not None and is_delivered:
                add(Act("meanwhile", *steps.meanwhile, way.option, way.tenure))  # type: ignore[arg-type]
            continue
        add(Act("wait", TODAY, today.tenure, way.option, way.tenure))
        if steps.bridge is not None:
            add(Act("bridge", *steps.bridge, way.option, way.tenure))  # type: ignore[arg-type]
        if steps.split is not None:
            add(Act("split", *steps.split, way.option, way.tenure))  # type: ignore[arg-type]
    return costs, steps


def _act_now(way: Way) -> Act:
    on_chips_that_run = way.tenure == "as held"
    return Act("serve better" if on_chips_that_run else "move", way.option, way.tenure)


def _cheapest_steps(costs: Mapping[Act, np.ndarray], now: list[Way]) -> FirstSteps:
    return FirstSteps(
        split=_cheapest(costs, now),
        bridge=_cheapest(costs, [way for way in now if way.tenure in SHORT]),
        meanwhile=_cheapest(costs, [way for way in now if way.tenure in AT_ONCE]),
    )


def _cheapest(costs: Mapping[Act, np.ndarray], now: list[Way]) -> tuple[str, str] | None:
    """The cheapest move among these; None where none beats keeping."""
    keep = float(np.mean(next(iter(costs.values()))))
    means = {(way.option, way.tenure): float(np.mean(costs[_act_now(way)])) for way in now}
    cheaper = {name: mean for name, mean in means.items() if mean < keep}
    return min(cheaper, key=lambda name: cheaper[name]) if cheaper else None
