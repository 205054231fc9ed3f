"""Result files of the tools that measure serving, read into rows of points with what was measured.

`vllm bench serve` (JSON: one, a list, or JSON lines), `sglang.bench_serving` (JSON lines),
genai-perf and AIPerf (JSON, CSV), GuideLLM (JSON). A row has the columns of a point as far as the
file says them, and measured quantities under `<quantity>_measured`: a rate over all chips as
`output_tokens_per_s_measured`, mean seconds to the first token and per later token. Files of one
tool differ between its versions; each quantity is looked up where any of them has it.
"""

import csv
import io
import json
import math
from collections.abc import Mapping

from analysis.scenario.file_text import MeasurementFault

Row = dict[str, object]
MODEL_KEYS = (
    "model_id",
    "model",
    "model_name",
    "model_names",
    "models",
    "backend_model",
    "model_path",
)
DEPTH = 6  # how deep a configuration is searched
OPENAI = ("openai", "openai-chat", "openai-comp", "openai-completions", "vllm", "vllm-chat", "")
GENAI_PERF = {  # metrics of genai-perf and AIPerf
    "output_tokens_per_s_measured": "output_token_throughput",
    "ttft_s_measured": "time_to_first_token",
    "tpot_s_measured": "inter_token_latency",
    "latency_s": "request_latency",
    "requests_per_s": "request_throughput",
    "input_tokens": "input_sequence_length",
    "output_tokens": "output_sequence_length",
}
GUIDELLM = {
    "output_tokens_per_s_measured": ("output_tokens_per_second", 1.0),
    "ttft_s_measured": ("time_to_first_token_ms", 1e-3),
    "tpot_s_measured": ("inter_token_latency_ms", 1e-3),
    "requests_per_s": ("requests_per_second", 1.0),
    "input_tokens": ("prompt_token_count", 1.0),
    "output_tokens": ("output_token_count", 1.0),
    "concurrency": ("request_concurrency", 1.0),
}
SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "sec": 1.0, "seconds": 1.0}
NOTHING_MEASURED = (
    "holds no result that is known here: expected one of `vllm bench serve`, "
    "`sglang.bench_serving`, genai-perf, AIPerf or GuideLLM, or rows with the columns of a point"
)
TIMES = ("ttft_s_measured", "tpot_s_measured", "latency_s")


def read_json(text: str, name: str) -> list[Row]:
    """The rows of a JSON text: one result, a list of them, or several one after the other (JSON
    lines).
    """
    rows = []
    for number, document in enumerate(_documents(text, name), 1):
        results = document if isinstance(document, list) else [document]
        for place, result in enumerate(results, 1):
            where = f"{name}, result {number if not isinstance(document, list) else place}"
            if not isinstance(result, dict):
                raise MeasurementFault(f"{where}: is {json.dumps(result)[:40]}, no object")
            rows += _result_rows(result, where)
    if not rows:
        raise MeasurementFault(f"{name} {NOTHING_MEASURED}")
    return rows


def _documents(text: str, name: str) -> list:
    """JSON values that stand one after the other. Raises MeasurementFault with line and column of a
    fault.
    """
    decoder, found, place = json.JSONDecoder(), [], 0
    while place < len(text):
        if text[place] in " \t\r\n,":
            place += 1
            continue
        try:
            document, place = decoder.raw_decode(text, place)
        except json.JSONDecodeError as fault:
            line = f"row {fault.lineno}, column {fault.colno}"
            raise MeasurementFault(f"{name}, {line}: is no JSON ({fault.msg})") from None
        except (RecursionError, ValueError) as fault:
            raise MeasurementFault(f"{name}: is no JSON that can be read ({fault})") from None
        found.append(document)
    return found


def _result_rows(result: Mapping, where: str) -> list[Row]:
    """The rows of one result, by the tool that wrote it."""
    if isinstance(result.get("benchmarks"), list):
        rows = [_guidellm_row(each, result, where) for each in result["benchmarks"]]
        if not rows:
            raise MeasurementFault(f"{where}: holds no benchmark")
        return rows
    nested = result.get("records")
    metrics = {**result, **nested} if isinstance(nested, dict) else result
    if any(isinstance(metrics.get(key), dict) for key in GENAI_PERF.values()):
        return [_genai_perf_row(metrics, where)]
    if "output_throughput" in result or "mean_ttft_ms" in result or "request_throughput" in result:
        return [_bench_row(result, where)]
    scalars = {key: value for key, value in result.items() if not isinstance(value, dict | list)}
    if not scalars:
        raise MeasurementFault(f"{where} {NOTHING_MEASURED}")
    return [dict(scalars)]  # a row with the columns of a point


def _number(value: object, where: str, key: str) -> float:
    """A JSON number as a float, NaN where there is none. Raises MeasurementFault for anything
    else.
    """
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise MeasurementFault(f"{where}, column {key}: {str(value)[:40]!r} is no number")
    try:
        return float(value)
    except (ValueError, OverflowError):
        raise MeasurementFault(f"{where}, column {key}: {str(value)[:40]!r} is no number") from None


def _bench_row(result: Mapping, where: str) -> Row:
    """A result of `vllm bench serve` or of `sglang.bench_serving`."""

    def value(*keys: str) -> float:
        return next(
            (_number(result[key], where, key) for key in keys if result.get(key) is not None),
            math.nan,
        )

    completed = value("completed", "num_prompts")
    row: Row = {
        "model": _search(result, MODEL_KEYS, str) or "",
        "engine": _bench_engine(result),
        "input_tokens": _ratio(value("total_input_tokens"), completed),
        "output_tokens": _ratio(value("total_output_tokens"), completed),
        "output_tokens_per_s_measured": value("output_throughput"),
        "ttft_s_measured": value("mean_ttft_ms") / 1000,
        "tpot_s_measured": value("mean_tpot_ms", "mean_itl_ms") / 1000,
        "requests_per_s": value("request_throughput"),
        "latency_s": value("mean_e2el_ms", "mean_e2e_latency_ms") / 1000,
        "concurrency": value("concurrency"),
        "concurrency_limit": value("max_concurrency"),
        "acceptance_length": value("spec_decode_acceptance_length", "accept_length"),
    }
    for column, keys in SERVER_KEYS.items():
        row[column] = _search(result, keys, (int, float, str))
    if completed == 0:
        raise MeasurementFault(f"{where}, column completed: no request was completed")
    return _in_flight(row)


SERVER_KEYS = {  # what a result may carry of its server, as metadata or server_info
    "accelerator": ("accelerator", "gpu", "gpu_name", "device_name", "hardware"),
    "precision": ("precision", "quantization"),
    "chips": ("chips", "num_gpus", "gpu_count"),
    "tensor_parallel": ("tensor_parallel", "tensor_parallel_size", "tp_size", "tp"),
    "data_parallel": ("data_parallel", "data_parallel_size", "dp_size", "dp"),
    "expert_parallel": ("expert_parallel", "expert_parallel_size", "ep_size", "ep"),
    "pipeline_parallel": ("pipeline_parallel", "pipeline_parallel_size", "pp_size", "pp"),
}


def _bench_engine(result: Mapping) -> str:
    """The engine that a bench result names; its own tool's where it names an interface only."""
    backend = str(result.get("backend") or result.get("endpoint_type") or "").lower()
    sglang = "total_output_tokens_retokenized" in result or "sharegpt_output_len" in result
    if backend in OPENAI and not (sglang and backend == "vllm"):
        return "sglang" if sglang else "vllm"
    return (
        backend.removesuffix("-oai-chat")
        .removesuffix("-oai")
        .removesuffix("-native")
        .removesuffix("-chat")
    )


def _genai_perf_row(metrics: Mapping, where: str) -> Row:
    """A result of genai-perf or AIPerf: metrics as objects with a unit and an average."""
    row: Row = {"model": _search(metrics.get("input_config"), MODEL_KEYS, str) or ""}
    for column, key in GENAI_PERF.items():
        metric = metrics.get(key)
        if not isinstance(metric, dict):
            continue
        average = _number(metric.get("avg", metric.get("mean")), where, key)
        factor = _seconds(metric.get("unit"), where, key) if column in TIMES else 1.0
        row[column] = average * factor
    limit = _search(metrics.get("input_config"), ("concurrency",), (int, float))
    row["concurrency_limit"] = _number(limit, where, "concurrency")
    return _in_flight(row)


def _seconds(unit: object, where: str, key: str) -> float:
    """How many seconds a printed unit of time is; genai-perf prints milliseconds where it prints
    none.
    """
    if unit in (None, ""):
        return SECONDS["ms"]
    if str(unit).lower() not in SECONDS:
        raise MeasurementFault(f"{where}, column {key}: unit {str(unit)[:20]!r} is no unit of time")
    return SECONDS[str(unit).lower()]


def _guidellm_row(benchmark: object, report: Mapping, where: str) -> Row:
    """One benchmark of a GuideLLM report."""
    if not isinstance(benchmark, dict) or not isinstance(benchmark.get("metrics"), dict):
        raise MeasurementFault(f"{where}: a benchmark without metrics")
    row: Row = {
        "model": _search(benchmark, MODEL_KEYS, str) or _search(report, MODEL_KEYS, str) or ""
    }
    for column, (key, factor) in GUIDELLM.items():
        mean = _successful_mean(benchmark["metrics"].get(key))
        row[column] = _number(mean, where, key) * factor
    return _in_flight(row)


def _successful_mean(metric: object) -> object:
    """The mean over the requests that succeeded; None where the report has none."""
    if not isinstance(metric, dict):
        return None
    successful = metric.get("successful", metric.get("completed"))
    return successful.get("mean") if isinstance(successful, dict) else None


def is_metric_csv(text: str) -> bool:
    """Whether a text is the CSV of genai-perf or AIPerf: a row a metric."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    cells = [cell.strip().strip('"').lower() for cell in first.split(",")]
    return cells[0] == "metric" and len(cells) > 1


def read_metric_csv(text: str, name: str) -> list[Row]:
    """The one row of a genai-perf or AIPerf CSV: metrics with their averages, then metrics with one
    value.
    """
    metrics: dict[str, dict] = {}
    header: list[str] = []
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                continue
            if cells[0] == "Metric":
                header = [cell.lower() for cell in cells]
                continue
            place = next(
                (header.index(key) for key in ("avg", "mean", "value") if key in header), 0
            )
            if not place or place >= len(cells):
                continue  # a section of another kind: telemetry of boards
            label, _, unit = cells[0].partition("(")
            key = label.strip().lower().replace(" ", "_").replace("-", "_")
            number = cells[place].replace(",", "") or None
            metrics.setdefault(key, {"avg": number, "unit": unit.rstrip(") ").lower()})
    except csv.Error as fault:
        raise MeasurementFault(
            f"{name}, row {reader.line_num}: is no row of a table ({fault})"
        ) from None
    if not any(key in metrics for key in GENAI_PERF.values()):
        raise MeasurementFault(f"{name} {NOTHING_MEASURED}")
    return [_genai_perf_row(metrics, name)]


def _in_flight(row: Row) -> Row:
    """The row with the mean number of requests in flight: as measured, by Little's law, or the
    limit that was set.

    Little's law: requests in flight are requests a second times the seconds of one. A request lasts
    the time to its first token and that of each later one, where its own time is not in the file.
    """
    ttft, tpot = _float(row, "ttft_s_measured"), _float(row, "tpot_s_measured")
    latency = _float(row, "latency_s")
    if math.isnan(latency):
        latency = ttft + tpot * (_float(row, "output_tokens") - 1)
    little = _float(row, "requests_per_s") * latency
    limit = _float(row, "concurrency_limit")
    measured = _float(row, "concurrency")
    row["concurrency"] = next((each for each in (measured, little, limit) if each > 0), math.nan)
    for column in ("concurrency_limit", "latency_s", "requests_per_s"):
        row.pop(column, None)
    return row


def _float(row: Row, column: str) -> float:
    value = row.get(column)
    return float(value) if isinstance(value, int | float) else math.nan


def _ratio(total: float, count: float) -> float:
    return total / count if count > 0 else math.nan


def _search(data: object, keys: tuple[str, ...], kinds: type | tuple[type, ...]) -> object:
    """The first value of a kind under any of the keys, the outermost first; None where there is
    none.
    """
    layer = [data]
    for _ in range(DEPTH):
        for each in layer:
            if not isinstance(each, dict):
                continue
            for key in keys:
                value = _innermost(each.get(key))
                if isinstance(value, kinds) and not isinstance(value, bool) and value != "":
                    return value
        inner: list[object] = []
        for each in layer:
            if isinstance(each, dict):
                inner += each.values()
            elif isinstance(each, list):
                inner += each
        layer = [each for each in inner if isinstance(each, dict | list)]
    return None


def _innermost(value: object) -> object:
    """The value itself, or the first of a list, or its name: AIPerf writes models as items."""
    if isinstance(value, dict) and "items" in value:
        value = value["items"]
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict) and "name" in value:
        value = value["name"]
    return value
