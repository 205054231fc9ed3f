"""What moves an answer, and what it is worth to know.

Every question is a function of scores: it takes one (from a name to standard-normal scores) and
gives a value a row. So it works on any scenario and any quantity. Beliefs are independent of one
another; what moves together shares a belief.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtri

from analysis import model
from analysis.model.draws import Scores

Question = Callable[[Scores], np.ndarray]
TAIL_SHARE = 0.1
BINS = 20  # of equal count, in which the best act is chosen


def streams(question: Question) -> list[str]:
    """Names of all uncertain things that a question reads.

    These are beliefs and what calibration leaves open.
    """
    names: dict[str, None] = {}

    def scores(name: str) -> np.ndarray:
        names[name] = None
        return np.zeros(2)

    question(scores)
    return list(names)


def one_at_a_time(question: Question, names: Sequence[str], scores: np.ndarray) -> np.ndarray:
    """Answers with one thing at each of some scores and the rest at their medians.

    Shape (names, scores).
    """
    columns = dict(zip(names, np.kron(np.eye(len(names)), scores), strict=True))
    medians = np.zeros(len(names) * len(scores))

    def moved(name: str) -> np.ndarray:
        return columns.get(name, medians)

    return question(moved).reshape(len(names), len(scores))


def tornado(question: Question) -> pd.DataFrame:
    """One thing at its P10, then P90, the rest at their medians, a row each, widest first.

    Columns are name, at_low, at_high, mid and width. What moves nothing is left out.
    """
    names = streams(question)
    scores = np.array([*ndtri([TAIL_SHARE, 1 - TAIL_SHARE]), 0.0])
    low, high, mid = one_at_a_time(question, names, scores).T
    rows = pd.DataFrame({"name": names, "at_low": low, "at_high": high, "mid": mid})
    rows = rows.assign(width=np.abs(high - low))
    rows = rows[rows["width"] > 1e-9 * abs(mid)]
    return rows.sort_values("width", ascending=False, ignore_index=True)


def indices(
    question: Question, names: Sequence[str], samples: int = 256, seed: int = model.SEED
) -> pd.DataFrame:
    """Sobol's indices of these names, a row each, highest total first (by SALib).

    Columns are S1 and ST, first-order and total, each with its 95% confidence half-width.
    """
    from SALib.analyze import sobol as analysis  # which takes half a second to import
    from SALib.sample import sobol

    problem = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
    unit = sobol.sample(problem, samples, calc_second_order=False, seed=seed)
    scores = ndtri(np.clip(unit, 1e-6, 1 - 1e-6))
    columns, medians = dict(zip(names, scores.T, strict=True)), np.zeros(len(unit))

    def sampled(name: str) -> np.ndarray:
        return columns.get(name, medians)

    found = analysis.analyze(problem, question(sampled), calc_second_order=False, seed=seed)
    results = {key: found[key] for key in ("S1", "S1_conf", "ST", "ST_conf")}
    table = pd.DataFrame({"name": list(names), **results})
    return table.sort_values("ST", ascending=False, ignore_index=True)


def value_of_knowing(payoffs: np.ndarray, values: np.ndarray | pd.Series) -> float:
    """Worth of knowing one thing before acting (EVPPI), in the payoffs' unit.

    `payoffs` has a row a draw and a column an act, `values` are those of the thing, a draw each;
    infinite ones are allowed. The best act is chosen in each of 20 bins of equal count (Strong and
    Oakley 2013); no form is assumed, and it is never worth more than to know everything.
    """
    rank = pd.Series(values).rank(method="first").to_numpy()
    bins = rank * BINS // (len(rank) + 1)
    groups = pd.DataFrame(payoffs).groupby(bins)
    informed = groups.mean().max(axis=1) @ groups.size() / len(rank)
    return max(float(informed - payoffs.mean(axis=0).max()), 0.0)


def information(payoffs: np.ndarray, scores: pd.DataFrame) -> pd.DataFrame:
    """Worth of knowing everything (EVPI, the first row), then each thing alone (EVPPI).

    Columns are name and worth, in the payoffs' unit. `payoffs` has a row a draw and a column an
    act, `scores` a column a thing.
    """
    everything = payoffs.max(axis=1).mean() - payoffs.mean(axis=0).max()
    parts = [(name, value_of_knowing(payoffs, scores[name])) for name in scores]
    parts = sorted(parts, key=lambda part: part[1], reverse=True)
    return pd.DataFrame([("everything", everything), *parts], columns=["name", "worth"])


def score_draws(
    names: Sequence[str], draws: int = model.DRAWS, seed: int = model.SEED
) -> pd.DataFrame:
    """The scores behind a run's draws, a row a draw and a column a name."""
    return pd.DataFrame({name: model.z_scores(name, draws, seed) for name in names})
