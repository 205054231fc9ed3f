"""What a scenario's chips cost: purchase prices, contracts, and the ways to hold them side
by side.
"""

import numpy as np
import pandas as pd

from analysis.facts import chosen, price, table
from analysis.laws import cost
from analysis.study.scenario import Scenario
from analysis.study.schema import spread
from analysis.units import convert

COMPONENTS = ("accelerator", "server", "network", "storage")
OWNER = "owner_neocloud"  # a published total, beside ours from components
CONTRACTS = {
    "rent_3yr": "hired for 3 years",
    "rent_1yr": "hired for 1 year",
    "rent_on_demand": "hired on demand",
}


def quoted(thing: str, field: str, as_of: str) -> float:
    """The newest quote not later than `as_of`, in base units; NaN where nobody has quoted
    it yet.
    """
    try:
        return price(thing, f"{field}_usd_per_s_per_chip", as_of)
    except LookupError:
        return np.nan


def paid(case: Scenario, option: str) -> dict[str, float]:
    """Fixed money columns of one option: prices of its computers and the contract for chips that
    are not owned.

    LookupError where a chip has no price, or no quote for a contract that the scenario needs.
    """
    chip, held = getattr(case, option).accelerator, case.finance
    bought = chosen("capex", chip, str(case.as_of))
    hired = (
        0.0
        if held.owned_share == 1
        else price(chip, f"{held.rent}_usd_per_s_per_chip", str(case.as_of))
    )
    told = dict(zip(bought["field"], bought["base"].tolist(), strict=True))
    if missing := [part for part in COMPONENTS if f"{part}_usd_per_chip" not in told]:
        raise LookupError(f"capex.csv: {chip}: no price of {', '.join(missing)} as of {case.as_of}")
    shares = {"owned_share": held.owned_share, "leased_share": held.leased_share}
    return {**told, **shares, "rent_usd_per_s_per_chip": hired}


def listed(case: Scenario) -> dict[str, float]:
    """The API's list prices of tokens on the scenario's day, by the name of the cost they stand
    for.
    """
    kinds = (
        {"input": "input", "cached": "cached_input", "output": "output"} if case.finance.api else {}
    )
    asked = {
        kind: (case.finance.api, f"{field}_usd_per_token", str(case.as_of))
        for kind, field in kinds.items()
    }
    return {f"{kind}_usd_per_token": price(*words) for kind, words in asked.items()}


def listed_request_usd(case: Scenario) -> float:
    """A request at the API's list prices; NaN where the scenario names no API."""
    work = (
        float(case.workload.input_tokens),
        case.workload.cached_share,
        float(case.workload.output_tokens),
    )
    return cost.request_usd(*work, **told, one_request=1) if (told := listed(case)) else np.nan


def tenures(case: Scenario, draws: pd.DataFrame) -> pd.DataFrame:
    """The same work four ways for each option: $ per chip-hour, per million output tokens and per
    request.

    Owned and contracted chips are paid for idle hours too; hired on demand, they are paid while
    they work. Rows without a quote are left out. The API's row has no chip-hour: its price holds
    its own margin, model and load.
    """
    return pd.DataFrame(
        [
            row
            for option in ("baseline", "candidate")
            for row in _ways(case, option, draws.loc[option])
        ]
    )


def _ways(case: Scenario, option: str, mine: pd.DataFrame):
    as_of, own = str(case.as_of), mine["owned_usd_per_s_per_chip"]
    chip, asked = (
        getattr(case, option).accelerator,
        {OWNER: "owned by a neocloud, as published", **CONTRACTS},
    )
    rents = {label: quoted(chip, field, as_of) for field, label in asked.items()}
    for label, second in {"owned": own, **rents}.items():
        if np.all(np.isfinite(second)):
            idle = 1.0 if "on demand" in label else mine["busy_share"]
            times = second / idle / mine["busy_usd_per_s_per_chip"]
            token, request = (
                mine[name] * times for name in ("output_usd_per_token", "request_usd")
            )
            yield _way(option, label, np.median(second), token, request)
    if case.finance.api and option == "baseline":
        output = listed(case)["output_usd_per_token"]
        yield _way("API", case.finance.api, np.nan, [output], [listed_request_usd(case)])


def _way(option: str, how: str, second: float, token, request) -> dict:
    token = convert(float(np.median(token)), "usd/tok", "usd/Mtok")
    hour = convert(second, "usd/s", "usd/hour")
    told = {"option": option, "how": how, "usd_per_chip_hour": hour, "output_usd_per_mtok": token}
    return {**told, **spread(request)}


def break_even(case: Scenario, draws: pd.DataFrame, option: str) -> np.ndarray:
    """Load factor above which owning beats hiring on demand, a value a draw; NaN where on-demand
    has no quote.
    """
    rent = quoted(getattr(case, option).accelerator, "rent_on_demand", str(case.as_of))
    return cost.break_even_busy_share(
        draws.loc[option]["owned_usd_per_s_per_chip"].to_numpy(), rent
    )


def rents(case: Scenario) -> pd.DataFrame:
    """Dated quotes of the two options' chips up to the scenario's date: thing, as_of, contract, $
    per chip-hour.
    """
    rows = table("prices")
    chips = [case.baseline.accelerator, case.candidate.accelerator]
    rows = rows[rows["stands"] & rows["thing"].isin(chips) & (rows["as_of"] <= str(case.as_of))]
    contract = rows["field"].str.removesuffix("_usd_per_s_per_chip").map(CONTRACTS)
    hourly = convert(rows["base"], "usd/s", "usd/hour")
    rows = rows.assign(contract=contract, usd_per_chip_hour=hourly).dropna(subset="contract")
    return rows[["thing", "as_of", "contract", "usd_per_chip_hour", "source"]]
