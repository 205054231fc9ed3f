"""The archive of answers: what each release said, a row a scenario, and what moved since.

Rows are only ever added. `answers.csv` is the record by which a reader sees how answers change.
"""

import csv
import io
import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from analysis.questions.answer import Answer

ARCHIVE = Path(__file__).with_name("answers.csv")
COLUMNS = (
    "date",
    "version",
    "scenario",
    "as_of",
    "act",
    "option",
    "tenure",
    "instruction",
    "cost_ratio_low",
    "cost_ratio_mid",
    "cost_ratio_high",
    "better_share",
)
NO_MOVE = 0.005  # a change of the median cost over keeping that no printed digit shows


def archived(path: Path = ARCHIVE) -> pd.DataFrame:
    """Every row of the archive; ValueError where its columns are others."""
    rows = pd.read_csv(path, keep_default_na=False, dtype={"version": str, "date": str})
    if tuple(rows.columns) != COLUMNS:
        raise ValueError(f"{path}: expected the columns {', '.join(COLUMNS)}")
    return rows


def newest(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the last release in the archive."""
    if rows.empty:
        return rows
    last = rows.iloc[-1]
    return rows[(rows["date"] == last["date"]) & (rows["version"] == last["version"])]


def append(answers: Mapping[str, Answer], version: str, day: date, path: Path = ARCHIVE) -> int:
    """Add a row a scenario below those of the archive, and give how many.

    None are added where the archive has rows of this version of the code. Raises ValueError
    for a day before the last one, since rows stand in the order in which they were said.
    """
    rows = archived(path)
    if version in set(rows["version"]):
        return 0
    if not rows.empty and str(day) < rows["date"].iloc[-1]:
        raise ValueError(f"{path}: {day} is before {rows['date'].iloc[-1]}, the last day in it")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for name, answer in answers.items():
        writer.writerow(_row(name, answer, version, day))
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(out.getvalue())
    return len(answers)


def _row(name: str, answer: Answer, version: str, day: date) -> list[str]:
    ratio = answer.cost_ratio
    numbers = (ratio.low, ratio.mid, ratio.high, answer.better_share)
    words = (answer.act, answer.option, answer.tenure, answer.acts[0].instruction)
    return [str(day), version, name, answer.as_of, *words, *(f"{each:.4f}" for each in numbers)]


def since(rows: pd.DataFrame, answers: Mapping[str, Answer]) -> pd.DataFrame:
    """Answers that moved since the last release, a row each; those of new scenarios are not listed.

    Columns are scenario, before and now (act in words and median cost over keeping), is_other_act.
    """
    found: list[dict] = []
    for row in newest(rows).to_dict(orient="records"):
        answer = answers.get(row["scenario"])
        if answer is None:
            continue
        instruction, ratio = answer.acts[0].instruction, answer.cost_ratio.mid
        is_other_act = instruction != row["instruction"]
        if is_other_act or abs(ratio - row["cost_ratio_mid"]) >= NO_MOVE:
            found.append(
                {
                    "scenario": row["scenario"],
                    "before": f"{row['instruction']} ({row['cost_ratio_mid']:.2f})",
                    "now": f"{instruction} ({ratio:.2f})",
                    "is_other_act": is_other_act,
                }
            )
    return pd.DataFrame(found, columns=["scenario", "before", "now", "is_other_act"])


def begin(path: Path) -> None:
    """Write the head of an archive where there is no file yet."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")


def code_version(root: Path) -> str:
    """The version of the code at `root`: the project's, and the git revision where there is one."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    command = ["git", "-C", str(root), "rev-parse", "--short=12", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return str(project["version"])
    return "+".join([project["version"], *done.stdout.split()])


def read_answers(names: Sequence[str], site: Path) -> dict[str, Answer]:
    """The decisions that reports have left, by scenario; OSError for one that is not there.

    Raises ValueError naming a file that another version has written.
    """
    found = {}
    for name in names:
        path = site / name / "answer.json"
        if not path.is_file():
            raise OSError(f"{path}: no such answer; run: python -m analysis report {name}")
        try:
            found[name] = Answer.model_validate_json(path.read_bytes())
        except ValueError as fault:
            raise OSError(f"{path}: written by another version: {str(fault)[:200]}") from None
    return found
