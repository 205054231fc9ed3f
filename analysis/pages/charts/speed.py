"""Charts of speed: predicted against measured, frontiers, parts of a step; from tidy tables."""

import altair as alt
import numpy as np
import pandas as pd

from analysis.facts import chip
from analysis.pages.charts.marks import (
    Layers,
    log_axis,
    name_axis,
    share_axis,
    titled,
    tooltips,
)
from analysis.pages.charts.theme import (
    BASELINE,
    CANDIDATE,
    FAINT,
    INK,
    KINDS,
    SERIES,
    told_apart,
    worded_options,
)
from analysis.pages.words import worded

RATE = "output_tokens_per_s_per_chip"


def against_measured(points: pd.DataFrame, quantity: str, unit: str, title: str) -> alt.LayerChart:
    """Measured against predicted of points that the fit did not see; on the line is right.

    `points` is what `validation.points` gives; `unit` and `title` are in words.
    """
    names = ["accelerator", "model", "engine", "precision", "concurrency"]
    rows = points[[*names, quantity, f"{quantity}_predicted"]].dropna()
    rows = rows.rename(columns={quantity: "measured", f"{quantity}_predicted": "predicted"})
    rows = rows.assign(accelerator=rows["accelerator"].map(chip))
    layers = _scatter(rows, "accelerator", unit, "measured", size=14, within=1.2)
    return titled("speed.measured", layers, 430, 480, data=rows, title=title, unit=unit)


def fp4_over_fp8(pairs: pd.DataFrame) -> alt.LayerChart:
    """FP4 over FP8, time per token at equal configuration: measured against predicted."""
    medians = pairs[["measured", "predicted"]].median()
    finding = (
        f"FP4 takes {medians['measured']:.2f} of FP8's time per token; "
        f"the model says {medians['predicted']:.2f}"
    )
    rows = pairs[["accelerator", "model", "engine", "concurrency", "measured", "predicted"]]
    layers = _scatter(rows, "model", "ratio", "measured", size=30)
    return titled("speed.narrower", layers, 340, 400, data=rows, finding=finding)


def drafts(pairs: pd.DataFrame, finding: str) -> alt.LayerChart:
    """Gain of drafts at equal layout and load: measured against predicted, a dot a pair.

    `pairs` is what `gains.draft_pairs` gives; `finding` is the title.
    """
    names = ["accelerator", "model", "engine", "draft_tokens", "concurrency"]
    rows = pairs[[*names, "measured", "predicted"]]
    rows = rows.assign(accelerator=rows["accelerator"].map(chip))
    layers = _scatter(rows, "accelerator", "ratio", "measured", size=22, within=1.2)
    return titled("speed.drafts", layers, 340, 400, data=rows, finding=finding)


def records(printed: pd.DataFrame) -> alt.LayerChart:
    """Printed records of offline throughput against the most that is predicted for each."""
    names = ["accelerator", "model", "precision", "input_tokens", "output_tokens"]
    rows = printed[[*names, "measured", "predicted"]]
    rows = rows.assign(accelerator=rows["accelerator"].map(chip))
    off = np.abs(rows["predicted"] / rows["measured"] - 1).median()
    finding = f"Vendors' records, which the fit has not seen: off by {off:.0%} in the median"
    layers = _scatter(rows, "accelerator", "tokens/s", "printed", size=20)
    return titled("speed.records", layers, 340, 400, data=rows, finding=finding)


def _scatter(
    rows: pd.DataFrame, group: str, unit: str, origin: str, size: int, within: float = 1.0
) -> Layers:
    """Predicted (up) over measured (right), a dot a point, on the line where the two agree.

    `origin` says where the measured value is from; the band holds what is off by at most the factor
    `within`.
    """
    both = [*rows["measured"], *rows["predicted"]]
    ends = pd.DataFrame({"at": [min(both), max(both)]})
    ends = ends.assign(low=ends["at"] / within, high=ends["at"] * within)
    colours = alt.Scale(range=SERIES)
    points = alt.Chart(rows).mark_point(filled=True, size=size, opacity=0.5)
    points = points.encode(
        x=log_axis("measured", f"{origin}, {unit}", both),
        y=log_axis("predicted", f"predicted, {unit}", both, alt.Y),
        color=alt.Color(f"{group}:N", title=None, scale=colours, legend=alt.Legend(columns=4)),
        shape=alt.Shape(f"{group}:N", title=None),
        tooltip=list(rows.columns),
    )
    base = alt.Chart(ends).encode(x="at:Q")
    area = base.mark_area(color=FAINT, opacity=0.35).encode(y="low:Q", y2="high:Q")
    line = base.mark_line(color=INK, strokeWidth=1).encode(y="at:Q")
    return [area, points, line]


def errors_by(errors: pd.DataFrame, column: str, title: str) -> alt.LayerChart:
    """Median absolute error of throughput by one column, with the number of points.

    `errors` is what `validation.errors` gives; `title` says in words by what.
    """
    complete = errors.dropna(subset=RATE)  # runs for energy print no first token
    names = complete[column].astype(str)
    if column == "accelerator":
        names = names.map(chip)
    rows = complete.assign(group=names, error=complete[RATE])
    base = alt.Chart(rows).encode(
        x=share_axis("error", "median absolute error", alt.X),
        y=name_axis("group", rows["group"]),
    )
    bars = base.mark_bar(color=CANDIDATE, opacity=0.75)
    counts = base.mark_text(align="left", dx=4, color=INK).encode(
        text=alt.Text("points:Q", format=",d")
    )
    worst = rows.loc[rows["error"].idxmax()]
    title = f"Largest error by {title}: {worst['error']:.0%} ({worst['group']})"
    return titled("speed.errors", [bars, counts], alt.Step(19), title=title)


def schemes(summary: pd.DataFrame, peers: pd.DataFrame) -> alt.FacetChart:
    """Median errors by what was left out, beside peers on points of the same kind.

    `summary` and `peers` are what the functions of those names in `validation` give.
    """
    quantities = worded("speed")
    ours = summary.melt("left_out", list(quantities), "quantity", "error")
    ours = ours.rename(columns={"left_out": "who"}).assign(whose="this model")
    theirs = peers.rename(columns={"tool": "who", "median_error_share": "error"})
    theirs = theirs[["who", "quantity", "error"]].assign(whose="peers")
    rows = pd.concat([ours, theirs]).replace({"quantity": quantities})
    head = alt.Header(labelOrient="top", labelAnchor="start", labelAngle=0, labelPadding=4)
    order = list(quantities.values())
    bars = alt.Chart(rows).mark_bar()
    bars = bars.encode(
        x=share_axis("error", "median absolute error", alt.X),
        y=alt.Y("who:N", title=None, sort=None),
        row=alt.Row("quantity:N", title=None, sort=order, spacing=34, header=head),
        **told_apart("whose", ["this model", "peers"], color=[CANDIDATE, BASELINE]),
    )
    chart = bars.resolve_scale(y="independent").properties(height=alt.Step(18))
    rates = summary.set_index("left_out")[RATE]
    finding = (
        f"Tokens/s per chip are off by {rates.min():.0%} ({rates.idxmin()}) to "
        f"{rates.max():.0%} ({rates.idxmax()})"
    )
    return titled("speed.schemes", chart, finding=finding)


def parts(shares: pd.DataFrame) -> alt.Chart:
    """Where the time between two output tokens goes, by option.

    `shares` is what `speed.parts` gives: columns option, part, bound, share, rank.
    """
    words = worded("part")
    rows = worded_options(shares).assign(part=shares["part"].map(words))
    largest = rows.loc[rows.groupby("option", sort=False)["share"].idxmax()]
    ends = [f"{row.part}, {row.share:.0%} ({row.option})" for row in largest.itertuples()]
    bars = alt.Chart(rows).mark_bar()
    bars = bars.encode(
        x=share_axis("share", "share of the time between two tokens", alt.X, (0, 1)),
        y=name_axis("option", rows["option"]),
        order=alt.Order("rank:Q"),
        tooltip=tooltips("option", "part", "bound", share=".1%"),
        **told_apart("part", words.values(), legend=alt.Legend(columns=3), color=KINDS),
    )
    return titled(
        "speed.parts",
        bars,
        alt.Step(38),
        finding=f"Largest part of the time: {'; '.join(ends[:2])}",
    )


def differences(gains: pd.DataFrame) -> alt.LayerChart:
    """What each difference of the two options brings; the bars multiply to the whole ratio.

    `gains` is what `speed.gains` gives: columns difference and ratio.
    """
    whole = pd.DataFrame(
        {"difference": ["all together"], "ratio": [gains["ratio"].prod()], "kind": ["whole"]}
    )
    rows = pd.concat([gains.assign(kind="part"), whole]).assign(one=1.0)
    most = gains.loc[np.abs(np.log(gains["ratio"])).idxmax()]
    finding = (
        f"{rows['ratio'].iloc[-1]:.2f}× in all; most by {most['difference']}, {most['ratio']:.2f}×"
    )
    rows["text"] = [f"{ratio:.2f}×" for ratio in rows["ratio"]]
    x = log_axis("ratio", "tokens/s per chip, headline's option over today", [1.0, *rows["ratio"]])
    base = alt.Chart(rows).encode(x=x, y=name_axis("difference", rows["difference"]))
    kinds = alt.Scale(domain=["part", "whole"], range=[BASELINE, CANDIDATE])
    bars = base.mark_bar(opacity=0.75).encode(
        x2="one:Q", color=alt.Color("kind:N", legend=None, scale=kinds)
    )
    labels = base.mark_text(align="left", dx=4, color=INK).encode(text="text:N")
    return titled("speed.differences", [bars, labels], alt.Step(26), finding=finding)
