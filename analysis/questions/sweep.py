"""What a scenario's answer becomes under each combination of some values of its keys."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from analysis.model.draws import DRAWS, SEED
from analysis.model.layouts import Infeasible
from analysis.questions.answer import decide
from analysis.questions.answer_row import ANSWER_COLUMNS, answer_row
from analysis.scenario.combinations import Combination, combinations

SCENARIO = "scenario"


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
        return answer_row(decide(combination.case, draws, seed).model_dump())
    except Infeasible as fault:
        return {"act": "", "reason": str(fault)}
