"""From a claim to a buyer: what each reading of it would bring, and what a conclusion requires."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis import model
from analysis.facts import table
from analysis.laws import cooling
from analysis.model.runner import Columns
from analysis.scenario import readings
from analysis.scenario.claims import claim
from analysis.scenario.scenario import Scenario, scenarios
from analysis.scenario.schema import Deployment, quantiles
from analysis.scenario.stated_work import stated_work

ROUNDING = 0.97  # the headline says "nearly"


def gains(base: Mapping | pd.DataFrame, other: Mapping | pd.DataFrame) -> pd.DataFrame:
    """How many times better `other` is, a row a draw.

    Columns are tokens a chip second (`throughput`), a joule (`energy`), a dollar (`dollars`) and a
    watt at the utility (`power`); `price` is new over old of a chip second. Lower clocks, and racks
    that wait but are paid for, are in throughput and dollars.
    """
    ratios = {
        "throughput": _ratio(base, other, "paid_tokens_per_s_per_chip"),
        "energy": 1 / _ratio(base, other, "energy_j_per_output_token"),
        "dollars": 1 / _ratio(base, other, "request_usd"),
        "price": _ratio(base, other, "usd_per_s_per_chip"),
        "power": tokens_per_watt_ratio(base, other),
    }
    return pd.DataFrame(ratios)


def tokens_per_watt_ratio(base: Mapping | pd.DataFrame, other: Mapping | pd.DataFrame):
    """Tokens that a watt at the utility serves, new over old, lower clocks counted."""
    speed = _ratio(base, other, "output_tokens_per_s_per_chip")
    kept = _ratio(base, other, "derated_tokens_ratio")
    return cooling.scarce_ratio(speed * kept, _ratio(base, other, "feed_w_per_chip"))


def _ratio(base: Mapping | pd.DataFrame, other: Mapping | pd.DataFrame, name: str):
    return other[name] / base[name]


def with_tokens_per_usd_ratio(draws: pd.DataFrame) -> pd.DataFrame:
    """`draws` with what a dollar buys over what it buys on the baseline, draw by draw.

    The column is `tokens_per_usd_ratio`.
    """
    draw = draws.index.get_level_values("draw")
    base = draws.loc["baseline", "request_usd"].reindex(draw).to_numpy()
    return draws.assign(tokens_per_usd_ratio=base / draws["request_usd"])


def columns_by_reading(case: Scenario, base: Mapping, other: Mapping) -> dict[str, Mapping]:
    """What the laws say of the candidate as it is (`measured`), then of each reading of a claim.

    `base` and `other` are the evaluated columns of baseline and candidate.
    """
    columns: dict[str, Mapping] = {readings.MEASURED: other}
    if case.claim:
        for name in readings.readings():
            columns[name] = model.claimed_columns(case, base, other, name)
    return columns


def option_pair(draws: pd.DataFrame) -> tuple[Columns, Columns]:
    """The columns of baseline and candidate; `draws` as `evaluate` gives them."""
    return model.columns_of(draws.loc["baseline"]), model.columns_of(draws.loc["candidate"])


def effects(case: Scenario, draws: pd.DataFrame) -> pd.DataFrame:
    """Gains over the baseline under each reading, a row a reading and outcome.

    Columns are reading, title, outcome (as in `gains`), and low, mid, high (the 80% range).
    """
    base, other = option_pair(draws)
    rows = []
    for name, columns in columns_by_reading(case, base, other).items():
        for outcome, gain in gains(base, columns).items():
            labels = {"reading": name, "title": readings.title(name), "outcome": outcome}
            rows.append({**labels, **quantiles(gain)})
    return pd.DataFrame(rows)


def across_workloads(case: Scenario) -> pd.DataFrame:
    """Median tokens per dollar, new for old, a row a reading and a column a workload.

    The workloads are those that scenario files state. Chips, prices and promises are the scenario's
    own; a workload that the chips cannot serve stays blank. A file in which none can be
    read states none: the build names it, and the comparison does.
    """
    titles = {case.workload: "This scenario"}
    for name in scenarios():
        if (stated := stated_work(name)) is not None:
            title, workload = stated
            titles.setdefault(workload, title)
    columns = {}
    for workload, title in titles.items():
        columns[title] = _median_gains(case.model_copy(update={"workload": workload}))
    return pd.DataFrame(columns)


def _median_gains(case: Scenario) -> dict[str, float]:
    """Median tokens per dollar by the title of the reading; empty where nothing can serve it."""
    try:
        base, candidate = model.option_columns(case).values()
    except model.Infeasible:
        return {}
    medians = {}
    for name, columns in columns_by_reading(case, base, candidate).items():
        ratio = base["request_usd"] / columns["request_usd"]
        medians[readings.title(name)] = float(np.median(ratio))
    return medians


def requirements(case: Scenario, effects: pd.DataFrame) -> pd.DataFrame:
    """Which readings carry the headline to dollars, and at which price others would; a row each.

    `effects` as the function of that name gives them. `holds` marks those that do; `price_ratio` is
    the highest new over old price of a chip second that would do, `price` the modelled one, and
    `at_a_price` marks the readings that only the price keeps from the headline. The scenario must
    have a claim.
    """
    headline = required_headline(case)
    wide = effects.pivot_table(
        index=["reading", "title"], columns="outcome", values="mid", sort=False
    ).reset_index()
    price_ratio = wide["throughput"] / headline
    holds = wide["dollars"] >= headline * ROUNDING
    too_dear = (price_ratio >= ROUNDING) & (wide["price"] * ROUNDING > price_ratio)
    return wide.assign(price_ratio=price_ratio, holds=holds, at_a_price=too_dear & ~holds)


def required_headline(case: Scenario) -> float:
    """The multiplier that the scenario's claim suggests; ValueError without a claim."""
    if case.claim is None:
        raise ValueError(f"{case.name}: nothing was claimed, so there is no headline")
    return claim(case.claim).headline_ratio


def required_ratio(case: Scenario, draws: pd.DataFrame) -> float | None:
    """Tokens a chip second, new for old, that a headline requires; None without a claim.

    A headline of dollars requires the price as well.
    """
    if case.claim is None:
        return None
    price = 1.0
    if case.credence.reading == "dollars":
        base, candidate = draws.loc["baseline"], draws.loc["candidate"]
        price = float(_ratio(base, candidate, "usd_per_s_per_chip").median())
    return claim(case.claim).headline_ratio * price


def published_ratios(case: Scenario) -> pd.DataFrame:
    """Published ratios of throughput per chip (ratios.csv), a row each.

    `same_step` marks those of the scenario's own step: its two chips, or its change of precision.
    Ratios per megawatt or dollar stand in the same table, under another word in its column `per`.
    """
    rows = table("ratios")
    rows = rows[rows["per"] == "chip"]
    old, new = (rows[side].str.split(" ", expand=True) for side in ("baseline", "candidate"))
    same_chip = old[0] == new[0]
    from_chip = old[0] == case.baseline.accelerator
    chips = pd.DataFrame(
        {"step": rows["step"], "from": from_chip, "to": new[0] == case.candidate.accelerator}
    )
    has_both = chips.groupby("step")[["from", "to"]].any().all(axis=1)
    own_chips = rows["step"].map(has_both) & ~same_chip
    own_precision = (
        from_chip & same_chip & _changes_precision(old[1], new[1], case.baseline, case.candidate)
    )
    return rows.assign(same_step=own_chips | own_precision)


def _changes_precision(
    old: pd.Series, new: pd.Series, baseline: Deployment, candidate: Deployment
) -> pd.Series:
    """Whether a row changes the precision as the scenario does."""
    return (old == baseline.precision) & (new == candidate.precision) & (old != new)
