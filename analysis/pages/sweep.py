"""The page of a sweep: what a scenario's answer becomes as some of its keys take other values.

One function a cell of notebooks/sweep.ipynb; `rows` gives the table that all others show.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from analysis.pages.charts import sweep as charts
from analysis.pages.numbers import Shown
from analysis.pages.outputs import Output, headline, html_table
from analysis.pages.parameters import parsed_overrides
from analysis.pages.words import plain
from analysis.press.mime import TABLE
from analysis.questions.answer import BETTER, lower_first
from analysis.questions.answer_row import ANSWER_COLUMNS
from analysis.questions.sweep import SCENARIO
from analysis.questions.sweep import sweep as swept_answers
from analysis.scenario.combinations import key_words

UNITS = {"usd": "$", "kwh": "kWh", "w": "W"}  # as they are written
COLUMNS = (
    "what to do",
    "cost over keeping",
    f"another choice is {BETTER:.0%} cheaper",
    "next best costs",
)


def sweep(
    scenario: str,
    swept: Mapping[str, Sequence] | str,
    overrides: Mapping[str, Any] | str | None = None,
    **options: Any,
) -> pd.DataFrame:
    """The answer under every combination of values: see questions/sweep.py.

    `swept` and `overrides` may be JSON text, as Papermill passes them.

    >>> sweep("reference", {"workload.tokens_per_s_per_user": [10, 30, 100]})  # doctest: +SKIP
    """
    values = parsed_overrides(swept) if isinstance(swept, str) else swept
    return swept_answers(scenario, values, parsed_overrides(overrides), **options)  # type: ignore[arg-type]


def answer(rows: pd.DataFrame) -> Output:
    """How many acts there are over the sweep, the most frequent one, and what acts cost."""
    answered = rows[rows["act"] != ""]
    none = len(rows) - len(answered)
    if answered.empty:
        return Output("What serves today keeps the promise under none of these combinations.")
    acts = answered["instruction"].value_counts()
    ratios = answered["cost_ratio_mid"].sort_values().to_list()
    value = Shown((ratios[0], ratios[len(ratios) // 2], ratios[-1]), "ratio")
    words = "In {often} of {count} combinations the answer is: {act}. "
    words += "The rest have other answers. " if len(acts) > 1 else ""
    words += "The best act costs {value.range} what keeping would."
    if none:
        words += " In {none} of them what serves today cannot keep the promise."
    return headline(
        words,
        value,
        often=int(acts.iloc[0]),
        count=len(rows),
        act=plain(lower_first(str(acts.index[0]))),
        none=none,
    )


def cost(rows: pd.DataFrame) -> alt.FacetChart:
    """Cost of the act over keeping along one key, a small chart for each value of the others."""
    return charts.cost(*_laid_out(rows))


def acts(rows: pd.DataFrame) -> alt.LayerChart:
    """The act under each combination, a cell each."""
    return charts.acts(*_laid_out(rows))


def table(rows: pd.DataFrame) -> Output:
    """Every combination as a row to read; beside the page, the whole table as CSV and Parquet."""
    words = read_words(swept_keys(rows))
    read = rows[list(words)].rename(columns=words).astype(str)
    shown = [[*cells, *_cells(row)] for cells, row in zip(read.values, _dicts(rows), strict=True)]
    output = html_table(pd.DataFrame(shown, columns=[*words.values(), *COLUMNS]))
    kept = json.loads(rows.to_json(orient="split", index=False, double_precision=6))
    record = {"columns": kept["columns"], "rows": kept["data"]}
    return Output(html=output.html, plain=output.plain, records={TABLE: record})


def swept_keys(rows: pd.DataFrame) -> list[str]:
    """The keys of a table of answers: what is neither a scenario's name nor its answer."""
    return [name for name in rows if name != SCENARIO and name not in ANSWER_COLUMNS]


def read_words(keys: Sequence[str]) -> dict[str, str]:
    """Dotted keys as a reader knows them, their units behind a stroke.

    >>> read_words(["finance.electricity_usd_per_kwh"])
    {'finance.electricity_usd_per_kwh': 'electricity $/kWh'}
    """
    return {key: _read(word) for key, word in key_words(keys).items()}


def _read(word: str) -> str:
    parts = word.replace("_per_", "/").replace("_", " ").replace(".", " ").split(" ")
    return " ".join("/".join(UNITS.get(unit, unit) for unit in part.split("/")) for part in parts)


def _dicts(rows: pd.DataFrame) -> list[dict]:
    return rows.to_dict(orient="records")


def _cells(row: Mapping[str, Any]) -> list[str]:
    if not row["act"]:
        return [f"none: {row['reason']}", "", "", ""]
    low, mid, high = (row[f"cost_ratio_{end}"] for end in ("low", "mid", "high"))
    after = f"{row['next_cost_ratio']:.2f}" if row["next_act"] else ""
    span = f"{mid:.2f} ({low:.2f} to {high:.2f})"
    return [row["instruction"], span, f"{row['better_share']:.0%}", after]


def _laid_out(rows: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Rows with `x`, the value along which charts run, and `panel`, the values of other keys; and
    the key of `x`: of keys with numbers, or of all where none has, the one with most values.
    """
    words = read_words(swept_keys(rows))
    numeric = [key for key in words if pd.api.types.is_numeric_dtype(rows[key])]
    along = max(numeric or words, key=lambda key: rows[key].nunique())
    others = [key for key in words if key != along]
    named = [key for key in others if isinstance(rows[key].iloc[0], str)]
    known = named if len(named) == 1 else []  # a name alone says what it is of
    panels = [
        ", ".join(str(row[key]) if key in known else f"{words[key]} {row[key]}" for key in others)
        for row in _dicts(rows.astype(object))
    ]
    texts = rows[along].map(lambda value: f"{value:,g}" if along in numeric else str(value))
    return rows.assign(x=texts, panel=panels), words[along]
