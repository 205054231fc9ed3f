"""What calibration has learnt: coefficients by level, and how far predictions are off."""

from functools import cache

import numpy as np
import pandas as pd

from analysis.facts import Accelerator, Model, names, table
from analysis.model.board_power import board_log_sd
from analysis.model.dimensions import same_dimensions
from analysis.model.manner import AS_RUN, DISAGGREGATED, DRAFTED, kind_of
from analysis.model.measured import board_points, serving_points

Learnt = dict[tuple[str, str], dict[str, float]]  # values by field, of a level and thing
SHARED_SHARE = 0.5  # of the variance two options have in common: model, engine, workload; judged


def levels(
    accelerator: str, model: str, precision: str, engine: str, manner: str = ""
) -> dict[str, str]:
    """The things that calibration tells apart, from wide to narrow; a blank engine has none.

    `manner` is how a model is served: the words of manner.py, blank for one pool, no drafts, tuned.
    """
    family = _families()[accelerator]
    platform = series = ""
    if engine:
        platform = f"{family['generation']} {engine} {precision}"
        series = f"{platform} {same_dimensions(model)}"
    words = manner.split()
    return {
        "maker": family["maker"],
        "generation": family["generation"],
        "engine": engine,
        "platform": platform,
        "series": series,
        "mode": f"disaggregated {engine}".strip() if DISAGGREGATED in words else "",
        "drafts": f"drafted {engine}".strip() if DRAFTED in words else "",
        "drafter": same_dimensions(model) if DRAFTED in words else "",
        "engine_level": AS_RUN if AS_RUN in words else "",
    }


@cache
def _families() -> dict[str, dict[str, str]]:
    """Maker and generation of each accelerator."""
    return table("families").set_index("accelerator").to_dict("index")


@cache
def coefficients(
    accelerator: str, engine: str, precision: str, model: str = "", manner: str = ""
) -> dict[str, float]:
    """The pool's coefficients, times what was learnt of this maker, engine, series and manner.

    Without a model, nothing of a series is applied.
    """
    return combined(_learnt(), accelerator, engine, precision, model, manner)


def combined(
    learnt: Learnt, accelerator: str, engine: str, precision: str, model: str = "", manner: str = ""
) -> dict[str, float]:
    """The same of any fit: `learnt` is what `learnt_of` gives."""
    values = dict(learnt["pool", "all"])
    named = levels(accelerator, model or names(Model)[0], precision, engine, manner)
    if not model:
        del named["series"]
    for level, thing in named.items():
        for field, value in learnt.get((level, thing), {}).items():
            values[field] *= value
    return values


@cache
def _learnt() -> Learnt:
    """What the fit found: tables are slow to ask for every combination."""
    return learnt_of(table("coefficients"))


def learnt_of(rows: pd.DataFrame) -> Learnt:
    """Values by field of each level and thing; `rows` as facts/coefficients.csv has them."""
    rows = rows.assign(thing=rows["thing"].fillna(""), value=rows["value"].astype(float))
    return {
        (str(level), str(thing)): dict(zip(own["field"], own["value"].tolist(), strict=True))
        for (level, thing), own in rows.groupby(["level", "thing"], sort=False)
    }


@cache
def log_sd(
    accelerator: str, model: str, precision: str, engine: str = "", manner: str = ""
) -> dict[str, float]:
    """Log standard deviation of predictions by quantity, from points left out of the fit.

    Each kind of serving has its own. A known series has that of its configurations; a new
    combination of known things, a new model and a new accelerator have those of points so left out;
    where both are new, the two add in squares. What people run is a new report as well.
    """
    kind = kind_of(manner)
    by_level, by_series = _log_sds(kind)
    unseen = _unseen(accelerator, model)
    if unseen:
        sizes = np.sqrt((by_level.loc[unseen] ** 2).sum())
    else:
        series = levels(accelerator, model, precision, engine)["series"]
        own = pd.Series(by_series.get(series, {}), dtype=float)
        sizes = own.reindex(by_level.columns).fillna(by_level.loc["series"])
    if "report" in by_level.index:
        sizes = np.maximum(sizes, by_level.loc["report"])
    return sizes.to_dict()


@cache
def _log_sds(kind: str) -> tuple[pd.DataFrame, dict[str, dict[str, float]]]:
    """Of one kind of serving: sizes by level and quantity, and by known series and quantity."""
    rows = table("log_sd")
    rows = rows[rows["kind"] == kind]
    known = rows[rows["level"] == "series_known"]
    by_series = {
        str(series): dict(zip(own["quantity"], own["log_sd"], strict=True))
        for series, own in known.groupby("thing")
    }
    return rows.pivot_table("log_sd", "level", "quantity"), by_series


def _unseen(accelerator: str, model: str) -> list[str]:
    """What of these two the fit has never met: a generation or an accelerator, and a model."""
    generation = {name: family["generation"] for name, family in _families().items()}
    fitted = _fitted_things()
    unseen = []
    if generation[accelerator] not in {generation[name] for name in fitted["accelerator"]}:
        unseen.append("generation")
    elif accelerator not in fitted["accelerator"]:
        unseen.append("accelerator")
    if same_dimensions(model) not in fitted["model"]:
        unseen.append("model")
    return unseen


@cache
def _fitted_things() -> dict[str, set[str]]:
    """Accelerators and models (by dimensions) among the points of the fit."""
    rows = serving_points().loc[table("validation")["point"]]
    models = {same_dimensions(name) for name in rows["model"].unique()}
    return {"accelerator": set(rows["accelerator"]), "model": models}


def measured_tuned(frame: pd.DataFrame) -> np.ndarray:
    """Rows of which a tuned server has been measured: their model on their platform.

    `frame` has the four names as our tables spell them; others were not measured.
    """
    found = frame[["accelerator", "model", "precision", "engine"]]
    known = found.drop_duplicates()
    answers = [_tuned(*names_of_row) for names_of_row in known.itertuples(index=False)]
    return found.merge(known.assign(tuned=answers), how="left")["tuned"].to_numpy(bool)


@cache
def _tuned(accelerator: str, model: str, precision: str, engine: str) -> bool:
    if accelerator not in names(Accelerator) or model not in names(Model):
        return False
    _, known = _log_sds(kind_of(""))
    return levels(accelerator, model, precision, engine)["series"] in known


@cache
def _metered_boards() -> set[str]:
    return set(board_points()["accelerator"])


def energy_log_sd(accelerator: str) -> float:
    """Log standard deviation of an accelerator's board energy at a known speed."""
    return board_log_sd(metered=accelerator in _metered_boards())


@cache
def residual_log_sd(
    accelerator: str, model: str, precision: str, engine: str = "", manner: str = ""
) -> pd.DataFrame:
    """What calibration leaves open: log standard deviations, a row a part of serving.

    Rows `step`, `prefill` and `first`; columns `shared` by all options of a scenario, and `own`.
    Not to be changed.
    """
    sizes = log_sd(accelerator, model, precision, engine, manner)
    parts = pd.Series(
        {"step": sizes["tpot_s"], "prefill": sizes["tpot_s"], "first": sizes["ttft_s"]}
    )
    return pd.DataFrame(
        {"shared": parts * SHARED_SHARE**0.5, "own": parts * (1 - SHARED_SHARE) ** 0.5}
    )
