"""The ladder of pass-through: from a headline to tokens per dollar in a buyer's first year."""

import pandas as pd

from analysis import model
from analysis.laws import claim as law
from analysis.questions.claim import gains, option_pair
from analysis.scenario import readings
from analysis.scenario.claims import claim
from analysis.scenario.scenario import Scenario
from analysis.scenario.schema import quantiles

HEAT = "Heat and halls"  # the step that lower clocks and racks that wait make


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
    price = gain["throughput"] / gain["dollars"]
    moved = law.realised_ratio(1 / gain["throughput"], price, base["eligible_share"], 1, 1)
    return {
        **_claimed_steps(case, base),
        "The two chips as they are": cool,
        HEAT: gain["throughput"],
        "At the price of each": gain["dollars"],
        "Part of the traffic moves": moved,
        "First year's load": moved * base["first_year_ratio"],
    }


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


def worlds(case: Scenario, draws: pd.DataFrame, steps: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Tokens per dollar were the claim true, and were it mundane, a value a draw.

    True means by the reading in `credence`; mundane is a first year, the last step of the ladder.
    """
    base, candidate = option_pair(draws)
    claimed = model.claimed_columns(case, base, candidate, case.credence.reading)
    true = gains(draws.loc["baseline"], claimed)["dollars"]
    return true, pd.Series(steps["draws"].iloc[-1], index=true.index)
