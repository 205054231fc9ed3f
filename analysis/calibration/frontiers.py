"""Frontiers of tokens/s a chip over tokens/s for each user: the search's beside what was measured.

And what was published of VR200, of which no row is in the fit, beside the forecast for it.
"""

from functools import cache

import numpy as np
import pandas as pd

from analysis.calibration.best_of_each import LENGTHS, measured_alike, most
from analysis.calibration.points import RATE
from analysis.facts import table
from analysis.model.manner import kind_of
from analysis.model.points import manners
from analysis.model.predict import predict
from analysis.model.search import ANY, MEASURED, Search, frontier, stated_layout, undominated

CHIPS = ("b200", "gb200", "gb300", "mi355x")
MODEL, PRECISION = "deepseek-r1", "fp4"  # the model that was measured on all of them
RACK_CHIPS = 72  # of a rack of VR200
FORECAST, BEFORE = "vr200", "gb300"
STEP = 0.015  # of the logarithm of speed: one deployment is drawn in each
SLOWEST, FASTEST = 10, 400  # tokens/s for each user that a frontier is drawn over


def offers(accelerator: str, loads: str = MEASURED) -> pd.DataFrame:
    """What the search offers on as many chips as the largest measured deployment; not to change.

    At the loads at which servers are measured, unless all are asked for.
    """
    points = measured_alike(MODEL, accelerator, PRECISION)
    chips = int(points["chips"].max()) if len(points) else RACK_CHIPS
    return undominated(Search(accelerator, MODEL, PRECISION, "", chips, *LENGTHS, loads=loads))


@cache
def lines() -> pd.DataFrame:
    """The best that the search finds at each speed, a row a deployment of CHIPS, with its range.

    Columns are accelerator, tokens_per_s_per_user, kind (manner.KINDS), and low, mid and high in
    tokens/s a chip.
    """
    return pd.concat([_line(accelerator) for accelerator in CHIPS], ignore_index=True)


def _line(accelerator: str) -> pd.DataFrame:
    found = frontier(offers(accelerator))
    drawn = found[found["tokens_per_s_per_user"].between(SLOWEST, FASTEST)]
    step = np.round(np.log(drawn["tokens_per_s_per_user"]) / STEP)
    return with_ranges(accelerator, drawn[~step.duplicated(keep="last")])


def with_ranges(accelerator: str, found: pd.DataFrame) -> pd.DataFrame:
    """Deployments of the search with the 80% range of their rate; columns as `lines` has them."""
    named = {"accelerator": accelerator, "model": MODEL, "precision": PRECISION}
    work = dict(zip(("input_tokens", "output_tokens"), LENGTHS, strict=True))
    stated = pd.DataFrame([stated_layout(row) for row in found.to_dict("records")])
    answers = predict(stated.assign(**named, **work))
    return pd.DataFrame(
        {
            "accelerator": accelerator,
            "tokens_per_s_per_user": found["tokens_per_s_per_user"].to_numpy(),
            "kind": [kind_of(manner) for manner in manners(answers)],
            "low": answers[f"{RATE}_p10"],
            "mid": answers[RATE],
            "high": answers[f"{RATE}_p90"],
        }
    )


@cache
def measured() -> pd.DataFrame:
    """Points that were measured on CHIPS: accelerator, speed, rate, engine and kind of serving."""
    points = pd.concat([measured_alike(MODEL, each, PRECISION) for each in CHIPS])
    kinds = [kind_of(manner) for manner in manners(points)]
    names = ["accelerator", "engine", "tokens_per_s_per_user", RATE]
    return points[names].assign(kind=kinds).reset_index(drop=True)


def against_band() -> pd.Series:
    """Where each measured point lies: above the band of its chip's frontier, or within or below.

    A point at a speed that the frontier does not reach is `above`.
    """
    by_chip = dict(list(lines().groupby("accelerator")))
    places = []
    for row in measured().to_dict("records"):
        line = by_chip[row["accelerator"]]
        highest = most(line["high"], line["tokens_per_s_per_user"], row["tokens_per_s_per_user"])
        places.append("within or below" if row[RATE] <= highest else "above")
    return pd.Series(places)


def published_rows() -> pd.DataFrame:
    """Published rates of VR200 a chip under a promise: rows of facts/ratios.csv."""
    return table("ratios").query(
        "candidate == 'vr200 fp4' and model == @MODEL and matching == 'same_promise' "
        "and per == 'chip'"
    )


def published() -> pd.DataFrame:
    """Published rates of VR200 beside the forecast that never saw them, a row a promised speed.

    The publisher interpolates between its points, so the forecast is at all loads.
    Columns are promise, published (tokens/s a chip), published_ratio (over GB300 at that speed),
    low, mid and high (the forecast) and ratio (its median over that of GB300).
    """
    rows = published_rows()
    forecast, before = offers(FORECAST, ANY), offers(BEFORE, ANY)
    answers = []
    for row in rows.sort_values("user_tokens_per_s").to_dict("records"):
        promise = row["user_tokens_per_s"]
        kept = forecast[forecast["tokens_per_s_per_user"] >= promise].nlargest(1, RATE)
        answer = {"promise": promise, "published": row["after_tokens_per_s_per_chip"]}
        answer["published_ratio"] = row["times_ratio"]
        if len(kept):
            answer |= with_ranges(FORECAST, kept)[["low", "mid", "high"]].iloc[0].to_dict()
            best = most(before[RATE], before["tokens_per_s_per_user"], promise)
            answer["ratio"] = answer["mid"] / best
        answers.append(answer)
    columns = ["promise", "published", "published_ratio", "low", "mid", "high", "ratio"]
    return pd.DataFrame(answers, columns=columns)
