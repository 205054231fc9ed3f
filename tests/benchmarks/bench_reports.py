"""Time and memory of a batch of reports, ours beside what people use, run side by side on this
machine.

    python tests/benchmarks/bench_reports.py [--scenarios N] [--rounds N] [--kills N] [--workers]

The bound is the cells' own processor time in a warm process, spread over the cores: no runner of
notebooks is faster. Rows of other tools make the same reports with the same parameters;
jupyter-cache takes part where it is installed.
"""

import argparse
import importlib.util
import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from analysis.press.pool import PINNED

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ["efficiency", "cost", "rollout"]
CORES = len(os.sched_getaffinity(0))
LOOP = "papermill + nbconvert commands"
ONE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


class Watch:
    """Wall time and peak memory (PSS, shared pages counted once) of the processes below
    this one.
    """

    def __enter__(self):
        self.peak, self.stop, self.began = 0, threading.Event(), time.perf_counter()
        self.thread = threading.Thread(target=self._sample)
        self.thread.start()
        return self

    def _sample(self):
        me = psutil.Process()
        while not self.stop.wait(
            1
        ):  # a sample walks every page of every process: more of them would be measured too
            total = 0
            for process in me.children(recursive=True):
                try:
                    total += process.memory_full_info().pss
                except psutil.Error:
                    continue
            self.peak = max(self.peak, total)

    def __exit__(self, *_):
        self.wall = time.perf_counter() - self.began
        self.stop.set()
        self.thread.join()


def run(*command, **environment) -> None:
    subprocess.run(
        command, check=True, cwd=ROOT, env=os.environ | ONE | environment, capture_output=True
    )


def children_seconds() -> float:
    """Processor seconds of the processes that have ended and been waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ours(folder: Path, names: list[str], *options: str) -> None:
    chosen = [part for name in NOTEBOOKS for part in ("--notebook", name)]
    run(
        sys.executable,
        "-m",
        "analysis",
        "report",
        *names,
        *chosen,
        "--output",
        str(folder),
        *options,
    )


def stock_command_line(folder: Path, names: list[str]) -> None:
    tool = str(Path(sys.executable).parent)
    for name in names:
        for notebook in NOTEBOOKS:
            out = folder / f"{name}-{notebook}.ipynb"
            run(
                f"{tool}/papermill",
                f"notebooks/{notebook}.ipynb",
                str(out),
                "-p",
                "scenario",
                name,
                "--cwd",
                "notebooks",
            )
            run(f"{tool}/jupyter-nbconvert", "--to", "html", str(out))


def _one(folder: str, name: str, notebook: str) -> None:
    import papermill
    from nbconvert import HTMLExporter

    made = papermill.execute_notebook(
        str(ROOT / f"notebooks/{notebook}.ipynb"),
        None,
        {"scenario": name},
        progress_bar=False,
        cwd=str(ROOT / "notebooks"),
    )
    Path(folder, f"{name}-{notebook}.html").write_text(HTMLExporter().from_notebook_node(made)[0])


def papermill_in_a_pool(folder: Path, names: list[str]) -> None:
    jobs = [(str(folder), name, notebook) for name in names for notebook in NOTEBOOKS]
    with multiprocessing.get_context("spawn").Pool(CORES) as pool:
        pool.starmap(_one, jobs)


def jupyter_cache(folder: Path, names: list[str]) -> None:
    import nbformat
    from jupyter_cache import get_cache
    from jupyter_cache.executors import load_executor
    from nbconvert import HTMLExporter
    from papermill.parameterize import parameterize_notebook

    cache = get_cache(folder / "cache")
    for name in names:
        for notebook in NOTEBOOKS:
            made = parameterize_notebook(
                nbformat.read(ROOT / f"notebooks/{notebook}.ipynb", 4), {"scenario": name}
            )
            path = folder / f"{name}-{notebook}.ipynb"
            nbformat.write(made, path)
            cache.add_nb_to_project(str(path))
    load_executor("local-parallel", cache).run_and_cache()
    for path in folder.glob("*.ipynb"):
        _, made = cache.merge_match_into_file(str(path))
        path.with_suffix(".html").write_text(HTMLExporter().from_notebook_node(made)[0])


CELLS_ALONE = """
import json, os, sys, time
from analysis.__main__ import DOMAIN
from analysis.press import altair_speedup, preload
from analysis.press.shell import run_cells

class Nobody:
    cell_started = cell_finished = lambda *_: None

def seconds(notebook, scenario):
    cells = json.load(open(f"notebooks/{notebook}.ipynb"))["cells"]
    for cell in cells:
        cell["source"] = "".join(cell["source"]).replace('"article"', repr(scenario))
    began = time.process_time()
    run_cells(cells, Nobody())
    return time.process_time() - began

if sys.argv[3] == "plain":
    altair_speedup.switch_on = lambda: None
preload.warm(DOMAIN)
total = 0.0
for scenario in json.loads(sys.argv[2]):
    for notebook in json.loads(sys.argv[1]):
        reader, writer = os.pipe()
        if not os.fork():  # a copy of the warm process for each notebook, one at a time
            os.write(writer, str(seconds(notebook, scenario)).encode())
            os._exit(0)
        os.wait()
        total += float(os.read(reader, 100))
print(total)
"""


def cell_seconds(names: list[str], altair: str = "quick") -> float:
    """Processor seconds of the cells alone, in warm processes; `altair` is "quick" as in a build,
    or "plain".
    """
    done = subprocess.run(
        [sys.executable, "-c", CELLS_ALONE, json.dumps(NOTEBOOKS), json.dumps(names), altair],
        cwd=ROOT,
        env=os.environ | PINNED,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.split()[-1])


def bound(names: list[str]) -> float:
    """Seconds that the cells alone would take on these cores."""
    return cell_seconds(names) / CORES


def kills(count: int) -> None:
    """Kill a build at random moments; what is left must be whole, and the next build must complete
    it.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "analysis",
            "report",
            "article",
            "--notebook",
            "cost",
            "--output",
            folder,
            "--force",
        ]
        began = time.perf_counter()
        run(*command)
        whole = time.perf_counter() - began
        for _ in range(count):
            process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
            time.sleep(random.uniform(0, whole))
            process.send_signal(signal.SIGKILL)
            process.wait()
            pages = list(Path(folder).rglob("*.html"))
            assert all(page.read_text().rstrip().endswith("</html>") for page in pages), (
                "a broken page"
            )
        run(*command)
        print(f"{count} kills: {len(pages)} pages whole after each, and the next build completed")


def workers(names: list[str]) -> None:
    """Reports a second on 1 and 2 Dask workers, and what that says of many."""
    from distributed import Client, LocalCluster

    from analysis.__main__ import DOMAIN
    from analysis.press.build import build

    rates = {}
    for count in (1, 2):
        cluster = LocalCluster(
            n_workers=count, threads_per_worker=1, processes=True, dashboard_address=None
        )
        with cluster, Client(cluster) as client, tempfile.TemporaryDirectory() as folder:
            address = client.scheduler.address
            options = {"force": True, "cluster": address, "progress": "none"}
            build(DOMAIN, names[:1], NOTEBOOKS[:1], folder, **options)  # the pools warm up
            began = time.perf_counter()
            build(DOMAIN, names, NOTEBOOKS, folder, **options)
            rates[count] = len(names) * len(NOTEBOOKS) / (time.perf_counter() - began)
            print(f"{count} worker{'s'[: count - 1]}: {rates[count]:.2f} reports/s")
    hours = 10_000 * len(NOTEBOOKS) / (100 * rates[1]) / 3600
    print(f"cost model: reports / (workers x {rates[1]:.2f} per s) + one warm-up each;")
    print(
        f"10,000 scenarios x {len(NOTEBOOKS)} reports on 100 workers of one core: {hours:.2f} hours"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenarios", type=int, default=8, help="three reports each; 8 without it")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--workers", action="store_true")
    asked = parser.parse_args()
    names = ["article", "competitor", *sorted(p.stem for p in (ROOT / "params").glob("*.yml"))]
    names = list(dict.fromkeys(names))[: asked.scenarios]
    rows = {
        "passthrough": ours,
        "passthrough, one core": lambda folder, names: ours(folder, names, "--jobs", "1"),
        "passthrough, stock kernels": lambda folder, names: ours(
            folder, names, "--engine", "kernel"
        ),
        "papermill API in a pool": papermill_in_a_pool,
        LOOP: stock_command_line,
    }
    if importlib.util.find_spec("jupyter_cache"):
        rows["jupyter-cache, parallel"] = jupyter_cache
    seen: dict[str, list[Watch]] = {name: [] for name in rows}
    bounds, empty, idle = [], [], []
    for _ in range(asked.rounds):
        bounds.append(bound(names))
        for name, make in rows.items():
            with tempfile.TemporaryDirectory() as folder:
                try:
                    with Watch() as watch:
                        make(Path(folder), names)
                except (subprocess.CalledProcessError, OSError) as fault:
                    print(f"{name} failed: {fault}")  # its row then counts the other rounds
                    continue
                seen[name].append(watch)
                if name == "passthrough":
                    began, spent = time.perf_counter(), children_seconds()
                    ours(Path(folder), names)
                    empty.append(time.perf_counter() - began)
                    idle.append(children_seconds() - spent)
                    sizes = [
                        path.stat().st_size
                        for path in Path(folder).glob("*/*.html")
                        if path.parent.name in names
                    ]
                    shared = Path(folder, "shared")
                    ours(shared, names[:1], "--assets", "shared")
                    among = [path.stat().st_size for path in shared.glob(f"{names[0]}/*.html")]
    least = statistics.median(bounds)
    mine = statistics.median(watch.wall for watch in seen["passthrough"])
    print(f"{len(names) * len(NOTEBOOKS)} reports, {CORES} cores, median of {asked.rounds}")
    print(f"{'':32} {'wall s':>8} {'s/report':>9} {'x ours':>7} {'x bound':>8} {'peak MiB':>9}")
    each = least / len(names) / len(NOTEBOOKS)
    print(f"{'bound: the cells alone':32} {least:8.2f} {each:9.3f} {least / mine:7.2f} {1:8.2f}")
    for name, watches in seen.items():
        if not watches:
            continue
        wall = statistics.median(watch.wall for watch in watches)
        peak = max(watch.peak for watch in watches) / 2**20
        each = wall / len(names) / len(NOTEBOOKS)
        print(
            f"{name:32} {wall:8.2f} {each:9.3f} {wall / mine:7.2f} {wall / least:8.2f} {peak:9.0f}"
        )
    if seen[LOOP]:
        loop = statistics.median(watch.wall for watch in seen[LOOP])
        print(
            f"ours takes {mine / least:.2f} times the bound, "
            f"the loop of commands {loop / mine:.1f} times ours"
        )
    plain = cell_seconds(names, "plain") / (least * CORES)
    print(f"with Altair as it is, cells take {plain:.2f} times the processor time")
    idle_s = statistics.median(idle)
    print(
        f"nothing to do: {statistics.median(empty):.2f} s, of which {idle_s:.2f} s on a processor"
    )
    print(f"largest page {max(sizes) / 1000:.0f} kB alone, {max(among) / 1000:.0f} kB in a site")
    if asked.workers:
        workers(names)
    if asked.kills:
        kills(asked.kills)


if __name__ == "__main__":
    shutil.rmtree(ROOT / "build/bench", ignore_errors=True)
    print(json.dumps({"python": sys.version.split()[0], "cores": CORES}))
    main()
