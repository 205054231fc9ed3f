"""Products on the cost page: which pay, when, and what a market does with cheaper tokens."""

import altair as alt
import numpy as np
import pandas as pd

from analysis.pages.charts import cost as charts
from analysis.pages.cost_budget import arrival_months
from analysis.pages.outputs import Output, table
from analysis.pages.verdicts import headline_option
from analysis.pages.words import plain
from analysis.questions import budget
from analysis.questions.launches import day_after
from analysis.questions.products import contours, crossings, viability
from analysis.scenario.scenario import Scenario

__all__ = ["demand", "margins", "products", "thresholds", "viability"]
ALIKE = 0.02  # a change of spending below this share is none


def products(case: Scenario, draws: pd.DataFrame) -> Output:
    """Each product: price, threshold, chance of a loss before and after, when the aim is met."""
    viable = viability(case, draws)
    met = crossings(viable, ready_words(case)).set_index("product")["when"]
    by_option = viable.set_index(["product", "option"])
    rows = []
    for name in case.products:
        old = by_option.loc[(name, "baseline")]
        new = by_option.loc[(name, headline_option(draws))]
        rows.append(
            (
                plain(name.replace("-", " ")),
                f"${old.price_usd:,.2f}",
                f"{old.target_share:.0%}",
                _threshold_words(old.needed_ratio),
                f"{old.loss_share:.1%}",
                f"{new.loss_share:.1%}",
                met[name],
            )
        )
    heads = [
        "Product",
        "price",
        "aim",
        "threshold M*",
        "loss on a sale, before",
        "after",
        "aim met",
    ]
    return table(rows, heads)


def _threshold_words(needed_ratio: float) -> str:
    return "no gain is enough" if np.isinf(needed_ratio) else f"{needed_ratio:.2f}×"


def ready_words(case: Scenario) -> str:
    """When the product works for this buyer, in words: a month at even odds, or likely never."""
    month = float(np.median(arrival_months(case)))
    if not np.isfinite(month):
        return "which more likely than not never comes"
    return f"at even odds by {day_after(case.as_of, month):%B %Y}"


def margins(viability: pd.DataFrame) -> alt.LayerChart:
    """The margin of each product at each option's cost, and the one aimed at."""
    return charts.margins(viability)


def thresholds(viability: pd.DataFrame) -> alt.LayerChart:
    """Where tokens leave a margin, and where each product stands."""
    return charts.thresholds(viability, contours(viability))


def demand(case: Scenario, draws: pd.DataFrame) -> dict[str, str]:
    """What the market does with the cost cut: changes of price, tokens and spending, in words.

    `way` says how buyers' spending changes at the median.
    """
    ratios = budget.demand(case, draws, headline_option(draws))
    changes = (ratios.quantile([0.1, 0.5, 0.9]) - 1).round(2) + 0.0  # no minus before a zero
    words = {}
    for name, (low, mid, high) in changes.items():
        words[str(name)] = f"{mid:+.0%} ({low:+.0%} to {high:+.0%})"
    words["way"] = _spending_words(changes["spend_ratio"][0.5])
    return words


def _spending_words(change: float) -> str:
    if abs(change) < ALIKE:
        return "about as much"
    return "more" if change > 0 else "less"
