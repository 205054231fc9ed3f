"""Two states of the project's files as folders, and mixtures of them by groups of files."""

import csv
import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Collection, Iterator
from pathlib import Path

from analysis.scenario.yaml_file import read

PARTS = ("analysis", "params")
CODE, LAWS, CALIBRATION = "code", "laws", "calibration"
SCENARIOS, BELIEFS = "scenarios", "beliefs"
STATED = (SCENARIOS, BELIEFS)
FACTS = "analysis/facts/"
# What `python -m analysis calibrate` writes.
CALIBRATED = (
    "coefficients.csv",
    "deviations.csv",
    "energy_coefficients.csv",
    "energy_validation.csv",
    "held_back.csv",
    "log_sd.csv",
    "validation.csv",
)
# No answer rests on these: they show it.
SHOWING = (
    "analysis/pages/",
    "analysis/press/",
    "analysis/__main__.py",
    "analysis/questions/answers.csv",
)


def of_revision(root: Path, revision: str, target: Path) -> Path:
    """The files of a git revision of the project at `root`, below `target`.

    OSError for a name that is none of its revisions.
    """
    if revision.startswith("-"):
        raise OSError(f"{revision}: no site with answers and no git revision")
    command = ["git", "-C", str(root), "archive", "--format=tar", revision, *PARTS]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        fault = (
            f"{revision}: no site with answers and no git revision of this project: {said[:200]}"
        )
        if _is_shallow(root):
            fault += "; this clone has only the newest revisions: git fetch --unshallow brings all"
        raise OSError(fault)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(target, filter="data")
    return target


def _is_shallow(root: Path) -> bool:
    command = ["git", "-C", str(root), "rev-parse", "--is-shallow-repository"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() == "true"


def of_folder(root: Path, target: Path) -> Path:
    """The files of the project at `root` as they lie there now, below `target`."""
    skipped = shutil.ignore_patterns("__pycache__", "*.pyc")
    for part in PARTS:
        shutil.copytree(root / part, target / part, ignore=skipped)
    return target


def changed_groups(old: Path, new: Path) -> Iterator[str]:
    """Groups whose files differ: laws, other code on which answers rest, what scenarios state and
    what they believe, calibrated tables, then each fact table.
    """
    names = _differing(old, new)
    groups = [group_of(name) for name in names if not name.startswith(SHOWING)]
    yield from (group for group in (LAWS, CODE) if group in groups)
    scenarios = [name for name in names if group_of(name) == SCENARIOS]
    for group in STATED:
        if any(_stated(old, name, group) != _stated(new, name, group) for name in scenarios):
            yield group
    if CALIBRATION in groups:
        yield CALIBRATION
    first = (LAWS, CODE, SCENARIOS, CALIBRATION)
    yield from dict.fromkeys(each for each in groups if each not in first)


def mixed_tree(old: Path, new: Path, groups: Collection[str], target: Path) -> Path:
    """A folder with the new files of `groups` and the old ones of all others."""
    for name in {*_files(old), *_files(new)}:
        source = (new if group_of(name) in groups else old) / name
        beliefs = (new if BELIEFS in groups else old) / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target / name)
        if group_of(name) == SCENARIOS and source != beliefs and source.is_file():
            stated = _stated(source.parents[1], name, SCENARIOS)
            stated |= _stated(beliefs.parents[1], name, BELIEFS)
            (target / name).write_text(json.dumps(stated))  # JSON is YAML, too
    return target


def changed_rows(old: Path, new: Path, group: str) -> tuple[list[str], list[str]]:
    """Rows of a fact table that are gone, and those that are new, each as its cells; of another
    group, the names of files that changed.
    """
    names = _differing(old, new)
    if group in (CODE, LAWS, CALIBRATION):
        shown = [name for name in names if not name.startswith(SHOWING)]
        return [], [name for name in shown if group_of(name) == group]
    if group in STATED:
        before = [row for name in names for row in _statements(old, name, group)]
        after = [row for name in names for row in _statements(new, name, group)]
        return [row for row in before if row not in after], [
            row for row in after if row not in before
        ]
    name = FACTS + group
    before, after = _rows(_content(old, name)), _rows(_content(new, name))
    gone, come = set(before) - set(after), set(after) - set(before)
    return [row for row in before if row in gone], [row for row in after if row in come]


def _differing(old: Path, new: Path) -> list[str]:
    names = sorted({*_files(old), *_files(new)})
    return [name for name in names if _content(old, name) != _content(new, name)]


def _stated(tree: Path, name: str, group: str) -> dict:
    """What a scenario's file states of one group: its beliefs, or all else; nothing of no file."""
    if not name.endswith(".yml") or not (tree / name).is_file():
        return {}
    values = read(tree / name, name)[0]
    return {key: each for key, each in values.items() if (key == "believe") == (group == BELIEFS)}


def _statements(tree: Path, name: str, group: str) -> list[str]:
    """A line for each key that a scenario's file states of one group."""
    if group_of(name) != SCENARIOS:
        return []
    stated = _stated(tree, name, group)
    inside = stated.get("believe", {}) if group == BELIEFS else stated
    return [f"{name}: {key}: {json.dumps(value)}" for key, value in inside.items()]


def group_of(name: str) -> str:
    """The group of a file, by its name below the root; the beliefs of a scenario are in its file.

    >>> group_of("analysis/facts/prices.csv"), group_of("analysis/laws/cost.py")
    ('prices.csv', 'laws')
    """
    if name.startswith("params/"):
        return SCENARIOS
    if name.startswith(FACTS) and not name.endswith(".py"):
        table = name.removeprefix(FACTS)
        return CALIBRATION if table in CALIBRATED else table
    return LAWS if name.startswith("analysis/laws/") else CODE


def _files(tree: Path) -> list[str]:
    return [str(path.relative_to(tree)) for path in sorted(tree.rglob("*")) if path.is_file()]


def _content(tree: Path, name: str) -> bytes:
    path = tree / name
    return path.read_bytes() if path.is_file() else b""


def _rows(content: bytes) -> list[str]:
    lines = csv.reader(io.StringIO(content.decode("utf-8", errors="replace")))
    return [" · ".join(cell for cell in row if cell) for row in lines]
