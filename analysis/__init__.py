"""From an announcement about AI-inference hardware to dollars, watts and dates, with ranges.

Start with a scenario and evaluate it:

    import analysis as an

    an.scenarios()                          # names of the scenarios in params/
    case = an.load("article")               # or a path to a file of your own
    draws = an.evaluate(case)               # a row an option and draw, a column a quantity
    an.shown(draws, "output_usd_per_token", "usd/Mtok", "candidate")

Change one belief or choice without a file, and ask again:

    case = an.load("article", {"workload.output_tokens": 2000, "candidate.accelerator": "b300"})

Or fill in a form and save it as a scenario file of your own:

    an.form("article")

Look up what there is to choose from, and where numbers come from:

    an.accelerators(), an.models(), an.sites(), an.prices()     # tables of the facts
    an.sources(case)                        # every fact and belief of a scenario, with its source
    an.explain()                            # every law: quantity, unit, what it reads, what it says
    an.beliefs(case)                        # what is uncertain, a column a belief
    an.predict(points)                      # speed, latency and energy of a table of deployments
    an.predict(points, measured=runs)       # the same, corrected by your own measurements
    an.best(questions)                      # the best deployment that keeps a promise, a row each
    an.sweep("article", {"model": ["deepseek-r1", "kimi-k2.5"]})   # the answer, a row a combination
    an.results("reports")                   # the table of a finished site, a row a scenario

Write a page of your own:

    an.say("A token costs {cost}.", cost=an.shown(draws, "output_usd_per_token", "usd/Mtok"))
    an.headline(sentence, value, verdict)   # the answer, for the index and the feed
    an.numbers(draws, {"request_usd": "usd"})                   # a table, kept in numbers.csv
    an.takeaway(rows)                       # the same of rows that you make
    an.interval(values, "J", "kJ")          # median and 80% range of any values
    an.plain(text)                          # text from outside, made safe for a page

The pages of the notebooks are modules: `from analysis.pages import efficiency, cost, rollout`.
A scenario that cannot be read is a ScenarioError that names file, line, key and nearest valid name.

Importing this changes nothing in the host. The first chart that a page makes enables the project's
theme, and a display that needs no network, in the session's Altair.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "analysis.model": ("beliefs", "best", "evaluate", "explain", "predict"),
    "analysis.pages.catalogue": ("accelerators", "models", "prices", "sites"),
    "analysis.pages.form": ("form",),
    "analysis.pages.inputs": ("sources",),
    "analysis.pages.numbers": ("interval", "shown"),
    "analysis.pages.outputs": ("headline", "numbers", "say", "takeaway"),
    "analysis.pages.parameters": ("load",),
    "analysis.pages.results": ("results",),
    "analysis.pages.sweep": ("sweep",),
    "analysis.pages.words": ("plain",),
    "analysis.questions.answer": ("decide",),
    "analysis.scenario.scenario": ("ScenarioError", "scenarios"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    """Import what is used when it is used: papermill and the command line start without pandas."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'analysis' has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
