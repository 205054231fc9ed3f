"""What crosses links: collectives of tensor, expert and data parallelism, by latency and by
size.
"""

import numpy as np


def group_parallel(tensor_parallel, data_parallel):
    """Ranks that take part in a layer's collectives."""
    return tensor_parallel * data_parallel


def path_bytes_per_s_per_chip(
    group_chips, domain_chips, link_bytes_per_s_per_chip, network_bytes_per_s_per_chip
):
    """Speed of an exchange among so many chips: links inside a scale-up domain; what leaves it
    takes the network.
    """
    outside_share = np.maximum(1 - domain_chips / group_chips, 0)
    inside_s = (1 - outside_share) / link_bytes_per_s_per_chip
    outside_s = outside_share / network_bytes_per_s_per_chip
    return 1 / (inside_s + outside_s)


def tensor_path_bytes_per_s_per_chip(
    attention_chips, domain_chips, link_bytes_per_s_per_chip, network_bytes_per_s_per_chip
):
    """Tensor ranks talk over the links of a scale-up domain, beyond it over the network as well."""
    return path_bytes_per_s_per_chip(
        attention_chips, domain_chips, link_bytes_per_s_per_chip, network_bytes_per_s_per_chip
    )


def expert_path_bytes_per_s_per_chip(
    stage_chips, domain_chips, link_bytes_per_s_per_chip, network_bytes_per_s_per_chip
):
    """Data-parallel ranks exchange tokens with the experts' ranks: over links, or the network
    beyond the domain.
    """
    return path_bytes_per_s_per_chip(
        stage_chips, domain_chips, link_bytes_per_s_per_chip, network_bytes_per_s_per_chip
    )


def wait_s(
    group_parallel,
    data_parallel,
    stage_chips,
    domain_chips,
    collective_latency_s,
    dispatch_latency_s,
    network_latency_s,
    overhead_residual_factor,
):
    """Latency of one collective: rounds double the ranks reached (Thakur, Rabenseifner and Gropp
    2005).

    Exchanges among data-parallel ranks wait for the last of them as well, and the scale-out network
    adds its own.
    """
    rounds_s = collective_latency_s * np.log2(group_parallel)
    ranks_s = dispatch_latency_s * (1 - 1 / data_parallel)
    outside_s = np.where(stage_chips > domain_chips, network_latency_s, 0 * network_latency_s)
    return (rounds_s + ranks_s + outside_s) * overhead_residual_factor


def tensor_transfer_s_per_token(
    tensor_parallel,
    data_parallel,
    hidden_width,
    activation_bytes_per_token,
    tensor_path_bytes_per_s_per_chip,
    link_share,
    one_chip,
):
    """A token's hidden state reduced and gathered over tensor ranks: twice its bytes less the
    rank's own (ring bound).

    Each data-parallel rank does so for its own tokens, at the same time.
    """
    moved = (
        2 * (1 - 1 / tensor_parallel) * hidden_width * activation_bytes_per_token / data_parallel
    )
    return moved / one_chip / (tensor_path_bytes_per_s_per_chip * link_share)


def expert_transfer_s_per_token(
    group_parallel,
    data_parallel,
    experts_per_token_count,
    hidden_width,
    activation_bytes_per_token,
    expert_path_bytes_per_s_per_chip,
    expert_link_share,
    one_chip,
):
    """A token's hidden state to its experts and back: to each chosen rank, or to all ranks where
    that is less.
    """
    reached_share = np.minimum(experts_per_token_count / group_parallel, 1)
    moved = (1 - 1 / data_parallel) * reached_share * hidden_width * activation_bytes_per_token
    return moved / one_chip / (expert_path_bytes_per_s_per_chip * expert_link_share)


def transfer_s_per_token(tensor_transfer_s_per_token, expert_transfer_s_per_token):
    """Both exchanges of a layer's half."""
    return tensor_transfer_s_per_token + expert_transfer_s_per_token


def communication_s(layers_count, wait_s, transfer_s_per_token, step_tokens):
    """Two collectives a layer in a decode step: after attention and after the feed-forward or the
    experts.
    """
    return 2 * layers_count * (wait_s + transfer_s_per_token * step_tokens)


NETWORK = (
    group_parallel,
    tensor_path_bytes_per_s_per_chip,
    expert_path_bytes_per_s_per_chip,
    wait_s,
    tensor_transfer_s_per_token,
    expert_transfer_s_per_token,
    transfer_s_per_token,
    communication_s,
)
