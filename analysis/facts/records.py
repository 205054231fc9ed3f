"""The things that have numbers: frozen records without defaults, in base units.

Their fields are those of the tables.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Accelerator:
    """One chip as sold. Arithmetic is dense; 0 flop/s means that the hardware has no such path."""

    name: str
    bf16_flop_per_s_per_chip: float
    fp8_flop_per_s_per_chip: float
    fp4_flop_per_s_per_chip: float
    memory_bytes_per_chip: float
    bandwidth_bytes_per_s_per_chip: float
    link_bytes_per_s_per_chip: float  # inside the scale-up domain, one direction
    network_bytes_per_s_per_chip: float  # outside of it, one direction
    domain_chips: float
    power_w_per_chip: float  # the board's limit
    rack_power_w: float
    rack_chips: float
    provisioned_w_per_chip: float  # at the utility: with host, network and cooling


@dataclass(frozen=True)
class Model:
    """A language model's published dimensions; 0 means that it has no such part.

    The table's `where` says so then.
    """

    name: str
    layers_count: float
    hidden_width: float
    heads_count: float
    kv_heads_count: float
    head_width: float  # 0 with latent attention
    ffn_width: float  # of the dense layers
    vocab_count: float
    embeddings_count: float  # 1 tied, 2 untied
    dense_layers_count: float  # feed-forward without experts
    experts_count: float
    experts_per_token_count: float
    shared_experts_count: float
    expert_ffn_width: float
    q_lora_width: float
    kv_lora_width: float  # latent attention (MLA)
    qk_nope_width: float
    qk_rope_width: float
    v_head_width: float
    full_attention_layers_count: float  # keep every token
    sliding_layers_count: float  # keep the last `sliding_window_tokens`
    sliding_window_tokens: float
    linear_attention_layers_count: float  # keep a fixed state
    linear_key_heads_count: float
    linear_value_heads_count: float
    linear_key_head_width: float
    linear_value_head_width: float
    linear_conv_width: float
    output_gates_count: float
    index_heads_count: float  # sparse attention: the indexer
    index_head_width: float
    index_top_tokens: float
    csa_layers_count: float  # keep a token of every `csa_ratio`, read sparsely
    csa_ratio: float
    hca_layers_count: float  # keep a token of every `hca_ratio`, read all
    hca_ratio: float
    output_groups_count: float
    output_lora_width: float
    mtp_layers_count: float  # multi-token prediction; not in all_parameters
    context_tokens: float
    dense_bytes_per_parameter: float  # as released: all but the routed experts
    expert_bytes_per_parameter: float
    all_parameters: float  # as published
    active_parameters: float


@dataclass(frozen=True)
class Site:
    """A place to run: its power, cooling and grid."""

    name: str
    pue_ratio: float  # yearly mean
    design_pue_ratio: float  # at the hottest hour: what the feed must carry
    electricity_usd_per_j: float
    carbon_g_per_j: float  # CO2 equivalent, the grid's yearly mean, per joule at the meter
    water_l_per_j: float  # evaporated on site, per joule of computers (WUE)
    facility_usd_per_w: float  # per watt of computers
    outdoor_k: float  # the air's yearly mean
    outdoor_spread_k: float  # scale of a logistic spread of its hourly values
    rack_limit_w: float  # what the usual rack position can feed and cool
    site_w: float  # utility power that a tenant can get within a year


def chip(name: str) -> str:
    """An accelerator as people write it.

    >>> chip("h100-sxm"), chip("gb300"), chip("kyber")
    ('H100', 'GB300', 'Kyber')
    """
    if any(character.isdigit() for character in name):
        return name.upper().removesuffix("-SXM")
    return name.capitalize()
