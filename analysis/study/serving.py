"""Serving: the best layout under promises, the frontier of speed against cost, and predictions of
serving points.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd

from analysis.facts import Accelerator, Model, find
from analysis.laws.throughput import THROUGHPUT
from analysis.study.energy import predict_energy
from analysis.study.points import read
from analysis.study.speed import TENTH, doubted, run, setting, speed_spread

BATCHES = np.unique(np.round(2 ** np.arange(0, 13.01, 0.25)))  # requests an instance, 1 to 8192


class Infeasible(ValueError):
    """No layout of these chips keeps what was promised; the message says how near they come."""


def layouts(accelerator: str, model: str, chips: int) -> pd.DataFrame:
    """Every way to lay a model over `chips`: instances of one size, tensor times data parallel,
    experts spread or not.

    Tensor parallelism divides the heads and stays inside a scale-up domain; data-parallel attention
    and expert parallelism are for mixtures of experts.
    """
    chip, shape = find(Accelerator, accelerator), find(Model, model)
    rows = [
        (size, tensor, size // tensor, expert)
        for size in _divisors(chips)
        for tensor in _divisors(size)
        if shape.heads_count % tensor == 0 and tensor <= chip.domain_chips
        if tensor == size or (shape.experts_count and shape.experts_count % size == 0)
        for expert in (
            {1, size}
            if shape.experts_count and tensor == size
            else {size if shape.experts_count else 1}
        )
    ]
    table = pd.DataFrame(
        rows, columns=["size", "tensor_parallel", "data_parallel", "expert_parallel"], dtype=float
    )
    table["instances_count"], table["pipeline_parallel"] = chips / table.pop("size"), 1.0
    return table.assign(deployment_chips=float(chips))


def sweep(
    accelerator: str, model: str, precision: str, engine: str | None, chips: int, workload: dict
) -> pd.DataFrame:
    """Every layout at every batch size, with all that the laws say of it; what does not fit in
    memory is left out.
    """
    return swept(
        setting(accelerator, model, precision, engine or "") | workload,
        layouts(accelerator, model, chips),
    )


def swept(
    fixed: dict, laid: pd.DataFrame, more: Sequence[str] = (), batches=BATCHES
) -> pd.DataFrame:
    """The same for columns already found and layouts already laid; `more` names further quantities
    to keep.
    """
    laid = laid.merge(pd.DataFrame({"batch": batches}), how="cross")
    laid["concurrency_requests"] = laid.pop("batch") * laid["instances_count"]
    with np.errstate(invalid="ignore", divide="ignore"):
        told = run(fixed | {name: laid[name].to_numpy() for name in laid}, THROUGHPUT)
    keep = ["capacity_requests", "ttft_s", "tpot_s", "output_tokens_per_s_per_chip", *more]
    laid = laid.assign(
        **{name: told[name] for name in keep}, tokens_per_s_per_user=1 / told["tpot_s"]
    )
    return laid[laid["capacity_requests"] >= laid["concurrency_requests"]].reset_index(drop=True)


def best_layout(
    accelerator: str,
    model: str,
    precision: str,
    engine: str | None,
    chips: int,
    workload: dict,
    promise: dict,
) -> dict[str, float]:
    """The layout and concurrency that serve most tokens per chip while every promise is kept, as
    columns for the laws.

    `workload`: input_tokens_per_request, cached_share, output_tokens_per_request. `promise`:
    tokens_per_s_per_user and ttft_limit_s. Infeasible, with the nearest that can be had, where no
    layout keeps them.
    """
    points = sweep(accelerator, model, precision, engine, chips, workload)
    what = f"{model} in {precision} on {chips} x {accelerator}"
    if points.empty:
        raise Infeasible(f"{what}: does not fit in memory")
    soon = points[points["ttft_s"] <= promise["ttft_limit_s"]]
    kept = soon[soon["tokens_per_s_per_user"] >= promise["tokens_per_s_per_user"]]
    if kept.empty:
        most = (
            f"{soon['tokens_per_s_per_user'].max():.3g} tokens/s a user"
            if len(soon)
            else "no first token in time"
        )
        raise Infeasible(
            f"{what}: promised {promise}, best is {most} (first token after {points['ttft_s'].min():.3g} s)"
        )
    best = kept.loc[kept["output_tokens_per_s_per_chip"].idxmax()]
    return {
        name: float(best[name])
        for name in [*layouts(accelerator, model, chips), "concurrency_requests"]
    }


def frontier(
    accelerator: str,
    model: str,
    precision: str,
    engine: str | None,
    chips: int,
    workload: dict,
    ttft_limit_s: float = np.inf,
    usd_per_s_per_chip: float = np.nan,
) -> pd.DataFrame:
    """Points that no other beats in both tokens/s per user and tokens/s per chip, fastest for a
    user first.

    Only those that keep the limit on the first token; with a price, also dollars per output token.
    Infeasible where nothing fits or none keeps it.
    """
    points = sweep(accelerator, model, precision, engine, chips, workload)
    points = points[points["ttft_s"] <= ttft_limit_s]
    if points.empty:
        raise Infeasible(
            f"{model} in {precision} on {chips} x {accelerator}: nothing fits, or no first token in time"
        )
    points = points.sort_values(
        ["tokens_per_s_per_user", "output_tokens_per_s_per_chip"], ascending=False
    )
    rate = points["output_tokens_per_s_per_chip"]
    points = points.assign(usd_per_output_token=usd_per_s_per_chip / rate)
    return points[rate > rate.cummax().shift(fill_value=0)].reset_index(drop=True)


def operate(case, option: str) -> dict[str, float]:
    """The operating point of a scenario's option: chip, model and layout columns, coefficients at
    their medians.
    """
    work, promise = asked(case)
    return _operated(
        named(case, option),
        getattr(case, option).chips,
        tuple(work.items()),
        tuple(promise.items()),
    )


@cache
def _operated(
    names: tuple[str, str, str, str], chips: int, work: tuple, promise: tuple
) -> dict[str, float]:
    return {
        **setting(*names),
        **dict(work),
        **best_layout(*names, chips, dict(work), dict(promise)),
    }


def named(case, option: str) -> tuple[str, str, str, str]:
    """The four names that fix an option: accelerator, model, precision and engine, blank for the
    pool's.
    """
    own = getattr(case, option)
    return own.accelerator, case.model, own.precision, own.engine or ""


def asked(case) -> tuple[dict[str, float], dict[str, float]]:
    """A scenario's workload and promise, under the names that the laws use."""
    work = case.workload
    workload = {
        "input_tokens_per_request": float(work.input_tokens),
        "cached_share": work.cached_share,
        "output_tokens_per_request": float(work.output_tokens),
    }
    return workload, {
        "tokens_per_s_per_user": work.tokens_per_s_per_user,
        "ttft_limit_s": work.ttft_limit_s,
    }


def speed_draws(case, option: str, scores) -> dict[str, np.ndarray]:
    """What calibration leaves open, drawn: a part that both options share and a part of each
    option's own.

    `scores(name)` gives standard-normal draws of the stream `name`.
    """
    spread, fixed = speed_spread(*named(case, option)), setting(*named(case, option))
    return {
        f"{part}_slowness_ratio": fixed[f"{part}_slowness_ratio"]
        * np.exp(
            spread[part]["shared"] * scores(f"shared_{part}")
            + spread[part]["own"] * scores(f"{option}_{part}")
        )
        for part in ("step", "prefill", "first")
    }


def _divisors(number: int) -> list[int]:
    return [size for size in range(1, int(number) + 1) if number % size == 0]


PREDICTED = ("output_tokens_per_s_per_chip", "ttft_s", "tpot_s")
ENERGY = "energy_j_per_output_token"


def predict(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with predictions, their 10th and 90th percentiles, and a reason where there is
    none; order kept.

    Columns read: those of points.COLUMNS (engine may be blank). Added: tokens/s per chip, mean
    seconds to the first token and per later token, board joules per output token, each with _p10
    and _p90. ValueError where a column is missing. Other columns pass through.
    """
    columns, reasons = read(frame, doubted)
    with np.errstate(all="ignore"):
        told = joined(columns)
        enough = told["capacity_requests"] >= told["instances_count"]
        reasons = np.where((reasons == "") & ~enough, "does not fit in memory", reasons)
        done = {}
        for name in PREDICTED:
            size = np.exp(TENTH * columns[f"{name}_spread"])
            done |= {
                name: told[name],
                f"{name}_p10": told[name] / size,
                f"{name}_p90": told[name] * size,
            }
        done |= dict(
            zip((ENERGY, f"{ENERGY}_p10", f"{ENERGY}_p90"), predict_energy(told), strict=True)
        )
    done = {name: np.where(reasons == "", value, np.nan) for name, value in done.items()}
    kept = frame.drop(columns=[name for name in (*done, "reason") if name in frame])
    return kept.assign(**done, reason=reasons)


def joined(columns: dict) -> dict:
    """What the laws say; chips beyond the stated ranks are copies of the instance, or part of it
    where no copy fits.

    Engines that cut experts over all chips and copy the attention state only the ranks of one
    attention.
    """
    told = run(columns, THROUGHPUT)
    tight = (told["capacity_requests"] < told["instances_count"]) & (told["instances_count"] > 1)
    if not tight.any():
        return told
    data = np.where(
        tight, columns["data_parallel"] * columns["instances_count"], columns["data_parallel"]
    )
    instances = np.where(tight, 1.0, columns["instances_count"])
    return run(columns | {"data_parallel": data, "instances_count": instances}, THROUGHPUT)


def errors(answered: pd.DataFrame) -> pd.DataFrame:
    """Errors against columns with the suffix _measured: a row a quantity; empty where nothing was
    measured.
    """
    rows = []
    for name in (*PREDICTED, ENERGY):
        if f"{name}_measured" in answered:
            seen = pd.to_numeric(answered[f"{name}_measured"], errors="coerce")
            both = answered[name].notna() & (seen > 0)
            off = (answered.loc[both, name] / seen[both] - 1).abs()
            inside = seen[both].between(
                answered.loc[both, f"{name}_p10"], answered.loc[both, f"{name}_p90"]
            )
            told = (off.median(), off.mean(), off.quantile(0.9), inside.mean())
            rows.append((name, int((seen > 0).sum()), int(both.sum()), *told))
    columns = [
        "quantity",
        "measured",
        "answered",
        "median_error",
        "mean_error",
        "p90_error",
        "inside_p10_p90",
    ]
    return pd.DataFrame(rows, columns=columns)
