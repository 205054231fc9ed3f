"""What has been shown to run: kinds of serving, loads and prompt rates that were measured."""

from collections.abc import Mapping
from functools import cache

import numpy as np
import pandas as pd

from analysis.facts import table
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


@cache
def highest_loads(
    accelerator: str,
    model: str,
    precision: str,
    input_tokens: float,
    output_tokens: float,
    unseen: str = "",
) -> dict[tuple[str, bool, bool], tuple[float, float]]:
    """The kinds of serving that have been shown, and the highest load at which each was.

    A kind is an engine, and whether it had pools and drafts. Of each there are requests a chip and
    prompt tokens/s of a chip in the prefill pool (infinite where nobody measured them: nobody
    counts on prompts being read faster than anybody has been seen to). Of this model on chips of
    this generation in this precision, for requests of these lengths; where none was measured, of
    any lengths, and then of any model. Empty where nothing was.
    `unseen`, `model` or `accelerator`, leaves out what was measured of this one, as if nobody had.
    """
    rows = _shown()
    names = {"accelerator": accelerator, "model": same_dimensions(model)}
    if unseen:
        rows = rows[rows[unseen] != names[unseen]]
    generation = table("families").set_index("accelerator")["generation"][accelerator]
    rows = rows[(rows["generation"] == generation) & (rows["precision"] == precision)]
    same_model = rows["model"] == names["model"]
    # How fast prompts are read depends on the model, so that of another says nothing.
    rows = rows[same_model] if same_model.any() else rows.assign(prompt_rate=np.nan)
    lengths = (rows["input_tokens"] == input_tokens) & (rows["output_tokens"] == output_tokens)
    rows = rows[lengths] if lengths.any() else rows
    most = rows.groupby(KIND)[["requests_per_chip", "prompt_rate"]].max().fillna(np.inf)
    return {
        (str(engine), bool(pools), bool(drafts)): (float(load), float(rate))
        for (engine, pools, drafts), load, rate in most.itertuples()
    }


def shown(
    offers: Offers,
    loads: Mapping[tuple[str, bool, bool], tuple[float, float]],
    prompt_rate: np.ndarray,
) -> np.ndarray:
    """Which deployments are of a kind that was shown, at a load that was: `loads` as above.

    `prompt_rate` has the computed prompt tokens/s of a chip in each one's prefill pool.
    """
    load = offers.columns["concurrency_requests"] / offers.columns["deployment_chips"]
    most, fastest = loads.get((offers.engine, offers.pools, offers.drafts), (0.0, np.inf))
    return (load <= MARGIN * most) & (prompt_rate <= MARGIN * fastest)
