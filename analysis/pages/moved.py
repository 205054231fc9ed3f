"""The page that says why answers moved since an earlier state of the project, or a kept site."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from analysis.pages.inputs import stated_values
from analysis.press import html
from analysis.questions.answer import decide
from analysis.questions.kept import Kept, compared, is_site, kept_answers, kept_statements
from analysis.questions.moved import TOGETHER, Inseparable, Move, moves
from analysis.questions.trees import changed_groups, changed_rows, of_folder, of_revision
from analysis.scenario.scenario import PARAMS, load

NAME = "moved.html"
ROOT = PARAMS.parent
TEMPLATES = Path(__file__).with_name("templates")
FEW = 12  # rows of a table that the page prints
NO_MOVE = 0.0005  # a change of the ratio that no printed digit shows


def moved_page(reference: str, scenarios: Sequence[str]) -> str:
    """The page about the moves of `scenarios` since a kept site or a git revision, as HTML.

    OSError for what is neither, for an answer that cannot be read, and for a revision whose own
    code does not answer.
    """
    folder = Path(reference)
    return (
        _since_site(folder, scenarios) if is_site(folder) else _since_revision(reference, scenarios)
    )


def _since_site(folder: Path, scenarios: Sequence[str]) -> str:
    answers, statements = kept_answers(folder), kept_statements(folder)
    cases = [load(name) for name in scenarios if name in answers]
    found = [
        compared(
            case,
            stated_values(case),
            answers[case.name],
            decide(case).model_dump(mode="json"),
            statements.get(case.name, {}),
        )
        for case in cases
    ]
    one_alone = {*scenarios} ^ {*answers}
    return html.fill_frame(
        "kept.html",
        title="How answers moved",
        folder=TEMPLATES,
        site_name="Passthrough",
        site=str(folder),
        has_table=bool(statements),
        moves=[_kept_row(kept) for kept in found],
        left_out=sorted(one_alone),
    )


def _since_revision(revision: str, scenarios: Sequence[str]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        old = of_revision(ROOT, revision, work / "before")
        new = of_folder(ROOT, work / "after")
        groups = list(changed_groups(old, new))
        fault = ""
        for place, together in enumerate(TOGETHER):
            try:
                found = moves(old, new, scenarios, work / str(place), together)
                break
            except Inseparable as inseparable:
                fault = str(inseparable)
        else:
            raise OSError(f"{revision}: it cannot be evaluated: {fault}")
        changes = [(group, *changed_rows(old, new, group)) for group in groups]
    return html.fill_frame(
        NAME,
        title="Why answers moved",
        folder=TEMPLATES,
        site_name="Passthrough",
        revision=revision,
        fault=fault,
        together=together,
        moves=[_row(move) for move in found],
        left_out=[name for name in scenarios if name not in {move.scenario for move in found}],
        order=found[0].order if found else (),
        changes=[(name, gone, come) for name, gone, come in changes],
        few=FEW,
    )


def _kept_row(kept: Kept) -> dict:
    return {**_from_to(kept), "stated": kept.stated, "followed": kept.followed}


def _row(move: Move) -> dict:
    parts = sorted(move.parts.items(), key=lambda part: -abs(part[1]))
    told = [f"{name} {size:+.3f}" for name, size in parts if abs(size) > NO_MOVE]
    return {**_from_to(move), "because": ", ".join(told) or "nothing"}


def _from_to(move: Move | Kept) -> dict:
    return {
        "scenario": move.scenario,
        "before": f"{move.before[0]} ({move.before[1]:.3f})",
        "after": f"{move.after[0]} ({move.after[1]:.3f})",
        "difference": f"{round(move.after[1] - move.before[1], 3) + 0.0:+.3f}",
        "is_other_act": move.before[0] != move.after[0],
    }
