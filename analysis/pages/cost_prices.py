"""Prices on the cost page: ways to hold a chip, published totals, and the rows behind them."""

import altair as alt
import numpy as np
import pandas as pd

from analysis.facts import chip, chosen
from analysis.facts import table as fact_table
from analysis.pages.charts import cost as charts
from analysis.pages.inputs import cited
from analysis.pages.numbers import percent_change, printed
from analysis.pages.outputs import Output, table, table_text
from analysis.pages.words import plain
from analysis.questions import cost as cost_questions
from analysis.questions import tenure
from analysis.scenario.scenario import Scenario

NEAR = 0.10  # a published total within this share of ours is reproduced


def break_even(case: Scenario, draws: pd.DataFrame) -> Output:
    """Above which load owning beats hiring on demand, and what owning costs a neocloud."""
    shares = {
        chip(getattr(case, option).accelerator): tenure.break_even(case, draws, option)
        for option in ("baseline", "candidate")
    }
    unquoted = [name for name, values in shares.items() if np.isnan(values).any()]
    parts = []
    for name, values in shares.items():
        if name not in unquoted:
            low, mid, high = np.quantile(values, [0.1, 0.5, 0.9])
            parts.append(
                f"owning {name} beats renting it on demand above a load factor of {mid:.0%} "
                f"({low:.0%} to {high:.0%})"
            )
    if unquoted:
        parts.append(
            f"nobody had quoted {' or '.join(unquoted)} on demand by {case.as_of}, so that choice "
            "is not shown"
        )
    words = " ".join(f"{part[0].upper()}{part[1:]}." for part in parts)
    load = np.median(draws.loc["baseline"]["load_factor"])
    words += f" The load factor is expected to be {load:.0%}."
    for name, usd_per_hour in tenure.neocloud_usd_per_hour(case).items():
        words += f" Owning {chip(name)} costs a neocloud ${usd_per_hour:.2f} an hour, as published."
    return Output(words)


def rents(case: Scenario) -> alt.LayerChart:
    """What both chips have been quoted at, by date."""
    return charts.rents(tenure.rents(case))


def published(case: Scenario) -> Output:
    """Our $ per chip-hour from components beside published totals, and how many are near."""
    totals = cost_questions.totals(case)
    if totals.empty:
        return Output(f"Nobody had published a total by {case.as_of}.")
    rows = [
        (
            chip(row.accelerator),
            row.as_of,
            f"{row.ours:.2f}",
            f"{row.published:.2f}",
            percent_change(row.difference_share, 1),
            f"{row.it_usd_per_chip:,.0f}",
        )
        for row in totals.itertuples()
    ]
    heads = [
        "Chip",
        "published",
        "ours, $/h",
        "theirs, $/h",
        "difference",
        "computers, $ per chip",
    ]
    near = totals["difference_share"].abs() <= NEAR
    come = "comes" if near.sum() == 1 else "come"
    words = f"{near.sum()} of {len(totals)} {come} within a tenth"
    if not near.all():
        words += f"; beyond it: {', '.join(totals.loc[~near, 'accelerator'].map(chip))}"
    return Output(f"{table_text(rows, heads)}\n\n{words}.")


def prices(case: Scenario) -> Output:
    """The rows behind the purchase prices and quotes of both chips, as printed, with sources."""
    chips = list(dict.fromkeys((case.baseline.accelerator, case.candidate.accelerator)))
    as_of = str(case.as_of)
    bought = pd.concat([chosen("capex", name, as_of) for name in chips])
    quotes = fact_table("prices")
    by_then = quotes["stands"] & (quotes["as_of"] <= as_of)
    rows = pd.concat([bought, quotes[quotes["thing"].isin(chips) & by_then]])
    cells = [
        (
            chip(row.thing),
            row.field.partition("_usd")[0].replace("_", " "),
            row.as_of,
            printed(row.value, row.times, row.unit),
            plain(cited(row.source, row.where)),
        )
        for row in rows.itertuples()
    ]
    heads = ["Chip", "what", "as of", "printed", "source, where in it, and why adjusted"]
    return table(cells, heads)
