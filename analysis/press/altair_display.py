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
ENDLESS = {float("inf"), float("-inf")}
PLAIN_COLUMNS = {
    "float64",
    "int64",
    "bool",
    "str",
    "datetime64[us]",
    "datetime64[ns]",
    "datetime64[s]",
}
PLAIN = {str, int, float, bool, type(None)}
_carrier: list = []


def enable() -> None:
    """Make Altair emit specifications: its own renderers need a network or fail nbformat's
    schema.
    """
    import altair as alt

    _quicken()
    alt.data_transformers.register("default", values)
    alt.data_transformers.enable("default")
    alt.renderers.register("passthrough", bundle)
    alt.renderers.enable("passthrough")


def _quicken() -> None:
    """Altair's own answers in a fraction of the time; it hashes a thousand schemas for every
    shorthand such as `x:Q`, copies a chart four times for each layer, field by undefined field, and
    asks a word whether it is a schema.

    A report build also leaves out its check against the schema: it draws every chart, which finds
    the faults.
    """
    import altair as alt
    from altair.utils import schemapi

    schemas, told = schemapi._FromDict(schemapi._subclasses(alt.VegaLiteSchema)), schemapi._todict
    schemapi._FromDict = lambda _: schemas
    schemapi._todict = lambda obj, *rest, **more: (
        obj if type(obj) in PLAIN else told(obj, *rest, **more)
    )
    schemapi._deep_copy = _copied
    if os.environ.get("PASSTHROUGH_BATCH"):
        schemapi.SchemaBase.validate = lambda *_, **__: None


def _copied(thing, by_ref: set):
    """A chart's copy down to its values, those named in `by_ref` excepted; nothing is computed from
    them anew.
    """
    from altair.utils.schemapi import SchemaBase, Undefined

    if isinstance(thing, list):
        return [_copied(one, by_ref) for one in thing]
    if isinstance(thing, dict):
        return {
            key: one if one is Undefined or key in by_ref else _copied(one, by_ref)
            for key, one in thing.items()
        }
    if not isinstance(thing, SchemaBase):
        return thing
    made = object.__new__(type(thing))
    made.__dict__.update(
        _args=tuple(_copied(one, by_ref) for one in thing._args), _kwds=_copied(thing._kwds, by_ref)
    )
    return made


def values(data, max_rows: int | None = 5000):
    """What Altair's own transformer makes of a table: a dict a row, null where nothing or no number
    is.
    """
    import altair as alt
    import pandas as pd

    plain = isinstance(data, pd.DataFrame) and (max_rows is None or len(data) <= max_rows)
    if not plain or not {str(kind) for kind in data.dtypes} <= PLAIN_COLUMNS:
        return alt.default_data_transformer(data, max_rows)
    columns = [
        [stamp.isoformat() if stamp == stamp else "" for stamp in column]
        if column.dtype.kind == "M"
        else [None if cell != cell or cell in ENDLESS else cell for cell in column.tolist()]
        for _, column in data.items()
    ]
    return {"values": [dict(zip(data, row, strict=True)) for row in zip(*columns, strict=True)]}


def bundle(spec: dict, **_) -> dict:
    """A chart as Jupyter's mime bundle; a report build takes the specification alone."""
    plain = {mime.CHART: spec, "text/plain": f"Chart: {spec.get('description', 'no description')}"}
    return plain if os.environ.get("PASSTHROUGH_BATCH") else plain | {"text/html": _drawing(spec)}


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
    chart = f'<div class="passthrough" data-spec="{packed}" data-library="{carried}"></div>'
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
