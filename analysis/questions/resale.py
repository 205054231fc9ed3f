"""What chips that somebody owns would fetch: by sale at their age, or leased out."""

from collections.abc import Mapping

import numpy as np

from analysis.facts import table
from analysis.model.prices import purchase_prices, rent_usd_per_s_per_chip
from analysis.scenario.scenario import Scenario
from analysis.units import convert

YEAR_DAYS = 365.25


def resale_share(age_years: float) -> float:
    """Middle share of a chip's price when new that it still brings at an age, from dated sales.

    Rows of resale.csv at each age are averaged on a logarithmic scale; ages between are joined by
    straight lines, and beyond the oldest the last one holds.
    """
    rows = table("resale")
    rows = rows[rows["basis"] == "resale"]
    by_age = np.log(rows["mid_ratio"]).groupby(rows["age_years"]).mean().sort_index()
    ages = np.concatenate([[0.0], by_age.index.to_numpy(float)])
    shares = np.concatenate([[0.0], by_age.to_numpy()])
    return float(np.exp(np.interp(age_years, ages, shares)))


def kept_usd_per_s_per_chip(
    case: Scenario, operating_usd_per_s_per_chip: np.ndarray, beliefs: Mapping[str, np.ndarray]
) -> np.ndarray:
    """What a second of an owned chip costs from now on, shape (draws,); its price is sunk.

    Operation, and what keeping forgoes: sold today the chip brings its resale price, less what it
    would still bring at the end of the horizon. Where leasing it out would bring more, in the part
    `lease_out_share` of the quoted rent, that is what serving with it forgoes.
    """
    have, years = case.have, case.budget.horizon_months / 12
    bought = have.bought or case.as_of
    age = max((case.as_of - bought).days / YEAR_DAYS, 0.0)
    new_usd = purchase_prices(have.accelerator, str(case.as_of))["accelerator_usd_per_chip"]
    lost_usd = new_usd * (resale_share(age) - resale_share(age + years))
    sold = np.nan_to_num(lost_usd) / convert(years, "year", "s")
    rent = rent_usd_per_s_per_chip(case, have.accelerator, "rent_3yr")
    leased = np.nan_to_num(rent) * beliefs["lease_out_share"]
    return np.maximum(operating_usd_per_s_per_chip + sold, leased)
