"""Markdown, maths and the HTML of outputs, made safe for a page."""

import html
import re
from functools import cache
from typing import Any

_STYLE_SHEET = re.compile(r"<style[^>]*>([^<]*)</style>")
_FETCHING = re.compile(r"@|url", re.I)
_CELL_ID = re.compile(r' id="(T_\w+_\w+)"')
_CELL_CLASS = re.compile(r' class="(?:data|row_heading|col_heading|index_name|blank)[^"]*"')
_STYLED_CLASS = re.compile(r"\.(?:data|row|col|index|blank|level)")
_BETWEEN_TAGS = re.compile(r">\s+<(?=/?(?:table|thead|tbody|tr|th|td))")
_TAG = re.compile(r"<[^>]+>")
_BORDERS = {f"border-{side}" for side in ("top", "right", "bottom", "left")}
_STYLE_PROPERTIES = _BORDERS | {
    "background-color",
    "color",
    "font-style",
    "font-weight",
    "padding",
    "text-align",
    "text-decoration",
    "white-space",
    "width",
}
_ATTRIBUTES = {
    "*": {
        "class",
        "colspan",
        "dir",
        "id",
        "lang",
        "role",
        "rowspan",
        "scope",
        "style",
        "title",
    },
    "a": {"href", "hreflang"},
    "details": {"open"},
    "ol": {"start"},
}
_MORE_TAGS = {"section", "figure", "figcaption", "meter"}


def markdown(text: str, trusted: bool = False) -> str:
    """Markdown with maths as HTML and MathML; HTML inside it counts only where it is `trusted` (a
    notebook's own).
    """
    return _renderer(trusted)(text)


def plain(text: str) -> str:
    """The words of a Markdown sentence, for places that take no markup."""
    return html.unescape(_TAG.sub("", markdown(text))).strip()


def clean(text: str) -> str:
    """HTML of an output without scripts, handlers, frames or open tags; style sheets of pandas
    stay.
    """
    import nh3

    styles = ""
    for sheet in _STYLE_SHEET.findall(text):
        if sheet.strip() and not _FETCHING.search(sheet):
            styles += f"<style>{sheet}</style>"

    # Most of a styled table is names of cells that no style asks for.
    def id_in_use(found: re.Match) -> str:
        return found[0] if f"#{found[1]}" in styles else ""

    text = _CELL_ID.sub(id_in_use, _STYLE_SHEET.sub("", text))
    if not _STYLED_CLASS.search(styles):
        text = _CELL_CLASS.sub("", text)
    return styles + nh3.clean(
        _BETWEEN_TAGS.sub("><", text),
        attributes=_ATTRIBUTES,
        tags=nh3.ALLOWED_TAGS | _MORE_TAGS,
        filter_style_properties=_STYLE_PROPERTIES,
    )


@cache
def _renderer(trusted: bool) -> Any:
    import mistune
    from latex2mathml.converter import convert

    class PageRenderer(mistune.HTMLRenderer):
        def inline_math(self, text: str) -> str:
            return convert(text)

        def block_math(self, text: str) -> str:
            return f'<div class="math">{convert(text.strip(), display="block")}</div>\n'

        def inline_html(self, html: str) -> str:
            return html if trusted else mistune.escape(html)

        def block_html(self, html: str) -> str:
            return html if trusted else f"<p>{mistune.escape(html.strip())}</p>\n"

    renderer = mistune.create_markdown(
        renderer=PageRenderer(escape=False), plugins=["table", "footnotes", "math"]
    )
    # As Pandoc has it, so that "$3 to $5" stays money: no space inside, no digit after the closing
    # sign.
    inline_math = r"\$(?![\s$])(?P<math_text>[^$\n]+?)(?<!\s)\$(?!\d)"
    renderer.inline.register("inline_math", inline_math, _math_token, before="link")
    return renderer


def _math_token(inline: Any, found: re.Match, state: Any) -> int:
    state.append_token({"type": "inline_math", "raw": found["math_text"]})
    return found.end()
