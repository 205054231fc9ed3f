"""Charts of energy, power and cooling, from tidy tables; only units and labels are made here."""

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
    MEASURED,
    option_colour,
    told_apart,
    worded_options,
)
from analysis.pages.numbers import number
from analysis.pages.words import worded
from analysis.units import convert

BOUNDARIES = {
    "board": "accelerator boards",
    "wall": "system at the wall",
    "facility": "facility at the meter",
}
IMPLIED = "not stated"  # the boundary of the power that a claim implies
BOUNDARY_COLOURS = {
    IMPLIED: CLAIM,
    "board limit": BASELINE,
    "board": MEASURED,
    "wall": CANDIDATE,
}
NAMED_RACKS = ["h100-sxm", "b200", "gb300", "vr200", "kyber"]  # with a name beside their mark
ZERO_CELSIUS_K = 273.15


def waterfall(steps: pd.DataFrame) -> alt.LayerChart:
    """Joules per output token from boards to the meter: a bar a step, the line is the sum's range.

    `steps` is what `energy.waterfall` gives: columns option, step, boundary, low, mid, high.
    """
    boundaries = [f" ({name})" if name else "" for name in steps["boundary"]]
    at_meter = worded_options(steps).groupby("option", sort=False)["mid"].last()
    ends = [f"{number(joules)} J ({option})" for option, joules in at_meter.items()]
    rows = worded_options(steps).assign(
        before=steps.groupby("option")["mid"].shift(fill_value=0.0),
        label=steps["step"] + boundaries,
    )
    finding = f"A token at the meter: {', '.join(ends)}"
    base = alt.Chart(rows).encode(
        y=name_axis("label", rows["label"]), yOffset=alt.YOffset("option:N", sort=None)
    )
    bars = base.mark_bar(opacity=0.6).encode(
        x=alt.X("before:Q", title="J per output token, prompt included"),
        x2="mid:Q",
        color=option_colour(rows["option"]),
    )
    ranges = base.mark_rule(color=INK).encode(x="low:Q", x2="high:Q")
    medians = base.mark_tick(color=INK, thickness=2).encode(
        x="mid:Q", tooltip=tooltips("option", "step", mid=".3g")
    )
    return titled("energy.steps", [bars, ranges, medians], 230, finding=finding)


def boundaries(tokens: pd.DataFrame) -> alt.FacetChart:
    """Joules of an input, cached and output token at three boundaries, option beside option.

    `tokens` is what `energy.tokens` gives: columns option, token, boundary, low, mid, high.
    """
    rows = worded_options(tokens.replace({"boundary": BOUNDARIES}))
    at_meter = tokens[(tokens["option"] == "candidate") & (tokens["boundary"] == "facility")]
    joules = at_meter.set_index("token")["mid"]
    finding = (
        "With the headline's option an output token takes "
        f"{number(joules['output'] / joules['input'], 2)} times the energy of a prompt token"
    )
    colour = option_colour(rows["option"])
    base = alt.Chart(rows).encode(
        y=name_axis("boundary", BOUNDARIES.values()),
        yOffset=alt.YOffset("option:N", sort=None),
        color=colour,
    )
    x = log_axis("low", "J per token", [*rows["low"], *rows["high"]])
    order = alt.Scale(domain=list(worded("option").values()))
    # Of equal title and legend, so that Vega-Lite draws one legend of colours and shapes.
    legend = {name: colour[name] for name in ("title", "legend")}
    shape = {"shape": alt.Shape("option:N", scale=order, **legend)}
    chart = alt.layer(*intervals(base, x, shape, strokeWidth=1.5))
    chart = chart.properties(height=95, width=540)
    kinds = alt.Row("token:N", title=None, sort=["input", "cached", "output"])
    return titled("energy.boundaries", chart.facet(row=kinds), finding=finding)


def batch(series: pd.DataFrame) -> alt.FacetChart:
    """Board energy per output token over requests in flight: measured points, predicted line.

    `series` is what `energy.energy_by_batch` gives: columns series, concurrency, measured, low,
    mid, high.
    """
    x = alt.X("concurrency:Q", title="requests in flight", scale=alt.Scale(type="log", base=2))
    ends = [*series["low"], *series["high"], *series["measured"]]
    y = log_axis("low", "J per output token", ends, alt.Y)
    base = alt.Chart().encode(x=x)
    points = dots(base, 45, color=MEASURED).encode(
        y="measured:Q", tooltip=tooltips("series", "concurrency", measured=".3g", mid=".3g")
    )
    chart = alt.layer(*band(base, y), points, data=series).properties(height=150, width=250)
    facets = chart.facet(facet=alt.Facet("series:N", title=None), columns=2)
    return titled("energy.batch", facets)


def power_ratios(steps: pd.DataFrame) -> alt.LayerChart:
    """Power of later over earlier chips: limits, measured boards and walls, and the claim's.

    `steps` is what `power.generation_steps` gives; the claim's row, where there is one, has the
    boundary "not stated".
    """
    suffixes = ["" if name == IMPLIED else f", {name}" for name in steps["boundary"]]
    rows = steps.assign(label=steps["step"] + suffixes, note=steps["change"].fillna(""))
    present = [name for name in BOUNDARY_COLOURS if name in set(rows["boundary"])]
    legend = alt.Legend(values=present)
    base = alt.Chart(rows).encode(y=name_axis("label", rows["label"]))
    shapes = alt.Scale(domain=list(BOUNDARY_COLOURS))
    points = dots(base).encode(
        x=alt.X("power_ratio:Q", title="power, later over earlier", scale=alt.Scale(domainMin=0)),
        shape=alt.Shape("boundary:N", scale=shapes, title="Boundary", legend=legend),
        tooltip=tooltips(
            "label", "note", "source", power_ratio=".2f", energy_ratio=".2f", time_ratio=".2f"
        ),
        **told_apart(
            "boundary",
            BOUNDARY_COLOURS,
            "Boundary",
            legend,
            color=list(BOUNDARY_COLOURS.values()),
        ),
    )
    numbers = base.mark_text(align="left", dx=12, color=INK, x="width").encode(
        text=alt.Text("power_ratio:Q", format=".2f")
    )
    lines: list[alt.Chart] = []
    sold = rows.loc[rows["boundary"] != IMPLIED, "power_ratio"]
    finding = f"From one chip to a later one power rose by up to {sold.max():.2f} times"
    for ratio in rows.loc[rows["boundary"] == IMPLIED, "power_ratio"]:
        lines += vertical_line(float(ratio), CLAIM)
        finding = (
            f"The claim implies {ratio:.2f} times the power; {(sold >= ratio).sum()} of "
            f"{len(sold)} steps between chips on sale reach that"
        )
    caption = "energy.claim" if lines else "energy.watts"
    return titled(caption, [*lines, points, numbers], 30 * len(rows), data=rows, finding=finding)


def multipliers(limits: pd.DataFrame) -> alt.LayerChart:
    """Tokens of the candidate over the baseline for the same chips, dollars and megawatts.

    `limits` is what `power.tokens_by_limit` gives: columns limit, low, mid, high.
    """
    rows = limits.assign(label="same " + limits["limit"])
    base = alt.Chart(rows).encode(y=name_axis("label", rows["label"]))
    x = log_axis("low", "tokens, new for old", [*rows["low"], *rows["high"], 1.0])
    numbers = base.mark_text(dy=-12, color=INK).encode(
        x="mid:Q", text=alt.Text("mid:Q", format=".2f")
    )
    layers = [*vertical_line(1, FAINT), *intervals(base, x, color=CANDIDATE), numbers]
    return titled("energy.scarce", layers, 160, data=rows)


def density(racks: pd.DataFrame) -> alt.LayerChart:
    """Share of positions that can hold a rack, by its power; dotted: the halls' usual limit.

    `racks` is what `power.density` gives: columns rack, rack_w, limit_w, low, mid, high.
    """
    rows = racks.assign(rack_kw=convert(racks["rack_w"], "W", "kW"), name=racks["rack"].map(chip))
    limit_kw = float(convert(racks["limit_w"].iloc[0], "W", "kW"))
    x = log_axis("rack_kw", "rack power, kW", [*rows["rack_kw"], limit_kw])
    y = share_axis("low", "share of positions", domain=(0, 1))
    base = alt.Chart(rows).encode(x=x)
    named = alt.Chart(rows[rows["rack"].isin(NAMED_RACKS)]).encode(x=x)
    layers = [
        *vertical_line(limit_kw, INK, (2, 3)),
        base.mark_rule(color=CANDIDATE, opacity=0.6).encode(y=y, y2="high:Q"),
        dots(base, 60, color=CANDIDATE).encode(
            y="mid:Q", tooltip=tooltips("name", rack_kw=".0f", mid=".0%")
        ),
        named.mark_text(dy=-14, color=INK).encode(y="high:Q", text="name:N"),
    ]
    return titled("energy.density", layers, 240, data=rows)


def warm_water(supply: pd.DataFrame) -> alt.FacetChart:
    """Free cooling, PUE and tokens kept over the temperature of the supply water, with 80% bands.

    `supply` is what `power.warm_water` gives: columns quantity, supply_k, low, mid, high.
    """
    rows = supply.assign(celsius=supply["supply_k"] - ZERO_CELSIUS_K)
    x = alt.X(
        "celsius:Q",
        title="supply water, °C",
        scale=alt.Scale(zero=False),
        axis=alt.Axis(values=[20, 30, 40, 50]),
    )
    y = alt.Y("low:Q", title=None, scale=alt.Scale(zero=False))
    chart = alt.layer(*band(alt.Chart().encode(x=x), y), data=rows)
    chart = chart.properties(height=140, width=170)
    facets = chart.facet(column=alt.Column("quantity:N", title=None, sort=None))
    return titled("energy.water", facets.resolve_scale(y="independent"))
