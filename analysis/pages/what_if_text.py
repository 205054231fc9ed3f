"""The scenario file of a page's sliders, as an expression that Vega evaluates when it is wanted."""

import json
from collections.abc import Mapping, Sequence

from analysis.pages.charts.what_if import Slider, Worlds
from analysis.pages.scenario_text import differences, flow, scenario_text
from analysis.scenario.scenario import REFERENCE, Scenario, load
from analysis.scenario.schema import Belief, Params

BELIEVE = "\nbelieve:\n"
ENDS = ("low", "mid", "high")


SERVING, CREDENCE = ("serving", "draft_acceptance_ratio"), ("credence", "true_share")


def file_expression(
    cases: Mapping[str, Scenario], sliders: Sequence[Slider], worlds: Worlds
) -> str:
    """The file of the scenario under the promised speed that is chosen, as an expression of Vega.

    `cases` has the scenario under each speed that can be chosen.
    """
    *some, last = ((speed, _file(case, sliders, worlds)) for speed, case in cases.items())
    chosen = [f"promised_speed == {_quoted(speed)} ? {text} : " for speed, text in some]
    return "".join(chosen) + last[1]


def _file(case: Scenario, sliders: Sequence[Slider], worlds: Worlds) -> str:
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
    apart = {section: values[section] for section, _ in (SERVING, CREDENCE)}  # lines of their own
    text = scenario_text(values, {**reference, **apart}, in_params=False)
    before, found, after = text.partition(BELIEVE)
    own = {one.name for one in sliders if case.believe[one.name] != _belief(reference, one.name)}
    moved = " || ".join(f"{one.name} != {one.value:g}" for one in sliders)
    head = _quoted(BELIEVE) if found or own else f"({moved} ? {_quoted(BELIEVE)} : '')"
    rows = [_row(one, case.believe[one.name], one.name in own) for one in sliders]
    lines = before if found else before.removesuffix("\n")
    dials = _dials(values, reference, worlds)
    return " + ".join([_quoted(lines), *dials, head, *rows, _quoted(after if found else "\n")])


def _dials(values: dict, reference: dict, worlds: Worlds) -> list[str]:
    """The lines of the sections that dials move, each an expression; as stated where none is."""
    lines = []
    for (section, key), dial, per in ((SERVING, worlds.drafts, 1), (CREDENCE, worlds.claim, 100)):
        stated = differences({section: values[section]}, {section: reference[section]})
        fields = dict(stated.get(section, {}))
        own = f"\n{section}: {flow(fields)}" if fields else ""
        if dial is None:
            lines.append(_quoted(own))
            continue
        fields.pop(key, None)
        rest = "".join(f"{name}: {flow(value)}, " for name, value in fields.items())
        value = f"format({dial.name} / {per}, '.4~r')"
        moved = f"{_quoted(chr(10) + section + ': {' + rest + key + ': ')} + {value} + '}}'"
        lines.append(f"({dial.is_moved} ? {moved} : {_quoted(own)})")
    return lines


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
