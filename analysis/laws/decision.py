"""Wait, buy or rent: present values against buying today's hardware, whose monthly cost is the
unit.
"""

import numpy as np


def discount_ratio(time_months, discount_share_per_month):
    """Worth today of a dollar paid then, discounted continuously (Brealey, Myers and Allen
    2020).
    """
    return np.exp(-discount_share_per_month * time_months)


def migrated_share(time_months, arrival_months, ramp_months):
    """Share of the work moved to the new hardware: none before it arrives, then in a straight line
    (assumption).
    """
    return np.clip((time_months - arrival_months) / ramp_months, 0, 1)


def waiting_ratio(moved_share, rent_premium_ratio, multiplier_ratio):
    """Cost of a unit of work while waiting: rented at a premium, then on hardware that yields more
    a dollar.
    """
    return (1 - moved_share) * rent_premium_ratio + moved_share / multiplier_ratio


def present_usd(payment_usd, worth_ratio):
    """Present value of a row of payments (sum over the last axis)."""
    return np.sum(payment_usd * worth_ratio, axis=-1)


def chosen_multiplier_ratio(multiplier_ratio, declined_ratio):
    """A buyer who may decline gets the better of new and old: the option in renting (Dixit and
    Pindyck 1994).
    """
    return np.maximum(multiplier_ratio, declined_ratio)


def break_even_ratio(moved_share, rent_premium_ratio):
    """Multiplier at which waiting costs what buying costs, from the discounted share moved;
    infinite if none does.
    """
    left_ratio = 1 - rent_premium_ratio * (1 - moved_share)
    return np.where(left_ratio > 0, moved_share / np.where(left_ratio > 0, left_ratio, 1), np.inf)


def regret_usd(cost_usd, least_usd):
    """What an act costs beyond the best act in hindsight; its least mean over acts is the value of
    knowing (EVPI).
    """
    return cost_usd - least_usd


def slacking_months(doubling_months):
    """A job is worth delaying only if it runs longer than this (Gottbrath et al. 1999,
    astro-ph/9912202).
    """
    return doubling_months / np.log(2)


DECISION = (
    discount_ratio,
    migrated_share,
    waiting_ratio,
    present_usd,
    chosen_multiplier_ratio,
    break_even_ratio,
    regret_usd,
    slacking_months,
)
