"""Charts of the act on the cost page: options, bill, saving, products, flips; from tidy tables."""

import altair as alt
import numpy as np
import pandas as pd

from analysis.pages.charts.marks import (
    band,
    dots,
    intervals,
    log_axis,
    name_axis,
    titled,
    tooltips,
    vertical_line,
)
from analysis.pages.charts.theme import BASELINE, CANDIDATE, INK, told_apart
from analysis.units import convert

ROLES = {"advised": CANDIDATE, "today": INK, "": BASELINE}
ROW = 17  # pixels of a line in a ranking: the whole of it fits a first screen
NARROW = 440  # pixels of a plot beside long names
HEIGHT = 200


def options(costs: pd.DataFrame, today: float, finding: str) -> alt.LayerChart:
    """Cost of a token under every option and contract, the cheapest first; the line is today.

    `costs` has a row a way: label, role (`today`, `advised` or blank), low, mid and high in dollars
    per million tokens. Names say the roles; colours repeat them.
    """
    names = alt.Axis(labelLimit=380, labelOverlap=False)
    base = alt.Chart(costs).encode(
        y=name_axis("label", costs["label"], axis=names),
        **told_apart("role", ROLES, legend=None, color=list(ROLES.values())),
    )
    x = log_axis("low", "$ per million output tokens", [*costs["low"], *costs["high"]])
    layers = [*vertical_line(today), *intervals(base, x)]
    return titled("cost.options", layers, ROW * len(costs), NARROW, data=costs, finding=finding)


def bill(months: pd.DataFrame, finding: str, words: str) -> alt.LayerChart:
    """The bill of each month under an act, and of keeping; `words` names the act.

    `months` is what `cash.by_month` gives.
    """
    rows = _in_millions(months, "kept", "low", "mid", "high")
    base = alt.Chart(rows).encode(x=_month_axis(rows))
    y = alt.Y("low:Q", title="$ million a month", scale=alt.Scale(zero=True))
    kept = base.mark_line(color=INK, strokeDash=[5, 3]).encode(y="kept:Q")
    ends = rows.iloc[[-1]]
    names = [_line_word(ends, "kept", "if kept", INK), _line_word(ends, "mid", words, CANDIDATE)]
    layers = [*band(base, y), kept, *names]
    return titled("cost.bill", layers, HEIGHT, 520, data=rows, finding=finding)


def _line_word(row: pd.DataFrame, column: str, words: str, colour: str) -> alt.Chart:
    """What a line is, written at its right end."""
    text = alt.Chart(row.assign(word=words)).mark_text(
        align="left", dx=6, color=colour, fontSize=12
    )
    return text.encode(x="month:Q", y=f"{column}:Q", text="word:N")


def saving(months: pd.DataFrame, paid_back: float, finding: str) -> alt.LayerChart:
    """What an act has saved by each month; the line marks the month that has paid the move back.

    `months` is what `cash.by_month` gives; `paid_back` is infinite where that never happens.
    """
    names = {f"saved_{end}": end for end in ("low", "mid", "high")}
    rows = months[["month", *names]].rename(columns=names)
    rows = _in_millions(rows, *names.values())
    base = alt.Chart(rows).encode(x=_month_axis(rows))
    y = alt.Y("low:Q", title="$ million saved so far")
    zero = alt.Chart(pd.DataFrame({"at": [0.0]})).mark_rule(color=INK).encode(y="at:Q")
    layers = [zero, *band(base, y)]
    if 0 < paid_back <= rows["month"].max():
        layers += vertical_line(paid_back, word="paid back", top=2)
    return titled("cost.saving", layers, HEIGHT, 520, data=rows, finding=finding)


def _month_axis(rows: pd.DataFrame) -> alt.X:
    last = int(rows["month"].max())
    ticks = [1, *range(3, last + 1, 3)]
    scale = alt.Scale(domain=[1, last], nice=False)
    axis = alt.Axis(values=ticks, format="d")
    return alt.X("month:Q", title="months from the day of this page", scale=scale, axis=axis)


def products(costs: pd.DataFrame, finding: str) -> alt.LayerChart:
    """What each product's tokens cost today and under an act; the tick: where the product pays.

    `costs` has a row a product and set of prices: product, prices (`today` or `advised`), low, mid
    and high, and payable_usd_per_mtok, NaN where no price would do.
    """
    ends = [*costs["low"], *costs["high"], *costs["payable_usd_per_mtok"].dropna()]
    x, limit = (
        log_axis(name, "$ per million tokens of the product", ends)
        for name in ("low", "payable_usd_per_mtok")
    )
    y = name_axis("product", costs["product"])
    sets = list(dict.fromkeys(costs["prices"]))
    colours = [BASELINE, CANDIDATE][: len(sets)]
    legend = alt.Legend(title=None)
    base = alt.Chart(costs).encode(
        y=y,
        yOffset=alt.YOffset("prices:N", sort=sets),
        **told_apart("prices", sets, legend=legend, color=colours),
    )
    limits = costs.drop_duplicates("product").dropna(subset="payable_usd_per_mtok")
    ticks = alt.Chart(limits).mark_tick(color=INK, thickness=2.5, size=32)
    ticks = ticks.encode(x=limit, y=y, tooltip=tooltips("product", payable_usd_per_mtok=".3~g"))
    layers = [ticks, *intervals(base, x)] if len(limits) else intervals(base, x)
    height = 40 * costs["product"].nunique()
    return titled("cost.products", layers, height, 520, data=costs, finding=finding)


def flips(rows: pd.DataFrame, finding: str) -> alt.LayerChart:
    """How far each belief has to move from its median to change the act, the nearest first.

    `rows` has a row a belief: label, percentile_share and value (in words).
    """
    shown = rows.assign(percentile=100 * rows["percentile_share"], middle=50.0)
    shown["align"] = np.where(shown["percentile"] < 50, "right", "left")
    base = alt.Chart(shown).encode(y=name_axis("label", shown["label"]))
    axis = alt.Axis(values=[1, 10, 25, 50, 75, 90, 99], labelExpr="'P' + datum.value")
    scale = alt.Scale(domain=[-14, 114], nice=False)  # room for the values beside the dots
    x = alt.X("middle:Q", title="place in the belief's range", axis=axis, scale=scale)
    bars = base.mark_rule(color=BASELINE, strokeWidth=3).encode(x=x, x2="percentile:Q")
    marks = dots(base, color=CANDIDATE).encode(x="percentile:Q", tooltip=tooltips("label", "value"))
    words = []
    for side, dx in (("right", -9), ("left", 9)):
        text = base.transform_filter(f"datum.align == '{side}'").mark_text(
            align=side, dx=dx, color=INK
        )
        words.append(text.encode(x="percentile:Q", text="value:N"))
    layers = [*vertical_line(50.0), bars, marks, *words]
    return titled("cost.flips", layers, 32 * len(shown), NARROW, data=shown, finding=finding)


def _in_millions(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """A table with columns of dollars turned into millions of them."""
    return table.assign(**{name: convert(table[name], "usd", "Musd") for name in columns})
