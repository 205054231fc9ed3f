"""Every page of a built site, opened in Chromium without a network: charts drawn and whole, a quiet
console.

PASSTHROUGH_SITE names a site that is built already; without it two scenarios are built here.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from chromium import NEEDS_CHROMIUM, opened_chromium

SCENARIOS = ("article", "measured")
pytestmark = NEEDS_CHROMIUM

# What is wrong with each chart of a page, once all are drawn.
CHARTS = """() => [...document.querySelectorAll('figure.chart')].map((figure, number) => {
  const wrong = [];
  const label = `chart ${number + 1} (${figure.dataset.label ?? 'no label'})`;
  const svg = figure.querySelector('svg.marks, svg');
  if (!svg) return [`${label}: nothing is drawn`];
  const box = svg.getBoundingClientRect();
  if (box.width < 120 || box.height < 60)
    wrong.push(`${label}: only ${box.width} by ${box.height} pixels`);
  const beside = [':not(.role-axis *)', ':not(.role-legend *)', ':not(.role-title *)'].join('');
  const marks = svg.querySelectorAll(`[class*="mark-"]${beside} > *`);
  const frame = /role-(axis|legend|title|frame)/;
  const drawn = [...marks].filter((mark) => !frame.test(mark.parentNode.getAttribute('class')));
  if (!drawn.length) wrong.push(`${label}: axes without a mark`);
  if (/NaN|undefined|Infinity/.test(svg.innerHTML))
    wrong.push(`${label}: NaN, undefined or Infinity in the drawing`);
  for (const text of svg.querySelectorAll('text')) {
    const at = text.getBoundingClientRect();
    const hidden = getComputedStyle(text).opacity === '0';
    if (!text.textContent.trim() || !at.width || hidden) continue;
    const beyond = [
      box.left - at.left, at.right - box.right, box.top - at.top, at.bottom - box.bottom,
    ];
    if (Math.max(...beyond) > 3)
      wrong.push(`${label}: "${text.textContent.slice(0, 60)}" is clipped`);
  }
  const words = figure.dataset.label || figure.querySelector('[aria-label]');
  if (!words) wrong.push(`${label}: no words for a screen reader`);
  return wrong;
}).flat()"""
DRAWN = """() => [...document.querySelectorAll('figure.chart')]
  .every((figure) => figure.querySelector('svg') || figure.querySelector('.fault'))"""
OPENED = """async () => {
  document.querySelectorAll('details').forEach((one) => one.open = true);
  for (const figure of document.querySelectorAll('figure.chart')) {
    figure.scrollIntoView();
    await new Promise((done) => setTimeout(done, 60));
  }
}"""

# Names of the columns of each chart's first table.
FIRST_COLUMNS = """async () => {
  const unpack = async (text) => {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
    return JSON.parse(await new Response(stream).text());
  };
  const figures = [...document.querySelectorAll('figure.chart')];
  const specs = await Promise.all(figures.map((figure) => unpack(figure.dataset.spec)));
  return specs.map((spec) => Object.keys(Object.values(spec.datasets)[0][0]));
}"""
HELPER_COLUMNS = {"at", "word", "low", "high", "a"}  # of lines and bands behind the marks
WITHOUT_CODE = """() => document.querySelectorAll('details.code, pre')
  .forEach((one) => one.remove())"""
ANSWER_TOP = """() => {
  document.querySelectorAll('details').forEach((one) => one.open = false);
  const answer = document.querySelector('.answer');
  return answer ? answer.getBoundingClientRect().top + window.scrollY : null;
}"""
LINKS = """() => [...document.querySelectorAll('a[href]')].map((a) => a.getAttribute('href'))"""
ANCHORS = """() => [...document.querySelectorAll('[id]')].map((one) => one.id)"""


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    if built := os.environ.get("PASSTHROUGH_SITE"):
        return Path(built).absolute()
    from report_notebooks import build

    folder = tmp_path_factory.mktemp("site")
    made = build(SCENARIOS, output=str(folder), progress="none")
    assert [record.name for record in made if record.error] == []
    return folder


@pytest.fixture(scope="module")
def browser():
    with opened_chromium() as opened:
        yield opened


def pages(site: Path) -> list[Path]:
    """All pages; of the hundreds of cards about a source, which are all alike, a few."""
    paths = sorted(site.rglob("*.html"))
    cards = [path for path in paths if path.parent.name == "sources" and path.stem != "index"]
    return [path for path in paths if path not in cards[8:]]


def visit(browser, path: Path, **settings) -> tuple[Any, list[str]]:
    """The page with everything drawn, and every complaint of the browser about it."""
    context = browser.new_context(offline=True, **settings)
    page = context.new_page()
    complaints: list[str] = []

    def on_console(message) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    page.on("console", on_console)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(f"asked for {request.url[:120]}"))
    page.goto(path.as_uri())
    page.evaluate(OPENED)
    page.wait_for_function(DRAWN, timeout=30_000)
    return page, complaints


def faults_of(site: Path, faults_on: Callable[[Path], Any]) -> dict[str, Any]:
    """The faults that a function finds, by page, of the pages that have any."""
    found = {str(path.relative_to(site)): faults_on(path) for path in pages(site)}
    return {name: faults for name, faults in found.items() if faults}


def is_report(path: Path) -> bool:
    return path.parent.name in SCENARIOS


def test_the_site_is_whole(site):
    names = {str(path.relative_to(site)) for path in pages(site)}
    assert "index.html" in names
    reports = [name for name in names if name.split("/")[0] in SCENARIOS]
    assert len(reports) >= 2 * len(SCENARIOS)


def test_every_chart_of_every_page_is_drawn_whole_and_in_silence(site, browser):
    def faults_on(path):
        page, complaints = visit(browser, path, viewport={"width": 1280, "height": 900})
        complaints += page.evaluate(CHARTS)
        page.context.close()
        return complaints

    assert faults_of(site, faults_on) == {}


def test_the_first_data_of_a_chart_is_what_it_shows(site, browser):
    """Lines and bands behind the marks have tables of their own; a reader downloads these last."""

    def faults_on(path):
        page, _ = visit(browser, path)
        columns = page.evaluate(FIRST_COLUMNS)
        page.context.close()
        return [each for each in columns if set(each) <= HELPER_COLUMNS]

    assert faults_of(site, faults_on) == {}


def test_no_page_shows_a_number_or_a_word_that_failed(site, browser):
    bad = (
        r"NaN|undefined|Infinity|\b(?:nan|inf)\b|(?:^|\t)None(?:\t|$)|Traceback|\{x\.|<NA>|NaT"
        r"|&#|&amp;|&lt;"
    )

    def faults_on(path):
        page, _ = visit(browser, path)
        page.evaluate(WITHOUT_CODE)
        text = page.evaluate("() => document.body.innerText")
        page.context.close()
        return [
            f"{match[0]!r} in {text[max(match.start() - 60, 0) :][:120]!r}"
            for match in re.finditer(bad, text, re.M)
        ]

    assert faults_of(site, faults_on) == {}


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_screen(site, browser, width):
    def faults_on(path):
        page, _ = visit(browser, path, viewport={"width": width, "height": 800})
        excess = page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
        page.context.close()
        return excess if excess > 1 else 0

    assert faults_of(site, faults_on) == {}


def test_the_answer_stands_on_the_first_screen(site, browser):
    def faults_on(path):
        if not is_report(path):
            return ""
        page, _ = visit(browser, path, viewport={"width": 1280, "height": 900})
        top = page.evaluate(ANSWER_TOP)
        page.context.close()
        if top is None or top >= 900:
            return f"the headline begins at {top} pixels"
        return ""

    assert faults_of(site, faults_on) == {}


def test_every_link_leads_somewhere_inside_the_site_or_says_that_it_leaves(site, browser):
    def faults_on(path):
        page, _ = visit(browser, path)
        links = page.evaluate(LINKS)
        anchors = {*page.evaluate(ANCHORS), "", "top"}
        page.context.close()
        return [link for link in links if not leads_somewhere(link, path, anchors)]

    assert faults_of(site, faults_on) == {}


def leads_somewhere(link: str, page: Path, anchors: set[str]) -> bool:
    """Whether a link leaves the site, or leads to a file or to an anchor of its page."""
    parts = urlsplit(link)
    if parts.scheme in ("https", "http", "data", "blob", "mailto"):
        return True
    if parts.path:
        return (page.parent / unquote(parts.path)).exists()
    return unquote(parts.fragment) in anchors


def test_a_page_needs_no_other_file_for_what_it_shows(site):
    """No script, style, picture or frame comes from an address."""
    address = r"<(?:script|img|iframe|link|source|video)\b[^>]*(?:src|href)=[\"']?https?:[^\s\"'>]*"

    def faults_on(path):
        without_code = r"<(script|pre|code)\b[^>]*>.*?</\1>"
        return re.findall(address, re.sub(without_code, "", path.read_text(), flags=re.S))

    assert faults_of(site, faults_on) == {}


READ_BY_MANY = ("index.html", "comparison.html", "validation.html")


def reports_of_article(site: Path) -> list[str]:
    return [f"article/{path.name}" for path in sorted((site / "article").glob("*.html"))]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault_on_the_pages_of_a_site(site, browser, scheme):
    """With all folds open, so that what they hide is looked at too."""
    from axe_playwright_python.sync_playwright import Axe

    names = [*READ_BY_MANY, *reports_of_article(site)]
    assert len(names) >= 6
    found = {}
    for name in names:
        page, _ = visit(browser, site / name, color_scheme=scheme)
        faults = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        serious = [each for each in faults if each["impact"] in ("serious", "critical")]
        found[name] = [(each["id"], each["nodes"][0]["html"][:120]) for each in serious]
        page.context.close()
    assert {name: faults for name, faults in found.items() if faults} == {}


def test_a_verdict_keeps_its_colour_in_the_dark(site, browser):
    """The colour is the page's own, which is another in the dark."""
    colours = set()
    for scheme in ("light", "dark"):
        page, _ = visit(browser, site / "article/efficiency.html", color_scheme=scheme)
        cell = page.locator("td", has_text=re.compile(r"^✗ fails$")).first
        colours.add(cell.evaluate("(one) => getComputedStyle(one).color"))
        page.context.close()
    assert colours == {"rgb(163, 43, 30)", "rgb(255, 138, 122)"}


def test_the_index_is_used_by_the_keyboard_alone(site, browser):
    page, _ = visit(browser, site / "index.html")
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.outerHTML.slice(0, 60)")
        if focused.startswith("<body"):  # once around
            break
        seen.append(focused)
        ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert ring != "none", f"no ring about {seen[-1]}"
    at = {
        word: next(i for i, each in enumerate(seen) if word in each)
        for word in ("Skip to the answers", 'id="filter"', 'id="order"', "article/efficiency.html")
    }
    assert list(at.values()) == sorted(at.values())
    page.locator("#filter").focus()
    page.keyboard.type("article")
    assert page.locator("tr[data-name]:visible").count() == 1
    page.context.close()


def test_print_repeats_heads_and_leaves_no_page_half_empty(site, browser, tmp_path):
    from pypdf import PdfReader

    for name in [*READ_BY_MANY[1:], *reports_of_article(site)]:
        page, _ = visit(browser, site / name)
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.pdf(path=tmp_path / "page.pdf", format="A4")
        page.context.close()
        pages = PdfReader(tmp_path / "page.pdf").pages
        filled = [lowest_text(each) for each in pages]
        assert min(filled[:-1]) >= 0.5, (name, [round(each, 2) for each in filled])
        if "Source, where in it, and why" in (text := [each.extract_text() for each in pages])[-1]:
            assert sum("Source, where in it, and why" in each for each in text) > 1, name


def lowest_text(page) -> float:
    """How far down a printed page its text reaches, as a share of its height."""
    heights = []

    def at(text, cm, tm, font, size) -> None:
        if text.strip():
            heights.append(tm[5] * cm[3] + cm[5])

    page.extract_text(visitor_text=at)
    height = float(page.mediabox.height)
    return 1 - min(heights, default=height) / height
