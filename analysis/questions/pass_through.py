"""The ladder of pass-through: from a headline to tokens per dollar in a buyer's first year."""

import pandas as pd

from analysis import model
from analysis.laws import claim as law
from analysis.questions.claim import gains
from analysis.scenario import readings
from analysis.scenario.claims import claim
from analysis.scenario.schema import quantiles

HEAT = "Heat and halls"


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
