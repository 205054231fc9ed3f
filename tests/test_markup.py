"""Markdown as words: texts without markup take a short way, which ends where the long one does."""

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analysis.press import markup
from analysis.press.html import _output

CHARACTERS = "abcXYZ0189 ,.:;()%'$×–—−-&<>*_`[]#!|\\"


def rendered(text: str) -> str:
    """The words of a sentence by way of the renderer, whatever stands in it."""
    return html.unescape(markup._TAG.sub("", markup.markdown(text))).strip()


PARTS = st.text(CHARACTERS, max_size=9) | st.sampled_from(["&#40;", "&#42;", "&#60;", "&#124;"])


@given(st.lists(PARTS, max_size=9).map("".join))
@example("GB200 in FP4 for 3 years: pay $5.4M a year (34 to 55%), not $9.8M.")
@example("Keep B200 in FP8. No other way costs less - $10 at most.")
@example("Pay 42% less &#40;23% to 60%&#41; and &#42;no&#42; more.")
@example("a -- b")
@example("$%$")
@example("A  sentence,  with  spaces")
def test_words_without_markup_are_as_the_renderer_leaves_them(text):
    assert markup.plain(text) == rendered(text)


def test_a_headline_takes_the_short_way():
    headline = "Rent GB200 for 3 years. Expect to pay 46% less than today &#40;34 to 55%&#41;."
    assert markup._WITHOUT_MARKUP.fullmatch(headline)
    assert not markup._WITHOUT_MARKUP.fullmatch("it is *sure*")


@pytest.mark.parametrize("words", ["%", r"\frac", "x_", "^", r"\begin{matrix}", "<b> x_"])
def test_dollars_around_what_is_no_formula_stay_as_they_are_written(words):
    assert (
        markup.markdown(f"pay ${words}$ more") == f"<p>pay {html.escape(f'${words}$')} more</p>\n"
    )
    assert html.escape(f"$${words}$$") in markup.markdown(f"$$\n{words}\n$$").replace("\n", "")
    assert "<math" in markup.markdown("pay $x_1$ more")


def test_what_a_cell_prints_is_shown_and_not_run():
    printed = {"output_type": "stream", "name": "stdout", "text": "<b> & </pre><script>1</script>"}
    shown = _output(printed, None)
    assert "&lt;b&gt; &amp; &lt;/pre&gt;&lt;script&gt;1&lt;/script&gt;" in shown
    assert re.findall("<[^>]*>", shown) == [
        '<div class="out">',
        '<pre class="stdout">',
        "</pre>",
        "</div>",
    ]
    failed = {"output_type": "error", "traceback": ["\x1b[31mValueError\x1b[0m: <b>"]}
    assert "ValueError: &lt;b&gt;</pre>" in _output(failed, None)
    plain = {"output_type": "execute_result", "data": {"text/plain": "<b>"}}
    assert "<pre>&lt;b&gt;</pre>" in _output(plain, None)
