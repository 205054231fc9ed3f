"""Serving speed in steady state: decode steps, prompts that come between, waiting, and what a chip
serves a second.
"""

import numpy as np

from analysis.laws.decode import DECODE, LAYOUT
from analysis.laws.memory import MEMORY
from analysis.laws.network import NETWORK
from analysis.laws.prefill import PREFILL


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


def linear_achieved_flop_per_s_per_chip(linear_flop_per_s_per_chip, linear_mfu_share):
    """What kernels usually reach in the format of the shared weights: less of the peak the narrower
    the format.
    """
    return linear_flop_per_s_per_chip * linear_mfu_share


def expert_achieved_flop_per_s_per_chip(expert_flop_per_s_per_chip, expert_mfu_share):
    """The same in the format of the experts."""
    return expert_flop_per_s_per_chip * expert_mfu_share


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


def accepted_tokens_ratio(accepted_share, drafted_count):
    """Tokens that a step yields: drafted ones are accepted in turn until the first refusal
    (Leviathan et al. 2023).
    """
    return (1 - accepted_share ** (drafted_count + 1)) / (1 - accepted_share)


def verified_tokens_ratio(drafted_count):
    """Tokens that a step verifies: the next one and all drafted."""
    return 1 + drafted_count


def interference_s(
    prefill_work_s,
    stage_requests,
    one_request,
    output_tokens_per_request,
    step_tokens_per_request,
    interference_share,
    queue_share,
):
    """Prompts that arrive while others decode: what does not queue before the first token delays
    the whole instance.

    A prompt's launches hide behind the work of the step that it joins.
    """
    prompts_per_step = (
        stage_requests / one_request * step_tokens_per_request / output_tokens_per_request
    )
    return prefill_work_s * prompts_per_step * interference_share * np.maximum(1 - queue_share, 0)


def tpot_s(step_s, interference_s, drafted_count, draft_share, accepted_tokens_ratio):
    """Mean time between a request's output tokens: a step through all stages, drafting, prompts
    that come between.

    A step already counts every stage, because all layers are spread over the chips of one.
    """
    return (step_s * (1 + drafted_count * draft_share) + interference_s) / accepted_tokens_ratio


def waiting_s(
    concurrency_requests,
    running_requests,
    tpot_s,
    output_tokens_per_request,
    step_tokens_per_request,
):
    """Wait for memory: the requests that do not fit, served at the rate of those that do (Little
    1961).
    """
    return (
        (concurrency_requests / running_requests - 1)
        * tpot_s
        * output_tokens_per_request
        / step_tokens_per_request
    )


def ttft_s(
    prefill_s,
    stage_requests,
    one_request,
    queue_share,
    prefill_delay_ratio,
    step_s,
    step_delay_ratio,
    first_overhead_s,
    first_residual_factor,
    waiting_s,
):
    """Time to first token: own prompt, prompts of others that came at once, steps in between, and
    wait for memory.
    """
    queue_ratio = prefill_delay_ratio + queue_share * stage_requests / one_request
    return (
        prefill_s * queue_ratio + step_s * step_delay_ratio + first_overhead_s
    ) * first_residual_factor + waiting_s


def request_s(ttft_s, tpot_s, output_tokens_per_request, step_tokens_per_request):
    """Time of a whole request."""
    return ttft_s + tpot_s * (output_tokens_per_request / step_tokens_per_request - 1)


def output_tokens_per_s_per_chip(
    concurrency_requests, output_tokens_per_request, request_s, deployment_chips
):
    """Served rate: requests in flight over the time that each takes (Little 1961)."""
    return concurrency_requests * output_tokens_per_request / request_s / deployment_chips


def pooled_output_tokens_per_s_per_chip(
    output_tokens_per_request,
    prefill_s,
    step_s,
    pipeline_parallel,
    one_request,
    step_tokens_per_request,
    stage_requests,
    instance_chips,
    accepted_tokens_ratio,
):
    """Served rate with prompts and answers on chips of their own, as many of each as keep the other
    busy.

    Nothing interrupts decoding; both pools are instances of the same layout, and moving the cache
    takes no time.
    """
    prompt_s = prefill_s / pipeline_parallel / one_request
    answer_s = (
        step_s
        * output_tokens_per_request
        / step_tokens_per_request
        / accepted_tokens_ratio
        / stage_requests
    )
    return output_tokens_per_request / ((prompt_s + answer_s) * instance_chips)


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
    ttft_s,
    request_s,
    output_tokens_per_s_per_chip,
    pooled_output_tokens_per_s_per_chip,
)
THROUGHPUT = (*WORK, *LAYOUT, *MEMORY, *DECODE, *NETWORK, *PREFILL, *SERVING)
