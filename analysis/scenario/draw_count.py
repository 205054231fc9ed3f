"""How many draws a scenario is evaluated with: a report build, or a shell, may ask for others."""

import os
import re

from analysis.scenario.errors import ScenarioError

VARIABLE = "PASSTHROUGH_DRAWS"
USUAL, FEWEST, MOST = 4096, 16, 65_536


def stated_draws() -> int:
    """The draws that the environment states, the usual ones where it states none.

    Raises ScenarioError where it states no whole number that a scenario can be evaluated with.
    """
    stated = os.environ.get(VARIABLE)
    if stated is None:
        return USUAL
    is_number = re.fullmatch("[0-9]{1,9}", stated) is not None
    if not is_number or not FEWEST <= int(stated) <= MOST:
        found = f"found {stated[:60]!r}"
        expected = f"expected a whole number of draws from {FEWEST} to {MOST:,}"
        raise ScenarioError([f"{VARIABLE} in the environment: {expected}, {found}"])
    return int(stated)
