"""Ranks, layouts and workers by hand: what is read of a deployment, and what a search offers."""

import numpy as np
import pandas as pd
import pytest

from analysis.model.alternatives import printed
from analysis.model.launch import launch_commands
from analysis.model.layouts import BATCHES, layouts
from analysis.model.numbers import count_column, number_column
from analysis.model.ranks import resolve_pools, resolve_ranks
from analysis.model.search import (
    RATE,
    Search,
    _prompt_rate,
    best_deployment,
    deployments,
    frontier,
    searched,
    stated_layout,
)
from analysis.model.workers import Chip

RANKS = ("tensor_parallel", "data_parallel", "expert_parallel")
CHAT = {
    "input_tokens_per_request": 1024.0,
    "output_tokens_per_request": 1024.0,
    "cached_share": 0.0,
}


def resolved(chips, tensor, expert=1, data=1, pipeline=1):
    """Tensor and data ranks, instances, and whether they cannot lie on the chips."""
    stated = [np.array([float(n)]) for n in (chips, tensor, expert, data, pipeline)]
    ranks, impossible = resolve_ranks(*stated)
    names = ("tensor_parallel", "data_parallel", "instances_count")
    return *(float(ranks[name][0]) for name in names), bool(impossible[0])


@pytest.mark.parametrize(
    ("stated", "tensor", "data", "instances"),
    [
        ({"chips": 8, "tensor": 2, "data": 2}, 2, 2, 2),  # 8 = 2 copies of 2 x 2
        ({"chips": 8, "tensor": 8, "data": 8}, 1, 8, 1),  # attention inside: 8 / 8 ranks of one
        ({"chips": 8, "tensor": 8, "data": 4}, 2, 4, 1),  # 8 / 4
        ({"chips": 8, "tensor": 1, "expert": 4}, 1, 4, 2),  # experts over 4: two instances of 4
        ({"chips": 8, "tensor": 2, "expert": 8}, 2, 4, 1),  # over 8: 8 / 2 copies of attention
        ({"chips": 16, "tensor": 4, "pipeline": 2}, 4, 1, 2),  # 8 a stage, 4 of them a copy
    ],
)
def test_ranks_are_read_as_either_engine_counts_them(stated, tensor, data, instances):
    assert resolved(**stated) == (tensor, data, instances, False)


@pytest.mark.parametrize(
    "stated",
    [
        {"chips": 6, "tensor": 4, "expert": 6},  # 6 / 4: one and a half copies of attention
        {"chips": 8, "tensor": 3},  # 8 / 3 instances
        {"chips": 4, "tensor": 8},  # half an instance
    ],
)
def test_ranks_that_do_not_divide_the_chips_are_impossible(stated):
    assert resolved(**stated)[-1]


def test_each_row_of_ranks_is_judged_by_itself():
    chips, tensor, one = np.array([8.0, 4.0]), np.array([8.0, 8.0]), np.ones(2)
    assert resolve_ranks(chips, tensor, one, one, one)[1].tolist() == [False, True]


def pooled(chips, **stated):
    """Ranks of the decode workers of a row, and whether both pools cannot fill the chips."""
    ranks, impossible = resolve_pools(pd.DataFrame([stated]), np.array([float(chips)]))
    return [float(ranks[name][0]) for name in RANKS], bool(impossible[0])


PREFILL = {"prefill_workers": 2, "prefill_tensor_parallel": 4}  # 8 chips


def test_data_parallel_attention_lies_inside_the_ranks_of_a_worker():
    # 2 x 4 + 1 x 8 = 16, where 8 x 8 ranks would be 64; 8 / 8 = one tensor rank each.
    decode = {"decode_workers": 1, "decode_tensor_parallel": 8, "decode_data_parallel": 8}
    assert pooled(16, **PREFILL, **decode) == ([1, 8, 1], False)


def test_experts_spread_over_more_chips_than_attention_make_a_worker_as_large():
    # 2 x 4 + 1 x 12 = 20: 12 chips under 2 tensor ranks are 12 / 2 copies of attention.
    decode = {
        "decode_workers": 1,
        "decode_tensor_parallel": 2,
        "decode_data_parallel": 4,
        "decode_expert_parallel": 12,
    }
    assert pooled(20, **PREFILL, **decode) == ([2, 6, 12], False)


def test_workers_of_which_nothing_is_said_share_what_the_other_pool_leaves():
    # 20 - 2 x 4 = 12 chips for 3 workers: 4 each, with data-parallel attention.
    assert pooled(20, **PREFILL, decode_workers=3) == ([1, 4, 4], False)


def test_pools_that_leave_chips_over_are_impossible():
    assert pooled(20, **PREFILL, decode_workers=1, decode_tensor_parallel=8)[1]  # 16 of 20


def test_counts_are_read_as_people_write_them():
    written = pd.DataFrame({"ranks": ["", "1,024", "TP8", "1k", "0"], "plain": [0, 2, 3, 4, 5]})
    assert count_column(written, "ranks").tolist() == [1, 1024, 8, 1024, 1]
    assert count_column(written, "plain").tolist() == [1, 2, 3, 4, 5]
    assert count_column(written, "missing").tolist() == [1] * 5
    assert np.isnan(number_column(pd.DataFrame({"n": ["about 4"]}), "n")).all()


def test_a_dense_model_on_eight_chips_has_an_instance_for_each_divisor():
    # Tensor ranks 1, 2, 4 and 8 divide 8 chips, and 96 heads; 3 and 6 divide the heads alone.
    table = layouts("h100-sxm", "mistral-large-2", 8)
    rows = table[["tensor_parallel", "data_parallel", "instances_count", "pipeline_parallel"]]
    assert rows.to_numpy().tolist() == [[1, 1, 8, 1], [2, 1, 4, 1], [4, 1, 2, 1], [8, 1, 1, 1]]


def test_batches_double_in_four_steps_from_1_to_8192():
    assert BATCHES[0] == 1
    assert BATCHES[-1] == 8192
    assert {2.0, 4.0, 8.0, 1024.0} <= set(BATCHES)


def test_workers_of_a_dense_model_are_cut_over_tensor_ranks_alone():
    workers = Chip("h100-sxm", "qwen3-32b", "fp8", "vllm", CHAT).workers(8)
    rows = np.stack([workers[name] for name in ("size", *RANKS)], axis=1)
    assert rows.tolist() == [[n, n, 1, 1] for n in (1, 2, 4, 8)]


def test_workers_of_experts_also_spread_them_over_all_their_chips():
    # Of 2 chips and more: all tensor ranks, with experts cut alike or spread; or all data ranks.
    # On 4 chips two tensor ranks under two of data are left out: they are neither.
    workers = Chip("h100-sxm", "qwen3-30b-a3b", "fp8", "vllm", CHAT).workers(4)
    rows = np.stack([workers[name] for name in ("size", *RANKS)], axis=1).astype(int)
    two = [(2, 1, 2, 2), (2, 2, 1, 1), (2, 2, 1, 2)]
    four = [(4, 1, 4, 4), (4, 4, 1, 1), (4, 4, 1, 4)]
    assert sorted(map(tuple, rows)) == [(1, 1, 1, 1), *two, *four]


def test_a_small_model_is_offered_in_one_pool_with_times_below_a_second():
    (offers,) = Chip("h200-sxm", "qwen3-8b", "fp8", "vllm", CHAT).one_pool(1, [0])
    assert 0 < offers.columns["tpot_s"].min() < 1


@pytest.mark.parametrize("decode_workers", [4, 8])
def test_one_prefill_worker_feeds_as_many_decode_workers_as_there_are_chips_for(decode_workers):
    # A prompt of 16 tokens is nothing beside an answer of 2,048: the best pools have one prefill
    # worker, and as many decode workers as fit beside it.
    short = {**CHAT, "input_tokens_per_request": 16.0, "output_tokens_per_request": 2048.0}
    (offers,) = Chip("gh200", "qwen3-8b", "fp8", "vllm", short).two_pools(1 + decode_workers, [0])
    assert offers.columns["instances_count"].max() == decode_workers
    assert set(offers.columns["prefill_instances_count"]) == {1}


def test_drafts_of_each_depth_up_to_five_are_searched():
    offers = searched(
        Search("b200", "qwen3.5-27b", "fp8", "vllm", 1, 1024, 1024, modes=("aggregated",))
    )
    depths = {float(depth) for each in offers for depth in each.columns["draft_count"]}
    assert depths == {0, 1, 2, 3, 4, 5}


def test_prompts_of_a_prefill_chip_are_those_of_all_answers_over_its_pool():
    # 20 tokens/s on each of 12 chips are 2.4 answers of 100 a second, and so 2,400 prompt tokens of
    # 1,000: 2 workers of 2 x 1 x 1 chips compute 600 each.
    pools = {
        "prefill_instances_count": np.array([2.0, 2.0]),
        "disaggregated_count": np.array([1.0, 0.0]),
        "prefill_tensor_parallel": np.array([2.0, 2.0]),
        "prefill_data_parallel": np.ones(2),
        "prefill_pipeline_parallel": np.ones(2),
        RATE: np.array([20.0, 20.0]),
        "deployment_chips": np.array([12.0, 12.0]),
    }
    assert _prompt_rate(pools, 1000, 100).tolist() == pytest.approx([600, 0])


def test_a_frontier_leaves_out_what_another_beats_in_both():
    points = [(100, 1), (50, 3), (55, 1.5), (60, 2), (60, 1)]
    found = frontier(pd.DataFrame(points, columns=["tokens_per_s_per_user", RATE]))
    assert found.to_numpy().tolist() == [[100, 1], [60, 2], [50, 3]]


def test_a_deployment_of_two_pools_states_its_workers_and_one_pool_its_ranks():
    ranks = {f"{name}_parallel": 2.0 for name in ("tensor", "data", "expert", "pipeline")}
    row = {
        **ranks,
        **{f"prefill_{name}": 4.0 for name in ranks},
        "engine": "vllm",
        "deployment_chips": 24.0,
        "instances_count": 3.0,
        "prefill_instances_count": 5.0,
        "draft_count": 1.0,
        "concurrency_requests": 64.0,
    }
    pools = stated_layout({**row, "disaggregated_count": 1.0})
    assert (pools["mode"], pools["prefill_workers"], pools["decode_workers"]) == (
        "disaggregated",
        5,
        3,
    )
    assert (pools["prefill_tensor_parallel"], pools["decode_tensor_parallel"]) == (4, 2)
    assert np.isnan(pools["tensor_parallel"])
    one = stated_layout({**row, "disaggregated_count": 0.0})
    assert (one["mode"], one["tensor_parallel"]) == ("aggregated", 2)
    assert np.isnan(one["decode_workers"])


def test_the_best_deployment_keeps_its_promise_and_none_that_does_is_faster():
    names = ("h200-sxm", "qwen3-8b", "fp8", "vllm")
    promise = {"tokens_per_s_per_user": 50.0, "ttft_limit_s": np.inf}
    search = Search(*names, 1, 1024.0, 1024.0, 0.0, ("aggregated",), (0,))
    best = best_deployment(search, promise)
    offers = deployments(search)
    keep = offers[offers["tpot_s"] <= 0.02]  # 50 tokens/s
    fastest = keep.sort_values(RATE).iloc[-1]
    assert best.columns["concurrency_requests"] == fastest["concurrency_requests"]
    assert (best.engine, best.manner) == ("vllm", "")
    assert best.columns["layers_count"] == 36  # of Qwen3-8B: what the names fix comes along


ONE_POOL = {
    "mode": "aggregated",
    "tensor_parallel": 4,
    "data_parallel": 1,
    "expert_parallel": 1,
    "draft_tokens": 0,
    "concurrency": 1,
}


def test_sglang_states_one_request_and_no_ranks_of_data_that_are_one():
    (command,) = launch_commands({**ONE_POOL, "engine": "sglang"})
    assert command == (
        "python -m sglang.launch_server --model-path $MODEL --tp-size 4 --max-running-requests 1"
    )


def test_sglang_counts_two_ranks_of_data_inside_those_of_tensors():
    (command,) = launch_commands({**ONE_POOL, "engine": "sglang", "data_parallel": 2})
    assert "--tp-size 8 --dp-size 2 --enable-dp-attention" in command  # 4 x 2


TWO_POOLS = {
    **ONE_POOL,
    "mode": "disaggregated",
    "concurrency": 64,
    **{
        f"{pool}_{name}": 1
        for pool in ("prefill", "decode")
        for name in ("workers", *RANKS, "pipeline_parallel")
    },
}


def test_pools_are_joined_over_the_documented_ports_of_their_engines():
    *_, router = launch_commands({**TWO_POOLS, "engine": "sglang"})
    assert "--prefill http://$PREFILL_1:30000 --decode http://$DECODE_1:30000" in router
    *_, proxy = launch_commands({**TWO_POOLS, "engine": "vllm"})
    assert "--prefiller-ports 8100" in proxy
    *_, served = launch_commands({**TWO_POOLS, "engine": "trtllm"})
    assert "'$PREFILL_1:8001'" in served


def test_context_servers_of_tensorrt_llm_run_without_the_overlap_scheduler():
    prefill, decode, _ = launch_commands({**TWO_POOLS, "engine": "trtllm"})
    assert '"disable_overlap_scheduler": true' in prefill
    assert "disable_overlap_scheduler" not in decode


def test_the_printed_table_names_drafts_and_what_nobody_quotes():
    row = {
        **ONE_POOL,
        "accelerator": "b200",
        "model": "qwen3-8b",
        "precision": "fp8",
        "engine": "vllm",
        "layout": "TP4",
        "concurrency": 64.0,
        RATE: 2000.0,
        f"{RATE}_p10": 1500.0,
        f"{RATE}_p90": 2600.0,
        "tokens_per_s_per_user": 50.0,
        "ttft_s": 0.25,
        "energy_j_per_output_token": 0.5,
        "price": "",
    }
    table = pd.DataFrame(
        [{**row, "draft_tokens": 3.0, "usd_per_mtok": 0.333}, {**row, "usd_per_mtok": np.nan}]
    )
    first, second = printed(table).splitlines()[1:3]
    assert "TP4, 3 drafts" in first
    assert first.split()[-3:] == ["0.25", "0.33", "0.50"]  # s to the first token, $ and J
    assert "drafts" not in second
    assert "no quote" in second
    assert "no quote" not in first
