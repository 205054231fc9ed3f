"""From an announcement about AI-inference hardware to dollars, watts and dates, each with a range and a source.

>>> import analysis as an                                        # doctest: +SKIP
>>> case = an.load("article", {"workload.output_tokens": 2000})  # doctest: +SKIP
>>> an.shown(an.evaluate(case), "output_usd_per_token", "usd/Mtok", "candidate")  # doctest: +SKIP
"""

import sys

# jsonschema compiles a grammar of this package at import (0.8 s of every start) for a format that no schema here uses.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

from analysis.report.page import enable as _enable
from analysis.report.text import headline, numbers, plain, say, shown, sources, spread, taken
from analysis.study.model import beliefs, explain
from analysis.study.model import outcomes as evaluate
from analysis.study.scenario import ScenarioError, load, scenarios
from analysis.study.serving import predict

__all__ = [
    "ScenarioError", "beliefs", "evaluate", "explain", "headline", "load", "numbers", "plain", "predict", "say", "scenarios",
    "shown", "sources", "spread", "taken",
]  # fmt: skip

_enable()
