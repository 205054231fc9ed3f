"""Dates on the rollout page: what is a fact, what is forecast, and with which chance."""

from datetime import date

import altair as alt
import numpy as np

from analysis.pages.charts import rollout as charts
from analysis.pages.numbers import chance
from analysis.pages.outputs import Output, table
from analysis.pages.words import day, plain
from analysis.questions import dates as questions
from analysis.questions import launches
from analysis.questions.act_costs import Evaluation
from analysis.questions.dates import Forecast
from analysis.scenario.scenario import Scenario

STAGES = {"limited": "limited release", "general": "general availability", "volume": "volume"}
HAS_COME = {"limited": "with a first customer", "general": "open to any customer"}
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
    if "cancelled" in milestones:
        return f"{name} was cancelled by {day(milestones['cancelled'].latest)}: it never comes."
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
        if general.mid is not None and general.mid <= forecast.as_of:
            return (
                f"{name} reached its first customer by {first}. When it opened to any is unknown."
            )
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
    assumed = f"This page supposes that {name} exists"
    if doubted_share < 1:
        assumed += f"; the evidence gives that a chance of {doubted_share:.1%}"
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
            what = f"{plain(forecast.product)}: {HAS_COME[row.milestone]}{assumption}{happened}"
            rows.append(
                [what, day(row.mid), _span(row.low, row.high), chance_words(row.never_share)]
            )
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
    return [[f"{plain(product)}: at work here", day(mid), _span(low, high), chance_words(never)]]


def chance_words(share: float) -> str:
    """A chance with a digit behind the point, but none that is certain.

    >>> chance_words(0.0), chance_words(0.0441), chance_words(1.0)
    ('0%', '4.4%', '100%')
    """
    return f"{share:.0%}" if share in (0, 1) else f"{share:.1%}"


def _span(low: date | None, high: date | None) -> str:
    """A range of days; one day, or never, is said once."""
    return day(low) if low == high else f"{day(low)} to {day(high)}"


def if_it_exists(forecast: Forecast) -> str:
    """What is added to a number that assumes the existence of a claimed product."""
    announced = launches.milestones(forecast.product, forecast.as_of)["announced"]
    assumed = announced.status == "claimed" and forecast.real_share == 1
    return ", if it exists" if assumed else ""


def dates_chart(case: Scenario, forecast: Forecast) -> alt.LayerChart:
    """Each milestone over its promised window, taking the product's existence for granted."""
    shown = charted(case, forecast)
    outlook = questions.outlook(shown)
    general = outlook.set_index("milestone").loc["general"]
    opened = "was" if shown.general else "is"
    finding = f"{shown.product} {opened} open to any customer by {day(general.mid)} at even odds"
    finding += if_it_exists(shown)
    if general.mid is None:
        finding = f"{shown.product} is more likely than not never open to any customer"
    elif shown.general:
        finding = finding.removesuffix(" at even odds")
    return charts.dates(outlook, questions.windows(shown), case.as_of, finding)


def chances(case: Scenario, forecast: Forecast) -> alt.LayerChart:
    """The chance that each milestone has come, over three years, if the product exists."""
    shown = charted(case, forecast)
    until = case.as_of.replace(year=case.as_of.year + CURVE_YEARS)
    year_end = date(case.as_of.year + 1, 12, 31)
    share = questions.chance_by(shown, "general", year_end)
    finding = f"A chance of {chance(share)}: {shown.product} is open to all by the end of "
    finding += f"{year_end.year}"
    finding += if_it_exists(shown)
    return charts.chances(questions.curves(shown, until), case.as_of, finding)


def charted(case: Scenario, forecast: Forecast) -> Forecast:
    """The product whose dates are drawn: this page's, or the awaited one where that is on sale."""
    others = awaited(case)
    if forecast.general and others:
        return questions.forecast(_about(case, others[0])).if_real()
    return forecast.if_real()
