"""What a pool has heard of a notebook that runs in another process, should that be lost."""

import json
from contextlib import suppress
from typing import Any

from analysis.press.engine import error_output
from analysis.press.jobs import Job
from analysis.press.messages import CellFinished, CellStarted, NotebookStarted
from analysis.press.protocol import CellOrder, OutOfOrderError
from analysis.press.records import ReportError, ReportRecord
from analysis.press.report import failed


class Transcript:
    """A notebook as far as its process has said; see messages."""

    def __init__(self) -> None:
        self._notebook: dict | None = None
        self._order: CellOrder | None = None

    def hear(self, message: NotebookStarted | CellStarted | CellFinished) -> None:
        """Note what the notebook does; OutOfOrderError where something else had to come."""
        if isinstance(message, NotebookStarted):
            if self._order is not None:
                raise OutOfOrderError("a notebook began a second time")
            self._notebook = json.loads(message.notebook)
            self._order = CellOrder(self._notebook["cells"])
            return
        if self._notebook is None or self._order is None:
            raise OutOfOrderError("a cell came before its notebook")
        self._order.hear(message)
        if isinstance(message, CellFinished):
            cell = self._notebook["cells"][message.index]
            cell["outputs"] = message.outputs
            cell["execution_count"] = message.execution_count

    def end(self, result: Any) -> None:
        """The process says that its work is done; OutOfOrderError where a report is said to be good
        and cells are left.
        """
        is_good = isinstance(result, ReportRecord) and result.error is None
        if is_good and self._order is not None:
            self._order.end()

    def lost(self, job: Job, message: str, timed_out: bool) -> ReportRecord:
        """The record of the report, whose process ended or was ended: it failed in the cell that
        ran, or outside cells.
        """
        running = self._order.running if self._order else None
        if self._notebook is None or running is None:
            return failed(job, ReportError("", "DeadProcessError", message), self._written())
        name = "CellTimeoutError" if timed_out else "DeadKernelError"
        cell = self._notebook["cells"][running]
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
