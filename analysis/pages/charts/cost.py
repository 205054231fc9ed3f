"""Figures of cost: stack, ways to hold a chip, budget, products, rents, doubt, demand. Tidy tables
in, charts out.
"""

import altair as alt
import pandas as pd

from analysis.facts import chip
from analysis.pages.charts.marks import (
    dots,
    fan,
    log_axis,
    percent,
    rows,
    rule,
    spans,
    tips,
    titled,
)
from analysis.pages.charts.theme import (
    BASELINE,
    CANDIDATE,
    CLAIM,
    FAINT,
    INK,
    KINDS,
    OPTIONS,
    WIDTH,
    apart,
    colour,
)
from analysis.pages.format import worded
from analysis.units import convert

LINES = worded("cost")  # five colours are told apart where thirteen lines are not


def _millions(table: pd.DataFrame, *fields: str) -> pd.DataFrame:
    return table.assign(**{field: convert(table[field], "usd", "Musd") for field in fields})


def stack(costs: pd.DataFrame) -> alt.Chart:
    """What an owned chip costs in an hour, by what the money goes to."""
    kinds, order = costs["line"].map(LINES), list(dict.fromkeys(LINES.values()))
    told = costs.assign(kind=kinds, order=kinds.map(order.index))
    chart = (
        alt.Chart(told)
        .mark_bar(stroke="white", strokeWidth=0.5)
        .encode(
            x=alt.X("usd_per_chip_hour:Q", title="$ per chip-hour"),
            y=rows("option", OPTIONS),
            order="order:O",
            tooltip=tips("line", usd_per_chip_hour=".3f"),
            **apart("kind", order, legend=alt.Legend(columns=3), color=KINDS),
        )
    )
    return titled("cost.stack", chart, 46 * costs["option"].nunique())


def before_after(costs: pd.DataFrame) -> alt.FacetChart:
    """Cost of computed, cached and written tokens for each option, on a logarithmic axis."""
    base = alt.Chart(costs).encode(
        y=rows("option", OPTIONS, axis=None), color=colour(costs["option"])
    )
    layers = spans(base, log_axis("low", "$ per million tokens", [*costs["low"], *costs["high"]]))
    head = alt.Header(labelAngle=0, labelAlign="left")
    kinds = alt.Row("kind:N", title=None, sort=list(costs["kind"].unique()), header=head)
    chart = alt.layer(*layers).properties(width=WIDTH - 110, height=64).facet(row=kinds)
    return titled("cost.tokens", chart)


def readings(told: pd.DataFrame, budget_usd: float, headline_usd: float | None) -> alt.LayerChart:
    """The stretched budget under each reading; rings show the same before traffic, load factor and
    migration.
    """
    told = _millions(told, "low", "mid", "high", "before_frictions")
    told["paint"] = [CANDIDATE if name == "measured" else BASELINE for name in told["reading"]]
    lines = rule(convert(budget_usd, "usd", "Musd"), word="budget", top=-14)
    lines += (
        rule(convert(headline_usd, "usd", "Musd"), CLAIM, word="headline", top=-14)
        if headline_usd
        else []
    )
    base = alt.Chart(told).encode(
        y=rows("title", told["title"]), color=alt.Color("paint:N", scale=None)
    )
    ring = base.mark_point(size=80).encode(x="before_frictions:Q", color=alt.value(INK))
    marks = spans(
        base, alt.X("low:Q", title="$ million of today's work", scale=alt.Scale(zero=True))
    )
    return titled("cost.readings", [*lines, ring, *marks], 34 * len(told))


def over_time(bought: pd.DataFrame) -> alt.LayerChart:
    """Work bought so far against a budget spent on today's chips."""
    base = alt.Chart(_millions(bought, "low", "mid", "high", "today"))
    base = base.encode(x=alt.X("month:Q", title="months from the day of this page"))
    today = base.mark_line(color=INK, strokeDash=[4, 3], strokeWidth=1.5).encode(y="today:Q")
    bands = fan(
        base, alt.Y("low:Q", title="$ million, cumulative"), OPTIONS[bought["option"].iloc[0]]
    )
    return titled("cost.work", [*bands, today], 260)


def tenures(ways: pd.DataFrame) -> alt.LayerChart:
    """Cost of one and the same request by way to hold the chip."""
    told, hues = ways.assign(label=ways["option"] + ", " + ways["how"]), OPTIONS.values()
    base = alt.Chart(told).encode(
        y=rows("label", told["label"]), **apart("option", OPTIONS, legend=None, color=hues)
    )
    marks = spans(
        base,
        alt.X(
            "low:Q", title="$ per request", scale=alt.Scale(zero=True), axis=alt.Axis(format="~g")
        ),
    )
    return titled("cost.tenures", marks, 30 * len(told))


def rents(quotes: pd.DataFrame) -> alt.LayerChart:
    """Quoted rents over time: every mark is a dated row of the price table."""
    told = quotes.assign(
        day=pd.to_datetime(quotes["as_of"], format="ISO8601"), thing=quotes["thing"].map(chip)
    )
    base = alt.Chart(told).encode(
        x=alt.X("day:T", title=None, scale=alt.Scale(nice={"interval": "month", "step": 3})),
        y=alt.Y("usd_per_chip_hour:Q", title="$ per chip-hour", scale=alt.Scale(zero=True)),
        tooltip=tips("thing", "as_of", "contract", "source", usd_per_chip_hour=".2f"),
        **apart("thing", told["thing"].unique(), color=[BASELINE, CANDIDATE]),
    )
    shape = alt.Shape(
        "contract:N", title=None, scale=alt.Scale(domain=sorted(told["contract"].unique()))
    )
    lines = base.mark_line(strokeWidth=1.6).encode(detail="contract:N")
    marks = dots(base, 60).encode(shape=shape)
    return titled("cost.rents", [lines, marks], 260)


def thresholds(viable: pd.DataFrame, contours: pd.DataFrame) -> alt.LayerChart:
    """Tokens for each dollar that a sale leaves for them, against their cost; lines of equal
    margin.
    """
    told = (
        viable[viable["option"] != "API"]
        .dropna(subset="tokens_per_usd")
        .replace({"product": "-"}, " ", regex=True)
    )
    ends = told["usd_per_mtok"].min() / 2, told["usd_per_mtok"].max() * 3
    place = {
        "x": log_axis(
            "tokens_per_usd",
            "tokens for each dollar of price left after other costs",
            contours["tokens_per_usd"],
        ),
        "y": log_axis("usd_per_mtok", "$ per million tokens", ends, alt.Y),
    }
    named = contours[contours["usd_per_mtok"].between(*ends)].drop_duplicates("margin", keep="last")
    line = (
        alt.Chart(contours)
        .mark_line(color=FAINT, clip=True, strokeWidth=1.5)
        .encode(**place, detail="margin:N")
    )
    word = (
        alt.Chart(named)
        .mark_text(align="right", dy=-9, fontSize=11, color=INK)
        .encode(**place, text="margin:N")
    )
    marks = dots(alt.Chart(told), 100).encode(
        **place,
        color=colour(told["option"]),
        shape=alt.Shape("product:N", title=None, legend=alt.Legend(columns=3)),
        tooltip=tips("product", "option", usd_per_mtok=".3~g"),
    )
    return titled("cost.thresholds", [line, word, marks], 320)


def margins(viable: pd.DataFrame) -> alt.LayerChart:
    """Gross margin of every product at each option's cost, its 80% range, and the margin that it
    aims at.
    """
    names = {"margin_low_share": "low", "margin_share": "mid", "margin_high_share": "high"}
    told = viable.rename(columns=names).replace({"product": "-"}, " ", regex=True)
    base = alt.Chart(told).encode(y=rows("product", told["product"]))
    beside = base.encode(
        color=colour(told["option"]), yOffset=alt.YOffset("option:N", sort=list(OPTIONS))
    )
    aims = base.mark_tick(color=INK, thickness=2, size=48).encode(x="target_share:Q")
    marks = spans(
        beside, percent("low", "gross margin", alt.X, (min(float(told["low"].min()), 0), 1))
    )
    return titled("cost.margins", [*marks, aims], 58 * told["product"].nunique())


def tornado(swings: pd.DataFrame, unit: str, threshold: float) -> alt.LayerChart:
    """One belief at its P10, then its P90, the eight widest; the dashes are break-even."""
    told = swings.head(8)
    long = pd.concat(
        [
            told.assign(end=name, value=told[at])
            for name, at in (("P10", "at_low"), ("P90", "at_high"))
        ]
    )
    bars = (
        alt.Chart(long)
        .mark_bar(height=14)
        .encode(
            x=alt.X("mid:Q", title=unit, scale=alt.Scale(zero=False)),
            x2="value:Q",
            y=rows("label", told["label"]),
            tooltip=tips("label", "end", value=".3f"),
            **apart("end", ["P10", "P90"], "belief at its", color=KINDS[:2]),
        )
    )
    return titled("cost.tornado", [bars, *rule(threshold)], 26 * len(told), unit=unit)


def sobol(indices: pd.DataFrame) -> alt.LayerChart:
    """First-order and total shares of the variance with 95% confidence."""
    words = {"S1": "alone", "ST": "with others"}
    long = pd.concat(
        [
            indices.assign(
                part=word, value=indices[key], low=indices[key] - half, high=indices[key] + half
            )
            for key, word in words.items()
            for half in [indices[f"{key}_conf"]]
        ]
    )
    y = alt.Y("label:N", title=None, scale=alt.Scale(domain=list(indices["label"])))
    base = alt.Chart(long).encode(
        y=y, yOffset=alt.YOffset("part:N", scale=alt.Scale(domain=list(words.values())))
    )
    x = alt.X("value:Q", title="share of the variance", stack=None, axis=alt.Axis(format="%"))
    bars = base.mark_bar(opacity=0.75).encode(x=x, **apart("part", words.values(), color=KINDS[:2]))
    lines = base.mark_rule(color=INK).encode(x="low:Q", x2="high:Q")
    return titled("cost.sobol", [bars, lines], 34 * len(indices))
