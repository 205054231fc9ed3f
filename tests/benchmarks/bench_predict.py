"""Rows a second and memory of predict, and seconds of one search over layouts, pools and drafts,
against aiconfigurator 0.12.0's published times.
"""

import resource
import time

import pandas as pd

from analysis.facts import table
from analysis.model.predict import predict
from analysis.model.search import Search, deployments

PEER_QUERY_S, PEER_SWEEP_S = (
    0.045,
    6.0,
)  # in process at best; the shortest sweep of the command line

rows = table("serving").query("tpot_s == tpot_s").drop(columns=["ttft_s", "tpot_s"])
rows = pd.concat([rows] * (1_000_000 // len(rows)), ignore_index=True)
predict(rows.head(1000))
start = time.perf_counter()
predict(rows)
each = (time.perf_counter() - start) / len(rows)
kibibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(f"{len(rows):,} rows: at most {kibibytes / 2**20:.2f} GiB")
print(f"predict: {1 / each:,.0f} rows/s, {PEER_QUERY_S / each:,.0f} times the peer's query")
for accelerator, precision, chips in (("b200", "fp8", 8), ("gb300", "fp4", 72)):
    start = time.perf_counter()
    found = deployments(Search(accelerator, "deepseek-r1", precision, "", chips, 8192.0, 1024.0))
    took = time.perf_counter() - start
    print(
        f"search on {chips} {accelerator}, {len(found):,} deployments: {took:.2f} s, "
        f"{PEER_SWEEP_S / took:.0f} times the peer's sweep"
    )
