"""A chip's cost line by line, and the same total from components beside what others published."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from analysis import model
from analysis.facts import Accelerator, Site, chosen, find, purchasable
from analysis.laws import cost
from analysis.model.runner import Columns
from analysis.scenario.scenario import Scenario, load
from analysis.units import convert

SITE_FIELDS = ("design_pue_ratio", "electricity_usd_per_j", "facility_usd_per_w")
PUBLISHED = "owner_hyperscaler_usd_per_s_per_chip"


def stack(draws: pd.DataFrame) -> pd.DataFrame:
    """Lines of an owned chip's cost in dollars per chip-hour, a row an option and line.

    Means of the draws, because means add up and medians do not; lines that are nothing are left
    out, and `repair` is what unavailable hours cost. Columns are option, line, usd_per_chip_hour.
    """
    rows = []
    for option, columns in draws.groupby(level=0, sort=False):
        lines = {
            name.removesuffix("_usd_per_s_per_chip"): columns[name].mean() for name in cost.STACK
        }
        lines["repair"] = columns["owned_usd_per_s_per_chip"].mean() - sum(lines.values())
        for line, usd_per_s in lines.items():
            if usd_per_s > 0:
                rows.append((option, line, convert(usd_per_s, "usd/s", "usd/hour")))
    return pd.DataFrame(rows, columns=["option", "line", "usd_per_chip_hour"])


def from_components(
    case: Scenario, accelerator: str, changed: Mapping[str, Any] | None = None
) -> Columns:
    """All columns of an owned chip's cost at the scenario's site and its beliefs' medians.

    `changed` replaces inputs by name. Power is a share of the peak, since published totals speak of
    no workload.
    """
    beliefs = model.beliefs(case, draws=1, seed=None)
    bought = chosen("capex", accelerator, str(case.as_of))
    site = find(Site, case.site)
    inputs: Columns = {
        **model.columns_of(beliefs),
        **dict(zip(bought["field"], bought["base"], strict=True)),
        **{name: getattr(site, name) for name in SITE_FIELDS},
        "provisioned_w_per_chip": find(Accelerator, accelerator).provisioned_w_per_chip,
        "paid_ratio": 1.0,
        "leased_share": 0.0,
        **(changed or {}),
    }
    columns = model.evaluate(inputs, (*cost.CAPITAL, cost.drawn_w_per_chip))
    metered = {"metered_w_per_chip": columns["drawn_w_per_chip"]}
    return model.evaluate({**columns, **metered}, cost.OPERATION)


def totals(case: Scenario) -> pd.DataFrame:
    """Dollars per chip-hour of an owning hyperscaler: ours from components, the newest published.

    A row a chip. Ours is at the reference's site and beliefs, as of the scenario's day: what was
    published knows no scenario. Empty where nobody had published one by then.
    """
    reference = load("reference").model_copy(update={"as_of": case.as_of})
    prices = chosen("prices", as_of=str(case.as_of))
    has_components = prices["thing"].isin(purchasable(str(case.as_of)))
    rows = prices[(prices["field"] == PUBLISHED) & has_components]
    rows = rows.sort_values("as_of", kind="stable")
    return pd.DataFrame([_total(reference, row) for row in rows.to_dict("records")])


def _total(reference: Scenario, quote: Mapping) -> dict:
    """Our total of a chip beside a published one; `quote` is a row of prices.csv."""
    columns = from_components(reference, quote["thing"])
    owned = float(np.squeeze(columns["owned_usd_per_s_per_chip"]))
    ours = convert(owned, "usd/s", "usd/hour")
    published = convert(quote["base"], "usd/s", "usd/hour")
    return {
        "accelerator": quote["thing"],
        "as_of": quote["as_of"],
        "ours": ours,
        "published": published,
        "difference_share": ours / published - 1,
        "it_usd_per_chip": float(np.squeeze(columns["it_usd_per_chip"])),
        "source": quote["source"],
    }
