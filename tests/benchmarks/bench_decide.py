"""Processor seconds of a decision among eight options and 4,096 draws: with layouts to be searched,
and with known ones; against evaluating today's chips and the headline's option alone.
"""

import os
import statistics
import time

# One thread for each array, as in a build of reports; processor time then counts no idle spinning.
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

import analysis as an

NAME = "reference"


def seconds(work) -> float:
    """Processor seconds of a call: what a machine that does other things as well spends on it."""
    start = time.process_time()
    work()
    return time.process_time() - start


def case(thousands: int):
    """The same question about another budget: an answer that no cache holds, of known layouts."""
    return an.load(NAME, {"budget.usd_per_year": 10_000_000 + 1000 * thousands})


def searched(tokens: int) -> float:
    """Seconds of a decision on other work, whose layouts nobody has looked for yet.

    With reading the scenario, which looks for those of two options.
    """
    return seconds(lambda: an.decide(an.load(NAME, {"workload.output_tokens": tokens})))


an.decide(case(0))  # imports, tables, the record of launches
options = len(an.decide(case(0)).options)
known, pair, cold = [], [], []
for turn in range(5):  # in turns, so that what else runs on the machine slows all of them alike
    questions = case(2 * turn + 1), case(2 * turn + 2)
    known.append(seconds(lambda: an.decide(questions[0])))  # noqa: B023
    pair.append(seconds(lambda: an.evaluate(questions[1])))  # noqa: B023
    cold.append(searched(1000 + turn))
one = min(known)
print(f"decide, {options} options with chips: {one:.3f} s where layouts are known")
print(f"decide, layouts to be searched: {min(cold):.2f} s, {min(cold) / one:.1f} times that")
print(
    f"evaluate, two options: {min(pair):.3f} s; the decision takes {one / min(pair):.1f} times that"
)
print(f"medians of {len(known)}: {statistics.median(known):.3f}, {statistics.median(cold):.2f} s")
