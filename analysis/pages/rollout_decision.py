"""The decision on the rollout page: what each act costs, what knowing is worth."""

import altair as alt
import pandas as pd

from analysis.facts import chip
from analysis.pages.charts import rollout as charts
from analysis.pages.outputs import Output, say, table
from analysis.pages.verdicts import headline_option
from analysis.pages.words import plain
from analysis.questions import decision, waiting
from analysis.questions.dates import Forecast
from analysis.scenario.scenario import Scenario

LEAST_SHOWN_SHARE = 0.005  # a smaller share would be written as 0%
WAIT_MONTHS = 12  # for which the page says what multiplier a wait needs


def costs(case: Scenario, draws: pd.DataFrame, forecast: Forecast) -> pd.DataFrame:
    """Present cost of each act over buying today, a row a draw: what `decision.costs` gives."""
    return decision.costs(case, draws, forecast, headline_option(draws))


def advice_words(case: Scenario, forecast: Forecast, advice: decision.Advice) -> str:
    """The act of least expected cost as an instruction, with its saving and its risk.

    `advice` is what `decision.advice` gives; the risk is the chance that another act was cheaper.
    """
    saved = 1 - advice.cost_ratio
    cost = "least"
    if saved > LEAST_SHOWN_SHARE:
        old = plain(chip(case.baseline.accelerator))
        cost = f"{saved:.0%} less than buying all of the {old} today"
    wrong = "under 1%"
    if advice.wrong_share >= LEAST_SHOWN_SHARE:
        wrong = f"{advice.wrong_share:.0%}"
    act = _instruction(case, forecast, advice.act)
    return (
        f"{act}: expected to cost {cost}; with a chance of {wrong} another act would have been "
        "cheaper"
    )


def _instruction(case: Scenario, forecast: Forecast, act: str) -> str:
    """An act as an instruction to this buyer."""
    old = plain(chip(case.baseline.accelerator))
    new = plain(forecast.product)
    if act == "buy now":
        return f"buy {old} now"
    if forecast.general:
        wait = f"order {new} and rent {old} until it is delivered"
    else:
        wait = f"rent {old} until {new} is there"
    if act == "wait":
        return wait
    if act == "half now":
        return f"buy part of the {old} now; for the rest, {wait}"
    patience = f"{case.decision.patience_months:g} months"
    return f"{wait}, keep {old} where {new} proves no better, and stop waiting after {patience}"


def wait_or_buy(case: Scenario, costs: pd.DataFrame) -> alt.LayerChart:
    """The cost of waiting for every delay and multiplier, and where this scenario stands."""
    cells = waiting.grid(case)
    return charts.wait_or_buy(cells, waiting.grid_marks(case, costs, cells))


def acts(costs: pd.DataFrame) -> Output:
    """Cost, odds and regret of each act."""
    rows = [
        [
            act,
            f"{row.mean_ratio:.2f}",
            f"{row.low_ratio:.2f} to {row.high_ratio:.2f}",
            f"{row.best_share:.0%}",
            f"{row.regret_ratio:.1%}",
            f"{row.worst_regret_ratio:.0%}",
        ]
        for act, row in decision.summary(costs).iterrows()
    ]
    heads = ["Act", "mean cost", "80% range", "cheapest or equal in", "mean regret", "regret, P95"]
    return table(rows, heads)


def regrets(case: Scenario, draws: pd.DataFrame, forecast: Forecast) -> alt.LayerChart:
    """What each act would be regretted by in a few named futures."""
    return charts.regrets(decision.regrets(case, draws, forecast))


def worth(case: Scenario, draws: pd.DataFrame, forecast: Forecast, costs: pd.DataFrame) -> Output:
    """What a wait needs and is worth, the act of least worst regret, and the value of knowing."""
    advice = decision.advice(costs)
    gain = float(costs["multiplier_ratio"].median())
    months = waiting.break_even_month(case, gain)
    worst = decision.regrets(case, draws, forecast)["worst"]
    return say(
        "The median multiplier, {gain:.2f}, {waits}; a wait of {months} months needs {need:.2f}. "
        "Over the named futures the least worst regret is that of **{act}**, {regret:.0%} of the "
        "cost of buying. The right to decline what proves no better is worth {declining:.1%}. "
        "Knowing all beforehand would be worth {advice.knowing_ratio:.1%}, the date alone "
        "{advice.knowing_date_ratio:.1%} and the multiplier alone "
        "{advice.knowing_multiplier_ratio:.1%}: no study of it should cost more.",
        gain=gain,
        waits=f"pays for a wait of up to {months:.1f} months" if months else "pays for no wait",
        months=WAIT_MONTHS,
        need=waiting.break_even(case, [WAIT_MONTHS])["multiplier_ratio"][0],
        act=worst.idxmin(),
        regret=worst.min(),
        declining=max(advice.option_ratio, 0),
        advice=advice,
    )
