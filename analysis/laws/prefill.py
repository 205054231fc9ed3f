"""The prompt: arithmetic at long batches' share of what kernels reach, attention over its own
length, links.
"""

import numpy as np

from analysis.laws.decode import (
    activated_experts_share,
    activation_s_per_token,
    attended_tokens_per_request,
)
from analysis.laws.network import (
    expert_transfer_s_per_token,
    group_parallel,
    path_bytes_per_s_per_chip,
    tensor_transfer_s_per_token,
)


def prompt_tokens(input_tokens_per_request, cached_share, one_request):
    """Tokens of a prompt that no prefix cache holds."""
    return input_tokens_per_request * (1 - cached_share) * one_request


def prefill_stage_chips(prefill_tensor_parallel, prefill_data_parallel, one_chip):
    """Chips that work on one layer of a prompt at the same time, in the pool that takes prompts."""
    return prefill_tensor_parallel * prefill_data_parallel * one_chip


def prefill_instance_chips(prefill_stage_chips, prefill_pipeline_parallel):
    """Chips of a prefill worker."""
    return prefill_stage_chips * prefill_pipeline_parallel


def prefill_transfer_s_per_token(
    prefill_tensor_parallel,
    prefill_data_parallel,
    prefill_stage_chips,
    hidden_width,
    activation_bytes_per_token,
    experts_per_token_count,
    domain_chips,
    link_bytes_per_s_per_chip,
    network_bytes_per_s_per_chip,
    link_share,
    expert_link_share,
    one_chip,
):
    """Both exchanges of a layer's half for a token of a prompt, in the pool that takes prompts."""
    paths = (domain_chips, link_bytes_per_s_per_chip, network_bytes_per_s_per_chip)
    sizes = (hidden_width, activation_bytes_per_token)
    tensor_path = path_bytes_per_s_per_chip(prefill_stage_chips / prefill_data_parallel, *paths)
    expert_path = path_bytes_per_s_per_chip(prefill_stage_chips, *paths)
    group = group_parallel(prefill_tensor_parallel, prefill_data_parallel)
    tensor_s = tensor_transfer_s_per_token(
        prefill_tensor_parallel, prefill_data_parallel, *sizes, tensor_path, link_share, one_chip
    )
    return tensor_s + expert_transfer_s_per_token(
        group,
        prefill_data_parallel,
        experts_per_token_count,
        *sizes,
        expert_path,
        expert_link_share,
        one_chip,
    )


def prefill_activation_s_per_token(
    layers_count,
    prefill_data_parallel,
    moe_layers_count,
    experts_per_token_count,
    prefill_expert_parallel,
    hidden_width,
    activation_bytes_per_token,
    activation_passes_ratio,
    bandwidth_bytes_per_s_per_chip,
    one_chip,
):
    """Small kernels that pass over a prompt token's hidden state, on the chips of prompts."""
    return activation_s_per_token(
        layers_count,
        prefill_data_parallel,
        moe_layers_count,
        experts_per_token_count,
        prefill_expert_parallel,
        hidden_width,
        activation_bytes_per_token,
        activation_passes_ratio,
        bandwidth_bytes_per_s_per_chip,
        one_chip,
    )


def prefill_linear_s(
    prompt_tokens,
    linear_flop_per_token,
    linear_achieved_flop_per_s_per_chip,
    prefill_compute_share,
    prefill_stage_chips,
):
    """Arithmetic of the uncached prompt on the weights that every token uses."""
    reached = linear_achieved_flop_per_s_per_chip * prefill_compute_share
    return prompt_tokens * linear_flop_per_token / reached / prefill_stage_chips


def prefill_expert_compute_s(
    prompt_tokens,
    expert_flop_per_token,
    expert_achieved_flop_per_s_per_chip,
    prefill_expert_share,
    prefill_stage_chips,
):
    """Arithmetic of the experts that the prompt's tokens are routed to."""
    reached = expert_achieved_flop_per_s_per_chip * prefill_expert_share
    return prompt_tokens * expert_flop_per_token / reached / prefill_stage_chips


def prefill_expert_read_s(
    prompt_tokens,
    expert_bytes,
    experts_per_token_count,
    experts_count,
    routing_tokens,
    bandwidth_bytes_per_s_per_chip,
    expert_mbu_share,
    prefill_stage_chips,
):
    """Experts that a prompt touches are read once."""
    touched = activated_experts_share(
        experts_per_token_count, experts_count, prompt_tokens, routing_tokens
    )
    return (
        expert_bytes
        * touched
        / (bandwidth_bytes_per_s_per_chip * expert_mbu_share)
        / prefill_stage_chips
    )


def prefill_expert_s(prefill_expert_compute_s, prefill_expert_read_s):
    """Experts in a prompt: arithmetic, or reading where a prompt is short (root of squares)."""
    return np.hypot(prefill_expert_compute_s, prefill_expert_read_s)


def prefill_attended_tokens_per_request(
    input_tokens_per_request,
    cached_share,
    full_layers_count,
    selected_layers_count,
    selected_tokens_per_request,
    sliding_layers_count,
    window_tokens_per_request,
):
    """Mean tokens that a prompt token attends to, summed over layers: half of the new ones and all
    cached ones.
    """
    mean_tokens = input_tokens_per_request * (1 + cached_share) / 2
    layers = (full_layers_count, selected_layers_count, selected_tokens_per_request)
    return attended_tokens_per_request(
        mean_tokens, *layers, sliding_layers_count, window_tokens_per_request
    )


def prefill_attention_s(
    prompt_tokens,
    step_tokens_per_request,
    prefill_attended_tokens_per_request,
    prefill_attention_flop_per_token,
    attention_achieved_flop_per_s_per_chip,
    prefill_attention_share,
    prefill_stage_chips,
):
    """Causal attention of the uncached prompt."""
    pairs = prompt_tokens / step_tokens_per_request * prefill_attended_tokens_per_request
    reached = attention_achieved_flop_per_s_per_chip * prefill_attention_share
    return pairs * prefill_attention_flop_per_token / reached / prefill_stage_chips


def prefill_communication_s(layers_count, prefill_transfer_s_per_token, prompt_tokens):
    """Two collectives a layer on the whole prompt; their latency hides behind arithmetic."""
    return 2 * layers_count * prefill_transfer_s_per_token * prompt_tokens


def prefill_work_residual_factor(
    prefill_residual_factor,
    linear_mfu_share,
    prefill_compute_share,
    expert_mfu_share,
    prefill_expert_share,
    attention_mfu_share,
    prefill_attention_share,
):
    """A prompt's slowness where it multiplies: never so small that a part would beat the chip's own
    peak.
    """
    dense = np.maximum(
        linear_mfu_share * prefill_compute_share, attention_mfu_share * prefill_attention_share
    )
    return np.maximum(
        prefill_residual_factor, np.maximum(dense, expert_mfu_share * prefill_expert_share)
    )


def prefill_work_s(
    prefill_linear_s,
    prefill_expert_s,
    prefill_attention_s,
    prefill_communication_s,
    prefill_activation_s_per_token,
    prompt_tokens,
    prefill_residual_factor,
    prefill_work_residual_factor,
):
    """What a prompt keeps an instance busy with; the slowness is what calibration leaves open."""
    worked_s = prefill_linear_s + prefill_expert_s + prefill_attention_s
    small_s = prefill_communication_s + prefill_activation_s_per_token * prompt_tokens
    return worked_s * prefill_work_residual_factor + small_s * prefill_residual_factor


def prefill_launch_overhead_s(
    launch_overhead_s,
    prefill_launch_ratio,
    latent_layers_count,
    prefill_latent_overhead_s,
    overhead_residual_factor,
):
    """Launches of a prompt, one by one as no graph fits its length; latent and recurrent layers
    have many more.
    """
    return (
        launch_overhead_s * prefill_launch_ratio
        + latent_layers_count * prefill_latent_overhead_s * overhead_residual_factor
    )


def prefill_s(prefill_work_s, prefill_launch_overhead_s):
    """Time of an instance for one request's uncached prompt."""
    return prefill_work_s + prefill_launch_overhead_s


PREFILL = (
    prefill_stage_chips,
    prefill_instance_chips,
    prefill_transfer_s_per_token,
    prefill_activation_s_per_token,
    prompt_tokens,
    prefill_linear_s,
    prefill_expert_compute_s,
    prefill_expert_read_s,
    prefill_expert_s,
    prefill_attended_tokens_per_request,
    prefill_attention_s,
    prefill_communication_s,
    prefill_work_residual_factor,
    prefill_work_s,
    prefill_launch_overhead_s,
    prefill_s,
)
