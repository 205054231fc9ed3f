"""How a build tells what it does: a bar in a terminal, plain lines in a log, JSON for machines."""

import json
import sys
import time
from typing import Any


class Progress:
    """`style` is "auto" (a bar where standard error is a terminal, else lines), "plain", "json" or
    "none".
    """

    def __init__(self, style: str = "auto"):
        self.style = ("bar" if sys.stderr.isatty() else "plain") if style == "auto" else style
        self.started, self.running = time.monotonic(), {}
        self.bar: Any = None
        self.task: Any = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.bar:
            self.bar.stop()

    def begin(self, names: list[str]) -> None:
        """So many reports are due."""
        self.left = self.total = len(names)
        if names and self.style == "bar":
            from rich.progress import (
                BarColumn,
                MofNCompleteColumn,
                Progress,
                TextColumn,
                TimeRemainingColumn,
            )

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
            )
            self.bar = self.bar or Progress(*columns, transient=True)
            self.task = self.bar.add_task("reports", total=len(names))
            self.bar.start()

    def event(self, event: dict) -> None:
        """A report starts or is done; or the workshop has a word to say."""
        job = event.get("job")
        if event["event"] == "note":
            self.note(event["text"])
        elif event["event"] == "start" and self.bar:
            self.running[job] = self.bar.add_task(f"  {job}", total=None)
        elif event["event"] == "done":
            self.left -= 1
            self._done(job, event["record"])

    def _done(self, job: str, record: dict) -> None:
        fault = f": {said(record)}" if record["status"] == "failed" else ""
        if self.style == "bar":
            self.bar.advance(self.task)
            if job in self.running:
                self.bar.remove_task(self.running.pop(job))
            if fault:
                self.bar.console.print(
                    f"failed: {job}{fault}", style="red", markup=False, highlight=False
                )
        elif self.style == "json":
            self._json(event="report", name=job, status=record["status"], error=record.get("error"))
        else:
            self._line(f"[{self.total - self.left}/{self.total}] {job}{fault}")

    def note(self, text: str) -> None:
        """Something the user should know."""
        self._json(event="note", text=text) if self.style == "json" else self._line(text)

    def summary(self, planned: list, made: list) -> None:
        """What was made, what was fresh, what failed and where."""
        bad = [record for record in made if record["status"] == "failed"]
        counts = {
            "made": len(made) - len(bad),
            "failed": len(bad),
            "fresh": len(planned) - len(made),
        }
        seconds = round(time.monotonic() - self.started, 2)
        if self.style == "json":
            failures = [record["error"] | {"name": record["name"]} for record in bad]
            self._json(event="summary", **counts, seconds=seconds, failures=failures)
            return
        for record in bad:
            self._line(f"failed: {record['name']}: {said(record)}")
        self._line(
            ", ".join(f"{count} {word}" for word, count in counts.items()) + f" in {seconds:.1f} s"
        )

    def _json(self, **fields) -> None:
        print(json.dumps(fields), flush=True)

    def _line(self, text: str) -> None:
        if self.style != "none":
            print(text, file=sys.stderr, flush=True)


def said(record: dict) -> str:
    """Where and how a report failed, on one line."""
    error = record["error"]
    where = f"cell {error['cell']}: " if error["cell"] else ""
    return f"{where}{error['name']}: {' '.join(error['said'].split())[:300]}"
