"""Runs jobs in forked processes, a few at a time, none longer than its limit."""

import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import worker


@dataclass(frozen=True)
class Job:
    """Tests to run, over which change if any, and the seconds that they may take."""

    name: str
    tests: tuple[str, ...]
    change: tuple[str, str] | None
    data: Path | None
    limit_s: float


@dataclass(frozen=True)
class Done:
    """A job, what its tests noted, its exit status (none where it was stopped) and its time."""

    job: Job
    notes: list[dict]
    status: int | None
    seconds: float


def run(jobs: Iterable[Job], at_once: int) -> Iterator[Done]:
    """Each job as it ends."""
    running: dict[int, tuple[Job, Path, float]] = {}
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        try:
            for number, job in enumerate(jobs):
                while len(running) >= at_once:
                    yield from _ended(running)
                notes = Path(folder) / f"{number}.jsonl"
                process = worker.start(list(job.tests), notes, job.change, job.data)
                running[process] = (job, notes, time.monotonic())
            while running:
                yield from _ended(running)
        finally:
            for process in running:
                worker.stop(process)


def _ended(running: dict[int, tuple[Job, Path, float]]) -> Iterator[Done]:
    time.sleep(0.02)
    for process, (job, notes, began) in list(running.items()):
        ended, status = os.waitpid(process, os.WNOHANG)
        seconds = time.monotonic() - began
        if not ended and seconds < job.limit_s:
            continue
        del running[process]
        worker.stop(process)
        code = os.waitstatus_to_exitcode(status) if ended else None
        yield Done(job, worker.read(notes), code, seconds)
