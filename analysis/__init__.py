"""From an announcement about AI-inference hardware to dollars, watts and dates, each with a range
and a source.

>>> import analysis as an                                        # doctest: +SKIP
>>> case = an.load("article", {"workload.output_tokens": 2000})  # doctest: +SKIP
>>> an.shown(an.evaluate(case), "output_usd_per_token", "usd/Mtok", "candidate")  # doctest: +SKIP
"""

import sys
from importlib import import_module

# jsonschema compiles a grammar of this package at import (0.8 s of every start) for a format that
# no schema here uses.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

_HOMES = {
    "analysis.report.text": (
        "headline",
        "numbers",
        "plain",
        "say",
        "shown",
        "sources",
        "spread",
        "taken",
    ),
    "analysis.study.model": ("beliefs", "evaluate", "explain"),
    "analysis.study.scenario": ("ScenarioError", "load", "scenarios"),
    "analysis.study.serving": ("predict",),
}
__all__ = sorted(name for names in _HOMES.values() for name in names)


def __getattr__(name: str):
    """Import what is asked for when it is asked for: papermill and the command line start without
    pandas.
    """
    home = next((home for home, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module 'analysis' has no attribute {name!r}")
    import_module("analysis.report.theme")  # charts in one look, without a network
    found = getattr(import_module(home), {"evaluate": "outcomes"}.get(name, name))
    return globals().setdefault(name, found)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
