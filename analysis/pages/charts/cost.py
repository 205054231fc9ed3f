"""Charts of cost: stack, ways to hold a chip, budget, products, rents, doubt; from tidy tables."""

import altair as alt
import pandas as pd

from analysis.facts import chip
from analysis.pages.charts.marks import (
    band,
    dots,
    intervals,
    log_axis,
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
    INK,
    KINDS,
    OPTIONS,
    WIDTH,
    option_colour,
    told_apart,
)
from analysis.pages.words import worded
from analysis.units import convert

SHOWN_SWINGS = 8  # of the beliefs that move an answer, the widest


def stack(costs: pd.DataFrame) -> alt.Chart:
    """What an owned chip costs in an hour, by what the money goes to.

    `costs` has the columns option, line and usd_per_chip_hour. Lines are drawn by kind: five
    colours can be told apart where thirteen cannot.
    """
    kind_of_line = worded("cost")
    kinds = list(dict.fromkeys(kind_of_line.values()))
    kind = costs["line"].map(kind_of_line)
    rows = costs.assign(kind=kind, order=kind.map(kinds.index))
    bars = alt.Chart(rows).mark_bar(stroke="white", strokeWidth=0.5)
    bars = bars.encode(
        x=alt.X("usd_per_chip_hour:Q", title="$ per chip-hour"),
        y=name_axis("option", OPTIONS),
        order="order:O",
        tooltip=tooltips("line", usd_per_chip_hour=".3f"),
        **told_apart("kind", kinds, legend=alt.Legend(columns=3), color=KINDS),
    )
    return titled("cost.stack", bars, 46 * costs["option"].nunique())


def tokens(costs: pd.DataFrame) -> alt.FacetChart:
    """Cost of computed, cached and written tokens for each option, on a logarithmic axis.

    `costs` has the columns kind, option, low, mid and high, in dollars per million tokens.
    """
    base = alt.Chart(costs).encode(
        y=name_axis("option", OPTIONS, axis=None), color=option_colour(costs["option"])
    )
    x = log_axis("low", "$ per million tokens", [*costs["low"], *costs["high"]])
    chart = alt.layer(*intervals(base, x)).properties(width=WIDTH - 110, height=64)
    head = alt.Header(labelAngle=0, labelAlign="left")
    kinds = alt.Row("kind:N", title=None, sort=list(costs["kind"].unique()), header=head)
    return titled("cost.tokens", chart.facet(row=kinds))


def budget_by_reading(
    budgets: pd.DataFrame, budget_usd: float, headline_usd: float | None
) -> alt.LayerChart:
    """The stretched budget under each reading; rings: before traffic, load factor and migration.

    `budgets` is what `budget.by_reading` gives, in dollars: columns reading, title, low, mid, high
    and before_frictions.
    """
    rows = _in_millions(budgets, "low", "mid", "high", "before_frictions")
    rows["paint"] = [CANDIDATE if name == "measured" else BASELINE for name in rows["reading"]]
    lines = vertical_line(convert(budget_usd, "usd", "Musd"), word="budget", top=-14)
    if headline_usd:
        headline = convert(headline_usd, "usd", "Musd")
        lines += vertical_line(headline, CLAIM, word="headline", top=-14)
    base = alt.Chart(rows).encode(
        y=name_axis("title", rows["title"]), color=alt.Color("paint:N", scale=None)
    )
    rings = base.mark_point(size=80).encode(x="before_frictions:Q", color=alt.value(INK))
    x = alt.X("low:Q", title="$ million of today's work", scale=alt.Scale(zero=True))
    layers = [*lines, rings, *intervals(base, x)]
    return titled("cost.readings", layers, 34 * len(rows), data=rows)


def over_time(bought: pd.DataFrame) -> alt.LayerChart:
    """Work bought so far against a budget spent on today's chips.

    `bought` is what `budget.over_time` gives, with a column option.
    """
    rows = _in_millions(bought, "low", "mid", "high", "today")
    x = alt.X("month:Q", title="months from the day of this page")
    base = alt.Chart(rows).encode(x=x)
    today = base.mark_line(color=INK, strokeDash=[4, 3], strokeWidth=1.5).encode(y="today:Q")
    colour = OPTIONS[rows["option"].iloc[0]]
    bands = band(base, alt.Y("low:Q", title="$ million, cumulative"), colour)
    return titled("cost.work", [*bands, today], 260)


def tenures(ways: pd.DataFrame) -> alt.LayerChart:
    """Cost of one and the same request by way to hold the chip.

    `ways` is what `tenure.tenures` gives: columns option, how, low, mid, high.
    """
    rows = ways.assign(label=ways["option"] + ", " + ways["how"])
    base = alt.Chart(rows).encode(
        y=name_axis("label", rows["label"]),
        **told_apart("option", OPTIONS, legend=None, color=list(OPTIONS.values())),
    )
    x = alt.X(
        "low:Q", title="$ per request", scale=alt.Scale(zero=True), axis=alt.Axis(format="~g")
    )
    return titled("cost.tenures", intervals(base, x), 30 * len(rows))


def rents(quotes: pd.DataFrame) -> alt.LayerChart:
    """Quoted rents over time: every mark is a dated row of the price table.

    `quotes` is what `tenure.rents` gives: columns thing, as_of, contract, usd_per_chip_hour and
    source.
    """
    rows = quotes.assign(
        day=pd.to_datetime(quotes["as_of"], format="ISO8601"), thing=quotes["thing"].map(chip)
    )
    quarters = alt.Scale(nice={"interval": "month", "step": 3})
    base = alt.Chart(rows).encode(
        x=alt.X("day:T", title=None, scale=quarters),
        y=alt.Y("usd_per_chip_hour:Q", title="$ per chip-hour", scale=alt.Scale(zero=True)),
        tooltip=tooltips("thing", "as_of", "contract", "source", usd_per_chip_hour=".2f"),
        **told_apart("thing", rows["thing"].unique(), color=[BASELINE, CANDIDATE]),
    )
    contracts = alt.Scale(domain=sorted(rows["contract"].unique()))
    lines = base.mark_line(strokeWidth=1.6).encode(detail="contract:N")
    marks = dots(base, 60).encode(shape=alt.Shape("contract:N", title=None, scale=contracts))
    return titled("cost.rents", [lines, marks], 260)


def thresholds(viability: pd.DataFrame, contours: pd.DataFrame) -> alt.LayerChart:
    """Tokens for each dollar that a sale leaves for them, against their cost; grey: equal margins.

    `viability` and `contours` are what the functions of those names in `products` give.
    """
    rows = viability[viability["option"] != "API"].dropna(subset="tokens_per_usd")
    rows = _product_words(rows)
    low = rows["usd_per_mtok"].min() / 2
    high = rows["usd_per_mtok"].max() * 3
    x = log_axis(
        "tokens_per_usd",
        "tokens for each dollar of price left after other costs",
        contours["tokens_per_usd"],
    )
    y = log_axis("usd_per_mtok", "$ per million tokens", [low, high], alt.Y)
    lines = alt.Chart(contours).mark_line(color=FAINT, clip=True, strokeWidth=1.5)
    last = contours[contours["usd_per_mtok"].between(low, high)].drop_duplicates(
        "margin", keep="last"
    )
    words = alt.Chart(last).mark_text(align="right", dy=-9, fontSize=11, color=INK)
    marks = dots(alt.Chart(rows), 100).encode(
        x=x,
        y=y,
        color=option_colour(rows["option"]),
        shape=alt.Shape("product:N", title=None, legend=alt.Legend(columns=3)),
        tooltip=tooltips("product", "option", usd_per_mtok=".3~g"),
    )
    layers = [
        lines.encode(x=x, y=y, detail="margin:N"),
        words.encode(x=x, y=y, text="margin:N"),
        marks,
    ]
    return titled("cost.thresholds", layers, 320, data=rows)


def margins(viability: pd.DataFrame) -> alt.LayerChart:
    """Gross margin of each product at each option's cost, its 80% range, and the one aimed at."""
    names = {"margin_low_share": "low", "margin_share": "mid", "margin_high_share": "high"}
    rows = _product_words(viability.rename(columns=names))
    base = alt.Chart(rows).encode(y=name_axis("product", rows["product"]))
    side_by_side = base.encode(
        color=option_colour(rows["option"]), yOffset=alt.YOffset("option:N", sort=list(OPTIONS))
    )
    lowest = min(float(rows["low"].min()), 0)
    x = share_axis("low", "gross margin", alt.X, (lowest, 1))
    aims = base.mark_tick(color=INK, thickness=2, size=48).encode(x="target_share:Q")
    layers = [*intervals(side_by_side, x), aims]
    return titled("cost.margins", layers, 58 * rows["product"].nunique())


def tornado(swings: pd.DataFrame, unit: str, threshold: float) -> alt.LayerChart:
    """The answer with one belief at its P10, then its P90, the widest; dashes: break-even.

    `swings` has the columns label, at_low, at_high and mid, widest first; `unit` is in words.
    """
    rows = swings.head(SHOWN_SWINGS)
    at_p10 = rows.assign(end="P10", value=rows["at_low"])
    at_p90 = rows.assign(end="P90", value=rows["at_high"])
    ends = pd.concat([at_p10, at_p90])
    bars = alt.Chart(ends).mark_bar(height=14)
    bars = bars.encode(
        x=alt.X("mid:Q", title=unit, scale=alt.Scale(zero=False)),
        x2="value:Q",
        y=name_axis("label", rows["label"]),
        tooltip=tooltips("label", "end", value=".3f"),
        **told_apart("end", ["P10", "P90"], "belief at its", color=KINDS[:2]),
    )
    return titled("cost.tornado", [bars, *vertical_line(threshold)], 26 * len(rows), unit=unit)


def sobol(indices: pd.DataFrame) -> alt.LayerChart:
    """First-order and total shares of the variance with 95% confidence.

    `indices` has the columns label, S1, S1_conf, ST and ST_conf, highest total first.
    """
    parts = {"S1": "alone", "ST": "with others"}
    tables = []
    for key, words in parts.items():
        value = indices[key]
        half_width = indices[f"{key}_conf"]
        tables.append(
            indices.assign(part=words, value=value, low=value - half_width, high=value + half_width)
        )
    rows = pd.concat(tables)
    y = alt.Y("label:N", title=None, scale=alt.Scale(domain=list(indices["label"])))
    offset = alt.YOffset("part:N", scale=alt.Scale(domain=list(parts.values())))
    base = alt.Chart(rows).encode(y=y, yOffset=offset)
    x = alt.X("value:Q", title="share of the variance", stack=None, axis=alt.Axis(format="%"))
    bars = base.mark_bar(opacity=0.75).encode(
        x=x, **told_apart("part", parts.values(), color=KINDS[:2])
    )
    lines = base.mark_rule(color=INK).encode(x="low:Q", x2="high:Q")
    return titled("cost.sobol", [bars, lines], 34 * len(indices))


def _in_millions(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """A table with columns of dollars turned into millions of them."""
    return table.assign(**{name: convert(table[name], "usd", "Musd") for name in columns})


def _product_words(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with the names of products as words."""
    return rows.replace({"product": "-"}, " ", regex=True)
