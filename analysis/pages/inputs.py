"""What a scenario rests on: statements that differ from the reference, facts and beliefs."""

import json
from collections.abc import Iterator
from typing import Any

import pandas as pd

from analysis.facts import Accelerator, Model, Site, chosen, token_prices
from analysis.facts import sources as source_table
from analysis.facts.provenance import JUDGED
from analysis.pages.numbers import printed
from analysis.pages.outputs import Output, html_table, table
from analysis.pages.words import field_words, plain
from analysis.scenario.scenario import REFERENCE, Scenario, load
from analysis.scenario.schema import Belief

DIFFERENCE_COLUMNS = ("key", "the reference says", "this scenario says")
SOURCE_COLUMNS = ("Of", "What, as printed", "Source, where in it, and why")
NO_STATEMENTS = {
    "name",
    "overrides",
    "own_points",
    "title",
    "question",
}  # of a scenario: they change no answer


def differences(case: Scenario) -> Output:
    """What a scenario states otherwise than the reference, a row a statement."""
    rows = statements_that_differ(case)
    if not rows:
        return Output("This is the reference, as it stands.")
    return table([[plain(cell) for cell in row] for row in rows], DIFFERENCE_COLUMNS)


def statements_that_differ(case: Scenario) -> list[tuple[str, str, str]]:
    """Key, the reference's value and this scenario's value, where the two are not the same."""
    reference = _statements(load(REFERENCE))
    return [
        (key, reference.get(key, ""), value)
        for key, value in _statements(case).items()
        if value != reference.get(key)
    ]


def stated_values(case: Scenario) -> dict[str, str | float | int | None]:
    """What a scenario states, by the dotted keys of overrides; of a belief its three numbers."""
    return dict(_values(case.model_dump(mode="json", exclude=NO_STATEMENTS)))


def _values(tree: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(tree, dict):
        is_belief = {"low", "mid", "high"} <= set(tree)
        for name, value in tree.items():
            if not is_belief or name in ("low", "mid", "high"):
                yield from _values(value, f"{key}.{name}" if key else name)
    else:
        plain_kinds = (str, float, int, type(None))
        yield key, tree if isinstance(tree, plain_kinds) else json.dumps(tree)


def _statements(case: Scenario) -> dict[str, str]:
    return dict(_flat(case.model_dump(exclude=NO_STATEMENTS)))


def _flat(tree: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Dotted keys and values of nested sections; a belief is one value."""
    if not isinstance(tree, dict):
        yield key, "none" if tree is None else str(tree)
    elif {"low", "mid", "high"} <= set(tree):
        yield key, f"{tree['low']} / {tree['mid']} / {tree['high']} {tree['unit']}"
    else:
        for name, value in tree.items():
            yield from _flat(value, f"{key}.{name}" if key else name)


def sources(case: Scenario) -> pd.DataFrame:
    """Every fact and belief that a scenario rests on, as printed, with where it comes from.

    Facts stand first, then prices of tokens of the APIs among the options. Left out are dimensions
    that a model does not have, which are 0, and facts that a belief of the same name replaces. A
    belief's three numbers are P10, P50 and P90.
    """
    rows = []
    for fact in _facts(case).itertuples():
        value = printed(fact.value, fact.times, fact.unit)
        rows.append((fact.thing, fact.field, value, fact.source, fact.where))
    for fact in _api_facts(case):
        value = printed(fact.value, fact.times, fact.unit)
        rows.append(
            (fact.thing, fact.field, value, fact.source, f"{fact.where}, as of {fact.as_of}")
        )
    for name, belief in case.believe.items():
        rows.append(("belief", name, _percentiles(belief), belief.source, belief.why))
    return pd.DataFrame(
        [
            (thing, f"{field_words(field)}: {value}", cited(source, why))
            for thing, field, value, source, why in rows
        ],
        columns=list(SOURCE_COLUMNS),
    )


def sources_table(case: Scenario) -> Output:
    """The table of `sources`, whole, for the end of a page."""
    return html_table(sources(case))


def cited(source: str, why: str) -> str:
    """A source by its title, with where in it and why; what the authors judged says so."""
    title = "Judged" if source == JUDGED else source_table()["title"][source]
    return f"{title}: {why}" if why else title


def _facts(case: Scenario) -> pd.DataFrame:
    chips = dict.fromkeys((case.baseline.accelerator, case.candidate.accelerator))
    things: list[tuple[type, str]] = [(Accelerator, name) for name in chips]
    things += [(Model, case.model), (Site, case.site)]
    facts = pd.concat([chosen(f"{kind.__name__.lower()}s", name) for kind, name in things])
    return facts[(facts["value"] != 0) & ~facts["field"].isin(list(case.believe))]


def _api_facts(case: Scenario) -> Iterator[Any]:
    """The rows behind the prices of each API, of the tables or of genai-prices."""
    apis = dict.fromkeys([case.finance.api, *(each.api for each in case.api_options.values())])
    for api in filter(None, apis):
        yield from token_prices(api, str(case.as_of), case.workload.input_tokens).itertuples()


def _percentiles(belief: Belief) -> str:
    return f"{belief.low:g} / {belief.mid:g} / {belief.high:g} {belief.unit}"
