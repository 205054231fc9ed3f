"""A decision among eight options and 4,096 draws: with layouts to be searched, and with known
ones; against evaluating today's chips and the headline's option alone.
"""

import time

import analysis as an

NAME = "reference"


def seconds(work) -> float:
    """How long a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def case(thousands: int):
    """The same question about another budget: an answer that no cache holds, of known layouts."""
    return an.load(NAME, {"budget.usd_per_year": 10_000_000 + 1000 * thousands})


an.decide(case(0))  # imports, tables, the record of launches
known = min(seconds(lambda n=n: an.decide(case(n))) for n in range(1, 6))
pair = min(seconds(lambda n=n: an.evaluate(case(n))) for n in range(6, 11))
other_work = an.load(NAME, {"workload.output_tokens": 1000})
cold = seconds(lambda: an.decide(other_work))
options = len(an.decide(case(0)).options)
print(f"decide, {options} options with chips: {known:.2f} s where layouts are known")
print(f"decide, layouts to be searched: {cold:.2f} s, {cold / known:.1f} times that")
print(f"evaluate, two options: {pair:.3f} s; the decision takes {known / pair:.1f} times as long")
