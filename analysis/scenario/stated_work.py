"""The work that a scenario file states, read by itself: no fault elsewhere in the file hides it."""

from pydantic import ValidationError

from analysis.scenario.errors import ScenarioError
from analysis.scenario.scenario import PARAMS, REFERENCE
from analysis.scenario.schema import Workload
from analysis.scenario.yaml_file import read


def stated_work(name: str) -> tuple[str, Workload] | None:
    """Title and workload of a scenario of params/, over those of the reference.

    None where they cannot be read; a build names the fault. They follow from the keys `title` and
    `workload` of the two files alone.
    """
    try:
        base, own = (read(PARAMS / f"{each}.yml")[0] for each in (REFERENCE, name))
        workload = Workload.model_validate({**base["workload"], **own.get("workload", {})})
    except (ScenarioError, ValidationError, TypeError):
        return None
    title = own.get("title", base["title"])
    return (title, workload) if isinstance(title, str) else None
