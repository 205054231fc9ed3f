"""What pages say, read for every scenario: cells are run in place, words and tables looked at."""

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from page_cells import outputs, words_of
from prose import cell_sentences, heavy, shown_sentences

import analysis as an
from analysis.pages import cost, efficiency
from analysis.pages import words as words_module
from analysis.pages.beliefs import belief_words
from analysis.pages.charts.marks import TICKS, log_axis
from analysis.pages.decision import ACT_WORDS
from analysis.pages.numbers import (
    interval,
    musd,
    percent_change,
    prefixed,
    printed,
    text,
    usd_words,
)
from analysis.pages.outputs import HEADLINE, Output, fill
from analysis.pages.verdicts import tally
from analysis.press.markup import plain as without_markup
from analysis.questions import claim as claim_questions
from analysis.questions.answer import decide
from analysis.scenario.scenario import scenarios

PAGES = Path(words_module.__file__).parent
WRONG = {  # what no sentence holds, whichever the scenario
    "a number that is none": r"(?<![\w-])(?:nan|inf|None|NaT|<NA>|-0(?:\.0+)?)(?![\w.-])",
    "a brace left unfilled": r"\{\w|\w\}",
    "two spaces, or one before a stop": r"[^\s|]  +[^\s|]| [,;](?!\w)| \.(?!\d)",
    "no space after a stop": r"[a-z%×][;:][a-zA-Z]|[a-z×%][,.][A-Z]",
    "a word twice": r"\b([a-z]+) \1\b",
    "one of many": r"(?<![.\w])1 (?:months|years|weeks|days|chips|results|readings|statements|hold|"
    r"fail|launches|scenarios|chances|registers|questions|come|are)\b",
    "a unit twice": r"(?:multiplied by|times) [\d.]+×|\$\$|%%|××",
    "a hyphen for a minus": r"(?<![\w.%)−–-])-\d[\d.,]*[%×]",
    "a certainty with digits": r"(?<![\w.])100\.0%",
    "a unit left in a name": r"\b(?:per (?:chip|byte|kelvin)|share|ratio|retrofit) s\b",
}


def faults(words: str) -> list[tuple[str, str]]:
    """Every match of WRONG, with what it is called and the words around it."""
    return [
        (name, words[max(match.start() - 50, 0) : match.end() + 30])
        for name, pattern in WRONG.items()
        for match in re.finditer(pattern, words)
    ]


@pytest.mark.parametrize("scenario", scenarios())
@pytest.mark.parametrize("notebook", ["efficiency", "cost", "rollout"])
def test_every_sentence_is_whole_in_every_scenario(notebook, scenario):
    shown = outputs(notebook, scenario)
    assert faults("\n".join(words_of(output) for output in shown)) == []
    assert heavy(cell_sentences(notebook) + shown_sentences(shown)) == []
    records = [output.records for output in shown if isinstance(output, Output)]
    (record,) = [each[HEADLINE] for each in records if HEADLINE in each]
    assert record["low"] <= record["value"] <= record["high"]
    assert record["verdict"] in ACT_WORDS.values()
    assert without_markup(record["headline"]) == decide(an.load(scenario)).sentence


NO_CHEAPER = {"budget.migration_usd": 3e7}  # three years' money: nothing is worth a move
ALONE = {f"options.{n}": None for n in ("b200-fp4", "b300", "gb200-rack", "mi355x", "vr200-rack")}


@pytest.mark.parametrize(
    ("scenario", "overrides", "said"),
    [
        ("reference", NO_CHEAPER, "of the draws nothing moves within 24 months."),
        ("reference", NO_CHEAPER | ALONE, "Within 24 months the move does not pay for itself."),
        ("reference", NO_CHEAPER | ALONE, "more than keeping."),
        ("reference", ALONE | {"options.api": None, "finance.api": None}, "advice ends there too."),
        ("article", {"have.held": "nothing"}, "The move has paid for itself after"),
        ("measured", {"claim": None}, "Nothing was claimed here."),
        ("startup", {"budget.usd_per_year": 3e5}, "of the draws nothing moves within 24 months."),
    ],
)
def test_the_cost_page_has_sentences_for_keeping_waiting_and_having_nothing(
    scenario, overrides, said
):
    words = "\n".join(words_of(output) for output in outputs("cost", scenario, overrides))
    assert faults(words) == []
    assert said in words
    assert "$-" not in words


STATED = {"have.until": "2027-06-30"}
OWNS = {"have.held": "owned", "have.bought": "2025-06-01"}


@pytest.mark.parametrize(
    ("scenario", "overrides", "said", "unsaid"),
    [
        ("reference", {}, "no last day of it", "count at what they would fetch"),
        ("reference", {}, "A bought chip is paid for over its whole life.", "12 months beyond"),
        ("reference", STATED, "Today's contract is paid until 30 June 2027", "can be left"),
        ("article", {}, "runs 12 months beyond the 24 that are counted", "Today's contract"),
        ("startup", {}, "runs 12 months beyond the 24 that are counted", "Today's contract"),
        ("measured", {}, "Fewer chips then do the work, and those left over count", "contract"),
        ("hopper", {}, "Chips that are given up count at what they would fetch.", "contract"),
    ],
)
def test_the_cost_page_says_what_its_saving_rests_on(scenario, overrides, said, unsaid):
    case = an.load(scenario, overrides)
    words = without_markup(words_of(cost.conditions(case)))
    assert said in words
    assert unsaid not in words


@pytest.mark.parametrize(
    ("scenario", "said", "unsaid"),
    [
        ("reference", "1.30×: that much needs the new chip", "serves less"),
        ("hopper", "H200 gains nothing by FP4, so all of this needs the new chip", "Against the"),
        ("competitor", "0.53×, so the new chip serves less", "needs the new"),
    ],
)
def test_a_step_says_what_needs_the_new_chip(scenario, said, unsaid):
    """H200 does not multiply in FP4, and MI355X serves less in it than B200."""
    case = an.load(scenario)
    words = words_of(efficiency.steps_words(case, efficiency.serving_steps(case)))
    assert said in words
    assert unsaid not in words


def test_chips_of_a_buyer_on_an_api_are_none_of_today():
    """They say what is compared; the price beside them is the API's."""
    startup, reference = an.load("startup"), an.load("reference")
    first = words_of(efficiency.key_numbers(startup)).splitlines()
    assert any("B200 FP8, at the API's price" in line for line in first)
    for each in (efficiency.key_numbers, efficiency.megawatts, efficiency.options):
        assert "today: " not in words_of(each(startup))
    assert "today: B200 FP8" in words_of(efficiency.key_numbers(reference))


def test_pages_have_one_ratio_of_the_headline_over_today():
    """Table, chart and sentence say the same: the median of ratios, draw by draw."""
    case = an.load("article", {"reading": "measured"})
    draws = an.evaluate(case)
    ladder = efficiency.ladder(case, draws)
    (times,) = re.findall(
        r"serves ([\d.]+×) the tokens", words_of(efficiency.in_short(case, draws, ladder))
    )
    for shown in (efficiency.key_numbers(case), efficiency.options(case)):
        row = next(line for line in words_of(shown).splitlines() if "GB300" in line)
        assert f" {times} " in row


@pytest.mark.parametrize(
    "wrong",
    [
        "the tokens at the median;no gain",
        "multiplied by 0.913×",
        "| retrofit s |",
        "in 1 months",
        "a the the b",
        "it took nan s",
        "of {x.mid} a",
        "by  two",
        "-0 tokens",
        "changes by -42% (-63% to",
        "moved from 75% to 100.0%",
    ],
)
def test_the_checks_see_what_was_once_wrong(wrong):
    assert faults(wrong)


def test_a_power_limited_buyer_reads_megawatts_first():
    case = an.load("power-capped")
    assert case.budget.scarce == "megawatts"
    shown = map(words_of, outputs("efficiency", "power-capped"))
    in_short = next(words for words in shown if "Power is short here" in words)
    assert in_short.index("a megawatt on GB300") < in_short.index("a dollar buys")


def test_numbers_claim_no_precision():
    assert interval([0.7631, 1.0249, 1.3712], "", "ratio").range == "0.82 to 1.30×"
    assert text(0.7631, "ratio") == "0.76×"
    assert text(1.3712, "ratio") == "1.37×"
    assert text(8.134, "percent") == "8.1%"
    assert musd(1e7) == "$10 M"
    assert musd(3.5714e7) == "$35.7 M"
    assert prefixed(14.0, "Musd") == "$14.0"
    assert usd_words(7.204e6) == "$7.20 M"
    assert usd_words(304_700) == "$305,000"
    assert usd_words(999_700) == "$1.00 M"
    assert [percent_change(share) for share in (-0.42, 0.07, -0.001)] == ["−42%", "+7%", "0%"]
    assert printed(1080, 1 / 72, "PFLOP/s/chip") == "1,080 × 0.01389 = 15 PFLOP/s/chip"
    assert printed(671, 1e9, "") == "671 × 1,000,000,000 = 671,000,000,000 "


@pytest.mark.parametrize(
    ("low", "high"), [(0.7, 1.43), (1, 3.6), (0.76, 10), (8, 110), (0.02, 5), (0.0001, 8)]
)
def test_a_logarithmic_axis_has_some_round_ticks_and_not_too_many(low, high):
    ticks = log_axis("x", "", [low, high]).to_dict()["axis"]["values"]
    assert 3 <= len(ticks) <= 9
    assert ticks == sorted(ticks)
    leading = {float(f"{tick:.6e}"[:8]) for tick in ticks}
    assert leading <= {float(step) for steps in TICKS.values() for step in steps}


def test_beliefs_have_words_without_their_units():
    case = an.load("thermal")
    words = [belief_words(f"{side}{name}") for name in case.believe for side in ("", "candidate_")]
    assert [each for each in words if re.search(r"_| s$| s,| per ", each)] == []


def test_every_kind_of_words_is_used_and_no_name_has_two():
    rows = list(csv.DictReader((PAGES / "words.csv").open(encoding="utf-8")))
    assert len({(row["kind"], row["name"]) for row in rows}) == len(rows)
    code = "".join(path.read_text() for path in PAGES.rglob("*.py"))
    assert set(re.findall(r'worded\("(\w+)"\)', code)) == {row["kind"] for row in rows}
    assert [row for row in rows if not row["words"]] == []
    assert [row for row in rows if row["kind"] == "unit" and row["words"].count("{}") != 1] == []
    captions = {row["name"]: row["words"] for row in rows if row["kind"] == "caption"}
    assert [name for name in captions if f'"{name}"' not in code] == []
    assert [name for name, words in captions.items() if len(words.split(" | ")) != 2] == []


def test_a_template_leaves_no_number_out_in_silence():
    with pytest.raises(UndefinedError):
        fill("headline_needs.md", ratio=3.5)


def test_where_no_gain_is_enough_the_sentence_names_none():
    half = interval([0.5, 0.5, 0.5], "", "ratio")
    values = {
        "ratio": 3.5,
        "usd": 35e6,
        "gain": half,
        "price": half,
        "found": "Here",
        "share": 0.5,
        "busy": 0.5,
        "moving_words": "$305,000",
        "infinite": float("inf"),
    }
    none = fill("headline_needs.md", **values, need=float("inf"), never=0.8).markdown
    some = fill("headline_needs.md", **values, need=7.0, never=0.2).markdown
    last = (
        "In 80% of the draws no gain is enough, because of the traffic that stays and the cost of "
        "the move."
    )
    assert none.split("\n\n")[-1] == last
    assert "With the last three as expected, a dollar would have to buy 7.00× the tokens" in some
    assert "In 20% of the draws" in some


# Titles that hold everywhere: of physics, and of the chart whose own first line is the finding.
STANDING_TITLES = {
    "energy.batch",
    "energy.density",
    "energy.scarce",
    "energy.water",
    "cost.what_if",
}


def test_the_title_of_a_chart_is_a_computed_finding():
    captions = {
        name: words.split(" | ")[0] for name, words in words_module.worded("caption").items()
    }
    assert {name for name, title in captions.items() if "{" not in title} == STANDING_TITLES


def test_importing_the_package_and_its_charts_changes_nothing_in_altair():
    code = (
        "import altair as alt, pandas as pd\n"
        "before = alt.theme.active, alt.renderers.active, set(alt.theme.names())\n"
        "import analysis as an\n"
        "from analysis.pages import comparison, cost, efficiency, rollout, validation\n"
        "an.say, an.load, an.evaluate\n"
        "assert before == (alt.theme.active, alt.renderers.active, set(alt.theme.names()))\n"
        "from analysis.pages.charts.marks import titled\n"
        "titled('cost.stack', alt.Chart(pd.DataFrame({'x': [1]})).mark_point(), 100, finding='x')\n"
        "assert (alt.theme.active, alt.renderers.active) == ('passthrough', 'passthrough')\n"
        "alt.theme.enable('dark')\n"
        "titled('cost.stack', alt.Chart(pd.DataFrame({'x': [1]})).mark_point(), 100, finding='x')\n"
        "assert alt.theme.active == 'dark'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ({"is supported": 1}, "The claim makes one statement. It is supported."),
        ({"cannot be told": 1}, "The claim makes one statement. It cannot be told."),
        (
            {"is supported": 1, "fails": 1},
            "The claim makes 2 statements. 1 is supported, and 1 fails.",
        ),
        (
            {"holds as arithmetic": 3, "fails": 12, "cannot be told": 7},
            "The claim makes 22 statements. Not one is supported, and 12 fail. 7 cannot be told",
        ),
    ],
)
def test_a_claim_of_one_statement_is_told_as_one(counts, sentence):
    assert tally(counts).startswith(sentence)


@pytest.mark.parametrize("count", [1, 2])
def test_one_published_result_is_told_as_one(monkeypatch, count):
    """The article's page with one and with two matched results of its step."""
    case = an.load("article")
    rows = claim_questions.published_ratios(case)
    rows = rows[rows["same_step"] & (rows["matching"] == "matched")].head(count)
    monkeypatch.setattr(claim_questions, "published_ratios", lambda case: rows)
    draws = an.evaluate(case)
    parts = efficiency.effects(case, draws), efficiency.ladder(case, draws)
    said = words_of(efficiency.first_screen(case, draws, *parts))
    for name, pattern in WRONG.items():
        assert not re.search(pattern, said), name
    assert ("One matched result changes one part" in said) == (count == 1)
