"""A hundred reports on two Dask workers, of which one is killed halfway and another one added: what
is lost, and whether the site has the bytes of a local build.
"""

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import test_cluster as cluster

REPORTS = 100


def main() -> None:
    """Run it once and print what came of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scheduler, address = cluster.started_scheduler()
        workers = []

        def add(worker: str):
            workers.append(cluster.worker(address, worker, folder / "dask"))
            return workers[-1]

        started = time.monotonic()
        try:
            done, site = cluster.site_after_a_death((address, add, scheduler), folder, REPORTS)
        finally:
            for process in [*workers, scheduler]:
                process.kill()
                process.wait()
        made = sum(record.error is None for record in done)
        same = cluster.contents(site) == cluster.contents(folder / "local")
        seconds = time.monotonic() - started
        print(f"{made} of {REPORTS} reports made, same bytes: {same}, {seconds:.0f} s for both")


if __name__ == "__main__":
    main()
