"""The help of every command ends in an example, and each example runs as it is printed."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from analysis import __main__ as shell
from analysis.calibration import deviations
from analysis.scenario import scenario

ROOT = Path(__file__).parents[1]
COMMANDS = typer.main.get_command(shell.app).commands  # type: ignore[attr-defined]
CHEAP = ["check", "list", "explain", "predict", "best", "quotes", "register", "score", "schema"]
CHEAP += ["archive"]


def example(name: str) -> list[str]:
    """The example as the help prints it, wrapped as a terminal of 80 columns wraps it."""
    words = [sys.executable, "-m", "analysis", name, "--help"]
    shown = subprocess.run(words, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    (printed,) = re.findall(r"Example: python -m analysis (.*)$", " ".join(shown.split()))
    return shlex.split(printed)


def run(arguments: list[str]) -> str:
    words = [sys.executable, "-m", "analysis", *arguments]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_command_is_run_by_a_test_below():
    assert {*CHEAP, "report", "publish", "calibrate", "new"} == set(COMMANDS)


@pytest.mark.parametrize("name", CHEAP)
def test_the_example_runs_as_printed(name):
    words = example(name)
    assert words[0] == name
    told = run(words)
    assert told == "" if name == "check" else told.strip()


def test_a_report_is_made_and_published_as_printed():
    report, publish = example("report"), example("publish")
    run(report)
    site = ROOT / report[report.index("--output") + 1]
    assert (site / "article" / "cost.html").stat().st_size > 10_000
    assert publish[publish.index("--source") + 1] == str(site.relative_to(ROOT))
    assert "published" in " ".join(publish)
    assert run(publish).strip()
    assert (ROOT / publish[1] / "article" / "cost.html").exists()


def test_a_skeleton_is_begun_as_printed(monkeypatch, tmp_path):
    monkeypatch.setattr(scenario, "PARAMS", tmp_path)
    told = CliRunner().invoke(shell.app, example("new"))
    assert told.exit_code == 0, told.output
    (begun,) = tmp_path.glob("*.yml")
    assert begun.stem == example("new")[-1]


def test_the_example_of_calibrate_reaches_the_fit(monkeypatch):
    """The fit itself takes minutes and writes tables of the project."""
    fitted = []
    monkeypatch.setattr(deviations, "calibrate_deviations", lambda: fitted.append(True))
    told = CliRunner().invoke(shell.app, example("calibrate"))
    assert told.exit_code == 0, told.output
    assert fitted == [True]
    assert "given_error" in told.output
