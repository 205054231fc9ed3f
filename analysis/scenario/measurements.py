"""Files that a user brings to `predict`: tables of points, and results of tools that measure
serving.

Whatever the file, out comes a table with the columns of a point, whatever else it held, and what
was measured under `<quantity>_measured`. What a file does not say is given by options named like
the columns. Every fault is a sentence with file, row and column, and what would do.
"""

import math
import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from analysis.facts.accelerator_names import read_accelerator
from analysis.scenario.file_text import (
    MeasurementFault,
    file_name,
    list_faults,
    read_table,
    read_text,
)
from analysis.scenario.result_files import is_metric_csv, read_json, read_metric_csv

NAMES = ("accelerator", "model", "precision", "engine", "mode", "kv_precision")
RANKS = ("tensor_parallel", "data_parallel", "expert_parallel", "pipeline_parallel")
POOL_RANKS = tuple(
    f"{pool}_{part}" for pool in ("prefill", "decode") for part in ("workers", *RANKS)
)
NUMBERS = (
    "chips",
    *RANKS,
    *POOL_RANKS,
    "input_tokens",
    "output_tokens",
    "concurrency",
    "request_rate",
    "draft_tokens",
    "acceptance_length",
    "cached_share",
    "memory_share",
)
MEASURED = ("output_tokens_per_s_per_chip", "ttft_s", "tpot_s", "energy_j_per_output_token")
RATE = "output_tokens_per_s_measured"  # over all chips
REQUIRED = {
    "accelerator": "--accelerator H100",
    "model": "--model Qwen/Qwen3-32B",
    "chips": "--chips 8",
    "input_tokens": "--input-tokens 1024",
    "output_tokens": "--output-tokens 1024",
    "concurrency": "--concurrency 64",
}
OTHER_NAMES = {  # of columns, as engines and benchmarks call them
    "accelerator": (
        "gpu",
        "gpu_name",
        "gpu_type",
        "device",
        "device_name",
        "hardware",
        "accelerator_name",
    ),
    "model": (
        "model_id",
        "model_name",
        "model_path",
    ),
    "precision": (
        "dtype",
        "quantization",
        "quant",
        "weight_precision",
        "weights",
    ),
    "engine": (
        "framework",
        "backend",
        "serving_engine",
        "runtime",
        "inference_engine",
    ),
    "chips": (
        "num_gpus",
        "gpus",
        "gpu_count",
        "n_gpus",
        "total_gpus",
        "num_chips",
    ),
    "tensor_parallel": (
        "tp",
        "tp_size",
        "tensor_parallel_size",
    ),
    "data_parallel": (
        "dp",
        "dp_size",
        "data_parallel_size",
    ),
    "expert_parallel": (
        "ep",
        "ep_size",
        "expert_parallel_size",
    ),
    "pipeline_parallel": (
        "pp",
        "pp_size",
        "pipeline_parallel_size",
    ),
    "input_tokens": (
        "isl",
        "input_len",
        "input_length",
        "random_input_len",
        "prompt_len",
        "prompt_tokens",
        "mean_input_tokens",
    ),
    "output_tokens": (
        "osl",
        "output_len",
        "output_length",
        "random_output_len",
        "completion_tokens",
        "mean_output_tokens",
    ),
    "concurrency": (
        "max_concurrency",
        "conc",
        "num_concurrent",
        "concurrent_requests",
        "users",
    ),
    "request_rate": (
        "rps",
        "qps",
        "requests_per_second",
    ),
    "draft_tokens": (
        "num_speculative_tokens",
        "speculative_num_draft_tokens",
        "spec_tokens",
    ),
    "acceptance_length": (
        "accept_length",
        "spec_decode_acceptance_length",
    ),
    "cached_share": (
        "prefix_cache_hit_rate",
        "cache_hit_share",
    ),
    "kv_precision": ("kv_cache_dtype",),
    "memory_share": (
        "gpu_memory_utilization",
        "mem_fraction_static",
    ),
    RATE: (
        "output_throughput",
        "output_token_throughput",
        "measured_output_tokens_per_s",
    ),
    "output_tokens_per_s_per_chip_measured": (
        "measured_output_tokens_per_s_per_chip",
        "output_tok_s_per_gpu",
    ),
    "ttft_s_measured": (
        "measured_ttft_s",
        "mean_ttft_s",
    ),
    "tpot_s_measured": (
        "measured_tpot_s",
        "mean_tpot_s",
    ),
    "energy_j_per_output_token_measured": ("measured_energy_j_per_output_token",),
}
MILLISECONDS = {"mean_ttft_ms": "ttft_s_measured", "mean_tpot_ms": "tpot_s_measured"}
EXPERTS_SPREAD = "enable_expert_parallel"  # vLLM's switch: experts over all ranks
BLANK = ("", "nan", "none", "null", "n/a", "na", "-", "inf", "infinity")
GROUPED = re.compile(r"^\d{1,3}(?:[,' _]\d{3})+(?:\.\d+)?$")
THOUSANDS = re.compile(r"^(\d+(?:\.\d+)?)\s*([km])i?$", re.IGNORECASE)
WORD_FIRST = re.compile(r"^[a-z]+[\s=_-]*(\d+(?:\.\d+)?)$", re.IGNORECASE)


def read_measurements(path: str | Path, options: Mapping[str, object]) -> pd.DataFrame:
    """The table of points in a file, or on standard input (`-`), with what was measured; one row a
    point, order kept.

    The file is a CSV (comma, semicolon or tab) or a result of `vllm bench serve`,
    `sglang.bench_serving`, genai-perf, AIPerf or GuideLLM. `options` give columns that it does not
    say; a column of the file wins where it is not blank. Added is `note`: what was assumed of the
    layout. Raises MeasurementFault, with file, row and column.
    """
    name = file_name(path)
    text = read_text(path)
    if text.lstrip()[:1] in ("{", "["):
        rows = read_json(text.lstrip("\ufeff"), name)
        table = pd.DataFrame(rows, index=range(1, len(rows) + 1), dtype=object)
        counted = "result"
    elif is_metric_csv(text):
        table = pd.DataFrame(read_metric_csv(text, name), index=[1], dtype=object)
        counted = "result"
    else:
        table, counted = read_table(text, name), "row"
    table = _with_options(_renamed(table, name), options, name)
    numbers = _numbers(table, name, counted)
    return _laid_out(numbers, name, counted).reset_index(drop=True)


def _renamed(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The table with its columns called as here, seconds instead of milliseconds; what is not known
    keeps its name.
    """
    known = {
        column: column
        for column in (*NAMES, *NUMBERS, RATE, *(f"{each}_measured" for each in MEASURED))
    }
    for column, others in OTHER_NAMES.items():
        known |= dict.fromkeys(others, column)
    renamed: dict[str, str] = {}
    for column in table:
        plain = re.sub(r"[\s-]+", "_", str(column).strip().lower())
        meaning = MILLISECONDS.get(plain) or known.get(plain)
        if meaning and meaning not in table and meaning not in renamed.values():
            renamed[column] = meaning
        elif meaning == plain and column != plain:
            raise MeasurementFault(f"{name}, row 1: columns {column} and {meaning} mean the same")
    factors = [column for column, meaning in renamed.items() if _plain(column) in MILLISECONDS]
    for column in factors:
        table[column] = [_scaled(cell) for cell in table[column]]
    return table.rename(columns=renamed)


def _plain(column: str) -> str:
    return re.sub(r"[\s-]+", "_", str(column).strip().lower())


def _scaled(cell: object) -> object:
    """Milliseconds as seconds; what is no number stays, and is said later."""
    try:
        return float(str(cell)) / 1000
    except ValueError:
        return cell


def _is_blank(cell: object) -> bool:
    return cell is None or str(cell).strip().lower() in BLANK


def _with_options(table: pd.DataFrame, options: Mapping[str, object], name: str) -> pd.DataFrame:
    """The table with its blanks filled from the options. Raises MeasurementFault where a column
    stays unsaid.
    """
    given = {key: value for key, value in options.items() if not _is_blank(value)}
    for column, value in given.items():
        if column not in table:
            table[column] = value
        else:
            table[column] = [value if _is_blank(cell) else cell for cell in table[column]]
    for column, example in REQUIRED.items():
        if column == "concurrency" and _is_said(table, "request_rate"):
            continue
        if column == "chips" and (_is_said(table, "tensor_parallel") or _names_chips(table)):
            continue
        if not _is_said(table, column):
            also = " (or `request_rate`)" if column == "concurrency" else ""
            raise MeasurementFault(
                f"{name} does not say `{column}`{also}; add a column of that name, "
                f"or give it as an option: {example}"
            )
    return table


def _is_said(table: pd.DataFrame, column: str) -> bool:
    return column in table and not all(_is_blank(cell) for cell in table[column])


def _names_chips(table: pd.DataFrame) -> bool:
    return "accelerator" in table and all(
        read_accelerator(str(each)).chips_count for each in table["accelerator"]
    )


def _numbers(table: pd.DataFrame, name: str, counted: str) -> pd.DataFrame:
    """The table with numbers where numbers belong. Raises MeasurementFault that names each cell
    that is none.
    """
    faults: list[str] = []
    columns = [*NUMBERS, RATE, *(f"{each}_measured" for each in MEASURED)]
    for column in columns:
        if column not in table:
            continue
        values = []
        for row, cell in table[column].items():
            value, wrong = _read_number(cell)
            if wrong:
                faults.append(f"{counted} {row}, column {column}: {str(cell)[:40]!r} {wrong}")
            values.append(value)
        table[column] = values
    if faults:
        raise MeasurementFault(f"{name}, {list_faults(faults)}")
    for column in NAMES:
        if column in table:
            table[column] = ["" if _is_blank(cell) else str(cell).strip() for cell in table[column]]
    return table


def _read_number(cell: object) -> tuple[float, str]:
    """A cell as a number, NaN where it is blank; and what is wrong with it, with what would do."""
    if isinstance(cell, bool):
        return math.nan, "is no number"
    if _is_blank(cell):
        return math.nan, ""
    text = str(cell).strip()
    try:
        value = float(text)
    except ValueError:
        return math.nan, _wrong_number(text)
    if "_" in text:  # Python reads 1_024
        return math.nan, _wrong_number(text)
    return value, ""


def _wrong_number(text: str) -> str:
    """Why a text is no number, and what to write instead where that is clear."""
    thousands = THOUSANDS.match(text)
    if thousands:
        factor = {"k": 1_000, "m": 1_000_000}[thousands[2].lower()]
        return f"is no plain number; write {float(thousands[1]) * factor:g}"
    if GROUPED.match(text):
        plain = re.sub("[,' _]", "", text)
        return f"is no plain number; write {plain}"
    if re.fullmatch(r"\d+,\d+", text):
        return f"is no plain number; write {text.replace(',', '.')}"
    word = WORD_FIRST.match(text)
    return f"is no plain number; write {word[1]}" if word else "is no number"


def _laid_out(table: pd.DataFrame, name: str, counted: str) -> pd.DataFrame:
    """The table with its chips and ranks filled in as far as they follow, rates per chip, and notes
    on both.
    """
    spread = _spread_experts(table, name, counted)
    notes: list[str] = []
    filled: dict[str, list[float]] = {column: [] for column in ("chips", *RANKS)}
    for row, cells in table.iterrows():
        chips, ranks, note = _row_layout(cells, spread.get(row, False))
        for column, value in zip(filled, (chips, *ranks), strict=True):
            filled[column].append(value)
        notes.append(note)
    for column, values in filled.items():
        table[column] = values
    if RATE in table:
        rates = pd.to_numeric(table.pop(RATE)) / table["chips"]
        column = "output_tokens_per_s_per_chip_measured"
        table[column] = (
            table[column].where(table[column].notna(), rates) if column in table else rates
        )
    for column in ("precision", "engine"):
        if column not in table:
            table[column] = ""
    earlier = [str(each) for each in table["note"]] if "note" in table else [""] * len(table)
    table["note"] = ["; ".join(filter(None, pair)) for pair in zip(earlier, notes, strict=True)]
    return table


def _row_layout(cells: pd.Series, spread: bool) -> tuple[float, list[float], str]:
    """Chips and ranks of a row: blank chips follow from the ranks or the name, blank ranks from the
    chips.
    """
    chips = _cell(cells, "chips")
    ranks = {column: _cell(cells, column) for column in RANKS}
    notes = []
    if math.isnan(chips):
        chips = read_accelerator(str(cells["accelerator"])).chips_count or math.nan
    tensor, data, pipeline = (
        ranks[column] for column in ("tensor_parallel", "data_parallel", "pipeline_parallel")
    )
    if math.isnan(chips) and tensor > 0:
        chips = tensor * (data if data > 0 else 1) * (pipeline if pipeline > 0 else 1)
        notes.append(f"chips not said: taken as its ranks, {chips:g}")
    disaggregated = str(cells.get("mode", "")).lower().startswith("disagg")
    if math.isnan(tensor) and math.isnan(data) and chips > 1 and not disaggregated:
        ranks["tensor_parallel"] = chips / (pipeline if pipeline > 0 else 1)
        notes.append(
            f"layout not said: taken as tensor parallel over {ranks['tensor_parallel']:g} chips"
        )
    if spread:
        ranks["expert_parallel"] = ranks["tensor_parallel"] * (data if data > 0 else 1)
    return chips, [ranks[column] for column in RANKS], "; ".join(notes)


def _cell(cells: pd.Series, column: str) -> float:
    value = cells.get(column, math.nan)
    return float(value) if isinstance(value, int | float) else math.nan


def _spread_experts(table: pd.DataFrame, name: str, counted: str) -> dict:
    """Rows in which vLLM's switch for expert parallelism is on."""
    column = next((each for each in table if _plain(each) == EXPERTS_SPREAD), None)
    if column is None:
        return {}
    words = {
        "true": True,
        "1": True,
        "yes": True,
        "on": True,
        "false": False,
        "0": False,
        "no": False,
        "off": False,
    }
    found = {}
    for row, cell in table[column].items():
        word = "" if _is_blank(cell) else str(cell).strip().lower()
        if word and word not in words:
            raise MeasurementFault(
                f"{name}, {counted} {row}, column {column}: {word[:40]!r} is neither true nor false"
            )
        found[row] = words.get(word, False)
    return found
