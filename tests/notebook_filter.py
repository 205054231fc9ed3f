"""Make git drop the outputs of notebooks on their way into a commit, in this clone alone.

python tests/notebook_filter.py    says what it did; `make env` and `make lab` run it

The file in the working folder keeps its outputs; what is committed is what clean_notebook.py makes
of it.
"""

import os
import subprocess
import sys
from pathlib import Path

from clean_notebook import TRANSIENT_KEYS

ROOT = Path(__file__).parents[1]


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
    clean = f'"{sys.executable}" tests/clean_notebook.py'
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
