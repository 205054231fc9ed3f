"""Sentences and tables of energy, power and heat for any scenario: every number computed, none typed."""

import pandas as pd

from analysis.report.text import Payload, say, shown, taken
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
    known, whole = told.loc[("measured, where it is", "all")], told.loc[("predicted", "all")]
    return say(
        "On models left out, board energy is off by **{known:.1%}** in the median where the speed was measured, and by "
        "**{whole:.1%}** where the speed is predicted too ({served:.1%} on InferenceX, {small:.1%} on ML.ENERGY), over "
        "{points:.0f} points. {covered:.0%} of them lie in the 80 % interval that the other models' errors give.",
        known=known["median_error_share"],
        whole=whole["median_error_share"],
        served=told["median_error_share"]["predicted", "inferencex_dump"],
        small=told["median_error_share"]["predicted", "ml_energy_v3"],
        points=whole["points"],
        covered=whole["covered_share"],
    )


def meters(steps: pd.DataFrame):
    """What measured boards and MLPerf's meter say of the step from Hopper to Blackwell; `steps` from `power.ladder`."""
    board, wall = (steps[steps["boundary"] == at].iloc[-1] for at in ("board", "wall"))
    said = steps[steps["boundary"] == "not stated"]
    claim = "" if said.empty else "The claim's two figures imply {claim:.2f} times the power. "
    return say(
        claim + "From {board.step}, boards drew {board.power_ratio:.2f} times the power for {board.time_ratio:.2f} of "
        "the time, which is {board.energy_ratio:.2f} of the energy ({board.change}). At the wall, MLPerf shows "
        "{wall.power_ratio:.2f} times the power and {wall.energy_ratio:.2f} of the energy ({wall.change}). Half the "
        "energy of a token needs no chip of the future: whoever sets Blackwell against Hopper reads it off a meter.",
        board=board,
        wall=wall,
        claim=None if said.empty else said["power_ratio"].iloc[0],
    )


def heat(case, draws: pd.DataFrame):
    """What halls and heat leave of the candidate's tokens, and what a million of them emit and evaporate on site."""
    rows = power.footprint(draws).query("option == 'candidate'").set_index(["site", "quantity"])["mid"][case.site]
    kept = {name: shown(draws, name, "percent", "candidate") for name in ("placeable_share", "placed_share")}
    return say(
        "Of the candidate's racks {placeable_share} find a place today, and {placed_share} are at work on average over "
        "the horizon, the others waiting for their retrofit; heat leaves {derated} of a chip's tokens. A million "
        "output tokens at this site emit {burnt:,.0f} g of CO2 equivalent in operation and {made:,.0f} g for the "
        "making of the chips, and take {water:.2g} litres of water on site.",
        **kept,
        derated=shown(draws, "derated_tokens_ratio", "percent", "candidate"),
        burnt=rows["carbon, operation"],
        made=rows["carbon, embodied"],
        water=rows["water, on site"],
    )


def sites(case, draws: pd.DataFrame) -> Payload:
    """What 1, 10 and 100 MW carry under each option, and what one more watt would earn in a year."""
    rows = []
    for row in power.sites(case, draws).itertuples():
        name, unit = SITE[row.quantity]
        ends = {end: convert(getattr(row, end), unit_of(row.quantity), unit) for end in ("low", "mid", "high")}
        rows.append(
            {"quantity": f"{name}, {convert(row.site_w, 'W', 'MW'):g} MW", "option": row.option, "unit": unit, **ends}
        )
    return taken(rows)
