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
from functools import cache, lru_cache

from analysis.press.altair_display import ASSETS, HEADLINE, MIME, library

_STYLES = re.compile(r"<style[^>]*>([^<]*)</style>")
_HEADING = re.compile(r"<h([1-3])>(.*?)</h\1>", re.S)
# What two runs of one notebook print differently: addresses, pandas' random table ids, temporary
# files of a kernel.
_UNSTEADY = (
    (re.compile(r"\b0x[0-9a-f]{6,16}\b"), "0x0"),
    (re.compile(r"(?<!\S)\S*ipykernel_\d+/\d+\.py|<ipython-input-\d+-[0-9a-f]+>"), "<cell>"),
)
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f]")  # in XML
_FOREIGN = re.compile(r"@|url", re.I)
_NAMED = re.compile(r' id="(T_\w+_\w+)"')
_CLASSES = re.compile(r' class="(?:data|row_heading|col_heading|index_name|blank)[^"]*"')
_CLASSED = re.compile(r"\.(?:data|row|col|index|blank|level)")
_BETWEEN = re.compile(r">\s+<(?=/?(?:table|thead|tbody|tr|th|td))")
_UUID = re.compile(r"\bT_([0-9a-f]{5,32})(?=[_\"\s{.])")
_CSS = {f"border-{side}" for side in ("top", "right", "bottom", "left")} | {
    "background-color",
    "color",
    "font-style",
    "font-weight",
    "text-align",
    "text-decoration",
    "white-space",
    "width",
    "padding",
}


def normalise(nb: dict) -> dict:
    """Take out of an executed notebook every byte that differs between two runs of the same inputs,
    in place.
    """
    tables: dict[str, str] = {}
    nb["metadata"].pop("papermill", None)
    for cell in nb["cells"]:
        for key in ("papermill", "execution"):
            cell["metadata"].pop(key, None)
        if "injected-parameters" in cell["metadata"].get("tags", []):
            cell["id"] = "injected-parameters"
        cell["outputs"] = _joined(cell["outputs"]) if "outputs" in cell else []
        for output in cell["outputs"]:
            for at, key in _texts(output):
                for pattern, steady in _UNSTEADY:
                    at[key] = pattern.sub(steady, at[key])
                at[key] = _UUID.sub(
                    lambda m: "T_" + tables.setdefault(m[1], f"{len(tables):05x}"), at[key]
                )
    return nb


def _joined(outputs: list) -> list:
    """Between two displays standard output as one, then standard error as one: a kernel cuts them
    by the clock.
    """
    joined: list = []
    for output in outputs:
        since = next(
            (i for i in range(len(joined), 0, -1) if joined[i - 1]["output_type"] != "stream"), 0
        )
        same = [each for each in joined[since:] if each.get("name") == output.get("name")]
        if output["output_type"] == "stream" and same:
            same[0]["text"] += output["text"]
            continue
        joined.append(output)
        if output.get("name") == "stdout":
            joined[since:] = sorted(joined[since:], key=lambda each: each["name"] != "stdout")
    return joined


def _texts(output: dict):
    if "text" in output:
        yield output, "text"
    yield from (
        (output["data"], kind)
        for kind, value in output.get("data", {}).items()
        if isinstance(value, str)
    )


def render(nb: dict, about: dict, shared: str = "", picture=None) -> str:
    """The page of a normalised notebook; `shared` is where the chart library lies, inside the page
    where it is blank.

    `about` holds what the frame shows (scenario, links, as_of); `picture(json)` gives a chart's
    SVG.
    """
    contents: list[dict] = []
    blocks = "\n".join(block for cell in nb["cells"] for block in _cell(cell, contents, picture))
    blocks = blocks.replace(
        '</details>\n<details class="code"><summary>Code</summary>', ""
    )  # one fold for many cells
    title = next((entry["text"] for entry in contents if entry["level"] == 1), about["name"])
    charts = '<figure class="chart"' in blocks
    return frame(
        "page.html",
        title=title,
        contents=contents,
        blocks=blocks,
        charts=charts,
        shared=shared,
        **about,
    )


def frame(template: str, charts: bool = False, shared: str = "", **values) -> str:
    """A template filled; its Content-Security-Policy allows the scripts that are in it and no
    other.
    """
    script = (ASSETS / "page.js").read_text()
    carried = charts and not shared
    values |= {"style": _style(), "script": script, "charts": charts, "shared": shared}
    values["policy"] = policy(bool(shared), carried)
    return parsed(template).render(
        library=base64.b64encode(library()).decode() if carried else "", **values
    )


@cache
def policy(shared: bool, carried: bool) -> str:
    """Scripts by their hashes, pictures from the page itself, nothing from a network.

    A library beside the pages comes from the same site, or from the folder where the page was
    opened as a file.
    """
    scripts = [
        (ASSETS / "page.js").read_bytes(),
        *([gzip.decompress(library())] if carried else []),
    ]
    allowed = [
        f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'"
        for script in scripts
    ]
    sources = " ".join(allowed + (["'self'", "file:"] if shared else []))
    rest = "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    return f"default-src 'none'; script-src {sources}; {rest}"


@cache
def _style() -> str:
    return (ASSETS / "page.css").read_text() + _colours()[1].get_style_defs("pre.source")


@cache
def parsed(name: str):
    """A template of assets/; what is filled in is escaped."""
    from jinja2 import Environment, FileSystemLoader

    made = Environment(
        loader=FileSystemLoader(ASSETS), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {"plain": plain, "legal": lambda text: _FORBIDDEN.sub("", text)}
    return made.get_template(name)


def _cell(cell: dict, contents: list, picture):
    tags = cell["metadata"].get("tags", [])
    if "remove-cell" in tags:
        return
    if cell["cell_type"] == "markdown":
        yield _HEADING.sub(
            lambda found: _anchor(found, contents), markdown(cell["source"], trusted=True)
        )
    elif cell["cell_type"] == "code":
        if cell["source"].strip() and "remove-input" not in tags:
            source = f'<pre class="source">{_coloured(cell["source"])}</pre>'
            yield f'<details class="code"><summary>Code</summary>{source}</details>'
        yield from (
            _output(output, picture) for output in cell["outputs"] if "remove-output" not in tags
        )


def _anchor(found: re.Match, contents: list) -> str:
    level, text = int(found[1]), html.unescape(re.sub(r"<[^>]+>", "", found[2])).strip()
    name = re.sub(r"\W+", "-", text.lower()).strip("-") or "section"
    taken = {entry["id"] for entry in contents}
    name = next(
        n for n in [name, *(f"{name}-{i}" for i in range(2, len(taken) + 3))] if n not in taken
    )
    contents.append({"level": level, "id": name, "text": text})
    return f'<h{level} id="{name}">{found[2]}</h{level}>'


def _output(output: dict, picture) -> str:
    if output["output_type"] == "stream":
        return f'<div class="out"><pre class="{html.escape(output["name"])}">{html.escape(output["text"])}</pre></div>'
    if output["output_type"] == "error":
        plainly = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(output["traceback"]))
        return f'<div class="out error" role="alert"><pre>{html.escape(plainly)}</pre></div>'
    data = output["data"]
    if HEADLINE in data:
        return _answer(data[HEADLINE])
    if MIME in data:
        return _chart(data[MIME], picture)
    if "text/markdown" in data:  # HTML beside it is for tools that read dollars as mathematics
        return f'<div class="out said">{markdown(data["text/markdown"])}</div>'
    if "text/html" in data:
        return f'<div class="out table" tabindex="0" role="region" aria-label="Table">{clean(data["text/html"])}</div>'
    return f'<div class="out"><pre>{html.escape(data.get("text/plain", ""))}</pre></div>'


def _answer(record: dict) -> str:
    said = html.escape(record.get("verdict", ""))
    verdict = f'<p class="verdict" data-verdict="{said}">{said}</p>' if said else ""
    return f'<section class="answer" aria-label="The answer">{verdict}{markdown(record["headline"])}</section>'


def _chart(spec: dict, picture) -> str:
    title = spec.get("title", "")
    label = str(
        spec.get("description")
        or (title.get("text", "") if isinstance(title, dict) else title)
        or "Chart"
    )
    told = json.dumps(spec)
    drawn = picture(told) if picture else ""
    image = (
        f"<img alt='{html.escape(label)}' src='data:image/svg+xml,{_quoted(drawn)}'>"
        if drawn
        else ""
    )
    # Half of a large chart's bytes are digits that no eye and no spreadsheet needs.
    shown = json.loads(told, parse_float=lambda digits: float(f"{float(digits):.7g}"))
    packed = json.dumps(shown, separators=(",", ":"), ensure_ascii=False)
    packed = base64.b64encode(zlib.compress(packed.encode(), 9)).decode()
    return f'<figure class="chart" data-label="{html.escape(label)}" data-spec="{packed}">{image}</figure>'


def _quoted(svg: str) -> str:
    """For a data URL inside single quotes."""
    for plain, quoted in (
        ("%", "%25"),
        ("#", "%23"),
        ("\n", "%0A"),
        ("&", "&amp;"),
        ("'", "&#39;"),
    ):
        svg = svg.replace(plain, quoted)
    return svg


@cache
def _markdown(trusted: bool):
    import mistune
    from latex2mathml.converter import convert

    class Renderer(mistune.HTMLRenderer):
        def inline_math(self, text: str) -> str:
            return convert(text)

        def block_math(self, text: str) -> str:
            return f'<div class="math">{convert(text.strip(), display="block")}</div>\n'

        def inline_html(self, html: str) -> str:
            return html if trusted else mistune.escape(html)

        def block_html(self, html: str) -> str:
            return html if trusted else f"<p>{mistune.escape(html.strip())}</p>\n"

    made = mistune.create_markdown(
        renderer=Renderer(escape=False), plugins=["table", "footnotes", "math"]
    )
    # As Pandoc has it, so that "$3 to $5" stays money: no space inside, no digit after the closing
    # sign.
    made.inline.register(
        "inline_math", r"\$(?![\s$])(?P<math_text>[^$\n]+?)(?<!\s)\$(?!\d)", _math, before="link"
    )
    return made


def _math(inline, found, state) -> int:
    state.append_token({"type": "inline_math", "raw": found["math_text"]})
    return found.end()


def plain(text: str) -> str:
    """The words of a Markdown sentence, for places that take no markup."""
    return html.unescape(re.sub(r"<[^>]+>", "", markdown(text))).strip()


def markdown(text: str, trusted: bool = False) -> str:
    """Markdown with maths as HTML and MathML; HTML inside it counts only where it is `trusted` (a
    notebook's own).
    """
    return _markdown(trusted)(text)


def clean(text: str) -> str:
    """HTML of an output without scripts, handlers, frames or open tags; style sheets of pandas
    stay.
    """
    import nh3

    kept = (css for css in _STYLES.findall(text) if css.strip() and not _FOREIGN.search(css))
    styles = "".join(f"<style>{css}</style>" for css in kept)
    # Most of a styled table is names of cells that no style asks for.
    text = _NAMED.sub(
        lambda name: name[0] if f"#{name[1]}" in styles else "", _STYLES.sub("", text)
    )
    text = _BETWEEN.sub("><", text if _CLASSED.search(styles) else _CLASSES.sub("", text))
    marks = {"class", "id", "style", "title", "role", "scope", "colspan", "rowspan", "dir", "lang"}
    return styles + nh3.clean(
        text,
        attributes={"*": marks, "a": {"href", "hreflang"}, "details": {"open"}, "ol": {"start"}},
        tags=nh3.ALLOWED_TAGS | {"section", "figure", "figcaption", "meter"},
        filter_style_properties=_CSS,
    )


@lru_cache(1000)
def _coloured(source: str) -> str:
    from pygments import highlight

    return highlight(source, *_colours())


def read(notebook: bytes) -> None:
    """Colour a notebook's code before it is shown; forks of this process need not."""
    for cell in json.loads(notebook)["cells"]:
        if cell["cell_type"] == "code":
            _coloured("".join(cell["source"]))


@cache
def _colours() -> tuple:
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name

    return get_lexer_by_name("ipython3"), HtmlFormatter(style="friendly", nowrap=True)


def warm(*shown: dict) -> None:
    """Render a small page once, so that what is compiled and cached on the way is there before the
    first fork.
    """
    outputs = [{"output_type": "display_data", "metadata": {}, "data": data} for data in shown]
    prose = {
        "cell_type": "markdown",
        "metadata": {},
        "source": "# A\n\n*b* $x^2$\n\n$$y$$\n\n|a|\n|-|\n|1|\n\n- a",
    }
    code = {"cell_type": "code", "metadata": {}, "source": "x = f'{1}'  # one", "outputs": outputs}
    names = ("name", "root", "notebook", "scenario", "heading", "question", "as_of")
    about = dict.fromkeys(names, "") | {"siblings": []}
    render(normalise({"metadata": {}, "cells": [prose, code]}), about)
