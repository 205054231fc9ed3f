"""The nearest valid name, for the messages of errors."""

from collections.abc import Iterable
from difflib import get_close_matches

HINTS = 5  # names that an error message lists where none is near


def closest(name: object, known: Iterable[str]) -> str | None:
    """The known name that is most like another; None where none is near."""
    close = get_close_matches(str(name), list(known), 1, 0.4)
    return close[0] if close else None


def nearest(name: object, known: Iterable[str]) -> str:
    """The end of an error message: the nearest valid name, or else the first few of them."""
    names = sorted(name for name in known if name)
    close = closest(name, names)
    if close:
        return f"did you mean {close!r}?"
    more = f" and {len(names) - HINTS} more" if len(names) > HINTS else ""
    return f"known: {', '.join(names[:HINTS])}{more}"


def unknown(kind: str, name: object, known: Iterable[str]) -> str:
    """What is wrong with a name of a kind that is none of the known ones."""
    return f"unknown {kind} {name!r}; {nearest(name, known)}"
