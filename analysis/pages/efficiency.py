"""The efficiency page: what was claimed, what it would have to mean, what a buyer may expect.

One function a cell of notebooks/efficiency.ipynb, in its order; those of the first screen, on
the claim, on energy and on inputs stand in modules of their own.
"""

import altair as alt
import pandas as pd

from analysis.pages.charts import claim as claim_charts
from analysis.pages.charts import speed as speed_charts
from analysis.pages.decision import answer, options
from analysis.pages.efficiency_answer import first_screen, in_short
from analysis.pages.efficiency_claim import (
    credence,
    ledger,
    ledger_words,
    pass_through,
    readings_chart,
    readings_table,
    trust,
    trust_needed,
    workloads,
    worlds,
    worlds_table,
)
from analysis.pages.efficiency_serving import (
    frontiers,
    half_energy,
    key_numbers,
    megawatts,
    options_chart,
    serving_steps,
    steps_chart,
    steps_words,
)
from analysis.pages.energy import (
    energy_accuracy,
    energy_by_token,
    energy_over_batch,
    energy_steps,
    heat,
    power_chart,
    power_measured,
    rack_density,
    warm_water,
)
from analysis.pages.inputs import differences, sources_table
from analysis.pages.outputs import Output
from analysis.pages.outputs import numbers as takeaway_numbers
from analysis.pages.own_measurements import own_measurements
from analysis.questions import claim as claim_questions
from analysis.questions import pass_through as pass_through_questions
from analysis.questions import speed as speed_questions
from analysis.questions.claim import effects
from analysis.questions.pass_through import ladder
from analysis.scenario.scenario import Scenario

__all__ = [
    "answer",
    "chip_differences",
    "credence",
    "differences",
    "effects",
    "energy_accuracy",
    "energy_by_token",
    "energy_over_batch",
    "energy_steps",
    "first_screen",
    "frontiers",
    "half_energy",
    "heat",
    "in_short",
    "key_numbers",
    "ladder",
    "ladder_chart",
    "ledger",
    "ledger_words",
    "megawatts",
    "numbers",
    "options",
    "options_chart",
    "own_measurements",
    "pass_through",
    "power_chart",
    "power_measured",
    "published_ratios",
    "rack_density",
    "readings_chart",
    "readings_table",
    "serving_steps",
    "sources_table",
    "steps_chart",
    "steps_words",
    "time_between_tokens",
    "trust",
    "trust_needed",
    "warm_water",
    "workloads",
    "worlds",
    "worlds_table",
]
TAKEAWAY_UNITS = {
    "output_tokens_per_s_per_chip": "tok/s/gpu",
    "ttft_s": "s",
    "tpot_s": "ms",
    "energy_j_per_output_token": "J/tok",
    "request_usd": "usd",
    "tokens_per_usd_ratio": "ratio",
}


def ladder_chart(case: Scenario, ladder: pd.DataFrame) -> alt.LayerChart:
    """From the headline's multiplier to the buyer's, step by step, with measured ratios."""
    measured = pass_through_questions.measured(case)
    first, last = ladder.iloc[0], ladder.iloc[-1]
    start = "chip for chip" if case.claim is None else "said"
    finding = f"{first['mid']:.2f}× {start}, {last['mid']:.2f}× for a dollar in the first year"
    return claim_charts.ladder(ladder, measured, finding)


def published_ratios(case: Scenario, draws: pd.DataFrame) -> alt.LayerChart:
    """Published ratios of throughput, beside what the headline asks for."""
    needed = claim_questions.required_ratio(case, draws)
    return claim_charts.published_ratios(claim_questions.published_ratios(case), needed)


def time_between_tokens(draws: pd.DataFrame) -> alt.Chart:
    """Where the time between two output tokens goes, by option."""
    return speed_charts.parts(speed_questions.parts(draws))


def chip_differences(case: Scenario) -> alt.LayerChart | Output:
    """What each difference of the two options brings."""
    gains = speed_questions.gains(case)
    if gains["ratio"].isna().any():
        return Output(
            "Only pools or drafts keep this promise. They differ too much between the two options "
            "for a comparison part by part."
        )
    return speed_charts.differences(gains)


def numbers(draws: pd.DataFrame) -> Output:
    """The table to take away: speed, energy and cost of each option."""
    return takeaway_numbers(claim_questions.with_tokens_per_usd_ratio(draws), TAKEAWAY_UNITS)
