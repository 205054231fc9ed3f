"""The dated log of evidence on a claim, as likelihood ratios."""

from collections.abc import Iterator
from datetime import date

import numpy as np
import pandas as pd

from analysis import model
from analysis.laws import rollout
from analysis.laws.claim import independent_count
from analysis.questions.launches import dated_table, milestones
from analysis.scenario.claims import claim
from analysis.scenario.schema import Belief


def likelihood_ratios(
    case, name: str, as_of: date, believed, seed=model.SEED
) -> Iterator[tuple[str, date, np.ndarray, Belief]]:
    """What was known of a claim by a day, in order: step, day, likelihood ratio a draw, and the
    belief behind it.
    """
    told, ratio = claim(name), np.asarray(believed["source_ratio"])
    if (sources := independent_count(told.sources_count, told.dependence_share)) > 1:
        yield (
            "Further sources",
            told.announced,
            rollout.weighed_ratio(ratio, sources - 1),
            case.believe["source_ratio"],
        )
    for row in news(case, as_of, name).itertuples():
        ends = {"low": row.low_ratio, "mid": row.mid_ratio, "high": row.high_ratio}
        belief = Belief(**ends, unit="", source=row.source, why=row.why)
        drawn = model.quantile(
            "evidence_ratio", belief, model.z_scores(f"evidence {row.known}", len(ratio), seed)
        )
        yield row.title, row.known, rollout.weighed_ratio(drawn, row.reliability_share), belief


def news(case, as_of: date, name: str | None = None) -> pd.DataFrame:
    """The log of evidence on a claim by a day; without a name on the scenario's product, if it is a
    claimed one.

    The scenario's own ratios stand instead of the log's, where it has some; each is tempered by its
    source's worth.
    """
    product, log = case.rollout.product, dated_table("evidence")
    claimed = milestones(product, case.as_of)["announced"].status == "claimed"
    name = name or (product.lower() if claimed else "")
    log = log[(log.claim == name) & (log.known <= as_of)].sort_values("known", kind="stable")
    if case.claim == name and case.credence.instead:
        taken = log.known.map(
            lambda day: case.credence.instead.get(day.isoformat(), np.nan)
        ).astype(float)
        log = log.assign(
            **{end: taken.fillna(log[end]) for end in ("low_ratio", "mid_ratio", "high_ratio")}
        )
    return log.assign(weighed_ratio=rollout.weighed_ratio(log.mid_ratio, log.reliability_share))
