"""The page that says why answers moved since an earlier state of the project, or a kept site."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from analysis.pages.inputs import stated_values
from analysis.press import html
from analysis.questions.answer import decide
from analysis.questions.kept import Kept, compared, is_site, kept_answers, kept_statements
from analysis.questions.moved import TOGETHER, Evaluated, Inseparable, Move, both_ends, moves
from analysis.questions.trees import changed_groups, changed_rows, of_folder, of_revision
from analysis.scenario.errors import ScenarioError
from analysis.scenario.scenario import PARAMS, file_of, load

NAME = "moved.html"
ROOT = PARAMS.parent
TEMPLATES = Path(__file__).with_name("templates")
FEW = 12  # rows of a table that the page prints
NO_MOVE = 0.0005  # a change of the ratio that no printed digit shows


def moved_page(reference: str, scenarios: Sequence[str]) -> str:
    """The page about the moves of `scenarios` since a kept site or a git revision, as HTML.

    They are names or paths. Raises ScenarioError for a name or a file that is none before anything
    is evaluated, and OSError for what is neither site nor revision, for an answer that cannot be
    read, and for a revision whose own code does not answer.
    """
    files = [_file(name) for name in scenarios]
    folder = Path(reference)
    return _since_site(folder, files) if is_site(folder) else _since_revision(reference, files)


def _file(name: str) -> Path:
    """The file of a scenario; ScenarioError where there is none."""
    path = file_of(name).absolute()
    if not path.is_file():
        load(name)  # says what is wrong with it
    return path


def one_name(name: str) -> str:
    """The name of a scenario in params/, however its file is spelled; the path of any other.

    ScenarioError, with the nearest name, for one that is none.
    """
    path = _file(name)
    return path.stem if path.parent == PARAMS else name


def without_past(reference: str, scenarios: Sequence[str]) -> list[str]:
    """The scenarios, names or paths, that are not compared: a git revision has those of params/
    alone, a kept site those that it answered.
    """
    if is_site(Path(reference)):
        known = kept_answers(Path(reference))
        return [name for name in scenarios if file_of(name).stem not in known]
    return [name for name in scenarios if file_of(name).absolute().parent != PARAMS]


def _since_site(folder: Path, files: Sequence[Path]) -> str:
    answers, statements = kept_answers(folder), kept_statements(folder)
    found, faults = [], []
    for file in files:
        try:
            case = load(file)
        except ScenarioError as fault:
            faults.append(f"{file.stem} ({fault.faults[0]})")
            continue
        if case.name in answers:
            now = decide(case).model_dump(mode="json")
            stated = statements.get(case.name, {})
            found.append(compared(case, stated_values(case), answers[case.name], now, stated))
    one_alone = {file.stem for file in files} ^ {*answers}
    return html.fill_frame(
        "kept.html",
        title="How answers moved",
        folder=TEMPLATES,
        site_name="Passthrough",
        site=str(folder),
        has_table=bool(statements),
        moves=[_kept_row(kept) for kept in found],
        left_out=sorted(one_alone),
        faults=faults,
    )


def _since_revision(revision: str, files: Sequence[Path]) -> str:
    scenarios = list(dict.fromkeys(file.stem for file in files if file.parent == PARAMS))
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        old = of_revision(ROOT, revision, work / "before")
        new = of_folder(ROOT, work / "after")
        groups = list(changed_groups(old, new))
        fault = ""
        ends = _ends(revision, old, new, scenarios)
        for place, together in enumerate(TOGETHER):
            try:
                found = moves(old, new, scenarios, work / str(place), together, ends)
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
        outside=without_past(revision, [str(file) for file in files]),
        order=found[0].order if found else (),
        changes=[(name, gone, come) for name, gone, come in changes],
        few=FEW,
    )


def _ends(revision: str, old: Path, new: Path, scenarios: Sequence[str]) -> list[Evaluated]:
    try:
        return both_ends(old, new, scenarios)
    except Inseparable as fault:
        raise OSError(f"{revision}: it cannot be evaluated: {fault}") from None


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
