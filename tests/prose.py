"""Sentences of a page and of a notebook's text cells, without tables: their length and words.

The most that a sentence holds, and prose.csv, which lists words that no page uses and what to
write in their place.
"""

import csv
import html
import json
import re
from pathlib import Path
from statistics import median
from typing import Any

from page_cells import NOTEBOOKS

from analysis.pages.outputs import Output

MOST_WORDS, MOST_WORDS_AT_MEDIAN = 32, 16
# A sentence ends at a stop before a space and what begins another: not inside a number, nor "e.g.".
END = re.compile(r"(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)([.?!][\"”)]*)\s+(?=[A-Z0-9“\"$−(])")
NO_PROSE = re.compile(r"^\s*(?:\||<|```|#)")  # lines of tables, of HTML, of code; headings
FORBIDDEN = [
    (row["word"], re.compile(row["pattern"], re.IGNORECASE))
    for row in csv.DictReader((Path(__file__).parent / "prose.csv").open(encoding="utf-8"))
]


def sentences(markdown: str) -> list[str]:
    """Sentences of Markdown, in order, without headings, tables and what is set as HTML."""
    paragraphs: list[list[str]] = [[]]
    for line in markdown.splitlines():
        if not line.strip() or NO_PROSE.match(line):
            paragraphs.append([])
            continue
        if re.match(r"\s*(?:[-*]|\d+\.) ", line):
            paragraphs.append([])
            line = re.sub(r"^\s*(?:[-*]|\d+\.) +", "", line)
        paragraphs[-1].append(line.strip())
    texts = (_plain(" ".join(lines)) for lines in paragraphs if lines)
    return [each.strip() for text in texts for each in END.sub(r"\1\n", text).splitlines()]


def _plain(markdown: str) -> str:
    """The words of a paragraph: links by their text, no marks of emphasis."""
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", markdown)
    words = html.unescape(re.sub(r"<[^>]+>", "", words)).replace("\\", "")
    return re.sub(r"[*`]|(?<!\w)_|_(?!\w)", "", words)


def spoken(sentence: str) -> int:
    """Words of a sentence as somebody reads them: a number with its unit is one."""
    return len(re.findall(r"[^\W_]\S*|[$−-]\d\S*", sentence))


def cell_sentences(notebook: str) -> list[str]:
    """Sentences of a notebook's text cells."""
    cells = json.loads((NOTEBOOKS / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
    texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    return [each for text in texts for each in sentences(text)]


def shown_sentences(shown: list[Any]) -> list[str]:
    """Sentences that the outputs of a page show: text, and the titles of charts."""
    found: list[str] = []
    for output in shown:
        if isinstance(output, Output):
            found += sentences(output.markdown or "")
        elif output is not None:
            found.append(output.description.split(". ")[0])
    return found


def heavy(read: list[str]) -> list[str]:
    """What is wrong with sentences: too long, a forbidden word, or too long at the median."""
    wrong = [f"{spoken(each)} words: {each}" for each in read if spoken(each) > MOST_WORDS]
    wrong += [
        f"{word!r}: {each}" for each in read for word, pattern in FORBIDDEN if pattern.search(each)
    ]
    middle = median(map(spoken, read))
    return wrong + [f"median {middle} words"] * (middle > MOST_WORDS_AT_MEDIAN)
