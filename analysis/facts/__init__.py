"""What is known: tables of sourced numbers and the few lines that read them."""

from analysis.facts.hints import nearest, unknown
from analysis.facts.point_names import PointNames, read_names
from analysis.facts.records import Accelerator, Model, Site, chip
from analysis.facts.tables import chosen, find, names, price, sources, table

__all__ = [
    "Accelerator",
    "Model",
    "PointNames",
    "Site",
    "chip",
    "chosen",
    "find",
    "names",
    "nearest",
    "price",
    "read_names",
    "sources",
    "table",
    "unknown",
]
