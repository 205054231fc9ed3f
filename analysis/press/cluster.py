"""The same reports on many machines: each Dask worker keeps a pool process of its own (extra
`[cluster]`).
"""

import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from pathlib import Path
from typing import Any

from analysis.press import storage
from analysis.press.build import start_pool
from analysis.press.domain import load_domain
from analysis.press.inputs import common_digest
from analysis.press.jobs import Job
from analysis.press.messages import Event, Finished, Note
from analysis.press.pool import WorkerPool
from analysis.press.records import ReportError, ReportRecord
from analysis.press.report import failed
from analysis.press.worker import Work, run_task

# What these say of a lost connection are tracebacks; a build says it in a sentence.
TALKATIVE = ("distributed", "distributed.client", "tornado", "tornado.application", "asyncio")


class Cluster:
    """Reports made by the workers of a Dask scheduler; pages go from the worker straight to the
    output. Tasks about the whole site are done here.
    """

    def __init__(self, address: str, domain: str):
        self.address, self.domain = address, domain
        self._client: Any = None
        self._ours = ""
        self._refused: set[str] = set()

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_) -> None:
        if self._client is not None:
            with suppress(OSError, TimeoutError):  # a scheduler that is gone says no goodbye
                self._client.close(timeout=5)

    def run(self, works: Sequence[Work]) -> Iterator[Event]:
        """An event for every work as it is done; a report whose worker died is made by another."""
        jobs = []
        for work in works:
            if isinstance(work, Job):
                jobs.append(work)
            else:
                yield Finished(work.name, run_task(work))
        if jobs:
            yield from self._reports(jobs)

    def _reports(self, jobs: Sequence[Job]) -> Iterator[Event]:
        if self._client is None:
            self._client = self._connected()
        from distributed import as_completed

        # The record comes back and the page does not: a worker's death loses nothing that was
        # written.
        futures = {self._submitted(job): job for job in jobs}
        done, left = as_completed(futures, loop=self._client.loop), len(futures)
        try:
            for future in done:
                job, fault = futures.pop(future), future.exception()
                if isinstance(fault, OtherFilesError) and self._refuse(fault.worker):
                    again = self._submitted(job)
                    futures[again] = job
                    done.add(again)
                    yield Note(f"{fault}; another one makes {job.name}")
                    continue
                if fault is None:
                    record = future.result()
                else:
                    record = failed(job, ReportError("", type(fault).__name__, str(fault)))
                left -= 1
                yield Finished(job.name, record)
                future.release()
        except (CancelledError, OSError) as fault:
            raise OSError(
                f"the scheduler at {self.address} is gone: {left} of {len(jobs)} reports are "
                "missing; the same command goes on from there"
            ) from fault

    def _submitted(self, job: Job) -> Any:
        """The future of a report, by any worker that was not refused."""
        where: dict[str, Any] = {"workers": self._allowed()} if self._refused else {}
        # A key that was refused once would be answered from memory.
        key = f"{job.name}-{job.key}-{len(self._refused)}"
        return self._client.submit(make_on_worker, job, self._ours, key=key, pure=False, **where)

    def _refuse(self, worker: str) -> bool:
        """Give a worker no more reports; whether another is left."""
        self._refused.add(worker)
        return bool(self._allowed())

    def _allowed(self) -> list[str]:
        known = self._client.scheduler_info()["workers"]
        return sorted(set(known) - self._refused)

    def _connected(self) -> Any:
        """A client; OSError where a worker has other facts, scenarios, code, Python or versions
        than this machine.
        """
        client_type = _quiet_distributed().Client

        client = client_type(self.address, set_as_default=False)
        self._ours = machine_digest(self.domain)
        theirs = client.run(machine_digest, self.domain)
        different = sorted(worker for worker, digest in theirs.items() if digest != self._ours)
        if different:
            client.close()
            raise OSError(
                "these workers have other files or versions than this machine: "
                + ", ".join(different)
            )
        return client


def _quiet_distributed() -> Any:
    """The library; where this build imports it first, it says nothing of its own."""
    import dask.config

    with dask.config.set({"logging": dict.fromkeys(TALKATIVE, "critical")}):
        import distributed
    return distributed


def machine_digest(domain: str) -> str:
    """What reports are made of on a machine: code, facts, versions, and every scenario, since some
    reports read them all.
    """
    found = load_domain(domain)
    parts: list[str | bytes] = [common_digest(found)]
    for path in sorted((found.root / "params").glob("*.yml")):
        parts += [path.name, path.read_bytes()]
    return storage.digest(*parts)


class _OwnPool(threading.local):
    """The pool process of a worker's thread, kept from report to report."""

    pool: WorkerPool | None = None
    key: tuple = ()

    def for_job(self, job: Job, machine: str) -> WorkerPool:
        key = (job.options.domain, job.output, job.options.environment, machine)
        if self.pool is None or self.key != key:
            self.close()
            self.pool = start_pool(job.options.domain, job.output, 1, dict(job.options.environment))
            self.key = key
        return self.pool

    def close(self) -> None:
        if self.pool is not None:
            self.pool.close()
        self.pool = None


_own_pool = _OwnPool()


class OtherFilesError(RuntimeError):
    """A worker whose report would not be that of the machine that asks."""

    def __init__(self, worker: str, reason: str):
        super().__init__(worker, reason)
        self.worker, self.reason = worker, reason

    def __str__(self) -> str:
        """The worker by its address, and in what it differs."""
        return f"the worker {self.worker} has {self.reason} than this machine"


def make_on_worker(job: Job, machine: str) -> ReportRecord:
    """Make one report on a Dask worker, by a pool process of its own: a worker is a daemon, which
    may not have children by multiprocessing, and has threads.

    `machine` is the digest of the machine that asks. OtherFilesError where this one is another, or
    has another notebook or scenario. A scenario from outside params/ comes with the job.
    """
    if machine_digest(job.options.domain) != machine:
        raise OtherFilesError(_worker_address(), "other files or versions")
    lacks_guest = False
    for name, digest in job.files:
        file = job.domain.root / name
        if not file.is_file() or storage.digest(file.read_bytes()) != digest:
            lacks_guest = bool(job.guest) and digest == storage.digest(job.guest)
            if not lacks_guest:
                raise OtherFilesError(_worker_address(), f"another {name}")
    with tempfile.TemporaryDirectory() as folder:
        asked = job.with_guest_in(Path(folder)) if lacks_guest else job
        try:
            # To the end: a run that is left early ends its pool, and the next report warms another.
            events = list(_own_pool.for_job(job, machine).run([asked]))
        except BaseException:
            _own_pool.close()
            raise
    (record,) = [event.result for event in events if isinstance(event, Finished)]
    return record


def _worker_address() -> str:
    from distributed import get_worker

    try:
        return get_worker().address
    except ValueError:  # no Dask worker
        return "here"
