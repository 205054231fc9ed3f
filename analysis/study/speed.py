"""What the throughput laws read for a chip, a model, a precision and an engine: facts, bytes, peaks, coefficients."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from inspect import signature


from analysis.facts import Accelerator, Model, chosen, find, names, nearest, table
from analysis.laws.architecture import ARCHITECTURE

ENGINES = ("vllm", "sglang", "trtllm")
# What a name counts in: laws speak of one request, one chip and one token of it, and of the two operations of a weight.
ONES = {"one_request": 1.0, "one_chip": 1.0, "step_tokens_per_request": 1.0, "flop_per_parameter_per_token": 2.0}
PLAIN = {"drafted_count": 0.0, "accepted_share": 0.0, "draft_share": 0.0, "cached_share": 0.0}


def run(columns: Mapping, laws) -> dict:
    """`columns` and what each law in turn makes of them; floats or arrays."""
    columns = dict(columns)
    for law in laws:
        columns[law.__name__] = law(**{name: columns[name] for name in _needs(law)})
    return columns


@cache
def _needs(law) -> tuple[str, ...]:
    return tuple(signature(law).parameters)


def unknown(accelerator: str, model: str, precision: str, engine: str) -> str:
    """Why these names cannot be answered, with the nearest valid name; empty where all are known."""
    asked = (("accelerator", accelerator, names(Accelerator)), ("model", model, names(Model)))
    asked += (("precision", precision, precisions()), ("engine", engine, ("", *ENGINES)))
    faults = [f"unknown {kind} {name!r}; {nearest(name, known)}" for kind, name, known in asked if name not in known]
    return "; ".join(faults)


@cache
def precisions() -> tuple[str, ...]:
    """Names of the precisions in facts/precisions.csv."""
    return tuple(dict.fromkeys(chosen("precisions")["thing"]))


@cache
def setting(accelerator: str, model: str, precision: str, engine: str = "") -> dict[str, float]:
    """All that is fixed once these four are named, as the columns that the laws read. LookupError for unknown names."""
    if fault := unknown(accelerator, model, precision, engine):
        raise LookupError(fault)
    chip, shape = _numbers(find(Accelerator, accelerator)), _numbers(find(Model, model))
    columns = run({**chip, **shape, **ONES, **PLAIN}, ARCHITECTURE)
    columns |= formats(chip, shape, precision)
    columns["state_bytes_per_request"] = columns["state_width"] * 4  # recurrent states are kept in 32 bits
    return {name: float(value) for name, value in (columns | coefficients(accelerator, engine, precision)).items()}


def formats(chip: Mapping, shape: Mapping, precision: str) -> dict[str, float]:
    """Bytes of weights, cache and activations, and the arithmetic peaks that they can use on this chip.

    Four-bit checkpoints of mixture-of-experts models keep all but the experts as released; a model released in four
    bits stays so. A chip without the path multiplies in the next wider format that it has (weights are widened first).
    """
    told = dict(chosen("precisions", precision)[["field", "base"]].itertuples(index=False))
    weight, narrow = told["weight_bytes_per_parameter"], chosen("precisions", "fp8").set_index("field")["base"]
    byte = narrow["weight_bytes_per_parameter"]
    released_narrow = 0 < shape["expert_bytes_per_parameter"] < byte
    keeps = shape["experts_count"] > 0 and (weight < byte or released_narrow)
    dense = shape["dense_bytes_per_parameter"] if keeps else min(weight, shape["dense_bytes_per_parameter"])
    expert = min(weight, shape["expert_bytes_per_parameter"]) if shape["experts_count"] else 0.0
    only_weights = precision == "int4"
    wide = chosen("precisions", "bf16").set_index("field")["base"]
    cached = wide["cached_value_bytes_per_token"] if released_narrow else told["cached_value_bytes_per_token"]
    return {
        "attention_bytes_per_parameter": dense,
        "dense_bytes_per_parameter": dense,
        "head_bytes_per_parameter": wide["weight_bytes_per_parameter"],
        "expert_bytes_per_parameter": expert,
        "cached_value_bytes_per_token": cached,
        "index_value_bytes_per_token": narrow["cached_value_bytes_per_token"],
        "activation_bytes_per_token": wide["cached_value_bytes_per_token"],
        "linear_flop_per_s_per_chip": peak(chip, dense, byte, only_weights),
        "expert_flop_per_s_per_chip": peak(chip, byte if precision == "fp8" else expert, byte, only_weights),
        "attention_flop_per_s_per_chip": chip["bf16_flop_per_s_per_chip"],
    }


def peak(chip: Mapping, weight: float, byte: float, only_weights: bool) -> float:
    """Peak arithmetic of a chip for weights of so many bytes: the narrowest path that is not narrower."""
    wide, fp8, fp4 = (chip[f"{name}_flop_per_s_per_chip"] for name in ("bf16", "fp8", "fp4"))
    if only_weights or weight > byte:
        return wide
    return fp4 if weight < byte and fp4 else fp8 if weight == byte and fp8 else wide


@cache
def coefficients(accelerator: str, engine: str, precision: str) -> dict[str, float]:
    """The pool's coefficients, times what calibration learnt of this engine, accelerator and precision."""
    rows = table("coefficients")
    found = dict(
        zip(rows.loc[rows["thing"] == "pool", "field"], rows.loc[rows["thing"] == "pool", "value"], strict=True)
    )
    return {name: value for name, value in found.items() if not name.startswith("spread")}


def _numbers(record) -> dict[str, float]:
    return {name: value for name, value in asdict(record).items() if not isinstance(value, str)}


def speed_spread(accelerator: str, model: str, precision: str, engine: str = "") -> dict[str, dict[str, float]]:
    """Log standard deviation of what calibration leaves open, by part: `shared` by both options, and `own`."""
    return {part: {"shared": 0.12, "own": 0.12} for part in ("step", "prefill", "first")}
