"""Doubt on the cost page: what moves the answer, what would turn it, what knowing is worth."""

import altair as alt
import numpy as np
import pandas as pd

from analysis.pages.charts import cost as charts
from analysis.pages.outputs import Output, table_text
from analysis.pages.verdicts import headline_option
from analysis.pages.words import field_words, worded
from analysis.questions import budget, sensitivity
from analysis.scenario.scenario import Scenario

WIDEST = 8  # beliefs of the tornado of which the slower questions are answered
BREAK_EVEN = 1.0  # stretch of a budget at which moving and staying are the same
UNIT = "work bought by the budget, new for old"


def swings(case: Scenario, draws: pd.DataFrame) -> pd.DataFrame:
    """The answer at each belief's P10 and P90, widest first: what `sensitivity.tornado` gives.

    A column `label` has the belief in words.
    """
    rows = sensitivity.tornado(_stretch_question(case, draws))
    return rows.assign(label=rows["name"].map(belief_words))


def tornado(swings: pd.DataFrame) -> alt.LayerChart:
    """What moves the answer, the widest first."""
    return charts.tornado(swings, UNIT, BREAK_EVEN)


def doubt(case: Scenario, draws: pd.DataFrame, swings: pd.DataFrame) -> Output:
    """For the widest beliefs: the answer at both ends, where it turns, what knowing is worth."""
    if swings.empty:
        return Output(
            "Nothing moves the answer: the move costs more than the budget, or brings nothing."
        )
    widest = swings.head(WIDEST).set_index("name")
    names = list(widest.index)
    turns = sensitivity.flips(case, _stretch_question(case, draws), names)
    percentile = dict(zip(turns["name"], turns["percentile_share"], strict=True))
    worth = _worth_of_knowing(case, draws, names)
    rows = []
    for name, belief in widest.iterrows():
        turn = "never alone"
        if name in percentile:
            side = "below" if belief["at_low"] > belief["at_high"] else "above"
            turn = f"pays {side} its P{100 * percentile[name]:.0f}"
        at_low = f"{belief['at_low']:.2f}×"
        at_high = f"{belief['at_high']:.2f}×"
        rows.append((belief["label"], at_low, at_high, turn, f"${worth[name]:,.0f}"))
    heads = [
        "Belief",
        "at its P10",
        "at its P90",
        "turns the decision",
        "worth of knowing, a year",
    ]
    end = "No knowledge would change the choice."
    if worth["everything"]:
        end = (
            "Knowing everything before choosing to move or stay would be worth "
            f"${worth['everything']:,.0f} a year."
        )
    return Output(f"{table_text(rows, heads)}\n\n{end}")


def sobol(case: Scenario, draws: pd.DataFrame, swings: pd.DataFrame) -> alt.LayerChart | Output:
    """Shares of the variance that the widest beliefs explain."""
    names = list(swings["name"].head(WIDEST))
    if not names:
        return Output("There is no variance.")
    shares = sensitivity.indices(_stretch_question(case, draws), names)
    return charts.sobol(shares.assign(label=shares["name"].map(belief_words)))


def belief_words(name: str) -> str:
    """A belief or a residual factor in words; without any, its name without the unit.

    A prefix such as `baseline_` becomes the words for the option that it holds for.
    """
    for prefix, option in worded("side").items():
        if name.startswith(prefix):
            return _words(name.removeprefix(prefix)) + option
    return _words(name)


def _words(name: str) -> str:
    return worded("belief").get(name) or field_words(name)


def _stretch_question(case: Scenario, draws: pd.DataFrame) -> sensitivity.Question:
    """The stretch of the budget as a function of everything uncertain; 1 is break-even."""
    option = headline_option(draws)

    def stretch(outcomes: pd.DataFrame) -> np.ndarray:
        return budget.stretch(case, outcomes, option)["stretch_ratio"].to_numpy()

    return sensitivity.quantity(case, stretch)


def _worth_of_knowing(case: Scenario, draws: pd.DataFrame, names: list[str]) -> dict[str, float]:
    """Dollars a year that knowing each belief, and everything, is worth, to two digits."""
    moved = budget.stretch(case, draws, headline_option(draws))["effective_usd"].to_numpy()
    stayed = np.full(len(moved), case.budget.usd_per_year)
    payoffs = np.stack([stayed, moved], axis=1)
    worth = sensitivity.information(payoffs, sensitivity.score_draws(names, len(moved)))
    rounded = [round(float(f"{usd:.2g}"), -2) for usd in worth["worth"]]
    return dict(zip(worth["name"], rounded, strict=True))
