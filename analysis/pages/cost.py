"""The cost page: what a token costs, what a budget becomes, which products pay, and how sure it is.

One function a cell of notebooks/cost.ipynb, in its order; those on the budget, prices, products,
doubt, power and inputs stand in modules of their own.
"""

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from analysis.pages.charts import cost as charts
from analysis.pages.cost_budget import (
    budget_by_reading,
    budget_steps,
    headline_needs,
    headline_usd,
    over_time,
)
from analysis.pages.cost_doubt import doubt, sobol, swings, tornado
from analysis.pages.cost_prices import break_even, prices, published, rents, tenures
from analysis.pages.cost_products import demand, margins, products, thresholds, viability
from analysis.pages.decision import acts, acts_chart, answer, flips, knowing, no_acts, with_answer
from analysis.pages.energy import scarce, sites
from analysis.pages.inputs import differences, sources_table
from analysis.pages.numbers import interval, musd, number, shown, text
from analysis.pages.outputs import (
    Output,
    say,
    takeaway,
    takeaway_row,
    takeaway_rows,
)
from analysis.pages.verdicts import headline_option
from analysis.pages.words import option_words, worded
from analysis.questions import budget, power
from analysis.questions import cost as cost_questions
from analysis.scenario.scenario import Scenario

__all__ = [
    "acts",
    "acts_chart",
    "answer",
    "before_after",
    "break_even",
    "budget_by_reading",
    "budget_steps",
    "demand",
    "differences",
    "doubt",
    "flips",
    "headline_needs",
    "in_short",
    "knowing",
    "margins",
    "money",
    "no_acts",
    "numbers",
    "over_time",
    "prices",
    "products",
    "published",
    "rents",
    "scarce",
    "sites",
    "sobol",
    "sources_table",
    "stack",
    "stack_words",
    "swings",
    "tenures",
    "thresholds",
    "tokens",
    "tornado",
    "viability",
]
TOKEN_UNIT = "usd/Mtok"


def in_short(case: Scenario, draws: pd.DataFrame) -> Output:
    """What the budget buys in its first year on the new chips, in dollars of today's work."""
    option = headline_option(draws)
    spent = case.budget.usd_per_year
    claimed_usd = headline_usd(case)
    stretched = budget.stretch(case, draws, option)
    value = interval(stretched["effective_usd"], "usd", "Musd")
    lead = "With the claim taken at its word, a" if option == "claimed" else "A"
    words = (
        f"{lead} first year's {musd(spent)} on {option_words(case, 'candidate')}, the move paid "
        f"for, buys the work that {{value.mid}} ({{value.range}}) buys on "
        f"{option_words(case, 'baseline')} today"
    )
    words += f"; the headline would make it {musd(claimed_usd)}." if claimed_usd else "."
    if case.budget.scarce == "megawatts":
        limits = power.tokens_by_limit(draws, option).set_index("limit")
        per_watt = text(limits.loc["megawatts", "mid"], "ratio")
        words += f" Power, which is short here, serves {per_watt} the tokens a megawatt."
    return with_answer(case, say(words, value=value))


def money(case: Scenario, draws: pd.DataFrame) -> Output:
    """What the options are called on this page, and which dollars it counts in."""
    words = "Here the **baseline** is {old} and the **candidate** {new}"
    if headline_option(draws) == "claimed":
        words += (
            "; **claimed** is the baseline made faster as the claim says, at the candidate's price"
        )
    words += ". All money is in nominal United States dollars of {year}."
    return say(
        words,
        old=option_words(case, "baseline"),
        new=option_words(case, "candidate"),
        year=case.as_of.year,
    )


def stack(draws: pd.DataFrame) -> alt.Chart:
    """What an owned chip costs in an hour, by what the money goes to."""
    return charts.stack(cost_questions.stack(draws))


def stack_words(draws: pd.DataFrame) -> Output:
    """The total of a chip-hour for each option, and the lines that are most of it."""
    parts = []
    for option, lines in cost_questions.stack(draws).groupby("option", sort=False):
        costs = lines.set_index("line")["usd_per_chip_hour"].sort_values(ascending=False)
        shares = costs / costs.sum()
        energy = shares.reindex(["electricity", "demand"]).sum()
        first, second = shares.index[:2]
        parts.append(
            f"**{option}** {number(costs.sum())} dollars, of which {first} {shares[first]:.0%}, "
            f"{second} {shares[second]:.0%}, energy {energy:.0%}"
        )
    listed = "; ".join(parts)
    return Output(f"An owned chip-hour costs, on average over the draws: {listed}.")


def tokens(draws: pd.DataFrame) -> alt.FacetChart:
    """What each kind of token costs to make, for each option."""
    return charts.tokens(token_costs(draws))


def token_costs(draws: pd.DataFrame) -> pd.DataFrame:
    """Dollars per million tokens by kind and option: median and 80% range."""
    kinds = worded("token")
    rows = pd.DataFrame(takeaway_rows(draws, dict.fromkeys(kinds, TOKEN_UNIT)))
    return rows.assign(kind=rows["quantity"].map(kinds))


def before_after(case: Scenario, draws: pd.DataFrame) -> dict[str, Any]:
    """The cost of a request before and after, and in how many draws it falls."""
    option = headline_option(draws)
    gain = budget.gain_ratio(draws, option)
    better = float(np.mean(gain > 1))
    often = "every draw" if better == 1 else f"{min(better, 0.99):.0%} of the draws"
    return {
        "old": shown(draws, "request_usd", "usd", "baseline").mid,
        "new": shown(draws, "request_usd", "usd", option).mid,
        "before": option_words(case, "baseline"),
        "after": option_words(case, option),
        "ratio": interval(gain, "", "ratio"),
        "often": often,
    }


def numbers(case: Scenario, draws: pd.DataFrame) -> Output:
    """The table to take away: chip-hours, tokens and requests for each option, and the budget."""
    units = {"usd_per_s_per_chip": "usd/hour/gpu"}
    units |= dict.fromkeys(worded("token"), TOKEN_UNIT)
    units["request_usd"] = "usd"
    rows = takeaway_rows(draws, units)
    _, *others = draws.index.unique(0)  # the first is the baseline, which the others are held to
    for option in others:
        stretched = budget.stretch(case, draws, option)
        for quantity, unit in (("effective_usd", "usd"), ("stretch_ratio", "1")):
            ends = interval(stretched[quantity]).ends
            rows.append(takeaway_row(quantity, option, unit, ends))
    return takeaway(rows)
