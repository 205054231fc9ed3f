"""An executed notebook as one HTML file that needs no network: prose, answers, tables, charts and
their pictures.
"""

import base64
import gzip
import hashlib
import html
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from itertools import count
from pathlib import Path
from typing import Any

from analysis.press import mime
from analysis.press.altair_display import ASSETS, library
from analysis.press.markup import clean, markdown, plain
from analysis.press.normalise import normalise
from analysis.press.records import Answer
from analysis.press.renderer import drawable

_HEADING = re.compile(r"<h([1-3])>(.*?)</h\1>", re.S)
_TAG = re.compile(r"<[^>]+>")
_TERMINAL_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_FORBIDDEN_IN_XML = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
# HTML forbids the second block of control characters, too.
_FORBIDDEN_IN_HTML = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
REPLACEMENT = "\ufffd"  # what a reader sees where a character cannot be shown
# One fold for the code of cells between which nothing is shown.
_FOLD_BOUNDARY = '</pre></details>\n<details class="code"><summary>Code</summary>'
_TABLE = re.compile(r'(<div class="out (?:table|said)"[^>]* aria-label="Table)"')
_FIRST_HEADING = re.compile(r"\s*(<h[1-6][^>]*>.*?</h[1-6]>)", re.S)
DETAIL = "detail"  # tag of cells that stand under a fold, closed on screen and open in print
CHART_DIGITS = 7  # half of a large chart's bytes are digits that no eye and no spreadsheet needs

Picture = Callable[[str], str]


@dataclass(frozen=True)
class PageFrame:
    """What stands about a report: its names, links and dates.

    `name` is the scenario's or, without one, the notebook's; `root` leads from the page to the
    site's index; `siblings` are the notebooks of the scenario.
    """

    name: str
    title: str
    question: str
    as_of: str
    scenario: str
    notebook: str
    siblings: tuple[str, ...]
    root: str


@dataclass(frozen=True)
class Heading:
    """A heading of a page, for its contents."""

    level: int
    id: str
    text: str


def render(
    notebook: dict, about: PageFrame, library_path: str = "", picture: Picture | None = None
) -> str:
    """The page of a normalised notebook.

    `library_path` is where the chart library lies in the site, blank where the page carries it;
    `picture` gives the SVG of a chart's JSON, without it charts have no picture.
    """
    contents: list[Heading] = []
    blocks = _folded(notebook["cells"], contents, picture)
    body = _numbered("\n".join(blocks).replace(_FOLD_BOUNDARY, "</pre>"))
    titles = [heading.text for heading in contents if heading.level == 1]
    return fill_frame(
        "page.html",
        title=titles[0] if titles else about.name,
        has_charts='<figure class="chart"' in body,
        library_path=library_path,
        contents=contents,
        blocks=body,
        about=asdict(about),
    )


def _numbered(body: str) -> str:
    """The tables of a page with names of their own: a screen reader lists them as regions."""
    numbers = count(1)
    return _TABLE.sub(lambda found: f'{found[1]} {next(numbers)}"', body)


def fill_frame(
    template: str,
    title: str,
    has_charts: bool = False,
    library_path: str = "",
    folder: Path = ASSETS,
    **values: Any,
) -> str:
    """A template filled; its Content-Security-Policy allows the scripts that are in it and no
    other. `folder` holds the template, which may extend frame.html.
    """
    carries_library = has_charts and not library_path
    page = parsed_template(template, folder).render(
        title=title,
        style=_style_sheet(),
        script=page_script(),
        has_charts=has_charts,
        library_path=library_path,
        library=base64.b64encode(library()).decode() if carries_library else "",
        policy=security_policy(bool(library_path), carries_library),
        **values,
    )
    return marked(page)


@cache
def security_policy(library_beside: bool, library_inside: bool) -> str:
    """Scripts by their hashes, pictures from the page itself, nothing from a network.

    A library beside the pages comes from the same site, or from the folder where the page was
    opened as a file.
    """
    scripts = [page_script().encode()]
    if library_inside:
        scripts.append(gzip.decompress(library()))
    sources = []
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script).digest()).decode()
        sources.append(f"'sha256-{digest}'")
    if library_beside:
        sources += ["'self'", "file:"]
    rest = "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    return f"default-src 'none'; script-src {' '.join(sources)}; {rest}"


@cache
def page_script() -> str:
    """The script of every page: how charts fit their place, then all that a reader can do."""
    return "".join((ASSETS / name).read_text() for name in ("fit.js", "page.js"))


@cache
def _style_sheet() -> str:
    return (ASSETS / "page.css").read_text() + _highlighter()[1].get_style_defs("pre.source")


@cache
def parsed_template(name: str, folder: Path = ASSETS) -> Any:
    """A template of a folder, or of assets/; what is filled in is escaped."""
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(
        loader=FileSystemLoader([folder, ASSETS]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = plain
    environment.filters["legal"] = legal_in_xml
    return environment.get_template(name)


def legal_in_xml(text: str) -> str:
    """The text without the characters that XML forbids."""
    return _FORBIDDEN_IN_XML.sub("", text)


def _folded(cells: list[dict], contents: list[Heading], picture: Picture | None) -> Iterator[str]:
    """The blocks of all cells; those tagged `detail` under folds.

    Neighbours share a fold, and a heading begins the next one and is what a reader clicks on.
    """
    is_open = False
    for cell in cells:
        is_detail = DETAIL in cell["metadata"].get("tags", [])
        blocks = list(_cell_blocks(cell, contents, picture))
        if not blocks:
            continue
        heading = _FIRST_HEADING.match(blocks[0]) if cell["cell_type"] == "markdown" else None
        if is_open and (heading or not is_detail):
            yield "</details>"
            is_open = False
        if is_detail and not is_open:
            summary = heading[1] if heading else "Detail"
            yield f'<details class="detail"><summary>{summary}</summary>'
            is_open = True
            if heading:
                blocks[0] = blocks[0][heading.end() :]
        yield from blocks
    if is_open:
        yield "</details>"


def marked(text: str) -> str:
    """The text with a mark in place of each character that no page may hold."""
    return _FORBIDDEN_IN_HTML.sub(REPLACEMENT, text)


def _cell_blocks(cell: dict, contents: list[Heading], picture: Picture | None) -> Iterator[str]:
    """The blocks of HTML that show a cell; its headings join the contents."""
    tags = cell["metadata"].get("tags", [])
    if "remove-cell" in tags:
        return
    if cell["cell_type"] == "markdown":
        text = markdown(cell["source"], trusted=True)
        yield _HEADING.sub(lambda found: _heading(found, contents), text)
    elif cell["cell_type"] == "code":
        if cell["source"].strip() and "remove-input" not in tags:
            source = f'<pre class="source">{_highlighted(cell["source"])}</pre>'
            yield f'<details class="code"><summary>Code</summary>{source}</details>'
        if "remove-output" not in tags:
            for output in cell["outputs"]:
                yield _output(output, picture)


def _heading(found: re.Match, contents: list[Heading]) -> str:
    """A heading with an id of its own."""
    level, text = int(found[1]), html.unescape(_TAG.sub("", found[2])).strip()
    base = re.sub(r"\W+", "-", text.lower()).strip("-") or "section"
    used = {heading.id for heading in contents}
    name, number = base, 1
    while name in used:
        number += 1
        name = f"{base}-{number}"
    contents.append(Heading(level, name, text))
    return f'<h{level} id="{name}">{found[2]}</h{level}>'


# A table may be wider than a phone: who has no mouse moves it by the arrow keys.
_SCROLLS = ' tabindex="0" role="region" aria-label="Table"'


def _output(output: dict, picture: Picture | None) -> str:
    """The HTML of one output: the richest form that a page can show."""
    if output["output_type"] == "stream":
        name, text = html.escape(output["name"]), html.escape(output["text"])
        return f'<div class="out"><pre class="{name}">{text}</pre></div>'
    if output["output_type"] == "error":
        text = html.escape(_TERMINAL_COLOUR.sub("", "\n".join(output["traceback"])))
        return f'<div class="out error" role="alert"><pre>{text}</pre></div>'
    data = output["data"]
    if mime.HEADLINE in data:
        return _answer(Answer.of(data[mime.HEADLINE]))
    if mime.CHART in data:
        return _chart(data[mime.CHART], picture)
    # HTML beside Markdown is for tools that read dollars as mathematics.
    if "text/markdown" in data:
        said = markdown(data["text/markdown"])
        return f'<div class="out said"{_SCROLLS if "<table" in said else ""}>{said}</div>'
    if "text/html" in data:
        return f'<div class="out table"{_SCROLLS}>{clean(data["text/html"])}</div>'
    return f'<div class="out"><pre>{html.escape(data.get("text/plain", ""))}</pre></div>'


def _answer(answer: Answer) -> str:
    verdict = html.escape(answer.verdict)
    if verdict:
        verdict = f'<p class="verdict" data-verdict="{verdict}">{verdict}</p>'
    sentence = markdown(answer.headline)
    return f'<section class="answer" aria-label="The answer">{verdict}{sentence}</section>'


def _chart(spec: Mapping[str, Any], picture: Picture | None) -> str:
    """A figure with the chart's picture and its packed specification, which a script draws."""
    title = spec.get("title", "")
    if isinstance(title, dict):
        title = title.get("text", "")
    label = html.escape(str(spec.get("description") or title or "Chart"))
    text = drawable(spec)
    svg = _FORBIDDEN_IN_XML.sub(REPLACEMENT, picture(text)) if picture else ""
    image = f"<img alt='{label}' src='data:image/svg+xml,{_data_url(svg)}'>" if svg else ""
    rounded = json.loads(text, parse_float=_rounded)
    packed = json.dumps(rounded, separators=(",", ":"), ensure_ascii=False).encode(errors="replace")
    packed_text = base64.b64encode(zlib.compress(packed, 9)).decode()
    attributes = f'data-label="{label}" data-spec="{packed_text}"'
    return f'<figure class="chart" {attributes}>{image}</figure>'


def _rounded(digits: str) -> float:
    return float(f"{float(digits):.{CHART_DIGITS}g}")


def _data_url(svg: str) -> str:
    """An SVG for a data URL inside single quotes."""
    svg = svg.replace("%", "%25").replace("#", "%23").replace("\n", "%0A")
    return svg.replace("&", "&amp;").replace("'", "&#39;")


@lru_cache(1000)
def _highlighted(source: str) -> str:
    from pygments import highlight

    return highlight(source, *_highlighter())


@cache
def _highlighter() -> tuple[Any, Any]:
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name

    return get_lexer_by_name("ipython3"), HtmlFormatter(style="xcode", nowrap=True)


def highlight_notebook(notebook: bytes) -> None:
    """Colour a notebook's code before it is shown; copies of this process need not."""
    for cell in json.loads(notebook)["cells"]:
        if cell["cell_type"] == "code":
            _highlighted("".join(cell["source"]))


def warm(*displays: dict) -> None:
    """Render a small page once with these mime bundles, so that what is compiled and cached on the
    way is there before the process is copied.
    """
    outputs = []
    for data in displays:
        outputs.append({"output_type": "display_data", "metadata": {}, "data": data})
    prose = "# A\n\n*b* $x^2$\n\n$$y$$\n\n|a|\n|-|\n|1|\n\n- a"
    code = "x = f'{1}'  # one"
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": prose},
        {"cell_type": "code", "metadata": {}, "source": code, "outputs": outputs},
    ]
    about = PageFrame("a", "a", "", "", "", "a", (), "")
    render(normalise({"metadata": {}, "cells": cells}), about)
