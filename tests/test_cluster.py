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

from analysis.press import storage
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


@pytest.fixture(scope="module")
def address(bucket, tmp_path_factory):
    port, folder = free_port(), tmp_path_factory.mktemp("dask")
    command = [
        sys.executable,
        "-m",
        "distributed.cli.dask_scheduler",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    scheduler = subprocess.Popen([*command, "--no-dashboard"], stderr=subprocess.DEVNULL, cwd=ROOT)
    address = f"tcp://127.0.0.1:{port}"
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
    until = time.monotonic() + 120
    while not list(site.glob("*/slow.html")) and time.monotonic() < until:
        time.sleep(0.05)
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
