"""Charts of how options are served: rates at the promise, the steps to the best; tidy tables in."""

import altair as alt
import pandas as pd

from analysis.pages.charts.marks import (
    intervals,
    log_axis,
    name_axis,
    titled,
    tooltips,
    vertical_line,
)
from analysis.pages.charts.theme import BASELINE, CANDIDATE, FAINT, INK, MEASURED

RATE_TITLE = "output tokens/s per chip"
SUBJECT_COLOURS = {"today": BASELINE, "advised": CANDIDATE, "other": FAINT}


def options(rates: pd.DataFrame, finding: str) -> alt.LayerChart:
    """What each option serves per chip at the promise, the fastest first, beside what runs today.

    `rates` has columns option (words), subject (today, advised or other), low, mid, high and label;
    `finding` is the title.
    """
    colours = alt.Scale(domain=list(SUBJECT_COLOURS), range=list(SUBJECT_COLOURS.values()))
    base = alt.Chart(rates).encode(y=name_axis("option", rates["option"]))
    bars = base.mark_bar(height=15).encode(
        x=alt.X("mid:Q", title=RATE_TITLE, scale=alt.Scale(zero=True)),
        color=alt.Color("subject:N", scale=colours, legend=None),
        tooltip=tooltips("option", mid=",.0f"),
    )
    ranges = base.mark_rule(color=INK, strokeWidth=1.2).encode(x="low:Q", x2="high:Q")
    labels = base.mark_text(align="left", dx=6, color=INK).encode(
        x=alt.value("width"), text="label:N"
    )
    return titled(
        "serving.options", [bars, ranges, labels], 25 * len(rates), data=rates, finding=finding
    )


def steps(rows: pd.DataFrame, finding: str) -> alt.LayerChart:
    """From plain serving to the best: a bar from the rate before a step to the rate after it.

    `rows` has columns words, kind (step or best), before, low, mid, high, measured and label.
    """
    ends = [*rows["low"], *rows["high"], *rows["measured"].dropna(), rows["mid"].iloc[0]]
    x = log_axis("before", f"{RATE_TITLE}, logarithmic", ends)
    colours = alt.Scale(domain=["step", "best"], range=[CANDIDATE, BASELINE])
    base = alt.Chart(rows).encode(y=name_axis("words", rows["words"]))
    bars = base.mark_bar(height=14, opacity=0.55).encode(
        x=x, x2="mid:Q", color=alt.Color("kind:N", scale=colours, legend=None)
    )
    ranges, medians = intervals(base, alt.X("low:Q"), color=INK, strokeWidth=1.4)
    measured = base.transform_filter("isValid(datum.measured)").mark_point(
        color=MEASURED, size=75, strokeWidth=1.8, filled=False, shape="diamond"
    )
    layers = [bars, ranges, medians, measured.encode(x="measured:Q")]
    labels = base.mark_text(align="left", dx=6, color=INK).encode(
        x=alt.value("width"), text="label:N"
    )
    return titled("serving.steps", [*layers, labels], 32 * len(rows), data=rows, finding=finding)


def frontier(
    lines: pd.DataFrame, measured: pd.DataFrame, promised: float, finding: str
) -> alt.LayerChart:
    """Tokens/s per chip over tokens/s per user by option: lines predicted, marks measured.

    Both have columns option (words), tokens_per_s_per_user and output_tokens_per_s_per_chip;
    `measured` may be empty. The rule is the promised speed.
    """
    names = list(dict.fromkeys(lines["option"]))
    speed, rate = "tokens_per_s_per_user", "output_tokens_per_s_per_chip"
    x = log_axis(speed, "tokens/s for each user", [*lines[speed], *measured[speed], promised])
    y = log_axis(rate, RATE_TITLE, [*lines[rate], *measured[rate]], alt.Y)
    scale = alt.Scale(domain=names, range=[BASELINE, CANDIDATE, "#C9861A"][: len(names)])
    colour = alt.Color("option:N", scale=scale, title=None)
    base = alt.Chart(lines).encode(x=x, y=y, color=colour)
    drawn = base.mark_line(interpolate="monotone").encode(
        strokeDash=alt.StrokeDash("option:N", title=None, scale=alt.Scale(domain=names)),
        tooltip=["option", "served", alt.Tooltip(f"{rate}:Q", format=",.0f")],
    )
    points = alt.Chart(measured).mark_point(size=34, opacity=0.8, strokeWidth=1.5)
    points = points.encode(
        x=x,
        y=y,
        color=colour,
        tooltip=["option", "engine", alt.Tooltip(f"{rate}:Q", format=",.0f")],
    )
    layers = [drawn, points] if len(measured) else [drawn]
    layers += vertical_line(promised, dash=(4, 4), word="promised", top=-14)
    return titled("serving.frontier", layers, 320, finding=finding)
