"""From plain to best under one promise: what precision, chip, rack, pools and drafts each bring.

Matched comparisons change one thing and isolate the chip; a buyer gets the best of each. The steps
lead from the one to the other, and measured points stand beside them where there are any.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.laws.throughput import THROUGHPUT
from analysis.model.dimensions import same_dimensions
from analysis.model.draws import DRAWS, SEED, z_scores
from analysis.model.layouts import Infeasible, workload_and_promise
from analysis.model.manner import TUNED
from analysis.model.measured import serving_points
from analysis.model.operating_point import depths, modes, search_of
from analysis.model.options import residual_sizes
from analysis.model.runner import evaluate
from analysis.model.search import RATE, best_deployment
from analysis.model.settings import residual_draws
from analysis.scenario.scenario import Scenario
from analysis.scenario.schema import quantiles

SERVER_CHIPS = 8  # of one server, in which plain serving stays
ONE_POOL, NO_DRAFTS = ("aggregated",), (0,)
START, PRECISION, CHIP, RACK, POOLS, DRAFTS = STEPS = (
    "plain",
    "precision",
    "chip",
    "rack",
    "pools",
    "drafts",
)
TODAYS_BEST, NARROW_BEST = "today at its best", "today's chips, narrower, at their best"
FEWEST = 3  # measured points of a stage from which a best is read


@dataclass(frozen=True)
class Stage:
    """How a model is served: on which chips, in which precision, and what its operator runs."""

    step: str
    accelerator: str
    precision: str
    chips: int
    modes: tuple[str, ...]
    depths: tuple[int, ...]


def serving_steps(case: Scenario, draws: int = DRAWS, seed: int = SEED) -> pd.DataFrame:
    """Output tokens/s a chip at the promise after each step, from plain serving to the best.

    A row a stage: first those of STEPS that differ from the one before, then today's chips at their
    best, in today's precision and in the headline's (TODAYS_BEST, NARROW_BEST). Columns are those
    of Stage; low, mid and high in tokens/s a chip, with draws of what calibration leaves open;
    factor, over the stage before; and measured, the highest measured rate of such a stage at these
    lengths with nothing cached, NaN where too few were. A stage that nothing serves as promised is
    left out, and its difference joins the next.
    """
    rows = []
    for stage in _stages(case):
        rates = _rates(case, stage, draws, seed)
        if rates is not None:
            rows.append({**vars(stage), **quantiles(rates), "measured": _measured(case, stage)})
    names = ["step", "accelerator", "precision", "chips", "low", "mid", "high", "measured"]
    table = pd.DataFrame(rows, columns=names)
    steps = table["mid"].where(table["step"].isin(STEPS))
    return table.assign(factor=steps / steps.shift())


def _stages(case: Scenario) -> Iterator[Stage]:
    old, new = case.deployment("baseline"), case.deployment("candidate")
    server = min(SERVER_CHIPS, new.chips)
    plain = Stage(START, old.accelerator, old.precision, server, ONE_POOL, NO_DRAFTS)
    narrow = replace(plain, step=PRECISION, precision=new.precision)
    chip = replace(narrow, step=CHIP, accelerator=new.accelerator, chips=server)
    rack = replace(chip, step=RACK, chips=new.chips)
    pools = replace(rack, step=POOLS, modes=modes(case.serving))
    drafts = replace(pools, step=DRAFTS, depths=depths(case.serving))
    before = None
    for stage in (plain, narrow, chip, rack, pools, drafts):
        if before is None or replace(stage, step=before.step) != before:
            yield stage
        before = stage
    best = replace(drafts, chips=max(old.chips, new.chips), accelerator=old.accelerator)
    yield replace(best, step=TODAYS_BEST, precision=old.precision)
    if (narrow.accelerator, narrow.precision) not in (
        (plain.accelerator, plain.precision),
        (drafts.accelerator, drafts.precision),
    ):
        yield replace(best, step=NARROW_BEST)


def _rates(case: Scenario, stage: Stage, draws: int, seed: int) -> np.ndarray | None:
    """Tokens/s a chip of the best deployment, draw by draw; None where nothing serves as promised.

    It is found at the medians.
    """
    _, promise = workload_and_promise(case)
    search = replace(
        search_of(case, "candidate"),
        accelerator=stage.accelerator,
        precision=stage.precision,
        engine="",
        chips=stage.chips,
        modes=stage.modes,
        depths=stage.depths,
    )
    try:
        found = best_deployment(search, promise)
    except Infeasible:
        return None
    residuals = residual_draws(
        found.columns,
        residual_sizes(case, found, (*search.names, found.engine)),
        stage.accelerator,  # a chip's own error is one, however it is served
        lambda name: z_scores(name, draws, seed),
    )
    rates = evaluate({**found.columns, **residuals}, THROUGHPUT)[RATE]
    return np.broadcast_to(rates, draws)


def _measured(case: Scenario, stage: Stage) -> float:
    """The highest measured rate of a stage that keeps the promised speed; NaN where few measured.

    The limit on the first token is not asked: closed benchmarks begin with a burst.
    """
    points = measured_points(case, stage.accelerator, stage.precision)
    wanted = points["chips"] <= stage.chips  # both pools counted
    if "disaggregated" not in stage.modes:
        wanted &= points["disaggregated"] != "yes"
    if stage.depths == NO_DRAFTS:
        wanted &= (points["draft_tokens"] == 0) & (points["speculative"] == "no")
    own = points[wanted]
    kept = own.loc[own["tokens_per_s_per_user"] >= case.workload.tokens_per_s_per_user, RATE]
    return float(kept.max()) if len(own) >= FEWEST and len(kept) else np.nan


def measured_points(case: Scenario, accelerator: str, precision: str) -> pd.DataFrame:
    """Points that somebody has measured on tuned servers for a scenario's model and lengths.

    Nothing is cached in them. Columns are those of `serving_points` and `tokens_per_s_per_user`.
    """
    points = serving_points()
    points = points[
        (points["model"].map(same_dimensions) == same_dimensions(case.model))
        & (points["accelerator"] == accelerator)
        & (points["precision"] == precision)
        & (points["input_tokens"] == case.workload.input_tokens)
        & (points["output_tokens"] == case.workload.output_tokens)
        & (points["engine_level"] == TUNED)
        & points[RATE].notna()
        & points["tpot_s"].notna()
    ]
    return points.assign(tokens_per_s_per_user=1 / points["tpot_s"])
