"""Proper scores of forecasts against what happened: lower is better, and honesty is the best
policy.
"""

from math import erf

import numpy as np

_erf = np.vectorize(erf, otypes=[float])


def brier_score(forecast_share, outcome_share):
    """Squared error of a chance; the outcome is 1 or 0 (Brier 1950)."""
    return (forecast_share - outcome_share) ** 2


def log_score(forecast_share, outcome_share):
    """Negative log likelihood of a chance strictly between 0 and 1 (Good 1952)."""
    return -(
        outcome_share * np.log(forecast_share) + (1 - outcome_share) * np.log(1 - forecast_share)
    )


def normal_crps_months(outcome_months, mean_months, deviation_months):
    """Continuous ranked probability score of a normal forecast (Gneiting and Raftery 2007,
    eq. 21).
    """
    score = (outcome_months - mean_months) / deviation_months
    density_ratio = np.exp(-(score**2) / 2) / np.sqrt(2 * np.pi)
    return deviation_months * (
        score * _erf(score / np.sqrt(2)) + 2 * density_ratio - 1 / np.sqrt(np.pi)
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


def capped_crps_months(samples_months, outcome_months, horizon_months):
    """CRPS of min(date, horizon): stays finite and proper where 'never' has mass or the outcome is
    not in yet.
    """
    return ensemble_crps_months(
        np.minimum(samples_months, horizon_months), np.minimum(outcome_months, horizon_months)
    )


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
    normal_crps_months,
    ensemble_crps_months,
    capped_crps_months,
    pinball_months,
    interval_score_months,
    skill_ratio,
    calibration_score,
)
