"""A Papermill engine: cells run by IPython in a process of their own, without a kernel or a port.

Papermill imports this module whenever it is imported itself, so nothing heavy stands at the top.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing.connection import Connection, Listener
from typing import Any, Protocol

from analysis.press.messages import CellFinished, CellStarted, Ended
from analysis.press.protocol import CellOrder, OutOfOrderError, receive


class NotebookObserver(Protocol):
    """Who hears what a notebook does, as it does it."""

    def notebook_started(self, notebook: Any) -> None:
        """The notebook, with its parameters, is about to run; its cells are filled as they run."""

    def cell_started(self, index: int) -> None:
        """The cell at this index begins to run."""

    def cell_finished(self, finished: CellFinished) -> None:
        """The cell has run and is filled."""


@cache
def __getattr__(name: str) -> type:
    """PassthroughEngine, made when it is asked for: Papermill loads this module while it is half
    imported itself.
    """
    if name not in ("PassthroughEngine", "ForkEngine"):  # the second in installations made before
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from papermill.engines import Engine

    class PassthroughEngine(Engine):
        execute_managed_notebook = staticmethod(execute)

    return PassthroughEngine


def execute(
    manager: Any,
    kernel_name: str,
    execution_timeout: float | None = None,
    observer: NotebookObserver | None = None,
    **_: Any,
) -> None:
    """Run the cells of Papermill's notebook manager.

    With an `observer` they run in this process, which then exists for this notebook alone: so a
    report build calls it. Without one, as from the `papermill` command, they run in one child
    process, in which a cell may take `execution_timeout` seconds.
    """
    filler = NotebookFiller(manager)
    if observer is None:
        _execute_in_child(filler, execution_timeout)
    else:
        from analysis.press.shell import run_cells

        observer.notebook_started(manager.nb)
        run_cells(manager.nb.cells, _InProcess(filler, observer))
    from analysis.press.shell import LANGUAGE

    manager.nb.metadata["language_info"] = dict(LANGUAGE)


class NotebookFiller:
    """Writes what cells do into the notebook of a Papermill manager."""

    def __init__(self, manager: Any):
        self.manager = manager

    @property
    def cells(self) -> Sequence[Any]:
        """The notebook's cells."""
        return self.manager.nb.cells

    def started(self, index: int) -> None:
        """The cell at this index begins to run."""
        self.manager.cell_start(self.cells[index], index)

    def finished(self, message: CellFinished) -> None:
        """The cell has run."""
        from nbformat import NotebookNode

        cell = self.cells[message.index]
        cell["outputs"] = [NotebookNode(output) for output in message.outputs]
        cell["execution_count"] = message.execution_count
        if not message.success:
            self.manager.cell_exception(cell, cell_index=message.index)
        self.manager.cell_complete(cell, cell_index=message.index)


class _InProcess:
    """Fills the notebook while its cells run in this process, and says so."""

    def __init__(self, filler: NotebookFiller, observer: NotebookObserver):
        self.filler, self.observer = filler, observer

    def cell_started(self, index: int) -> None:
        self.filler.started(index)
        self.observer.cell_started(index)

    def cell_finished(
        self, index: int, outputs: list[dict], execution_count: int, success: bool
    ) -> None:
        message = CellFinished(index, outputs, execution_count, success)
        self.filler.finished(message)
        self.observer.cell_finished(message)


def _execute_in_child(filler: NotebookFiller, timeout: float | None) -> None:
    """Run the cells in a child; where it ends without a word or stays silent for too long, the cell
    that ran has an error.
    """
    from analysis.press.service import Service, kill_session

    child = Service("analysis.press.engine:serve_cells")
    order = CellOrder(filler.cells)
    running = 0
    error = "DeadKernelError", "the process that ran the cell ended before the notebook did"
    try:
        with child.connect() as connection:
            connection.send(json.loads(json.dumps(filler.cells)))
            while True:
                if not connection.poll(timeout):
                    error = "CellTimeoutError", f"no answer within {timeout:g} s"
                    break
                message = receive(connection, child.process.kill)
                if isinstance(message, Ended):
                    order.end()
                    return
                if not isinstance(message, CellStarted | CellFinished):
                    break
                order.hear(message)
                if isinstance(message, CellStarted):
                    running = message.index
                    filler.started(running)
                else:
                    filler.finished(message)
    except OutOfOrderError as fault:
        error = "OutOfOrderError", str(fault)
    except (EOFError, OSError):
        pass
    finally:
        kill_session(child.process.pid)
        child.close()
    filler.finished(CellFinished(running, [error_output(*error)], None, False))


def error_output(name: str, message: str) -> dict[str, Any]:
    """An error as an output of a cell."""
    traceback = [f"{name}: {message}"]
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": traceback}


def serve_cells(listener: Listener) -> None:
    """The child's part: run the cells that come over the first connection and say what they do."""
    from analysis.press.shell import run_cells

    with listener.accept() as connection:
        cells: list[Mapping[str, Any]] = connection.recv()
        run_cells(cells, _OverConnection(connection))
        connection.send(Ended(None))
        connection.poll(None)  # until the other side has closed


class _OverConnection:
    """Sends what cells do to the process that has the notebook."""

    def __init__(self, connection: Connection):
        self.connection = connection

    def cell_started(self, index: int) -> None:
        self.connection.send(CellStarted(index))

    def cell_finished(
        self, index: int, outputs: list[dict], execution_count: int, success: bool
    ) -> None:
        self.connection.send(CellFinished(index, outputs, execution_count, success))
