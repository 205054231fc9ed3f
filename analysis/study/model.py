"""The model on one page: laws in order, the table of inputs they read, and the few lines that run them."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from inspect import getdoc, signature

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
from analysis.units import convert, unit_of

LAWS: tuple = (*ARCHITECTURE, *THROUGHPUT, *ENERGY, *COOLING, *COST)
DRAWS = int(os.environ.get("PASSTHROUGH_DRAWS", "4096"))  # how a report build asks for another number of draws
SEED, P90_SCORE = 20260423, 1.2815515655446004


@cache
def needs(law: Callable) -> tuple[str, ...]:
    """The columns that a law reads: the names of its arguments."""
    return tuple(signature(law).parameters)


def evaluate(table, laws: Sequence[Callable] = LAWS, change: Mapping[str, float] | None = None):
    """Each law reads the columns its arguments name and adds the column it is named after.

    `table` is a DataFrame or a dict of arrays, and so is the result. `change` multiplies a quantity after its law ran,
    or an input at once: that is how a reading of a claim runs through the model.
    """
    change = change or {}
    raw = table if isinstance(table, dict) else {name: table[name].to_numpy() for name in table}  # no index to align
    columns = {name: value * change[name] if name in change else value for name, value in raw.items()}
    for law in laws:
        value = law(**{name: columns[name] for name in needs(law)})
        columns[law.__name__] = value * change[law.__name__] if law.__name__ in change else value
    return columns if isinstance(table, dict) else pd.DataFrame(columns, index=table.index)


def scores(name: str, draws: int, seed: int | None) -> np.ndarray:
    """Standard-normal scores. Each name has its own stream, so a new belief moves no other's draws."""
    if seed is None:
        return np.zeros(draws)
    return np.random.default_rng([seed, *name.encode()]).standard_normal(draws)


def at(name: str, belief, score) -> np.ndarray:
    """A belief's value at a standard-normal score, in base units: shares on a logit, the rest on a log scale.

    Either side of the median has its own width, so that the three stated percentiles hold exactly.
    """
    low, mid, high = (convert(value, belief.unit, unit_of(name)) for value in (belief.low, belief.mid, belief.high))
    if low == high:
        return np.full(np.shape(score), mid)
    into, back = (logit, expit) if name.endswith("_share") else (np.log, np.exp)
    width = np.where(np.asarray(score) > 0, into(high) - into(mid), into(mid) - into(low))
    return back(into(mid) + width * score / P90_SCORE)


def beliefs(case: Scenario, draws: int = DRAWS, seed: int | None = SEED) -> pd.DataFrame:
    """A row a draw, a column a belief in base units; without a seed every belief stands at its median."""
    return pd.DataFrame({name: at(name, belief, scores(name, draws, seed)) for name, belief in case.believe.items()})


def inputs(case: Scenario, option: str, draws: int = DRAWS, seed: int | None = SEED) -> pd.DataFrame:
    """What the laws read for one option: facts of chip, model and site, the workload, the layout, beliefs."""
    return inputs_at(case, option, lambda name: scores(name, draws, seed))


def inputs_at(case: Scenario, option: str, score: Callable[[str], np.ndarray]) -> pd.DataFrame:
    """The same at given scores of everything uncertain: beliefs and what calibration leaves open.

    `score` gives the standard-normal scores of a name's stream: drawn, or set one by one to ask what matters.
    """
    deployment = getattr(case, option)
    believed = pd.DataFrame({name: at(name, belief, score(name)) for name, belief in case.believe.items()})
    own = {name.removeprefix(f"{option}_"): believed[name] for name in believed if name.startswith(f"{option}_")}
    fixed = {
        **_numbers(find(Accelerator, deployment.accelerator)),
        **_numbers(find(Model, case.model)),
        **_numbers(find(Site, case.site)),
        "input_tokens_per_request": float(case.workload.input_tokens),
        "cached_share": case.workload.cached_share,
        "output_tokens_per_request": float(case.workload.output_tokens),
        **serving.operate(case, option),
        **finance.paid(case, option),
    }
    speed = serving.speed_draws(case, option, score)
    columns = {**fixed, **dict(believed), **speed, **energy.energy_draws(score), **own}
    return pd.DataFrame(columns, index=believed.index)


def outcomes(case: Scenario, draws: int = DRAWS, seed: int | None = SEED) -> pd.DataFrame:
    """Every law for every option, indexed by (option, draw): `baseline`, `candidate`; under a reading, `claimed`."""
    return outcomes_at(case, lambda name: scores(name, draws, seed))


def outcomes_at(case: Scenario, score: Callable[[str], np.ndarray]) -> pd.DataFrame:
    """The same at given scores of everything uncertain."""
    tables = {option: inputs_at(case, option, score) for option in ("baseline", "candidate")}
    done = {option: evaluate(table) for option, table in tables.items()}
    if change := readings.change(case):
        done["claimed"] = evaluate(
            readings.claimed(tables["baseline"], tables["candidate"], case.reading), change=change
        )
    return pd.concat(done, names=["option", "draw"])


def _numbers(record) -> dict[str, float]:
    return {name: value for name, value in asdict(record).items() if not isinstance(value, str)}


def explain(laws: Sequence[Callable] = LAWS) -> pd.DataFrame:
    """The model as a table to read: quantity, unit, what it depends on, and the law with its source."""
    rows = [
        (law.__name__, unit_of(law.__name__) or "1", ", ".join(needs(law)), " ".join((getdoc(law) or "").split()))
        for law in laws
    ]
    return pd.DataFrame(rows, columns=["quantity", "unit", "from", "law"])
