"""What somebody's own measurements say of his installation: a joint normal over deviations.

The fit's coefficients are those of the field. An installation's own (bandwidth that kernels reach,
launches, prefill, queues) deviate from them by factors whose logarithms are normal: a part that all
measurements of one report share, one of the model, of the platform, of the series, of the mode, and
one of each configuration. How wide each part is, calibration found on points that the fit did not
see (facts/deviations.csv). Predictions answer the factors by the slopes of the laws, so measured
rows give the posterior in closed form (conjugate normal, on logarithms), and it reaches other
layouts, lengths, chips and modes as far as they share parts and slopes.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from analysis.facts import Accelerator, Model, names, table
from analysis.laws.throughput import THROUGHPUT
from analysis.model.closed_loop import SHARE, serve
from analysis.model.coefficients import levels
from analysis.model.dimensions import same_dimensions
from analysis.model.manner import kind_of
from analysis.model.runner import Columns, downstream

QUANTITIES = ("output_tokens_per_s_per_chip", "tpot_s", "ttft_s")
SHARED = ("report", "model", "platform", "series", "mode")  # parts that points can have in common
POINT = "point"  # the part of one configuration alone
WIDENING = "widening"
STEPS, FIRST = "steps", "first"  # kinds of coefficients, each with its own widths
# Coefficients that act on the time to the first token alone, or nearly so.
OF_FIRST = frozenset(
    {
        "queue_share",
        "prefill_delay_ratio",
        "step_delay_ratio",
        "first_overhead_s",
        "first_residual_factor",
        "prefill_launch_ratio",
        "transfer_overhead_s",
    }
)
LIFT = 1e-2  # by which the logarithm of a coefficient is lifted to measure a slope
UNMEASURED = 1e9  # variance that stands for a quantity that nobody measured


@cache
def fields() -> tuple[str, ...]:
    """Coefficients that may deviate: those of the pool, and the residual factors of servers."""
    return tuple(_widths())


@cache
def _widths() -> dict[str, float]:
    """Prior log standard deviations of the coefficients (facts/priors.csv)."""
    priors = table("priors")
    widths: dict[str, float] = {}
    for level in ("pool", "engine_level"):
        own = priors[priors["level"] == level]
        widths |= dict(zip(own["field"], own["log_sd"].astype(float), strict=True))
    return widths


@cache
def _highest() -> dict[str, float]:
    """Physical upper bounds of the pool's coefficients (facts/priors.csv)."""
    pool = table("priors").query("level == 'pool'")
    return dict(zip(pool["field"], pool["high"].astype(float), strict=True))


def is_first() -> np.ndarray:
    """Which of the coefficients are of the first token, an entry a field."""
    return np.array([field in OF_FIRST for field in fields()])


def slopes(results: Columns) -> np.ndarray:
    """Derivatives of log predictions by log coefficients, in units of these' prior widths.

    `results` are columns that the throughput laws filled. Shape (rows, QUANTITIES, fields).
    """
    predicted = log_predictions(results)
    found = np.empty((*predicted.shape, len(fields())))
    for place, (field, width) in enumerate(_widths().items()):
        affected = downstream(THROUGHPUT, [field, SHARE])
        lifted = serve({**results, field: results[field] * np.exp(LIFT)}, affected)
        found[:, :, place] = (log_predictions(lifted) - predicted) / LIFT * width
    return np.nan_to_num(found)


def log_predictions(results: Columns) -> np.ndarray:
    """Logarithms of what the laws predict, shape (rows, QUANTITIES)."""
    with np.errstate(all="ignore"):
        arrays = np.broadcast_arrays(*(np.atleast_1d(results[name]) for name in QUANTITIES))
        return np.log(np.stack(arrays, axis=1))


def things_of(points: pd.DataFrame) -> pd.DataFrame:
    """What each point belongs to, a column for each of SHARED but `report`; blank where not known.

    `points` has accelerator, model, precision, engine and manner as our tables spell them.
    """
    rows = [_things(*(str(value) for value in row)) for row in points.itertuples(index=False)]
    return pd.DataFrame(rows, columns=list(SHARED[1:]), dtype=object)


@cache
def _things(
    accelerator: str, model: str, precision: str, engine: str, manner: str
) -> tuple[str, str, str, str]:
    if accelerator not in names(Accelerator) or model not in names(Model):
        return "", "", "", ""
    dimensions = same_dimensions(model)
    generation = levels(accelerator, model, precision, engine)["generation"]
    series = f"{accelerator} {engine} {precision} {dimensions}"
    served = kind_of(manner).replace("as run", "one pool")
    return dimensions, f"{generation} {engine} {precision}", series, f"{series} {served}"


@dataclass(frozen=True, eq=False)
class Deviations:
    """How far coefficients deviate, in units of their prior widths, and what measuring scatters.

    `steps` and `first` have a width for each of SHARED and for POINT, `noise` a log standard
    deviation for each of QUANTITIES. Posterior intervals are `widening` times as wide as the
    normal's, since the widths themselves are not known well.
    """

    steps: dict[str, float]
    first: dict[str, float]
    noise: np.ndarray
    widening: float

    def sizes(self, part: str) -> np.ndarray:
        """The width of each coefficient's deviation in a part, an entry a field."""
        return np.where(is_first(), self.first[part], self.steps[part])


@cache
def deviations() -> Deviations:
    """What calibration found (facts/deviations.csv)."""
    rows = table("deviations")
    sizes = {
        kind: dict(zip(own["part"], own["size"].astype(float), strict=True))
        for kind, own in rows.groupby("of")
    }
    noise = np.array([sizes[quantity]["noise"] for quantity in QUANTITIES])
    return Deviations(sizes[STEPS], sizes[FIRST], noise, sizes[WIDENING]["posterior"])


class Posterior:
    """The deviations given measured rows: means and covariances of the parts that rows share.

    Arrays of coefficients are in units of their prior widths and have an entry a field.
    """

    def __init__(
        self, things: pd.DataFrame, slopes: np.ndarray, residuals: np.ndarray, prior: Deviations
    ):
        """Condition on rows: what they belong to, slopes (rows, quantities, fields), residuals.

        `residuals` are logs of measured over predicted, (rows, quantities), NaN where not measured.
        """
        self.prior = prior
        count = len(fields())
        groups = things.groupby(list(SHARED), sort=True).indices
        shared = dict.fromkeys(pair for group in groups for pair in _named(group))
        self.blocks = {
            name: slice(place * count, (place + 1) * count) for place, name in enumerate(shared)
        }
        information = np.eye(count * len(self.blocks))
        pull = np.zeros(len(information))
        weights = self._weights(slopes, residuals)
        known = np.nan_to_num(residuals)
        for group, rows in groups.items():
            own, weight = slopes[rows], weights[rows]
            squares = np.einsum("iqf,iqp,ipg->fg", own, weight, own)
            drawn = np.einsum("iqf,iqp,ip->f", own, weight, known[rows])
            mine = [(prior.sizes(part), self.blocks[part, thing]) for part, thing in _named(group)]
            for size, block in mine:
                pull[block] += size * drawn
                for other_size, other in mine:
                    information[block, other] += size[:, None] * squares * other_size
        self.covariance = np.linalg.inv(information)
        self.mean = self.covariance @ pull

    def _weights(self, slopes: np.ndarray, residuals: np.ndarray) -> np.ndarray:
        """Inverse covariances of what rows do not share, (rows, quantities, quantities)."""
        spread = self.own_covariance(slopes)
        unknown = np.where(np.isfinite(residuals), 0, UNMEASURED)
        return np.linalg.inv(spread + unknown[:, :, None] * np.eye(len(QUANTITIES)))

    def own_covariance(self, slopes: np.ndarray) -> np.ndarray:
        """Covariance of a configuration's own part and noise, (rows, quantities, quantities)."""
        lifted = slopes * self.prior.sizes(POINT)
        spread = np.einsum("iqf,ipf->iqp", lifted, lifted)
        return spread + np.diag(self.prior.noise**2)

    def shift(self, group: tuple[str, ...]) -> np.ndarray:
        """Mean deviation of the coefficients of points that belong to these things of SHARED."""
        total = np.zeros(len(fields()))
        for part, thing in _named(group):
            if (part, thing) in self.blocks:
                total += self.prior.sizes(part) * self.mean[self.blocks[part, thing]]
        return total

    def prior_log_sds(self, slopes: np.ndarray) -> np.ndarray:
        """Log standard deviations of points before any row was measured, (rows, QUANTITIES)."""
        squares = sum(self.prior.sizes(part) ** 2 for part in SHARED)
        shared = np.einsum("iqf,f,iqf->iq", slopes, squares, slopes)
        return np.sqrt(shared + np.einsum("iqq->iq", self.own_covariance(slopes)))

    def shared_covariance(self, group: tuple[str, ...]) -> np.ndarray:
        """Covariance of these coefficients' deviation, without a configuration's own part."""
        count = len(fields())
        total = np.zeros((count, count))
        known = [each for each in _named(group) if each in self.blocks]
        for name in _named(group):
            if name not in self.blocks:
                total += np.diag(self.prior.sizes(name[0]) ** 2)
        for name in known:
            for other in known:
                covariance = self.covariance[self.blocks[name], self.blocks[other]]
                sizes = np.outer(self.prior.sizes(name[0]), self.prior.sizes(other[0]))
                total += sizes * covariance
        return total

    def log_sds(self, group: tuple[str, ...], slopes: np.ndarray, pooled: np.ndarray) -> np.ndarray:
        """Log standard deviations of points of a group, shape (rows, QUANTITIES).

        `pooled` are those without own measurements. What a point has of its own beyond an
        installation's deviations (a new model, a new generation) stays; nothing widens.
        """
        shared = np.einsum("iqf,fg,iqg->iq", slopes, self.shared_covariance(group), slopes)
        squares = shared + np.einsum("iqq->iq", self.own_covariance(slopes))
        gained = np.maximum(self.prior_log_sds(slopes) ** 2 - squares, 0)
        known = squares * self.prior.widening**2
        return np.minimum(np.sqrt(np.maximum(known, pooled**2 - gained)), pooled)


def _named(group: tuple[str, ...]) -> list[tuple[str, str]]:
    return list(zip(SHARED, group, strict=True))


def moved_coefficients(columns: Columns, shift: np.ndarray) -> Columns:
    """Coefficients moved by a deviation (in prior widths); none beyond its physical bound.

    A coefficient that stands above its bound already is not moved further up. `shift` has shape
    (fields,), or (rows, fields).
    """
    moved = {}
    highest = _highest()
    for place, (field, width) in enumerate(_widths().items()):
        value = columns[field]
        lifted = value * np.exp(shift[..., place] * width)
        bound = np.maximum(value, highest.get(field, np.inf))
        moved[field] = np.minimum(lifted, bound)
    return moved
