"""Charts of the rollout: dates, record, supply, fleet, wait or buy, scores; from tidy tables."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from analysis.pages.charts.marks import (
    Layers,
    band,
    dots,
    name_axis,
    share_axis,
    titled,
    tooltips,
    vertical_line,
)
from analysis.pages.charts.theme import (
    BASELINE,
    CANDIDATE,
    CLAIM,
    FAINT,
    HEIGHT,
    INK,
    KINDS,
    MEASURED,
    told_apart,
)

STAGES = {"limited": "Limited release", "general": "General availability", "volume": "Volume"}
DASHES = [[1, 0], [6, 3], [2, 2]]
DAY = alt.X("day:T", title=None)
TODAY = "seen from here"
LEAST_SHOWN_SHARE = 0.004  # a smaller chance would be written as 0%
ROOM = pd.Timedelta(days=60)  # between the last date and the right-hand end


def dates(
    outlook: pd.DataFrame, windows: pd.DataFrame, as_of: date, finding: str
) -> alt.LayerChart:
    """P10 to P90 and the median of each milestone over the promised windows.

    An open end points to never. `outlook` and `windows` are what the functions of those names in
    `dates` give.
    """
    rows = _as_timestamps(outlook, "low", "mid", "high")
    promised = _as_timestamps(windows, "earliest", "latest")
    known_ends = rows[["low", "mid", "high"]].max().dropna()
    right = max([*known_ends, *promised["latest"], pd.Timestamp(as_of)]) + ROOM
    rows = rows.assign(
        begins=rows["low"].fillna(right),
        shown=rows["high"].fillna(right),
        never=rows["high"].isna(),
        label=[_chance_text("never", share) for share in rows["never_share"]],
    )
    y = name_axis("milestone", STAGES, axis=alt.Axis(labelExpr=f"{STAGES}[datum.label]"))
    base = alt.Chart(rows).encode(y=y)
    bars = alt.Chart(promised).mark_bar(height=30, color=CLAIM, opacity=0.4)
    medians = dots(base.transform_filter("isValid(datum.mid)"), color=CANDIDATE)
    labels = base.mark_text(align="right", dy=-14, color=INK)
    layers = [
        bars.encode(
            y=y,
            x=alt.X("earliest:T", title=None),
            x2="latest:T",
            tooltip=tooltips("milestone", "earliest:T", "latest:T"),
        ),
        base.mark_rule(color=CANDIDATE, strokeWidth=3).encode(x="begins:T", x2="shown:T"),
        medians.encode(x="mid:T", tooltip=tooltips("milestone", "low:T", "mid:T", "high:T")),
        labels.encode(x="shown:T", text="label:N"),
        *vertical_line(as_of, word=TODAY),
    ]
    if rows["never"].any():  # a layer without rows has no extent, of which Vega warns
        arrows = alt.Chart(rows[rows["never"]]).mark_text(text="▶", color=CANDIDATE, fontSize=14)
        layers.append(arrows.encode(y=y, x="shown:T"))
    return titled("rollout.dates", layers, 170, data=rows, finding=finding)


def chances(curves: pd.DataFrame, as_of: date, finding: str) -> alt.LayerChart:
    """Chance that each milestone has come, over time; what is missing at the right is never.

    `curves` is what `dates.curves` gives: columns day, milestone, chance_share.
    """
    rows = curves.assign(stage=curves["milestone"].map(STAGES))
    last = rows[rows["day"] == rows["day"].max()]
    highest = last.sort_values("chance_share").tail(1)
    missing = 1 - highest["chance_share"].iloc[0]
    highest = highest.assign(label=_chance_text("later or never", missing))
    present = [name for name in STAGES.values() if name in set(rows["stage"])]
    y = share_axis("chance_share", "chance that it has come", domain=(0, 1))
    lines = alt.Chart(rows).mark_line().encode(x=DAY, y=y, **_series("stage", present))
    labels = alt.Chart(highest).mark_text(align="right", dy=-9, color=INK)
    labels = labels.encode(x=DAY, y="chance_share:Q", text="label:N")
    layers = [lines, labels, *vertical_line(as_of, word=TODAY)]
    return titled("rollout.chances", layers, HEIGHT, finding=finding)


def evidence_path(history: pd.DataFrame, news: pd.DataFrame, finding: str) -> alt.LayerChart:
    """How the forecast moved with every piece of news and every quiet quarter.

    `history` is what `dates.history` gives, `news` what `evidence.news` gives.
    """
    names = {
        "real_share": "it exists",
        "limited_share": "limited release",
        "general_share": "general availability",
    }
    rows = history.melt("day", list(names), "what", "chance_share").replace({"what": names})
    top = min(1.02, max(0.1, 1.15 * rows["chance_share"].max()))
    y = share_axis("chance_share", "chance", domain=(0, top))
    lines = alt.Chart(rows).mark_line(interpolate="step-after")
    lines = lines.encode(x=DAY, y=y, **_series("what", list(names.values())))
    if news.empty:
        return titled("rollout.path", [lines], HEIGHT, finding=finding)
    days = news[["title", "weighed_ratio"]].assign(day=pd.to_datetime(news["known"]))
    marks = alt.Chart(days).mark_rule(color=FAINT)
    marks = marks.encode(x=DAY, tooltip=tooltips("title:N", weighed_ratio=".2f"))
    return titled("rollout.path", [marks, lines], HEIGHT, data=rows, finding=finding)


def record(launches: pd.DataFrame, finding: str) -> alt.LayerChart:
    """Slip of each past launch against the 80% range that the other launches would have given it.

    `launches` is what `slips.leave_one_out` gives: columns product, slip, low, high, inside,
    crps.
    """
    rows = launches.assign(held=np.where(launches["inside"], "inside", "outside"))
    order = rows.sort_values("slip")["product"]
    base = alt.Chart(rows).encode(y=name_axis("product", order))
    looks = told_apart(
        "held",
        ["inside", "outside"],
        "80% range",
        shape=["circle", "cross"],
        color=[MEASURED, KINDS[1]],
    )
    points = dots(base, 80).encode(
        x="slip:Q", tooltip=tooltips("product", slip=".1f", crps=".2f"), **looks
    )
    ranges = base.mark_rule(color=FAINT, strokeWidth=7)
    ranges = ranges.encode(x=alt.X("low:Q", title="slip in months"), x2="high:Q")
    layers = [ranges, *vertical_line(0, dash=(3, 3)), points]
    return titled("rollout.record", layers, 17 * len(rows), finding=finding)


def tasks(critical: pd.DataFrame, finding: str) -> alt.Chart:
    """Share of futures in which each task holds the date of general availability.

    `critical` is what `dates.criticality` gives: columns task and share.
    """
    bars = alt.Chart(critical).mark_bar(height=16, color=CANDIDATE)
    chart = bars.encode(
        y=alt.Y("task:N", sort="-x", title=None), x=share_axis("share", None, alt.X)
    )
    return titled("rollout.tasks", chart, 110, finding=finding)


def ramp(months: pd.DataFrame, estimates: pd.DataFrame, finding: str) -> alt.LayerChart:
    """Cumulative shipments: estimates with ranges, and the S-curve under a ceiling not yet seen.

    `months` and `estimates` are what `supply.ramp` gives.
    """
    base = alt.Chart(estimates).encode(x=DAY)
    ranges = base.mark_rule(color=MEASURED).encode(y="low_units:Q", y2="high_units:Q")
    points = dots(base, alt.Undefined, color=MEASURED)
    points = points.encode(y="units:Q", tooltip=tooltips("day:T", units=",.0f"))
    layers = [*_bands(months, "units shipped so far"), ranges, points]
    return titled("rollout.ramp", layers, HEIGHT, finding=finding)


def cohorts(fans: pd.DataFrame, kinds: Mapping[str, str], finding: str) -> alt.Chart:
    """Chips in service by kind, month by month: medians, stacked.

    `fans` is what `fleet.fans` gives; `kinds` has the words for its old and its new chips.
    """
    rows = fans[fans["quantity"].isin(list(kinds))].replace({"quantity": dict(kinds)})
    colours = [BASELINE, CANDIDATE]
    areas = alt.Chart(rows).mark_area()
    areas = areas.encode(
        x=DAY,
        y=alt.Y("mid:Q", title="chips in service", stack=True),
        **told_apart("quantity", kinds.values(), color=colours),
        tooltip=tooltips("day:T", "quantity", mid=",.0f"),
    )
    return titled("rollout.fleet", areas, 220, finding=finding)


def blended(months: pd.DataFrame, title: str, unit: str) -> alt.LayerChart:
    """What a token of the mixed fleet takes, month by month; title and unit are in words."""
    return titled("rollout.blended", _bands(months, unit), 220, title=title, unit=unit)


def reliability(bins: pd.DataFrame, finding: str) -> alt.LayerChart:
    """Chances that were stated against how often they came true; the diagonal is perfect.

    `bins` is what `forecast_scores.reliability` gives: columns said_share, came_share, cases, low
    and high.
    """
    base = alt.Chart(bins).encode(x=share_axis("said_share", "chance said", alt.X, (0, 1)))
    diagonal = alt.Chart(pd.DataFrame({"a": [0, 1]})).mark_line(color=FAINT, strokeDash=[4, 3])
    ranges = base.mark_rule(color=MEASURED).encode(
        y=share_axis("low", "came true", domain=(0, 1)), y2="high:Q"
    )
    points = dots(base, alt.Undefined, color=MEASURED).encode(
        y="came_share:Q",
        size="cases:Q",
        tooltip=tooltips(said_share=".0%", came_share=".0%", cases="d"),
    )
    layers = [diagonal.encode(x="a:Q", y="a:Q"), ranges, points]
    return titled("rollout.reliability", layers, 260, data=bins, finding=finding)


def _as_timestamps(rows: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return rows.assign(**{name: pd.to_datetime(rows[name]) for name in columns})


def _chance_text(words: str, share: float) -> str:
    return f"{words}: {share:.0%}" if share > LEAST_SHOWN_SHARE else ""


def _series(field: str, names: Sequence[str]) -> dict[str, Any]:
    """Colour and dash by a field, so that lines are told apart without colour."""
    count = len(names)
    return told_apart(field, names, color=KINDS[:count], strokeDash=DASHES[:count])


def _bands(months: pd.DataFrame, title: str) -> Layers:
    """80 and 50% bands about the median, over days."""
    y = alt.Y("low:Q", title=title, axis=alt.Axis(format="~s"), scale=alt.Scale(zero=False))
    return band(alt.Chart(months).encode(x=DAY), y, inner=("lower", "upper"))
