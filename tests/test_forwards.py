"""Board paper, workbook and e-mail of a scenario: whole, safe, equal at equal inputs, never old."""

import email
import html
import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import date
from email.policy import default
from pathlib import Path

import numpy as np
import pytest
from chromium import NEEDS_CHROMIUM
from typer.testing import CliRunner

from analysis.__main__ import DOMAIN, app
from analysis.pages import board
from analysis.pages.board_sources import rests_on
from analysis.pages.cost_cash import condition_words
from analysis.pages.site_hooks import TEMPLATES
from analysis.press import forwards, pdf, storage
from analysis.press.domain import Forward, Sheet
from analysis.press.forwards import ALL, BOARD, MAIL, NUMBERS, WriteForwards, mail
from analysis.press.publish import publish
from analysis.press.records import Answer, NumberRow, Page, ReportRecord
from analysis.press.site import WriteSite
from analysis.press.workbook import workbook
from analysis.questions.answer import Answer as Decision
from analysis.questions.answer import next_row
from analysis.scenario.scenario import load

ROOT = Path(__file__).parents[1]
RISKY = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x","y")')


def records(scenario: str, previous: Answer | None = None) -> tuple[ReportRecord, ...]:
    """Records of a scenario's reports as a build leaves them, from its committed answer."""
    found = json.loads((ROOT / f"reports/{scenario}/answer.json").read_text())
    ratio = found["cost_ratio"]
    ends = (ratio["mid"], ratio["low"], ratio["high"])
    page = Page(
        key="",
        bytes=1,
        title="",
        question="",
        as_of=found["as_of"],
        answer=Answer(found["sentence"], *ends, "ratio", "", "", ""),
        previous=previous,
        numbers=(NumberRow("request_usd", "baseline", "usd", 0.1, 0.2, 0.3),),
        forecasts=(),
        files=({"name": "answer.json", "content": found},),
        inputs=(),
    )
    return tuple(ReportRecord(scenario, name, page, None) for name in ("cost", "efficiency"))


def forward(scenario: str, **options) -> Forward:
    return board.forward(scenario, records(scenario, **options), TEMPLATES)


@pytest.fixture(scope="module")
def article() -> Forward:
    return forward("article")


def text_of(page: str) -> str:
    body = page.partition("<body")[2].partition(">")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


@pytest.mark.parametrize("scenario", ["article", "agents", "startup", "power-capped"])
def test_a_paper_says_act_reasons_options_changes_dates_and_sources(scenario):
    made, words = forward(scenario), None
    words = text_of(made.board)
    answer = Decision.model_validate(records(scenario)[0].page.files[0]["content"])
    act = answer.acts[0].instruction
    assert words.count(act) >= 2, "in the box and in the table"
    assert made.title.endswith(act)
    for flip in answer.flips:
        if flip.to == act:
            assert f"percentile of its range then {flip.to}" not in words
    assert rests_on(load(scenario)) in words
    condition = condition_words(load(scenario))
    assert condition
    assert condition in html.unescape(words)
    assert condition in " ".join(made.letter.split())
    assert "VR200 NVL72 in FP4 comes by" in words
    after = next_row(load(scenario), answer)
    assert after is not None
    assert f"Next best {after.instruction}." in words
    assert not re.search(r"\bnan\b|\binf\b|None|\{|undefined", words)


def test_what_moved_stands_in_paper_and_letter():
    before = Answer("Buy B100 in FP8. Expect.", 0.8, 0.7, 0.9, "ratio", "", "", "")
    made = forward("article", previous=before)
    for words in (text_of(made.board), " ".join(made.letter.split())):
        assert "This has changed. On the last site it was: Buy B100 in FP8." in words


@pytest.mark.parametrize(
    ("months", "words"),
    [
        ([-2.0] * 10, "X can be had today."),
        ([1.0] * 5 + [2.0] * 5, "X comes by December 2026 with even odds."),
        ([1.0] * 7 + [np.inf] * 3, "The chance that it never comes is 30%."),
        ([1.0] * 3 + [np.inf] * 7, "X is not expected to come. The earliest tenth"),
        ([np.inf] * 10, "X is not expected to come. The chance that it never comes is 100%."),
    ],
)
def test_dates_are_said_for_products_that_came_come_or_never_come(months, words):
    assert words in board._date_words(load("article"), "X", np.array(months))


def test_a_paper_whose_act_keeps_what_runs_says_so():
    found = records("measured")
    content = dict(found[0].page.files[0]["content"])
    keep = next(row for row in content["acts"] if row["act"] == "keep")
    acts = [keep] + [row for row in content["acts"] if row is not keep]
    ratio = {"low": 1.0, "mid": 1.0, "high": 1.0}
    content |= {"act": "keep", "option": "today", "acts": acts, "cost_ratio": ratio, "flips": []}
    content |= {
        "sentence": "Keep B200 in FP8. No other way is expected to cost less. Next best: x."
    }
    kept = [
        replace(r, page=replace(r.page, files=({"name": "answer.json", "content": content},)))
        for r in found
    ]
    words = text_of(board.forward("measured", kept, TEMPLATES).board)
    assert "a year where it is." in words
    assert "No single belief changes the choice within its range." in words


def test_no_cell_of_a_workbook_is_a_formula(article):
    rows = tuple((text, 1.0, None) for text in RISKY)
    made = workbook([Sheet("s", ("a", "b", "c"), rows)], "t", "2026-11-22")
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        styles = archive.read("xl/styles.xml").decode()
        strings = archive.read("xl/sharedStrings.xml").decode()
    assert "<f>" not in sheet
    assert 'quotePrefix="1"' in styles
    assert strings.count("<si>") == len(RISKY) + 3
    assert sheet.count('t="s"') == len(RISKY) + 3
    names = [each.name for each in article.sheets]
    assert names == ["answer", "acts", "options", "numbers", "quotes", "beliefs", "sources"]
    assert all(len(row) == len(each.columns) for each in article.sheets for row in each.rows)
    assert all(each.rows for each in article.sheets)


def test_a_workbook_is_read_back_with_its_numbers(article):
    with zipfile.ZipFile(io.BytesIO(workbook(article.sheets, "t", article.day))) as archive:
        book = archive.read("xl/workbook.xml").decode()
        acts = archive.read("xl/worksheets/sheet2.xml").decode()
    assert re.findall(r'<sheet name="(\w+)"', book)[:2] == ["answer", "acts"]
    mean = next(row for row in article.sheets[1].rows)[2]
    assert f"<v>{mean:.16g}</v>" in acts


def test_equal_contents_are_equal_workbooks_and_letters(article, monkeypatch):
    first = workbook(article.sheets, "t", article.day), mail(article, ["a.html"], "")
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert first == (workbook(article.sheets, "t", article.day), mail(article, ["a.html"], ""))


def test_a_letter_is_plain_text_with_links(article):
    made = mail(article, ["article/cost.html"], "https://example.org/site/")
    read = email.message_from_bytes(made, policy=default)
    assert read["Subject"] == article.title
    assert read["Date"].datetime.date() == date(2026, 11, 22)
    body = read.get_content()
    assert read.get_content_type() == "text/plain"
    assert "https://example.org/site/article/cost.html" in body
    assert "Rent GB200 in FP4 for 3 years;" in body
    assert max(map(len, body.splitlines())) <= 80
    assert "Bcc" not in email.message_from_bytes(
        mail(replace(article, title="A\nBcc: x@y"), [], ""), policy=default
    )


def task(output, found, names=(NUMBERS, MAIL), address="") -> WriteForwards:
    references = tuple({record.scenario: record.scenario for record in found}.items())
    return WriteForwards(DOMAIN, str(output), tuple(found), references, names, address, "c")


def test_files_are_made_once_listed_published_and_removed_when_reports_move(tmp_path):
    found = records("article")
    task(tmp_path, found).run()
    assert forwards.forwards(str(tmp_path)) == {"article": (NUMBERS, MAIL)}
    assert not (tmp_path / "article" / BOARD).exists()
    made = (tmp_path / "article" / NUMBERS).stat().st_mtime_ns
    task(tmp_path, found).run()
    assert (tmp_path / "article" / NUMBERS).stat().st_mtime_ns == made, "it was not made again"
    for record in found:
        storage.put(str(tmp_path), f"{record.name}.html", "x")
    WriteSite(DOMAIN, str(tmp_path), found, "c", "", force=False).run()
    assert 'href="article/numbers.xlsx"' in (tmp_path / "index.html").read_text()
    publish(str(tmp_path / "public"), str(tmp_path), say=lambda words: None)
    assert (tmp_path / "public/article/answer.eml").is_file()

    moved = [replace(record, page=replace(record.page, bytes=2)) for record in found]
    task(tmp_path, moved, names=()).run()
    assert forwards.forwards(str(tmp_path)) == {}
    assert not (tmp_path / "article" / NUMBERS).exists()
    WriteSite(DOMAIN, str(tmp_path), tuple(moved), "c", "", force=False).run()
    assert "numbers.xlsx" not in (tmp_path / "index.html").read_text()


def test_a_letter_with_another_address_is_made_again(tmp_path):
    found = records("article")
    task(tmp_path, found).run()
    task(tmp_path, found, address="https://example.org").run()
    body = email.message_from_bytes((tmp_path / "article" / MAIL).read_bytes(), policy=default)
    assert "https://example.org/article/cost.html" in body.get_content()


def test_nothing_is_sent_of_a_scenario_that_failed(tmp_path):
    from analysis.press.records import ReportError

    good, other = records("article")
    task(tmp_path, [good, replace(other, error=ReportError("", "ValueError", "x"))]).run()
    assert forwards.forwards(str(tmp_path)) == {}


def test_without_chromium_pdf_says_what_to_do_before_anything_is_made(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    command = ["report", "article", "--output", str(tmp_path / "site"), "--pdf"]
    done = CliRunner().invoke(app, command)
    assert isinstance(done.exception, FileNotFoundError)
    assert "apt-get install chromium, or use --xlsx" in str(done.exception)
    assert not (tmp_path / "site").exists()


class TestPrinted:
    pytestmark = NEEDS_CHROMIUM

    @pytest.mark.parametrize("scenario", ["article", "agents", "power-capped"])
    def test_a_paper_has_two_tagged_pages_of_a4(self, scenario):
        from pypdf import PdfReader

        made = forward(scenario)
        read = PdfReader(io.BytesIO(pdf.printed(made.board, made.day)))
        assert len(read.pages) == 2
        assert [round(float(side)) for side in read.pages[0].mediabox[2:]] == [595, 842]
        root = read.trailer["/Root"]
        assert root["/MarkInfo"]["/Marked"]
        assert root["/Lang"] == "en"
        assert "/StructTreeRoot" in root
        assert read.outline
        assert read.metadata.title == made.title
        assert str(read.metadata.creation_date)[:10] == made.day
        for page in read.pages:
            assert len(page.extract_text().split()) > 90, "no page is half empty"

    def test_a_paper_of_long_words_has_two_pages_too(self):
        from pypdf import PdfReader

        found = records("agents")
        content = json.loads(json.dumps(found[0].page.files[0]["content"]))
        for number, row in enumerate(content["acts"]):
            row["instruction"] = (
                f"{number} Move to the API (deepseek/deepseek-v4-pro) " + "and so on " * 7
            )
        content["flips"] = content["flips"][:1] * 6
        content["flips"][0]["to"] = (
            "Move to the API (deepseek/deepseek-v4-pro), " + "and so on " * 7
        )
        page = replace(found[0].page, files=({"name": "answer.json", "content": content},))
        made = board.forward("agents", [replace(each, page=page) for each in found], TEMPLATES)
        assert len(PdfReader(io.BytesIO(pdf.printed(made.board, made.day))).pages) == 2

    def test_two_prints_are_equal(self):
        page = "<!doctype html><html lang=en><title>a</title><h1>a</h1></html>"
        first = pdf.printed(page, "2026-11-22")
        assert first == pdf.printed(page, "2026-11-22")

    def test_all_three_are_made_for_a_board(self, tmp_path):
        task(tmp_path, records("article"), names=ALL).run()
        assert forwards.forwards(str(tmp_path)) == {"article": ALL}
        assert (tmp_path / "article" / BOARD).read_bytes().startswith(b"%PDF")
