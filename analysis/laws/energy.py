"""Joules per token at three boundaries: accelerator boards, the system at the wall, the facility at
the meter.

A board draws between a floor and its limit; how far up depends on how long memory, arithmetic and
links are busy. The curve saturates, since near the limit the governor lowers clocks. Its weights
are fitted in calibration/board_power.py.
"""

import numpy as np


def steps_count_per_s(
    output_tokens_per_s_per_chip,
    deployment_chips,
    instances_count,
    pipeline_parallel,
    stage_requests,
    step_tokens_per_request,
    accepted_tokens_ratio,
):
    """Decode steps that a chip of the decode pool takes part in each second, at the served rate."""
    served_tokens = output_tokens_per_s_per_chip * deployment_chips
    step_tokens = stage_requests * step_tokens_per_request * accepted_tokens_ratio
    return served_tokens / (instances_count * pipeline_parallel) / step_tokens


def prompts_count_per_s(
    output_tokens_per_s_per_chip,
    deployment_chips,
    prefill_instances_count,
    output_tokens_per_request,
    one_request,
):
    """Prompts that a prefill worker takes in each second: one for every answer."""
    served_tokens = output_tokens_per_s_per_chip * deployment_chips
    return served_tokens / prefill_instances_count / (output_tokens_per_request * one_request)


def step_load_s(
    memory_weight_ratio,
    compute_weight_ratio,
    link_weight_ratio,
    linear_read_s,
    expert_read_s,
    cache_read_s,
    linear_compute_s,
    expert_compute_s,
    attention_s,
    communication_s,
):
    """Weighted busy time of a decode step: weights and cache read, arithmetic, collectives.

    Overhead and the small kernels' passes over activations have no weight: the board is taken to
    wait meanwhile.
    """
    memory_s = linear_read_s + expert_read_s + cache_read_s
    compute_s = linear_compute_s + expert_compute_s + attention_s
    return (
        memory_weight_ratio * memory_s
        + compute_weight_ratio * compute_s
        + link_weight_ratio * communication_s
    )


def prompt_load_s(
    prefill_weight_ratio,
    link_weight_ratio,
    prefill_linear_s,
    prefill_expert_s,
    prefill_attention_s,
    prefill_communication_s,
):
    """Weighted busy time of a prompt: products with weights, reading of experts included,
    attention, collectives.
    """
    compute_s = prefill_linear_s + prefill_expert_s + prefill_attention_s
    return prefill_weight_ratio * compute_s + link_weight_ratio * prefill_communication_s


def loaded_w_per_chip(power_w_per_chip, floor_share, load_ratio):
    """Board power under a load: from the floor, where it waits between kernels, up towards its
    limit.
    """
    return power_w_per_chip * (1 - (1 - floor_share) * np.exp(-load_ratio))


def board_w_per_chip(
    power_w_per_chip,
    floor_share,
    step_load_s,
    steps_count_per_s,
    prompt_load_s,
    prompts_count_per_s,
    disaggregated_count,
    instance_chips,
    instances_count,
    deployment_chips,
):
    """Mean board power while serving at the served rate: steps and prompts load the board, the rest
    of time waits.

    Pools load their own boards: those of decode workers with steps, the others with prompts.
    """
    step_ratio, prompt_ratio = step_load_s * steps_count_per_s, prompt_load_s * prompts_count_per_s
    decode_share = instance_chips * instances_count / deployment_chips
    decode_w = loaded_w_per_chip(power_w_per_chip, floor_share, step_ratio)
    prefill_w = loaded_w_per_chip(power_w_per_chip, floor_share, prompt_ratio)
    apart_w = decode_share * decode_w + (1 - decode_share) * prefill_w
    together_w = loaded_w_per_chip(power_w_per_chip, floor_share, step_ratio + prompt_ratio)
    return disaggregated_count * apart_w + (1 - disaggregated_count) * together_w


def energy_j_per_output_token(board_w_per_chip, output_tokens_per_s_per_chip):
    """Boards only, the prompt's share included, at full load: what InferenceX and ML.ENERGY print
    as J per token.
    """
    return board_w_per_chip / output_tokens_per_s_per_chip


def decode_w_per_chip(power_w_per_chip, floor_share, step_load_s, step_s):
    """Board power within a decode step."""
    return loaded_w_per_chip(power_w_per_chip, floor_share, step_load_s / step_s)


def prefill_w_per_chip(power_w_per_chip, floor_share, prompt_load_s, prefill_s):
    """Board power within a prompt."""
    return loaded_w_per_chip(power_w_per_chip, floor_share, prompt_load_s / prefill_s)


def prefill_busy_share(
    disaggregated_count,
    stalled_s,
    prefill_stage_chips,
    step_s,
    draft_s,
    stage_chips,
    stage_requests,
    accepted_tokens_ratio,
    output_tokens_per_request,
    step_tokens_per_request,
    one_request,
    instance_chips,
    instances_count,
    deployment_chips,
):
    """Share of chip time that prompts take: what a prompt takes against what its answer takes.

    In one pool a prompt takes its work and the ranks that wait for it, an answer its part of each
    step. Pools are bought for the one or the other, so there their chips are the shares.
    """
    prompt_chips_s = stalled_s * prefill_stage_chips
    steps_ratio = output_tokens_per_request / step_tokens_per_request / accepted_tokens_ratio
    answer_chips_s = (step_s + draft_s) * steps_ratio * stage_chips * one_request / stage_requests
    together_share = prompt_chips_s / (prompt_chips_s + answer_chips_s)
    apart_share = 1 - instance_chips * instances_count / deployment_chips
    return np.where(disaggregated_count > 0, apart_share, together_share)


def prompt_energy_share(prefill_busy_share, prefill_w_per_chip, decode_w_per_chip):
    """Share of the boards' energy that prompts take: their time at their power, against
    decoding's.
    """
    prompt_w_per_chip = prefill_busy_share * prefill_w_per_chip
    return prompt_w_per_chip / (prompt_w_per_chip + (1 - prefill_busy_share) * decode_w_per_chip)


def board_j_per_output_token(energy_j_per_output_token, prompt_energy_share):
    """Boards' energy of decoding one token, its prompt's share left out."""
    return energy_j_per_output_token * (1 - prompt_energy_share)


def board_j_per_input_token(
    energy_j_per_output_token,
    prompt_energy_share,
    output_tokens_per_request,
    input_tokens_per_request,
    cached_share,
):
    """Boards' energy of one prompt token that no cache holds; a prompt that is cached whole has
    none.
    """
    output_ratio = output_tokens_per_request / (input_tokens_per_request * (1 - cached_share))
    return energy_j_per_output_token * prompt_energy_share * output_ratio


def board_j_per_cached_token(
    request_bytes_per_request,
    context_tokens_per_request,
    fetched_bytes_per_s_per_chip,
    power_w_per_chip,
    floor_share,
):
    """A cached token is fetched, not computed: a board waits while its bytes arrive."""
    token_bytes = request_bytes_per_request / context_tokens_per_request
    return token_bytes / fetched_bytes_per_s_per_chip * power_w_per_chip * floor_share


def idle_w_per_chip(power_w_per_chip, idle_share):
    """A board with weights loaded and nobody to serve."""
    return power_w_per_chip * idle_share


def idle_ratio(idle_w_per_chip, board_w_per_chip, load_factor):
    """Board energy of idle hours for each joule of busy ones: a load factor below 1 keeps boards
    waiting.
    """
    return idle_w_per_chip * (1 - load_factor) / (board_w_per_chip * load_factor)


def host_ratio(host_w_per_chip, network_w_per_chip, board_w_per_chip, load_factor):
    """Host and network energy for each joule of a busy board; they draw about the same all day."""
    return (host_w_per_chip + network_w_per_chip) / (board_w_per_chip * load_factor)


def wall_ratio(idle_ratio, host_ratio, fan_ratio, supply_share):
    """Energy at the wall for each joule of a busy board: idle hours, host, fans, losses of power
    supplies.
    """
    return (1 + idle_ratio + host_ratio) * (1 + fan_ratio) / supply_share


def wall_w_per_chip(board_w_per_chip, host_w_per_chip, network_w_per_chip, fan_ratio, supply_share):
    """System power at the wall for each chip while busy: what MLPerf's meter sees."""
    return (
        (board_w_per_chip + host_w_per_chip + network_w_per_chip) * (1 + fan_ratio) / supply_share
    )


def wall_j_per_output_token(board_j_per_output_token, wall_ratio):
    """Decoding at the wall: boards with their share of idle hours, host, network, fans and
    losses.
    """
    return board_j_per_output_token * wall_ratio


def facility_j_per_output_token(wall_j_per_output_token, pue_ratio):
    """Decoding at the facility's meter: cooling and distribution enter here, once."""
    return wall_j_per_output_token * pue_ratio


BOARD = (
    steps_count_per_s,
    prompts_count_per_s,
    step_load_s,
    prompt_load_s,
    board_w_per_chip,
    energy_j_per_output_token,
)
TOKENS = (
    decode_w_per_chip,
    prefill_w_per_chip,
    prefill_busy_share,
    prompt_energy_share,
    board_j_per_output_token,
    board_j_per_input_token,
    board_j_per_cached_token,
)
WALL = (idle_w_per_chip, idle_ratio, host_ratio, wall_ratio, wall_w_per_chip)
ENERGY = (*BOARD, *TOKENS, *WALL, wall_j_per_output_token, facility_j_per_output_token)
