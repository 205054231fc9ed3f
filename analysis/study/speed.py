"""What the throughput laws read for a chip, a model, a precision and an engine: facts, bytes,
peaks, coefficients.
"""

from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from inspect import signature

import numpy as np
import pandas as pd

from analysis import facts
from analysis.facts import Accelerator, Model, chosen, find, names, table
from analysis.laws.architecture import ARCHITECTURE

ENGINES = ("vllm", "sglang", "trtllm", "atom")
# What a name counts in: laws speak of one request, one chip and one token of it, and of the two
# operations of a weight.
ONES = {
    "one_request": 1.0,
    "one_chip": 1.0,
    "step_tokens_per_request": 1.0,
    "flop_per_parameter_per_token": 2.0,
}
PLAIN = {"drafted_count": 0.0, "accepted_share": 0.0, "draft_share": 0.0, "cached_share": 0.0}


def run(columns: Mapping, laws) -> dict:
    """`columns` and what each law in turn makes of them; floats or arrays."""
    columns = dict(columns)
    for law in laws:
        columns[law.__name__] = law(**{name: columns[name] for name in needs(law)})
    return columns


@cache
def needs(law) -> tuple[str, ...]:
    """The columns that a law reads: the names of its arguments."""
    return tuple(signature(law).parameters)


def unknown(accelerator: str, model: str, precision: str, engine: str) -> str:
    """Why these names cannot be answered, with the nearest valid name; empty where all are
    known.
    """
    asked: tuple = (
        ("accelerator", accelerator, names(Accelerator)),
        ("model", model, names(Model)),
    )
    asked += (("precision", precision, precisions()), ("engine", engine, ("", *ENGINES)))
    return "; ".join(facts.unknown(*each) for each in asked if each[1] not in each[2])


@cache
def precisions() -> tuple[str, ...]:
    """Names of the precisions in facts/precisions.csv."""
    return tuple(dict.fromkeys(chosen("precisions")["thing"]))


@cache
def setting(accelerator: str, model: str, precision: str, engine: str = "") -> dict[str, float]:
    """All that is fixed once these four are named, as the columns that the laws read. LookupError
    for unknown names.
    """
    if fault := unknown(accelerator, model, precision, engine):
        raise LookupError(fault)
    chip, shape = _numbers(find(Accelerator, accelerator)), _numbers(find(Model, model))
    columns = run({**chip, **shape, **ONES, **PLAIN}, ARCHITECTURE)
    columns |= formats(chip, shape, precision)
    columns["state_bytes_per_request"] = columns["state_width"] * columns.pop(
        "state_bytes_per_value"
    )
    return {
        name: float(at)
        for name, at in (columns | coefficients(accelerator, engine, precision, model)).items()
    }


@cache
def doubted(accelerator: str, model: str, precision: str, engine: str = "") -> dict[str, float]:
    """The same with the log spread of each predicted quantity, as `<quantity>_spread`."""
    told = spread(accelerator, model, precision, engine)
    spreads = {f"{name}_spread": size for name, size in told.items()}
    return (
        setting(accelerator, model, precision, engine)
        | spreads
        | {"board_spread": board_spread(accelerator)}
    )


def board_spread(accelerator: str) -> float:
    """Log standard deviation of board energy at a known speed: wider for boards whose power nobody
    measured for us.
    """
    told = table("energy_coefficients").set_index("field")["value"]
    metered = accelerator in set(board_points()["accelerator"])
    return float(
        told["own_log_sd"] if metered else max(told["own_log_sd"], told["unseen_board_log_sd"])
    )


def formats(chip: Mapping, shape: Mapping, precision: str) -> dict[str, float]:
    """Bytes of weights, cache and activations, and the arithmetic peaks that they can use on this
    chip.

    Four-bit checkpoints of mixture-of-experts models keep all but the experts as released; a model
    released in four bits stays so. A chip without the path multiplies in the next wider format that
    it has (weights are widened first).
    """
    told = dict(chosen("precisions", precision)[["field", "base"]].itertuples(index=False))
    weight, narrow = (
        told["weight_bytes_per_parameter"],
        chosen("precisions", "fp8").set_index("field")["base"],
    )
    byte = narrow["weight_bytes_per_parameter"]
    released_narrow = 0 < shape["expert_bytes_per_parameter"] < byte
    keeps = shape["experts_count"] > 0 and (weight < byte or released_narrow)
    dense = (
        shape["dense_bytes_per_parameter"]
        if keeps
        else min(weight, shape["dense_bytes_per_parameter"])
    )
    expert = min(weight, shape["expert_bytes_per_parameter"]) if shape["experts_count"] else 0.0
    wide = chosen("precisions", "bf16").set_index("field")["base"]
    cached = (
        wide["cached_value_bytes_per_token"]
        if released_narrow
        else told["cached_value_bytes_per_token"]
    )
    paths = {
        "linear": path(chip, dense, byte, precision),
        "expert": path(chip, byte if precision == "fp8" else expert, byte, precision),
        "attention": "bf16",
    }
    reach = chosen("precisions").query("field == 'reach_share'").set_index("thing")["base"]
    return {
        "attention_bytes_per_parameter": dense,
        "dense_bytes_per_parameter": dense,
        "head_bytes_per_parameter": wide["weight_bytes_per_parameter"],
        "expert_bytes_per_parameter": expert,
        "cached_value_bytes_per_token": cached,
        "state_bytes_per_value": told["state_bytes_per_value"],
        "index_value_bytes_per_token": narrow["cached_value_bytes_per_token"],
        "activation_bytes_per_token": wide["cached_value_bytes_per_token"],
        **{
            f"{part}_flop_per_s_per_chip": chip[f"{name}_flop_per_s_per_chip"]
            for part, name in paths.items()
        },
        **{f"{part}_reach_share": reach[name] for part, name in paths.items()},
    }


def path(chip: Mapping, weight: float, byte: float, precision: str) -> str:
    """The format in which a chip multiplies weights of so many bytes: the narrowest that is not
    narrower.
    """
    if precision == "int4" or weight > byte:  # weights alone are narrow
        return "bf16"
    name = "fp4" if weight < byte else "fp8"
    return name if chip[f"{name}_flop_per_s_per_chip"] else "bf16"


def levels(accelerator: str, model: str, precision: str, engine: str) -> dict[str, str]:
    """The things that calibration tells apart, from wide to narrow; a blank engine belongs
    to none.
    """
    family = table("families").set_index("accelerator").loc[accelerator]
    platform = " ".join((family["generation"], engine, precision)) if engine else ""
    series = " ".join((platform, alike(model))) if engine else ""
    return family[["maker", "generation"]].to_dict() | {
        "engine": engine,
        "platform": platform,
        "series": series,
    }


@cache
def alike(model: str) -> str:
    """The first model of the table with the same dimensions: DeepSeek-R1 runs as
    DeepSeek-V3 does.
    """
    skip = ("name", "all_parameters", "active_parameters", "context_tokens", "mtp_layers_count")
    shapes = {
        name: [v for k, v in vars(find(Model, name)).items() if k not in skip]
        for name in names(Model)
    }
    return next(name for name in shapes if shapes[name] == shapes[model])


@cache
def coefficients(
    accelerator: str, engine: str, precision: str, model: str = ""
) -> dict[str, float]:
    """The pool's coefficients, times what calibration learnt of this maker, engine, platform and
    series.
    """
    rows = table("coefficients")
    pool = rows[rows["level"] == "pool"]
    found = dict(zip(pool["field"], pool["value"].astype(float), strict=True))
    at = levels(accelerator, model or names(Model)[0], precision, engine)
    for level, thing in at.items():
        ours = (
            rows[(rows["level"] == level) & (rows["thing"] == thing)]
            if model or level != "series"
            else rows[:0]
        )
        for field, value in zip(ours["field"], ours["value"], strict=True):
            found[field] *= float(value)
    return found


def _numbers(record) -> dict[str, float]:
    return {name: value for name, value in asdict(record).items() if not isinstance(value, str)}


@cache
def spread(accelerator: str, model: str, precision: str, engine: str = "") -> dict[str, float]:
    """Log standard deviation of predictions by quantity, from points left out of the fit, grown for
    what it never saw.

    A known series has its own spread; a new combination of known things, a new model and a new
    accelerator have those of points so left out; where both are new, the two add in squares.
    """
    rows, series = table("spread"), levels(accelerator, model, precision, engine)["series"]
    own = rows[(rows["level"] == "series_known") & (rows["thing"] == series)].set_index("quantity")[
        "log_sd"
    ]
    by = rows[rows["thing"] == "all"].pivot_table("log_sd", "level", "quantity")
    generation = table("families").set_index("accelerator")["generation"]
    old = {generation[name] for name in _fitted()["accelerator"]}
    new = ["generation"] if generation[accelerator] not in old else []
    new += ["accelerator"] if not new and accelerator not in _fitted()["accelerator"] else []
    new += ["model"] if alike(model) not in _fitted()["model"] else []
    told = np.sqrt((by.loc[new] ** 2).sum()) if new else by.loc["series"]
    return (own if len(own) == len(by.columns) and not new else told).to_dict()


def board_points() -> pd.DataFrame:
    """Measured board energy (facts/energy.csv) of engines that the throughput laws describe: no
    vLLM of 2024.
    """
    rows = table("energy")
    return rows[(rows["boundary"] == "board") & (rows["source"] != "ml_energy_v2")].reset_index(
        drop=True
    )


def measured() -> pd.DataFrame:
    """All measured serving points: facts/serving.csv, then the speeds that ML.ENERGY prints beside
    its energy.
    """
    energy = table("energy").query("source == 'ml_energy_v3'").drop(columns=["boundary", "where"])
    return pd.concat(
        [table("serving"), energy.assign(speculative="no", disaggregated="no")], ignore_index=True
    )


@cache
def _fitted() -> dict[str, set[str]]:
    """Accelerators and models (by dimensions) among the points of the fit."""
    rows = measured().loc[table("validation")["point"]]
    return {
        "accelerator": set(rows["accelerator"]),
        "model": {alike(name) for name in rows["model"].unique()},
    }


TENTH = 1.2815515655446004  # normal score of the 90th percentile
SHARED_SHARE = (
    0.5  # of the variance: what two options have in common (model, engine, workload); judged
)


def speed_spread(
    accelerator: str, model: str, precision: str, engine: str = ""
) -> dict[str, dict[str, float]]:
    """Log standard deviation of what calibration leaves open, by part: `shared` by both options,
    and `own`.
    """
    told = spread(accelerator, model, precision, engine)
    parts = {"step": told["tpot_s"], "prefill": told["tpot_s"], "first": told["ttft_s"]}
    return {
        part: {"shared": size * SHARED_SHARE**0.5, "own": size * (1 - SHARED_SHARE) ** 0.5}
        for part, size in parts.items()
    }
