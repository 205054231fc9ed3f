"""Charts of the decision: tidy tables in, charts out."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from analysis.pages.charts.marks import dots, titled
from analysis.pages.charts.theme import BASELINE, CANDIDATE, CLAIM, HEIGHT, INK, told_apart

GAINS = (0.25, 8)  # ends of the axis of gains
GAIN_TICKS = [0.25, 0.5, 1, 1.5, 2, 3, 4, 6, 8]
LEVELS = {  # colour, dashes and width of a line of the map, by the share that waiting saves
    -0.1: (BASELINE, [2, 3]),
    0.0: (INK, [1, 0]),
    0.1: (CANDIDATE, [6, 3]),
    0.2: (CANDIDATE, [1, 2]),
}


def has_line(lines: pd.DataFrame) -> bool:
    """Whether any line of `wait_or_move` crosses its map."""
    return not _on_map(lines).empty


def _on_map(lines: pd.DataFrame) -> pd.DataFrame:
    """The part of the lines that is drawn; it is clipped at the top."""
    low, high = GAINS
    return lines[lines["gain_ratio"].between(low, 2 * high)]


def wait_or_move(
    lines: pd.DataFrame,
    delay_months: Sequence[float],
    gain_ratio: Sequence[float],
    product: str,
    finding: str,
) -> alt.LayerChart:
    """Contours over delay and gain: where waiting costs the same as the best act of today.

    `lines` has a row a delay and a line: `delay_months`, `gain_ratio`, `saved_share` and `waiting`
    (words). The cross is where the product is expected, from P10 to P90 both ways.
    """
    low, high = GAINS
    reach = float(lines["delay_months"].min()), float(lines["delay_months"].max())
    shown = _on_map(lines)
    names = dict(zip(lines["saved_share"], lines["waiting"], strict=True))
    colours, dashes = zip(*(LEVELS[share] for share in names), strict=True)
    looks = told_apart(
        "waiting", names.values(), "waiting", color=list(colours), strokeDash=list(dashes)
    )
    x = alt.X(
        "delay_months:Q",
        title="months from today until it is at work here",
        scale=alt.Scale(domain=list(reach), nice=False),
    )
    y = alt.Y(
        "gain_ratio:Q",
        title="gain: work per dollar on it",
        scale=alt.Scale(type="log", domain=[low, high], nice=False),
        axis=alt.Axis(values=GAIN_TICKS, format="~g", labelOverlap=False, tickCount=40),
    )
    contours = alt.Chart(shown).mark_line(clip=True).encode(x=x, y=y, **looks)
    layers = [contours, *_cross(delay_months, gain_ratio, reach, product)]
    return titled("decision.map", layers, HEIGHT, data=shown, finding=finding, product=product)


def _cross(
    delay_months: Sequence[float],
    gain_ratio: Sequence[float],
    reach: tuple[float, float],
    product: str,
) -> list[alt.Chart]:
    """Where a product is expected, medians and 80% ranges, and what to do on either side."""
    early, due, late = np.clip(delay_months, *reach)
    less, gain, more = np.clip(gain_ratio, *GAINS)
    spot = pd.DataFrame({"x": [due], "x_low": [early], "x_high": [late], "y": [gain]}).assign(
        y_low=less, y_high=more, word=product
    )
    base = alt.Chart(spot)
    line = {"color": CLAIM, "strokeWidth": 3, "opacity": 0.6}
    return [
        base.mark_rule(**line).encode(x="x_low:Q", x2="x_high:Q", y="y:Q"),
        base.mark_rule(**line).encode(x="x:Q", y="y_low:Q", y2="y_high:Q"),
        dots(base, color=CLAIM).encode(x="x:Q", y="y:Q"),
        *_haloed(base, {"x": "x:Q", "y": "y:Q", "text": "word:N"}, dx=9, dy=-10, fontWeight="bold"),
        *_haloed(base, _corner(0, 0, "above the solid line: wait or bridge"), dx=8, dy=14),
        *_haloed(
            base, _corner("width", "height", "below it: act now"), dx=-8, dy=-12, align="right"
        ),
    ]


def _corner(x: float | str, y: float | str, words: str) -> dict[str, Any]:
    return {"x": alt.value(x), "y": alt.value(y), "text": alt.value(words)}


def _haloed(base: alt.Chart, channels: dict[str, Any], **mark: Any) -> list[alt.Chart]:
    """A text that stays readable where lines run through it."""
    looks = ({"color": "white", "stroke": "white", "strokeWidth": 4}, {"color": INK})
    look = {"align": "left", "baseline": "middle", **mark}
    return [base.mark_text(**look, **colours).encode(**channels) for colours in looks]
