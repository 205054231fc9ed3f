"""Joules per token at three boundaries: accelerator boards, the system at the wall, the facility at the meter.

A board draws between a floor and its limit; how far up depends on what the chip does. A load is the share of a phase
in which memory, arithmetic or links are busy, times its weight; where both roofs bind, a phase carries both loads.
"""

import numpy as np


def floor_w_per_chip(power_w_per_chip, floor_share):
    """A board that is powered and clocked but waits: launches, scheduling, the time between kernels."""
    return power_w_per_chip * floor_share


def _loaded_w_per_chip(power_w_per_chip, floor_share, load_ratio):
    """Board power under a load: from the floor up to the limit, where the governor lowers clocks."""
    return power_w_per_chip * (1 - (1 - floor_share) * np.exp(-load_ratio))


def linear_w_per_chip(
    power_w_per_chip,
    floor_share,
    memory_load_ratio,
    compute_load_ratio,
    linear_read_s,
    linear_compute_s,
    expert_read_s,
    expert_compute_s,
):
    """Board power while weights are read and multiplied in decoding: linear layers and experts."""
    phase_s = np.hypot(linear_read_s, linear_compute_s) + np.hypot(expert_read_s, expert_compute_s)
    busy_s = memory_load_ratio * (linear_read_s + expert_read_s)
    load_ratio = (busy_s + compute_load_ratio * (linear_compute_s + expert_compute_s)) / phase_s
    return _loaded_w_per_chip(power_w_per_chip, floor_share, load_ratio)


def attention_w_per_chip(
    power_w_per_chip, floor_share, memory_load_ratio, compute_load_ratio, cache_read_s, attention_s
):
    """Board power in decode attention, which reads the cache and computes little."""
    busy_s = memory_load_ratio * cache_read_s + compute_load_ratio * attention_s
    return _loaded_w_per_chip(power_w_per_chip, floor_share, busy_s / np.hypot(cache_read_s, attention_s))


def communication_w_per_chip(power_w_per_chip, floor_share, link_load_ratio):
    """Board power while collectives cross the links."""
    return _loaded_w_per_chip(power_w_per_chip, floor_share, link_load_ratio)


def prefill_w_per_chip(
    power_w_per_chip,
    floor_share,
    prefill_load_ratio,
    link_load_ratio,
    prefill_linear_s,
    prefill_attention_s,
    prefill_communication_s,
    prefill_s,
):
    """Mean board power over a prompt: dense arithmetic, collectives, and the launches between them."""
    compute_s = prefill_linear_s + prefill_attention_s
    busy_w = compute_s * _loaded_w_per_chip(power_w_per_chip, floor_share, prefill_load_ratio)
    link_w = prefill_communication_s * _loaded_w_per_chip(power_w_per_chip, floor_share, link_load_ratio)
    rest_s = prefill_s - compute_s - prefill_communication_s
    return (busy_w + link_w + rest_s * power_w_per_chip * floor_share) / prefill_s


def decode_w_per_chip(
    linear_w_per_chip,
    attention_w_per_chip,
    communication_w_per_chip,
    floor_w_per_chip,
    linear_read_s,
    linear_compute_s,
    expert_read_s,
    expert_compute_s,
    cache_read_s,
    attention_s,
    communication_s,
    overhead_s,
):
    """Mean board power over a decode step: each phase's power for its time (the parts of `step_s`)."""
    linear_s = np.hypot(linear_read_s, linear_compute_s) + np.hypot(expert_read_s, expert_compute_s)
    cache_s = np.hypot(cache_read_s, attention_s)
    board_j = linear_s * linear_w_per_chip + cache_s * attention_w_per_chip + communication_s * communication_w_per_chip
    return (board_j + overhead_s * floor_w_per_chip) / (linear_s + cache_s + communication_s + overhead_s)


def prefill_busy_share(prefill_s, one_request, instance_chips, output_tokens_per_request, output_tokens_per_s_per_chip):
    """Share of chip time that prompts take, at the served rate: every answer brings one prompt."""
    prefill_chip_s_per_token = prefill_s * instance_chips / (output_tokens_per_request * one_request)
    return np.minimum(1, prefill_chip_s_per_token * output_tokens_per_s_per_chip)


def board_w_per_chip(prefill_busy_share, prefill_w_per_chip, decode_w_per_chip):
    """Mean board power while serving: prompts and decode steps share the time."""
    return prefill_busy_share * prefill_w_per_chip + (1 - prefill_busy_share) * decode_w_per_chip


def energy_j_per_output_token(board_w_per_chip, output_tokens_per_s_per_chip):
    """Boards only, the prompt's share included, at full load: what InferenceX and ML.ENERGY print as J per token."""
    return board_w_per_chip / output_tokens_per_s_per_chip


def board_j_per_output_token(prefill_busy_share, decode_w_per_chip, output_tokens_per_s_per_chip):
    """Boards' energy of decoding one token, its prompt's share left out."""
    return (1 - prefill_busy_share) * decode_w_per_chip / output_tokens_per_s_per_chip


def board_j_per_input_token(
    prefill_busy_share,
    prefill_w_per_chip,
    output_tokens_per_s_per_chip,
    output_tokens_per_request,
    input_tokens_per_request,
    cached_share,
):
    """Boards' energy of one prompt token that no cache holds; nothing where the cache holds the whole prompt."""
    output_ratio = output_tokens_per_request / (input_tokens_per_request * (1 - cached_share))
    return prefill_busy_share * prefill_w_per_chip / output_tokens_per_s_per_chip * output_ratio


def board_j_per_cached_token(
    cache_bytes_per_token, layers_count, network_bytes_per_s_per_chip, power_w_per_chip, floor_share
):
    """A cached token is fetched, not computed: its bytes cross the network while a board waits (an upper bound)."""
    return cache_bytes_per_token * layers_count / network_bytes_per_s_per_chip * power_w_per_chip * floor_share


def idle_w_per_chip(power_w_per_chip, idle_share):
    """A board with weights loaded and nobody to serve."""
    return power_w_per_chip * idle_share


def idle_ratio(idle_w_per_chip, board_w_per_chip, busy_share):
    """Board energy of idle hours for each joule of busy ones: load factor below 1 keeps boards waiting."""
    return idle_w_per_chip * (1 - busy_share) / (board_w_per_chip * busy_share)


def host_ratio(host_w_per_chip, network_w_per_chip, board_w_per_chip, busy_share):
    """Host and network energy for each joule of a busy board; they draw about the same all day."""
    return (host_w_per_chip + network_w_per_chip) / (board_w_per_chip * busy_share)


def wall_ratio(idle_ratio, host_ratio, fan_ratio, supply_share):
    """Energy at the wall for each joule of a busy board: idle hours, host, fans, losses of power supplies."""
    return (1 + idle_ratio + host_ratio) * (1 + fan_ratio) / supply_share


def wall_w_per_chip(board_w_per_chip, host_w_per_chip, network_w_per_chip, fan_ratio, supply_share):
    """System power at the wall for each chip while busy: what MLPerf's meter sees."""
    return (board_w_per_chip + host_w_per_chip + network_w_per_chip) * (1 + fan_ratio) / supply_share


def wall_j_per_output_token(board_j_per_output_token, wall_ratio):
    """Decoding at the wall: boards with their share of idle hours, host, network, fans and losses."""
    return board_j_per_output_token * wall_ratio


def facility_j_per_output_token(wall_j_per_output_token, pue_ratio):
    """Decoding at the facility's meter: cooling and distribution enter here, once."""
    return wall_j_per_output_token * pue_ratio


BOARD = (
    floor_w_per_chip,
    linear_w_per_chip,
    attention_w_per_chip,
    communication_w_per_chip,
    prefill_w_per_chip,
    decode_w_per_chip,
    prefill_busy_share,
    board_w_per_chip,
    energy_j_per_output_token,
)
TOKENS = (board_j_per_output_token, board_j_per_input_token, board_j_per_cached_token)
WALL = (idle_w_per_chip, idle_ratio, host_ratio, wall_ratio, wall_w_per_chip)
ENERGY = (*BOARD, *TOKENS, *WALL, wall_j_per_output_token, facility_j_per_output_token)
