"""The page that says why answers moved since an earlier state of the project."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from analysis.press import html
from analysis.questions.moved import Inseparable, Move, moves
from analysis.questions.trees import changed_groups, changed_rows, of_folder, of_revision
from analysis.scenario.scenario import PARAMS

NAME = "moved.html"
ROOT = PARAMS.parent
TEMPLATES = Path(__file__).with_name("templates")
FEW = 12  # rows of a table that the page prints
NO_MOVE = 0.0005  # a change of the ratio that no printed digit shows


def moved_page(revision: str, scenarios: Sequence[str]) -> str:
    """The page about the moves of `scenarios` since a git revision, as HTML.

    OSError for an unknown revision, and for one whose own code does not answer.
    """
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        old = of_revision(ROOT, revision, work / "before")
        new = of_folder(ROOT, work / "after")
        groups = list(changed_groups(old, new))
        fault = ""
        try:
            found = moves(old, new, scenarios, work)
        except Inseparable as inseparable:
            fault = str(inseparable)
            try:
                found = moves(old, new, scenarios, work / "together", together=True)
            except Inseparable as broken:
                raise OSError(f"{revision}: it cannot be evaluated: {broken}") from None
        changes = [(group, *changed_rows(old, new, group)) for group in groups]
    return html.fill_frame(
        NAME,
        title="Why answers moved",
        folder=TEMPLATES,
        site_name="Passthrough",
        revision=revision,
        fault=fault,
        moves=[_row(move) for move in found],
        left_out=[name for name in scenarios if name not in {move.scenario for move in found}],
        order=found[0].order if found else (),
        changes=[(name, gone, come) for name, gone, come in changes],
        few=FEW,
    )


def _row(move: Move) -> dict:
    parts = sorted(move.parts.items(), key=lambda part: -abs(part[1]))
    told = [f"{name} {size:+.3f}" for name, size in parts if abs(size) > NO_MOVE]
    return {
        "scenario": move.scenario,
        "before": f"{move.before[0]} ({move.before[1]:.3f})",
        "after": f"{move.after[0]} ({move.after[1]:.3f})",
        "difference": f"{move.after[1] - move.before[1]:+.3f}",
        "because": ", ".join(told) or "nothing",
        "is_other_act": move.before[0] != move.after[0],
    }
