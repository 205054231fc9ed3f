"""One look for every chart: what a colour means, and the plain theme.

Nothing changes in Altair when this is imported. The first chart that the project makes calls `use`:
from then on charts of the session, a user's own among them, have this theme and draw without a
network. A user who wants another look enables another theme after that.
"""

from collections.abc import Collection, Iterable
from functools import cache
from typing import Any

import altair as alt
import pandas as pd

from analysis.pages.words import worded
from analysis.press import altair_display

BASELINE = "#6B7F99"
CANDIDATE = "#0B7A75"
CLAIM = "#B5382A"
MEASURED = "#1B1B1B"
FAINT = "#C9CED6"
INK = "#25303B"
OPTIONS = {"baseline": BASELINE, "candidate": CANDIDATE, "claimed": CLAIM}
# Told apart without colour vision and in grey print (Okabe and Ito 2008, darkened for white paper).
SERIES = [CANDIDATE, CLAIM, BASELINE, "#C9861A", "#5A4E9C", "#7A7A7A", "#2F6DB2", "#A2477F"]
# Of what is neither an option nor the claim.
KINDS = ["#2F6DB2", "#C9861A", "#5A4E9C", "#A2477F", "#7A7A7A", "#8C6D46"]
CHANNELS = {"color": alt.Color, "shape": alt.Shape, "strokeDash": alt.StrokeDash}
# Fonts of equal widths, since pictures are laid out with the first that a machine has.
FONT = "'Liberation Sans', Arial, Helvetica, system-ui, sans-serif"
WIDTH = 620
HEIGHT = 280


@cache
def use() -> None:
    """Enable this theme, and charts that draw without a network, in the session's Altair, once."""
    alt.theme.register("passthrough", enable=True)(_theme)
    altair_display.enable()


def _theme() -> alt.theme.ThemeConfig:
    text = {"labelColor": INK, "titleColor": INK, "labelFontSize": 12}
    return {
        "config": {
            "font": FONT,
            "background": "transparent",
            "view": {"stroke": None, "continuousWidth": WIDTH, "continuousHeight": HEIGHT},
            "range": {"category": SERIES},
            "axis": {
                "gridColor": "#E6E9EE",
                "domainColor": FAINT,
                "tickColor": FAINT,
                "titleFontWeight": "normal",
                "titleFontSize": 12,
                "labelLimit": 320,
                **text,
            },
            "axisQuantitative": {"tickCount": 7},
            "axisTemporal": {"tickCount": {"interval": "month", "step": 3}, "format": "%b %Y"},
            "header": text,
            "legend": {"titleFontSize": 12, "orient": "top", "labelLimit": 320, **text},
            "title": {
                "anchor": "start",
                "fontSize": 15,
                "subtitleFontSize": 12,
                "subtitleColor": "#5B6672",
                "color": INK,
                "offset": 10,
            },
            "line": {"strokeWidth": 2.2},
        }
    }


def told_apart(
    field: str,
    names: Iterable[str],
    title: str | None = None,
    legend: Any = alt.Undefined,
    **looks: Collection[Any],
) -> dict[str, Any]:
    """Channels that tell the names of a field apart: `color`, `shape` or `strokeDash`.

    Each keyword names a channel and gives its looks, in the order of `names`.
    """
    domain = list(names)
    channels = {}
    for channel, values in looks.items():
        scale = alt.Scale(domain=domain, range=list(values))
        channels[channel] = CHANNELS[channel](f"{field}:N", title=title, legend=legend, scale=scale)
    return channels


def worded_options(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with their options in words: today, the headline's option, as claimed."""
    return rows.assign(option=rows["option"].map(worded("option")))


def option_colour(options: Collection[str]) -> alt.Color:
    """Colour by option in words, the same in every chart; the legend has those that are there."""
    words = [worded("option")[name] for name in OPTIONS]
    legend = alt.Legend(values=[word for word in words if word in set(options)])
    return told_apart("option", words, legend=legend, color=list(OPTIONS.values()))["color"]
