"""Figures of speed: predicted against measured, frontiers, the parts of a step; tidy tables in,
charts out.
"""

import altair as alt
import pandas as pd

from analysis.facts import chip
from analysis.pages.charts.marks import log_axis, percent, rows, rule, tips, titled
from analysis.pages.charts.theme import (
    BASELINE,
    CANDIDATE,
    FAINT,
    INK,
    KINDS,
    OPTIONS,
    SERIES,
    apart,
    colour,
)
from analysis.pages.format import worded

PARTS, QUANTITIES = worded("part"), worded("speed")


def _against(
    told: pd.DataFrame, hue: str, unit: str, seen: str, size: int, band: float = 1.0
) -> list[alt.Chart]:
    """Predicted (up) over measured (right), a dot a point; the line is right, within the band is
    nearly so.
    """
    both = [*told["measured"], *told["predicted"]]
    ends = pd.DataFrame({"at": [min(both), max(both)]})
    ends = ends.assign(low=ends["at"] / band, high=ends["at"] * band)
    x = log_axis("measured", f"{seen}, {unit}", both)
    dots = (
        alt.Chart(told)
        .mark_point(filled=True, size=size, opacity=0.5)
        .encode(
            x=x,
            y=log_axis("predicted", f"predicted, {unit}", both, alt.Y),
            color=alt.Color(
                f"{hue}:N", title=None, scale=alt.Scale(range=SERIES), legend=alt.Legend(columns=4)
            ),
            shape=alt.Shape(f"{hue}:N", title=None),
            tooltip=list(told.columns),
        )
    )
    base = alt.Chart(ends).encode(x="at:Q")
    area = base.mark_area(color=FAINT, opacity=0.35).encode(y="low:Q", y2="high:Q")
    return [area, dots, base.mark_line(color=INK, strokeWidth=1).encode(y="at:Q")]


def against_measured(points: pd.DataFrame, quantity: str, unit: str, title: str) -> alt.LayerChart:
    """Measured against predicted of points that the fit did not see; on the line is right."""
    told = points[
        [
            "accelerator",
            "model",
            "engine",
            "precision",
            "concurrency",
            quantity,
            f"{quantity}_predicted",
        ]
    ]
    told = told.dropna().rename(
        columns={quantity: "measured", f"{quantity}_predicted": "predicted"}
    )
    layers = _against(
        told.assign(accelerator=told["accelerator"].map(chip)),
        "accelerator",
        unit,
        "measured",
        14,
        1.2,
    )
    return titled("speed.measured", layers, 430, 480, title=title, unit=unit)


def narrower(ratios: pd.DataFrame) -> alt.LayerChart:
    """FP4 over FP8, time per token at equal configuration: measured against predicted."""
    told = ratios[["accelerator", "model", "engine", "concurrency", "measured", "predicted"]]
    return titled("speed.narrower", _against(told, "model", "ratio", "measured", 30), 340, 400)


def records(printed: pd.DataFrame) -> alt.LayerChart:
    """Printed records of offline throughput against the most that is predicted, none of them in the
    fit.
    """
    told = printed[
        [
            "accelerator",
            "model",
            "precision",
            "input_tokens",
            "output_tokens",
            "measured",
            "predicted",
        ]
    ]
    layers = _against(
        told.assign(accelerator=told["accelerator"].map(chip)),
        "accelerator",
        "tokens/s",
        "printed",
        20,
    )
    return titled("speed.records", layers, 340, 400)


def errors_by(errors: pd.DataFrame, by: str, title: str) -> alt.LayerChart:
    """Median absolute error of throughput by one column, with the number of points."""
    known = errors.dropna(
        subset="output_tokens_per_s_per_chip"
    )  # runs for energy print no first token
    names = known[by].astype(str).map(chip) if by == "accelerator" else known[by].astype(str)
    told = known.assign(group=names, error=known["output_tokens_per_s_per_chip"])
    base = alt.Chart(told).encode(
        x=percent("error", "median absolute error", alt.X), y=rows("group", told["group"])
    )
    bars = base.mark_bar(color=CANDIDATE, opacity=0.75)
    count = base.mark_text(align="left", dx=4, color=INK).encode(
        text=alt.Text("points:Q", format=",d")
    )
    return titled("speed.errors", [bars, count], alt.Step(19), title=title)


def schemes(summary: pd.DataFrame, peers: pd.DataFrame) -> alt.FacetChart:
    """Median errors by what was left out, beside peers on points of the same kind."""
    ours = summary.melt("left_out", list(QUANTITIES), "quantity", "error").rename(
        columns={"left_out": "who"}
    )
    theirs = peers.rename(columns={"tool": "who", "median_error_share": "error"})[
        ["who", "quantity", "error"]
    ]
    told = pd.concat([ours.assign(whose="this model"), theirs.assign(whose="peers")]).replace(
        {"quantity": QUANTITIES}
    )
    head = alt.Header(labelOrient="top", labelAnchor="start", labelAngle=0, labelPadding=4)
    chart = (
        alt.Chart(told)
        .mark_bar()
        .encode(
            x=percent("error", "median absolute error", alt.X),
            y=alt.Y("who:N", title=None, sort=None),
            **apart("whose", ["this model", "peers"], color=[CANDIDATE, BASELINE]),
            row=alt.Row(
                "quantity:N", title=None, sort=list(QUANTITIES.values()), spacing=34, header=head
            ),
        )
        .resolve_scale(y="independent")
        .properties(height=alt.Step(18))
    )
    return titled("speed.schemes", chart)


def frontier(points: pd.DataFrame, promised: float) -> alt.LayerChart:
    """Tokens/s per chip against tokens/s per user for both options; the rule is the
    promised speed.
    """
    rate, speed = "output_tokens_per_s_per_chip", "tokens_per_s_per_user"
    base = alt.Chart(points).encode(
        x=log_axis(speed, "tokens/s per user", points[speed]),
        y=log_axis(rate, "output tokens/s per chip", points[rate], alt.Y),
        color=colour(),
    )
    lines = base.mark_line(interpolate="monotone").encode(
        strokeDash=alt.StrokeDash("option:N", legend=None)
    )
    layout = [f"{kind}_parallel" for kind in ("tensor", "data", "expert")]
    layout += ["instances_count", "concurrency_requests", "ttft_s"]
    shape = alt.Shape("option:N", legend=None)
    dots = base.mark_point(filled=True, size=28).encode(tooltip=["option", *layout], shape=shape)
    return titled("speed.frontier", [lines, dots, *rule(promised, dash=(4, 4))])


def parts(shares: pd.DataFrame) -> alt.Chart:
    """Where the time between two output tokens goes, by option."""
    chart = (
        alt.Chart(shares.assign(part=shares["part"].map(PARTS)))
        .mark_bar()
        .encode(
            x=percent("share", "share of the time between two tokens", alt.X, (0, 1)),
            y=rows("option", OPTIONS),
            order=alt.Order("rank:Q"),
            tooltip=tips("option", "part", "bound", share=".1%"),
            **apart("part", PARTS.values(), legend=alt.Legend(columns=3), color=KINDS),
        )
    )
    return titled("speed.parts", chart, alt.Step(38))


def differences(gains: pd.DataFrame) -> alt.LayerChart:
    """What each difference of the two options brings to the served rate; the bars multiply to the
    whole ratio.
    """
    whole = pd.DataFrame(
        {"difference": ["all together"], "ratio": [gains["ratio"].prod()], "kind": ["whole"]}
    )
    told = pd.concat([gains.assign(kind="part"), whole]).assign(one=1.0)
    told["text"] = told["ratio"].map("{:.2f}×".format)
    x = log_axis("ratio", "tokens/s per chip, candidate over baseline", [1.0, *told["ratio"]])
    base = alt.Chart(told).encode(x=x, y=rows("difference", told["difference"]))
    kinds = alt.Scale(domain=["part", "whole"], range=[BASELINE, CANDIDATE])
    bars = base.mark_bar(opacity=0.75).encode(
        x2="one:Q", color=alt.Color("kind:N", legend=None, scale=kinds)
    )
    text = base.mark_text(align="left", dx=4, color=INK).encode(text="text:N")
    return titled("speed.differences", [bars, text], alt.Step(26))
