"""How a build tells what it does: a bar in a terminal, plain lines in a log, JSON for machines."""

import json
import sys
import time
from typing import Any


class Progress:
    """`style` is "auto" (a bar where standard error is a terminal, else lines), "plain", "json" or "none"."""

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
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
            self.bar = self.bar or Progress(*columns, transient=True)
            self.task = self.bar.add_task("reports", total=len(names))
            self.bar.start()

    def event(self, event: dict) -> None:
        """A report starts or is done; or the workshop has a word to say."""
        job, record = event.get("job"), event.get("record")
        if event["event"] == "start":
            self.running[job] = self.bar.add_task(f"  {job}", total=None) if self.bar else time.monotonic()
        if event["event"] == "note":
            self.note(event["text"])
        if event["event"] != "done":
            return
        since = self.running.pop(job, None)
        self.left -= 1
        if self.bar:
            self.bar.advance(self.task)
            self.bar.remove_task(since) if since is not None else None
            if record["status"] == "failed":
                self.bar.console.print(f"[red]failed[/] {job}: {said(record)}", markup=True, highlight=False)
        elif self.style == "json":
            self._json(event="report", name=job, status=record["status"], error=record.get("error"))
        elif self.style == "plain":
            done = f"[{self.total - self.left}/{self.total}] {job}"
            self._line(f"{done}: {said(record)}" if record["status"] == "failed" else done)

    def note(self, text: str) -> None:
        """Something the user should know."""
        self._json(event="note", text=text) if self.style == "json" else self._line(text)

    def summary(self, planned: list, made: list) -> None:
        """What was made, what was fresh, what failed and where."""
        bad = [record for record in made if record["status"] == "failed"]
        counts = {"made": len(made) - len(bad), "failed": len(bad), "fresh": len(planned) - len(made)}
        seconds = round(time.monotonic() - self.started, 2)
        if self.style == "json":
            self._json(
                event="summary", **counts, seconds=seconds, failures=[r["error"] | {"name": r["name"]} for r in bad]
            )
            return
        for record in bad:
            self._line(f"failed: {record['name']}: {said(record)}")
        self._line(", ".join(f"{count} {word}" for word, count in counts.items()) + f" in {seconds:.1f} s")

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
