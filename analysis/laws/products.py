"""What cheaper tokens do to a product's margin, to a budget and to demand."""

import numpy as np


def attempt_usd(
    input_tokens,
    cached_tokens,
    output_tokens,
    input_usd_per_token,
    cached_usd_per_token,
    output_usd_per_token,
):
    """Tokens of one attempt at their own prices: read afresh, read from a cache, written."""
    read_usd = input_tokens * input_usd_per_token + cached_tokens * cached_usd_per_token
    return read_usd + output_tokens * output_usd_per_token


def mean_usd(median_usd, spread_ratio):
    """Mean of a lognormal cost; `spread_ratio` is the standard deviation of its logarithm. Price on
    the mean.
    """
    return median_usd * np.exp(spread_ratio * spread_ratio / 2)


def task_usd(attempt_usd, other_usd, success_share):
    """Cost of one success: failed attempts, tools included, are paid for by those that work."""
    return (attempt_usd + other_usd) / success_share


def gross_margin_share(task_usd, price_usd):
    """Part of the price left after the cost of serving."""
    return 1 - task_usd / price_usd


def payable_usd(price_usd, gross_margin_share, success_share, other_usd):
    """What one attempt's tokens may cost if the margin is to hold; none left where tools alone eat
    the price.
    """
    return price_usd * (1 - gross_margin_share) * success_share - other_usd


def threshold_ratio(attempt_usd, payable_usd):
    """By how much tokens have to become cheaper before the margin holds; at or below 1 it holds
    today.
    """
    return attempt_usd / payable_usd


def loss_score(median_usd, payable_usd, spread_ratio):
    """Standard normal score above which one task costs more than it may: its upper tail is the
    chance of a loss.
    """
    return np.log(payable_usd / median_usd) / spread_ratio


def cost_gain_ratio(before_usd, after_usd):
    """Tokens per dollar, after over before, for the same work."""
    return before_usd / after_usd


def eligible_ratio(gain_ratio, eligible_share):
    """Gain on all tokens when only some can move, by tokens: the rest cost what they did (Amdahl
    1967).
    """
    return 1 / (eligible_share / gain_ratio + 1 - eligible_share)


def spendable_usd(budget_usd, migration_usd, dual_s, budget_usd_per_s, moved_share):
    """Budget left for tokens after the move is paid: engineering once, and old and new running side
    by side.
    """
    return budget_usd - migration_usd - dual_s * budget_usd_per_s * moved_share


def price_ratio(cost_ratio, passed_elasticity):
    """Price as a power of cost: 1 passes a cost cut on whole, 0 keeps all of it as margin."""
    return cost_ratio**passed_elasticity


def demand_ratio(price_ratio, demand_elasticity):
    """Tokens bought at a constant elasticity, given as a positive number: a lower price
    sells more.
    """
    return price_ratio**-demand_elasticity


def spend_ratio(price_ratio, demand_ratio):
    """What buyers spend after the price has moved: above 1 the cheaper token costs them more in
    all.
    """
    return price_ratio * demand_ratio
