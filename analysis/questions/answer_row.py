"""An answer as a row of a table: of all scenarios of a site, or of a sweep.

Imports nothing: a build with nothing to do reads written answers, and is to start no numpy.
"""

from collections.abc import Mapping
from typing import Any

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


def answer_row(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer, as its record dumps it or answer.json holds it, by the names of ANSWER_COLUMNS.

    Raises KeyError, IndexError or TypeError where it has another form.
    """
    ratio, after = answer["cost_ratio"], answer["next"]
    same = ("act", "option", "tenure", "later_option", "later_tenure", "sentence", "better_share")
    row = {name: answer[name] for name in same}
    row["instruction"] = answer["acts"][0]["instruction"]
    row |= {f"cost_ratio_{end}": ratio[end] for end in ("low", "mid", "high")}
    for name in ("act", "option", "tenure"):
        row[f"next_{name}"] = after[name] if after else ""
    row |= {"next_cost_ratio": after["cost_ratio"] if after else None, "reason": ""}
    return {name: row[name] for name in ANSWER_COLUMNS}
