"""Keep notebooks as they are committed: no output but the checked headline; and renew README with
their answers.

python tests/headlines.py              runs each notebook and stores its headline for nbval
python tests/headlines.py --strip ...  only strips the notebooks named (all without names), as a
                                       pre-commit hook does
"""

import json
import sys
from pathlib import Path

import nbformat
from clean_notebook import strip
from nbconvert.preprocessors import ExecutePreprocessor

from analysis.press.markup import plain
from analysis.press.mime import CHART
from analysis.press.renderer import ChartRenderer

# What JupyterLab writes when it saves, less the version of Python: with less, a script made of a
# notebook would be called .txt.
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
FOLDER = Path(__file__).parents[1] / "notebooks"
PICTURE = ("efficiency", "ladder", FOLDER.parent / "analysis/pages/answer.svg")
PAGES = ("efficiency", "cost", "rollout")
README = FOLDER.parent / "README.md"
BEGIN, END = "<!-- answers: written by `make headlines` -->", "<!-- end of answers -->"


def is_headline(cell) -> bool:
    return "headline" in cell.metadata.get("tags", [])


def reads_answers(nb) -> bool:
    """Whether the notebook reads the answers of a site, which differ from site to site and are
    stored nowhere.
    """
    return any("answers" in cell.metadata.get("tags", []) for cell in nb.cells)


def stripped(nb):
    """Without outputs, counts and what a run or an editor leaves behind, as the filter of git has
    it; cells tagged `keep_output` keep theirs.
    """
    nb.metadata = {"kernelspec": dict(KERNEL), "language_info": dict(LANGUAGE)}
    return strip(nb)


def executed(nb):
    """Run with its defaults; the headline cell is marked for nbval to compare and for the filter of
    git to keep.
    """
    for cell in nb.cells:
        if is_headline(cell):
            wanted = [*cell.metadata.tags, "keep_output", "nbval-check-output"]
            cell.metadata.tags = list(dict.fromkeys(wanted))
    return ExecutePreprocessor(record_timing=False).preprocess(
        nb, {"metadata": {"path": str(FOLDER)}}
    )[0]


def drawn(nb, name: str) -> str:
    """The chart of a cell as SVG."""
    (cell,) = [cell for cell in nb.cells if cell.id == name]
    spec = next(output.data[CHART] for output in cell.outputs if CHART in output.get("data", {}))
    return ChartRenderer().draw(json.dumps(spec | {"background": "white"}))


def in_short(nb) -> str:
    """What a page adds to the decision in a sentence, as Markdown."""
    (cell,) = [cell for cell in nb.cells if ".in_short(" in cell.source]
    return "".join(cell.outputs[0].data["text/markdown"])


def answers(sentences: dict[str, str]) -> str:
    """The decision that all pages share in bold, and below it what each page adds."""
    nb = nbformat.read(FOLDER / f"{PAGES[0]}.ipynb", as_version=4)
    (cell,) = [cell for cell in nb.cells if is_headline(cell)]
    decision = plain("".join(cell.outputs[0].data["text/plain"]))
    return "\n".join([f"**{decision}**", "", *(f"- {sentences[name]}" for name in PAGES)])


def main(words: list[str]) -> None:
    """Rewrite the notebooks named, or all; only those that differ are written."""
    paths = [Path(word) for word in words if not word.startswith("-")] or sorted(
        FOLDER.glob("*.ipynb")
    )
    sentences: dict[str, str] = {}
    for path in paths:
        nb = nbformat.read(path, as_version=4)
        if "--strip" not in words and not reads_answers(nb):
            nb = executed(nb)
            if path.stem in PAGES:
                sentences[path.stem] = in_short(nb)
            if path.stem == PICTURE[0]:
                PICTURE[2].write_text(drawn(nb, PICTURE[1]) + "\n")
        text = nbformat.writes(stripped(nb)) + "\n"
        if text != path.read_text():
            path.write_text(text)
            print(f"wrote {path}")
    if sentences.keys() == set(PAGES):
        head, _, rest = README.read_text().partition(BEGIN)
        README.write_text(f"{head}{BEGIN}\n\n{answers(sentences)}\n\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    main(sys.argv[1:])
