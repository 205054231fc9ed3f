"""Figures of cost: stack, ways to hold a chip, budget, products, rents, doubt, demand. Tidy tables in, charts out."""

import altair as alt
import pandas as pd

from analysis.report.theme import BASELINE, CANDIDATE, CLAIM, FAINT, INK, OPTIONS, SERIES, WIDTH
from analysis.units import convert

KINDS = {  # five colours are told apart where thirteen lines are not
    "accelerator": ("accelerator",),
    "rest of the computer": ("server", "network", "storage", "spare"),
    "building, power and cooling": ("facility", "lease"),
    "electricity": ("electricity", "demand"),
    "upkeep, people, tax, repair": ("maintenance", "staff", "software", "tax", "repair"),
}
KIND_OF = {line: kind for kind, lines in KINDS.items() for line in lines}
EVERY = alt.Scale(domain=[*OPTIONS, "API"], range=[*OPTIONS.values(), SERIES[3]])
ENDS = "dot: median, line: 80 % range"


def _finish(chart, title: str, subtitle: str, **size):
    head = alt.Title(title, subtitle=subtitle)
    return chart.properties(title=head, description=f"{title}. {subtitle}.", **size)


def _ends(rows: pd.DataFrame, y: alt.Y, paint, x: alt.X, **more) -> alt.LayerChart:
    """A dot for `mid` and a line from `low` to `high`, at an x that reads `low`."""
    base = alt.Chart(rows).encode(y=y, color=paint, **more)
    tips = [alt.Tooltip(f"{field}:Q", format=",.3~g") for field in ("low", "mid", "high")]
    spread = base.mark_rule(strokeWidth=3, opacity=0.6).encode(x=x, x2="high:Q")
    return spread + base.mark_point(filled=True, size=110, opacity=1).encode(x="mid:Q", tooltip=tips)


def _options(rows: pd.DataFrame) -> alt.Color:
    """Colour by option, with a legend of those that are there."""
    return alt.Color("option:N", title=None, scale=EVERY, legend=alt.Legend(values=list(rows["option"].unique())))


def _millions(rows: pd.DataFrame, *fields: str) -> pd.DataFrame:
    return rows.assign(**{field: convert(rows[field], "usd", "Musd") for field in fields})


def stack(rows: pd.DataFrame) -> alt.Chart:
    """What an owned chip costs in an hour, by what the money goes to."""
    rows = rows.assign(kind=rows["line"].map(KIND_OF), order=rows["line"].map(KIND_OF).map(list(KINDS).index))
    paint = alt.Color("kind:N", title=None, legend=alt.Legend(columns=3),
                      scale=alt.Scale(domain=list(KINDS), range=[SERIES[i] for i in (6, 3, 5, 4, 7)]))  # fmt: skip
    chart = alt.Chart(rows).mark_bar(stroke="white", strokeWidth=0.5).encode(
        x=alt.X("usd_per_chip_hour:Q", title="$ per chip-hour"), y=alt.Y("option:N", title=None, sort=list(OPTIONS)),
        color=paint, order="order:O", tooltip=["option", "line", alt.Tooltip("usd_per_chip_hour:Q", format=".3f")],
    )  # fmt: skip
    subtitle = "$ per chip-hour, means of the draws, which add up"
    return _finish(chart, "What a chip-hour is made of", subtitle, width=WIDTH, height=46 * rows["option"].nunique())


def before_after(rows: pd.DataFrame) -> alt.FacetChart:
    """Cost of computed, cached and written tokens for each option, on a logarithmic axis."""
    scale, axis = alt.Scale(type="log", nice=False), alt.Axis(format="~g", tickCount=6)
    x = alt.X("low:Q", scale=scale, title="$ per million tokens", axis=axis)
    y = alt.Y("option:N", title=None, sort=list(OPTIONS), axis=None)
    layers = _ends(rows, y, _options(rows), x).properties(width=WIDTH - 110, height=64)
    head = alt.Header(labelAngle=0, labelAlign="left", labelFontSize=12)
    chart = layers.facet(row=alt.Row("kind:N", title=None, sort=list(rows["kind"].unique()), header=head))
    return _finish(chart, "What each kind of token costs to make", f"$ per million tokens, logarithmic; {ENDS}")


def readings(rows: pd.DataFrame, budget_usd: float, headline_usd: float | None) -> alt.LayerChart:
    """The stretched budget under each reading; rings show the same before traffic, load factor and migration."""
    rows = _millions(rows, "low", "mid", "high", "before_frictions")
    rows["paint"] = [CANDIDATE if name == "measured" else BASELINE for name in rows["reading"]]
    marks = [(budget_usd, INK, "budget"), (headline_usd, CLAIM, "headline")][: 1 if headline_usd is None else 2]
    lines = _millions(pd.DataFrame(marks, columns=["usd", "paint", "word"]), "usd")
    paint, y = alt.Color("paint:N", scale=None), alt.Y("title:N", title=None, sort=list(rows["title"]))
    x = alt.X("low:Q", title="$ million of today's work", scale=alt.Scale(zero=True))
    rule = alt.Chart(lines).mark_rule(strokeDash=[4, 3], strokeWidth=1.5).encode(x="usd:Q", color=paint)
    words = (
        alt.Chart(lines).mark_text(align="left", dx=4, fontSize=12).encode(x="usd:Q", y=alt.value(-7), text="word:N")
    )
    ring = alt.Chart(rows).mark_point(size=80, color=INK).encode(x="before_frictions:Q", y=y)
    subtitle = f"$ million a year at today's cost; {ENDS} of the first year; ring: before any friction"
    layers = alt.layer(rule, ring, _ends(rows, y, paint, x), words)
    return _finish(layers, "What the budget becomes", subtitle, width=WIDTH, height=34 * len(rows))


def over_time(rows: pd.DataFrame) -> alt.LayerChart:
    """Work bought so far against a budget spent on today's chips."""
    rows = _millions(rows, "low", "mid", "high", "today")
    x = alt.X("month:Q", title="months from the day of this page")
    base, paint = alt.Chart(rows).encode(x=x), OPTIONS[rows["option"].iloc[0]]
    band = base.mark_area(opacity=0.25, color=paint).encode(
        y=alt.Y("low:Q", title="$ million, cumulative"), y2="high:Q"
    )
    today = alt.Chart(rows).mark_line(color=INK, strokeDash=[4, 3], strokeWidth=1.5).encode(x=x, y="today:Q")
    subtitle = "$ million of work at today's cost; line: median, band: 80 % range; dashes: today's chips only"
    chart = band + base.mark_line(color=paint).encode(y="mid:Q") + today
    return _finish(chart, "Work bought as the new chips arrive", subtitle, width=WIDTH, height=260)


def tenures(rows: pd.DataFrame) -> alt.LayerChart:
    """Cost of one and the same request by way to hold the chip."""
    rows = rows.assign(label=rows["option"] + ", " + rows["how"])
    y = alt.Y("label:N", title=None, sort=list(rows["label"]), axis=alt.Axis(labelLimit=330))
    x = alt.X("low:Q", title="$ per request", scale=alt.Scale(zero=True))
    chart = _ends(rows, y, alt.Color("option:N", legend=None, scale=EVERY), x)
    subtitle = f"$ per request of this scenario; {ENDS}"
    return _finish(chart, "Own, hire or buy by the token", subtitle, width=WIDTH, height=30 * len(rows))


def rents(rows: pd.DataFrame) -> alt.LayerChart:
    """Quoted rents over time: every mark is a dated row of the price table."""
    rows = rows.assign(day=pd.to_datetime(rows["as_of"], format="ISO8601"))
    names, contracts = list(rows["thing"].unique()), sorted(rows["contract"].unique())
    scale = alt.Scale(domain=contracts)
    base = alt.Chart(rows).encode(
        x=alt.X("day:T", title=None),
        y=alt.Y("usd_per_chip_hour:Q", title="$ per chip-hour", scale=alt.Scale(zero=True)),
        color=alt.Color("thing:N", title=None, scale=alt.Scale(domain=names, range=[BASELINE, CANDIDATE])),
        tooltip=["thing", "as_of", "contract", alt.Tooltip("usd_per_chip_hour:Q", format=".2f"), "source"],
    )  # fmt: skip
    marks = base.mark_point(filled=True, size=60, opacity=1).encode(
        shape=alt.Shape("contract:N", title=None, scale=scale)
    )
    chart = base.mark_line(strokeWidth=1.6).encode(detail="contract:N") + marks
    subtitle = "$ per chip-hour; quotes by the date that they are of, lines join one contract"
    return _finish(chart, "What a chip has rented for", subtitle, width=WIDTH, height=260)


def thresholds(rows: pd.DataFrame, contours: pd.DataFrame) -> alt.LayerChart:
    """Tokens for each dollar that a sale leaves for them, against their cost; lines of equal margin."""
    rows = rows[rows["option"] != "API"].dropna(subset="tokens_per_usd")
    log = {"type": "log", "nice": False}
    floor, top = rows["usd_per_mtok"].min() / 2, rows["usd_per_mtok"].max() * 3
    x = alt.X("tokens_per_usd:Q", title="tokens for each dollar of price left after other costs",
              scale=alt.Scale(**log), axis=alt.Axis(format="~s", tickCount=6))  # fmt: skip
    y = alt.Y("usd_per_mtok:Q", title="$ per million tokens", axis=alt.Axis(format="~g", tickCount=6),
              scale=alt.Scale(domain=[floor, top], **log))  # fmt: skip
    base = alt.Chart(contours).encode(x=x, y=y)
    lines = base.mark_line(color=FAINT, clip=True, strokeWidth=1.5).encode(detail="margin:N")
    ends = contours[contours["usd_per_mtok"].between(floor, top)].drop_duplicates("margin", keep="last")
    words = alt.Chart(ends).mark_text(align="right", dy=-7, fontSize=11, color=INK).encode(x=x, y=y, text="margin:N")
    marks = alt.Chart(rows).mark_point(filled=True, size=100, opacity=1).encode(
        x=x, y=y, color=_options(rows), shape=alt.Shape("product:N", title=None, legend=alt.Legend(columns=3)),
        tooltip=["product", "option", alt.Tooltip("usd_per_mtok:Q", format=".3~g")],
    )  # fmt: skip
    subtitle = "both axes logarithmic; grey: how much of that dollar is kept"
    return _finish(lines + words + marks, "Where tokens leave a margin", subtitle, width=WIDTH, height=320)


def margins(rows: pd.DataFrame) -> alt.LayerChart:
    """Gross margin of every product at each option's cost, its 80 % range, and the margin that it aims at."""
    rows = rows.rename(columns={"margin_low_share": "low", "margin_share": "mid", "margin_high_share": "high"})
    y = alt.Y("product:N", title=None, sort=list(rows["product"].unique()))
    scale = alt.Scale(domain=[min(float(rows["low"].min()), 0), 1])
    x = alt.X("low:Q", title="gross margin", axis=alt.Axis(format="%"), scale=scale)
    chart = _ends(rows, y, _options(rows), x, yOffset=alt.YOffset("option:N", sort=EVERY.domain))
    aims = alt.Chart(rows.drop_duplicates("product")).mark_tick(color=INK, thickness=2, size=48)
    chart += aims.encode(x=alt.X("target_share:Q"), y=y)
    subtitle = f"share of the price; {ENDS}; black: the margin aimed at"
    return _finish(chart, "Which products pay", subtitle, width=WIDTH, height=58 * rows["product"].nunique())


def tornado(rows: pd.DataFrame, unit: str, threshold: float) -> alt.LayerChart:
    """One belief at its P10, then its P90, the eight widest; the red line is break-even."""
    rows = rows.head(8)
    long = pd.concat([rows.assign(end=end, value=rows[f"at_{end}"]) for end in ("low", "high")])
    y = alt.Y("label:N", title=None, sort=list(rows["label"]), axis=alt.Axis(labelLimit=300))
    paint = alt.Color(
        "end:N", title="belief at its", scale=alt.Scale(domain=["low", "high"], range=[BASELINE, SERIES[3]])
    )
    x = alt.X("mid:Q", title=unit, scale=alt.Scale(zero=False))
    bars = (
        alt.Chart(long)
        .mark_bar(height=14)
        .encode(x=x, x2="value:Q", y=y, color=paint, tooltip=["label", "end", "value"])
    )
    rule = alt.Chart(pd.DataFrame({"x": [threshold]})).mark_rule(color=CLAIM, strokeDash=[4, 3]).encode(x="x:Q")
    subtitle = f"{unit}; each belief alone at its 10th and 90th percentile; red: break-even"
    return _finish(bars + rule, "What moves the answer", subtitle, width=WIDTH, height=26 * len(rows))


def sobol(rows: pd.DataFrame) -> alt.LayerChart:
    """First-order and total shares of the variance with 95 % confidence."""
    words = {"S1": "alone", "ST": "with others"}
    long = pd.concat([rows.assign(part=word, value=rows[key], half=rows[f"{key}_conf"]) for key, word in words.items()])
    y = alt.Y("label:N", title=None, scale=alt.Scale(domain=list(rows["label"])), axis=alt.Axis(labelLimit=300))
    paint = alt.Color("part:N", title=None, scale=alt.Scale(domain=list(words.values()), range=[BASELINE, CANDIDATE]))
    base = alt.Chart(long.assign(low=long.value - long.half, high=long.value + long.half))
    base = base.encode(y=y, yOffset=alt.YOffset("part:N", scale=alt.Scale(domain=list(words.values()))))
    bars = base.mark_bar(opacity=0.75).encode(
        x=alt.X("value:Q", title="share of the variance", stack=None), color=paint
    )
    chart = bars + base.mark_rule(color=INK).encode(x="low:Q", x2="high:Q")
    subtitle = "share of the variance (Sobol); line: 95 % confidence"
    return _finish(chart, "What the doubt is made of", subtitle, width=WIDTH, height=34 * len(rows))
