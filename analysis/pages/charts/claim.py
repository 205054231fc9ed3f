"""Figures of the claim: ladder, readings, published ratios, credence, ledger. Tidy tables in,
charts out.
"""

from textwrap import wrap

import altair as alt
import pandas as pd

from analysis.pages.charts.marks import dots, fan, log_axis, percent, rows, rule, tips, titled
from analysis.pages.charts.theme import (
    BASELINE,
    CANDIDATE,
    CLAIM,
    FAINT,
    INK,
    MEASURED,
    WIDTH,
    apart,
)
from analysis.pages.format import figure, text, worded

STEPS = worded("step")
MARKS = {"holds": ("✓", CANDIDATE), "fails": ("✗", CLAIM), "cannot be told": ("?", "#6A6F76")}
FACTOR = "tokens, new for old"


def waterfall(ladder: pd.DataFrame) -> alt.LayerChart:
    """From the headline's multiplier to the buyer's: each bar runs from what was left before to
    what is left after.
    """
    told = ladder.drop(columns="draws").assign(before=ladder["mid"].shift(fill_value=1.0))
    told["kind"] = ["claim" if step == "Headline" else "step" for step in told["step"][:-1]] + [
        "result"
    ]
    told["label"] = [
        text(mid, "ratio")
        + (f" ({figure(low, 'ratio')} to {figure(high, 'ratio')})" if low < high else "")
        for low, mid, high in told[["low", "mid", "high"]].to_numpy()
    ]
    scale = alt.Scale(domain=["claim", "step", "result"], range=[CLAIM, BASELINE, CANDIDATE])
    paint = alt.Color("kind:N", scale=scale, legend=None)
    x = log_axis("before", FACTOR, [*told["before"], *told["low"], *told["high"], 1])
    base = alt.Chart(told).encode(y=rows("step", told["step"]))
    layers = [
        *rule(1, FAINT, (3, 3)),
        base.mark_bar(height=16, opacity=0.55).encode(x=x, x2="mid:Q", color=paint),
        base.mark_rule(color=INK, strokeWidth=1.2).encode(x="low:Q", x2="high:Q"),
        base.mark_tick(color=INK, thickness=2.5, size=18).encode(
            x="mid:Q", tooltip=tips("label", factor=".2f")
        ),
        base.mark_text(align="left", dx=6, color=INK).encode(x=alt.value(WIDTH), text="label:N"),
    ]
    return titled(
        "claim.ladder" if "claim" in set(told["kind"]) else "claim.steps", layers, 34 * len(told)
    )


def dumbbell(effects: pd.DataFrame, headline: float | None) -> alt.LayerChart:
    """Each reading's effect on tokens per chip second and on tokens per dollar; the red line is the
    headline.
    """
    names = {"throughput": "per chip second", "dollars": "per dollar"}
    told, known = (
        effects[effects["outcome"].isin(names)].replace({"outcome": names}),
        list(names.values()),
    )
    x = log_axis("mid", FACTOR, [*told["low"], *told["high"], 1, *([headline] if headline else [])])
    base = alt.Chart(told).encode(y=rows("title", told["title"]))
    points = dots(base).encode(
        x=x,
        tooltip=tips("title", "outcome", mid=".2f"),
        **apart(
            "outcome", known, "Tokens", color=[BASELINE, CANDIDATE], shape=["circle", "square"]
        ),
    )
    pairs = base.mark_line(color=FAINT, strokeWidth=3).encode(x=x, detail="title:N")
    dollars = base.transform_filter(f"datum.outcome == '{known[1]}'").mark_rule(color=CANDIDATE)
    spread = dollars.encode(x="low:Q", x2="high:Q")
    lines = [*rule(1, FAINT), *(rule(headline, CLAIM) if headline else [])]
    name = "claim.readings" if headline else "claim.step"
    return titled(name, [*lines, pairs, spread, points], 34 * told["title"].nunique())


def strip(ratios: pd.DataFrame, headline: float | None) -> alt.LayerChart:
    """Published ratios by step, a mark a result, matched or best against best; red: what the
    headline asks for.
    """
    told = ratios.assign(
        step=ratios["step"].map(STEPS), matching=ratios["matching"].str.replace("_", " ")
    )
    told["weight"] = told["same_step"].map({True: 1.0, False: 0.45})
    matched = (
        told[told["matching"] == "matched"].groupby("step", as_index=False)["times_ratio"].median()
    )
    ends = [*told["times_ratio"], *([headline] if headline else [])]
    x = log_axis("times_ratio", "tokens per chip second, after for before", ends)
    y = rows("step", STEPS.values())
    points = (
        alt.Chart(told)
        .mark_point(size=70, strokeWidth=1.4, color=MEASURED)
        .encode(
            x=x,
            y=y,
            opacity=alt.Opacity("weight:Q", scale=None, legend=None),
            **apart("matching", ["matched", "best against best"], shape=["circle", "diamond"]),
            tooltip=tips(
                "baseline", "candidate", "model", "conditions", "source", times_ratio=".2f"
            ),
        )
    )
    middle = alt.Chart(matched).mark_tick(color=CANDIDATE, thickness=3, size=26).encode(x=x, y=y)
    if headline:
        return titled("claim.asked", [points, middle, *rule(headline, CLAIM, (1, 0))], 230)
    return titled("claim.published", [points, middle], 230)


def credence(updates: pd.DataFrame) -> alt.LayerChart:
    """Probability that the claim is of something real after each piece of evidence, in order of
    date.
    """
    labels = [
        "|".join(wrap(f"{row.known.day} {row.known:%b %Y}: {row.step}", 44))
        for row in updates.itertuples()
    ]
    told = updates.drop(columns=["draws", "known"]).assign(
        label=labels, text=[f"{p:.1%}" for p in updates["mean"]]
    )
    x = percent("low", "probability", alt.X, (0, 1.15 * told["high"].max()))
    base = alt.Chart(told).encode(
        y=rows("label", labels, axis=alt.Axis(labelExpr="split(datum.label, '|')"))
    )
    layers = [
        base.mark_rule(color=BASELINE, strokeWidth=3).encode(x=x, x2="high:Q"),
        dots(base, 90, color=CLAIM).encode(
            x="mean:Q", tooltip=tips("step", "why", "source", ratio=".2f")
        ),
        base.mark_text(align="left", dx=8, color=INK).encode(x="high:Q", text="text:N"),
    ]
    return titled("claim.credence", layers, 44 * len(told), 420)


def trust(sensitivity: pd.DataFrame, believed: float) -> alt.LayerChart:
    """Tokens per dollar against the probability that the claim is true; the dotted line is what is
    believed now.
    """
    base = alt.Chart(sensitivity).encode(
        x=percent("true_share", "probability that the claim is true", alt.X)
    )
    mean = base.mark_line(color=INK, strokeDash=[5, 3]).encode(y="mean:Q")
    bands = fan(base, alt.Y("low:Q", title="tokens per dollar, new for old"))
    return titled("claim.trust", [*bands, mean, *rule(believed, INK, (1, 3))], 240)


def ledger(statements: pd.DataFrame) -> "pd.io.formats.style.Styler":
    """The ledger as a table: number, statement, verdict with a sign, evidence with its source, what
    would settle it.
    """
    told = pd.DataFrame(
        {
            "#": statements["number"],
            "Statement, in our words": statements["says"],
            "Verdict": [f"{MARKS[verdict][0]} {verdict}" for verdict in statements["verdict"]],
            "Evidence": [
                f"{row.evidence} ({row.kind}; {row.publisher})" for row in statements.itertuples()
            ],
            "What would settle it": [
                f"{r.settles}, by {r.by} ({r.due})"
                if r.due != "settled"
                else "nothing more is awaited"
                if r.verdict == "cannot be told"
                else "settled"
                for r in statements.itertuples()
            ],
        }
    )
    colours = {
        f"{sign} {said}": f"color: {colour}; font-weight: 600"
        for said, (sign, colour) in MARKS.items()
    }
    left = [
        {
            "selector": "td, th",
            "props": "text-align: left; vertical-align: top; white-space: normal",
        }
    ]
    left += [{"selector": "", "props": "table-layout: fixed; width: 100%"}]
    left += [
        {"selector": f"th.col{i}", "props": f"width: {w}%"}
        for i, w in enumerate((5, 23, 12, 39, 21))
    ]
    styled = told.style.hide(axis="index").map(
        lambda text: colours.get(text, ""), subset=["Verdict"]
    )
    return styled.set_table_styles(left)
