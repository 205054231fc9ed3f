"""Sentences and tables of energy, power and heat for any scenario: every number computed, none
typed.
"""

from collections import defaultdict

import pandas as pd

from analysis.calibration import board_power as energy
from analysis.pages.format import Payload, number, row, shown, table, taken, unit_words, worded
from analysis.questions import energy as joules
from analysis.questions import power
from analysis.units import convert, unit_of

SITE = {
    "chips": "chip",
    "tokens_per_s": "Mtok/s",
    "usd_per_s": "Musd/year",
    "watt_usd_per_s_per_w": "usd/year/W",
}


def accuracy() -> dict:
    """How far off predicted board energy is for models left out, and how often its interval
    holds.
    """
    told = energy.accuracy().set_index(["speed", "source"])
    off, whole = told["median_error_share"], told.loc[("predicted", "all")]
    return {
        "known": off["measured, where it is", "all"],
        "whole": off["predicted", "all"],
        "points": whole["points"],
        "served": off["predicted", "inferencex_dump"],
        "small": off["predicted", "ml_energy_v3"],
        "covered": whole["covered_share"],
    }


def meters(steps: pd.DataFrame) -> dict:
    """What measured boards and MLPerf's meter say of the step from Hopper to Blackwell; `steps`
    from `power.generation_steps`.
    """
    board, wall = (steps[steps["boundary"] == at].iloc[-1] for at in ("board", "wall"))
    claims = steps[steps["boundary"] == "not stated"]["power_ratio"]
    claim = "".join(
        f"The claim's two figures imply {ratio:.2f} times the power. " for ratio in claims
    )
    return {"board": board, "wall": wall, "claim": claim}


def heat(case, draws: pd.DataFrame) -> dict:
    """What halls and heat leave of the candidate's tokens, and what a million of them emit and
    evaporate on site.
    """
    rows = joules.footprint(draws.loc[["candidate"]], [case.site]).set_index("quantity")["mid"]
    names = ("placeable_share", "placed_share", "derated_tokens_ratio")
    emitted = {"burnt": "carbon, operation", "made": "carbon, embodied", "water": "water, on site"}
    kept = {name: shown(draws, name, "percent", "candidate") for name in names}
    return kept | {name: rows[quantity] for name, quantity in emitted.items()}


def sites(case, draws: pd.DataFrame) -> Payload:
    """What 1, 10 and 100 MW carry under each option, and what one more watt would earn in a
    year.
    """
    rows, cells = [], defaultdict(list)
    for each in power.sites(case, draws).itertuples():
        name, unit = worded("site")[each.quantity], SITE[each.quantity]
        ends = [
            convert(end, unit_of(each.quantity), unit) for end in (each.low, each.mid, each.high)
        ]
        rows.append(row(f"{name}, {convert(each.site_w, 'W', 'MW'):g} MW", each.option, unit, ends))
        same = cells[name, unit_words(unit), each.option]
        same.append(
            number(ends[1]) + ("" if same else f" ({number(ends[0])} to {number(ends[2])})")
        )
    sizes = [f"{convert(w, 'W', 'MW'):g} MW" for w in power.SITES_W]
    heads = ["Quantity", "unit", "option", f"{sizes[0]} (80% range)", *sizes[1:]]
    return taken(rows, page=table([[*names, *told] for names, told in cells.items()], heads))
