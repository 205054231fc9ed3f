"""Sentences and tables: what a notebook says, with every number computed, and what a page takes
away.
"""

import csv
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from IPython.display import Markdown

from analysis.facts import Accelerator, Model, Site, chip, chosen
from analysis.facts import sources as source_table
from analysis.facts.provenance import JUDGED
from analysis.laws.quantities import quantities
from analysis.press.altair_display import HEADLINE, NUMBERS
from analysis.scenario.schema import quantiles
from analysis.units import SUFFIX, convert, unit_of

PAYS = ("pays", "does not pay", "may pay")


@dataclass(frozen=True)
class Shown:
    """Median and 80% range of a quantity in a unit fit to read; formats as text, keeps the
    numbers.
    """

    values: tuple[float, float, float]
    unit: str

    low = property(lambda self: text(self.values[0], self.unit))
    mid = property(lambda self: text(self.values[1], self.unit))
    high = property(lambda self: text(self.values[2], self.unit))
    range = property(lambda self: f"{figure(self.values[0], self.unit)} to {self.high}")

    def __str__(self) -> str:
        """Median with its range; without, where no digit of it would differ."""
        return self.mid if self.low == self.high else f"{self.mid} ({self.range})"


@cache
def worded(kind: str) -> dict[str, str]:
    """What a reader sees in place of the names of one kind, as words.csv has it and in its order.

    >>> worded("token")["cached_usd_per_token"], worded("unit")["usd"]
    ('cached input', '${}')
    """
    with Path(__file__).with_name("words.csv").open(encoding="utf-8", newline="") as file:
        return {row["name"]: row["words"] for row in csv.DictReader(file) if row["kind"] == kind}


def _around(unit: str) -> tuple[str, str]:
    """What stands before and behind a number in a unit."""
    before, _, behind = worded("unit").get(unit, f"{{}} {unit}").partition("{}")
    return before, behind


def number(value: float, digits: int = 3) -> str:
    """A value with `digits` significant digits and separated thousands; no exponent below a
    thousand million.

    >>> number(1234.5), number(0.012345), number(3.5714)
    ('1,230', '0.0123', '3.57')
    """
    if not np.isfinite(value) or value == 0:
        return {True: "0", False: str(value)}[value == 0]
    places = digits - 1 - int(np.floor(np.log10(abs(value))))
    return (
        f"{round(value, places):,.{max(places, 0)}f}"
        if abs(value) < 1e9
        else f"{value:,.{digits}g}"
    )


def figure(value: float, unit: str) -> str:
    """The number with its prefix, for the first of a range; a multiplier below 1 and a percentage
    have two digits.
    """
    rough = unit == "percent" or (unit == "ratio" and abs(value) < 1)
    return _around(unit)[0] + number(value, 2 if rough else 3)


def text(value: float, unit: str) -> str:
    """The number as it is written in a sentence."""
    return figure(value, unit) + _around(unit)[1]


def musd(usd: float) -> str:
    """Dollars that somebody states, in millions: as they are, without zeros that claim a
    precision.
    """
    return f"${convert(usd, 'usd', 'Musd'):,.3g} M"


def printed(value: float, times: float, unit: str) -> str:
    """A number as its source prints it, with the factor that it is multiplied by and what comes of
    it.
    """
    factor, made = (f"{x:,.4g}" if x < 1e4 else f"{x:,.0f}" for x in (times, value * times))
    return f"{value:,.10g} {unit}" if times == 1 else f"{value:,.10g} × {factor} = {made} {unit}"


def shown(draws, quantity: str, unit: str = "", option: str | None = None) -> Shown:
    """P10, P50 and P90 of a column of `draws` (of one option), in `unit`; `ratio` means a pure
    number with ×.
    """
    column = (draws.loc[option] if option else draws)[quantity]
    return interval(column, unit_of(quantity), unit)


def interval(values, from_unit: str = "", unit: str = "") -> Shown:
    """P10, P50 and P90 of any values in `from_unit`."""
    ends = np.array([*quantiles(values).values()])
    return Shown(tuple(convert(ends, from_unit, "" if unit == "ratio" else unit).tolist()), unit)


def headline_option(draws: pd.DataFrame) -> str:
    """The option that a page is about: the claim at its word where a reading is taken, else the
    candidate.
    """
    return "claimed" if "claimed" in draws.index.unique(0) else "candidate"


def called(case, option: str) -> str:
    """An option as a reader knows it: chip and precision; the claim has the candidate's chip."""
    own = case.baseline if option == "baseline" else case.candidate
    return f"{chip(own.accelerator)} in {own.precision.upper()}"


def day(when) -> str:
    """A date in words; no date is never."""
    return "never" if when is None or pd.isna(when) else f"{when.day} {when:%B %Y}"


def plain(words) -> str:
    """Text from outside made safe for Markdown and HTML: it is shown, never interpreted."""
    safe = html.escape(" ".join(str(words).split()), quote=False)
    return "".join(f"&#{ord(c)};" if c in "\\`*_{}[]()#+!|$~" else c for c in safe)


def say(sentence: str, **values) -> Markdown:
    """A sentence whose numbers are computed, never typed; strings are escaped."""
    return Markdown(
        sentence.format(**{k: plain(v) if type(v) is str else v for k, v in values.items()})
    )


def written(template: str, **values) -> Markdown:
    """A template of assets/ in Markdown, filled; each paragraph is one line, however the template
    breaks it.
    """
    told = parsed(template).render(values)
    return Markdown("\n\n".join(" ".join(part.split()) for part in told.split("\n\n")))


@cache
def parsed(template: str):
    """A template of assets/ in Markdown with what words need; a value that is not given is an
    error.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    found = FileSystemLoader(Path(__file__).with_name("templates"))
    made = Environment(
        loader=found, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {
        "plain": plain,
        "day": day,
        "form": format,
        "text": text,
        "figure": figure,
        "musd": musd,
    }
    return made.get_template(template)


def table(rows, heads: Sequence[str]) -> Markdown:
    """Rows of cells as a table; cells are Markdown, so text from outside goes through `plain`
    first.
    """
    lines = [heads, ["---"] * len(heads), *rows]
    return Markdown("\n".join(f"| {' | '.join(map(str, cells))} |" for cells in lines))


class Payload:
    """A display with Markdown or HTML for the reader and a JSON record for the machine."""

    def __init__(self, data: dict):
        self.data = data

    def _repr_mimebundle_(self, include=None, exclude=None):
        return self.data


def headline(sentence: str, value: Shown, verdict: str = "", **values) -> Payload:
    """The answer in one sentence, for the first screen, the index and the feed."""
    words = say(sentence, value=value, verdict=verdict, **values).data
    # Six digits: further ones differ between processors, and nothing should compare them.
    low, mid, high = (float(f"{end:.6g}") for end in value.values)
    record = {
        "headline": words,
        "value": mid,
        "low": low,
        "high": high,
        "unit": value.unit,
        "verdict": verdict,
    }
    return Payload({"text/markdown": f"**{words}**", "text/plain": words, HEADLINE: record})


def three_ways(value: Shown, aim: float, words: Sequence[str]) -> str:
    """Which of three words fits: the 80% range lies above the aim, below it, or about it."""
    low, _, high = value.values
    return words[0] if low >= aim else words[1] if high < aim else words[2]


def row(quantity: str, option: str, unit: str, ends) -> dict:
    """A row to take away: P10, P50 and P90 of a quantity in a unit, to six digits."""
    told = zip(("low", "mid", "high"), ends, strict=True)
    return {
        "quantity": quantity,
        "option": option,
        "unit": unit,
        **{end: float(f"{x:.6g}") for end, x in told},
    }


def rows_of(draws: pd.DataFrame, quantities: Mapping[str, str]) -> list[dict]:
    """Rows to take away of quantities in the units stated, for each option of `draws`."""
    options = draws.index.get_level_values(0).unique() if draws.index.nlevels > 1 else [""]
    return [
        row(quantity, option, unit or "1", shown(draws, quantity, unit, option or None).values)
        for quantity, unit in quantities.items()
        for option in options
    ]


def numbers(draws: pd.DataFrame, quantities: Mapping[str, str]) -> Payload:
    """The table to take away: P10, P50 and P90 of each quantity for each option, in the unit
    stated.
    """
    return taken(rows_of(draws, quantities))


def taken(
    rows: list[dict], words: dict[str, str] | None = None, page: Markdown | None = None
) -> Payload:
    """Rows from `row` as a table to read and to take away.

    The reader sees quantities in `words` and units as they are written, or `page`; the machine
    keeps all as it is.
    """
    titles = {name: quantity.title for name, quantity in quantities().items()}
    words = titles | (words or {})
    cells = [
        (
            words.get(row["quantity"], row["quantity"].replace("_", " ")),
            row["option"],
            unit_words(row["unit"]),
            *(number(row[k]) for k in ("low", "mid", "high")),
        )
        for row in rows
    ]
    page = page or table(cells, ["Quantity", "option", "unit", "P10", "P50", "P90"])
    return Payload(
        {
            "text/markdown": page.data,
            "text/plain": pd.DataFrame(rows).to_string(),
            NUMBERS: {"rows": rows},
        }
    )


def unit_words(unit: str) -> str:
    """A unit as it is written beside a number, which stands elsewhere."""
    return "".join(_around(unit)).strip()


def named(field: str) -> str:
    """A field in words, without the unit in its name: the printed number has its own, which may be
    another.

    >>> named("debt_interest_share_per_s"), named("load_factor"), named("rack_chips")
    ('debt interest', 'busy share', 'rack chips')
    """
    return (field if unit_of(field) in ("", "chip", "B") else SUFFIX.sub("", field)).replace(
        "_", " "
    )


def cited(source: str, why: str) -> str:
    """A source by its title, with where in it and why; what the authors judged says so in a
    word.
    """
    title = "Judged" if source == JUDGED else source_table()["title"][source]
    return f"{title}: {why}".removesuffix(": ")


def sources(case) -> pd.DataFrame:
    """Every fact and belief that a scenario rests on, as printed, with where it comes from; facts
    first.

    Left out are dimensions that a model does not have, which are 0, and facts that a belief of that
    name replaces. A belief's three numbers are P10, P50 and P90.
    """
    things = [
        (Accelerator, case.baseline.accelerator),
        (Accelerator, case.candidate.accelerator),
        (Model, case.model),
        (Site, case.site),
    ]
    facts = pd.concat(
        [chosen(f"{kind.__name__.lower()}s", name) for kind, name in dict.fromkeys(things)]
    )
    told = [
        (r.thing, r.field, printed(r.value, r.times, r.unit), r.source, r.where)
        for r in facts[(facts["value"] != 0) & ~facts["field"].isin(case.believe)].itertuples()
    ]
    told += [
        ("belief", name, f"{b.low:g} / {b.mid:g} / {b.high:g} {b.unit}", b.source, b.why)
        for name, b in case.believe.items()
    ]
    rows = [
        (thing, f"{named(field)}: {value}", cited(source, why))
        for thing, field, value, source, why in told
    ]
    return pd.DataFrame(rows, columns=["Of", "What, as printed", "Source, where in it, and why"])
