"""Figures of energy, power and cooling: tidy tables in, charts out; nothing is computed here but
units and labels.
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
    MEASURED,
    WIDTH,
    apart,
    colour,
)
from analysis.units import convert

NAMES = {
    "board": "accelerator boards",
    "wall": "system at the wall",
    "facility": "facility at the meter",
}
BOUNDARIES = {"not stated": CLAIM, "board limit": BASELINE, "board": MEASURED, "wall": CANDIDATE}
NAMED = ["h100-sxm", "b200", "gb300", "vr200", "kyber"]  # racks with a name beside their mark


def waterfall(steps: pd.DataFrame) -> alt.LayerChart:
    """Joules per output token from boards to the meter: each bar adds a step, the line is the 80%
    range of the sum.
    """
    bounds = steps["boundary"].map(lambda b: f" ({b})" if b else "")
    told = steps.assign(
        before=steps.groupby("option")["mid"].shift(fill_value=0.0), label=steps["step"] + bounds
    )
    base = alt.Chart(told).encode(
        y=rows("label", told["label"]), yOffset=alt.YOffset("option:N", sort=None)
    )
    x = alt.X("before:Q", title="J per output token, prompt included")
    layers = [
        base.mark_bar(opacity=0.6).encode(x=x, x2="mid:Q", color=colour(told["option"])),
        base.mark_rule(color=INK).encode(x="low:Q", x2="high:Q"),
        base.mark_tick(color=INK, thickness=2).encode(
            x="mid:Q", tooltip=tips("option", "step", mid=".3g")
        ),
    ]
    return titled("energy.steps", layers, 230)


def boundaries(tokens: pd.DataFrame) -> alt.FacetChart:
    """Joules of an input, cached and output token at three boundaries, option beside option, with
    80% ranges.
    """
    told = tokens.replace({"boundary": NAMES})
    base = alt.Chart(told).encode(y=rows("boundary", NAMES.values()), color=colour(told["option"]))
    base = base.encode(yOffset=alt.YOffset("option:N", sort=None))
    x, shape = (
        log_axis("low", "J per token", [*told["low"], *told["high"]]),
        alt.Shape("option:N", legend=None),
    )
    layers = alt.layer(*spans(base, x, {"shape": shape}, strokeWidth=1.5)).properties(
        height=95, width=540
    )
    chart = layers.facet(row=alt.Row("token:N", title=None, sort=["input", "cached", "output"]))
    return titled("energy.boundaries", chart)


def batch(series: pd.DataFrame) -> alt.FacetChart:
    """Board energy per output token over requests in flight: measured points on the predicted line
    and its range.
    """
    base = alt.Chart().encode(
        x=alt.X("concurrency:Q", title="requests in flight", scale=alt.Scale(type="log", base=2))
    )
    y = log_axis(
        "low", "J per output token", [*series["low"], *series["high"], *series["measured"]], alt.Y
    )
    points = dots(base, 45, color=MEASURED)
    points = points.encode(
        y="measured:Q", tooltip=tips("series", "concurrency", measured=".3g", mid=".3g")
    )
    layers = alt.layer(*fan(base, y), points, data=series).properties(height=150, width=250)
    return titled("energy.batch", layers.facet(facet=alt.Facet("series:N", title=None), columns=2))


def ladder(steps: pd.DataFrame) -> alt.LayerChart:
    """Power of later over earlier chips: limits, measured boards, measured walls, and what the
    claim implies.
    """
    label = steps["step"] + steps["boundary"].map(lambda b: "" if b == "not stated" else f", {b}")
    told = steps.assign(label=label, note=steps["change"].fillna(""))
    known, claimed = (
        [b for b in BOUNDARIES if b in set(told["boundary"])],
        told[told["boundary"] == "not stated"],
    )
    shown = {"title": "Boundary", "legend": alt.Legend(values=known)}
    x = alt.X("power_ratio:Q", title="power, later over earlier", scale=alt.Scale(domainMin=0))
    base = alt.Chart(told).encode(y=rows("label", label))
    points = dots(base).encode(
        x=x,
        **apart("boundary", BOUNDARIES, **shown, color=BOUNDARIES.values()),
        shape=alt.Shape("boundary:N", scale=alt.Scale(domain=list(BOUNDARIES)), **shown),
        tooltip=tips(
            "label", "note", "source", power_ratio=".2f", energy_ratio=".2f", time_ratio=".2f"
        ),
    )
    text = base.mark_text(align="left", dx=12, color=INK, x=WIDTH).encode(
        text=alt.Text("power_ratio:Q", format=".2f")
    )
    lines = [mark for ratio in claimed["power_ratio"] for mark in rule(float(ratio), CLAIM)]
    return titled(
        "energy.claim" if lines else "energy.watts", [*lines, points, text], 30 * len(told)
    )


def multipliers(limits: pd.DataFrame) -> alt.LayerChart:
    """Tokens of the candidate over the baseline for the same chips, dollars and megawatts, with 80%
    ranges.
    """
    told = limits.assign(label="same " + limits["limit"])
    base = alt.Chart(told).encode(y=rows("label", told["label"]))
    x = log_axis("low", "tokens, new for old", [*told["low"], *told["high"], 1.0])
    text = base.mark_text(dy=-12, color=INK).encode(x="mid:Q", text=alt.Text("mid:Q", format=".2f"))
    layers = [*rule(1, FAINT), *spans(base, x, color=CANDIDATE), text]
    return titled("energy.scarce", layers, 160)


def density(racks: pd.DataFrame) -> alt.LayerChart:
    """Share of positions that can hold a rack, by its power; the dotted line is the usual limit of
    the halls.
    """
    told = racks.assign(rack_kw=convert(racks["rack_w"], "W", "kW"), name=racks["rack"].map(chip))
    limit_kw = float(convert(racks["limit_w"].iloc[0], "W", "kW"))
    x = log_axis("rack_kw", "rack power, kW", [*told["rack_kw"], limit_kw])
    y = percent("low", "share of positions", domain=(0, 1))
    base, named = (alt.Chart(each).encode(x=x) for each in (told, told[told["rack"].isin(NAMED)]))
    layers = [
        *rule(limit_kw, INK, (2, 3)),
        base.mark_rule(color=CANDIDATE, opacity=0.6).encode(y=y, y2="high:Q"),
        dots(base, 60, color=CANDIDATE).encode(
            y="mid:Q", tooltip=tips("name", rack_kw=".0f", mid=".0%")
        ),
        named.mark_text(dy=-14, color=INK).encode(y="high:Q", text="name:N"),
    ]
    return titled("energy.density", layers, 240)


def warm_water(told: pd.DataFrame) -> alt.FacetChart:
    """Free cooling, PUE and tokens kept over the temperature of the supply water, with 80%
    bands.
    """
    told, ticks = told.assign(celsius=told["supply_k"] - 273.15), alt.Axis(values=[20, 30, 40, 50])
    base = alt.Chart().encode(
        x=alt.X("celsius:Q", title="supply water, °C", scale=alt.Scale(zero=False), axis=ticks)
    )
    layers = alt.layer(
        *fan(base, alt.Y("low:Q", title=None, scale=alt.Scale(zero=False))), data=told
    )
    chart = layers.properties(height=140, width=170).facet(
        column=alt.Column("quantity:N", title=None, sort=None)
    )
    return titled("energy.water", chart.resolve_scale(y="independent"))
