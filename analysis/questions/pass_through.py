"""The ladder of pass-through: from a headline to tokens per dollar in a buyer's first year."""

import numpy as np
import pandas as pd

from analysis import model
from analysis.laws import claim as law
from analysis.model.options import headline_rest, needs_wider
from analysis.questions.claim import gains, option_pair, published_ratios
from analysis.scenario import readings
from analysis.scenario.claims import claim
from analysis.scenario.scenario import Scenario
from analysis.scenario.schema import quantiles

CHIPS = "Each chip at its best"
HEAT = "Heat and halls"  # the step that lower clocks and racks that wait make
FORMAT = "Work that needs today's format"
POWER_COSTS = ("electricity", "demand", "facility", "lease")  # what a watt costs, hall included


def ladder(case: Scenario, draws: pd.DataFrame) -> pd.DataFrame:
    """Steps from the headline's multiplier to tokens per dollar in the first year, a row a step.

    `factor` is the step's median factor; low, mid, high and `draws` are what is left after it.
    Without a claim the ladder starts at the chips as they are. `draws` as `evaluate` gives them.
    """
    before = pd.Series(1.0, index=draws.loc["baseline"].index)
    rows = []
    for step, left in _steps(case, draws).items():
        factor = float((left / before).median())
        rows.append({"step": step, "factor": factor, **quantiles(left), "draws": left.to_numpy()})
        before = left
    return pd.DataFrame(rows)


def _steps(case: Scenario, draws: pd.DataFrame) -> dict[str, pd.Series]:
    """What is left after each step, a value a draw."""
    base, candidate = draws.loc["baseline"], draws.loc["candidate"]
    gain = gains(base, candidate)
    cool = candidate["output_tokens_per_s_per_chip"] / base["output_tokens_per_s_per_chip"]
    before = base["usd_per_s_per_chip"]
    power = before / (before + _power_usd(candidate) - _power_usd(base))
    moved = _moved_ratio(case, base, candidate)
    return {
        **_claimed_steps(case, base),
        CHIPS: cool,
        HEAT: gain["throughput"],
        "Power and hall of each": gain["throughput"] * power,
        "Price of each": gain["dollars"],
        FORMAT: moved,
        "First year's load": moved * base["first_year_ratio"],
    }


def _moved_ratio(case: Scenario, base: pd.DataFrame, candidate: pd.DataFrame) -> pd.Series:
    """Tokens per dollar over all work once all has moved that can, new for old, a value a draw.

    The share that survives the new format is served in it; the rest in today's format on the same
    chips, or where it is now in draws in which that costs less.
    """
    share = base["eligible_share"]
    if not needs_wider(case, case.chip_options[case.headline]):
        share = share * 0 + 1
    gain = gains(base, candidate)
    price = gain["throughput"] / gain["dollars"]
    stays = law.realised_ratio(1 / gain["throughput"], price, share, 1, 1)
    rest = headline_rest(case, len(base))
    if rest is None:
        return stays
    usd = share * candidate["request_usd"] + (1 - share) * rest["request_usd"]
    return np.maximum(base["request_usd"] / usd, stays)


def _power_usd(columns: pd.DataFrame) -> pd.Series:
    """Dollars of a chip second that follow from its watts; for hired chips they are in the rent."""
    watts = sum(columns[f"{name}_usd_per_s_per_chip"] for name in POWER_COSTS)
    return columns["owned_share"] * watts / columns["available_share"]


def _claimed_steps(case: Scenario, base: pd.DataFrame) -> dict[str, pd.Series]:
    """The headline, and what is left if it speaks of matrix products alone; empty without one."""
    if case.claim is None:
        return {}
    claimed = claim(case.claim)
    factors = readings.factors("matrix_products", claimed.cut_share, case.baseline.precision)
    changed = model.evaluate(model.columns_of(base), change=factors)
    return {
        "Headline": pd.Series(claimed.headline_ratio, index=base.index),
        "Only matrix products shrink": gains(base, changed)["throughput"],
    }


def measured(case: Scenario) -> pd.DataFrame:
    """Published ratios of throughput per chip between parts of the ladder's two chips, a row each.

    Columns are step (CHIPS), ratio and kind: `matched` where one thing changes, `best of each`
    where each side is served at its best on the very pair of chips and precisions.
    """
    published = published_ratios(case)
    own = published[published["same_step"] & (published["matching"] == "matched")]
    old, new = (f"{each.accelerator} {each.precision}" for each in (case.baseline, case.candidate))
    pair = published[(published["baseline"] == old) & (published["candidate"] == new)]
    best = pair[pair["matching"] == "best_of_each"]
    kinds = ["matched"] * len(own) + ["best of each"] * len(best)
    ratios = [*own["times_ratio"], *best["times_ratio"]]
    return pd.DataFrame({"step": CHIPS, "ratio": ratios, "kind": kinds})


def worlds(case: Scenario, draws: pd.DataFrame, steps: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Tokens per dollar were the claim true, and were it mundane, a value a draw.

    True means by the reading in `credence`; mundane is a first year, the last step of the ladder.
    """
    base, candidate = option_pair(draws)
    claimed = model.claimed_columns(case, base, candidate, case.credence.reading)
    true = gains(draws.loc["baseline"], claimed)["dollars"]
    return true, pd.Series(steps["draws"].iloc[-1], index=true.index)
