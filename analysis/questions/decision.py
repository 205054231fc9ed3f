"""Wait, buy now, rent and switch, or part of each: expected cost, regret, break-even and the value
of knowing.
"""

import numpy as np
import pandas as pd

from analysis import model
from analysis.laws import decision
from analysis.questions import budget, dates, fleet, launches, waiting

ACTS = ("buy now", "wait", "rent and switch", "half now")
BINS = 20


def _paid(case, arrival_months, premium_ratio, multiplier_ratio) -> list[np.ndarray]:
    """Present cost of each act over buying today, in the order of ACTS."""
    met = (arrival_months, premium_ratio, multiplier_ratio)
    wait, rent = (waiting.cost_ratio(case, *met, gives_up) for gives_up in (False, True))
    share = case.decision.hedge_share
    return [np.ones_like(wait), wait, rent, share + (1 - share) * rent]


def costs(
    case, draws: pd.DataFrame, seen: dates.Forecast, option: str = "candidate"
) -> pd.DataFrame:
    """Present cost of each act over buying today, a row a draw, with the arrival and multiplier
    that it met.
    """
    believed, gain = model.beliefs(case), budget.gain_ratio(draws, option)
    arrival = fleet.arrivals(case, seen, believed, len(gain))
    paid = _paid(case, arrival, believed.rent_premium_ratio.to_numpy(), gain)
    return pd.DataFrame(dict(zip(ACTS, paid, strict=True))).assign(
        arrival_months=arrival, multiplier_ratio=gain
    )


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """A row an act: mean cost and 80% range, chance that none is cheaper, mean regret and its 95th
    percentile.
    """
    acts = table[list(ACTS)]
    regret = decision.regret_usd(acts.to_numpy(), acts.min(axis=1).to_numpy()[:, None])
    best = acts.le(acts.min(axis=1) + 1e-9, axis=0)
    rows = [
        (
            act,
            acts[act].mean(),
            *acts[act].quantile([0.1, 0.9]),
            best[act].mean(),
            regret[:, n].mean(),
            np.quantile(regret[:, n], 0.95),
        )
        for n, act in enumerate(ACTS)
    ]
    columns = [
        "act",
        "mean_ratio",
        "low_ratio",
        "high_ratio",
        "best_share",
        "regret_ratio",
        "worst_regret_ratio",
    ]
    return pd.DataFrame(rows, columns=columns).set_index("act")


def advice(table: pd.DataFrame) -> dict:
    """The act of least mean cost, the chance that another would have been cheaper, and what knowing
    would be worth.
    """
    told = summary(table)
    act = told.mean_ratio.idxmin()
    acts = table[list(ACTS)]
    wrong = (acts.drop(columns=act).min(axis=1) < acts[act] - 1e-9).mean()
    option = told.mean_ratio["wait"] - told.mean_ratio["rent and switch"]
    worth = {
        f"knowing_{what}_ratio": value_of_knowing(table, about)
        for what, about in (("date", "arrival_months"), ("multiplier", "multiplier_ratio"))
    }
    return {
        "act": act,
        "cost_ratio": float(told.mean_ratio[act]),
        "wrong_share": float(wrong),
        "knowing_ratio": float(told.regret_ratio[act]),
        **worth,
        "option_ratio": float(option),
    }


def value_of_knowing(table: pd.DataFrame, about: str) -> float:
    """Value of knowing one thing before acting, as a share of the cost of buying: acts chosen bin
    by bin (EVPPI).
    """
    groups = table.groupby(table[about].rank(method="first") * BINS // (len(table) + 1))[list(ACTS)]
    informed = groups.mean().min(axis=1) @ groups.size() / len(table)
    return max(float(table[list(ACTS)].mean().min() - informed), 0.0)


def regrets(case, draws: pd.DataFrame, seen: dates.Forecast) -> pd.DataFrame:
    """Regret of each act in named futures (columns), and the worst of them: the least of these is
    minimax regret.
    """
    now = launches.months_between(seen.start, case.as_of)
    real = seen.if_real()
    at = lambda level: max(dates.quantile(real, "general", level) - now, 0)
    poor, measured = np.quantile(budget.gain_ratio(draws, "candidate"), [0.1, 0.5])
    claimed = (
        float(np.median(budget.gain_ratio(draws, "claimed")))
        if "claimed" in draws.index.levels[0]
        else measured
    )
    futures = {
        "early, at its word": (at(0.1), claimed),
        "median date, measured": (at(0.5), measured),
    }
    futures |= {"median date, disappoints": (at(0.5), poor)}
    if not seen.general:
        futures |= {"late, measured": (at(0.7), measured), "never": (np.inf, 1.0)}
    rows = {}
    for future, (arrival, gain) in futures.items():
        paid = np.array(_paid(case, arrival, case.believe["rent_premium_ratio"].mid, gain))
        rows[future] = decision.regret_usd(paid, paid.min())
    return pd.DataFrame(rows, index=pd.Index(ACTS, name="act")).assign(
        worst=lambda t: t.max(axis=1)
    )
