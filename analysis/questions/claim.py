"""From a claim to a buyer: effects of every reading, what a conclusion needs, and the ladder of
pass-through.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis import model
from analysis.facts import table
from analysis.laws import claim as law
from analysis.scenario import readings
from analysis.scenario.claims import claim
from analysis.scenario.scenario import load, scenarios
from analysis.scenario.schema import quantiles

ROUNDING = 0.97  # the headline says "nearly"
HEAT = "Heat and halls"
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


def beside(draws: pd.DataFrame) -> pd.DataFrame:
    """`draws` with `tokens_per_usd_ratio`, what a dollar buys over what it buys on the baseline,
    draw by draw.
    """
    base = (
        draws.loc["baseline", "request_usd"]
        .reindex(draws.index.get_level_values("draw"))
        .to_numpy()
    )
    return draws.assign(tokens_per_usd_ratio=base / draws["request_usd"])


def by_reading(case, base: Mapping, other: Mapping) -> dict[str, Mapping]:
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
    for name, told in by_reading(case, *options).items():
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


def across(case) -> pd.DataFrame:
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
            for name, d in by_reading(other, base, new).items()
        }
        columns[title] = {
            readings.title(name): float(np.median(ratio)) for name, ratio in ratios.items()
        }
    return pd.DataFrame(columns)


def needs(case, found: pd.DataFrame) -> pd.DataFrame:
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


def ladder(case, draws: pd.DataFrame) -> pd.DataFrame:
    """Steps from the headline's multiplier to tokens per dollar in the first year: each step's
    factor and what is left.

    Without a claim the ladder starts at the chips as they are. `draws` is what `evaluate` gave for
    the scenario.
    """
    base, other = draws.loc["baseline"], draws.loc["candidate"]
    gain = gains(base, other)
    cool = other["output_tokens_per_s_per_chip"] / base["output_tokens_per_s_per_chip"]
    steps = {
        "The two chips as they are": cool,
        HEAT: gain["throughput"],
        "At the price of each": gain["dollars"],
    }
    price = gain["throughput"] / gain["dollars"]
    moved = law.realised_ratio(1 / gain["throughput"], price, base["eligible_share"], 1, 1)
    steps |= {
        "Part of the traffic moves": moved,
        "First year's load": moved * base["first_year_ratio"],
    }
    if case.claim:
        told = readings.factors(
            "matrix_products", claim(case.claim).cut_share, case.baseline.precision
        )
        touched = gains(base, model.evaluate(model.columns_of(base), change=told))["throughput"]
        headline = pd.Series(claim(case.claim).headline_ratio, index=base.index)
        steps = {"Headline": headline, "Only matrix products shrink": touched, **steps}
    before = pd.Series(1.0, index=base.index)
    rows = []
    for step, left in steps.items():
        factor = float((left / before).median())
        rows.append({"step": step, "factor": factor, **quantiles(left), "draws": left.to_numpy()})
        before = left
    return pd.DataFrame(rows)


def worlds(case, draws: pd.DataFrame, steps: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Tokens per dollar were the claim true, by the reading in `credence`, and mundane: a first
    year, the last step.
    """
    base, other = (draws.loc[option] for option in ("baseline", "candidate"))
    told = model.claimed_columns(
        case, model.columns_of(base), model.columns_of(other), case.credence.reading
    )
    true = gains(base, told)["dollars"]
    return true, pd.Series(steps["draws"].iloc[-1], index=true.index)


def asked_ratio(case, draws: pd.DataFrame) -> float | None:
    """Tokens a chip second, new for old, that a headline asks for; one of dollars asks for the
    price as well.

    None without a claim.
    """
    chips = gains(draws.loc["baseline"], draws.loc["candidate"])
    price = chips["price"].median() if case.credence.reading == "dollars" else 1.0
    return claim(case.claim).headline_ratio * float(price) if case.claim else None


def measured(case) -> pd.DataFrame:
    """Published ratios of throughput; `beside` marks the scenario's step: its two chips, or its
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
    return rows.assign(beside=rows["step"].map(steps) & ~software | precision & (old[1] != new[1]))
