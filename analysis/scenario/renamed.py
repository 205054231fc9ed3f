"""Names that changed: a scenario written with an old one is still read, and its draws stay the same."""

# Old belief to new. A loader takes the old name for one version and says how to write it now.
BELIEFS = {"busy_share": "load_factor"}
_STREAMS = {new: old for old, new in BELIEFS.items()}


def stream_of(name: str) -> str:
    """The name that seeds a quantity's random stream: its first one, so that renaming moves no draw.

    >>> stream_of("load_factor"), stream_of("it_life_s")
    ('busy_share', 'it_life_s')
    """
    return _STREAMS.get(name, name)
