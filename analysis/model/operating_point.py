"""Where an option of a scenario works: the best deployment that its operator can run."""

from functools import cache

from analysis.model.layouts import workload_and_promise
from analysis.model.own_coefficients import coefficients_of
from analysis.model.search import DEPTHS, Deployment, Search, best_deployment
from analysis.model.settings import option_names
from analysis.scenario.scenario import Scenario
from analysis.scenario.schema import Serving


def operating_point(case: Scenario, option: str) -> Deployment:
    """The best deployment of an option: its layout and load, engine, and how it is served.

    Searched are one pool and, where the scenario's `serving` allows them, pools and drafts, with
    coefficients as the scenario's own measurements and its stated acceptance of drafts move them.
    Raises Infeasible where nothing keeps
    the scenario's promise.
    """
    _, promise = workload_and_promise(case)
    return _best_deployment(search_of(case, option), tuple(promise.items()))


def search_of(case: Scenario, option: str) -> Search:
    """What a scenario searches for an option: all that its operator can run."""
    return Search(
        *option_names(case, option),
        chips=case.deployment(option).chips,
        input_tokens=float(case.workload.input_tokens),
        output_tokens=float(case.workload.output_tokens),
        cached_share=case.workload.cached_share,
        modes=modes(case.serving),
        depths=depths(case.serving),
        coefficients=coefficients_of(case),
    )


@cache
def _best_deployment(search: Search, promise: tuple) -> Deployment:
    return best_deployment(search, dict(promise))


def modes(serving: Serving) -> tuple[str, ...]:
    """The modes of serving that an operator can run."""
    return ("aggregated", "disaggregated") if serving.disaggregated else ("aggregated",)


def depths(serving: Serving) -> tuple[int, ...]:
    """The depths of drafts that an operator can run."""
    return DEPTHS if serving.draft_tokens == "best" else (serving.draft_tokens,)
