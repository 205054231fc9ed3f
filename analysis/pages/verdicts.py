"""What a headline concludes: the option that a page is about, and the word for its answer."""

from collections.abc import Mapping, Sequence

import pandas as pd

from analysis.pages.numbers import Shown
from analysis.scenario.claims import AS_ARITHMETIC, SUPPORTED

# A verdict of a claim's ledger as a verb, of one statement and of several.
VERBS = {  # standings of statements in a claim's ledger, for one and for many
    SUPPORTED: ("is supported", "are supported"),
    AS_ARITHMETIC: ("holds as arithmetic", "hold as arithmetic"),
    "fails": ("fails", "fail"),
    "cannot be told": ("cannot be told", "cannot be told"),
}
PAYS = ("pays", "does not pay", "may pay")
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


def tally(counts: Mapping[str, int]) -> str:
    """How many statements of a claim have which standing, in a sentence.

    >>> tally({"holds as arithmetic": 3, "fails": 1})
    'The claim makes 4 statements. Not one is supported, and 1 fails. 3 hold as arithmetic.'
    >>> tally({"fails": 1})
    'The claim makes one statement. It fails.'
    """
    count = sum(counts.values())
    if count == 1:
        (standing,) = (name for name, often in counts.items() if often)
        return f"The claim makes one statement. It {VERBS[standing][0]}."
    numbers = {name: int(counts.get(name, 0)) for name in VERBS}
    words = {
        name: f"{often or 'Not one'} {VERBS[name][often > 1]}" for name, often in numbers.items()
    }
    rest = [words[name] for name in ("cannot be told", AS_ARITHMETIC) if numbers[name]]
    second = f" {', and '.join(rest)}." if rest else ""
    failing = words["fails"][0].lower() + words["fails"][1:]
    return f"The claim makes {count} statements. {words[SUPPORTED]}, and {failing}.{second}"
