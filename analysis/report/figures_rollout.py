"""Figures of the rollout: dates, the record, supply, fleet, wait or buy, scores. Tidy tables in, charts out."""

import altair as alt
import pandas as pd

from analysis.report.job import FORECASTS
from analysis.report.text import Payload, plain
from analysis.report.theme import BASELINE, CANDIDATE, CLAIM, FAINT, HEIGHT, INK, MEASURED, SERIES, WIDTH

STAGES = {"limited": "Limited release", "general": "General availability", "volume": "Volume"}


def _finish(chart, title: str, subtitle: str, height: float = HEIGHT):
    """Title, unit and the words that a screen reader says."""
    heading = alt.TitleParams(title, subtitle=subtitle)
    return chart.properties(width=WIDTH, height=height, title=heading, description=f"{title}. {subtitle}.")


def _percent(column: str, title: str, ends=(0, 1)) -> alt.Y:
    return alt.Y(f"{column}:Q", title=title, scale=alt.Scale(domain=list(ends)), axis=alt.Axis(format="%"))


def _rule(day, label: str, colour: str = INK) -> alt.LayerChart:
    """A dated line with its name at the top."""
    base = alt.Chart(pd.DataFrame({"day": [pd.Timestamp(day)], "label": [label]})).encode(x="day:T")
    name = base.mark_text(align="left", baseline="top", dx=4, color=colour).encode(y=alt.value(2), text="label:N")
    return base.mark_rule(color=colour, strokeDash=[4, 3]) + name


def gantt(outlook: pd.DataFrame, windows: pd.DataFrame, as_of) -> alt.LayerChart:
    """P10 to P90 whiskers with the median of each milestone over the promised windows; open ends point to never."""
    rows = outlook.assign(**{end: pd.to_datetime(outlook[end]) for end in ("low", "mid", "high")})
    said = windows.assign(**{end: pd.to_datetime(windows[end]) for end in ("earliest", "latest")})
    latest = max(*rows[["low", "mid", "high"]].max().dropna(), *said.latest, pd.Timestamp(as_of)) + pd.Timedelta(
        days=60
    )
    rows = rows.assign(begins=rows.low.fillna(latest), shown=rows.high.fillna(latest), never=rows.high.isna())
    rows["label"] = [f"never: {share:.0%}" if share > 0.004 else "" for share in rows.never_share]
    y = alt.Y("milestone:N", sort=list(STAGES), title=None, axis=alt.Axis(labelExpr=f"{STAGES}[datum.label]"))
    promised = alt.Chart(said).mark_bar(height=30, color=CLAIM, opacity=0.4)
    promised = promised.encode(y=y, x="earliest:T", x2="latest:T", tooltip=["milestone", "earliest:T", "latest:T"])
    base = alt.Chart(rows).encode(y=y)
    span = base.mark_rule(color=CANDIDATE, strokeWidth=3).encode(x=alt.X("begins:T", title=None), x2="shown:T")
    # A layer without rows has no extent, of which Vega warns.
    arrow = (
        alt.Chart(rows[rows.never]).encode(y=y).mark_text(text="▶", color=CANDIDATE, fontSize=14).encode(x="shown:T")
    )
    middle = base.transform_filter("isValid(datum.mid)").mark_point(filled=True, size=110, color=CANDIDATE, opacity=1)
    middle = middle.encode(x="mid:T", tooltip=["milestone", "low:T", "mid:T", "high:T"])
    never = base.mark_text(align="right", dy=-14, color=INK).encode(x="shown:T", text="label:N")
    open_ended = [arrow] if rows.never.any() else []
    chart = alt.layer(promised, span, *open_ended, middle, never, _rule(as_of, "seen from here"))
    return _finish(
        chart, "When it comes", "date; dot: median, line: 80 % range, red: the window that was promised", 170
    )


def chances(curves: pd.DataFrame, as_of) -> alt.LayerChart:
    """Chance that each milestone has come, over time; what is missing from 100 % at the right is later or never."""
    rows = curves.assign(stage=curves.milestone.map(STAGES))
    base = alt.Chart(rows).encode(x=alt.X("day:T", title=None), y=_percent("chance_share", "chance that it has come"))
    ends = rows[rows.day == rows.day.max()].sort_values("chance_share").tail(1)
    ends = ends.assign(label=[f"later or never: {abs(1 - share):.0%}" for share in ends.chance_share])
    text = alt.Chart(ends).mark_text(align="right", dy=-9, color=INK)
    lines = base.mark_line().encode(**_series("stage", [name for name in STAGES.values() if name in set(rows.stage)]))
    chart = lines + text.encode(x="day:T", y="chance_share:Q", text="label:N") + _rule(as_of, "seen from here")
    return _finish(chart, "The chance that it has come, and that it never does", "percent, as known on the day")


def evidence_path(history: pd.DataFrame, news: pd.DataFrame) -> alt.LayerChart:
    """How the forecast moved with every piece of news and every quiet quarter."""
    names = {"real_share": "it exists", "limited_share": "limited release", "general_share": "general availability"}
    rows = history.melt("day", list(names), "what", "chance_share").replace({"what": names})
    top = min(1.02, max(0.1, 1.15 * rows.chance_share.max()))
    base = alt.Chart(rows).encode(x=alt.X("day:T", title=None), y=_percent("chance_share", "chance", (0, top)))
    marks = alt.Chart(news[["title", "weighed_ratio"]].assign(day=pd.to_datetime(news.known))).mark_rule(color=FAINT)
    marks = marks.encode(x="day:T", tooltip=["title:N", alt.Tooltip("weighed_ratio:Q", format=".2f")])
    lines = base.mark_line(interpolate="step-after", point=True).encode(**_series("what", list(names.values())))
    return _finish(
        alt.layer(*[marks][: len(news)], lines),
        "How the forecast moved",
        "percent; dates if it exists, by the end of next year; grey lines: news",
    )


def record(card: pd.DataFrame) -> alt.LayerChart:
    """Slip of each past launch against the 80 % range that the other launches would have given it."""
    rows = card.assign(held=card.inside.map({True: "inside", False: "outside"}))
    base = alt.Chart(rows).encode(y=alt.Y("product:N", title=None, sort=list(rows.sort_values("slip")["product"])))
    span = base.mark_rule(color=FAINT, strokeWidth=7).encode(x=alt.X("low:Q", title="slip in months"), x2="high:Q")
    scale, kinds = alt.Scale(domain=["inside", "outside"], range=[CANDIDATE, CLAIM]), ["circle", "cross"]
    shape = alt.Shape("held:N", title="80 % range", scale=alt.Scale(domain=["inside", "outside"], range=kinds))
    points = base.mark_point(filled=True, size=80, opacity=1).encode(x="slip:Q", shape=shape)
    points = points.encode(
        color=alt.Color("held:N", title="80 % range", scale=scale), tooltip=["product", "slip", "crps"]
    )
    zero = alt.Chart(pd.DataFrame({"x": [0]})).mark_rule(color=INK, strokeDash=[3, 3]).encode(x="x:Q")
    words = "months after the promised window closed; grey: 80 % range forecast from the other launches"
    return _finish(
        span + zero + points, "Most keep their window; those that do not run months over it", words, 17 * len(rows)
    )


def tasks(critical: pd.DataFrame) -> alt.Chart:
    """Share of futures in which each task holds the date of general availability."""
    chart = (
        alt.Chart(critical)
        .mark_bar(height=16, color=CANDIDATE)
        .encode(y=alt.Y("task:N", sort="-x", title=None), x=alt.X("share:Q", title=None, axis=alt.Axis(format="%")))
    )
    return _finish(chart, "What holds the date", "percent of the futures in which it comes at all", 110)


def ramp(fan: pd.DataFrame, points: pd.DataFrame, product: str) -> alt.LayerChart:
    """Cumulative shipments: estimates with their ranges, and the S-curve under a ceiling that is not yet seen."""
    base = alt.Chart(points).encode(x="day:T")
    spread = base.mark_rule(color=MEASURED).encode(y="low_units:Q", y2="high_units:Q")
    dots = base.mark_point(filled=True, color=MEASURED, opacity=1).encode(y="units:Q", tooltip=["day:T", "units:Q"])
    words = "units; bands: 50 and 80 % ranges, dots: estimates with P5 to P95"
    return _finish(
        _bands(fan, "units shipped so far") + spread + dots, f"The ramp that supply follows: {product}", words
    )


def cohorts(fans: pd.DataFrame) -> alt.Chart:
    """Chips in service by kind, month by month (medians, stacked)."""
    names = {"old_alive_chips": "baseline chips", "new_alive_chips": "candidate chips"}
    rows = fans[fans.quantity.isin(names)].replace({"quantity": names})
    scale = alt.Scale(domain=list(names.values()), range=[BASELINE, CANDIDATE])
    y = alt.Y("mid:Q", title="chips in service", stack=True)
    chart = alt.Chart(rows).mark_area().encode(x=alt.X("day:T", title=None), y=y, tooltip=["day:T", "quantity", "mid"])
    chart = chart.encode(color=alt.Color("quantity:N", title=None, scale=scale))
    return _finish(chart, "A fleet changes slowly", "chips, medians; within supply, power and liquid cooling")


def blended(fan: pd.DataFrame, unit: str) -> alt.LayerChart:
    """What a token of the mixed fleet takes, month by month."""
    return _finish(_bands(fan, unit), "What the mixed fleet's token takes", f"{unit}; bands: 50 and 80 % ranges", 220)


def wait_or_buy(grid: pd.DataFrame, marks: pd.DataFrame) -> alt.LayerChart:
    """Cost of waiting over buying by delay and multiplier, with the break-even line and this scenario's place."""
    x = alt.X("delay_months:O", title="months until it works for this buyer", axis=alt.Axis(labelAngle=0))
    y = alt.Y(
        "multiplier_ratio:O", sort="descending", title="work per dollar, new over old", axis=alt.Axis(format=".2f")
    )
    scale = alt.Scale(scheme="blueorange", domainMid=1, domain=[0.4, 1.2])
    base = alt.Chart(grid).encode(x=x, y=y)
    cells = base.mark_rect().encode(color=alt.Color("cost_ratio:Q", title="waiting / buying", scale=scale))
    tone = alt.condition("datum.cost_ratio < 0.6 || datum.cost_ratio > 1.16", alt.value("white"), alt.value(INK))
    words = base.mark_text(fontSize=9).encode(text=alt.Text("cost_ratio:Q", format=".2f"), color=tone)
    places = alt.Chart(marks).mark_point(size=260, color=INK, strokeWidth=2.5).encode(x=x, y=y)
    shape = alt.Scale(domain=["pays for the delay", "this scenario"], range=["square", "circle"])
    places = places.encode(shape=alt.Shape("mark:N", title=None, scale=shape))
    return _finish(
        cells + words + places, "Below 1, waiting is cheaper", "cost of waiting over that of buying today", 340
    )


def regrets(table: pd.DataFrame) -> alt.LayerChart:
    """Regret of each act in each future; the act whose worst cell is least is minimax."""
    rows = table.reset_index().melt("act", var_name="future", value_name="regret")
    base = alt.Chart(rows).encode(
        x=alt.X(
            "future:N",
            sort=list(table.columns),
            title=None,
            axis=alt.Axis(labelAngle=0, orient="top", labelPadding=20, labelExpr="split(datum.label, ', ')"),
        ),
        y=alt.Y("act:N", sort=list(table.index), title=None),
    )
    cells = base.mark_rect().encode(
        color=alt.Color("regret:Q", scale=alt.Scale(scheme="oranges", domain=[0, 1]), legend=None)
    )
    words = base.mark_text(color=INK).encode(text=alt.Text("regret:Q", format=".0%"))
    return _finish(cells + words, "What each act would be regretted by", "percent of the cost of buying today", 170)


def reliability(bins: pd.DataFrame) -> alt.LayerChart:
    """Chances that were said against how often they came true; the diagonal is perfect calibration."""
    said = alt.X("said_share:Q", title="chance said", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%"))
    base = alt.Chart(bins).encode(x=said)
    ideal = alt.Chart(pd.DataFrame({"a": [0, 1]})).mark_line(color=FAINT, strokeDash=[4, 3]).encode(x="a:Q", y="a:Q")
    spread = base.mark_rule(color=MEASURED).encode(y=_percent("low", "came true"), y2="high:Q")
    dots = base.mark_point(filled=True, color=MEASURED, opacity=1).encode(y="came_share:Q", size="cases:Q")
    words = "percent; launches forecast from the others, bars: 80 % range if cases were independent"
    return _finish(ideal + spread + dots, "Said and happened", words, 260)


def register(told: dict) -> Payload:
    """The registered forecasts: a table for the reader, the record for the machine that will score it."""
    heads = {"text": "forecast", "chance_share": "said", "base_share": "base rate", "word_share": "at its word"}
    rows = pd.DataFrame([row for row in told["forecasts"] if row["kind"] == "chance"], columns=list(heads))
    shown = rows.assign(text=rows["text"].map(plain)).rename(columns=heads)
    page = shown.to_html(index=False, border=0, float_format="{:.1%}".format, escape=False)
    page = page if len(rows) else "<p>Nothing is open: every milestone of this product is a fact.</p>"
    return Payload({"text/html": page, "text/plain": shown.to_string(), FORECASTS: told})


def _series(field: str, order: list[str]) -> dict:
    """Colour and dash by a field, so that lines are told apart without colour."""
    scale = alt.Scale(domain=order, range=SERIES[: len(order)])
    dash = alt.Scale(domain=order, range=[[1, 0], [6, 3], [2, 2]][: len(order)])
    return {
        "color": alt.Color(f"{field}:N", title=None, scale=scale),
        "strokeDash": alt.StrokeDash(f"{field}:N", title=None, scale=dash),
    }


def _bands(fan: pd.DataFrame, title: str) -> alt.LayerChart:
    """A fan: 80 and 50 % bands about the median."""
    base = alt.Chart(fan).encode(x=alt.X("day:T", title=None))
    y = alt.Y("low:Q", title=title, axis=alt.Axis(format="~s"), scale=alt.Scale(zero=False))
    outer = base.mark_area(opacity=0.18, color=CANDIDATE).encode(y=y, y2="high:Q")
    inner = base.mark_area(opacity=0.3, color=CANDIDATE).encode(y="lower:Q", y2="upper:Q")
    return outer + inner + base.mark_line(color=CANDIDATE).encode(y="mid:Q", tooltip=["day:T", "low", "mid", "high"])
