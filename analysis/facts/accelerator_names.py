"""An accelerator as drivers print it and people write it: part, form factor, memory and number of
chips in one name.

Which forms a part is sold in stands in facts/parts.csv. A name that leaves several open is answered
with the usual part, and says so; what it states (form factor, memory) always holds.
"""

import re
from dataclasses import dataclass
from functools import cache

from analysis.facts.records import Accelerator
from analysis.facts.spelling import find_spelling, idle_words, spelled, unknown_name, written_words
from analysis.facts.tables import find, table

COUNT_WORDS = {"single": 1, "dual": 2, "quad": 4}
COUNT_FIRST = re.compile(r"^\s*(\d{1,4})\s*(?:[x×*]\s*|[\s-])(?=[a-z])", re.IGNORECASE)
COUNT_LAST = re.compile(
    r"[\s,(_-]*(?:[x×*]\s*(\d{1,4})|\(\s*(\d{1,4})\s*[x×]?\s*\)|:(\d{1,4})"
    r"|(?<![a-z\d])(\d{1,4})[\s_-]*(?:gpu|card|chip|accelerator)s?)\s*\)?\s*$",
    re.IGNORECASE,
)
SLICE = re.compile(r"^(.*?\d[a-z]*)-(\d{1,5})$", re.IGNORECASE)  # of TPUs: `v6e-8`
MEMORY = re.compile(  # not the number of a part: `A10G`
    r"(?<![a-z\d.])(\d+(?:\.\d+)?)\s*[-_]?(gib|gb|mib|mb|g)(?![a-z0-9])", re.IGNORECASE
)
FORM = re.compile(r"\b(sxm|pcie)\s*\d(?!\d)", re.IGNORECASE)
POWER = re.compile(
    r"\(?\s*(?:power\s*(?:cap|limit)(?:ped)?\s*(?:at|to|of)?\s*)?\d{2,4}\s*w(?:atts?)?\b\s*\)?",
    re.IGNORECASE,
)
GIB = 2**30 / 1e9
MEMORY_MISS = 0.015  # of what is printed: 179 GiB are 192 GB, and sold as 180


@dataclass(frozen=True)
class AcceleratorName:
    """What the name of an accelerator says; blank where it says nothing."""

    name: str  # of accelerators.csv; empty where there is a fault
    chips_count: float  # 0 where the name says none
    notes: tuple[str, ...]
    fault: str


@cache
def read_accelerator(written: str) -> AcceleratorName:
    """The accelerator that a name means, the number of chips that it says, and what was assumed.

    >>> read_accelerator("8x NVIDIA H100 80GB HBM3").chips_count
    8.0
    """
    name, notes = _named(written)
    if name:
        return AcceleratorName(name, 0.0, notes, "")
    for text, count in _counted(written):
        name, notes = _named(text)
        if name:
            chips = (
                count / _count_per_chip(name, "slice") if _is_slice(written, text) else float(count)
            )
            said = f"{written!r} says {chips:g} chip{'s' if chips != 1 else ''}"
            return AcceleratorName(name, chips, (*notes, said), "")
    return AcceleratorName("", 0.0, (), unknown_name("accelerator", written))


def rank_count_per_chip(accelerator: str) -> float:
    """Devices that engines count in one chip: two where a package shows its dies apart."""
    return _count_per_chip(accelerator, "rank")


@cache
def _parts() -> dict[str, dict]:
    """The rows of parts.csv by accelerator, with spellings and forms as sets of words."""
    rows = table("parts").fillna("").set_index("accelerator").to_dict("index")
    for row in rows.values():
        row["spellings"] = [spelled(written_words(each)) for each in str(row["part"]).split("|")]
        row["forms"] = frozenset(str(row["forms"]).split())
    return rows


def _count_per_chip(name: str, counted: str) -> float:
    return float(_parts()[name][f"{counted}_count_per_chip"]) if name in _parts() else 1.0


def _is_slice(written: str, text: str) -> bool:
    found = SLICE.match(written.strip())
    return bool(found and found[1] == text and _named(text)[0].startswith("tpu"))


def _counted(written: str) -> list[tuple[str, int]]:
    """Ways to read a number of chips out of a name: what is left of it, and the number."""
    found = []
    first, last, cut = (
        COUNT_FIRST.match(written),
        COUNT_LAST.search(written),
        SLICE.match(written.strip()),
    )
    sizes = " ".join(found[0] for found in MEMORY.finditer(written))
    unsized = re.sub(r"\(\s*\)", "", MEMORY.sub(" ", written))
    if first:
        found.append((written[first.end() :], int(first[1])))
    inner = COUNT_LAST.search(unsized)
    if last and last.start() > 0:
        found.append((written[: last.start()], int(next(filter(None, last.groups())))))
    if inner and inner.start() > 0 and sizes:
        found.append(
            (f"{unsized[: inner.start()]} {sizes}", int(next(filter(None, inner.groups()))))
        )
    word, _, rest = written.strip().partition(" ")
    if word.lower() in COUNT_WORDS:
        found.append((rest, COUNT_WORDS[word.lower()]))
    if cut and _named(cut[1])[0].startswith("tpu"):
        found.append((cut[1], int(cut[2])))
    return [(text, count) for text, count in found if count > 0]


def _named(written: str) -> tuple[str, tuple[str, ...]]:
    """The accelerator that a name without a number of chips means, and what was assumed."""
    exact = find_spelling("accelerator", written_words(written))
    stated = MEMORY.findall(written)
    capped = POWER.search(written)
    text = POWER.sub(" ", MEMORY.sub(" ", FORM.sub(r"\1", written)))
    candidates = _candidates(written_words(text))
    if exact and exact not in candidates:
        candidates = {exact: frozenset()}
    fitting = [
        name for name in candidates if all(_holds(name, float(size), unit) for size, unit in stated)
    ]
    if exact and not fitting:
        fitting = [exact]  # an alias may print a memory of its own
    if not fitting:
        return "", ()
    chosen, others = _choose(fitting, candidates, exact)
    notes = []
    if others:
        could = ", ".join(others)
        notes.append(f"{written!r} read as {chosen}, the usual part; it could be {could}")
    if capped and "cap" in capped[0].lower():
        notes.append("a power cap is not taken into account")
    return chosen, tuple(notes)


def _choose(
    fitting: list[str], stated: dict[str, frozenset[str]], exact: str
) -> tuple[str, list[str]]:
    """The accelerator that is meant among those that fit, and which others it could be as well.

    An alias decides; or the usual part is meant; or that with the fewest forms left unstated.
    """
    parts = _parts()
    unstated = dict.fromkeys(fitting, 0)
    for name in fitting:
        if name in parts:
            unstated[name] = len(parts[name]["forms"] - stated.get(name, frozenset()))
    usual = [name for name in fitting if name in parts and parts[name]["usual"] == "yes"]
    ranked = sorted(fitting, key=lambda name: (name not in usual, unstated[name], name))
    chosen = exact if exact in fitting else ranked[0]
    open_choice = chosen in usual
    others = [
        name
        for name in sorted(fitting)
        if name != chosen and (open_choice or unstated[name] <= unstated[chosen])
    ]
    return chosen, others


def _candidates(words: list[str]) -> dict[str, frozenset[str]]:
    """The accelerators of the longest part in the words whose other words are idle or forms it has;
    with those forms.
    """
    numbers = spelled([word for word in words if word not in idle_words()]).split()
    longest, found = 0, {}
    for name, row in _parts().items():
        for part in row["spellings"]:
            place = _place(numbers, part.split())
            length = len(part.split())
            if place < 0 or length < longest:
                continue
            rest = set(numbers[:place] + numbers[place + length :])
            if length > longest:
                longest, found = length, {}
            if rest <= row["forms"]:
                found[name] = frozenset(rest)
    return found


def _place(words: list[str], part: list[str]) -> int:
    """Where a part begins in the words, or -1."""
    for start in range(len(words) - len(part) + 1):
        if words[start : start + len(part)] == part:
            return start
    return -1


def _holds(name: str, size: float, unit: str) -> bool:
    """Whether an accelerator has the memory that a name prints: as sold, as counted in GiB, or as
    the driver reports.
    """
    memory_gb = find(Accelerator, name).memory_bytes_per_chip / 1e9
    binary = unit.lower() in ("mib", "gib", "mb")
    size = size / 1024 if unit.lower() in ("mib", "mb") else size
    sizes = (memory_gb, memory_gb / GIB)
    allowed = 2 * MEMORY_MISS if binary else MEMORY_MISS
    return any(abs(size / known - 1) <= allowed for known in sizes)
