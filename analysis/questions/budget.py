"""What a yearly budget buys before and after a step, and which products pay: tokens, requests,
today's dollars.
"""

import numpy as np
import pandas as pd

from analysis import model
from analysis.laws import decision, products
from analysis.questions.claim import columns_by_reading
from analysis.scenario import readings
from analysis.scenario.scenario import Scenario
from analysis.scenario.schema import quantiles

YEAR_MONTHS = 12
STEPS = {  # from what the chips give to what a budget gets, in the order in which it shrinks
    "gain_ratio": "tokens per dollar, prices of chips included",
    "moved_ratio": "with the traffic that can move",
    "busy_ratio": "with the first year's load factor",
    "stretch_ratio": "after migration and dual running",
}


def gain_ratio(draws: pd.DataFrame, option: str) -> np.ndarray:
    """Work per dollar of an option over the baseline, a value a draw."""
    return products.cost_gain_ratio(
        *(draws.loc[name]["request_usd"].to_numpy() for name in ("baseline", option))
    )


def stretch(case: Scenario, draws: pd.DataFrame, option: str = "candidate") -> pd.DataFrame:
    """The first full year of a budget, a row a draw: each step from gain to stretch, then dollars,
    tokens, requests.

    The buyer moves what can be moved, whatever it brings: one who may stay has at least his budget.
    `effective_usd` is what today's chips would have to be paid to do the same work: the "$36
    million" of an article.
    """
    return stretch_of_gain(case, draws.loc["baseline"], gain_ratio(draws, option))


def stretch_of_gain(case: Scenario, before: pd.DataFrame, gain_ratio: np.ndarray) -> pd.DataFrame:
    """The same for a given gain in work per dollar, a value a draw."""
    plan = case.budget
    share = before["eligible_share"].to_numpy()
    moved = products.eligible_ratio(gain_ratio, share)
    busy = moved * before["first_year_ratio"].to_numpy()
    dual = plan.dual_months / YEAR_MONTHS  # in years, as the budget is a year's
    left = products.spendable_usd(
        plan.usd_per_year, plan.migration_usd, dual, plan.usd_per_year, share
    )
    effective = np.maximum(left, 0) * busy
    requests = effective / before["request_usd"].to_numpy()
    return pd.DataFrame(
        {
            "gain_ratio": gain_ratio,
            "moved_ratio": moved,
            "busy_ratio": busy,
            "stretch_ratio": effective / plan.usd_per_year,
            "effective_usd": effective,
            "requests": requests,
            "output_tokens": requests * case.workload.output_tokens,
        }
    )


def required_gain_ratio(case: Scenario, draws: pd.DataFrame, target_ratio: float) -> np.ndarray:
    """Tokens per dollar, new over old, with which the budget does `target_ratio` times the work, a
    value a draw.

    Infinite where traffic that cannot move, the first year's load and the move itself leave no gain
    that would do.
    """
    before = draws.loc["baseline"]
    share = before["eligible_share"].to_numpy()
    spared = stretch_of_gain(case, before, np.ones(len(before)))[
        "stretch_ratio"
    ].to_numpy() / target_ratio - (1 - share)
    return np.divide(share, spared, out=np.full(len(share), np.inf), where=spared > 0)


def by_reading(case: Scenario, draws: pd.DataFrame) -> pd.DataFrame:
    """The stretched budget under each reading of the claim and as measured: 80% range of effective
    dollars.
    """
    before, rows = draws.loc["baseline"], []
    columns = [model.columns_of(draws.loc[option]) for option in ("baseline", "candidate")]
    for name, told in columns_by_reading(case, *columns).items():
        ratio = products.cost_gain_ratio(columns[0]["request_usd"], told["request_usd"])
        plain = float(np.median(ratio)) * case.budget.usd_per_year
        told = {"reading": name, "title": readings.title(name)}
        rows.append(
            {
                **told,
                **quantiles(stretch_of_gain(case, before, ratio)["effective_usd"]),
                "before_frictions": plain,
            }
        )
    return pd.DataFrame(rows)


def over_time(
    case: Scenario, draws: pd.DataFrame, arrival_months: np.ndarray, option: str = "candidate"
) -> pd.DataFrame:
    """A budget spent month by month on a fleet that mixes old and new: cumulative effective
    dollars, a row a month.

    `arrival_months` says, a draw each, when the new chips first work for this buyer (infinite for
    never). Tokens move over `decision.ramp_months`; the load factor of a new fleet settles a year
    after it came. 80% range.
    """
    count = len(arrival_months)
    before, ratio = draws.loc["baseline"][:count], gain_ratio(draws, option)[:count, None]
    month = np.arange(case.budget.horizon_months) + 0.5
    since = month - arrival_months[:, None]
    settling = np.where(
        since < YEAR_MONTHS, 1 - before["first_year_ratio"].to_numpy()[:, None], 0.0
    )
    ramp = decision.migrated_share(month, arrival_months[:, None], case.decision.ramp_months)
    share = before["eligible_share"].to_numpy()[:, None]
    spent = case.budget.usd_per_year / YEAR_MONTHS
    once = (case.budget.migration_usd + case.budget.dual_months * spent * share) * (
        (since >= 0) & (since < 1)
    )
    bought = np.cumsum(
        (spent - once) * products.eligible_ratio(ratio, share * ramp) * (1 - ramp * settling),
        axis=1,
    )
    low, mid, high = np.quantile(bought, [0.1, 0.5, 0.9], axis=0)
    return pd.DataFrame(
        {"month": month + 0.5, "low": low, "mid": mid, "high": high, "today": spent * (month + 0.5)}
    )


def demand(case: Scenario, draws: pd.DataFrame, option: str = "candidate") -> pd.DataFrame:
    """How the market answers, a draw each: price, tokens and spending, after over before."""
    belief = draws.loc["baseline"]
    cost_ratio = 1 / gain_ratio(draws, option)
    price_ratio = products.price_ratio(cost_ratio, belief["passed_elasticity"].to_numpy())
    tokens = products.demand_ratio(price_ratio, belief["demand_elasticity"].to_numpy())
    spend = products.spend_ratio(price_ratio, tokens)
    return pd.DataFrame({"price_ratio": price_ratio, "tokens_ratio": tokens, "spend_ratio": spend})
