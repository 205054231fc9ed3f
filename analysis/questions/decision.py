"""Wait, buy now, rent and switch, or part of each: cost, regret, the value of knowing."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis import model
from analysis.laws import decision
from analysis.questions import budget, dates, fleet, launches, waiting
from analysis.questions.dates import Forecast
from analysis.questions.sensitivity import value_of_knowing
from analysis.scenario.scenario import Scenario

ACTS = ("buy now", "wait", "rent and switch", "half now")
TIE = 1e-9  # costs nearer than this are equal


@dataclass(frozen=True)
class Advice:
    """The act of least mean cost and what it is worth to know more; shares of the cost of buying.

    `wrong_share` is the chance that another act would have been cheaper. `knowing_ratio` is the
    value of knowing everything, `knowing_date_ratio` and `knowing_multiplier_ratio` of one thing;
    `option_ratio` is the value of declining what proves no better, and may be negative.
    """

    act: str
    cost_ratio: float
    wrong_share: float
    knowing_ratio: float
    knowing_date_ratio: float
    knowing_multiplier_ratio: float
    option_ratio: float


@dataclass(frozen=True)
class Future:
    """A named future: months until the hardware works for this buyer, and work per dollar."""

    name: str
    arrival_months: float
    multiplier_ratio: float


def act_costs(
    case: Scenario,
    arrival_months: float | np.ndarray,
    premium_ratio: float | np.ndarray,
    multiplier_ratio: float | np.ndarray,
) -> dict[str, np.ndarray]:
    """Present cost of each act over that of buying today, by act, a value a draw."""
    outcome = (arrival_months, premium_ratio, multiplier_ratio)
    wait = waiting.cost_ratio(case, *outcome)
    rent = waiting.cost_ratio(case, *outcome, gives_up=True)
    bought = case.decision.hedge_share
    return {
        "buy now": np.ones_like(wait),
        "wait": wait,
        "rent and switch": rent,
        "half now": bought + (1 - bought) * rent,
    }


def costs(
    case: Scenario, draws: pd.DataFrame, forecast: Forecast, option: str = "candidate"
) -> pd.DataFrame:
    """Present cost of each act over buying today, a row a draw and a column an act.

    `arrival_months` and `multiplier_ratio` are what each draw met. `draws` as `evaluate` gives
    them.
    """
    beliefs, multiplier = model.beliefs(case), budget.gain_ratio(draws, option)
    arrival = fleet.arrivals(case, forecast, beliefs, len(multiplier))
    premium = beliefs["rent_premium_ratio"].to_numpy()
    by_act = act_costs(case, arrival, premium, multiplier)
    return pd.DataFrame({**by_act, "arrival_months": arrival, "multiplier_ratio": multiplier})


def summary(costs: pd.DataFrame) -> pd.DataFrame:
    """A row an act: mean cost with its 80% range, chance that none is cheaper, and regret.

    `costs` as the function of that name gives them; regret is a mean and a 95th percentile.
    """
    acts = costs[list(ACTS)]
    least = acts.min(axis=1)
    regret = pd.DataFrame(
        decision.regret_usd(acts.to_numpy(), least.to_numpy()[:, None]), columns=list(ACTS)
    )
    return pd.DataFrame(
        {
            "mean_ratio": acts.mean(),
            "low_ratio": acts.quantile(0.1),
            "high_ratio": acts.quantile(0.9),
            "best_share": acts.le(least + TIE, axis=0).mean(),
            "regret_ratio": regret.mean(),
            "worst_regret_ratio": regret.quantile(0.95),
        }
    ).rename_axis("act")


def advice(costs: pd.DataFrame) -> Advice:
    """The act of least mean cost, how likely it is wrong, and what knowing more would be worth."""
    rows = summary(costs)
    mean, acts = rows["mean_ratio"], costs[list(ACTS)]
    act = mean.idxmin()
    other = acts.drop(columns=act).min(axis=1)
    payoffs = -acts.to_numpy()
    return Advice(
        act=act,
        cost_ratio=float(mean[act]),
        wrong_share=float((other < acts[act] - TIE).mean()),
        knowing_ratio=float(rows["regret_ratio"][act]),
        knowing_date_ratio=value_of_knowing(payoffs, costs["arrival_months"]),
        knowing_multiplier_ratio=value_of_knowing(payoffs, costs["multiplier_ratio"]),
        option_ratio=float(mean["wait"] - mean["rent and switch"]),
    )


def regrets(case: Scenario, draws: pd.DataFrame, forecast: Forecast) -> pd.DataFrame:
    """Regret of each act (rows) in named futures (columns), and the `worst` of them.

    The act with the least worst regret is that of minimax regret (Savage 1951).
    """
    premium = waiting.median_premium_ratio(case)
    columns = {}
    for future in futures(case, draws, forecast):
        by_act = act_costs(case, future.arrival_months, premium, future.multiplier_ratio)
        cost = np.array(list(by_act.values()))
        columns[future.name] = decision.regret_usd(cost, cost.min())
    table = pd.DataFrame(columns, index=pd.Index(ACTS, name="act"))
    return table.assign(worst=table.max(axis=1))


def futures(case: Scenario, draws: pd.DataFrame, forecast: Forecast) -> list[Future]:
    """Named futures, of hardware that exists: early or late, as measured or disappointing."""
    now = launches.months_between(forecast.start, case.as_of)
    early, middle, late = (
        max(dates.quantile(forecast.if_real(), "general", level) - now, 0)
        for level in (0.1, 0.5, 0.7)
    )
    poor, measured = np.quantile(budget.gain_ratio(draws, "candidate"), [0.1, 0.5])
    claimed = measured
    if "claimed" in draws.index.levels[0]:
        claimed = float(np.median(budget.gain_ratio(draws, "claimed")))
    named = [
        Future("early, at its word", early, claimed),
        Future("median date, measured", middle, measured),
        Future("median date, disappoints", middle, poor),
    ]
    if not forecast.general:
        named += [Future("late, measured", late, measured), Future("never", np.inf, 1.0)]
    return named
