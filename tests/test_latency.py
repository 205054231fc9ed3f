"""Where the time of a request goes, by hand: its queue, its first token, each further one, and the
loop of a fixed concurrency.
"""

import pytest

from analysis.laws.pools import (
    closed_loop_s,
    memory_bound_s,
    next_decoding_share,
    own_prompt_s,
    prefill_bound_s,
    prompt_capacity_s,
    queue_requests,
    stalled_s,
    transfer_s,
)
from analysis.laws.throughput import (
    first_s,
    interference_s,
    output_tokens_per_s_per_chip,
    tpot_s,
    ttft_s,
    unhindered_s,
    waiting_s,
)

# A prompt of 0.2 s by itself and 0.1 s a time behind others, of which half come at once.
FIRST = {
    "own_prompt_s": 0.2,
    "prefill_delay_ratio": 1.5,
    "prefill_s": 0.1,
    "prompt_capacity_s": 0.04,
    "queue_requests": 8,
    "one_request": 1,
    "queue_share": 0.5,
    "step_s": 0.02,
    "step_delay_ratio": 2,
    "first_overhead_s": 0.01,
    "first_residual_factor": 1.2,
    "transfer_s": 0.0,
    "waiting_s": 0.1,
    "disaggregated_count": 0,
}


def test_requests_of_an_instance_share_its_prompts_and_a_pool_shares_all_in_flight():
    # 16 of an instance; 64 in flight over 4 workers with 2 stages each.
    assert queue_requests(0, 16, 64, 4, 2) == 16
    assert queue_requests(1, 16, 64, 4, 2) == 8


def test_a_first_token_waits_for_its_prompt_half_of_those_before_it_and_two_steps():
    # 0.3 of its own, 8 x 0.5 x 0.1 queued, 2 x 0.02 of steps, 0.01 more: 0.75, a fifth slower,
    # and 0.1 for memory.
    assert first_s(**FIRST) == pytest.approx(0.75 * 1.2 + 0.1)


def test_a_first_token_of_a_pool_waits_for_shared_launches_one_step_and_the_transfer():
    pools = FIRST | {"disaggregated_count": 1, "transfer_s": 0.05, "waiting_s": 0.0}
    # 0.3 of its own, 8 x 0.5 x 0.04 queued, one step of 0.02, 0.01 more.
    assert first_s(**pools) == pytest.approx((0.3 + 0.16 + 0.02 + 0.01) * 1.2 + 0.05)


@pytest.mark.parametrize(("pools", "each_s"), [(0, 0.1), (1, 0.04)])
def test_nobody_in_the_queue_is_no_wait_and_each_more_waits_for_one_prompt_more(pools, each_s):
    at = [
        first_s(**FIRST | {"disaggregated_count": pools, "queue_requests": n, "queue_share": 1})
        for n in (0, 1, 2)
    ]
    steps_s = 0.02 if pools else 0.04
    assert at[0] == pytest.approx((0.3 + steps_s + 0.01) * 1.2 + 0.1)
    assert at[1] - at[0] == pytest.approx(each_s * 1.2)
    assert at[2] - at[1] == pytest.approx(each_s * 1.2)


def test_a_single_request_with_an_empty_queue_waits_for_no_other():
    # One in flight on one worker: it queues behind itself at most, never behind a second.
    assert queue_requests(1, 1, 1, 1, 1) == queue_requests(0, 1, 1, 1, 1) == 1


def test_two_ranks_run_one_prompt_on_half_their_chips_but_for_experts():
    # 10 s of all chips, of which (3 + 1) x 1.5 = 6 s are dense: on one rank of 2 they take 6 more.
    assert own_prompt_s(10, 3, 1, 1.5, 1) == 10
    assert own_prompt_s(10, 3, 1, 1.5, 2) == 16
    assert own_prompt_s(10, 3, 1, 1.5, 4) == 28


def test_ranks_wait_for_each_other_by_the_root_of_their_number():
    assert stalled_s(10, 3, 1, 1.5, 4, 0) == 10
    assert stalled_s(10, 3, 1, 1.5, 4, 0.5) == 16
    assert stalled_s(10, 3, 1, 1.5, 4, 1) == 28


def test_prompts_of_a_batch_share_its_launches():
    # 8,192 tokens a batch hold 8 prompts of 1,024, and twice that on two ranks; one of 16,384 has
    # its launches to itself.
    assert prompt_capacity_s(1, 0.8, 8192, 1024, 1) == pytest.approx(1.1)
    assert prompt_capacity_s(1, 0.8, 8192, 1024, 2) == pytest.approx(1.05)
    assert prompt_capacity_s(1, 0.8, 8192, 16384, 1) == pytest.approx(1.8)


@pytest.mark.parametrize(("chips", "seconds"), [(8, 0.5), (9, 5.0)])
def test_a_cache_moves_over_links_in_a_domain_and_over_the_network_beyond(chips, seconds):
    # 80 GB for 2,000 tokens of context are 40 GB for a prompt of 1,000; 2 chips at 80% of 50 or 5
    # GB/s; 10 ms to begin.
    work = (1000, 80e9, 2000, chips, 8, 50e9, 5e9, 2, 0.8, 0.01, 1)
    assert transfer_s(1, *work) == pytest.approx(seconds + 0.01)
    assert transfer_s(0, *work) == 0


def test_bounds_of_a_pool_are_all_in_flight_over_what_it_takes():
    # 60 in flight over 3 workers of 2 stages, 0.5 s a prompt; over room for 20 answers of 100 x 20
    # ms.
    assert prefill_bound_s(1, 60, 0.5, 3, 2, 1) == pytest.approx(5)
    assert memory_bound_s(1, 60, 20, 0.02, 100, 1) == pytest.approx(6)
    assert prefill_bound_s(0, 60, 0.5, 3, 2, 1) == memory_bound_s(0, 60, 20, 0.02, 100, 1) == 0


def test_a_closed_loop_is_its_own_time_or_the_bound_and_rounded_between():
    assert closed_loop_s(3, 0, 2) == 3
    assert closed_loop_s(3, 4, 2) == pytest.approx(5)  # 3-4-5
    assert closed_loop_s(3, 4, 1) == pytest.approx(7)
    assert closed_loop_s(3, 4000, 2) == pytest.approx(4000, rel=1e-6)


def test_who_decodes_is_the_part_of_the_time_that_does():
    # 101 tokens at 20 ms after the first: 2 s of 8.
    assert next_decoding_share(1, 0.02, 101, 1, 8) == pytest.approx(0.25)
    assert next_decoding_share(0, 0.02, 101, 1, 8) == 1


def test_a_token_takes_its_step_and_drafts_over_what_they_yield():
    assert tpot_s(0.02, 0.01, 2, 0.005) == pytest.approx(0.02)


def test_prompts_of_the_others_delay_a_token():
    # 4 others prompt once in 100 tokens: 0.04 prompts of 0.5 s a token, half of which the
    # instance feels, and of that the 0.6 that do not queue.
    work = {"output_tokens_per_request": 100, "step_tokens_per_request": 1, "queue_share": 0.4}
    work |= {"stalled_s": 0.5, "stage_requests": 5, "one_request": 1, "interference_share": 0.5}
    assert interference_s(**work, disaggregated_count=0) == pytest.approx(0.006)
    assert interference_s(**work, disaggregated_count=1) == 0
    assert interference_s(**work | {"stage_requests": 1}, disaggregated_count=0) == 0
    assert interference_s(**work | {"stage_requests": 0.5}, disaggregated_count=0) == 0
    assert interference_s(**work | {"queue_share": 1.5}, disaggregated_count=0) == 0


def test_what_does_not_fit_waits_at_the_rate_of_what_does():
    # 24 where 16 fit: half a generation of 100 tokens at 20 ms.
    assert waiting_s(24, 0, 16, 0.02, 100, 1) == pytest.approx(1)
    assert waiting_s(16, 0, 16, 0.02, 100, 1) == 0
    assert waiting_s(24, 1, 16, 0.02, 100, 1) == 0


def test_a_request_is_its_first_token_and_all_further_ones():
    assert unhindered_s(0.5, 0.02, 101, 1) == pytest.approx(2.5)
    assert ttft_s(2.5, 0.02, 101, 1) == pytest.approx(0.5)


def test_rate_is_what_is_in_flight_over_the_time_that_each_takes():
    # 64 x 0.9 in flight, 100 tokens in 2.5 s each, on 8 chips.
    assert output_tokens_per_s_per_chip(64, 100, 2.5, 8, 0.9) == pytest.approx(288)
