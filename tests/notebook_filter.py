"""Make git drop the outputs of notebooks on their way into a commit, in this clone alone.

python tests/notebook_filter.py            installs the filter; `make env` and `make lab` run it
python tests/notebook_filter.py --clean    is the filter: a notebook in, what is committed out

The file in the working folder keeps its outputs. Only the headline cell, tagged `keep_output`, is
committed with its output, since tests compare it; nbval compares only cells with a count, so that
cell has one, the same whenever it ran.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
COUNT = 1  # of a cell that keeps its output
# What a run or an editor leaves in a notebook although nobody wrote it.
TRANSIENT_KEYS = (
    "metadata.execution",
    "metadata.language_info.version",
    "metadata.papermill",
    "metadata.widgets",
    "cell.metadata.execution",
    "cell.metadata.papermill",
    "cell.metadata.collapsed",
    "cell.metadata.scrolled",
)


def git(*words: str) -> str:
    """What git answers in the project's folder; raises where it refuses or is not there."""
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def install() -> str:
    """Install the filter for this clone and return a line that says so; empty where there is no
    clone to install it for.
    """
    if not (ROOT / ".git").exists():  # an unpacked archive, perhaps inside somebody's repository
        return ""
    attributes = ROOT / git("rev-parse", "--git-path", "info/attributes")
    command = [sys.executable, "-m", "nbstripout", "--install", "--attributes", str(attributes)]
    subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    # nbstripout alone would number the cells, which have readable ids, and drop the count.
    diff = git("config", "diff.ipynb.textconv").removesuffix(" --keep-id")
    clean = f'"{sys.executable}" tests/notebook_filter.py --clean'
    git("config", "filter.nbstripout.clean", clean)
    git("config", "diff.ipynb.textconv", f"{diff} --keep-id")
    git("config", "filter.nbstripout.extrakeys", " ".join(TRANSIENT_KEYS))
    # Where .venv is gone, git warns and commits what it finds; it does not stop working.
    git("config", "filter.nbstripout.required", "false")
    undo = f".venv/bin/nbstripout --uninstall --attributes {os.path.relpath(attributes, ROOT)}"
    return (
        "git in this clone commits notebooks without their outputs, but for the checked headline"
        f" (nbstripout; to undo: {undo})"
    )


def strip(notebook):
    """A notebook as it is committed, in place: without what a run leaves but checked headlines."""
    from nbstripout import strip_output

    strip_output(
        notebook, keep_output=False, keep_count=False, keep_id=True, extra_keys=list(TRANSIENT_KEYS)
    )
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.outputs:
            cell.execution_count = COUNT
    return notebook


def clean() -> None:
    """Read a notebook from standard input and write it as it is committed."""
    import nbformat

    notebook = strip(nbformat.read(sys.stdin, as_version=4))
    sys.stdout.write(nbformat.writes(notebook) + "\n")


def main() -> None:
    """Install the filter; whatever stands in the way is said, and is no failure of `make env`."""
    try:
        line = install()
    except (OSError, subprocess.CalledProcessError) as fault:
        reason = str(getattr(fault, "stderr", "") or fault).strip()
        line = f"git will not drop the outputs of notebooks by itself: {reason}"
    if line:
        print(line)


if __name__ == "__main__":
    clean() if "--clean" in sys.argv[1:] else main()
