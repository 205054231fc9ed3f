"""What a model's published dimensions imply: parameters by part, cached values, attention
arithmetic.

Every argument is a field of a Model record (facts/models.csv); zero means that the model has no
such part.
"""

import numpy as np


def query_width(head_width, kv_lora_width, qk_nope_width, qk_rope_width):
    """Values of one head's query: a latent (MLA) model splits them into a plain and a rotated part
    (DeepSeek-V2).
    """
    return np.where(kv_lora_width > 0, qk_nope_width + qk_rope_width, head_width)


def value_width(head_width, kv_lora_width, v_head_width):
    """Values that one head gives back: stated apart in a latent (MLA) model."""
    return np.where(kv_lora_width > 0, v_head_width, head_width)


def query_parameters(hidden_width, heads_count, query_width, q_lora_width, output_gates_count):
    """Query projection of a layer, through a low rank where the model has one; an output gate is as
    wide.
    """
    plain = hidden_width * heads_count * query_width
    low_rank = q_lora_width * (hidden_width + heads_count * query_width)
    return np.where(q_lora_width > 0, low_rank, plain) + output_gates_count * plain


def key_value_parameters(
    hidden_width,
    heads_count,
    kv_heads_count,
    kv_lora_width,
    qk_nope_width,
    qk_rope_width,
    value_width,
    cache_width,
):
    """Key and value projection of a layer; a latent model unfolds its latent for every head
    (DeepSeek-V2, 2024).
    """
    unfold = kv_lora_width * heads_count * (qk_nope_width + value_width)
    # Grouped keys and values are projected straight to what is cached; the zero keeps the latent's
    # two parts apart.
    grouped = hidden_width * np.where(kv_heads_count > 0, cache_width, 0)
    return np.where(
        kv_lora_width > 0, hidden_width * (kv_lora_width + qk_rope_width) + unfold, grouped
    )


def output_parameters(
    hidden_width, heads_count, value_width, output_groups_count, output_lora_width
):
    """Output projection of a layer; grouped and through a low rank in DeepSeek-V4."""
    plain = heads_count * value_width * hidden_width
    grouped = output_lora_width * (heads_count * value_width + output_groups_count * hidden_width)
    return np.where(output_groups_count > 0, grouped, plain)


def index_parameters(hidden_width, q_lora_width, index_heads_count, index_head_width):
    """The indexer of a sparse-attention layer: queries, one key, a weight per head (DeepSeek-V3.2,
    2025).
    """
    return (
        index_heads_count * (q_lora_width * index_head_width + hidden_width)
        + hidden_width * index_head_width
    )


def recurrent_parameters(
    hidden_width,
    linear_key_heads_count,
    linear_key_head_width,
    linear_value_heads_count,
    linear_value_head_width,
    linear_conv_width,
):
    """A gated delta layer: queries, keys, values, gate, two scalars a head, short convolution,
    output (Qwen3-Next).
    """
    keys = 2 * linear_key_heads_count * linear_key_head_width
    values = linear_value_heads_count * linear_value_head_width
    projected = keys + 2 * values + 2 * linear_value_heads_count
    return hidden_width * (projected + values) + linear_conv_width * (keys + values)


def attention_parameters(
    layers_count,
    linear_attention_layers_count,
    query_parameters,
    key_value_parameters,
    output_parameters,
    index_parameters,
    recurrent_parameters,
):
    """All attention projections: softmax layers and recurrent layers, each with its own."""
    softmax = query_parameters + key_value_parameters + output_parameters + index_parameters
    recurrent = linear_attention_layers_count * recurrent_parameters
    return (layers_count - linear_attention_layers_count) * softmax + recurrent


def moe_layers_count(layers_count, dense_layers_count):
    """Layers with routed experts: all that are not dense."""
    return layers_count - dense_layers_count


def shared_layers_count(moe_layers_count, shared_experts_count):
    """Layers that run a feed-forward for every token beside the routed experts: small kernels of
    its own.
    """
    return np.where(shared_experts_count > 0, moe_layers_count, 0)


def latent_layers_count(layers_count, kv_lora_width, linear_attention_layers_count):
    """Layers whose attention needs many small kernels: latent (MLA) or recurrent ones."""
    return np.where(kv_lora_width > 0, layers_count, linear_attention_layers_count)


def sparse_layers_count(
    index_heads_count, full_attention_layers_count, csa_layers_count, hca_layers_count
):
    """Layers that compress or select what they attend to: compression, indexer and choice are
    kernels of their own.
    """
    indexed = np.where(index_heads_count > 0, full_attention_layers_count, 0)
    return indexed + csa_layers_count + hca_layers_count


def dense_parameters(hidden_width, ffn_width, dense_layers_count):
    """Gated feed-forward of the dense layers: gate, up and down."""
    return dense_layers_count * (2 * hidden_width * ffn_width + ffn_width * hidden_width)


def one_expert_parameters(hidden_width, expert_ffn_width):
    """One gated expert: gate, up and down."""
    return 2 * hidden_width * expert_ffn_width + expert_ffn_width * hidden_width


def shared_parameters(
    moe_layers_count, shared_experts_count, one_expert_parameters, hidden_width, experts_count
):
    """What every token uses in a mixture-of-experts layer: shared experts and the router."""
    return moe_layers_count * (
        shared_experts_count * one_expert_parameters + hidden_width * experts_count
    )


def routed_parameters(moe_layers_count, experts_count, one_expert_parameters):
    """All routed experts of all layers."""
    return moe_layers_count * experts_count * one_expert_parameters


def routed_active_parameters(moe_layers_count, experts_per_token_count, one_expert_parameters):
    """The routed experts that one token uses."""
    return moe_layers_count * experts_per_token_count * one_expert_parameters


def head_parameters(hidden_width, vocab_count):
    """The output head; as wide as the vocabulary."""
    return hidden_width * vocab_count


def stored_parameters(
    attention_parameters,
    dense_parameters,
    shared_parameters,
    routed_parameters,
    head_parameters,
    embeddings_count,
):
    """All parameters, for checking against the published count; norms and biases are left out."""
    kept = attention_parameters + dense_parameters + shared_parameters + routed_parameters
    return kept + embeddings_count * head_parameters


def used_parameters(
    attention_parameters,
    dense_parameters,
    shared_parameters,
    routed_active_parameters,
    head_parameters,
):
    """Parameters that one token multiplies with, the output head included, the input embedding (a
    look-up) not.
    """
    return (
        attention_parameters
        + dense_parameters
        + shared_parameters
        + routed_active_parameters
        + head_parameters
    )


def cache_width(kv_heads_count, head_width, kv_lora_width, qk_rope_width, output_groups_count):
    """Values that a layer caches for a token: keys and values of each group, or the latent;
    DeepSeek-V4 shares one.
    """
    copies = np.where(output_groups_count > 0, 1, 2)
    return np.where(
        kv_lora_width > 0, kv_lora_width + qk_rope_width, copies * kv_heads_count * head_width
    )


def cache_shards_count(kv_heads_count, kv_lora_width):
    """Into how many parts tensor parallelism can cut the cache: its key-value heads; a latent is
    one.
    """
    return np.where(kv_lora_width > 0, 1, kv_heads_count)


def full_layers_count(full_attention_layers_count, index_heads_count, hca_layers_count, hca_ratio):
    """Layers that read all cached tokens at every step; heavily compressed layers count by what
    they keep.
    """
    kept = np.where(hca_ratio > 0, hca_layers_count / np.maximum(hca_ratio, 1), 0)
    return np.where(index_heads_count > 0, 0, full_attention_layers_count) + kept


def selected_layers_count(
    full_attention_layers_count, index_heads_count, csa_layers_count, csa_ratio
):
    """Layers that read only the tokens that an indexer selects (DeepSeek-V3.2, GLM-5,
    DeepSeek-V4).
    """
    chosen = np.where(index_heads_count > 0, full_attention_layers_count, 0)
    return chosen + csa_layers_count / np.maximum(csa_ratio, 1)


def selected_tokens_per_request(index_top_tokens, csa_ratio, one_request):
    """Tokens of context that a selected layer reads: the indexer's choice, each standing for its
    compressed group.
    """
    return index_top_tokens * np.maximum(csa_ratio, 1) / one_request


def window_tokens_per_request(sliding_window_tokens, one_request):
    """Tokens of context that a sliding layer reads at most."""
    return sliding_window_tokens / one_request


def index_width(index_heads_count, index_head_width):
    """Values that the indexer multiplies for each pair of tokens in a layer."""
    return index_heads_count * index_head_width


def decode_attention_width(heads_count, query_width, value_width, kv_lora_width, qk_rope_width):
    """Multiplications of a layer for a pair of tokens in decoding: a latent model works on its
    latent.
    """
    latent = heads_count * (2 * kv_lora_width + qk_rope_width)
    return np.where(kv_lora_width > 0, latent, heads_count * (query_width + value_width))


def prefill_attention_width(heads_count, query_width, value_width):
    """Multiplications of a layer for a pair of tokens in prefill: query with key, weight with
    value.
    """
    return heads_count * (query_width + value_width)


def state_width(
    linear_attention_layers_count,
    linear_value_heads_count,
    linear_key_head_width,
    linear_value_head_width,
):
    """Values of a request's recurrent state over all gated delta layers; read and written at every
    step.
    """
    return (
        linear_attention_layers_count
        * linear_value_heads_count
        * linear_key_head_width
        * linear_value_head_width
    )


ARCHITECTURE = (
    query_width,
    value_width,
    cache_width,
    cache_shards_count,
    query_parameters,
    key_value_parameters,
    output_parameters,
    index_parameters,
    recurrent_parameters,
    attention_parameters,
    moe_layers_count,
    shared_layers_count,
    latent_layers_count,
    sparse_layers_count,
    dense_parameters,
    one_expert_parameters,
    shared_parameters,
    routed_parameters,
    routed_active_parameters,
    head_parameters,
    stored_parameters,
    used_parameters,
    full_layers_count,
    selected_layers_count,
    selected_tokens_per_request,
    window_tokens_per_request,
    index_width,
    decode_attention_width,
    prefill_attention_width,
    state_width,
)
