"""What crosses links: collectives of tensor, expert and data parallelism, by latency and by size."""

import numpy as np


def group_parallel(tensor_parallel, data_parallel):
    """Ranks that take part in a layer's collectives."""
    return tensor_parallel * data_parallel


def path_bytes_per_s_per_chip(stage_chips, domain_chips, link_bytes_per_s_per_chip, network_bytes_per_s_per_chip):
    """The links inside a scale-up domain; the scale-out network as soon as a group reaches beyond it."""
    return np.where(stage_chips > domain_chips, network_bytes_per_s_per_chip, link_bytes_per_s_per_chip)


def wait_s(group_parallel, collective_latency_s, overhead_slowness_ratio):
    """Latency of one collective: rounds double the ranks reached (Thakur, Rabenseifner and Gropp 2005)."""
    return collective_latency_s * np.log2(group_parallel) * overhead_slowness_ratio


def transfer_s_per_token(
    group_parallel, hidden_width, activation_bytes_per_token, path_bytes_per_s_per_chip, link_share, one_chip
):
    """A token's hidden state, reduced and gathered: twice its bytes less the rank's own part (ring bound)."""
    moved = 2 * (1 - 1 / group_parallel) * hidden_width * activation_bytes_per_token
    return moved / one_chip / (path_bytes_per_s_per_chip * link_share)


def communication_s(layers_count, wait_s, transfer_s_per_token, step_tokens):
    """Two collectives a layer in a decode step: after attention and after the feed-forward or the experts."""
    return 2 * layers_count * (wait_s + transfer_s_per_token * step_tokens)


NETWORK = [group_parallel, path_bytes_per_s_per_chip, wait_s, transfer_s_per_token, communication_s]
