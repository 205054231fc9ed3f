"""What a scenario's answer becomes under each combination of some values of its keys."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.model.draws import DRAWS, SEED
from analysis.model.layouts import Infeasible
from analysis.questions.answer import Answer, decide
from analysis.scenario.combinations import Combination, combinations

SCENARIO = "scenario"
# What a table of answers says of each, after the scenario's name and its keys.
ANSWER_COLUMNS = (
    "act",
    "option",
    "tenure",
    "later_option",
    "later_tenure",
    "instruction",
    "sentence",
    "cost_ratio_low",
    "cost_ratio_mid",
    "cost_ratio_high",
    "better_share",
    "next_act",
    "next_option",
    "next_tenure",
    "next_cost_ratio",
    "reason",
)


def sweep(
    scenario: str,
    swept: Mapping[str, Sequence],
    overrides: Mapping[str, Any] | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
) -> pd.DataFrame:
    """The answer under every combination of values, a row a combination, the last key fastest.

    `scenario` is a name or a path; `swept` has lists of values by dotted key, such as
    {"workload.tokens_per_s_per_user": [10, 30, 100]}; `overrides` hold in all of them. Columns are
    `scenario` (a name of its own for each), the swept keys and ANSWER_COLUMNS: the cost of the act
    over keeping as P10, P50 and P90, and what comes next. Where what serves today cannot keep the
    promise, the act is blank and `reason` says how near it comes. What combinations share, such as
    searches of layouts, is done once.

    Raises ScenarioError for every key or value that cannot be, before anything is evaluated.
    """
    rows = []
    for each in combinations(scenario, swept, overrides):
        rows.append({SCENARIO: each.name, **each.chosen, **_row(each, draws, seed)})
    return pd.DataFrame(rows, columns=[SCENARIO, *swept, *ANSWER_COLUMNS])


def _row(combination: Combination, draws: int, seed: int) -> dict[str, Any]:
    try:
        return answer_row(decide(combination.case, draws, seed))
    except Infeasible as fault:
        return {"act": "", "reason": str(fault)}


def answer_row(answer: Answer) -> dict[str, Any]:
    """An answer as one row, by the names of ANSWER_COLUMNS."""
    ratio, after = answer.cost_ratio, answer.next
    return {
        "act": answer.act,
        "option": answer.option,
        "tenure": answer.tenure,
        "later_option": answer.later_option,
        "later_tenure": answer.later_tenure,
        "instruction": answer.acts[0].instruction,
        "sentence": answer.sentence,
        "cost_ratio_low": ratio.low,
        "cost_ratio_mid": ratio.mid,
        "cost_ratio_high": ratio.high,
        "better_share": answer.better_share,
        "next_act": after.act if after else "",
        "next_option": after.option if after else "",
        "next_tenure": after.tenure if after else "",
        "next_cost_ratio": after.cost_ratio if after else None,
        "reason": "",
    }
