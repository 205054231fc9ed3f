"""The best that anybody has measured under a promise, beside the best that the search finds.

What was measured reaches the search in two ways: the coefficients are fitted to it, and nothing is
offered that nobody has shown to run (`evidence`). So each question is answered again with the model
unseen in both, and with the accelerator unseen in both.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.calibration.cross_validation import FACTS, REFIT_STEPS, fitted_rows
from analysis.calibration.fit import Problem
from analysis.calibration.points import fitted_points
from analysis.model.coefficients import combined, learnt_of
from analysis.model.dimensions import same_dimensions
from analysis.model.manner import TUNED
from analysis.model.measured import serving_points
from analysis.model.search import MEASURED, RATE, Search, proven, searched
from analysis.model.settings import setting

LENGTHS = (8192.0, 1024.0)  # tokens of a prompt and an answer: the most that was measured is here
ALL_LENGTHS = (LENGTHS, (1024.0, 1024.0), (1024.0, 8192.0))
PROMISES = (20, 30, 50, 75, 100)  # tokens/s for each user
NEAR = (0.75, 1.33)  # of the measured: what a buyer can plan with; judged
FEWEST = 3  # points from which a best is read
UNSEEN = {"model": "same_dimensions", "accelerator": "accelerator"}  # columns of fitted points
NAMES = ["accelerator", "model", "precision"]
HEADS = ["input_tokens", "output_tokens", "promise", "chips", "points", "best_measured"]
FOUND = ("predicted", *(f"{name}_unseen_in_{what}" for name in UNSEEN for what in ("bound", "all")))


class Refit:
    """Coefficients of a fit that has not seen some points, as the search reads them."""

    def __init__(self, problem: Problem, whole: np.ndarray, left_out: np.ndarray):
        """Fit to all but the rows that are `left_out`; `whole` are the log values of the whole."""
        values = problem.fit(whole, ~left_out, REFIT_STEPS)
        self.learnt = learnt_of(fitted_rows(problem, values))

    def setting(
        self, accelerator: str, model: str, precision: str, engine: str = "", manner: str = ""
    ) -> dict[str, float]:
        """What the names fix, as `settings.setting` gives it, with these coefficients."""
        fixed = setting(accelerator, model, precision, engine, manner)
        moved = combined(self.learnt, accelerator, engine, precision, model, manner)
        return {**fixed, **{name: float(value) for name, value in moved.items()}}


def measured_alike(
    model: str,
    accelerator: str | None = None,
    precision: str | None = None,
    lengths: tuple[float, float] = LENGTHS,
) -> pd.DataFrame:
    """Tuned points at lengths with rate and speed, of a model and others of its dimensions.

    Of one accelerator and precision where they are given. Columns are those of `serving_points`,
    with `tokens_per_s_per_user`.
    """
    points = serving_points()
    wanted = points["model"].map(same_dimensions) == same_dimensions(model)
    wanted &= (points["input_tokens"] == lengths[0]) & (points["output_tokens"] == lengths[1])
    wanted &= (points["engine_level"] == TUNED) & points["tpot_s"].notna() & points[RATE].notna()
    for name, value in (("accelerator", accelerator), ("precision", precision)):
        if value is not None:
            wanted &= points[name] == value
    own = points[wanted]
    return own.assign(tokens_per_s_per_user=1 / own["tpot_s"])


class Question(NamedTuple):
    """What is asked of the best, and the points in which somebody has answered it."""

    names: tuple[str, str, str]  # accelerator, model and precision
    lengths: tuple[float, float]
    points: pd.DataFrame


def _questions() -> Iterator[Question]:
    """Accelerator, model, precision and lengths with their points, where enough were measured."""
    points = serving_points()
    models = sorted(set(points["model"].map(same_dimensions)))
    for lengths, model in product(ALL_LENGTHS, models):
        alike = measured_alike(model, lengths=lengths)
        for (accelerator, precision), own in alike.groupby(NAMES[::2]):
            if len(own) >= FEWEST:
                yield Question((str(accelerator), str(model), str(precision)), lengths, own)


def best_of_each(
    refits: dict[tuple[str, str], Refit] | None = None, model: str = ""
) -> pd.DataFrame:
    """Highest output tokens/s per chip under each promise, a row a chip, model, precision, promise.

    At the loads at which servers are measured: what was measured is between no two of them.
    Columns are NAMES, input_tokens, output_tokens, promise, chips (of the largest measured
    deployment, which is the most that the search may span), points, best_measured, and of what the
    search finds `predicted` and `<model or accelerator>_unseen_in_<bound or all>`: nobody had
    measured this model (or chip) as far as the bound on loads and prompt rates goes, or the
    coefficients neither. NaN where nobody measured a deployment so fast, the search finds none, or
    `refits` has no fit without it. Of one `model` alone where it is given.
    """
    rows = []
    for names, lengths, own in _questions():
        if model and names[1] != same_dimensions(model):
            continue
        span = int(own["chips"].max())  # both pools counted
        offers = _offers(names, lengths, span, refits or {})
        for promise in PROMISES:
            of_measured = most(own[RATE], own["tokens_per_s_per_user"], promise)
            row = [*names, *lengths, float(promise), span, len(own), of_measured]
            rows.append([*row, *(_found(offers.get(name), promise) for name in FOUND)])
    return pd.DataFrame(rows, columns=[*NAMES, *HEADS, *FOUND])


def _found(offers: pd.DataFrame | None, promise: float) -> float:
    if offers is None:
        return np.nan
    return most(offers[RATE], offers["tokens_per_s_per_user"], promise)


def _offers(
    names: tuple[str, str, str],
    lengths: tuple[float, float],
    chips: int,
    refits: dict[tuple[str, str], Refit],
) -> dict[str, pd.DataFrame]:
    """Deployments that the search offers, by the column of FOUND that they fill."""
    search = Search(*names, "", chips, *lengths, loads=MEASURED)
    found = searched(search)
    offers = {"predicted": proven(found, search)}
    for unseen in UNSEEN:
        offers[f"{unseen}_unseen_in_bound"] = proven(found, search, unseen)
        refit = refits.get((unseen, names[NAMES.index(unseen)]))
        if refit:
            anew = searched(replace(search, coefficients=refit))
            offers[f"{unseen}_unseen_in_all"] = proven(anew, search, unseen)
    return offers


def refits_without(problem: Problem, whole: np.ndarray) -> dict[tuple[str, str], Refit]:
    """A fit without each model, and without each accelerator, that a question is asked of."""
    asked = [question.names for question in _questions()]
    refits = {}
    for unseen, column in UNSEEN.items():
        for thing in sorted({names[NAMES.index(unseen)] for names in asked}):
            left_out = (problem.rows[column] == thing).to_numpy()
            refits[unseen, thing] = Refit(problem, whole, left_out)
    return refits


def calibrate_best() -> pd.DataFrame:
    """Answer all questions, seen and unseen; write facts/best_of_each.csv and give it.

    Equal tables give equal bytes.
    """
    problem = Problem(fitted_points())
    rows = best_of_each(refits_without(problem, problem.fit()))
    path = FACTS / "best_of_each.csv"
    rows.to_csv(path, index=False, float_format="%.4g", lineterminator="\n")
    return rows


def errors(rows: pd.DataFrame) -> pd.DataFrame:
    """How far the best found is off, a row a column of FOUND and promise.

    `rows` as facts/best_of_each.csv has them. Columns are found, promise (NaN for all of them),
    questions (those that somebody measured), ratio (median of found over measured), error (its
    median distance from one) and near (the share of questions within NEAR). What the search does
    not find at all counts as nothing found.
    """
    asked = rows.dropna(subset="best_measured")
    shown = []
    for promise in (np.nan, *PROMISES):
        own = asked if np.isnan(promise) else asked[asked["promise"] == promise]
        for found in FOUND:
            ratio = (own[found] / own["best_measured"]).fillna(0)
            error, near = (ratio - 1).abs().median(), ratio.between(*NEAR).mean()
            shown.append((found, promise, len(own), ratio.median(), error, near))
    columns = ["found", "promise", "questions", "ratio", "error", "near"]
    return pd.DataFrame(shown, columns=columns)


def most(rate: pd.Series, speed: pd.Series, promise: float) -> float:
    """The highest rate at a speed that keeps a promise; NaN where none does."""
    kept = rate[speed >= promise]
    return float(kept.max()) if len(kept) else np.nan
