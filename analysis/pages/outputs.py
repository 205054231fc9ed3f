"""What a cell shows: sentences, tables, headlines, and records for machines.

Dollar signs need care. JupyterLab, Voilà and the pages of nbconvert read `$...$` as mathematics, in
Markdown and in HTML, and a backslash saves only the first step. So an output carries HTML, which
these tools prefer, in an element that they do not search for formulas; and Markdown, in which
dollars are escaped, for the pages of this project and for conversion to Markdown or LaTeX.
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.laws.quantities import quantities
from analysis.pages.numbers import Shown, musd, number, prefixed, shown, text
from analysis.pages.words import day, plain, unit_words
from analysis.press.mime import HEADLINE, INPUTS, NUMBERS

TEMPLATES = Path(__file__).with_name("templates")
NOT_MATHEMATICS = ("tex2jax_ignore", "mathjax_ignore")  # classes for MathJax 2 and 3
DOLLAR = re.compile(r"(?<!\\)\$")
SIGNIFICANT = 6  # further digits differ between processors, and nothing should compare them
TAKEAWAY_HEADS = ("Quantity", "option", "unit", "P10", "P50", "P90")


@dataclass(frozen=True)
class Output:
    """What a cell shows: Markdown or HTML for a reader, records by media type for machines.

    Where both are given, `html` is what notebook tools show and `markdown` what a page shows.
    """

    markdown: str = ""
    html: str = ""
    plain: str = ""
    records: Mapping[str, dict] = field(default_factory=dict)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/plain": self.plain or self.markdown, **self.records}
        if self.html:
            bundle["text/html"] = self.html
        if self.markdown:
            bundle["text/markdown"] = DOLLAR.sub(r"\\$", self.markdown)
        if self.markdown and not self.html and not os.environ.get("PASSTHROUGH_BATCH"):
            bundle["text/html"] = _as_html(self.markdown)  # a report build renders the Markdown
        return bundle

    def rests_on(self, path: str, keys: Sequence[str] = ()) -> "Output":
        """The same output, saying that it rests on a file below the root of the project too.

        `keys` are the top-level keys that were read of a YAML file, none for the whole file; a path
        with `*` stands for the names of files. A report is made again when what it read changes.
        """
        known = self.records.get(INPUTS, {"inputs": []})["inputs"]
        inputs = {"inputs": [*known, {"path": path, "keys": list(keys)}]}
        return replace(self, records={**self.records, INPUTS: inputs})


def say(sentence: str, **values: Any) -> Output:
    """A sentence in Markdown whose numbers are computed, never typed.

    `values` fill the braces of `sentence` as `str.format` does; text among them is escaped.

    >>> say("A request costs {cost}.", cost=Shown((1.0, 2.0, 3.0), "usd")).markdown
    'A request costs $2.00 ($1.00 to $3.00).'
    """
    safe = {name: plain(value) if type(value) is str else value for name, value in values.items()}
    return Output(sentence.format(**safe))


def fill(template: str, **values: Any) -> Output:
    """A template of templates/ in Markdown, filled; each paragraph becomes one line.

    Raises jinja2.UndefinedError where the template reads a value that is not given.
    """
    filled = parsed(template).render(values)
    paragraphs = [" ".join(paragraph.split()) for paragraph in filled.split("\n\n")]
    return Output("\n\n".join(paragraphs))


@cache
def parsed(template: str) -> Any:
    """A template with the filters that words need, as a jinja2.Template."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = plain
    environment.filters["day"] = day
    environment.filters["form"] = format
    environment.filters["text"] = text
    environment.filters["prefixed"] = prefixed
    environment.filters["musd"] = musd
    return environment.get_template(template)


def table(rows: Iterable[Iterable[object]], heads: Sequence[str]) -> Output:
    """Rows of cells as a table; cells are Markdown, so text from outside goes through `plain`."""
    return Output(table_text(rows, heads))


def table_text(rows: Iterable[Iterable[object]], heads: Sequence[str]) -> str:
    """The Markdown of a table, for outputs that say more than the table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in cells)} |" for cells in lines)


def html_table(frame: pd.DataFrame) -> Output:
    """A DataFrame of texts and numbers as a table without its index, whole and escaped."""
    frame = frame.map(lambda cell: " ".join(cell.split()) if isinstance(cell, str) else cell)
    with pd.option_context("display.max_colwidth", None):
        page = frame.to_html(index=False, border=0, classes=list(NOT_MATHEMATICS))
    return Output(html=page, plain=frame.to_string(index=False))


def headline(sentence: str, value: Shown, verdict: str = "", **values: Any) -> Output:
    """The answer in one sentence, for the first screen, the index and the feed.

    `sentence` is filled as `say` does, and may name `value` and `verdict`. The record beside it
    holds median and range of `value`, as numbers in its unit and as text for the index.
    """
    words = say(sentence, value=value, verdict=verdict, **values).markdown
    low, mid, high = (_rounded(end) for end in value.ends)
    record = {
        "headline": words,
        "value": mid,
        "low": low,
        "high": high,
        "unit": value.unit,
        "verdict": verdict,
        "shown": value.mid,
        "range": "" if value.low == value.high else value.range,
    }
    return Output(f"**{words}**", plain=words, records={HEADLINE: record})


def takeaway_row(quantity: str, option: str, unit: str, ends: Sequence[float]) -> dict[str, Any]:
    """A row to take away: P10, P50 and P90 of a quantity in a unit, to six digits."""
    low, mid, high = (_rounded(end) for end in ends)
    return {
        "quantity": quantity,
        "option": option,
        "unit": unit,
        "low": low,
        "mid": mid,
        "high": high,
    }


def takeaway_rows(draws: pd.DataFrame, units: Mapping[str, str]) -> list[dict[str, Any]]:
    """Rows to take away: each quantity of `units`, in the unit it names, for each option."""
    options = draws.index.get_level_values(0).unique() if draws.index.nlevels > 1 else [""]
    return [
        takeaway_row(
            quantity, option, unit or "1", shown(draws, quantity, unit, option or None).ends
        )
        for quantity, unit in units.items()
        for option in options
    ]


def takeaway(
    rows: Sequence[dict[str, Any]], words: Mapping[str, str] | None = None, page: str = ""
) -> Output:
    """Rows of `takeaway_row` as a table to read and, for numbers.csv, to take away.

    The reader sees quantities by their titles, or in `words`, and units as they are written, or the
    Markdown of `page` instead; the machine keeps names and numbers as they are.
    """
    titles = {name: quantity.title for name, quantity in quantities().items()}
    titles |= words or {}
    cells = [
        (
            titles.get(row["quantity"], row["quantity"].replace("_", " ")),
            row["option"],
            unit_words(row["unit"]),
            number(row["low"]),
            number(row["mid"]),
            number(row["high"]),
        )
        for row in rows
    ]
    return Output(
        page or table_text(cells, TAKEAWAY_HEADS),
        plain=pd.DataFrame(rows).to_string(),
        records={NUMBERS: {"rows": list(rows)}},
    )


def numbers(draws: pd.DataFrame, units: Mapping[str, str]) -> Output:
    """The table to take away: P10, P50 and P90 of quantities for each option.

    `draws` is what `evaluate` gives, or any table with an option in its first index level; `units`
    says for each quantity the unit to show it in, blank for its base unit.

    >>> numbers(draws, {"request_usd": "usd", "tpot_s": "ms"})  # doctest: +SKIP
    """
    return takeaway(takeaway_rows(draws, units))


def _rounded(value: float) -> float:
    return float(f"{value:.{SIGNIFICANT}g}")


def _as_html(markdown: str) -> str:
    """Markdown as HTML in which no tool looks for formulas."""
    return f'<div class="{" ".join(NOT_MATHEMATICS)}">\n{_renderer()(markdown)}</div>'


@cache
def _renderer() -> Any:
    import mistune

    class Renderer(mistune.HTMLRenderer):
        """Entities of `plain` count; HTML that stands in a sentence is shown, not interpreted."""

        def inline_html(self, html: str) -> str:
            return mistune.escape(html)

        def block_html(self, html: str) -> str:
            return f"<p>{mistune.escape(html.strip())}</p>\n"

    return mistune.create_markdown(renderer=Renderer(escape=False), plugins=["table"])
