"""Behind the dates: what was promised, what past launches did, and what is known since."""

from datetime import date
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from analysis import model
from analysis.pages.charts import rollout as charts
from analysis.pages.inputs import cited
from analysis.pages.numbers import chance
from analysis.pages.outputs import Output, say, table, table_text
from analysis.pages.rollout_dates import STAGES
from analysis.pages.words import day, plain
from analysis.questions import dates as questions
from analysis.questions import evidence, forecast_scores, launches, slips
from analysis.questions.dates import Forecast
from analysis.scenario.scenario import Scenario
from analysis.scenario.schema import RECORD_SINCE

FACTS = {"limited": "shipped", "general": "volume"}  # milestones of launches.csv, by stage
COOLING_BELIEFS = ("design_fix_months", "validation_months", "loop_months")


def promised(forecast: Forecast) -> Output:
    """What was promised and what is known, with its source."""
    milestones = launches.milestones(forecast.product, forecast.as_of)
    rows = [
        [name, day(row.earliest), day(row.latest), plain(cited(row.source, row.where))]
        for name, row in milestones.items()
    ]
    return table(rows, ["What", "from", "to", "source, and what it says"])


def at_announcement(case: Scenario) -> Output:
    """What the method would have said on the day of the announcement, beside what came of it."""
    milestones = launches.milestones(case.rollout.product, case.as_of)
    start = launches.first_day(milestones)
    if start < RECORD_SINCE:
        return Output(
            f"It was announced on {day(start)}. Too few launches were on record by then for a "
            "forecast of it."
        )
    beliefs = model.beliefs(case)
    no_cooling = beliefs.assign(**dict.fromkeys(COOLING_BELIEFS, 0.0))
    then = _outlook_if_real(case, start, beliefs)
    without_cooling = _outlook_if_real(case, start, no_cooling)
    rows = []
    for stage, fact in FACTS.items():
        ends = [day(end) for end in then.loc[stage, ["low", "mid", "high"]]]
        came = (
            day(milestones[fact].latest)
            if fact in milestones
            else f"not known by {day(case.as_of)}"
        )
        rows.append([STAGES[stage], *ends, came])
    forecast_then = table_text(rows, [f"Seen on {day(start)}", "P10", "P50", "P90", "came"])
    return Output(f"{forecast_then}\n\n{_what_held_it_up(then, without_cooling)}")


def _outlook_if_real(case: Scenario, day: date, beliefs: pd.DataFrame) -> pd.DataFrame:
    forecast = questions.forecast(case, day, beliefs)
    return questions.outlook(forecast.if_real()).set_index("milestone")


def _what_held_it_up(then: pd.DataFrame, without_cooling: pd.DataFrame) -> str:
    """Whether the promise and past slips, or the engineering of the cooling, set the medians."""
    medians = [day(then.mid[stage]) for stage in FACTS]
    limited, general = (day(without_cooling.mid[stage]) for stage in FACTS)
    engineering = (
        f"With no cooling to prove, the same method gives {limited} and {general} at even odds. "
        "The rest is engineering."
    )
    if medians == [limited, general]:
        engineering = "The promise and past delays set both medians. Engineering delays neither."
    never = then.never_share["limited"]
    return (
        f"{engineering} It gave a chance of {never:.0%} that the product never comes. That chance "
        "shrinks with every month that a vendor's launch survives."
    )


def launch_rates(case: Scenario) -> Output:
    """How often past launches were cancelled or late, and by how much, with 90% intervals."""
    rates = slips.reference_rates(launches.reference_class(case.as_of))
    return say(
        "Of {rates.cancelled.trials} launches whose fate is known "
        "**{rates.cancelled.events} were cancelled** (90% interval {cancelled[0]:.0%} to "
        "{cancelled[2]:.0%}). Of {rates.late.trials} with a date **{rates.late.events} missed the "
        "end of their window** ({late[0]:.0%} to {late[2]:.0%}). Those were late by "
        "{rates.median_months:.1f} months at the median, and by {rates.p90_months:.1f} at P90. "
        "The chance of cancellation is taken as {rates.cancelled_share_per_month:.1%} a month.",
        rates=rates,
        cancelled=rates.cancelled.interval,
        late=rates.late.interval,
    )


def left_out(case: Scenario) -> dict[str, Any]:
    """How the record forecasts launches that it was not shown: `held` of `count` in their range."""
    scores = forecast_scores.scorecard(case.as_of)
    return {
        "held": scores["inside"].sum(),
        "count": len(scores),
        "mean": scores.mean(numeric_only=True),
    }


def launch_record(case: Scenario) -> alt.LayerChart:
    """The slip of each past launch beside its forecast from the others."""
    rows = slips.leave_one_out(case.as_of)
    finding = f"{rows['inside'].sum()} of {len(rows)} launches came within their forecast range"
    return charts.record(rows, finding)


def tasks(forecast: Forecast) -> alt.Chart | Output:
    """What sets the date of general availability, where there is still a date to set."""
    if forecast.general:
        return Output("No task is left: the product is open to any customer.")
    if forecast.shipped:
        return Output(
            "A first customer has it. What is left is the ramp until any customer can buy it. Its "
            "length is drawn from past ramps."
        )
    if not np.isfinite(forecast.dates["general_months"]).any():
        return Output("Nothing sets a date: in none of the draws does it come.")
    rows = questions.criticality(forecast)
    first = rows.loc[rows["share"].idxmax()]
    finding = f"In {first['share']:.0%} of the futures this sets the date: {first['task']}"
    return charts.tasks(rows, finding)


def news(case: Scenario, forecast: Forecast) -> Output:
    """The dated log of evidence with its likelihood ratios."""
    log = evidence.news(case, forecast.as_of)
    if log.empty:
        return Output(
            "There is no entry. The vendor has announced this product itself, so it exists."
        )
    rows = [
        [
            day(row.known),
            f"**{plain(row.title)}.** {plain(row.why)}",
            f"{row.mid_ratio:g} ({row.low_ratio:g} to {row.high_ratio:g})",
            f"{row.weighed_ratio:.2f}",
        ]
        for row in log.itertuples()
    ]
    return table(rows, ["Known", "What, and why it weighs so", "likelihood ratio", "as weighed"])


def evidence_path(case: Scenario) -> alt.LayerChart:
    """How the forecast moved with news and with silence."""
    history = questions.history(case)
    then, now = history.iloc[0], history.iloc[-1]
    doubted = now["real_share"] < 1
    column = "real_share" if doubted else "general_share"
    what = "it exists" if doubted else f"it is open to all by the end of {case.as_of.year + 1}"
    finding = (
        f"The chance that {what} moved from {chance(then[column])} to {chance(now[column], 1)}"
    )
    return charts.evidence_path(history, evidence.news(case, case.as_of), finding)
