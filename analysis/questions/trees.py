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
CODE, SCENARIOS, BELIEFS = "code", "scenarios", "beliefs"
FACTS = "analysis/facts/"
# No answer rests on these: they show it.
SHOWING = ("analysis/pages/", "analysis/press/", "analysis/__main__.py")


def of_revision(root: Path, revision: str, target: Path) -> Path:
    """The files of a git revision of the project at `root`, below `target`.

    OSError for a name that is none of its revisions.
    """
    if revision.startswith("-"):
        raise OSError(f"{revision}: no git revision and no folder")
    command = ["git", "-C", str(root), "archive", "--format=tar", revision, *PARTS]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise OSError(f"{revision}: no git revision of this project: {said[:200]}")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(target, filter="data")
    return target


def of_folder(root: Path, target: Path) -> Path:
    """The files of the project at `root` as they lie there now, below `target`."""
    skipped = shutil.ignore_patterns("__pycache__", "*.pyc")
    for part in PARTS:
        shutil.copytree(root / part, target / part, ignore=skipped)
    return target


def changed_groups(old: Path, new: Path) -> Iterator[str]:
    """Groups whose files differ: the code on which answers rest, what scenarios state and what they
    believe, then each fact table.
    """
    names = _differing(old, new)
    groups = [_group(name) for name in names if not name.startswith(SHOWING)]
    if CODE in groups:
        yield CODE
    scenarios = [name for name in names if _group(name) == SCENARIOS]
    for group in (SCENARIOS, BELIEFS):
        if any(_stated(old, name, group) != _stated(new, name, group) for name in scenarios):
            yield group
    yield from dict.fromkeys(each for each in groups if each not in (CODE, SCENARIOS))


def mixed_tree(old: Path, new: Path, groups: Collection[str], target: Path) -> Path:
    """A folder with the new files of `groups` and the old ones of all others."""
    for name in {*_files(old), *_files(new)}:
        source = (new if _group(name) in groups else old) / name
        beliefs = (new if BELIEFS in groups else old) / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target / name)
        if _group(name) == SCENARIOS and source != beliefs and source.is_file():
            stated = _stated(source.parents[1], name, SCENARIOS)
            stated |= _stated(beliefs.parents[1], name, BELIEFS)
            (target / name).write_text(json.dumps(stated))  # JSON is YAML, too
    return target


def changed_rows(old: Path, new: Path, group: str) -> tuple[list[str], list[str]]:
    """Rows of a fact table that are gone, and those that are new, each as its cells; of another
    group, the names of files that changed.
    """
    names = _differing(old, new)
    if group == CODE:
        return [], [name for name in names if _group(name) == CODE and not name.startswith(SHOWING)]
    if group in (SCENARIOS, BELIEFS):
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
    if _group(name) != SCENARIOS:
        return []
    stated = _stated(tree, name, group)
    inside = stated.get("believe", {}) if group == BELIEFS else stated
    return [f"{name}: {key}: {json.dumps(value)}" for key, value in inside.items()]


def _group(name: str) -> str:
    if name.startswith("params/"):
        return SCENARIOS
    if name.startswith(FACTS) and not name.endswith(".py"):
        return name.removeprefix(FACTS)
    return CODE


def _files(tree: Path) -> list[str]:
    return [str(path.relative_to(tree)) for path in sorted(tree.rglob("*")) if path.is_file()]


def _content(tree: Path, name: str) -> bytes:
    path = tree / name
    return path.read_bytes() if path.is_file() else b""


def _rows(content: bytes) -> list[str]:
    lines = csv.reader(io.StringIO(content.decode("utf-8", errors="replace")))
    return [" · ".join(cell for cell in row if cell) for row in lines]
