"""Charts of a sweep: the act and its cost over swept keys, from a table of answers."""

from typing import Any

import altair as alt
import pandas as pd

from analysis.pages.charts.marks import RANGE_TIPS, dots, log_axis, name_axis, titled, tooltips
from analysis.pages.charts.theme import KINDS, SERIES, WIDTH, told_apart

ROW, LINE, LABEL = 30, 14, 480  # pixels: of a cell, of a line, of a label that are displayed
# A label in lines, so that none is cut: an act at its steps, a panel at its keys.
LINES, STEP, COMMA = "split(datum.label, '{}')", "; ", ", "
NO_ACT = "what serves today cannot keep the promise"
# Shapes differ where colours run out.
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")


def cost(rows: pd.DataFrame, along: str) -> alt.FacetChart:
    """Cost of the act over keeping along `x`, a panel for each `panel`.

    Columns x, panel, instruction, cost_ratio_low, cost_ratio_mid, cost_ratio_high; where a row has
    no act it has no mark. `along` says in words what x is.
    """
    ends = {f"cost_ratio_{end}": end for end in ("low", "mid", "high")}
    answered = rows[rows["act"] != ""].rename(columns=ends)
    answered = answered[["x", "panel", "instruction", *ends.values()]]
    y = log_axis("low", "cost, over keeping", [*answered["low"], *answered["high"], 1], alt.Y)
    looks = _looks(answered["instruction"], "color", "shape")
    base = alt.Chart().encode(x=_x(rows, along), color=looks["color"])
    lines = base.mark_rule(strokeWidth=3, opacity=0.6).encode(y=y, y2="high:Q")
    tip = tooltips("x", "instruction", **RANGE_TIPS)
    middles = dots(base).encode(y="mid:Q", shape=looks["shape"], tooltip=tip)
    keeping = alt.Chart().mark_rule(strokeDash=[4, 3]).encode(y=alt.datum(1))
    width = WIDTH - 60 if len(set(answered["panel"])) == 1 else WIDTH // 2 - 50
    chart = alt.layer(keeping, lines, middles, data=answered).properties(height=150, width=width)
    header = alt.Header(labels=set(rows["panel"]) != {""}, labelExpr=LINES.format(COMMA))
    order = list(dict.fromkeys(rows["panel"]))
    panels = alt.Facet("panel:N", title=None, sort=order, header=header)
    span = [f"{end:.2f}" for end in (answered["mid"].min(), answered["mid"].max())]
    finding = f"The act costs {' to '.join(dict.fromkeys(span))} of what keeping would"
    if answered.empty:
        finding = "No combination has an act"
    return titled("sweep.cost", chart.facet(facet=panels, columns=2), finding=finding)


def acts(rows: pd.DataFrame, along: str) -> alt.LayerChart:
    """The act under each combination: a cell for each `x` and `panel`, with the cost written in."""
    named = rows.assign(instruction=rows["instruction"].where(rows["act"] != "", NO_ACT))
    cells = named[["x", "panel", "instruction", "cost_ratio_mid"]]
    is_one = set(cells["panel"]) == {""}
    lines = cells["panel"].str.count(COMMA).max() + 1
    look = {"labelLimit": LABEL, "labelExpr": LINES.format(COMMA)}
    # Vega lets lines grow downwards from the middle.
    axis = None if is_one else alt.Axis(**look, labelOffset=-LINE * (lines - 1) / 2)
    y = name_axis("panel", cells["panel"], axis=axis)
    base = alt.Chart(cells).encode(x=_x(rows, along), y=y)
    looks = _looks(cells["instruction"], "color")
    tip = tooltips("x", "panel", "instruction", cost_ratio_mid=".2f")
    rects = base.mark_rect(stroke="white").encode(**looks, tooltip=tip)
    text = alt.Text("cost_ratio_mid:Q", format=".2f")
    numbers = base.mark_text(color="white", fontWeight="bold").encode(text=text)
    height = max(ROW, LINE * lines + 6) * cells["panel"].nunique()
    count = rows.loc[rows["act"] != "", "instruction"].nunique()
    finding = f"{count} {'act is' if count == 1 else 'acts are'} best over {len(rows)} combinations"
    return titled("sweep.acts", [rects, numbers], height, WIDTH - 120, finding=finding)


def _x(rows: pd.DataFrame, along: str) -> alt.X:
    order = list(dict.fromkeys(rows["x"]))
    return alt.X("x:N", title=along, sort=order, axis=alt.Axis(labelAngle=0))


def _looks(instructions: pd.Series, *channels: str) -> dict:
    """Colours, and shapes with them, of acts; the most frequent first, so that a colour that
    returns belongs to a rare act.
    """
    names = list(instructions.value_counts().index)
    colours = [*SERIES, *KINDS]
    looks: dict[str, Any] = {
        "color": [colours[place % len(colours)] for place in range(len(names))],
        "shape": [SHAPES[place % len(SHAPES)] for place in range(len(names))],
    }
    expr = LINES.format(STEP)
    legend = alt.Legend(orient="bottom", columns=1, labelLimit=LABEL, labelExpr=expr)
    chosen = {channel: looks[channel] for channel in channels}
    return told_apart("instruction", names, legend=legend, **chosen)
