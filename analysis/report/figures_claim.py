"""Figures of the claim: ladder, readings, published ratios, ledger, credence. Tidy tables in, charts out."""

import altair as alt
import pandas as pd

from analysis.report.theme import BASELINE, CANDIDATE, CLAIM, FAINT, INK, MEASURED, WIDTH

STEPS = {
    "software_alone": "Newer software, same chip",
    "fp8_to_fp4": "FP8 to FP4, one chip",
    "blackwell_to_ultra": "Blackwell to Blackwell Ultra",
    "hopper_to_blackwell": "Hopper to Blackwell",
    "competitor": "B200 to MI355X",
}
MARKS = {"holds": ("✓", CANDIDATE), "fails": ("✗", CLAIM), "cannot be told": ("?", "#6A6F76")}


def _times(values, title: str, **extra) -> alt.X:
    """A logarithmic axis of multipliers with round ticks inside the data."""
    ticks = [
        t
        for t in (0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 20, 50, 100)
        if min(values) * 0.9 <= t <= max(values) * 1.1
    ]
    scale = alt.Scale(type="log", domain=[min(values) * 0.92, max(values) * 1.08], nice=False)
    return alt.X(**extra, type="quantitative", title=title, scale=scale, axis=alt.Axis(values=ticks, format="~g"))


def waterfall(ladder: pd.DataFrame) -> alt.LayerChart:
    """From the headline's multiplier to the buyer's: each bar runs from what was left before to what is left after."""
    rows = ladder.drop(columns="draws").assign(order=range(len(ladder)), before=ladder["mid"].shift(fill_value=1.0))
    kinds = ["claim" if step == "Headline" else "step" for step in rows["step"]]
    rows["kind"] = [*kinds[:-1], "result"]
    rows["label"] = [
        f"{mid:.2f}× ({low:.2f} to {high:.2f})" for low, mid, high in rows[["low", "mid", "high"]].to_numpy()
    ]
    ends = [*rows["before"], *rows["low"], *rows["high"], 1]
    y = alt.Y("step:N", sort=list(rows["step"]), title=None)
    scale = alt.Scale(domain=["claim", "step", "result"], range=[CLAIM, BASELINE, CANDIDATE])
    base = alt.Chart(rows).encode(y=y)
    bars = base.mark_bar(height=16, opacity=0.55).encode(
        x=_times(ends, "tokens, new for old", shorthand="before"),
        x2="mid:Q",
        color=alt.Color("kind:N", scale=scale, legend=None),
    )
    spread = base.mark_rule(color=INK, strokeWidth=1.2).encode(x="low:Q", x2="high:Q")
    points = base.mark_tick(color=INK, thickness=2.5, size=18).encode(x="mid:Q", tooltip=["step", "label", "factor:Q"])
    text = base.mark_text(align="left", dx=6, color=INK).encode(x=alt.value(WIDTH), text="label:N")
    one = alt.Chart(pd.DataFrame({"x": [1.0]})).mark_rule(color=FAINT, strokeDash=[3, 3]).encode(x="x:Q")
    subtitle = "multiplier, logarithmic; throughput first, then tokens per dollar; tick: median, line: 80 % range"
    layers = one + bars + spread + points + text
    title = (
        "What is left of the headline on its way to a buyer" if "claim" in kinds else "From chip to buyer, step by step"
    )
    return _finish(layers, title, subtitle, len(rows) * 34)


def dumbbell(effects: pd.DataFrame, headline: float | None) -> alt.LayerChart:
    """Each reading's effect on tokens per chip second and on tokens per dollar; the red line is the headline."""
    rows = effects[effects["outcome"].isin(["throughput", "dollars"])].replace(
        {"outcome": {"throughput": "per chip second", "dollars": "per dollar"}}
    )
    marks = [1.0] if headline is None else [1.0, headline]
    ends = [*rows["mid"], *rows["low"], *rows["high"], *marks]
    y = alt.Y("title:N", sort=list(dict.fromkeys(rows["title"])), title=None)
    scale = alt.Scale(domain=["per chip second", "per dollar"], range=[BASELINE, CANDIDATE])
    shapes = alt.Scale(domain=["per chip second", "per dollar"], range=["circle", "square"])
    x = _times(ends, "tokens, new for old", shorthand="mid")
    pairs = alt.Chart(rows).mark_line(color=FAINT, strokeWidth=3).encode(x=x, y=y, detail="title:N")
    spread = (
        alt.Chart(rows[rows["outcome"] == "per dollar"]).mark_rule(color=CANDIDATE).encode(x="low:Q", x2="high:Q", y=y)
    )
    points = alt.Chart(rows).mark_point(filled=True, size=110, opacity=1).encode(
        x=x, y=y, color=alt.Color("outcome:N", scale=scale, title="Tokens"),
        shape=alt.Shape("outcome:N", title="Tokens", scale=shapes),
        tooltip=["title", "outcome", alt.Tooltip("mid:Q", format=".2f")],
    )  # fmt: skip
    lines = alt.Chart(pd.DataFrame({"x": marks, "colour": [FAINT, CLAIM][: len(marks)]})).mark_rule(strokeDash=[4, 3])
    rules = lines.encode(x="x:Q", color=alt.Color("colour:N", scale=None))
    title = "What the step buys" if headline is None else "What each reading of the claim would buy"
    subtitle = "multiplier, logarithmic; red: the headline; teal line: 80 % range of tokens per dollar"
    return _finish(alt.layer(rules, pairs, spread, points), title, subtitle, 34 * rows["title"].nunique())


def strip(rows: pd.DataFrame, headline: float | None) -> alt.LayerChart:
    """Published ratios by step: one mark a result, matched or best against best; the red line is the claim."""
    rows = rows.assign(step=rows["step"].map(STEPS), matching=rows["matching"].str.replace("_", " "))
    rows["weight"] = [1.0 if near else 0.45 for near in rows["beside"]]
    matched = rows[rows["matching"] == "matched"].groupby("step", as_index=False)["times_ratio"].median()
    ends = [*rows["times_ratio"], *([headline] if headline else [])]
    x = _times(ends, "tokens per chip second, after for before", shorthand="times_ratio")
    y = alt.Y("step:N", sort=list(STEPS.values()), title=None)
    kinds = ["matched", "best against best"]
    points = alt.Chart(rows).mark_point(size=70, strokeWidth=1.4).encode(
        x=x, y=y, opacity=alt.Opacity("weight:Q", scale=None, legend=None), color=alt.value(MEASURED),
        shape=alt.Shape("matching:N", title=None, scale=alt.Scale(domain=kinds, range=["circle", "diamond"])),
        tooltip=["baseline", "candidate", "model", "conditions", "times_ratio:Q", "source"],
    )  # fmt: skip
    middle = alt.Chart(matched).mark_tick(color=CANDIDATE, thickness=3, size=26).encode(x=x, y=y)
    layers = [points, middle]
    if headline:
        layers.append(alt.Chart(pd.DataFrame({"x": [headline]})).mark_rule(color=CLAIM, strokeWidth=2).encode(x="x:Q"))
    subtitle = (
        "ratio, logarithmic; teal: median of matched results; red: the claim; faint: steps beside the claim's own"
    )
    return _finish(
        alt.layer(*layers),
        "The claim among published measurements" if headline else "Published measurements",
        subtitle,
        230,
    )


def credence(updates: pd.DataFrame) -> alt.LayerChart:
    """Probability that the claim is of something real after each piece of evidence, in order of date."""
    rows = updates.drop(columns=["draws", "known"]).assign(
        label=[f"{row.known:%d %b %Y}  {row.step}" for row in updates.itertuples()],
        text=[f"{row.mid:.1%}" for row in updates.itertuples()],
    )
    y = alt.Y("label:N", sort=list(rows["label"]), title=None, axis=alt.Axis(labelLimit=520))
    x = alt.X("mid:Q", title="probability", axis=alt.Axis(format="%"), scale=alt.Scale(domainMin=0))
    base = alt.Chart(rows).encode(y=y)
    spread = base.mark_rule(color=BASELINE, strokeWidth=3).encode(x=alt.X("low:Q", title="probability"), x2="high:Q")
    points = base.mark_point(filled=True, size=90, color=CLAIM, opacity=1).encode(
        x=x, tooltip=["step", "ratio:Q", "why", "source"]
    )
    text = base.mark_text(align="left", dx=8, color=INK).encode(x="high:Q", text="text:N")
    subtitle = "probability; dot: median, line: 80 % range of the likelihood ratios"
    return _finish(spread + points + text, "How belief in the claim moved", subtitle, max(len(rows) * 30, 90), 420)


def trust(sensitivity: pd.DataFrame, believed: float) -> alt.LayerChart:
    """Tokens per dollar against the probability that the claim is true; the dotted line is what is believed now."""
    x = alt.X("true_share:Q", title="probability that the claim is true", axis=alt.Axis(format="%"))
    base = alt.Chart(sensitivity).encode(x=x)
    band = base.mark_area(color=CANDIDATE, opacity=0.2).encode(
        y=alt.Y("low:Q", title="tokens per dollar, new for old"), y2="high:Q"
    )
    line = base.mark_line(color=CANDIDATE).encode(y="mid:Q")
    mean = base.mark_line(color=CLAIM, strokeDash=[5, 3]).encode(y="mean:Q")
    now = alt.Chart(pd.DataFrame({"x": [believed]})).mark_rule(color=INK, strokeDash=[1, 3]).encode(x="x:Q")
    subtitle = "multiplier; line: median, band: 80 % range, red dashes: mean, dotted: what is believed now"
    return _finish(band + line + mean + now, "How much trust a conclusion needs", subtitle, 240)


def ledger(rows: pd.DataFrame) -> "pd.io.formats.style.Styler":
    """The ledger as a table: number, statement, verdict with a sign, evidence with its source, what would settle it."""
    told = pd.DataFrame({
        "#": rows["number"],
        "Statement, in our words": rows["says"],
        "Verdict": [f"{MARKS[verdict][0]} {verdict}" for verdict in rows["verdict"]],
        "Evidence": [f"{row.evidence} ({row.kind}; {row.publisher})" for row in rows.itertuples()],
        "What would settle it": [
            "settled" if r.due == "settled" else f"{r.settles}, by {r.by} ({r.due})" for r in rows.itertuples()
        ],
    })  # fmt: skip
    colours = {f"{sign} {said}": f"color: {colour}; font-weight: 600" for said, (sign, colour) in MARKS.items()}
    left = [{"selector": "td, th", "props": "text-align: left; vertical-align: top; white-space: normal"}]
    left += [{"selector": "", "props": "table-layout: fixed; width: 100%"}]
    left += [{"selector": f"th.col{i}", "props": f"width: {w}%"} for i, w in enumerate((4, 23, 12, 40, 21))]
    styled = told.style.hide(axis="index").map(lambda text: colours.get(text, ""), subset=["Verdict"])
    return styled.set_table_styles(left)


def _finish(chart, title: str, subtitle: str, height: int, width: int = WIDTH):
    """Title, unit and the words that a screen reader says."""
    return chart.properties(
        title=alt.Title(title, subtitle=subtitle), width=width, height=height, description=f"{title}. {subtitle}."
    )
