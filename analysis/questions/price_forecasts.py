"""Forecasts of the prices on which a decision rests: rents of its chips, and tokens of its API."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from analysis.facts import chip, chosen, sources, table
from analysis.laws import rollout
from analysis.model.draws import DRAWS, SEED, belief_draws
from analysis.questions.answer import decide
from analysis.questions.launches import months_between
from analysis.scenario.scenario import Scenario
from analysis.scenario.schema import ApiOption
from analysis.units import convert

FALLS = (1.0, 0.9)  # a price below today's, and below nine tenths of it
CONTRACTS = {"rent_on_demand": "rented on demand", "rent_3yr": "rented for three years"}
MONTHS_PER_YEAR = 12
APART_DAYS = 60  # two quotes closer than this say little of a drift


@dataclass(frozen=True)
class Price:
    """A price of the tables that stands today, and the belief that says how it drifts in a year."""

    thing: str
    field: str
    belief: str
    today: float  # in dollars of the unit in which people say it
    unit: str
    words: str
    source: str


def price_rows(case: Scenario, as_of: date, ends: Iterable[date]) -> list[dict]:
    """Chances that each price is lower on a quarter end than on the day of the forecast.

    The base rate is how often a later quote of the tables lay below an earlier one; no vendor gives
    a word on it.
    """
    return [
        _row(case, price, as_of, day, fall)
        for price in _prices(case, as_of)
        for day in ends
        for fall in FALLS
    ]


def _prices(case: Scenario, as_of: date) -> Iterator[Price]:
    """Rents of today's chips and of the decided option's, and the first API's written tokens."""
    answer = decide(case)
    options = [case.options.get(name) for name in (answer.option, answer.later_option)]
    chips = [each.accelerator for each in options if each and not isinstance(each, ApiOption)]
    rows = chosen("prices", None, as_of.isoformat())
    for name in dict.fromkeys([case.have.accelerator, *chips]):
        for contract, held in CONTRACTS.items():
            field = f"{contract}_usd_per_s_per_chip"
            for row in rows[(rows["thing"] == name) & (rows["field"] == field)].itertuples():
                usd = convert(row.base, "usd/s", "usd/hour")
                words = f"{chip(name)}, {held},"
                yield Price(name, field, "rent_drift_ratio", usd, "an hour", words, row.source)
    for api in list(dict.fromkeys(option.api for option in case.api_options.values()))[:1]:
        field = "output_usd_per_token"
        for row in rows[(rows["thing"] == api) & (rows["field"] == field)].itertuples():
            usd = convert(row.base, "usd/token", "usd/Mtok")
            words = f"A written token of {api}"
            yield Price(api, field, "api_drift_ratio", usd, "a million", words, row.source)


def _row(case: Scenario, price: Price, as_of: date, day: date, fall: float) -> dict:
    years = months_between(as_of, day) / MONTHS_PER_YEAR
    drift = belief_draws(price.belief, case.believe[price.belief], DRAWS, SEED)
    limit = f"{fall * price.today:.2f}"
    slug = f"{price.thing}_{price.field.partition('_usd')[0]}".replace("/", "_").replace("-", "_")
    on = f"on {day.day} {day:%B %Y}"
    was = f"it was ${price.today:.2f} on {as_of.day} {as_of:%B %Y}"
    return {
        "question": f"{slug}_below_{limit}_{day}",
        "kind": "chance",
        "text": f"{price.words} costs less than ${limit} {price.unit} {on}; {was}",
        "closes": day.isoformat(),
        "resolved_by": f"the newest quote by that day in {sources()['title'][price.source]}, or in "
        "what takes its place; a day without a newer quote resolves as unchanged",
        "chance_share": round(float(np.mean(drift**years < fall)), 6),
        "base_share": round(_base_share(price.field, as_of, fall), 6),
        "word_share": None,
    }


def _base_share(field: str, as_of: date, fall: float) -> float:
    """How often a quote lay below such a share of the one before it; the Jeffreys mean."""
    rows = table("prices")
    rows = rows[(rows["field"] == field) & rows["stands"] & (rows["as_of"] <= as_of.isoformat())]
    rows = rows.assign(day=pd.to_datetime(rows["as_of"], format="ISO8601")).sort_values("day")
    before = rows.groupby("thing")[["base", "day"]].shift()
    apart = (rows["day"] - before["day"]).dt.days >= APART_DAYS
    fell = (rows["base"] < fall * before["base"])[apart]
    return float(rollout.jeffreys_share(int(fell.sum()), len(fell)))
