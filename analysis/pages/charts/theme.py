"""One look for every chart: what a colour means, and the plain theme."""

import altair as alt

from analysis.press import altair_display as renderer

BASELINE, CANDIDATE, CLAIM, MEASURED, FAINT, INK = (
    "#6B7F99",
    "#0B7A75",
    "#B5382A",
    "#1B1B1B",
    "#C9CED6",
    "#25303B",
)
OPTIONS = {
    "baseline": BASELINE,
    "candidate": CANDIDATE,
    "claimed": CLAIM,
    "measured": MEASURED,
    "API": "#C9861A",
}
# Told apart without colour vision and in grey print (Okabe and Ito 2008, darkened for white paper).
SERIES = ["#0B7A75", "#B5382A", "#6B7F99", "#C9861A", "#5A4E9C", "#7A7A7A", "#2F6DB2", "#A2477F"]
KINDS = [
    "#2F6DB2",
    "#C9861A",
    "#5A4E9C",
    "#A2477F",
    "#7A7A7A",
    "#8C6D46",
]  # of what is neither an option nor the claim
CHANNELS = {"color": alt.Color, "shape": alt.Shape, "strokeDash": alt.StrokeDash}
WIDTH, HEIGHT = 620, 280


@alt.theme.register("passthrough", enable=True)
def _theme() -> alt.theme.ThemeConfig:
    # equally wide: pictures are laid out by them
    font = "'Liberation Sans', Arial, Helvetica, system-ui, sans-serif"
    return {
        "config": {
            "font": font,
            "background": "transparent",
            "view": {"stroke": None, "continuousWidth": WIDTH, "continuousHeight": HEIGHT},
            "range": {"category": SERIES},
            "axis": {
                "gridColor": "#E6E9EE",
                "domainColor": FAINT,
                "tickColor": FAINT,
                "labelColor": INK,
                "titleColor": INK,
                "titleFontWeight": "normal",
                "labelFontSize": 12,
                "titleFontSize": 12,
                "labelLimit": 320,
            },
            "axisQuantitative": {"tickCount": 7},
            "axisTemporal": {"tickCount": {"interval": "month", "step": 3}, "format": "%b %Y"},
            "header": {"labelColor": INK, "titleColor": INK, "labelFontSize": 12},
            "legend": {
                "labelColor": INK,
                "titleColor": INK,
                "labelFontSize": 12,
                "orient": "top",
                "labelLimit": 320,
            },
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


def apart(field: str, names, title: str | None = None, legend=alt.Undefined, **looks) -> dict:
    """Channels that tell the names of a field apart: `color`, `shape` or `strokeDash`, each by
    looks in their order.
    """
    scales = {
        channel: alt.Scale(domain=list(names), range=list(look)) for channel, look in looks.items()
    }
    common = {"shorthand": f"{field}:N", "title": title, "legend": legend}
    return {channel: CHANNELS[channel](scale=scale, **common) for channel, scale in scales.items()}


def colour(there=("baseline", "candidate"), field: str = "option") -> alt.Color:
    """Colour by option, the same everywhere, with a legend of those that are there."""
    shown = alt.Legend(values=[name for name in OPTIONS if name in set(there)])
    return apart(field, OPTIONS, legend=shown, color=OPTIONS.values())["color"]


renderer.enable()  # whoever draws in this look also shows charts without a network
