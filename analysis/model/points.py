"""A table of serving points read into columns for the laws: names looked up, layouts resolved."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from analysis.facts import Accelerator, Model, PointNames, chosen, names, read_names
from analysis.facts.checkpoint_names import read_precision
from analysis.laws.energy import BOARD
from analysis.laws.throughput import THROUGHPUT
from analysis.model.coefficients import measured_tuned
from analysis.model.manner import AS_RUN, DISAGGREGATED, DRAFTED, TUNED
from analysis.model.numbers import count_column, number_column
from analysis.model.ranks import resolve_pools, resolve_ranks
from analysis.model.runner import arguments
from analysis.model.settings import precisions, setting

NAMES = ["accelerator", "model", "precision", "engine"]
RANKS = ["chips", "tensor_parallel", "expert_parallel", "data_parallel"]
COLUMNS = [*NAMES, *RANKS, "input_tokens", "output_tokens", "concurrency"]
NEEDED = [*NAMES[:3], "chips", "input_tokens", "output_tokens", "concurrency"]
OPTIONAL = [
    *("mode", "pipeline_parallel", "draft_tokens", "acceptance_length", "cached_share"),
    *("kv_precision", "memory_share", "engine_level"),
]
NOT_WHOLE = "chips and ranks have to be whole numbers, and tokens 1 at least"
NOT_POSITIVE = "chips, tokens, requests and ranks have to be finite numbers above 0"
NO_SHARE = "cached_share and memory_share have to lie between 0 and 1"
IMPOSSIBLE = "impossible layout: its ranks do not divide the chips"
IMPOSSIBLE_POOLS = "impossible layout: prefill and decode workers do not fill the chips"
_READ = {name for law in (*THROUGHPUT, *BOARD) for name in arguments(law)}

Setting = Callable[..., dict[str, float]]  # gives what is fixed by the four names and the manner


def read_points(
    frame: pd.DataFrame, setting_of: Setting = setting
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Columns for the laws, an entry a row, and why a row cannot be answered: empty where it can.

    `frame` has the columns of NEEDED, and may have those that `predict` documents. A blank number
    of ranks is one, and a blank engine takes the coefficients of the pool.
    `setting_of(accelerator, model, precision, engine, manner)` gives what the names fix. Raises
    ValueError where a column is missing.
    """
    missing = [name for name in NEEDED if name not in frame]
    if missing:
        raise ValueError(f"missing columns: {', '.join(missing)}; needed: {', '.join(NEEDED)}")
    if "engine" not in frame:
        frame = frame.assign(engine="")
    named, which = _named(frame)
    served = manners(_with_names(frame, named, which))
    settings, setting_places = _settings(named, which, served, setting_of)
    reasons = np.array([each.fault for each in named], dtype=object)[which]
    numbers = {name: number_column(frame, name) for name in COLUMNS if name not in NAMES}
    stated_chips = np.array([each.chips_count or np.nan for each in named], dtype=float)[which]
    numbers["chips"] = np.where(np.isnan(numbers["chips"]), stated_chips, numbers["chips"])
    for name in RANKS[1:]:
        numbers[name] = count_column(frame, name)
    positive = np.all([(value > 0) & np.isfinite(value) for value in numbers.values()], axis=0)
    reasons = np.where((reasons == "") & ~positive, NOT_POSITIVE, reasons)
    whole = np.all([np.trunc(numbers[name]) == numbers[name] for name in RANKS], axis=0)
    for name in ("input_tokens", "output_tokens"):
        whole &= numbers[name] >= 1
    reasons = np.where((reasons == "") & ~whole, NOT_WHOLE, reasons)
    dies = np.array([each.rank_count_per_chip for each in named], dtype=float)[which]
    numbers = _count_chips(numbers, dies)
    pools = has_pools(frame)
    stated = [numbers[name] for name in RANKS]
    stated.append(count_column(frame, "pipeline_parallel"))
    ranks, impossible = resolve_ranks(*stated)
    reasons = np.where((reasons == "") & impossible & ~pools, IMPOSSIBLE, reasons)
    if pools.any():
        pooled, impossible = resolve_pools(frame, numbers["chips"])
        ranks = {name: np.where(pools, pooled[name], value) for name, value in ranks.items()}
        reasons = np.where((reasons == "") & impossible & pools, IMPOSSIBLE_POOLS, reasons)
    read = [name for name in settings[0] if name in _READ or name.endswith("_log_sd")]
    columns = {name: np.array([each[name] for each in settings])[setting_places] for name in read}
    columns |= ranks
    columns["input_tokens_per_request"] = numbers["input_tokens"]
    columns["output_tokens_per_request"] = numbers["output_tokens"]
    columns["concurrency_requests"] = numbers["concurrency"]
    columns["disaggregated_count"] = pools.astype(float)
    columns["draft_count"] = np.nan_to_num(number_column(frame, "draft_tokens"))
    columns["stated_acceptance_ratio"] = np.nan_to_num(number_column(frame, "acceptance_length"))
    columns["cached_share"] = np.nan_to_num(number_column(frame, "cached_share"))
    memory = number_column(frame, "memory_share")
    usable = columns["memory_usable_share"]
    columns["memory_usable_share"] = np.where(np.isfinite(memory), memory, usable)
    outside = (columns["cached_share"] < 0) | (columns["cached_share"] >= 1)
    outside |= (columns["memory_usable_share"] <= 0) | (columns["memory_usable_share"] > 1)
    reasons = np.where((reasons == "") & outside, NO_SHARE, reasons)
    return _with_cache_format(frame, columns, reasons)


def _with_cache_format(
    frame: pd.DataFrame, columns: dict[str, np.ndarray], reasons: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The cache in the format that `kv_precision` states; a blank or `auto` keeps the usual one."""
    if "kv_precision" not in frame:
        return columns, reasons
    stated = frame["kv_precision"].fillna("").astype(str).str.strip()
    size = columns["cached_value_bytes_per_token"]
    for written in stated.unique():
        rows = (stated == written).to_numpy()
        name = read_precision(written).name
        if name in precisions():
            bytes_of = chosen("precisions", name).set_index("field")["base"]
            size = np.where(rows, bytes_of["cached_value_bytes_per_token"], size)
        elif written.lower() not in ("", "auto"):
            fault = f"unknown kv_precision {written!r}; known: {', '.join(precisions())}"
            reasons = np.where((reasons == "") & rows, fault, reasons)
    return columns | {"cached_value_bytes_per_token": size}, reasons


def has_pools(frame: pd.DataFrame) -> np.ndarray:
    """Whether prompts have a pool of their own, as `mode` says; our own tables say it otherwise."""
    if "mode" in frame:
        codes, written = pd.factorize(frame["mode"].astype(object).fillna(""))
        apart = [str(word).strip().lower().startswith("disagg") for word in written]
        return np.array(apart, dtype=bool)[codes]
    if "disaggregated" in frame:
        return (frame["disaggregated"] == "yes").to_numpy()
    return np.zeros(len(frame), dtype=bool)


def manners(frame: pd.DataFrame) -> np.ndarray:
    """How each row is served, as words of manner.py.

    A row is served as tuned servers are, or as people run it: as `engine_level` says. Where it is
    blank: tuned with pools or drafts, which nobody runs by default, and where a tuned server of
    this model has been measured on this platform; as run elsewhere.
    """
    pools = has_pools(frame)
    drafts = np.nan_to_num(number_column(frame, "draft_tokens")) > 0
    level = np.full(len(frame), "", dtype=object)
    if "engine_level" in frame:
        stated = frame["engine_level"].fillna("").astype(str).str.strip().str.lower()
        level = stated.str.replace("[ -]", "_", regex=True).to_numpy(dtype=object)
    unsaid = level == ""
    if unsaid.any():
        level = np.where(unsaid & (pools | drafts | measured_tuned(frame)), TUNED, level)
        level = np.where(level == "", AS_RUN, level)
    words = np.full(len(frame), "", dtype=object)
    for word, rows in ((DISAGGREGATED, pools), (DRAFTED, drafts), (AS_RUN, level == AS_RUN)):
        words = np.where(rows, words + f"{word} ", words)
    return words


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


def identities(frame: pd.DataFrame) -> pd.DataFrame:
    """The four names of each row as our tables spell them, and `manner`: how it is served.

    Rows are counted from 0; `frame` has the columns of NEEDED. Names that are not known stay as
    they are written.
    """
    if "engine" not in frame:
        frame = frame.assign(engine="")
    spelled = _with_names(frame, *_named(frame))
    return spelled[NAMES].assign(manner=manners(spelled))


def point_notes(frame: pd.DataFrame) -> np.ndarray:
    """What was assumed of the names of each row, in words; empty where they say all."""
    named, which = _named(frame)
    return np.array([each.note for each in named], dtype=object)[which]


def _named(frame: pd.DataFrame) -> tuple[list[PointNames], np.ndarray]:
    """The distinct names as they are read, and which of them each row has."""
    written = frame[NAMES].astype(object).where(frame[NAMES].notna(), "")
    which, distinct = _distinct_rows(written)
    return [read_names(*(str(value).strip() for value in row)) for row in distinct], which


def _with_names(frame: pd.DataFrame, named: list[PointNames], which: np.ndarray) -> pd.DataFrame:
    """The table with the names as our tables spell them, its rows counted from 0."""
    spelled = pd.DataFrame([[getattr(each, name) for name in NAMES] for each in named])
    spelled = spelled.reindex(columns=range(len(NAMES))).set_axis(NAMES, axis=1)
    others = frame.drop(columns=NAMES).reset_index(drop=True)
    return spelled.take(which).reset_index(drop=True).join(others)


def _settings(
    named: list[PointNames], which: np.ndarray, served: np.ndarray, setting_of: Setting
) -> tuple[list[dict[str, float]], np.ndarray]:
    """Settings of the distinct names and manners, and which of them each row has.

    The first is blank: it stands for names that are not known.
    """
    places, distinct = _distinct_rows(pd.DataFrame({"names": which, "manner": served}))
    blank = dict.fromkeys(setting_of(names(Accelerator)[0], names(Model)[0], "bf16"), np.nan)
    settings = [blank]
    for place, manner in distinct:
        each = named[place]
        four = (each.accelerator, each.model, each.precision, each.engine)
        settings.append(blank if each.fault else setting_of(*four, manner))
    return settings, places + 1


def _distinct_rows(table: pd.DataFrame) -> tuple[np.ndarray, list[tuple]]:
    """Which distinct row each row of a table is, and the distinct rows; fast for many rows."""
    codes = np.zeros(len(table), dtype=np.int64)
    distinct: list[tuple] = [()] if len(table) else []
    for name in table:
        column_codes, values = pd.factorize(table[name])
        pairs, codes = np.unique(codes * len(values) + column_codes, return_inverse=True)
        distinct = [(*distinct[pair // len(values)], values[pair % len(values)]) for pair in pairs]
    return codes, distinct
