"""The dated log of evidence on a claim, as likelihood ratios."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from analysis import model
from analysis.laws import rollout
from analysis.laws.claim import added_count, independent_count
from analysis.questions.launches import dated_table, milestones
from analysis.scenario.claims import claim, claim_about
from analysis.scenario.scenario import Scenario
from analysis.scenario.schema import Belief

DEPENDENCE = "cluster_dependence_share"  # belief: how far entries of a cluster say the same
RATIOS = ("low_ratio", "mid_ratio", "high_ratio")


@dataclass(frozen=True, eq=False)
class Evidence:
    """What was learnt of a claim on a day, as likelihood ratios, one a draw, with its source."""

    title: str
    known: date
    ratio: np.ndarray
    why: str
    source: str


def likelihood_ratios(
    case: Scenario,
    name: str,
    as_of: date,
    beliefs: Mapping[str, np.ndarray],
    seed: int | None = model.SEED,
) -> Iterator[Evidence]:
    """What was known of the claim `name` by a day, in order; `beliefs` are draws by name."""
    claimed, source_ratio = claim(name), np.asarray(beliefs["source_ratio"])
    sources = independent_count(claimed.sources_count, claimed.dependence_share)
    if sources > 1:
        belief = case.believe["source_ratio"]
        ratio = rollout.weighed_ratio(source_ratio, sources - 1)
        yield Evidence("Further sources", claimed.announced, ratio, belief.why, belief.source)
    dependence = np.asarray(beliefs[DEPENDENCE])
    for row in news(case, as_of, name).itertuples():
        stated = Belief(
            low=row.low_ratio,
            mid=row.mid_ratio,
            high=row.high_ratio,
            unit="",
            source=row.source,
            why=row.why,
        )
        scores = model.z_scores(f"evidence {row.known}", len(source_ratio), seed)
        ratio = model.quantile("evidence_ratio", stated, scores)
        weight = row.reliability_share * added_count(row.place_in_cluster, dependence)
        weighed = rollout.weighed_ratio(ratio, weight)
        yield Evidence(row.title, row.known, weighed, row.why, row.source)


def news(case: Scenario, as_of: date, name: str | None = None) -> pd.DataFrame:
    """The log of evidence on a claim by a day, a row an entry, with its `weighed_ratio`.

    Without a name the claim is that on the scenario's product, if no vendor announced it; the log
    is empty where there is none. The scenario's own ratios stand instead of the log's, where it has
    some. Each ratio is tempered by its source's reliability, and by how much of it earlier entries
    of its cluster have said: `place_in_cluster` counts them, itself included.
    """
    name = name or _claim_on_product(case)
    log = dated_table("evidence")
    log = log[(log["claim"] == name) & (log["known"] <= as_of)]
    log = log.sort_values("known", kind="stable")
    if case.claim == name and case.credence.instead:
        days = [day.isoformat() for day in log["known"]]
        own = pd.Series([case.credence.instead.get(day) for day in days], log.index, dtype=float)
        log = log.assign(**{end: own.fillna(log[end]) for end in RATIOS})
    place = log.groupby("cluster").cumcount() + 1
    weight = log["reliability_share"] * added_count(place, case.believe[DEPENDENCE].mid)
    return log.assign(
        place_in_cluster=place, weighed_ratio=rollout.weighed_ratio(log["mid_ratio"], weight)
    )


def _claim_on_product(case: Scenario) -> str | None:
    """The claim on the scenario's product, where it is claimed and no vendor announced it."""
    product = case.rollout.product
    if milestones(product, case.as_of)["announced"].status != "claimed":
        return None
    return claim_about(product)
