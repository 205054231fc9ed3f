"""Plans on the rollout page: their tree, whether waiting pays, and the regret of each."""

import altair as alt
import numpy as np
import pandas as pd

from analysis.facts import chip
from analysis.pages.charts.tree import tree as tree_chart
from analysis.pages.decision import ACT_WORDS, knowing, with_answer
from analysis.pages.numbers import musd, usd_words
from analysis.pages.outputs import Output, table
from analysis.pages.words import plain
from analysis.questions import waiting
from analysis.questions.act_costs import Evaluation, drawn
from analysis.questions.acts import Act
from analysis.questions.answer import BETTER, decide, named, next_row
from analysis.questions.launches import day_after
from analysis.scenario.scenario import Scenario
from analysis.units import convert

BY_TENURE = {
    "own": "buy {}",
    "rent_3yr": "rent {} for 3 years",
    "rent_1yr": "rent {} for 1 year",
    "rent_on_demand": "{} on demand",
    "api": "{} by the token",
    "as held": "{} on the chips that run",
}


def evaluation(case: Scenario) -> Evaluation:
    """Every act at the draws of the decision, for the tree, the map and the regret."""
    return drawn(case)


def first_screen(case: Scenario, evaluation: Evaluation) -> Output:
    """Three numbers: what waiting costs, when the product is at work here, how sure that is."""
    if not waiting.waits(evaluation):
        return with_answer(case, _withoutproduct_of(case))
    place = waiting.standing(evaluation)
    saves = place.saved_usd > 0
    mid = _at_work(case, place.delay_months[1])
    heads = [
        "Waiting saves" if saves else "Waiting costs",
        f"{plain(product_of(case, place.act_later))} at work",
        "Waiting ends cheaper",
    ]
    row = [
        f"**{dollars(abs(place.saved_usd))}** {'' if saves else 'more '}a year",
        f"**{mid}** at even odds",
        f"chance of **{place.cheaper_share:.0%}**",
    ]
    return with_answer(case, table([row], heads))


def _withoutproduct_of(case: Scenario) -> Output:
    """Three numbers where nothing is waited for."""
    found = decide(case)
    own, after = found.acts[0].usd_per_year, next_row(case, found)
    assert own is not None, "the act that is advised has a cost"
    more = "no other choice"
    if after is not None and after.usd_per_year is not None:
        more = dollars(after.usd_per_year.mean - own.mean)
    row = [f"**{usd_words(own.mean)}** a year", f"**{more}**", f"**{found.better_share:.0%}**"]
    heads = [
        "Expected cost",
        "The next best costs more by",
        f"Chance that another is {BETTER:.0%} cheaper",
    ]
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
    is_same = dollars(abs(saved)) == dollars(0)
    if advised.kind in waiting.LATER and not is_same:
        return f"{_kind(advised)}: a plan that waits for nothing costs {dollars(saved)} a year more"
    if advised.kind in waiting.LATER:
        return f"{_kind(advised)}: a plan that waits for nothing costs about the same"
    if saved > 0 or is_same:
        return f"{_kind(advised)}: the best plan that waits costs about the same"
    return f"{_kind(advised)}: the best plan that waits costs {dollars(-saved)} a year more"


def regrets(case: Scenario, evaluation: Evaluation) -> Output:
    """The cheapest act of each kind and what it may cost more than the best in hindsight."""
    rows = [
        [
            f"{_kind(row.act)}: {plain(plan_words(case, row.act))}",
            usd_words(row.usd),
            usd_words(row.p90_usd),
            usd_words(row.worst_usd),
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
    if calmest["act"] == advised["act"]:
        words = "The advised plan also has the smallest regret at P90."
    else:
        words = (
            f"Another plan has the smallest regret at P90 ({_kind(calmest['act']).lower()}: "
            f"{plain(plan_words(case, calmest['act']))}). It is {usd_words(calmest['p90_usd'])} a "
            "year."
        )
    return Output(f"{words} {knowing(case).markdown}")


def plan_words(case: Scenario, act: Act) -> str:
    """An act in a few words, for example "B200 in FP4 on demand, then buy VR200 NVL72"."""
    first = BY_TENURE[act.tenure].format(_short(case, act.option))
    if act.kind == "keep":
        first = f"{named(case, act.option)} as today"
    elif act.kind == "wait":
        first = f"keep {named(case, act.option)}"
    if not act.later_option:
        return first
    then = BY_TENURE[act.later_tenure].format(product_of(case, act))
    return f"{first}, then {then}" if act.kind != "split" else f"{first} for a part, then {then}"


def _short(case: Scenario, option: str) -> str:
    """An option as a reader knows it, without the model of an API."""
    return "the API" if option in case.api_options else named(case, option)


def product_of(case: Scenario, act: Act) -> str:
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
