"""The warm process that makes reports: it imports once, stays single-threaded, and forks a child
for each job.

It is always a program of its own (`python -m analysis.press.pool SLOTS`), so whoever asks may
have threads: the command line with its bar, a Dask worker, a test. Jobs and events are lines of
JSON on its standard streams.
"""

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import queue
import select
import subprocess
import sys
import threading
from collections import deque

from analysis.press.engine import die_with_parent, fork, lines, reap, unsafe
from analysis.press.jobs import ROOT, failed, work
from analysis.press.pictures import Painter

PINNED = {  # one thread a process, one order of sets, one clock: equal inputs give equal bytes
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "PASSTHROUGH_BATCH": "1",
}


SHARING = 3  # slots; to draw the charts of a report takes a third of the time of its cells


class Workshop:
    """A workshop process as its owner sees it: it gets jobs and puts events into a queue."""

    def __init__(self, slots: int, events: queue.Queue, env: dict):
        self.jobs: dict[str, dict] = {}
        self.slots, self.ready = slots, False
        command = [sys.executable, "-m", "analysis.press.pool", str(slots)]
        pipes: dict = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, env=env, start_new_session=True, **pipes)
        threading.Thread(target=self._listen, args=(events,), daemon=True).start()

    def send(self, job: dict) -> None:
        """Hand over a job; it starts when a slot is free."""
        self.jobs[job["name"]] = job
        with contextlib.suppress(
            BrokenPipeError
        ):  # the listener reports the death and what was lost with it
            print(json.dumps(job), file=self.process.stdin, flush=True)

    def close(self) -> None:
        """End the process and every child of it."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def _listen(self, events: queue.Queue) -> None:
        for line in self.process.stdout:
            events.put((self, json.loads(line)))
        events.put((self, {"event": "gone"}))


class Crew:
    """The workshops of this machine; they start with the first job. One with many slots where forks
    are safe.
    """

    def __init__(self, slots: int, output: str, draws: int | None = None):
        self.shape = [slots] if sys.platform.startswith("linux") else [1] * slots
        drawn = {"PASSTHROUGH_DRAWS": str(draws)} if draws else {}
        self.env = os.environ | PINNED | {"PASSTHROUGH_SITE": output} | drawn
        self.events: queue.Queue = queue.Queue()
        self.benches: list[Workshop] = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for bench in self.benches:
            bench.close()

    def make(self, jobs: list[dict]):
        """Events as they come: {"event": "start" | "done" | "note", "job": name, ...}; done carries
        the record.
        """
        waiting, left = deque(jobs), len(jobs)
        while left:
            self.benches += [
                self._bench(slots) for slots in self.shape[len(self.benches) : len(jobs)]
            ]
            for bench in self.benches:
                while waiting and len(bench.jobs) < bench.slots:
                    bench.send(waiting.popleft())
            bench, event = self.events.get()
            bench.ready |= event["event"] == "ready"
            for each in [event] if event["event"] != "gone" else self._replaced(bench):
                if each["event"] == "done":
                    bench.jobs.pop(each["job"])
                    left -= 1
                yield each

    def _bench(self, slots: int) -> Workshop:
        return Workshop(slots, self.events, self.env)

    def _replaced(self, bench: Workshop) -> list[dict]:
        """Whoever killed the workshop failed its jobs; the others go on in a new one."""
        self.benches[self.benches.index(bench)] = self._bench(bench.slots)
        status = bench.process.wait()
        if not bench.ready:
            raise OSError(
                f"the workshop process did not start (status {status}); its message is above"
            )
        said = f"the workshop process ended with status {status}"
        return [
            _done(job, failed(job, "", "DeadWorkshopError", said, None))
            for job in bench.jobs.values()
        ]


def _done(job: dict, record: dict) -> dict:
    return {"event": "done", "job": job["name"], "record": record}


def warm(tell) -> None:
    """Import and run once what the first reports need; what cannot be imported is noted, and fails
    where it is used.
    """
    import analysis
    from analysis.press.shell import prepare

    # Papermill's object stores and pint's Dask arrays take a second to import, and no report needs
    # them.
    with (
        _missing("boto3", "pyarrow.fs", "dask"),
        prepare().builtin_trap,
    ):  # pandas looks for a notebook's shell
        import altair as alt
        import nbformat
        import pandas as pd
        import papermill.execute
        import papermill.translators

        for module in pkgutil.walk_packages(analysis.__path__, "analysis."):
            try:
                importlib.import_module(module.name) if "__main__" not in module.name else None
            except Exception as fault:
                tell(
                    {
                        "event": "note",
                        "text": f"{module.name} cannot be imported: {type(fault).__name__}: {fault}",
                    }
                )
    from analysis.press import html as page

    written = (
        papermill.execute.write_ipynb
    )  # it makes a file's text even where no file is asked for
    papermill.execute.write_ipynb = lambda nb, path: written(nb, path) if path else None
    with contextlib.suppress(
        Exception
    ):  # what every scenario reads and asks; a fault is the notebook's to show
        from analysis.questions import forecast_scores

        case = analysis.load("reference")
        analysis.evaluate(case), forecast_scores.scorecard(case.as_of)
    nbformat.validate(nbformat.v4.new_notebook())  # compiles the schema
    from analysis.pages.charts import theme

    theme.use()
    table = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
    chart = alt.Chart(table).mark_line().encode(x="a:Q", y="a:Q", color="b:N")
    tables = ({"text/html": shown._repr_html_()} for shown in (table, table.style))
    page.warm(chart._repr_mimebundle_(), *tables)


def later() -> None:
    """Import and run once what other reports need, while children already make the first."""
    gc.disable()
    with contextlib.suppress(Exception):  # as above
        from analysis.pages import outputs
        from analysis.press import html as page
        from analysis.questions import claim as verdict
        from analysis.questions import cost as reconcile
        from analysis.questions import energy
        from analysis.scenario import scenario

        case = scenario.load(scenario.REFERENCE)
        verdict.across_workloads(case), reconcile.totals(case), energy.energy_by_batch()
        outputs.parsed("first_screen.md"), outputs.parsed("headline_needs.md")
        for path in (ROOT / "notebooks").glob("*.ipynb"):
            page.read(path.read_bytes())
    gc.freeze()
    gc.enable()


@contextlib.contextmanager
def _missing(*names: str):
    """For a while these modules cannot be imported, so that who only tries them goes on without."""
    blocked = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(blocked))
    yield
    for name in blocked:
        del sys.modules[name]


def serve(slots: int) -> None:
    """Answer jobs from standard input until it ends; then nothing of this process is left."""
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints is no event

    def tell(event: dict) -> None:
        print(json.dumps(event), file=out, flush=True)

    gc.disable()  # there is nothing to collect while imports run; a tenth of their time
    die_with_parent()  # while imports run nobody listens to standard input
    painters = [Painter() for _ in range(0, slots, SHARING)]
    warm(tell)
    die_with_parent(0)
    gc.collect()
    gc.freeze()  # a collection in a child would else copy every page
    gc.enable()
    gc.set_threshold(50_000, 20, 100)  # a child lives for a second
    for painter in painters:
        painter.open()
    why = unsafe()
    tell({"event": "ready"})
    if why:
        tell({"event": "note", "text": f"stock kernels instead of forks: {why}"})
        _serve_by_kernels(tell, painters[0])
    else:
        _serve_by_forks(tell, slots, painters)


def _serve_by_kernels(tell, painter: Painter) -> None:
    for job in map(json.loads, sys.stdin):
        tell({"event": "start", "job": job["name"]})
        tell(_done(job, work(job | {"engine": "kernel"}, painter)))


def _serve_by_forks(tell, slots: int, painters: list) -> None:
    waiting, free, live, rest, left = deque(), list(range(slots)), {}, b"", [later]
    try:
        while True:
            while waiting and free:
                job, slot = waiting.popleft(), free.pop()
                painter = _living(painters[slot // SHARING])
                pid, reader = fork(lambda send, job=job, painter=painter: send(work(job, painter)))
                live[reader] = (pid, job, slot)
                tell({"event": "start", "job": job["name"]})
            full = not free and not any("task" in job for _, job, _ in live.values())
            pause = (
                None if not left or (live and not full) else 0 if live else 0.3
            )  # idle, as a watch is
            asked = select.select([0, *live], [], [], pause)[0]
            if left and not asked:
                left.pop()()
            for ready in asked:
                if ready:
                    free.append(_finished(tell, ready, *live.pop(ready)))
                    continue
                block = os.read(0, 1 << 20)
                if not block:
                    return
                *whole, rest = (rest + block).split(b"\n")
                waiting.extend(map(json.loads, whole))
    finally:
        for pid, _, _ in live.values():
            reap(pid)


def _living(painter: Painter) -> Painter:
    """The painter, with a new process where a chart has killed the old one."""
    if painter.process.poll() is not None:
        painter.start()
        painter.open()
    return painter


def _finished(tell, reader: int, pid: int, job: dict, slot: int) -> int:
    """Report the end of a child and free its slot."""
    record = next(lines(reader), {"died": "the process that made the report was killed"})
    os.close(reader)
    reap(pid)
    if "died" in record:
        record = failed(job, "", "DeadProcessError", record["died"], None)
    tell(_done(job, record))
    return slot


if __name__ == "__main__":
    serve(int(sys.argv[1]))
