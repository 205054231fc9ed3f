"""What calibration has learnt: coefficients by level, and how far predictions are off."""

from functools import cache

import numpy as np
import pandas as pd

from analysis.facts import Model, find, names, table
from analysis.model.board_power import board_log_sd
from analysis.model.measured import board_points, serving_points

SHARED_SHARE = 0.5  # of the variance two options have in common: model, engine, workload; judged
# Fields that say how large a model is on paper, not how it runs.
_SIZES_ON_PAPER = (
    "name",
    "all_parameters",
    "active_parameters",
    "context_tokens",
    "mtp_layers_count",
)


def levels(accelerator: str, model: str, precision: str, engine: str) -> dict[str, str]:
    """The things that calibration tells apart, from wide to narrow; a blank engine has none."""
    family = table("families").set_index("accelerator").loc[accelerator]
    platform = series = ""
    if engine:
        platform = f"{family['generation']} {engine} {precision}"
        series = f"{platform} {same_dimensions(model)}"
    return {
        "maker": family["maker"],
        "generation": family["generation"],
        "engine": engine,
        "platform": platform,
        "series": series,
    }


@cache
def same_dimensions(model: str) -> str:
    """The table's first model with the same dimensions: DeepSeek-R1 runs as DeepSeek-V3 does."""
    return next(name for name in names(Model) if _dimensions(name) == _dimensions(model))


@cache
def _dimensions(model: str) -> tuple:
    record = vars(find(Model, model))
    return tuple(value for field, value in record.items() if field not in _SIZES_ON_PAPER)


@cache
def coefficients(
    accelerator: str, engine: str, precision: str, model: str = ""
) -> dict[str, float]:
    """The pool's coefficients, times what was learnt of this maker, engine, platform and series.

    Without a model, nothing of a series is applied.
    """
    rows = table("coefficients")
    pool = rows[rows["level"] == "pool"]
    values = dict(zip(pool["field"], pool["value"].astype(float), strict=True))
    named = levels(accelerator, model or names(Model)[0], precision, engine)
    if not model:
        del named["series"]
    for level, thing in named.items():
        own = rows[(rows["level"] == level) & (rows["thing"] == thing)]
        for field, value in zip(own["field"], own["value"], strict=True):
            values[field] *= float(value)
    return values


@cache
def log_sd(accelerator: str, model: str, precision: str, engine: str = "") -> dict[str, float]:
    """Log standard deviation of predictions by quantity, from points left out of the fit.

    A known series has its own; a new combination of known things, a new model and a new accelerator
    have those of points so left out; where both are new, the two add in squares.
    """
    rows = table("log_sd")
    by_level = rows[rows["thing"] == "all"].pivot_table("log_sd", "level", "quantity")
    unseen = _unseen(accelerator, model)
    if unseen:
        return np.sqrt((by_level.loc[unseen] ** 2).sum()).to_dict()
    series = levels(accelerator, model, precision, engine)["series"]
    own = rows[(rows["level"] == "series_known") & (rows["thing"] == series)]
    own = own.set_index("quantity")["log_sd"]
    known = len(own) == len(by_level.columns)
    return (own if known else by_level.loc["series"]).to_dict()


def _unseen(accelerator: str, model: str) -> list[str]:
    """What of these two the fit has never met: a generation or an accelerator, and a model."""
    generation = table("families").set_index("accelerator")["generation"]
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


@cache
def _metered_boards() -> set[str]:
    return set(board_points()["accelerator"])


def energy_log_sd(accelerator: str) -> float:
    """Log standard deviation of an accelerator's board energy at a known speed."""
    return board_log_sd(metered=accelerator in _metered_boards())


def residual_log_sd(accelerator: str, model: str, precision: str, engine: str = "") -> pd.DataFrame:
    """What calibration leaves open: log standard deviations, a row a part of serving.

    Rows `step`, `prefill` and `first`; columns `shared` by all options of a scenario, and `own`.
    """
    sizes = log_sd(accelerator, model, precision, engine)
    parts = pd.Series(
        {"step": sizes["tpot_s"], "prefill": sizes["tpot_s"], "first": sizes["ttft_s"]}
    )
    return pd.DataFrame(
        {"shared": parts * SHARED_SHARE**0.5, "own": parts * (1 - SHARED_SHARE) ** 0.5}
    )
