"""Small notebooks that the tests of the report factory write and run; no laws, so that they take no
time.
"""

import json
from pathlib import Path

from analysis.__main__ import DOMAIN
from analysis.press import build as press
from analysis.press.records import ReportRecord

PARAMETERS = ('scenario = "reference"\noverrides = {}', "parameters")
SETUP = (
    "import altair as alt, numpy as np, pandas as pd\n"
    "from analysis.pages.charts import theme\ntheme.use()\n"
    "y = np.random.default_rng(7).normal(size=12)\n"
    "table = pd.DataFrame({'x': np.arange(12), 'y': y, 'option': ['a', 'b'] * 6})",
)
CHART = (
    "alt.Chart(table, title='Twelve points', description='Twelve points of two options')"
    ".mark_point()"
    ".encode(x='x:Q', y='y:Q', color='option:N', tooltip=['x', 'y'])",
)
STYLED = ("table.style.format(precision=2)",)
PRINTED = ("import sys\nprint('said', file=sys.stderr)\nprint('told')\ntable.head(2)",)
SHOWN = """class Shown:
    def __init__(self, data): self.data = data
    def _repr_mimebundle_(self, **_): return self.data
"""


def build(scenarios=(), notebooks=(), output="reports", **options) -> list[ReportRecord]:
    """Build reports of this project."""
    return press.build(DOMAIN, scenarios, notebooks, output, **options)


def answered(sentence="A million tokens cost $3.57 ($1.20 to $8.10).", value=3.57, verdict="holds"):
    """A cell that shows an answer and a row to take away."""
    record = {
        "headline": sentence,
        "value": value,
        "low": 1.2,
        "high": 8.1,
        "unit": "usd/Mtok",
        "verdict": verdict,
        "shown": f"${value}",
        "range": "$1.20 to $8.10",
    }
    row = {
        "quantity": "output_usd_per_token",
        "option": "baseline",
        "unit": "usd/Mtok",
        "low": 1.2,
        "mid": value,
    }
    told = {"scenario": "article", "as_of": "2026-04-23", "forecasts": []}
    data = {"headline": record, "numbers": {"rows": [row | {"high": 8.1}]}, "forecasts": told}
    data = {"text/plain": "an answer"} | {
        f"application/vnd.passthrough.{kind}+json": row for kind, row in data.items()
    }
    return (f"{SHOWN}Shown({data})",)


def notebook(
    path: Path, *cells, prose="# A small report\n\nOf $x^2$ and of $5 to $6.\n\n## Part\n\nWords."
):
    """Write a notebook: strings are prose, tuples are code with tags."""
    made = []
    for at, cell in enumerate([prose, *cells]):
        one = {
            "id": f"cell-{at}",
            "metadata": {},
            "source": cell if isinstance(cell, str) else cell[0],
        }
        if isinstance(cell, tuple):
            one |= {
                "cell_type": "code",
                "execution_count": None,
                "outputs": [],
                "metadata": {"tags": list(cell[1:])},
            }
        made.append({"cell_type": "markdown"} | one)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps(
            {"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
        )
    )
    return str(path)
