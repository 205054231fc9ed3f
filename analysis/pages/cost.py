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
    headline_needs,
    headline_steps,
    headline_usd,
    over_time,
)
from analysis.pages.cost_cash import (
    bill,
    budget_multiplier,
    budget_steps,
    conditions,
    move,
    payback,
    payback_words,
    saving,
)
from analysis.pages.cost_doubt import doubt, flips_chart, sobol, swings, turning_points
from analysis.pages.cost_options import (
    cost_today_and_then,
    options,
    options_words,
    shift,
    way_words,
)
from analysis.pages.cost_prices import break_even, prices, published, rents
from analysis.pages.cost_products import (
    demand,
    losses,
    margins,
    products,
    products_chart,
    viability,
)
from analysis.pages.cost_what_if import what_if
from analysis.pages.decision import acts, answer, no_acts, with_answer
from analysis.pages.energy import scarce, sites
from analysis.pages.inputs import differences, sources_table
from analysis.pages.numbers import Shown, interval, musd, number, shown, text
from analysis.pages.outputs import (
    Output,
    say,
    table,
    takeaway,
    takeaway_row,
    takeaway_rows,
)
from analysis.pages.verdicts import headline_option
from analysis.pages.words import option_words, plain, worded
from analysis.questions import budget, cash
from analysis.questions import cost as cost_questions
from analysis.questions.answer import decide, evaluated, named
from analysis.questions.over_today import over_today
from analysis.scenario.scenario import Scenario
from analysis.units import convert

__all__ = [
    "acts",
    "answer",
    "before_after",
    "bill",
    "break_even",
    "budget_by_reading",
    "budget_steps",
    "budget_words",
    "conditions",
    "demand",
    "differences",
    "doubt",
    "flips_chart",
    "headline_needs",
    "headline_steps",
    "in_short",
    "losses",
    "margins",
    "money",
    "move",
    "no_acts",
    "numbers",
    "options",
    "options_words",
    "over_time",
    "payback",
    "prices",
    "products",
    "products_chart",
    "published",
    "rents",
    "saving",
    "scarce",
    "sites",
    "sobol",
    "sources_table",
    "stack",
    "stack_words",
    "swings",
    "tokens",
    "turning_points",
    "viability",
    "what_if",
]
TOKEN_UNIT = "usd/Mtok"


def in_short(case: Scenario) -> Output:
    """The price of a token, what the budget becomes and when the move has paid back."""
    followed, times = shift(case), budget_multiplier(case)
    today, then = cost_today_and_then(case)
    if followed is None or times is None:
        return with_answer(case, say("A million output tokens cost {today} today.", today=today))
    where = plain(way_words(case, *followed.end))
    spent = convert(case.budget.usd_per_year, "usd", "Musd")
    low, mid, high = (spent * end for end in times.ends)
    worth = Shown((low, mid, high), "Musd")
    span = "" if worth.low == worth.high else f" ({worth.range})"
    sentences = [
        f"With it, a million output tokens cost **{then.mid}** ({where}); today they cost "
        f"**{today.mid}**.",
        f"For {musd(case.budget.usd_per_year)} a year the act does the work that takes "
        f"**{worth.mid}** today{span}.",
        payback_words(case),
    ]
    if not followed.advised:
        sentences.insert(0, "The advice is to keep what runs; this is the next best act.")
    if case.budget.scarce == "megawatts":
        sentences += _per_megawatt(case, followed.end[0])
    return with_answer(case, Output(" ".join(sentences)))


def _per_megawatt(case: Scenario, option: str) -> list[str]:
    """What a megawatt serves under an option, over today; nothing for an API, which needs none."""
    if option not in {row.name for row in decide(case).options}:
        return []
    times = text(over_today(evaluated(case), option, "tokens_per_s_per_mw"), "ratio")
    where = plain(named(case, option))
    return [f"Power is short here: {where} serves {times} the tokens a megawatt."]


def budget_words(case: Scenario) -> Output:
    """What the price of a token makes of the budget, what the act leaves, and the headline."""
    followed, times = shift(case), budget_multiplier(case)
    if followed is None or times is None:
        return Output("Nothing else can be done with the budget here.")
    spent = case.budget.usd_per_year
    millions = convert(spent, "usd", "Musd")
    alone = millions * cash.budget_steps(evaluated(case), followed.act)["mid"].iloc[0]
    words = (
        f"The price of a token alone makes {musd(spent)} worth {text(alone, 'Musd')}. "
        f"All frictions together leave {text(times.ends[1] * millions, 'Musd')}."
    )
    claimed_usd = headline_usd(case)
    if claimed_usd:
        words += f" The headline of the claim would make it {musd(claimed_usd)}."
    return Output(words)


def money(case: Scenario, draws: pd.DataFrame) -> Output:
    """What the options are called on this page, and which dollars it counts in."""
    names = "baseline and candidate"
    words = "Here **today** is {old} and the **headline's option** {new}."
    if headline_option(draws) == "claimed":
        words += (
            " **As claimed** is today made faster as the claim says, at the price of the "
            "headline's option."
        )
        names = "baseline, candidate and claimed"
    words += " Tables to take away call them {names}."
    words += " All money is in nominal United States dollars of {year}."
    return say(
        words,
        old=option_words(case, "baseline"),
        new=option_words(case, "candidate"),
        names=names,
        year=case.as_of.year,
    )


def stack(draws: pd.DataFrame) -> alt.Chart:
    """What an owned chip costs in an hour, by what the money goes to."""
    return charts.stack(cost_questions.stack(draws))


def stack_words(draws: pd.DataFrame) -> Output:
    """The total of a chip-hour for each option, and the lines that are most of it: a table."""
    rows = []
    for option, lines in cost_questions.stack(draws).groupby("option", sort=False):
        costs = lines.set_index("line")["usd_per_chip_hour"].sort_values(ascending=False)
        shares = costs / costs.sum()
        energy = shares.reindex(["electricity", "demand"]).sum()
        largest = [f"{line} {shares[line]:.0%}" for line in shares.index[:2]]
        name = worded("option")[option]
        rows.append([name, f"${number(costs.sum())}", *largest, f"{energy:.0%}"])
    heads = ["Option", "an owned chip-hour, mean", "largest line", "next", "energy"]
    return table(rows, heads)


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
        "after": _after_words(case, option),
        "ratio": interval(gain, "", "ratio"),
        "often": often,
    }


def _after_words(case: Scenario, option: str) -> str:
    """Where the headline's step leads: to new chips, or to what the claim says of them."""
    where = option_words(case, option)
    return f"{where} if the claim is taken at its word" if option == "claimed" else where


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
