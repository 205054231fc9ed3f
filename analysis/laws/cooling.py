"""What a hall can hold and what heat costs: density, retrofit, free cooling, lower clocks, carbon,
water, megawatts.

Temperatures are kelvin, densities watts a rack position, all of the computers' power unless a name
says facility.
"""

import numpy as np


def air_share(rack_power_w, rack_limit_w, hall_slope_ratio):
    """Share of a hall's positions that can hold a rack: a log-logistic fall with density, half at
    the usual limit.
    """
    return 1 / (1 + (rack_power_w / rack_limit_w) ** hall_slope_ratio)


def placeable_share(liquid_hall_share, air_share):
    """Share of a fleet that can stand somewhere today: liquid-ready halls take any rack, the others
    what air allows.
    """
    return liquid_hall_share + (1 - liquid_hall_share) * air_share


def retrofit_usd_per_chip(retrofit_usd_per_w, rack_power_w, rack_chips, placeable_share):
    """Price of bringing liquid to the racks that cannot be placed today, spread over all chips."""
    return retrofit_usd_per_w * rack_power_w / rack_chips * (1 - placeable_share)


def placed_share(placeable_share, retrofit_s, horizon_s):
    """Mean share of the fleet at work over a horizon: the rest waits for its retrofit, at worst for
    all of it.
    """
    return 1 - (1 - placeable_share) * np.minimum(1, retrofit_s / horizon_s)


def free_cooling_share(supply_k, approach_k, outdoor_k, outdoor_spread_k):
    """Share of the year in which outdoor air alone cools the supply water: a logistic spread of
    hourly temperatures.
    """
    return 1 / (1 + np.exp((outdoor_k + approach_k - supply_k) / outdoor_spread_k))


def cooled_pue_ratio(loss_ratio, circulation_ratio, chiller_ratio, free_cooling_share):
    """Facility over computers: conversion losses, fans and pumps always, chillers in hours that are
    not free.
    """
    return 1 + loss_ratio + circulation_ratio + chiller_ratio * (1 - free_cooling_share)


def clock_ratio(supply_k, derate_from_k, derate_share_per_k):
    """Clock left under a thermal limit: each kelvin that the coolant is too warm takes a share of
    what is left.
    """
    return np.exp(-np.maximum(0 * supply_k, supply_k - derate_from_k) * derate_share_per_k)


def compute_bound_share(prefill_busy_share, linear_read_s, linear_compute_s):
    """Share of the time that arithmetic binds: prompts, and the steps in which it outlasts the
    reading of weights.
    """
    squares = linear_compute_s * linear_compute_s
    return prefill_busy_share + (1 - prefill_busy_share) * squares / (
        squares + linear_read_s * linear_read_s
    )


def derated_tokens_ratio(clock_ratio, compute_bound_share):
    """Tokens left at a lower clock: only the part of the time that arithmetic binds stretches
    (Amdahl 1967).
    """
    return clock_ratio / (clock_ratio + compute_bound_share * (1 - clock_ratio))


def paid_work_share(placed_share, paid_wait_share):
    """Share of the paid chip seconds in which a chip stands in a hall; a wait that nobody pays for
    costs no money.
    """
    return placed_share / (placed_share + paid_wait_share * (1 - placed_share))


def paid_tokens_per_s_per_chip(output_tokens_per_s_per_chip, derated_tokens_ratio, paid_work_share):
    """Tokens of a paid chip second: lower clocks and chips paid for while they wait enter here, and
    here only.
    """
    return output_tokens_per_s_per_chip * derated_tokens_ratio * paid_work_share


def placed_tokens_per_s_per_chip(output_tokens_per_s_per_chip, derated_tokens_ratio, placed_share):
    """Tokens per chip bought once lower clocks and chips that wait for a hall are counted."""
    return output_tokens_per_s_per_chip * derated_tokens_ratio * placed_share


def operational_g_per_output_token(facility_j_per_output_token, carbon_g_per_j):
    """Carbon of the electricity bought: facility energy, so the PUE is in it, times the grid's mean
    intensity.
    """
    return facility_j_per_output_token * carbon_g_per_j


def embodied_g_per_output_token(
    embodied_g_per_chip, it_life_s, load_factor, output_tokens_per_s_per_chip
):
    """Carbon of making the chip and its share of the server, spread over all tokens that it makes
    in its life.
    """
    return embodied_g_per_chip / (it_life_s * load_factor * output_tokens_per_s_per_chip)


def site_l_per_output_token(wall_j_per_output_token, water_l_per_j):
    """Water that cooling evaporates on site: the WUE counts per joule of computers, so the wall's
    energy and no PUE.
    """
    return wall_j_per_output_token * water_l_per_j


def grid_l_per_output_token(facility_j_per_output_token, grid_water_l_per_j):
    """Water that power stations evaporate for the electricity bought, which the PUE is part of."""
    return facility_j_per_output_token * grid_water_l_per_j


def powered_chips(limit_w, provisioned_w_per_chip):
    """Chips that a limit on power or cooling carries: provisioned power, since a connection is
    sized for the peak.
    """
    return limit_w / provisioned_w_per_chip


def scarce_ratio(tokens_ratio, taken_ratio):
    """Tokens for the same dollars or megawatts, new to old, from the ratios of tokens and of what
    they take.
    """
    return tokens_ratio / taken_ratio


def power_value_usd_per_s_per_w(
    value_usd_per_token, tokens_per_s_per_chip, usd_per_s_per_chip, provisioned_w_per_chip
):
    """Shadow price of power: what one more watt would earn once its chips are paid, 0 where they
    earn nothing.
    """
    earned = value_usd_per_token * tokens_per_s_per_chip - usd_per_s_per_chip
    return np.abs(np.maximum(0 * earned, earned)) / provisioned_w_per_chip


def implied_power_ratio(energy_ratio, time_ratio):
    """Mean power, new to old, that a claim on energy and one on time per token imply together: E =
    P t.
    """
    return energy_ratio / time_ratio


HALL = (
    air_share,
    placeable_share,
    placed_share,
    paid_work_share,
    clock_ratio,
)  # what a rack meets where it stands
COOLING = (
    *HALL,
    retrofit_usd_per_chip,
    free_cooling_share,
    cooled_pue_ratio,
    compute_bound_share,
    derated_tokens_ratio,
    paid_tokens_per_s_per_chip,
    placed_tokens_per_s_per_chip,
    operational_g_per_output_token,
    embodied_g_per_output_token,
    site_l_per_output_token,
    grid_l_per_output_token,
)
