"""How pages are written: words a sentence, and words that no page uses.

Text cells are read here; what cells show is read for every scenario by test_sentences.py.
"""

import json
from pathlib import Path

import pytest
from page_cells import NOTEBOOKS
from prose import FORBIDDEN, MOST_WORDS, cell_sentences, heavy, sentences, shown_sentences, spoken

from analysis.pages.outputs import Output
from analysis.pages.words import worded

ROOT = Path(__file__).parents[1]
PAGES = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
LONG = " ".join(["One word after another makes a line that nobody wants to read twice"] * 3) + "."


@pytest.mark.parametrize("notebook", PAGES)
def test_text_cells_have_short_sentences_in_plain_words(notebook):
    read = cell_sentences(notebook)
    assert len(read) > 5
    assert heavy(read) == []


def test_the_titles_of_charts_have_plain_words():
    captions = [each for words in worded("caption").values() for each in words.split(" | ")]
    assert heavy(captions) == []


def test_the_answer_of_every_scenario_has_short_sentences():
    answers = sorted(ROOT.glob("reports/*/answer.json"))
    assert len(answers) > 10
    read = [json.loads(path.read_text(encoding="utf-8"))["sentence"] for path in answers]
    assert [each for text in read for each in heavy(sentences(text))] == []


def test_a_long_sentence_and_each_forbidden_word_are_found():
    assert spoken(LONG) > MOST_WORDS
    assert heavy(["It is short.", "So is this.", LONG]) == [f"39 words: {LONG}"]
    assert heavy(["A buyer, whoever it is, may rent."]) == [
        "'whoever': A buyer, whoever it is, may rent."
    ]
    middling = "Words that go on " * 5 + "end."
    assert heavy([middling]) == ["median 21 words"]
    assert len({word for word, _ in FORBIDDEN}) == len(FORBIDDEN) > 20


def test_a_sentence_planted_in_what_a_page_shows_is_found():
    shown = [Output("It is short. So is this."), None, Output("| a | b |\n|---|---|")]
    assert heavy(shown_sentences(shown)) == []
    planted = Output(f"It is short.\n\n{LONG} It comes anew.")
    assert heavy(shown_sentences([*shown, planted])) == [
        f"39 words: {LONG}",
        "'anew': It comes anew.",
    ]


@pytest.mark.parametrize(
    ("markdown", "read"),
    [
        (
            "# Head\nIt costs $1.32. By 31.5 it is **two**.",
            ["It costs $1.32.", "By 31.5 it is two."],
        ),
        ("- One\n- Two\n  more.", ["One", "Two more."]),
        (
            "| a | b |\n|---|---|\n\nAfter (e.g. B200). $3 M stay.",
            ["After (e.g. B200).", "$3 M stay."],
        ),
        ("See [the page](a.html). “So.” It ends.", ["See the page.", "“So.”", "It ends."]),
    ],
)
def test_sentences_end_where_a_reader_ends_them(markdown, read):
    assert sentences(markdown) == read
