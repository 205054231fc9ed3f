"""Sentences and tables: what a notebook says, with every number computed, and what a page takes away."""

import html
from dataclasses import dataclass

import numpy as np
import pandas as pd
from IPython.display import Markdown

from analysis.facts import sources as source_table
from analysis.units import convert, unit_of

HEADLINE, NUMBERS = "application/vnd.passthrough.headline+json", "application/vnd.passthrough.numbers+json"
UNITS = {  # how a unit is written for a reader: prefix, suffix
    "usd/Mtok": ("$", " per million tokens"), "usd": ("$", ""), "usd/hour/gpu": ("$", " per chip-hour"),
    "Musd": ("$", " M"), "": ("", ""), "percent": ("", " %"), "ratio": ("", "×"), "tok/s": ("", " tokens/s"),
    "tok/s/gpu": ("", " tokens/s per chip"),
}  # fmt: skip

WORDS = {  # what a table calls a quantity whose unit stands beside it
    "output_tokens_per_s_per_chip": "output tokens of a chip", "ttft_s": "time to the first token",
    "tpot_s": "time between two tokens", "request_usd": "cost of a request",
    "energy_j_per_output_token": "energy of an output token with its prompt, boards only",
    "tokens_per_usd_ratio": "tokens for a dollar, against the baseline",
}  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """Median and 80 % range of a quantity in a unit fit to read; formats as text, keeps the numbers."""

    values: tuple[float, float, float]
    unit: str

    low = property(lambda self: text(self.values[0], self.unit))
    mid = property(lambda self: text(self.values[1], self.unit))
    high = property(lambda self: text(self.values[2], self.unit))
    range = property(lambda self: f"{figure(self.values[0], self.unit)} to {self.high}")

    def __str__(self) -> str:
        """Median with its range."""
        return f"{self.mid} ({self.range})"


def number(value: float, digits: int = 3) -> str:
    """A value with `digits` significant digits and separated thousands; no exponent below a thousand million.

    >>> number(1234.5), number(0.012345), number(3.5714)
    ('1,230', '0.0123', '3.57')
    """
    if not np.isfinite(value) or value == 0:
        return {True: "0", False: str(value)}[value == 0]
    places = digits - 1 - int(np.floor(np.log10(abs(value))))
    return f"{round(value, places):,.{max(places, 0)}f}" if abs(value) < 1e9 else f"{value:,.{digits}g}"


def figure(value: float, unit: str) -> str:
    """The number with its prefix only, for the first of a range."""
    return UNITS.get(unit, ("", ""))[0] + number(value)


def text(value: float, unit: str) -> str:
    """The number as it is written in a sentence."""
    return figure(value, unit) + UNITS.get(unit, ("", f" {unit}"))[1]


def shown(draws, quantity: str, unit: str = "", option: str | None = None) -> Shown:
    """P10, P50 and P90 of a column of `draws` (of one option), in `unit`; `ratio` means a pure number with ×."""
    column = (draws.loc[option] if option else draws)[quantity]
    return spread(column, unit_of(quantity), unit)


def spread(values, from_unit: str = "", unit: str = "") -> Shown:
    """P10, P50 and P90 of any values in `from_unit`."""
    ends = np.quantile(np.asarray(values, dtype=float), [0.1, 0.5, 0.9])
    return Shown(tuple(convert(ends, from_unit, "" if unit == "ratio" else unit).tolist()), unit)


def plain(words) -> str:
    """Text from outside made safe for Markdown and HTML: it is shown, never interpreted."""
    safe = html.escape(" ".join(str(words).split()), quote=False)
    return "".join(f"&#{ord(c)};" if c in "\\`*_{}[]()#+!|$~" else c for c in safe)


def say(sentence: str, **values) -> Markdown:
    """A sentence whose numbers are computed, never typed; strings are escaped."""
    return Markdown(sentence.format(**{k: plain(v) if type(v) is str else v for k, v in values.items()}))


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
    low, mid, high = (float(f"{end:.6g}") for end in value.values)  # noqa: PD011
    record = {"headline": words, "value": mid, "low": low, "high": high, "unit": value.unit, "verdict": verdict}
    return Payload({"text/markdown": f"**{words}**", "text/plain": words, HEADLINE: record})


def numbers(draws: pd.DataFrame, quantities: dict[str, str]) -> Payload:
    """The table to take away: P10, P50 and P90 of each quantity for each option, in the unit stated."""
    options = draws.index.get_level_values(0).unique() if draws.index.nlevels > 1 else [""]
    rows = []
    for quantity, unit in quantities.items():
        for option in options:
            low, mid, high = shown(draws, quantity, unit, option or None).values  # noqa: PD011
            rows.append(
                {"quantity": quantity, "option": option, "unit": unit or "1", "low": low, "mid": mid, "high": high}
            )
    return taken(rows)


def taken(rows: list[dict]) -> Payload:
    """Rows {quantity, option, unit, low, mid, high} as a table to read and to take away; rounded to 6 digits."""
    rows = [{**row, **{k: float(f"{row[k]:.6g}") for k in ("low", "mid", "high")}} for row in rows]
    table = pd.DataFrame(rows)
    said = table.assign(**{k: table[k].map(number) for k in ("low", "mid", "high")})
    said["quantity"] = [WORDS.get(name, name.replace("_", " ")) for name in table["quantity"]]
    page = said.to_html(index=False, border=0)
    return Payload({"text/html": page, "text/plain": table.to_string(), NUMBERS: {"rows": rows}})


def sources(case) -> pd.DataFrame:
    """Every belief and fact that a scenario rests on, its source and how that was read; facts first, then beliefs."""
    from analysis.facts import Accelerator, Model, Site, chosen

    things = [(Accelerator, case.baseline.accelerator), (Accelerator, case.candidate.accelerator), (Model, case.model),
              (Site, case.site)]  # fmt: skip
    facts = pd.concat([chosen(f"{kind.__name__.lower()}s", name) for kind, name in dict.fromkeys(things)])
    facts["value"] = facts["value"].map(number) + " " + facts["unit"].fillna("")
    believed = pd.DataFrame(
        [("belief", name, f"{number(b.low)} / {number(b.mid)} / {number(b.high)} {b.unit}", b.source, b.why)
         for name, b in case.believe.items()], columns=["thing", "field", "value", "source", "where"])  # fmt: skip
    table = pd.concat([facts[["thing", "field", "value", "source", "where"]], believed], ignore_index=True)
    known = source_table()
    return table.assign(**{column: table["source"].map(known[column]) for column in ("title", "read")}).fillna("")
