"""What charts share: a title with its unit, axes, ranges, bands, rules and what a mark says when it
is pointed at.
"""

import math

import altair as alt
import pandas as pd

from analysis.pages.charts.theme import CANDIDATE, INK, WIDTH
from analysis.pages.format import worded

THREE = {"low": ",.3~g", "mid": ",.3~g", "high": ",.3~g"}
TICKS = {
    0.5: (1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 4, 5, 6, 7, 8, 9),
    1: (1, 1.5, 2, 3, 5, 7),
    3: (1, 2, 5),
    99: (1,),
}


def titled(name: str, chart, height: float | alt.Step | None = None, width: float = WIDTH, **told):
    """A chart, or layers from back to front, under its caption of words.csv: what is seen, and
    below it the unit.

    The same words are there for a screen reader; `told` fills what they leave open. Facets have
    their size already, so none is given for them.
    """
    title, subtitle = worded("caption")[name].format(**told).split(" | ")
    chart = alt.layer(*chart) if isinstance(chart, list) else chart
    size = {"height": height, "width": width} if height else {}
    return chart.properties(
        title=alt.Title(title, subtitle=subtitle), description=f"{title}. {subtitle}.", **size
    )


def log_axis(name: str, title: str, values, axis=alt.X) -> alt.X | alt.Y:
    """A logarithmic axis a little wider than its data; the fewer decades it spans, the more round
    ticks in each.
    """
    low, high = min(values) / 1.12, max(values) * 1.12
    first, last = (math.floor(math.log10(end)) for end in (low, high))
    steps = next(steps for decades, steps in TICKS.items() if math.log10(high / low) <= decades)
    ticks = [float(f"{step}e{power}") for power in range(first, last + 1) for step in steps]
    told = {
        "values": [tick for tick in ticks if low <= tick <= high],
        "tickCount": 40,
    }  # Vega thins beyond the count
    kept = alt.Axis(format=",~g", labelOverlap=False, **told)
    return axis(
        f"{name}:Q",
        title=title,
        scale=alt.Scale(type="log", domain=[low, high], nice=False),
        axis=kept,
    )


def percent(name: str, title: str | None, axis=alt.Y, domain=None) -> alt.X | alt.Y:
    """An axis of shares, told in per cent."""
    scale = {"scale": alt.Scale(domain=list(domain))} if domain else {}
    return axis(f"{name}:Q", title=title, axis=alt.Axis(format="%"), **scale)


def rows(name: str, order, **more) -> alt.Y:
    """A y axis of names from top to bottom in this order, without a title."""
    return alt.Y(f"{name}:N", sort=list(dict.fromkeys(order)), title=None, **more)


def tips(*fields: str, **formats: str) -> list[alt.Tooltip]:
    """What a mark says when it is pointed at: fields as they are, then those with a format."""
    return [
        *map(alt.Tooltip, fields),
        *(alt.Tooltip(f"{field}:Q", format=how) for field, how in formats.items()),
    ]


def dots(base: alt.Chart, size: float = 110, **mark) -> alt.Chart:
    """Filled points of full strength; `size` is their area in square pixels, Vega's or a field's
    where undefined.
    """
    return base.mark_point(filled=True, size=size, opacity=1, **mark)


def spans(base: alt.Chart, x: alt.X, dot: dict | None = None, **line) -> list[alt.Chart]:
    """A line from `low` to `high` and a dot at `mid`, at an x that reads `low`; `dot`: what only
    the dot encodes.
    """
    rule = base.mark_rule(**{"strokeWidth": 3, "opacity": 0.6, **line}).encode(x=x, x2="high:Q")
    middle = dots(base, **{k: v for k, v in line.items() if k == "color"})
    return [rule, middle.encode(x="mid:Q", tooltip=tips(**THREE), **(dot or {}))]


def fan(
    base: alt.Chart, y: alt.Y, paint: str = CANDIDATE, inner: tuple[str, str] | None = None
) -> list[alt.Chart]:
    """The 80% band about a line of medians, at a y that reads `low`; `inner` names the ends of a
    narrower band.
    """
    bands = [base.mark_area(color=paint, opacity=0.2).encode(y=y, y2="high:Q")]
    if inner:
        bands.append(
            base.mark_area(color=paint, opacity=0.3).encode(y=f"{inner[0]}:Q", y2=f"{inner[1]}:Q")
        )
    return [*bands, base.mark_line(color=paint).encode(y="mid:Q", tooltip=tips(**THREE))]


def heat(told: pd.DataFrame, x: alt.X, y: alt.Y, share: str) -> list[alt.Chart]:
    """Cells with their per cent, the paler the less; beyond a half they grow no darker, so that
    words stay readable.
    """
    base = alt.Chart(told).encode(x=x, y=y)
    pale = alt.Scale(domain=[0, 0.5], range=["#F4F6F7", "#E5A096"], interpolate="rgb", clamp=True)
    words = base.mark_text(color=INK).encode(text=alt.Text(f"{share}:Q", format=".0%"))
    return [base.mark_rect().encode(color=alt.Color(f"{share}:Q", scale=pale, legend=None)), words]


def rule(at, paint: str = INK, dash=(4, 3), word: str = "", top: float = 2) -> list[alt.Chart]:
    """A line down the chart at one value or day, with its name near the top where it has one."""
    kind = "T" if hasattr(at, "year") else "Q"
    told = pd.DataFrame({"at": [pd.Timestamp(at) if kind == "T" else at], "word": [word]})
    base = alt.Chart(told).encode(x=f"at:{kind}")
    name = base.mark_text(align="left", baseline="top", dx=4, color=paint).encode(
        y=alt.value(top), text="word:N"
    )
    return [base.mark_rule(color=paint, strokeDash=list(dash)), *([name] if word else [])]
