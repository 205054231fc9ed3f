"""Altair's own answers in a fraction of the time, by means of its private parts.

Only the processes of a report build switch this on (see preload); it changes Altair for the whole
process, so JupyterLab and other hosts never get it. A test compares the charts with Altair's own.
Without it the cells of six reports take 1.64 to 1.71 times the processor time
(tests/benchmarks/bench_reports.py prints the figure).
"""

import math
from functools import cache
from typing import Any

import altair as alt
import pandas as pd
from altair.utils import schemapi
from altair.utils.schemapi import SchemaBase, Undefined

PLAIN_COLUMNS = {
    "float64",
    "int64",
    "bool",
    "str",
    "datetime64[us]",
    "datetime64[ns]",
    "datetime64[s]",
}
PLAIN_VALUES = {str, int, float, bool, type(None)}
LARGEST_TABLE = 5000


@cache
def switch_on() -> None:
    """Make Altair quick in this process.

    Altair hashes a thousand schemas for every shorthand such as `x:Q`, copies a chart four times
    for each layer, field by undefined field, and asks a word whether it is a schema. The check
    against the schema is left out too: a build draws every chart, which finds the faults.
    """
    schemas = schemapi._FromDict(schemapi._subclasses(alt.VegaLiteSchema))
    convert = schemapi._todict

    def all_schemas(_: Any) -> Any:
        return schemas

    def convert_unless_plain(value: Any, *arguments: Any, **options: Any) -> Any:
        return value if type(value) in PLAIN_VALUES else convert(value, *arguments, **options)

    def unchecked(*_: Any, **__: Any) -> None:
        return None

    schemapi._FromDict = all_schemas
    schemapi._todict = convert_unless_plain
    schemapi._deep_copy = _copy
    SchemaBase.validate = unchecked
    alt.data_transformers.register("default", table_rows)
    alt.data_transformers.enable("default")


def _copy(value: Any, by_reference: set[str]) -> Any:
    """A chart's copy down to its values, but for the fields named in `by_reference`; nothing is
    computed from them anew.
    """
    if isinstance(value, list):
        return [_copy(each, by_reference) for each in value]
    if isinstance(value, dict):
        copies = {}
        for key, each in value.items():
            is_shared = each is Undefined or key in by_reference
            copies[key] = each if is_shared else _copy(each, by_reference)
        return copies
    if not isinstance(value, SchemaBase):
        return value
    copied = object.__new__(type(value))  # its own constructor would check and convert again
    copied.__dict__["_args"] = tuple(_copy(each, by_reference) for each in value._args)
    copied.__dict__["_kwds"] = _copy(value._kwds, by_reference)
    return copied


def table_rows(data: Any, max_rows: int | None = LARGEST_TABLE) -> Any:
    """What Altair's own transformer makes of a table: a dict a row, null where nothing or no number
    is.
    """
    is_small = isinstance(data, pd.DataFrame) and (max_rows is None or len(data) <= max_rows)
    if not is_small or not {str(kind) for kind in data.dtypes} <= PLAIN_COLUMNS:
        return alt.default_data_transformer(data, max_rows)
    columns = [_column_values(column) for _, column in data.items()]
    return {"values": [dict(zip(data, row, strict=True)) for row in zip(*columns, strict=True)]}


def _column_values(column: pd.Series) -> list[Any]:
    if column.dtype.kind == "M":
        return ["" if pd.isna(stamp) else stamp.isoformat() for stamp in column]
    values = []
    for value in column.tolist():
        is_missing = value is None or (isinstance(value, float) and not math.isfinite(value))
        values.append(None if is_missing else value)
    return values
