"""What is known: tables of sourced numbers and the few lines that read them."""

from analysis.facts.records import Accelerator, Model, Site, chip
from analysis.facts.tables import (
    canonical_name,
    chosen,
    find,
    names,
    nearest,
    price,
    sources,
    table,
    unknown,
)

__all__ = [
    "Accelerator",
    "Model",
    "Site",
    "chip",
    "chosen",
    "find",
    "canonical_name",
    "names",
    "nearest",
    "price",
    "sources",
    "table",
    "unknown",
]
