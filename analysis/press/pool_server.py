"""The process that owns the workers of a build: it starts one for each piece of work, as a copy of
a warm process, hears what it does, and ends it.
"""

import multiprocessing
import os
import tempfile
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import connection as connections
from multiprocessing.connection import Connection, Listener
from typing import Any

from analysis.press.jobs import Job
from analysis.press.messages import (
    CellFinished,
    CellStarted,
    Ended,
    Event,
    Finished,
    Note,
    NotebookStarted,
    Started,
)
from analysis.press.protocol import OutOfOrderError, receive
from analysis.press.renderer import start_renderer
from analysis.press.service import Service, kill_session
from analysis.press.transcript import Transcript
from analysis.press.worker import Work, WorkerSettings, work

SLOTS_PER_RENDERER = 3  # drawing a report's charts takes a third of the time of its cells


@dataclass(frozen=True)
class PoolSettings:
    """How many workers run at a time, and for which domain, by its import path."""

    slots: int
    domain: str


@dataclass
class Worker:
    """A process that does one piece of work, as the pool sees it."""

    work: Work
    slot: int
    process: Any
    connection: Connection
    transcript: Transcript = field(default_factory=Transcript)
    deadline: float | None = None
    timed_out: bool = False

    @property
    def cell_seconds(self) -> float | None:
        """Seconds that a cell of this worker may take."""
        return self.work.options.timeout if isinstance(self.work, Job) else None

    def receive(self) -> Any:
        """The next message; None where the process has ended without one."""
        return receive(self.connection, self.kill)

    def hear(self, message: Any) -> None:
        """Note what the notebook does; the clock runs while a cell does. OutOfOrderError where
        something else had to come.
        """
        self.transcript.hear(message)
        self.deadline = None
        if isinstance(message, CellStarted) and self.cell_seconds is not None:
            self.deadline = time.monotonic() + self.cell_seconds

    def kill(self) -> None:
        """End the process and all that it started."""
        kill_session(self.process.pid)
        with suppress(OSError, ValueError):
            self.process.kill()

    def end(self) -> str:
        """End the process; how it went, in words, where it had ended before."""
        self.kill()
        self.process.join()
        self.connection.close()
        code = self.process.exitcode
        return f"was killed by signal {-code}" if code < 0 else f"ended with exit status {code}"


class PoolServer:
    """Starts workers, hears them and ends them, for the build at the other end of a connection."""

    def __init__(self, client: Connection, settings: PoolSettings):
        self.client, self.settings = client, settings
        self.waiting: deque[Work] = deque()
        self.workers: dict[Connection, Worker] = {}
        self.free_slots = list(reversed(range(settings.slots)))
        self.renderers: list[Service] = []
        has_forkserver = "forkserver" in multiprocessing.get_all_start_methods()
        self.context: Any = multiprocessing.get_context("forkserver" if has_forkserver else "spawn")

    def serve(self) -> None:
        """Take work and do it until the build is gone."""
        if self.context.get_start_method() == "forkserver":
            os.environ["PASSTHROUGH_DOMAIN"] = self.settings.domain
            self.context.set_forkserver_preload(["analysis.press.preloaded"])
        try:
            while True:
                while self.waiting and self.free_slots:
                    self._start(self.waiting.popleft())
                ready = connections.wait([self.client, *self.workers], self._seconds_left())
                for each in ready:
                    if each is self.client:
                        self.waiting.extend(self.client.recv())
                        self._start_renderers()  # they load while the first worker does
                    else:
                        self._hear(self.workers[each])  # type: ignore[index]
                self._end_late_workers()
        except (EOFError, OSError):
            return  # the build is gone
        finally:
            for worker in self.workers.values():
                worker.kill()
            for renderer in self.renderers:
                renderer.close(0)

    def _start(self, assigned: Work) -> None:
        slot = self.free_slots.pop()
        ours, theirs = self.context.Pipe()
        settings = WorkerSettings(self.settings.domain, tempfile.gettempdir())
        address = self._renderer_address(slot) if isinstance(assigned, Job) else ""
        arguments = (assigned, settings, theirs, address)
        process = self.context.Process(target=work, args=arguments)
        try:
            process.start()
        except EOFError:  # the warm process has ended, while it imported or since
            self._tell(Note("the warm process has ended; each report imports for itself"))
            self.context = multiprocessing.get_context("spawn")
            process = self.context.Process(target=work, args=arguments)
            process.start()
        theirs.close()
        self.workers[ours] = Worker(assigned, slot, process, ours)
        self._tell(Started(assigned.name))

    def _start_renderers(self) -> None:
        """As many as the reports that are due, at so many a time, need."""
        works = [*self.waiting, *(worker.work for worker in self.workers.values())]
        reports = sum(isinstance(each, Job) for each in works)
        used = min(self.settings.slots, reports)
        for _ in range(len(self.renderers) * SLOTS_PER_RENDERER, used, SLOTS_PER_RENDERER):
            self.renderers.append(start_renderer())

    def _renderer_address(self, slot: int) -> str:
        """Where the worker of a slot has its charts drawn; a process that died is replaced. Blank
        where none can be had: then the report that has a chart says why.
        """
        number = slot // SLOTS_PER_RENDERER % len(self.renderers)
        if not self.renderers[number].is_alive:
            self.renderers[number].close(0)
            self.renderers[number] = start_renderer()
        try:
            return self.renderers[number].address
        except EOFError:
            return ""

    def _hear(self, worker: Worker) -> None:
        message = worker.receive()
        try:
            if isinstance(message, NotebookStarted | CellStarted | CellFinished):
                worker.hear(message)
            elif isinstance(message, Ended):
                worker.transcript.end(message.result)
                self._finish(worker, message.result)
            else:
                self._finish_lost(worker)
        except OutOfOrderError as fault:
            self._finish_lost(worker, str(fault))

    def _finish(self, worker: Worker, result: Any) -> None:
        worker.end()
        self._forget(worker)
        self._tell(Finished(worker.work.name, result))

    def _finish_lost(self, worker: Worker, disorder: str = "") -> None:
        """The worker ended, or was ended, without a last message, or spoke in `disorder`: its work
        has failed.
        """
        how = worker.end()
        self._forget(worker)
        message = f"the process that made the report {how}"
        if disorder:
            message = f"the process that made the report spoke out of order: {disorder}"
        if worker.timed_out:
            message = f"no answer within {worker.cell_seconds:g} s"
        if isinstance(worker.work, Job):
            result: Any = worker.transcript.lost(worker.work, message, worker.timed_out)
        else:
            result = worker.work.lost(f"{worker.work.name}: the process {how}")
        self._tell(Finished(worker.work.name, result))

    def _forget(self, worker: Worker) -> None:
        del self.workers[worker.connection]
        self.free_slots.append(worker.slot)

    def _seconds_left(self) -> float | None:
        """Until the first deadline; None where no clock runs."""
        deadlines = [worker.deadline for worker in self.workers.values() if worker.deadline]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _end_late_workers(self) -> None:
        now = time.monotonic()
        for worker in list(self.workers.values()):
            if worker.deadline is not None and worker.deadline <= now:
                worker.timed_out = True
                self._finish_lost(worker)

    def _tell(self, event: Event) -> None:
        self.client.send(event)


def serve(listener: Listener) -> None:
    """Serve the build that connects first: its settings, then lists of work."""
    with listener.accept() as client:
        PoolServer(client, client.recv()).serve()
