"""Charts behind the cost page's answer: stack, tokens, budget, rents, margins, variance; from tidy
tables.
"""

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
    INK,
    KINDS,
    OPTIONS,
    WIDTH,
    option_colour,
    told_apart,
    worded_options,
)
from analysis.pages.numbers import musd, number
from analysis.pages.words import worded
from analysis.units import convert

# Of the margins at four prices of tokens; the act that is advised, or the next best, is teal.
PRICE_COLOURS = {"today": BASELINE, "headline's step": KINDS[2], "API": KINDS[1]}


def stack(costs: pd.DataFrame) -> alt.Chart:
    """What an owned chip costs in an hour, by what the money goes to.

    `costs` has the columns option, line and usd_per_chip_hour. Lines are drawn by kind: five
    colours can be told apart where thirteen cannot.
    """
    kind_of_line = worded("cost")
    kinds = list(dict.fromkeys(kind_of_line.values()))
    kind = costs["line"].map(kind_of_line)
    rows = worded_options(costs).assign(kind=kind, order=kind.map(kinds.index))
    shares = rows[costs["option"] == "candidate"].groupby("kind")["usd_per_chip_hour"].sum()
    shares /= shares.sum()
    finding = (
        f"{shares.max():.0%} of an owned chip-hour of the headline's option: {shares.idxmax()}"
    )
    bars = alt.Chart(rows).mark_bar(stroke="white", strokeWidth=0.5)
    bars = bars.encode(
        x=alt.X("usd_per_chip_hour:Q", title="$ per chip-hour"),
        y=name_axis("option", rows["option"]),
        order="order:O",
        tooltip=tooltips("line", usd_per_chip_hour=".3f"),
        **told_apart("kind", kinds, legend=alt.Legend(columns=3), color=KINDS),
    )
    return titled("cost.stack", bars, 46 * costs["option"].nunique(), finding=finding)


def tokens(costs: pd.DataFrame) -> alt.FacetChart:
    """Cost of computed, cached and written tokens for each option, on a logarithmic axis.

    `costs` has the columns kind, option, low, mid and high, in dollars per million tokens.
    """
    rows = worded_options(costs)
    dollars = costs[costs["option"] == "candidate"].set_index("kind")["mid"]
    finding = (
        f"With the headline's option, {dollars.idxmax()} costs "
        f"{number(dollars.max() / dollars.min(), 2)} times as much as {dollars.idxmin()}"
    )
    base = alt.Chart(rows).encode(
        y=name_axis("option", rows["option"], axis=None), color=option_colour(rows["option"])
    )
    x = log_axis("low", "$ per million tokens", [*costs["low"], *costs["high"]])
    chart = alt.layer(*intervals(base, x)).properties(width=WIDTH - 110, height=64)
    head = alt.Header(labelAngle=0, labelAlign="left")
    kinds = alt.Row("kind:N", title=None, sort=list(costs["kind"].unique()), header=head)
    return titled("cost.tokens", chart.facet(row=kinds), finding=finding)


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
    reached = (budgets["mid"].min(), budgets["mid"].max())
    ends = [musd(end) if end > 0 else "nothing" for end in reached]
    finding = f"{musd(budget_usd)} does what takes {' to '.join(dict.fromkeys(ends))} today"
    finding += ", by reading" if len(rows) > 1 else ""
    return titled("cost.readings", layers, 34 * len(rows), data=rows, finding=finding)


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
    last = bought.iloc[-1]
    finding = (
        f"In {last['month']:.0f} months {musd(last['today'])} does the work that takes "
        f"{musd(last['mid'])} today"
    )
    if last["mid"] <= 0:
        finding = f"In {last['month']:.0f} months the move costs more than the new chips bring"
    return titled("cost.work", [*bands, today], 260, finding=finding)


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
    return titled("cost.rents", [lines, marks], 260, finding=_rent_finding(rows))


def _rent_finding(rows: pd.DataFrame) -> str:
    """How the rent that was quoted most often moved from its first quote to its last."""
    if rows.empty:
        return "Nobody has quoted a rent"
    thing, contract = rows.groupby(["thing", "contract"]).size().idxmax()
    of_one = rows[(rows["thing"] == thing) & (rows["contract"] == contract)].sort_values("day")
    first, last = (f"${rent:.2f}" for rent in of_one["usd_per_chip_hour"].iloc[[0, -1]])
    move = f"from {first} to {last}" if first != last else first
    return f"{thing}, {contract}: {move} an hour"


def margins(viability: pd.DataFrame) -> alt.LayerChart:
    """Gross margin of each product at each set of token prices, its 80% range, and the aim.

    `viability` is what the function of that name in `questions.products` gives.
    """
    names = {"margin_low_share": "low", "margin_share": "mid", "margin_high_share": "high"}
    rows = viability.drop(columns=["low", "mid", "high"]).rename(columns=names)
    sets = list(dict.fromkeys(rows["prices"]))
    colours = [PRICE_COLOURS.get(name, CANDIDATE) for name in sets]
    base = alt.Chart(rows).encode(y=name_axis("product", rows["product"]))
    side_by_side = base.encode(
        yOffset=alt.YOffset("prices:N", sort=sets),
        **told_apart("prices", sets, color=colours),
    )
    finding = "Margins at the prices of tokens today"
    if len(sets) > 1:
        mids = rows.pivot_table("mid", "product", "prices", sort=False)
        change = (mids[sets[1]] - mids[sets[0]]).abs().idxmax()
        moved = [f"{mids.loc[change, name]:.0%} ({name})" for name in sets[:2]]
        finding = f"The margin of {change} moves most: {', '.join(moved)}".replace("-", "−")
    lowest = min(float(rows["low"].min()), 0)
    x = share_axis("low", "gross margin", alt.X, (lowest, 1))
    aims = base.mark_tick(color=INK, thickness=2, size=48).encode(x="target_share:Q")
    layers = [*intervals(side_by_side, x), aims]
    return titled("cost.margins", layers, 58 * rows["product"].nunique(), finding=finding)


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
    y = name_axis("label", indices["label"])
    offset = alt.YOffset("part:N", scale=alt.Scale(domain=list(parts.values())))
    base = alt.Chart(rows).encode(y=y, yOffset=offset)
    x = alt.X("value:Q", title="share of the variance", stack=None, axis=alt.Axis(format="%"))
    bars = base.mark_bar(opacity=0.75).encode(
        x=x, **told_apart("part", parts.values(), color=KINDS[:2])
    )
    lines = base.mark_rule(color=INK).encode(x="low:Q", x2="high:Q")
    most = indices.loc[indices["S1"].idxmax()]
    finding = f"{most['S1']:.0%} of the doubt in the saving comes from one belief: {most['label']}"
    return titled("cost.sobol", [bars, lines], 34 * len(indices), finding=finding)


def _in_millions(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """A table with columns of dollars turned into millions of them."""
    return table.assign(**{name: convert(table[name], "usd", "Musd") for name in columns})
