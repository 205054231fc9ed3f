"""A chip's cost line by line, and the same total from components beside what others published."""

import numpy as np
import pandas as pd

from analysis import model
from analysis.facts import Accelerator, Site, chosen, find, table
from analysis.laws import cost
from analysis.scenario.scenario import Scenario, load
from analysis.units import convert

SITE = ("design_pue_ratio", "electricity_usd_per_j", "facility_usd_per_w")


def stack(draws: pd.DataFrame) -> pd.DataFrame:
    """Lines of an owned chip's cost, $ per chip-hour, a row an option and line that is not nothing.

    Means of the draws, because means add up and medians do not; `repair` is what unavailable hours
    cost.
    """
    rows = []
    for option, mine in draws.groupby(level=0, sort=False):
        lines = {name.removesuffix("_usd_per_s_per_chip"): mine[name].mean() for name in cost.STACK}
        lines["repair"] = mine["owned_usd_per_s_per_chip"].mean() - sum(lines.values())
        rows += [
            (option, line, convert(usd, "usd/s", "usd/hour"))
            for line, usd in lines.items()
            if usd > 0
        ]
    return pd.DataFrame(rows, columns=["option", "line", "usd_per_chip_hour"])


def from_components(
    case: Scenario, accelerator: str, changed: dict | None = None
) -> dict[str, np.ndarray]:
    """All columns of an owned chip's cost at the scenario's site and its beliefs' medians;
    `changed` replaces inputs.

    Power is a share of the peak, since published totals speak of no workload.
    """
    columns = {name: values.to_numpy() for name, values in model.beliefs(case, 1, None).items()}
    bought = chosen("capex", accelerator, str(case.as_of))
    columns |= {
        **dict(zip(bought["field"], bought["base"], strict=True)),
        "paid_ratio": 1.0,
        "leased_share": 0.0,
    }
    columns |= {name: getattr(find(Site, case.site), name) for name in SITE}
    columns["provisioned_w_per_chip"] = find(Accelerator, accelerator).provisioned_w_per_chip
    done = model.evaluate({**columns, **(changed or {})}, (*cost.CAPITAL, cost.drawn_w_per_chip))
    return model.evaluate({**done, "metered_w_per_chip": done["drawn_w_per_chip"]}, cost.OPERATION)


def totals(case: Scenario) -> pd.DataFrame:
    """Dollars per chip-hour of an owning hyperscaler: ours from components, the newest published, a
    row a chip.

    Ours is at the reference's site and beliefs, as of the scenario's day: what was published knows
    no scenario.
    """
    case = load("reference", {"as_of": str(case.as_of)})
    rows = chosen("prices", as_of=str(case.as_of)).query(
        "field == 'owner_hyperscaler_usd_per_s_per_chip'"
    )
    rows = rows[rows["thing"].isin(table("capex")["thing"])].sort_values("as_of", kind="stable")
    return pd.DataFrame([_total(case, row) for row in rows.itertuples()])


def _total(case: Scenario, row) -> dict:
    done = from_components(case, row.thing)
    ours = convert(float(np.squeeze(done["owned_usd_per_s_per_chip"])), "usd/s", "usd/hour")
    printed = convert(row.base, "usd/s", "usd/hour")
    bought = float(np.squeeze(done["it_usd_per_chip"]))
    return {
        "accelerator": row.thing,
        "as_of": row.as_of,
        "ours": ours,
        "published": printed,
        "difference_share": ours / printed - 1,
        "it_usd_per_chip": bought,
        "source": row.source,
    }
