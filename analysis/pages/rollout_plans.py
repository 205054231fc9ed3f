"""Plans on the rollout page: their tree, whether waiting pays, and the regret of each."""

import altair as alt
import numpy as np
import pandas as pd

from analysis.facts import chip
from analysis.laws.decision import slacking_months
from analysis.pages.charts import decision as charts
from analysis.pages.charts.tree import tree as tree_chart
from analysis.pages.decision import ACT_WORDS, with_answer
from analysis.pages.numbers import musd
from analysis.pages.outputs import Output, fill, say, table
from analysis.pages.words import plain
from analysis.questions import waiting
from analysis.questions.act_costs import Evaluation, drawn
from analysis.questions.acts import Act
from analysis.questions.answer import decide, named
from analysis.questions.launches import day_after
from analysis.scenario.scenario import Scenario
from analysis.units import convert

SAVED_SHARES = {-0.1: "costs 10% more", 0.0: "costs the same", 0.1: "saves 10%", 0.2: "saves 20%"}
BY_TENURE = {
    "own": "buy {}",
    "rent_3yr": "rent {} for 3 years",
    "rent_1yr": "rent {} for 1 year",
    "rent_on_demand": "{} on demand",
    "api": "{} by the token",
    "as held": "{} on the chips that run",
}
NOTHING_AWAITED = "No plan of this buyer waits for a product, so there is no delay to weigh."


def evaluation(case: Scenario) -> Evaluation:
    """Every act at the draws of the decision, for the tree, the map and the regret."""
    return drawn(case)


def first_screen(case: Scenario, evaluation: Evaluation) -> Output:
    """Three numbers: what waiting costs, when the product is at work here, how sure that is."""
    if not waiting.waits(evaluation):
        return with_answer(case, _without_product(case))
    place = waiting.standing(evaluation)
    saves = place.saved_usd > 0
    mid = _at_work(case, place.delay_months[1])
    heads = [
        "Waiting saves" if saves else "Waiting costs",
        f"{plain(_product(case, place.act_later))} at work",
        "Waiting ends cheaper",
    ]
    row = [
        f"**{dollars(abs(place.saved_usd))}** {'' if saves else 'more '}a year",
        f"**{mid}** at even odds",
        f"chance of **{place.cheaper_share:.0%}**",
    ]
    return with_answer(case, table([row], heads))


def _without_product(case: Scenario) -> Output:
    """Three numbers where nothing is waited for."""
    found = decide(case)
    costs = [row.usd_per_year for row in found.acts if row.usd_per_year is not None]
    more = dollars(costs[1].mean - costs[0].mean) if len(costs) > 1 else "no other act"
    row = [f"**{musd(costs[0].mean)}** a year", f"**{more}**", f"**{found.better_share:.0%}**"]
    heads = ["Expected cost", "The next act costs more by", "Chance that another is cheaper"]
    return table([row], heads)


def tree(case: Scenario, evaluation: Evaluation) -> alt.LayerChart:
    """What can be done today, what may then happen, and what each end costs a year."""
    ends = waiting.branches(case, evaluation)
    advised = ends["act"].iloc[0]
    shown = ends[[act == advised or act.kind != "split" for act in ends["act"]]]
    rows = [
        {
            "plan": _kind(act),
            "what": plan_words(case, act),
            "advised": act == advised,
            "when": _when(case, until),
            "chance_share": chance,
            "musd_per_year": convert(usd, "usd", "Musd"),
            "plan_musd_per_year": convert(act_usd, "usd", "Musd"),
        }
        for act, chance, until, usd, act_usd in shown.itertuples(index=False, name=None)
    ]
    return tree_chart(pd.DataFrame(rows), _tree_title(evaluation))


def _tree_title(evaluation: Evaluation) -> str:
    """The finding of the tree: the advised plan, and what the other side costs more."""
    advised = next(iter(waiting.cheapest_of_kinds(evaluation)))
    if not waiting.waits(evaluation):
        return f"{_kind(advised)}: no plan waits for a product"
    saved = waiting.standing(evaluation).saved_usd
    if advised.kind in waiting.LATER:
        return f"{_kind(advised)}: a plan that waits for nothing costs {dollars(saved)} a year more"
    if saved > 0:
        return f"{_kind(advised)}: the best plan that waits costs about the same"
    return f"{_kind(advised)}: the best plan that waits costs {dollars(-saved)} a year more"


def wait_or_move(case: Scenario, evaluation: Evaluation) -> alt.LayerChart | Output:
    """By delay and gain: where waiting for the product saves money, and where it costs."""
    if not waiting.waits(evaluation):
        return Output(NOTHING_AWAITED)
    place = waiting.standing(evaluation)
    patience = case.decision.patience_months
    delays = np.linspace(0, patience, 25).tolist()
    lines = waiting.needed_gain(case, evaluation, delays, list(SAVED_SHARES))
    lines["waiting"] = lines["saved_share"].map(SAVED_SHARES)
    product = plain(_product(case, place.act_later))
    title = _map_title(product, place, lines)
    return charts.wait_or_move(lines, place.delay_months, place.gain_ratio, product, title)


def _map_title(product: str, place: waiting.Standing, lines: pd.DataFrame) -> str:
    """What the map finds at the median delay: the gain that would do, and the one expected."""
    months, gain = place.delay_months[1], place.gain_ratio[1]
    even = lines[lines["saved_share"] == 0]
    if months > even["delay_months"].max():
        return f"{product} is not expected before a plan stops waiting"
    need = _needed(even, months)
    if np.isinf(need):
        return f"Waiting {months:.0f} months for {product} pays at no gain"
    if need == 0:
        return f"Waiting {months:.0f} months for {product} pays at any gain"
    return f"Waiting {months:.0f} months pays from a gain of {need:.2f}; expect {gain:.2f}"


def _needed(even: pd.DataFrame, months: float) -> float:
    """The gain at which waiting so many months costs the same, between delays of the table."""
    after = even[even["delay_months"] >= months].iloc[0]
    before = even[even["delay_months"] <= months].iloc[-1]
    ends = [before["gain_ratio"], after["gain_ratio"]]
    if not np.isfinite(ends).all() or after["delay_months"] == before["delay_months"]:
        return float(ends[1])
    delays = [before["delay_months"], after["delay_months"]]
    return float(np.interp(months, delays, ends))


def wait_or_not(case: Scenario, evaluation: Evaluation) -> Output:
    """The two plans that the map compares, and what the expected gain and delay mean for them."""
    if not waiting.waits(evaluation):
        return Output("")
    place = waiting.standing(evaluation)
    return fill(
        "wait_or_not.md",
        later=plan_words(case, place.act_later),
        now=plan_words(case, place.act_now),
        usd=dollars(abs(place.saved_usd)),
        cheaper="less" if place.saved_usd > 0 else "more",
        product=_product(case, place.act_later),
        gain=place.gain_ratio,
        reference=named(case, place.act_now.option),
        patience=case.decision.patience_months,
    )


def regrets(case: Scenario, evaluation: Evaluation) -> Output:
    """The cheapest act of each kind and what it may cost more than the best in hindsight."""
    rows = [
        [
            f"{_kind(row.act)}: {plain(plan_words(case, row.act))}",
            musd(row.usd),
            musd(row.p90_usd),
            musd(row.worst_usd),
            f"{row.best_share:.0%}",
        ]
        for row in waiting.regrets(evaluation).itertuples()
    ]
    heads = ["Plan", "expected cost a year", "regret at P90", "worst regret", "cheapest of all"]
    return table(rows, heads)


def least_regret(case: Scenario, evaluation: Evaluation) -> Output:
    """Which plan is regretted least, and what knowing everything would be worth."""
    rows = waiting.regrets(evaluation)
    calmest = rows.loc[rows["p90_usd"].idxmin()]
    advised = rows.iloc[0]
    worth = dollars(decide(case).knowing_usd_per_year)
    if calmest["act"] == advised["act"]:
        words = "The advised plan also has the smallest regret at P90."
    else:
        words = (
            f"The smallest regret at P90 has another plan ({_kind(calmest['act']).lower()}: "
            f"{plain(plan_words(case, calmest['act']))}), at {musd(calmest['p90_usd'])} a year."
        )
    return Output(
        f"{words} Knowing everything before choosing would be worth {worth} a year. "
        "No study should cost more than that."
    )


def old_rule() -> Output:
    """The rule on jobs of fixed length, as a check of the map."""
    return say(
        "An older rule is about one long computation. If work per dollar doubles in {doubling} "
        "months, only a job longer than {slack:.1f} months is worth putting off.",
        doubling=18,
        slack=slacking_months(18),
    )


def plan_words(case: Scenario, act: Act) -> str:
    """An act in a few words, for example "B200 in FP4 on demand, then buy VR200 NVL72"."""
    first = BY_TENURE[act.tenure].format(_short(case, act.option))
    if act.kind == "keep":
        first = f"{named(case, act.option)} as today"
    elif act.kind == "wait":
        first = f"keep {named(case, act.option)}"
    if not act.later_option:
        return first
    then = BY_TENURE[act.later_tenure].format(_product(case, act))
    return f"{first}, then {then}" if act.kind != "split" else f"{first} for a part, then {then}"


def _short(case: Scenario, option: str) -> str:
    """An option as a reader knows it, without the model of an API."""
    return "the API" if option in case.api_options else named(case, option)


def _product(case: Scenario, act: Act) -> str:
    """The product that an act waits for."""
    option = case.chip_options[act.later_option]
    return option.product or chip(option.accelerator)


def dollars(usd: float) -> str:
    """Dollars in a sentence, to two digits; millions from a million on.

    >>> dollars(223_800), dollars(1_720_000)
    ('$220,000', '$1.7 M')
    """
    return f"${float(f'{usd:.2g}'):,.0f}" if usd < 999_500 else musd(float(f"{usd:.2g}"))


def _kind(act: Act) -> str:
    words = ACT_WORDS[act.kind]
    return words[0].upper() + words[1:]


def _at_work(case: Scenario, months: float) -> str:
    """The month in which a product is at work, or never."""
    when = day_after(case.as_of, months)
    return "never" if when is None else f"{when:%B %Y}"


def _when(case: Scenario, until_months: float) -> str:
    """By when the product is at work at an end of the tree."""
    if np.isnan(until_months):
        return ""
    when = day_after(case.as_of, until_months)
    return "later or never" if when is None else f"at work by {when:%b %Y}"
