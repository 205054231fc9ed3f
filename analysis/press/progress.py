"""How a build says what it does: a bar in a terminal, plain lines in a log, JSON for machines."""

import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from analysis.press.messages import Event, Finished, Note, Started
from analysis.press.records import ReportRecord


def open_standard_streams() -> None:
    """Open what the starter has closed of standard input, output and error, into nothing: else the
    next file or socket gets the number, and whoever prints writes into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # the lowest free number
            os.set_inheritable(opened, True)  # for the processes of the build, too
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115


def tell(text: str, stream: str = "stderr") -> None:
    """Print a line; to a reader that is gone or a disk that is full nothing more is said."""
    try:
        print(text, file=getattr(sys, stream), flush=True)
    except (OSError, ValueError):
        silence(stream)


def silence(stream: str) -> None:
    """From now on what is printed there goes nowhere, also from below Python and at the end."""
    nowhere = open(os.devnull, "w")  # noqa: SIM115
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(nowhere.fileno(), getattr(sys, stream).fileno())
    setattr(sys, stream, nowhere)


class Progress:
    """Progress in a style: "auto" (a bar where standard error is a terminal, else lines), "plain",
    "json" or "none".
    """

    def __init__(self, style: str = "auto"):
        open_standard_streams()
        if style == "auto":
            style = "bar" if sys.stderr.isatty() else "plain"
        self.style = style
        self._started = time.monotonic()
        self._total = self._left = 0
        self._bar: Any = None
        self._all_reports: Any = None
        self._running: dict[str, Any] = {}

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_) -> None:
        if self._bar:
            self._bar.stop()

    def begin(self, count: int) -> None:
        """So many reports are due."""
        self._total = self._left = count
        if not count or self.style != "bar":
            return
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        if self._bar is None:
            self._bar = Bar(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                transient=True,
            )
        self._all_reports = self._bar.add_task("reports", total=count)
        self._bar.start()

    def event(self, event: Event) -> None:
        """A report starts or is done; or the pool has something to say."""
        if isinstance(event, Note):
            self.note(event.text)
        elif isinstance(event, Started) and self._bar:
            self._running[event.name] = self._bar.add_task(f"  {event.name}", total=None)
        elif isinstance(event, Finished):
            self._left -= 1
            self._report(event.result)

    def _report(self, record: ReportRecord) -> None:
        name = record.name
        failure = f"{name}: {record.error}" if record.error else ""
        if self.style == "bar":
            self._bar.advance(self._all_reports)
            if name in self._running:
                self._bar.remove_task(self._running.pop(name))
            if failure:
                line = f"failed: {failure}"
                self._bar.console.print(line, style="red", markup=False, highlight=False)
        elif self.style == "json":
            error = asdict(record.error) if record.error else None
            self._json(event="report", name=name, status=record.status, error=error)
        else:
            self._line(f"[{self._total - self._left}/{self._total}] {failure or name}")

    def note(self, text: str) -> None:
        """Something the user should know."""
        if self.style == "json":
            self._json(event="note", text=text)
        else:
            self._line(text)

    def summary(self, planned: int, made: Sequence[ReportRecord]) -> None:
        """What was made, what was fresh, what failed and where."""
        failures = [record for record in made if record.error]
        counts = {
            "made": len(made) - len(failures),
            "failed": len(failures),
            "fresh": planned - len(made),
        }
        seconds = time.monotonic() - self._started
        if self.style == "json":
            listed = [{"name": r.name, **asdict(r.error)} for r in failures if r.error]
            self._json(event="summary", **counts, seconds=round(seconds, 2), failures=listed)
            return
        for record in failures:
            self._line(f"failed: {record.name}: {record.error}")
        counted = ", ".join(f"{count} {word}" for word, count in counts.items())
        self._line(f"{counted} in {seconds:.1f} s")

    def _json(self, **fields: Any) -> None:
        tell(json.dumps(fields), "stdout")

    def _line(self, text: str) -> None:
        if self.style != "none":
            tell(text)
