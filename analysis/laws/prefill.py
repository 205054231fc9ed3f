"""The prompt: arithmetic at the share of peak that long batches reach, attention over its own length, links."""

import numpy as np


def prompt_tokens(input_tokens_per_request, cached_share, one_request):
    """Tokens of a prompt that no prefix cache holds."""
    return input_tokens_per_request * (1 - cached_share) * one_request


def prefill_linear_s(
    prompt_tokens,
    linear_flop_per_token,
    linear_flop_per_s_per_chip,
    expert_flop_per_token,
    expert_flop_per_s_per_chip,
    prefill_compute_share,
    prefill_expert_share,
    stage_chips,
):
    """Arithmetic of all layers on the uncached prompt; experts reach their own share of peak."""
    linear_s = linear_flop_per_token / (linear_flop_per_s_per_chip * prefill_compute_share)
    expert_s = expert_flop_per_token / (expert_flop_per_s_per_chip * prefill_expert_share)
    return prompt_tokens * (linear_s + expert_s) / stage_chips


def prefill_attended_tokens_per_request(
    input_tokens_per_request,
    cached_share,
    full_layers_count,
    selected_layers_count,
    selected_tokens_per_request,
    sliding_layers_count,
    window_tokens_per_request,
):
    """Mean tokens that a prompt token attends to, summed over layers: half of the new ones and all cached ones."""
    mean_tokens = input_tokens_per_request * (1 + cached_share) / 2
    selected = selected_layers_count * np.minimum(mean_tokens, selected_tokens_per_request)
    return (
        full_layers_count * mean_tokens
        + selected
        + sliding_layers_count * np.minimum(mean_tokens, window_tokens_per_request)
    )


def prefill_attention_s(
    prompt_tokens,
    step_tokens_per_request,
    prefill_attended_tokens_per_request,
    prefill_attention_flop_per_token,
    attention_flop_per_s_per_chip,
    prefill_attention_share,
    stage_chips,
):
    """Causal attention of the uncached prompt."""
    pairs = prompt_tokens / step_tokens_per_request * prefill_attended_tokens_per_request
    return (
        pairs
        * prefill_attention_flop_per_token
        / (attention_flop_per_s_per_chip * prefill_attention_share)
        / stage_chips
    )


def prefill_communication_s(layers_count, transfer_s_per_token, prompt_tokens):
    """Two collectives a layer on the whole prompt; their latency hides behind arithmetic."""
    return 2 * layers_count * transfer_s_per_token * prompt_tokens


def prefill_s(
    prefill_linear_s,
    prefill_attention_s,
    prefill_communication_s,
    layers_count,
    prefill_layer_overhead_s,
    prefill_slowness_ratio,
):
    """Time of an instance for one request's uncached prompt; the slowness is what calibration leaves open."""
    work_s = prefill_linear_s + prefill_attention_s + prefill_communication_s
    return (work_s + layers_count * prefill_layer_overhead_s) * prefill_slowness_ratio


PREFILL = [
    prompt_tokens,
    prefill_linear_s,
    prefill_attended_tokens_per_request,
    prefill_attention_s,
    prefill_communication_s,
    prefill_s,
]
