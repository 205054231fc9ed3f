"""A table of serving points read into the columns of the laws: names looked up, layouts made plain,
faults told.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from analysis.facts import Accelerator, Model, meant, names
from analysis.laws.energy import BOARD
from analysis.laws.throughput import THROUGHPUT
from analysis.study.speed import needs, setting, unknown

NAMES = ["accelerator", "model", "precision", "engine"]
PLACES = ["chips", "tensor_parallel", "expert_parallel", "data_parallel"]
READ = {name for law in (*THROUGHPUT, *BOARD) for name in needs(law)}
WRONG = "chips, tokens, requests and ranks have to be finite numbers above 0"
COLUMNS = [*NAMES, *PLACES, "input_tokens", "output_tokens", "concurrency"]


def read(
    frame: pd.DataFrame, about: Callable = setting
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Columns for the laws, a value a row, and the reason why a row cannot be answered (empty where
    it can).

    `about` gives what is fixed by the four names.

    ValueError where a column of COLUMNS is missing. Blank parallel columns are one; a blank engine
    is the pool's.
    """
    if missing := [name for name in COLUMNS if name not in frame]:
        raise ValueError(f"missing columns: {', '.join(missing)}; needed: {', '.join(COLUMNS)}")
    told, which, reasons = _named(frame, about)
    numbers = {
        name: pd.to_numeric(frame[name], errors="coerce").to_numpy(float) for name in COLUMNS[4:]
    }
    for name in PLACES[1:]:
        blank = frame[name].isna() | (frame[name].astype(str).str.strip() == "")
        numbers[name] = np.where(blank | (numbers[name] == 0), 1, numbers[name])
    bad = ~np.all([(value > 0) & np.isfinite(value) for value in numbers.values()], axis=0)
    reasons = np.where((reasons == "") & bad, WRONG, reasons)
    laid, impossible = layout(*(numbers[name] for name in PLACES))
    reasons = np.where(
        (reasons == "") & impossible,
        "impossible layout: its ranks do not divide the chips",
        reasons,
    )
    used = [name for name in told[0] if name in READ or name.endswith("_spread")]
    columns = {name: np.array([each[name] for each in told])[which] for name in used}
    work = {f"{name}_per_request": numbers[name] for name in ("input_tokens", "output_tokens")}
    return columns | laid | work | {"concurrency_requests": numbers["concurrency"]}, reasons


def layout(chips, tensor, expert, data) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Ranks made plain: attention cut over `tensor` ranks, copied over `data`; and where they
    cannot lie on the chips.

    Engines count in two ways: SGLang and TensorRT-LLM put data-parallel attention inside the tensor
    ranks (8 and 8 on 8 chips), vLLM multiplies them; experts spread over more chips than that make
    an instance as large as they are.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        inside = (tensor * data > chips) & (tensor >= data) & (tensor % data == 0)
        tensor = np.where(inside, tensor / data, tensor)
        wide = (expert > tensor * data) & (expert <= chips)
        data = np.where(wide, np.maximum(expert / tensor, 1), data)
        instances = chips / (tensor * data)
        impossible = ~((instances >= 1) & (instances % 1 == 0) & (data % 1 == 0))
    ranks = {
        "tensor_parallel": tensor,
        "data_parallel": data,
        "expert_parallel": np.minimum(expert, tensor * data),
    }
    whole = {
        "deployment_chips": chips,
        "instances_count": instances,
        "pipeline_parallel": np.ones_like(chips),
    }
    return ranks | whole, impossible


def _named(frame: pd.DataFrame, about: Callable) -> tuple[list[dict], np.ndarray, np.ndarray]:
    """The settings of the distinct names, the setting of each row, and reasons for names that are
    not known.
    """
    codes, first = np.zeros(len(frame), dtype=np.int64), [()] if len(frame) else []
    for name in NAMES:
        each, values = pd.factorize(frame[name].astype(object).where(frame[name].notna(), ""))
        pairs, codes = np.unique(codes * len(values) + each, return_inverse=True)
        first = [
            (*first[pair // len(values)], meant(name, str(values[pair % len(values)]).strip()))
            for pair in pairs
        ]
    faults = [unknown(*named) for named in first]  # type: ignore[call-arg]
    blank = dict.fromkeys(about(names(Accelerator)[0], names(Model)[0], "bf16"), np.nan)
    told = [blank if fault else about(*named) for named, fault in zip(first, faults, strict=True)]
    return [blank, *told], codes + 1, np.array(faults, dtype=object)[codes]
