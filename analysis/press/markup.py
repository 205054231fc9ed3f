"""Markdown, maths and the HTML of outputs, made safe for a page."""

import html
import re
from functools import cache
from typing import Any

from analysis.press.table_styles import PROPERTIES, split_style

_WRITTEN_CLASS = re.compile(
    r"data|row\d*|col\d*|level\d+|(?:row|col)_heading|index_name|blank|dataframe"
)
# Marks for tools that read dollars as mathematics.
_OTHER_CLASSES = {"tex2jax_ignore", "mathjax_ignore"}
_BETWEEN_TAGS = re.compile(r">\s+<(?=/?(?:table|thead|tbody|tr|th|td))")
_TAG = re.compile(r"<[^>]+>")
# Words that are the same in Markdown: no markup begins with any of these characters but a second $,
# and a character that is written as its number is none.
_WITHOUT_MARKUP = re.compile(
    r"[A-Za-z](?:(?:[A-Za-z0-9 ,.:;()%'$×–—−-]|&#(?:3[3-9]|[4-9]\d|1[01]\d|12[0-6]);)*"
    r"[A-Za-z0-9,.)%])?"
)
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
    if _WITHOUT_MARKUP.fullmatch(text) and text.count("$") < 2:
        return html.unescape(text).strip()  # without a renderer, which is long to import
    return html.unescape(_TAG.sub("", markdown(text))).strip()


def clean(text: str) -> str:
    """HTML of an output without scripts, handlers, frames, open tags or names of the page's own.

    A style sheet stands only where a table begins with it, and for that table alone: see
    table_styles. Anywhere else it is text that somebody did not escape.
    """
    import nh3

    style, text = split_style(text)

    def kept(_: str, attribute: str, value: str) -> str | None:
        if attribute == "id":
            return style.id_on_page(value) if style else None
        if attribute == "class":
            return _kept_classes(value, style is not None and style.uses_classes)
        return value

    cleaned = nh3.clean(
        _BETWEEN_TAGS.sub("><", text),
        attributes=_ATTRIBUTES,
        tags=nh3.ALLOWED_TAGS | _MORE_TAGS,
        filter_style_properties=PROPERTIES - {"background"},  # which may fetch
        attribute_filter=kept,
    )
    return f"<style>{style.css}</style>{cleaned}" if style else cleaned


def _kept_classes(names: str, of_cells: bool) -> str | None:
    """The classes of an element that are no names of the page's own; those of a table's cells only
    where a style asks for them.
    """
    kept = []
    for name in names.split():
        if name in _OTHER_CLASSES or (of_cells and _WRITTEN_CLASS.fullmatch(name)):
            kept.append(name)
    return " ".join(kept) or None


@cache
def _renderer(trusted: bool) -> Any:
    import mistune

    class PageRenderer(mistune.HTMLRenderer):
        def inline_math(self, text: str) -> str:
            return _mathml(text, "inline") or html.escape(f"${text}$")

        def block_math(self, text: str) -> str:
            shown = _mathml(text.strip(), "block") or html.escape(f"$${text}$$")
            return f'<div class="math">{shown}</div>\n'

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


def _mathml(formula: str, display: str) -> str:
    """A formula as MathML; blank for what is none, such as a comment alone or half a fraction.

    Dollars may stand around words that are no formula: those are shown as they are written.
    """
    from latex2mathml import exceptions
    from latex2mathml.converter import convert

    own = [each for each in vars(exceptions).values() if isinstance(each, type)]
    faults: tuple[type[BaseException], ...] = (StopIteration, RecursionError, *own)
    try:
        return convert(formula, display=display)
    except faults:
        return ""


def _math_token(inline: Any, found: re.Match, state: Any) -> int:
    state.append_token({"type": "inline_math", "raw": found["math_text"]})
    return found.end()
