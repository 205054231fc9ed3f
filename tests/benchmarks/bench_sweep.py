"""Processor time of a sweep beside that of as many separate scenarios.

    python tests/benchmarks/bench_sweep.py [--speeds N]

Both answer the same combinations with one page of the project: the sweep gives one page of all, the
separate scenarios are files whose `cost` page is made each. Prints the ratio, which should be at
most a half.
"""

import argparse
import ctypes
import os
import resource
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
ROOT = Path(__file__).parents[2]
MODELS = ("deepseek-r1", "kimi-k2.5")
ELECTRICITY = (0.05, 0.08, 0.12)
SPEED = "workload.tokens_per_s_per_user"


def adopt_orphans() -> None:
    """Let this process wait for those of a pool that outlive their parents: only then do they
    count (Linux).
    """
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def processor_s(*words: str) -> float:
    """Processor seconds of a command of this project and of every process that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command, null = [sys.executable, "-m", "analysis", "report", *words], subprocess.DEVNULL
    subprocess.run(command, cwd=ROOT, check=True, stdout=null, stderr=null)
    with suppress(ChildProcessError):  # all that outlived their parents have ended
        while True:
            os.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def swept(folder: Path, speeds: list[int]) -> float:
    """The sweep, as one page."""
    settings = (
        f"{SPEED}={','.join(map(str, speeds))}",
        f"model={','.join(MODELS)}",
        f"finance.electricity_usd_per_kwh={','.join(map(str, ELECTRICITY))}",
    )
    words = [word for setting in settings for word in ("--set", setting)]
    return processor_s("reference", *words, "--output", str(folder / "swept"))


def separate(folder: Path, speeds: list[int]) -> float:
    """The same combinations as files, a page each."""
    paths = []
    for speed in speeds:
        for model in MODELS:
            for place, usd in enumerate(ELECTRICITY):
                path = folder / f"s{speed}-{model}-{place}.yml"
                path.write_text(
                    f"title: a\nquestion: b?\nmodel: {model}\n"
                    f"workload: {{tokens_per_s_per_user: {speed}}}\n"
                    f"finance: {{electricity_usd_per_kwh: {usd}}}\n"
                )
                paths.append(str(path))
    return processor_s(*paths, "--notebook", "cost", "--output", str(folder / "separate"))


def main() -> None:
    """Time both and print the ratio."""
    adopt_orphans()
    options = argparse.ArgumentParser()
    options.add_argument("--speeds", type=int, default=10)
    speeds = [10 + 5 * step for step in range(options.parse_args().speeds)]
    count = len(speeds) * len(MODELS) * len(ELECTRICITY)
    with tempfile.TemporaryDirectory() as folder:
        ours = swept(Path(folder), speeds)
        print(f"{count} combinations in a sweep: {ours:.1f} s of processor time", flush=True)
        theirs = separate(Path(folder), speeds)
    print(f"{count} scenarios by themselves, a page each: {theirs:.1f} s")
    print(f"the sweep takes {ours / theirs:.2f} times as long (at most 0.5)")


if __name__ == "__main__":
    main()
