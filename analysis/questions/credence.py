"""How far a claim is believed: prior by channel, evidence and silence as ratios, and the mixture
that follows.
"""

import numpy as np
import pandas as pd

from analysis import model
from analysis.laws import rollout
from analysis.questions import dates, evidence
from analysis.scenario.claims import claim, ledger
from analysis.scenario.schema import quantiles


def updates(case, draws: int = model.DRAWS, seed: int | None = model.SEED) -> pd.DataFrame:
    """Every update in order: step, date, likelihood ratio, why, source, and the probability of the
    programme after it.

    Columns low, mid and high are the 80% range over draws, `mean` is what to expect; `draws` holds
    the probabilities.
    """
    claimed, believed = claim(case.claim), model.beliefs(case, draws, seed)
    share = believed[claimed.prior].to_numpy()
    rows = [
        (
            "Before the text is weighed",
            claimed.announced,
            np.ones(1),
            case.believe[claimed.prior],
            share,
        )
    ]
    known = [*evidence.likelihood_ratios(case, case.claim, case.as_of, believed, seed)]
    if "overdue" in set(ledger(claimed, case.as_of)["due"]):
        seen = dates.forecast(dates.with_rollout(case, product=claimed.product, assume_real=True))
        told = np.array([seen.dates["weight"].mean()]), case.believe["notice_share_per_month"]
        known.append(("Silence past a promised date", case.as_of, *told))
    for step, day, ratio, belief in known:
        rows.append((step, day, ratio, belief, share := rollout.updated_share(share, ratio)))
    return pd.DataFrame(
        [
            {
                "step": step,
                "known": day,
                "ratio": float(np.median(ratio)),
                "why": belief.why,
                "source": belief.source,
                **quantiles(share),
                "mean": float(share.mean()),
                "draws": share,
            }
            for step, day, ratio, belief, share in rows
        ]
    )


def weights(case, draws: int = model.DRAWS, seed: int | None = model.SEED) -> pd.DataFrame:
    """Probabilities, a row a draw, that the claim is `true`, `mundane` or `empty`; they sum to 1.

    True: it is so, and the figure means what the headline makes of it (certain where the claim
    names its comparison). Mundane: the figure is real, of another quantity. Empty: neither, and
    nothing changes for a buyer.
    """
    believed = model.beliefs(case, draws, seed)
    real = updates(case, draws, seed)["draws"].iloc[-1]
    true = real if claim(case.claim).named else real * believed["strong_share"]
    mundane = (1 - true) * believed["mundane_share"]
    return pd.DataFrame({"true": true, "mundane": mundane, "empty": 1 - true - mundane})


def mixture(weighed: pd.DataFrame, true, mundane, seed: int = model.SEED) -> np.ndarray:
    """A draw of tokens per dollar from each row's three worlds; 1, today's, where the claim is
    empty.
    """
    point = np.random.default_rng([seed, *b"credence"]).random(len(weighed))
    first, second = (weighed[name].to_numpy() for name in ("true", "mundane"))
    return np.select(
        [point < first, point < first + second], [np.asarray(true), np.asarray(mundane)], 1.0
    )


def sensitivity(weighed: pd.DataFrame, true, mundane, levels=None) -> pd.DataFrame:
    """Tokens per dollar under the mixture, were the claim true with each probability; the rest keep
    their odds.
    """
    rows, odds = [], weighed["mundane"] / (weighed["mundane"] + weighed["empty"])
    for level in np.linspace(0, 1, 21) if levels is None else levels:
        drawn = mixture(pd.DataFrame({"true": level, "mundane": odds * (1 - level)}), true, mundane)
        rows.append({"true_share": float(level), **quantiles(drawn), "mean": float(drawn.mean())})
    return pd.DataFrame(rows)
