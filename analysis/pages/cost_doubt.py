"""Doubt on the cost page: what would change the act, what moves its saving, worth of knowing."""

import altair as alt
import numpy as np
import pandas as pd

from analysis.model.draws import Scores
from analysis.pages.beliefs import belief_value, belief_words
from analysis.pages.charts import cost as charts
from analysis.pages.charts import cost_act
from analysis.pages.cost_options import shift
from analysis.pages.decision import beyond, flips, knowing
from analysis.pages.outputs import Output, table_text
from analysis.questions import sensitivity
from analysis.questions.act_costs import at_scores
from analysis.questions.answer import decide, evaluated
from analysis.scenario.scenario import Scenario

WIDEST = 8  # beliefs of which the slower questions are answered


def flips_chart(case: Scenario) -> alt.LayerChart | Output:
    """The beliefs that alone would change the act, the nearest first."""
    found = decide(case).flips
    if not found:
        return Output(
            "No single belief changes the choice within its range from the 1st to the 99th "
            "percentile."
        )
    rows = pd.DataFrame([flip.model_dump() for flip in found])
    rows["label"] = rows["input"].map(belief_words)
    rows["value"] = [belief_value(flip.input, flip.value, flip.unit) for flip in found]
    first = found[0]
    believed = case.believe[first.input]
    middle = belief_value(first.input, believed.mid, believed.unit)
    finding = f"First to change the choice: {rows['label'].iloc[0]}"
    if rows["value"].iloc[0] == middle:
        finding += f", close to the {middle} that is believed"
    else:
        value = beyond(rows["value"].iloc[0], first.percentile_share)
        finding += f" ({value}; believed {middle})"
    return cost_act.flips(rows, finding)


def turning_points(case: Scenario) -> Output:
    """What knowing everything would be worth, and the flips as a table with what to do then."""
    words = knowing(case).markdown
    if decide(case).flips:
        words = f"{words}\n\n{flips(case).markdown}"
    return Output(words)


def swings(case: Scenario) -> pd.DataFrame:
    """The act's cost over keeping at each belief's P10 and P90: what `sensitivity.tornado` gives.

    Empty where nothing can be done but to keep.
    """
    question = _cost_question(case)
    if question is None:
        return pd.DataFrame(columns=["name", "at_low", "at_high", "mid", "width"])
    return sensitivity.tornado(question)


def doubt(case: Scenario, swings: pd.DataFrame) -> Output:
    """For the widest beliefs: what the act saves at both ends, and what knowing it is worth."""
    if swings.empty:
        return Output("There is one thing to do, so no belief can change it.")
    widest = swings.head(WIDEST)
    worth = _worth_of_knowing(case, list(widest["name"]))
    rows = [
        [
            _label(case, row.name),
            f"{1 - row.at_low:.0%}".replace("-", "−"),
            f"{1 - row.at_high:.0%}".replace("-", "−"),
            f"${worth[row.name]:,.0f}",
        ]
        for row in widest.itertuples(index=False)
    ]
    heads = ["Belief", "saving at its P10", "saving at its P90", "worth of knowing, a year"]
    return Output(table_text(rows, heads))


def sobol(case: Scenario, swings: pd.DataFrame) -> alt.LayerChart | Output:
    """Shares of the variance of the act's saving that the widest beliefs explain."""
    question = _cost_question(case)
    if question is None or swings.empty:
        return Output("There is no variance to explain.")
    shares = sensitivity.indices(question, list(swings["name"].head(WIDEST)))
    labels = [_label(case, name) for name in shares["name"]]
    return charts.sobol(shares.assign(label=labels))


def _label(case: Scenario, name: str) -> str:
    """A belief in words, or what calibration leaves open of one option: its name, then the part."""
    option, _, part = name.rpartition("_")
    if option in case.options:
        return f"{belief_words(part)}, {option}"
    return belief_words(name)


def _cost_question(case: Scenario) -> sensitivity.Question | None:
    """The cost of the followed act over keeping, as a function of everything uncertain."""
    followed = shift(case)
    if followed is None:
        return None
    base, act = evaluated(case), followed.act

    def cost_ratio(scores: Scores) -> np.ndarray:
        costs = at_scores(case, scores, base).acts
        return costs[act] / next(iter(costs.values()))

    return cost_ratio


def _worth_of_knowing(case: Scenario, names: list[str]) -> dict[str, float]:
    """Dollars a year that knowing each belief before choosing an act is worth, to two digits."""
    costs = np.stack(list(evaluated(case).acts.values()), axis=1)
    worth = sensitivity.information(-costs, sensitivity.score_draws(names, len(costs)))
    rounded = [round(float(f"{usd:.2g}"), -2) for usd in worth["worth"]]
    return dict(zip(worth["name"], rounded, strict=True))
