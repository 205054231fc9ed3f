"""Questions asked in joules and watts: where a token's energy goes, what the claim implies, what
megawatts buy.
"""

from functools import cache

import pandas as pd

from analysis.facts import Site, chip, find, names, table
from analysis.laws import cooling, energy
from analysis.model.board_power import predict_energy
from analysis.model.predict import speeds_of_points
from analysis.scenario.schema import quantiles
from analysis.units import convert


def _spreads(draws: pd.DataFrame, columns: tuple[str, ...], told) -> pd.DataFrame:
    """A row an option and quantity: `told` gives the quantities of an option's draws, each under
    its `columns`.
    """
    return pd.DataFrame(
        [
            {"option": option, **dict(zip(columns, key, strict=True)), **quantiles(values)}
            for option in draws.index.unique(level=0)
            for key, values in told(draws.loc[option]).items()
        ]
    )


def waterfall(draws: pd.DataFrame) -> pd.DataFrame:
    """Joules per output token, its prompt included, summed from boards to the facility's meter, a
    row a step.
    """

    def steps(d):
        board = d["energy_j_per_output_token"]
        hosted, wall = board + board * d["host_ratio"], board * d["wall_ratio"]
        return {
            ("boards at work", "board"): board,
            ("host and network", ""): hosted,
            ("idle hours", ""): hosted + board * d["idle_ratio"],
            ("fans and power supplies", "wall"): wall,
            ("cooling and feeders", "facility"): wall * d["pue_ratio"],
        }

    return _spreads(draws, ("step", "boundary"), steps)


def tokens(draws: pd.DataFrame) -> pd.DataFrame:
    """Joules of an input, a cached and an output token at the three boundaries, a row a
    combination.
    """

    def joules(d):
        outwards = {
            "board": 1.0,
            "wall": d["wall_ratio"],
            "facility": d["wall_ratio"] * d["pue_ratio"],
        }
        kinds = ("input", "cached", "output")
        return {
            (k, b): d[f"board_j_per_{k}_token"] * ratio
            for k in kinds
            for b, ratio in outwards.items()
        }

    return _spreads(draws, ("token", "boundary"), joules)


@cache
def energy_by_batch() -> pd.DataFrame:
    """Measured board joules per output token over concurrency (InferenceX), and what the model says
    of them.
    """
    rows = table("energy").query("source == 'inferencex_dump'").reset_index(drop=True)
    _, low, high = told = predict_energy(speeds_of_points(rows))
    rows = rows.assign(mid=told[0], low=low, high=high, measured=rows["energy_j_per_output_token"])
    what = ["accelerator", "model", "precision", "chips", "tensor_parallel", "input_tokens"]
    rows["series"] = [
        f"{r.model}, {r.precision.upper()} on {r.chips:g} {chip(r.accelerator)}, {r.input_tokens:,g} tokens in"
        for r in rows.itertuples()
    ]
    return rows[rows.groupby(what)["concurrency"].transform("nunique") >= 5].sort_values(
        ["series", "concurrency"]
    )


def footprint(draws: pd.DataFrame, sites=()) -> pd.DataFrame:
    """Carbon and water of a million output tokens with their prompts, operational and embodied
    apart, at these sites.

    At all of the table without any.
    """

    def told(d):
        wall, made = d["energy_j_per_output_token"] * d["wall_ratio"], {}
        for site in (find(Site, name) for name in sites or names(Site)):
            meter = energy.facility_j_per_output_token(wall, site.pue_ratio)
            parts = {
                ("carbon, operation", "g"): cooling.operational_g_per_output_token(
                    meter, site.carbon_g_per_j
                ),
                ("carbon, embodied", "g"): d["embodied_g_per_output_token"],
                ("water, on site", "l"): cooling.site_l_per_output_token(wall, site.water_l_per_j),
                ("water, power stations", "l"): cooling.grid_l_per_output_token(
                    meter, d["grid_water_l_per_j"]
                ),
            }
            for (quantity, unit), value in parts.items():
                made[site.name, quantity, f"{unit}/Mtok"] = convert(
                    value, f"{unit}/tok", f"{unit}/Mtok"
                )
        return made

    return _spreads(draws, ("site", "quantity", "unit"), told)
