"""Charts of the validation page: frontiers with points, gains and pairs; from tidy tables."""

import altair as alt
import pandas as pd

from analysis.facts import chip
from analysis.model.manner import KINDS
from analysis.pages.charts.marks import dots, log_axis, titled, tooltips
from analysis.pages.charts.theme import CANDIDATE, INK, MEASURED, SERIES, told_apart

RATE = "output_tokens_per_s_per_chip"
SPEED = "tokens_per_s_per_user"
SHAPES = ("circle", "square", "triangle-up", "diamond")
SMALL_WIDTH, SMALL_HEIGHT = 275, 190  # of one of several charts


def frontiers(lines: pd.DataFrame, measured: pd.DataFrame, finding: str) -> alt.FacetChart:
    """Tokens/s a chip over tokens/s for each user, a small chart a chip, with measured points.

    `lines` and `measured` are what the functions of those names in `frontiers` give; `finding` is
    the title.
    """
    points = measured[measured[SPEED].between(lines[SPEED].min(), lines[SPEED].max())]
    points = points.rename(columns={RATE: "measured"})
    rows = pd.concat([lines.drop(columns="kind"), points], ignore_index=True)
    names = [chip(name) for name in dict.fromkeys(lines["accelerator"])]
    rows = rows.assign(chip=rows.pop("accelerator").map(chip))
    x = log_axis(SPEED, "tokens/s for each user", rows[SPEED])
    drawn = [*rows["low"].dropna(), *rows["high"].dropna(), *rows["measured"].dropna()]
    y = log_axis("low", "output tokens/s per chip", [value for value in drawn if value >= 5], alt.Y)
    base = alt.Chart().encode(x=x)
    predicted = base.transform_filter("isValid(datum.mid)")
    band = predicted.mark_area(color=CANDIDATE, opacity=0.2, clip=True).encode(y=y, y2="high:Q")
    line = predicted.mark_line(color=CANDIDATE, clip=True).encode(y="mid:Q")
    marks = base.transform_filter("isValid(datum.measured)")
    colours = [SERIES[2], SERIES[3], SERIES[1], INK]
    kinds = told_apart("kind", KINDS[:4], color=colours, shape=SHAPES)
    marks = dots(marks, size=24, clip=True).encode(
        y="measured:Q", tooltip=tooltips("chip", "engine", "kind", measured=",.0f"), **kinds
    )
    layered = alt.layer(band, line, marks, data=rows)
    layered = layered.properties(width=SMALL_WIDTH, height=SMALL_HEIGHT)
    facet = alt.Facet("chip:N", title=None, sort=names)
    return titled("validation.frontiers", layered.facet(facet, columns=2), finding=finding)


def gains(rows: pd.DataFrame, finding: str) -> alt.FacetChart:
    """What one change brings, measured beside predicted, a small chart a way of comparing.

    `rows` is what `gains.summary` gives, with `words` for the change and `label` for its count.
    """
    both = [1.0, *rows["measured"], *rows["predicted"]]
    x = log_axis("measured", "tokens/s per chip, after over before", both)
    y = alt.Y("words:N", title=None, sort=None)
    base = alt.Chart().encode(y=y)
    line = base.mark_rule(color=INK, opacity=0.5).encode(x=x, x2="predicted:Q")
    predicted = dots(base, color=CANDIDATE, size=80).encode(
        x="predicted:Q", tooltip=tooltips("words", measured=".2f", predicted=".2f", error=".0%")
    )
    measured = base.mark_point(color=MEASURED, shape="diamond", size=75, strokeWidth=1.8)
    label = base.mark_text(align="left", dx=8, color=INK).encode(
        x=alt.value("width"), text="label:N"
    )
    layered = alt.layer(line, predicted, measured.encode(x="measured:Q"), label, data=rows)
    layered = layered.properties(width=430, height=alt.Step(24))
    head = alt.Header(labelOrient="top", labelAnchor="start", labelAngle=0, labelPadding=4)
    row = alt.Row("matching:N", title=None, sort=None, header=head)
    facets = layered.facet(row=row).properties(spacing=24)
    return titled("validation.gains", facets, finding=finding)
