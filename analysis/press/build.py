"""The build: what is to be made, what is fresh already, who makes it, and what came of it."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Protocol

from analysis.press import forwards, pdf, site, storage
from analysis.press.domain import load_domain
from analysis.press.inputs import InputReader, common_digest
from analysis.press.jobs import BuildOptions, Job, plan
from analysis.press.messages import Event, Failure, Finished, Note
from analysis.press.pool import OUR_OWN, PINNED, WorkerPool, available_cores
from analysis.press.progress import Progress
from analysis.press.records import ReportRecord
from analysis.press.site_task import SiteTask
from analysis.press.worker import Work, run_task

ENGINES = ("fork", "kernel")
ASSETS = ("inline", "shared")


class Workers(Protocol):
    """Who makes reports: processes of this machine, or of many."""

    def run(self, works: Sequence[Work]) -> Iterator[Event]:
        """Do all works; each has one Finished among the events."""


def build(
    domain: str,
    scenarios: Sequence[str] = (),
    notebooks: Sequence[str] = (),
    output: str = "reports",
    jobs: int | None = None,
    force: bool = False,
    engine: str = "fork",
    assets: str = "inline",
    keep_going: bool = True,
    timeout: float | None = None,
    environment: Mapping[str, str] | None = None,
    cluster: str | None = None,
    progress: str = "auto",
    pool: WorkerPool | None = None,
    send: Sequence[str] = (),
    address: str = "",
    swept: Mapping[str, Sequence] | None = None,
) -> list[ReportRecord]:
    """Make every report that is not fresh, then the pages about them, the index last; the records
    of what was made.

    `domain` is the import path of a domain.Domain. `scenarios` and `notebooks` are names or paths,
    all of its params/ and notebooks/ where empty. `jobs` reports are made at a time, one a core
    without it. `engine` is "fork" or "kernel", `assets` "inline" or "shared", `timeout` seconds a
    cell, `environment` variables that notebooks see, `cluster` the address of a Dask scheduler,
    `progress` "auto", "plain", "json" or "none". With a `pool` another build of the same notebooks
    by that pool follows, and what code has shown is kept for it. `send` are names of forwards.ALL,
    files to make of each scenario beside its reports; `address` is where the site will stand, for
    links in them. `swept` has lists of values by dotted key: then a page of the sweep of each named
    scenario is made, and pages of its combinations for `notebooks` alone. A failure has an error in
    its record; with `keep_going` false the first one ends the build. OSError for names that are
    unknown and for scenarios that have faults, before anything is written.
    """
    if engine not in ENGINES:
        raise OSError(f"the engine is one of {', '.join(ENGINES)}, not {engine!r}")
    if forwards.BOARD in send:
        pdf.find_chromium()
    variables = stated_variables() | dict(environment or {})
    folder = storage.local_folder(output)
    options = BuildOptions(
        domain=domain,
        output=output if folder is None else str(folder.absolute()),
        engine=engine,
        timeout=timeout,
        library=library_path(assets),
        environment=tuple(sorted(variables.items())),
        watching=pool is not None,
    )
    common = common_digest(load_domain(domain))
    if swept is not None:
        _refuse_sweep(scenarios, send)
    planned = plan(list(scenarios), list(notebooks), options, common, swept)
    workers: AbstractContextManager[Workers]
    if pool is not None:
        workers = nullcontext(pool)
    elif cluster:
        from analysis.press.cluster import Cluster

        workers = Cluster(cluster, domain)
    else:
        workers = start_pool(domain, options.output, jobs, variables)
    with (
        Progress(progress) as shown,
        storage.lock(options.output, shown.note),
        workers as made_by,
    ):
        run = _Build(options, common, force, keep_going, made_by, shown, tuple(send), address)
        return run.make(planned, named=tuple(scenarios), partial=bool(scenarios or notebooks))


def _refuse_sweep(scenarios: Sequence[str], send: Sequence[str]) -> None:
    """OSError for a sweep of no scenario, or of which files are to be sent."""
    if not scenarios:
        raise OSError("a sweep needs the name of the scenario whose keys it changes")
    if send:
        raise OSError("a sweep has no board paper, workbook or e-mail; make them of a scenario")


def stated_variables() -> dict[str, str]:
    """Variables of this process's environment that may change what reports say: inputs, too."""
    own = (OUR_OWN + "SITE", OUR_OWN + "DOMAIN", *PINNED)
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith(OUR_OWN) and name not in own
    }


def start_pool(
    domain: str, output: str, jobs: int | None, environment: Mapping[str, str]
) -> WorkerPool:
    """Workers of this machine, `jobs` at a time, as many as it has cores without a number."""
    variables = {**environment, "PASSTHROUGH_SITE": output}
    return WorkerPool(jobs or available_cores(), domain, variables)


def library_path(assets: str) -> str:
    """Where the chart library lies in the site, blank where each page carries it; its name holds
    its content. OSError for another word than "inline" or "shared".
    """
    if assets not in ASSETS:
        raise OSError(f"assets are {' or '.join(map(repr, ASSETS))}, not {assets!r}")
    if assets == "inline":
        return ""
    library = Path(__file__).with_name("assets") / "vega.js.gz"
    return f"assets/vega-{storage.digest(library.read_bytes())[:12]}.js"


class _Build:
    """One build: its reports and the tasks about the whole site."""

    def __init__(
        self,
        options: BuildOptions,
        common: str,
        force: bool,
        keep_going: bool,
        workers: Workers,
        progress: Progress,
        send: tuple[str, ...],
        address: str,
    ):
        self.options, self.common = options, common
        self.force, self.keep_going = force, keep_going
        self.workers, self.progress = workers, progress
        self.send, self.address = send, address
        self.reader = InputReader(load_domain(options.domain).root)
        self.any_due = False
        self.failed = False

    def make(
        self, planned: Sequence[Job], named: Sequence[str], partial: bool
    ) -> list[ReportRecord]:
        """Make what is due; records of it. `named` scenarios are checked first; a `partial` build
        leaves the reports of others in the site.
        """
        output, domain = self.options.output, self.options.domain
        due = self._due([job for job in planned if not job.reads_answers])
        if named and due:
            self._check(named)
        extra_pages = site.WriteExtraPages(domain, output, self.common, self.force)
        made = self._reports(due, beside=[extra_pages] if due else [])
        if self.keep_going or not self.failed:
            if not partial:
                site.remove_unplanned(output, planned)
            records = tuple(site.read_records(output))
            answers = self._task(site.WriteTables(domain, output, records, self.common))
            later = [job.reading(answers) for job in planned if job.reads_answers]
            made += self._reports(self._due(later), beside=[])
            records = tuple(site.read_records(output))
            self._send(planned, records)
            self._task(
                site.WriteSite(
                    domain, output, records, self.common, self.options.library, self.force
                )
            )
        self.progress.summary(len(planned), made)
        return made

    def _send(self, planned: Sequence[Job], records: tuple[ReportRecord, ...]) -> None:
        """Make what is sent to others of the planned scenarios; remove what is not true any more.

        OSError where it cannot be made.
        """
        references = {job.scenario: job.reference for job in planned if job.scenario}
        task = forwards.WriteForwards(
            self.options.domain,
            self.options.output,
            records,
            tuple(references.items()),
            self.send,
            self.address,
            self.common,
        )
        self._task(task)

    def _due(self, jobs: Sequence[Job]) -> list[Job]:
        """What is to be made, the longest notebooks first, so that none runs alone at the end."""
        due = [job for job in jobs if self.force or not job.is_fresh(self.reader)]
        self.any_due = self.any_due or bool(due)
        return sorted(due, key=lambda job: -job.length)

    def _check(self, scenarios: Sequence[str]) -> None:
        """OSError with every fault of the scenarios, before anything is written."""
        names = []
        for name in scenarios:
            names.append(str(Path(name).absolute()) if name.endswith(".yml") else name)
        task = site.CheckScenarios(self.options.domain, self.options.output, tuple(names))
        faults = self._task(task)
        if faults:
            raise OSError("\n".join(faults))

    def _task(self, task: SiteTask) -> Any:
        """What a task gives: done by the workers, who are warm, where they make reports too; else
        by this process. OSError where it cannot be done.
        """
        result: Any = None
        if self.any_due:
            for event in self.workers.run([task]):
                if isinstance(event, Finished):
                    result = event.result
                elif isinstance(event, Note):
                    self.progress.event(event)
        else:
            result = run_task(task)
        if isinstance(result, Failure):
            raise OSError(result.message)
        return result

    def _reports(self, due: Sequence[Job], beside: Sequence[SiteTask]) -> list[ReportRecord]:
        """Records of the reports; tasks `beside` them fill a slot at the end, and are done again
        where one fails.
        """
        made: list[ReportRecord] = []
        tasks = {task.name for task in beside}
        self.progress.begin(len(due))
        for event in self.workers.run([*due, *beside]):
            if not isinstance(event, Note) and event.name in tasks:
                continue
            self.progress.event(event)
            if isinstance(event, Finished):
                made.append(event.result)
                if event.result.error:
                    self.failed = True
                    if not self.keep_going:
                        break
        return made
