"""How far a claim is believed: prior by channel, evidence and silence, and the mixture from it."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from analysis import model
from analysis.laws import rollout
from analysis.questions import dates
from analysis.questions.evidence import Evidence, likelihood_ratios
from analysis.scenario.claims import claim, ledger
from analysis.scenario.scenario import Scenario
from analysis.scenario.schema import quantiles

LEVELS = tuple(np.linspace(0, 1, 21))


def updates(
    case: Scenario, draws: int = model.DRAWS, seed: int | None = model.SEED
) -> pd.DataFrame:
    """Every update in order, a row each, and the probability of the programme after it.

    Columns are step, known (a date), ratio (median), why, source; low, mid and high are the 80%
    range over draws, `mean` is what to expect, `draws` holds the probabilities.
    """
    share = model.beliefs(case, draws, seed)[claim(_name(case)).prior].to_numpy()
    rows = []
    for entry in _evidence(case, draws, seed):
        share = rollout.updated_share(share, entry.ratio)
        rows.append(
            {
                "step": entry.title,
                "known": entry.known,
                "ratio": float(np.median(entry.ratio)),
                "why": entry.why,
                "source": entry.source,
                **quantiles(share),
                "mean": float(share.mean()),
                "draws": share,
            }
        )
    return pd.DataFrame(rows)


def _evidence(case: Scenario, draws: int, seed: int | None) -> Iterable[Evidence]:
    """The prior (a ratio of one), the log of evidence, and silence past a promised date."""
    name, beliefs = _name(case), model.beliefs(case, draws, seed)
    claimed = claim(name)
    prior = case.believe[claimed.prior]
    yield Evidence(
        "Before the text is weighed", claimed.announced, np.ones(1), prior.why, prior.source
    )
    yield from likelihood_ratios(case, name, case.as_of, beliefs, seed)
    if "overdue" in set(ledger(claimed, case.as_of)["due"]):
        product = dates.with_rollout(case, product=claimed.product, assume_real=True)
        silence = np.array([dates.forecast(product).dates["weight"].mean()])
        notice = case.believe["notice_share_per_month"]
        title = "Silence past a promised date"
        yield Evidence(title, case.as_of, silence, notice.why, notice.source)


def _name(case: Scenario) -> str:
    """The scenario's claim; ValueError where nothing was claimed."""
    if case.claim is None:
        raise ValueError(f"{case.name}: nothing was claimed, so nothing is believed of a claim")
    return case.claim


def weights(
    case: Scenario, draws: int = model.DRAWS, seed: int | None = model.SEED
) -> pd.DataFrame:
    """Probabilities, a row a draw, that the claim is `true`, `mundane` or `empty`; they sum to 1.

    True: it is so, and the figure means what the headline makes of it (certain where the claim
    names its comparison). Mundane: the figure is real, of another quantity. Empty: neither, and
    nothing changes for a buyer.
    """
    beliefs = model.beliefs(case, draws, seed)
    real = updates(case, draws, seed)["draws"].iloc[-1]
    true = real if claim(_name(case)).named else real * beliefs["strong_share"]
    mundane = (1 - true) * beliefs["mundane_share"]
    return pd.DataFrame({"true": true, "mundane": mundane, "empty": 1 - true - mundane})


def mixture(
    weights: pd.DataFrame, true: np.ndarray, mundane: np.ndarray, seed: int = model.SEED
) -> np.ndarray:
    """A draw of tokens per dollar from each row's three worlds, shape (draws,).

    `true` and `mundane` are tokens per dollar in those worlds; where the claim is empty it is 1,
    today's.
    """
    point = np.random.default_rng([seed, *b"credence"]).random(len(weights))
    true_share, mundane_share = weights["true"].to_numpy(), weights["mundane"].to_numpy()
    is_true, is_real = point < true_share, point < true_share + mundane_share
    return np.select([is_true, is_real], [np.asarray(true), np.asarray(mundane)], 1.0)


def sensitivity(
    weights: pd.DataFrame,
    true: np.ndarray,
    mundane: np.ndarray,
    levels: Iterable[float] = LEVELS,
) -> pd.DataFrame:
    """Tokens per dollar under the mixture, were the claim true with each probability, a row each.

    The other two worlds keep their odds.
    """
    odds = weights["mundane"] / (weights["mundane"] + weights["empty"])
    rows = []
    for level in levels:
        at_level = pd.DataFrame({"true": level, "mundane": odds * (1 - level)})
        ratio = mixture(at_level, true, mundane)
        rows.append({"true_share": float(level), **quantiles(ratio), "mean": float(ratio.mean())})
    return pd.DataFrame(rows)
