"""Sentences and tables of energy, power and heat for any scenario: every number computed, none typed."""

from collections import defaultdict

import pandas as pd

from analysis.report.text import Payload, number, row, say, shown, table, taken, unit_words
from analysis.study import energy, power
from analysis.units import convert, unit_of

SITE = {
    "chips": ("chips", "chip"),
    "tokens_per_s": ("served tokens", "Mtok/s"),
    "usd_per_s": ("cost of its chips", "Musd/year"),
    "watt_usd_per_s_per_w": ("worth of one more watt", "usd/year/W"),
}


def accuracy():
    """How far off predicted board energy is for models left out, and how often its interval holds."""
    told = energy.accuracy().set_index(["speed", "source"])
    off, whole = told["median_error_share"], told.loc[("predicted", "all")]
    return say(
        "On models left out, board energy is off by **{known:.1%}** in the median where the speed was measured, and by "
        "**{whole:.1%}** where the speed is predicted too ({served:.1%} on InferenceX, {small:.1%} on ML.ENERGY), over "
        "{points:.0f} points. {covered:.0%} of them lie in the 80 % interval that the other models' errors give.",
        known=off["measured, where it is", "all"], whole=off["predicted", "all"], covered=whole["covered_share"],
        served=off["predicted", "inferencex_dump"], small=off["predicted", "ml_energy_v3"], points=whole["points"],
    )  # fmt: skip


def meters(steps: pd.DataFrame):
    """What measured boards and MLPerf's meter say of the step from Hopper to Blackwell; `steps` from `power.ladder`."""
    board, wall = (steps[steps["boundary"] == at].iloc[-1] for at in ("board", "wall"))
    claim = [f"The claim's two figures imply {ratio:.2f} times the power. "
             for ratio in steps[steps["boundary"] == "not stated"]["power_ratio"]]  # fmt: skip
    return say(
        "".join(claim) + "From {board.step}, boards drew {board.power_ratio:.2f} times the power for "
        "{board.time_ratio:.2f} of the time, which is {board.energy_ratio:.2f} of the energy ({board.change}). At the "
        "wall, MLPerf shows {wall.power_ratio:.2f} times the power and {wall.energy_ratio:.2f} of the energy "
        "({wall.change}). Half the energy of a token needs no chip of the future: whoever sets Blackwell against "
        "Hopper reads it off a meter.",
        board=board, wall=wall,
    )  # fmt: skip


def heat(case, draws: pd.DataFrame):
    """What halls and heat leave of the candidate's tokens, and what a million of them emit and evaporate on site."""
    rows = power.footprint(draws).query("option == 'candidate'").set_index(["site", "quantity"])["mid"][case.site]
    names = ("placeable_share", "placed_share", "derated_tokens_ratio")
    return say(
        "Of the candidate's racks {placeable_share} find a place today, and {placed_share} are at work on average over "
        "the horizon, the others waiting for their retrofit; heat leaves {derated_tokens_ratio} of a chip's tokens. A "
        "million output tokens at this site emit {burnt:,.0f} g of CO₂ equivalent in operation and {made:,.0f} g for "
        "the making of the chips, and take {water:.2g} litres of water on site.",
        **{name: shown(draws, name, "percent", "candidate") for name in names},
        burnt=rows["carbon, operation"], made=rows["carbon, embodied"], water=rows["water, on site"],
    )  # fmt: skip


def sites(case, draws: pd.DataFrame) -> Payload:
    """What 1, 10 and 100 MW carry under each option, and what one more watt would earn in a year."""
    rows, cells = [], defaultdict(list)
    for each in power.sites(case, draws).itertuples():
        name, unit = SITE[each.quantity]
        ends = [convert(end, unit_of(each.quantity), unit) for end in (each.low, each.mid, each.high)]
        rows.append(row(f"{name}, {convert(each.site_w, 'W', 'MW'):g} MW", each.option, unit, ends))
        same = cells[name, unit_words(unit), each.option]
        same.append(number(ends[1]) + ("" if same else f" ({number(ends[0])} to {number(ends[2])})"))
    sizes = [f"{convert(w, 'W', 'MW'):g} MW" for w in power.SITES_W]
    heads = ["Quantity", "unit", "option", f"{sizes[0]} (80 % range)", *sizes[1:]]
    return taken(rows, page=table([[*names, *told] for names, told in cells.items()], heads))
