"""The one runner: laws find their inputs by name, and their order follows from their arguments."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache, singledispatch
from graphlib import TopologicalSorter
from inspect import getdoc, signature
from typing import Any

import numpy as np
import pandas as pd

from analysis.laws.quantities import quantities
from analysis.units import unit_of

Law = Callable[..., Any]
Columns = dict[str, Any]  # floats and arrays of one length, by the name of their quantity


@singledispatch
def evaluate(inputs: Any, *more: Any, **options: Any) -> Any:
    """Run laws: each reads what its arguments name and adds the quantity that it is named after.

    evaluate(case, draws=4096, seed=20260423) evaluates a scenario: a DataFrame with a row an option
    and draw, a column a quantity in base units. Options are `baseline` and `candidate` and, where
    the scenario takes a reading of its claim, `claimed`. Without a seed all beliefs stand at their
    medians. Raises ScenarioError, LookupError for a price that nobody has quoted, and Infeasible
    where no layout keeps the promise.

    evaluate(columns, laws=None, change=None) evaluates a mapping of floats and arrays, or a
    DataFrame, and gives its like with a column more a law. `laws` are in any order; without them
    all laws of the project run. `change` multiplies a quantity after its law ran, or an input at
    once: that is how a reading of a claim runs through the model. Raises KeyError where a law's
    argument is neither an input nor a law, and graphlib.CycleError where laws form a circle.
    """
    raise TypeError(f"expected a scenario, a table or a mapping, found {type(inputs).__name__}")


@evaluate.register(Mapping)
def _evaluate_mapping(
    inputs: Mapping, laws: Iterable[Law] | None = None, change: Mapping[str, float] | None = None
) -> Columns:
    ordered = ordered_laws(tuple(laws) if laws is not None else _all_laws())
    change = change or {}
    results = {law.__name__ for law in ordered}
    columns = {
        name: value * change[name] if name in change and name not in results else value
        for name, value in inputs.items()
    }
    for law in ordered:
        value = law(**{name: columns[name] for name in arguments(law)})
        factor = change.get(law.__name__)
        columns[law.__name__] = value if factor is None else value * factor
    return columns


@evaluate.register(pd.DataFrame)
def _evaluate_table(
    inputs: pd.DataFrame,
    laws: Iterable[Law] | None = None,
    change: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    return pd.DataFrame(evaluate(columns_of(inputs), laws, change), index=inputs.index)


@cache
def _all_laws() -> tuple[Law, ...]:
    from analysis.laws import LAWS

    return LAWS


@cache
def arguments(law: Law) -> tuple[str, ...]:
    """The quantities that a law reads: the names of its arguments."""
    return tuple(signature(law).parameters)


@cache
def ordered_laws(laws: tuple[Law, ...]) -> tuple[Law, ...]:
    """The laws in an order in which each runs after those that it reads; found once for a set."""
    by_name = {law.__name__: law for law in laws}
    if len(by_name) < len(set(laws)):
        names = [law.__name__ for law in dict.fromkeys(laws)]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"two laws have one name: {', '.join(twice)}")
    graph = {
        name: [arg for arg in arguments(law) if arg in by_name] for name, law in by_name.items()
    }
    return tuple(by_name[name] for name in TopologicalSorter(graph).static_order())


def downstream(laws: Iterable[Law], names: Iterable[str]) -> tuple[Law, ...]:
    """The laws that depend on any of these quantities, and those named after one, in order.

    Where only these quantities change, evaluating these laws alone over columns that all laws have
    filled gives what evaluating all of them would.
    """
    changed = set(names)
    affected = []
    for law in ordered_laws(tuple(laws)):
        if law.__name__ in changed or not changed.isdisjoint(arguments(law)):
            changed.add(law.__name__)
            affected.append(law)
    return tuple(affected)


def upstream(laws: Iterable[Law], names: Iterable[str]) -> tuple[Law, ...]:
    """The laws on which any of these quantities depends, and those named after one, in order.

    Evaluating these laws alone gives these quantities as evaluating all of them would.
    """
    wanted = set(names)
    needed = []
    for law in reversed(ordered_laws(tuple(laws))):
        if law.__name__ in wanted:
            wanted.update(arguments(law))
            needed.append(law)
    return tuple(reversed(needed))


def columns_of(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """The columns of a table of numbers as arrays, which have no index to align."""
    return dict(zip(table, table.to_numpy().T, strict=True))


def explain(laws: Iterable[Law] | None = None) -> pd.DataFrame:
    """The methodology as a table, a row a law: quantity, title, unit, what it reads, what it says.

    Units are base units. The title is blank for a law that laws/quantities.csv does not have.
    """
    rows = []
    for law in ordered_laws(tuple(laws) if laws is not None else _all_laws()):
        words = " ".join((getdoc(law) or "").split())
        unit = unit_of(law.__name__) or "1"
        shown = quantities().get(law.__name__)
        title = shown.title if shown else ""
        rows.append((law.__name__, title, unit, ", ".join(arguments(law)), words))
    return pd.DataFrame(rows, columns=["quantity", "title", "unit", "from", "law"])
