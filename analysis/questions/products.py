"""Which products pay at a price of tokens: margins, thresholds, the chance of a loss."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr

from analysis.laws import products as law
from analysis.scenario.scenario import Scenario
from analysis.scenario.schema import Product, quantiles
from analysis.units import convert

MTOK = convert(1.0, "usd/tok", "usd/Mtok")


def viability(case: Scenario, prices: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Every product at every set of token prices, a row a pair.

    `prices` has, by name, `<kind>_usd_per_token` of computed, cached and written tokens, a number
    or a value a draw. Columns are product and `prices` (the name), `price_usd` and `target_share`
    of a sale, `payable_usd_per_mtok` (the mean price of its tokens below which it pays, NaN where
    other costs leave nothing), low, mid and high of what they cost, margins on the mean cost of a
    sale, `needed_ratio` (how many times cheaper tokens would have to be for the target margin,
    infinite for never) and `loss_share`, the chance that one sale costs more than it pays.
    """
    return pd.DataFrame(
        [
            {"product": name, "prices": which, **_viability(product, token_usd)}
            for name, product in case.products.items()
            for which, token_usd in prices.items()
        ]
    )


def _viability(product: Product, token_usd: Mapping[str, Any]) -> dict[str, float]:
    """A product at token prices."""
    input_usd, cached_usd, output_usd = (
        np.asarray(token_usd[f"{kind}_usd_per_token"]) for kind in ("input", "cached", "output")
    )
    median_usd = law.attempt_usd(
        product.input_tokens,
        product.cached_tokens,
        product.output_tokens,
        input_usd,
        cached_usd,
        output_usd,
    )
    mean_usd = law.mean_usd(median_usd, product.spread_ratio)
    task_usd = law.task_usd(mean_usd, product.other_usd, product.success_share)
    margin = law.gross_margin_share(task_usd, product.price_usd)
    low, mid, high = np.quantile(margin, [0.1, 0.5, 0.9])
    tokens = product.input_tokens + product.cached_tokens + product.output_tokens
    return {
        "price_usd": product.price_usd,
        "target_share": product.margin_share,
        "payable_usd_per_mtok": payable_usd_per_token(product) * MTOK,
        **quantiles(median_usd / tokens * MTOK),
        "margin_low_share": low,
        "margin_share": mid,
        "margin_high_share": high,
        "needed_ratio": float(np.median(needed_ratio(product, mean_usd))),
        "loss_share": float(np.mean(loss_share(product, median_usd))),
    }


def payable_usd_per_token(product: Product) -> float:
    """Mean price of a product's tokens below which it keeps its margin; NaN for no price."""
    target_usd = payable_token_usd(product, product.margin_share)
    if target_usd <= 0:
        return np.nan
    tokens = product.input_tokens + product.cached_tokens + product.output_tokens
    return target_usd / law.mean_usd(tokens, product.spread_ratio)


def payable_token_usd(product: Product, margin_share: float) -> float:
    """What an attempt's tokens may cost for a margin; negative where other costs eat the price."""
    return law.payable_usd(
        product.price_usd, margin_share, product.success_share, product.other_usd
    )


def needed_ratio(product: Product, mean_usd: np.ndarray) -> np.ndarray:
    """How many times cheaper tokens would have to be for the target margin; infinite for never."""
    target_usd = payable_token_usd(product, product.margin_share)
    if target_usd <= 0:
        return np.full(np.shape(mean_usd), np.inf)
    return law.threshold_ratio(mean_usd, target_usd)


def loss_share(product: Product, median_usd: np.ndarray) -> np.ndarray:
    """Chance that one sale's tokens cost more than they may at no margin."""
    payable_usd = payable_token_usd(product, 0.0)
    if payable_usd <= 0:
        return np.ones(np.shape(median_usd))
    return ndtr(-law.loss_score(median_usd, payable_usd, product.spread_ratio))
