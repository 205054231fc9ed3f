"""Workers of this machine, as a build sees them."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from multiprocessing.connection import Connection

from analysis.press.jobs import Job
from analysis.press.messages import Event, Finished, Started
from analysis.press.pool_server import PoolSettings
from analysis.press.records import ReportError
from analysis.press.report import failed
from analysis.press.service import Service
from analysis.press.worker import Work

# One thread a process, one order of sets, one clock: equal inputs give equal bytes.
PINNED = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "PASSTHROUGH_BATCH": "1",  # charts carry no drawing for JupyterLab
}

OUR_OWN = "PASSTHROUGH_"  # variables that change what a report says: they come with its job


class WorkerPool:
    """Processes of this machine that make reports; they start with the first work and end with the
    pool.

    Their owner is a process of its own, so that a build may be called from anywhere: from a
    process that has threads, is a daemon or has started a fork server of its own.
    """

    def __init__(self, slots: int, domain: str, environment: Mapping[str, str]):
        """`slots` workers at a time; `environment` are variables that notebooks see."""
        self._settings = PoolSettings(slots, domain)
        # The folder in which a build is started comes last: a json.py there is not Python's.
        folders = [os.path.abspath(folder) for folder in sys.path if folder]
        if "" in sys.path:
            folders.append(os.getcwd())
        modules = os.pathsep.join(folders)
        ours = {name: value for name, value in os.environ.items() if not name.startswith(OUR_OWN)}
        self._environment = {**ours, **PINNED, **environment, "PYTHONPATH": modules}
        self._server: Service | None = None
        self._connection: Connection | None = None

    def __enter__(self) -> "WorkerPool":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def run(self, works: Sequence[Work]) -> Iterator[Event]:
        """Do all works; what happens, as it happens. Each work has one Finished.

        OSError where the pool cannot start, or ends while it has nothing to do.
        """
        waiting = {work.name: work for work in works}
        while waiting:
            begun: set[str] = set()
            heard = False
            try:
                connection = self._connected()
                connection.send(list(waiting.values()))
                while waiting:
                    event = connection.recv()
                    heard = True
                    if isinstance(event, Started):
                        begun.add(event.name)
                    elif isinstance(event, Finished):
                        begun.discard(event.name)
                        del waiting[event.name]
                    yield event
            except GeneratorExit:  # nobody hears the rest
                self.close()
                raise
            except (EOFError, OSError):
                status = self.close()
                if not heard:
                    message = f"the pool process did not start (status {status})"
                    raise OSError(f"{message}; its message is above") from None
                # Whatever ended the pool failed the reports that it made; the others go on.
                message = f"the pool process ended with status {status}"
                for name in begun:
                    yield _lost(waiting.pop(name), message)

    def close(self) -> int:
        """End the pool and every worker; the exit status of its process."""
        if self._connection is not None:
            self._connection.close()
        status = self._server.close() if self._server is not None else 0
        self._server, self._connection = None, None
        return status

    def _connected(self) -> Connection:
        if self._connection is None:
            self._server = Service("analysis.press.pool_server:serve", self._environment)
            self._connection = self._server.connect()
            self._connection.send(self._settings)
        return self._connection


def _lost(work: Work, message: str) -> Finished:
    if isinstance(work, Job):
        return Finished(work.name, failed(work, ReportError("", "DeadPoolError", message)))
    return Finished(work.name, work.lost(message))


def available_cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
