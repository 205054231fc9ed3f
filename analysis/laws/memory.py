"""What has to be held: weights, cache and working memory, and how many requests fit beside them."""

import numpy as np


def held_tokens_per_request(
    context_tokens_per_request,
    full_layers_count,
    selected_layers_count,
    sliding_layers_count,
    window_tokens_per_request,
):
    """Tokens kept in the cache, summed over layers: sliding windows forget, selected layers keep
    all.
    """
    kept = (full_layers_count + selected_layers_count) * context_tokens_per_request
    return kept + sliding_layers_count * np.minimum(
        context_tokens_per_request, window_tokens_per_request
    )


def request_bytes_per_request(
    held_tokens_per_request,
    cache_bytes_per_token,
    context_tokens_per_request,
    index_bytes_per_token,
    cache_copies_ratio,
    state_bytes_per_request,
):
    """Memory of one running request over the chips of its instance; ranks that repeat the cache
    count.
    """
    token_bytes = (
        held_tokens_per_request * cache_bytes_per_token
        + context_tokens_per_request * index_bytes_per_token
    )
    return token_bytes * cache_copies_ratio + state_bytes_per_request


def weight_bytes(linear_bytes, embedding_bytes, expert_bytes, data_parallel):
    """Weights of one instance; data-parallel attention keeps a copy of all but the experts on each
    rank.
    """
    return (linear_bytes + embedding_bytes) * data_parallel + expert_bytes


def free_bytes(memory_bytes_per_chip, memory_usable_share, instance_chips, weight_bytes):
    """What is left for requests after weights and working memory; negative where the weights do not
    fit.
    """
    return memory_bytes_per_chip * memory_usable_share * instance_chips - weight_bytes


def capacity_requests(free_bytes, request_bytes_per_request, instances_count):
    """Requests that fit in the whole deployment at their mean length; below one, nothing can be
    served.
    """
    return instances_count * free_bytes / request_bytes_per_request


def running_requests(concurrency_requests, decoding_share, capacity_requests):
    """Requests that decode; others wait for their first token, and the rest for memory."""
    return np.minimum(concurrency_requests * decoding_share, capacity_requests)


MEMORY = (
    held_tokens_per_request,
    request_bytes_per_request,
    weight_bytes,
    free_bytes,
    capacity_requests,
    running_requests,
)
