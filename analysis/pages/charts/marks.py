"""What charts share: captions, axes, ranges, bands, lines and what a mark says when pointed at."""

import math
from collections.abc import Iterable
from datetime import date
from typing import Any

import altair as alt
import pandas as pd

from analysis.pages.charts import theme
from analysis.pages.charts.theme import CANDIDATE, INK, WIDTH
from analysis.pages.words import worded

RANGE_TIPS = {"low": ",.3~g", "mid": ",.3~g", "high": ",.3~g"}
# For a span of at most so many decades, the steps in each decade that get a tick.
TICKS = {
    0.5: (1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 4, 5, 6, 7, 8, 9),
    1: (1, 1.5, 2, 3, 5, 7),
    3: (1, 2, 5),
    99: (1,),
}
DECADES = 12  # that a logarithmic axis shows at most
PALE_TO_RED = alt.Scale(
    domain=[0, 0.5], range=["#F4F6F7", "#E5A096"], interpolate="rgb", clamp=True
)

Layers = list[alt.Chart]


def titled(
    name: str,
    chart: alt.TopLevelMixin | Layers,
    height: float | alt.Step | None = None,
    width: float = WIDTH,
    data: pd.DataFrame | None = None,
    **values: str,
) -> Any:
    """A chart, or layers from back to front, under its caption of words.csv: finding, then unit.

    The same words are its description for a screen reader; `values` fill what they leave open.
    `data` is the table that the chart shows: where lines or bands behind it have tables of their
    own, it comes first in the specification, and so in what a reader downloads. Facets have their
    size already, so no `height` is given for them.
    """
    theme.use()
    caption = worded("caption")[name].split(" | ")
    title, subtitle = (part.format(**values) for part in caption)
    if isinstance(chart, list):
        chart = alt.layer(*chart) if data is None else alt.layer(*chart, data=data)
    size = {"height": height, "width": width} if height else {}
    return chart.properties(
        title=alt.Title(title, subtitle=subtitle), description=f"{title}. {subtitle}.", **size
    )


def log_axis(name: str, title: str, values: Iterable[float], axis: Any = alt.X) -> Any:
    """A logarithmic axis a little wider than `values`; the fewer decades, the more ticks in each.

    `axis` is alt.X or alt.Y. What is 0 or less has no place on it.
    """
    positive = [value for value in values if 0 < value < math.inf]
    high = max(positive, default=1.0) * 1.12
    low = max(min(positive, default=1.0) / 1.12, high / 10**DECADES)
    span = math.log10(high / low)
    steps = next(steps for decades, steps in TICKS.items() if span <= decades)
    powers = range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1)
    ticks = [float(f"{step}e{power}") for power in powers for step in steps]
    return axis(
        f"{name}:Q",
        title=title,
        scale=alt.Scale(type="log", domain=[low, high], nice=False),
        axis=alt.Axis(
            format=",~g",
            labelOverlap=False,
            values=[tick for tick in ticks if low <= tick <= high],
            tickCount=40,  # Vega thins out beyond the count
        ),
    )


def share_axis(
    name: str, title: str | None, axis: Any = alt.Y, domain: tuple[float, float] | None = None
) -> Any:
    """An axis of shares, written in per cent; `axis` is alt.X or alt.Y."""
    scale = alt.Scale(domain=list(domain)) if domain else alt.Undefined
    return axis(f"{name}:Q", title=title, axis=alt.Axis(format="%"), scale=scale)


def name_axis(name: str, order: Iterable[str], **options: Any) -> alt.Y:
    """A y axis of names from top to bottom in this order, without a title."""
    return alt.Y(f"{name}:N", sort=list(dict.fromkeys(order)), title=None, **options)


def tooltips(*fields: str, **formats: str) -> list[alt.Tooltip]:
    """What a mark says when it is pointed at: fields as they are, then those with a format."""
    plain_fields = [alt.Tooltip(field) for field in fields]
    formatted = [alt.Tooltip(f"{field}:Q", format=how) for field, how in formats.items()]
    return plain_fields + formatted


def dots(base: alt.Chart, size: Any = 110, **mark: Any) -> alt.Chart:
    """Filled points of full strength; `size` is their area in square pixels.

    An undefined size leaves it to Vega, or to a field that the points encode.
    """
    return base.mark_point(filled=True, size=size, opacity=1, **mark)


def intervals(
    base: alt.Chart, x: alt.X, dot_channels: dict[str, Any] | None = None, **line: Any
) -> Layers:
    """A line from `low` to `high` and a dot at `mid`, at an x that reads `low`.

    `line` sets how the line is drawn; a colour holds for the dot too. `dot_channels` are encoded by
    the dot alone.
    """
    look = {"strokeWidth": 3, "opacity": 0.6, **line}
    lines = base.mark_rule(**look).encode(x=x, x2="high:Q")
    colour = {"color": line["color"]} if "color" in line else {}
    middles = dots(base, **colour).encode(
        x="mid:Q", tooltip=tooltips(**RANGE_TIPS), **(dot_channels or {})
    )
    return [lines, middles]


def band(
    base: alt.Chart, y: alt.Y, colour: str = CANDIDATE, inner: tuple[str, str] | None = None
) -> Layers:
    """The 80% band about a line of medians, at a y that reads `low`.

    `inner` names the columns of a narrower band.
    """
    layers = [base.mark_area(color=colour, opacity=0.2).encode(y=y, y2="high:Q")]
    if inner:
        low, high = inner
        narrow = base.mark_area(color=colour, opacity=0.3)
        layers.append(narrow.encode(y=f"{low}:Q", y2=f"{high}:Q"))
    line = base.mark_line(color=colour)
    layers.append(line.encode(y="mid:Q", tooltip=tooltips(**RANGE_TIPS)))
    return layers


def heatmap(cells: pd.DataFrame, x: alt.X, y: alt.Y, share: str) -> Layers:
    """Cells with their per cent, paler where it is less.

    Beyond a half they grow no darker, so that the numbers stay readable.
    """
    base = alt.Chart(cells).encode(x=x, y=y)
    colour = alt.Color(f"{share}:Q", scale=PALE_TO_RED, legend=None)
    numbers = base.mark_text(color=INK).encode(text=alt.Text(f"{share}:Q", format=".0%"))
    return [base.mark_rect().encode(color=colour), numbers]


def vertical_line(
    place: float | date,
    colour: str = INK,
    dash: tuple[int, int] = (4, 3),
    word: str = "",
    top: float = 2,
) -> Layers:
    """A line down the chart at one value or day, with a word `top` pixels from the upper end."""
    if isinstance(place, date):
        rows = pd.DataFrame({"at": [pd.Timestamp(place)], "word": [word]})
        base = alt.Chart(rows).encode(x="at:T")
    else:
        rows = pd.DataFrame({"at": [place], "word": [word]})
        base = alt.Chart(rows).encode(x="at:Q")
    line = base.mark_rule(color=colour, strokeDash=list(dash))
    if not word:
        return [line]
    label = base.mark_text(align="left", baseline="top", dx=4, color=colour)
    return [line, label.encode(y=alt.value(top), text="word:N")]
