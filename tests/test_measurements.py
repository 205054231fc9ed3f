"""Files that users bring: results of tools that measure serving, tables, and broken ones."""

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.model import predict
from analysis.model.predict import prediction_errors
from analysis.scenario.file_text import MeasurementFault
from analysis.scenario.measurements import read_measurements

DATA = Path(__file__).parent / "data"
ROOT = Path(__file__).parents[1]
CHIP = {"accelerator": "H100", "chips": 8}
POINT = (
    "accelerator,model,precision,engine,chips,tensor_parallel,expert_parallel,data_parallel,"
    "input_tokens,output_tokens,concurrency\n"
)
ROW = "H100,Qwen3-32B,fp8,vllm,8,8,1,1,1024,512,64\n"


@pytest.fixture
def write(tmp_path):
    def writer(content, name="points.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return writer


# What each tool measured, by hand from its file: the model and engine it names, tokens in and out,
# and (tokens/s over all chips, TTFT s, TPOT s, requests in flight).
QWEN, LLAMA = "Qwen/Qwen3-32B-FP8", "meta-llama/Llama-3.1-8B-Instruct"
GPT, MISTRAL = "openai/gpt-oss-120b", "mistralai/Mistral-7B-Instruct-v0.3"


@pytest.mark.parametrize(
    ("file", "model", "engine", "tokens", "measured"),
    [
        ("vllm_bench.json", QWEN, "vllm", (1024, 512), (1075.066, 1.2105, 0.0564, 63.06)),
        ("vllm_bench.jsonl", QWEN, "vllm", (1024, 512), (1075.066, 1.2105, 0.0564, 63.06)),
        ("sglang_bench.jsonl", "given", "sglang", (1024, 512), (851.559, 0.3108, 0.0177, 15.55)),
        ("genai_perf.json", LLAMA, "", (200, 512), (368.6, 0.2604, 0.0265, 9.936)),
        ("genai_perf.csv", "given", "", (200, 512), (368.6, 0.2604, 0.0265, 9.936)),
        ("aiperf.json", GPT, "", (1024, 512), (1587.2, 0.3502, 0.01879, 30.845)),
        ("aiperf.csv", "given", "", (1024, 512), (1587.2, 0.3502, 0.01879, 30.845)),
        ("guidellm.json", MISTRAL, "", (512, 256), (440.32, 0.045, 0.0089, 3.6)),
    ],
)
def test_results_of_each_tool_are_read_as_it_writes_them(file, model, engine, tokens, measured):
    row = read_measurements(DATA / file, {**CHIP, "model": "given"}).iloc[0]
    assert (row["model"], row["engine"]) == (model, engine)
    assert (row["input_tokens"], row["output_tokens"]) == tokens
    found = (
        row["output_tokens_per_s_per_chip_measured"] * 8,
        row["ttft_s_measured"],
        row["tpot_s_measured"],
        row["concurrency"],
    )
    assert found == pytest.approx(measured, rel=1e-3)


@pytest.mark.parametrize("file", ["vllm_bench.jsonl", "sglang_bench.jsonl", "guidellm.json"])
def test_files_of_several_results_give_a_row_each(file):
    table = read_measurements(DATA / file, {**CHIP, "model": "Qwen3-32B"})
    assert len(table) == 2
    assert table["concurrency"].nunique() == 2


def test_one_result_a_list_and_lines_are_the_same(write):
    lines = (DATA / "vllm_bench.jsonl").read_text()
    results = [json.loads(line) for line in lines.splitlines()]
    listed = read_measurements(write(json.dumps(results), "all.json"), CHIP)
    indented = "\n".join(json.dumps(each, indent=2) for each in results)
    apart = read_measurements(write(indented, "all.jsonl"), CHIP)
    pd.testing.assert_frame_equal(listed, apart)
    pd.testing.assert_frame_equal(listed, read_measurements(DATA / "vllm_bench.jsonl", CHIP))


def test_measured_values_give_the_error_table():
    answered = predict(read_measurements(DATA / "vllm_bench.json", CHIP))
    assert list(answered["reason"]) == [""]
    errors = prediction_errors(answered).set_index("quantity")
    assert list(errors.index) == ["output_tokens_per_s_per_chip", "ttft_s", "tpot_s"]
    assert (errors["answered"] == 1).all()
    assert "tensor parallel over 8" in answered["note"].iloc[0]


@pytest.mark.parametrize("file", ["points_semicolon.csv", "points.tsv"])
def test_tables_are_read_with_any_separator(write, file):
    table = read_measurements(DATA / file, {})
    assert list(table["chips"]) == [8, 1]
    assert list(table["team"]) == ["blue", "red"]  # what is not known passes through
    comma = (DATA / file).read_text().replace(";", ",").replace("\t", ",")
    pd.testing.assert_frame_equal(table, read_measurements(write(comma), {}))


def test_columns_as_engines_call_them_mean_the_same():
    table = read_measurements(DATA / "vllm_columns.csv", {})
    assert list(table["tensor_parallel"]) == [8, 4]
    assert list(table["expert_parallel"].fillna(1)) == [8, 1]  # vLLM's switch: over all ranks
    assert table["ttft_s_measured"].iloc[0] == pytest.approx(0.6402)
    assert table["output_tokens_per_s_per_chip_measured"].iloc[0] == pytest.approx(4120.5 / 8)


def test_a_spreadsheet_s_utf_16_and_marks_are_read(write):
    plain = read_measurements(write(POINT + ROW), {})
    for encoding in ("utf-16", "utf-8-sig", "utf-32"):
        tabs = (POINT + ROW).replace(",", "\t").replace("\n", "\r\n")
        pd.testing.assert_frame_equal(plain, read_measurements(write(tabs.encode(encoding)), {}))


def test_options_fill_what_a_file_does_not_say_and_change_nothing_it_does(write):
    path = write(POINT.replace("concurrency", "team") + ROW.replace("64", "blue"))
    table = read_measurements(path, {"concurrency": 16, "precision": "bf16", "model": None})
    assert table["concurrency"].iloc[0] == 16
    assert table["precision"].iloc[0] == "fp8"


def test_chips_and_layout_follow_where_they_are_not_said(write):
    def layout(accelerator, chips, tensor):
        header = "accelerator,model,chips,tensor_parallel,input_tokens,output_tokens,concurrency\n"
        path = write(f"{header}{accelerator},Qwen3-8B,{chips},{tensor},128,128,1\n")
        row = read_measurements(path, {}).iloc[0]
        return row["chips"], row["tensor_parallel"], bool(row["note"])

    assert layout("8xH100", "", "") == (8, 8, True)
    assert layout("H100", "4", "") == (4, 4, True)
    assert layout("H100", "", "2") == (2, 2, True)
    assert layout("H100", "4", "2") == (4, 2, False)


@pytest.mark.parametrize("column", ["accelerator", "model", "chips", "input_tokens", "concurrency"])
def test_a_missing_column_is_one_sentence_with_file_column_and_what_would_do(write, column):
    names = POINT.strip().split(",")
    kept = [place for place, name in enumerate(names) if name not in (column, "tensor_parallel")]
    lines = [
        ",".join(line.split(",")[place] for place in kept) for line in (POINT.strip(), ROW.strip())
    ]
    with pytest.raises(MeasurementFault) as fault:
        read_measurements(write("\n".join(lines)), {})
    told = str(fault.value)
    assert "points.csv" in told
    assert f"`{column}`" in told
    assert "--" + column.replace("_", "-") in told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("cell", "hint"),
    [
        ('"1,024"', "write 1024"),
        ("1k", "write 1000"),
        ("1.5K", "write 1500"),
        ("TP1", "write 1"),
        ("tp=8", "write 8"),
        ("true", "is no number"),
        ("eight", "is no number"),
        ("1_024", "write 1024"),
        ('"0,5"', "write 0.5"),
    ],
)
def test_what_is_no_plain_number_names_row_and_column(write, cell, hint):
    path = write(POINT + ROW + ROW.replace(",1024,", f",{cell},"))
    with pytest.raises(MeasurementFault, match=r"points\.csv, row 3, column input_tokens") as fault:
        read_measurements(path, {})
    assert hint in str(fault.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"  \n\n", "is empty"),
        (POINT.encode(), "no rows"),
        ((POINT + ROW + "H100,Qwen3-32B\n").encode(), "row 3 has 2 cells"),
        ((POINT + ROW.strip() + ",7\n").encode(), "row 2 has 12 cells"),
        ((POINT.strip() + ",chips\n" + ROW.strip() + ",8\n").encode(), "column chips stands twice"),
        ((POINT + ROW.replace("Qwen3-32B", "Qw\u00e9n")).encode("latin-1"), "row 2, column model"),
        ((POINT + ROW.replace("H100,", '"H100,')).encode(), "row 2: is no row of a table"),
        ((POINT + ROW.replace(",64", ',"64')).encode(), "row 2: is no row of a table"),
        ((POINT + ROW.replace("\n", ",\n")).encode(), "row 2 has 12 cells where the header has 11"),
        ((POINT + ROW).encode("utf-16-le"), "zero bytes"),
        ((POINT + ROW).encode("utf-16")[:-1], "cut short"),
        (bytes(range(256)), "no UTF-8"),
        (b'{"a": ', "row 1, column"),
        (b"[1, 2]", "no object"),
        (b"{}", "holds no result"),
        (b"[]", "holds no result"),
        (b'{"benchmarks": []}', "no benchmark"),
        (b'{"benchmarks": [1]}', "without metrics"),
        (b'{"output_throughput": [1], "model_id": "a"}', "column output_throughput"),
        (b'{"output_throughput": 1, "completed": 0}', "no request was completed"),
        (b'{"time_to_first_token": {"unit": "weeks", "avg": 1}}', "no unit of time"),
        (b"[" * 100000, "no JSON"),
        (b"Metric,avg\nNothing,1\n", "holds no result"),
    ],
)
def test_broken_files_are_told_in_words(write, content, told):
    with pytest.raises(MeasurementFault) as fault:
        read_measurements(write(content), {})
    assert told in str(fault.value)
    assert "points.csv" in str(fault.value)


# No traceback for any file: whatever it holds, a table comes out, or a fault in words.


GIVEN = CHIP | {"model": "Qwen3-8B", "input_tokens": 8, "output_tokens": 8, "concurrency": 1}


def read_or_fault(path, content):
    path.write_bytes(content)
    try:
        table = read_measurements(path, GIVEN)
    except MeasurementFault as told:
        fault = str(told)
    else:
        assert len(table) > 0
        assert predict(table)["reason"].notna().all()
        return
    assert str(path) in fault
    assert "\n" not in fault, "one sentence"


TOOLS = sorted(path.name for path in DATA.iterdir())
QUIET = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


PIECES = [b'"', b"{", b"]", b"null", b"\n", b"1e999", b",", b";", b"true", b"\xff", b"9" * 400]


@given(file=st.sampled_from(TOOLS), data=st.data())
@QUIET
def test_files_broken_anywhere_end_in_words(tmp_path, file, data):
    content = bytearray((DATA / file).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 40)))
        content[start:end] = data.draw(st.binary(max_size=12) | st.sampled_from(PIECES))
    read_or_fault(tmp_path / "broken", bytes(content))


@given(st.binary(max_size=300))
@QUIET
def test_any_bytes_end_in_words(tmp_path, content):
    read_or_fault(tmp_path / "bytes", content)


KEYS = ["benchmarks", "metrics", "records", "output_throughput", "mean_ttft_ms", "completed", "avg"]
KEYS += ["time_to_first_token", "unit", "input_config", "model", "tensor_parallel_size", "mean"]
KEYS += ["successful", "request_latency", "server_info", "items", "name"]
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(JSON)
@QUIET
def test_any_json_ends_in_words(tmp_path, document):
    read_or_fault(tmp_path / "json", json.dumps(document).encode())


CELL = ["", "8", "1,024", "1k", "TP1", "true", "H100", "nan", "-1", "1e400", '"', "é", "\t", "0"]
CELLS = st.sampled_from(CELL) | st.text(max_size=5)
COLUMN = [*POINT.strip().split(","), "gpu", "tp", "mean_ttft_ms", "enable_expert_parallel", "note"]
HEADERS = st.lists(st.sampled_from(COLUMN) | st.text(max_size=5), min_size=1, max_size=8)
ROWS = st.lists(st.lists(CELLS, max_size=9), max_size=4)


@given(HEADERS, ROWS, st.sampled_from(",;\t"))
@QUIET
def test_any_table_ends_in_words(tmp_path, header, rows, separator):
    lines = [separator.join(cells) for cells in [header, *rows]]
    read_or_fault(tmp_path / "table", "\n".join(lines).encode())


ENCODINGS = ["utf-8", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "shift-jis", "utf-7"]


@given(st.sampled_from(TOOLS), st.sampled_from(ENCODINGS), st.integers(0, 400), st.booleans())
@QUIET
def test_files_cut_off_in_any_encoding_end_in_words(tmp_path, file, encoding, kept, accent):
    text = (DATA / file).read_text() + "\u00e9" * accent
    content = text.encode(encoding, errors="replace")
    read_or_fault(tmp_path / "cut", content[: max(len(content) - kept, 0)])


@pytest.mark.parametrize("change", [str.upper, str.title, lambda name: f"  {name} "])
def test_headers_of_any_case_with_spaces_are_read(write, change):
    plain = read_measurements(write(POINT + ROW), {})
    header = ",".join(change(name) for name in POINT.strip().split(","))
    pd.testing.assert_frame_equal(plain, read_measurements(write(f"{header}\n{ROW}"), {}))
    spaced = read_measurements(write(POINT.replace("_", " ") + ROW), {})
    pd.testing.assert_frame_equal(plain, spaced)


@pytest.mark.parametrize(
    ("old", "new"),
    [(",8,8,1", ",7.5,8,1"), (",8,8,1", ",8,2.5,1"), (",512,", ",0.001,"), (",1024,", ",0.5,")],
)
def test_parts_of_chips_and_of_tokens_are_refused(write, old, new):
    table = read_measurements(write(POINT + ROW + ROW.replace(old, new, 1)), {})
    answered = predict(table)
    assert answered["reason"][0] == ""
    assert "whole numbers" in answered["reason"][1]
    assert np.isnan(answered["tpot_s"][1])


def test_rows_are_answered_alike_in_chunks_and_at_once(write, monkeypatch):
    """Chunks hold what a million rows need of memory down; see benchmarks/bench_predict.py."""
    module = sys.modules["analysis.model.predict"]
    rows = [ROW.replace(",64", f",{load}") for load in ("1", "64", "0", "256", "", "7")]
    table = read_measurements(write(POINT + "".join(rows)), {"request_rate": 2.0})
    table["reason"] = "an old one"
    at_once = predict(table)
    monkeypatch.setattr(module, "CHUNK", 2)
    pd.testing.assert_frame_equal(predict(table), at_once)
    assert list(at_once.columns[: len(table.columns) - 2]) == [
        name for name in table if name not in ("reason", "note")
    ]


@given(file=st.sampled_from(TOOLS), data=st.data())
@settings(QUIET, max_examples=60)
def test_broken_files_of_own_measurements_move_predictions_or_end_in_words(tmp_path, file, data):
    content = bytearray((DATA / file).read_bytes())
    start = data.draw(st.integers(0, len(content)))
    content[start : start + 3] = data.draw(st.binary(max_size=4) | st.sampled_from(PIECES))
    (tmp_path / "own").write_bytes(bytes(content))
    point = pd.DataFrame([{**GIVEN, "precision": "fp8", "engine": "vllm"}])
    try:
        answered = predict(point, measured=read_measurements(tmp_path / "own", GIVEN))
    except MeasurementFault as told:
        fault = str(told)
    else:
        assert np.isfinite(answered["tpot_s"][0])
        assert answered["tpot_s_p10"][0] <= answered["tpot_s_p90"][0]
        return
    assert "\n" not in fault


# The way in for a shell.


def command(*arguments, stdin=None):
    words = [sys.executable, "-m", "analysis", "predict", *map(str, arguments)]
    return subprocess.run(words, cwd=ROOT, capture_output=True, input=stdin, check=False)


def test_the_command_of_the_help_runs_as_printed():
    told = command(
        DATA / "vllm_bench.json", "--accelerator", "H100", "--chips", "1", "--precision", "fp8"
    )
    assert told.returncode == 0
    answered = pd.read_csv(io.BytesIO(told.stdout))
    assert answered["output_tokens_per_s_per_chip"].notna().all()
    assert b"inside_p10_p90" in told.stderr


def test_standard_input_is_a_file_too():
    told = command("-", stdin=(POINT + ROW).encode())
    assert told.returncode == 0
    assert len(pd.read_csv(io.BytesIO(told.stdout))) == 1


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"{", b"a;b\n1;2\n", bytes(range(200))])
def test_a_broken_file_is_a_sentence_and_exit_status_2(write, content):
    told = command(write(content))
    assert told.returncode == 2
    assert told.stderr.decode().count("\n") == 1
    assert b"Traceback" not in told.stderr


def test_a_file_that_is_not_there_is_a_sentence_and_exit_status_2(tmp_path):
    for path in (tmp_path / "none.csv", tmp_path):
        told = command(path)
        assert told.returncode == 2
        assert b"Traceback" not in told.stderr


# Little's law: requests in flight are requests a second times the seconds that each lasts.


def test_a_rate_of_arrival_gives_the_requests_in_flight():
    point = pd.read_csv(io.StringIO(POINT + ROW)).drop(columns="concurrency")
    rates = pd.concat(
        [point.assign(request_rate=rate) for rate in (0.01, 2.0, 8.0)], ignore_index=True
    )
    answered = predict(rates)
    assert list(answered["reason"]) == [""] * 3
    lasts = answered["ttft_s"] + answered["tpot_s"] * (answered["output_tokens"] - 1)
    np.testing.assert_allclose((answered["concurrency"] / lasts)[1:], [2.0, 8.0], rtol=1e-4)
    assert answered["concurrency"].iloc[0] == pytest.approx(1)
    stated = predict(rates.assign(concurrency=answered["concurrency"]).drop(columns="request_rate"))
    np.testing.assert_allclose(stated["tpot_s"], answered["tpot_s"], rtol=1e-6)


def test_more_arrivals_than_are_ever_finished_are_refused():
    point = (
        pd.read_csv(io.StringIO(POINT + ROW)).drop(columns="concurrency").assign(request_rate=1e6)
    )
    assert "more requests arrive" in predict(point)["reason"].iloc[0]
