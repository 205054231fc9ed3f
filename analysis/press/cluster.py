"""The same reports on many machines: each Dask worker keeps a workshop process of its own (extra
`[cluster]`).
"""

import contextlib
import threading

from analysis.press import storage as store
from analysis.press.build import ROOT, common, others
from analysis.press.jobs import failed

_local = threading.local()


class Cluster:
    """Reports made by the workers of a Dask scheduler; pages go from the worker straight to the
    output.
    """

    def __init__(self, address: str):
        self.address, self.client = address, None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.client:
            self.client.close()

    def make(self, jobs: list[dict]):
        """An event for every report as it is done; a report whose worker died is made by
        another.
        """
        from distributed import as_completed

        if not jobs:
            return
        client = self.client = self.client or self._connected()
        # The record comes back and the page does not: a worker's death loses nothing that was
        # written.
        futures = {
            client.submit(perform, job, key=f"{job['name']}-{job['key']}", pure=False): job
            for job in jobs
        }
        for future in as_completed(futures):
            job, fault = futures[future], future.exception()
            record = (
                failed(job, "", type(fault).__name__, str(fault), None)
                if fault
                else future.result()
            )
            yield {"event": "done", "job": job["name"], "record": record}
            future.release()

    def _connected(self):
        """A client; OSError where a worker has other facts, scenarios, code, Python or versions
        than this machine.
        """
        from distributed import Client

        client = Client(self.address)
        odd = sorted(worker for worker, theirs in client.run(inputs).items() if theirs != inputs())
        if odd:
            client.close()
            raise OSError(
                f"these workers have other files or versions than this machine: {', '.join(odd)}"
            )
        return client


def inputs() -> str:
    """What reports are made of on a machine: code, facts, versions, and every scenario, since some
    read them all.
    """
    return store.digest(common(), others(whole=True))


def perform(job: dict) -> dict:
    """Make one report on a worker: in its own process, because a worker has threads and may not be
    forked.
    """
    from analysis.press.pool import Crew

    for name, content in job["files"].items():
        if store.digest((ROOT / name).read_bytes()) != content:
            raise RuntimeError(f"{name} is another on this worker")
    key = (job["output"], job["draws"])
    if getattr(_local, "key", None) != key:
        _local.key, _local.crew = key, Crew(1, *key)
    try:
        events = list(_local.crew.make([job]))
    except BaseException:
        with contextlib.suppress(Exception):
            _local.crew.__exit__()
        del _local.key
        raise
    return next(event["record"] for event in events if event["event"] == "done")
