"""What is known: tables of sourced numbers and the few lines that read them."""

from analysis.facts.aliases import canonical_name
from analysis.facts.hints import nearest, unknown
from analysis.facts.records import Accelerator, Model, Site, chip
from analysis.facts.tables import chosen, find, names, price, sources, table

__all__ = [
    "Accelerator",
    "Model",
    "Site",
    "canonical_name",
    "chip",
    "chosen",
    "find",
    "names",
    "nearest",
    "price",
    "sources",
    "table",
    "unknown",
]
