"""A forked process that runs chosen tests, over the code as it is or with one module changed."""

import contextlib
import importlib.abc
import importlib.util
import itertools
import json
import os
import signal
import sys
import time
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path

import coverage
import hypothesis
import pytest

import analysis as an

ROOT = Path(__file__).parents[2]
# Rooms that do not see a change of a room: what they imported and kept is as good after it.
BELOW = {
    "laws": ("units", "facts"),
    "model": ("units", "facts", "laws", "scenario"),
    "questions": ("units", "facts", "laws", "scenario", "model"),
}
OPTIONS = (
    *("-q", "-x", "--tb=line", "--no-header", "--hypothesis-profile=mutants"),
    *("-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:nbval", "-p", "no:anyio"),
    *("-m", "not slow and not browser"),
)
# Shrinking a counter-example tells a reader more and takes long; here the first one ends the run.
hypothesis.settings.register_profile(
    "mutants",
    deadline=None,
    derandomize=True,
    database=None,
    phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
)


class _Changed(SourceFileLoader):
    """Loads a module from text in place of its file."""

    def __init__(self, name: str, path: str, code: str):
        super().__init__(name, path)
        self.code = code

    def get_code(self, fullname: str):
        return compile(self.code, self.path, "exec")


class _Finder(importlib.abc.MetaPathFinder):
    """Finds one module alone: the one with the change."""

    def __init__(self, file: str, code: str):
        path = ROOT / file
        parts = path.relative_to(ROOT).with_suffix("").parts
        self.name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        self.path, self.code = str(path), code

    def find_spec(self, fullname: str, path=None, target=None) -> ModuleSpec | None:
        if fullname != self.name:
            return None
        package = [str(Path(self.path).parent)] if self.path.endswith("__init__.py") else None
        return importlib.util.spec_from_file_location(
            fullname,
            self.path,
            loader=_Changed(fullname, self.path, self.code),
            submodule_search_locations=package,
        )


def preload() -> None:
    """Import what tests stand on and read all facts and scenarios, once for all processes."""
    for name in ("altair", "scipy.stats", "analysis.model", "analysis.units"):
        importlib.import_module(name)
    for name in an.scenarios():
        an.load(name)


def presolve() -> None:
    """Search every scenario's deployments, which are the same for all changes of questions."""
    for name in an.scenarios():
        an.decide(an.load(name))


def _forget(file: str) -> None:
    """Drop the modules in which a change could show, and what the package remembers of them."""
    kept = BELOW[file.split("/")[1]]
    for name in list(sys.modules):
        if name.startswith("analysis.") and name.split(".")[1] not in kept:
            del sys.modules[name]
            vars(an).pop(name.split(".")[1], None)
    for name in an.__all__:
        vars(an).pop(name, None)


class _Notes:
    """Writes one line a test to a file, and lays the lines that it ran to its account."""

    def __init__(self, path: Path, measured: coverage.Coverage | None):
        self.path, self.measured = path, measured
        self.began = 0.0

    def _write(self, **what: object) -> None:
        with self.path.open("a") as out:
            out.write(json.dumps(what) + "\n")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item, nextitem):
        if self.measured is not None:
            self.measured.switch_context(item.nodeid)
        self._write(test=item.nodeid, began=time.time())
        result = yield
        if self.measured is not None:
            self.measured.switch_context("")
        return result

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or report.failed:
            line = ""
            if report.failed:
                line = str(getattr(report.longrepr, "reprcrash", report.longrepr) or "")[:400]
            self._write(test=report.nodeid, outcome=report.outcome, line=line, s=report.duration)

    def pytest_collectreport(self, report):
        if report.failed:
            self._write(test=report.nodeid, outcome="failed", line=str(report.longrepr)[-400:], s=0)


def start(tests: list[str], notes: Path, change: tuple[str, str] | None, data: Path | None) -> int:
    """Fork a process that runs these tests; the number of the process.

    `change` is a file and its changed text; `data` is where lines by test go, if they are wanted.
    """
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        os.setpgid(0, 0)
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(quiet, stream)
        os.chdir(ROOT)
        sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
        measured = None
        if data is not None:
            measured = coverage.Coverage(str(data), source=[str(ROOT / "analysis")], messages=False)
            measured.start()
        if change is not None:
            _forget(change[0])
            sys.meta_path.insert(0, _Finder(*change))
        stop = () if change is not None else ("-o", "addopts=", "--maxfail=1000")
        # A file at a time: reading all of them before the first test would cost more than it takes.
        for _, of_file in itertools.groupby(tests, lambda test: test.partition("::")[0]):
            notes_of_run = _Notes(notes, measured)
            status = pytest.main([*OPTIONS, *stop, *of_file], plugins=[notes_of_run])
            if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
                break
        if measured is not None:
            measured.stop()
            measured.save()
    finally:
        os._exit(int(status))
    return 0


def stop(process: int) -> None:
    """Ends a process with its children."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(process, 0)


def read(notes: Path) -> list[dict]:
    """What the tests of a process came to."""
    if not notes.exists():
        return []
    return [json.loads(line) for line in notes.read_text().splitlines() if line.endswith("}")]
