"""Points served at their fixed point: the share of requests that decode follows from the answer."""

from collections.abc import Iterable, Mapping

import numpy as np

from analysis.laws.throughput import THROUGHPUT
from analysis.model.runner import Columns, Law, downstream, evaluate

PASSES = 3  # after which the share moves the rate of no usual point by a thousandth
SHARE = "decoding_share"


def serve(columns: Mapping, laws: Iterable[Law] = THROUGHPUT) -> Columns:
    """What the throughput laws say of points, in the closed loop of their concurrency.

    `columns` holds what the laws read, an entry a point; all requests are taken to decode at first.
    Only deployments with pools have a share to find: on logs the share that the laws give back is
    nearly a straight line in the share that they are given, so secants find where both are equal.
    """
    laws = tuple(laws)
    results = evaluate({**columns, SHARE: np.ones(np.shape(columns["disaggregated_count"]))}, laws)
    if not np.any(np.asarray(columns["disaggregated_count"]) > 0):
        return results
    affected = downstream(laws, [SHARE])
    given, returned = 0.0, np.log(results["next_decoding_share"])
    trial = returned
    for _ in range(PASSES):
        results = evaluate({**results, SHARE: np.exp(trial)}, affected)
        answer = np.log(results["next_decoding_share"])
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.nan_to_num((answer - returned) / (trial - given))
        given, returned = trial, answer
        trial = np.minimum(given + (returned - given) / (1 - np.clip(slope, -2, 0.9)), 0)
    return evaluate({**results, SHARE: np.exp(trial)}, affected)


def serve_points(columns: Columns) -> Columns:
    """What the throughput laws say of points, of which some span more chips than their ranks.

    Chips beyond the stated ranks are copies of the instance, or part of it where no copy fits in
    memory: some engines cut experts over all chips and state only the ranks of one attention.
    """
    results = serve(columns)
    copies = results["instances_count"]
    tight = (results["capacity_requests"] < copies) & (copies > 1)
    tight &= columns["disaggregated_count"] == 0
    if not tight.any():
        return results
    data = columns["data_parallel"]
    wider = {
        "data_parallel": np.where(tight, data * columns["instances_count"], data),
        "instances_count": np.where(tight, 1.0, columns["instances_count"]),
    }
    prompts = {
        f"prefill_{name}": np.where(tight, value, columns[f"prefill_{name}"])
        for name, value in wider.items()
    }
    return serve({**columns, **wider, **prompts})
