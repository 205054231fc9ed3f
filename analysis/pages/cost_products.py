"""Products on the cost page: which pay, at which price of tokens, and what a market then does."""

from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

from analysis.model.prices import api_prices
from analysis.pages.charts import cost as charts
from analysis.pages.charts import cost_act
from analysis.pages.cost_options import dollars, shift
from analysis.pages.numbers import chance, percent_change
from analysis.pages.outputs import Output, table
from analysis.pages.verdicts import headline_option
from analysis.pages.words import plain
from analysis.questions import budget
from analysis.questions import products as product_questions
from analysis.questions.answer import evaluated
from analysis.questions.way_tokens import token_prices
from analysis.questions.ways import TODAY
from analysis.scenario.scenario import Scenario

ALIKE = 0.02  # a change of spending below this share is none
THEN = "advised"
NEXT = "next best"
HEADLINE = "headline's step"
API = "API"


def viability(case: Scenario, draws: pd.DataFrame) -> pd.DataFrame:
    """Every product at four prices of tokens, as `products.viability` gives them.

    They are today's, those where the act ends (`advised`, or `next best` where keeping is), those
    of the headline's step in `draws`, and the API's; products are in words.
    """
    evaluation, followed = evaluated(case), shift(case)
    prices: dict[str, Mapping] = {
        "today": token_prices(case, evaluation, TODAY, evaluation.ways.today.tenure)
    }
    if followed is not None:
        name = THEN if followed.advised else NEXT
        prices[name] = token_prices(case, evaluation, *followed.end)
    prices[HEADLINE] = draws.loc[headline_option(draws)]
    if case.finance.api:
        prices[API] = api_prices(case)
    rows = product_questions.viability(case, prices)
    return rows.assign(product=rows["product"].str.replace("-", " "))


def products_chart(viable: pd.DataFrame) -> alt.LayerChart:
    """What each product's tokens cost today and under the act, and the price at which it pays."""
    rows = viable[viable["prices"].isin(["today", THEN, NEXT])]
    return cost_act.products(rows, _finding(rows))


def _finding(rows: pd.DataFrame) -> str:
    pays = _paying(rows)
    count = rows["product"].nunique()
    now = len(pays["today"])
    words = f"{now} of {count} products {'pays' if now == 1 else 'pay'} today"
    for name in (THEN, NEXT):
        if name in pays:
            new = [product for product in pays[name] if product not in pays["today"]]
            lost = [product for product in pays["today"] if product not in pays[name]]
            act = "the advised act" if name == THEN else "the next best act"
            words += f"; {act} adds {_listed(new) if new else 'none'}"
            words += f" and loses {_listed(lost)}" if lost else ""
    return words


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _paying(rows: pd.DataFrame) -> dict[str, list[str]]:
    """The products whose aim is met at the median, by set of prices."""
    met = rows[rows["needed_ratio"] <= 1]
    return {name: list(met["product"][met["prices"] == name]) for name in rows["prices"].unique()}


def products(viable: pd.DataFrame) -> Output:
    """Each product: the price of tokens at which it pays, what they cost, and when it does."""
    pays = _paying(viable)
    sets = [name for name in ("today", THEN, NEXT) if name in pays]
    by_name = viable.set_index(["product", "prices"])
    rows = []
    for product in viable["product"].unique():
        first = by_name.loc[(product, "today")]
        limit = first["payable_usd_per_mtok"]
        met = [name for name in sets if product in pays[name]]
        rows.append(
            [
                plain(product),
                "no price" if np.isnan(limit) else dollars(limit),
                *(dollars(by_name.loc[(product, name)]["mid"]) for name in sets),
                _when(met, sets),
            ]
        )
    heads = ["Product", "pays below, $ per million tokens"]
    return table(rows, [*heads, *sets, "pays"])


def _when(met: list[str], sets: list[str]) -> str:
    """When a product pays, by the sets of prices at which it does."""
    if not met:
        return "no"
    if met == sets:
        return "already today"
    return "only today" if met == ["today"] else "with the act"


def losses(viable: pd.DataFrame) -> Output:
    """For each product: its price, how much cheaper tokens have to be, and chances of a loss."""
    by_name = viable.set_index(["product", "prices"])
    sets = [name for name in viable["prices"].unique() if name != API]
    rows = []
    for product in viable["product"].unique():
        first = by_name.loc[(product, "today")]
        sale = [f"${first['price_usd']:,.2f}", f"{first['target_share']:.0%}"]
        chances = [chance(by_name.loc[(product, name)]["loss_share"], 1) for name in sets]
        rows.append([plain(product), *sale, _threshold_words(first["needed_ratio"]), *chances])
    heads = ["Product", "price of a sale", "margin aimed at", "cheaper tokens needed"]
    heads += [*(f"loss on a sale, {name}" for name in sets)]
    return table(rows, heads)


def _threshold_words(needed_ratio: float) -> str:
    return "no gain is enough" if np.isinf(needed_ratio) else f"{needed_ratio:.2f}×"


def margins(viable: pd.DataFrame) -> alt.LayerChart:
    """The margin of each product at each set of token prices, and the one aimed at."""
    return charts.margins(viable)


def demand(case: Scenario, draws: pd.DataFrame) -> dict[str, str]:
    """What the market does with the cost cut: changes of price, tokens and spending, in words.

    `way` says how buyers' spending changes at the median.
    """
    ratios = budget.demand(case, draws, headline_option(draws))
    changes = (ratios.quantile([0.1, 0.5, 0.9]) - 1).round(2) + 0.0  # no minus before a zero
    words = {}
    for name, (low, mid, high) in changes.items():
        words[str(name)] = (
            f"{percent_change(mid)} ({percent_change(low)} to {percent_change(high)})"
        )
    words["way"] = _spending_words(changes["spend_ratio"][0.5])
    return words


def _spending_words(change: float) -> str:
    if abs(change) < ALIKE:
        return "about as much"
    return "more" if change > 0 else "less"
