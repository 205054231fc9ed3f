"""The scenario file of a page's sliders, as an expression that Vega evaluates when it is wanted."""

import json
from collections.abc import Mapping, Sequence

from analysis.pages.charts.what_if import Slider
from analysis.pages.scenario_text import scenario_text
from analysis.scenario.scenario import REFERENCE, Scenario, load
from analysis.scenario.schema import Belief, Params

BELIEVE = "\nbelieve:\n"
ENDS = ("low", "mid", "high")


def file_expression(cases: Mapping[str, Scenario], sliders: Sequence[Slider]) -> str:
    """The file of the scenario under the promised speed that is chosen, as an expression of Vega.

    `cases` has the scenario under each speed that can be chosen.
    """
    *some, last = ((speed, _file(case, sliders)) for speed, case in cases.items())
    chosen = [f"promised_speed == {_quoted(speed)} ? {text} : " for speed, text in some]
    return "".join(chosen) + last[1]


def _file(case: Scenario, sliders: Sequence[Slider]) -> str:
    """The whole file of a scenario with the beliefs that were moved, as an expression of Vega.

    A moved belief is stated whole: its ends move along, and its source and reason say that it was
    moved. One that was not stands as the scenario has it.
    """
    reference, values = _plain(load(REFERENCE)), _plain(case)
    values["title"] = f"What if: {values['title']}"
    taken_away = [name for name in reference["options"] if name not in values["options"]]
    values["options"] |= dict.fromkeys(taken_away)
    for one in sliders:
        values["believe"][one.name] = reference["believe"][one.name]
    text = scenario_text(values, reference, in_params=False)
    before, found, after = text.partition(BELIEVE)
    own = {one.name for one in sliders if case.believe[one.name] != _belief(reference, one.name)}
    moved = " || ".join(f"{one.name} != {one.value:g}" for one in sliders)
    head = _quoted(BELIEVE) if found or own else f"({moved} ? {_quoted(BELIEVE)} : '')"
    rows = [_row(one, case.believe[one.name], one.name in own) for one in sliders]
    lines = before if found else before.removesuffix("\n")
    return " + ".join([_quoted(lines), head, *rows, _quoted(after if found else "\n")])


def _plain(case: Scenario) -> dict:
    values = case.model_dump(mode="json")
    return {name: values[name] for name in Params.model_fields}


def _belief(values: dict, name: str) -> Belief:
    return Belief(**values["believe"][name])


def _row(one: Slider, belief: Belief, own: bool) -> str:
    """The line of a belief: moved, as the scenario states it, or none where the reference does."""
    ends = [f"'{end}: ' + format({one.end(getattr(belief, end))}, '.4~r')" for end in ENDS]
    why = f"moved on the page of costs; stated there: {belief.mid:g}"
    rest = f", unit: {json.dumps(belief.unit)}, source: judged, why: {json.dumps(why)}}}\n"
    numbers = " + ', ' + ".join(ends)
    moved = f"'  {one.name}: {{' + {numbers} + {_quoted(rest)}"
    stated = f"  {one.name}: {json.dumps(belief.model_dump(mode='json'), ensure_ascii=False)}\n"
    return f"({one.name} == {one.value:g} ? {_quoted(stated if own else '')} : {moved})"


def _quoted(text: str) -> str:
    """A text as a literal of Vega's expressions."""
    return json.dumps(text, ensure_ascii=True)
