"""An act against keeping, month by month: the bill, what is saved so far, when it has paid back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.questions.act_costs import Evaluation, monthly_usd
from analysis.questions.acts import Act, Plan, Way, keep_cost, present_usd
from analysis.questions.ways import Ways
from analysis.scenario.schema import quantiles

# From the price of a request to the whole act: the fields of ways and plan that each step adds.
FRICTIONS: dict[str, tuple[str, ...]] = {
    "price": (),
    "stays": ("movable_share",),
    "first_year": ("first_year_ratio",),
    "drift": ("drift_per_month",),
    "arrival": ("start_months", "ramp_months"),
    "move": ("once_usd", "dual_months", "committed_months"),
}


@dataclass(frozen=True, eq=False)
class Cash:
    """Dollars by month of keeping and of an act for the same work, shape (draws, months) each.

    What is bought enters as the level payment that repays it, as in every cost of an act.
    """

    kept_usd: np.ndarray
    act_usd: np.ndarray

    @property
    def saved_usd(self) -> np.ndarray:
        """What the act has saved by the end of each month, not discounted."""
        return np.cumsum(self.kept_usd - self.act_usd, axis=1)


def cash(evaluation: Evaluation, act: Act) -> Cash:
    """The months of an act beside those of keeping."""
    found, plan = evaluation.ways, evaluation.plan
    return Cash(keep_cost(found.today, plan), monthly_usd(found, plan, act))


def by_month(months: Cash) -> pd.DataFrame:
    """The bill and what is saved so far, a row a month.

    Columns are month (the first is 1), `kept` (median bill of keeping), low, mid and high of the
    act's bill, and the same three of the saving so far with `saved_` before them; dollars.
    """
    rows = pd.DataFrame({"month": np.arange(1, months.kept_usd.shape[1] + 1)})
    rows["kept"] = np.median(months.kept_usd, axis=0)
    bills = np.quantile(months.act_usd, [0.1, 0.5, 0.9], axis=0)
    saved = np.quantile(months.saved_usd, [0.1, 0.5, 0.9], axis=0)
    for name, bill, so_far in zip(("low", "mid", "high"), bills, saved, strict=True):
        rows[name] = bill
        rows[f"saved_{name}"] = so_far
    return rows


def payback_months(months: Cash) -> np.ndarray:
    """Months until what is saved has repaid what the move costs, and stays so, shape (draws,).

    Infinite where it has not by the end of the horizon, 0 where nothing was ever spent.
    """
    behind = months.saved_usd < 0
    last = behind.shape[1] - behind[:, ::-1].argmax(axis=1)  # the last month that ends behind
    paid = np.where(behind.any(axis=1), last + 1.0, 0.0)
    return np.where(behind[:, -1], np.inf, paid)


def budget_steps(evaluation: Evaluation, act: Act) -> pd.DataFrame:
    """Work for the same money under an act, over keeping, friction by friction; a row a step.

    Columns are step (a name of FRICTIONS), low, mid and high. The first step has the price of a
    request alone and the last the whole act: there it is the inverse of the act's cost over
    keeping.
    """
    rows = []
    switched_on: list[str] = []
    for step, fields in FRICTIONS.items():
        switched_on += fields
        found = _with_frictions(evaluation.ways, switched_on)
        plan = _plan_with_frictions(evaluation.plan, switched_on)
        kept = present_usd(keep_cost(found.today, plan), plan)
        ratio = kept / present_usd(monthly_usd(found, plan, act), plan)
        rows.append({"step": step, **quantiles(ratio)})
    return pd.DataFrame(rows)


def _with_frictions(found: Ways, fields: Sequence[str]) -> Ways:
    """The ways with these frictions alone."""
    others = tuple(_way_with_frictions(way, fields) for way in found.others)
    return replace(found, today=_way_with_frictions(found.today, fields), others=others)


def _way_with_frictions(way: Way, fields: Sequence[str]) -> Way:
    ones = np.ones_like(way.usd_per_request)
    without = {
        "movable_share": ones,
        "first_year_ratio": ones,
        "drift_per_month": ones,
        "start_months": 0 * ones,
        "once_usd": 0 * ones,
    }
    off: dict[str, Any] = {name: value for name, value in without.items() if name not in fields}
    return replace(way, **off)


def _plan_with_frictions(plan: Plan, fields: Sequence[str]) -> Plan:
    without = {"ramp_months": 0.0, "dual_months": 0.0, "committed_months": 0.0}
    off: dict[str, Any] = {name: value for name, value in without.items() if name not in fields}
    return replace(plan, **off)
