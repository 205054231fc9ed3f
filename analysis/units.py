"""Units. Names say them (`energy_j_per_token`), floats carry them, pint converts at the border."""

import re
import shutil
from functools import cache
from typing import Any

import pint
from pint.errors import PintError
from platformdirs import user_cache_path

# Units of the trade, which pint does not know.
DEFINITIONS = (
    "usd = [currency] = USD",
    "token = [token] = tok",
    "flop = [flop] = FLOP",
    "octet = [data] = B",
    "request = [request]",
    "chip = [chip] = gpu",
)


def _registry() -> pint.UnitRegistry:
    """Pint's registry with the units of the trade.

    Its definitions are parsed once a machine: a process then starts in a tenth of the time.
    """
    folder = user_cache_path("passthrough") / f"pint-{pint.__version__}"
    try:
        units = pint.UnitRegistry(cache_folder=folder)
    except Exception:  # no folder to write to, or a file that was written by half
        shutil.rmtree(folder, ignore_errors=True)
        units = pint.UnitRegistry()
    for definition in DEFINITIONS:
        units.define(definition)
    return units


registry = _registry()

# What the end of a name claims, and the unit that pint reads for it.
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
# The text of a unit in a file: names with a small power at most, joined by * or /.
_FACTOR = r"[A-Za-z%µ]\w*(?: ?(?:\*\*|\^) ?-?[1-4])?"
PRODUCT = re.compile(rf"(?:1|{_FACTOR})(?: ?[*/] ?{_FACTOR})*")
_NAME = re.compile(r"[A-Za-z%µ]\w*")
LONGEST = 60  # characters of a unit
# What pint raises for a text that is no unit, or one of another kind.
_PINT_FAULTS = (PintError, AttributeError, TypeError, ValueError, ArithmeticError, AssertionError)
SUFFIX = re.compile(rf"(?:^|_)((?:{_UNIT})(?:_(?:{_UNIT}))*(?:_per_(?:{_UNIT}))*)$")


@cache
def unit_of(name: str) -> str:
    """The unit that a name claims by its ending; ValueError where it claims none.

    >>> unit_of("energy_j_per_token")
    'J / token'
    >>> unit_of("load_factor")
    ''
    """
    ending = SUFFIX.search(name)
    if ending is None:
        raise ValueError(f"{name!r} does not end in a unit")
    above, *below = ending[1].split("_per_")
    numerator = SUFFIXES[above.split("_")[-1]]
    denominators = [SUFFIXES[word] for word in below if SUFFIXES[word]]
    if not denominators:
        return numerator
    return " / ".join([numerator or "1", *denominators])


def is_share(name: str) -> bool:
    """Whether a name claims a number between 0 and 1.

    >>> is_share("eligible_share"), is_share("load_factor"), is_share("host_ratio")
    (True, True, False)
    """
    return name.endswith(("_share", "load_factor", "_probability"))


class UnitError(ValueError):
    """A text that is no unit, or a unit of another kind than the one that is needed."""


@cache
def factor(unit: str, into: str) -> float:
    """What a value in `unit` is multiplied by to be in `into`; blank is a plain number.

    Raises UnitError where either is anything but a short product of known units, where the two
    differ in kind, and where a unit in it counts from another zero, as degC, or by logarithms, as
    dB: neither a ratio nor a difference of its values is one of the things measured.
    """
    for text in (unit, into):
        if text and (len(text) > LONGEST or not PRODUCT.fullmatch(text)):
            raise UnitError(f"{text[:LONGEST]!r} is no product of units, such as usd/kWh")
    target = into or "dimensionless"
    try:
        _refuse_other_zeros(unit, into)
        one = registry.Quantity(1.0, unit or "dimensionless").to(target).magnitude
    except UnitError:
        raise
    except _PINT_FAULTS as fault:
        raise UnitError(f"{unit!r} is no unit of {into or 'plain numbers'}: {fault}") from None
    return float(one)


def _refuse_other_zeros(unit: str, into: str) -> None:
    """UnitError where a unit inside a product has its zero elsewhere."""
    for name in _NAME.findall(f"{unit} {into}"):
        if registry.Quantity(0.0, name).to_base_units().magnitude:
            is_of_unit = name in unit and into
            instead = f"give the value in {into}" if is_of_unit else "give a plain number"
            if registry.Quantity(1.0, name).check("[temperature]"):
                instead += ", or a difference in delta_degC"
            raise UnitError(f"{name!r} has its zero elsewhere: {instead}")


def convert(value: Any, unit: str, into: str) -> Any:
    """`value` in `unit`, turned `into` another; floats, arrays and columns alike.

    Raises UnitError as `factor` does.

    >>> convert(0.36, "kWh", "J")
    1296000.0
    """
    return value * factor(unit, into)
