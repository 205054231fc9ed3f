"""Faults of files that people write: where they are, what is wrong, and the nearest valid name."""

from collections.abc import Callable, Iterable
from typing import Any

Key = tuple  # of nested mappings and lists, from the outside in
Where = dict[Key, str]  # file and line of each key that a file states; the file's own under ()


class ScenarioError(ValueError):
    """Faults of a file, each with file, line, key and, where there is one, the nearest valid name.

    `faults` holds them, a text each.
    """

    def __init__(self, faults: list[str]):
        super().__init__("\n".join(faults))
        self.faults = faults

    def _render_traceback_(self) -> list[str]:
        """What IPython prints in place of a traceback: the reader has to mend a file, not code."""
        return [f"{type(self).__name__}:", *(f"  {fault}" for fault in self.faults)]


def refuse(where: Where, faults: Iterable[tuple[Key, str]]) -> None:
    """Raise ScenarioError for faults (key, what is wrong), if there are any.

    Each is placed at the nearest key around it that a file states.
    """
    placed = [f"{_line(where, key)}: {_dotted(key)}: {fault}" for key, fault in faults]
    if placed:
        raise ScenarioError(placed)


def _dotted(key: Key) -> str:
    """A key in one line of characters that can be printed."""
    parts = [str(part) for part in key]
    return ".".join(part if part.isprintable() else ascii(part)[1:-1] for part in parts)


def _line(where: Where, key: Key) -> str:
    while key not in where:
        key = key[:-1]
    return where[key]


def faults(read: Callable[[Any], object], paths: Iterable[Any]) -> list[str]:
    """Every fault that `read` finds in these files, with file, line and key."""
    found: list[str] = []
    for path in paths:
        try:
            read(path)
        except ScenarioError as error:
            found += error.faults
    return found
