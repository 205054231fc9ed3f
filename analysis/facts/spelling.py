"""Words of a name as people write it, the name of our tables that they mean, and what lies near one
that is unknown.

Neither case nor separators nor an owner before a slash count; nor do words that change no dimension
(`instruct`, a date, `nvidia`), unless the whole name is known. Other names of a thing stand in
facts/aliases.csv. One thing never stands for another of other dimensions.
"""

import re
from difflib import SequenceMatcher
from functools import cache

from analysis.facts.tables import table

ENGINES = ("vllm", "sglang", "trtllm", "atom")
COLUMNS = ("accelerator", "model", "precision", "engine")
HINTS_COUNT = 5
TRADEMARK = re.compile(r"\((?:r|tm|c)\)|[®™©]", re.IGNORECASE)
DATE = re.compile(r"20\d{6}|2[3-9](?:0[1-9]|1[0-2])|(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])")


def written_words(name: str) -> list[str]:
    """Words of a name in lower case, without an owner or a folder, trademarks and separators;
    `v0.3` stays whole.

    >>> written_words("NVIDIA(R) H100-SXM5 80GB"), written_words("org/Qwen3-8B-quantized.w4a16")
    (['nvidia', 'h100', 'sxm5', '80gb'], ['qwen3', '8b', 'quantized', 'w4a16'])
    """
    plain = (
        TRADEMARK.sub(" ", name.replace("\\", "/")).strip().rstrip("/").lower().rpartition("/")[2]
    )
    return [
        word for word in re.split(r"[^a-z0-9.]+|\.(?=[a-z])|(?<=[a-z])\.|\.+$|^\.+", plain) if word
    ]


def spelled(words: list[str]) -> str:
    """Letters and numbers apart, so that `Llama-3.1 8B` and `llama3.1-8b` are the same.

    >>> spelled(["llama3.1", "8b"])
    'llama 3.1 8 b'
    """
    return " ".join(re.findall(r"[a-z]+|\d+(?:\.\d+)?", " ".join(words)))


@cache
def idle_words() -> frozenset[str]:
    """Words that stand for nothing in any column: rows of aliases.csv that name no thing."""
    rows = table("aliases").set_index("alias")
    return frozenset(rows.index[rows[list(COLUMNS)].isna().all(axis=1)])


@cache
def word_meanings(column: str) -> dict[str, str]:
    """What words of a column (precision, model, engine) mean: rows of words.csv."""
    rows = table("words")
    rows = rows[rows["column"] == column]
    return dict(zip(rows["word"].astype(str), rows["meaning"], strict=True))


@cache
def known_names(column: str) -> tuple[str, ...]:
    """The names of our tables in a column (accelerator, model, precision, engine), in the order of
    their table.
    """
    if column == "engine":
        return ENGINES
    return tuple(dict.fromkeys(table(f"{column}s")["thing"]))


@cache
def spellings(column: str) -> dict[str, str]:
    """What each spelling in a column means: the names of its table, and their aliases."""
    aliases = table("aliases").set_index("alias")[column].dropna().to_dict()
    names = aliases | {name: name for name in known_names(column)}
    return {spelled(written_words(written)): name for written, name in names.items()}


def find_spelling(column: str, words: list[str]) -> str:
    """The name that words mean, or that they mean without idle words and dates; empty where there
    is none.
    """
    known = spellings(column)
    busy = [word for word in words if word not in idle_words()]
    undated = [word for word in busy if not DATE.fullmatch(word)]
    for kept in (words, busy, undated):
        name = known.get(spelled(kept), "")
        if name:
            return name
    return ""


def near_names(column: str, name: str) -> list[str]:
    """At most five known names of the same family, the likest first; empty where no name of that
    family is known.

    A family is what a name begins with: the letters before its first number (`rtx`, `llama`, `mi`).
    """
    wanted = spelled([word for word in written_words(name) if word not in idle_words()])
    families: dict[str, list[tuple[float, str]]] = {}
    for spelling, known in spellings(column).items():
        if column == "accelerator" and spelled(written_words(known)) != spelling:
            continue  # a short name of a chip (`b60`) is no family
        likeness = SequenceMatcher(None, wanted, spelling).ratio()
        families.setdefault(spelling.split(" ")[0], []).append((likeness, known))
    family = wanted.split(" ")[0]
    ranked = sorted(families.get(family, []), key=lambda pair: (-pair[0], pair[1]))
    return list(dict.fromkeys(known for _, known in ranked))[:HINTS_COUNT]


def unknown_name(column: str, name: str) -> str:
    """What is wrong with a name that is none of the known ones, with names near it in family."""
    near = near_names(column, name)
    known = known_names(column)
    if not near and len(known) <= HINTS_COUNT:
        near = list(known)
    if not near:
        return f"unknown {column} {name!r}; no {column} of that family is known"
    *first, last = (repr(each) for each in near)
    said = f"{', '.join(first)} or {last}" if first else last
    return f"unknown {column} {name!r}; did you mean {said}?"
