"""Text from files is text, always: markup in every string of a scenario, a claim and the fact
tables is shown literally, and nothing of it runs, is styled or becomes a link.
"""

import csv
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
import pytest
from chromium import NEEDS_CHROMIUM, opened_chromium
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from analysis.pages.outputs import Output, html_table, say, table
from analysis.pages.words import plain
from analysis.press import html, markup, tables
from analysis.press.records import Answer
from analysis.press.renderer import ChartRenderer, drawable

ROOT = Path(__file__).parents[1]
# One of each way to be more than text; the mark in front says where a text comes from.
HOSTILE = (
    "{mark}<style>.answer>*{{display:none}}</style><a href='https://evil.example/'>a</a>"
    '<img src=x onerror="window.hit=1"><script>window.hit=2</script>'
    "**b** _c_ `d` [e](https://evil.example/) ![f](x) $x^2$ | <https://evil.example/> &lt;g&gt; "
    "\\*h\\* ~~i~~ [^1] # j"
)
HARMLESS = "{mark}words"
FACT_TEXTS = {  # columns in which a table of facts holds free text
    "accelerators": ("where", "chosen"),
    "models": ("where", "chosen"),
    "sites": ("where", "chosen"),
    "prices": ("where", "chosen"),
    "launches": ("where",),
    "evidence": ("title", "why", "cluster"),
    "sources": ("title", "publisher", "licence"),
    "serving": ("where",),
    **dict.fromkeys(("buyers", "capex", "cooling", "precisions"), ("where", "chosen")),
    **dict.fromkeys(
        (
            *("acceptance", "aliases", "energy", "field", "mlperf_work", "parts", "peers"),
            *("resale", "resolutions", "volumes"),
        ),
        ("where",),
    ),
    "ratios": ("conditions", "where"),
    "mlperf": ("system",),
    "words": ("where",),
    "priors": ("why",),
}
CLAIM_TEXTS = {"title", "channel", "says", "settles", "where"}


class Marked:
    """Puts a text in the place of others, each with a mark of its own."""

    def __init__(self, template: str):
        self.template = template
        self.marks: list[str] = []

    def __call__(self, place: str) -> str:
        self.marks.append(f"\u27e6{place} {len(self.marks)}\u27e7")
        return self.template.format(mark=self.marks[-1])


def scenario(text: Marked) -> dict[str, Any]:
    """A scenario with a text in every string that is free: names of options are checked."""
    stated = YAML(typ="safe").load(ROOT / "params/reference.yml")
    reasons = {
        name: {**belief, "why": text("belief")} for name, belief in stated["believe"].items()
    }
    products = {
        text("product"): {**product, "why": text("why")} for product in stated["products"].values()
    }
    quote = {"usd_per_hour": 3.1, "as_of": stated["as_of"], "source": text("quote")}
    return {
        "title": text("title"),
        "question": text("question"),
        "believe": reasons,
        "products": products,
        "quotes": {"b200": {"rent_1yr": quote}},
    }


def with_texts(tree: Any, text: Marked) -> Any:
    """A claim with a text in every string that is free; what a check says keeps its numbers."""
    if isinstance(tree, list):
        return [with_texts(each, text) for each in tree]
    if not isinstance(tree, dict):
        return tree
    changed = {}
    for key, value in tree.items():
        is_free = isinstance(value, str) and key in CLAIM_TEXTS
        changed[key] = text(key) if is_free else with_texts(value, text)
        if key == "evidence" and isinstance(value, str):
            said = text("evidence")
            if tree.get("expression"):  # its braces are filled with numbers
                said = said.replace("{", "{{").replace("}", "}}")
            changed[key] = f"{value} {said}"
    return changed


def project(root: Path, template: str) -> Marked:
    """A copy of this project with a text in every free string of its files."""
    text = Marked(template)
    for name in ("analysis", "notebooks", "params"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    yaml = YAML()
    yaml.width = 1_000_000
    yaml.dump(scenario(text), root / "params/hostile.yml")
    path = root / "analysis/facts/claims/magnum.yml"
    claim = YAML(typ="safe").load(path)
    yaml.dump(with_texts(claim, text), path)
    for name, columns in FACT_TEXTS.items():
        path = root / f"analysis/facts/{name}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            row.update({column: text(column) for column in columns if row.get(column)})
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return text


def built(root: Path) -> Path:
    """The site of that copy's scenario."""
    environment = os.environ | {"PYTHONPATH": str(root)}
    command = [sys.executable, "-m", "analysis", "report", "hostile", "--output", "site"]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return root / "site"


@pytest.fixture(scope="module")
def sites(tmp_path_factory) -> dict[str, tuple[Path, Marked]]:
    """The same site twice: with hostile texts and with harmless ones."""
    made = {}
    for name, template in (("hostile", HOSTILE), ("harmless", HARMLESS)):
        root = tmp_path_factory.mktemp(name)
        text = project(root, template)
        made[name] = (built(root), text)
    return made


@pytest.fixture(scope="module")
def browser():
    with opened_chromium() as opened:
        yield opened


STRUCTURE = """() => [...document.querySelectorAll('body *:not(bdi)')].map((e) =>
  [e.tagName, e.className.baseVal ?? e.className, e.getAttribute('href') ?? '',
   getComputedStyle(e).color, getComputedStyle(e).display].join(' '))"""
PAGES = ("hostile/efficiency", "hostile/cost", "hostile/rollout", "index", "sources/index")


class TestPages:
    """Pages of this project, opened."""

    pytestmark: ClassVar = [*NEEDS_CHROMIUM, pytest.mark.slow]

    @pytest.mark.parametrize("name", PAGES)
    def test_nothing_runs_is_styled_or_linked(self, name, sites, browser):
        seen = {}
        for kind, (folder, _) in sites.items():
            for with_scripts in (False, True):
                context = browser.new_context(offline=True, java_script_enabled=with_scripts)
                page = context.new_page()
                page.goto((folder / f"{name}.html").as_uri())
                if with_scripts:
                    assert page.evaluate("window.hit") is None
                else:
                    seen[kind] = page.evaluate(STRUCTURE)
                assert page.locator("a[href*=evil]").count() == 0
                context.close()
        assert seen["hostile"] == seen["harmless"]

    def test_everything_is_shown_literally(self, sites, browser):
        folder, _ = sites["hostile"]
        context = browser.new_context(offline=True, java_script_enabled=False)
        page, shown = context.new_page(), ""
        for name in PAGES:
            page.goto((folder / f"{name}.html").as_uri())
            shown += page.evaluate("document.documentElement.textContent")
        context.close()
        marked = re.split("(?=\u27e6)", shown)
        whole = " ".join(HOSTILE.format(mark="").split())
        cut = [each[:200] for each in marked[1:] if whole not in " ".join(each.split())]
        assert cut == []
        places = {re.match(r"\u27e6(\w+) ", each)[1] for each in marked[1:]}
        assert places >= {"title", "question", "belief", "product", "says", "evidence", "where"}


def texts(page: str) -> str:
    """The text of HTML, as a browser reads it."""
    return unescape(re.sub(r"<[^>]*>", "", page))


class Tags(HTMLParser):
    """The tags of HTML, in order."""

    def __init__(self, page: str):
        super().__init__()
        self.found: list[tuple[str, tuple]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.found.append((tag, tuple(attrs)))


def shown(output: Output) -> str:
    data = {"data": output._repr_mimebundle_(), "output_type": "display_data"}
    return html._output(data, None)


WAYS = {
    "a sentence": lambda text: shown(say("Said: {text}.", text=text)),
    "a sentence that begins with it": lambda text: shown(say("{text}", text=text)),
    "a table": lambda text: shown(table([[plain(text), 1]], ["a", "b"])),
    "a table of a frame": lambda text: shown(html_table(pd.DataFrame({"a": [text]}))),
    "a styled table": lambda text: shown(
        Output(html=pd.DataFrame({"a": [text]}).style.format(escape="html").to_html())
    ),
    "an answer": lambda text: html._answer(
        Answer(plain(text), None, None, None, "", text, text, text)
    ),
}
PIECES = st.sampled_from(
    [*"<>&\"'`*_{}[]()#+-=.!|$~\\:/; \n1a", "<style>", "</style>", "http://a.b", "<!--", "&lt;"]
)


@pytest.mark.parametrize("way", WAYS)
@given(st.lists(PIECES, max_size=30).map("".join).filter(str.strip))
def test_any_text_is_shown_as_it_is(way, text):
    made, plainly = WAYS[way](text), WAYS[way]("x")
    assert [tag for tag, _ in Tags(made).found] == [tag for tag, _ in Tags(plainly).found]
    wanted = texts(plainly).replace("x", " ".join(text.split()))
    assert "".join(texts(made).split()) == "".join(wanted.split())


RED = (
    '<style type="text/css">\n#T_a td {color: red; position: fixed}\n{}</style>\n'
    '<table id="T_a"><tr><td>x</td></tr></table>'
)


def test_a_style_stands_for_its_own_table_alone():
    made = markup.clean(RED.replace("{}", ""))
    (name,) = re.findall(r'<table id="(T_\w+)">', made)
    assert made.startswith(f"<style>#{name} td {{color: red}}</style>")
    other = markup.clean(RED.replace("{}", "").replace("red", "blue"))
    assert name not in other


@pytest.mark.parametrize(
    "rule",
    [
        ".answer {display: none}",
        "#T_a, .answer {color: red}",
        "#T_a ~ p {color: red}",
        "#T_a + p {color: red}",
        "#T_ab {color: red}",
        "#T_a td::before {content: 'x'}",
        "#T_a td {background: url(data:,x)}",
        "#T_a td {background: u\\rl(x)}",
        "@import 'x';",
        "@media all {.answer {color: red}}",
    ],
)
def test_a_rule_that_reaches_further_is_dropped(rule):
    assert markup.clean(RED.replace("{}", rule)) == markup.clean(RED.replace("{}", ""))


@pytest.mark.parametrize(
    "page",
    [
        "<p>x</p><style>.answer {display: none}</style>",
        '<table><tr><td><style type="text/css">#T_a {color: red}</style></td></tr></table>',
        '<style type="text/css">.answer {color: red}</style><p class="answer">x</p>',
        '<p id="library" class="answer">x</p>',
        '<figure class="chart" data-spec="x">x</figure>',
    ],
)
def test_a_style_elsewhere_and_names_of_the_page_do_not_stand(page):
    made = markup.clean(page)
    assert not re.search(r"<style|class=|id=|data-", made)


@pytest.mark.parametrize("text", ["a\0b\x01\x1b[31m\x9f", "q\ufffe\uffff\x0b", "a\ud800b"])
def test_what_no_page_can_hold_is_marked(text):
    page = html.fill_frame("page.html", text, about={"title": text, "question": text}, blocks="")
    page.encode()
    assert page.count(html.REPLACEMENT) == 3 * len(re.findall("[^\\w\\[]", text))
    assert not re.search("[\0-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", page)
    assert ElementTree.fromstring(f"<a>{html.legal_in_xml(text)}</a>").text.strip()


@pytest.mark.parametrize("name", ["constructor", "__proto__", "toString", "hasOwnProperty"])
def test_a_chart_may_show_a_name_that_javascript_has_taken(name):
    rows = [{"a": name, "y": 1}, {"a": "x", "y": 2}]
    encoding = {"x": {"field": "a"}, "y": {"field": "y", "type": "quantitative"}}
    facet = {"facet": {"field": "a"}, "spec": {"mark": "line", "encoding": encoding}}
    drawn = ChartRenderer().draw(drawable({"data": {"values": rows}, **facet}))
    assert f"\u2060{name}" in drawn


def test_a_cell_that_a_spreadsheet_would_run_is_text():
    rows = [{"a": text} for text in ("=cmd|' /C calc'!A0", " +1", "@x", "\t=1", "-", "a=b", "\0")]
    cells = [row["a"] for row in csv.DictReader(tables.csv_text(["a"], rows).splitlines())]
    assert cells == ["'=cmd|' /C calc'!A0", "' +1", "'@x", "'\t=1", "'-", "a=b", html.REPLACEMENT]
    assert tables.csv_text(["a"], [{"a": -1.5}]) == "a\n-1.5\n"
