"""Where an option of a scenario works: the best deployment that its operator can run."""

from functools import cache

from analysis.model.layouts import workload_and_promise
from analysis.model.own_coefficients import coefficients_of
from analysis.model.search import DEPTHS, Deployment, best_deployment
from analysis.model.settings import option_names
from analysis.model.workers import Coefficients
from analysis.scenario.scenario import Scenario
from analysis.scenario.schema import Serving


def operating_point(case: Scenario, option: str) -> Deployment:
    """The best deployment of an option: its layout and load, engine, and how it is served.

    Searched are one pool and, where the scenario's `serving` allows them, pools and drafts, with
    coefficients as the scenario's own measurements and its stated acceptance of drafts move them.
    Raises Infeasible where nothing keeps
    the scenario's promise.
    """
    workload, promise = workload_and_promise(case)
    return _operating_point(
        option_names(case, option),
        case.deployment(option).chips,
        tuple(workload.items()),
        tuple(promise.items()),
        modes(case.serving),
        depths(case.serving),
        coefficients_of(case),
    )


def modes(serving: Serving) -> tuple[str, ...]:
    """The modes of serving that an operator can run."""
    return ("aggregated", "disaggregated") if serving.disaggregated else ("aggregated",)


def depths(serving: Serving) -> tuple[int, ...]:
    """The depths of drafts that an operator can run."""
    return DEPTHS if serving.draft_tokens == "best" else (serving.draft_tokens,)


@cache
def _operating_point(
    four_names: tuple[str, str, str, str],
    chips: int,
    workload: tuple,
    promise: tuple,
    modes: tuple[str, ...],
    depths: tuple[int, ...],
    coefficients: Coefficients | None,
) -> Deployment:
    named = dict(workload), dict(promise)
    return best_deployment(four_names, chips, *named, modes, depths, coefficients)
