"""Facts as columns: what the laws read once chip, model, precision and engine are named."""

from collections.abc import Mapping
from functools import cache

import numpy as np
import pandas as pd

from analysis import facts
from analysis.facts import Accelerator, Model, chosen, find, names
from analysis.facts.spelling import ENGINES
from analysis.laws.architecture import ARCHITECTURE
from analysis.model.acceptance import acceptance
from analysis.model.coefficients import coefficients, energy_log_sd, log_sd
from analysis.model.draws import Scores
from analysis.model.runner import evaluate
from analysis.scenario.scenario import Scenario

# What a name counts in: laws speak of one request, one chip and one token of it, and of the two
# operations of a weight.
UNITS = {
    "one_request": 1.0,
    "one_chip": 1.0,
    "step_tokens_per_request": 1.0,
    "flop_per_parameter_per_token": 2.0,
}
NO_SPECULATION = {"draft_count": 0.0, "stated_acceptance_ratio": 0.0}
ONE_POOL = {"disaggregated_count": 0.0, "decoding_share": 1.0}
NO_CACHED_PROMPT = {"cached_share": 0.0}
PARTS = ("step", "prefill", "first")  # of a request's time, each with its own residual factor


@cache
def precisions() -> tuple[str, ...]:
    """Names of the precisions in facts/precisions.csv."""
    return tuple(dict.fromkeys(chosen("precisions")["thing"]))


def unknown_names(accelerator: str, model: str, precision: str, engine: str) -> str:
    """Why these names cannot be answered, with the nearest valid name; empty if all are known."""
    named = (
        ("accelerator", accelerator, names(Accelerator)),
        ("model", model, names(Model)),
        ("precision", precision, precisions()),
        ("engine", engine, ("", *ENGINES)),
    )
    return "; ".join(facts.unknown(*each) for each in named if each[1] not in each[2])


@cache
def setting(
    accelerator: str, model: str, precision: str, engine: str = "", manner: str = ""
) -> dict[str, float]:
    """All that is fixed once these are named, as columns for the laws, in base units.

    `manner` is how it is served: words of manner.py, blank for none. Raises LookupError for unknown
    names, with the nearest valid one.
    """
    fault = unknown_names(accelerator, model, precision, engine)
    if fault:
        raise LookupError(fault)
    chip, shape = _numbers(find(Accelerator, accelerator)), _numbers(find(Model, model))
    inputs = {**chip, **shape, **UNITS, **NO_SPECULATION, **ONE_POOL, **NO_CACHED_PROMPT}
    columns = evaluate(inputs, ARCHITECTURE)
    columns |= formats(chip, shape, precision) | acceptance(model)
    state_bytes = columns.pop("state_bytes_per_value")
    columns["state_bytes_per_request"] = columns["state_width"] * state_bytes
    columns |= coefficients(accelerator, engine, precision, model, manner)
    return {name: float(value) for name, value in columns.items()}


@cache
def setting_with_errors(
    accelerator: str, model: str, precision: str, engine: str = "", manner: str = ""
) -> dict[str, float]:
    """A setting, with the log standard deviation of each prediction as `<quantity>_log_sd`."""
    errors = log_sd(accelerator, model, precision, engine, manner)
    return {
        **setting(accelerator, model, precision, engine, manner),
        **{f"{name}_log_sd": size for name, size in errors.items()},
        "board_log_sd": energy_log_sd(accelerator),
    }


def formats(
    chip: Mapping[str, float], shape: Mapping[str, float], precision: str
) -> dict[str, float]:
    """Bytes of weights, cache and activations, and the arithmetic peaks that they can use.

    `chip` and `shape` are the numbers of an accelerator and of a model. Four-bit checkpoints of
    mixture-of-experts models keep all but the experts as released; a model released in four bits
    stays so. Integer checkpoints by others (AWQ, GPTQ) quantise attention as well. A chip without
    the path multiplies in the next wider format that it has: weights are widened first.
    """
    stated, fp8, bf16 = (_format(name) for name in (precision, "fp8", "bf16"))
    weight_bytes = stated["weight_bytes_per_parameter"]
    fp8_bytes = fp8["weight_bytes_per_parameter"]
    released_in_4_bits = 0 < shape["expert_bytes_per_parameter"] < fp8_bytes
    by_others = precision == "int4" and not released_in_4_bits
    only_experts = shape["experts_count"] > 0 and (weight_bytes < fp8_bytes or released_in_4_bits)
    only_experts = only_experts and not by_others
    dense_bytes = shape["dense_bytes_per_parameter"]
    if not only_experts:
        dense_bytes = min(weight_bytes, dense_bytes)
    expert_bytes = 0.0
    if shape["experts_count"]:
        expert_bytes = min(weight_bytes, shape["expert_bytes_per_parameter"])
    cache_format = bf16 if released_in_4_bits else stated
    multiplied_bytes = fp8_bytes if precision == "fp8" else expert_bytes
    paths = {
        "linear": arithmetic_path(chip, dense_bytes, fp8_bytes, precision),
        "expert": arithmetic_path(chip, multiplied_bytes, fp8_bytes, precision),
        "attention": "bf16",
    }
    columns = {
        "attention_bytes_per_parameter": dense_bytes,
        "dense_bytes_per_parameter": dense_bytes,
        "head_bytes_per_parameter": bf16["weight_bytes_per_parameter"],
        "expert_bytes_per_parameter": expert_bytes,
        "cached_value_bytes_per_token": cache_format["cached_value_bytes_per_token"],
        "state_bytes_per_value": stated["state_bytes_per_value"],
        "index_value_bytes_per_token": fp8["cached_value_bytes_per_token"],
        "activation_bytes_per_token": bf16["cached_value_bytes_per_token"],
    }
    for part, stored_bytes in (("linear", dense_bytes), ("expert", expert_bytes)):
        widened = precision == "int4" and 0 < stored_bytes < fp8_bytes
        columns[f"{part}_dequantised_count"] = float(widened)
    for part, path in paths.items():
        columns[f"{part}_flop_per_s_per_chip"] = chip[f"{path}_flop_per_s_per_chip"]
        columns[f"{part}_mfu_share"] = _format(path)["mfu_share"]
    return columns


@cache
def _format(precision: str) -> dict[str, float]:
    """The fields of a precision in facts/precisions.csv."""
    rows = chosen("precisions", precision)
    return dict(zip(rows["field"], rows["base"], strict=True))


def arithmetic_path(
    chip: Mapping[str, float], weight_bytes: float, fp8_bytes: float, precision: str
) -> str:
    """The format in which a chip multiplies weights of so many bytes.

    It is the narrowest that is not narrower than the weights and that the chip has.
    """
    weights_alone_are_narrow = precision == "int4" or weight_bytes > fp8_bytes
    if weights_alone_are_narrow:
        return "bf16"
    name = "fp4" if weight_bytes < fp8_bytes else "fp8"
    return name if chip[f"{name}_flop_per_s_per_chip"] else "bf16"


def option_names(case: Scenario, option: str) -> tuple[str, str, str, str]:
    """The four names that fix an option: accelerator, model, precision, engine (may be blank)."""
    deployment = case.deployment(option)
    return deployment.accelerator, case.model, deployment.precision, deployment.engine or ""


def residual_draws(
    medians: Mapping[str, float], sizes: pd.DataFrame, option: str, scores: Scores
) -> dict[str, np.ndarray]:
    """Residual factors of an option, drawn: what calibration leaves open, an array a part.

    `medians` hold the factors themselves, `sizes` their log standard deviations as
    `residual_log_sd` gives them: a part is shared by all options, a part is each option's own.
    """
    factors = {}
    for part in PARTS:
        shared = sizes.loc[part, "shared"] * scores(f"shared_{part}")
        own = sizes.loc[part, "own"] * scores(f"{option}_{part}")
        factors[f"{part}_residual_factor"] = medians[f"{part}_residual_factor"] * np.exp(
            shared + own
        )
    return factors


def _numbers(record) -> dict[str, float]:
    return {name: value for name, value in vars(record).items() if not isinstance(value, str)}
