"""How pages look and are used on a phone and by the keyboard, in Chromium without a network."""

import os
from pathlib import Path
from typing import Any

import pytest
from chromium import NEEDS_CHROMIUM, opened_chromium
from report_notebooks import build

PHONE = {"viewport": {"width": 390, "height": 844}}
DESK = {"viewport": {"width": 1280, "height": 800}}
REPORTS = tuple(f"article/{name}.html" for name in ("efficiency", "cost", "rollout"))
PAGES = ("index.html", "comparison.html", "validation.html", *REPORTS)
# What scrolls on a phone, and says so: a table of cells, and acts whose words are long.
WIDE = (
    "The act that is best most often",
    "What to do if a belief were another",
)
DRAWN = """async () => {
  document.querySelectorAll('details.detail').forEach((one) => one.open = true);
  for (const figure of document.querySelectorAll('figure.chart')) {
    figure.scrollIntoView();
    await new Promise((done) => setTimeout(done, 60));
  }
}"""
ALL_DRAWN = """() => [...document.querySelectorAll('figure.chart')]
  .every((figure) => figure.querySelector('figcaption') || figure.querySelector('.fault'))"""
# Charts wider than their place, and words of titles that are not on the screen.
BEYOND = """() => [...document.querySelectorAll('figure.chart')].flatMap((figure) => {
  const room = figure.getBoundingClientRect();
  const svg = figure.querySelector('svg');
  const titles = [...svg.querySelectorAll('.role-title-text text, .role-title-subtitle text')];
  const cut = titles.filter((text) => text.getBoundingClientRect().right > room.right + 1);
  const faults = cut.map((text) => `cut: ${text.textContent}`);
  const isWide = figure.scrollWidth > figure.clientWidth + 4;
  const isHinted = getComputedStyle(figure, '::before').content.includes('Scroll sideways');
  if (isWide && !isHinted) faults.push(`no hint: ${figure.dataset.label}`);
  if (isWide) faults.push(`wide: ${figure.dataset.label.split('. ')[0]}`);
  return faults;
})"""
# Names of an axis that lie over one another.
COVERED = """() => [...document.querySelectorAll('figure.chart svg')].flatMap((svg) =>
  [...svg.querySelectorAll('.role-axis-label')].flatMap((axis) => {
    const boxes = [...axis.children].filter((text) => getComputedStyle(text).opacity !== '0')
      .map((text) => [text.textContent, text.getBoundingClientRect()]);
    return boxes.slice(1).flatMap(([words, box], i) => {
      const [before, last] = boxes[i];
      const apart = box.left >= last.right - 1 || last.left >= box.right - 1
        || box.top >= last.bottom - 5 || last.top >= box.bottom - 5;
      return apart ? [] : [`${before} / ${words}`];
    });
  }))"""
# Tables and charts before the first fold that are wider than a phone.
BESIDE = """() => [...document.querySelectorAll('.table, .said, figure.chart')]
  .filter((one) => !one.closest('details') && one.scrollWidth > one.clientWidth + 4)
  .map((one) => (one.dataset.label ?? one.textContent).trim().slice(0, 60))"""
RING = "() => getComputedStyle(document.activeElement).outlineStyle"
pytestmark = NEEDS_CHROMIUM


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    if built := os.environ.get("PASSTHROUGH_SITE"):
        return Path(built).absolute()
    folder = tmp_path_factory.mktemp("site")
    made = build(("article", "measured"), output=str(folder), progress="none")
    assert [record.name for record in made if record.error] == []
    return folder


@pytest.fixture(scope="module")
def browser():
    with opened_chromium() as opened:
        yield opened


@pytest.fixture
def visit(browser, site):
    """Open a page of the site, with all folds open and all charts drawn if asked."""
    contexts = []

    def opened(name: str, drawn: bool = False, **settings: Any):
        contexts.append(browser.new_context(offline=True, **settings))
        page = contexts[-1].new_page()
        page.goto((site / name).as_uri())
        if drawn:
            page.evaluate(DRAWN)
            page.wait_for_function(ALL_DRAWN, timeout=30_000)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("name", PAGES[1:])
def test_a_chart_fits_a_phone_and_its_title_is_read_whole(name, visit):
    page = visit(name, drawn=True, **PHONE)
    page.wait_for_timeout(200)  # the hint follows the drawing
    faults = page.evaluate(BEYOND)
    expected = tuple(f"wide: {each}" for each in WIDE)
    assert [fault for fault in faults if not fault.startswith(expected)] == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("name", REPORTS)
def test_names_of_an_axis_lie_apart(name, size, visit):
    assert visit(name, drawn=True, **size).evaluate(COVERED) == []


def test_the_numbers_of_the_first_screen_fit_a_phone(visit):
    beside = visit(REPORTS[0], **PHONE).evaluate(BESIDE)
    assert [words for words in beside if words.startswith("tokens/s a chip")] == []
    tables = visit(REPORTS[1], **PHONE).evaluate(BESIDE)
    assert [words for words in tables if not words.startswith("What to do if")] == []


def test_a_phone_that_is_turned_draws_its_charts_for_the_new_width(visit):
    page = visit(REPORTS[2], drawn=True, **PHONE)
    tree = page.locator("figure.chart svg").first
    narrow = tree.bounding_box()["width"]
    page.set_viewport_size({"width": 844, "height": 390})
    wide = "document.querySelector('figure.chart svg')?.getBoundingClientRect().width"
    page.wait_for_function(f"() => {wide} > {narrow + 99}")
    assert page.locator("figure.chart").first.locator("figcaption").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", [*PAGES, "measured/efficiency.html"])
def test_axe_finds_no_serious_fault_on_a_phone(name, scheme, visit):
    from axe_playwright_python.sync_playwright import Axe

    page = visit(name, drawn=True, color_scheme=scheme, **PHONE)
    faults = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    serious = [each for each in faults if each["impact"] in ("serious", "critical")]
    assert [(each["id"], each["nodes"][0]["html"][:120]) for each in serious] == []


def test_a_report_is_used_by_the_keyboard_alone(visit):
    page = visit(REPORTS[1], **DESK)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.keyboard.press("Enter")
    page.wait_for_function("() => location.hash === '#main'")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    fold = page.locator("details.detail").first
    summary = fold.locator("summary").first
    summary.focus()
    for key, is_open in (("Enter", True), ("Space", False), ("Space", True)):
        page.keyboard.press(key)
        assert fold.evaluate("(one) => one.open") is is_open
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert page.evaluate(RING) != "none"


def test_a_slider_moves_by_the_keyboard_and_its_ring_is_seen(visit):
    page = visit(REPORTS[1], drawn=True, **DESK)
    slider = page.locator(".vega-bindings input[type=range]").first
    slider.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert page.evaluate(RING) != "none"
    before = float(slider.input_value())
    page.keyboard.press("ArrowRight")
    assert float(slider.input_value()) > before
    page.wait_for_function("() => location.hash.length > 1")


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("name", PAGES[1:])
def test_the_first_screen_has_the_answer_and_a_picture(name, size, visit):
    page = visit(name, **size)
    page.wait_for_selector("figure.chart figcaption")
    height = size["viewport"]["height"]
    answer = page.locator(".answer").first.bounding_box()
    picture = page.locator("figure.chart").first.bounding_box()
    assert answer["y"] + answer["height"] < height
    assert picture["y"] + 40 < height, f"the picture begins at {picture['y']:.0f} pixels"


def test_every_sheet_of_a_long_table_has_its_head(visit, tmp_path):
    from pypdf import PdfReader

    for name in REPORTS:
        page = visit(name, drawn=True)
        page.pdf(path=tmp_path / "page.pdf", format="A4")
        texts = [sheet.extract_text() for sheet in PdfReader(tmp_path / "page.pdf").pages]
        first = next(i for i, text in enumerate(texts) if "Source, where in it, and why" in text)
        # The last rows may share their page with what follows.
        assert all("Source, where in it, and why" in text for text in texts[first:-1]), name
