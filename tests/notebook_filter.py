"""Make git drop the outputs of notebooks on their way into a commit, in this clone alone.

python tests/notebook_filter.py    says what it did; `make env` and `make lab` run it

The file in the working folder keeps its outputs. Only the headline cell, tagged `keep_output`, is
committed with its output, since tests compare it.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
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
    # Cells are called by readable ids here; nbstripout would number them.
    clean = git("config", "filter.nbstripout.clean")
    git("config", "filter.nbstripout.clean", f"{clean} --keep-id")
    git("config", "diff.ipynb.textconv", f"{clean} --keep-id -t")
    git("config", "filter.nbstripout.extrakeys", " ".join(TRANSIENT_KEYS))
    # Where .venv is gone, git warns and commits what it finds; it does not stop working.
    git("config", "filter.nbstripout.required", "false")
    undo = f".venv/bin/nbstripout --uninstall --attributes {os.path.relpath(attributes, ROOT)}"
    return (
        "git in this clone commits notebooks without their outputs, but for the checked headline"
        f" (nbstripout; to undo: {undo})"
    )


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
    main()
