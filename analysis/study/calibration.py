"""Calibration: few physical coefficients, and what engines, makers, platforms and series add, from
measured points.

The pool's coefficients have physical bounds, and no factor lifts reading or arithmetic above the
chip's peak. Each level's factors are drawn towards one (partial pooling), so that a name never seen
falls back to the level above. All is fitted at once, robustly, to the times per and to first token.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from analysis.facts import table
from analysis.laws.throughput import THROUGHPUT
from analysis.study.points import read
from analysis.study.speed import TENTH, alike, levels, measured, needs, run

FACTS = Path(__file__).parents[1] / "facts"
MEASURED = {
    "tpot_s": 0.08,
    "ttft_s": 0.3,
}  # log scatter of versions and settings: what a residual is weighed by
# What a source's time to first token is where it is no mean of requests that come and go on their
# own: the median, or the mean of a sweep whose requests have one length, so that those which start
# together end and queue together.
STATISTICS = {"inferencex_runs": "median", "aiconfigurator_sweep": "waves"}
QUANTITIES = ("output_tokens_per_s_per_chip", "tpot_s", "ttft_s")


def points() -> pd.DataFrame:
    """Measured points that the laws are fitted to: aggregated serving without speculation, a row a
    configuration.

    Points whose weights leave no room for a request under the fact tables' numbers are left out,
    and so are those that the table sets apart with a reason.
    """
    rows = (
        measured()
        .query("speculative == 'no' and disaggregated == 'no' and apart.isna()")
        .dropna(subset="tpot_s")
    )
    rows = rows.reset_index(names="point")
    columns, reasons = read(rows)
    fits = run(columns, THROUGHPUT)["capacity_requests"] > 1
    rows = rows[fits & (reasons == "")].reset_index(drop=True)
    return levelled(rows).assign(statistic=rows["source"].map(STATISTICS).fillna(""))


def levelled(rows: pd.DataFrame) -> pd.DataFrame:
    """Points with the things that each belongs to (speed.levels), and the model that stands for its
    dimensions.
    """
    named = rows[["accelerator", "model", "precision", "engine"]].to_numpy()
    told = pd.DataFrame(
        [{**levels(*names), "alike": alike(names[1])} for names in named], rows.index
    )
    return rows.join(told.drop(columns="engine"))


class Fit:
    """The posterior mode: `log` of every free quantity, named by (level, thing, field), and its
    standard error.
    """

    def __init__(self, rows: pd.DataFrame, start: "Fit | None" = None, steps: int = 40):
        """Fit `rows`; from another fit's values where given, for at most `steps` steps."""
        self.prepare(rows)
        by = self.priors.set_index(["level", "field"]).loc[
            [(level, field) for level, _, field in self.keys]
        ]
        self.prior, self.width = np.log(by["start"].to_numpy()), by["log_sd"].to_numpy()
        low, high = np.log(by["low"].to_numpy()), np.log(by["high"].to_numpy())
        first = self.prior if start is None else np.array([start.get(key) for key in self.keys])
        measured = np.log(rows[list(MEASURED)].to_numpy(float))
        self.seen, self.log_measured = np.isfinite(measured), np.nan_to_num(measured)
        self.log = np.clip(first, low, high)
        while steps and self.improve(low, high) > ENOUGH:
            steps -= 1
        self.error = np.sqrt(np.diag(np.linalg.inv(self.tilt()[0])))

    def improve(self, low: np.ndarray, high: np.ndarray) -> float:
        """One step of Gauss and Newton between the bounds, damped until it gains (Levenberg 1944);
        the share gained.
        """
        (curvature, slope), cost = self.tilt(), self.cost(self.log)
        free = ~((self.log <= low) & (slope > 0) | (self.log >= high) & (slope < 0))
        for damping in DAMPINGS:
            way, damped = np.zeros_like(slope), curvature + damping * np.diag(np.diag(curvature))
            way[free] = -np.linalg.solve(damped[np.ix_(free, free)], slope[free])
            there = np.clip(self.log + way, low, high)
            if (gained := cost - self.cost(there)) > 0:
                self.log = there
                return gained / cost
        return 0.0

    def cost(self, log: np.ndarray) -> float:
        """What is least at the mode: residuals, squared where small and plain where large (soft
        L1).
        """
        return float(np.sum(np.sqrt(1 + self.residuals(log) ** 2) - 1))

    def tilt(self) -> tuple[np.ndarray, np.ndarray]:
        """Curvature and slope of the cost where the fit stands; a large residual counts less."""
        gap, slopes = self.residuals(self.log), self.jacobian(self.log)
        leant = slopes / np.sqrt(1 + gap**2)[:, None]
        return slopes.T @ leant, leant.T @ gap

    def prepare(self, rows: pd.DataFrame) -> None:
        """What stays the same at every step: the columns that no free quantity reaches, and which
        rows each acts on.
        """
        self.rows, self.priors = rows, table("priors")
        self.keys, self.masks = _keys(rows, self.priors)
        fields = np.array([field for _, _, field in self.keys])
        self.at = {field: np.flatnonzero(fields == field) for field in dict.fromkeys(fields)}
        reached = set(self.at)
        self.live = [
            law for law in THROUGHPUT if reached & set(needs(law)) and not reached.add(law.__name__)
        ]  # type: ignore[func-returns-value]
        self.columns = run(read(rows)[0], [law for law in THROUGHPUT if law not in self.live])

    def carried(self) -> np.ndarray:
        """Log values; a series that was measured in waves alone keeps what these add, as nobody
        measured it without.
        """
        alone = self.rows.groupby("series")["statistic"].agg(lambda told: set(told) == {"waves"})
        added = {
            field: value
            for (_, thing, field), value in zip(self.keys, self.log, strict=True)
            if thing == "waves"
        }
        kept = [level == "series" and alone[thing] for level, thing, _ in self.keys]
        return self.log + np.where(kept, [added.get(field, 0) for _, _, field in self.keys], 0)

    def get(self, key: tuple) -> float:
        """Log value of a free quantity; that of its prior where this fit did not see it."""
        at = dict(zip(self.keys, self.log, strict=True))
        start = self.priors.set_index(["level", "field"])["start"]
        return at.get(key, np.log(start[key[0], key[2]]))

    def predict(self, log: np.ndarray, raise_: str | None = None) -> np.ndarray:
        """Log seconds (per output token, to the first token) of each row; `raise_` lifts one field
        a little.
        """
        values = {field: self.masks[:, at] @ log[at] for field, at in self.at.items()}
        if raise_:
            values[raise_] = values[raise_] + STEP
        told = run(
            self.columns | {field: np.exp(value) for field, value in values.items()}, self.live
        )
        return np.log(np.stack([told[name] for name in MEASURED], axis=1))

    def residuals(self, log: np.ndarray) -> np.ndarray:
        """Measured against predicted in units of scatter, and distance from the prior in
        its own.
        """
        gap = np.where(self.seen, self.predict(log) - self.log_measured, 0) / list(
            MEASURED.values()
        )
        return np.concatenate([gap.ravel(), (log - self.prior) / self.width])

    def jacobian(self, log: np.ndarray) -> np.ndarray:
        """Derivatives: a factor of a level acts as its field does, on its own rows, so each field
        is lifted once.
        """
        base, scatter = self.predict(log), np.array(list(MEASURED.values()))
        data = np.empty((*self.seen.shape, len(self.keys)))
        for field, at in self.at.items():
            slope = np.where(self.seen, self.predict(log, field) - base, 0) / STEP / scatter
            data[:, :, at] = slope[:, :, None] * self.masks[:, None, at]
        data = data.reshape(-1, len(self.keys))
        return np.vstack([data, np.diag(1 / self.width)])

    def answer(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Out-of-sample answers for other rows: what the fit never saw stays at the level above.
        Means, not medians.
        """
        other, known = object.__new__(Fit), dict(zip(self.keys, self.carried(), strict=True))
        other.prepare(rows.assign(statistic=""))
        tpot, ttft = np.exp(
            other.predict(np.array([known.get(key, self.get(key)) for key in other.keys]))
        ).T
        return pd.DataFrame(
            {QUANTITIES[0]: served(rows, ttft, tpot), "tpot_s": tpot, "ttft_s": ttft},
            index=rows.index,
        )


STEP = 1e-4
ENOUGH = 1e-5  # gain, as a share of the cost, below which a fit has arrived
DAMPINGS = (0, 0.01, 0.1, 1, 10, 100)  # of a step that does not gain


def served(rows: pd.DataFrame, ttft, tpot):
    """Output tokens per second and chip: requests in flight over the time that each takes."""
    return (
        rows["concurrency"]
        * rows["output_tokens"]
        / (ttft + tpot * (rows["output_tokens"] - 1))
        / rows["chips"]
    )


def _keys(rows: pd.DataFrame, priors: pd.DataFrame) -> tuple[list[tuple], np.ndarray]:
    """Free quantities of these rows as (level, thing, field), and the rows that each acts on."""
    keys, masks = [], []
    for level, field in priors[["level", "field"]].itertuples(index=False):
        things = rows[level].to_numpy() if level != "pool" else np.full(len(rows), "all")
        for thing in sorted(set(things) - {""}):
            keys.append((level, thing, field))
            masks.append((things == thing).astype(float))
    return keys, np.stack(masks, axis=1)


def schemes(rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """How points are left out, a fold a row (-1: never): configurations, series (5 folds each),
    things one by one.

    Repeats of one configuration stay together, and so do models of the same dimensions. An
    accelerator is left out where its generation keeps others to learn from; a generation with all
    its accelerators.
    """
    series = rows["accelerator"] + " " + rows["series"]
    setup = ["chips", *(f"{kind}_parallel" for kind in ("tensor", "data", "expert"))]
    setup += ["concurrency", "input_tokens", "output_tokens"]
    configuration = series.str.cat([rows[name].astype(str) for name in setup], "|")
    chips = rows.groupby("generation")["accelerator"].transform(
        lambda x: (x.value_counts() >= SIBLING).sum()
    )
    return {
        "configuration": _folds(configuration),
        "series": _folds(series),
        "model": pd.factorize(rows["alike"])[0],
        "accelerator": np.where(chips > 1, pd.factorize(rows["accelerator"])[0], -1),
        "generation": pd.factorize(rows["generation"])[0],
    }


SIBLING = 10  # points that make an accelerator one to learn from


def _folds(group: pd.Series, count: int = 5) -> np.ndarray:
    codes, things = pd.factorize(group, sort=True)
    return np.random.default_rng(0).permutation(len(things))[codes] % count


def validate(rows: pd.DataFrame, whole: Fit) -> pd.DataFrame:
    """Out-of-fold log errors, predicted over measured: a row a point (its row in serving.csv) and
    scheme.
    """
    seen = pd.DataFrame(
        {"tpot_s": rows["tpot_s"], "ttft_s": rows["ttft_s"].where(rows["statistic"] != "median")}
    )
    seen[QUANTITIES[0]] = served(rows, rows["ttft_s"], rows["tpot_s"])
    told = []
    for scheme, folds in schemes(rows).items():
        for fold in sorted(set(folds) - {-1}):
            out = rows[folds == fold]
            answer = Fit(rows[folds != fold].reset_index(drop=True), whole, STEPS_AGAIN).answer(out)
            errors = np.log(answer / seen.loc[out.index, list(QUANTITIES)]).add_suffix("_error")
            told.append(out[["point", "series"]].join(errors).assign(left_out=scheme))
    return pd.concat(told, ignore_index=True)


# evaluations of a refit that starts at the whole fit; more move no error by a tenth of a per cent
STEPS_AGAIN = 8


def spreads(told: pd.DataFrame) -> pd.DataFrame:
    """Log standard deviations of out-of-fold errors by what was left out, such that 80% of points
    lie inside.

    Large series weigh with the root of their points. Where only the configuration is new, each
    series has its own spread, drawn towards all where these scatter more.
    """
    rows = []
    for quantity in QUANTITIES:
        size = np.abs(told[f"{quantity}_error"])
        for scheme, part in size.dropna().groupby(told["left_out"]):
            weight = part.groupby(told["series"]).transform("size") ** -0.5
            rows.append((scheme, "all", quantity, _within(part, weight), len(part)))
        for series, part in (
            size[told["left_out"] == "configuration"].dropna().groupby(told["series"])
        ):
            whole = next(row[3] for row in rows if row[0] == "configuration" and row[2] == quantity)
            own = _within(part, pd.Series(1.0, part.index))
            mixed = max(
                own, np.sqrt((len(part) * own**2 + POOLED * whole**2) / (len(part) + POOLED))
            )
            rows.append(("series_known", series, quantity, mixed, len(part)))
    return pd.DataFrame(rows, columns=["level", "thing", "quantity", "log_sd", "points"])


POOLED = 4  # points that the common spread counts for beside a series' own


def _within(size: pd.Series, weight: pd.Series) -> float:
    """The log spread whose 80% interval just holds 80% of the weight."""
    order = size.sort_values().index
    held = weight[order].cumsum() / weight.sum()
    return float(size[order][held >= 0.8].iloc[0]) / TENTH


def calibrate() -> None:
    """Fit, leave out, and write coefficients.csv, spread.csv and validation.csv; equal tables give
    equal bytes.
    """
    rows = points()
    whole = Fit(rows)
    told = validate(rows, whole)
    learnt = pd.DataFrame(whole.keys, columns=["level", "thing", "field"]).assign(
        value=[f"{value:.4g}" for value in np.exp(whole.carried())],
        log_error=[f"{error:.2g}" for error in whole.error],
    )
    kept = table("coefficients").query("source != 'fitted'").astype(str).replace("nan", "")
    learnt = pd.concat([kept, learnt[learnt["level"] != "statistic"].assign(source="fitted")])
    errors = told.pivot_table(
        index="point", columns="left_out", values=[f"{name}_error" for name in QUANTITIES]
    )
    errors.columns = [f"{scheme}_left_out_{name}" for name, scheme in errors.columns]
    learnt.to_csv(FACTS / "coefficients.csv", index=False, lineterminator="\n")
    spreads(told).to_csv(
        FACTS / "spread.csv", index=False, float_format="%.4g", lineterminator="\n"
    )
    errors.to_csv(FACTS / "validation.csv", float_format="%.3f", lineterminator="\n")
    free = pd.Series([key[0] for key in whole.keys]).value_counts().to_dict()
    print(f"{len(rows)} points; free coefficients {free}")
    for scheme, part in told.groupby("left_out"):
        median = {name: np.abs(np.expm1(part[f"{name}_error"])).median() for name in QUANTITIES}
        print(
            f"{scheme:>14} left out: "
            + ", ".join(f"{name} {value:.1%}" for name, value in median.items())
        )
