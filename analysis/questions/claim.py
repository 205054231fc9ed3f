"""From a claim to a buyer: effects of every reading, what a conclusion needs, and the ladder of
pass-through.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis import model
from analysis.facts import table
from analysis.scenario import readings
from analysis.scenario.claims import claim
from analysis.scenario.scenario import load, scenarios
from analysis.scenario.schema import quantiles

ROUNDING = 0.97  # the headline says "nearly"
OUTCOMES = {
    "throughput": "paid_tokens_per_s_per_chip",
    "energy": "energy_j_per_output_token",
    "dollars": "request_usd",
    "price": "usd_per_s_per_chip",
}


def gains(base: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """How many times better `other` is, a row a draw: tokens a chip second, a joule, a dollar, a
    watt provided.

    Lower clocks and racks that wait, paid for, are in the first and third; `price` is new over old
    of a chip second.
    """
    gain = pd.DataFrame({name: other[column] / base[column] for name, column in OUTCOMES.items()})
    cool = [d["output_tokens_per_s_per_chip"] * d["derated_tokens_ratio"] for d in (base, other)]
    old, new = (
        rate / d["provisioned_w_per_chip"] for rate, d in zip(cool, (base, other), strict=True)
    )
    return gain.assign(energy=1 / gain["energy"], dollars=1 / gain["dollars"], power=new / old)


def with_tokens_per_usd_ratio(draws: pd.DataFrame) -> pd.DataFrame:
    """`draws` with `tokens_per_usd_ratio`, what a dollar buys over what it buys on the baseline,
    draw by draw.
    """
    base = (
        draws.loc["baseline", "request_usd"]
        .reindex(draws.index.get_level_values("draw"))
        .to_numpy()
    )
    return draws.assign(tokens_per_usd_ratio=base / draws["request_usd"])


def columns_by_reading(case, base: Mapping, other: Mapping) -> dict[str, Mapping]:
    """What the laws say of the candidate as it is (`measured`), then, of a claim, of the claim
    under each reading.

    `base` and `other` are the columns of baseline and candidate.
    """
    told = readings.readings() if case.claim else ()
    return {
        readings.MEASURED: other,
        **{name: model.claimed_columns(case, base, other, name) for name in told},
    }


def effects(case, draws: pd.DataFrame) -> pd.DataFrame:
    """A row a reading and outcome: median and 80% range of the gain over the baseline; `draws` as
    evaluated.
    """
    rows, options = (
        [],
        [model.columns_of(draws.loc[option]) for option in ("baseline", "candidate")],
    )
    for name, told in columns_by_reading(case, *options).items():
        for outcome, gain in gains(options[0], told).items():
            rows.append(
                {
                    "reading": name,
                    "title": readings.title(name),
                    "outcome": outcome,
                    **quantiles(gain),
                }
            )
    return pd.DataFrame(rows)


def across_workloads(case) -> pd.DataFrame:
    """Tokens per dollar, new for old, a row a reading, a column a workload that some scenario file
    states: medians.

    Chips, prices and promises are the scenario's own; a workload that the chips cannot serve stays
    blank.
    """
    asked = {case.workload: "This scenario"}
    for name in scenarios():
        asked.setdefault((other := load(name)).workload, other.title)
    columns = {}
    for workload, title in asked.items():
        other = case.model_copy(update={"workload": workload})
        try:
            base, new = model.option_columns(other).values()
        except model.Infeasible:
            columns[title] = {}
            continue
        ratios = {
            name: base["request_usd"] / d["request_usd"]
            for name, d in columns_by_reading(other, base, new).items()
        }
        columns[title] = {
            readings.title(name): float(np.median(ratio)) for name, ratio in ratios.items()
        }
    return pd.DataFrame(columns)


def requirements(case, found: pd.DataFrame) -> pd.DataFrame:
    """Which readings carry the headline to dollars, and up to which price of a chip second they
    would.

    `found` is what `effects` gave; `price_ratio` is the highest new over old price of a chip second
    that would do, `price` the modelled one, and `at_a_price` marks the readings that only the price
    keeps from the headline.
    """
    headline = claim(case.claim).headline_ratio
    wide = found.pivot_table(
        index=["reading", "title"], columns="outcome", values="mid", sort=False
    ).reset_index()
    wide["price_ratio"], wide["holds"] = (
        wide["throughput"] / headline,
        wide["dollars"] >= headline * ROUNDING,
    )
    dearer = (wide["price_ratio"] >= ROUNDING) & (wide["price"] * ROUNDING > wide["price_ratio"])
    return wide.assign(at_a_price=dearer & ~wide["holds"])


def required_ratio(case, draws: pd.DataFrame) -> float | None:
    """Tokens a chip second, new for old, that a headline asks for; one of dollars asks for the
    price as well.

    None without a claim.
    """
    chips = gains(draws.loc["baseline"], draws.loc["candidate"])
    price = chips["price"].median() if case.credence.reading == "dollars" else 1.0
    return claim(case.claim).headline_ratio * float(price) if case.claim else None


def published_ratios(case) -> pd.DataFrame:
    """Published ratios of throughput; `same_step` marks the scenario's step: its two chips, or its
    change of precision.
    """
    rows = table("ratios")
    old, new = (rows[side].str.split(" ", expand=True) for side in ("baseline", "candidate"))
    before, after = case.baseline, case.candidate
    chips = rows[["step"]].assign(old=old[0] == before.accelerator, new=new[0] == after.accelerator)
    steps = chips.groupby("step")[["old", "new"]].any().all(axis=1)
    software = old[0] == new[0]
    precision = (
        (old[0] == before.accelerator)
        & software
        & (old[1] == before.precision)
        & (new[1] == after.precision)
    )
    return rows.assign(
        same_step=rows["step"].map(steps) & ~software | precision & (old[1] != new[1])
    )
