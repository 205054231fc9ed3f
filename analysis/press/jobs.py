"""One report: Papermill executes the notebook, the page is written, then the record that says of
what it was made.
"""

import json
import os
import re
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from analysis.press import storage as store
from analysis.press.altair_display import FORECASTS, HEADLINE, NUMBERS
from analysis.press.pictures import Ahead

ROOT = Path(__file__).parents[2]
ENGINES = {"fork": "passthrough", "kernel": "nbclient"}
ORDER = (
    "efficiency",
    "cost",
    "rollout",
)  # the argument: what it does, what that costs, when it comes


def record_name(job: dict) -> str:
    """Where the record of a report lies in the site; reports of no scenario under `_`."""
    return f".records/{job['scenario'] or '_'}/{job['notebook']}.json"


def page_name(job: dict, end: str = ".html") -> str:
    """Where a page lies in the site."""
    return "/".join(filter(None, (job["scenario"], job["notebook"] + end)))


def ordered(names) -> list[str]:
    """Notebooks in the order of the argument, others after them by name."""
    return sorted(
        set(names), key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name)
    )


def declared(cells: list[dict]) -> list[str] | None:
    """The parameters that a notebook's cell tagged `parameters` names; None where no cell is tagged
    so.
    """
    for cell in cells:
        if "parameters" in cell["metadata"].get("tags", []):
            return re.findall(r"^(\w+)\s*(?::[^=\n]+)?=(?!=)", "".join(cell["source"]), re.M)
    return None


def work(job: dict, painter) -> dict:
    """Make a report; its record, with `status` "ok" or "failed". Never raises for what a notebook
    or a disk does.

    A job with a `task` about the whole site makes no report: its record has what was `told`.
    """
    try:
        if "task" in job:
            return {"status": "ok", "told": task(job["task"], job["arguments"])}
        os.chdir(Path(ROOT, job["path"]).parent)
        with (
            tempfile.TemporaryDirectory() as folder,
            Ahead(partial(painter.draw, timeout=job["timeout"])) as pictures,
        ):
            ran: list = []  # the notebook as far as it came; from a stock kernel in a file
            try:
                about = _about(job)  # before the fork, which need not read the scenario again
                return _made(
                    job,
                    about,
                    _notebook(job, Path(folder, "kernel.ipynb"), ran, pictures),
                    pictures,
                )
            except Exception as fault:
                return failed(
                    job,
                    *_where(fault, executed := _written(ran, Path(folder, "kernel.ipynb"))),
                    executed,
                )
    except OSError as fault:
        return failed(job, "", type(fault).__name__, str(fault), None)


def task(name: str, arguments: Sequence):
    """What is done for the whole site: faults of scenarios, tables of answers, pages of sources and
    about all.
    """
    from analysis.press import site

    about: dict[str, Callable] = {
        each.__name__: each for each in (faults, site.tables, site.sources, site.pages)
    }
    return about[name](*arguments)


def faults(*scenarios: str) -> list[str]:
    """Every fault of the scenarios, with file, line and key."""
    from analysis.scenario.errors import faults as found
    from analysis.scenario.scenario import load

    return found(load, scenarios)


def failed(job: dict, cell: str, name: str, said: str, executed: bytes | None) -> dict:
    """The record of a failure; the notebook is kept beside the page, and an older good page stays
    as it is.
    """
    error = {"cell": cell, "name": name, "said": said[:2000]}
    record = {**_named(job), "status": "failed", "error": error}
    record["last"] = _standing(job)
    if (
        name == "ScenarioError" or "task" in job
    ):  # what was asked for does not exist: nothing is written about it
        return record
    try:
        if executed:
            store.put(job["output"], page_name(job, ".failed.ipynb"), executed)
        store.put(job["output"], record_name(job), json.dumps(record, sort_keys=True))
    except (
        OSError
    ) as fault:  # a full disk or a read-only folder: the summary still says what happened
        error["said"] += f" (and the record could not be written: {fault})"
    return record


def _standing(job: dict) -> dict | None:
    """The record of the page that stands, which a failure leaves as it was."""
    before = json.loads(store.get(job["output"], record_name(job)) or b"{}")
    return before.get("last") if before.get("status") == "failed" else before or None


def _named(job: dict) -> dict:
    return {key: job[key] for key in ("key", "name", "scenario", "notebook")}


def _notebook(job: dict, kept: Path, ran: list, pictures: Ahead) -> dict:
    """The executed notebook; in a watch, where only prose was edited, with the outputs that its
    code had before.
    """
    name = record_name(job).replace(".json", ".ran")
    before = json.loads(store.get(job["output"], name) or b"{}") if job["again"] else {}
    if before.get("run") != job["run"]:
        executed = _executed(job, kept, ran, pictures)
        if job["again"]:
            cells = [cell for cell in executed["cells"] if cell["cell_type"] == "code"]
            store.put(job["output"], name, json.dumps({"run": job["run"], "cells": cells}))
        return executed
    nb = json.loads(Path(ROOT, job["path"]).read_bytes())
    done, cells = iter(before["cells"]), []
    for cell in nb["cells"]:
        cells.append(
            next(done)
            if cell["cell_type"] == "code"
            else cell | {"source": "".join(cell["source"])}
        )
        if job["parameters"] and "parameters" in cell["metadata"].get("tags", []):
            cells.append(next(done))  # what Papermill put behind it
    return nb | {"cells": cells}


def _executed(job: dict, kept: Path, ran: list, pictures: Ahead) -> dict:
    import papermill

    forked = job["engine"] == "fork"
    return papermill.execute_notebook(
        str(Path(ROOT, job["path"])),
        None if forked else kept,
        job["parameters"],
        engine_name=ENGINES[job["engine"]],
        kernel_name="python3",
        progress_bar=False,
        request_save_on_cell_execute=not forked,
        cwd=str(Path(ROOT, job["path"]).parent),
        execution_timeout=job["timeout"],
        **({"begun": ran.append, "shown": pictures.shown} if forked else _kernel(kept)),
    )


def _kernel(kept: Path) -> dict:
    """How a stock kernel is spoken to: by files where it can be; ports of kernels that start at
    once clash.
    """
    from traitlets.config import Config

    files = (
        {"KernelManager": {"transport": "ipc", "ip": str(kept.with_name("kernel"))}}
        if os.name == "posix"
        else {}
    )
    # A kernel on a busy machine may be seconds late with an output; nbclient would leave it out
    # without a word.
    return {"config": Config(files), "iopub_timeout": 120, "raise_on_iopub_timeout": True}


def _made(job: dict, about: dict, nb: dict, pictures: Ahead) -> dict:
    from analysis.press import html as page

    html = page.render(page.normalise(nb), about, job["shared"], pictures.draw).encode()
    told = {key: about[key] for key in ("heading", "question", "as_of")} | _collected(nb)
    record = (
        _named(job)
        | {"status": "ok", "bytes": len(html), "was": _before(_standing(job) or {}, told)}
        | told
    )
    store.put(job["output"], page_name(job), html)
    store.put(job["output"], record_name(job), json.dumps(record, sort_keys=True))
    store.drop(job["output"], page_name(job, ".failed.ipynb"))
    return record


def _about(job: dict) -> dict:
    """What the frame of a page shows: the scenario's own words, read by the same strict door as the
    notebook's.
    """
    about = {key: job[key] for key in ("siblings", "notebook", "scenario")} | {
        "question": "",
        "as_of": "",
        "root": "",
    }
    if not job["scenario"]:
        return about | {"name": job["notebook"], "heading": job["notebook"].capitalize()}
    from analysis.scenario.scenario import load

    case = load(job["parameters"]["scenario"])
    said = {"heading": case.title, "question": case.question, "as_of": str(case.as_of)}
    return about | said | {"name": job["scenario"], "root": "../"}


def _collected(nb: dict) -> dict:
    """The answer, the rows to take away and the registers of forecasts, from the outputs that carry
    them.
    """
    data = [output.get("data", {}) for cell in nb["cells"] for output in cell.get("outputs", [])]
    headlines = [dict(each[HEADLINE]) for each in data if HEADLINE in each]
    rows = [dict(row) for each in data for row in each.get(NUMBERS, {}).get("rows", [])]
    told = {"numbers": rows, "forecasts": [each[FORECASTS] for each in data if FORECASTS in each]}
    return (headlines or [{}])[0] | told


def _before(last: dict, now: dict) -> dict | None:
    """The answer before this one, where it was another."""
    same = not last or all(
        last.get(key) == now.get(key) for key in ("headline", "value", "low", "high")
    )
    return (
        last.get("was")
        if same
        else {key: last.get(key) for key in ("headline", "value", "low", "high", "unit")}
    )


def _written(ran: list, kept: Path) -> bytes | None:
    """The executed notebook in a file's bytes, None where no cell ran."""
    import nbformat

    return nbformat.writes(ran[0]).encode() if ran else kept.read_bytes() if kept.exists() else None


def _where(fault: Exception, executed: bytes | None) -> tuple[str, str, str]:
    """Cell, error and message of a failure, as far as the executed notebook tells."""
    cells = json.loads(executed)["cells"] if executed else []
    shown = ((cell.get("id", ""), output) for cell in cells for output in cell.get("outputs", []))
    errors = (
        (cell, said["ename"], said["evalue"])
        for cell, said in shown
        if said["output_type"] == "error"
    )
    return next(errors, ("", type(fault).__name__, str(fault)))
