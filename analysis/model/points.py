"""A table of serving points as the columns of the laws: names looked up, layouts resolved."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from analysis.facts import Accelerator, Model, PointNames, names, read_names
from analysis.laws.energy import BOARD
from analysis.laws.throughput import THROUGHPUT
from analysis.model.runner import arguments
from analysis.model.settings import setting

NAMES = ["accelerator", "model", "precision", "engine"]
RANKS = ["chips", "tensor_parallel", "expert_parallel", "data_parallel"]
COLUMNS = [*NAMES, *RANKS, "input_tokens", "output_tokens", "concurrency"]
NOT_POSITIVE = "chips, tokens, requests and ranks have to be finite numbers above 0"
IMPOSSIBLE = "impossible layout: its ranks do not divide the chips"
_READ = {name for law in (*THROUGHPUT, *BOARD) for name in arguments(law)}

Setting = Callable[..., dict[str, float]]  # gives what is fixed by the four names


def read_points(
    frame: pd.DataFrame, setting_of: Setting = setting
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Columns for the laws, an entry a row, and why a row cannot be answered: empty where it can.

    `frame` has the columns of COLUMNS; a blank number of ranks is one, and a blank engine takes the
    coefficients of the pool. `setting_of(accelerator, model, precision, engine)` gives what the
    four names fix. Raises ValueError where a column is missing.
    """
    missing = [name for name in COLUMNS if name not in frame]
    if missing:
        raise ValueError(f"missing columns: {', '.join(missing)}; needed: {', '.join(COLUMNS)}")
    named, which = _named(frame)
    settings = _settings(named, setting_of)
    reasons = np.array([each.fault for each in named], dtype=object)[which]
    numbers = {
        name: pd.to_numeric(frame[name], errors="coerce").to_numpy(float)
        for name in COLUMNS
        if name not in NAMES
    }
    stated = np.array([each.chips_count or np.nan for each in named], dtype=float)[which]
    numbers["chips"] = np.where(np.isnan(numbers["chips"]), stated, numbers["chips"])
    for name in RANKS[1:]:
        blank = frame[name].isna() | (frame[name].astype(str).str.strip() == "")
        numbers[name] = np.where(blank | (numbers[name] == 0), 1, numbers[name])
    positive = np.all([(value > 0) & np.isfinite(value) for value in numbers.values()], axis=0)
    reasons = np.where((reasons == "") & ~positive, NOT_POSITIVE, reasons)
    dies = np.array([each.rank_count_per_chip for each in named], dtype=float)[which]
    numbers = _count_chips(numbers, dies)
    ranks, impossible = resolve_ranks(*(numbers[name] for name in RANKS))
    reasons = np.where((reasons == "") & impossible, IMPOSSIBLE, reasons)
    read = [name for name in settings[0] if name in _READ or name.endswith("_log_sd")]
    columns = {name: np.array([each[name] for each in settings])[which + 1] for name in read}
    columns |= ranks
    columns["input_tokens_per_request"] = numbers["input_tokens"]
    columns["output_tokens_per_request"] = numbers["output_tokens"]
    columns["concurrency_requests"] = numbers["concurrency"]
    return columns, reasons


def resolve_ranks(
    chips: np.ndarray, tensor: np.ndarray, expert: np.ndarray, data: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Ranks as the laws count them, and where they cannot lie on the chips.

    Attention is cut over `tensor` ranks and copied over `data`. Engines count in two ways: SGLang
    and TensorRT-LLM put data-parallel attention inside the tensor ranks (8 and 8 on 8 chips), vLLM
    multiplies them; experts spread over more chips than that make an instance as large as they are.
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
        "deployment_chips": chips,
        "instances_count": instances,
        "pipeline_parallel": np.ones_like(chips),
    }
    return ranks, impossible


def _count_chips(numbers: dict[str, np.ndarray], dies: np.ndarray) -> dict[str, np.ndarray]:
    """Ranks over chips where they are stated over the dies of a chip: as many ranks as dies."""
    ranks = numbers["tensor_parallel"] * numbers["data_parallel"]
    counted = dict(numbers)
    with np.errstate(invalid="ignore"):  # blank numbers have their reason already
        by_die = (dies > 1) & (ranks > numbers["chips"]) & (ranks <= numbers["chips"] * dies)
        for name in ("tensor_parallel", "expert_parallel"):
            whole = by_die & (numbers[name] % dies == 0)
            counted[name] = np.where(whole, numbers[name] / dies, numbers[name])
    return counted


def point_notes(frame: pd.DataFrame) -> np.ndarray:
    """What was assumed of the names of each row, in words; empty where they say all."""
    named, which = _named(frame)
    return np.array([each.note for each in named], dtype=object)[which]


def _named(frame: pd.DataFrame) -> tuple[list[PointNames], np.ndarray]:
    """The distinct names as they are read, and which of them each row has."""
    written = frame[NAMES].astype(object).where(frame[NAMES].notna(), "")
    which, distinct = _distinct_rows(written)
    return [read_names(*(str(value).strip() for value in row)) for row in distinct], which


def _settings(named: list[PointNames], setting_of: Setting) -> list[dict[str, float]]:
    """A blank setting, and that of each of the names; blank too for names that are not known."""
    blank = dict.fromkeys(setting_of(names(Accelerator)[0], names(Model)[0], "bf16"), np.nan)
    settings = [
        blank
        if each.fault
        else setting_of(each.accelerator, each.model, each.precision, each.engine)
        for each in named
    ]
    return [blank, *settings]


def _distinct_rows(table: pd.DataFrame) -> tuple[np.ndarray, list[tuple]]:
    """Which distinct row each row of a table is, and the distinct rows; fast for many rows."""
    codes = np.zeros(len(table), dtype=np.int64)
    distinct: list[tuple] = [()] if len(table) else []
    for name in table:
        column_codes, values = pd.factorize(table[name])
        pairs, codes = np.unique(codes * len(values) + column_codes, return_inverse=True)
        distinct = [(*distinct[pair // len(values)], values[pair % len(values)]) for pair in pairs]
    return codes, distinct
