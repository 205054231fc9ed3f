"""Every page of a built site, opened in Chromium without a network: charts drawn and whole, a quiet
console.

PASSTHROUGH_SITE names a site that is built already; without it two scenarios are built here.
"""

import os
import re
import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

SCENARIOS = ("article", "measured")
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
FLAGS += [
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND",
]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("CI"),
        reason="no Chromium: apt-get install chromium",
    ),
]

# What is wrong with each chart of a page, once all are drawn.
CHARTS = """() => [...document.querySelectorAll('figure.chart')].map((figure, number) => {
  const wrong = [], label = `chart ${number + 1} (${figure.dataset.label ?? 'no label'})`;
  const svg = figure.querySelector('svg.marks, svg');
  if (!svg) return [`${label}: nothing is drawn`];
  const box = svg.getBoundingClientRect();
  if (box.width < 120 || box.height < 60) wrong.push(`${label}: only ${box.width} by ${box.height} pixels`);
  const marks = svg.querySelectorAll('[class*="mark-"]:not(.role-axis *):not(.role-legend *):not(.role-title *) > *');
  const drawn = [...marks].filter((m) => !/role-(axis|legend|title|frame)/.test(m.parentNode.getAttribute('class')));
  if (!drawn.length) wrong.push(`${label}: axes without a mark`);
  if (/NaN|undefined|Infinity/.test(svg.innerHTML)) wrong.push(`${label}: NaN, undefined or Infinity in the drawing`);
  for (const text of svg.querySelectorAll('text')) {
    const at = text.getBoundingClientRect();
    if (!text.textContent.trim() || !at.width || getComputedStyle(text).opacity === '0') continue;
    const out = [box.left - at.left, at.right - box.right, box.top - at.top, at.bottom - box.bottom];
    if (Math.max(...out) > 3)
      wrong.push(`${label}: "${text.textContent.slice(0, 60)}" is clipped`);
  }
  const told = figure.dataset.label || figure.querySelector('[aria-label]');
  if (!told) wrong.push(`${label}: no words for a screen reader`);
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


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    if built := os.environ.get("PASSTHROUGH_SITE"):
        return Path(built).absolute()
    from analysis.press.build import build

    folder = tmp_path_factory.mktemp("site")
    made = build(SCENARIOS, output=str(folder), progress="none")
    assert [record for record in made if record["status"] != "ok"] == []
    return folder


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    assert CHROMIUM, "no Chromium on this machine: apt-get install chromium"
    with sync_api.sync_playwright() as play:
        opened = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


def pages(site: Path) -> list[Path]:
    """All pages; of the hundreds of cards about a source, which are all alike, a few."""
    found = sorted(site.rglob("*.html"))
    cards = [path for path in found if path.parent.name == "sources" and path.stem != "index"]
    return [path for path in found if path not in cards[8:]]


def visit(browser, path: Path, **settings):
    """The page with everything drawn, and what it said that it should not have."""
    context = browser.new_context(offline=True, **settings)
    page, said = context.new_page(), []
    page.on(
        "console",
        lambda message: said.append(message.text) if message.type in ("error", "warning") else None,
    )
    page.on("pageerror", lambda fault: said.append(str(fault)))
    page.on("requestfailed", lambda request: said.append(f"asked for {request.url[:120]}"))
    page.goto(path.as_uri())
    page.evaluate(OPENED)
    page.wait_for_function(DRAWN, timeout=30_000)
    return page, said


def faults_of(site: Path, look) -> dict:
    found = {str(path.relative_to(site)): look(path) for path in pages(site)}
    return {name: faults for name, faults in found.items() if faults}


def test_the_site_is_whole(site):
    made = {str(path.relative_to(site)) for path in pages(site)}
    assert "index.html" in made
    assert len([name for name in made if name.split("/")[0] in SCENARIOS]) >= 2 * len(SCENARIOS)


def test_every_chart_of_every_page_is_drawn_whole_and_in_silence(site, browser):
    def look(path):
        page, said = visit(browser, path, viewport={"width": 1280, "height": 900})
        said += page.evaluate(CHARTS)
        page.context.close()
        return said

    assert faults_of(site, look) == {}


def test_no_page_shows_a_number_or_a_word_that_failed(site, browser):
    bad = r"NaN|undefined|Infinity|\b(?:nan|inf)\b|(?:^|\t)None(?:\t|$)|Traceback|\{x\.|<NA>|NaT|&#|&amp;|&lt;"

    def look(path):
        page, _ = visit(browser, path)
        page.evaluate(
            "() => document.querySelectorAll('details.code, pre').forEach((one) => one.remove())"
        )
        text = page.evaluate("() => document.body.innerText")
        page.context.close()
        return [
            f"{at[0]!r} in {text[max(at.start() - 60, 0) :][:120]!r}"
            for at in re.finditer(bad, text, re.M)
        ]

    assert faults_of(site, look) == {}


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_screen(site, browser, width):
    def look(path):
        page, _ = visit(browser, path, viewport={"width": width, "height": 800})
        wide = page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
        page.context.close()
        return wide if wide > 1 else 0

    assert faults_of(site, look) == {}


def test_the_answer_stands_on_the_first_screen(site, browser):
    def look(path):
        page, _ = visit(browser, path, viewport={"width": 1280, "height": 900})
        page.evaluate(
            "() => document.querySelectorAll('details').forEach((one) => one.open = false)"
        )
        top = page.evaluate(
            "() => document.querySelector('.answer')?.getBoundingClientRect().top + window.scrollY"
        )
        page.context.close()
        told = path.parent.name in SCENARIOS
        return (
            f"the headline begins at {top} pixels"
            if told and not (top is not None and top < 900)
            else ""
        )

    assert faults_of(site, look) == {}


def test_every_link_leads_somewhere_inside_the_site_or_says_that_it_leaves(site, browser):
    def look(path):
        page, _ = visit(browser, path)
        links = page.evaluate(
            "() => [...document.querySelectorAll('a[href]')].map((a) => a.getAttribute('href'))"
        )
        names = set(
            page.evaluate("() => [...document.querySelectorAll('[id]')].map((one) => one.id)")
        )
        page.context.close()
        lost = []
        for link in links:
            parts = urlsplit(link)
            if parts.scheme in ("https", "http", "data", "blob", "mailto"):
                continue
            if parts.path and not (path.parent / unquote(parts.path)).exists():
                lost.append(link)
            if not parts.path and unquote(parts.fragment) not in names | {"", "top"}:
                lost.append(link)
        return lost

    assert faults_of(site, look) == {}


def test_a_page_needs_no_other_file_for_what_it_shows(site):
    """No script, style, picture or frame comes from an address."""

    def look(path):
        text = re.sub(r"<(script|pre|code)\b[^>]*>.*?</\1>", "", path.read_text(), flags=re.S)
        return re.findall(
            r"<(?:script|img|iframe|link|source|video)\b[^>]*(?:src|href)=[\"']?https?:[^\s\"'>]*",
            text,
        )

    assert faults_of(site, look) == {}
