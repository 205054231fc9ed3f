"""Money over time on the cost page: the bill by month, when a move has paid back, the budget."""

import math

import altair as alt
import numpy as np

from analysis.pages.charts import cost_act as charts
from analysis.pages.cost_options import Shift, shift
from analysis.pages.numbers import Shown, interval, musd, usd_words
from analysis.pages.outputs import Output, table
from analysis.pages.rollout_map import published_turn
from analysis.pages.words import day, plain, worded
from analysis.questions import cash
from analysis.questions.acts import FIXED_MONTHS, PAID_BY_USE, Act
from analysis.questions.answer import evaluated, instruction, lower_first
from analysis.questions.ways import chips_needed
from analysis.scenario.scenario import Scenario
from analysis.units import convert

NOTHING = Output("Nothing else can be done here, so the bill stays what it is.")
HALF = 0.5  # of the draws: below it a move is not what mostly happens
BOUGHT = "A bought chip is paid for over its whole life."
OFTEN = 0.995  # a share of the draws above which its digits say nothing more


def months_of(case: Scenario, followed: Shift) -> cash.Cash:
    """The months of keeping and of the act that the page follows."""
    return cash.cash(evaluated(case), followed.act)


def bill(case: Scenario) -> alt.LayerChart | Output:
    """The bill of each month, if kept and under the act."""
    followed = shift(case)
    if followed is None:
        return NOTHING
    months = cash.by_month(months_of(case, followed))
    last = months.iloc[-1]
    finding = (
        f"In month {last['month']:.0f} the bill is {usd_words(last['mid'])}; "
        f"kept, it would be {usd_words(last['kept'])}"
    )
    words = "as advised" if followed.advised else "next best"
    return charts.bill(months, finding, words)


def saving(case: Scenario) -> alt.LayerChart | Output:
    """What the act has saved by each month, and when it has paid back what it costs to move."""
    followed = shift(case)
    if followed is None:
        return Output("There is no move that would have to pay back.")
    months = months_of(case, followed)
    middle = _middle(cash.payback_months(months))
    horizon = case.budget.horizon_months
    finding = f"Within {horizon} months the move does not pay for itself"
    if middle == 0:
        finding = "There is mostly nothing to pay back"
    elif np.isfinite(middle):
        finding = f"The move has paid for itself after {_months(middle)}"
    return charts.saving(cash.by_month(months), middle, finding)


def payback(case: Scenario) -> Output:
    """When the act has paid back, how often it does, and what it has saved by the end."""
    followed = shift(case)
    if followed is None:
        return NOTHING
    months = months_of(case, followed)
    horizon = case.budget.horizon_months
    words = [payback_words(case)]
    if not followed.advised:
        act = plain(lower_first(instruction(case, followed.act)))
        words.insert(0, f"The advice is to keep what runs; shown is the next best act: {act}.")
    paid = cash.payback_months(months)
    back = float(np.mean(np.isfinite(paid)))
    if not np.isfinite(_middle(paid)):
        words.append(f"The chance that it does is {_percent(back)}.")
    elif _middle(paid) > 0:
        words.append(f"It has done so within {horizon} months in {_often(back)}.")
    saved = interval(months.saved_usd[:, -1], "usd", "Musd")
    if saved.ends[1] < 0:
        saved = interval(-months.saved_usd[:, -1], "usd", "Musd")
        words.append(f"After {horizon} months it has cost {_money(saved)} more than keeping.")
    else:
        words.append(f"After {horizon} months it has saved {_money(saved)}.")
    deepest = float(np.median(months.saved_usd.min(axis=1)))
    if deepest < 0:
        words.append(f"On the way it is up to {usd_words(-deepest)} behind, at the median.")
    return Output(" ".join(words))


def conditions(case: Scenario) -> Output:
    """What the saving rests on, in sentences."""
    return Output(plain(condition_words(case))) if shift(case) else NOTHING


def condition_words(case: Scenario) -> str:
    """What the saving rests on: that what is left can be left, what it fetches, what is counted,
    and a forecast of a chip where what was published of it speaks for waiting.

    As plain text, blank where nothing can be done but to keep.
    """
    followed = shift(case)
    if followed is None:
        return ""
    held, words = case.have.held, []
    if followed.act.kind == "serve better":
        freed = "Fewer chips then do the work, and those left over"
    else:
        freed = "Chips that are given up"
    if held == "owned":
        words.append(
            f"{freed} count at what they would fetch. Their part of the saving comes only if they "
            "are sold, leased out or put to other work."
        )
    elif held.startswith("rent_") and held not in PAID_BY_USE:
        if case.have.until is None:
            words.append(
                "Today's contract is taken as one that can be left: this scenario states no last "
                "day of it (have.until). If it runs on, its rent is paid until that day, and the "
                "move saves less."
            )
        else:
            words.append(f"Today's contract is paid until {day(case.have.until)} in any case.")
    horizon = case.budget.horizon_months
    _, tenure = followed.end
    if tenure == "own":
        words.append(f"{BOUGHT} The bills of {horizon} months hold {horizon} of those payments.")
    elif horizon < FIXED_MONTHS[tenure] < math.inf:
        more = FIXED_MONTHS[tenure] - horizon
        words.append(
            f"The new contract runs {more} months beyond the {horizon} that are counted. In them "
            "its chips still have to be used and paid."
        )
    if followed.advised and (turn := published_turn(case, evaluated(case))):
        words.append(turn)
    return " ".join(words)


def payback_words(case: Scenario) -> str:
    """The sentence that says when a move has paid for itself, or that it does not."""
    followed = shift(case)
    if followed is None:
        return "There is no move that would have to pay back."
    months = months_of(case, followed)
    paid = cash.payback_months(months)
    low, middle, high = np.quantile(paid, [0.1, 0.5, 0.9], method="inverted_cdf")
    horizon = case.budget.horizon_months
    if middle == 0:
        moves = float(np.mean((months.act_usd != months.kept_usd).any(axis=1)))
        if moves < HALF:
            return f"In {_percent(1 - moves)} of the draws nothing moves within {horizon} months."
        return "The move costs nothing that would have to be paid back."
    if not np.isfinite(middle):
        return f"Within {horizon} months the move does not pay for itself."
    latest = f"{high:.0f}" if np.isfinite(high) else f"more than {horizon}"
    span = "" if low == high else f" ({low:.0f} to {latest})"
    return f"The move has paid for itself after {_months(middle)}{span}."


def _middle(months: np.ndarray) -> float:
    return float(np.quantile(months, 0.5, method="inverted_cdf"))


def _months(count: float) -> str:
    return "1 month" if count == 1 else f"{count:.0f} months"


def _percent(share: float) -> str:
    return "under 1%" if 0 < share < 1 - OFTEN else f"{share:.0%}"


def _often(share: float) -> str:
    if share == 1:
        return "every draw"
    return "more than 99% of the draws" if share > OFTEN else f"{share:.0%} of the draws"


def move(case: Scenario) -> Output:
    """Bills, chips and what is paid once, today and under the act: a table."""
    followed = shift(case)
    if followed is None:
        return Output("No other way to serve this work is known.")
    months = months_of(case, followed)
    evaluation = evaluated(case)
    last = months.kept_usd.shape[1]
    rows = [
        ["bill of the first month", *_both(months.kept_usd[:, 0], months.act_usd[:, 0])],
        [f"bill of month {last}", *_both(months.kept_usd[:, -1], months.act_usd[:, -1])],
        [f"bills of {last} months", *_both(months.kept_usd.sum(1), months.act_usd.sum(1))],
    ]
    rows += _chip_rows(case, followed.act)
    paid = interval(evaluation.ways.of(*followed.end).once_usd, "usd", "Musd")
    rows.append(["paid once, when the last move begins", "$0", _money(paid)])
    return table(rows, ["", "kept", "as advised" if followed.advised else "next best"])


def _chip_rows(case: Scenario, act: Act) -> list[list[str]]:
    """How many chips serve the work if kept, and once all has moved that can; none for a split."""
    if act.kind == "split":
        return []
    evaluation = evaluated(case)
    work = evaluation.ways.requests_per_month
    stays, new = np.ones_like(work), np.zeros_like(work)
    for option, tenure in ((act.later_option, act.later_tenure), (act.option, act.tenure)):
        if option in case.options:
            way = evaluation.ways.of(option, tenure)
            new = new + way.chips * stays
            stays = stays * (1 - way.movable_share)
    held = np.zeros_like(work)
    if case.have.held not in ("api", "nothing"):
        held = chips_needed(evaluation.columns.today, work)
    if act.kind == "serve better":
        return [["chips in use", _chips(held), _chips(held * stays + new)]]
    others = ["other chips in use, once all has moved", "0", _chips(new)]
    if not held.any():
        return [others]
    return [
        ["chips of today in use, once all has moved", _chips(held), _chips(held * stays)],
        others,
    ]


def _both(kept: np.ndarray, act: np.ndarray) -> tuple[str, str]:
    return _money(interval(kept, "usd", "Musd")), _money(interval(act, "usd", "Musd"))


def _money(value: Shown) -> str:
    return str(value)


def _chips(counts: np.ndarray) -> str:
    low, mid, high = interval(counts).ends
    if high < 1:
        return "0"
    return f"{mid:,.0f} ({low:,.0f} to {high:,.0f})"


def budget_multiplier(case: Scenario) -> Shown | None:
    """Work for the same money under the act, over keeping; None where there is no act."""
    followed = shift(case)
    if followed is None:
        return None
    last = cash.budget_steps(evaluated(case), followed.act).iloc[-1]
    return Shown((last["low"], last["mid"], last["high"]), "ratio")


def budget_steps(case: Scenario) -> Output:
    """What the budget becomes as each friction is counted: the last line is the whole act."""
    followed = shift(case)
    if followed is None:
        return Output("The budget buys what it buys today.")
    spent = convert(case.budget.usd_per_year, "usd", "Musd")
    rows = []
    for step in cash.budget_steps(evaluated(case), followed.act).itertuples():
        worth = Shown((step.low * spent, step.mid * spent, step.high * spent), "Musd")
        rows.append([worded("friction")[step.step], worth.mid, worth.range])
    heads = ["Counted so far", f"{musd(case.budget.usd_per_year)} does the work of", "80% range"]
    return table(rows, heads)
