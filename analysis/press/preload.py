"""Imports and runs once what every report needs, in the processes of a build alone."""

import contextlib
import gc
import sys
import traceback
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from analysis.press.domain import Domain, load_domain


@cache
def warm(domain_path: str) -> None:
    """Import and run once what reports need. What fails is printed, and fails again in the report
    that needs it.
    """
    gc.disable()  # there is nothing to collect while imports run; a tenth of their time
    # An optional part of jsonschema that takes 0.8 s to import, and no report needs it.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    from analysis.press.shell import prepare

    # Papermill's object stores and pint's Dask arrays take a second to import, and no report needs
    # them. pandas looks for a notebook's shell while it is imported.
    with _hidden("boto3", "pyarrow.fs", "dask"), prepare().builtin_trap:
        for step in (_import_papermill, _warm_domain, _warm_page):
            try:
                step(load_domain(domain_path))
            except Exception:
                traceback.print_exc()
    gc.collect()
    gc.freeze()  # a collection in a copy of this process would else copy every page
    gc.enable()
    gc.set_threshold(50_000, 20, 100)  # a copy lives for a second


def _import_papermill(_: Domain) -> None:
    import nbformat
    import papermill.execute
    import papermill.translators

    nbformat.validate(nbformat.v4.new_notebook())  # compiles the schema
    write = papermill.execute.write_ipynb

    def write_where_asked(notebook, path):
        # Papermill's own makes the file's text even where no file is wanted.
        return write(notebook, path) if path else None

    papermill.execute.write_ipynb = write_where_asked


def _warm_page(domain: Domain) -> None:
    import altair as alt
    import pandas as pd

    from analysis.press import altair_speedup, html

    altair_speedup.switch_on()
    table = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
    chart = alt.Chart(table).mark_line().encode(x="a:Q", y="a:Q", color="b:N")
    tables = [{"text/html": each._repr_html_()} for each in (table, table.style)]
    html.warm(chart._repr_mimebundle_(), *tables)
    for path in Path(domain.root, "notebooks").glob("*.ipynb"):
        html.highlight_notebook(path.read_bytes())


def _warm_domain(domain: Domain) -> None:
    domain.warm()


@contextlib.contextmanager
def _hidden(*names: str) -> Iterator[None]:
    """For a while these modules cannot be imported, so that who only tries them goes on without."""
    hidden = [name for name in names if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
