"""What a process says while it runs a notebook, held to its order: a cell begins, the same cell
ends, the next one begins, and an end comes after the last.
"""

import pickle
import threading
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from typing import Any

from analysis.press.messages import CellFinished, CellStarted

MESSAGE_SECONDS = 10.0  # that a message may take from its first byte to its last


class OutOfOrderError(Exception):
    """A process said something that cannot come now: what it does is not known any more."""


def has_to_run(cell: Mapping[str, Any]) -> bool:
    """Whether a run of the notebook runs this cell: code, not blank, not tagged to be skipped."""
    is_code = cell["cell_type"] == "code" and bool("".join(cell["source"]).strip())
    return is_code and "skip-execution" not in cell["metadata"].get("tags", [])


class CellOrder:
    """The cells of a notebook, as a process says that it runs them."""

    def __init__(self, cells: Sequence[Mapping[str, Any]]):
        self.running: int | None = None
        self._left = [index for index, cell in enumerate(cells) if has_to_run(cell)]
        self._has_failed = False

    def hear(self, message: CellStarted | CellFinished) -> None:
        """Note a message; OutOfOrderError where another had to come."""
        if isinstance(message, CellStarted):
            expected = None if self._has_failed or self.running is not None else self._next()
            if message.index != expected:
                raise OutOfOrderError(f"cell {message.index} began where {self._place()}")
            self.running = self._left.pop(0)
            return
        if message.index != self.running:
            raise OutOfOrderError(f"cell {message.index} ended where {self._place()}")
        self.running = None
        self._has_failed = not message.success

    def end(self) -> None:
        """The process says that all is done; OutOfOrderError where a cell runs or is left."""
        if self.running is not None or (self._left and not self._has_failed):
            raise OutOfOrderError(f"the end came where {self._place()}")

    def _next(self) -> int | None:
        return self._left[0] if self._left else None

    def _place(self) -> str:
        if self.running is not None:
            return f"cell {self.running} had begun and not ended"
        if self._has_failed:
            return "a cell had failed and nothing could follow"
        return "nothing was left" if not self._left else f"cell {self._left[0]} had to begin"


def receive(connection: Connection, kill: Callable[[], None]) -> Any:
    """The next message; None where the process has ended without one, or said no message.

    A process that stops half-way through a message is killed: to read it would stop the reader.
    """
    guard = threading.Timer(MESSAGE_SECONDS, kill)
    guard.daemon = True
    guard.start()
    try:
        return connection.recv()
    except (EOFError, OSError, pickle.UnpicklingError):
        return None
    finally:
        guard.cancel()
