"""Reports on a Dask cluster: a real scheduler, real workers, a worker killed, pages in a real S3
server.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from report_notebooks import CHART, PARAMETERS, SETUP, answered, build, notebook

from analysis.__main__ import DOMAIN
from analysis.press import cluster, jobs, storage
from analysis.press.domain import load_domain
from analysis.press.inputs import common_digest
from analysis.press.jobs import BuildOptions
from analysis.press.records import ReportRecord

ROOT = Path(__file__).parents[1]
SCENARIOS = ["article", "hopper"]
S3 = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
}


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


def worker(address: str, name: str, folder: Path, root: Path = ROOT) -> subprocess.Popen:
    command = [
        sys.executable,
        "-m",
        "distributed.cli.dask_worker",
        address,
        "--name",
        name,
        "--nthreads",
        "1",
        "--no-nanny",
    ]
    command += ["--no-dashboard", "--local-directory", str(folder)]
    return subprocess.Popen(command, cwd=root, stderr=subprocess.DEVNULL)


def wait_for(address: str, count: int) -> None:
    from distributed import Client

    with Client(address, timeout=60) as client:
        client.wait_for_workers(count, timeout=120)


def wait_for_page(site: Path) -> None:
    until = time.monotonic() + 120
    while not list(site.glob("*/slow.html")) and time.monotonic() < until:
        time.sleep(0.05)


@pytest.fixture(scope="module")
def bucket():
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    before = dict(os.environ)
    os.environ.update(S3 | {"AWS_ENDPOINT_URL": "http://{}:{}".format(*server.get_host_and_port())})
    import fsspec
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    fsspec.filesystem("s3").mkdir("reports")
    yield "s3://reports/site"
    os.environ.clear()
    os.environ.update(before)
    server.stop()


def started_scheduler() -> tuple[subprocess.Popen, str]:
    """A scheduler and its address."""
    port = free_port()
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--no-dashboard"]
    scheduler = subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=ROOT)
    return scheduler, f"tcp://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def address(bucket, tmp_path_factory):
    folder = tmp_path_factory.mktemp("dask")
    scheduler, address = started_scheduler()
    workers = [worker(address, f"w{i}", folder) for i in range(2)]
    wait_for(address, 2)
    yield address, workers, folder
    for process in [*workers, scheduler]:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory) -> list[str]:
    folder = tmp_path_factory.mktemp("notebooks")
    return [
        notebook(folder / "small.ipynb", PARAMETERS, SETUP, answered(), CHART),
        notebook(folder / "bad.ipynb", PARAMETERS, ("1 / 0",)),
    ]


def test_workers_write_to_s3_what_this_machine_writes_to_a_folder(
    address, bucket, notebooks, tmp_path
):
    made = build(SCENARIOS, notebooks, bucket, cluster=address[0], progress="none")
    assert sorted((record.name, record.status) for record in made) == sorted(
        (f"{scenario}/{name}", status)
        for scenario in SCENARIOS
        for name, status in (("small", "ok"), ("bad", "failed"))
    )
    build(SCENARIOS, notebooks, str(tmp_path), progress="none")
    there = {name: storage.get(bucket, name) for name in storage.names(bucket)}
    here = {
        name: storage.get(str(tmp_path), name)
        for name in storage.names(str(tmp_path))
        if name != ".lock"
    }
    assert set(there) == set(here)
    assert {
        name for name in here if here[name] != there[name] and not name.endswith(".ipynb")
    } == set()


def test_what_lies_in_s3_is_fresh_the_second_time(bucket, notebooks):
    assert build(SCENARIOS, notebooks[:1], bucket, progress="none") == []


def test_a_killed_worker_loses_nothing(address, notebooks, tmp_path):
    slow = notebook(
        tmp_path / "slow.ipynb", PARAMETERS, SETUP, ("import time\ntime.sleep(1)",), CHART
    )
    names = ["agents", "article", "delayed", "hopper", "measured", "thermal"]
    done: list[ReportRecord] = []
    site = tmp_path / "site"

    def make() -> None:
        done.extend(build(names, [slow], str(site), cluster=address[0], progress="none"))

    thread = threading.Thread(target=make)
    thread.start()
    wait_for_page(site)
    address[1][0].send_signal(signal.SIGKILL)
    thread.join(180)
    assert {record.scenario: record.status for record in done} == dict.fromkeys(names, "ok")
    assert all(
        (site / name / "slow.html").read_text().rstrip().endswith("</html>") for name in names
    )


@pytest.mark.parametrize("changed", ["analysis/facts/prices.csv", "params/hopper.yml"])
def test_a_worker_with_other_files_is_refused(address, notebooks, tmp_path, changed):
    for name in ("analysis", "params"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / changed).open("a") as file:
        file.write("\n")
    other = worker(address[0], "other", tmp_path / "dask", tmp_path)
    try:
        wait_for(address[0], 2)
        with pytest.raises(OSError, match="other files or versions than this machine: tcp"):
            build(
                ["article"],
                notebooks[:1],
                str(tmp_path / "site"),
                force=True,
                cluster=address[0],
                progress="none",
            )
    finally:
        other.kill()
        other.wait()


@pytest.fixture
def own(tmp_path):
    """A scheduler of a test's own and a way to start workers of it; all end with the test."""
    scheduler, address = started_scheduler()
    workers: list[subprocess.Popen] = []

    def add(name: str, root: Path = ROOT) -> subprocess.Popen:
        workers.append(worker(address, name, tmp_path / "dask", root))
        return workers[-1]

    yield address, add, scheduler
    for process in [*workers, scheduler]:
        process.kill()
        process.wait()


def project(root: Path) -> Path:
    """A copy of this project with one small notebook."""
    for name in ("analysis", "params"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shown = ("import analysis as an\ncase = an.load(scenario)\ncase.title",)
    notebook(root / "notebooks/small.ipynb", PARAMETERS, SETUP, shown, CHART)
    return root


def contents(site: Path) -> dict[str, bytes]:
    files = [path for path in site.rglob("*") if path.is_file() and path.name != ".lock"]
    return {path.relative_to(site).as_posix(): path.read_bytes() for path in files}


def test_a_scenario_from_elsewhere_goes_with_its_job(own, tmp_path):
    """A worker in another folder has no file of it; the page is the one of this machine."""
    address, add, _ = own
    here, there = project(tmp_path / "here"), project(tmp_path / "far/away/there")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/own.yml").write_text("title: A title of our own\n")
    add("there", there)
    wait_for(address, 1)
    for way, more in (("local", []), ("remote", ["--cluster", address])):
        command = [sys.executable, "-m", "analysis", "report", "../mine/own.yml", "article"]
        command += ["--output", str(tmp_path / way), *more]
        done = subprocess.run(command, cwd=here, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert "A title of our own" in (tmp_path / "remote/own/small.html").read_text()
    assert contents(tmp_path / "remote") == contents(tmp_path / "local")
    assert not list((tmp_path / "far").rglob("own.yml"))


def test_a_worker_keeps_its_warm_pool_from_report_to_report(tmp_path):
    path = notebook(tmp_path / "small.ipynb", PARAMETERS)
    options = BuildOptions(DOMAIN, str(tmp_path / "site"), "fork", None, "", (), watching=False)
    common = common_digest(load_domain(DOMAIN))
    pools = set()
    try:
        for job in jobs.plan(SCENARIOS, [path], options, common):
            assert cluster.make_on_worker(job, cluster.machine_digest(DOMAIN)).error is None
            pools.add(cluster._own_pool.pool._server.process.pid)
        assert len(pools) == 1
        with pytest.raises(cluster.OtherFilesError, match="here has other files or versions"):
            cluster.make_on_worker(job, "another machine")
    finally:
        cluster._own_pool.close()


def site_after_a_death(own, folder: Path, reports: int) -> tuple[list[ReportRecord], Path]:
    """So many reports by two workers, of which one is killed halfway and another one added."""
    address, add, _ = own
    scenarios = [folder / f"s{number:03}.yml" for number in range(reports // 2)]
    for path in scenarios:
        path.write_text(f"title: Scenario {path.stem}\n")
    notebooks = [
        notebook(folder / "nb/slow.ipynb", PARAMETERS, SETUP, answered(), CHART),
        notebook(folder / "nb/other.ipynb", PARAMETERS, ("import time\ntime.sleep(0.2)",)),
    ]
    first, _ = add("first"), add("second")
    wait_for(address, 2)
    site, done = folder / "remote", []
    names = [str(path) for path in scenarios]

    def make() -> None:
        done.extend(build(names, notebooks, str(site), cluster=address, progress="none"))

    thread = threading.Thread(target=make)
    thread.start()
    while thread.is_alive() and len(list(site.glob("s[0-9]*/*.html"))) < reports // 2:
        time.sleep(0.05)
    first.kill()
    add("third")
    thread.join(600)
    build(names, notebooks, str(folder / "local"), progress="none")
    return done, site


def test_a_worker_is_killed_and_one_added_and_every_byte_is_there(own, tmp_path):
    """`tests/benchmarks/bench_cluster.py` runs the same with a hundred reports."""
    done, site = site_after_a_death(own, tmp_path, reports=12)
    assert [record.status for record in done] == ["ok"] * 12
    assert contents(site) == contents(tmp_path / "local")


SLOW = (PARAMETERS, ("import time\ntime.sleep(2)",))


def test_a_worker_that_joins_late_with_other_facts_makes_no_report(own, tmp_path, capsys):
    address, add, _ = own
    other = project(tmp_path / "other")
    with (other / "analysis/facts/prices.csv").open("a") as file:
        file.write("\n")
    path = notebook(tmp_path / "slow.ipynb", *SLOW)
    add("good")
    wait_for(address, 1)
    names, site = ["agents", "article", "delayed", "hopper", "measured", "thermal"], tmp_path / "s"
    done: list[ReportRecord] = []
    options = {"cluster": address, "progress": "json"}
    thread = threading.Thread(
        target=lambda: done.extend(build(names, [path], str(site), **options))
    )
    thread.start()
    wait_for_page(site)
    add("other", other)
    thread.join(300)
    assert {record.scenario: record.status for record in done} == dict.fromkeys(names, "ok")
    said = capsys.readouterr().out
    assert "has other files or versions than this machine; another one makes" in said
    build(names, [path], str(tmp_path / "local"), progress="none")
    assert contents(site) == contents(tmp_path / "local")


def test_a_scheduler_that_is_killed_is_a_sentence(own, tmp_path):
    address, add, scheduler = own
    path, site = notebook(tmp_path / "slow.ipynb", *SLOW), tmp_path / "site"
    add("w")
    wait_for(address, 1)
    command = [sys.executable, "-m", "analysis", "report", "agents", "article", "hopper"]
    command += ["--notebook", path, "--output", str(site), "--cluster", address]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    wait_for_page(site)
    scheduler.kill()
    said = process.communicate(timeout=240)[1]
    assert process.returncode == 2
    assert f"the scheduler at {address} is gone" in said
    assert "Traceback" not in said
    assert len(build(["agents", "article", "hopper"], [path], str(site), progress="none")) < 3
