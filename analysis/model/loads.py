"""Points with the load that they are under: stated, or what a rate of arrival comes to."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from analysis.model.arrivals import TOO_MANY, requests_in_flight, unstated_concurrency
from analysis.model.points import read_points
from analysis.model.runner import Columns
from analysis.model.settings import setting_with_errors


def points_under_load(
    frame: pd.DataFrame, moved: Callable[[Columns], Columns] | None = None
) -> tuple[pd.DataFrame, Columns, np.ndarray]:
    """Columns for the laws and reasons, as `read_points` gives them, at each row's load.

    A row may state `request_rate` (requests/s) instead of its concurrency, which is filled in in
    the columns and in the frame that comes back first. `moved` changes columns before. Raises
    ValueError where a column is missing.
    """
    by_rate = unstated_concurrency(frame)
    if by_rate.any():
        stated = frame.get("concurrency", np.nan)
        frame = frame.assign(concurrency=np.where(by_rate, 1.0, stated))
    columns, reasons = read_points(frame, setting_with_errors)
    if moved is not None:
        columns = moved(columns)
    if not by_rate.any():
        return frame, columns, reasons
    rate = pd.to_numeric(frame["request_rate"], errors="coerce").to_numpy(float)
    with np.errstate(all="ignore"):
        in_flight = np.where(by_rate, requests_in_flight(columns, rate), np.nan)
    known = np.where(by_rate, in_flight, columns["concurrency_requests"])
    columns = {**columns, "concurrency_requests": known}
    reasons = np.where((reasons == "") & by_rate & np.isnan(known), TOO_MANY, reasons)
    return frame.assign(concurrency=known), columns, reasons
