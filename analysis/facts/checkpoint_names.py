"""A model's name as hubs and file names write it: which model, and the precision that a quantised
checkpoint says.

`Qwen/Qwen3-30B-A3B-Instruct-2507-AWQ` is qwen3-30b-a3b in int4. Precision words are read the same
in a name and in a column of their own. A name with the whole name and size of a known model in it,
beside words that name no other part or size, is a fine-tuned copy of it, and says so.
"""

import re
from dataclasses import dataclass
from functools import cache

from analysis.facts.records import Model
from analysis.facts.spelling import (
    DATE,
    find_spelling,
    idle_words,
    spelled,
    spellings,
    unknown_name,
    word_meanings,
    written_words,
)
from analysis.facts.tables import chosen, find

UNSTATED = frozenset(
    (
        "",
        "-",
        "?",
        "nan",
        "n/a",
        "none",
        "unknown",
        "auto",
        "default",
        "native",
        "original",
        "released",
    )
)
RELEASED = UNSTATED | {"as released", "compressed-tensors", "modelopt", "quark"}  # say no precision
GGUF = re.compile(
    r"(?:^|[-_.: ])(?:ud[-_])?(i?q)([2-8])((?:[-_](?:\d|k|xl|l|m|s|xs|xxs|nl|a|b))*)(?=$|[-_.: ])",
    re.IGNORECASE,
)
CACHE = re.compile(  # the format of the cache, beside that of the weights: `BF16 + FP8 KV`
    r"[\s+,;/&(]*\b(?:\w+[\s_-])?kv(?:[\s_-]*cache)?"
    r"(?:[\s:=_-]*(?:fp8|bf16|fp16|int8|auto|e4m3|e5m2)\w*)?\)?",
    re.IGNORECASE,
)
HUB_FOLDER = re.compile(r"(?:^|.*[/\\])models--([^/\\]+?)--([^/\\]+)(?:[/\\].*)?$", re.DOTALL)
GROUPED = re.compile(r"([2-8])b(?=[-_.]\d+g\b)", re.IGNORECASE)  # `GPTQ-4b-128g`: bits, no size
BITS = re.compile(r"\b(\d{1,2})[\s_-]*bits?\b", re.IGNORECASE)
BITS_PER_WEIGHT = re.compile(r"(?<![\d.])([2-8])(?:\.\d+)?[\s_-]*bpw\b", re.IGNORECASE)
SIZE = re.compile(r"\d [bm]\b")  # in a spelling: `llama 3.1 8 b`
OTHER_SIZE = re.compile(r"\d[bmtk]$|^[a-z]\d+[bm]?$|^x\d|^\d+x")  # a word that says a size
BYTE_FROM_BITS = 6  # of a GGUF type: from here on, 8 bits are nearer than 4.5


@dataclass(frozen=True)
class PrecisionName:
    """What precision words say."""

    name: str  # of precisions.csv; empty where none is said or there is a fault
    notes: tuple[str, ...]
    fault: str


@dataclass(frozen=True)
class ModelName:
    """What the name of a model says."""

    name: str  # of models.csv; empty where there is a fault
    precision: str  # of precisions.csv; empty where the name says none
    notes: tuple[str, ...]
    fault: str


@cache
def read_model(written: str) -> ModelName:
    """The model that a name means, the precision that it says, and what was assumed.

    >>> read_model("Qwen/Qwen3-14B-AWQ").precision
    'int4'
    """
    text = HUB_FOLDER.sub(r"\1/\2", written.strip())
    text = re.sub(r"\.(gguf|safetensors|bin)$", "", text, flags=re.IGNORECASE)
    text = BITS_PER_WEIGHT.sub(r"q\1", GROUPED.sub(r"\1bit", text))
    packed = GGUF.search(text) or re.search(r"[-_.]gguf\b", text, flags=re.IGNORECASE)
    bare = re.sub(r"[-_. ]gguf\b", "", GGUF.sub("", text), flags=re.IGNORECASE)
    words = written_words(bare)
    formats = [word for word in words if _format(word)]
    precision, notes = _format_name(formats, packed if packed and packed.re is GGUF else None)
    if packed and not precision:
        precision, notes = "int4", ("a GGUF file of unsaid type, taken as 4 bits",)
    kept = [word for word in words if word not in word_meanings("precision")]
    whole = spellings("model").get(spelled(written_words(text)), "")
    name = (
        whole
        or find_spelling("model", kept)
        or find_spelling("model", written_words(text))
        or _sized(kept)
    )
    if not name:
        name = _tuned_copy(kept)
        notes = (*notes, f"{written!r} read as a fine-tuned {name}") if name else notes
    if not name:
        return ModelName("", "", (), unknown_name("model", written))
    return ModelName(name, precision, notes, "")


@cache
def read_precision(written: str) -> PrecisionName:
    """The precision that words mean: `AWQ-INT4`, `fp8_block`, `W8A8`, `Q4_K_M`; none where they say
    `auto`.

    >>> read_precision("GPTQ-Int4").name, read_precision("FP8-dynamic").name
    ('int4', 'fp8')
    """
    text = CACHE.sub(" ", written.strip()).strip()
    text = BITS_PER_WEIGHT.sub(r"q\1", BITS.sub(r"\1bit", text))
    if text.lower() in RELEASED:
        return PrecisionName("", (), "")
    exact = spellings("precision").get(spelled(written_words(text)), "")
    if exact:
        return PrecisionName(exact, (), "")
    if text.lower() == "gguf":
        return PrecisionName("int4", ("a GGUF file of unsaid type, taken as 4 bits",), "")
    packed = GGUF.search(text)
    words = written_words(GGUF.sub("", text))
    joined = ["".join(words), *words]
    formats = [word for word in joined if _format(word)]
    strange = [word for word in words if word not in word_meanings("precision") and word != "gguf"]
    if (strange and not _format(joined[0])) or not (formats or packed):
        return PrecisionName("", (), unknown_name("precision", written))
    name, notes = _format_name(formats, packed)
    return PrecisionName(name, notes, "")


def released_precision(model: str) -> str:
    """The precision in which a model is released, from the bytes of its parameters."""
    record = find(Model, model)
    narrowest = record.dense_bytes_per_parameter
    if record.experts_count:
        narrowest = min(narrowest, record.expert_bytes_per_parameter)
    if narrowest > 1:
        return "bf16"
    if narrowest == 1:
        return "fp8"
    return "int4" if _released_in_integers(model) else "fp4"


def _released_in_integers(model: str) -> bool:
    rows = chosen("models", model)
    where = rows.loc[rows["field"] == "expert_bytes_per_parameter", "where"]
    return bool(where.str.contains("int4").any())


def _format(word: str) -> str:
    """What format of weights a word names; empty where it names none."""
    meaning = word_meanings("precision").get(word, "beside")
    return "" if meaning == "beside" else meaning


def _format_name(formats: list[str], packed: re.Match | None) -> tuple[str, tuple[str, ...]]:
    """The precision that format words together mean, and what was assumed; empty where there are
    none.
    """
    kinds = {_format(word) for word in formats}
    said = " ".join(dict.fromkeys(formats))
    if packed:
        bits = int(packed[2])
        name = "fp8" if bits >= BYTE_FROM_BITS else "int4"
        return name, (
            f"{packed[0].strip(' -_.:')} has about {bits} bits a weight, predicted as {name}",
        )
    if {"4-bit integer", "8-bit float"} <= kinds or "4-bit weights" in kinds:
        return "int4", (f"{said}: 4-bit weights; arithmetic in 8 bits predicted as in 16",)
    if "4-bit float" in kinds:
        return "fp4", ()
    if "8-bit float" in kinds:
        return "fp8", ()
    if "8-bit integer" in kinds:
        return "fp8", (f"{said} predicted as fp8: as many bytes a weight",)
    if "4-bit integer" in kinds:
        return "int4", ()
    return ("bf16", ()) if kinds else ("", ())


def _sized(words: list[str]) -> str:
    """The one known model whose name goes on with its active size only: `Qwen3-30B` is
    qwen3-30b-a3b.
    """
    wanted = spelled(
        [word for word in words if word not in idle_words() and not DATE.fullmatch(word)]
    )
    longer = re.compile(re.escape(wanted) + r" a \d+(?:\.\d+)? b")
    names = {name for spelling, name in spellings("model").items() if longer.fullmatch(spelling)}
    return names.pop() if len(names) == 1 else ""


def _tuned_copy(words: list[str]) -> str:
    """The known model whose whole name, size included, stands among words that say no other size or
    part; the longest of them.
    """
    kept = [word for word in words if word not in idle_words() and not DATE.fullmatch(word)]
    known = {
        spelling: name for spelling, name in spellings("model").items() if SIZE.search(spelling)
    }
    found = ""
    for start in range(len(kept)):
        for end in range(start + 1, len(kept) + 1):
            part = spelled(kept[start:end])
            rest = kept[:start] + kept[end:]
            if part in known and len(part) > len(found) and all(map(_harmless, rest)):
                found = part
    return known.get(found, "")


def _harmless(word: str) -> bool:
    """Whether a word beside a model's name says no other size, version or part."""
    return word not in word_meanings("model") and not OTHER_SIZE.search(word)
