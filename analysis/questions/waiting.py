"""Wait or not: plans by when a product comes, regret of each, and the gain that waiting needs.

All from one evaluation of the acts, so that costs agree with the decision draw by draw.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.facts import table
from analysis.questions.act_costs import Evaluation
from analysis.questions.acts import Act, Plan, Way, bridge_cost, usd_per_year
from analysis.questions.answer import ranking
from analysis.questions.over_today import over_today
from analysis.questions.ways import TODAY
from analysis.scenario.scenario import Scenario

LATER = ("wait", "bridge", "split")  # kinds of acts that end on what is not on sale yet
GRID_DRAWS = 512  # shared by all points of the grid, so that a few of them are enough
GAINS = np.geomspace(0.25, 16, 25)  # gains at which waiting is priced
MOVED = ("usd_per_request", "drift_per_month", "movable_share", "once_usd", "first_year_ratio")


@dataclass(frozen=True)
class Standing:
    """Where the product that a buyer waits for stands in the map of delay and gain.

    `act_now` is the cheapest act that waits for nothing, `act_later` the cheapest that waits or
    bridges; it costs `saved_usd` less a year (expected) and is cheaper with `cheaper_share`.
    `delay_months` until the product works for this buyer and `gain_ratio`, work per dollar on it
    over that of `act_now`, have P10, P50 and P90; a delay is infinite for never.
    """

    act_now: Act
    act_later: Act
    saved_usd: float
    cheaper_share: float
    delay_months: tuple[float, float, float]
    gain_ratio: tuple[float, float, float]


def cheapest_of_kinds(evaluation: Evaluation) -> list[Act]:
    """The cheapest act of each kind, the cheapest kind first."""
    found: dict[str, Act] = {}
    for act in ranking(evaluation):
        found.setdefault(act.kind, act)
    return list(found.values())


def waits(evaluation: Evaluation) -> bool:
    """Whether any act waits for a product that is not on sale yet."""
    return any(act.kind in LATER for act in evaluation.acts)


def branches(case: Scenario, evaluation: Evaluation) -> pd.DataFrame:
    """The decision tree: a row an end, the cheapest kind of act first.

    Columns: `act` (an Act), `chance_share` of the end within its branch, `until_months` (the
    product works by then; infinite: later or never; NaN where the act waits for nothing), `usd` a
    year expected at this end and `act_usd` over all of the branch. Ends without a chance are left
    out.
    """
    patience = case.decision.patience_months
    rows = []
    for act in cheapest_of_kinds(evaluation):
        usd = evaluation.acts[act]
        if act.kind not in LATER:
            rows.append((act, 1.0, np.nan, usd.mean(), usd.mean()))
            continue
        start = evaluation.ways.of(act.later_option, act.later_tenure).start_months
        since = -np.inf
        for until in (patience / 2, patience, np.inf):
            comes = (start > since) & (start <= until)
            since = until
            if comes.any():
                rows.append((act, comes.mean(), until, usd[comes].mean(), usd.mean()))
    return pd.DataFrame(rows, columns=["act", "chance_share", "until_months", "usd", "act_usd"])


def regrets(evaluation: Evaluation) -> pd.DataFrame:
    """What the cheapest act of each kind costs over the best in hindsight, a row an act.

    Columns: `act`, `usd` (expected a year), `p90_usd` and `worst_usd` (regret a year), and
    `best_share`, the chance that no other act of the table or beyond it is cheaper.
    """
    least = np.min(np.stack(list(evaluation.acts.values())), axis=0)
    rows = []
    for act in cheapest_of_kinds(evaluation):
        usd = evaluation.acts[act]
        regret = usd - least
        best = np.mean(regret <= 0)
        rows.append((act, usd.mean(), np.quantile(regret, 0.9), regret.max(), best))
    return pd.DataFrame(rows, columns=["act", "usd", "p90_usd", "worst_usd", "best_share"])


def standing(evaluation: Evaluation) -> Standing:
    """Where the product stands; LookupError where no act waits for one."""
    ranked = ranking(evaluation)
    later = [act for act in ranked if act.kind in ("wait", "bridge")]
    if not later:
        raise LookupError("no act of this scenario waits for a product")
    now = next(act for act in ranked if act.kind not in LATER)
    way = evaluation.ways.of(later[0].later_option, later[0].later_tenure)
    end = (now.later_option or now.option, now.later_tenure or now.tenure)
    gain = evaluation.ways.of(*end).usd_per_request / way.usd_per_request
    levels = (0.1, 0.5, 0.9)
    delays = np.quantile(way.start_months, levels, method="inverted_cdf")
    low, mid, high = (float(value) for value in np.quantile(gain, levels))
    saved = evaluation.acts[now] - evaluation.acts[later[0]]
    return Standing(
        act_now=now,
        act_later=later[0],
        saved_usd=float(saved.mean()),
        cheaper_share=float(np.mean(saved > 0)),
        delay_months=(float(delays[0]), float(delays[1]), float(delays[2])),
        gain_ratio=(low, mid, high),
    )


@dataclass(frozen=True)
class Published:
    """What an awaited chip has been published to serve over another, beside the model's forecast.

    Ratios of tokens/s a chip: the lowest, the median and the highest published, and the forecast's
    median at the promise.
    """

    low_ratio: float
    mid_ratio: float
    high_ratio: float
    forecast_ratio: float

    def gain(self, forecast_gain: float) -> float:
        """The work per dollar that waiting brings if the median of what is published holds."""
        return forecast_gain * self.mid_ratio / self.forecast_ratio


def published(case: Scenario, evaluation: Evaluation, place: Standing) -> Published | None:
    """Matched results (ratios.csv) of the awaited chip over that of the cheapest act of today.

    None where nobody has published the two under matched conditions on this model.
    """
    later = case.chip_options[place.act_later.later_option]
    name = place.act_now.later_option or place.act_now.option
    if name != TODAY and name not in case.chip_options:
        return None
    now = case.have if name == TODAY else case.chip_options[name]
    rows = table("ratios")
    rows = rows[(rows["per"] == "chip") & (rows["matching"] == "matched")]
    rows = rows[
        (rows["model"] == case.model)
        & (rows["candidate"] == f"{later.accelerator} {later.precision}")
        & (rows["baseline"] == f"{now.accelerator} {now.precision}")
    ]
    if rows.empty:
        return None
    ratios = rows["times_ratio"]
    forecast, own = (
        over_today(evaluation, each, "output_tokens_per_s_per_chip")
        for each in (place.act_later.later_option, name)
    )
    return Published(
        low_ratio=float(ratios.min()),
        mid_ratio=float(ratios.median()),
        high_ratio=float(ratios.max()),
        forecast_ratio=forecast / own,
    )


def needed_gain(
    evaluation: Evaluation,
    delays: Sequence[float],
    saved_shares: Sequence[float],
) -> pd.DataFrame:
    """The gain at which waiting saves a share of what the cheapest act of today costs.

    Waiting is the cheaper of keeping what runs until then and of the bridge; the product comes
    after a delay that is certain, under the tenure of the cheapest such act. A row a delay and a
    share: `delay_months`, `saved_share` and `gain_ratio`: infinite where no gain of GAINS saves so
    much, 0 where each does.
    """
    place = standing(evaluation)
    money = _thin_plan(evaluation.plan)
    later = _thin(evaluation.ways.of(place.act_later.later_option, place.act_later.later_tenure))
    kept = _thin(evaluation.ways.today)
    first = None
    bridge = evaluation.first_steps.bridge
    if bridge is not None:
        first = _thin(evaluation.ways.of(*bridge))
    now_usd = evaluation.acts[place.act_now][:GRID_DRAWS].mean()
    rows = []
    for delay in delays:
        costs = []
        for gain in GAINS:
            moved = replace(
                later,
                usd_per_request=later.usd_per_request * place.gain_ratio[1] / gain,
                start_months=np.full(len(later.usd_per_request), float(delay)),
            )
            plans = [bridge_cost(kept, None, moved, money)]
            if first is not None:
                plans.append(bridge_cost(kept, first, moved, money))
            costs.append(min(usd_per_year(each, money).mean() for each in plans))
        saved = 1 - np.asarray(costs) / now_usd
        rows += [(delay, share, _crossing(saved, share)) for share in saved_shares]
    return pd.DataFrame(rows, columns=["delay_months", "saved_share", "gain_ratio"])


def _crossing(saved: np.ndarray, share: float) -> float:
    """The gain of GAINS from which a share is saved, on a logarithmic scale."""
    enough = np.flatnonzero(saved >= share)
    if not len(enough):
        return np.inf
    at = enough[0]
    if at == 0:
        return 0.0
    inside = (share - saved[at - 1]) / (saved[at] - saved[at - 1])
    return float(GAINS[at - 1] * (GAINS[at] / GAINS[at - 1]) ** inside)


def _thin(way: Way) -> Way:
    """The first draws of a way."""
    first = {name: getattr(way, name)[:GRID_DRAWS] for name in (*MOVED, "start_months")}
    return replace(way, **first)


def _thin_plan(money: Plan) -> Plan:
    return replace(money, requests_per_month=money.requests_per_month[:GRID_DRAWS])
