"""How far installations deviate from the fit, and what three measurements of one are worth.

The widths of facts/deviations.csv are those at which the errors of points that the fit did not see
are most likely: of reports left out, and of tuned servers whose series was left out.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.calibration import validation
from analysis.calibration.cross_validation import FACTS
from analysis.facts import table
from analysis.model.closed_loop import serve
from analysis.model.draws import Z90
from analysis.model.installation import (
    FIRST,
    POINT,
    QUANTITIES,
    SHARED,
    STEPS,
    WIDENING,
    Deviations,
    Posterior,
    is_first,
    slopes,
    things_of,
)
from analysis.model.manner import KINDS
from analysis.model.points import identities, read_points

PARTS = (*SHARED, POINT)
TUNED = "tuned"  # stands for a report where a server is nobody's own
PER_SERIES = 4  # tuned points of a series and mode, drawn; more move no width by much
# Errors beyond these count as these: a file written wrongly says nothing of installations.
FARTHEST = (0.6, 0.6, 2.0)
START_SIZES, START_NOISE = {STEPS: 0.2, FIRST: 0.3}, (0.05, 0.05, 0.2)  # of the fit; judged
START_LOG_SD = 0.7  # how freely the widths may leave where they start; judged
GIVEN = 3  # points of a report that are given
LEAST_OTHERS = 2
SEEDED_DRAWS = 5
STEPS_OF_FIT, STEPS_OF_REFIT = 60, 15
WAYS = ("by load", "at random")  # in which the given points are chosen


class Errors:
    """Errors of points that the fit did not see, with slopes and what each point belongs to.

    `rows` are the points, `residuals` (rows, QUANTITIES) logs of measured over predicted, `things`
    a column for each of SHARED.
    """

    def __init__(self) -> None:
        self.refits: dict[str, np.ndarray] = {}  # log widths by all but a report
        run = validation.points("report", KINDS[-1]).assign(report=lambda rows: rows["source"])
        tuned = [validation.points("series", kind).assign(served=kind) for kind in KINDS[:-1]]
        drawn = pd.concat(tuned, ignore_index=True).sample(frac=1, random_state=0)
        series = ["accelerator", "model", "precision", "engine", "served"]
        drawn = drawn.groupby(series, dropna=False).head(PER_SERIES).assign(report=TUNED)
        self.rows = pd.concat([run, drawn], ignore_index=True)
        self.is_run = (self.rows["report"] != TUNED).to_numpy()
        self.residuals = -self.rows[[f"{name}_error" for name in QUANTITIES]].to_numpy(float)
        # Of tuned servers the rate follows from both times, and medians are no means.
        self.residuals[~self.is_run, 0] = np.nan
        medians = ~self.is_run & (self.rows["served"] != KINDS[0]).to_numpy()
        self.residuals[medians, 2] = np.nan
        with np.errstate(all="ignore"):
            self.slopes = slopes(serve(read_points(self.rows)[0]))
        found = things_of(identities(self.rows))
        level = np.where(self.is_run, "as run ", "tuned ")
        self.things = found.assign(
            report=self.rows["report"] + " " + found["model"],
            model=level + found["model"],
            platform=level + found["platform"],
            series=self.rows["report"] + " " + found["series"],
            mode=self.rows["report"] + " " + found["mode"],
        )[list(SHARED)]


class Likelihood:
    """Minus the log likelihood of widths for errors, with its gradient; all on logarithms."""

    def __init__(self, errors: Errors, used: np.ndarray):
        """Prepare the rows that are `used`, an array of booleans."""
        rows = np.flatnonzero(used)
        clipped = np.clip(errors.residuals[rows], -np.array(FARTHEST), FARTHEST)
        known = np.isfinite(clipped)
        place, self.quantity = np.nonzero(known)
        self.residuals = clipped[known]
        own = errors.slopes[rows][place, self.quantity]
        self.products = [own[:, of] @ own[:, of].T for of in (~is_first(), is_first())]
        things = errors.things.iloc[rows].iloc[place]
        self.same = [things[part].to_numpy() == things[part].to_numpy()[:, None] for part in SHARED]
        self.same[0] &= errors.is_run[rows][place][:, None]  # tuned servers are of no one hand
        self.same.append(place == place[:, None])
        starts = [START_SIZES[kind] for _ in PARTS for kind in (STEPS, FIRST)]
        self.start = np.log([*starts, *START_NOISE])

    def __call__(self, log_sizes: np.ndarray) -> tuple[float, np.ndarray]:
        """The value and its gradient at log widths: steps and first a part, then noise."""
        from scipy.linalg import cho_factor, cho_solve  # takes long to import

        squares = np.exp(2 * log_sizes)
        count = 2 * len(PARTS)
        terms = [same * product for same in self.same for product in self.products]
        covariance = sum(square * term for square, term in zip(squares, terms, strict=False))
        covariance += np.diag(squares[count:][self.quantity])
        factor = cho_factor(covariance, lower=True)
        pulled = cho_solve(factor, self.residuals)
        away = (log_sizes - self.start) / START_LOG_SD
        value = np.log(np.diag(factor[0])).sum() + (self.residuals @ pulled + away @ away) / 2
        lever = cho_solve(factor, np.eye(len(pulled))) - np.outer(pulled, pulled)
        gradient = away / START_LOG_SD
        gradient[:count] += [
            square * np.sum(lever * term) for square, term in zip(squares, terms, strict=False)
        ]
        noise = np.bincount(self.quantity, np.diag(lever), minlength=len(QUANTITIES))
        gradient[count:] += squares[count:] * noise
        return float(value), gradient


def fit(
    errors: Errors, used: np.ndarray | None = None, start: np.ndarray | None = None
) -> np.ndarray:
    """Log widths at most likelihood (with a weak prior), in the order that `as_deviations` reads.

    `used` marks the rows, all where not given; a refit begins at `start` and takes few steps.
    """
    from scipy.optimize import minimize  # takes long to import

    likelihood = Likelihood(errors, np.ones(len(errors.rows), bool) if used is None else used)
    begin, steps = (likelihood.start, STEPS_OF_FIT) if start is None else (start, STEPS_OF_REFIT)
    return minimize(likelihood, begin, jac=True, method="L-BFGS-B", options={"maxiter": steps}).x


def as_deviations(log_sizes: np.ndarray, widening: float = 1.0) -> Deviations:
    """Fitted log widths as the model reads them, with a factor on posterior intervals."""
    sizes = np.exp(log_sizes)
    steps, first = sizes[: 2 * len(PARTS)].reshape(-1, 2).T.tolist()
    noise = sizes[2 * len(PARTS) :]
    return Deviations(
        dict(zip(PARTS, steps, strict=True)),
        dict(zip(PARTS, first, strict=True)),
        noise,
        widening,
    )


def held_back(errors: Errors, whole: np.ndarray) -> pd.DataFrame:
    """Three points given of a report, or of one server in it: errors of the others, a row each.

    Columns are of (report or server), report, way, draw, quantity, error (log of predicted over
    measured) without the three and `given_error` with them, `log_sd` and `given_log_sd`. Neither
    the coefficients, nor the widths of deviations, nor the size of errors without has seen the
    report; the factor on posterior intervals is the one that other reports ask for. `whole` are
    the log widths of the fit to all.
    """
    first = _held_back(errors, whole, {})
    factors = {
        report: widening_of(first[first["report"] != report]) for report in set(first["report"])
    }
    return _held_back(errors, whole, factors)


def widening_of(rows: pd.DataFrame) -> float:
    """The factor on posterior intervals that makes them hold 80% of held-back points, 1 at least.

    `rows` as `held_back` gives them, with intervals that have no factor.
    """
    sizes = rows["given_error"].abs() / rows["given_log_sd"]
    return max(float(sizes.quantile(0.8)) / Z90, 1.0)


def _held_back(errors: Errors, whole: np.ndarray, factors: Mapping[str, float]) -> pd.DataFrame:
    """The rows of `held_back`, with a factor on the posterior intervals of each report."""
    generator = np.random.default_rng(0)
    tables = []
    for report, all_places in errors.rows[errors.is_run].groupby("report").indices.items():
        servers = errors.things.iloc[all_places].groupby("series").indices.values()
        sets = [("report", all_places), *(("server", all_places[own]) for own in servers)]
        sets = [(of, places) for of, places in sets if len(places) >= GIVEN + LEAST_OTHERS]
        if not sets:
            continue
        others = (errors.rows["report"] != report).to_numpy()
        prior = as_deviations(_refit(errors, str(report), whole), factors.get(str(report), 1.0))
        size = _log_sds(errors.residuals[others & errors.is_run])
        for of, places in sets:
            picks = [(WAYS[0], 0, _by_load(errors.rows, places))]
            for draw in range(SEEDED_DRAWS):
                picks.append((WAYS[1], draw, generator.choice(places, GIVEN, replace=False)))
            for way, draw, given in picks:
                rows = _answers(errors, prior, size, places, given)
                tables.append(rows.assign(of=of, report=report, way=way, draw=draw))
    return pd.concat(tables, ignore_index=True)


def _refit(errors: Errors, report: str, whole: np.ndarray) -> np.ndarray:
    """Log widths by all but a report, found once."""
    if report not in errors.refits:
        others = (errors.rows["report"] != report).to_numpy()
        errors.refits[report] = fit(errors, others, whole)
    return errors.refits[report]


def _by_load(rows: pd.DataFrame, places: np.ndarray) -> np.ndarray:
    """The points of the least, the middle and the most requests in flight."""
    order = places[np.argsort(rows["concurrency"].to_numpy()[places], kind="stable")]
    return order[[0, len(order) // 2, -1]]


def _log_sds(residuals: np.ndarray) -> np.ndarray:
    """Log standard deviations whose 80% interval holds 80% of residuals, an entry a quantity."""
    return np.nanquantile(np.abs(residuals), 0.8, axis=0) / Z90


def _answers(
    errors: Errors, prior: Deviations, size: np.ndarray, places: np.ndarray, given: np.ndarray
) -> pd.DataFrame:
    """Errors of a report's points that were not given, a row a point and quantity."""
    posterior = Posterior(
        errors.things.iloc[given], errors.slopes[given], errors.residuals[given], prior
    )
    rows = []
    for place in np.setdiff1d(places, given):
        group = tuple(errors.things.iloc[place])
        own = errors.slopes[[place]]
        moved = (own @ posterior.shift(group))[0]
        sds = posterior.log_sds(group, own, size)[0]
        for of, quantity in enumerate(QUANTITIES):
            error = -errors.residuals[place, of]
            if np.isfinite(error):
                rows.append((quantity, error, error + moved[of], size[of], sds[of]))
    columns = ["quantity", "error", "given_error", "log_sd", "given_log_sd"]
    return pd.DataFrame(rows, columns=columns)


def calibrate_deviations() -> pd.DataFrame:
    """Fit the widths, hold reports back; write facts/deviations.csv and facts/held_back.csv.

    Gives the latter. Equal tables give equal bytes.
    """
    errors = Errors()
    whole = fit(errors)
    widening = widening_of(_held_back(errors, whole, {}))
    held = held_back(errors, whole)
    found = as_deviations(whole)
    rows = [
        (kind, part, sizes[part])
        for kind, sizes in ((STEPS, found.steps), (FIRST, found.first))
        for part in PARTS
    ]
    rows += [(name, "noise", size) for name, size in zip(QUANTITIES, found.noise, strict=True)]
    rows.append((WIDENING, "posterior", widening))
    _write(pd.DataFrame(rows, columns=["of", "part", "size"]), FACTS / "deviations.csv", "%.3g")
    _write(held, FACTS / "held_back.csv", "%.3f")
    return held


def _write(rows: pd.DataFrame, path: Path, form: str) -> None:
    rows.to_csv(path, index=False, float_format=form, lineterminator="\n")


def held_back_summary() -> pd.DataFrame:
    """How far other points are off with and without three, a row a scope, way and quantity.

    Columns are of, way, quantity, reports, points, error and given_error (medians, relative), and
    inside and given_inside: the shares of points in the 80% interval.
    """
    rows = table("held_back")
    off = {name: np.abs(np.expm1(rows[name])) for name in ("error", "given_error")}
    within = {
        "inside": np.abs(rows["error"]) <= Z90 * rows["log_sd"],
        "given_inside": np.abs(rows["given_error"]) <= Z90 * rows["given_log_sd"],
    }
    groups = rows.assign(**off, **within).groupby(["of", "way", "quantity"])
    summary = groups.agg(
        reports=("report", "nunique"),
        points=("draw", "size"),
        error=("error", "median"),
        given_error=("given_error", "median"),
        inside=("inside", "mean"),
        given_inside=("given_inside", "mean"),
    )
    return summary.reset_index()
