"""Figures of energy, power and cooling: tidy tables in, charts out; nothing is computed here but units and labels."""

import altair as alt
import pandas as pd

from analysis.report.theme import BASELINE, CANDIDATE, CLAIM, FAINT, INK, MEASURED, colour
from analysis.units import convert

NAMES = {"board": "accelerator boards", "wall": "system at the wall", "facility": "facility at the meter"}


def _finish(chart, title: str, subtitle: str, height: int, width: int = 560):
    """Title that says what is seen, unit below it, and the same for screen readers."""
    return chart.properties(
        title=alt.Title(title, subtitle=subtitle), description=f"{title}. {subtitle}.", height=height, width=width
    )


def _log(name: str, values, title: str, axis=alt.Y, **kept):
    """A logarithmic axis a little wider than its data."""
    scale = alt.Scale(type="log", domain=[min(values) / 1.15, max(values) * 1.15], nice=False)
    return axis(f"{name}:Q", title=title, scale=scale, axis=alt.Axis(tickCount=6, format="~g"), **kept)


def waterfall(steps: pd.DataFrame) -> alt.LayerChart:
    """Joules per output token from boards to the meter: each bar adds a step, the line is the 80 % range of the sum."""
    before = steps.groupby("option")["mid"].shift(fill_value=0.0)
    rows = steps.assign(before=before, label=steps["step"] + steps["boundary"].map(lambda b: f" ({b})" if b else ""))
    base = alt.Chart(rows).encode(y=alt.Y("label:N", sort=None, title=None), yOffset=alt.YOffset("option:N", sort=None))
    bars = base.mark_bar(opacity=0.6).encode(
        x=alt.X("before:Q", title="J per output token, prompt included"), x2="mid:Q", color=colour()
    )
    ranges = base.mark_rule(color=INK).encode(x="low:Q", x2="high:Q")
    ends = base.mark_tick(color=INK, thickness=2).encode(
        x="mid:Q", tooltip=["option", "step", alt.Tooltip("mid:Q", format=".3g")]
    )
    subtitle = "joules; tick: median so far, line: 80 % range of the sum"
    return _finish(bars + ranges + ends, "What comes on top of the boards on the way to the meter", subtitle, 230)


def boundaries(tokens: pd.DataFrame) -> alt.Chart:
    """Joules of an input, cached and output token at three boundaries, baseline beside candidate, with 80 % ranges."""
    rows = tokens.replace({"boundary": NAMES})
    base = alt.Chart().encode(
        y=alt.Y("boundary:N", sort=list(NAMES.values()), title=None),
        yOffset=alt.YOffset("option:N", sort=None),
        color=colour(),
    )
    x = _log("mid", [*rows["low"], *rows["high"]], "J per token", alt.X)
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        x=x, shape=alt.Shape("option:N", legend=None), tooltip=["option", "token", "boundary", "mid:Q"]
    )
    layers = alt.layer(base.mark_rule().encode(x="low:Q", x2="high:Q"), points, data=rows).properties(
        height=95, width=560
    )
    chart = layers.facet(row=alt.Row("token:N", title=None, sort=["input", "cached", "output"]))
    title, unit = "A token's energy by kind and boundary", "joules, logarithmic; line: 80 % range"
    return chart.properties(title=alt.Title(title, subtitle=unit), description=f"{title}. {unit}.")


def batch(series: pd.DataFrame) -> alt.Chart:
    """Board energy per output token over requests in flight: measured points on the predicted line and its range."""
    base = alt.Chart().encode(x=alt.X("concurrency:Q", title="requests in flight", scale=alt.Scale(type="log", base=2)))
    y = _log("mid", [*series["low"], *series["high"], *series["measured"]], "J per output token")
    band = base.mark_area(color=CANDIDATE, opacity=0.18).encode(
        y=alt.Y("low:Q", title="J per output token"), y2="high:Q"
    )
    points = base.mark_point(color=MEASURED, filled=True, size=45, opacity=1).encode(
        y="measured:Q", tooltip=["series", "concurrency", "measured:Q", "mid:Q", "source"]
    )
    layers = alt.layer(band, base.mark_line(color=CANDIDATE).encode(y=y), points, data=series).properties(
        height=150, width=250
    )
    chart = layers.facet(facet=alt.Facet("series:N", title=None), columns=2)
    title = "More requests share a step, so a token takes less energy"
    unit = (
        "joules at the boards, both axes logarithmic; black: measured, line and band: predicted median and 80 % range"
    )
    return chart.properties(title=alt.Title(title, subtitle=unit), description=f"{title}. {unit}.")


def measured(answers: pd.DataFrame) -> alt.LayerChart:
    """Predicted against measured board energy of models left out, at the predicted speed; on the line both agree."""
    rows = answers[answers["speed"] == "predicted"].assign(measured=lambda d: d["energy_j_per_output_token"])
    ends = [*rows["measured"], *rows["predicted"]]
    line = alt.Chart(pd.DataFrame({"x": [min(ends), max(ends)]})).mark_line(color=FAINT).encode(x="x:Q", y="x:Q")
    points = alt.Chart(rows).mark_point(filled=True, size=45, opacity=0.7).encode(
        x=_log("measured", ends, "measured, J per output token", alt.X),
        y=_log("predicted", ends, "predicted, J per output token"),
        color=alt.Color("source:N", title=None), shape=alt.Shape("source:N", title=None),
        tooltip=["accelerator", "model", "precision", "concurrency", "measured:Q", "predicted:Q", "where"],
    )  # fmt: skip
    subtitle = "joules at the boards, both axes logarithmic; each point by weights that never saw its model"
    return _finish(line + points, "Board energy as measured and as predicted", subtitle, 320, 420)


def ladder(steps: pd.DataFrame) -> alt.LayerChart:
    """Power of later over earlier chips: limits, measured boards, measured walls, and what the claim implies."""
    rows = steps.assign(label=steps["step"] + ", " + steps["boundary"], note=steps["change"].fillna(""))
    kinds = ["not stated", "board limit", "board", "wall"]
    y = alt.Y("label:N", sort=None, title=None, axis=alt.Axis(labelLimit=320))
    shape = alt.Shape("boundary:N", title="Boundary", scale=alt.Scale(domain=kinds))
    hue = alt.Color(
        "boundary:N", title="Boundary", scale=alt.Scale(domain=kinds, range=[CLAIM, BASELINE, MEASURED, CANDIDATE])
    )
    base = alt.Chart(rows).encode(y=y)
    points = base.mark_point(filled=True, size=110, opacity=1).encode(
        x=alt.X("power_ratio:Q", title="power, later over earlier", scale=alt.Scale(domainMin=0)),
        color=hue, shape=shape, tooltip=["label", "power_ratio:Q", "energy_ratio:Q", "time_ratio:Q", "note", "source"],
    )  # fmt: skip
    text = base.mark_text(align="left", dx=9, dy=-9, color=INK).encode(
        x="power_ratio:Q", text=alt.Text("power_ratio:Q", format=".2f")
    )
    claim = (
        alt.Chart(rows[rows["boundary"] == "not stated"])
        .mark_rule(color=CLAIM, strokeDash=[4, 3])
        .encode(x="power_ratio:Q")
    )
    return _finish(claim + points + text, "The claim's watts beside those of chips on sale", "ratio of power", 300)


def multipliers(rows: pd.DataFrame) -> alt.LayerChart:
    """Tokens of the candidate over the baseline for the same chips, dollars and megawatts, with 80 % ranges."""
    base = alt.Chart(rows.assign(label="same " + rows["limit"])).encode(y=alt.Y("label:N", sort=None, title=None))
    one = alt.Chart(pd.DataFrame({"x": [1.0]})).mark_rule(color=FAINT, strokeDash=[4, 3]).encode(x="x:Q")
    ranges = base.mark_rule(color=CANDIDATE, strokeWidth=3).encode(x="low:Q", x2="high:Q")
    x = _log("mid", [*rows["low"], *rows["high"], 1.0], "tokens, new for old", alt.X)
    points = base.mark_point(filled=True, size=120, color=CANDIDATE, opacity=1).encode(x=x)
    text = base.mark_text(dy=-12, color=INK).encode(x="mid:Q", text=alt.Text("mid:Q", format=".2f"))
    subtitle = "multiplier, logarithmic; dot: median, line: 80 % range"
    return _finish(one + ranges + points + text, "The gain depends on what is scarce", subtitle, 160)


def density(racks: pd.DataFrame) -> alt.LayerChart:
    """Share of positions that can hold a rack, by its power; the dotted line is the usual limit of the halls."""
    rows = racks.assign(rack_kw=convert(racks["rack_w"], "W", "kW"), limit_kw=convert(racks["limit_w"], "W", "kW"))
    base = alt.Chart(rows).encode(x=_log("rack_kw", [*rows["rack_kw"], *rows["limit_kw"]], "rack power, kW", alt.X))
    ranges = base.mark_rule(color=BASELINE).encode(y="low:Q", y2="high:Q")
    points = base.mark_point(filled=True, color=CANDIDATE, size=60, opacity=1).encode(
        y=alt.Y("mid:Q", title="share of positions", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])),
        tooltip=["rack", "rack_kw:Q", alt.Tooltip("mid:Q", format=".0%")],
    )
    named = base.transform_filter(alt.FieldOneOfPredicate("rack", ["h100-sxm", "b200", "gb300", "vr200", "kyber"]))
    text = named.mark_text(dy=-14, color=INK).encode(y="high:Q", text="rack:N")
    limit = base.mark_rule(color=CLAIM, strokeDash=[2, 3]).encode(x="limit_kw:Q", y=alt.value(0), y2=alt.value(240))
    subtitle = "share of positions a tenant can rent; line: 80 % range; red: usual limit of the site's halls"
    return _finish(limit + ranges + points + text, "The denser the rack, the fewer places for it", subtitle, 240)


def warm_water(rows: pd.DataFrame) -> alt.Chart:
    """Free cooling, PUE and tokens kept over the temperature of the supply water, with 80 % bands."""
    told = rows.assign(celsius=rows["supply_k"] - 273.15)
    base = alt.Chart().encode(x=alt.X("celsius:Q", title="supply water, degrees C", scale=alt.Scale(zero=False)))
    band = base.mark_area(color=CANDIDATE, opacity=0.18).encode(
        y=alt.Y("low:Q", title=None, scale=alt.Scale(zero=False)), y2="high:Q"
    )
    layers = alt.layer(band, base.mark_line(color=CANDIDATE).encode(y="mid:Q"), data=told).properties(
        height=140, width=180
    )
    chart = layers.facet(column=alt.Column("quantity:N", title=None, sort=None)).resolve_scale(y="independent")
    title, unit = "Warmer water saves chillers until the chips slow down", "line: median, band: 80 % range"
    return chart.properties(title=alt.Title(title, subtitle=unit), description=f"{title}. {unit}.")
