"""What a yearly budget buys before and after a step: tokens, requests, today's dollars."""

import numpy as np
import pandas as pd

from analysis.laws import decision, products
from analysis.questions.claim import columns_by_reading, option_pair
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
    """Work per dollar of an option over the baseline, shape (draws,)."""
    old, new = draws.loc["baseline", "request_usd"], draws.loc[option, "request_usd"]
    return products.cost_gain_ratio(old.to_numpy(), new.to_numpy())


def stretch(case: Scenario, draws: pd.DataFrame, option: str = "candidate") -> pd.DataFrame:
    """The first full year of a budget, a row a draw.

    Columns are the steps of STEPS from gain to stretch, then `effective_usd`, `requests` and
    `output_tokens`. `effective_usd` is what today's chips would have to be paid to do the same
    work. The buyer moves what can be moved, whatever it brings: one who may stay has at least his
    budget.
    """
    return stretch_of_gain(case, draws.loc["baseline"], gain_ratio(draws, option))


def stretch_of_gain(case: Scenario, baseline: pd.DataFrame, gain_ratio: np.ndarray) -> pd.DataFrame:
    """The same for a given gain in work per dollar, a value a draw; `baseline` is its rows."""
    budget = case.budget
    share = baseline["eligible_share"].to_numpy()
    moved = products.eligible_ratio(gain_ratio, share)
    busy = moved * baseline["first_year_ratio"].to_numpy()
    dual_years = budget.dual_months / YEAR_MONTHS
    left_usd = products.spendable_usd(
        budget.usd_per_year, budget.migration_usd, dual_years, budget.usd_per_year, share
    )
    effective_usd = np.maximum(left_usd, 0) * busy
    requests = effective_usd / baseline["request_usd"].to_numpy()
    return pd.DataFrame(
        {
            "gain_ratio": gain_ratio,
            "moved_ratio": moved,
            "busy_ratio": busy,
            "stretch_ratio": effective_usd / budget.usd_per_year,
            "effective_usd": effective_usd,
            "requests": requests,
            "output_tokens": requests * case.workload.output_tokens,
        }
    )


def required_gain_ratio(case: Scenario, draws: pd.DataFrame, target_ratio: float) -> np.ndarray:
    """Work per dollar, new over old, with which the budget does `target_ratio` times the work.

    Shape (draws,). Infinite where traffic that cannot move, the first year's load and the move
    itself leave no gain that would do.
    """
    baseline = draws.loc["baseline"]
    share = baseline["eligible_share"].to_numpy()
    no_gain = stretch_of_gain(case, baseline, np.ones(len(baseline)))["stretch_ratio"].to_numpy()
    # The stretch is no_gain times 1 / (1 - share + share / gain); solved for the gain.
    left = no_gain / target_ratio - (1 - share)
    return np.divide(share, left, out=np.full(len(share), np.inf), where=left > 0)


def by_reading(case: Scenario, draws: pd.DataFrame) -> pd.DataFrame:
    """The stretched budget as measured and under each reading of the claim, a row each.

    Columns are reading, title, low, mid and high (80% range of effective dollars), and
    `before_frictions`: the median gain times the budget.
    """
    base, candidate = option_pair(draws)
    rows = []
    for name, columns in columns_by_reading(case, base, candidate).items():
        gain = products.cost_gain_ratio(base["request_usd"], columns["request_usd"])
        stretched = stretch_of_gain(case, draws.loc["baseline"], gain)
        rows.append(
            {
                "reading": name,
                "title": readings.title(name),
                **quantiles(stretched["effective_usd"]),
                "before_frictions": float(np.median(gain)) * case.budget.usd_per_year,
            }
        )
    return pd.DataFrame(rows)


def over_time(
    case: Scenario, draws: pd.DataFrame, arrival_months: np.ndarray, option: str = "candidate"
) -> pd.DataFrame:
    """A budget spent month by month on a fleet that mixes old and new, a row a month.

    Columns are month, low, mid and high (80% range of cumulative effective dollars) and `today`,
    what is spent. `arrival_months` says, a draw each, when the new chips first work for this buyer
    (infinite for never). Tokens move over `decision.ramp_months`; the load factor of a new fleet
    settles a year after it came.
    """
    count, budget = len(arrival_months), case.budget
    baseline = draws.loc["baseline"][:count]
    gain = gain_ratio(draws, option)[:count, None]
    share = baseline["eligible_share"].to_numpy()[:, None]
    first_year = baseline["first_year_ratio"].to_numpy()[:, None]
    month, arrival = np.arange(budget.horizon_months) + 0.5, arrival_months[:, None]
    since = month - arrival
    ramp = decision.migrated_share(month, arrival, case.decision.ramp_months)
    lost_load = np.where(since < YEAR_MONTHS, 1 - first_year, 0.0)
    monthly_usd = budget.usd_per_year / YEAR_MONTHS
    in_first_month = (since >= 0) & (since < 1)
    move_usd = budget.migration_usd + budget.dual_months * monthly_usd * share
    left_usd = monthly_usd - move_usd * in_first_month
    work_usd = left_usd * products.eligible_ratio(gain, share * ramp) * (1 - ramp * lost_load)
    low, mid, high = np.quantile(np.cumsum(work_usd, axis=1), [0.1, 0.5, 0.9], axis=0)
    end = month + 0.5
    return pd.DataFrame(
        {"month": end, "low": low, "mid": mid, "high": high, "today": monthly_usd * end}
    )


def demand(case: Scenario, draws: pd.DataFrame, option: str = "candidate") -> pd.DataFrame:
    """How the market answers, a row a draw: price, tokens and spending, after over before."""
    baseline = draws.loc["baseline"]
    passed, elasticity = baseline["passed_elasticity"], baseline["demand_elasticity"]
    price_ratio = products.price_ratio(1 / gain_ratio(draws, option), passed.to_numpy())
    tokens_ratio = products.demand_ratio(price_ratio, elasticity.to_numpy())
    spend_ratio = products.spend_ratio(price_ratio, tokens_ratio)
    return pd.DataFrame(
        {"price_ratio": price_ratio, "tokens_ratio": tokens_ratio, "spend_ratio": spend_ratio}
    )
