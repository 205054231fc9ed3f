"""The rollout page: when it comes, how sure that is, how supply follows, and wait or buy.

One function a cell of notebooks/rollout.ipynb, in its order; those on dates, the decision,
forecasts and inputs stand in modules of their own.
"""

from itertools import product
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from analysis import model
from analysis.laws.decision import DECISION
from analysis.laws.rollout import ROLLOUT
from analysis.laws.scoring import SCORING
from analysis.pages.charts import rollout as charts
from analysis.pages.decision import acts, answer, flips
from analysis.pages.inputs import differences, sources_table
from analysis.pages.numbers import interval, number
from analysis.pages.outputs import Output, say, table, takeaway, takeaway_row
from analysis.pages.rollout_dates import (
    STAGES,
    chances,
    dates,
    dates_chart,
    if_it_exists,
    in_short,
)
from analysis.pages.rollout_forecasts import register, reliability, score_so_far, scored
from analysis.pages.rollout_map import needed_gains, old_rule, wait_or_move, wait_or_not
from analysis.pages.rollout_plans import (
    evaluation,
    first_screen,
    least_regret,
    regrets,
    tree,
)
from analysis.pages.rollout_record import (
    at_announcement,
    evidence_path,
    launch_rates,
    launch_record,
    left_out,
    news,
    promised,
    tasks,
)
from analysis.pages.verdicts import headline_option
from analysis.pages.words import day, option_words, plain
from analysis.questions import dates as date_questions
from analysis.questions import fleet, forecasts, supply
from analysis.questions.answer import TIE, cheapest_by_kind, decide
from analysis.questions.dates import Forecast, forecast
from analysis.scenario.scenario import Scenario
from analysis.units import convert

__all__ = [
    "acts",
    "answer",
    "at_announcement",
    "chances",
    "checks",
    "cohorts",
    "dates",
    "dates_chart",
    "differences",
    "evaluation",
    "evidence_path",
    "fans",
    "first_screen",
    "fleet_in_short",
    "flips",
    "forecast",
    "in_short",
    "launch_rates",
    "launch_record",
    "laws",
    "least_regret",
    "left_out",
    "needed_gains",
    "news",
    "numbers",
    "old_rule",
    "promised",
    "ramp",
    "register",
    "regrets",
    "reliability",
    "score_so_far",
    "scored",
    "simulated_fleet",
    "sources_table",
    "tasks",
    "token_cost",
    "token_energy",
    "tree",
    "wait_or_move",
    "wait_or_not",
]
QUARTERS = (1, 2, 4)  # of next year, for which chances are taken away
ROUNDING = 1e-9


def ramp(case: Scenario) -> alt.LayerChart:
    """The ramp that supply follows, with the estimates that it is fitted to."""
    months, estimates = supply.ramp(case)
    last = estimates.iloc[-1]
    shipped = number(last["units"])
    finding = f"About {shipped} units of {case.rollout.ramp} were shipped by {day(last['day'])}"
    return charts.ramp(months, estimates, finding)


def simulated_fleet(case: Scenario, draws: pd.DataFrame, forecast: Forecast) -> fleet.Fleet:
    """Chips bought and in service, and cost and energy of a token, by quantity: (draw, month)."""
    return fleet.simulate(case, draws, forecast, headline_option(draws))


def fans(case: Scenario, simulated: fleet.Fleet) -> pd.DataFrame:
    """Percentiles of every quantity of a simulated fleet, a row a quantity and month."""
    return fleet.fans(case, simulated)


def cohorts(case: Scenario, forecast: Forecast, fans: pd.DataFrame) -> alt.Chart:
    """Chips in service by kind, month by month."""
    kinds = {"old_alive_chips": option_words(case, "baseline"), "new_alive_chips": forecast.product}
    months = case.decision.horizon_months
    finding = f"{_new_share(fans):.0%} of the chips are {forecast.product} after {months} months"
    finding += if_it_exists(forecast)
    return charts.cohorts(fans, kinds, finding)


def fleet_in_short(case: Scenario, simulated: fleet.Fleet) -> Output:
    """What the mixed fleet's token costs at the end of the horizon, over today."""
    ratio = interval(simulated.usd_per_token[:, -1] / simulated.usd_per_token[:, 0], "", "percent")
    return say(
        "After {months} months a token of the whole fleet costs {ratio} of what it costs today.",
        months=case.decision.horizon_months,
        ratio=ratio,
    )


def _new_share(fans: pd.DataFrame) -> float:
    """Share of new chips in service in the last month, at the medians."""
    last = fans[fans["day"] == fans["day"].max()].set_index("quantity")["mid"]
    return float(last["new_alive_chips"]) / (last["new_alive_chips"] + last["old_alive_chips"])


def token_cost(case: Scenario, simulated: fleet.Fleet, fans: pd.DataFrame) -> alt.LayerChart:
    """What a token of the mixed fleet costs, month by month."""
    title = _after(case, "A token of the fleet costs", simulated.usd_per_token)
    return charts.blended(usd_per_mtok(fans), title, "dollars per million output tokens")


def token_energy(case: Scenario, simulated: fleet.Fleet, fans: pd.DataFrame) -> alt.LayerChart:
    """What energy a token of the mixed fleet takes, month by month."""
    title = _after(case, "A token of the fleet takes", simulated.j_per_token, " energy")
    return charts.blended(fans[fans["quantity"] == "j_per_token"], title, "joules per output token")


def _after(case: Scenario, what: str, values: np.ndarray, of: str = "") -> str:
    """A finding: values of the last month over those of the first, at the median."""
    ratio = float(np.median(values[:, -1] / values[:, 0]))
    return f"{what} {ratio:.0%} of today's{of} after {case.decision.horizon_months} months"


def usd_per_mtok(fans: pd.DataFrame) -> pd.DataFrame:
    """The fan of a token's cost in dollars per million."""
    rows = fans[fans["quantity"] == "usd_per_token"]
    ends = ("low", "lower", "mid", "upper", "high")
    return rows.assign(**{end: convert(rows[end], "usd/tok", "usd/Mtok") for end in ends})


def numbers(case: Scenario, forecast: Forecast, fans: pd.DataFrame) -> Output:
    """Chances by quarter, costs of the acts and the blended cost of a token, to take away."""
    year = case.as_of.year + 1
    option = forecast.product + if_it_exists(forecast)
    rows: list[dict[str, Any]] = []
    words: dict[str, str] = {}
    for milestone, quarter in product(forecasts.MILESTONES, QUARTERS):
        last_day = pd.Period(f"{year}Q{quarter}").end_time.date()
        chance = date_questions.chance_by(forecast, milestone, last_day)
        quantity = f"chance_{milestone}_by_{year}_q{quarter}"
        words[quantity] = f"chance of {STAGES[milestone]} by Q{quarter} {year}"
        rows.append(takeaway_row(quantity, option, "1", [chance, chance, chance]))
    for kind, cost in cheapest_by_kind(decide(case)).items():
        ends = [convert(end, "usd", "Musd") for end in (cost.low, cost.mid, cost.high)]
        rows.append(takeaway_row("act_usd_per_year", kind, "Musd/year", ends))
    each_year = usd_per_mtok(fans).reset_index(drop=True).iloc[::12]
    for month, fan in each_year.iterrows():
        ends = fan[["low", "mid", "high"]]
        rows.append(takeaway_row("blended_usd_per_token", f"month {month}", "usd/Mtok", list(ends)))
    return takeaway(rows, words)


def checks(
    case: Scenario,
    forecast: Forecast,
    simulated: fleet.Fleet,
) -> Output:
    """What has to hold of this page's numbers; AssertionError naming what does not."""
    months = np.arange(0, 241.0)
    limited, general, volume = (
        date_questions.chance(forecast, milestone, months)
        for milestone in ("limited", "general", "volume")
    )
    found = decide(case)
    costs = [row.usd_per_year.mean for row in found.acts if row.usd_per_year is not None]
    checked = {
        "Chances lie between 0 and 1 and never fall": all(
            _is_cumulative(chance) for chance in (limited, general, volume)
        ),
        "A later milestone is never the more likely one": bool(
            (limited >= general - ROUNDING).all() and (general >= volume - ROUNDING).all()
        ),
        "No more chips are in service than were bought": _bought_before_use(case, simulated),
        "No act on the table is expected to cost less than the one advised": (
            costs[0] * (1 - TIE) <= min(costs) + ROUNDING
        ),
        "Knowing all is worth nothing or more": found.knowing_usd_per_year >= -ROUNDING,
    }
    failed = [words for words, holds in checked.items() if not holds]
    if failed:
        raise AssertionError(failed)
    return Output("\n".join(f"- ✓ {words}" for words in checked))


def _is_cumulative(chance: np.ndarray) -> bool:
    """Whether chances over time start at 0 or above, never fall and end at 1 or below."""
    return bool((np.diff(chance) >= -1e-12).all() and 0 <= chance[0] <= chance[-1] <= 1 + 1e-12)


def _bought_before_use(case: Scenario, simulated: fleet.Fleet) -> bool:
    slack = 1e-6  # chips
    old_bought = case.fleet.chips + simulated.old_bought_chips.cumsum(axis=1)
    new_bought = simulated.new_bought_chips.cumsum(axis=1)
    old_fits = (simulated.old_alive_chips <= old_bought + slack).all()
    new_fits = (simulated.new_alive_chips <= new_bought + slack).all()
    return bool(old_fits and new_fits)


def laws() -> Output:
    """The laws of rollout, decision and scores: name, unit, arguments, meaning and source."""
    rows = model.explain([*ROLLOUT, *DECISION, *SCORING])
    shown = rows[["quantity", "unit", "from", "law"]]
    cells = [[plain(cell) for cell in row] for row in shown.itertuples(index=False)]
    return table(cells, ["Quantity", "unit", "from", "law"])
