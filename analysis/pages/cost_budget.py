"""The budget under the headline's own step: what a first year's money buys, and what it needs."""

import altair as alt
import numpy as np
import pandas as pd

from analysis import model
from analysis.pages.charts import cost as charts
from analysis.pages.numbers import interval, usd_words
from analysis.pages.outputs import Output, fill, table
from analysis.pages.verdicts import headline_option
from analysis.questions import budget, dates, fleet
from analysis.questions.supply import kept_draws
from analysis.scenario.claims import claim
from analysis.scenario.scenario import Scenario


def headline_steps(case: Scenario, draws: pd.DataFrame) -> Output:
    """From the headline step's tokens per dollar to what a first year leaves, with its tokens."""
    stretched = budget.stretch(case, draws, headline_option(draws))
    steps = {words: interval(stretched[name], "", "ratio") for name, words in budget.STEPS.items()}
    steps["the same in today's dollars"] = interval(stretched["effective_usd"], "usd", "Musd")
    steps["requests a year, billions"] = interval(stretched["requests"] / 1e9)
    steps["output tokens a year, trillions"] = interval(stretched["output_tokens"] / 1e12)
    rows = [(words, value.mid, value.range) for words, value in steps.items()]
    return table(rows, ["Step", "median", "80% range"])


def budget_by_reading(case: Scenario, draws: pd.DataFrame) -> alt.LayerChart:
    """The budget under each reading of the claim, before and after what a move costs."""
    budgets = budget.by_reading(case, draws)
    return charts.budget_by_reading(budgets, case.budget.usd_per_year, headline_usd(case))


def headline_usd(case: Scenario) -> float | None:
    """What the headline makes of the budget, in dollars; None without a claim."""
    if not case.claim:
        return None
    return claim(case.claim).headline_ratio * case.budget.usd_per_year


def headline_needs(case: Scenario, draws: pd.DataFrame) -> Output:
    """All that has to hold for the headline's dollars to come true, beside what is believed."""
    if not case.claim:
        return Output("Nothing was claimed here.")
    option = headline_option(draws)
    headline_ratio = claim(case.claim).headline_ratio
    stretched = budget.stretch(case, draws, option)
    before = draws.loc["baseline"]
    price = draws.loc[option, "usd_per_s_per_chip"] / before["usd_per_s_per_chip"]
    kept = stretched["stretch_ratio"] / stretched["busy_ratio"]
    moving_usd = case.budget.usd_per_year * (1 - kept)
    needed = budget.required_gain_ratio(case, draws, headline_ratio)
    return fill(
        "headline_needs.md",
        ratio=headline_ratio,
        usd=headline_usd(case),
        gain=interval(stretched["gain_ratio"], "", "ratio"),
        price=interval(price, "", "ratio"),
        found="With the claim taken at its word" if option == "claimed" else "Here",
        share=before["eligible_share"].median(),
        busy=before["first_year_ratio"].median(),
        moving_words=usd_words(float(moving_usd.median())),
        need=float(np.median(needed)),
        never=float(np.mean(np.isinf(needed))),
        infinite=np.inf,
    )


def over_time(case: Scenario, draws: pd.DataFrame) -> alt.LayerChart:
    """Work bought month by month as the scenario's product arrives."""
    option = headline_option(draws)
    bought = budget.over_time(case, draws, arrival_months(case, draws), option)
    return charts.over_time(bought.assign(option=option))


def arrival_months(case: Scenario, draws: pd.DataFrame) -> np.ndarray:
    """Months until the scenario's product works for this buyer, a draw each; infinite for never."""
    kept = kept_draws(draws)
    return fleet.arrivals(case, dates.forecast(case), model.beliefs(case, kept), kept)
