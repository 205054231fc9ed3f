"""What a decision rests on, counted and listed: facts of every option, quotes, beliefs, sources."""

from collections import Counter
from collections.abc import Iterator

import pandas as pd

from analysis.facts import chosen, sources, table
from analysis.facts.provenance import JUDGED, OPENED
from analysis.press.domain import Cell
from analysis.scenario.scenario import Scenario

Row = tuple[Cell, ...]


def rests_on(case: Scenario) -> str:
    """How many sources and guesses a decision rests on, in two sentences."""
    keys = {key for key in _source_counts(case) if key != JUDGED}
    opened = sum(sources().loc[list(keys), "read"] == OPENED)
    guesses = int((_facts(case)["source"] == JUDGED).sum())
    guesses += sum(belief.source == JUDGED for belief in case.believe.values())
    return (
        f"This rests on {len(keys)} sources, of which {opened} were opened and read. "
        f"{guesses} of its numbers are judged, each with a reason."
    )


def quotes(case: Scenario) -> Iterator[Row]:
    """Prices of every chip and API of the scenario by its day; this buyer's own stand first."""
    for name, held in case.quotes.items():
        for contract, quote in held.items():
            price, unit = quote.usd_per_hour, "usd/hour/chip"
            row = (name, contract, str(quote.as_of), price, unit, 1.0, quote.source, "own quote")
            yield row
    for row in _prices(case).itertuples():
        what = row.field.partition("_usd")[0].replace("_", " ")
        title = sources()["title"].get(row.source, row.source)
        number = (float(row.value), row.unit, float(row.times))
        yield (row.thing, what, str(row.as_of), *number, title, row.where)


def beliefs(case: Scenario) -> Iterator[Row]:
    """Every belief with its percentiles, source and reason."""
    for name, belief in case.believe.items():
        ends = (belief.low, belief.mid, belief.high)
        title = sources()["title"].get(belief.source, belief.source)
        yield (name, *ends, belief.unit, title, belief.why)


def cited_sources(case: Scenario) -> Iterator[Row]:
    """Every source of the decision, and how many of its numbers come from it."""
    counts = _source_counts(case)
    known = sources().loc[sorted(counts)]
    for row in known.itertuples():
        read = ", ".join(part for part in (row.read, row.read_on) if part)
        about = (row.title, row.publisher, row.url, row.published, read, row.grade)
        yield (row.Index, *about, counts[row.Index])


def _source_counts(case: Scenario) -> Counter[str]:
    """Numbers by the key of their source; a belief's source that is no key is its own words."""
    keys = [*_facts(case)["source"], *(belief.source for belief in case.believe.values())]
    return Counter(key for key in keys if key in sources().index)


def _facts(case: Scenario) -> pd.DataFrame:
    """The facts of every chip that serves or could, of model and site, and all prices."""
    chips = _chips(case)
    things = [("accelerators", name) for name in chips]
    things += [("models", case.model), ("sites", case.site)]
    facts = pd.concat([chosen(name, thing) for name, thing in things])
    replaced = facts["field"].isin(list(case.believe))
    return pd.concat([facts[(facts["value"] != 0) & ~replaced], _prices(case)])


def _chips(case: Scenario) -> list[str]:
    named = [option.accelerator for option in case.chip_options.values()]
    return list(dict.fromkeys([case.have.accelerator, *named]))


def _prices(case: Scenario) -> pd.DataFrame:
    """Purchase prices and quotes that stood on the scenario's day."""
    things = [*_chips(case), *(option.api for option in case.api_options.values())]
    as_of = str(case.as_of)
    parts = []
    for name in ("capex", "prices"):
        rows = table(name)
        if "stands" in rows:
            rows = rows[rows["stands"]]
        parts.append(rows[rows["thing"].isin(things) & (rows["as_of"] <= as_of)])
    return pd.concat(parts)
