"""Wait, buy or rent: present values against buying today's hardware, whose monthly cost is the
unit.
"""

import numpy as np


def migrated_share(time_months, arrival_months, ramp_months):
    """Share of the work moved to the new hardware: none before it arrives, then in a straight line
    (assumption).
    """
    return np.clip((time_months - arrival_months) / ramp_months, 0, 1)


def slacking_months(doubling_months):
    """A job is worth delaying only if it runs longer than this (Gottbrath et al. 1999,
    astro-ph/9912202).
    """
    return doubling_months / np.log(2)


DECISION = (
    migrated_share,
    slacking_months,
)
