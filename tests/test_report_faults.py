"""What goes wrong in a build, and what is left then: never a half-written page, never a silent
failure.
"""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from pathlib import Path

import pytest
from report_notebooks import CHART, PARAMETERS, SETUP, answered, notebook

from analysis.press import pool as workshop
from analysis.press import storage as store
from analysis.press.build import build
from analysis.press.jobs import work
from analysis.press.pictures import Painter

ROOT = Path(__file__).parents[1]
# this search takes longer than the world is old
ENDLESS = f"endless = \"test(regexp('(a+)+$'), '{'a' * 60}b')\""
BAD = {
    "raises": (("1 + 1",), ("1 / 0  # raises",)),
    "killed": (("import os, signal",), ("os.kill(os.getpid(), signal.SIGKILL)",)),
    "crashed": (("import ctypes",), ("ctypes.string_at(0)",)),
    "left": (("import os",), ("os._exit(3)",)),
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
    notebook(folder / "good.ipynb", PARAMETERS, SETUP, answered(), CHART)
    return folder


@pytest.fixture(scope="module")
def outcome(folder, tmp_path_factory) -> tuple[Path, dict]:
    output = tmp_path_factory.mktemp("site")
    build(["article"], [str(folder / "good.ipynb")], str(output), progress="none")
    good = (output / "article/good.html").read_bytes()
    notebook(folder / "good.ipynb", PARAMETERS, SETUP, answered(), ("1 / 0",))
    notebook(folder / "fine.ipynb", PARAMETERS, SETUP, answered(), CHART)
    names = sorted(str(path) for path in folder.glob("*.ipynb"))
    made = build(["article"], names, str(output), timeout=3, progress="none")
    assert (output / "article/good.html").read_bytes() == good
    return output, {record["notebook"]: record for record in made}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_failure_says_where_and_what(name, outcome):
    record = outcome[1][name]
    assert record["status"] == "failed"
    assert (record["error"]["cell"], record["error"]["name"]) == EXPECTED[name]
    assert record["error"]["said"]


def test_the_batch_goes_on_past_failures(outcome):
    output, made = outcome
    assert made["fine"]["status"] == "ok"
    assert (output / "article/fine.html").stat().st_size == made["fine"]["bytes"]


@pytest.mark.parametrize("name", ["raises", "killed", "hangs"])
def test_the_failed_notebook_is_kept_and_marked(name, outcome):
    output, _ = outcome
    kept = json.loads((output / f"article/{name}.failed.ipynb").read_text())
    assert any(
        "papermill-error-cell-tag" in cell["metadata"].get("tags", []) for cell in kept["cells"]
    )
    assert not (output / f"article/{name}.html").exists()


def test_an_older_good_page_stays_and_the_index_says_so(outcome):
    output, made = outcome
    assert made["good"]["status"] == "failed"
    assert made["good"]["last"]["headline"].startswith("A million tokens cost $3.57")
    index = (output / "index.html").read_text()
    assert "the page before" in index
    assert "ZeroDivisionError" in index


def test_nothing_a_notebook_started_is_left(outcome):
    assert settled(lambda: alive("611.5") == [])


def test_a_failure_is_tried_again_and_mended(folder, outcome):
    output, _ = outcome
    notebook(folder / "raises.ipynb", PARAMETERS, SETUP, answered())
    (record,) = build(["article"], [str(folder / "raises.ipynb")], str(output), progress="none")
    assert record["status"] == "ok"
    assert not (output / "article/raises.failed.ipynb").exists()


def test_the_first_failure_can_end_the_build(folder, tmp_path):
    names = [str(folder / f"{name}.ipynb") for name in ("killed", "orphans")]
    made = build(["article"], names, str(tmp_path), jobs=1, keep_going=False, progress="none")
    assert [record["notebook"] for record in made] in (["killed"], ["orphans"])
    assert not (tmp_path / "index.html").exists()


def job(output: str, path: str) -> dict:
    return {
        "name": "article/fine",
        "scenario": "article",
        "notebook": "fine",
        "path": path,
        "key": "k",
        "output": output,
        "parameters": {"scenario": "article"},
        "declares": ["scenario"],
        "siblings": [],
        "engine": "fork",
        "timeout": None,
        "shared": "",
        "draws": None,
        "again": False,
        "run": "r",
    }


def test_a_full_disk_leaves_no_page(tmp_path, monkeypatch):
    path = notebook(tmp_path / "fine.ipynb", PARAMETERS, ("1 + 1",))
    write = store.put

    def full(base, name, data, **options):
        if name.endswith(".html"):
            raise OSError(28, "No space left on device")
        write(base, name, data, **options)

    monkeypatch.setattr(store, "put", full)
    monkeypatch.setattr("analysis.press.jobs._executed", lambda *_: {"metadata": {}, "cells": []})
    here = os.getcwd()
    try:
        record = work(job(str(tmp_path / "site"), path), Painter())
    finally:
        os.chdir(here)
    assert record["status"] == "failed"
    assert "No space left" in record["error"]["said"]
    assert list((tmp_path / "site").rglob("*.html")) == []


def test_reports_share_a_painter_and_none_harms_another():
    painter, spec = Painter(), json.dumps({"data": {"values": [{"a": 1}]}, "mark": "point"})
    painter.open()
    other, transform = (
        copy(painter),
        [{"calculate": ENDLESS.removeprefix('endless = "').removesuffix('"'), "as": "b"}],
    )
    with ThreadPoolExecutor(1) as hand:
        late = hand.submit(other.draw, json.dumps(json.loads(spec) | {"transform": transform}), 1)
        assert painter.draw(spec).startswith("<svg")
        with pytest.raises(TimeoutError, match="not drawn within 1 s"):
            late.result()
    assert other.draw(spec) == painter.draw(spec)
    assert other.process is painter.process
    with pytest.raises(ValueError, match=r"cannot be drawn: .*TypeError: [^\n]*$"):
        other.draw(json.dumps({"data": {"values": []}, "mark": "no such mark"}))
    assert other.draw(spec).startswith("<svg")
    painter.process.kill()
    painter.process.wait()
    assert [each.draw(spec)[:4] for each in (painter, other)] == ["<svg", "<svg"]
    assert other.process is not painter.process  # each helps itself
    for each in (painter, other):
        each.process.kill()


def test_a_painter_that_dies_again_says_so(monkeypatch):
    painter, spec = Painter(), json.dumps({"data": {"values": [{"a": 1}]}, "mark": "point"})
    painter.process.kill()
    monkeypatch.setattr(painter, "start", lambda: None)
    with pytest.raises(OSError, match="the process that draws pictures has ended"):
        painter.draw(spec)


def test_a_painter_without_its_library_says_so_and_keeps_nobody_waiting(
    tmp_path, monkeypatch, capfd
):
    (tmp_path / "py_mini_racer.py").write_text("raise ImportError('no V8 here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(OSError, match="the process that draws pictures has ended"):
        Painter().draw(json.dumps({"data": {"values": [{"a": 1}]}, "mark": "point"}))
    assert "no V8 here" in capfd.readouterr().err


def test_a_workshop_replaces_a_dead_painter():
    painter = Painter()
    painter.open()
    assert workshop._living(painter).process.poll() is None
    old = painter.process
    old.kill()
    old.wait()
    assert workshop._living(painter).process is not old
    assert painter.address
    painter.process.kill()


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
    call = f"build(['article', 'hopper', 'agents'], {names}, {str(output)!r}, **{ {'progress': 'none'} | options })"
    code = f"from analysis.press.build import build; build_ok = {call}"
    return subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE, text=True
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
        process.wait()
        assert settled(lambda: not alive(f"PASSTHROUGH_SITE={tmp_path}")), round_
        assert whole(tmp_path)
    assert start(tmp_path, folder).wait() == 0
    assert whole(tmp_path)
    assert len(list(tmp_path.glob("*/slow.html"))) == 3
    assert list(tmp_path.rglob(store.TEMPORARY + "*")) == []


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
    code = f"from analysis.press.build import watch; watch({str(tmp_path / 'site')!r}, "
    code += f"scenarios=['article'], notebooks=[{str(path)!r}], progress='plain')"
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
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
