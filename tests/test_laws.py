"""Three questions for every public law; a law of a new module is found without a change here.

(a) Do floats, columns and quantities with units agree, and is the unit the one that the law's name
claims? (b) Does a conversion factor hide inside? Literals are 0, 1 and 2 alone, and units in other
sizes change nothing. (c) Does every argument matter?

One module: `pytest tests/test_laws.py -k decode`. One law: `pytest tests/test_laws.py -k
decode.step_s`.
"""

import ast
import csv
import importlib
import inspect
import json
import pkgutil
import re
import textwrap
import warnings
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pint
import pytest

import analysis.laws
from analysis.laws import quantities as titles
from analysis.scenario.scenario import load
from analysis.units import factor, registry, unit_of

ROOT = Path(__file__).parents[1]
ROWS = 400
# Where draws come from, log-uniform (uniform where the low end is 0): the first pattern that the
# whole name fits. Wide, so that in some row each branch of a minimum or a maximum is the one that
# counts.
RANGES = [
    (r".*(share_per_s|share_per_(month|year)s?)", 1e-9, 1e-7),
    (r".*(share|score)", 0.02, 0.98),
    (r".*elasticity", -3, 3),
    (r"spread_ratio", 0.1, 2),
    (r".*(ratio|parallel)", 0.3, 8),
    (r"(.*_)?(count|periods)", 1, 128),
    (r".*width", 64, 8192),
    (r".*(usd_per_s).*", 1e-4, 1e-1),
    (r".*(usd_per_\w*token).*", 1e-8, 1e-4),
    (r".*usd_per_j.*", 1e-9, 1e-7),
    (r".*life_s", 5e7, 5e8),
    (r".*period_s", 1e6, 4e7),
    (r".*_s", 1e-4, 10),
    (r".*(months?|years?)", 0.5, 48),
    (r".*", 1, 1e4),
]
OTHER_SIZE = {
    "s": "ms",
    "J": "kWh",
    "W": "kW",
    "B": "MB",
    "flop": "gigaflop",
    "token": "kilotoken",
    "usd": "kilousd",
}
OTHER_SIZE |= {
    "month": "day",
    "year": "day",
    "chip": "kilochip",
    "request": "kilorequest",
    "g": "kg",
    "l": "ml",
}


def modules() -> list[str]:
    """Modules of laws: all but the one that reads the table of their titles."""
    names = {found.name for found in pkgutil.iter_modules(analysis.laws.__path__)}
    return sorted(names - {"quantities"})


def source_of(module: str) -> str:
    return (Path(analysis.laws.__path__[0]) / f"{module}.py").read_text()


def laws():
    """(module, name, law) of every public law; a module that cannot be imported gives one entry
    that fails with why.
    """
    for module in modules():
        try:
            there = vars(importlib.import_module(f"analysis.laws.{module}")).items()
        except Exception as fault:
            yield pytest.param(fault, id=f"{module}.import")
            continue
        for name, law in there:
            if (
                inspect.isfunction(law)
                and law.__module__.endswith(f".{module}")
                and not name.startswith("_")
            ):
                yield pytest.param(law, id=f"{module}.{name}")


LAWS = list(laws())


@pytest.fixture(params=LAWS)
def law(request):
    if isinstance(request.param, Exception):
        pytest.fail(f"cannot be imported: {request.param!r}")
    return request.param


def arguments(law) -> list[str]:
    return list(inspect.signature(law).parameters)


def sample(name: str, salt: str = "") -> np.ndarray:
    """Draws of one argument, the same in every run."""
    low, high = next((low, high) for pattern, low, high in RANGES if re.fullmatch(pattern, name))
    random = np.random.default_rng(zlib.crc32(f"{name}/{salt}".encode()))
    drawn = random.uniform(size=ROWS)
    values = (
        low + (high - low) * drawn
        if low <= 0 or 1e-3 < low < high < 1
        else low * (high / low) ** drawn
    )
    whole = re.fullmatch(r"(.*_)?(count|parallel|chips|periods|width)", name)
    # A part that a model or a site lacks is stored as 0: some laws branch on that.
    present = random.uniform(size=ROWS) > 0.3 if salt.startswith("some absent") else True
    return (np.ceil(values) if whole else values) * present


def inputs(law, salt: str = "") -> dict:
    return {name: sample(name, salt) for name in arguments(law)}


def call(law, given: dict):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return law(**given)


def quantities(given: dict, other_size: bool = False) -> dict:
    sized = {
        name: registry.Quantity(values, unit_of(name) or "dimensionless")
        for name, values in given.items()
    }
    if not other_size:
        return sized
    swapped = {
        name: " / ".join(OTHER_SIZE.get(u, u) for u in unit_of(name).split(" / ")) for name in given
    }
    return {name: sized[name].to(swapped[name] or "dimensionless") for name in given}


def magnitude(result, unit: str) -> np.ndarray:
    whole = (
        result if isinstance(result, pint.Quantity) else registry.Quantity(result, "dimensionless")
    )
    return np.asarray(whole.to(unit or "dimensionless").magnitude, dtype=float)


def same(left, right) -> bool:
    return np.allclose(
        np.asarray(left, float), np.asarray(right, float), rtol=1e-7, atol=0, equal_nan=True
    )


def unit_faults(law) -> list[str]:
    """Question (a): the unit of the name, on floats, columns and quantities alike."""
    unnamed = [name for name in [*arguments(law), law.__name__] if not has_unit(name)]
    if unnamed:
        return [f"{name} ends in no unit that analysis.units.SUFFIXES knows" for name in unnamed]
    given, claimed, faults = inputs(law), unit_of(law.__name__), []
    plain = np.asarray(call(law, given), float)
    if not np.isfinite(plain).mean() > 0.5:
        faults.append("gives no finite number in half of the rows of tests/test_laws.py's RANGES")
    for sized in (False, True):
        try:
            result = call(law, quantities(given, sized))
            if not same(magnitude(result, claimed), plain):
                what = "in units of other sizes" if sized else "with units"
                hint = "a unit is mixed up or a factor hides"
                faults.append(f"gives other numbers {what} than for floats: {hint}")
        except (pint.PintError, TypeError, ValueError) as fault:
            kind = type(fault).__name__
            faults.append(f"its name claims {claimed or 'no unit'!r}, pint says: {kind}: {fault}")
            break
    if plain.shape == (ROWS,) and not any(
        name.startswith("samples_") for name in given
    ):  # those are reduced
        column = call(law, {name: pd.Series(values, dtype=float) for name, values in given.items()})
        if not same(column, plain):
            faults.append("gives other numbers for a pandas column than for an array")
        first = call(law, {name: float(values[0]) for name, values in given.items()})
        if not same(first, plain[0]):
            faults.append("gives another number for a float than for an array")
    return faults


def has_unit(name: str) -> bool:
    try:
        unit_of(name)
    except ValueError:
        return False
    return True


def literal_faults(source: str) -> list[str]:
    """Question (b): numbers other than 0, 1 and 2 in code that is a law's own."""
    return [
        f"line {node.lineno}: {node.value!r} belongs in the facts or the scenario, not in a law"
        for node in ast.walk(ast.parse(textwrap.dedent(source)))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, int | float | complex)
        and not isinstance(node.value, bool)
        and node.value not in (0, 1, 2)
    ]


def idle_arguments(law) -> list[str]:
    """Question (c): arguments that change the result in none of the rows, nor where some things are
    absent.
    """
    idle = arguments(law)
    for salts in (("", "other"), ("some absent", "some absent, other")):
        given, other = (inputs(law, salt) for salt in salts)
        base = np.asarray(call(law, given), float)
        changed = {
            name: np.asarray(call(law, {**given, name: other[name]}), float) for name in idle
        }
        idle = [
            name for name, values in changed.items() if np.array_equal(values, base, equal_nan=True)
        ]
    return idle


def test_a_law_has_the_unit_of_its_name_and_runs_on_floats_columns_and_quantities(law):
    assert not unit_faults(law)


def test_every_argument_of_a_law_matters(law):
    assert not idle_arguments(law)


@pytest.mark.parametrize("module", modules())
def test_no_conversion_factor_hides_in_a_law(module):
    assert not literal_faults(source_of(module))


@pytest.mark.parametrize("module", modules())
def test_laws_stand_on_numpy_and_each_other_alone(module):
    tree = ast.parse(source_of(module))
    named = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    named |= {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert {
        name for name in named if name != "numpy" and not name.startswith("analysis.laws")
    } == set()


def test_there_are_laws_to_ask():
    assert len(LAWS) > 20


@pytest.fixture(scope="module")
def named_laws():
    """Names of laws that code outside the laws, a notebook, or another law's body refers to."""
    return {name for source in sources() for name in references(source)} | called_by_laws()


def sources():
    """The project's Python outside analysis/laws, and the code of its notebooks."""
    for path in (ROOT / "analysis").rglob("*.py"):
        if path.parent.name != "laws":
            yield path.read_text()
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        for cell in json.loads(path.read_text())["cells"]:
            if cell["cell_type"] == "code":
                yield "".join(cell["source"])


def references(source: str) -> set[str]:
    """Names that a source reads as attributes, as in `cost.request_usd`, or imports."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.name for alias in node.names}
    return names


def called_by_laws() -> set[str]:
    """Names of laws that other laws call."""
    names = set()
    for module in modules():
        for node in ast.walk(ast.parse(source_of(module))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                names.add(node.func.id)
    return names


def test_every_law_runs_in_the_model_or_is_called(law, named_laws):
    assert law in analysis.laws.LAWS or law.__name__ in named_laws


def test_every_law_has_a_title(law):
    assert titles.quantities()[law.__name__].title


@pytest.fixture(scope="module")
def inputs_of_the_model():
    """What the model's laws read and do not make, and every belief of the reference."""
    read = {name for each in analysis.laws.LAWS for name in arguments(each)}
    results = {each.__name__ for each in analysis.laws.LAWS}
    return (read - results) | set(load("reference").believe)


def test_every_input_of_the_model_has_a_title(inputs_of_the_model):
    assert sorted(inputs_of_the_model - titles.quantities().keys()) == []


def test_a_quantity_stands_once_and_has_a_title_of_its_own():
    rows = list(csv.DictReader(titles.FILE.open(encoding="utf-8", newline="")))
    for column in ("quantity", "title"):
        values = [row[column] for row in rows]
        assert {value for value in values if values.count(value) > 1 or not value} == set()


def test_every_quantity_converts_to_the_unit_in_which_it_is_shown():
    for name, quantity in titles.quantities().items():
        if has_unit(name):
            assert factor(quantity.unit or "dimensionless", unit_of(name)) > 0, name


def test_no_two_laws_have_one_name():
    names = [param.id.split(".")[1] for param in LAWS]
    assert sorted(set(names)) == sorted(names)


# The suite itself, tried on planted faults: each must be named.
def energy_j_per_token(power_w, rate_tokens_per_s, unused_share):
    return power_w / rate_tokens_per_s


def cost_usd(power_w, price_usd_per_j):
    return power_w * price_usd_per_j


def time_s(wait_s, count_months):
    return wait_s + count_months


def clipped_s(wait_s):
    return np.maximum(np.asarray(getattr(wait_s, "magnitude", wait_s)), 1)


def length_furlongs(width_furlongs):
    return width_furlongs


def price_usd(price_usd, load_factor):
    return price_usd * float(np.max(load_factor))


@pytest.mark.parametrize(
    ("planted", "message"),
    [
        (cost_usd, "pint says"),
        (time_s, "a unit is mixed up"),
        (clipped_s, "pint says"),
        (length_furlongs, "ends in no unit"),
        (price_usd, "for a float than for an array"),
    ],
)
def test_a_planted_unit_fault_is_named(planted, message):
    assert any(message in fault for fault in unit_faults(planted))


def test_a_planted_idle_argument_is_named():
    assert idle_arguments(energy_j_per_token) == ["unused_share"]
    assert unit_faults(energy_j_per_token) == []


def test_a_planted_factor_is_named():
    assert literal_faults("def year_s(day_s):\n    return 2 * day_s * 365 + 0 + 1") != []
    assert literal_faults("def twice_s(day_s):\n    return 2 * day_s + 0.0 - 1") == []
