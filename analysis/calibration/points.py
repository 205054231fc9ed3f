"""The measured points of the fit: which they are, what each belongs to, and what was measured."""

import numpy as np
import pandas as pd

from analysis.laws.throughput import THROUGHPUT
from analysis.model.coefficients import levels
from analysis.model.dimensions import same_dimensions
from analysis.model.manner import AS_RUN, kind_of
from analysis.model.measured import serving_points
from analysis.model.points import manners, read_points
from analysis.model.runner import evaluate

RATE = "output_tokens_per_s_per_chip"
QUANTITIES = (RATE, "tpot_s", "ttft_s")
# What a source's time to first token is where it is no mean of requests that come and go on their
# own: the median, or the mean of a sweep whose requests have one length, so that those which start
# together end and queue together.
STATISTICS = {"inferencex_runs": "median", "aiconfigurator_sweep": "waves"}
# Sources whose rate was measured by itself: it holds the mean time to first token, of which they
# print the median at most.
RATED = ("inferencex_dump_full", "inferencex_api_runs")


def fitted_points() -> pd.DataFrame:
    """Measured points that the laws are fitted to, a row a configuration.

    Left out are points whose draft depth nobody states, whose weights leave no room for a request
    under the fact tables' numbers, and those that the tables set apart with a reason. Column
    `point` is the row in `serving_points()`; `kind` is one of manner.KINDS.
    """
    rows = serving_points()
    stated = ~rows["speculative"].isin(["yes", "inferred"]) & rows["apart"].isna()
    rows = rows[stated & rows["tpot_s"].notna()].reset_index(names="point")
    rows = _as_measured(rows)
    columns, reasons = read_points(rows)
    with np.errstate(invalid="ignore", divide="ignore"):
        fits = evaluate(columns, THROUGHPUT)["capacity_requests"] > 1
    rows = rows[fits & (reasons == "")].reset_index(drop=True)
    statistic = rows["source"].map(STATISTICS).fillna("")
    return with_levels(rows).assign(
        statistic=statistic, kind=[kind_of(manner) for manner in manners(rows)]
    )


def _as_measured(rows: pd.DataFrame) -> pd.DataFrame:
    """Rates only where they were measured, times to first token only where they are the mean."""
    rated = rows["source"].isin(RATED)
    own_rate = rated | (rows["engine_level"] == AS_RUN)
    return rows.assign(
        **{RATE: rows[RATE].where(own_rate), "ttft_s": rows["ttft_s"].where(~rated)},
        median_ttft_s=rows["ttft_s"].where(rated),
    )


def with_levels(rows: pd.DataFrame) -> pd.DataFrame:
    """Points with the things each belongs to, and the model that stands for its dimensions."""
    named = rows[["accelerator", "model", "precision", "engine"]].assign(manner=manners(rows))
    things = [
        {**levels(*names), "same_dimensions": same_dimensions(names[1])}
        for names in named.itertuples(index=False)
    ]
    table = pd.DataFrame(things, rows.index).drop(columns="engine")
    return rows.drop(columns=["engine_level"], errors="ignore").join(table)


def served_rate(rows: pd.DataFrame, ttft_s, tpot_s):
    """Output tokens per second and chip: requests in flight over the time that each takes."""
    request_s = ttft_s + tpot_s * (rows["output_tokens"] - 1)
    return rows["concurrency"] * rows["output_tokens"] / request_s / rows["chips"]


def measured_rate(rows: pd.DataFrame) -> pd.Series:
    """The rate where it was measured by itself, and elsewhere what the measured times come to."""
    return rows[RATE].where(
        rows["source"].isin(RATED) | rows["source"].str.startswith("field"),
        served_rate(rows, rows["ttft_s"], rows["tpot_s"]),
    )
