"""The decision tree: plans part on the left, chances further on, dollars stand at the ends.

On a phone chances stand below the words of their plan.
"""

from textwrap import wrap
from typing import NamedTuple

import altair as alt
import numpy as np
import pandas as pd

from analysis.pages.charts.marks import Layers, titled
from analysis.pages.charts.theme import BASELINE, CANDIDATE, INK
from analysis.pages.numbers import usd_words
from analysis.units import convert

PLANS = 8  # pixels from the left at which plans part


class Layout(NamedTuple):
    """Pixels from the left at which chances part, the ends stand, and the picture ends.

    `below` is how many pixels below its plan's line the first chance stands; 0 centres the plan.
    `words` is how many characters of a plan stand in a line, the second of which takes `LINE`.
    """

    chances: float
    end: float
    right: float
    below: float
    words: int


BESIDE = Layout(404, 600, 660, 0, 999)
BELOW = Layout(28, 282, 336, 40, 42)
LINE = 14
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
    worded = _worded(ends)
    chart, narrow = (_drawn(_placed(worded, layout), layout, finding) for layout in (BESIDE, BELOW))
    return chart.properties(usermeta={"narrow": narrow.to_dict()})


def _drawn(placed: pd.DataFrame, layout: Layout, finding: str) -> alt.LayerChart:
    height = float(placed["end_y"].max() + MORE + LINE * placed["what"].iloc[-1].count("\n"))
    y = alt.Scale(domain=[0, height], reverse=True, nice=False)
    base = alt.Chart(placed)
    rows = base.encode(y=alt.Y("end_y:Q", scale=y, axis=None))
    plans = base.encode(y=alt.Y("plan_y:Q", scale=y, axis=None)).transform_filter(FIRST)
    layers = [
        *_strokes(base, plans, rows, y, layout),
        *_texts(plans, "heading", PLANS + 8, -9, bold=True),
        *_texts(plans, "what", PLANS + (28 if layout.below else 8), 11),
        *_texts(rows, "chance", layout.chances + 10, -9),
        *_texts(rows, "cost", layout.end + 6, 0, bold=True),
    ]
    return titled("decision.tree", layers, height, layout.right, data=placed, finding=finding)


def _placed(ends: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    """The ends with their heights and that of their plan, in pixels from the top."""
    first = (ends["heading"] != "").to_numpy()
    what = ["\n".join(wrap(words, layout.words)) for words in ends["what"]]
    more = LINE * np.array([words.count("\n") for words in what])
    forked = (ends["when"] != "").to_numpy()
    below = np.where(first & forked, layout.below + more, 0.0)
    steps = np.where(first, ROW + MORE, ROW) + below
    steps[1:] += np.where(forked, 0, more)[:-1]  # after a plan of one end
    steps[0] = TOP + below[0]
    placed = ends.assign(end_y=steps.cumsum(), what=what)
    by_plan = placed.groupby("plan")["end_y"]
    if layout.below:
        # The end of a plan without chances costs what its heading, right above, says.
        placed["cost"] = np.where(forked, placed["cost"], "")
        plan_y = by_plan.transform("min") - pd.Series(below).groupby(ends["plan"]).transform("max")
        return placed.assign(plan_y=plan_y, branch_y=plan_y)
    return placed.assign(plan_y=by_plan.transform("mean"), branch_y=placed["end_y"])


def _worded(ends: pd.DataFrame) -> pd.DataFrame:
    """The ends with what is written at them; a plan's words stand in its first row alone."""
    headings, chances, costs = [], [], []
    begins = ends["plan"] != ends["plan"].shift()
    for row in ends.assign(begins=begins).itertuples():
        advised = ", advised" if row.advised else ""
        heading = f"{row.plan}{advised}: {_dollars(row.plan_musd_per_year)}"
        headings.append(heading if row.begins else "")
        chances.append(f"{row.when}: {row.chance_share:.0%}" if row.when else "")
        costs.append(_dollars(row.musd_per_year))
    return ends.assign(heading=headings, chance=chances, cost=costs)


def _dollars(millions: float) -> str:
    return usd_words(convert(millions, "Musd", "usd"))


def _strokes(
    base: alt.Chart, plans: alt.Chart, rows: alt.Chart, y: alt.Scale, layout: Layout
) -> Layers:
    """Lines from the root to plans, from plans to chances, and from both to the ends."""
    trunk = base.mark_rule(color=BASELINE, strokeWidth=1.3).encode(
        x=alt.value(PLANS), y=alt.Y("min(plan_y):Q", scale=y, axis=None), y2="max(plan_y):Q"
    )
    forks = (
        base.transform_filter(FORKED)
        .mark_rule()
        .encode(
            x=alt.value(layout.chances),
            y=alt.Y("min(branch_y):Q", scale=y, axis=None),
            y2="max(end_y):Q",
            detail="plan:N",
            color=ADVISED,
            strokeWidth=THICK,
        )
    )
    return [
        trunk,
        _rules(plans.transform_filter(SINGLE), PLANS, layout.end),
        _rules(plans.transform_filter(FORKED), PLANS, layout.chances),
        forks,
        _rules(rows.transform_filter(FORKED), layout.chances, layout.end),
        plans.transform_filter(FORKED)
        .mark_point(filled=True, size=70, opacity=1)
        .encode(x=alt.value(layout.chances), color=ADVISED),
    ]


def _rules(base: alt.Chart, begin: float, end: float) -> alt.Chart:
    return base.mark_rule().encode(
        x=alt.value(begin), x2=alt.value(end), color=ADVISED, strokeWidth=THICK
    )


def _texts(base: alt.Chart, field: str, x: float, dy: float, bold: bool = False) -> Layers:
    """A text at each row that has one, so many pixels from the left and below the row's line."""
    weight = "bold" if bold else "normal"
    marks = base.mark_text(
        align="left",
        baseline="middle",
        dy=dy,
        lineBreak="\n",
        fontSize=12,
        fontWeight=weight,
        color=INK,
    )
    return [marks.encode(x=alt.value(x), text=f"{field}:N")]
