"""What a headline concludes: the option that a page is about, and the word for its answer."""

from collections.abc import Sequence

import pandas as pd

from analysis.pages.numbers import Shown

PAYS = ("pays", "does not pay", "may pay")
WOULD_PAY = ("would pay", "would not pay", "might pay")
PASSES = ("passes through", "falls short", "may pass through")


def headline_option(draws: pd.DataFrame) -> str:
    """The option that a page is about: the claim where a reading is taken, else the candidate."""
    return "claimed" if "claimed" in draws.index.unique(0) else "candidate"


def verdict(value: Shown, aim: float, words: Sequence[str]) -> str:
    """Which of three words fits: the 80% range lies above the aim, below it, or about it.

    `aim` is in the unit of `value`.
    """
    low, _, high = value.ends
    above, below, about = words
    if low >= aim:
        return above
    return below if high < aim else about
