"""Doubt: what moves an answer, what it is worth to know, and which belief would turn the decision.

Every question is a function of scores: it takes one (name to standard-normal scores) and gives a
value a row. So it works on any scenario and any quantity. Beliefs are independent of one another;
what moves together shares a belief.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from analysis import model
from analysis.scenario.scenario import Scenario

Question = Callable[[Callable[[str], np.ndarray]], np.ndarray]
TAIL_SHARE = 0.1


def quantity(case: Scenario, answer: Callable[[pd.DataFrame], np.ndarray]) -> Question:
    """The question behind `answer`, a function of the table of outcomes (option, row) such as
    `budget.gain_ratio`.
    """
    return lambda score: np.asarray(answer(model.evaluate_at(case, score)), dtype=float)


def streams(ask: Question) -> list[str]:
    """Names of all uncertain things that a question reads, beliefs and what calibration leaves
    open.
    """
    asked: dict[str, None] = {}

    def score(name: str) -> np.ndarray:
        asked[name] = None
        return np.zeros(2)

    ask(score)
    return list(asked)


def _alone(ask: Question, names: list[str], scores) -> np.ndarray:
    """Answers with one thing at each of some scores and the rest at their medians, a row a name."""
    at = dict(zip(names, np.kron(np.eye(len(names)), scores), strict=True))
    rest = np.zeros(len(names) * len(scores))
    return ask(lambda name: at.get(name, rest)).reshape(len(names), len(scores))


def tornado(ask: Question) -> pd.DataFrame:
    """One thing at its P10, then P90, the rest at their medians; widest first, without those that
    move nothing.
    """
    names = streams(ask)
    low, high, mid = _alone(ask, names, [*ndtri([TAIL_SHARE, 1 - TAIL_SHARE]), 0.0]).T
    rows = pd.DataFrame(
        {"name": names, "at_low": low, "at_high": high, "mid": mid, "width": np.abs(high - low)}
    )
    return rows[rows["width"] > 1e-9 * abs(mid)].sort_values(
        "width", ascending=False, ignore_index=True
    )


def indices(
    ask: Question, names: list[str], samples: int = 256, seed: int = model.SEED
) -> pd.DataFrame:
    """Sobol's first-order and total indices with 95% confidence half-widths, highest total first
    (SALib).
    """
    from SALib.analyze import sobol as analysis  # which takes half a second to import
    from SALib.sample import sobol

    problem = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
    unit = sobol.sample(problem, samples, calc_second_order=False, seed=seed)
    at = dict(zip(names, ndtri(np.clip(unit, 1e-6, 1 - 1e-6)).T, strict=True))
    rows = len(unit)
    told = ask(lambda name: at.get(name, np.zeros(rows)))
    found = analysis.analyze(problem, told, calc_second_order=False, seed=seed)
    table = pd.DataFrame(
        {"name": names, **{key: found[key] for key in ("S1", "S1_conf", "ST", "ST_conf")}}
    )
    return table.sort_values("ST", ascending=False, ignore_index=True)


def information(payoffs: np.ndarray, scores: pd.DataFrame) -> pd.DataFrame:
    """Worth of knowing, in the payoffs' unit: everything (EVPI, first row), then each thing alone
    (EVPPI).

    `payoffs` has a row a draw and a column an act. EVPPI by regression of each act on a cubic of
    one score (Strong, Oakley and Brennan 2014).
    """
    best = payoffs.mean(0).max()
    rows = [("everything", payoffs.max(1).mean() - best)]
    for name in scores:
        basis = np.vander(scores[name], 4)
        fitted = basis @ np.linalg.lstsq(basis, payoffs, rcond=None)[0]
        rows.append((name, max(fitted.max(1).mean() - fitted.mean(0).max(), 0.0)))
    table = pd.DataFrame(rows, columns=["name", "worth"])
    return pd.concat(
        [table[:1], table[1:].sort_values("worth", ascending=False)], ignore_index=True
    )


def score_draws(names: list[str], draws: int = model.DRAWS, seed: int = model.SEED) -> pd.DataFrame:
    """The scores behind a run's draws, a column a name: what `information` regresses on."""
    return pd.DataFrame({name: model.z_scores(name, draws, seed) for name in names})


def flips(case: Scenario, ask: Question, names: list[str], threshold: float = 1.0) -> pd.DataFrame:
    """Beliefs that alone turn the decision within their P1 to P99: at which value and percentile
    the answer crosses.
    """
    grid = ndtri(np.linspace(0.01, 0.99, 41))
    told = _alone(ask, names, grid) - threshold
    rows = []
    for name, line in zip(names, told, strict=True):
        turned = np.flatnonzero(np.diff(np.sign(line)))
        if len(turned):
            i = turned[0]
            score = grid[i] - line[i] * (grid[i + 1] - grid[i]) / (line[i + 1] - line[i])
            value = (
                model.quantile(name, case.believe[name], score).item()
                if name in case.believe
                else np.nan
            )
            rows.append({"name": name, "percentile_share": ndtr(score), "value": value})
    return pd.DataFrame(rows, columns=["name", "percentile_share", "value"])
