"""One decode step of one instance: what is read, what is multiplied, what crosses links, what is
merely waited for.
"""

import numpy as np


def instance_chips(tensor_parallel, data_parallel, pipeline_parallel, one_chip):
    """Chips that serve one copy of the model together."""
    return tensor_parallel * data_parallel * pipeline_parallel * one_chip


def stage_chips(instance_chips, pipeline_parallel):
    """Chips that work on one layer at the same time; pipeline stages take turns."""
    return instance_chips / pipeline_parallel


def attention_chips(stage_chips, data_parallel):
    """Chips that share one copy of the attention weights (data-parallel attention keeps a copy per
    rank).
    """
    return stage_chips / data_parallel


def stage_requests(running_requests, instances_count, pipeline_parallel, one_request):
    """Requests that take a decode step together: the running ones, cut over instances and pipeline
    stages.
    """
    return np.maximum(running_requests / (instances_count * pipeline_parallel), one_request)


def step_tokens(stage_requests, step_tokens_per_request, verified_tokens_ratio):
    """Tokens that go through the model in a step: one for each request, more where drafted tokens
    are verified.
    """
    return stage_requests * step_tokens_per_request * verified_tokens_ratio


def rank_requests(stage_requests, data_parallel, one_request):
    """Requests of a rank of data-parallel attention; all ranks step together, so an idle one waits
    for the others.
    """
    return np.maximum(stage_requests / data_parallel, one_request)


def context_tokens_per_request(input_tokens_per_request, output_tokens_per_request):
    """Mean context over a request's decoding: the prompt and half of the answer."""
    return input_tokens_per_request + output_tokens_per_request / 2


def attended_tokens_per_request(
    context_tokens_per_request,
    full_layers_count,
    selected_layers_count,
    selected_tokens_per_request,
    sliding_layers_count,
    window_tokens_per_request,
):
    """Cached tokens read at a step, summed over layers: all, the indexer's choice, or a sliding
    window.
    """
    selected = selected_layers_count * np.minimum(
        context_tokens_per_request, selected_tokens_per_request
    )
    sliding = sliding_layers_count * np.minimum(
        context_tokens_per_request, window_tokens_per_request
    )
    return full_layers_count * context_tokens_per_request + selected + sliding


def linear_read_s(linear_bytes, attention_chips, bandwidth_bytes_per_s_per_chip, mbu_share):
    """Weights that every token uses are read once a step (attention, dense and shared feed-forward,
    output head).
    """
    return linear_bytes / attention_chips / (bandwidth_bytes_per_s_per_chip * mbu_share)


def linear_compute_s(
    linear_flop_per_token,
    rank_requests,
    step_tokens_per_request,
    verified_tokens_ratio,
    attention_chips,
    linear_achieved_flop_per_s_per_chip,
    decode_compute_share,
):
    """Arithmetic on those weights, two operations per parameter and token, at small batches' share
    of the reach.
    """
    reached = linear_achieved_flop_per_s_per_chip * decode_compute_share
    rank_tokens = rank_requests * step_tokens_per_request * verified_tokens_ratio
    return linear_flop_per_token * rank_tokens / attention_chips / reached


def activated_experts_share(experts_per_token_count, experts_count, step_tokens, routing_tokens):
    """Share of the routed experts that a step touches: one minus the chance that no token picks
    one.

    `routing_tokens` is how many tokens make one independent pick: above one where tokens of a batch
    choose alike.
    """
    missed_share = 1 - np.minimum(experts_per_token_count / np.maximum(experts_count, 1), 1)
    return 1 - missed_share ** (step_tokens / routing_tokens)


def imbalance_ratio(
    expert_parallel,
    step_tokens,
    step_tokens_per_request,
    one_request,
    experts_per_token_count,
    imbalance_share,
    chance_share,
):
    """The busiest expert rank's load over the mean's: some experts are hot, and few tokens fall
    unevenly by chance.

    Chance is the largest of `expert_parallel` loads that scatter like the root of their tokens.
    """
    copies = step_tokens / (step_tokens_per_request * one_request) * experts_per_token_count
    rank_load = np.maximum(copies / expert_parallel, 1)
    chance = np.sqrt(2 * np.log(np.maximum(expert_parallel, 1)) / rank_load)
    hot = imbalance_share * (1 - 1 / expert_parallel)
    return 1 + hot + chance_share * np.minimum(chance, 2)


def expert_read_s(
    expert_bytes,
    activated_experts_share,
    stage_chips,
    bandwidth_bytes_per_s_per_chip,
    expert_mbu_share,
    imbalance_ratio,
):
    """Touched experts are read once a step, by the slowest chip's clock."""
    read_bytes = expert_bytes * activated_experts_share * imbalance_ratio / stage_chips
    return read_bytes / (bandwidth_bytes_per_s_per_chip * expert_mbu_share)


def expert_compute_s(
    expert_flop_per_token,
    step_tokens,
    stage_chips,
    expert_achieved_flop_per_s_per_chip,
    expert_compute_share,
    imbalance_ratio,
):
    """Arithmetic of the experts that tokens are routed to."""
    work_flop = expert_flop_per_token * step_tokens * imbalance_ratio
    return work_flop / stage_chips / (expert_achieved_flop_per_s_per_chip * expert_compute_share)


def activation_s_per_token(
    layers_count,
    data_parallel,
    moe_layers_count,
    experts_per_token_count,
    expert_parallel,
    hidden_width,
    activation_bytes_per_token,
    activation_passes_ratio,
    bandwidth_bytes_per_s_per_chip,
    one_chip,
):
    """Small kernels that pass over a token's hidden state, and over each copy that goes to an
    expert.

    Tensor parallelism does not cut them; a rank of data-parallel attention has its own tokens, an
    expert rank its own copies.
    """
    copies = (
        layers_count / data_parallel + moe_layers_count * experts_per_token_count / expert_parallel
    )
    moved = copies * hidden_width * activation_bytes_per_token * activation_passes_ratio
    return moved / bandwidth_bytes_per_s_per_chip / one_chip


def cache_copies_ratio(tensor_parallel, cache_shards_count):
    """How many tensor-parallel ranks hold the same part of the cache: ranks beyond the key-value
    heads repeat it.
    """
    return np.maximum(tensor_parallel / cache_shards_count, 1)


def cache_read_s(
    rank_requests,
    attended_tokens_per_request,
    context_tokens_per_request,
    cache_bytes_per_token,
    index_bytes_per_token,
    state_bytes_per_request,
    cache_copies_ratio,
    attention_chips,
    bandwidth_bytes_per_s_per_chip,
    cache_mbu_share,
):
    """Cached keys and values, the indexer's keys, and recurrent state (read and written) of all
    running requests.
    """
    request_bytes = (
        attended_tokens_per_request * cache_bytes_per_token * cache_copies_ratio
        + context_tokens_per_request * index_bytes_per_token * cache_copies_ratio
        + 2 * state_bytes_per_request
    )
    return (
        rank_requests
        * request_bytes
        / attention_chips
        / (bandwidth_bytes_per_s_per_chip * cache_mbu_share)
    )


def attention_s(
    rank_requests,
    verified_tokens_ratio,
    attended_tokens_per_request,
    attention_flop_per_token,
    attention_chips,
    attention_achieved_flop_per_s_per_chip,
    attention_compute_share,
):
    """Arithmetic between the new token and the cached ones; a latent (MLA) model works in its wide
    latent here.
    """
    work_flop = (
        rank_requests
        * verified_tokens_ratio
        * attended_tokens_per_request
        * attention_flop_per_token
    )
    return (
        work_flop
        / attention_chips
        / (attention_achieved_flop_per_s_per_chip * attention_compute_share)
    )


def launch_overhead_s(
    layers_count,
    layer_overhead_s,
    moe_layers_count,
    moe_overhead_s,
    shared_layers_count,
    shared_overhead_s,
    latent_layers_count,
    latent_overhead_s,
    quantised_layers_count,
    quantised_overhead_s,
    sparse_layers_count,
    sparse_overhead_s,
    overhead_residual_factor,
):
    """Launches and small kernels by layer, more for routing, latent attention and narrow formats
    (values are rescaled).

    Graphs captured beforehand launch all that a step of known shape needs.
    """
    by_layer_s = layers_count * layer_overhead_s + quantised_layers_count * quantised_overhead_s
    by_kind_s = moe_layers_count * moe_overhead_s + shared_layers_count * shared_overhead_s
    by_attention_s = (
        latent_layers_count * latent_overhead_s + sparse_layers_count * sparse_overhead_s
    )
    return (by_layer_s + by_kind_s + by_attention_s) * overhead_residual_factor


def overhead_s(
    launch_overhead_s,
    step_overhead_s,
    stage_requests,
    request_overhead_s_per_request,
    overhead_residual_factor,
):
    """What a step waits for: launches, and scheduling and sampling by step and by request."""
    by_step_s = step_overhead_s + stage_requests * request_overhead_s_per_request
    return launch_overhead_s + by_step_s * overhead_residual_factor


def peak_share(
    mbu_share,
    expert_mbu_share,
    cache_mbu_share,
    linear_mfu_share,
    decode_compute_share,
    expert_mfu_share,
    expert_compute_share,
    attention_mfu_share,
    attention_compute_share,
):
    """The highest share of the chip's own peak that any part of a decode step reaches, reading or
    multiplying.
    """
    read = np.maximum(np.maximum(mbu_share, expert_mbu_share), cache_mbu_share)
    dense = np.maximum(
        linear_mfu_share * decode_compute_share, attention_mfu_share * attention_compute_share
    )
    return np.maximum(np.maximum(read, dense), expert_mfu_share * expert_compute_share)


def work_residual_factor(step_residual_factor, peak_share):
    """A step's slowness where it reads and multiplies: never so small that a part would beat the
    chip's own peak.
    """
    return np.maximum(step_residual_factor, peak_share)


def step_s(
    linear_read_s,
    linear_compute_s,
    expert_read_s,
    expert_compute_s,
    cache_read_s,
    attention_s,
    communication_s,
    overhead_s,
    activation_s_per_token,
    step_tokens,
    step_residual_factor,
    work_residual_factor,
):
    """A decode step: in each part the slower of reading and arithmetic, rounded where near (root of
    squares).

    `step_residual_factor` is what calibration leaves to engine, accelerator and chance; one is the
    pool's middle.
    """
    worked_s = np.hypot(linear_read_s, linear_compute_s) + np.hypot(expert_read_s, expert_compute_s)
    worked_s = worked_s + np.hypot(cache_read_s, attention_s)
    small_s = communication_s + overhead_s + activation_s_per_token * step_tokens
    return worked_s * work_residual_factor + small_s * step_residual_factor


LAYOUT = (
    activation_s_per_token,
    instance_chips,
    stage_chips,
    attention_chips,
    context_tokens_per_request,
    cache_copies_ratio,
)
DECODE = (
    stage_requests,
    rank_requests,
    step_tokens,
    attended_tokens_per_request,
    linear_read_s,
    linear_compute_s,
    activated_experts_share,
    imbalance_ratio,
    expert_read_s,
    expert_compute_s,
    cache_read_s,
    attention_s,
    launch_overhead_s,
    overhead_s,
    peak_share,
    work_residual_factor,
    step_s,
)
