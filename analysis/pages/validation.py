"""The validation page: what was left out of the fit, how wrong it came out, and where.

One function a cell of notebooks/validation.ipynb, in its order. `points`, `fp4_pairs`, `records`
and `mlperf` give the tables that several cells show.
"""

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from analysis.calibration import validation
from analysis.calibration.published import mlperf, records
from analysis.calibration.validation import fp4_over_fp8 as fp4_pairs
from analysis.calibration.validation import points
from analysis.facts import chip, table
from analysis.facts import sources as source_table
from analysis.facts.provenance import FITTED
from analysis.model.measured import serving_points
from analysis.pages.charts import speed as charts
from analysis.pages.numbers import interval, percent_change
from analysis.pages.outputs import Output, html_table, say, takeaway
from analysis.pages.outputs import table as markdown_table
from analysis.pages.validation_best import (
    best_by_chip,
    best_error,
    best_table,
    best_unseen,
    draft_chart,
    frontier_sources,
    frontiers,
    gains_chart,
    published_error,
    published_table,
    within_band,
)
from analysis.pages.words import plain, worded

__all__ = [
    "answer",
    "beside_peers",
    "best_by_chip",
    "best_error",
    "best_table",
    "best_unseen",
    "by_kind",
    "coefficients",
    "coverage",
    "draft_chart",
    "engine_levels",
    "errors_by",
    "errors_by_length",
    "errors_by_load",
    "first_token",
    "fp4_chart",
    "fp4_medians",
    "fp4_pairs",
    "frontiers",
    "gains_chart",
    "generations_left_out",
    "inside",
    "mlperf",
    "mlperf_table",
    "points",
    "published_error",
    "published_table",
    "records",
    "records_chart",
    "records_error",
    "schemes",
    "sources",
    "summary",
    "time_per_token",
    "within_band",
    "worst",
]
RATE = "output_tokens_per_s_per_chip"
GROUPS = ("accelerator", "model", "engine")  # by which coverage is counted
NEXT_OF_ITS_GENERATION = "unseen accelerators of a known generation"


def answer() -> dict[str, Any]:
    """Median errors of throughput: `value` on unseen configurations, and on models and chips.

    `model` and `chip` are shares.
    """
    errors = points()[f"{RATE}_error"].dropna()
    medians = validation.summary().set_index("left_out")[RATE]
    return {
        "value": interval(np.abs(np.expm1(errors)), "", "percent"),
        "model": medians["unseen models"],
        "chip": medians[NEXT_OF_ITS_GENERATION],
    }


def coefficients() -> dict[str, Any]:
    """How many numbers were fitted, by level, and to how many points of what."""
    rows = table("coefficients")
    levels = rows[rows["source"] == FITTED]["level"].value_counts()
    fitted = points()
    return {
        **levels,
        "rest": levels.drop("pool").sum(),
        "points": len(fitted),
        "chips": fitted["accelerator"].nunique(),
        "models": fitted["model"].nunique(),
        "engines": fitted["engine"].nunique(),
        "apart": _set_apart(),
    }


def _set_apart() -> str:
    """Measured points that the fit leaves out, by series and reason."""
    counts = table("serving").groupby(["model", "accelerator", "apart"]).size()
    parts = [
        f"{count} of {model} on {chip(accelerator)} ({reason})"
        for (model, accelerator, reason), count in counts.items()
    ]
    return f"Left out: {'; '.join(parts)}" if parts else "No point is left out"


def schemes() -> alt.FacetChart:
    """Median errors by what was left out, beside other tools on the same points."""
    return charts.schemes(validation.summary(), validation.peers())


def summary() -> Output:
    """The table to take away: errors by what was left out."""
    scheme_of = {words: scheme for scheme, words in validation.SCHEMES.items()}
    rows = []
    for left_out in validation.summary()["left_out"]:
        unseen = points(scheme_of[left_out])
        for quantity, title in worded("speed").items():
            errors = unseen[f"{quantity}_error"].dropna()
            low, mid, high = np.percentile(100 * np.abs(np.expm1(errors)), [10, 50, 90])
            rows.append(
                {
                    "quantity": f"error of {title}",
                    "option": left_out,
                    "unit": "percent",
                    "low": low,
                    "mid": mid,
                    "high": high,
                }
            )
    return takeaway(rows)


def by_kind() -> Output:
    """Errors of throughput by kind of serving, a column for what was left out."""
    rows = validation.by_kind()
    rows["shown"] = [f"{row.error:.0%} of {row.points:,}" for row in rows.itertuples()]
    shown = rows.pivot_table("shown", "kind", "left_out", aggfunc="first", sort=False).fillna("")
    return html_table(shown.reset_index().rename_axis(columns=None))


def engine_levels() -> Output:
    """Errors on tuned servers and on what people run, and of the latter predicted as if tuned."""
    names = {"ratio": "predicted over measured", "inside": "rates inside their range"}
    names |= worded("speed")
    formats = dict.fromkeys([*worded("speed").values(), names["inside"]], "{:.0%}")
    formats[names["ratio"]] = "{:.2f}"
    return _formatted(validation.engine_levels().rename(columns=names), formats)


def generations_left_out() -> Output:
    """Generations that the fit did not see: how much more they served than predicted."""
    rows = validation.generations_left_out()
    shown = {
        "generation left out": rows["generation"].map(_generation_name),
        "points": rows["points"].map("{:,}".format),
        "measured over predicted": rows["ratio"].map("{:.2f}".format),
        "error of tokens/s per chip": rows["error"].map("{:.0%}".format),
    }
    return html_table(pd.DataFrame(shown))


def _generation_name(name: str) -> str:
    return name.upper() if name[-1].isdigit() else name.title()


def beside_peers() -> Output:
    """Median errors of this model and of other tools, by kind of serving."""
    titles = worded("speed")
    rows = validation.beside_peers().rename(columns=titles)
    own = rows["tool"].isin(validation.SCHEMES.values())
    rows["tool"] = rows["tool"].where(~own, "this model, " + rows["tool"])
    rows["answered"] = rows.pop("answered")  # texts stand behind the numbers
    rows = rows.rename(columns={"answered": "rows that it answered"})
    return _formatted(rows, dict.fromkeys(titles.values(), "{:.0%}"))


def time_per_token(points: pd.DataFrame) -> alt.LayerChart:
    """Predicted against measured time per output token, a dot a deployment."""
    title = _off("Time per output token", points["tpot_s_error"])
    return charts.against_measured(points, "tpot_s", "s per token", title)


def first_token(points: pd.DataFrame) -> alt.LayerChart:
    """Predicted against measured time to the first token, a dot a deployment."""
    title = _off("Time to first token", points["ttft_s_error"])
    return charts.against_measured(points, "ttft_s", "s", title)


def _off(what: str, errors: pd.Series) -> str:
    """The title of a chart of points that the fit did not see, from logarithms of their errors."""
    off = np.abs(np.expm1(errors.dropna())).median()
    return f"{what}, configurations left out: off by {off:.0%} in the median"


def errors_by(points: pd.DataFrame, column: str) -> alt.LayerChart:
    """Median errors by accelerator, model, engine or precision."""
    return charts.errors_by(validation.errors(points, column), column, column)


def errors_by_load(points: pd.DataFrame) -> alt.LayerChart:
    """Median errors by requests in flight on a chip."""
    return charts.errors_by(validation.errors_by_load(points), "load", "load")


def errors_by_length(points: pd.DataFrame) -> alt.LayerChart:
    """Median errors by tokens of prompt and answer."""
    return charts.errors_by(validation.errors_by_length(points), "lengths", "tokens in and out")


def coverage() -> Output:
    """Shares of unseen configurations inside their 80% interval, by accelerator, model, engine."""
    tables = [validation.coverage(name).rename(columns={name: "group"}) for name in GROUPS]
    titles = {f"{quantity}_inside": title for quantity, title in worded("speed").items()}
    rows = pd.concat(tables).rename(columns=titles)
    return _formatted(rows, dict.fromkeys(titles.values(), "{:.0%}"))


def inside() -> Output:
    """How many measured values lie inside their range, by how new the point was."""
    shares = 100 * validation.summary()[f"{RATE}_inside"]
    return say(
        "A range is meant to hold eight measured values in ten. It holds {low:.0f} to {high:.0f}% "
        "of them, from points of known series to chips of a generation never seen.",
        low=shares.min(),
        high=shares.max(),
    )


def fp4_medians(pairs: pd.DataFrame) -> dict[str, Any]:
    """Median ratios of FP4 over FP8, measured and predicted, and the count of pairs."""
    medians = pairs[["measured", "predicted"]].median()
    return {"count": len(pairs), **medians}


def fp4_chart(pairs: pd.DataFrame) -> alt.LayerChart:
    """FP4 over FP8 in time per token, predicted against measured."""
    return charts.fp4_over_fp8(pairs)


def records_error(rows: pd.DataFrame) -> Output:
    """How far the most that is predicted lies from printed records.

    `rows` is what `records` or `mlperf` gives.
    """
    errors = np.log(rows["predicted"] / rows["measured"]).dropna()
    return say(
        "Over {count} printed records of {chips} accelerators the prediction is off by "
        "**{error:.0%}** in the median, and on the whole {bias:.0%} {side}.",
        count=len(errors),
        chips=rows["accelerator"].nunique(),
        error=np.abs(np.expm1(errors)).median(),
        bias=abs(np.expm1(errors.median())),
        side="low" if errors.median() < 0 else "high",
    )


def records_chart(rows: pd.DataFrame) -> alt.LayerChart:
    """Printed records against the most that is predicted."""
    return charts.records(rows)


def mlperf_table(rows: pd.DataFrame) -> Output:
    """MLPerf results with what identifies them, rate per chip, prediction and share of the roof."""
    names = {
        "round": "round",
        "result_id": "result",
        "submitter": "submitter",
        "system": "system",
        "model": "model",
        "precision": "weights",
        "chips": "chips",
        "measured": "tokens/s per chip (derived)",
        "roof_share": "measured over roof",
        "predicted": "predicted",
    }
    formats = {
        "tokens/s per chip (derived)": "{:,.0f}",
        "predicted": "{:,.0f}",
        "measured over roof": "{:.0%}",
    }
    shares = rows.assign(roof_share=rows["measured"] / rows["roof"])
    return _formatted(shares[list(names)].rename(columns=names), formats)


def worst(count: int) -> Output:
    """The series of which the model is most wrong."""
    rows = validation.worst(count)
    rows = rows.assign(bias=[percent_change(share) for share in rows["bias"]])
    return _formatted(rows, {"median_error": "{:.0%}", "bias": "{}"})


def sources() -> Output:
    """Where points, records and peers come from: each title leads to its publisher's page."""
    keys = {
        *serving_points()["source"],
        *table("mlperf")["source"],
        *table("peers")["source"],
        *frontier_sources(),
    }
    rows = []
    for source in source_table().loc[sorted(keys)].itertuples():
        title = plain(source.title)
        if source.url:
            title = f"[{title}]({source.url})"
        read = ", ".join(part for part in (source.read, source.read_on) if part)
        cells = [title, plain(source.publisher), read, plain(source.licence), source.grade]
        rows.append(cells)
    heads = ["Source", "Publisher", "How and when it was read", "Licence", "Grade"]
    return markdown_table(rows, heads)


def _formatted(rows: pd.DataFrame, formats: dict[str, str]) -> Output:
    """A table to read: numbers as `formats` say by column, blank where there is none."""
    texts = {
        name: ["" if pd.isna(value) else form.format(value) for value in rows[name]]
        for name, form in formats.items()
    }
    shown = rows.assign(**texts)
    return html_table(shown.rename(columns=lambda name: name.replace("_", " ")))
