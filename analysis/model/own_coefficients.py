"""Coefficients as a scenario has them: moved by own measurements, and by drafts that it states."""

from dataclasses import dataclass

from analysis.model.own_measurements import learn_text
from analysis.model.workers import Coefficients, setting_of
from analysis.scenario.scenario import Scenario


@dataclass(frozen=True)
class StatedAcceptance:
    """Coefficients under which drafts add `ratio` times the tokens that they otherwise add.

    `rest` are all other coefficients; those of the fit for None.
    """

    ratio: float
    rest: Coefficients | None

    def setting(
        self, accelerator: str, model: str, precision: str, engine: str = "", manner: str = ""
    ) -> dict[str, float]:
        """What the names fix, as `settings.setting` gives it, with the acceptance as stated."""
        fixed = setting_of(self.rest)(accelerator, model, precision, engine, manner)
        return {**fixed, "acceptance_ratio": fixed["acceptance_ratio"] * self.ratio}


def coefficients_of(case: Scenario) -> Coefficients | None:
    """The coefficients of a scenario; None where they are those of the fit.

    Equal scenarios have equal ones, so that what was found with them is found once.
    """
    own = learn_text(case.own_points)
    ratio = case.serving.draft_acceptance_ratio
    return own if ratio == 1 else StatedAcceptance(ratio, own)


def without_drafts(coefficients: Coefficients | None) -> Coefficients | None:
    """Coefficients that serve alike where nothing is drafted, equal ones for all acceptances."""
    return coefficients.rest if isinstance(coefficients, StatedAcceptance) else coefficients
