"""What an option serves and takes over what runs today: medians of ratios, draw by draw.

What is uncertain of both sides moves both, so a ratio of two medians would be another number.
"""

from typing import Literal

import numpy as np

from analysis.questions.act_costs import Evaluation
from analysis.questions.ways import TODAY

Quantity = Literal["output_tokens_per_s_per_chip", "tokens_per_s_per_mw", "j_per_token"]
RATE = "output_tokens_per_s_per_chip"


def over_today(evaluation: Evaluation, option: str, quantity: Quantity) -> float:
    """A quantity of an option's answer over that of today's chips, at the median.

    KeyError for an option that keeps no promise under this scenario.
    """
    if option == TODAY:
        return 1.0
    new, old = evaluation.columns.options[option], evaluation.columns.today
    if quantity == "j_per_token":
        ratio = np.asarray(new["energy_j_per_output_token"]) / old["energy_j_per_output_token"]
        return float(np.median(ratio))
    ratio = np.asarray(new[RATE]) / old[RATE]
    if quantity == "tokens_per_s_per_mw":
        ratio = ratio * old["feed_w_per_chip"] / new["feed_w_per_chip"]
    return float(np.median(ratio))
