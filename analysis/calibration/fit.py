"""The fit of speed: few physical coefficients, and what engines, makers, platforms and series add.

The pool's coefficients have physical bounds, and no factor lifts reading or arithmetic above the
chip's peak. Each level's factors are drawn towards one (partial pooling), so that a name never seen
falls back to the level above. All is fitted at once, robustly, to the times per output token and to
the first, and to the rate.
"""

import numpy as np
import pandas as pd

from analysis.calibration.points import RATE
from analysis.facts import table
from analysis.laws.throughput import THROUGHPUT
from analysis.model.closed_loop import SHARE, serve
from analysis.model.manner import KINDS
from analysis.model.points import read_points
from analysis.model.runner import Columns, downstream, evaluate

# Log scatter of versions and settings between runs: what a residual is weighed by.
SCATTER = {"tpot_s": 0.08, "ttft_s": 0.3, RATE: 0.08}
# How much more points scatter that are not of one pool without drafts: drafts are accepted more or
# less often, and reports have many hands and versions.
WIDENING = dict(zip(KINDS, (1.0, 1.5, 1.0, 1.5, 2.5), strict=True))
LIFT = 1e-4  # by which the logarithm of a field is lifted to measure a slope
CONVERGED = 1e-5  # gain, as a share of the cost, below which a fit has arrived
DAMPINGS = (0, 0.01, 0.1, 1, 10, 100)  # of a step that does not gain
STEPS = 40  # at most, of a fit

Key = tuple[str, str, str]  # level, thing and field of a free quantity


class Problem:
    """Measured rows, the free quantities that act on them, and the laws between.

    A fit works on log values of `keys`, an array. All its arrays of rows keep the order of `rows`,
    which have the columns of `points.fitted_points`; free quantities are those of `fitted`, or of
    all rows.
    """

    def __init__(self, rows: pd.DataFrame, fitted: np.ndarray | None = None):
        """Prepare `rows`; `fitted` marks those whose things are free, all where not given."""
        self.rows = rows
        self.fitted = np.ones(len(rows), dtype=bool) if fitted is None else fitted
        priors = table("priors").set_index(["level", "field"])
        self.keys = _free_quantities(rows[self.fitted], priors)
        self.fields = list(dict.fromkeys(field for _, _, field in self.keys))
        self.field_of = np.array([self.fields.index(field) for _, _, field in self.keys])
        own = priors.loc[[(level, field) for level, _, field in self.keys]]
        self.prior, self.width = np.log(own["start"].to_numpy()), own["log_sd"].to_numpy()
        self.low, self.high = np.log(own["low"].to_numpy()), np.log(own["high"].to_numpy())
        self.groups = self._groups()
        self.affected = downstream(THROUGHPUT, [*self.fields, SHARE])
        fixed = [law for law in THROUGHPUT if law not in self.affected]
        self.columns = evaluate(read_points(rows)[0], fixed)
        self.after = {field: downstream(self.affected, [field]) for field in (*self.fields, SHARE)}
        widening = rows["kind"].map(WIDENING).to_numpy(float)
        self.scatter = widening[:, None] * np.array(list(SCATTER.values()))
        measured = np.log(rows[list(SCATTER)].to_numpy(float))
        self.is_measured, self.log_measured = np.isfinite(measured), np.nan_to_num(measured)

    def _groups(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Rows on which the same free quantities act, and these, as places in `keys`."""
        levels = list(dict.fromkeys(level for level, _, _ in self.keys if level != "pool"))
        places: dict[tuple[str, str], list[int]] = {}
        for place, (level, thing, _) in enumerate(self.keys):
            places.setdefault((level, thing), []).append(place)
        groups = []
        for things, rows in self.rows[levels].fillna("").groupby(levels).indices.items():
            acting = list(places[("pool", "all")])
            for level, thing in zip(levels, things, strict=True):
                acting += places.get((level, thing), [])
            groups.append((rows, np.array(acting)))
        return groups

    def values(self, log_values: np.ndarray) -> Columns:
        """Each field's value in each row: the product of what acts on it."""
        logs = np.zeros((len(self.rows), len(self.fields)))
        for rows, acting in self.groups:
            logs[rows] = np.bincount(
                self.field_of[acting], log_values[acting], minlength=len(self.fields)
            )
        return dict(zip(self.fields, np.exp(logs).T, strict=True))

    def served(self, log_values: np.ndarray) -> Columns:
        """All columns, at the closed loop's fixed point."""
        return serve({**self.columns, **self.values(log_values)}, self.affected)

    def predict(self, log_values: np.ndarray) -> np.ndarray:
        """Log of what is predicted, shape (rows, quantities of SCATTER)."""
        return _logs(self.served(log_values))

    def slopes(self, log_values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Predictions, and their derivatives by each field's log: (rows, quantities, fields).

        A factor of a level acts as its field does, so each field is lifted once. The decoding share
        follows what is lifted, as the closed loop's fixed point does (implicit function theorem).
        """
        results = self.served(log_values)
        by_share, response = self._lifted(results, SHARE)
        slopes = np.empty((*by_share.shape, len(self.fields)))
        for place, field in enumerate(self.fields):
            direct, moved = self._lifted(results, field)
            slopes[:, :, place] = direct + by_share * (moved / (1 - response))[:, None]
        return _logs(results), slopes

    def _lifted(self, results: Columns, field: str) -> tuple[np.ndarray, np.ndarray]:
        """Derivatives of predictions and of the returned share, the share itself held."""
        lifted = evaluate({**results, field: results[field] * np.exp(LIFT)}, self.after[field])
        share_ratio = lifted["next_decoding_share"] / results["next_decoding_share"]
        return (_logs(lifted) - _logs(results)) / LIFT, np.log(share_ratio) / LIFT

    def _residuals(self, predicted: np.ndarray, used: np.ndarray) -> np.ndarray:
        """Predicted against measured in units of scatter; 0 where not measured or not used."""
        known = self.is_measured & used[:, None]
        return np.where(known, predicted - self.log_measured, 0) / self.scatter

    def cost(self, log_values: np.ndarray, used: np.ndarray) -> float:
        """What is least at the mode: residuals, squared where small, plain where large (L1).

        The distance from the priors counts as residuals do, in units of their own widths.
        """
        gaps = self._residuals(self.predict(log_values), used).ravel()
        return _soft(gaps) + _soft((log_values - self.prior) / self.width)

    def curvature_and_slope(
        self, log_values: np.ndarray, used: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Of the cost, shapes (keys, keys) and (keys,); a large residual counts less."""
        predicted, slopes = self.slopes(log_values)
        gaps = self._residuals(predicted, used)
        known = self.is_measured & used[:, None]
        slopes = np.where(known[:, :, None], slopes, 0) / self.scatter[:, :, None]
        away = (log_values - self.prior) / self.width
        pull = 1 / np.sqrt(1 + away**2)
        curvature, slope = np.diag(pull / self.width**2), pull * away / self.width
        weights = 1 / np.sqrt(1 + gaps**2)
        for rows, acting in self.groups:
            fields = self.field_of[acting]
            own = slopes[rows].reshape(-1, len(self.fields))
            weight = weights[rows].ravel()
            squares = own.T @ (own * weight[:, None])
            curvature[np.ix_(acting, acting)] += squares[np.ix_(fields, fields)]
            slope[acting] += (own.T @ (weight * gaps[rows].ravel()))[fields]
        return curvature, slope

    def fit(
        self,
        start: np.ndarray | None = None,
        used: np.ndarray | None = None,
        steps: int = STEPS,
    ) -> np.ndarray:
        """The mode for the rows that are `used`, all that are fitted where not given.

        Gauss and Newton between the bounds, damped until a step gains (Levenberg 1944).
        """
        used = self.fitted if used is None else used & self.fitted
        log_values = np.clip(self.prior if start is None else start, self.low, self.high)
        cost = self.cost(log_values, used)
        for _ in range(steps):
            moved, lower = self._step(log_values, used, cost)
            gained = cost - lower
            log_values, cost = moved, lower
            if gained <= CONVERGED * cost:
                break
        return log_values

    def _step(
        self, log_values: np.ndarray, used: np.ndarray, cost: float
    ) -> tuple[np.ndarray, float]:
        """Values after a step, and their cost; the same where no damping gains."""
        curvature, slope = self.curvature_and_slope(log_values, used)
        at_low, at_high = log_values <= self.low, log_values >= self.high
        free = ~(at_low & (slope > 0) | at_high & (slope < 0))
        for damping in DAMPINGS:
            damped = curvature + damping * np.diag(np.diag(curvature))
            move = np.zeros_like(slope)
            move[free] = -np.linalg.solve(damped[np.ix_(free, free)], slope[free])
            moved = np.clip(log_values + move, self.low, self.high)
            lower = self.cost(moved, used)
            if lower < cost:
                return moved, lower
        return log_values, cost

    def errors(self, log_values: np.ndarray) -> np.ndarray:
        """Standard errors of log values at the mode."""
        curvature, _ = self.curvature_and_slope(log_values, self.fitted)
        return np.sqrt(np.diag(np.linalg.inv(curvature)))

    def carried(self, log_values: np.ndarray) -> np.ndarray:
        """Log values for use outside the fit: how a source states its times is none of it.

        A series that was measured in waves alone keeps what waves add: nobody measured it without.
        """
        statistics = self.rows[self.fitted].groupby("series")["statistic"]
        waves_alone = statistics.agg(lambda values: set(values) == {"waves"})
        added = {
            field: value
            for (level, thing, field), value in zip(self.keys, log_values, strict=True)
            if level == "statistic" and thing == "waves"
        }
        carried = log_values.copy()
        for place, (level, thing, field) in enumerate(self.keys):
            if level == "statistic":
                carried[place] = 0
            elif level == "series" and waves_alone[thing]:
                carried[place] += added.get(field, 0)
        return carried

    def answers(self, log_values: np.ndarray) -> pd.DataFrame:
        """Answers for all rows as for rows of others: a column a quantity, means, not medians."""
        predicted = np.exp(self.predict(self.carried(log_values)))
        return pd.DataFrame(predicted, self.rows.index, columns=list(SCATTER))


def _soft(gaps: np.ndarray) -> float:
    return float(np.sum(np.sqrt(1 + gaps**2) - 1))


def _logs(results: Columns) -> np.ndarray:
    return np.log(np.stack([results[name] for name in SCATTER], axis=1))


def _free_quantities(rows: pd.DataFrame, priors: pd.DataFrame) -> list[Key]:
    """Free quantities of these rows: every field of a prior, for each thing of its level."""
    keys = []
    for level, field in priors.index:
        things = {"all"} if level == "pool" else set(rows[level].dropna()) - {""}
        keys += [(level, thing, field) for thing in sorted(things)]
    return keys
