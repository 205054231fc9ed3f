"""How a model is served: a manner is some of these words, blank for one pool, no drafts, tuned."""

DISAGGREGATED, DRAFTED, AS_RUN = "disaggregated", "drafted", "as_run"
TUNED = "tuned"  # what a server is that is not as people run it
KINDS = ("one pool", "drafts", "pools", "pools and drafts", "as run")  # errors are told apart by it


def kind_of(manner: str) -> str:
    """The kind of serving, one of KINDS, of a manner."""
    words = manner.split()
    if AS_RUN in words:
        return "as run"
    if DISAGGREGATED in words:
        return "pools and drafts" if DRAFTED in words else "pools"
    return "drafts" if DRAFTED in words else "one pool"
