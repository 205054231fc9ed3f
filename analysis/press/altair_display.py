"""How a chart is shown in a notebook: its specification and, for a person, a drawing that needs no
network.
"""

import base64
import html
import json
import os
from functools import cache
from pathlib import Path

from analysis.press import mime

ASSETS = Path(__file__).with_name("assets")
# Classes at which MathJax 2 and 3 look for no formulas: two prices in a title are none.
NO_FORMULAS = "tex2jax_ignore mathjax_ignore"
_carrier: list[str | None] = []  # the cell with which the library travelled


def enable() -> None:
    """Make Altair emit specifications: its own renderers need a network or fail nbformat's
    schema.
    """
    import altair as alt

    alt.renderers.register("passthrough", bundle)
    alt.renderers.enable("passthrough")


def bundle(spec: dict, **_) -> dict:
    """A chart as Jupyter's mime bundle; a report build takes the specification alone."""
    description = spec.get("description", "no description")
    data = {mime.CHART: spec, "text/plain": f"Chart: {description}"}
    if not os.environ.get("PASSTHROUGH_BATCH"):
        data["text/html"] = _drawing(spec)
    return data


def _drawing(spec: dict) -> str:
    """HTML that draws the chart; the library travels with the first chart of a session and with its
    reruns.
    """
    cell = _cell()
    first = not _carrier
    if first:
        _carrier.append(cell)
    again = cell is not None and cell == _carrier[0]  # tools other than JupyterLab name no cells
    carried = base64.b64encode(library()).decode() if first or again else ""
    packed = html.escape(json.dumps(spec, separators=(",", ":")))
    script = (ASSETS / "notebook.js").read_text()
    data = f'data-spec="{packed}" data-library="{carried}"'
    chart = f'<div class="passthrough {NO_FORMULAS}" {data}></div>'
    return f"{chart}<script>{script}</script>"


def _cell() -> str | None:
    """The cell that runs, as JupyterLab names it."""
    from IPython import get_ipython

    parent = getattr(get_ipython(), "get_parent", dict)()
    return parent.get("metadata", {}).get("cellId")


@cache
def library() -> bytes:
    """Vega, Vega-Lite and vega-embed in one script, gzipped; their licences stand in NOTICE."""
    return (ASSETS / "vega.js.gz").read_bytes()
