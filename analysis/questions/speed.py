"""Speed taken apart: where a step's time goes, both frontiers, what each difference brings."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd

from analysis.model.layouts import layouts, sweep_layouts, workload_and_promise
from analysis.model.operating_point import search_of
from analysis.model.own_coefficients import coefficients_of
from analysis.model.search import frontier, undominated
from analysis.model.settings import option_names
from analysis.model.workers import setting_of
from analysis.questions.serving_steps import measured_points
from analysis.scenario.scenario import Scenario

OPTIONS = ("baseline", "candidate")
# Parts of a step that read memory and compute at once: the slower of the two binds.
READ_AND_COMPUTE = {
    "linear": ("linear_read_s", "linear_compute_s"),
    "expert": ("expert_read_s", "expert_compute_s"),
    "cache": ("cache_read_s", "attention_s"),
}
OTHER_COLUMNS = [
    "overhead_s",
    "activation_s_per_token",
    "step_tokens",
    "communication_s",
    "step_residual_factor",
    "work_residual_factor",
    "interference_s",
]
# How the columns in which two options differ end, by the difference that they make; what no other
# names is software: what calibration learnt of each platform.
DIFFERENCES: dict[str, tuple[str, ...]] = {
    "arithmetic": ("flop_per_s_per_chip", "mfu_share"),
    "number format": ("bytes_per_parameter", "cached_value_bytes_per_token"),
    "bandwidth": ("bandwidth_bytes_per_s_per_chip",),
    "capacity": ("memory_bytes_per_chip",),
    "network and size": (
        "link_bytes_per_s_per_chip",
        "network_bytes_per_s_per_chip",
        "domain_chips",
    ),
    "software": ("",),
}
SIZE = "network and size"  # the difference that brings the candidate's number of chips
RATE = "output_tokens_per_s_per_chip"


def parts(draws: pd.DataFrame) -> pd.DataFrame:
    """Shares of the time between two tokens by part, a row an option and part.

    Columns are option, part, share, rank (order in a step) and bound: whether reading, computing or
    waiting binds it. Medians over draws, which are as `evaluate` gives them.
    """
    columns = [name for pair in READ_AND_COMPUTE.values() for name in pair] + OTHER_COLUMNS
    rows = []
    for option, table in draws.groupby(level="option", sort=False):
        times = _part_times(table[columns].median())
        whole = sum(seconds for _, seconds, _ in times)
        for rank, (part, seconds, bound) in enumerate(times):
            rows.append((option, part, seconds / whole, rank, bound))
    return pd.DataFrame(rows, columns=["option", "part", "share", "rank", "bound"])


def _part_times(median: pd.Series) -> list[tuple[str, float, str]]:
    """Each part of a step with its seconds and what binds it."""
    times = []
    for part, (read, compute) in READ_AND_COMPUTE.items():
        seconds = np.hypot(median[read], median[compute]) * median["work_residual_factor"]
        times.append((part, seconds, "read" if median[read] >= median[compute] else "compute"))
    activation_s = median["activation_s_per_token"] * median["step_tokens"]
    factor = median["step_residual_factor"]
    times.append(("communication", median["communication_s"] * factor, "wait"))
    times.append(("overhead", (median["overhead_s"] + activation_s) * factor, "wait"))
    times.append(("interference", median["interference_s"], "compute"))
    return times


def frontiers(case: Scenario, as_measured: bool = False) -> pd.DataFrame:
    """The frontiers of baseline and candidate under the scenario's limit on the first token.

    A row a deployment that no other beats in both tokens/s a user and tokens/s a chip, fastest
    first, of all that the operator can run; columns of `model.search.deployments` and `option`.
    `as_measured` takes benchmarks' terms instead: nothing cached and no limit on the first token,
    since closed benchmarks begin with a burst.
    """
    tables = []
    for option in OPTIONS:
        rows = _frontier(case, option, as_measured)
        tables.append(rows.assign(option=option))
    return pd.concat(tables, ignore_index=True)


def _frontier(case: Scenario, option: str, as_measured: bool) -> pd.DataFrame:
    search = search_of(case, option)
    if as_measured:
        return frontier(undominated(replace(search, cached_share=0.0)))
    offers = undominated(search)
    return frontier(offers[offers["ttft_s"] <= case.workload.ttft_limit_s])


def measured_frontier_points(case: Scenario) -> pd.DataFrame:
    """Measured points of baseline and candidate for the scenario's model and lengths, and `option`.

    Of deployments that span no more chips than the scenario allows; empty where nobody measured.
    """
    tables = []
    for option in OPTIONS:
        deployment = case.deployment(option)
        points = measured_points(case, deployment.accelerator, deployment.precision)
        within = points["chips"] <= deployment.chips  # both pools counted
        tables.append(points[within].assign(option=option))
    columns = ["option", "engine", "tokens_per_s_per_user", RATE]
    return pd.concat(tables, ignore_index=True)[columns]


def gains(case: Scenario) -> pd.DataFrame:
    """What each difference brings to tokens/s per chip at the promised speed, a row a difference.

    `ratio` is its Shapley share of the log ratio: each difference is swapped from the baseline's to
    the candidate's, alone and with any others, and the layout is chosen afresh each time; its share
    is the mean over all orders (Shapley 1953), so that ratios multiply to the whole. Where a
    mixture of the two cannot keep the promise, it counts as the slower option. NaN where one of the
    two keeps it with pools or drafts alone, which are left out here.
    """
    subsets = [
        frozenset(chosen)
        for size in range(len(DIFFERENCES) + 1)
        for chosen in combinations(DIFFERENCES, size)
    ]
    rates = _mixed_rates(case, subsets)
    ratios = [np.exp(_shapley_share(name, rates)) for name in DIFFERENCES]
    return pd.DataFrame({"difference": list(DIFFERENCES), "ratio": ratios})


def _shapley_share(name: str, rates: Mapping[frozenset, float]) -> float:
    """Mean over all orders of what adding `name` does to the log rate."""
    count = len(DIFFERENCES)
    share = 0.0
    for without in rates:
        if name not in without:
            orders = count * comb(count - 1, len(without))
            share += np.log(rates[without | {name}] / rates[without]) / orders
    return share


def _mixed_rates(case: Scenario, subsets: list[frozenset]) -> dict[frozenset, float]:
    """Most tokens/s per chip of the baseline with some differences taken from the candidate.

    The first subset is empty, the last is whole; the slower of these two stands for mixtures that
    cannot keep the promise.
    """
    workload, promise = workload_and_promise(case)
    fixed_by = setting_of(coefficients_of(case))
    old, new = ({**fixed_by(*option_names(case, option)), **workload} for option in OPTIONS)
    differing = {name: _difference(name) for name in old if old[name] != new[name]}
    fixed = {name: value for name, value in old.items() if name not in differing}
    mixtures = pd.DataFrame([_mixture(subset, differing, old, new) for subset in subsets])
    mixtures["mixture"] = range(len(subsets))
    has_size = np.array([SIZE in subset for subset in subsets])
    points = sweep_layouts(
        fixed,
        pd.concat(
            [
                _layouts(case, "baseline").merge(mixtures[~has_size], how="cross"),
                _layouts(case, "candidate").merge(mixtures[has_size], how="cross"),
            ]
        ),
    )
    in_time = points[points["ttft_s"] <= promise["ttft_limit_s"]]
    kept = in_time[in_time["tokens_per_s_per_user"] >= promise["tokens_per_s_per_user"]]
    most = kept.groupby("mixture")[RATE].max().reindex(range(len(subsets)))
    slower = most.iloc[[0, -1]].min()
    return dict(zip(subsets, most.fillna(slower), strict=True))


def _difference(column: str) -> str:
    """The difference that a column belongs to."""
    return next(name for name, endings in DIFFERENCES.items() if column.endswith(endings))


def _mixture(
    subset: frozenset,
    differing: Mapping[str, str],
    old: Mapping[str, float],
    new: Mapping[str, float],
) -> dict[str, float]:
    """The differing columns, the candidate's where the subset has their difference."""
    return {
        column: new[column] if difference in subset else old[column]
        for column, difference in differing.items()
    }


def _layouts(case: Scenario, option: str) -> pd.DataFrame:
    accelerator, model, _, _ = option_names(case, option)
    return layouts(accelerator, model, case.deployment(option).chips)
