"""What a process does that makes one report, or one task for the whole site, and then ends."""

import multiprocessing
import tempfile
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from analysis.press.jobs import Job
from analysis.press.messages import Ended, Failure
from analysis.press.site_task import SiteTask

Work = Job | SiteTask


@dataclass(frozen=True)
class WorkerSettings:
    """What the processes of a pool have in common.

    `domain` is its import path; `temporary_folder` is for temporary files, and goes with the pool,
    however a worker ends.
    """

    domain: str
    temporary_folder: str


def work(
    assigned: Any, settings: WorkerSettings, connection: Connection, renderer_address: str
) -> None:
    """Do the work, say over the connection what it does, and its result last; then wait to be
    ended.

    The process does not end by itself: the pool ends it together with whatever a notebook started.
    """
    from analysis.press import preload
    from analysis.press.renderer import ChartRenderer
    from analysis.press.report import make_report
    from analysis.press.service import begin_session

    pool = multiprocessing.parent_process()
    assert pool is not None, "a worker is a child of its pool"
    begin_session(ends_with=pool.sentinel)
    tempfile.tempdir = settings.temporary_folder
    preload.warm(settings.domain)  # done already where this process is a copy of a warm one
    if isinstance(assigned, Job):
        result = make_report(assigned, connection.send, ChartRenderer(renderer_address))
    else:
        result = run_task(assigned)
    connection.send(Ended(result))
    connection.poll(None)


def run_task(task: Any) -> Any:
    """What a task about the whole site gives; a Failure where it cannot be done."""
    try:
        return task.run()
    except (OSError, ValueError) as fault:
        return Failure(str(fault))
