"""What is known: tables of sourced numbers and the few lines that read them."""

from analysis.facts.records import Accelerator, Model, Site, chip
from analysis.facts.tables import (
    chosen,
    find,
    meant,
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
    "meant",
    "names",
    "nearest",
    "price",
    "sources",
    "table",
    "unknown",
]
