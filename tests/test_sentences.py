"""What pages say, read for every scenario: the notebooks' cells are run in place and all words and
tables looked at.
"""

import ast
import csv
import html
import json
import re
from pathlib import Path

import pytest
from IPython.display import Markdown
from jinja2 import UndefinedError

import analysis as an
from analysis.pages import cost as costs
from analysis.pages.charts.marks import TICKS, log_axis
from analysis.pages.efficiency import PASSES
from analysis.pages.format import (
    HEADLINE,
    PAYS,
    Payload,
    figure,
    interval,
    musd,
    printed,
    text,
    written,
)
from analysis.scenario.scenario import scenarios

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
WRONG = {  # what no sentence holds, whichever the scenario
    "a number that is none": r"(?<![\w-])(?:nan|inf|None|NaT|<NA>|-0(?:\.0+)?)(?![\w.-])",
    "a brace left unfilled": r"\{\w|\w\}",
    "two spaces, or one before a stop": r"[^\s|]  +[^\s|]| [,;](?!\w)| \.(?!\d)",
    "no space after a stop": r"[a-z%×][;:][a-zA-Z]|[a-z×%][,.][A-Z]",
    "a word twice": r"\b([a-z]+) \1\b",
    "one of many": r"\b1 (?:months|years|weeks|days|chips|results|readings|statements|hold|fail)\b",
    "a unit twice": r"(?:multiplied by|times) [\d.]+×|\$\$|%%|××",
    "a unit left in a name": r"\b(?:per (?:chip|byte|kelvin)|share|ratio|retrofit) s\b",
}
AIMS = {*PASSES, *PAYS}


def outputs(name: str, scenario: str) -> list:
    """What the cells of a notebook show in a scenario, in order; charts too."""
    found, names = [], {}
    for cell in json.loads((NOTEBOOKS / f"{name}.ipynb").read_text())["cells"]:
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, name, "exec"), names)
        if "parameters" in cell["metadata"].get("tags", []):
            names["scenario"] = scenario
        if last:
            found.append(eval(compile(ast.Expression(last.value), name, "eval"), names))
    return found


def words(shown) -> str:
    """The text of an output; a chart's is its description."""
    if isinstance(shown, Payload):
        told = (
            shown.data.get("text/markdown")
            or shown.data.get("text/html")
            or shown.data["text/plain"]
        )
    elif isinstance(shown, Markdown):
        told = shown.data
    else:
        told = shown.to_html() if hasattr(shown, "to_excel") else shown.description
    told = re.sub(r"<style.*?</style>|<table .*?>", "", told, flags=re.DOTALL)
    return html.unescape(re.sub(r"</t[dh]>|<[^>]+>", "|", told))


@pytest.mark.parametrize("scenario", scenarios())
@pytest.mark.parametrize("name", ["efficiency", "cost", "rollout"])
def test_every_sentence_is_whole_in_every_scenario(name, scenario):
    shown = outputs(name, scenario)
    told = "\n".join(map(words, shown))
    faults = [
        (what, told[max(at.start() - 50, 0) : at.end() + 30])
        for what, bad in WRONG.items()
        for at in re.finditer(bad, told)
    ]
    assert faults == []
    (record,) = [
        one.data[HEADLINE] for one in shown if isinstance(one, Payload) and HEADLINE in one.data
    ]
    assert record["low"] <= record["value"] <= record["high"]
    if name == "efficiency":
        assert record["verdict"] in AIMS
    if name == "rollout":
        assert record["verdict"].endswith(", if it exists") == (
            "which this page assumes" in record["headline"]
        )


def test_the_checks_see_what_was_once_wrong():
    wrong = (
        "the tokens at the median;no gain",
        "multiplied by 0.913×",
        "| retrofit s |",
        "in 1 months",
        "a the the b",
    )
    wrong += ("it took nan s", "of {x.mid} a", "by  two", "-0 tokens")
    assert [any(re.search(bad, told) for bad in WRONG.values()) for told in wrong] == [True] * len(
        wrong
    )


def test_a_power_limited_buyer_reads_megawatts_first():
    case = an.load("power-capped")
    assert case.budget.scarce == "megawatts"
    first = words(outputs("efficiency", "power-capped")[0])
    assert first.index("a megawatt on GB300") < first.index("a dollar buys")


def test_numbers_claim_no_precision():
    assert interval([0.7631, 1.0249, 1.3712], "", "ratio").range == "0.82 to 1.30×"
    assert (text(0.7631, "ratio"), text(1.3712, "ratio"), text(8.134, "percent")) == (
        "0.76×",
        "1.37×",
        "8.1%",
    )
    assert (musd(1e7), musd(3.5714e7), figure(14.0, "Musd")) == ("$10 M", "$35.7 M", "$14.0")
    assert printed(1080, 1 / 72, "PFLOP/s/chip") == "1,080 × 0.01389 = 15 PFLOP/s/chip"
    assert printed(671, 1e9, "") == "671 × 1,000,000,000 = 671,000,000,000 "


@pytest.mark.parametrize(
    ("low", "high"), [(0.7, 1.43), (1, 3.6), (0.76, 10), (8, 110), (0.02, 5), (0.0001, 8)]
)
def test_a_logarithmic_axis_has_some_round_ticks_and_not_too_many(low, high):
    ticks = log_axis("x", "", [low, high]).to_dict()["axis"]["values"]
    assert 3 <= len(ticks) <= 9
    assert ticks == sorted(ticks)
    assert {float(f"{tick:.6e}"[:8]) for tick in ticks} <= {
        float(step) for steps in TICKS.values() for step in steps
    }


def test_beliefs_have_words_without_their_units():
    case = an.load("thermal")
    named = [costs.words(f"{side}{name}") for name in case.believe for side in ("", "candidate_")]
    assert [name for name in named if re.search(r"_| s$| s,| per ", name)] == []


def test_every_kind_of_words_is_asked_for_and_no_name_has_two():
    report = Path(costs.__file__).parent
    rows = list(csv.DictReader((report / "words.csv").open(encoding="utf-8")))
    assert len({(row["kind"], row["name"]) for row in rows}) == len(rows)
    asked = {
        kind
        for path in report.glob("*.py")
        for kind in re.findall(r'worded\("(\w+)"\)', path.read_text())
    }
    assert asked == {row["kind"] for row in rows}
    assert [row for row in rows if not row["words"]] == []
    code = "".join(path.read_text() for path in report.glob("*.py"))
    captions = {row["name"]: row["words"].split(" | ") for row in rows if row["kind"] == "caption"}
    assert {
        name for name, caption in captions.items() if len(caption) != 2 or f'"{name}"' not in code
    } == set()
    assert [row for row in rows if row["kind"] == "unit" and row["words"].count("{}") != 1] == []


def test_a_template_leaves_no_number_out_in_silence():
    with pytest.raises(UndefinedError):
        written("needs.md", ratio=3.5)


def test_where_no_gain_is_enough_the_sentence_names_none():
    half = interval([0.5, 0.5, 0.5], "", "ratio")
    told = {
        "ratio": 3.5,
        "usd": 35e6,
        "gain": half,
        "price": half,
        "share": 0.5,
        "busy": 0.5,
        "moving": half,
    }
    none = written("needs.md", **told, need=float("inf"), never=0.8, infinite=float("inf")).data
    some = written("needs.md", **told, need=7.0, never=0.2, infinite=float("inf")).data
    assert none.endswith(
        "as believed here, no gain would do in 80% of the draws, because of the traffic that stays."
    )
    assert (
        "here, a dollar would have to buy 7.00× the tokens at the median, and no gain would do in 20%"
        in some
    )
