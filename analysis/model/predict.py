"""Predictions of serving points, with ranges, and their errors where the truth was measured."""

import numpy as np
import pandas as pd

from analysis.model.board_power import ENERGY, predict_energy
from analysis.model.closed_loop import serve, serve_points
from analysis.model.draws import Z90
from analysis.model.loads import points_under_load
from analysis.model.own_measurements import Installation, learn
from analysis.model.points import identities, point_notes, read_points
from analysis.model.runner import Columns
from analysis.model.settings import setting_with_errors

SPEED = ("output_tokens_per_s_per_chip", "ttft_s", "tpot_s")
NO_MEMORY = "does not fit in memory"
CHUNK = 65536  # rows at a time: all that the laws say of so many takes 150 MB


def predict(frame: pd.DataFrame, measured: pd.DataFrame | None = None) -> pd.DataFrame:
    """The frame with predictions, their P10 and P90, and a reason where there is none; order kept.

    Read are the columns of `points.COLUMNS` and `points.OPTIONAL`; others pass through. Added
    are output tokens/s per chip over all chips, mean seconds to the first token and per later
    token, and board joules per output token, each with `_p10` and `_p90`, and `note`: what was
    assumed. A row may state `request_rate` (requests/s) instead of its concurrency, which is then
    filled in. `measured` holds points of the same installation with columns `<quantity>_measured`:
    predictions move and narrow by what these say (`own_measurements`). Raises ValueError where a
    column is missing, MeasurementFault where nothing in `measured` can be used.
    """
    own = None if measured is None else learn(measured)
    starts = range(0, max(len(frame), 1), CHUNK)
    chunks = [_answers(frame.iloc[start : start + CHUNK], own) for start in starts]
    added = {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}
    load = {name: added.pop(name) for name in ("concurrency",) if name in added}
    kept = frame.assign(**load)
    return kept.drop(columns=[name for name in added if name in kept]).assign(**added)


def _answers(frame: pd.DataFrame, own: Installation | None) -> dict[str, np.ndarray]:
    """The columns that `predict` adds, an entry a row; blank where there is a reason."""
    named = None if own is None else identities(frame)

    def moved(columns: Columns) -> Columns:
        return columns if own is None or named is None else own.columns(named, columns)

    frame, columns, reasons = points_under_load(frame, moved)
    predictions: dict[str, np.ndarray] = {}
    with np.errstate(all="ignore"):
        results = serve_points(columns)
        if own is not None and named is not None:
            sizes = own.log_sds(named, results)
            results |= {f"{name}_log_sd": size for name, size in sizes.items()}
        fits = results["capacity_requests"] >= results["instances_count"]
        reasons = np.where((reasons == "") & ~fits, NO_MEMORY, reasons)
        for name in SPEED:
            factor = np.exp(Z90 * results[f"{name}_log_sd"])
            predictions[name] = results[name]
            predictions[f"{name}_p10"] = results[name] / factor
            predictions[f"{name}_p90"] = results[name] * factor
        joules, low, high = predict_energy(results)
        predictions |= {ENERGY: joules, f"{ENERGY}_p10": low, f"{ENERGY}_p90": high}
    answered = reasons == ""
    added = {name: np.where(answered, value, np.nan) for name, value in predictions.items()}
    load = {"concurrency": frame["concurrency"].to_numpy()} if "request_rate" in frame else {}
    return {**load, **added, "reason": reasons, "note": _joined_notes(frame)}


def _joined_notes(frame: pd.DataFrame) -> np.ndarray:
    """What was assumed of each row: notes that it brought, and those on its names."""
    notes = point_notes(frame)
    if "note" not in frame:
        return notes
    brought = frame["note"].fillna("").astype(str).to_numpy()
    pairs = zip(brought, notes, strict=True)
    return np.array(["; ".join(filter(None, pair)) for pair in pairs], dtype=object)


def speeds_of_points(rows: pd.DataFrame) -> Columns:
    """What the throughput laws say of serving points, with the log errors of the predictions.

    `rows` has the columns of `points.COLUMNS`; the result has an entry a row in each column.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return serve(read_points(rows, setting_with_errors)[0])


def movement(plain: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """What own measurements moved: predictions with them over those without, a row a quantity.

    `plain` and `own` are answers of `predict` for the same points. Columns are quantity, rows
    (answered), median_ratio, and median_width_ratio of the range from P10 to P90 on a logarithmic
    scale.
    """
    rows = []
    for name in SPEED:
        both = plain[name].notna() & own[name].notna()
        widths = [
            np.log(each.loc[both, f"{name}_p90"] / each.loc[both, f"{name}_p10"])
            for each in (own, plain)
        ]
        ratio = own.loc[both, name] / plain.loc[both, name]
        rows.append((name, int(both.sum()), ratio.median(), (widths[0] / widths[1]).median()))
    columns = ["quantity", "rows", "median_ratio", "median_width_ratio"]
    return pd.DataFrame(rows, columns=columns)


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
