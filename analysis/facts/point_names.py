"""The four names of a serving point, as people write them, read into those of our tables, with what
was assumed.
"""

import re
from dataclasses import dataclass
from functools import cache

from analysis.facts.accelerator_names import rank_count_per_chip, read_accelerator
from analysis.facts.checkpoint_names import (
    UNSTATED,
    read_model,
    read_precision,
    released_precision,
)
from analysis.facts.spelling import unknown_name, word_meanings

JOINED_ENGINES = re.compile(
    r"tensorrt[\s_-]*llm|trt[\s_-]*llm|llama[\s._-]cpp|text[\s_-]generation[\s_-]inference|mlc[\s_-]llm|gpt[\s_-]fast|in[\s_-]house"
)


@dataclass(frozen=True)
class PointNames:
    """The names of a serving point in our tables, what they say beside, and what is wrong with
    them.
    """

    accelerator: str
    model: str
    precision: str
    engine: str  # empty for the coefficients of the pool
    chips_count: float  # 0 where the names say none
    rank_count_per_chip: float
    note: str
    fault: str


@cache
def read_names(accelerator: str, model: str, precision: str, engine: str) -> PointNames:
    """Names as people write them: the accelerator may say the chips, the model the precision, the
    engine its version.

    A blank precision, or `auto`, is that of the checkpoint's name, or else that in which the model
    is released. Where a column says 16 bits and the checkpoint is quantised, its weights are; other
    contradictions keep the column's word.
    """
    chip, checkpoint = read_accelerator(accelerator), read_model(model)
    stated, runtime = read_precision(precision), read_engine(engine)
    faults = [each.fault for each in (chip, checkpoint, stated, runtime) if each.fault]
    if faults:
        return PointNames("", "", "", "", 0.0, 1.0, "", "; ".join(faults))
    weights, assumed = _weights(stated.name, checkpoint.precision, checkpoint.name)
    taken = stated.notes if weights == stated.name else checkpoint.notes
    notes = dict.fromkeys((*chip.notes, *checkpoint.notes, *taken, *assumed, *runtime.notes))
    ranks = rank_count_per_chip(chip.name)
    return PointNames(
        chip.name,
        checkpoint.name,
        weights,
        runtime.name,
        chip.chips_count,
        ranks,
        "; ".join(notes),
        "",
    )


def _weights(stated: str, named: str, model: str) -> tuple[str, tuple[str, ...]]:
    """The precision of the weights from the column, from the checkpoint's name, or as the model is
    released.
    """
    if not stated and not named:
        released = released_precision(model)
        return released, (f"precision as released: {released}",)
    if not stated:
        return named, (f"precision {named}, as the model's name says",)
    if named and named != stated:
        if stated == "bf16":
            return named, (f"the model's name says {named}, the column bf16: weights in {named}",)
        return stated, (f"the model's name says {named}, the column {stated}: weights in {stated}",)
    return stated, ()


@dataclass(frozen=True)
class EngineName:
    """What the name of an engine says."""

    name: str  # empty for the coefficients of the pool
    notes: tuple[str, ...]
    fault: str


@cache
def read_engine(written: str) -> EngineName:
    """The engine that a name means, whatever its version; blank, and saying so, for one that
    nothing is fitted to.

    >>> read_engine("sglang:v0.5.9").name, read_engine("TGI 3.0").name
    ('sglang', '')
    """
    text = written.strip().lower()
    if text in UNSTATED:
        return EngineName("", (), "")
    joined = JOINED_ENGINES.sub(lambda found: re.sub(r"[\s._-]", "", found[0]), text)
    words = [word for word in re.split(r"[^a-z0-9.]+", joined) if word]
    words += [re.sub(r"[\d.]+$", "", word) for word in words]  # `vllm0.11`
    meanings = word_meanings("engine")
    means = list(dict.fromkeys(meanings[word] for word in words if word in meanings))
    known = [meaning for meaning in means if meaning != "unmeasured"]
    if len(known) == 1:
        plain = re.sub(r"[\s_-]", "", text) in meanings
        notes = () if plain else (f"{written!r} read as {known[0]}, whatever its version",)
        return EngineName(known[0], notes, "")
    if known:
        note = f"{written!r} names several engines: predicted as an engine unnamed"
        return EngineName("", (note,), "")
    if means:
        note = f"nothing is fitted to {written!r}: predicted as an engine unnamed"
        return EngineName("", (note,), "")
    return EngineName("", (), unknown_name("engine", written))
