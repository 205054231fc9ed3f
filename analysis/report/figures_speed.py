"""Figures of speed: predicted against measured, frontiers, the parts of a step; tidy tables in, charts out."""

import altair as alt
import pandas as pd

from analysis.report.marks import titled
from analysis.report.theme import BASELINE, CANDIDATE, CLAIM, FAINT, INK, KINDS, MEASURED, SERIES, colour

PARTS = {
    "linear": "weights that every token uses",
    "expert": "routed experts",
    "cache": "cached context",
    "communication": "collectives",
    "overhead": "launches, small kernels, scheduling",
    "interference": "prompts of others",
}


def _log(name: str, title: str, values, axis=alt.Y, **kept):
    scale = alt.Scale(type="log", domain=[min(values) / 1.15, max(values) * 1.15], nice=False)
    return axis(f"{name}:Q", title=title, scale=scale, axis=alt.Axis(tickCount=6, format="~g"), **kept)


def against_measured(points: pd.DataFrame, quantity: str, unit: str, title: str) -> alt.LayerChart:
    """Measured (down) against predicted (up) of points that the fit did not see; on the line is right."""
    rows = points[["accelerator", "model", "engine", "precision", "concurrency", quantity, f"{quantity}_predicted"]]
    rows = rows.dropna().rename(columns={quantity: "measured", f"{quantity}_predicted": "predicted"})
    both = [*rows["measured"], *rows["predicted"]]
    ends = pd.DataFrame({"at": [min(both), max(both)]})
    ends = ends.assign(low=ends["at"] / 1.2, high=ends["at"] * 1.2)
    dots = alt.Chart(rows).mark_point(filled=True, size=14, opacity=0.45).encode(
        x=_log("measured", f"measured, {unit}", both, alt.X),
        y=_log("predicted", f"predicted, {unit}", both),
        color=alt.Color("accelerator:N", title=None, scale=alt.Scale(range=SERIES)),
        shape=alt.Shape("accelerator:N", title=None),
        tooltip=["accelerator", "model", "engine", "precision", "concurrency", "measured", "predicted"],
    )  # fmt: skip
    line = alt.Chart(ends).mark_line(color=INK, strokeWidth=1).encode(x="at:Q", y="at:Q")
    band = alt.Chart(ends).mark_area(color=FAINT, opacity=0.35).encode(x="at:Q", y="low:Q", y2="high:Q")
    told = f"{unit}, logarithmic; line: right, band: within 20%"
    return titled(band + dots + line, title, told, 430, 480)


def errors_by(errors: pd.DataFrame, by: str, title: str) -> alt.LayerChart:
    """Median absolute error of throughput by one column, with the number of points."""
    known = errors.dropna(subset="output_tokens_per_s_per_chip")  # runs for energy print no first token
    rows = known.assign(group=known[by].astype(str), error=known["output_tokens_per_s_per_chip"] * 100)
    base = alt.Chart(rows).encode(y=alt.Y("group:N", title=None, sort=None))
    bars = base.mark_bar(color=CANDIDATE, opacity=0.75).encode(x=alt.X("error:Q", title="median absolute error, %"))
    count = base.mark_text(align="left", dx=4, color=INK).encode(x="error:Q", text=alt.Text("points:Q", format=",d"))
    told = "per cent of the measured tokens/s per chip; number: points"
    return titled(bars + count, title, told, alt.Step(19))


def schemes(summary: pd.DataFrame, peers: pd.DataFrame) -> alt.Chart:
    """Median errors by what was left out, beside peers on points of the same kind."""
    names = {
        "output_tokens_per_s_per_chip": "tokens/s per chip",
        "tpot_s": "time per token",
        "ttft_s": "time to first token",
    }
    ours = summary.melt("left_out", list(names), "quantity", "error").rename(columns={"left_out": "who"})
    ours["whose"] = "this model"
    theirs = peers.rename(columns={"tool": "who", "median_error_share": "error"})[["who", "quantity", "error"]]
    rows = pd.concat([ours, theirs.assign(whose="peers")]).assign(error=lambda x: x["error"] * 100)
    chart = alt.Chart(rows.replace({"quantity": names})).mark_bar().encode(
        x=alt.X("error:Q", title="median absolute error, %"),
        y=alt.Y("who:N", title=None, sort=None, axis=alt.Axis(labelLimit=300)),
        color=alt.Color(
            "whose:N", title=None, scale=alt.Scale(domain=["this model", "peers"], range=[CANDIDATE, BASELINE])
        ),
        row=alt.Row("quantity:N", title=None, sort=list(names.values()), spacing=34,
                    header=alt.Header(labelOrient="top", labelAnchor="start", labelAngle=0, labelPadding=4)),
    ).resolve_scale(y="independent").properties(height=alt.Step(18))  # fmt: skip
    return titled(chart, "Errors grow with what was never seen", "per cent, median of points left out")


def narrower(ratios: pd.DataFrame) -> alt.LayerChart:
    """FP4 over FP8, time per token at equal configuration: measured against predicted."""
    both = [*ratios["measured"], *ratios["predicted"]]
    ends = pd.DataFrame({"at": [min(both), max(both)]})
    dots = alt.Chart(ratios).mark_point(filled=True, size=30, opacity=0.6).encode(
        x=_log("measured", "measured ratio", both, alt.X), y=_log("predicted", "predicted ratio", both),
        color=alt.Color("model:N", title=None, scale=alt.Scale(range=SERIES)), shape=alt.Shape("model:N", title=None),
        tooltip=["accelerator", "model", "engine", "concurrency", "measured", "predicted"],
    )  # fmt: skip
    line = alt.Chart(ends).mark_line(color=INK, strokeWidth=1).encode(x="at:Q", y="at:Q")
    told = "measured and predicted ratio of times per output token; below 1 FP4 is faster"
    return titled(dots + line, "What FP4 gives over FP8 on one chip", told, 340, 400)


def frontier(points: pd.DataFrame, promised: float) -> alt.LayerChart:
    """Tokens/s per chip against tokens/s per user for both options; the rule is the promised speed."""
    base = alt.Chart(points).encode(
        x=_log("tokens_per_s_per_user", "tokens/s per user", points["tokens_per_s_per_user"], alt.X),
        y=_log("output_tokens_per_s_per_chip", "output tokens/s per chip", points["output_tokens_per_s_per_chip"]),
        color=colour(),
    )
    lines = base.mark_line(interpolate="monotone").encode(strokeDash=alt.StrokeDash("option:N", legend=None))
    layout = [f"{kind}_parallel" for kind in ("tensor", "data", "expert")]
    layout += ["instances_count", "concurrency_requests", "ttft_s"]
    shape = alt.Shape("option:N", legend=None)
    dots = base.mark_point(filled=True, size=28).encode(tooltip=["option", *layout], shape=shape)
    at = alt.Chart(pd.DataFrame({"promised": [promised]}))
    rule = at.mark_rule(color=INK, strokeDash=[4, 4]).encode(x="promised:Q")
    title = "The faster for one user, the fewer tokens for all"
    return titled(lines + dots + rule, title, "output tokens/s, logarithmic; rule: the promised speed")


def parts(shares: pd.DataFrame) -> alt.Chart:
    """Where the time between two output tokens goes, by option."""
    rows = shares.assign(part=shares["part"].map(PARTS), percent=shares["share"] * 100)
    chart = alt.Chart(rows).mark_bar().encode(
        x=alt.X("percent:Q", title="share of the time between two tokens, %", scale=alt.Scale(domain=[0, 100]),
                axis=alt.Axis(values=[0, 25, 50, 75, 100])),
        y=alt.Y("option:N", title=None, sort=["baseline", "candidate", "claimed"]),
        color=alt.Color("part:N", title=None, scale=alt.Scale(domain=list(PARTS.values()), range=KINDS),
                        legend=alt.Legend(columns=3)),
        order=alt.Order("rank:Q"), tooltip=["option", "part", alt.Tooltip("percent:Q", format=".1f"), "bound"],
    )  # fmt: skip
    title, unit = "Where the time between two tokens goes", "per cent, medians at the operating point"
    return titled(chart, title, unit, alt.Step(38))


def records(rows: pd.DataFrame) -> alt.LayerChart:
    """Printed records of offline throughput against the most that is predicted, none of them in the fit."""
    both = [*rows["measured"], *rows["predicted"]]
    ends = pd.DataFrame({"at": [min(both), max(both)]})
    dots = alt.Chart(rows).mark_point(filled=True, size=20, opacity=0.6, color=MEASURED).encode(
        x=_log("measured", "printed, tokens/s per chip", both, alt.X),
        y=_log("predicted", "predicted, tokens/s per chip", both),
        color=alt.Color("accelerator:N", title=None, scale=alt.Scale(range=SERIES), legend=alt.Legend(columns=4)),
        shape=alt.Shape("accelerator:N", title=None),
        tooltip=["accelerator", "model", "precision", "input_tokens", "output_tokens", "measured", "predicted"],
    )  # fmt: skip
    line = alt.Chart(ends).mark_line(color=CLAIM, strokeWidth=1).encode(x="at:Q", y="at:Q")
    title = "Vendors' records, which the fit has not seen"
    return titled(dots + line, title, "output tokens/s per chip, logarithmic; line: right", 340, 400)


def differences(gains: pd.DataFrame) -> alt.LayerChart:
    """What each difference of the two options brings to the served rate; the bars multiply to the whole ratio."""
    whole = pd.DataFrame({"difference": ["all together"], "ratio": [gains["ratio"].prod()], "kind": ["whole"]})
    rows = pd.concat([gains.assign(kind="part"), whole]).assign(one=1.0)
    rows["text"] = rows["ratio"].map("{:.2f}×".format)
    base = alt.Chart(rows).encode(y=alt.Y("difference:N", title=None, sort=list(rows["difference"])))
    kinds = alt.Scale(domain=["part", "whole"], range=[BASELINE, CANDIDATE])
    bars = base.mark_bar(opacity=0.75).encode(
        x=_log("ratio", "tokens/s per chip, candidate over baseline", [1.0, *rows["ratio"]], alt.X),
        x2="one:Q",
        color=alt.Color("kind:N", legend=None, scale=kinds),
    )
    text = base.mark_text(align="left", dx=4, color=INK).encode(x="ratio:Q", text="text:N")
    title, unit = "What each difference of the two options brings", "ratio, logarithmic, at the promised speed"
    return titled(bars + text, title, unit, alt.Step(26))
