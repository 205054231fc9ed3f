"""What if: sliders for beliefs on the cost page, and the acts that they rank."""

import math

import altair as alt
import numpy as np
import pandas as pd

from analysis.pages.beliefs import belief_words
from analysis.pages.charts import what_if as charts
from analysis.pages.outputs import Output
from analysis.pages.what_if_text import file_expression
from analysis.questions import what_if as questions
from analysis.questions.answer import TIE, evaluated, instruction
from analysis.questions.credence import weights
from analysis.questions.ways import TENURE_WORDS
from analysis.questions.what_if import REACH, Responses
from analysis.scenario.scenario import Scenario
from analysis.scenario.schema import Belief
from analysis.units import convert, is_share

STOPS = 10  # of a slider at least, from its median to the nearer end


def what_if(case: Scenario) -> alt.LayerChart | Output:
    """Every act that comes near the cheapest, ranked by what it costs where the sliders stand."""
    found = questions.responses(case, evaluated(case))
    if len(found.acts) < 2:
        return Output("There is one thing to do, whatever is believed.")
    worlds = dials(case, found)
    if not found.names and not worlds.dials and len(found.promises) < 2:
        return Output("None of the beliefs with a slider moves the cost of any act here.")
    sliders = [slider(name, case.believe[name]) for name in found.names]
    limits = charts.Limits(found.draws, questions.FEWEST, TIE)
    promise = promised(found)
    cases = {speed: questions.at_promise(case, float(speed)) for speed in promise.speeds}
    file = file_expression(cases, sliders, worlds)
    return charts.what_if(rows(case, found), found.slopes, sliders, promise, worlds, limits, file)


def dials(case: Scenario, found: Responses) -> charts.Worlds:
    """The acceptance of drafts and the chance of the claim, where the scenario has them."""
    drafts = claim = None
    ratios = found.acceptances
    if len(ratios) > 1:
        step = float(f"{ratios[1] - ratios[0]:.6g}")
        own = case.serving.draft_acceptance_ratio
        words = "Accepted drafts over measured, ×"
        drafts = charts.Dial("accepted_drafts", words, own, ratios[0], ratios[-1], step)
    if np.any(found.claimed):
        own = float(f"{100 * found.own_chance:.6g}")
        step = 100 / (len(found.chances) - 1)
        believed = float(weights(case)["true"].mean())
        words = f"Chance that the claim is true, % (on the evidence {100 * believed:.2g})"
        claim = charts.Dial("claim_chance", words, own, 0, 100, step if own % step == 0 else 1)
    return charts.Worlds(
        drafts=drafts,
        claim=claim,
        accepted=found.accepted,
        accepted_tilts=found.accepted_tilts,
        claimed=found.claimed,
        claim_tilts=found.claim_tilts,
        claim_accepted=found.claim_accepted,
    )


def promised(found: Responses) -> charts.Promise:
    """The selector of promised speeds, and the costs of acts under each in $ million a year."""
    units = np.where(np.array(questions.STATISTICS) == "ratio", 1.0, convert(1.0, "usd", "Musd"))
    costs = found.stated * units[:, None, None]
    words = "Promised speed, tokens/s a user"
    if found.refused:
        words += f" (not known here: {', '.join(f'{speed:g}' for speed in found.refused)})"
    speeds = tuple(f"{speed:g}" for speed in found.promises)
    return charts.Promise(words, speeds, speeds[found.own], costs, found.tilts)


def rows(case: Scenario, found: Responses) -> pd.DataFrame:
    """A row an act: its words, kind and contracts."""
    signed = [sorted(questions.contracts(act)) for act in found.acts]
    table = {
        "act": [instruction(case, act) for act in found.acts],
        "kind": [act.kind for act in found.acts],
        "contracts": ["".join(f"|{TENURE_WORDS[one]}|" for one in some) for some in signed],
    }
    return pd.DataFrame(table)


def slider(name: str, belief: Belief) -> charts.Slider:
    """The slider of a belief: shares in per cent, all else in the belief's own unit.

    Its stops are round, the stated median is one of them, and its ends lie within REACH scores.
    """
    scale = 100.0 if is_share(name) and belief.unit == "" else 1.0
    ends = [questions.edited(name, belief, side * REACH).mid * scale for side in (-1, 1)]
    value = belief.mid * scale
    nearer = min(value - ends[0], ends[1] - value)
    step = 10.0 ** math.floor(math.log10(nearer / STOPS))
    down, up = math.floor((value - ends[0]) / step), math.floor((ends[1] - value) / step)
    middle, width = questions.spread(name, belief)
    unit = "%" if scale == 100 else belief.unit or "×"
    words = belief_words(name)
    return charts.Slider(
        name=name,
        words=f"{words[0].upper()}{words[1:]}, {unit}",
        value=float(f"{value:.12g}"),
        least=float(f"{value - down * step:.12g}"),
        most=float(f"{value + up * step:.12g}"),
        step=step,
        scale=scale,
        share=is_share(name),
        middle=middle,
        width=width,
    )
