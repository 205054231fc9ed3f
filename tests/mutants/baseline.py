"""Which quick test runs which line, and how long it takes; each file of tests by itself."""

import ast
import hashlib
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import coverage
from pool import Job, run
from sample import Mutant

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build/mutants"
LIMIT_S = 900.0  # a file of tests, on a busy machine
SLOW_S = 1.5  # beyond it a test is asked after all others
# The press, its pages, tables of facts and the tools around say nothing of these rooms, or only
# that they do not crash. Stored answers are left out on purpose: a test that compares with what the
# code said before states no right value.
NOT_ASKED = (
    *("browser", "catalogue", "cluster", "command_doors", "damage", "dollars", "environment"),
    *("every_scenario", "facts", "form", "forwards", "help", "hostile_outputs", "hostile_text"),
    *("index", "look", "markup", "names", "new", "notebook_filter", "notebooks", "press_apart"),
    *("prose", "publish", "pythons", "report", "report_browser", "report_faults", "sentences"),
    *("shape", "surroundings", "tools"),
)
STORED = ("test_the_committed_answer_is_the_one_that_the_model_gives",)


def test_files(named: Sequence[str]) -> list[str]:
    """Files of tests that can see the rooms, or those that are named alone."""
    if named:
        return [str(Path(name).resolve().relative_to(ROOT)) for name in named]
    return [
        f"tests/{path.name}"
        for path in sorted((ROOT / "tests").glob("test_*.py"))
        if path.stem.removeprefix("test_") not in NOT_ASKED
    ]


@dataclass(frozen=True)
class Seen:
    """Tests by file and line that they run, and the seconds that each takes."""

    by_line: dict[str, dict[int, list[str]]]
    seconds: dict[str, float]

    def tests(self, mutant: Mutant, at_most_s: float) -> list[str]:
        """Tests that run the line, those within a second or two first and of these the files that
        take least; then others of the same files that run the module, as they may read what a cache
        or a fixture kept. A line that runs on import belongs to all tests of the files that run its
        module: one may read what it made and run nothing else.
        """
        lines = self.by_line.get(mutant.file, {})
        of_module = {test for tests in lines.values() for test in tests}
        direct = set(lines.get(mutant.line, ())) or of_module
        if _runs_on_import(mutant):
            files = {_file(test) for test in of_module}
            direct = {test for test in self.seconds if _file(test) in files}
        files = {_file(test) for test in direct}
        indirect = {test for test in of_module if _file(test) in files} - direct
        chosen = [*self._cheapest_first(direct), *self._cheapest_first(indirect)]
        spent, within = 0.0, []
        for test in chosen:
            spent += self.seconds.get(test, 0.0)
            if within and spent > at_most_s:
                break
            within.append(test)
        return within

    def _cheapest_first(self, tests: set[str]) -> list[str]:
        cost: dict[str, float] = defaultdict(float)
        for test in tests:
            cost[_file(test)] += self.seconds.get(test, 0.0)
        order = {test: number for number, test in enumerate(self.seconds)}

        def late(test: str) -> tuple[bool, float, str, int]:
            file = _file(test)
            return self.seconds.get(test, 0.0) > SLOW_S, cost[file], file, order.get(test, 0)

        return sorted(tests, key=late)


def _runs_on_import(mutant: Mutant) -> bool:
    """Whether a line stands outside the bodies of all functions, as that of a default does."""
    tree = ast.parse((ROOT / mutant.file).read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return not any(each.body[0].lineno <= mutant.line <= each.end_lineno for each in functions)


def _file(test: str) -> str:
    return test.partition("::")[0]


def _key(file: str) -> str:
    """Of the code and of a file of tests: lines by test hold as long as it stays."""
    code = hashlib.sha256()
    for path in [*sorted((ROOT / "analysis").rglob("*.py")), ROOT / file]:
        code.update(path.read_bytes())
    return code.hexdigest()


def baseline(at_once: int, named: Sequence[str] = ()) -> Seen:
    """What each test that can see the rooms runs, or each of the files `named`.

    A file of tests whose lines are known already is not run again. Raises `SystemExit` where a test
    fails: then nothing can be said of mutants.
    """
    BUILD.mkdir(parents=True, exist_ok=True)
    due = []
    files = test_files(named)
    for file in files:
        notes = BUILD / f"{Path(file).stem}.json"
        if not notes.exists() or json.loads(notes.read_text())["key"] != _key(file):
            data = BUILD / f"{Path(file).stem}.cov"
            data.unlink(missing_ok=True)
            due.append(Job(file, (file,), None, data, LIMIT_S))
    for done in run(due, at_once):
        failed = [note["test"] for note in done.notes if note.get("outcome") == "failed"]
        if done.status or failed:
            sys.exit(f"{done.job.name} fails as it stands ({done.status}): {failed}")
        kept = {"key": _key(done.job.name), "notes": done.notes}
        (BUILD / f"{Path(done.job.name).stem}.json").write_text(json.dumps(kept))
        print(f"{done.job.name}: {done.seconds:.0f} s", flush=True)
    return _read(files)


def _read(files: Sequence[str]) -> Seen:
    by_line: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    seconds: dict[str, float] = {}
    for file in files:
        stem = Path(file).stem
        for note in json.loads((BUILD / f"{stem}.json").read_text())["notes"]:
            if "outcome" in note and not any(stored in note["test"] for stored in STORED):
                seconds[note["test"]] = seconds.get(note["test"], 0.0) + note["s"]
        data = coverage.CoverageData(str(BUILD / f"{stem}.cov"))
        data.read()
        for path in data.measured_files():
            name = str(Path(path).relative_to(ROOT))
            for line, tests in data.contexts_by_lineno(path).items():
                by_line[name][line] += [test for test in tests if test in seconds]
    return Seen(by_line, seconds)
