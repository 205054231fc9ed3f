"""Wait or not on the rollout page: the map of delay and gain, and what it compares."""

import altair as alt
import numpy as np
import pandas as pd

from analysis.laws.decision import slacking_months
from analysis.pages.charts import decision as charts
from analysis.pages.outputs import Output, fill, say
from analysis.pages.rollout_plans import dollars, plan_words, product_of
from analysis.questions import waiting
from analysis.questions.act_costs import Evaluation
from analysis.questions.acts import PAID_BY_USE
from analysis.questions.answer import named
from analysis.scenario.scenario import Scenario

SAVED_SHARES = {-0.1: "costs 10% more", 0.0: "costs the same", 0.1: "saves 10%", 0.2: "saves 20%"}
NOTHING_AWAITED = "No plan of this buyer waits for a product, so there is no delay to weigh."


def needed_gains(case: Scenario, evaluation: Evaluation) -> pd.DataFrame:
    """The gain at which waiting saves shares of what the best act of today costs, by delay.

    Rows as `waiting.needed_gain` gives them, with `waiting` in words; none where no plan waits.
    """
    if not waiting.waits(evaluation):
        return pd.DataFrame()
    # Whole months: acts begin with a month. One that begins today would be no delay to bridge.
    delays = np.arange(1, case.decision.patience_months + 1).tolist()
    lines = waiting.needed_gain(evaluation, delays, list(SAVED_SHARES))
    return lines.assign(waiting=lines["saved_share"].map(SAVED_SHARES))


def wait_or_move(
    case: Scenario, evaluation: Evaluation, gains: pd.DataFrame
) -> alt.LayerChart | Output:
    """By delay and gain: where waiting for the product saves money, and where it costs."""
    if gains.empty:
        return Output(NOTHING_AWAITED)
    place = waiting.standing(evaluation)
    product = product_of(case, place.act_later)
    if not charts.has_line(gains):
        return _without_lines(product, gains)
    title = _map_title(product, place, gains)
    return charts.wait_or_move(gains, place.delay_months, place.gain_ratio, product, title)


def _without_lines(product: str, gains: pd.DataFrame) -> Output:
    """What a map without any line would show: the gain changes nothing there."""
    even = gains.loc[gains["saved_share"] == 0, "gain_ratio"]
    if (even == 0).all():
        return say("Waiting for {product} pays here at any gain.", product=product)
    if np.isinf(even).all():
        return say("No gain repays waiting for {product} here: act now.", product=product)
    return say("Whether to wait for {product} depends here on the delay alone.", product=product)


def _map_title(product: str, place: waiting.Standing, gains: pd.DataFrame) -> str:
    """What the map finds at the median delay: the gain that would do, and the one expected."""
    months, gain = place.delay_months[1], place.gain_ratio[1]
    if months > gains["delay_months"].max():
        return f"{product} is not expected before a plan stops waiting"
    need = _needed(gains, months)
    if np.isinf(need):
        return f"Waiting {months:.0f} months for {product} pays at no gain"
    if need == 0:
        return f"Waiting {months:.0f} months for {product} pays at any gain"
    return (
        f"Waiting {months:.0f} months pays from {need:.2f} times the work per dollar; "
        f"{gain:.2f} is expected"
    )


def _needed(gains: pd.DataFrame, months: float) -> float:
    """The gain at which waiting so many months costs the same, between delays of the table.

    Infinite for a delay beyond the table, and where no gain is enough.
    """
    even = gains[gains["saved_share"] == 0]
    months = max(months, even["delay_months"].min())
    if months > even["delay_months"].max():
        return np.inf
    after = even[even["delay_months"] >= months].iloc[0]
    before = even[even["delay_months"] <= months].iloc[-1]
    ends = [before["gain_ratio"], after["gain_ratio"]]
    if not np.isfinite(ends).all():
        return np.inf
    return float(np.interp(months, [before["delay_months"], after["delay_months"]], ends))


def wait_or_not(case: Scenario, evaluation: Evaluation, gains: pd.DataFrame) -> Output:
    """The two plans that the map compares, and what the expected gain and delay mean for them."""
    if gains.empty:
        return Output("")
    place = waiting.standing(evaluation)
    return fill(
        "wait_or_not.md",
        later=plan_words(case, place.act_later),
        now=plan_words(case, place.act_now),
        has_line=charts.has_line(gains),
        usd=dollars(abs(place.saved_usd)),
        cheaper="less" if place.saved_usd > 0 else "more",
        product=product_of(case, place.act_later),
        gain=place.gain_ratio,
        reference=named(case, place.act_now.later_option or place.act_now.option),
        patience=case.decision.patience_months,
        need=_needed(gains, place.delay_months[1]),
        infinite=np.inf,
        starts_first=_starts_first(place),
        published=waiting.published(case, evaluation, place),
    )


def published_turn(case: Scenario, evaluation: Evaluation) -> str:
    """What is published of the awaited chip, where waiting would pay if it held; blank elsewhere.

    As plain text, for the papers that have no map.
    """
    gains = needed_gains(case, evaluation)
    if gains.empty:
        return ""
    place = waiting.standing(evaluation)
    known = waiting.published(case, evaluation, place)
    if known is None or place.saved_usd > 0:
        return ""
    lifted = known.gain(place.gain_ratio[1])
    if lifted < max(_needed(gains, place.delay_months[1]), place.gain_ratio[1]):
        return ""
    product = product_of(case, place.act_later)
    other = named(case, place.act_now.later_option or place.act_now.option)
    return (
        f"Results of {product} have been published at {known.low_ratio:.2f} to "
        f"{known.high_ratio:.2f} times those of {other}. The forecast counts on "
        f"{known.forecast_ratio:.2f}. If the middle of the published ones holds, waiting for "
        f"{product} costs less than this."
    )


def _starts_first(place: waiting.Standing) -> bool:
    """Whether the bridge is there at once and the act that it is compared with is not."""
    later, now = place.act_later, place.act_now
    at_once = later.kind == "bridge" and later.tenure in PAID_BY_USE
    return at_once and now.tenure not in (*PAID_BY_USE, "as held")


def old_rule() -> Output:
    """The rule on jobs of fixed length, as a check of the map."""
    return say(
        "An older rule is about one long computation. If work per dollar doubles in {doubling} "
        "months, only a job longer than {slack:.1f} months is worth putting off.",
        doubling=18,
        slack=slacking_months(18),
    )
