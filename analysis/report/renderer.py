"""How a chart is shown in a notebook: its specification and, for a person, a drawing that needs no network."""

import base64
import html
import json
import os
from functools import cache
from pathlib import Path

MIME = "application/vnd.vegalite.v6+json"
ASSETS = Path(__file__).with_name("assets")
_carrier: list = []


def enable() -> None:
    """Make Altair emit specifications: its own renderers need a network or fail nbformat's schema."""
    import altair as alt

    alt.renderers.register("passthrough", bundle)
    alt.renderers.enable("passthrough")


def bundle(spec: dict, **_) -> dict:
    """A chart as Jupyter's mime bundle; a report build takes the specification alone."""
    plain = {MIME: spec, "text/plain": f"Chart: {spec.get('description', 'no description')}"}
    return plain if os.environ.get("PASSTHROUGH_BATCH") else plain | {"text/html": _drawing(spec)}


def _drawing(spec: dict) -> str:
    """HTML that draws the chart; the library travels with the first chart of a session and with its reruns."""
    cell = _cell()
    if not _carrier:
        _carrier.append(cell)
    library = _library() if cell == _carrier[0] else ""
    packed = html.escape(json.dumps(spec, separators=(",", ":")))
    script = (ASSETS / "notebook.js").read_text()
    return f'<div class="passthrough" data-spec="{packed}" data-library="{library}"></div><script>{script}</script>'


def _cell() -> str | None:
    """The cell that runs, as JupyterLab names it."""
    from IPython import get_ipython

    parent = getattr(get_ipython(), "get_parent", dict)()
    return parent.get("metadata", {}).get("cellId")


@cache
def _library() -> str:
    return base64.b64encode((ASSETS / "vega.js.gz").read_bytes()).decode()
