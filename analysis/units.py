"""Units. Names say them (`energy_j_per_token`), floats carry them, pint converts at the border."""

import re
import shutil
from functools import cache

import pint
from platformdirs import user_cache_path


def _registry() -> pint.UnitRegistry:
    """Pint's registry; its definitions, parsed once a machine, start a process in a tenth of the
    time.
    """
    folder = user_cache_path("passthrough") / f"pint-{pint.__version__}"
    try:
        return pint.UnitRegistry(cache_folder=folder)
    except (
        Exception
    ):  # no folder to write to, or a file that was written by half: they are parsed here
        shutil.rmtree(folder, ignore_errors=True)
        return pint.UnitRegistry()


registry = _registry()
for line in (
    "usd = [currency] = USD",
    "token = [token] = tok",
    "flop = [flop] = FLOP",
    "octet = [data] = B",
    "request = [request]",
    "chip = [chip] = gpu",
):
    registry.define(line)

SUFFIXES = {
    "s": "s",
    "month": "month",
    "months": "month",
    "year": "year",
    "years": "year",
    "j": "J",
    "w": "W",
    "g": "g",
    "l": "l",
    "k": "kelvin",
    "usd": "usd",
    "byte": "B",
    "bytes": "B",
    "flop": "flop",
    "token": "token",
    "tokens": "token",
    "input_token": "token",
    "cached_token": "token",
    "output_token": "token",
    "request": "request",
    "requests": "request",
    "chip": "chip",
    "chips": "chip",
    # Counts and proportions have no dimension; the word still says what kind of number it is.
    "share": "",
    "ratio": "",
    "count": "",
    "width": "",
    "parallel": "",
    "parameter": "",
    "parameters": "",
    "value": "",
    "values": "",
    "score": "",
    "periods": "",
    "elasticity": "",
    "factor": "",
    "probability": "",
}
_UNIT = "|".join(sorted(SUFFIXES, key=len, reverse=True))
SUFFIX = re.compile(rf"(?:^|_)((?:{_UNIT})(?:_(?:{_UNIT}))*(?:_per_(?:{_UNIT}))*)$")


@cache
def unit_of(name: str) -> str:
    """The unit that a name claims by its ending; ValueError where it claims none.

    >>> unit_of("energy_j_per_token")
    'J / token'
    >>> unit_of("load_factor")
    ''
    """
    found = SUFFIX.search(name)
    if found is None:
        raise ValueError(f"{name!r} does not end in a unit")
    top, *below = found[1].split("_per_")
    kept = [SUFFIXES[part] for part in (top.split("_")[-1], *below)]
    return " / ".join([kept[0] or "1", *(part for part in kept[1:] if part)]) if any(kept) else ""


def is_share(name: str) -> bool:
    """Whether a name claims a number between 0 and 1.

    >>> is_share("eligible_share"), is_share("load_factor"), is_share("host_ratio")
    (True, True, False)
    """
    return name.endswith(("_share", "load_factor", "_probability"))


@cache
def factor(unit: str, into: str) -> float:
    """What a value in `unit` is multiplied by to be in `into`; pint's error where the two differ in
    kind.
    """
    return float(registry.Quantity(1.0, unit).to(into or "dimensionless").magnitude)


def convert(value, unit: str, into: str):
    """`value` in `unit`, turned `into` another; floats, arrays and columns alike.

    >>> convert(0.36, "kWh", "J")
    1296000.0
    """
    return value * factor(unit or "dimensionless", into)
