"""What goes wrong in a build, and what is left then: never a half-written page, never a silent
failure.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_notebooks import CHART, PARAMETERS, SETUP, answered, build, notebook

from analysis.__main__ import DOMAIN
from analysis.press import jobs, storage
from analysis.press.jobs import BuildOptions, Job
from analysis.press.messages import CellFinished, CellStarted
from analysis.press.pool_server import PoolServer, PoolSettings
from analysis.press.protocol import CellOrder, OutOfOrderError
from analysis.press.renderer import ChartRenderer, start_renderer
from analysis.press.report import make_report
from analysis.press.service import sweep_temporary_folders

ROOT = Path(__file__).parents[1]
# this search takes longer than the world is old
ENDLESS = f"endless = \"test(regexp('(a+)+$'), '{'a' * 60}b')\""
# The process is killed after a cell and before the next says that it begins.
DEATH_BETWEEN_CELLS = (
    "import os, signal\n"
    "from analysis.press.messages import CellStarted\n"
    "CellStarted.__reduce__ = lambda self: os.kill(os.getpid(), signal.SIGKILL)",
)
# The connection on which this process says what its cells do, found among all that lives in it.
HALF_A_MESSAGE = (
    "import gc, os, time\n"
    "from multiprocessing.connection import Connection\n"
    "is_worker = lambda each: isinstance(each, Connection) and not each.closed\n"
    "workers = [each for each in gc.get_objects() if is_worker(each)]\n"
    "(worker,) = [each for each in workers if each.fileno() == min(w.fileno() for w in workers)]\n"
    "send_half_a_message = lambda: os.write(worker.fileno(), (1000).to_bytes(4, 'big') + b'half')",
)
# What a process says out of order: a good end before the last cell, a cell that began already.
EARLY_END = (
    "from analysis.press.messages import Ended\n"
    "from analysis.press.records import ReportRecord\n"
    "worker.send(Ended(ReportRecord('article', 'early', None, None)))\ntime.sleep(600)"
)
TWICE = (
    "from analysis.press.messages import CellStarted\nworker.send(CellStarted(3))\ntime.sleep(600)"
)
# A cell that never runs, and nobody says so.
UNRUN = (
    "from analysis.press import shell\n"
    "shell.has_to_run = lambda cell: 'the answer' not in cell['source']"
)
# The owner of this process is the parent of the server that copied itself for it.
KILL_THE_POOL = (
    "import os, psutil, signal, time\n"
    "server = psutil.Process().parent()\n"
    "os.kill(server.ppid(), signal.SIGKILL)\n"
    "time.sleep(60)",
)
BAD = {
    "raises": (("1 + 1",), ("1 / 0  # raises",)),
    "killed": (("import os, signal",), ("os.kill(os.getpid(), signal.SIGKILL)",)),
    "crashed": (("import ctypes",), ("ctypes.string_at(0)",)),
    "left": (("import os",), ("os._exit(3)",)),
    "silent": (("import os",), ("os._exit(0)",), ("print('the answer')",)),
    "between": (DEATH_BETWEEN_CELLS, ("print('the answer')",), ("1 / 0",)),
    "half": (HALF_A_MESSAGE, ("send_half_a_message(); os._exit(0)",), ("print('the answer')",)),
    "stalls": (HALF_A_MESSAGE, ("send_half_a_message(); time.sleep(600)",)),
    "ends": (HALF_A_MESSAGE, ("worker.send_bytes(b'no message')",), ("time.sleep(600)",)),
    "early": (HALF_A_MESSAGE, (EARLY_END,), ("print('the answer')",)),
    "twice": (HALF_A_MESSAGE, (TWICE,), ("print('the answer')",)),
    "uncounted": (HALF_A_MESSAGE, (UNRUN,), ("print('the answer')",)),
    "hangs": (("import time",), ("time.sleep(600)",)),
    "undrawable": (
        SETUP,
        ("alt.Chart(table).mark_point().encode(x='x:Q').transform_filter('((')",),
    ),
    "endless": (
        SETUP,
        (ENDLESS,),
        ("alt.Chart(table).mark_point().encode(x='a:Q').transform_calculate(a=endless)",),
    ),
    "orphans": (("import subprocess",), ("subprocess.Popen(['sleep', '611.5'])\n1 / 0",)),
}
EXPECTED = {
    "raises": ("cell-3", "ZeroDivisionError"),
    "killed": ("cell-3", "DeadKernelError"),
    "crashed": ("cell-3", "DeadKernelError"),
    "left": ("cell-3", "DeadKernelError"),
    "silent": ("cell-3", "DeadKernelError"),
    "between": ("", "DeadProcessError"),
    "half": ("cell-3", "DeadKernelError"),
    "stalls": ("cell-3", "DeadKernelError"),
    "ends": ("cell-3", "DeadKernelError"),
    "early": ("cell-3", "DeadKernelError"),
    "twice": ("cell-3", "DeadKernelError"),
    "uncounted": ("", "RuntimeError"),
    "hangs": ("cell-3", "CellTimeoutError"),
    "undrawable": ("", "ValueError"),
    "endless": ("", "TimeoutError"),
    "orphans": ("cell-3", "ZeroDivisionError"),
    "bare": ("", "ParametersError"),
}


def alive(word: str) -> list[str]:
    """Command lines and environments of living processes that hold a word."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (
                word.encode()
                in (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            ):
                found.append((process / "cmdline").read_text())
        except OSError:
            continue
    return [line for line in found if "pytest" not in line]


def settled(check, seconds: float = 20) -> bool:
    """Whether a check comes true in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if check():
            return True
        time.sleep(0.1)
    return check()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Notebooks that fail in every way beside a good one."""
    folder = tmp_path_factory.mktemp("bad")
    for name, cells in BAD.items():
        notebook(folder / f"{name}.ipynb", PARAMETERS, *cells)
    notebook(folder / "bare.ipynb", ("scenario = 'reference'",))
    notebook(folder / "fine.ipynb", PARAMETERS, SETUP, answered(), CHART)
    notebook(folder / "good.ipynb", PARAMETERS, SETUP, answered(), CHART)
    notebook(folder / "slow.ipynb", PARAMETERS, ("1 + 1",))
    return folder


@pytest.fixture(scope="module")
def outcome(folder, tmp_path_factory) -> tuple[Path, dict]:
    output = tmp_path_factory.mktemp("site")
    build(["article"], [str(folder / "good.ipynb")], str(output), progress="none")
    good = (output / "article/good.html").read_bytes()
    notebook(folder / "good.ipynb", PARAMETERS, SETUP, answered(), ("1 / 0",))
    names = sorted(str(path) for path in folder.glob("*.ipynb"))
    made = build(["article"], names, str(output), timeout=6, progress="none")
    assert (output / "article/good.html").read_bytes() == good
    return output, {record.notebook: record for record in made}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_failure_says_where_and_what(name, outcome):
    record = outcome[1][name]
    assert record.status == "failed"
    assert (record.error.cell, record.error.name) == EXPECTED[name]
    assert record.error.message
    assert record.page is None


def test_the_batch_goes_on_past_failures(outcome):
    output, made = outcome
    assert made["fine"].status == "ok"
    assert (output / "article/fine.html").stat().st_size == made["fine"].page.bytes


@pytest.mark.parametrize("name", ["raises", "killed", "hangs", "silent", "half"])
def test_the_failed_notebook_is_kept_and_marked(name, outcome):
    output, _ = outcome
    kept = json.loads((output / f"article/{name}.failed.ipynb").read_text())
    assert any(
        "papermill-error-cell-tag" in cell["metadata"].get("tags", []) for cell in kept["cells"]
    )
    (kept_cell,) = [cell for cell in kept["cells"] if cell.get("id") == "cell-2"]
    assert kept_cell["execution_count"] is not None, "the cell before has run"
    assert not (output / f"article/{name}.html").exists()


def test_a_report_without_its_end_is_no_page(outcome):
    """A process that ends early, even with success, leaves no page that lacks cells."""
    output, made = outcome
    for name in ("silent", "between", "half", "stalls", "ends", "early", "twice", "uncounted"):
        assert not (output / f"article/{name}.html").exists(), name
    assert "ended with exit status 0" in made["silent"].error.message
    assert "was killed by signal 9" in made["between"].error.message
    for name in ("early", "twice"):
        assert "spoke out of order" in made[name].error.message
    assert "cell cell-4 did not run" in made["uncounted"].error.message


CODE = {"cell_type": "code", "source": "1", "metadata": {}}
PROSE = {"cell_type": "markdown", "source": "1", "metadata": {}}


@given(st.lists(st.sampled_from([CODE, PROSE]), max_size=4), st.data())
def test_only_the_order_of_the_cells_is_heard(cells, data):
    run: list[Any] = []
    for index, cell in enumerate(cells):
        if cell is CODE:
            run += [CellStarted(index), CellFinished(index, [], 1, True)]
    said = data.draw(st.permutations(run)) if data.draw(st.booleans()) else run
    said = list(said[: data.draw(st.integers(0, len(said)))])
    if said and isinstance(said[-1], CellFinished) and data.draw(st.booleans()):
        said[-1] = replace(said[-1], success=False)
    has_failed = bool(said) and isinstance(said[-1], CellFinished) and not said[-1].success
    as_run = [replace(m, success=True) if isinstance(m, CellFinished) else m for m in said]
    is_right = as_run == (run[: len(said)] if has_failed else run)
    order = CellOrder(cells)
    try:
        for message in said:
            order.hear(message)
        order.end()
    except OutOfOrderError:
        assert not is_right
    else:
        assert is_right


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("os._exit(0)", "DeadKernelError"),
        ("send_half_a_message(); os._exit(0)", "DeadKernelError"),
        ("worker.send_bytes(b'no message'); time.sleep(600)", "DeadKernelError"),
        ("worker.send(CellFinished(4, [], 1, True)); time.sleep(600)", "OutOfOrderError"),
        ("worker.send(Ended(None)); time.sleep(600)", "OutOfOrderError"),
    ],
)
def test_papermill_alone_hears_the_end_of_its_child(cell, name, tmp_path):
    import papermill

    messages = "from analysis.press.messages import CellFinished, Ended\n"
    cells = (PARAMETERS, HALF_A_MESSAGE, (messages + cell,), ("print('the answer')",))
    path, out = notebook(tmp_path / "a.ipynb", *cells), tmp_path / "out.ipynb"
    with pytest.raises(papermill.PapermillExecutionError, match=name):
        papermill.execute_notebook(
            path, out, engine_name="passthrough", kernel_name="python3", progress_bar=False
        )
    (last,) = [each for each in json.loads(out.read_text())["cells"] if each["id"] == "cell-4"]
    assert last["outputs"] == []


def test_an_older_good_page_stays_and_the_index_says_so(outcome):
    output, made = outcome
    assert made["good"].status == "failed"
    assert made["good"].page.answer.headline.startswith("A million tokens cost $3.57")
    index = (output / "index.html").read_text()
    assert "the page before" in index
    assert "ZeroDivisionError" in index


def test_nothing_a_notebook_started_is_left(outcome):
    assert settled(lambda: alive("611.5") == [])


def test_a_failure_is_tried_again_and_mended(folder, outcome):
    output, _ = outcome
    notebook(folder / "raises.ipynb", PARAMETERS, SETUP, answered())
    (record,) = build(["article"], [str(folder / "raises.ipynb")], str(output), progress="none")
    assert record.status == "ok"
    assert not (output / "article/raises.failed.ipynb").exists()


def test_the_first_failure_can_end_the_build(folder, tmp_path):
    names = [str(folder / f"{name}.ipynb") for name in ("killed", "orphans")]
    made = build(["article"], names, str(tmp_path), jobs=1, keep_going=False, progress="none")
    assert [record.notebook for record in made] in (["killed"], ["orphans"])
    assert not (tmp_path / "index.html").exists()


def job(output: str, path: str) -> Job:
    options = BuildOptions(DOMAIN, output, "fork", None, "", (), watching=False)
    (found,) = jobs.plan(["article"], [path], options, "common")
    return found


def test_a_full_disk_leaves_no_page(tmp_path, monkeypatch):
    path = notebook(tmp_path / "fine.ipynb", PARAMETERS, ("1 + 1",))
    write = storage.put

    def full(base, name, data, **options):
        if name.endswith(".html"):
            raise OSError(28, "No space left on device")
        write(base, name, data, **options)

    monkeypatch.setattr(storage, "put", full)
    monkeypatch.setattr("analysis.press.report._execute", lambda *_: {"metadata": {}, "cells": []})
    monkeypatch.chdir(tmp_path)
    record = make_report(job(str(tmp_path / "site"), path), lambda _: None, ChartRenderer())
    assert record.status == "failed"
    assert "No space left" in record.error.message
    assert list((tmp_path / "site").rglob("*.html")) == []


POINT = json.dumps({"data": {"values": [{"a": 1}]}, "mark": "point"})


@pytest.fixture
def service():
    running = start_renderer()
    yield running
    running.close(0)


@pytest.fixture
def renderers(service):
    both = [ChartRenderer(service.address) for _ in range(2)]
    yield both
    for renderer in both:
        renderer.close()


def test_reports_share_a_renderer_and_none_harms_another(service, renderers):
    one, other = renderers
    calculated = ENDLESS.removeprefix('endless = "').removesuffix('"')
    endless = json.loads(POINT) | {"transform": [{"calculate": calculated, "as": "b"}]}
    with ThreadPoolExecutor(1) as thread:
        late = thread.submit(other.draw, json.dumps(endless), 1)
        assert one.draw(POINT).startswith("<svg")
        with pytest.raises(TimeoutError, match="not drawn within 1 s"):
            late.result()
    assert other.draw(POINT) == one.draw(POINT)
    with pytest.raises(ValueError, match=r"cannot be drawn: .*TypeError: [^\n]*$"):
        other.draw(json.dumps({"data": {"values": []}, "mark": "no such mark"}))
    assert other.draw(POINT).startswith("<svg")
    service.process.kill()
    service.process.wait()
    assert [each.draw(POINT)[:4] for each in renderers] == ["<svg", "<svg"]  # each helps itself


def test_a_renderer_that_dies_again_says_so(service, monkeypatch):
    address = service.address
    service.process.kill()
    service.process.wait()
    monkeypatch.setattr("analysis.press.renderer.start_renderer", lambda: service)
    with pytest.raises(OSError, match="the process that draws pictures has ended"):
        ChartRenderer(address).draw(POINT)


def test_a_renderer_without_its_library_says_so_and_keeps_nobody_waiting(
    tmp_path, monkeypatch, capfd
):
    (tmp_path / "py_mini_racer.py").write_text("raise ImportError('no V8 here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(OSError, match="the process that draws pictures has ended"):
        ChartRenderer().draw(POINT)
    assert "no V8 here" in capfd.readouterr().err


def test_a_pool_replaces_a_dead_renderer():
    server = PoolServer(None, PoolSettings(slots=1, domain=DOMAIN))
    server.renderers = [start_renderer()]
    first = server.renderers[0]
    try:
        assert server._renderer_address(0) == first.address
        first.process.kill()
        first.process.wait()
        assert server._renderer_address(0) != first.address
        renderer = ChartRenderer(server._renderer_address(0))
        assert renderer.draw(POINT).startswith("<svg")
        renderer.close()
    finally:
        for renderer in server.renderers:
            renderer.close(0)


@pytest.mark.parametrize(
    ("slots", "reports", "started"), [(12, 1, 1), (12, 7, 3), (2, 9, 1), (6, 0, 0)]
)
def test_no_more_renderers_start_than_reports_need(slots, reports, started, monkeypatch, tmp_path):
    monkeypatch.setattr("analysis.press.pool_server.start_renderer", object)
    server = PoolServer(None, PoolSettings(slots=slots, domain=DOMAIN))
    made = job(str(tmp_path), notebook(tmp_path / "a.ipynb", PARAMETERS))
    server.waiting.extend([made] * reports)
    for _ in range(2):
        server._start_renderers()
        assert len(server.renderers) == started


def test_a_killed_pool_fails_the_reports_it_made_and_the_others_go_on(tmp_path):
    """Whatever ends the owner of the workers, a report has a record or is made."""
    names = [
        notebook(tmp_path / "nb/kills.ipynb", PARAMETERS, KILL_THE_POOL),
        notebook(tmp_path / "nb/fine.ipynb", PARAMETERS, ("1 + 1",)),
    ]
    records = build(["article"], names, str(tmp_path / "site"), jobs=1, progress="none")
    made = {record.notebook: record for record in records}
    assert made["kills"].error.name == "DeadPoolError"
    assert made["fine"].status == "ok"
    assert settled(lambda: not alive(f"PASSTHROUGH_SITE={tmp_path}"))


def test_a_folder_that_cannot_be_written_is_one_message(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        build(
            ["article"],
            [notebook(tmp_path / "nb" / "a.ipynb", PARAMETERS)],
            str(tmp_path / "file" / "site"),
            progress="none",
        )


def start(output: Path, folder: Path, **options) -> subprocess.Popen:
    names = [str(folder / f"{name}.ipynb") for name in ("fine", "slow")]
    options = {"progress": "none"} | options
    scenarios = ["article", "hopper", "agents"]
    call = f"build({DOMAIN!r}, {scenarios}, {names}, {str(output)!r}, **{options})"
    code = f"from analysis.press.build import build; {call}"
    return python(code)


def python(code: str) -> subprocess.Popen:
    """A Python process that SIGINT reaches, also where these tests run in the background."""
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def whole(output: Path) -> bool:
    """Whether every page that is there is complete, and every link of the index leads to one."""
    return all(
        page.read_text().endswith("</html>\n") or page.read_text().endswith("</html>")
        for page in output.rglob("*.html")
    )


def test_kill_nine_leaves_no_broken_page_and_the_next_build_completes(folder, tmp_path):
    notebook(folder / "slow.ipynb", PARAMETERS, ("import time\ntime.sleep(0.3)",))
    for round_, wait in enumerate((1.5, 4.0, 6.0)):
        process = start(tmp_path, folder)
        time.sleep(wait)
        process.kill()
        process.communicate()
        assert settled(lambda: not alive(f"PASSTHROUGH_SITE={tmp_path}")), round_
        assert whole(tmp_path)
    last = start(tmp_path, folder)
    last.communicate()
    assert last.returncode == 0
    assert whole(tmp_path)
    assert len(list(tmp_path.glob("*/slow.html"))) == 3
    assert list(tmp_path.rglob(storage.TEMPORARY + "*")) == []


@pytest.fixture
def temporary(monkeypatch):
    """A folder for temporary files, near the root: the address of a socket must be short."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield Path(folder)


@pytest.mark.parametrize("timeout", [None, 2])
def test_nothing_temporary_is_left_by_a_build(timeout, folder, temporary, tmp_path):
    seconds = 30 if timeout else 4
    notebook(folder / "slow.ipynb", PARAMETERS, (f"import time\ntime.sleep({seconds})",))
    process = start(tmp_path, folder, timeout=timeout)
    process.communicate()
    assert process.returncode == 0
    assert len(list(tmp_path.glob("*/slow.html"))) == (0 if timeout else 3)
    assert list(temporary.iterdir()) == []


def test_nothing_temporary_is_left_by_a_build_that_is_killed(folder, temporary, tmp_path):
    notebook(folder / "slow.ipynb", PARAMETERS, ("import time\ntime.sleep(60)",))
    process = start(tmp_path, folder)
    assert settled(lambda: list(tmp_path.glob("*/fine.html")), 60)
    process.kill()
    process.communicate()
    assert settled(lambda: not alive(f"PASSTHROUGH_SITE={tmp_path}"))
    assert list(temporary.iterdir()) == []


def test_what_was_left_by_services_that_were_killed_is_swept(temporary, monkeypatch):
    """Starter and service killed together, as with a whole machine: nobody is left to tidy up."""
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    code = (
        "from analysis.press.service import Service\n"
        "service = Service('time:sleep')\n"
        "print(service.process.pid, flush=True)\ninput()"
    )
    command = [sys.executable, "-c", code]
    starter = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    service = int(starter.stdout.readline())
    (alive_folder,) = temporary.iterdir()
    for kept in ("pt-other", "someone"):
        (temporary / kept).mkdir()
    sweep_temporary_folders.__wrapped__()
    assert alive_folder.is_dir(), "its owner lives"
    os.kill(service, signal.SIGSTOP)  # so that it cannot tidy up when its starter dies
    starter.kill()
    starter.communicate()
    os.kill(service, signal.SIGKILL)
    os.utime(temporary / "pt-other", (1, 1))
    sweep_temporary_folders.__wrapped__()
    assert [path.name for path in temporary.iterdir()] == ["someone"]


def test_control_c_stops_cleanly(folder, tmp_path):
    notebook(folder / "slow.ipynb", PARAMETERS, ("import time\ntime.sleep(60)",))
    process = start(tmp_path, folder)
    assert settled(lambda: list(tmp_path.glob("*/fine.html")), 60)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in said
    assert settled(lambda: not alive(f"PASSTHROUGH_SITE={tmp_path}"))
    assert whole(tmp_path)


def test_a_watch_shows_an_edit_and_a_fault_and_ends_when_asked(tmp_path):
    path, page = tmp_path / "seen.ipynb", tmp_path / "site/article/seen.html"
    notebook(path, PARAMETERS, ("1 + 1",))
    arguments = {"scenarios": ["article"], "notebooks": [str(path)], "progress": "plain"}
    call = f"watch({DOMAIN!r}, output={str(tmp_path / 'site')!r}, **{arguments})"
    code = f"from analysis.press.watch import watch; {call}"
    process = python(code)
    try:
        assert settled((tmp_path / "site/index.html").is_file, 60)
        path.write_text("half a noteb")
        time.sleep(0.5)
        notebook(path, PARAMETERS, ("1 + 1",), prose="# Edited\n\nWords that were not there.")
        assert settled(lambda: "Words that were not there" in page.read_text())
    finally:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert "no notebook" in said
    assert settled(lambda: not alive(f"PASSTHROUGH_SITE={tmp_path}"))


def test_two_builds_at_once_make_one_site(folder, tmp_path):
    notebook(folder / "slow.ipynb", PARAMETERS, ("import time\ntime.sleep(0.2)",))
    both = [start(tmp_path, folder, progress="plain") for _ in range(2)]
    said = [process.communicate()[1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum("another build is at work" in text for text in said) == 1
    assert sorted(text.splitlines()[-1].split(" in ")[0] for text in said) == [
        "0 made, 0 failed, 6 fresh",
        "6 made, 0 failed, 0 fresh",
    ]
