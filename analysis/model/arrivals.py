"""Requests in flight where a rate of arrival is stated instead, by Little's law."""

import numpy as np
import pandas as pd

from analysis.model.closed_loop import serve
from analysis.model.runner import Columns

MOST_IN_FLIGHT = 65536.0
HALVINGS = 40  # of the logarithm of what is left open: to a millionth
TOO_MANY = "more requests arrive than these chips finish"


def unstated_concurrency(frame: pd.DataFrame) -> np.ndarray:
    """Where a row states `request_rate` (requests/s) and leaves `concurrency` blank."""
    if "request_rate" not in frame:
        return np.zeros(len(frame), dtype=bool)
    rate = pd.to_numeric(frame["request_rate"], errors="coerce").to_numpy(float)
    if "concurrency" not in frame:
        return np.isfinite(rate)
    concurrency = pd.to_numeric(frame["concurrency"], errors="coerce").to_numpy(float)
    return np.isfinite(rate) & np.isnan(concurrency)


def requests_in_flight(columns: Columns, requests_per_s: np.ndarray) -> np.ndarray:
    """Requests in flight at which a deployment finishes as many a second as arrive.

    Little's law: requests in flight are those that arrive in a second times the seconds that one
    lasts, and it lasts the longer the more are in flight, so the number is found by halving. At
    least one; NaN where more arrive than are ever finished.
    """
    low = np.ones_like(requests_per_s)
    high = np.full_like(requests_per_s, MOST_IN_FLIGHT)
    served = _finished_per_s(columns, high) >= requests_per_s
    for _ in range(HALVINGS):
        middle = np.sqrt(low * high)
        enough = _finished_per_s(columns, middle) >= requests_per_s
        high = np.where(enough, middle, high)
        low = np.where(enough, low, middle)
    return np.where(served, np.maximum(high, 1.0), np.nan)


def _finished_per_s(columns: Columns, concurrency: np.ndarray) -> np.ndarray:
    results = serve({**columns, "concurrency_requests": concurrency})
    later_tokens = columns["output_tokens_per_request"] - 1
    return concurrency / (results["ttft_s"] + results["tpot_s"] * later_tokens)
