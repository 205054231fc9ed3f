"""Which products pay at each option's cost of tokens: margins, thresholds, the chance of a loss."""

from itertools import product

import numpy as np
import pandas as pd
from scipy.special import ndtr

from analysis.laws import products
from analysis.model.prices import api_prices
from analysis.scenario.scenario import Scenario
from analysis.units import convert


def viability(case: Scenario, draws: pd.DataFrame) -> pd.DataFrame:
    """Every product at every option's own cost, and at the API's price: margin, threshold, chance
    of a loss.

    The margin is on the mean cost of a sale (lognormal tokens); `needed_ratio` is the threshold M*
    for the target margin, infinite where tools alone eat the price; `loss_share` is the chance that
    one sale costs more than it pays.
    """
    costs = {option: draws.loc[option] for option in draws.index.unique(0)}
    if told := api_prices(case):
        costs["API"] = pd.DataFrame([told])
    pairs = product(case.products.items(), costs.items())
    return pd.DataFrame(
        [_viable(name, sold, option, cost) for (name, sold), (option, cost) in pairs]
    )


def _viable(name: str, sold, option: str, cost: pd.DataFrame) -> dict:
    token_prices = (
        cost[f"{kind}_usd_per_token"].to_numpy() for kind in ("input", "cached", "output")
    )
    median = products.attempt_usd(
        sold.input_tokens, sold.cached_tokens, sold.output_tokens, *token_prices
    )
    mean = products.mean_usd(median, sold.spread_ratio)
    margin = products.gross_margin_share(
        products.task_usd(mean, sold.other_usd, sold.success_share), sold.price_usd
    )
    payable = lambda margin: products.payable_usd(
        sold.price_usd, margin, sold.success_share, sold.other_usd
    )
    target, nothing = payable(sold.margin_share), payable(0)
    needed = (
        products.threshold_ratio(mean, target) if target > 0 else np.full(np.shape(mean), np.inf)
    )
    loss = (
        ndtr(-products.loss_score(median, nothing, sold.spread_ratio))
        if nothing > 0
        else np.ones(np.shape(mean))
    )
    low, mid, high = np.quantile(margin, [0.1, 0.5, 0.9])
    tokens = sold.input_tokens + sold.cached_tokens + sold.output_tokens
    return {
        "product": name,
        "option": option,
        "margin_low_share": low,
        "margin_share": mid,
        "margin_high_share": high,
        "needed_ratio": float(np.median(needed)),
        "loss_share": float(np.mean(loss)),
        "target_share": sold.margin_share,
        "met_share": float(np.mean(needed <= 1)),
        "token_usd": float(np.median(mean)),
        "price_usd": sold.price_usd,
        "tokens_per_usd": tokens / nothing if nothing > 0 else np.nan,
        "usd_per_mtok": convert(float(np.median(mean)) / tokens, "usd/tok", "usd/Mtok"),
    }


def contours(table: pd.DataFrame, margins=(0.9, 0.7, 0.5, 0.0)) -> pd.DataFrame:
    """Lines along which a sale keeps an equal part of each dollar that its other costs leave."""
    span = np.geomspace(table["tokens_per_usd"].min() / 2, table["tokens_per_usd"].max() * 2, 41)
    return pd.DataFrame(
        [
            {
                "margin": f"keeps {share:.0%}",
                "tokens_per_usd": tokens,
                "usd_per_mtok": convert((1 - share) / tokens, "usd/tok", "usd/Mtok"),
            }
            for share in margins
            for tokens in span
        ]
    )


def crossings(table: pd.DataFrame, ready: str) -> pd.DataFrame:
    """When each product's median first meets its margin: today, with the step (`ready` says when),
    or not with it.
    """
    needed = table.pivot_table(index="product", columns="option", values="needed_ratio", sort=False)
    step = (needed["claimed"] if "claimed" in needed else needed["candidate"]) <= 1
    when = np.where(
        needed["baseline"] <= 1,
        "today",
        np.where(step, f"with the step ({ready})", "not with this step"),
    )
    return needed.assign(when=when).reset_index()
