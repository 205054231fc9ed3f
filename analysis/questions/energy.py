"""Questions asked in joules: where a token's energy goes, at which load, and what it emits."""

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import pandas as pd

from analysis.facts import Site, chip, find, names
from analysis.laws import cooling, energy
from analysis.model.board_power import predict_energy
from analysis.model.measured import board_points_by_load
from analysis.model.predict import speeds_of_points
from analysis.questions.answer import evaluated
from analysis.questions.ways import TODAY
from analysis.scenario.scenario import Scenario
from analysis.scenario.schema import quantiles
from analysis.units import convert

LEAST_LOADS = 5  # that make a series worth a line
SERIES = ["accelerator", "model", "precision", "chips", "tensor_parallel", "input_tokens"]
CARBON_OPERATION, CARBON_EMBODIED = "carbon, operation", "carbon, embodied"
WATER_SITE, WATER_GRID = "water, on site", "water, power stations"
FOOTPRINT_UNITS = {
    CARBON_OPERATION: "g",
    CARBON_EMBODIED: "g",
    WATER_SITE: "l",
    WATER_GRID: "l",
}


def waterfall(draws: pd.DataFrame) -> pd.DataFrame:
    """Joules per output token, its prompt included, summed from boards to the facility's meter.

    A row an option and step, with low, mid and high; `boundary` names the meter that a step ends
    at, blank where there is none. `draws` as `evaluate` gives them.
    """
    rows = []
    for option in draws.index.unique(level=0):
        columns = draws.loc[option]
        board = columns["energy_j_per_output_token"]
        hosted = board + board * columns["host_ratio"]
        wall = board * columns["wall_ratio"]
        steps = [
            ("boards at work", "board", board),
            ("host and network", "", hosted),
            ("idle hours", "", hosted + board * columns["idle_ratio"]),
            ("fans and power supplies", "wall", wall),
            ("cooling and feeders", "facility", wall * columns["pue_ratio"]),
        ]
        for step, boundary, joules in steps:
            labels = {"option": option, "step": step, "boundary": boundary}
            rows.append({**labels, **quantiles(joules)})
    return pd.DataFrame(rows)


def tokens(draws: pd.DataFrame) -> pd.DataFrame:
    """Joules of an input, a cached and an output token at three boundaries, a row a combination.

    Columns are option, token, boundary, low, mid and high.
    """
    rows = []
    for option in draws.index.unique(level=0):
        columns = draws.loc[option]
        wall = columns["wall_ratio"]
        outwards = {"board": 1.0, "wall": wall, "facility": wall * columns["pue_ratio"]}
        for token in ("input", "cached", "output"):
            for boundary, ratio in outwards.items():
                joules = columns[f"board_j_per_{token}_token"] * ratio
                labels = {"option": option, "token": token, "boundary": boundary}
                rows.append({**labels, **quantiles(joules)})
    return pd.DataFrame(rows)


def options(case: Scenario) -> pd.DataFrame:
    """Median joules per output token, its prompt included, of every option at three boundaries.

    The index is the option's name, `today` first; columns are board, wall and facility.
    """
    found = evaluated(case).columns
    rows = {}
    for name, columns in {TODAY: found.today, **found.options}.items():
        board = np.asarray(columns["energy_j_per_output_token"])
        wall = board * columns["wall_ratio"]
        joules = {"board": board, "wall": wall, "facility": wall * columns["pue_ratio"]}
        rows[name] = {boundary: float(np.median(values)) for boundary, values in joules.items()}
    return pd.DataFrame.from_dict(rows, orient="index")


@cache
def energy_by_batch() -> pd.DataFrame:
    """Measured board joules per output token by concurrency (InferenceX), beside the model's.

    A row a point of a series with five loads or more: `measured`, and `low`, `mid`, `high` of the
    prediction; `series` names it in words. Shared: not to be changed.
    """
    rows = board_points_by_load()
    joules, low, high = predict_energy(speeds_of_points(rows))
    rows = rows.assign(mid=joules, low=low, high=high, measured=rows["energy_j_per_output_token"])
    rows["series"] = [_series_name(row) for row in rows.to_dict("records")]
    loads = rows.groupby(SERIES)["concurrency"].transform("nunique")
    return rows[loads >= LEAST_LOADS].sort_values(["series", "concurrency"])


def _series_name(row: Mapping) -> str:
    chips = f"{row['chips']:g} {chip(row['accelerator'])}"
    model = f"{row['model']}, {row['precision'].upper()}"
    return f"{model} on {chips}, {row['input_tokens']:,g} tokens in"


def footprint(draws: pd.DataFrame, sites: Sequence[str] = ()) -> pd.DataFrame:
    """Carbon and water of a million output tokens with their prompts, a row a site and quantity.

    Operation and what was emitted in making the chips stand apart. `sites` are names of sites.csv;
    all of them without any. Columns are option, site, quantity, unit, low, mid and high.
    """
    rows = []
    for option in draws.index.unique(level=0):
        for name in sites or names(Site):
            for quantity, value in _per_output_token(draws.loc[option], find(Site, name)).items():
                unit = FOOTPRINT_UNITS[quantity]
                per_mtok = convert(value, f"{unit}/tok", f"{unit}/Mtok")
                labels = {"option": option, "site": name, "quantity": quantity}
                rows.append({**labels, "unit": f"{unit}/Mtok", **quantiles(per_mtok)})
    return pd.DataFrame(rows)


def _per_output_token(columns: pd.DataFrame, site: Site) -> dict[str, pd.Series]:
    """Grams and litres of an output token at a site, a value a draw."""
    wall = columns["energy_j_per_output_token"] * columns["wall_ratio"]
    meter = energy.facility_j_per_output_token(wall, site.pue_ratio)
    grid = columns["grid_water_l_per_j"]
    return {
        CARBON_OPERATION: cooling.operational_g_per_output_token(meter, site.carbon_g_per_j),
        CARBON_EMBODIED: columns["embodied_g_per_output_token"],
        WATER_SITE: cooling.site_l_per_output_token(wall, site.water_l_per_j),
        WATER_GRID: cooling.grid_l_per_output_token(meter, grid),
    }
