"""A build and what is about it: the folder in which it starts, its streams, the machine's names,
and the example that publishes.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from report_notebooks import PARAMETERS, build, notebook
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
TRAP = "open({!r}, 'a').write(__name__)\nraise SystemExit('the wrong module')\n"
REPORT = f"{sys.executable} -m analysis report article --jobs 1 --output site --notebook n.ipynb"


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder with a small notebook in it."""
    notebook(tmp_path / "n.ipynb", PARAMETERS, ("1 + 1",))
    return tmp_path


def test_modules_of_the_folder_in_which_it_starts_do_not_run(folder):
    ran = folder / "ran"
    for name in ("json", "numpy", "pandas", "typer", "papermill", "IPython"):
        (folder / f"{name}.py").write_text(TRAP.format(str(ran)))
    (folder / "analysis").mkdir()
    (folder / "analysis/prices.csv").write_text("a\n1\n")
    done = subprocess.run(REPORT.split(), cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (folder / "site/article/n.html").is_file()
    assert not ran.exists()


@pytest.mark.parametrize(
    "way",
    [
        f"{REPORT} 2>&-",
        f"{REPORT} <&- >&- 2>&-",
        f"{REPORT} 2>/dev/full",
        f"{REPORT} --json >/dev/full",
        f"{REPORT} --json | true",
        f"{REPORT} 2>&1 | true",
    ],
)
def test_a_build_does_not_fail_with_its_reader(way, folder):
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {way}"], cwd=folder)
    assert done.returncode == 0
    assert (folder / "site/index.html").is_file()
    assert (folder / "site/.lock").read_bytes() == b""


def test_a_warning_names_no_folder_of_this_machine(tmp_path):
    code = (
        "import warnings, pandas, analysis\n"
        "for file in (analysis.__file__, pandas.__file__, '/else/where.py'):\n"
        "    warnings.warn_explicit('it will go', FutureWarning, file, 3)"
    )
    path = notebook(tmp_path / "warns.ipynb", PARAMETERS, (code,))
    pages = []
    for engine in ("fork", "kernel"):
        output = tmp_path / engine
        build(["article"], [path], str(output), engine=engine, progress="none")
        pages.append((output / "article/warns.html").read_text())
    shown = re.findall(r'class="stderr">(.*?)</pre>', pages[0], re.DOTALL)[0]
    names = re.findall(r"(\S+):3: FutureWarning: it will go", shown)
    assert names == ["analysis/__init__.py", "pandas/__init__.py", "where.py"]
    assert pages[0] == pages[1]


def test_the_example_pins_its_actions_and_writes_in_one_job_alone():
    (path,) = (ROOT / ".github/workflows").glob("*.yml")
    workflow = YAML(typ="safe").load(path)
    used = re.findall(r"uses: (.+)", path.read_text())
    pinned = r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+"
    assert [each for each in used if not re.fullmatch(pinned, each)] == []
    assert len(used) == 5
    assert workflow["permissions"] == {"contents": "read"}
    writing = {name for name, job in workflow["jobs"].items() if job.get("permissions")}
    assert writing == {"publish"}
    assert [step for step in workflow["jobs"]["publish"]["steps"] if "run" in step] == []
