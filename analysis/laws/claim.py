"""From a headline to a buyer: how much of a claimed cut passes through to tokens per dollar."""

import numpy as np


def headline_ratio(cut_share):
    """Work per unit of resource once its use per token falls by a share, if nothing else counts: 1
    / (1 - c).
    """
    return 1 / (1 - cut_share)


def cut_share(headline_ratio):
    """The fall in resource per token that a multiplier speaks of: the inverse of
    `headline_ratio`.
    """
    return 1 - 1 / headline_ratio


def realised_ratio(time_ratio, price_ratio, eligible_share, load_ratio, software_ratio):
    """Tokens per dollar, new to old: eligible traffic takes `time_ratio` of the chip time at
    `price_ratio`.
    """
    return (
        load_ratio
        * software_ratio
        / (eligible_share * price_ratio * time_ratio + 1 - eligible_share)
    )


def linear_pass_share(realised_ratio, cut_share):
    """Share of the claimed cut that reaches the cost of a token (beta): the headline holds only at
    1.
    """
    return (1 - 1 / realised_ratio) / cut_share


def log_pass_ratio(realised_ratio, headline_ratio):
    """Realised over claimed multiplier on a log scale (kappa): stages add, and above 1 more is at
    work.
    """
    return np.log(realised_ratio) / np.log(headline_ratio)


def paying_affected_share(price_ratio, cut_share):
    """Share of time that a cut has to touch before it pays for a dearer chip, nothing else
    changing.
    """
    return (1 - 1 / price_ratio) / cut_share


def independent_count(sources_count, dependence_share):
    """Independent sources that so many correlated ones are worth: n / (1 + (n - 1) rho) (Kish's
    design effect).
    """
    return sources_count / (1 + (sources_count - 1) * dependence_share)


def added_count(position_count, dependence_share):
    """Independent entries that one more of a cluster adds: 1 for its first, little for later ones.

    The difference of Kish's count with and without it (`independent_count`).
    """
    with_it = independent_count(position_count, dependence_share)
    without = independent_count(position_count - 1, dependence_share)
    return with_it - without
