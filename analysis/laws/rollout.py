"""When it arrives, how fast it spreads, and what a mixed fleet yields. Time in months since a
stated date.
"""

import numpy as np


def jeffreys_share(events_count, trials_count):
    """Mean chance after events in trials under Jeffreys' prior Beta(1/2, 1/2) (Brown, Cai and
    DasGupta 2001).
    """
    return (events_count + 1 / 2) / (trials_count + 1)


def late_slip_months(median_slip_months, spread_ratio, standard_score):
    """A positive slip is lognormal: long waits are rare but heavy (Flyvbjerg 2009 on schedule
    overruns).
    """
    return median_slip_months * np.exp(spread_ratio * standard_score)


def early_slip_months(window_months, position_share):
    """A launch that keeps its word lands anywhere in its window with equal chance (assumption)."""
    return -window_months * position_share


def hazard_share_per_month(events_count, exposed_months):
    """Rate of events in so many months at risk, whatever ended them: Jeffreys' mean for a Poisson
    rate.
    """
    return (events_count + 1 / 2) / exposed_months


def event_probability(event_share_per_month, exposed_months):
    """Chance of an event, a redesign or a cancellation, while exposed to a constant hazard
    (exponential survival).
    """
    return 1 - np.exp(-event_share_per_month * exposed_months)


def cooling_months(
    design_fix_months, validation_months, common_ratio, loops_count, loop_months, overlap_share
):
    """Months until the cooling is proven: fix, then validation, and any redesign loop, partly
    absorbed by float.
    """
    planned_months = (design_fix_months + validation_months) * common_ratio
    return planned_months + loops_count * loop_months * (1 - overlap_share)


def limited_months(announced_months, proven_months):
    """Limited release waits for the later of the slipped announcement and the proven cooling (merge
    bias).
    """
    return np.maximum(announced_months, proven_months)


def general_months(limited_release_months, ramp_gap_months, window_start_months):
    """General availability follows limited release by a gap and never opens before the window it
    was promised for.
    """
    return np.maximum(limited_release_months + ramp_gap_months, window_start_months)


def unnoticed_share(age_months, notice_share_per_month):
    """Chance that an event stays unreported for so long, at a constant rate of being noticed; 1
    before the event.
    """
    return np.minimum(np.exp(-notice_share_per_month * age_months), 1)


def updated_share(prior_share, likelihood_ratio):
    """Bayes' rule on odds: a ratio above 1 speaks for the hypothesis."""
    return prior_share * likelihood_ratio / (prior_share * likelihood_ratio + 1 - prior_share)


def weighed_ratio(likelihood_ratio, reliability_share):
    """A likelihood ratio discounted for a source that may be wrong or may repeat another (power
    tempering).
    """
    return np.exp(reliability_share * np.log(likelihood_ratio))


def logistic_chips(cap_chips, growth_share_per_month, midpoint_months, time_months):
    """Cumulative shipments under a cap of supply: the logistic curve (Verhulst 1838)."""
    return cap_chips / (1 + np.exp(-growth_share_per_month * (time_months - midpoint_months)))


def surviving_share(age_months, life_months, shape_ratio):
    """Share of a cohort still in service: Weibull, shape above 1 for wear and retirement by plan
    (Weibull 1951).
    """
    return np.exp(-((age_months / life_months) ** shape_ratio))


def blended_usd_per_token(old_usd_per_s, new_usd_per_s, old_tokens_per_s, new_tokens_per_s):
    """Cost of a mixed fleet's token: all its dollars over all its tokens, a harmonic mean in cost
    (identity).
    """
    return (old_usd_per_s + new_usd_per_s) / (old_tokens_per_s + new_tokens_per_s)


def blended_j_per_token(old_tokens_per_s, new_tokens_per_s, old_j_per_token, new_j_per_token):
    """Energy of a mixed fleet's token: each part's energy weighted by the tokens that it serves
    (identity).
    """
    spent_w = old_tokens_per_s * old_j_per_token + new_tokens_per_s * new_j_per_token
    return spent_w / (old_tokens_per_s + new_tokens_per_s)


ROLLOUT = (
    jeffreys_share,
    late_slip_months,
    early_slip_months,
    hazard_share_per_month,
    event_probability,
    cooling_months,
    limited_months,
    general_months,
    unnoticed_share,
    updated_share,
    weighed_ratio,
    logistic_chips,
    surviving_share,
    blended_usd_per_token,
    blended_j_per_token,
)
