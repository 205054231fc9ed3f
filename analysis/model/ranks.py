"""Ranks as engines state them, resolved into ranks as the laws count them."""

import numpy as np
import pandas as pd

from analysis.model.numbers import count_column, number_column

POOLS = ("prefill", "decode")
KINDS = ("tensor", "data", "expert", "pipeline")
Ranks = dict[str, np.ndarray]


def resolve_ranks(
    chips: np.ndarray,
    tensor: np.ndarray,
    expert: np.ndarray,
    data: np.ndarray,
    pipeline: np.ndarray,
) -> tuple[Ranks, np.ndarray]:
    """Ranks of one pool as the laws count them, and where they cannot lie on the chips.

    Attention is cut over `tensor` ranks and copied over `data`. Engines count in two ways: SGLang
    and TensorRT-LLM put data-parallel attention inside the tensor ranks (8 and 8 on 8 chips), vLLM
    multiplies them; experts spread over more chips than that make an instance as large as they are.
    Prompts run on the same chips, so that the names of the prefill pool say the same.
    """
    stages = chips / pipeline
    with np.errstate(invalid="ignore", divide="ignore"):
        inside = (tensor * data > stages) & (tensor >= data) & (tensor % data == 0)
        tensor = np.where(inside, tensor / data, tensor)
        wide = (expert > tensor * data) & (expert <= stages)
        data = np.where(wide, np.maximum(expert / tensor, 1), data)
        instances = stages / (tensor * data)
        impossible = ~((instances >= 1) & (instances % 1 == 0) & (data % 1 == 0))
    ranks = {
        "tensor_parallel": tensor,
        "data_parallel": data,
        "expert_parallel": np.minimum(expert, tensor * data),
        "pipeline_parallel": pipeline,
        "instances_count": instances,
    }
    prefill = {f"prefill_{name}": value for name, value in ranks.items()}
    return {"deployment_chips": chips, **ranks, **prefill}, impossible


def resolve_pools(frame: pd.DataFrame, chips: np.ndarray) -> tuple[Ranks, np.ndarray]:
    """Ranks of both pools as the laws count them, and where the workers do not fill the chips.

    Read are `<pool>_workers` and `<pool>_<kind>_parallel`. A worker's size is the product of its
    ranks; or its tensor ranks, where data-parallel attention lies inside them; or its expert ranks,
    where these are more. Of all readings it is the first by which both pools fill the chips. Where
    none does and a pool's ranks are all blank or one, its workers take the chips that the other
    pool leaves, or half of all where nothing is said of either, with data-parallel attention; so
    does one worker of each pool where no number of workers is stated.
    """
    stated = {
        pool: {what: count_column(frame, f"{pool}_{what}") for what in _STATED} for pool in POOLS
    }
    workers = {pool: stated[pool]["workers"] for pool in POOLS}
    sizes = {pool: _worker_sizes(stated[pool]) for pool in POOLS}
    found = {pool: sizes[pool][0] for pool in POOLS}
    fits = np.zeros(len(frame), dtype=bool)
    for prefill_size in sizes["prefill"]:
        for decode_size in sizes["decode"]:
            filled = prefill_size * workers["prefill"] + decode_size * workers["decode"]
            first = ~fits & (filled == chips)
            found["prefill"] = np.where(first, prefill_size, found["prefill"])
            found["decode"] = np.where(first, decode_size, found["decode"])
            fits |= first
    unknown = ~np.any([number_column(frame, f"{pool}_workers") > 0 for pool in POOLS], axis=0)
    unstated = {pool: (_unstated(stated[pool]) | unknown) & ~fits for pool in POOLS}
    for pool, other in (POOLS, POOLS[::-1]):
        left = np.where(unstated[other], chips / 2, chips - found[other] * workers[other])
        size = left / workers[pool]
        open_ = unstated[pool] & (size >= 1)
        found[pool] = np.where(open_, size, found[pool])
    filled = found["prefill"] * workers["prefill"] + found["decode"] * workers["decode"]
    fits = filled == chips
    ranks: Ranks = {"deployment_chips": chips}
    for pool, prefix in (("prefill", "prefill_"), ("decode", "")):
        resolved, impossible = _worker_ranks(stated[pool], found[pool], unstated[pool])
        ranks |= {f"{prefix}{name}": value for name, value in resolved.items()}
        fits &= ~impossible
    return ranks, ~fits


_STATED = ("workers", *(f"{kind}_parallel" for kind in KINDS))


def _unstated(stated: Ranks) -> np.ndarray:
    """Where nothing is said of a worker but that it is there."""
    return np.all([stated[f"{kind}_parallel"] == 1 for kind in KINDS], axis=0)


def _worker_sizes(stated: Ranks) -> list[np.ndarray]:
    """Ways to read the chips of a worker from its ranks, the plainest first."""
    tensor, data, expert, pipeline = (stated[f"{kind}_parallel"] for kind in KINDS)
    product, inside = tensor * data, np.maximum(tensor, data)
    stages = (product, inside, np.maximum(product, expert), np.maximum(inside, expert))
    return [stage * pipeline for stage in stages]


def _worker_ranks(
    stated: Ranks, size: np.ndarray, unstated: np.ndarray
) -> tuple[Ranks, np.ndarray]:
    """A worker's ranks on so many chips, and where they cannot lie on them."""
    tensor, data, expert, pipeline = (stated[f"{kind}_parallel"] for kind in KINDS)
    tensor, data = (np.where(unstated, 1, ranks) for ranks in (tensor, data))
    pipeline = np.where(unstated, 1, pipeline)
    stage = size / pipeline
    inside = (tensor * data > stage) & (data > 1)
    tensor = np.where(inside, np.maximum(stage / data, 1), tensor)
    data = np.where(tensor * data < stage, stage / tensor, data)
    ranks = {
        "tensor_parallel": tensor,
        "data_parallel": data,
        "expert_parallel": np.where(unstated, stage, np.minimum(expert, stage)),
        "pipeline_parallel": pipeline,
        "instances_count": stated["workers"],
    }
    return ranks, (tensor * data != stage) | (tensor % 1 != 0) | (data % 1 != 0)
