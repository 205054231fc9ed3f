"""The same reports on many machines: each Dask worker keeps a pool process of its own (extra
`[cluster]`).
"""

import threading
from collections.abc import Iterator, Sequence
from typing import Any

from analysis.press import storage
from analysis.press.build import start_pool
from analysis.press.domain import load_domain
from analysis.press.inputs import common_digest
from analysis.press.jobs import Job
from analysis.press.messages import Event, Finished
from analysis.press.pool import WorkerPool
from analysis.press.records import ReportError, ReportRecord
from analysis.press.report import failed
from analysis.press.worker import Work, run_task


class Cluster:
    """Reports made by the workers of a Dask scheduler; pages go from the worker straight to the
    output. Tasks about the whole site are done here.
    """

    def __init__(self, address: str, domain: str):
        self.address, self.domain = address, domain
        self._client: Any = None

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_) -> None:
        if self._client is not None:
            self._client.close()

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
        from distributed import as_completed

        if self._client is None:
            self._client = self._connected()
        # The record comes back and the page does not: a worker's death loses nothing that was
        # written.
        futures = {}
        for job in jobs:
            key = f"{job.name}-{job.key}"
            futures[self._client.submit(make_on_worker, job, key=key, pure=False)] = job
        for future in as_completed(futures):
            job, fault = futures[future], future.exception()
            if fault is None:
                record = future.result()
            else:
                record = failed(job, ReportError("", type(fault).__name__, str(fault)))
            yield Finished(job.name, record)
            future.release()

    def _connected(self) -> Any:
        """A client; OSError where a worker has other facts, scenarios, code, Python or versions
        than this machine.
        """
        from distributed import Client

        client = Client(self.address)
        ours = machine_digest(self.domain)
        theirs = client.run(machine_digest, self.domain)
        different = sorted(worker for worker, digest in theirs.items() if digest != ours)
        if different:
            client.close()
            raise OSError(
                "these workers have other files or versions than this machine: "
                + ", ".join(different)
            )
        return client


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

    def for_job(self, job: Job) -> WorkerPool:
        key = (job.options.domain, job.output, job.options.environment)
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


def make_on_worker(job: Job) -> ReportRecord:
    """Make one report on a Dask worker, by a pool process of its own: a worker is a daemon, which
    may not have children by multiprocessing, and has threads. RuntimeError where the worker has
    another notebook or scenario than the machine that asks.
    """
    for name, digest in job.files:
        if storage.digest((job.domain.root / name).read_bytes()) != digest:
            raise RuntimeError(f"{name} is another on this worker")
    try:
        for event in _own_pool.for_job(job).run([job]):
            if isinstance(event, Finished):
                return event.result
    except BaseException:
        _own_pool.close()
        raise
    raise RuntimeError(f"{job.name}: the pool process gave no record")
