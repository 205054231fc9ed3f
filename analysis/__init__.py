"""From an announcement about AI-inference hardware to dollars, watts and dates, with ranges.

>>> import analysis as an  # doctest: +SKIP
>>> case = an.load("article", {"workload.output_tokens": 2000})  # doctest: +SKIP
>>> draws = an.evaluate(case)  # doctest: +SKIP
>>> an.shown(draws, "output_usd_per_token", "usd/Mtok", "candidate")  # doctest: +SKIP
"""

from importlib import import_module

_HOMES = {
    "analysis.model": ("beliefs", "evaluate", "explain", "predict"),
    "analysis.pages.catalogue": ("accelerators", "models", "prices", "sites"),
    "analysis.pages.format": (
        "headline",
        "interval",
        "numbers",
        "plain",
        "say",
        "shown",
        "sources",
        "taken",
    ),
    "analysis.scenario.scenario": ("ScenarioError", "load", "scenarios"),
}
__all__ = sorted(name for names in _HOMES.values() for name in names)


def __getattr__(name: str):
    """Import what is used when it is used: papermill and the command line start without pandas."""
    home = next((home for home, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module 'analysis' has no attribute {name!r}")
    import_module("analysis.pages.charts.theme")  # charts in one look, without a network
    return globals().setdefault(name, getattr(import_module(home), name))


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
