"""Figures of the rollout: dates, the record, supply, fleet, wait or buy, scores. Tidy tables in,
charts out.
"""

import altair as alt
import pandas as pd

from analysis.pages.charts.marks import dots, fan, heat, percent, rows, rule, tips, titled
from analysis.pages.charts.theme import (
    CANDIDATE,
    CLAIM,
    FAINT,
    HEIGHT,
    INK,
    KINDS,
    MEASURED,
    apart,
    colour,
)
from analysis.pages.format import Payload, plain
from analysis.press.altair_display import FORECASTS

STAGES = {"limited": "Limited release", "general": "General availability", "volume": "Volume"}
DAY = alt.X("day:T", title=None)


def gantt(outlook: pd.DataFrame, windows: pd.DataFrame, as_of) -> alt.LayerChart:
    """P10 to P90 whiskers with the median of each milestone over the promised windows; open ends
    point to never.
    """
    told = outlook.assign(**{end: pd.to_datetime(outlook[end]) for end in ("low", "mid", "high")})
    said = windows.assign(**{end: pd.to_datetime(windows[end]) for end in ("earliest", "latest")})
    known = [*told[["low", "mid", "high"]].max().dropna(), *said.latest, pd.Timestamp(as_of)]
    latest = max(known) + pd.Timedelta(days=60)
    told = told.assign(
        begins=told.low.fillna(latest), shown=told.high.fillna(latest), never=told.high.isna()
    )
    told["label"] = [f"never: {share:.0%}" if share > 0.004 else "" for share in told.never_share]
    y, ends = (
        rows("milestone", STAGES, axis=alt.Axis(labelExpr=f"{STAGES}[datum.label]")),
        {"x2": "shown:T"},
    )
    base = alt.Chart(told).encode(y=y)
    middle = dots(base.transform_filter("isValid(datum.mid)"), color=CANDIDATE)
    layers = [
        alt.Chart(said)
        .mark_bar(height=30, color=CLAIM, opacity=0.4)
        .encode(
            y=y,
            x=alt.X("earliest:T", title=None),
            x2="latest:T",
            tooltip=tips("milestone", "earliest:T", "latest:T"),
        ),
        base.mark_rule(color=CANDIDATE, strokeWidth=3).encode(x="begins:T", **ends),
        middle.encode(x="mid:T", tooltip=tips("milestone", "low:T", "mid:T", "high:T")),
        base.mark_text(align="right", dy=-14, color=INK).encode(x="shown:T", text="label:N"),
        *rule(as_of, word="seen from here"),
    ]
    if told.never.any():  # a layer without rows has no extent, of which Vega warns
        arrow = alt.Chart(told[told.never]).mark_text(text="▶", color=CANDIDATE, fontSize=14)
        layers.append(arrow.encode(y=y, x="shown:T"))
    return titled("rollout.dates", layers, 170)


def chances(curves: pd.DataFrame, as_of) -> alt.LayerChart:
    """Chance that each milestone has come, over time; what is missing from 100% at the right is
    later or never.
    """
    told = curves.assign(stage=curves.milestone.map(STAGES))
    ends = told[told.day == told.day.max()].sort_values("chance_share").tail(1)
    left = 1 - ends.chance_share.iloc[0]
    ends = ends.assign(label=f"later or never: {left:.0%}" if left > 0.004 else "")
    lines = (
        alt.Chart(told)
        .mark_line()
        .encode(
            x=DAY,
            y=percent("chance_share", "chance that it has come", domain=(0, 1)),
            **_series("stage", [name for name in STAGES.values() if name in set(told.stage)]),
        )
    )
    text = alt.Chart(ends).mark_text(align="right", dy=-9, color=INK)
    text = text.encode(x=DAY, y="chance_share:Q", text="label:N")
    return titled("rollout.chances", [lines, text, *rule(as_of, word="seen from here")], HEIGHT)


def evidence_path(history: pd.DataFrame, news: pd.DataFrame) -> alt.LayerChart:
    """How the forecast moved with every piece of news and every quiet quarter."""
    names = {
        "real_share": "it exists",
        "limited_share": "limited release",
        "general_share": "general availability",
    }
    told = history.melt("day", list(names), "what", "chance_share").replace({"what": names})
    top = min(1.02, max(0.1, 1.15 * told.chance_share.max()))
    marks = alt.Chart(
        news[["title", "weighed_ratio"]].assign(day=pd.to_datetime(news.known))
    ).mark_rule(color=FAINT)
    marks = marks.encode(x=DAY, tooltip=tips("title:N", weighed_ratio=".2f"))
    y = percent("chance_share", "chance", domain=(0, top))
    lines = alt.Chart(told).mark_line(interpolate="step-after")
    lines = lines.encode(x=DAY, y=y, **_series("what", list(names.values())))
    return titled("rollout.path", [*[marks][: len(news)], lines], HEIGHT)


def record(card: pd.DataFrame) -> alt.LayerChart:
    """Slip of each past launch against the 80% range that the other launches would have
    given it.
    """
    told = card.assign(held=card.inside.map({True: "inside", False: "outside"}))
    base = alt.Chart(told).encode(y=rows("product", told.sort_values("slip")["product"]))
    x = alt.X("low:Q", title="slip in months")
    points = dots(base, 80).encode(
        x="slip:Q",
        tooltip=tips("product", slip=".1f", crps=".2f"),
        **apart(
            "held",
            ["inside", "outside"],
            "80% range",
            shape=["circle", "cross"],
            color=[MEASURED, KINDS[1]],
        ),
    )
    grey = base.mark_rule(color=FAINT, strokeWidth=7).encode(x=x, x2="high:Q")
    return titled("rollout.record", [grey, *rule(0, dash=(3, 3)), points], 17 * len(told))


def tasks(critical: pd.DataFrame) -> alt.Chart:
    """Share of futures in which each task holds the date of general availability."""
    bars = alt.Chart(critical).mark_bar(height=16, color=CANDIDATE)
    chart = bars.encode(y=alt.Y("task:N", sort="-x", title=None), x=percent("share", None, alt.X))
    return titled("rollout.tasks", chart, 110)


def ramp(shipped: pd.DataFrame, points: pd.DataFrame, product: str) -> alt.LayerChart:
    """Cumulative shipments: estimates with their ranges, and the S-curve under a ceiling that is
    not yet seen.
    """
    base = alt.Chart(points).encode(x=DAY)
    spread = base.mark_rule(color=MEASURED).encode(y="low_units:Q", y2="high_units:Q")
    points = dots(base, alt.Undefined, color=MEASURED).encode(
        y="units:Q", tooltip=tips("day:T", units=",.0f")
    )
    layers = [*_bands(shipped, "units shipped so far"), spread, points]
    return titled("rollout.ramp", layers, HEIGHT, product=product)


def cohorts(fans: pd.DataFrame) -> alt.Chart:
    """Chips in service by kind, month by month (medians, stacked)."""
    names = {"old_alive_chips": "baseline", "new_alive_chips": "candidate"}
    told = fans[fans.quantity.isin(names)].replace({"quantity": names})
    chart = (
        alt.Chart(told)
        .mark_area()
        .encode(
            x=DAY,
            y=alt.Y("mid:Q", title="chips in service", stack=True),
            color=colour(field="quantity"),
            tooltip=tips("day:T", "quantity", mid=",.0f"),
        )
    )
    return titled("rollout.fleet", chart, HEIGHT)


def blended(months: pd.DataFrame, title: str, unit: str) -> alt.LayerChart:
    """What a token of the mixed fleet takes, month by month."""
    return titled("rollout.blended", _bands(months, unit), 220, title=title, unit=unit)


def wait_or_buy(grid: pd.DataFrame, marks: pd.DataFrame) -> alt.LayerChart:
    """Cost of waiting over buying by delay and multiplier, with the break-even line and this
    scenario's place.
    """
    flat, digits = alt.Axis(labelAngle=0), alt.Axis(format=".2f")
    place = {
        "x": alt.X("delay_months:O", title="months until it works for this buyer", axis=flat),
        "y": alt.Y(
            "multiplier_ratio:O",
            sort="descending",
            title="work per dollar, new over old",
            axis=digits,
        ),
    }
    scale = alt.Scale(scheme="blueorange", domainMid=1, domain=[0.4, 1.2])
    base = alt.Chart(grid).encode(**place)
    cells = base.mark_rect().encode(
        color=alt.Color("cost_ratio:Q", title="waiting / buying", scale=scale)
    )
    tone = alt.condition(
        "datum.cost_ratio < 0.6 || datum.cost_ratio > 1.16", alt.value("white"), alt.value(INK)
    )
    words = base.mark_text(fontSize=9).encode(
        text=alt.Text("cost_ratio:Q", format=".2f"), color=tone
    )
    shape = apart("mark", ["pays for the delay", "this scenario"], shape=["square", "circle"])
    places = (
        alt.Chart(marks).mark_point(size=320, color=INK, strokeWidth=2).encode(**place, **shape)
    )
    return titled("rollout.wait", [cells, words, places], 340)


def regrets(table: pd.DataFrame) -> alt.LayerChart:
    """Regret of each act in each future; the act whose worst cell is least is minimax."""
    told = table.reset_index().melt("act", var_name="future", value_name="regret")
    heads = alt.Axis(
        labelAngle=0, orient="top", labelPadding=20, labelExpr="split(datum.label, ', ')"
    )
    x = alt.X("future:N", sort=list(table.columns), title=None, axis=heads)
    return titled("rollout.regrets", heat(told, x, rows("act", table.index), "regret"), 170)


def reliability(bins: pd.DataFrame) -> alt.LayerChart:
    """Chances that were said against how often they came true; the diagonal is perfect
    calibration.
    """
    base = alt.Chart(bins).encode(x=percent("said_share", "chance said", alt.X, (0, 1)))
    line = alt.Chart(pd.DataFrame({"a": [0, 1]})).mark_line(color=FAINT, strokeDash=[4, 3])
    spread = base.mark_rule(color=MEASURED).encode(
        y=percent("low", "came true", domain=(0, 1)), y2="high:Q"
    )
    points = dots(base, alt.Undefined, color=MEASURED).encode(y="came_share:Q", size="cases:Q")
    points = points.encode(tooltip=tips(said_share=".0%", came_share=".0%", cases="d"))
    return titled("rollout.reliability", [line.encode(x="a:Q", y="a:Q"), spread, points], 260)


def register(told: dict) -> Payload:
    """The registered forecasts: a table for the reader, the record for the machine that will score
    it.
    """
    heads = {
        "text": "forecast",
        "chance_share": "said",
        "base_share": "base rate",
        "word_share": "at its word",
    }
    open_ = pd.DataFrame(
        [row for row in told["forecasts"] if row["kind"] == "chance"], columns=list(heads)
    )
    shown = open_.assign(text=open_["text"].map(plain)).rename(columns=heads)
    page = shown.to_html(index=False, border=0, float_format="{:.1%}".format, escape=False)
    page = (
        page if len(open_) else "<p>Nothing is open: every milestone of this product is a fact.</p>"
    )
    return Payload({"text/html": page, "text/plain": shown.to_string(), FORECASTS: told})


def _series(field: str, order: list[str]) -> dict:
    """Colour and dash by a field, so that lines are told apart without colour."""
    return apart(
        field, order, color=KINDS[: len(order)], strokeDash=[[1, 0], [6, 3], [2, 2]][: len(order)]
    )


def _bands(months: pd.DataFrame, title: str) -> list[alt.Chart]:
    """A fan: 80 and 50% bands about the median."""
    y = alt.Y("low:Q", title=title, axis=alt.Axis(format="~s"), scale=alt.Scale(zero=False))
    return fan(alt.Chart(months).encode(x=DAY), y, inner=("lower", "upper"))
