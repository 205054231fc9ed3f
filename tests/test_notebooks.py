"""The notebooks run by the tools' own ways: papermill with a scenario or with overrides, and
nbconvert.

pytest --nbval-lax notebooks runs each with its defaults and compares the checked headline; `make
test` includes it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.press.markup import plain

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
HEADLINE = "application/vnd.passthrough.headline+json"
NUMBERS = "application/vnd.passthrough.numbers+json"
TABLE = "application/vnd.passthrough.table+json"


def takes_scenario(name: str) -> bool:
    cells = json.loads((ROOT / f"notebooks/{name}.ipynb").read_text())["cells"]
    return any(
        "parameters" in c["metadata"].get("tags", []) and "scenario:" in "".join(c["source"])
        for c in cells
    )


PER_SCENARIO = [name for name in NOTEBOOKS if takes_scenario(name)]


def run(*words, cwd=ROOT) -> str:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", *map(str, words)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout


def papermill(notebook: str, tmp_path: Path, *words) -> dict:
    out = tmp_path / "out.ipynb"
    run("papermill", f"notebooks/{notebook}.ipynb", out, *words, "--no-progress-bar")
    return json.loads(out.read_text())


def shown(nb: dict, kind: str) -> list:
    outputs = [
        output for cell in nb["cells"] if cell["cell_type"] == "code" for output in cell["outputs"]
    ]
    return [output["data"][kind] for output in outputs if kind in output.get("data", {})]


def faults(nb: dict) -> list:
    outputs = [
        output for cell in nb["cells"] if cell["cell_type"] == "code" for output in cell["outputs"]
    ]
    return [o for o in outputs if o["output_type"] == "error" or o.get("name") == "stderr"]


def kept_headline(name: str) -> list:
    return shown(json.loads((ROOT / f"notebooks/{name}.ipynb").read_text()), HEADLINE)


def test_three_notebooks_take_a_scenario():
    assert set(PER_SCENARIO) >= {"efficiency", "cost", "rollout"}


@pytest.mark.parametrize("name", PER_SCENARIO)
def test_the_committed_notebook_holds_its_headline_for_nbval_to_compare(name):
    (record,) = kept_headline(name)
    assert record["headline"]
    assert {"value", "low", "high", "unit", "verdict"} <= set(record)


@pytest.mark.parametrize("name", ["efficiency", "cost", "rollout"])
def test_the_readme_says_what_the_notebooks_say(name):
    """Both are renewed by `make headlines`."""
    assert plain(kept_headline(name)[0]["headline"]) in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", PER_SCENARIO)
def test_plain_papermill_runs_a_notebook_for_another_scenario(name, tmp_path):
    nb = papermill(name, tmp_path, "-p", "scenario", "hopper")
    (record,) = shown(nb, HEADLINE)
    assert faults(nb) == []
    assert record["headline"] not in [kept["headline"] for kept in kept_headline(name)]
    rows = ends_of_answers(nb) if name == "sweep" else ends_to_take_away(nb)
    assert rows
    assert all(low <= mid <= high for low, mid, high in rows)


def ends_to_take_away(nb: dict) -> list[tuple]:
    """P10, P50 and P90 of every number that a page offers to take away."""
    tables = shown(nb, NUMBERS)
    return [(row["low"], row["mid"], row["high"]) for table in tables for row in table["rows"]]


def ends_of_answers(nb: dict) -> list[tuple]:
    """P10, P50 and P90 of the cost of every act in a sweep's table of answers."""
    (table,) = shown(nb, TABLE)
    columns = [f"cost_ratio_{end}" for end in ("low", "mid", "high")]
    places = [table["columns"].index(column) for column in columns]
    return [tuple(row[place] for place in places) for row in table["rows"]]


def test_plain_papermill_takes_overrides(tmp_path):
    nb = papermill(
        "cost",
        tmp_path,
        "-y",
        "overrides: {workload.output_tokens: 4096, budget.usd_per_year: 20000000}",
    )
    (record,) = shown(nb, HEADLINE)
    assert record["headline"] not in [kept["headline"] for kept in kept_headline("cost")]


def test_plain_papermill_takes_overrides_as_json_text(tmp_path):
    nb = papermill("cost", tmp_path, "-p", "overrides", '{"workload.output_tokens": 512}')
    (record,) = shown(nb, HEADLINE)
    assert record["headline"] not in [kept["headline"] for kept in kept_headline("cost")]


def test_papermill_refuses_overrides_that_are_no_json(tmp_path):
    with pytest.raises(AssertionError, match="expected JSON such as"):
        papermill("cost", tmp_path, "-p", "overrides", "workload.output_tokens: 512")


def test_papermill_refuses_the_sections_of_a_scenario_file_as_parameters(tmp_path):
    """Else the notebook would run with its default, and nobody would be told."""
    with pytest.raises(AssertionError, match="name the file instead: papermill"):
        papermill("cost", tmp_path, "-f", "params/hopper.yml")


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_papermill_says_what_each_parameter_is(name):
    words = " ".join(run("papermill", "--help-notebook", f"notebooks/{name}.ipynb").split())
    assert "overrides: dict (default {}) " in words
    assert "Unknown type" not in words
    if name in PER_SCENARIO:
        assert 'scenario: str (default "article") a name in params/' in words


def test_papermill_refuses_a_scenario_that_is_not_there(tmp_path):
    with pytest.raises(AssertionError, match="did you mean 'article'"):
        papermill("efficiency", tmp_path, "-p", "scenario", "articel")


def test_nbconvert_executes_a_notebook_from_where_it_lies(tmp_path):
    name = "efficiency"
    words = [
        "--to",
        "notebook",
        "--execute",
        f"notebooks/{name}.ipynb",
        "--output-dir",
        tmp_path,
        "--output",
        "out",
    ]
    run("jupyter", "nbconvert", *words)
    nb = json.loads((tmp_path / "out.ipynb").read_text())
    assert faults(nb) == []
    assert shown(nb, HEADLINE)[0]["headline"] == kept_headline(name)[0]["headline"]
