"""What a pool has heard of a notebook that runs in another process, should that be lost."""

import json
from contextlib import suppress

from analysis.press.engine import error_output
from analysis.press.jobs import Job
from analysis.press.messages import CellFinished, CellStarted, NotebookStarted
from analysis.press.records import ReportError, ReportRecord
from analysis.press.report import failed


class Transcript:
    """A notebook as far as its process has said; see messages."""

    def __init__(self) -> None:
        self._notebook: dict | None = None
        self._running: int | None = None

    @property
    def cell_is_running(self) -> bool:
        """Whether a cell has started and not finished."""
        return self._running is not None

    def hear(self, message: NotebookStarted | CellStarted | CellFinished) -> None:
        """Note what the notebook does."""
        if isinstance(message, NotebookStarted):
            self._notebook = json.loads(message.notebook)
        elif isinstance(message, CellStarted):
            self._running = message.index
        elif self._notebook is not None:
            cell = self._notebook["cells"][message.index]
            cell["outputs"] = message.outputs
            cell["execution_count"] = message.execution_count
            self._running = None

    def lost(self, job: Job, message: str, timed_out: bool) -> ReportRecord:
        """The record of the report, whose process ended or was ended: it failed in the cell that
        ran, or outside cells.
        """
        if self._notebook is None or self._running is None:
            return failed(job, ReportError("", "DeadProcessError", message), self._written())
        name = "CellTimeoutError" if timed_out else "DeadKernelError"
        cell = self._notebook["cells"][self._running]
        cell["outputs"] = [error_output(name, message)]
        return failed(job, ReportError(cell.get("id", ""), name, message), self._written())

    def _written(self) -> bytes | None:
        """The notebook as far as it came, with Papermill's marks where a cell failed."""
        if self._notebook is None:
            return None
        import nbformat
        from papermill.exceptions import PapermillExecutionError
        from papermill.execute import raise_for_execution_errors

        notebook = nbformat.from_dict(self._notebook)
        with suppress(PapermillExecutionError):  # the marks are in the notebook then
            raise_for_execution_errors(notebook, None)
        return nbformat.writes(notebook).encode()
