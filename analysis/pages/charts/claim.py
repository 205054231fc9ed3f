"""Charts of a claim: ladder, readings, published ratios, credence, trust; from tidy tables."""

from textwrap import wrap

import altair as alt
import numpy as np
import pandas as pd

from analysis.pages.charts.marks import (
    band,
    dots,
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
    told_apart,
)
from analysis.pages.numbers import prefixed, text
from analysis.pages.words import worded

TOKENS = "tokens, new for old"
HEADLINE = "Headline"  # the step of the ladder that the claim itself takes
MATCHINGS = {  # the shape of a published ratio, by how its sides were made comparable
    "matched": "circle",
    "same promise": "square",
    "best of each": "diamond",
    "single point": "triangle-up",
}
LABEL_WIDTH = 44  # characters of a line of text beside a chart of evidence


def ladder(steps: pd.DataFrame, measured: pd.DataFrame, finding: str) -> alt.LayerChart:
    """From the headline's multiplier to the buyer's: a bar runs from what was left before a step.

    `steps` is what `pass_through.ladder` gives (columns step, factor, low, mid, high), `measured`
    what the function of that name there gives (step, ratio, kind; may be empty); `finding` is the
    title.
    """
    rows = steps.drop(columns="draws")
    rows = rows.assign(before=rows["mid"].shift(fill_value=1.0))
    rows["kind"] = np.where(rows["step"] == HEADLINE, "claim", "step")
    rows.loc[rows.index[-1], "kind"] = "result"
    rows["label"] = [_multiplier(row) for row in rows.itertuples()]
    kinds = alt.Scale(domain=["claim", "step", "result"], range=[CLAIM, BASELINE, CANDIDATE])
    ends = [*rows["before"], *rows["low"], *rows["high"], *measured["ratio"], 1]
    x = log_axis("before", TOKENS, ends)
    base = alt.Chart(rows).encode(y=name_axis("step", rows["step"]))
    bars = base.mark_bar(height=16, opacity=0.55).encode(
        x=x, x2="mid:Q", color=alt.Color("kind:N", scale=kinds, legend=None)
    )
    ranges = base.mark_rule(color=INK, strokeWidth=1.2).encode(x="low:Q", x2="high:Q")
    medians = base.mark_tick(color=INK, thickness=2.5, size=18).encode(
        x="mid:Q", tooltip=tooltips("label", factor=".2f")
    )
    labels = base.mark_text(align="left", dx=6, color=INK).encode(
        x=alt.value("width"), text="label:N"
    )
    layers = [*vertical_line(1, FAINT, (3, 3)), bars, ranges, medians, labels]
    if len(measured):
        marks = alt.Chart(measured).mark_point(size=55, strokeWidth=1.4, color=MEASURED)
        looks = told_apart("kind", ["matched", "best of each"], shape=["circle", "diamond"])
        layers.append(marks.encode(x="ratio:Q", y=name_axis("step", rows["step"]), **looks))
    return titled("claim.ladder", layers, 34 * len(rows), data=rows, finding=finding)


def _multiplier(row) -> str:
    median = text(row.mid, "ratio")
    if row.low == row.high:
        return median
    return f"{median} ({prefixed(row.low, 'ratio')} to {prefixed(row.high, 'ratio')})"


def readings(effects: pd.DataFrame, headline_ratio: float | None, finding: str) -> alt.LayerChart:
    """Each reading's effect on tokens per chip second and per dollar; the red line is the headline.

    `effects` is what `claim.effects` gives: a row a reading and outcome, columns title, outcome,
    low, mid, high; `finding` is the title.
    """
    names = {"throughput": "per chip second", "dollars": "per dollar"}
    rows = effects[effects["outcome"].isin(list(names))].replace({"outcome": names})
    lines = vertical_line(1, FAINT)
    ends = [*rows["low"], *rows["high"], 1]
    if headline_ratio:
        lines += vertical_line(headline_ratio, CLAIM)
        ends.append(headline_ratio)
    x = log_axis("mid", TOKENS, ends)
    base = alt.Chart(rows).encode(y=name_axis("title", rows["title"]))
    pairs = base.mark_line(color=FAINT, strokeWidth=3).encode(x=x, detail="title:N")
    dollars = base.transform_filter(f"datum.outcome == '{names['dollars']}'")
    ranges = dollars.mark_rule(color=CANDIDATE).encode(x="low:Q", x2="high:Q")
    looks = told_apart(
        "outcome",
        names.values(),
        "Tokens",
        color=[BASELINE, CANDIDATE],
        shape=["circle", "square"],
    )
    points = dots(base).encode(x=x, tooltip=tooltips("title", "outcome", mid=".2f"), **looks)
    caption = "claim.readings" if headline_ratio else "claim.step"
    layers = [*lines, pairs, ranges, points]
    return titled(caption, layers, 34 * rows["title"].nunique(), data=rows, finding=finding)


def published_ratios(ratios: pd.DataFrame, headline_ratio: float | None) -> alt.LayerChart:
    """Published ratios of throughput by step, a mark a result; red: what the headline asks for.

    A mark's shape says how the two sides were made comparable.
    `ratios` is what `claim.published_ratios` gives; results of other steps than the scenario's are
    faint.
    """
    steps = worded("step")
    rows = ratios.assign(
        step=ratios["step"].map(steps),
        matching=ratios["matching"].str.replace("_", " "),
        weight=np.where(ratios["same_step"], 1.0, 0.45),
    )
    matched = rows[rows["matching"] == "matched"]
    medians = matched.groupby("step", as_index=False)["times_ratio"].median()
    ends = [*rows["times_ratio"]]
    if headline_ratio:
        ends.append(headline_ratio)
    x = log_axis("times_ratio", "tokens per chip second, after for before", ends)
    own = [title for step, title in steps.items() if step in set(ratios["step"])]
    y = name_axis("step", own)
    points = alt.Chart(rows).mark_point(size=70, strokeWidth=1.4, color=MEASURED)
    points = points.encode(
        x=x,
        y=y,
        opacity=alt.Opacity("weight:Q", scale=None, legend=None),
        tooltip=tooltips(
            "baseline", "candidate", "model", "conditions", "source", times_ratio=".2f"
        ),
        **told_apart("matching", MATCHINGS, shape=MATCHINGS.values()),
    )
    middles = alt.Chart(medians).mark_tick(color=CANDIDATE, thickness=3, size=26)
    layers = [points, middles.encode(x=x, y=y)]
    found = ratios.loc[ratios["same_step"], "times_ratio"]
    finding = f"{len(found)} published results are of this step"
    caption = "claim.published"
    if headline_ratio:
        layers += vertical_line(headline_ratio, CLAIM, (1, 0))
        caption = "claim.required"
        finding = (
            f"{(found >= headline_ratio).sum()} of {len(found)} published results of this step "
            f"reach the {headline_ratio:.2f}× that the headline asks for"
        )
    if found.empty:
        finding = "No published result is of this step"
    return titled(caption, layers, 44 * len(own), finding=finding)


def credence(updates: pd.DataFrame) -> alt.LayerChart:
    """Probability that the claim is of something real after each piece of evidence, by date.

    `updates` is what `credence.updates` gives: columns step, known, ratio, why, source, low, high,
    mean.
    """
    labels = [
        "|".join(wrap(f"{row.known.day} {row.known:%b %Y}: {row.step}", LABEL_WIDTH))
        for row in updates.itertuples()
    ]
    rows = updates.drop(columns=["draws", "known"]).assign(
        label=labels, text=[f"{share:.1%}" for share in updates["mean"]]
    )
    x = share_axis("low", "probability", alt.X, (0, 1.15 * rows["high"].max()))
    lines_of_label = alt.Axis(labelExpr="split(datum.label, '|')")
    base = alt.Chart(rows).encode(y=name_axis("label", labels, axis=lines_of_label))
    layers = [
        base.mark_rule(color=BASELINE, strokeWidth=3).encode(x=x, x2="high:Q"),
        dots(base, 90, color=CLAIM).encode(
            x="mean:Q", tooltip=tooltips("step", "why", "source", ratio=".2f")
        ),
        base.mark_text(align="left", dx=8, color=INK).encode(x="high:Q", text="text:N"),
    ]
    first, last = (f"{share:.1%}" for share in updates["mean"].iloc[[0, -1]])
    finding = f"The chance that there is such a programme moved from {first} to {last}"
    return titled("claim.credence", layers, 44 * len(rows), 420, finding=finding)


def trust(sensitivity: pd.DataFrame, believed_share: float) -> alt.LayerChart:
    """Tokens per dollar against the probability that the claim is true; dotted: believed now.

    `sensitivity` is what `credence.sensitivity` gives: columns true_share, low, mid, high, mean.
    """
    base = alt.Chart(sensitivity).encode(
        x=share_axis("true_share", "probability that the claim is true", alt.X)
    )
    mean = base.mark_line(color=INK, strokeDash=[5, 3]).encode(y="mean:Q")
    bands = band(base, alt.Y("low:Q", title="tokens per dollar, new for old"))
    layers = [*bands, mean, *vertical_line(believed_share, INK, (1, 3))]
    now = np.interp(believed_share, sensitivity["true_share"], sensitivity["mean"])
    finding = (
        f"At the {believed_share:.1%} believed now a dollar buys {now:.2f}× in expectation; "
        f"if true, {sensitivity['mean'].iloc[-1]:.2f}×"
    )
    return titled("claim.trust", layers, 240, finding=finding)
