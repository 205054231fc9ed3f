"""Speed taken apart: where a step's time goes, both options' frontiers, what each difference of two
chips brings.
"""

from itertools import chain, combinations
from math import comb

import numpy as np
import pandas as pd

from analysis.model.layouts import frontier, layouts, sweep_layouts, workload_and_promise
from analysis.model.settings import option_names, setting

PAIRS = {
    "linear": ("linear_read_s", "linear_compute_s"),
    "expert": ("expert_read_s", "expert_compute_s"),
    "cache": ("cache_read_s", "attention_s"),
}
REST = (
    "overhead_s",
    "activation_s_per_token",
    "step_tokens",
    "communication_s",
    "step_residual_factor",
    "work_residual_factor",
    "interference_s",
)
DIFFERENCES = {
    "arithmetic": ("flop_per_s_per_chip", "mfu_share"),
    "number format": ("bytes_per_parameter", "cached_value_bytes_per_token"),
    "bandwidth": ("bandwidth_bytes_per_s_per_chip",),
    "capacity": ("memory_bytes_per_chip",),
    "network and size": (
        "link_bytes_per_s_per_chip",
        "network_bytes_per_s_per_chip",
        "domain_chips",
    ),
    "software": ("",),  # all that is left: what calibration learnt of each platform
}


def parts(draws: pd.DataFrame) -> pd.DataFrame:
    """Shares of the time between two tokens by part, and what binds each: medians over draws, by
    option.
    """
    rows = []
    for option, table in draws.groupby(level="option", sort=False):
        middle = table[[*chain(*PAIRS.values()), *REST]].median()
        times = {
            part: (
                np.hypot(middle[read], middle[work]),
                "read" if middle[read] >= middle[work] else "compute",
            )
            for part, (read, work) in PAIRS.items()
        }
        times = {
            part: (time * middle["work_residual_factor"], bound)
            for part, (time, bound) in times.items()
        }
        small_s = middle["overhead_s"] + middle["activation_s_per_token"] * middle["step_tokens"]
        small = {"communication": middle["communication_s"], "overhead": small_s}
        times |= {
            part: (time * middle["step_residual_factor"], "wait") for part, time in small.items()
        }
        times["interference"] = (middle["interference_s"], "compute")
        whole = sum(time for time, _ in times.values())
        rows += [
            (option, part, time / whole, rank, bound)
            for rank, (part, (time, bound)) in enumerate(times.items())
        ]
    return pd.DataFrame(rows, columns=["option", "part", "share", "rank", "bound"])


def frontiers(case) -> pd.DataFrame:
    """The frontiers of baseline and candidate under the scenario's limit on the first token."""
    work, promise = workload_and_promise(case)
    told = []
    for option in ("baseline", "candidate"):
        chips = getattr(case, option).chips
        told.append(
            frontier(*option_names(case, option), chips, work, promise["ttft_limit_s"]).assign(
                option=option
            )
        )
    return pd.concat(told, ignore_index=True)


def gains(case) -> pd.DataFrame:
    """What each difference brings to tokens/s per chip at the promised speed: Shapley shares of the
    log ratio.

    Each difference is swapped from the baseline's to the candidate's, alone and with any others,
    and the layout is chosen anew each time; its share is the mean over all orders, so that shares
    multiply to the whole ratio. Where a mixture of the two cannot keep the promise, it counts as
    the slower option.
    """
    taken = [
        frozenset(chosen)
        for size in range(len(DIFFERENCES) + 1)
        for chosen in combinations(DIFFERENCES, size)
    ]
    rates, count = _mixed(case, taken), len(DIFFERENCES)
    shares = {
        name: sum(
            np.log(rates[without | {name}] / rates[without])
            / (count * comb(count - 1, len(without)))
            for without in rates
            if name not in without
        )
        for name in DIFFERENCES
    }
    return pd.DataFrame({"difference": list(shares), "ratio": np.exp(list(shares.values()))})


def _mixed(case, mixtures: list[frozenset]) -> dict[frozenset, float]:
    """Most tokens/s per chip within the promise, of baselines that have taken these differences
    from the candidate.

    The first has taken none, the last has taken all; the slower of them stands for those that
    cannot keep the promise.
    """
    work, promise = workload_and_promise(case)
    columns, plans = [], []
    for option in ("baseline", "candidate"):
        names = option_names(case, option)
        columns.append(setting(*names) | work)
        plans.append(layouts(*names[:2], getattr(case, option).chips))
    moved = {
        name: next(which for which, ends in DIFFERENCES.items() if name.endswith(ends))
        for name, value in columns[0].items()
        if value != columns[1][name]
    }
    mixed = pd.DataFrame(
        [
            {name: columns[which in taken][name] for name, which in moved.items()}
            for taken in mixtures
        ]
    )
    wide = np.array(["network and size" in taken for taken in mixtures])
    mixed["mixture"] = range(len(mixtures))
    laid = [plan.merge(mixed[wide == larger], how="cross") for larger, plan in enumerate(plans)]
    points = sweep_layouts(
        {name: value for name, value in columns[0].items() if name not in moved}, pd.concat(laid)
    )
    kept = points[points["ttft_s"] <= promise["ttft_limit_s"]]
    kept = kept[kept["tokens_per_s_per_user"] >= promise["tokens_per_s_per_user"]]
    most = (
        kept.groupby("mixture")["output_tokens_per_s_per_chip"].max().reindex(range(len(mixtures)))
    )
    return dict(zip(mixtures, most.fillna(most.iloc[[0, -1]].min()), strict=True))
