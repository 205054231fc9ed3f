"""Speculative decoding: what a step verifies, what it yields, and what drafting costs."""

import numpy as np


def verified_tokens_ratio(draft_count):
    """Tokens of a request that a step verifies: the next one and all drafted."""
    return 1 + draft_count


def accepted_tokens_ratio(
    first_acceptance_share,
    acceptance_decay_ratio,
    acceptance_ratio,
    draft_count,
    stated_acceptance_ratio,
):
    """Tokens that a step yields, the verified one included (the acceptance length).

    A draft counts where all before it were accepted (Leviathan et al. 2023); the chance at each
    position is that of the one before times a decay. `acceptance_ratio` scales what drafts add in
    serving against the data that it was measured on. A stated acceptance length (above 0) stands
    for itself.
    """
    drafted, chance, product = 0, first_acceptance_share, 1
    deepest = int(np.max(draft_count)) if np.size(draft_count) else 0
    for position in range(1, deepest + 1):
        product = product * np.minimum(chance, 1)
        drafted = drafted + np.where(draft_count >= position, product, 0)
        chance = chance * acceptance_decay_ratio
    modelled = 1 + np.minimum(drafted * acceptance_ratio, draft_count)
    return np.where(stated_acceptance_ratio > 0, stated_acceptance_ratio, modelled)


def head_read_s(
    head_parameters,
    head_bytes_per_parameter,
    attention_chips,
    bandwidth_bytes_per_s_per_chip,
    mbu_share,
):
    """Reading of the output head, which every draft needs."""
    return (
        head_parameters
        * head_bytes_per_parameter
        / attention_chips
        / (bandwidth_bytes_per_s_per_chip * mbu_share)
    )


def draft_s(
    draft_count, step_s, layers_count, head_read_s, draft_overhead_s, overhead_residual_factor
):
    """Drafts of a step, one after the other: each a layer of the model, its head, and launches of
    its own.
    """
    each_s = step_s / layers_count + head_read_s + draft_overhead_s * overhead_residual_factor
    return np.minimum(draft_count, 1) * draft_count * each_s


SPECULATION = (head_read_s, draft_s)
