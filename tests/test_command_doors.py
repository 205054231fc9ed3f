"""What commands take from a shell and hand to a spreadsheet: a fault is a sentence, a cell no
formula.
"""

import csv
import io
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from analysis.__main__ import app
from analysis.press.harmless_cells import harmless
from analysis.scenario.draw_count import FEWEST, MOST, USUAL, stated_draws
from analysis.scenario.errors import ScenarioError

ROOT = Path(__file__).parents[1]
FORMULAS = ("=cmd|' /C calc'!A0", "+1+cmd", "@x", "-x", " =1", "\t=1", "-1+1", "+1_0")
NUMBERS = ("-1.5", "+2", "-1e3", "3")


@pytest.mark.parametrize("command", ["report", "register"])
@pytest.mark.parametrize("stated", ["abc", "", "0", "1.5", "-5", "8", "1e3", "99999999999", "٣٤"])
def test_draws_of_the_environment_that_are_none_are_a_sentence(command, stated, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "analysis", command, "article", "--output", str(tmp_path / "made")],
        env={**os.environ, "PASSTHROUGH_DRAWS": stated},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line == (
        "PASSTHROUGH_DRAWS in the environment: expected a whole number of draws from 16 to 65,536, "
        f"found {stated!r}"
    )
    assert not (tmp_path / "made").exists()


def test_draws_of_the_environment_are_read_as_they_stand(monkeypatch):
    monkeypatch.delenv("PASSTHROUGH_DRAWS", raising=False)
    assert stated_draws() == USUAL
    for count in (FEWEST, 256, MOST):
        monkeypatch.setenv("PASSTHROUGH_DRAWS", str(count))
        assert stated_draws() == count
    monkeypatch.setenv("PASSTHROUGH_DRAWS", str(MOST + 1))
    with pytest.raises(ScenarioError, match="found '65537'"):
        stated_draws()


def test_only_what_a_spreadsheet_would_run_is_quoted():
    made = harmless(pd.DataFrame({"=a": [*FORMULAS, *NUMBERS], "b": range(12), "c": -1.5}))
    assert list(made) == ["'=a", "b", "c"]
    assert made["'=a"].tolist() == [*(f"'{text}" for text in FORMULAS), *NUMBERS]
    assert made[["b", "c"]].dtypes.map(pd.api.types.is_numeric_dtype).all()


PREDICT = (
    "predict",
    "accelerator,model,precision,chips,input_tokens,output_tokens,concurrency",
    "b200,deepseek-r1,fp8,8,1024,1024,32",
)
BEST = (
    "best",
    "accelerator,model,precision,chips,input_tokens,output_tokens,tokens_per_s_per_user",
    "b200,deepseek-r1,fp8,8,1024,1024,30",
)


@pytest.mark.parametrize(("command", "heads", "cells"), [PREDICT, BEST])
def test_no_cell_that_passes_through_a_command_is_run(command, heads, cells, tmp_path):
    path, texts = tmp_path / "rows.csv", [*FORMULAS, *NUMBERS]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*heads.split(","), "=head", "note-of-mine"])
        writer.writerows([*cells.split(","), text, "x"] for text in texts)
    done = CliRunner().invoke(app, [command, str(path)])
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    shown = [row["'=head"] for row in rows]
    assert shown == [*(f"'{text.strip()}" for text in FORMULAS), *NUMBERS]


def test_no_name_that_is_listed_is_run(monkeypatch):
    rows = pd.DataFrame({"model": ["=cmd", "b"], "tokens": [-1.0, 2.0]})
    monkeypatch.setattr("analysis.models", lambda: rows)
    done = CliRunner().invoke(app, ["list", "models"])
    assert done.stdout == "model,tokens\n'=cmd,-1\nb,2\n"
