"""Serving speed in steady state: decode steps, prompts that come between, waiting, and what a chip
serves a second.
"""

import numpy as np

from analysis.laws.decode import DECODE, LAYOUT
from analysis.laws.memory import MEMORY
from analysis.laws.network import NETWORK
from analysis.laws.pools import (
    POOLS,
    closed_loop_s,
    memory_bound_s,
    next_decoding_share,
    prefill_bound_s,
)
from analysis.laws.prefill import PREFILL
from analysis.laws.speculation import SPECULATION, accepted_tokens_ratio, verified_tokens_ratio


def linear_bytes(
    attention_parameters,
    attention_bytes_per_parameter,
    dense_parameters,
    shared_parameters,
    dense_bytes_per_parameter,
    head_parameters,
    head_bytes_per_parameter,
):
    """Bytes of the weights that every token uses; attention, feed-forward and head have their own
    precision.
    """
    attention = attention_parameters * attention_bytes_per_parameter
    forward = (dense_parameters + shared_parameters) * dense_bytes_per_parameter
    return attention + forward + head_parameters * head_bytes_per_parameter


def embedding_bytes(head_parameters, embeddings_count, head_bytes_per_parameter):
    """Bytes of the input embedding, where it is not the head itself: looked up, never read
    whole.
    """
    return head_parameters * (embeddings_count - 1) * head_bytes_per_parameter


def expert_bytes(routed_parameters, expert_bytes_per_parameter):
    """Bytes of all routed experts."""
    return routed_parameters * expert_bytes_per_parameter


def linear_flop_per_token(used_parameters, routed_active_parameters, flop_per_parameter_per_token):
    """A multiplication and an addition for every parameter used, the routed experts apart."""
    return (used_parameters - routed_active_parameters) * flop_per_parameter_per_token


def expert_flop_per_token(routed_active_parameters, flop_per_parameter_per_token):
    """A multiplication and an addition for every parameter of the experts that a token is routed
    to.
    """
    return routed_active_parameters * flop_per_parameter_per_token


def linear_achieved_flop_per_s_per_chip(
    linear_flop_per_s_per_chip, linear_mfu_share, linear_dequantised_count, dequantise_share
):
    """What kernels usually reach in the format of the shared weights: less of the peak the narrower
    the format.

    Integer weights are widened in the kernel, which takes the time of arithmetic.
    """
    return (
        linear_flop_per_s_per_chip * linear_mfu_share * dequantise_share**linear_dequantised_count
    )


def expert_achieved_flop_per_s_per_chip(
    expert_flop_per_s_per_chip, expert_mfu_share, expert_dequantised_count, dequantise_share
):
    """The same in the format of the experts."""
    return (
        expert_flop_per_s_per_chip * expert_mfu_share * dequantise_share**expert_dequantised_count
    )


def attention_achieved_flop_per_s_per_chip(attention_flop_per_s_per_chip, attention_mfu_share):
    """The same in the 16 bits of attention."""
    return attention_flop_per_s_per_chip * attention_mfu_share


def attention_flop_per_token(decode_attention_width, index_width, flop_per_parameter_per_token):
    """Operations of a layer between a new token and one cached token, the indexer's included."""
    return (decode_attention_width + index_width) * flop_per_parameter_per_token


def prefill_attention_flop_per_token(
    prefill_attention_width, index_width, flop_per_parameter_per_token
):
    """Operations of a layer between a prompt token and one earlier token, the indexer's
    included.
    """
    return (prefill_attention_width + index_width) * flop_per_parameter_per_token


def quantised_layers_count(layers_count, attention_bytes_per_parameter, head_bytes_per_parameter):
    """Layers whose attention is narrower than the head, which stays in 16 bits: their inputs are
    rescaled first.
    """
    return np.where(attention_bytes_per_parameter < head_bytes_per_parameter, layers_count, 0)


def cache_bytes_per_token(cache_width, cached_value_bytes_per_token):
    """Bytes that a layer caches for a token."""
    return cache_width * cached_value_bytes_per_token


def index_bytes_per_token(selected_layers_count, index_head_width, index_value_bytes_per_token):
    """Bytes of the indexer's keys for a token, over all layers that select."""
    return selected_layers_count * index_head_width * index_value_bytes_per_token


def interference_s(
    stalled_s,
    stage_requests,
    one_request,
    output_tokens_per_request,
    step_tokens_per_request,
    interference_share,
    queue_share,
    disaggregated_count,
):
    """Delay of a token by prompts of others that run on the same chips; a request's own prompt is
    past by then.

    What does not queue before the first token delays the whole instance. A prompt's launches hide
    behind the work of the step that it joins. Pools of their own have none of this.
    """
    others = np.maximum(stage_requests / one_request - 1, 0)
    prompts_per_token = (
        others * step_tokens_per_request / output_tokens_per_request * (1 - disaggregated_count)
    )
    return stalled_s * prompts_per_token * interference_share * np.maximum(1 - queue_share, 0)


def tpot_s(step_s, draft_s, accepted_tokens_ratio, interference_s):
    """Mean time between a request's output tokens: a step and its drafts for each token that they
    yield, and prompts.

    A step already counts every pipeline stage, because all layers are spread over the chips of one.
    """
    return (step_s + draft_s) / accepted_tokens_ratio + interference_s


def waiting_s(
    concurrency_requests,
    disaggregated_count,
    running_requests,
    tpot_s,
    output_tokens_per_request,
    step_tokens_per_request,
):
    """Wait for memory in one pool: the requests that do not fit, served at the rate of those that
    do (Little 1961).
    """
    excess_ratio = (concurrency_requests / running_requests - 1) * (1 - disaggregated_count)
    return excess_ratio * tpot_s * output_tokens_per_request / step_tokens_per_request


def first_s(
    own_prompt_s,
    prefill_delay_ratio,
    prefill_s,
    prompt_capacity_s,
    queue_requests,
    one_request,
    queue_share,
    step_s,
    step_delay_ratio,
    first_overhead_s,
    first_residual_factor,
    transfer_s,
    waiting_s,
    disaggregated_count,
):
    """Time to first token where prompts find room: own prompt, others that came at once, steps,
    transfer, memory.
    """
    each_s = np.where(disaggregated_count > 0, prompt_capacity_s, prefill_s)
    steps_count = np.where(disaggregated_count > 0, 1, step_delay_ratio)
    queued_s = each_s * queue_share * queue_requests / one_request
    own_s = own_prompt_s * prefill_delay_ratio + queued_s + step_s * steps_count + first_overhead_s
    return own_s * first_residual_factor + transfer_s + waiting_s


def unhindered_s(first_s, tpot_s, output_tokens_per_request, step_tokens_per_request):
    """Time of a whole request where prompts find room."""
    return first_s + tpot_s * (output_tokens_per_request / step_tokens_per_request - 1)


def request_s(unhindered_s, prefill_bound_s, memory_bound_s, saturation_elasticity):
    """Time of a whole request."""
    return closed_loop_s(
        unhindered_s, np.maximum(prefill_bound_s, memory_bound_s), saturation_elasticity
    )


def ttft_s(request_s, tpot_s, output_tokens_per_request, step_tokens_per_request):
    """Time to first token: what a request takes beside its answer."""
    return request_s - tpot_s * (output_tokens_per_request / step_tokens_per_request - 1)


def output_tokens_per_s_per_chip(
    concurrency_requests, output_tokens_per_request, request_s, deployment_chips, run_fill_share
):
    """Served rate over all chips: requests in flight over the time that each takes (Little 1961).

    `run_fill_share` is how full a measured run is on average, since it begins and ends with fewer
    requests in flight.
    """
    return (
        concurrency_requests
        * run_fill_share
        * output_tokens_per_request
        / request_s
        / deployment_chips
    )


WORK = (
    linear_bytes,
    embedding_bytes,
    expert_bytes,
    linear_flop_per_token,
    expert_flop_per_token,
    linear_achieved_flop_per_s_per_chip,
    expert_achieved_flop_per_s_per_chip,
    attention_achieved_flop_per_s_per_chip,
    attention_flop_per_token,
    prefill_attention_flop_per_token,
    quantised_layers_count,
    cache_bytes_per_token,
    index_bytes_per_token,
)
SERVING = (
    verified_tokens_ratio,
    accepted_tokens_ratio,
    interference_s,
    tpot_s,
    waiting_s,
    first_s,
    unhindered_s,
    prefill_bound_s,
    memory_bound_s,
    request_s,
    ttft_s,
    output_tokens_per_s_per_chip,
    next_decoding_share,
)
THROUGHPUT = (
    *WORK,
    *LAYOUT,
    *MEMORY,
    *DECODE,
    *NETWORK,
    *PREFILL,
    *POOLS,
    *SPECULATION,
    *SERVING,
)
