"""What may be deployed: workers of one pool and of two, with what the laws say of them.

Two pools are found in three steps. What a decode worker does at each layout, draft depth and batch
depends on no other, and so does what a prefill worker does; the best of both are joined in the
proportion that keeps both busy. All that is offered has gone through the laws as a whole.

A search meets tens of thousands of rows in some hundred small steps, so rows are kept as columns
of numbers (an array a quantity): tables of pandas took four fifths of its time.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from analysis.facts import Accelerator, Model, find
from analysis.laws.throughput import THROUGHPUT
from analysis.model.acceptance import has_measured_drafts
from analysis.model.closed_loop import SHARE, serve
from analysis.model.layouts import BATCHES
from analysis.model.manner import DISAGGREGATED, DRAFTED
from analysis.model.runner import Columns, evaluate, upstream
from analysis.model.settings import setting

SIZES = (1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 72)  # chips of a worker
RANKS = ("tensor_parallel", "data_parallel", "expert_parallel")
NEAR_BEST = 0.8  # of the best rate of decode workers at a speed: those that pools are built from
DECODE_COUNTS = (1, 2, 3, 4, 5, 6, 8, 10)  # decode workers of a deployment
KEPT_PAIRS = 3  # proportions of the pools that are tried for a decode worker
LOADS = (0.7, 0.85, 1.0, 1.15)  # requests in flight over those that fill both pools
RATE = "output_tokens_per_s_per_chip"
# What a search reads of the laws: of a worker by itself, and of a deployment.
_ALONE = upstream(THROUGHPUT, ["tpot_s", "capacity_requests", "prompt_capacity_s", "first_s"])
_SERVED = upstream(
    THROUGHPUT, ["ttft_s", "tpot_s", RATE, "capacity_requests", "next_decoding_share"]
)


@dataclass(frozen=True, eq=False)
class Offers:
    """Deployments of one kind of serving that fit in memory.

    `columns` has what the laws read of a layout and load, and what they predict, an entry a
    deployment; all have the same `engine`, and pools and drafts or not.
    """

    engine: str
    pools: bool
    drafts: bool
    columns: Columns


class Coefficients(Hashable, Protocol):
    """Other coefficients than the fit's: those of an installation, or of a fit to fewer points."""

    def setting(
        self, accelerator: str, model: str, precision: str, engine: str = "", manner: str = ""
    ) -> dict[str, float]:
        """What the names fix, as `settings.setting` gives it."""


def setting_of(coefficients: Coefficients | None) -> Callable[..., dict[str, float]]:
    """What the names fix: by other coefficients than the fit's where they are given."""
    return setting if coefficients is None else coefficients.setting


class Chip:
    """One model on one kind of chip, in one precision with one engine, for one workload."""

    def __init__(
        self,
        accelerator: str,
        model: str,
        precision: str,
        engine: str,
        workload: Mapping[str, float],
        coefficients: Coefficients | None = None,
        batches: np.ndarray = BATCHES,
    ):
        self.batches = batches  # requests of an instance that are tried
        self.setting_of = setting_of(coefficients)
        self.names = (accelerator, model, precision, engine)
        self.engine, self.workload = engine, dict(workload)
        self.chip, self.shape = find(Accelerator, accelerator), find(Model, model)

    def can_draft(self) -> bool:
        """Whether the model has draft layers, its own or by others that somebody has measured."""
        return self.shape.mtp_layers_count > 0 or has_measured_drafts(self.names[1])

    def fixed(self, pools: bool, drafts: bool) -> Columns:
        """What the laws read besides layout and load."""
        words = [DISAGGREGATED] * pools + [DRAFTED] * drafts
        return {**self.setting_of(*self.names, " ".join(words)), **self.workload}

    def workers(self, chips: int) -> Columns:
        """Ways to lay the model over a worker of up to `chips`: `size` and RANKS, an entry each."""
        rows = [
            (size, *ranks) for size in SIZES if size <= chips for ranks in self._worker_ranks(size)
        ]
        values = np.array(rows, dtype=float).reshape(len(rows), 1 + len(RANKS))
        return dict(zip(("size", *RANKS), values.T, strict=True))

    def _worker_ranks(self, size: int) -> list[tuple[int, int, int]]:
        """Tensor, data and expert ranks with which a worker fills so many chips."""
        ranks: list[tuple[int, int, int]] = []
        for tensor in (1, 2, 4, 8, 16):
            fits = size % tensor == 0 and tensor <= self.chip.domain_chips
            if not fits or self.shape.heads_count % tensor:
                continue
            if tensor == size:
                ranks.append((tensor, 1, 1))
            if self.shape.experts_count and size > 1 and (tensor == size or tensor == 1):
                ranks.append((tensor, size // tensor, size))
        return ranks

    def one_pool(self, chips: int, depths: Sequence[int]) -> Iterator[Offers]:
        """All layouts, depths and batches of one pool that fit in memory."""
        for drafts, own in _by_drafting(depths):
            points = _crossed(self.workers(chips), self._grid(own))
            inputs = _worker_inputs(points, points["batch"], points["depth"])
            inputs["disaggregated_count"] = np.zeros(_length(points))
            yield self._offered(False, drafts, inputs)

    def _offered(self, pools: bool, drafts: bool, inputs: Columns) -> Offers:
        """Deployments with what the laws say of them; those that fit in memory."""
        with np.errstate(all="ignore"):
            results = serve({**self.fixed(pools, drafts), **inputs}, _SERVED)
        predicted = {name: results[name] for name in ("ttft_s", "tpot_s", RATE, SHARE)}
        running = results["concurrency_requests"] * results[SHARE]
        fits = (results["capacity_requests"] >= running) & np.isfinite(results[RATE])
        fits &= results["tpot_s"] > 0
        return Offers(self.engine, pools, drafts, _rows({**inputs, **predicted}, fits))

    def two_pools(self, chips: int, depths: Sequence[int]) -> Iterator[Offers]:
        """Pools that may be best at some speed, in the proportions that keep both busy."""
        for drafts, own in _by_drafting(depths) if chips > 1 else []:
            fixed = self.fixed(True, drafts)
            decode = self._decode_workers(fixed, self.workers(chips - 1), own)
            prefill = self._prefill_workers(fixed, self.workers(min(chips - 1, 16)))
            joined = self._joined(decode, prefill, chips)
            if _length(joined):
                yield self._offered(True, drafts, _pool_inputs(joined))

    def _grid(self, depths: Sequence[int]) -> Columns:
        return _crossed({"depth": np.array(depths, dtype=float)}, {"batch": self.batches})

    def _alone(self, fixed: Columns, points: Columns, load, depth) -> Columns:
        """What the laws say of a worker by itself, all of whose requests decode."""
        ones = np.ones(_length(points))
        inputs = _worker_inputs(points, load, depth)
        inputs |= {"disaggregated_count": ones, SHARE: ones}
        with np.errstate(all="ignore"):
            return evaluate({**fixed, **inputs}, _ALONE)

    def _decode_workers(self, fixed: Columns, workers: Columns, depths: Sequence[int]) -> Columns:
        """Decode workers near the best rate at their speed, an entry a layout, depth and batch."""
        points = _crossed(workers, self._grid(depths))
        load = points["batch"]
        results = self._alone(fixed, points, load, points["depth"])
        answer_s = results["tpot_s"] * self.workload["output_tokens_per_request"]
        points |= {"tpot_s": results["tpot_s"], "answers_per_s": load / answer_s}
        points = _rows(points, results["capacity_requests"] >= load)
        rate = points["answers_per_s"] / points["size"]
        order = np.argsort(points["tpot_s"])
        best_so_far = np.empty_like(rate)
        best_so_far[order] = np.maximum.accumulate(rate[order])
        return _rows(points, rate >= NEAR_BEST * best_so_far)

    def _prefill_workers(self, fixed: Columns, workers: Columns) -> Columns:
        """Prefill workers: those with most prompts a second and chip, and those soonest done."""
        count = _length(workers)
        results = self._alone(fixed, workers, np.ones(count), np.zeros(count))
        points = {
            **workers,
            "prompt_s": results["prompt_capacity_s"] * np.ones(count),
            "first_s": results["first_s"] * np.ones(count),
        }
        points = _rows(points, results["capacity_requests"] >= 1)
        cheapest = np.argsort(points["prompt_s"] * points["size"], kind="stable")[:2]
        soonest = np.argsort(points["first_s"], kind="stable")[:1]
        return _rows(points, list(dict.fromkeys([*cheapest, *soonest])))

    def _joined(self, decode: Columns, prefill: Columns, chips: int) -> Columns:
        """Pools joined: the best proportions of each decode worker, at several loads."""
        worker = {"worker": np.arange(_length(decode))}
        pairs = _crossed({**worker, **decode}, _named(prefill, "prefill_"))
        pairs = _crossed(pairs, {"decode_workers": np.array(DECODE_COUNTS, dtype=float)})
        needed = pairs["answers_per_s"] * pairs["decode_workers"] * pairs["prefill_prompt_s"]
        counts = np.maximum(np.concatenate([np.floor(needed), np.ceil(needed)]), 1)
        place = np.tile(np.arange(len(needed)), 2)
        used = counts * pairs["prefill_size"][place]
        used += (pairs["decode_workers"] * pairs["size"])[place]
        fits = used <= chips
        place, counts, used = place[fits], counts[fits], used[fits]
        prompts_per_s = counts / pairs["prefill_prompt_s"][place]
        answers_per_s = (pairs["answers_per_s"] * pairs["decode_workers"])[place]
        requests_per_s = np.minimum(prompts_per_s, answers_per_s)
        kept = _best_of_each(pairs["worker"][place], requests_per_s / used, KEPT_PAIRS)
        joined = {
            **_rows(pairs, place[kept]),
            "prefill_workers": counts[kept],
            "deployment_chips": used[kept],
            "requests_per_s": requests_per_s[kept],
        }
        joined = _crossed(joined, {"load": np.array(LOADS)})
        answer_s = joined["tpot_s"] * self.workload["output_tokens_per_request"]
        in_flight = joined["requests_per_s"] * (answer_s + joined["prefill_first_s"])
        joined["in_flight"] = np.maximum(np.round(in_flight * joined["load"]), 1)
        return joined


def _best_of_each(group: np.ndarray, value: np.ndarray, count: int) -> np.ndarray:
    """Places of the `count` highest values of each group, groups in order, the highest first."""
    order = np.lexsort([-value, group])
    ordered = group[order]
    rank = np.arange(len(ordered)) - np.searchsorted(ordered, ordered)
    return order[rank < count]


def _by_drafting(depths: Sequence[int]) -> list[tuple[bool, list[int]]]:
    """Depths without drafts and with: each runs with coefficients of its own."""
    groups = [(False, [d for d in depths if d == 0]), (True, [d for d in depths if d > 0])]
    return [group for group in groups if group[1]]


def _length(columns: Columns) -> int:
    return len(next(iter(columns.values())))


def _crossed(left: Columns, right: Columns) -> Columns:
    """Every entry of the left with every one of the right."""
    each, times = _length(right), _length(left)
    return {
        **{name: np.repeat(values, each) for name, values in left.items()},
        **{name: np.tile(values, times) for name, values in right.items()},
    }


def _rows(columns: Columns, where: np.ndarray | list[int]) -> Columns:
    return {name: values[where] for name, values in columns.items()}


def _named(columns: Columns, prefix: str) -> Columns:
    return {f"{prefix}{name}": values for name, values in columns.items()}


def _worker_inputs(workers: Columns, load: np.ndarray, depth: np.ndarray) -> Columns:
    """One worker an entry, on whose chips prompts run as well, as what the laws read."""
    layout = {name: workers[name] for name in RANKS}
    layout["pipeline_parallel"] = layout["instances_count"] = np.ones(_length(workers))
    return {
        **layout,
        **_named(layout, "prefill_"),
        "deployment_chips": workers["size"],
        "draft_count": depth,
        "concurrency_requests": load,
    }


def _pool_inputs(joined: Columns) -> Columns:
    """Joined pools as what the laws read."""
    ones = np.ones(_length(joined))
    inputs = {
        "deployment_chips": joined["deployment_chips"],
        "disaggregated_count": ones,
        "draft_count": joined["depth"],
        "concurrency_requests": joined["in_flight"],
        "instances_count": joined["decode_workers"],
        "prefill_instances_count": joined["prefill_workers"],
        "pipeline_parallel": ones,
        "prefill_pipeline_parallel": ones,
    }
    for name in RANKS:
        inputs[name] = joined[name]
        inputs[f"prefill_{name}"] = joined[f"prefill_{name}"]
    return inputs
