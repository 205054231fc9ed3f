"""The fit of speed: few physical coefficients, and what engines, makers, platforms and series add.

The pool's coefficients have physical bounds, and no factor lifts reading or arithmetic above the
chip's peak. Each level's factors are drawn towards one (partial pooling), so that a name never seen
falls back to the level above. All is fitted at once, robustly, to the times per and to first token.
"""

import numpy as np
import pandas as pd

from analysis.facts import table
from analysis.laws.throughput import THROUGHPUT
from analysis.model.coefficients import levels, same_dimensions
from analysis.model.measured import serving_points
from analysis.model.points import read_points
from analysis.model.runner import downstream, evaluate

# Log scatter of versions and settings between runs: what a residual is weighed by.
SCATTER = {"tpot_s": 0.08, "ttft_s": 0.3}
# What a source's time to first token is where it is no mean of requests that come and go on their
# own: the median, or the mean of a sweep whose requests have one length, so that those which start
# together end and queue together.
STATISTICS = {"inferencex_runs": "median", "aiconfigurator_sweep": "waves"}
QUANTITIES = ("output_tokens_per_s_per_chip", "tpot_s", "ttft_s")
LIFT = 1e-4  # by which the logarithm of a field is lifted to measure a slope
CONVERGED = 1e-5  # gain, as a share of the cost, below which a fit has arrived
DAMPINGS = (0, 0.01, 0.1, 1, 10, 100)  # of a step that does not gain

Key = tuple[str, str, str]  # level, thing and field of a free quantity


def fitted_points() -> pd.DataFrame:
    """Measured points that the laws are fitted to, a row a configuration.

    They are of aggregated serving without speculation. Left out are points whose weights leave no
    room for a request under the fact tables' numbers, and those that the table sets apart with a
    reason. Column `point` is the row in `serving_points()`.
    """
    rows = serving_points()
    plain = (rows["speculative"] == "no") & (rows["disaggregated"] == "no") & rows["apart"].isna()
    rows = rows[plain].dropna(subset="tpot_s").reset_index(names="point")
    columns, reasons = read_points(rows)
    fits = evaluate(columns, THROUGHPUT)["capacity_requests"] > 1
    rows = rows[fits & (reasons == "")].reset_index(drop=True)
    return with_levels(rows).assign(statistic=rows["source"].map(STATISTICS).fillna(""))


def with_levels(rows: pd.DataFrame) -> pd.DataFrame:
    """Points with the things each belongs to, and the model that stands for its dimensions."""
    named = rows[["accelerator", "model", "precision", "engine"]].to_numpy()
    things = [{**levels(*names), "same_dimensions": same_dimensions(names[1])} for names in named]
    return rows.join(pd.DataFrame(things, rows.index).drop(columns="engine"))


def served_rate(rows: pd.DataFrame, ttft_s, tpot_s):
    """Output tokens per second and chip: requests in flight over the time that each takes."""
    request_s = ttft_s + tpot_s * (rows["output_tokens"] - 1)
    return rows["concurrency"] * rows["output_tokens"] / request_s / rows["chips"]


class Problem:
    """What stays the same at every step of a fit: free quantities, fixed columns, affected laws."""

    def __init__(self, rows: pd.DataFrame):
        """Prepare `rows`, which have the columns of `fitted_points`."""
        self.rows, self.priors = rows, table("priors")
        self.keys, self.masks = _free_quantities(rows, self.priors)
        fields = np.array([field for _, _, field in self.keys])
        self.places = {
            field: np.flatnonzero(fields == field) for field in dict.fromkeys(fields.tolist())
        }
        self.affected = downstream(THROUGHPUT, self.places)
        fixed = [law for law in THROUGHPUT if law not in self.affected]
        self.columns = evaluate(read_points(rows)[0], fixed)

    def predict(self, log_values: np.ndarray, lifted: str | None = None) -> np.ndarray:
        """Log seconds (per output token, to the first token) of each row, shape (rows, 2).

        `log_values` are those of the free quantities; `lifted` lifts one field by LIFT.
        """
        fields = {field: self.masks[:, at] @ log_values[at] for field, at in self.places.items()}
        if lifted:
            fields[lifted] = fields[lifted] + LIFT
        free = {field: np.exp(value) for field, value in fields.items()}
        results = evaluate({**self.columns, **free}, self.affected)
        return np.log(np.stack([results[name] for name in SCATTER], axis=1))


class Fit:
    """The posterior mode: `log_values` of every free quantity and their standard errors `error`."""

    def __init__(self, rows: pd.DataFrame, start: "Fit | None" = None, steps: int = 40):
        """Fit `rows`; from another fit's values where given, for at most `steps` steps."""
        self.problem = problem = Problem(rows)
        self.keys = problem.keys
        pairs = [(level, field) for level, _, field in self.keys]
        priors = problem.priors.set_index(["level", "field"]).loc[pairs]
        self.prior, self.width = np.log(priors["start"].to_numpy()), priors["log_sd"].to_numpy()
        self.low, self.high = np.log(priors["low"].to_numpy()), np.log(priors["high"].to_numpy())
        measured = np.log(rows[list(SCATTER)].to_numpy(float))
        self.is_measured, self.log_measured = np.isfinite(measured), np.nan_to_num(measured)
        first = self.prior
        if start is not None:
            first = np.array([start.value(key) for key in self.keys])
        self.log_values = np.clip(first, self.low, self.high)
        for _ in range(steps):
            if self._improve() <= CONVERGED:
                break
        curvature, _ = self._curvature_and_slope()
        self.error = np.sqrt(np.diag(np.linalg.inv(curvature)))

    def _improve(self) -> float:
        """One step of Gauss and Newton between the bounds, damped until it gains (Levenberg 1944).

        The share of the cost that was gained; 0 where no damping gains.
        """
        curvature, slope = self._curvature_and_slope()
        cost = self._cost(self.log_values)
        at_low, at_high = self.log_values <= self.low, self.log_values >= self.high
        free = ~(at_low & (slope > 0) | at_high & (slope < 0))
        for damping in DAMPINGS:
            damped = curvature + damping * np.diag(np.diag(curvature))
            move = np.zeros_like(slope)
            move[free] = -np.linalg.solve(damped[np.ix_(free, free)], slope[free])
            moved = np.clip(self.log_values + move, self.low, self.high)
            gained = cost - self._cost(moved)
            if gained > 0:
                self.log_values = moved
                return gained / cost
        return 0.0

    def _cost(self, log_values: np.ndarray) -> float:
        """What is least at the mode: residuals, squared where small, plain where large (L1)."""
        return float(np.sum(np.sqrt(1 + self._residuals(log_values) ** 2) - 1))

    def _curvature_and_slope(self) -> tuple[np.ndarray, np.ndarray]:
        """Of the cost where the fit stands; a large residual counts less."""
        residuals = self._residuals(self.log_values)
        jacobian = self._jacobian(self.log_values)
        weighted = jacobian / np.sqrt(1 + residuals**2)[:, None]
        return jacobian.T @ weighted, weighted.T @ residuals

    def _residuals(self, log_values: np.ndarray) -> np.ndarray:
        """Predicted against measured in units of scatter; distance from the prior in its own."""
        gap = self.problem.predict(log_values) - self.log_measured
        gap = np.where(self.is_measured, gap, 0) / list(SCATTER.values())
        return np.concatenate([gap.ravel(), (log_values - self.prior) / self.width])

    def _jacobian(self, log_values: np.ndarray) -> np.ndarray:
        """Derivatives: a factor of a level acts as its field does, on its own rows.

        So each field is lifted once, however many things have a factor of it.
        """
        problem, scatter = self.problem, np.array(list(SCATTER.values()))
        base = problem.predict(log_values)
        slopes = np.empty((*self.is_measured.shape, len(self.keys)))
        for field, at in problem.places.items():
            lifted = problem.predict(log_values, field) - base
            slope = np.where(self.is_measured, lifted, 0) / LIFT / scatter
            slopes[:, :, at] = slope[:, :, None] * problem.masks[:, None, at]
        return np.vstack([slopes.reshape(-1, len(self.keys)), np.diag(1 / self.width)])

    def value(self, key: Key) -> float:
        """Log value of a free quantity; that of its prior where this fit did not meet it."""
        values = dict(zip(self.keys, self.log_values, strict=True))
        if key in values:
            return values[key]
        level, _, field = key
        start = self.problem.priors.set_index(["level", "field"])["start"]
        return float(np.log(start[level, field]))

    def carried_values(self) -> np.ndarray:
        """Log values for use outside the fit.

        A series that was measured in waves alone keeps what waves add: nobody measured it without.
        """
        statistics = self.problem.rows.groupby("series")["statistic"]
        waves_alone = statistics.agg(lambda values: set(values) == {"waves"})
        added = {
            field: value
            for (_, thing, field), value in zip(self.keys, self.log_values, strict=True)
            if thing == "waves"
        }
        extra = np.array(
            [
                added.get(field, 0.0) if level == "series" and waves_alone[thing] else 0.0
                for level, thing, field in self.keys
            ]
        )
        return self.log_values + extra

    def predict(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Answers for other rows, a column a quantity of QUANTITIES: means, not medians.

        What the fit never met stays at the level above.
        """
        other = Problem(rows.assign(statistic=""))
        known = dict(zip(self.keys, self.carried_values(), strict=True))
        log_values = np.array(
            [known[key] if key in known else self.value(key) for key in other.keys]
        )
        tpot_s, ttft_s = np.exp(other.predict(log_values)).T
        rate = served_rate(rows, ttft_s, tpot_s)
        return pd.DataFrame(
            {QUANTITIES[0]: rate, "tpot_s": tpot_s, "ttft_s": ttft_s}, index=rows.index
        )


def _free_quantities(rows: pd.DataFrame, priors: pd.DataFrame) -> tuple[list[Key], np.ndarray]:
    """Free quantities of these rows, and a column of zeros and ones each: the rows it acts on."""
    keys, masks = [], []
    for level, field in priors[["level", "field"]].itertuples(index=False):
        things = np.full(len(rows), "all") if level == "pool" else rows[level].to_numpy()
        for thing in sorted(set(things) - {""}):
            keys.append((level, thing, field))
            masks.append((things == thing).astype(float))
    return keys, np.stack(masks, axis=1)
