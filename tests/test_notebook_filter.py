"""What a run leaves in a notebook does not get into a commit, in this clone alone."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="no git")


class Clone:
    """A repository with the notebooks, in a home of its own."""

    def __init__(self, folder: Path):
        self.folder = folder / "clone"
        self.home = folder / "home"
        self.home.mkdir()
        (self.folder / "tests").mkdir(parents=True)
        for name in ("notebook_filter.py", "clean_notebook.py"):
            shutil.copy(ROOT / "tests" / name, self.folder / "tests")
        shutil.copytree(
            ROOT / "notebooks", self.folder / "notebooks", ignore=shutil.ignore_patterns(".*")
        )
        self.environment = {
            **os.environ,
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home),
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        for kind in ("AUTHOR", "COMMITTER"):
            self.environment[f"GIT_{kind}_NAME"] = "A. Tester"
            self.environment[f"GIT_{kind}_EMAIL"] = "tester@example.org"

    def run(self, *words: str, **environment: str) -> str:
        done = subprocess.run(
            words,
            cwd=self.folder,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout + done.stderr

    def install(self, **environment: str) -> str:
        return self.run(sys.executable, "tests/notebook_filter.py", **environment)

    def notebook(self, name: str) -> Path:
        return self.folder / "notebooks" / f"{name}.ipynb"


@pytest.fixture
def clone(tmp_path) -> Clone:
    made = Clone(tmp_path)
    made.run("git", "init", "--quiet")
    made.run("git", "add", ".")
    made.run("git", "commit", "--quiet", "-m", "Begin")
    return made


def run_all_and_save(path: Path) -> None:
    """Leave in a notebook what JupyterLab leaves there."""
    nb = json.loads(path.read_text())
    code = [cell for cell in nb["cells"] if cell["cell_type"] == "code"]
    for count, cell in enumerate(code, start=1):
        cell["execution_count"] = count
        cell["metadata"]["execution"] = {"iopub.execute_input": "2026-01-01T00:00:00Z"}
        if "keep_output" in cell["metadata"].get("tags", []):
            cell["outputs"][0]["execution_count"] = count
        else:
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["1\n"]}]
    nb["metadata"]["language_info"]["version"] = "3.13.1"
    nb["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {}}
    path.write_text(json.dumps(nb, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


def test_a_run_changes_nothing_that_git_would_commit(clone):
    assert "commits notebooks without their outputs" in clone.install()
    assert clone.run("git", "status", "--porcelain") == "", "committed notebooks stay as they are"
    for path in NOTEBOOKS:
        run_all_and_save(clone.notebook(path.stem))
    clone.run("git", "add", ".")
    assert clone.run("git", "diff", "--cached", "--stat") == ""
    assert '"execution_count": 1' in clone.notebook("cost").read_text(), (
        "the file keeps its outputs"
    )


def test_without_the_filter_a_run_would_be_committed(clone):
    run_all_and_save(clone.notebook("cost"))
    assert "cost.ipynb" in clone.run("git", "diff", "--stat")


def test_a_written_word_is_committed(clone):
    clone.install()
    path = clone.notebook("cost")
    path.write_text(path.read_text().replace("What the budget becomes", "How to read it"))
    run_all_and_save(path)
    assert "How to read it" in clone.run("git", "diff")


def test_another_headline_is_seen(clone):
    clone.install()
    path = clone.notebook("cost")
    path.write_text(path.read_text().replace('"verdict": "', '"verdict": "no longer '))
    assert "no longer" in clone.run("git", "diff")


def test_nothing_but_this_clone_changes_and_twice_is_as_once(clone):
    first = clone.install()
    config = (clone.folder / ".git/config").read_text()
    attributes = (clone.folder / ".git/info/attributes").read_text()
    assert clone.install() == first
    assert (clone.folder / ".git/config").read_text() == config
    assert (clone.folder / ".git/info/attributes").read_text() == attributes
    assert list(clone.home.iterdir()) == []
    assert clone.run("git", "status", "--porcelain") == ""


def test_a_worktree_has_it_too(clone):
    clone.run("git", "worktree", "add", "--quiet", "../other")
    clone.folder = clone.folder.parent / "other"
    assert "commits notebooks without their outputs" in clone.install()
    run_all_and_save(clone.notebook("cost"))
    assert clone.run("git", "diff", "--stat") == ""


def test_where_python_is_gone_git_still_works(clone):
    clone.install()
    clone.run("git", "config", "filter.nbstripout.clean", "/nowhere/python -m nbstripout")
    run_all_and_save(clone.notebook("cost"))
    clone.run("git", "add", ".")


def test_an_unpacked_archive_is_left_alone(tmp_path):
    archive = Clone(tmp_path)
    archive.run("git", "init", "--quiet", str(tmp_path))  # somebody's own repository around it
    assert archive.install() == ""
    assert "nbstripout" not in (tmp_path / ".git/config").read_text()


def test_without_git_a_line_says_so(clone):
    line = clone.install(PATH=str(clone.home))
    assert line.startswith("git will not drop the outputs of notebooks by itself: ")
    assert "git" in line.partition(": ")[2]
    assert len(line.splitlines()) == 1


def test_a_clone_that_cannot_be_written_is_no_failure(clone):
    (clone.folder / ".git/config.lock").write_text("")  # somebody writes it just now
    assert clone.install().startswith("git will not drop the outputs of notebooks by itself: ")
