"""Text of scenarios, claims and sources is text on a page: shown letter by letter, never read."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from page_cells import shown_by_cell

from analysis.facts import sources
from analysis.pages import inputs
from analysis.pages.outputs import Output, _as_html
from analysis.scenario import claims
from analysis.scenario.scenario import load

PAGES = ("efficiency", "cost", "rollout")
MARK, END = "zqstart", "zqend"
PIECES = (
    *(
        "<style>p{display:none}</style>",
        "</td></table>",
        "<img src=x onerror=alert(1)>",
        "&lt;b&gt;",
    ),
    *("**bold**", "_it_", "# head", "> said", "- item", "1. one", "~~gone~~", "| cell | two |"),
    *("[link](javascript:alert(1))", "<https://a.b>", "![x](y)", "`code`", "$x^2$", "\\(y\\)"),
    *("{{ 1 + 1 }}", "{value}", "{0}", "%s", "{% raw %}", "\n\n", "\\", "'", '"'),
)
hostile = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join)


class Shown(HTMLParser):
    """The text of a page, and what its tags carry."""

    def __init__(self) -> None:
        super().__init__()
        self.text, self.tags = "", ""

    def handle_starttag(self, tag, attrs):
        self.tags += f"<{tag} {dict(attrs)}>"

    def handle_data(self, data):
        self.text += data


def shown(output: Output) -> Shown:
    page = Shown()
    page.feed(_as_html(output.markdown) if output.markdown else output.html)
    return page


def misread(outputs: dict, texts: list[str]) -> list[str]:
    """Cells in which a marked text does not stand as it is written, spaces apart."""
    literal = {"".join(text.split()) for text in texts}
    found = []
    for cell, output in outputs.items():
        if not isinstance(output, Output):
            continue
        page = shown(output)
        if MARK in page.tags:
            found.append(f"{cell}: in a tag")
        for piece in "".join(page.text.split()).split(MARK)[1:]:
            if f"{MARK}{piece.split(END)[0]}{END}" not in literal:
                found.append(f"{cell}: {piece[:80]}")
    return found


def marked(text: str) -> str:
    return f"{MARK}{text}{END}"


def scenario_of(text: str) -> dict:
    """A scenario with a text wherever it may state one."""
    words = {"source": "judged", "why": marked(text)}
    load_factor = {"low": 0.3, "mid": 0.5, "high": 0.7, "unit": "", **words}
    product = {
        **dict.fromkeys(("price_usd", "input_tokens", "cached_tokens", "output_tokens"), 1),
        **{"spread_ratio": 1, "success_share": 0.5, "other_usd": 0, "margin_share": 0.5, **words},
    }
    quote = {"usd_per_hour": 3, "as_of": "2026-11-20", "source": marked(text)}
    return {
        "title": marked(text),
        "question": marked(text),
        "believe": {"load_factor": load_factor},
        "products": {marked(text): product},
        "quotes": {"b200": {"rent_1yr": quote}},
    }


def outputs_of(path: Path) -> dict:
    return {
        f"{page}#{cell}": output
        for page in PAGES
        for cell, output in shown_by_cell(page, str(path)).items()
    }


@settings(
    max_examples=2,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(text=hostile)
@example(text="".join(PIECES))
def test_text_of_a_scenario_is_shown_letter_by_letter(text, tmp_path_factory):
    path = tmp_path_factory.mktemp("hostile") / "mine.yml"
    path.write_text(json.dumps(scenario_of(text)))
    texts = [marked(text), marked(text).replace("-", " ")]  # names of products lose their dashes
    outputs = outputs_of(path)
    assert misread(outputs, texts) == []
    pages = [shown(output).text for output in outputs.values() if isinstance(output, Output)]
    assert MARK in "".join(pages)


def test_text_of_a_claim_and_of_a_source_is_shown_letter_by_letter(tmp_path, monkeypatch):
    text = marked("".join(piece for piece in PIECES if not set("{}%") & set(piece)))
    magnum = claims.claim("magnum")
    statements = [
        each.model_copy(
            update={
                "says": text,
                "checks": [check.model_copy(update={"evidence": text}) for check in each.checks],
                "resolution": each.resolution.model_copy(update={"settles": text, "where": text}),
            }
        )
        for each in magnum.statements
    ]
    hostile_claim = magnum.model_copy(update={"title": text, "statements": statements})
    known = claims.claim

    def claim(name: str) -> claims.Claim:
        return hostile_claim if name == "magnum" else known(name)

    for module in ("efficiency_answer", "efficiency_claim", "cost_budget"):
        monkeypatch.setattr(f"analysis.pages.{module}.claim", claim)
    monkeypatch.setattr(inputs, "source_table", lambda: sources().assign(title=text))
    outputs = outputs_of(Path("article"))
    assert load("article").claim == "magnum"
    assert misread(outputs, [text]) == []
    for cell in ("efficiency#ledger", "efficiency#sources", "rollout#promised"):
        assert MARK in shown(outputs[cell]).text, cell


@pytest.mark.parametrize("wrong", ["zqstart**b**zqend", '<a title="zqstart">x</a>'])
def test_what_is_read_is_found(wrong):
    assert misread(
        {"cell": Output(markdown=wrong) if "*" in wrong else Output(html=wrong)}, [wrong]
    )
