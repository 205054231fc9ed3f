"""Proper scores of forecasts against what happened: lower is better, and honesty is the best
policy.
"""

import numpy as np


def brier_score(forecast_share, outcome_share):
    """Squared error of a chance; the outcome is 1 or 0 (Brier 1950)."""
    return (forecast_share - outcome_share) ** 2


def log_score(forecast_share, outcome_share):
    """Negative log likelihood of a chance strictly between 0 and 1 (Good 1952)."""
    return -(
        outcome_share * np.log(forecast_share) + (1 - outcome_share) * np.log(1 - forecast_share)
    )


def ensemble_crps_months(samples_months, outcome_months):
    """CRPS of samples (last axis): their distance from the outcome less half their own (Gneiting
    and Raftery 2007).
    """
    ordered = np.sort(np.atleast_1d(samples_months), axis=-1)
    count = ordered.shape[-1]
    weight = (2 * np.arange(1, count + 1) - count - 1) / count**2
    far = np.abs(ordered - np.expand_dims(outcome_months, -1))
    return np.mean(far, axis=-1) - np.sum(weight * ordered, axis=-1)


def pinball_months(outcome_months, quantile_months, level_share):
    """Quantile loss: misses on the unlikely side weigh more (Koenker and Bassett 1978)."""
    miss = outcome_months - quantile_months
    return np.maximum(level_share * miss, (level_share - 1) * miss)


def interval_score_months(outcome_months, low_months, high_months, covered_share):
    """Width of a central interval plus a penalty outside it (Gneiting and Raftery 2007, eq. 43)."""
    beyond = np.maximum(low_months - outcome_months, outcome_months - high_months)
    return high_months - low_months + 2 / (1 - covered_share) * np.maximum(beyond, 0 * beyond)


def skill_ratio(score_value, base_value):
    """Improvement on a reference forecast: 1 is perfect, 0 no better, negative worse
    (Murphy 1988).
    """
    return 1 - score_value / base_value


def calibration_score(forecast_share, observed_share):
    """Squared distance of what was said from how often it came true, for one bin (Murphy 1973
    reliability term).
    """
    return (forecast_share - observed_share) ** 2


SCORING = (
    brier_score,
    log_score,
    ensemble_crps_months,
    pinball_months,
    interval_score_months,
    skill_ratio,
    calibration_score,
)
