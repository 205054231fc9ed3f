"""What a scenario's own measurements moved: every option with them and without."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.model.own_measurements import learn_text
from analysis.questions.answer import decide
from analysis.scenario.scenario import Scenario


@dataclass(frozen=True, eq=False)
class Moved:
    """How many measured rows moved what by how much.

    `rows` counts those that were used. `options` has a row an option: name, without and with
    (output tokens/s per chip at the median), ratio of both, and `width_ratio`, the width of the
    range from P10 to P90 on a logarithmic scale over that without.
    """

    rows: int
    options: pd.DataFrame


def moved(case: Scenario) -> Moved | None:
    """What own measurements moved; None for a scenario that names none."""
    installation = learn_text(case.own_points)
    if installation is None:
        return None
    without = case.model_copy(update={"own_points": "", "own_file": "", "measured": None})
    before = {option.name: option for option in decide(without).options}
    rows = []
    for option in decide(case).options:
        if option.name not in before:
            continue
        old = before[option.name].output_tokens_per_s_per_chip
        new = option.output_tokens_per_s_per_chip
        width = np.log(new.high / new.low) / np.log(old.high / old.low)
        rows.append((option.name, old.mid, new.mid, new.mid / old.mid, float(width)))
    columns = ["name", "without", "with", "ratio", "width_ratio"]
    return Moved(installation.rows, pd.DataFrame(rows, columns=columns))
