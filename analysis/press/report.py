"""One report: Papermill executes the notebook, the page is written, then the record that says of
what it was made.
"""

import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from analysis.press import mime, storage
from analysis.press.domain import Description
from analysis.press.inputs import InputReader, inputs_of
from analysis.press.jobs import Job
from analysis.press.messages import CellFinished, CellStarted, NotebookStarted
from analysis.press.protocol import has_to_run
from analysis.press.records import Answer, NumberRow, Page, ReportError, ReportRecord
from analysis.press.renderer import ChartRenderer, PicturePrefetch

ENGINES = {"fork": "passthrough", "kernel": "nbclient"}
LONGEST_MESSAGE = 2000
Send = Callable[[Any], None]


class NotebookProgress:
    """Hears what a notebook does in this process: says so to the pool, and begins its pictures."""

    def __init__(self, send: Send, pictures: PicturePrefetch):
        self.notebook: Any = None
        self._send, self._pictures = send, pictures

    def notebook_started(self, notebook: Any) -> None:
        """The notebook is about to run; its cells are filled as they run."""
        self.notebook = notebook
        self._send(NotebookStarted(json.dumps(notebook)))

    def cell_started(self, index: int) -> None:
        """The cell at this index begins to run."""
        self._send(CellStarted(index))

    def cell_finished(self, finished: CellFinished) -> None:
        """The cell has run and is filled."""
        self._send(finished)
        self._pictures.begin(finished.outputs)


def make_report(job: Job, send: Send, renderer: ChartRenderer) -> ReportRecord:
    """Make a report in this process, which exists for it alone; its record, with the error where it
    failed. Never raises for what a notebook or a disk does.
    """
    if not job.has_parameters:
        return failed(job, ReportError("", "ParametersError", "no cell is tagged `parameters`"))
    try:
        os.chdir(job.working_folder)
        description = _describe(job)
        if description.faults:
            error = ReportError("", "ScenarioError", "\n".join(description.faults))
            return failed(job, error)
        return _make_page(job, description, send, renderer)
    except Exception as fault:
        return failed(job, _error(fault))


def _make_page(
    job: Job, description: Description, send: Send, renderer: ChartRenderer
) -> ReportRecord:
    """Run the notebook and write its page, or keep the notebook as far as it came."""
    started = time.time()

    def draw(spec: str) -> str:
        return renderer.draw(spec, job.options.timeout)

    with tempfile.TemporaryDirectory() as folder, PicturePrefetch(draw) as pictures:
        progress = NotebookProgress(send, pictures)
        kernel_file = Path(folder, "kernel.ipynb")
        try:
            notebook = _executed_or_kept(job, kernel_file, progress)
            return _write_page(job, description, notebook, pictures, started)
        except Exception as fault:
            executed = _executed_so_far(progress, kernel_file)
            return failed(job, _cell_error(executed) or _error(fault), executed)


def failed(job: Job, error: ReportError, executed: bytes | None = None) -> ReportRecord:
    """The record of a failure, written into the site; the executed notebook is kept beside the
    page, and an older good page stays as it is.
    """
    error = replace(error, message=error.message[:LONGEST_MESSAGE])
    record = ReportRecord(job.scenario, job.notebook, None, error, job.is_guest)
    try:
        record = replace(record, page=_standing_page(job))
        if error.name == "ScenarioError" and record.page is None:
            return record  # what was asked for does not exist, and never did
        if executed:
            storage.put(job.output, job.page_name(".failed.ipynb"), executed)
        job.store_record(record)
    except OSError as fault:  # a full disk or a read-only folder: the summary says what happened
        message = f"{error.message} (and the record could not be written: {fault})"
        record = replace(record, error=replace(error, message=message))
    return record


def _standing_page(job: Job) -> Page | None:
    record = job.record()
    return record.page if record else None


def _describe(job: Job) -> Description:
    """The scenario in its own words; of a report of the whole site, the notebook's name."""
    if not job.scenario:
        return Description(job.title or job.notebook.capitalize(), "", "", ())
    description = job.domain.describe(job.parameters["scenario"])
    if not job.title:
        return description
    values = {**description.values, **job.parameters["overrides"]}
    return replace(description, title=job.title, values=values)


@dataclass(frozen=True)
class KeptCells:
    """Code cells as they ran, kept during a watch: an edit of prose need not run them again."""

    code_key: str
    cells: tuple[dict, ...]

    @classmethod
    def of(cls, job: Job) -> "KeptCells | None":
        """The cells that an earlier build of the watch kept; None where none can be read."""
        try:
            payload = json.loads(storage.get(job.output, _kept_name(job)) or b"")
            return cls(str(payload["code_key"]), tuple(payload["cells"]))
        except (ValueError, KeyError, TypeError):
            return None

    def store(self, job: Job) -> None:
        """Keep the cells for the next build of the watch."""
        text = json.dumps({"code_key": self.code_key, "cells": self.cells})
        storage.put(job.output, _kept_name(job), text)

    def inside(self, notebook: dict, has_parameters: bool) -> dict:
        """The notebook with these cells in the place of its code cells."""
        kept, cells = iter(self.cells), []
        for cell in notebook["cells"]:
            if cell["cell_type"] != "code":
                cells.append(cell | {"source": "".join(cell["source"])})
                continue
            cells.append(next(kept))
            if has_parameters and "parameters" in cell["metadata"].get("tags", []):
                cells.append(next(kept))  # what Papermill put behind it
        return notebook | {"cells": cells}


def _kept_name(job: Job) -> str:
    return f".records/{job.scenario or '_'}/{job.notebook}.cells"


def _executed_or_kept(job: Job, kernel_file: Path, progress: NotebookProgress) -> dict:
    """The executed notebook; in a watch, where only prose was edited, with the outputs that its
    code had before.
    """
    if not job.options.watching:
        return _execute(job, kernel_file, progress)
    kept = KeptCells.of(job)
    if kept is not None and kept.code_key == job.code_key:
        notebook = json.loads(job.notebook_path.read_bytes())
        return kept.inside(notebook, has_parameters=bool(job.parameters))
    executed = _execute(job, kernel_file, progress)
    code = tuple(cell for cell in executed["cells"] if cell["cell_type"] == "code")
    KeptCells(job.code_key, code).store(job)
    return executed


def _execute(job: Job, kernel_file: Path, progress: NotebookProgress) -> dict:
    """The notebook as Papermill executed it: in this process, or by a stock kernel into a file."""
    import papermill

    in_process = job.options.engine == "fork"
    options = {"observer": progress} if in_process else _kernel_options(kernel_file)
    return papermill.execute_notebook(
        str(job.notebook_path),
        None if in_process else kernel_file,
        job.parameters,
        engine_name=ENGINES[job.options.engine],
        kernel_name="python3",
        progress_bar=False,
        request_save_on_cell_execute=not in_process,
        cwd=str(job.working_folder),
        execution_timeout=job.options.timeout,
        **options,
    )


def _kernel_options(kernel_file: Path) -> dict[str, Any]:
    """How a stock kernel is spoken to: by files where it can be; ports of kernels that start at
    once clash.
    """
    from traitlets.config import Config

    transport = {}
    if os.name == "posix":
        transport = {"transport": "ipc", "ip": str(kernel_file.with_name("kernel"))}
    return {
        "config": Config({"KernelManager": transport}),
        # A kernel on a busy machine may be seconds late with an output; nbclient would leave it
        # out without a word.
        "iopub_timeout": 120,
        "raise_on_iopub_timeout": True,
    }


def _write_page(
    job: Job, description: Description, notebook: dict, pictures: PicturePrefetch, started: float
) -> ReportRecord:
    from analysis.press import html
    from analysis.press.normalise import normalise

    _refuse_unrun(notebook)
    notebook = normalise(notebook)
    about = html.PageFrame(
        name=job.scenario or job.notebook,
        title=description.title,
        question=description.question,
        as_of=description.as_of,
        scenario=job.scenario,
        notebook=job.notebook,
        siblings=job.siblings,
        root="../" * job.page_name().count("/"),
    )
    content = html.render(notebook, about, job.options.library, pictures.draw).encode()
    page = _page(job, description, notebook, content, started)
    record = ReportRecord(job.scenario, job.notebook, page, None, job.is_guest)
    storage.put(job.output, job.page_name(), content)
    job.store_record(record)
    storage.drop(job.output, job.page_name(".failed.ipynb"))
    return record


def _refuse_unrun(notebook: dict) -> None:
    """RuntimeError where a cell that has to run did not: a page of the rest would look whole."""
    for cell in notebook["cells"]:
        if has_to_run(cell) and cell.get("execution_count") is None:
            raise RuntimeError(f"cell {cell.get('id', '')} did not run, and no error says why")


def _page(
    job: Job, description: Description, notebook: dict, content: bytes, started: float
) -> Page:
    """What the page says for tables, index and feed, from the outputs that carry it."""
    headlines = _payloads(notebook, mime.HEADLINE)
    answer = Answer.of(headlines[0]) if headlines else None
    numbers: list[NumberRow] = []
    for payload in _payloads(notebook, mime.NUMBERS):
        numbers += [NumberRow.of(row) for row in payload["rows"]]
    tables = _payloads(notebook, mime.TABLE)
    reader = InputReader(job.domain.root)
    return Page(
        key=job.key,
        bytes=len(content),
        content=storage.digest(content),
        title=description.title,
        question=description.question,
        as_of=description.as_of,
        answer=answer,
        previous=_previous_answer(_standing_page(job), answer),
        numbers=tuple(numbers),
        forecasts=tuple(_payloads(notebook, mime.FORECASTS)),
        files=tuple(_payloads(notebook, mime.FILES)),
        inputs=inputs_of(_payloads(notebook, mime.INPUTS), reader, started),
        group=description.group,
        values=dict(description.values),
        table=tables[0] if tables else {},
    )


def _payloads(notebook: dict, kind: str) -> list[dict]:
    """Every output of a kind, as plain JSON."""
    found = []
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            if kind in output.get("data", {}):
                found.append(json.loads(json.dumps(output["data"][kind])))
    return found


def _previous_answer(before: Page | None, answer: Answer | None) -> Answer | None:
    """The answer before this one, where it was another."""
    if before is None:
        return None
    if before.answer is None or before.answer.same_as(answer):
        return before.previous
    return before.answer


def _executed_so_far(progress: NotebookProgress, kernel_file: Path) -> bytes | None:
    """The executed notebook in a file's bytes, None where no cell ran."""
    import nbformat

    if progress.notebook is not None:
        return nbformat.writes(progress.notebook).encode()
    return kernel_file.read_bytes() if kernel_file.exists() else None


def _error(fault: Exception) -> ReportError:
    return ReportError("", type(fault).__name__, str(fault))


def _cell_error(executed: bytes | None) -> ReportError | None:
    """The first error in an executed notebook, with its cell."""
    if executed is None:
        return None
    for cell in json.loads(executed)["cells"]:
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                return ReportError(cell.get("id", ""), output["ename"], output["evalue"])
    return None
