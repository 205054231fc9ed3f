"""Other spellings of the things in the tables, each with the name that it means."""

import re
from collections.abc import Collection
from functools import cache

from analysis.facts.tables import table


@cache
def canonical_name(column: str, name: str) -> str:
    """The name in our tables that a name in a column (accelerator, model, precision, engine) means.

    A name that means none of them is given back as it is. Neither case nor separators nor an owner
    before a slash count; nor do words that change no dimension (`instruct`, `fp8`, `nvidia`),
    unless the whole name is known. Other names of a thing are in facts/aliases.csv; one thing never
    stands for another of other dimensions.

    >>> canonical_name("model", "meta-llama/Llama-3.1-70B-Instruct")
    'llama3.1-70b'
    """
    spellings = _spellings(column)
    whole = _spelling(name)
    if whole in spellings:
        return spellings[whole]
    return spellings.get(_spelling(name, _idle_words()), name)


def _spelling(name: str, idle: Collection[str] = ()) -> str:
    """Words and numbers apart, without idle ones: `Llama-3.1 8B` and `llama3.1-8b` are the same."""
    without_owner = name.lower().rpartition("/")[2]
    words = [word for word in re.split(r"[^a-z0-9.]+", without_owner) if word not in idle]
    return " ".join(re.findall(r"[a-z]+|\d+(?:\.\d+)?", " ".join(words)))


@cache
def _spellings(column: str) -> dict[str, str]:
    """What each spelling in a column of aliases.csv, and of the things' own names, means."""
    aliases = table("aliases").set_index("alias")[column].dropna()
    meanings = {_spelling(alias): str(thing) for alias, thing in aliases.items()}
    if column != "engine":
        meanings |= {_spelling(thing): thing for thing in table(f"{column}s")["thing"]}
    return meanings


@cache
def _idle_words() -> frozenset[str]:
    """Words of aliases.csv that stand for nothing in any column."""
    rows = table("aliases").set_index("alias")
    meanings = rows[["accelerator", "model", "precision", "engine"]]
    return frozenset(rows.index[meanings.isna().all(axis=1)])
