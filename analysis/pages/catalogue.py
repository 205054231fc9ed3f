"""What can be asked about: accelerators, models, sites, prices, each with what is known of it."""

import pandas as pd

from analysis.facts import Accelerator, Model, Site, chip, chosen, find, names, purchasable, table
from analysis.model.coefficients import same_dimensions
from analysis.model.measured import serving_points
from analysis.model.prices import CONTRACTS
from analysis.units import convert

BILLION = 1e9


def accelerators() -> pd.DataFrame:
    """Every accelerator, a row each: names it is known by, what it can do, and what is missing.

    Columns: `name` (write this), `title`, `aliases`, `maker`, `generation`, dense `bf16`, `fp8` and
    `fp4` in TFLOP/s (0: no such path), `memory_gb`, `bandwidth_tb_per_s`, `power_w`, `points`
    (measured serving points), `purchase_price` and `rents` (contracts with a quote), `missing`.
    """
    families = table("families").set_index("accelerator")
    aliases = _aliases("accelerator")
    points = serving_points()["accelerator"].value_counts()
    bought, quoted = set(purchasable()), _quoted_contracts()
    rows = []
    for name in names(Accelerator):
        record = find(Accelerator, name)
        missing = []
        if name not in bought:
            missing.append("purchase price")
        if not quoted.get(name):
            missing.append("rent")
        if name not in points:
            missing.append("measured points")
        rows.append(
            {
                "name": name,
                "title": chip(name),
                "aliases": aliases.get(name, ""),
                "maker": families.loc[name, "maker"],
                "generation": families.loc[name, "generation"],
                "bf16": convert(record.bf16_flop_per_s_per_chip, "flop/s", "teraflop/s"),
                "fp8": convert(record.fp8_flop_per_s_per_chip, "flop/s", "teraflop/s"),
                "fp4": convert(record.fp4_flop_per_s_per_chip, "flop/s", "teraflop/s"),
                "memory_gb": convert(record.memory_bytes_per_chip, "B", "GB"),
                "bandwidth_tb_per_s": convert(record.bandwidth_bytes_per_s_per_chip, "B", "TB"),
                "power_w": record.power_w_per_chip,
                "points": int(points.get(name, 0)),
                "purchase_price": name in bought,
                "rents": ", ".join(quoted.get(name, [])),
                "missing": ", ".join(missing),
            }
        )
    return pd.DataFrame(rows)


def models() -> pd.DataFrame:
    """Every language model, a row each: names, sizes as published, and whether it was measured.

    Columns: `name` (write this), `aliases`, `parameters_billion`, `active_billion`, `layers`,
    `experts`, `context_tokens`, `points` (measured serving points of its dimensions), `missing`.
    """
    aliases = _aliases("model")
    measured = serving_points()["model"]
    points = measured.map(same_dimensions).value_counts()
    rows = []
    for name in names(Model):
        record = find(Model, name)
        count = int(points.get(same_dimensions(name), 0))
        rows.append(
            {
                "name": name,
                "aliases": aliases.get(name, ""),
                "parameters_billion": record.all_parameters / BILLION,
                "active_billion": record.active_parameters / BILLION,
                "layers": int(record.layers_count),
                "experts": int(record.experts_count),
                "context_tokens": int(record.context_tokens),
                "points": count,
                "missing": "" if count else "measured points",
            }
        )
    return pd.DataFrame(rows)


def sites() -> pd.DataFrame:
    """Every site, a row each: electricity, cooling, carbon, water, and power of a rack position."""
    rows = []
    for name in names(Site):
        record = find(Site, name)
        rows.append(
            {
                "name": name,
                "usd_per_kwh": convert(record.electricity_usd_per_j, "usd/J", "usd/kWh"),
                "pue": record.pue_ratio,
                "carbon_g_per_kwh": convert(record.carbon_g_per_j, "g/J", "g/kWh"),
                "water_l_per_kwh": convert(record.water_l_per_j, "l/J", "l/kWh"),
                "hall_usd_per_w": record.facility_usd_per_w,
                "rack_kw": convert(record.rack_limit_w, "W", "kW"),
            }
        )
    return pd.DataFrame(rows)


def prices(as_of: str | None = None) -> pd.DataFrame:
    """The quotes that stand on a day, a row each: thing, field, day, value as printed, source.

    `as_of` is an ISO day; without it the newest of all. Rows that disagree with a chosen one are in
    the fact tables, not here.
    """
    rows = pd.concat([chosen("prices", None, as_of), chosen("capex", None, as_of)])
    columns = ["thing", "field", "as_of", "value", "unit", "times", "source", "where"]
    return rows[columns].sort_values(["thing", "field"], ignore_index=True)


def _aliases(column: str) -> dict[str, str]:
    """The other names of each thing, in one cell."""
    rows = table("aliases").dropna(subset=column)
    return rows.groupby(column)["alias"].agg(", ".join).to_dict()


def _quoted_contracts() -> dict[str, list[str]]:
    """The contracts with a quote, by chip."""
    fields = chosen("prices").groupby("thing")["field"].agg(set)
    return {
        thing: [name for name in CONTRACTS if f"{name}_usd_per_s_per_chip" in known]
        for thing, known in fields.items()
    }
