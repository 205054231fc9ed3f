"""What a notebook's parameters may be: as its own cell states them, or as Papermill passes them."""

import ast
import json
from collections.abc import Iterable

from analysis.scenario import scenario as scenarios
from analysis.scenario.scenario import Scenario, ScenarioError
from analysis.scenario.schema import Params

INJECTED = "# Parameters\n"  # how the cell begins that Papermill puts into a notebook
EXAMPLE = '{"workload.output_tokens": 512}'


def load(name: str, overrides: dict | str | None = None) -> Scenario:
    """Read a scenario by its name in params/ or by a path, under `overrides`.

    `overrides` maps dotted keys of a scenario file to values: {"workload.output_tokens": 2000}. The
    same as JSON text is taken too, since `papermill -p` passes text.

    Raises ScenarioError for every fault of the file or of the overrides, with file, line, key and
    nearest valid name; where nothing can serve the work as promised; and where `papermill -f`
    passed the sections of a scenario file as variables, which nothing would read.
    """
    passed = passed_sections(_cells_run())
    if passed:
        raise ScenarioError([_passed_sections_fault(passed)])
    from analysis.model.answerable import unanswerable  # imports pandas, which papermill need not

    return scenarios.load(name, parsed_overrides(overrides), unanswerable)


def parsed_overrides(overrides: dict | str | None) -> dict:
    """Overrides as a mapping; ScenarioError in a sentence for text that is no JSON mapping.

    >>> parsed_overrides('{"workload.output_tokens": 512}')
    {'workload.output_tokens': 512}
    """
    if overrides is None:
        return {}
    values = overrides
    if isinstance(overrides, str):
        try:
            values = json.loads(overrides)
        except json.JSONDecodeError as fault:
            raise ScenarioError(
                [
                    f"overrides: expected JSON such as {EXAMPLE}, found {overrides[:60]!r}"
                    f" ({fault.msg} at character {fault.pos + 1})"
                ]
            ) from None
    if not isinstance(values, dict):
        raise ScenarioError(
            [f"overrides: expected keys and values such as {EXAMPLE}, found {overrides!r}"]
        )
    return values


def passed_sections(cells: Iterable[str]) -> list[str]:
    r"""Sections of a scenario file that Papermill put into these cells as variables and that no
    earlier cell declares as a parameter.

    >>> passed_sections(["scenario = 'article'", "# Parameters\nreading = 'measured'"])
    ['reading']
    """
    declared: set[str] = set()
    for cell in cells:
        names = _assigned(cell)
        if cell.startswith(INJECTED):
            return [name for name in names if name in Params.model_fields and name not in declared]
        declared.update(names)
    return []


def _passed_sections_fault(passed: list[str]) -> str:
    return (
        f"papermill passed {', '.join(passed)} as variables, as `-f` does with each key of a file;"
        " this notebook reads a scenario by its name alone, so name the file instead:"
        " papermill NOTEBOOK OUTPUT -p scenario params/NAME.yml"
    )


def _cells_run() -> list[str]:
    """Sources of the cells that ran in this session; none outside IPython."""
    from IPython import get_ipython

    shell = get_ipython()
    return list(shell.user_ns.get("In", [])) if shell else []


def _assigned(source: str) -> list[str]:
    """Names that a cell assigns at its top level; none where it is no Python."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:
        return []
    names = []
    for statement in statements:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        names += [target.id for target in targets if isinstance(target, ast.Name)]
    return names
