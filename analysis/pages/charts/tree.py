"""The decision tree: plans part on the left, chances further on, dollars stand at the ends."""

import altair as alt
import numpy as np
import pandas as pd

from analysis.pages.charts.marks import Layers, titled
from analysis.pages.charts.theme import BASELINE, CANDIDATE, INK
from analysis.pages.numbers import musd
from analysis.units import convert

# Pixels from the left: where plans part, where chances part, the ends, and the edge.
PLANS, CHANCES, END, RIGHT = 8, 404, 600, 660
# Pixels from the top: of the first end, between ends of one plan, and more before another plan.
TOP, ROW, MORE = 28, 25, 19
ADVISED = alt.Color(
    "advised:N", scale=alt.Scale(domain=[True, False], range=[CANDIDATE, BASELINE]), legend=None
)
THICK = alt.StrokeWidth(
    "advised:O", scale=alt.Scale(domain=[True, False], range=[4, 1.3]), legend=None
)
FIRST, FORKED, SINGLE = "datum.heading != ''", "datum.when != ''", "datum.when == ''"


def tree(ends: pd.DataFrame, finding: str) -> alt.LayerChart:
    """Every plan, what may come of it, and what each end costs; the advised branch is thick.

    `ends` has a row an end, those of a plan together: `plan` and `what` (words), `advised`, `when`
    (words; blank where nothing is waited for), `chance_share`, `musd_per_year` expected at the end
    and `plan_musd_per_year` over the plan.
    """
    placed = _worded(_placed(ends))
    height = float(placed["end_y"].max() + MORE)
    y = alt.Scale(domain=[0, height], reverse=True, nice=False)
    base = alt.Chart(placed)
    rows = base.encode(y=alt.Y("end_y:Q", scale=y, axis=None))
    plans = base.encode(y=alt.Y("plan_y:Q", scale=y, axis=None)).transform_filter(FIRST)
    layers = [
        *_strokes(base, plans, rows, y),
        *_texts(plans, "heading", PLANS + 8, -9, bold=True),
        *_texts(plans, "what", PLANS + 8, 11),
        *_texts(rows, "chance", CHANCES + 10, -9),
        *_texts(rows, "cost", END + 6, 0, bold=True),
    ]
    return titled("decision.tree", layers, height, RIGHT, data=placed, finding=finding)


def _placed(ends: pd.DataFrame) -> pd.DataFrame:
    """The ends with their heights and that of their plan, in pixels from the top."""
    begins = (ends["plan"] != ends["plan"].shift()).to_numpy()
    steps = np.where(begins, ROW + MORE, ROW)
    steps[0] = TOP
    placed = ends.assign(end_y=steps.cumsum(), begins=begins)
    return placed.assign(plan_y=placed.groupby("plan")["end_y"].transform("mean"))


def _worded(placed: pd.DataFrame) -> pd.DataFrame:
    """The ends with what is written at them; a plan's words stand in its first row alone."""
    headings, chances, costs = [], [], []
    for row in placed.itertuples():
        advised = ", advised" if row.advised else ""
        heading = f"{row.plan}{advised}: {_dollars(row.plan_musd_per_year)}"
        headings.append(heading if row.begins else "")
        chances.append(f"{row.when}: {row.chance_share:.0%}" if row.when else "")
        costs.append(_dollars(row.musd_per_year))
    return placed.drop(columns="begins").assign(heading=headings, chance=chances, cost=costs)


def _dollars(millions: float) -> str:
    return musd(convert(millions, "Musd", "usd"))


def _strokes(base: alt.Chart, plans: alt.Chart, rows: alt.Chart, y: alt.Scale) -> Layers:
    """Lines from the root to plans, from plans to chances, and from both to the ends."""
    trunk = base.mark_rule(color=BASELINE, strokeWidth=1.3).encode(
        x=alt.value(PLANS), y=alt.Y("min(plan_y):Q", scale=y, axis=None), y2="max(plan_y):Q"
    )
    forks = (
        base.transform_filter(FORKED)
        .mark_rule()
        .encode(
            x=alt.value(CHANCES),
            y=alt.Y("min(end_y):Q", scale=y, axis=None),
            y2="max(end_y):Q",
            detail="plan:N",
            color=ADVISED,
            strokeWidth=THICK,
        )
    )
    return [
        trunk,
        _rules(plans.transform_filter(SINGLE), PLANS, END),
        _rules(plans.transform_filter(FORKED), PLANS, CHANCES),
        forks,
        _rules(rows.transform_filter(FORKED), CHANCES, END),
        plans.transform_filter(FORKED)
        .mark_point(filled=True, size=70, opacity=1)
        .encode(x=alt.value(CHANCES), color=ADVISED),
    ]


def _rules(base: alt.Chart, begin: float, end: float) -> alt.Chart:
    return base.mark_rule().encode(
        x=alt.value(begin), x2=alt.value(end), color=ADVISED, strokeWidth=THICK
    )


def _texts(base: alt.Chart, field: str, x: float, dy: float, bold: bool = False) -> Layers:
    """A text at each row that has one, so many pixels from the left and below the row's line."""
    weight = "bold" if bold else "normal"
    marks = base.mark_text(
        align="left", baseline="middle", dy=dy, fontSize=12, fontWeight=weight, color=INK
    )
    return [marks.encode(x=alt.value(x), text=f"{field}:N")]
