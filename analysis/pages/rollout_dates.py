"""Dates on the rollout page: promised, forecast, known, and what the record of launches says."""

from datetime import date
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from analysis import model
from analysis.pages.charts import rollout as charts
from analysis.pages.inputs import cited
from analysis.pages.outputs import Output, say, table, table_text
from analysis.pages.words import day, plain
from analysis.questions import dates as questions
from analysis.questions import evidence, forecast_scores, launches, slips
from analysis.questions.act_costs import Evaluation
from analysis.questions.dates import Forecast
from analysis.scenario.scenario import Scenario

STAGES = {"limited": "limited release", "general": "general availability", "volume": "volume"}
FACTS = {"limited": "shipped", "general": "volume"}  # milestones of launches.csv, by stage
COOLING_BELIEFS = ("design_fix_months", "validation_months", "loop_months")
CURVE_YEARS = 3
LEVELS = (0.1, 0.5, 0.9)


def timing(forecast: Forecast, doubted_share: float) -> str:
    """The dates in short sentences: facts where it has shipped, chances where it has not.

    `doubted_share` is the chance that the evidence gives to the product's existence, where
    `forecast` may assume it.
    """
    name = plain(forecast.product)
    milestones = launches.milestones(forecast.product, forecast.as_of)
    rows = questions.outlook(forecast).set_index("milestone")
    if forecast.general:
        first = day(milestones["shipped"].latest)
        opened = day(milestones["volume"].latest)
        return (
            f"{name} is on sale: a first customer had it by {first}, and any customer could have "
            f"it by {opened}."
        )
    if forecast.shipped:
        general = rows.loc["general"]
        first = day(milestones["shipped"].latest)
        return (
            f"{name} reached its first customer by {first}. It is as likely as not open to any "
            f"customer by {day(general.mid)}. The 80% range is {day(general.low)} to "
            f"{day(general.high)}."
        )
    if_real = questions.outlook(forecast.if_real()).set_index("milestone")
    chances = (
        f"Then a first customer has it by {day(if_real.mid['limited'])} at even odds. It is open "
        f"to any customer by {day(if_real.mid['general'])} at even odds. The chance that it still "
        f"never comes is {if_real.never_share['general']:.0%}."
    )
    if forecast.real_share < 1:
        comes = 1 - rows.never_share["limited"]
        return f"The chance that {name} comes at all is {comes:.1%}. Suppose it exists. {chances}"
    assumed = f"Suppose {name} exists"
    if doubted_share < 1:
        assumed += f", as this page does; the evidence gives it {doubted_share:.1%}"
    return f"{assumed}. {chances}"


def in_short(case: Scenario, forecast: Forecast) -> Output:
    """When the awaited products come, and the one that this page is about, in sentences."""
    sentences = [timing(questions.forecast(_about(case, name)), 1.0) for name in _others(case)]
    doubted = forecast
    if case.rollout.assume_real:
        doubted = questions.forecast(questions.with_rollout(case, assume_real=False))
    sentences.append(timing(forecast, doubted.real_share))
    if not forecast.general and forecast.product not in awaited(case):
        name = plain(forecast.product)
        sentences.append(f"No plan here waits for {name}: this buyer has no option to order it.")
    return Output(" ".join(sentences))


def awaited(case: Scenario) -> list[str]:
    """Products that options of this buyer wait for."""
    products = [option.product for option in case.chip_options.values()]
    return list(dict.fromkeys(name for name in products if name is not None))


def _others(case: Scenario) -> list[str]:
    return [name for name in awaited(case) if name != case.rollout.product]


def _about(case: Scenario, product: str) -> Scenario:
    return questions.with_rollout(case, product=product)


def dates(case: Scenario, forecast: Forecast, evaluation: Evaluation) -> Output:
    """Milestones of the awaited products and of this page's: medians, ranges, never."""
    rows = []
    for name in awaited(case):
        view = forecast if name == forecast.product else questions.forecast(_about(case, name))
        rows += _milestone_rows(view, "")
        rows += _at_work_rows(case, name, evaluation)
    if forecast.product not in awaited(case):
        rows += _milestone_rows(forecast, if_it_exists(forecast))
        if forecast.real_share < 1:
            rows += _milestone_rows(forecast.if_real(), ", if it exists")
    return table(rows, ["Milestone", "as likely as not by", "80% range", "never"])


def _milestone_rows(forecast: Forecast, assumption: str) -> list[list[str]]:
    """A row a milestone but volume, which nobody's plan depends on."""
    facts = {"limited": forecast.shipped, "general": forecast.general}
    rows = []
    for row in questions.outlook(forecast).itertuples():
        if row.milestone in facts:
            happened = ", a fact" if facts[row.milestone] else ""
            what = f"{plain(forecast.product)}: {STAGES[row.milestone]}{assumption}{happened}"
            rows.append([what, day(row.mid), _span(row.low, row.high), f"{row.never_share:.1%}"])
    return rows


def _at_work_rows(case: Scenario, product: str, evaluation: Evaluation) -> list[list[str]]:
    """When a product works for this buyer: delivery comes after general availability."""
    options = [name for name, option in case.chip_options.items() if option.product == product]
    starts = [way.start_months for way in evaluation.ways.others if way.option in options]
    if not starts:
        return []  # no layout of it keeps the promise, or nobody has quoted a price
    ends = np.quantile(starts[0], LEVELS, method="inverted_cdf")
    low, mid, high = (launches.day_after(case.as_of, months) for months in ends)
    never = np.isinf(starts[0]).mean()
    return [[f"{plain(product)}: at work here", day(mid), _span(low, high), f"{never:.1%}"]]


def _span(low: date | None, high: date | None) -> str:
    """A range of days; one day, or never, is said once."""
    return day(low) if low == high else f"{day(low)} to {day(high)}"


def if_it_exists(forecast: Forecast) -> str:
    """What is added to a number that takes the existence of a claimed product for granted."""
    announced = launches.milestones(forecast.product, forecast.as_of)["announced"]
    assumed = announced.status == "claimed" and forecast.real_share == 1
    return ", if it exists" if assumed else ""


def dates_chart(case: Scenario, forecast: Forecast) -> alt.LayerChart:
    """Each milestone over its promised window, taking the product's existence for granted."""
    assumed = forecast.if_real()
    return charts.dates(questions.outlook(assumed), questions.windows(forecast), case.as_of)


def chances(case: Scenario, forecast: Forecast) -> alt.LayerChart:
    """The chance that each milestone has come, over three years, if the product exists."""
    until = case.as_of.replace(year=case.as_of.year + CURVE_YEARS)
    curves = questions.curves(forecast.if_real(), until)
    return charts.chances(curves, case.as_of)


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
    start = milestones["announced"].latest
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
    if medians == [limited, general]:
        engineering = "set both medians; the engineering holds neither up"
    else:
        engineering = (
            f"would have said {limited} and {general} at even odds; the rest is engineering"
        )
    never = then.never_share["limited"]
    return (
        "The window and the slips of the record alone, with no cooling to prove, "
        f"{engineering}. *Never* was {never:.0%}, at a constant hazard until it ships; a vendor's "
        "launch is later credited with the months that it has survived, so that less is left of it "
        "as the launch ages."
    )


def launch_rates(case: Scenario) -> Output:
    """How often past launches were cancelled or late, and by how much, with 90% intervals."""
    rates = slips.reference_rates(launches.reference_class(case.as_of))
    return say(
        "Of {rates.cancelled.trials} launches whose fate is known "
        "**{rates.cancelled.events} were cancelled** (chance {cancelled[1]:.0%}, 90% interval "
        "{cancelled[0]:.0%} to {cancelled[2]:.0%}). Of {rates.late.trials} with a date "
        "**{rates.late.events} missed the end of their window** ({late[1]:.0%}, {late[0]:.0%} "
        "to {late[2]:.0%}); those ran over it by {rates.median_months:.1f} months at the median "
        "and {rates.p90_months:.1f} at P90. Cancellation is taken as a hazard of "
        "{rates.cancelled_share_per_month:.1%} a month at risk.",
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
    return charts.record(slips.leave_one_out(case.as_of))


def tasks(forecast: Forecast) -> alt.Chart | Output:
    """What sets the date of general availability, where there is still a date to set."""
    if forecast.general:
        return Output("Nothing holds it any more: it is open to any customer.")
    if forecast.shipped:
        return Output(
            "A first customer has it; what is left is the ramp to open sale, as long as past ramps "
            "were."
        )
    return charts.tasks(questions.criticality(forecast))


def news(case: Scenario, forecast: Forecast) -> Output:
    """The dated log of evidence with its likelihood ratios."""
    log = evidence.news(case, forecast.as_of)
    if log.empty:
        return Output(
            "No entry: this product is the vendor's own announcement, so its existence is not in "
            "doubt."
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
    return charts.evidence_path(questions.history(case), evidence.news(case, case.as_of))
