"""The build: what is to be made, what is fresh already, who makes it, and what came of it."""

import json
import os
import re
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, nullcontext, suppress
from functools import cache
from pathlib import Path

from analysis.press import storage as store
from analysis.press.jobs import (
    ENGINES,
    ROOT,
    declared,
    failed,
    ordered,
    page_name,
    record_name,
    task,
)

SUFFIXES = {".py", ".csv", ".yml", ".json", ".html", ".xml", ".md", ".css", ".js", ".gz"}
WATCHED = SUFFIXES | {".ipynb"}
SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
RESERVED = {"assets", "sources"}
# What `verdict.across` asks of other scenarios.
STATED = re.compile(r"""^["']?(?:title|workload)["']?[ ]*:.*(?:\n(?:[ \t#].*)?$)*""", re.M)


def build(
    scenarios: Iterable[str] = (),
    notebooks: Iterable[str] = (),
    output: str = "reports",
    jobs: int | None = None,
    force: bool = False,
    engine: str = "fork",
    assets: str = "inline",
    keep_going: bool = True,
    timeout: float | None = None,
    draws: int | None = None,
    cluster: str | None = None,
    progress: str = "auto",
    crew=None,
    again: bool = False,
) -> list[dict]:
    """Make every report that is not fresh, then the pages about them, the index last; the records
    of what was made.

    `scenarios` and `notebooks` are names or paths, all of params/ and notebooks/ where empty.
    `engine` is "fork" or "kernel", `assets` "inline" or "shared", `timeout` seconds a cell,
    `progress` "auto", "plain", "json" or "none". With `again` another build by the same crew
    follows, and what code has shown is kept for it. A failure has status "failed" in its record;
    with `keep_going` false the first one ends the build.
    """
    from analysis.press import site
    from analysis.press.progress import Progress

    output = str(output) if "://" in str(output) else str(Path(output).absolute())
    if engine not in ENGINES:
        raise OSError(f"the engine is one of {', '.join(ENGINES)}, not {engine!r}")
    settings: dict = {
        "output": output,
        "engine": engine,
        "timeout": timeout,
        "shared": shared(assets),
        "draws": draws,
    }
    settings["again"] = again
    planned = plan(list(scenarios), list(notebooks), settings)
    own = nullcontext(crew) if crew else crew_of(cluster, jobs, output, draws)
    with Progress(progress) as told, store.lock(output, told.note), own as crew:
        due = _due([job for job in planned if not job["reads"]], force)
        named = [
            str(Path(name).absolute()) if name.endswith(".yml") else name for name in scenarios
        ]
        if found := named and due and _asked(crew, told, due, "faults", *named):
            raise OSError("\n".join(found))  # before anything is written
        beside = [_task(due, "sources", output, common(), force)] if due else []
        made = _make(due, crew, told, keep_going, beside)
        if keep_going or not any(record["status"] == "failed" for record in made):
            records = site.records(output, None if scenarios or notebooks else planned)
            results = _asked(crew, told, due, "tables", output, records)
            keys = (
                dict.fromkeys(("key", "run"), store.digest(job["key"], results)) for job in planned
            )
            once = [job | key for job, key in zip(planned, keys, strict=True) if job["reads"]]
            due += (late := _due(once, force))
            made += _make(late, crew, told, keep_going)
            _asked(
                crew,
                told,
                due,
                "pages",
                output,
                site.records(output),
                common(),
                settings["shared"],
                force,
            )
        told.summary(planned, made)
    return made


def watch(
    output: str = "reports", jobs: int | None = None, draws: int | None = None, **options
) -> None:
    """Build, and again at each change of a file until interrupted; an edited notebook meets a warm
    process.
    """
    output, crew, code, seen = str(Path(output).absolute()), None, "", {}
    with ExitStack() as held:
        while True:
            files = [
                path
                for folder in ("analysis", "notebooks", "params")
                for path in (ROOT / folder).rglob("*.*")
            ]
            files += map(Path, (*options.get("scenarios", ()), *options.get("notebooks", ())))
            now = seen
            with suppress(
                FileNotFoundError
            ):  # a file that goes in this moment is missed at the next look
                now = {
                    path: path.stat().st_mtime_ns
                    for path in files
                    if path.suffix in WATCHED and path.exists()
                }
            if now == seen:
                time.sleep(0.1)
                continue
            seen = now
            common.cache_clear()
            try:
                if common() != code:
                    held.close()
                    code, crew = common(), held.enter_context(crew_of(None, jobs, output, draws))
                build(output=output, draws=draws, crew=crew, again=True, **options)
            except (
                OSError,
                ValueError,
                RuntimeError,
            ) as fault:  # a file saved by half; the next save mends it
                print(fault, file=sys.stderr)


def plan(scenarios: list[str], notebooks: list[str], settings: dict) -> list[dict]:
    """A job for every scenario and every notebook that takes one; a job for every other
    notebook.
    """
    found = _paths(scenarios, ROOT / "params", ".yml", "scenario")
    asked = _paths(notebooks, ROOT / "notebooks", ".ipynb", "notebook")
    folders = {path.parent for path in asked}
    read = {
        path: _cells(path, path in asked)
        for folder in folders
        for path in sorted(folder.glob("*.ipynb"))
    }
    each = ordered(
        path.stem for path, cells in read.items() if "scenario" in (declared(cells) or ())
    )
    taking = sorted(
        (path for path in asked if path.stem in each), key=lambda path: each.index(path.stem)
    )
    pairs = [(path, scenario) for scenario in found for path in taking]
    pairs += [(path, None) for path in asked if path not in taking]
    return [
        _job(path, read[path], scenario, each if scenario else [], settings)
        for path, scenario in pairs
    ]


def _cells(path: Path, asked: bool) -> list[dict]:
    """The cells of a notebook; OSError where an asked one is no notebook."""
    try:
        return json.loads(path.read_bytes())["cells"]
    except (ValueError, KeyError, TypeError) as fault:
        if not asked:
            return []
        raise OSError(f"{path}: no notebook: {fault}") from None


def _paths(asked: list[str], folder: Path, end: str, kind: str) -> list[Path]:
    """Files by name or path; names that are the same, unknown or unfit for a file name are
    refused.
    """
    paths = [Path(name) if name.endswith(end) else folder / (name + end) for name in asked]
    paths = paths or sorted(folder.glob("*" + end))
    for path in paths:
        if not path.is_file():
            known = ", ".join(sorted(p.stem for p in folder.glob("*" + end)))
            raise FileNotFoundError(
                f"no {kind} {path.stem if path.parent == folder else path}; known: {known}"
            )
        if not SLUG.fullmatch(path.stem) or path.stem in RESERVED:
            raise OSError(
                f"{path}: a {kind}'s file name may hold letters, digits, dot, dash and underscore only"
            )
    if len({path.stem for path in paths}) < len(paths):
        raise OSError(f"two {kind}s have one name: {', '.join(map(str, paths))}")
    return [path.absolute() for path in paths]


def _job(
    path: Path, cells: list[dict], scenario: Path | None, siblings: list, settings: dict
) -> dict:
    told = [
        [c["cell_type"], c.get("id"), c["metadata"].get("tags", []), "".join(c["source"])]
        for c in cells
    ]
    parameters: dict = {}
    if scenario:
        own = scenario.parent == ROOT / "params"
        parameters = {"scenario": scenario.stem if own else os.path.relpath(scenario, path.parent)}
    asked = json.dumps([told, parameters, siblings, settings["shared"], settings["draws"]])
    code = json.dumps([[cell for cell in told if cell[0] == "code"], parameters, settings["draws"]])
    reads = any(
        "answers" in tags for _, _, tags, _ in told
    )  # what the other reports say, so it comes after them
    read = store.digest(common(), others(reads), scenario.read_bytes() if scenario else b"")
    return settings | {
        "files": {
            os.path.relpath(file, ROOT): store.digest(file.read_bytes())
            for file in (path, scenario)
            if file
        },
        "scenario": scenario.stem if scenario else "",
        "notebook": path.stem,
        "path": os.path.relpath(path, ROOT),
        "name": f"{scenario.stem}/{path.stem}" if scenario else path.stem,
        "parameters": parameters,
        "declares": declared(cells),
        "siblings": siblings,
        "key": store.digest(read, asked),
        "run": store.digest(read, code),
        "length": sum(len(source) for _, _, _, source in told),
        "reads": reads,
    }


def others(whole: bool = False) -> str:
    """What a report reads of every scenario in params/: its title and its workload; a comparison,
    the `whole` file.
    """
    files = sorted((ROOT / "params").glob("*.yml"))
    texts = {file.name: file.read_bytes().decode(errors="replace") for file in files}
    told = ((name, *([text] if whole else STATED.findall(text))) for name, text in texts.items())
    return store.digest(*(part for parts in told for part in parts))


@cache
def common() -> str:
    """What every report depends on: facts, laws, templates, the reference scenario, Python and
    installed versions.
    """
    code = [path for path in sorted((ROOT / "analysis").rglob("*")) if path.suffix in SUFFIXES]
    files = [*code, ROOT / "params/reference.yml"]
    parts = [part for path in files for part in (str(path.relative_to(ROOT)), path.read_bytes())]
    folders = [Path(folder) for folder in sys.path if folder.endswith("site-packages")]
    installed = {entry.name for folder in folders for entry in folder.glob("*.dist-info")}
    return store.digest(sys.version, sys.platform, *sorted(installed), *parts)


def shared(assets: str) -> str:
    """Where the chart library lies in the site, blank where each page carries it; its name holds
    its content.
    """
    if assets not in ("inline", "shared"):
        raise OSError(f"assets are 'inline' or 'shared', not {assets!r}")
    library = Path(__file__).with_name("assets") / "vega.js.gz"
    return f"assets/vega-{store.digest(library.read_bytes())[:12]}.js" if assets == "shared" else ""


def fresh(job: dict) -> bool:
    """Whether the page was made of the same content and still has the size that its record says."""
    record = json.loads(store.get(job["output"], record_name(job)) or b"{}")
    same = record.get("key") == job["key"] and record.get("status") == "ok"
    return same and store.size(job["output"], page_name(job)) == record["bytes"]


def crew_of(cluster: str | None, jobs: int | None, output: str, draws: int | None = None):
    """Who makes the reports: the workers of a Dask scheduler, or processes of this machine, as many
    as it has cores.
    """
    if cluster:
        from analysis.press.cluster import Cluster

        return Cluster(cluster)
    from analysis.press.pool import Crew

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Crew(jobs or cores or 1, output, draws)


def _due(jobs: list[dict], force: bool) -> list[dict]:
    """What is to be made, the longest notebooks first, so that none is left alone at the end."""
    return sorted((job for job in jobs if force or not fresh(job)), key=lambda job: -job["length"])


def _asked(crew, told, due: list[dict], name: str, *arguments):
    """What a task about the whole site gives: done by the crew, which is warm, where it has
    something to make.
    """
    if not due:
        return task(name, arguments)
    record: dict = {}
    for event in crew.make([_task(due, name, *arguments)]):
        record = event.get("record", record)
        if event["event"] == "note":
            told.event(event)
    if record["status"] == "failed":
        raise OSError(record["error"]["said"])
    return record["told"]


def _task(due: list[dict], name: str, *arguments) -> dict:
    key = store.digest(*(job["key"] for job in due), json.dumps([name, arguments]))
    return due[0] | {"name": name, "task": name, "arguments": arguments, "key": key}


def _make(due: list[dict], crew, told, keep_going: bool, beside: Sequence = ()) -> list[dict]:
    """Records of the reports; tasks `beside` them fill a slot at the end, and are done again where
    one fails.
    """
    hollow = [job for job in due if job["declares"] is None]
    made = [
        failed(job, "", "ParametersError", "no cell is tagged `parameters`", None) for job in hollow
    ]
    told.begin([job["name"] for job in due])
    for record in made:
        told.event({"event": "done", "job": record["name"], "record": record})
    if made and not keep_going:
        return made
    for event in crew.make([*(job for job in due if job not in hollow), *beside]):
        if event.get("job") in [job["name"] for job in beside]:
            continue
        told.event(event)
        if event["event"] == "done":
            made.append(event["record"])
            if event["record"]["status"] == "failed" and not keep_going:
                break
    return made
