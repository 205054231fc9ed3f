"""Which products pay at each option's cost of tokens: margins, thresholds, the chance of a loss."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtr

from analysis.laws import products as law
from analysis.model.prices import api_prices
from analysis.scenario.scenario import Scenario
from analysis.scenario.schema import Product
from analysis.units import convert

API = "API"
MARGINS = (0.9, 0.7, 0.5, 0.0)


def viability(case: Scenario, draws: pd.DataFrame) -> pd.DataFrame:
    """Every product at every option's own cost, and at the API's price, a row a pair.

    The margin (80% range) is on the mean cost of a sale, tokens of an attempt being lognormal.
    `needed_ratio` is how many times cheaper tokens would have to be for the target margin, infinite
    where tools alone eat the price, and `met_share` the chance that they are; `loss_share` is the
    chance that one sale costs more than it pays. `draws` as `evaluate` gives them.
    """
    prices: dict[str, Mapping] = {option: draws.loc[option] for option in draws.index.unique(0)}
    if case.finance.api:
        prices[API] = {name: np.array([usd]) for name, usd in api_prices(case).items()}
    return pd.DataFrame(
        [
            {"product": name, "option": option, **_viability(product, token_usd)}
            for name, product in case.products.items()
            for option, token_usd in prices.items()
        ]
    )


def _viability(product: Product, token_usd: Mapping) -> dict[str, float]:
    """A product at token prices: `token_usd` has `<kind>_usd_per_token`, a value a draw."""
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
    needed = needed_ratio(product, mean_usd)
    tokens = product.input_tokens + product.cached_tokens + product.output_tokens
    payable_usd = payable_token_usd(product, 0.0)
    return {
        "margin_low_share": low,
        "margin_share": mid,
        "margin_high_share": high,
        "needed_ratio": float(np.median(needed)),
        "loss_share": float(np.mean(loss_share(product, median_usd))),
        "target_share": product.margin_share,
        "met_share": float(np.mean(needed <= 1)),
        "token_usd": float(np.median(mean_usd)),
        "price_usd": product.price_usd,
        "tokens_per_usd": tokens / payable_usd if payable_usd > 0 else np.nan,
        "usd_per_mtok": convert(float(np.median(mean_usd)) / tokens, "usd/tok", "usd/Mtok"),
    }


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


def contours(viability: pd.DataFrame, margins: Sequence[float] = MARGINS) -> pd.DataFrame:
    """Lines along which a sale keeps an equal part of each dollar that its other costs leave.

    Columns are margin (in words), tokens_per_usd and usd_per_mtok.
    """
    tokens = viability["tokens_per_usd"]
    span = np.geomspace(tokens.min() / 2, tokens.max() * 2, 41)
    lines = [
        pd.DataFrame(
            {
                "margin": f"keeps {share:.0%}",
                "tokens_per_usd": span,
                "usd_per_mtok": convert((1 - share) / span, "usd/tok", "usd/Mtok"),
            }
        )
        for share in margins
    ]
    return pd.concat(lines, ignore_index=True)


def crossings(viability: pd.DataFrame, ready: str) -> pd.DataFrame:
    """When each product's median first meets its margin, a row a product.

    `when` says today, with the step (`ready` says when that is), or not with it; the other columns
    are `needed_ratio` by option.
    """
    needed = viability.pivot_table(
        index="product", columns="option", values="needed_ratio", sort=False
    )
    step = needed["claimed"] if "claimed" in needed else needed["candidate"]
    with_step = np.where(step <= 1, f"with the step ({ready})", "not with this step")
    when = np.where(needed["baseline"] <= 1, "today", with_step)
    return needed.assign(when=when).reset_index()
