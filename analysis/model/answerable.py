"""Whether a whole scenario can be answered: served as promised, at a cost that is a number."""

import numpy as np

from analysis.model.layouts import Infeasible
from analysis.model.operating_point import operating_point
from analysis.model.options import evaluate
from analysis.scenario.errors import Key
from analysis.scenario.faults import Faults
from analysis.scenario.scenario import Scenario

ASKED = ("output_tokens_per_s_per_chip", "energy_j_per_output_token", "request_usd")
PROMISE = ("workload", "tokens_per_s_per_user")
PROBES = 256  # draws that are looked at


def unanswerable(case: Scenario) -> Faults:
    """Why a scenario has no answer, each reason with the key of what to change.

    What serves today and the option of the headline have to keep the promise, and each has to have
    a rate, an energy and a cost above 0: beliefs that are possible one by one may leave nothing
    served together. Any other option without them is none, with the reason, on the pages.
    """
    places: dict[str, Key] = {"baseline": ("have",), "candidate": ("options", case.headline)}
    faults = []
    for option, key in places.items():
        try:
            operating_point(case, option)
        except Infeasible as fault:
            at_fault = PROMISE if "promised" in str(fault) else key
            faults.append((at_fault, f"{option}: {fault}"))
    yield from faults
    if faults:
        return
    with np.errstate(all="ignore"):
        draws = evaluate(case, PROBES)
    for option, key in places.items():
        for quantity in ASKED:
            values = draws.loc[option, quantity]
            if not (np.isfinite(values) & (values > 0)).all():
                yield key, f"{quantity} is 0 or without end in some draws, as all is believed"
