"""Layouts: every way to lay a model over chips in one pool, and what the laws say of each."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.facts import Accelerator, Model, find
from analysis.laws.throughput import THROUGHPUT
from analysis.model.runner import evaluate
from analysis.scenario.scenario import Scenario

BATCHES = np.unique(np.round(2 ** np.arange(0, 13.01, 0.25)))  # requests an instance, 1 to 8192
DOUBLING = 2.0 ** np.arange(14)  # those of them at which servers are measured and set up
RANKS = ["tensor_parallel", "data_parallel", "expert_parallel"]


class Infeasible(ValueError):
    """No layout of these chips keeps what was promised; the message says how near they come."""


def layouts(accelerator: str, model: str, chips: int) -> pd.DataFrame:
    """Every way to lay a model over `chips`, a row a layout, columns as the laws name them.

    All instances have one size: tensor times data parallel, experts spread over it or not. Tensor
    parallelism divides the heads and stays inside a scale-up domain; data-parallel attention and
    expert parallelism are for mixtures of experts.
    """
    chip, shape = find(Accelerator, accelerator), find(Model, model)
    rows = [
        (size, *ranks) for size in _divisors(chips) for ranks in _instance_ranks(size, chip, shape)
    ]
    table = pd.DataFrame(rows, columns=["size", *RANKS], dtype=float)
    table["instances_count"] = chips / table.pop("size")
    table["pipeline_parallel"] = 1.0
    prompts = table.add_prefix("prefill_")  # one pool: prompts run on the same chips
    return table.join(prompts).assign(deployment_chips=float(chips))


def _instance_ranks(size: int, chip: Accelerator, shape: Model) -> Iterator[tuple[int, int, int]]:
    """Tensor, data and expert ranks with which one instance can fill so many chips."""
    experts_divide = shape.experts_count and shape.experts_count % size == 0
    for tensor in _divisors(size):
        if shape.heads_count % tensor or tensor > chip.domain_chips:
            continue
        if tensor < size:
            if experts_divide:
                yield tensor, size // tensor, size
            continue
        yield tensor, 1, 1
        if shape.experts_count and size > 1:
            yield tensor, 1, size


def sweep_layouts(
    fixed: Mapping[str, float],
    candidates: pd.DataFrame,
    more: Sequence[str] = (),
    batches: np.ndarray = BATCHES,
) -> pd.DataFrame:
    """Layouts at every batch size with what the laws say of them; only what fits in memory.

    `fixed` are columns that all have in common. Kept are capacity, times, rate and speed for a
    user, and the quantities named in `more`.
    """
    points = candidates.merge(pd.DataFrame({"batch": batches}), how="cross")
    points["concurrency_requests"] = points.pop("batch") * points["instances_count"]
    with np.errstate(invalid="ignore", divide="ignore"):
        inputs = {**fixed, **{name: points[name].to_numpy() for name in points}}
        results = evaluate(inputs, THROUGHPUT)
    kept = ["capacity_requests", "ttft_s", "tpot_s", "output_tokens_per_s_per_chip", *more]
    points = points.assign(**{name: results[name] for name in kept})
    points["tokens_per_s_per_user"] = 1 / points["tpot_s"]
    fits = points["capacity_requests"] >= points["concurrency_requests"]
    return points[fits].reset_index(drop=True)


def workload_and_promise(case: Scenario) -> tuple[dict[str, float], dict[str, float]]:
    """A scenario's workload and promise, under the names that the laws use."""
    work = case.workload
    workload = {
        "input_tokens_per_request": float(work.input_tokens),
        "cached_share": work.cached_share,
        "output_tokens_per_request": float(work.output_tokens),
    }
    promise = {
        "tokens_per_s_per_user": work.tokens_per_s_per_user,
        "ttft_limit_s": work.ttft_limit_s,
    }
    return workload, promise


def _divisors(number: int) -> list[int]:
    return [size for size in range(1, int(number) + 1) if number % size == 0]
