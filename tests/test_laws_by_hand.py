"""Values of laws that anyone can check on paper: which term stands where, and what each is worth.

`tests/test_laws.py` holds units and arguments of every law, which a sum of two terms of one unit or
a wrong exponent of a pure number passes. Here numbers are small, different, and never 1 where that
would hide an operation; where a law has a limit, there is a row on each side of it.
"""

import importlib
import math

import numpy as np
import pytest

HAND = [
    # Parameters of a model, by part.
    ("architecture.routed_parameters", (3, 4, 5), 60),
    ("architecture.stored_parameters", (2, 3, 4, 5, 10, 2), 34),
    ("architecture.used_parameters", (2, 3, 4, 5, 10), 24),
    ("architecture.prefill_attention_width", (4, 5, 3), 32),
    # 6 softmax layers of 1 + 2 + 3 + 4, and 2 recurrent ones of 7.
    ("architecture.attention_parameters", (8, 2, 1, 2, 3, 4, 7), 74),
    # Keys 2 x 2 x 3, values 4 x 5; projected 12 + 40 + 8, and the values' way out; convolution 2.
    ("architecture.recurrent_parameters", (10, 2, 3, 4, 5, 2), 10 * 80 + 2 * 32),
    # Which layers read all, which a choice: an indexer of a single head chooses already.
    ("architecture.sparse_layers_count", (0, 7, 2, 3), 5),
    ("architecture.sparse_layers_count", (1, 7, 2, 3), 12),
    ("architecture.selected_layers_count", (7, 0, 6, 3), 2),
    ("architecture.selected_layers_count", (7, 1, 6, 3), 9),
    ("architecture.selected_layers_count", (7, 0, 6, 0), 6),
    ("architecture.full_layers_count", (7, 0, 6, 3), 9),
    ("architecture.full_layers_count", (7, 1, 6, 3), 2),
    ("architecture.full_layers_count", (7, 0, 6, 0), 7),
    ("architecture.latent_layers_count", (7, 0, 3), 3),
    ("architecture.latent_layers_count", (7, 512, 3), 7),
    # What is held and read.
    ("memory.held_tokens_per_request", (100, 2, 3, 4, 30), 620),
    ("memory.held_tokens_per_request", (20, 2, 3, 4, 30), 180),
    ("memory.request_bytes_per_request", (100, 5, 20, 3, 2, 7), 1127),
    ("memory.capacity_requests", (90, 10, 4), 36),
    ("decode.context_tokens_per_request", (100, 50), 125),
    ("decode.step_tokens", (6, 2, 3), 36),
    # (40 x 3 x 2 + 50 x 4 x 2 + 2 x 30) bytes of each of 5 requests, on 2 chips at half of 100.
    ("decode.cache_read_s", (5, 40, 50, 3, 4, 30, 2, 2, 100, 0.5), 35),
    ("decode.attention_s", (2, 3, 4, 5, 6, 40, 0.5), 1),
    # 3 of 4 experts are missed by a token, and 9 of 16 by two.
    ("decode.activated_experts_share", (1, 4, 6, 3), 7 / 16),
    ("decode.activated_experts_share", (1, 0, 6, 3), 1),
    ("decode.activated_experts_share", (8, 4, 6, 3), 1),
    # (60 / 2 + 10 x 4 / 5) copies of 7 values of 2 bytes, passed 3 times, at 84 bytes a second.
    ("decode.activation_s_per_token", (60, 2, 10, 4, 5, 7, 2, 3, 84, 2), 9.5),
    ("decode.launch_overhead_s", (1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60, 2), 2 * 910),
    # All on one rank: neither a hot expert nor chance.
    ("decode.imbalance_ratio", (1, 64, 1, 1, 8, 0.3, 0.5), 1),
    # 4 ranks, 8 copies on each: chance is the root of 2 ln 4 / 8.
    ("decode.imbalance_ratio", (4, 4, 1, 1, 8, 0.4, 0.5), 1.3 + 0.5 * math.sqrt(math.log(4) / 4)),
    # Never more than twice the mean by chance, and a rank has at least one copy.
    ("decode.imbalance_ratio", (64, 1, 1, 1, 1, 0.0, 0.5), 2),
    ("speculation.head_read_s", (12, 2, 3, 8, 0.5), 2),
    # Leviathan et al. (2023): 1 + a + a^2 + a^3 for three drafts.
    ("speculation.accepted_tokens_ratio", (0.5, 1, 1, 3, 0), 1.875),
    ("speculation.accepted_tokens_ratio", (0.5, 1, 1, 1, 0), 1.5),
    ("speculation.accepted_tokens_ratio", (0.5, 1, 1, 0, 0), 1),
    ("speculation.accepted_tokens_ratio", (0.8, 0.5, 1, 2, 0), 1 + 0.8 + 0.8 * 0.4),
    ("speculation.accepted_tokens_ratio", (0.9, 1, 5, 2, 0), 3),
    ("speculation.accepted_tokens_ratio", (0.9, 1, 1, 2, 2.5), 2.5),
    ("throughput.expert_achieved_flop_per_s_per_chip", (100, 0.5, 1, 0.4), 20),
    ("throughput.expert_achieved_flop_per_s_per_chip", (100, 0.5, 0, 0.4), 50),
    ("throughput.linear_bytes", (10, 2, 3, 4, 5, 6, 7), 97),
    ("throughput.embedding_bytes", (6, 2, 3), 18),
    ("throughput.embedding_bytes", (6, 1, 3), 0),
    ("throughput.linear_flop_per_token", (10, 4, 2), 12),
    ("prefill.prefill_linear_s", (10, 12, 8, 0.5, 3), 10),
    ("prefill.prefill_expert_compute_s", (10, 3, 8, 0.5, 2), 3.75),
    ("prefill.prefill_s", (0.5, 0.25), 0.75),
    # Networks. 8 ranks meet in 3 rounds; 3 in 4 tokens leave their rank.
    ("network.wait_s", (8, 4, 8, 8, 0.1, 0.4, 5, 2), 1.2),
    ("network.wait_s", (8, 1, 9, 8, 0.1, 0.4, 5, 2), 10.6),
    ("network.expert_transfer_s_per_token", (16, 4, 8, 10, 2, 50, 0.5, 3), 0.1),
    ("network.expert_transfer_s_per_token", (4, 4, 8, 10, 2, 50, 0.5, 3), 0.2),
    # A quarter of 16 chips' traffic leaves a domain of 12: 0.75 / 30 + 0.25 / 5.
    ("network.path_bytes_per_s_per_chip", (16, 12, 30, 5), 40 / 3),
    ("network.path_bytes_per_s_per_chip", (8, 12, 30, 5), 30),
    # Energy.
    ("energy.wall_ratio", (0.2, 0.3, 0.1, 0.75), 2.2),
    ("energy.loaded_w_per_chip", (1000, 0.2, 0), 200),
    ("energy.loaded_w_per_chip", (1000, 0.2, math.log(4)), 800),
    # Half and three quarters of what a load can add, over a floor of 200; 4 x 3 of 16 chips decode.
    ("energy.board_w_per_chip", (1000, 0.2, math.log(2), 1, math.log(2), 2, 1, 4, 3, 16), 650),
    ("energy.board_w_per_chip", (1000, 0.2, math.log(2), 1, math.log(2), 2, 0, 4, 3, 16), 900),
    ("energy.prompts_count_per_s", (30, 8, 4, 10, 2), 3),
    ("energy.prompt_load_s", (2, 3, 0.1, 0.2, 0.3, 0.4), 2.4),
    # Prompts take 0.5 s of 8 chips, answers 0.04 s x 50 steps of 8 chips shared by 4.
    ("energy.prefill_busy_share", (0, 0.5, 8, 0.03, 0.01, 8, 4, 2, 100, 1, 1, 4, 3, 16), 0.5),
    ("energy.prefill_busy_share", (1, 0.5, 8, 0.03, 0.01, 8, 4, 2, 100, 1, 1, 4, 3, 16), 0.25),
    ("cooling.free_cooling_share", (300, 5, 295, 4), 0.5),
    ("cooling.free_cooling_share", (300, 5, 295 + 4 * math.log(3), 4), 0.25),
    ("cooling.placeable_share", (0.6, 0.5), 0.8),
    ("cooling.clock_ratio", (300, 310, 0.01), 1),
    ("cooling.clock_ratio", (320, 310, 0.01), math.exp(-0.1)),
    ("cooling.placed_share", (0.6, 1, 4), 0.9),
    ("cooling.placed_share", (0.6, 8, 4), 0.6),
    ("cooling.grid_l_per_output_token", (0.5, 0.4), 0.2),
    # Money. At no rate a price is paid in equal parts; at 10% over two years, by the annuity.
    ("cost.recovery_share_per_s", (0, 4, 0.2, 1), 0.2),
    ("cost.recovery_share_per_s", (0.1, 2, 0, 1), 0.1 / (1 - 1.1**-2)),
    ("cost.recovery_share_per_s", (1.0, 2, 0, 1), 4 / 3),
    ("cost.recovery_share_per_s", (1.0, 2, 0.25, 1), 1.25),
    ("cost.recovery_share_per_s", (0.05, 4, 0, 2), 0.05 / (1 - 1.1**-2)),
    ("cost.usd_per_s_per_chip", (10, 20, 0.25), 17.5),
    ("cost.usd_per_s_per_chip", (10, math.nan, 1), 10),
    ("cost.usd_per_s_per_chip", (math.nan, 20, 0), 20),
    ("cost.cached_usd_per_token", (10, 2, 3, 4, 8), 80),
    ("cost.capital_usd_per_s_per_chip", (2, 3, 4, 5, 6, 7), 27),
    ("cost.break_even_load_factor", (3, 4), 0.75),
    ("products.attempt_usd", (10, 20, 30, 3, 2, 5), 220),
    ("products.payable_usd", (100, 0.25, 0.8, 10), 50),
    # What a claim leaves: 2 times as fast and twice the price need half the work.
    ("claim.linear_pass_share", (2, 0.8), 0.625),
    ("claim.linear_pass_share", (4, 0.75), 1),
    ("claim.paying_affected_share", (2, 0.8), 0.625),
    ("claim.independent_count", (4, 0), 4),
    ("claim.independent_count", (4, 1), 1),
    ("claim.independent_count", (4, 0.5), 1.6),
    ("claim.added_count", (1, 0.5), 1),
    ("claim.added_count", (3, 0.5), 1.5 - 4 / 3),
    # Fleets.
    ("rollout.surviving_share", (3, 3, 2), math.exp(-1)),
    ("rollout.surviving_share", (6, 3, 2), math.exp(-4)),
    ("rollout.surviving_share", (1.5, 3, 2), math.exp(-0.25)),
    ("rollout.jeffreys_share", (3, 4), 0.7),
    ("rollout.late_slip_months", (4, 0.5, 2), 4 * math.e),
    ("rollout.late_slip_months", (4, 0.5, 0), 4),
    ("rollout.blended_usd_per_token", (2, 4, 5, 7), 0.5),
    ("rollout.blended_j_per_token", (30, 10, 2, 6), 3),
]


@pytest.mark.parametrize(("law", "arguments", "value"), HAND)
def test_a_law_by_hand(law, arguments, value):
    module, _, name = law.partition(".")
    found = getattr(importlib.import_module(f"analysis.laws.{module}"), name)(*arguments)
    assert np.asarray(found, float) == pytest.approx(value)
