"""A Papermill engine: each notebook runs in a forked copy of a warm process, without a kernel, a
port or a thread.

Papermill imports this module whenever it is imported itself, so nothing heavy stands at the top.
"""

import json
import os
import select
import signal
import sys
import warnings
from contextlib import suppress
from functools import cache
from pathlib import Path


@cache
def __getattr__(name: str):
    """ForkEngine, made when it is asked for: Papermill loads this module while it is half imported
    itself.
    """
    if name != "ForkEngine":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from papermill.engines import Engine

    class ForkEngine(Engine):
        execute_managed_notebook = staticmethod(execute)

        @classmethod
        def execute_notebook(cls, *arguments, **options):
            import tqdm

            tqdm.tqdm.monitor_interval = (
                0  # Papermill's bar would start a thread, and threads forbid a fork
            )
            return super().execute_notebook(*arguments, **options)

    return ForkEngine


def unsafe() -> str:
    """Why this process cannot be forked safely; empty where it can."""
    if not sys.platform.startswith("linux"):
        return f"{sys.platform} does not fork a process safely"
    names = [Path(task, "comm").read_text().strip() for task in Path("/proc/self/task").iterdir()]
    threads = len(names) - names.count(
        "jemalloc_bg_thd"
    )  # Arrow's allocator has fork handlers for its own thread
    return f"this process has {threads} threads" if threads > 1 else ""


def execute(
    manager,
    kernel_name,
    execution_timeout=None,
    begun=lambda _: ...,
    shown=lambda _: ...,
    **options,
) -> None:
    """Run the cells of Papermill's notebook manager in a forked child; by a stock kernel where a
    fork is not safe.

    `begun(notebook)` is called before the first cell, `shown(outputs)` after each.
    """
    if why := unsafe():
        from papermill.engines import NBClientEngine

        warnings.warn(f"stock kernels instead of forks: {why}", stacklevel=2)
        NBClientEngine.execute_managed_notebook(
            manager, kernel_name, execution_timeout=execution_timeout, **options
        )
        return
    from analysis.press.shell import LANGUAGE, prepare, run

    prepare()
    begun(manager.nb)
    pid, reader = fork(lambda send: run(manager.nb.cells, send))
    try:
        _follow(manager, lines(reader, execution_timeout), shown)
    finally:
        reap(pid)
        os.close(reader)
    manager.nb.metadata["language_info"] = dict(LANGUAGE)


def fork(work) -> tuple[int, int]:
    """Start `work(send)` in a child of its own session; (its process id, the pipe that carries what
    it sends).
    """
    reader, writer = os.pipe()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    pid = os.fork()
    if pid:
        os.close(writer)
        return pid, reader
    out = os.fdopen(writer, "w")
    try:
        os.setsid()
        os.close(reader)
        die_with_parent()
        work(lambda record: print(json.dumps(record), file=out, flush=True))
    except BaseException as fault:
        with suppress(OSError):
            print(json.dumps({"died": f"{type(fault).__name__}: {fault}"}), file=out, flush=True)
    finally:
        os._exit(0)


def lines(reader: int, timeout: float | None = None):
    """Records from a pipe as they arrive; {"died": ...} after `timeout` seconds of silence, then
    the end.
    """
    rest = b""
    while True:
        if not select.select([reader], [], [], timeout)[0]:
            yield {"died": f"no answer within {timeout:g} s", "kind": "CellTimeoutError"}
            return
        block = os.read(reader, 1 << 20)
        *whole, rest = (rest + block).split(b"\n")
        yield from map(json.loads, whole)
        if not block:
            return


def reap(pid: int) -> None:
    """Kill what is left of a child and its descendants."""
    for kill in (os.killpg, os.kill):
        with suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def _follow(manager, records, shown) -> None:
    """Copy what the child sends into the notebook; a child that dies leaves an error in the cell
    where it died.
    """
    cells, at = manager.nb.cells, None
    for record in records:
        if "died" in record:
            break
        at = record["cell"]
        if "outputs" not in record:
            manager.cell_start(cells[at], at)
            continue
        _filled(manager, at, record)
        if not record["go"]:
            return
        shown(record["outputs"])
        at = None
    else:
        record = {}
    if at is not None or record:
        _lost(manager, at or 0, record)


def _filled(manager, at: int, record: dict) -> None:
    from nbformat import NotebookNode

    cell = manager.nb.cells[at]
    cell["outputs"], cell["execution_count"] = (
        list(map(NotebookNode, record["outputs"])),
        record["count"],
    )
    if not record["go"]:
        manager.cell_exception(cell, cell_index=at)
    manager.cell_complete(cell, cell_index=at)


def _lost(manager, at: int, record: dict) -> None:
    name, said = (
        record.get("kind", "DeadKernelError"),
        record.get("died", "the process that ran the cell was killed"),
    )
    error = {
        "output_type": "error",
        "ename": name,
        "evalue": said,
        "traceback": [f"{name}: {said}"],
    }
    _filled(manager, at, {"outputs": [error], "count": None, "go": False})


def die_with_parent(by: int = 9) -> None:
    """Be killed when the parent ends, on Linux; 0 takes it back."""
    import ctypes

    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(1, by)  # PR_SET_PDEATHSIG, linux/prctl.h
