"""Words that say where a number comes from and how its source was read."""

JUDGED = "judged"  # kind and source of a number that the authors guessed, with a reason
FITTED = "fitted"  # source of a coefficient that calibration found
# Kinds of rows in tables of numbers.
KINDS = frozenset(
    {"datasheet", "measured", "reported", "estimate", "press", "derived", "config", JUDGED}
)

OPENED = "opened"
SECOND_HAND = "through a table of others"
RECALLED = "recalled, to be checked"
OUR_OWN = "our own"
# How a source was read, and whether there was a day on which it was.
READ_ON_A_DAY = {OPENED: True, SECOND_HAND: True, RECALLED: False, OUR_OWN: False}
