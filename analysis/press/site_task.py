"""Something that is done once for the whole site, by whichever process has time."""

from dataclasses import dataclass
from typing import Any

from analysis.press.domain import Domain, load_domain
from analysis.press.messages import Failure


@dataclass(frozen=True)
class SiteTask:
    """A task about the whole site: it is made here and done wherever there is a worker."""

    domain_path: str
    output: str

    @property
    def domain(self) -> Domain:
        """The domain, found by its import path in whichever process asks."""
        return load_domain(self.domain_path)

    @property
    def name(self) -> str:
        """What the task is called beside reports; no report has a name with a space."""
        return f"site {type(self).__name__}"

    def lost(self, message: str) -> Failure:
        """The result where the process that did it was lost."""
        return Failure(message)

    def run(self) -> Any:
        """Do it."""
        raise NotImplementedError
