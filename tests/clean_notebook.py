"""The filter through which git reads notebooks: a notebook in, the notebook as it is committed out.

python tests/clean_notebook.py < NOTEBOOK > COMMITTED

Only the headline cell, tagged `keep_output`, keeps its output, since tests compare it. nbval
compares cells that have a count, so that cell has one, the same whenever it ran.
"""

import sys
from typing import Any

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


def strip(notebook: Any) -> Any:
    """A notebook as it is committed, in place: without what a run leaves but checked headlines."""
    from nbstripout import strip_output

    strip_output(
        notebook, keep_output=False, keep_count=False, keep_id=True, extra_keys=list(TRANSIENT_KEYS)
    )
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.outputs:
            cell.execution_count = COUNT
    return notebook


def main() -> None:
    """Read a notebook from standard input and write it as it is committed."""
    import nbformat

    notebook = strip(nbformat.read(sys.stdin, as_version=4))
    sys.stdout.write(nbformat.writes(notebook) + "\n")


if __name__ == "__main__":
    main()
