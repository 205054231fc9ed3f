"""The model on one page: laws in order, the table of inputs they read, and the few lines that run
them.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from inspect import getdoc

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from analysis.facts import Accelerator, Model, Site, find
from analysis.laws.architecture import ARCHITECTURE
from analysis.laws.cooling import COOLING
from analysis.laws.cost import COST
from analysis.laws.energy import ENERGY
from analysis.laws.throughput import THROUGHPUT
from analysis.study import energy, finance, readings, serving
from analysis.study.scenario import Scenario
from analysis.study.speed import TENTH, needs
from analysis.units import convert, unit_of

LAWS: tuple = (*ARCHITECTURE, *THROUGHPUT, *ENERGY, *COOLING, *COST)
DRAWS = int(
    os.environ.get("PASSTHROUGH_DRAWS", "4096")
)  # how a report build asks for another number of draws
SEED = 20260423


def evaluate(
    table,
    laws: Sequence[Callable] = LAWS,
    change: Mapping | None = None,
    known: Mapping | None = None,
):
    """Each law reads the columns its arguments name and adds the column it is named after.

    `table` is a DataFrame or a dict of arrays and floats, and so is the result. `change` multiplies
    a quantity after its law ran, or an input at once: that is how a reading of a claim runs through
    the model. `known` are columns that these laws made before; a law that reads what it read then
    is not asked again.
    """
    change, known = change or {}, known or {}
    told = table if isinstance(table, dict) else columns_of(table)
    columns = {
        name: value * change[name] if name in change else value for name, value in told.items()
    }
    for law in laws:
        read = {name: columns[name] for name in needs(law)}
        same = law.__name__ in known and all(
            known.get(name) is value for name, value in read.items()
        )
        value = known[law.__name__] if same else law(**read)
        columns[law.__name__] = value * change[law.__name__] if law.__name__ in change else value
    return columns if isinstance(table, dict) else pd.DataFrame(columns, index=table.index)


def columns_of(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """The columns of a table of numbers as arrays, which have no index to align."""
    return dict(zip(table, table.to_numpy().T, strict=True))


@cache
def scores(name: str, draws: int, seed: int | None) -> np.ndarray:
    """Standard-normal scores, not to be changed. Each name has its own stream: a new belief moves
    no other's draws.
    """
    told = (
        np.zeros(draws)
        if seed is None
        else np.random.default_rng([seed, *name.encode()]).standard_normal(draws)
    )
    told.flags.writeable = False
    return told


def at(name: str, belief, score) -> np.ndarray:
    """A belief's value at a standard-normal score, in base units: shares on a logit, the rest on a
    log scale.

    Either side of the median has its own width, so that the three stated percentiles hold exactly.
    """
    low, mid, high = (
        convert(value, belief.unit, unit_of(name))
        for value in (belief.low, belief.mid, belief.high)
    )
    if low == high:
        return np.full(np.shape(score), mid)
    into, back = (logit, expit) if name.endswith("_share") else (np.log, np.exp)
    width = np.where(np.asarray(score) > 0, into(high) - into(mid), into(mid) - into(low))
    return back(into(mid) + width * score / TENTH)


@cache
def drawn(name: str, belief, draws: int, seed: int | None) -> np.ndarray:
    """A belief's draws, shared by all scenarios that state it alike: not to be changed."""
    told = at(name, belief, scores(name, draws, seed))
    told.flags.writeable = False
    return told


def beliefs(case: Scenario, draws: int = DRAWS, seed: int | None = SEED) -> pd.DataFrame:
    """A row a draw, a column a belief in base units; without a seed every belief stands at its
    median.
    """
    return pd.DataFrame(
        {name: drawn(name, belief, draws, seed) for name, belief in case.believe.items()}
    )


def inputs(
    case: Scenario, option: str, believed: Mapping, score: Callable[[str], np.ndarray]
) -> dict:
    """What the laws read for one option: floats for facts of chip, model and site, the workload and
    the layout, an array for each of the beliefs in `believed` and for what calibration leaves open.

    `score` gives the standard-normal scores of a name's stream: drawn, or set one by one to ask
    what matters.
    """
    deployment = getattr(case, option)
    return {
        **_numbers(find(Accelerator, deployment.accelerator)),
        **_numbers(find(Model, case.model)),
        **_numbers(find(Site, case.site)),
        **serving.operate(case, option),
        **finance.paid(case, option),
        **believed,
        **serving.speed_draws(case, option, score),
        **energy.energy_draws(score),
        **{
            name.removeprefix(f"{option}_"): told
            for name, told in believed.items()
            if name.startswith(f"{option}_")
        },
    }


def options(case: Scenario, draws: int = DRAWS, seed: int | None = SEED) -> dict[str, dict]:
    """Every law for `baseline` and `candidate`: columns of floats and of arrays, an entry a
    draw.
    """
    believed = {name: drawn(name, belief, draws, seed) for name, belief in case.believe.items()}
    return _options(case, believed, lambda name: scores(name, draws, seed))


def _options(
    case: Scenario, believed: Mapping, score: Callable[[str], np.ndarray]
) -> dict[str, dict]:
    return {
        option: evaluate(inputs(case, option, believed, score))
        for option in ("baseline", "candidate")
    }


def outcomes(case: Scenario, draws: int = DRAWS, seed: int | None = SEED) -> pd.DataFrame:
    """Every law for every option, indexed by (option, draw): `baseline`, `candidate`; under a
    reading, `claimed`.
    """
    return _table(case, options(case, draws, seed), draws)


def outcomes_at(case: Scenario, score: Callable[[str], np.ndarray]) -> pd.DataFrame:
    """The same at given scores of everything uncertain."""
    believed = {name: at(name, belief, score(name)) for name, belief in case.believe.items()}
    return _table(case, _options(case, believed, score), len(next(iter(believed.values()))))


def _table(case: Scenario, done: dict[str, dict], draws: int) -> pd.DataFrame:
    """Columns of options as one table in one block of memory."""
    if case.reading != readings.MEASURED:
        done = done | {
            "claimed": at_its_word(case, done["baseline"], done["candidate"], case.reading)
        }
    columns = list(dict.fromkeys(name for told in done.values() for name in told))
    values = np.empty((len(columns), len(done), draws))
    for place, told in enumerate(done.values()):
        for row, name in enumerate(columns):
            values[row, place] = told.get(name, np.nan)
    rows = pd.MultiIndex.from_product([list(done), range(draws)], names=["option", "draw"])
    return pd.DataFrame(values.reshape(len(columns), -1).T, index=rows, columns=columns, copy=False)


def at_its_word(case: Scenario, baseline: Mapping, candidate: Mapping, reading: str) -> dict:
    """The baseline's columns evaluated as a reading of the claim says, at the price that it asks.

    Columns that laws made before are made anew, so those of `outcomes` do as well as those of
    `inputs`.
    """
    told, change = readings.claimed(baseline, candidate, reading), readings.change(case, reading)
    return evaluate(told, change=change, known=baseline)


def _numbers(record) -> dict[str, float]:
    return {name: value for name, value in asdict(record).items() if not isinstance(value, str)}


def explain(laws: Sequence[Callable] = LAWS) -> pd.DataFrame:
    """The model as a table to read: quantity, unit, what it depends on, and the law with its
    source.
    """
    rows = [
        (
            law.__name__,
            unit_of(law.__name__) or "1",
            ", ".join(needs(law)),
            " ".join((getdoc(law) or "").split()),
        )
        for law in laws
    ]
    return pd.DataFrame(rows, columns=["quantity", "unit", "from", "law"])
