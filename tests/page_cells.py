"""Cells of a notebook run in this process, and what they show: words, tables and charts."""

import ast
import html
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from analysis.pages.outputs import Output

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


@cache
def code_cells(notebook: str) -> list[tuple[str, bool, Any, Any]]:
    """Code cells of a notebook: id, whether it holds parameters, statements, and what it shows."""
    cells = []
    for cell in json.loads((NOTEBOOKS / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        place = f"{notebook}#{cell['id']}"
        shown = compile(ast.Expression(last.value), place, "eval") if last else None
        is_parameters = "parameters" in cell["metadata"].get("tags", [])
        cells.append((cell["id"], is_parameters, compile(tree, place, "exec"), shown))
    return cells


def shown_by_cell(notebook: str, scenario: str, overrides: dict | None = None) -> dict[str, Any]:
    """What the cells of a notebook show in a scenario, by their ids, in order; charts too."""
    shown = {}
    names: dict[str, Any] = {}
    for cell, is_parameters, statements, expression in code_cells(notebook):
        exec(statements, names)
        if is_parameters:
            names |= {"scenario": scenario, "overrides": overrides or {}}
        if expression:
            shown[cell] = eval(expression, names)
    return shown


def outputs(notebook: str, scenario: str, overrides: dict | None = None) -> list[Any]:
    """What the cells of a notebook show in a scenario, in order; charts too."""
    return list(shown_by_cell(notebook, scenario, overrides).values())


def words_of(shown: Any) -> str:
    """The text of an output; a chart's is its description."""
    if shown is None:
        return ""  # a cell that has nothing to say of this scenario
    if not isinstance(shown, Output):
        return shown.description
    source = shown.markdown or shown.html
    without_styles = re.sub(r"<style.*?</style>|<table .*?>", "", source, flags=re.DOTALL)
    return html.unescape(re.sub(r"</t[dh]>|<[^>]+>", "|", without_styles))
