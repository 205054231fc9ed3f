"""The reports of a build: one for each scenario and notebook, and of what each is made."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from analysis.press import records, storage
from analysis.press.domain import Domain, load_domain
from analysis.press.inputs import InputReader
from analysis.press.records import Page, ReportRecord

SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
SWEEPS = "sweeps"  # where the site has the pages of sweeps
# What the site has at its top beside scenarios; notebooks of the whole site leave pages there, too.
RESERVED = {"assets", "sources", "index", "feed.xml", "results.csv", "results.parquet"}
RESERVED |= {"published.json", "scenarios.csv", "scenarios.parquet", "sweeps", "moved"}
RESERVED_ENDINGS = (".html", ".ipynb")


@dataclass(frozen=True)
class BuildOptions:
    """What is the same for all reports of a build.

    `domain` is the domain's import path. `engine` is "fork" or "kernel", `timeout` seconds that a
    cell may take. `library` says where the chart library lies in the site, blank where each page
    carries it. `environment` are variables that notebooks see. `watching`: another build of the
    same notebooks follows, and what their code has shown is kept for it.
    """

    domain: str
    output: str
    engine: str
    timeout: float | None
    library: str
    environment: tuple[tuple[str, str], ...]
    watching: bool


@dataclass(frozen=True)
class Job:
    """A report that may have to be made.

    `path` is the notebook's, below the domain's root. `has_parameters`: it has a cell tagged
    `parameters`. `siblings` are the notebooks that the page links to. `files` are the paths and
    digests of notebook and scenario. `key` is a digest of all that the page depends on, `code_key`
    of all that its outputs depend on. `length` is of its source, in characters. `reads_answers`:
    the notebook reads what the other reports say, so it comes after them. `guest` is the text of a
    scenario from outside params/, for a machine that does not have its file; `folder`, where it is
    not blank, is the working folder of the notebook there. `title` is that of a sweep or of one of
    its combinations, blank where the scenario has its own.
    """

    options: BuildOptions
    scenario: str
    notebook: str
    path: str
    parameters: dict[str, Any]
    has_parameters: bool
    siblings: tuple[str, ...]
    files: tuple[tuple[str, str], ...]
    key: str
    code_key: str
    length: int
    reads_answers: bool
    guest: bytes = b""
    folder: str = ""
    title: str = ""

    @property
    def name(self) -> str:
        """The report's name: scenario and notebook."""
        return records.report_name(self.scenario, self.notebook)

    @property
    def output(self) -> str:
        """The site's folder or URL."""
        return self.options.output

    @property
    def domain(self) -> Domain:
        """The domain, found by its import path in whichever process asks."""
        return load_domain(self.options.domain)

    @property
    def is_guest(self) -> bool:
        """Whether the scenario was named by a path outside params/."""
        return self.parameters.get("scenario", self.scenario) != self.scenario

    @property
    def reference(self) -> str:
        """By what the domain reads the scenario in any folder: its name or, a guest's, its path."""
        if self.is_guest:
            return os.path.normpath(self.notebook_path.parent / self.parameters["scenario"])
        return self.scenario

    @property
    def notebook_path(self) -> Path:
        """The notebook on this machine."""
        return self.domain.root / self.path

    @property
    def working_folder(self) -> Path:
        """Where the notebook runs: relative paths in its parameters lead from here."""
        return Path(self.folder) if self.folder else self.notebook_path.parent

    def with_guest_in(self, folder: Path) -> "Job":
        """The same job on a machine that lacks its scenario's file: `folder` gets the file, and a
        working folder from which the same path leads to it, so that the page is the same.
        """
        scenario = Path(self.parameters["scenario"])
        ups = sum(part == ".." for part in scenario.parts)
        working = folder.joinpath(*["n"] * (ups + 1))
        working.mkdir(parents=True)
        file = Path(os.path.normpath(working / scenario))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(self.guest)
        return replace(self, folder=str(working))

    def page_name(self, suffix: str = ".html") -> str:
        """Where the page lies in the site."""
        return records.page_name(self.scenario, self.notebook, suffix)

    def record(self) -> ReportRecord | None:
        """The record in the site; None where there is none that can be read."""
        name = records.record_name(self.scenario, self.notebook)
        return ReportRecord.from_json(storage.get(self.output, name))

    def store_record(self, record: ReportRecord) -> None:
        """Write the record into the site."""
        name = records.record_name(self.scenario, self.notebook)
        storage.put(self.output, name, record.to_json())

    def reading(self, answers: str) -> "Job":
        """The same job once `answers`, a digest of what the other reports say, is known."""
        return replace(
            self,
            key=storage.digest(self.key, answers),
            code_key=storage.digest(self.code_key, answers),
        )

    def is_fresh(self, reader: InputReader) -> bool:
        """Whether the page that stands was made of the same content and is as it was written.

        Where a file changed in parts that the report did not read, its record is brought up to
        date.
        """
        record = self.record()
        if record is None or record.page is None or record.error is not None:
            return False
        page = record.page
        if page.key != self.key or not self._stands(page):
            return False
        inputs = []
        for recorded in page.inputs:
            renewed = reader.renewed(recorded)
            if renewed is None:
                return False
            inputs.append(renewed)
        if tuple(inputs) != page.inputs:
            self.store_record(replace(record, page=replace(page, inputs=tuple(inputs))))
        return True

    def _stands(self, page: Page) -> bool:
        """Whether the page's file is as it was written. One behind a URL is asked for its length:
        to read it would take as long as to make it.
        """
        if storage.size(self.output, self.page_name()) != page.bytes:
            return False
        if not page.content or storage.is_url(self.output):
            return True
        content = storage.get_file(self.output, self.page_name())
        return content is not None and storage.digest(content) == page.content


@dataclass(frozen=True)
class Cell:
    """What counts of a notebook's cell: not its outputs, nor who ran it when."""

    kind: str
    id: str
    tags: tuple[str, ...]
    source: str


def plan(
    scenarios: Sequence[str],
    notebooks: Sequence[str],
    options: BuildOptions,
    common: str,
    swept: Mapping[str, Sequence] | None = None,
) -> list[Job]:
    """A job for each scenario and each notebook that takes one; a job for each other notebook.

    With `swept`, values by dotted key: a job for each scenario and each notebook that takes a
    sweep, and for each combination of values a job for each of `notebooks` that takes a scenario.

    `scenarios` and `notebooks` are names or paths, all of the domain's where empty; `common` is the
    digest of what every report depends on. OSError for a name that is unknown, ambiguous or unfit
    for a file, and for a file that is no notebook.
    """
    domain = load_domain(options.domain)
    scenario_paths = _paths(scenarios, domain.root / "params", ".yml", "scenario")
    notebook_paths = _paths(notebooks, domain.root / "notebooks", ".ipynb", "notebook")
    cells_of = {path: read_cells(path) for path in notebook_paths}
    siblings, sweeping = _taking_a_scenario(cells_of)
    order = {name: position for position, name in enumerate(domain.ordered(siblings))}
    each = sorted(
        (path for path in notebook_paths if path.stem in order), key=lambda path: order[path.stem]
    )
    links = tuple(order)
    if swept is not None:
        named = each if notebooks else []
        return _sweep_jobs(scenario_paths, named, sweeping, links, options, common, swept)
    jobs = []
    for scenario in scenario_paths:
        for path in each:
            jobs.append(_job(path, cells_of[path], scenario, links, options, common))
    for path in notebook_paths:
        if path.stem not in order and path not in sweeping:
            jobs.append(_job(path, cells_of[path], None, (), options, common))
    return jobs


def _sweep_jobs(
    scenarios: Sequence[Path],
    notebooks: Sequence[Path],
    sweeping: Sequence[Path],
    links: tuple[str, ...],
    options: BuildOptions,
    common: str,
    swept: Mapping[str, Sequence],
) -> list[Job]:
    """The page of each scenario's sweep, then the pages of `notebooks` for each combination."""
    domain = load_domain(options.domain)
    jobs = []
    for scenario in scenarios:
        in_params = scenario.parent == domain.root / "params"
        found = domain.sweep(scenario.stem if in_params else str(scenario), swept)
        for path in sweeping:
            parameters = {"sweep": {key: list(values) for key, values in swept.items()}}
            made = _job(path, read_cells(path), scenario, (), options, common, parameters)
            name = f"{SWEEPS}/{found.name}"
            jobs.append(replace(made, scenario="", notebook=name, title=found.title))
        for name, overrides in found.combinations:
            title = f"{found.title}: {name.partition('+')[2].replace('+', ', ')}"
            for path in notebooks:
                parameters = {"overrides": dict(overrides)}
                shown = tuple(each.stem for each in notebooks)
                made = _job(path, read_cells(path), scenario, shown, options, common, parameters)
                jobs.append(replace(made, scenario=name, title=title))
    return jobs


def read_cells(path: Path) -> list[Cell]:
    """The cells of a notebook file; OSError where it is no notebook."""
    try:
        return [
            Cell(
                kind=cell["cell_type"],
                id=cell.get("id", ""),
                tags=tuple(cell["metadata"].get("tags", [])),
                source="".join(cell["source"]),
            )
            for cell in json.loads(path.read_bytes())["cells"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise OSError(f"{path}: no notebook: {fault}") from None


def declared_parameters(cells: Sequence[Cell]) -> list[str] | None:
    """The parameters that the cell tagged `parameters` names; None where no cell is tagged so."""
    for cell in cells:
        if "parameters" in cell.tags:
            return re.findall(r"^(\w+)\s*(?::[^=\n]+)?=(?!=)", cell.source, re.M)
    return None


def _taking_a_scenario(cells_of: dict[Path, list[Cell]]) -> tuple[set[str], list[Path]]:
    """Names of the notebooks, and of those beside them, that take a scenario: pages link to all.
    Then the notebooks that take a sweep of one, which no scenario has as a page.
    """
    taking, sweeping = set(), []
    for folder in {path.parent for path in cells_of}:
        for path in folder.glob("*.ipynb"):
            try:
                cells = cells_of.get(path) or read_cells(path)
            except OSError:  # a neighbour that nobody asked for
                continue
            declared = declared_parameters(cells) or ()
            if "sweep" in declared:
                sweeping.append(path)
            elif "scenario" in declared:
                taking.add(path.stem)
    return taking, sorted(sweeping)


def _paths(names: Sequence[str], folder: Path, suffix: str, kind: str) -> list[Path]:
    """Files by name or path, all of the folder without names; their stems name pages, so they are
    checked.
    """
    known = sorted(folder.glob("*" + suffix))
    paths = [Path(name) if name.endswith(suffix) else folder / (name + suffix) for name in names]
    paths = paths or known
    for path in paths:
        if not path.is_file():
            name = path.stem if path.parent == folder else path
            stems = ", ".join(each.stem for each in known)
            raise FileNotFoundError(f"no {kind} {name}; known: {stems}")
        if not SLUG.fullmatch(path.stem):
            raise OSError(
                f"{path}: a {kind}'s file name may hold letters, digits, dot, dash and "
                "underscore only"
            )
        if path.stem.lower() in RESERVED or path.stem.lower().endswith(RESERVED_ENDINGS):
            raise OSError(
                f"{path}: the site itself may have {path.stem}; name the {kind} otherwise"
            )
    if len({path.stem for path in paths}) < len(paths):
        raise OSError(f"two {kind}s have one name: {', '.join(map(str, paths))}")
    return [path.absolute() for path in paths]


def _job(
    path: Path,
    cells: list[Cell],
    scenario: Path | None,
    siblings: tuple[str, ...],
    options: BuildOptions,
    common: str,
    further: Mapping[str, Any] | None = None,
) -> Job:
    """The report of a notebook; `further` are parameters beside the scenario."""
    root = load_domain(options.domain).root
    parameters: dict[str, Any] = {}
    files = [path]
    guest = b""
    if scenario is not None:
        in_params = scenario.parent == root / "params"
        guest = b"" if in_params else scenario.read_bytes()
        name = scenario.stem if in_params else os.path.relpath(scenario, path.parent)
        parameters = {"scenario": name, **(further or {})}
        files.append(scenario)
    whole = [[cell.kind, cell.id, cell.tags, cell.source] for cell in cells]
    code = [each for each in whole if each[0] == "code"]
    page = [whole, parameters, siblings, options.library, options.environment]
    base = storage.digest(common, scenario.read_bytes() if scenario else b"")
    return Job(
        options=options,
        scenario=scenario.stem if scenario else "",
        notebook=path.stem,
        path=os.path.relpath(path, root),
        parameters=parameters,
        has_parameters=declared_parameters(cells) is not None,
        siblings=siblings,
        files=tuple(
            (os.path.relpath(file, root), storage.digest(file.read_bytes())) for file in files
        ),
        key=storage.digest(base, json.dumps(page)),
        code_key=storage.digest(base, json.dumps([code, parameters, options.environment])),
        length=sum(len(cell.source) for cell in cells),
        reads_answers=any("answers" in cell.tags for cell in cells),
        guest=guest,
    )
