"""Mutants of the laws, the model, the questions and the decision, and which of them no test sees.

make mutants                  samples 300, runs for each the quick tests that run its line, and
                              writes build/mutants/survivors.csv
python tests/mutants --again  runs only those that survived last time
python tests/mutants --rooms model --tests tests/test_*_by_hand.py
                              one room alone, and what some files of tests see of it

Fails if less than 95 of 100 die, or if one survives that survivors.csv here gives no reason for.
"""

import argparse
import csv
import json
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import worker
from baseline import BUILD, Seen, baseline
from pool import Done, Job, run
from sample import ROOMS, Mutant, sample

REASONS = Path(__file__).with_name("survivors.csv")
RESULTS = BUILD / "results.json"
LEAST = 0.95
COLUMNS = ("file", "line", "function", "mutation", "before", "after", "reason")


def reasons() -> dict[tuple, str]:
    """Why a mutant may live, by what it is."""
    with REASONS.open(newline="") as text:
        rows = list(csv.DictReader(text))
    return {
        (row["file"], row["function"], row["before"], row["after"]): row["reason"] for row in rows
    }


def _job(number: int, mutant: Mutant, seen: Seen, limit_s: float) -> Job:
    tests = seen.tests(mutant, limit_s)
    return Job(str(number), tuple(tests), (mutant.file, mutant.code()), None, limit_s)


def killer(done: Done) -> str:
    """The test that saw the change; blank where none did, or where time was up before one had.

    A process that ends by itself without a result died of the change.
    """
    failed = [note["test"] for note in done.notes if note.get("outcome") == "failed"]
    if failed:
        return failed[0]
    return "" if done.status in (None, 0, 5) else f"ends with status {done.status}"


def results(mutants: list[Mutant], seen: Seen, limit_s: float, jobs: int) -> Iterator[tuple]:
    """Each mutant with the test that killed it, or with a blank."""
    numbered = dict(enumerate(mutants))
    lower = [n for n, one in numbered.items() if one.room in ("laws", "model")]
    upper = [n for n in numbered if n not in lower]
    for numbers in (lower, upper):
        if numbers is upper and upper:
            worker.presolve()
        reached = [n for n in numbers if seen.tests(numbered[n], limit_s)]
        yield from ((numbered[n], "", 0.0) for n in numbers if n not in reached)
        due = (_job(n, numbered[n], seen, limit_s) for n in reached)
        for done in run(due, jobs):
            yield numbered[int(done.job.name)], killer(done), done.seconds


def survivors(found: list[dict]) -> list[dict]:
    """Rows of those that live, with the reason if one is given."""
    given = reasons()
    return [
        {
            **{name: one[name] for name in ("file", "line", "function", "before", "after")},
            "mutation": one["operator"].removeprefix("core/"),
            "reason": given.get(
                (one["file"], one["function"], one["before"], one["after"]), ""
            ).strip(),
        }
        for one in found
        if not one["killer"]
    ]


def verdict(found: list[dict]) -> int:
    """Writes the table of survivors and says how many died; the exit status."""
    alive = survivors(found)
    with (BUILD / "survivors.csv").open("w", newline="") as out:
        rows = csv.DictWriter(out, COLUMNS)
        rows.writeheader()
        rows.writerows(alive)
    for room in ROOMS:
        of_room = [one for one in found if one["room"] == room]
        print(f"{room}: {sum(bool(one['killer']) for one in of_room)} of {len(of_room)} died")
    died = len(found) - len(alive)
    open_ = [row for row in alive if not row["reason"]]
    for row in open_:
        print(f"{row['file']}:{row['line']} {row['function']}")
        print(f"  - {row['before']}\n  + {row['after']}")
    print(f"{died} of {len(found)} mutants died; {len(open_)} of {len(alive)} alive have no reason")
    return int(died < LEAST * len(found) or bool(open_))


def main() -> int:
    """Runs the mutants that are asked for and judges the whole sample."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--count", type=int, default=300)
    options.add_argument("--seed", type=int, default=20)
    options.add_argument("--seconds", type=float, default=60.0, help="for the tests of one mutant")
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("--rooms", nargs="+", choices=ROOMS, default=list(ROOMS))
    options.add_argument("--tests", nargs="+", default=(), help="only these files of tests")
    options.add_argument("--again", action="store_true", help="only those that survived last time")
    chosen = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # ends the processes, too
    mutants = [one for one in sample(chosen.count, chosen.seed) if one.room in chosen.rooms]
    print(f"{len(mutants)} mutants: {dict(Counter(one.room for one in mutants))}", flush=True)
    worker.preload()
    seen = baseline(chosen.jobs, chosen.tests)
    known = {}
    if chosen.again and RESULTS.exists():
        known = {
            (one["file"], one["function"], one["before"], one["after"]): one
            for one in json.loads(RESULTS.read_text())
            if one["killer"]
        }
    found = [asdict(one) | known[one.key] for one in mutants if one.key in known]
    due = [one for one in mutants if one.key not in known]
    for mutant, by, seconds in results(due, seen, chosen.seconds, chosen.jobs):
        found.append({**asdict(mutant), "killer": by, "seconds": round(seconds, 1)})
        print(
            f"{len(found)} {mutant.file}:{mutant.line} {seconds:.0f} s {by or 'LIVES'}", flush=True
        )
        RESULTS.write_text(json.dumps(found, indent=1))
    return verdict(found)


if __name__ == "__main__":
    sys.exit(main())
