"""Predictions of serving points, with ranges, and their errors where the truth was measured."""

import numpy as np
import pandas as pd

from analysis.model.arrivals import TOO_MANY, requests_in_flight, unstated_concurrency
from analysis.model.board_power import ENERGY, predict_energy
from analysis.model.closed_loop import serve
from analysis.model.draws import Z90
from analysis.model.points import point_notes, read_points
from analysis.model.runner import Columns
from analysis.model.settings import setting_with_errors

SPEED = ("output_tokens_per_s_per_chip", "ttft_s", "tpot_s")
NO_MEMORY = "does not fit in memory"


def predict(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with predictions, their P10 and P90, and a reason where there is none; order kept.

    Read are the columns of `points.COLUMNS` and `points.OPTIONAL`; others pass through. Added
    are output tokens/s per chip over all chips, mean seconds to the first token and per later
    token, and board joules per output token, each with `_p10` and `_p90`, and `note`: what was
    assumed. A row may state `request_rate` (requests/s) instead of its concurrency, which is then
    filled in. Raises ValueError where a column is missing.
    """
    by_rate = unstated_concurrency(frame)
    if by_rate.any():
        stated = frame.get("concurrency", np.nan)
        frame = frame.assign(concurrency=np.where(by_rate, 1.0, stated))
    columns, reasons = read_points(frame, setting_with_errors)
    predictions: dict[str, np.ndarray] = {}
    with np.errstate(all="ignore"):
        if by_rate.any():
            rate = pd.to_numeric(frame["request_rate"], errors="coerce").to_numpy(float)
            in_flight = np.where(by_rate, requests_in_flight(columns, rate), np.nan)
            known = np.where(by_rate, in_flight, columns["concurrency_requests"])
            columns["concurrency_requests"] = known
            frame = frame.assign(concurrency=known)
            reasons = np.where((reasons == "") & by_rate & np.isnan(known), TOO_MANY, reasons)
        results = serve_points(columns)
        fits = results["capacity_requests"] >= results["instances_count"]
        reasons = np.where((reasons == "") & ~fits, NO_MEMORY, reasons)
        for name in SPEED:
            factor = np.exp(Z90 * columns[f"{name}_log_sd"])
            predictions[name] = results[name]
            predictions[f"{name}_p10"] = results[name] / factor
            predictions[f"{name}_p90"] = results[name] * factor
        joules, low, high = predict_energy(results)
        predictions |= {ENERGY: joules, f"{ENERGY}_p10": low, f"{ENERGY}_p90": high}
    answered = reasons == ""
    added = {name: np.where(answered, value, np.nan) for name, value in predictions.items()}
    kept = frame.drop(columns=[name for name in (*added, "reason", "note") if name in frame])
    return kept.assign(**added, reason=reasons, note=_joined_notes(frame))


def _joined_notes(frame: pd.DataFrame) -> np.ndarray:
    """What was assumed of each row: notes that it brought, and those on its names."""
    notes = point_notes(frame)
    if "note" not in frame:
        return notes
    brought = frame["note"].fillna("").astype(str).to_numpy()
    pairs = zip(brought, notes, strict=True)
    return np.array(["; ".join(filter(None, pair)) for pair in pairs], dtype=object)


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


def speeds_of_points(rows: pd.DataFrame) -> Columns:
    """What the throughput laws say of serving points, with the log errors of the predictions.

    `rows` has the columns of `points.COLUMNS`; the result has an entry a row in each column.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return serve(read_points(rows, setting_with_errors)[0])


def prediction_errors(answered: pd.DataFrame) -> pd.DataFrame:
    """Errors of predictions against columns with the suffix `_measured`, a row a quantity.

    Empty where nothing was measured. Errors are absolute and relative to the measurement;
    `inside_p10_p90` is the share of measurements inside their range.
    """
    rows = []
    for name in (*SPEED, ENERGY):
        if f"{name}_measured" not in answered:
            continue
        measured = pd.to_numeric(answered[f"{name}_measured"], errors="coerce")
        both = answered[name].notna() & (measured > 0)
        error = (answered.loc[both, name] / measured[both] - 1).abs()
        low, high = answered.loc[both, f"{name}_p10"], answered.loc[both, f"{name}_p90"]
        rows.append(
            {
                "quantity": name,
                "measured": int((measured > 0).sum()),
                "answered": int(both.sum()),
                "median_error": error.median(),
                "mean_error": error.mean(),
                "p90_error": error.quantile(0.9),
                "inside_p10_p90": measured[both].between(low, high).mean(),
            }
        )
    return pd.DataFrame(rows)
