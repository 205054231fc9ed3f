"""What a reader does with a page, in Chromium without a network: look, sort, save, print, listen;
attacks in vain.
"""

import os
import time
from pathlib import Path

import pytest
from chromium import CHROMIUM
from report_notebooks import CHART, PARAMETERS, SETUP, STYLED, answered, build, notebook

from analysis.__main__ import DOMAIN
from analysis.press.domain import load_domain
from analysis.press.records import Answer, Page, ReportRecord
from analysis.press.site import index

HOSTILE = [
    "<script>window.hit = 1</script>",
    "\"><img src=x onerror='window.hit=2'>",
    "'; window.hit = 3; //",
    "</title></script>",
    "javascript:window.hit=4",
    "../../etc/passwd",
    "🜁 \u202eevil\u202c \u05d0\u05d1",
    "x" * 10_000,
    "**bold** [a](javascript:hit=5)",
]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("CI"),
        reason="no Chromium: apt-get install chromium",
    ),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    sentence = "Said: " + " ".join(HOSTILE)
    table = (
        f"pd.DataFrame({{'a': {HOSTILE!r}, 'b': range({len(HOSTILE)})}}).style.format(precision=1)",
    )
    say = (f"from IPython.display import Markdown\nMarkdown({sentence!r})",)
    scenario = folder / "hostile.yml"
    scenario.write_text(
        "title: " + repr("<script>window.hit = 6</script> \u202e").replace("\\u202e", "") + "\n"
        "question: \"<img src=x onerror='window.hit=7'> & </title>\"\n"
    )
    notebooks = [
        notebook(
            folder / "nb/small.ipynb",
            PARAMETERS,
            SETUP,
            answered(sentence, verdict="<b>holds</b>"),
            CHART,
            STYLED,
        ),
        notebook(folder / "nb/hostile.ipynb", PARAMETERS, SETUP, say, table),
    ]
    made = build(["article", str(scenario)], notebooks, str(folder / "site"), progress="none")
    assert [record.error for record in made] == [None] * 4
    return folder / "site"


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield opened
        opened.close()


@pytest.fixture
def look(browser):
    """Open a page; what the console says is an error at the end."""
    contexts, said = [], []

    def opened(path: Path, **options):
        contexts.append(browser.new_context(offline=True, accept_downloads=True, **options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: said.append(f"{path.name}: {message.text}"))
        page.on("pageerror", lambda fault: said.append(f"{path.name}: {fault}"))
        page.goto(path.as_uri())
        if options.get("java_script_enabled", True) and page.locator("figure.chart").count():
            page.wait_for_selector("figure.chart figcaption", timeout=20_000)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert said == []


def test_a_chart_answers_and_gives_its_data(site, look):
    page = look(site / "article/small.html")
    page.locator("figure.chart svg .mark-symbol path").first.hover()
    page.wait_for_selector("#vg-tooltip-element.visible")
    with page.expect_download() as saved:
        page.get_by_role("button", name="CSV").click()
    lines = Path(saved.value.path()).read_text().splitlines()
    assert lines[0] == "x,y,option"
    assert len(lines) == 13
    page.locator("figcaption summary").click()
    page.wait_for_selector("figcaption table")
    assert page.locator("figcaption table tbody tr").count() == 12


def test_a_long_table_sorts_by_a_key_press(site, look):
    page = look(site / "article/small.html")
    column = page.locator("main .out.table table").first
    column.get_by_role("button", name="y").press("Enter")
    cells = column.locator("tbody tr td:nth-child(3)").all_inner_texts()
    assert [float(cell) for cell in cells] == sorted(float(cell) for cell in cells)
    column.get_by_role("button", name="y").press("Enter")
    assert column.locator("th[aria-sort=descending]").count() == 1


def test_a_picture_stands_where_scripts_do_not_run(site, look):
    page = look(site / "article/small.html", java_script_enabled=False)
    box = page.locator("figure.chart > img").bounding_box()
    assert box["width"] > 300
    assert page.locator("figure.chart > img").get_attribute("alt") == "Twelve points of two options"


def test_details_are_closed_on_screen_and_open_in_print(browser, tmp_path):
    from analysis.press import html
    from analysis.press.normalise import normalise

    cell = {
        "cell_type": "markdown",
        "metadata": {"tags": ["detail"]},
        "source": "## More\n\nWords.",
    }
    about = html.PageFrame("a", "a", "", "", "", "a", (), "")
    path = tmp_path / "page.html"
    path.write_text(html.render(normalise({"metadata": {}, "cells": [cell]}), about))
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(path.as_uri())
    assert page.get_by_role("heading", name="More").is_visible()
    assert not page.get_by_text("Words.").is_visible()
    page.goto(f"{path.as_uri()}#more")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.get_by_text("Words.").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not page.get_by_text("Words.").is_visible()
    page.locator("summary", has_text="More").click()
    assert page.get_by_text("Words.").is_visible()
    context.close()


def test_code_is_folded_and_opens_at_once(site, look):
    page = look(site / "article/small.html")
    assert page.locator("pre.source").first.is_hidden()
    page.get_by_role("button", name="Show code").click()
    assert page.locator("pre.source").first.is_visible()


@pytest.mark.parametrize(
    "name", ["article/small.html", "hostile/hostile.html", "hostile/small.html", "index.html"]
)
def test_hostile_text_is_shown_and_does_nothing(name, site, look):
    page = look(site / name, viewport={"width": 1000, "height": 800})
    assert page.evaluate("window.hit") is None
    assert page.evaluate("document.documentElement.scrollWidth") <= 1000
    assert "window.hit" in page.locator("body").inner_text()


def test_nothing_is_written_outside_the_site(site):
    outside = {path.name for path in site.parent.iterdir()} - {"site", "nb", "hostile.yml"}
    assert outside == set()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["article/small.html", "index.html", "sources/index.html"])
def test_axe_finds_no_serious_fault(name, scheme, site, look):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(
        look(site / name, color_scheme=scheme), options={"resultTypes": ["violations"]}
    )
    bad = [
        each for each in found.response["violations"] if each["impact"] in ("serious", "critical")
    ]
    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in bad] == []


def test_print_shows_every_chart_and_no_button(site, look):
    page = look(site / "article/small.html")
    page.emulate_media(media="print")
    assert page.locator("figure.chart svg").first.is_visible()
    assert page.locator("nav.contents").is_hidden()
    assert page.locator("figcaption").first.is_hidden()


def test_a_thousand_scenarios_show_and_filter_within_a_second(tmp_path, look):
    answer = Answer("A dollar buys 1.11 times the tokens.", 1.11, 0.9, 1.4, "", "holds", "1.11", "")
    records = []
    for number in range(1000):
        title = f"Scenario {number}"
        page = Page("", 1, title, "What then?", "2026-11-22", answer, None, (), (), (), ())
        for name in ("cost", "efficiency", "rollout"):
            records.append(ReportRecord(f"s{number:04}", name, page, None))
    (tmp_path / "index.html").write_text(index(load_domain(DOMAIN), records))
    started = time.monotonic()
    page = look(tmp_path / "index.html")
    page.get_by_label("Find a scenario").fill("Scenario 77")
    assert page.locator("#count").inner_text() == "19 of 1000"
    print(f"shown and filtered in {time.monotonic() - started:.2f} s")


def test_charts_draw_in_a_notebook_without_a_network(tmp_path, look, monkeypatch):
    import altair as alt
    import pandas as pd

    from analysis.press import altair_display

    monkeypatch.delenv("PASSTHROUGH_BATCH", raising=False)
    chart = alt.Chart(pd.DataFrame({"x": [1, 2]})).mark_point().encode(x="x:Q").to_dict()
    bundles = [altair_display.bundle(chart) for _ in range(2)]
    path = tmp_path / "notebook.html"
    path.write_text("".join(f"<div>{each['text/html']}</div>" for each in bundles))
    page = look(path)
    page.wait_for_function("document.querySelectorAll('svg.marks').length === 2", timeout=20_000)
