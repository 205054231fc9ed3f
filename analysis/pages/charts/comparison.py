"""Charts of all scenarios side by side, from tidy tables."""

import re

import altair as alt
import pandas as pd

from analysis.pages.charts.marks import (
    heatmap,
    intervals,
    log_axis,
    name_axis,
    titled,
    vertical_line,
)
from analysis.pages.charts.theme import CANDIDATE

ROW = 26  # pixels
LINE = 14  # pixels of a line of a label
# A line break at each space beyond twelve characters: acts are sentences.
WRAPPED = "split(replace(datum.label, /(.{12}\\S*) /g, '$1|'), '|')"


def cost_ratios(rows: pd.DataFrame) -> alt.LayerChart:
    """Cost of the advised act over keeping, the dearest first: columns scenario, low, mid, high."""
    ordered = rows.sort_values("mid", ascending=False)
    base = alt.Chart(ordered).encode(y=name_axis("scenario", ordered["scenario"]))
    ends = [*ordered["low"], *ordered["high"], 1]
    x = log_axis("low", "cost of the act, over keeping what runs", ends)
    layers = [*vertical_line(1), *intervals(base, x, color=CANDIDATE)]
    least, most = (f"{end:.2f}" for end in (ordered["mid"].min(), ordered["mid"].max()))
    span = least if least == most else f"{least} to {most}"
    return titled("all.cost_ratios", layers, ROW * len(ordered), data=ordered, span=span)


def regrets(rows: pd.DataFrame) -> alt.LayerChart:
    """Regret of each act in each scenario: columns scenario, act, regret_ratio."""
    acts = list(rows["act"].unique())
    lines = max(len(re.findall(r".{12}\S* ", act)) for act in acts)
    axis = alt.Axis(
        labelAngle=0,
        orient="top",
        labelLimit=180,
        labelExpr=WRAPPED,
        labelPadding=4 + LINE * lines,  # only the first line stands above it
    )
    x = alt.X("act:N", title=None, sort=acts, axis=axis)
    cells = heatmap(rows, x, name_axis("scenario", rows["scenario"]), "regret_ratio")
    height = ROW * rows["scenario"].nunique()
    return titled("all.regrets", cells, height, 540, finding=_regret_finding(rows))


def _regret_finding(rows: pd.DataFrame) -> str:
    """What the act that is best most often costs where another is best."""
    best = rows.loc[rows["regret_ratio"] <= 0, "act"].mode()
    worst = rows.loc[rows["act"].isin(best.head(1)), "regret_ratio"].max()
    if worst > 0:
        return f"The act that is best most often costs up to {worst:.0%} more elsewhere"
    return "The act that is best most often is best wherever it can be had"
