"""What has been shown to run: kinds of serving, with the loads, prompt rates and draft depths."""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.facts import Model, find, table
from analysis.model.dimensions import same_dimensions
from analysis.model.manner import TUNED
from analysis.model.measured import serving_points
from analysis.model.workers import Offers

KIND = ["engine", "pools", "drafts"]
MARGIN = 1.01  # of the highest load measured: loads that are as high but for rounding count


@cache
def _shown() -> pd.DataFrame:
    """Tuned points with how they are served and their load, not to be changed."""
    rows = serving_points()
    stated = (rows["engine_level"] == TUNED) & ~rows["speculative"].isin(["yes", "inferred"])
    rows = rows[stated & rows["tpot_s"].notna() & rows["concurrency"].notna()]
    generation = table("families").set_index("accelerator")["generation"]
    return pd.DataFrame(
        {
            "accelerator": rows["accelerator"],
            "generation": rows["accelerator"].map(generation),
            "precision": rows["precision"],
            "engine": rows["engine"],
            "model": rows["model"].map(same_dimensions),
            "pools": rows["disaggregated"] == "yes",
            "drafts": rows["draft_tokens"] > 0,
            "draft_tokens": rows["draft_tokens"].fillna(0),
            "input_tokens": rows["input_tokens"],
            "output_tokens": rows["output_tokens"],
            "requests_per_chip": rows["concurrency"] / rows["chips"],
            "prompt_rate": _prompt_rate(rows),
        }
    )


def _prompt_rate(rows: pd.DataFrame) -> pd.Series:
    """Prompt tokens/s of a chip in the prefill pool; NaN for one pool."""
    answers_per_s = rows["output_tokens_per_s_per_chip"] * rows["chips"] / rows["output_tokens"]
    return answers_per_s * rows["input_tokens"] / rows["prefill_chips"].replace(0, np.nan)


class Highest(NamedTuple):
    """How far a kind of serving has been shown to work."""

    requests_per_chip: float
    prompt_rate: float  # prompt tokens/s of a chip in the prefill pool; infinite where not measured
    draft_tokens: float  # a step


Kind = tuple[str, bool, bool]  # an engine, and whether it had pools and drafts


@cache
def highest_loads(
    accelerator: str,
    model: str,
    precision: str,
    input_tokens: float,
    output_tokens: float,
    unseen: str = "",
) -> dict[Kind, Highest]:
    """The kinds of serving that have been shown, and how far each was. Empty where none was.

    Of this model on chips of this generation in this precision, for requests of these lengths;
    where none was measured, of any lengths. All chips of a generation are bounded alike: which of
    them somebody has measured more often is no reason to prefer it.

    Of a model that nobody has measured, what most of its kind do is counted on: pools and drafts
    where at least half of them had these, and the median of their highest loads. Models with
    draft layers of their own are one kind, as all of them are served with drafts, and models
    without are the other. How fast prompts are read goes with the parameters at work, so that of
    another model is scaled by them.

    `unseen`, `model` or `accelerator`, leaves out what was measured of this one, as if nobody had.
    """
    rows = _shown()
    names = {"accelerator": accelerator, "model": same_dimensions(model)}
    if unseen:
        rows = rows[rows[unseen] != names[unseen]]
    generation = table("families").set_index("accelerator")["generation"][accelerator]
    rows = rows[(rows["generation"] == generation) & (rows["precision"] == precision)]
    same_model = rows["model"] == names["model"]
    rows = rows[same_model] if same_model.any() else _of_most_models(rows, model)
    lengths = (rows["input_tokens"] == input_tokens) & (rows["output_tokens"] == output_tokens)
    rows = rows[lengths] if lengths.any() else rows
    by_model = rows.groupby([*KIND, "model"])[list(Highest._fields)].max()
    most = by_model.groupby(level=KIND).median().fillna(np.inf)
    return {
        (str(engine), bool(pools), bool(drafts)): Highest(*map(float, highest))
        for (engine, pools, drafts), *highest in most.itertuples()
    }


def _of_most_models(rows: pd.DataFrame, model: str) -> pd.DataFrame:
    """Those points of models of its kind that are served as most of these are, as if of `model`."""
    own_kind = rows["model"].map(_drafts_by_itself) == _drafts_by_itself(model)
    if own_kind.any():
        rows = rows[own_kind]
    served_so = rows.groupby(["pools", "drafts"])["model"].transform("nunique")
    own = find(Model, model).active_parameters
    active = rows["model"].map(lambda name: find(Model, name).active_parameters).astype(float)
    scaled = rows.assign(prompt_rate=rows["prompt_rate"] * active / own)
    return scaled[served_so >= rows["model"].nunique() / 2]


@cache
def _drafts_by_itself(model: str) -> bool:
    """Whether a model comes with draft layers."""
    return find(Model, model).mtp_layers_count > 0


def shown(offers: Offers, loads: Mapping[Kind, Highest], prompt_rate: np.ndarray) -> np.ndarray:
    """Which deployments are of a kind that was shown, as far as it was: `loads` as above.

    `prompt_rate` has the computed prompt tokens/s of a chip in each one's prefill pool. Nobody
    counts on prompts being read faster, or on more drafts a step, than anybody has shown.
    """
    highest = loads.get((offers.engine, offers.pools, offers.drafts))
    load = offers.columns["concurrency_requests"] / offers.columns["deployment_chips"]
    if highest is None:
        return np.zeros(len(load), dtype=bool)
    is_shown = load <= MARGIN * highest.requests_per_chip
    is_shown &= prompt_rate <= MARGIN * highest.prompt_rate
    return is_shown & (offers.columns["draft_count"] <= highest.draft_tokens)
