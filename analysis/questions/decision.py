"""Wait, buy now, rent and switch, or part of each: expected cost, regret, break-even and the value
of knowing.
"""

import numpy as np
import pandas as pd

from analysis import model
from analysis.laws import decision
from analysis.questions import budget, fleet
from analysis.questions import dates as schedule
from analysis.questions import launches as record

ACTS = ("buy now", "wait", "rent and switch", "half now")
BINS = 20


def _worth(case) -> tuple[np.ndarray, np.ndarray]:
    months = np.arange(case.decision.horizon_months, dtype=float)
    rate = np.log1p(case.decision.discount_share_per_year) / 12
    return months, decision.discount_ratio(months, rate)


def waiting(
    case, arrival_months, premium_ratio, multiplier_ratio, gives_up: bool = False
) -> np.ndarray:
    """Present cost of waiting over that of buying today; columns of draws in, a row a draw out.

    Who `gives_up` declines hardware that yields less a dollar than the old, and buys the old when
    patience ends.
    """
    months, worth = _worth(case)
    asked = (arrival_months, premium_ratio, multiplier_ratio)
    arrival, premium, multiplier = (np.asarray(x, float)[..., None] for x in asked)
    if gives_up:
        late = arrival > case.decision.patience_months
        arrival = np.where(late, case.decision.patience_months, arrival)
        multiplier = np.where(late, 1.0, decision.chosen_multiplier_ratio(multiplier, 1.0))
    moved = decision.migrated_share(months, arrival, case.decision.ramp_months)
    cost = decision.waiting_ratio(moved, premium, multiplier)
    return decision.present_usd(cost, worth) / decision.present_usd(np.ones_like(worth), worth)


def _paid(case, arrival_months, premium_ratio, multiplier_ratio) -> list[np.ndarray]:
    """Present cost of each act over buying today, in the order of ACTS."""
    met = (arrival_months, premium_ratio, multiplier_ratio)
    wait, rent = (waiting(case, *met, gives_up) for gives_up in (False, True))
    share = case.decision.hedge_share
    return [np.ones_like(wait), wait, rent, share + (1 - share) * rent]


def costs(
    case, draws: pd.DataFrame, seen: schedule.Forecast, option: str = "candidate"
) -> pd.DataFrame:
    """Present cost of each act over buying today, a row a draw, with the arrival and multiplier
    that it met.
    """
    believed, gain = model.beliefs(case), budget.gain(draws, option)
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
        f"knowing_{what}_ratio": knowing(table, about)
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


def knowing(table: pd.DataFrame, about: str) -> float:
    """Value of knowing one thing before acting, as a share of the cost of buying: acts chosen bin
    by bin (EVPPI).
    """
    groups = table.groupby(table[about].rank(method="first") * BINS // (len(table) + 1))[list(ACTS)]
    informed = groups.mean().min(axis=1) @ groups.size() / len(table)
    return max(float(table[list(ACTS)].mean().min() - informed), 0.0)


def grid(case, delays=range(0, 37, 2), multipliers=None) -> pd.DataFrame:
    """Cost of waiting over buying for each delay and multiplier, at the median premium."""
    multipliers = np.round(np.geomspace(0.8, 4, 17), 2) if multipliers is None else multipliers
    delay, gain = (axis.ravel() for axis in np.meshgrid(np.asarray(delays, float), multipliers))
    cost = waiting(case, delay, np.full(len(delay), case.believe["rent_premium_ratio"].mid), gain)
    return pd.DataFrame({"delay_months": delay, "multiplier_ratio": gain, "cost_ratio": cost})


def break_even(case, delays=range(0, 37)) -> pd.DataFrame:
    """Multiplier that a delay needs before waiting pays, a row a delay; infinite where none
    does.
    """
    months, worth = _worth(case)
    delays = np.asarray(delays, float)
    moved = decision.migrated_share(months, delays[:, None], case.decision.ramp_months)
    share = decision.present_usd(moved, worth) / worth.sum()
    needed = decision.break_even_ratio(share, case.believe["rent_premium_ratio"].mid)
    return pd.DataFrame({"delay_months": delays, "multiplier_ratio": needed})


def places(case, table: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Cells of a grid to mark: the least multiplier that pays for each delay, and the medians of
    this scenario.
    """
    even = break_even(case, sorted(cells.delay_months.unique())).assign(mark="pays for the delay")
    here = (
        table[["arrival_months", "multiplier_ratio"]]
        .median()
        .rename({"arrival_months": "delay_months"})
    )
    marks = pd.concat([even, here.to_frame().T.assign(mark="this scenario")], ignore_index=True)
    inside = marks.multiplier_ratio <= cells.multiplier_ratio.max()
    inside &= np.isfinite(marks.delay_months.astype(float)) & (
        marks.delay_months <= cells.delay_months.max()
    )
    near = lambda column: [
        min(cells[column].unique(), key=lambda cell: abs(cell - x)) for x in marks[inside][column]
    ]
    return marks[inside].assign(
        **{column: near(column) for column in ("delay_months", "multiplier_ratio")}
    )


def break_even_month(case, gain: float) -> float:
    """Longest wait in months that a multiplier is worth; 0 where no wait is, infinite beyond 10
    years.
    """
    paying = break_even(case, np.arange(0, 120.5, 0.5))[lambda rows: rows.multiplier_ratio <= gain]
    return float(paying.delay_months.max()) if len(paying) else 0.0


def regrets(case, draws: pd.DataFrame, seen: schedule.Forecast) -> pd.DataFrame:
    """Regret of each act in named futures (columns), and the worst of them: the least of these is
    minimax regret.
    """
    now = record.months_between(seen.start, case.as_of)
    real = seen._replace(real_share=1.0)
    at = lambda level: max(schedule.quantile(real, "general", level) - now, 0)
    poor, measured = np.quantile(budget.gain(draws, "candidate"), [0.1, 0.5])
    claimed = (
        float(np.median(budget.gain(draws, "claimed")))
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
