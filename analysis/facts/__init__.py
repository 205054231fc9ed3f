"""What is known: tables of sourced numbers and the few lines that read them."""

from analysis.facts.hints import nearest, unknown
from analysis.facts.listed_prices import token_price_fault, token_prices
from analysis.facts.point_names import PointNames, read_names
from analysis.facts.records import Accelerator, Model, Site, chip
from analysis.facts.tables import (
    COMPONENTS,
    chosen,
    find,
    names,
    price,
    prices_by_field,
    published_range,
    purchasable,
    sold_by_token,
    sources,
    table,
)

__all__ = [
    "COMPONENTS",
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
    "prices_by_field",
    "published_range",
    "purchasable",
    "read_names",
    "sold_by_token",
    "sources",
    "table",
    "token_price_fault",
    "token_prices",
    "unknown",
]
