"""The index: groups by the buyer's question, a number for each buyer, what changed, its look
with few scenarios, with many, and on a phone.
"""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from chromium import NEEDS_CHROMIUM, opened_chromium

from analysis.__main__ import DOMAIN
from analysis.pages import index_rows
from analysis.press.domain import load_domain
from analysis.press.records import Answer, Page, ReportRecord
from analysis.press.site_index import index
from analysis.questions.answer import Range
from analysis.scenario.scenario import load, scenarios

ROOT = Path(__file__).parents[1]
GROUPS = load_domain(DOMAIN).groups
NOTEBOOKS = ("cost", "efficiency", "rollout")


def committed(scenario: str) -> dict:
    return json.loads((ROOT / f"reports/{scenario}/answer.json").read_text())


def headline(sentence: str, ends: tuple[float, float, float]) -> Answer:
    low, value, high = ends
    return Answer(sentence, value, low, high, "ratio", "move now", f"{value:.2f}×", "")


def records(count: int, changed: int = 0) -> list[ReportRecord]:
    """Reports of many scenarios, after the answers of those in params/."""
    made = []
    for number in range(count):
        scenario = scenarios()[number % len(scenarios())]
        found = committed(scenario)
        ratio = found["cost_ratio"]
        answer = headline(found["sentence"], (ratio["low"], ratio["mid"], ratio["high"]))
        case = load(scenario)
        page = Page(
            key="",
            bytes=1,
            title=f"{case.title} {number}",
            question=case.question,
            as_of=str(case.as_of),
            answer=answer,
            previous=replace(answer, headline="Buy B100 in FP8. Or not.")
            if number < changed
            else None,
            numbers=(),
            forecasts=(),
            files=({"name": "answer.json", "content": found},),
            inputs=(),
            group=index_rows.group(case),
        )
        name = f"s{number:04}"
        made += [ReportRecord(name, notebook, page, None) for notebook in NOTEBOOKS]
    return made


def test_scenarios_stand_under_the_question_of_their_buyer():
    groups = {name: index_rows.group(load(name)) for name in scenarios()}
    assert set(groups.values()) == set(GROUPS)
    assert groups["startup"] == "Buys tokens from an API"
    assert groups["article"] == "Rents chips"
    assert groups["measured"] == "Owns chips"
    assert groups["power-capped"] == "Short of power", "although its chips are owned"


def test_each_buyer_reads_the_number_that_counts_for_him():
    def summary(scenario: str):
        found = committed(scenario)
        files = [{"name": "answer.json", "content": found}]
        words = headline(found["sentence"], (1.0, 1.0, 1.0))
        return index_rows.summarise(words, index_rows.group(load(scenario)), files), found

    owner, found = summary("measured")
    assert owner.act == found["acts"][0]["instruction"]
    assert owner.figure == f"{1 - found['cost_ratio']['mid']:.0%} less"
    buyer, found = summary("startup")
    kept = next(row for row in found["acts"] if row["act"] == "keep")
    assert f"{kept['usd_per_year']['mid'] / 1e6:.3g}" in buyer.caption
    assert f"{found['acts'][0]['usd_per_year']['mid'] / 1e6:.3g}" in buyer.figure
    capped, found = summary("power-capped")
    served = {option["name"]: option["tokens_per_s_per_mw"]["mid"] for option in found["options"]}
    assert capped.figure == f"{served[found['option']] / 1000:.0f} tokens/s"
    assert f"today {served['today'] / 1000:.0f}" in capped.caption


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ((0.5, 0.6, 0.8), ("40% less", "than today, a year", "20% to 50%")),
        ((0.9, 0.95, 1.1), ("5% less", "than today, a year", "−10% to 10%")),
        ((1.0, 1.2, 1.3), ("20% more", "than today, a year", "0% to 30%")),
        ((1.0, 1.0, 1.0), ("As today", "", "")),
        ((0.9, 1.001, 1.1), ("About as today", "", "−10% to 10%")),
    ],
)
def test_a_saving_is_said_in_words_that_fit_its_sign(ends, words):
    low, mid, high = ends
    assert index_rows.saving(Range(low=low, mid=mid, high=high)) == words


def test_what_changed_is_the_act_or_else_its_figure():
    now = headline("Rent GB200 in FP4 for 3 years. Expect 36% less.", (0.5, 0.64, 0.8))
    bought = headline("Buy GB200 in FP4. Expect 36% less.", (0.5, 0.64, 0.8))
    dearer = headline("Rent GB200 in FP4 for 3 years. Expect 20% less.", (0.5, 0.8, 0.9))
    nearly = replace(now, headline="Rent GB200 in FP4 for 3 years. The odds moved.", value=0.6401)
    assert index_rows.changed(bought, now) == "Buy GB200 in FP4"
    assert index_rows.changed(dearer, now) == "20% less"
    assert index_rows.changed(nearly, now) == ""


def test_the_index_says_each_act_once_and_what_it_was():
    text = index(load_domain(DOMAIN), records(12, changed=1))
    rows = re.findall(r"<tr data-name.*?</tr>", text, re.S)
    assert len(rows) == 12
    first = committed(scenarios()[0])["acts"][0]["instruction"]
    changed = [row for row in rows if "Changed. Before: Buy B100 in FP8" in row]
    assert [row[:20] for row in changed] == ['<tr data-name="s0000']
    assert [len(re.findall('<td class="act">', row)) for row in rows] == [1] * 12
    assert any(first in row for row in rows)
    heads = re.findall(r'scope="rowgroup">([^<]+) <', text)
    assert heads == list(GROUPS)


def test_colours_of_words_reach_the_contrast_of_normal_text():
    """WCAG 2.2, 1.4.3: 4.5 to 1, on the page and on its tint, light and dark."""
    sheet = (ROOT / "analysis/press/assets/page.css").read_text()
    light, dark = re.findall(r":root \{([^}]*--ink[^}]*)\}", sheet)[:2]
    for scheme in (light, dark):
        colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", scheme))
        for word in ("ink", "soft-ink", "accent", "bad"):
            for ground in ("paper", "tint"):
                assert contrast(colours[word], colours[ground]) >= 4.5, (word, ground)


def contrast(one: str, other: str) -> float:
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.fixture(scope="module")
def browser():
    with opened_chromium() as opened:
        yield opened


@pytest.fixture
def look(browser, tmp_path):
    """Open an index of so many scenarios in a window of a size."""
    contexts = []

    def opened(count: int, width: int, changed: int = 0):
        forwards = {f"s{n:04}": ("board.pdf", "numbers.xlsx", "answer.eml") for n in range(count)}
        made = index(load_domain(DOMAIN), records(count, changed), forwards)
        (tmp_path / "index.html").write_text(made)
        contexts.append(browser.new_context(offline=True, viewport={"width": width, "height": 844}))
        page = contexts[-1].new_page()
        page.goto((tmp_path / "index.html").as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()


class TestInABrowser:
    pytestmark = NEEDS_CHROMIUM

    def test_sixty_scenarios_take_less_than_4000_pixels(self, look):
        page = look(60, 1280)
        assert page.evaluate("document.documentElement.scrollHeight") < 4000

    def test_on_a_phone_rows_are_cards_and_nothing_lies_beside_the_screen(self, look):
        page = look(12, 390, changed=2)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        beyond = page.evaluate(
            "[...document.querySelectorAll('main *')]"
            ".filter((one) => one.getBoundingClientRect().right > 391).map((one) => one.outerHTML)"
        )
        assert [each[:80] for each in beyond if not each.startswith("<thead")] == []
        assert page.locator("#count").bounding_box()["height"] < 30
        page.get_by_label("Find a scenario").fill("FP4")
        assert page.locator("#count").bounding_box()["height"] < 30, "the count stays on one line"

    def test_two_hundred_on_a_phone_begin_with_their_groups(self, look):
        page = look(200, 390)
        assert page.evaluate("document.documentElement.scrollHeight") < 2500
        page.get_by_role("button", name="Short of power").press("Enter")
        assert page.locator("tr[data-name]:visible").count() == 200 // len(scenarios())
        page.get_by_label("Find a scenario").fill("startup")
        assert page.locator("tr[data-name]:visible").count() > 0, "a find looks into folded groups"

    def test_rows_sort_inside_their_groups_and_filter_by_change(self, look):
        page = look(24, 1280, changed=3)
        page.get_by_label("Sort by").select_option("value")
        for group in page.locator("tbody").all():
            values = [
                row.get_attribute("data-value") for row in group.locator("tr[data-value]").all()
            ]
            assert values == sorted(values, key=float)
            assert group.locator("tr").first.get_attribute("class") == "group"
        page.get_by_label("Changed since the last site (3)").check()
        assert page.locator("tr[data-name]:visible").count() == 3
        assert page.locator("#count").inner_text() == "3 of 24"
