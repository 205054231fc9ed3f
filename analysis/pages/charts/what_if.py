"""The chart whose sliders edit beliefs: acts ranked by the cost that each edit leaves them.

The page has no engine of its own. Parameters, expressions and transforms of Vega-Lite evaluate the
polynomials of questions/what_if.py, under Vega's interpreter and without eval.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from analysis.pages.charts.marks import titled
from analysis.pages.charts.theme import BASELINE, CANDIDATE, CLAIM, INK
from analysis.questions.what_if import STATISTICS, powers

SHOWN = 8  # acts: the whole chart fits a phone's screen under its sliders
ROW = 38  # pixels of an act: its words, and its bar below them
WIDTH = 520
HEAD = 74  # pixels for the words above the bars
ANY = "any contract"


@dataclass(frozen=True)
class Slider:
    """A belief that a reader can move: its words, and the median that it starts from.

    `value`, `least`, `most` and `step` are what the slider shows, `scale` times the belief's own
    unit. On the scale of its draws, the logit of a share and else the logarithm, `middle` is the
    stated median and `width` one score.
    """

    name: str
    words: str
    value: float
    least: float
    most: float
    step: float
    scale: float
    share: bool
    middle: float
    width: float

    @property
    def score(self) -> str:
        """By how many scores the median is moved, as an expression of Vega."""
        value = f"({self.name} / {self.scale:g})"
        into = f"log({value} / (1 - {value}))" if self.share else f"log({value})"
        return f"({into} - {self.middle:.12g}) / {self.width:.12g}"

    def end(self, stated: float) -> str:
        """Where an end of the belief, in its own unit, is when the median is moved: Vega's."""
        times = f"({self.name} / {self.value:.12g})"
        if not self.share:
            return f"{stated:.12g} * {times}"
        odds = f"({self.name} / ({self.scale:g} - {self.name}))"
        by = (stated / (1 - stated)) / math.exp(self.middle)
        return f"1 - 1 / (1 + {by:.12g} * {odds})"


@dataclass(frozen=True)
class Dial:
    """What a reader can set that is no belief: its name, its words, and where it stands.

    `value` is the scenario's own; the dial has stops of `step` from `least` to `most`.
    """

    name: str
    words: str
    value: float
    least: float
    most: float
    step: float

    @property
    def is_moved(self) -> str:
        """Whether it stands elsewhere than in the scenario, as an expression of Vega."""
        return f"{self.name} != {self.value:.12g}"


@dataclass(frozen=True, eq=False)
class Worlds:
    """Dials under which the scenario itself is another, and what each adds at its stops.

    `drafts` is of the acceptance of drafts, `claim` of the chance of the claim in per cent; None
    where the scenario has none. Logarithms are added: `accepted`, of shape (statistics,
    acceptances, acts), NaN where an act cannot be had, and `claimed`, of shape (statistics,
    chances, acts), between whose evenly spaced chances the chart interpolates. Each score adds
    `accepted_tilts` (statistics, acceptances, acts, sliders) and, where the claim is true,
    `claim_tilts` (statistics, acts, sliders); each acceptance then adds `claim_accepted`
    (statistics, acceptances, acts), too.
    """

    drafts: Dial | None
    claim: Dial | None
    accepted: np.ndarray
    accepted_tilts: np.ndarray
    claimed: np.ndarray
    claim_tilts: np.ndarray
    claim_accepted: np.ndarray

    @property
    def dials(self) -> list[Dial]:
        """Those that the scenario has."""
        return [dial for dial in (self.drafts, self.claim) if dial is not None]


@dataclass(frozen=True)
class Limits:
    """Below `fewest` effective draws of `draws` nothing is said; a saving under `tie` is none."""

    draws: int
    fewest: int
    tie: float


@dataclass(frozen=True, eq=False)
class Promise:
    """Promised speeds among which a reader chooses: the words of the selector, the speeds as text,
    the scenario's own, and STATISTICS of acts under each.

    `costs` has shape (statistics, speeds, acts); mean, low and high are $ million a year and ratio
    is over keeping, NaN where an act cannot be had under a promise. `tilts`, of shape (statistics,
    speeds, acts, 2 · sliders), is what scores and then their squares add to the slopes.
    """

    words: str
    speeds: tuple[str, ...]
    own: str
    costs: np.ndarray
    tilts: np.ndarray


def what_if(
    acts: pd.DataFrame,
    slopes: np.ndarray,
    sliders: Sequence[Slider],
    promise: Promise,
    worlds: Worlds,
    limits: Limits,
    file: str,
) -> alt.LayerChart:
    """Expected cost a year by act, the cheapest first, as the sliders leave it.

    `acts` has a row an act: `act` (words), `kind`, `contracts` (each between bars). `slopes` has
    shape (statistics, acts, terms). `file` is an expression: the scenario file of where
    the sliders stand, which the page offers.
    """
    rows = acts.assign(row=range(len(acts)))
    height = ROW * min(SHOWN, len(acts))
    base = alt.Chart().encode(y=alt.Y("rank:O", axis=None, scale=alt.Scale(padding=0)))
    x = alt.X("mean_now:Q", title="$ million a year", scale=alt.Scale(zero=True))
    faint = alt.value(alt.expr("known ? 0.9 : 0.25"))
    colour = alt.when("datum.rank == 1").then(alt.value(CANDIDATE))
    colour = colour.when("datum.kind == 'keep'").then(alt.value(INK)).otherwise(alt.value(BASELINE))
    bars = base.mark_bar(height=10, yOffset=8).encode(x=x, color=colour, opacity=faint)
    ranges = base.mark_rule(yOffset=8, strokeWidth=1.5, color=CLAIM)
    ranges = ranges.encode(x="low_now:Q", x2="high_now:Q", opacity=faint)
    names = base.mark_text(align="left", baseline="bottom", fontSize=12, color=INK)
    names = names.encode(x=alt.value(0), text="line:N")
    layers = [bars, ranges, names, *_head(limits), _unserved()]
    chart = titled("cost.what_if", layers, height, WIDTH, data=rows)
    chart.title.offset = 18
    chart = _ranked(chart, sliders, worlds, limits)
    chart.usermeta = {"file": {"signal": "scenario_file", "name": "what-if.yml", "label": "YAML"}}
    parameters = _parameters(rows, slopes, sliders, promise, worlds, limits)
    return chart.add_params(*parameters, alt.param(name="scenario_file", expr=file))


def _head(limits: Limits) -> list[alt.Chart]:
    """The act in words, what it costs, and how many draws are near such beliefs."""
    first = alt.Chart().transform_filter("datum.rank == 1")
    words = [
        "known ? datum.act : 'This page does not know what to do here'",
        "known ? datum.expected : alone ? 'These beliefs are too far from those stated' : "
        "'Another promised speed is known with its own drafts and claim alone'",
        f"format(near, ',.0f') + ' of {limits.draws:,} draws are near these beliefs'",
    ]
    looks: list[dict[str, Any]] = [
        {"fontSize": 15, "fontWeight": "bold", "color": CANDIDATE},
        {"fontSize": 13, "color": INK},
        {"fontSize": 12, "color": INK},
    ]
    layers = []
    for line, (text, look) in enumerate(zip(words, looks, strict=True)):
        said = first.transform_calculate(**{f"head_{line}": text})
        mark = said.mark_text(align="left", baseline="top", **look)
        place = {"x": alt.value(0), "y": alt.value(22 * line - HEAD + 4)}
        layers.append(mark.encode(**place, text=f"head_{line}:N"))
    return layers


def _unserved() -> alt.Chart:
    """What stands there where no act is left: today's chips do not keep the promise."""
    said = "served ? '' : 'With so few accepted drafts today’s chips do not keep the promise'"
    mark = alt.Chart(alt.Data(values=[{}])).transform_calculate(unserved=said)
    mark = mark.mark_text(align="left", baseline="top", fontSize=15, fontWeight="bold", color=INK)
    return mark.encode(x=alt.value(0), y=alt.value(4 - HEAD), text="unserved:N")


def _ranked(
    chart: alt.LayerChart, sliders: Sequence[Slider], worlds: Worlds, limits: Limits
) -> alt.LayerChart:
    """The chart with each act's costs where the sliders stand, and its rank among those shown.

    Keeping is ranked as if it cost a tie less: nobody moves for so little. What is computed has
    names of its own, since Vega computes in place and does so again at every move.
    """
    terms = len(powers(len(sliders)))
    chart = chart.transform_filter("isValid(stated[0][place][datum.row])")
    if worlds.drafts is not None:
        chart = chart.transform_filter("isValid(accepted[0][drafts][datum.row])")
    for place, name in enumerate(STATISTICS):
        products = [f"terms[{k}] * slopes[{place}][datum.row][{k}]" for k in range(terms)]
        for k in range(len(sliders)):
            tilt, square = (
                f"tilts[{place}][place][datum.row][{at}]" for at in (k, k + len(sliders))
            )
            products.append(f"score_{k} * ({tilt} + score_{k} * {square})")
        products += _added(place, len(sliders), worlds)
        stated, sums = f"stated[{place}][place][datum.row]", " + ".join(products) or "0"
        chart = chart.transform_calculate(**{f"{name}_now": f"{stated} * exp({sums})"})
    dollars = "'$' + format(datum.mean_now, '.3~r') + ' M'"
    than = "format(abs(1 - datum.ratio_now), '.0%') + (datum.ratio_now < 1 ? ' less' : ' more')"
    expected = f"'Expect {{}} a year' + (datum.kind == 'keep' ? '' : ', ' + {than} + ' than today')"
    return (
        chart.transform_filter(
            f"contract == '{ANY}' || datum.kind == 'keep' || "
            "indexof(datum.contracts, '|' + contract + '|') >= 0"
        )
        .transform_calculate(
            line=f"{dollars} + ': ' + datum.act",
            expected=expected.replace("{}", f"' + {dollars} + '"),
            order=f"datum.mean_now * (datum.kind == 'keep' ? {1 - limits.tie:g} : 1)",
        )
        .transform_window(rank="row_number()", sort=[alt.SortField("order")])
        .transform_filter(f"datum.rank <= {SHOWN}")
    )


def _added(statistic: int, sliders: int, worlds: Worlds) -> list[str]:
    """What drafts and the claim add to the logarithm of a statistic, as terms of Vega."""
    added, where_true = [], []
    if worlds.drafts is not None:
        added.append(f"accepted[{statistic}][drafts][datum.row]")
        tilt = f"accepted_tilts[{statistic}][drafts][datum.row]"
        added += [f"score_{k} * {tilt}[{k}]" for k in range(sliders)]
        where_true.append(f"claim_accepted[{statistic}][drafts][datum.row]")
    if worlds.claim is not None:
        for place, weight in (("chance", "(1 - beyond)"), ("chance + 1", "beyond")):
            added.append(f"{weight} * claimed[{statistic}][{place}][datum.row]")
        tilt = f"claim_tilts[{statistic}][datum.row]"
        where_true += [f"score_{k} * {tilt}[{k}]" for k in range(sliders)]
        if where_true:
            added.append(f"more_true * ({' + '.join(where_true)})")
    return added


def _worlds(worlds: Worlds) -> list[alt.Parameter]:
    """The dials, and where they stand among their stops."""
    parameters = [
        alt.param(
            name=dial.name,
            value=dial.value,
            bind=alt.binding_range(min=dial.least, max=dial.most, step=dial.step, name=dial.words),
        )
        for dial in worlds.dials
    ]
    served = "true"
    if (dial := worlds.drafts) is not None:
        place = f"round(({dial.name} - {dial.least:.12g}) / {dial.step:.12g})"
        parameters += [
            alt.param(name="accepted", value=_digits(worlds.accepted, 4)),
            alt.param(name="accepted_tilts", value=_digits(worlds.accepted_tilts, 2)),
            alt.param(name="claim_accepted", value=_digits(worlds.claim_accepted, 3)),
            alt.param(name="drafts", expr=place),
        ]
        served = "isValid(accepted[0][drafts][0])"
    if (dial := worlds.claim) is not None:
        stops = worlds.claimed.shape[1] - 1
        at = f"{dial.name} / 100 * {stops}"
        parameters += [
            alt.param(name="claimed", value=_digits(worlds.claimed, 4)),
            alt.param(name="claim_tilts", value=_digits(worlds.claim_tilts, 3)),
            alt.param(name="chance", expr=f"min(floor({at}), {stops - 1})"),
            alt.param(name="beyond", expr=f"{at} - chance"),
            alt.param(name="more_true", expr=f"({dial.name} - {dial.value:.12g}) / 100"),
        ]
    return [*parameters, alt.param(name="served", expr=served)]


def _parameters(
    rows: pd.DataFrame,
    slopes: np.ndarray,
    sliders: Sequence[Slider],
    promise: Promise,
    worlds: Worlds,
    limits: Limits,
) -> list[alt.Parameter]:
    """What a reader moves, and what follows from it: scores, terms, and the draws near them."""
    moved = [
        alt.param(
            name=one.name,
            value=one.value,
            bind=alt.binding_range(min=one.least, max=one.most, step=one.step, name=one.words),
        )
        for one in sliders
    ]
    names = sorted({name for signed in rows["contracts"] for name in signed.split("|") if name})
    signed = alt.binding_select(options=[ANY, *names], name="Contract")
    scores = [alt.param(name=f"score_{place}", expr=one.score) for place, one in enumerate(sliders)]
    products = ["*".join(f"score_{one}" for one in power) for power in powers(len(sliders))]
    squares = " + ".join(f"score_{place} * score_{place}" for place in range(len(sliders)))
    speeds = alt.binding_select(options=list(promise.speeds), name=promise.words)
    place = f"indexof({list(promise.speeds)}, promised_speed)"
    near = f"{limits.draws} * exp(-({squares or 0}))"
    own_place = promise.speeds.index(promise.own)
    moved_dials = " || ".join(dial.is_moved for dial in worlds.dials) or "false"
    return [
        *moved,
        *_worlds(worlds),
        alt.param(name="promised_speed", value=promise.own, bind=speeds),
        alt.param(name="contract", value=ANY, bind=signed),
        alt.param(name="slopes", value=_digits(slopes, 4)),
        alt.param(name="tilts", value=_digits(promise.tilts, 3)),
        alt.param(name="stated", value=_digits(promise.costs, 6)),
        alt.param(name="place", expr=place),
        *scores,
        alt.param(name="terms", expr=f"[{', '.join(products)}]"),
        alt.param(name="near", expr=near),
        alt.param(name="alone", expr=f"place == {own_place} || !({moved_dials})"),
        alt.param(name="known", expr=f"alone && near >= {limits.fewest}"),
    ]


def _digits(values: np.ndarray, digits: int) -> list | float | None:
    """Nested lists of rounded numbers, of which none is what JSON cannot hold."""
    if values.ndim:
        return [_digits(inner, digits) for inner in values]
    return None if np.isnan(values) else float(f"{values:.{digits}g}")
