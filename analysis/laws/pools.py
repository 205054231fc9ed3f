"""Prompts and answers on chips of their own: what joins the two pools, and the closed loop of a
fixed concurrency.

A deployment without pools runs through the same laws: both pools are then the same chips
(`disaggregated_count` 0).
"""

import numpy as np


def own_prompt_s(
    prefill_s,
    prefill_linear_s,
    prefill_attention_s,
    prefill_work_residual_factor,
    prefill_data_parallel,
):
    """Time of one prompt alone: with data-parallel attention it runs on the chips of one rank, but
    for the experts.
    """
    dense_s = (prefill_linear_s + prefill_attention_s) * prefill_work_residual_factor
    return prefill_s + dense_s * (prefill_data_parallel - 1)


def stalled_s(
    prefill_work_s,
    prefill_linear_s,
    prefill_attention_s,
    prefill_work_residual_factor,
    prefill_data_parallel,
    rank_idle_elasticity,
):
    """Time that a prompt takes from decoding in one pool: ranks without a prompt of their own wait
    for those with one.

    The elasticity is zero where all ranks always have prompts at once and one where never two have.
    """
    dense_s = (prefill_linear_s + prefill_attention_s) * prefill_work_residual_factor
    return prefill_work_s + dense_s * (prefill_data_parallel**rank_idle_elasticity - 1)


def prompt_capacity_s(
    prefill_work_s,
    prefill_launch_overhead_s,
    prefill_batch_tokens,
    prompt_tokens,
    prefill_data_parallel,
):
    """Time of a worker for a prompt while others wait: launches are shared by all prompts of a
    batch.
    """
    batch_prompts = np.maximum(prefill_batch_tokens * prefill_data_parallel / prompt_tokens, 1)
    return prefill_work_s + prefill_launch_overhead_s / batch_prompts


def transfer_s(
    disaggregated_count,
    input_tokens_per_request,
    request_bytes_per_request,
    context_tokens_per_request,
    deployment_chips,
    domain_chips,
    link_bytes_per_s_per_chip,
    network_bytes_per_s_per_chip,
    prefill_stage_chips,
    transfer_share,
    transfer_overhead_s,
    one_request,
):
    """Moving a prompt's cache to the decode pool: over links inside a scale-up domain, over the
    network beyond it.
    """
    path = np.where(
        deployment_chips > domain_chips, network_bytes_per_s_per_chip, link_bytes_per_s_per_chip
    )
    prompt_bytes = (
        request_bytes_per_request
        * one_request
        * input_tokens_per_request
        / context_tokens_per_request
    )
    moved_s = prompt_bytes / (path * prefill_stage_chips * transfer_share)
    return disaggregated_count * (moved_s + transfer_overhead_s)


def queue_requests(
    disaggregated_count,
    stage_requests,
    concurrency_requests,
    prefill_instances_count,
    prefill_pipeline_parallel,
):
    """Requests that share a prefill worker: those of its instance, or all in flight over the
    workers of a pool.
    """
    pooled = concurrency_requests / (prefill_instances_count * prefill_pipeline_parallel)
    return np.where(disaggregated_count > 0, pooled, stage_requests)


def prefill_bound_s(
    disaggregated_count,
    concurrency_requests,
    prompt_capacity_s,
    prefill_instances_count,
    prefill_pipeline_parallel,
    one_request,
):
    """Least time of a request that the prefill pool allows: all in flight over the prompts that it
    takes a second.
    """
    prompts = concurrency_requests / (
        prefill_instances_count * prefill_pipeline_parallel * one_request
    )
    return disaggregated_count * prompts * prompt_capacity_s


def memory_bound_s(
    disaggregated_count,
    concurrency_requests,
    capacity_requests,
    tpot_s,
    output_tokens_per_request,
    step_tokens_per_request,
):
    """Least time of a request that the decode pool's memory allows: all in flight over the answers
    that fit.
    """
    answer_s = tpot_s * output_tokens_per_request / step_tokens_per_request
    return disaggregated_count * concurrency_requests / capacity_requests * answer_s


def closed_loop_s(unhindered_s, bound_s, saturation_elasticity):
    """Time of a request in a closed loop: its own where the pools have room, the fuller pool's
    where they have not.

    Asymptotes of a closed network (Denning and Buzen 1978), rounded where they meet.
    """
    return unhindered_s * (1 + (bound_s / unhindered_s) ** saturation_elasticity) ** (
        1 / saturation_elasticity
    )


def next_decoding_share(
    disaggregated_count, tpot_s, output_tokens_per_request, step_tokens_per_request, request_s
):
    """Share of the requests in flight that decode: the time they spend so. At the fixed point it
    is `decoding_share`.
    """
    answer_s = tpot_s * (output_tokens_per_request / step_tokens_per_request - 1)
    return np.where(disaggregated_count > 0, answer_s / request_s, 1)


POOLS = (own_prompt_s, stalled_s, prompt_capacity_s, transfer_s, queue_requests)
