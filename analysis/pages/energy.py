"""Energy, power and heat in charts, sentences and tables, for the efficiency and the cost page."""

from collections import defaultdict
from typing import Any

import altair as alt
import pandas as pd

from analysis.calibration import board_power
from analysis.pages.charts import energy as charts
from analysis.pages.numbers import number, shown
from analysis.pages.outputs import Output, say, table_text, takeaway, takeaway_row
from analysis.pages.words import unit_words, worded
from analysis.questions import energy as energy_questions
from analysis.questions import power
from analysis.scenario.scenario import Scenario
from analysis.units import convert, unit_of

SITE_UNITS = {
    "chips": "chip",
    "tokens_per_s": "Mtok/s",
    "usd_per_s": "Musd/year",
    "watt_usd_per_s_per_w": "usd/year/W",
}
PLACES = ("placeable_share", "placed_share", "derated_tokens_ratio")


def energy_steps(draws: pd.DataFrame) -> alt.LayerChart:
    """Joules per output token from the boards to the meter, step by step."""
    return charts.waterfall(energy_questions.waterfall(draws))


def energy_by_token(draws: pd.DataFrame) -> alt.FacetChart:
    """Joules of an input, a cached and an output token at the three boundaries."""
    return charts.boundaries(energy_questions.tokens(draws))


def energy_over_batch() -> alt.FacetChart:
    """Measured and predicted joules per token over the requests in flight."""
    return charts.batch(energy_questions.energy_by_batch())


def energy_accuracy() -> dict[str, float]:
    """How far off predicted board energy is for models left out, and how often its range holds.

    Shares: `measured_speed` where the speed was measured, `predicted_speed` where it is predicted,
    `inferencex` and `ml_energy` of it by source, `inside` the 80% range; `points` is a count.
    """
    rows = board_power.accuracy().set_index(["speed", "source"])
    errors = rows["median_error_share"]
    predicted = rows.loc[("predicted", "all")]
    return {
        "measured_speed": errors["measured, where it is", "all"],
        "predicted_speed": errors["predicted", "all"],
        "points": predicted["points"],
        "inferencex": errors["predicted", "inferencex_dump"],
        "ml_energy": errors["predicted", "ml_energy_v3"],
        "inside": predicted["covered_share"],
    }


def power_chart(case: Scenario) -> alt.LayerChart:
    """Power of later over earlier chips: limits, boards, walls, and what the claim implies."""
    return charts.power_ratios(power.generation_steps(case))


def power_measured(case: Scenario) -> Output:
    """What measured boards and MLPerf's meter say of Hopper to Blackwell, and the claim's power."""
    steps = power.generation_steps(case)
    implied = steps[steps["boundary"] == charts.IMPLIED]["power_ratio"]
    sentences = [
        f"The claim's two figures imply {ratio:.2f} times the power. " for ratio in implied
    ]
    return say(
        "From {board.step}, boards drew {board.power_ratio:.2f} times the power for "
        "{board.time_ratio:.2f} of the time, which is {board.energy_ratio:.2f} of the energy "
        "({board.change}). At the wall, MLPerf shows {wall.power_ratio:.2f} times the power and "
        "{wall.energy_ratio:.2f} of the energy ({wall.change}). So a token takes about half the "
        "energy on Blackwell, against Hopper, without any chip of the future. "
        + "".join(sentences),
        board=steps[steps["boundary"] == "board"].iloc[-1],
        wall=steps[steps["boundary"] == "wall"].iloc[-1],
    )


def rack_density(case: Scenario, draws: pd.DataFrame) -> alt.LayerChart:
    """The share of positions that can hold a rack, by its power."""
    return charts.density(power.density(case, draws))


def warm_water(draws: pd.DataFrame) -> alt.FacetChart:
    """What warmer supply water spares and what it costs."""
    return charts.warm_water(power.warm_water(draws))


def heat(case: Scenario, draws: pd.DataFrame) -> dict[str, Any]:
    """What halls and heat leave of the candidate's tokens, and what a million of them emit.

    `placeable_share`, `placed_share` and `derated_tokens_ratio` are shown in per cent;
    `operation_g` and `making_g` are grams of CO2 equivalent in operation and for the making of the
    chips, `water_l` litres on site.
    """
    candidate = draws.loc[["candidate"]]
    footprint = energy_questions.footprint(candidate, [case.site]).set_index("quantity")["mid"]
    values: dict[str, Any] = {name: shown(draws, name, "percent", "candidate") for name in PLACES}
    values["operation_g"] = footprint["carbon, operation"]
    values["making_g"] = footprint["carbon, embodied"]
    values["water_l"] = footprint["water, on site"]
    return values


def scarce(draws: pd.DataFrame) -> alt.LayerChart:
    """The step for a buyer who lacks chips, dollars or megawatts."""
    return charts.multipliers(power.tokens_by_limit(draws))


def sites(case: Scenario, draws: pd.DataFrame) -> Output:
    """What 1, 10 and 100 MW carry under each option, and what one more watt would earn."""
    rows = []
    cells: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    known = power.sites(case, draws).dropna(subset="mid")  # without an API no watt has a worth
    for row in known.itertuples():
        name = worded("site")[row.quantity]
        unit = SITE_UNITS[row.quantity]
        low, mid, high = (
            convert(end, unit_of(row.quantity), unit) for end in (row.low, row.mid, row.high)
        )
        size = _megawatts(row.site_w)
        rows.append(takeaway_row(f"{name}, {size}", row.option, unit, (low, mid, high)))
        line = cells[name, unit_words(unit), row.option]
        if line:  # the range stands once a line, since it grows with the site
            line.append(number(mid))
        else:
            line.append(f"{number(mid)} ({number(low)} to {number(high)})")
    first, *others = [_megawatts(watts) for watts in power.SITES_W]
    heads = ["Quantity", "unit", "option", f"{first} (80% range)", *others]
    lines = [[*names, *values] for names, values in cells.items()]
    page = table_text(lines, heads)
    if case.finance.api is None:
        page += (
            "\n\nWhat one more watt would earn is left out: this scenario names no API "
            "(finance.api), and so no price of a token."
        )
    return takeaway(rows, page=page)


def _megawatts(watts: float) -> str:
    return f"{convert(watts, 'W', 'MW'):g} MW"
