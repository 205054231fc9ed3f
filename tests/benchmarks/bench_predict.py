"""Rows a second of predict, and seconds of one frontier, against aiconfigurator 0.12.0's published
times.
"""

import time

import pandas as pd

from analysis.facts import table
from analysis.model.predict import frontier, predict

WORK = {
    "input_tokens_per_request": 8192.0,
    "output_tokens_per_request": 1024.0,
    "cached_share": 0.0,
}
PEER_QUERY_S, PEER_SWEEP_S = (
    0.045,
    6.0,
)  # in process at best; the shortest sweep of the command line

rows = table("serving").query("tpot_s == tpot_s").drop(columns=["ttft_s", "tpot_s"])
rows = pd.concat([rows] * (200_000 // len(rows)), ignore_index=True)
predict(rows.head(1000))
start = time.perf_counter()
predict(rows)
each = (time.perf_counter() - start) / len(rows)
print(f"predict: {1 / each:,.0f} rows/s, {PEER_QUERY_S / each:,.0f} times the peer's query")
for named in (("b200", "deepseek-r1", "fp8", None, 8), ("gb300", "deepseek-r1", "fp4", None, 72)):
    start = time.perf_counter()
    found = frontier(*named, WORK)
    took = time.perf_counter() - start
    print(
        f"frontier of {named[0]}, {len(found)} points: {took:.3f} s, "
        f"{PEER_SWEEP_S / took:,.0f} times the peer's sweep"
    )
