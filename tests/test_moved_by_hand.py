"""What moved, by hand: kept sites, trees of files, mixtures of them, and an answer as a row."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from analysis.questions import moved
from analysis.questions.answer_row import answer_row
from analysis.questions.kept import _of_options, compared, kept_answers, kept_statements, said
from analysis.questions.moved import Evaluated
from analysis.questions.trees import changed_groups, changed_rows

ANSWER = {
    "as_of": "2026-05-01",
    "work": {"model": "deepseek-r1"},
    "acts": [{"instruction": "Keep B200 in FP8"}, {"instruction": "Buy GB300 in FP4"}],
    "cost_ratio": {"low": 0.9, "mid": 1.0, "high": 1.1},
    "options": [],
}


def test_an_answer_says_its_first_act_and_its_median_over_keeping():
    assert said(ANSWER) == ("Keep B200 in FP8", 1.0)


def test_an_answer_of_another_form_is_named_by_its_file(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/answer.json").write_text(json.dumps(ANSWER))
    assert kept_answers(tmp_path) == {"a": ANSWER}
    (tmp_path / "b").mkdir()
    for broken in ("{", "{}", "[]"):
        (tmp_path / "b/answer.json").write_text(broken)
        with pytest.raises(OSError, match=r"b/answer.json: no answer of this project"):
            kept_answers(tmp_path)


def test_a_site_s_table_says_what_each_scenario_stated(tmp_path):
    assert kept_statements(tmp_path) == {}
    (tmp_path / "scenarios.csv").write_text("scenario,as_of,model\na,2026-05-01,deepseek-r1\n")
    assert kept_statements(tmp_path) == {"a": {"as_of": "2026-05-01", "model": "deepseek-r1"}}


def test_what_is_stated_otherwise_is_told_from_where_to_where():
    # Days and models compare as texts, whichever comes first in the alphabet; 10 is written as 10.
    after = {**ANSWER, "as_of": "2026-11-22", "work": {"model": "qwen3-32b"}}
    table = {"budget.usd_per_year": "10", "site": "us-average", "gone": "x"}
    stated = {"budget.usd_per_year": 10.0, "site": "texas"}
    found = compared(SimpleNamespace(name="s"), stated, ANSWER, after, table)
    assert found.stated == (
        "as_of: 2026-05-01 → 2026-11-22",
        "work: model: deepseek-r1 → qwen3-32b",
        "site: us-average → texas",
    )


def option(name: str, rate: float) -> dict:
    return {
        "name": name,
        "output_tokens_per_s_per_chip": {"mid": rate},
        "usd_per_mtok": None,
        "j_per_token": {"mid": 2.0},
    }


def test_a_change_of_a_two_hundredth_is_told_and_a_smaller_one_is_none():
    # 1,006 of 1,000 is 6 in a thousand, 1,004 is 4.
    before = [option("a", 1000.0), option("b", 1000.0), option("old", 1.0)]
    after = [option("a", 1006.0), option("b", 1004.0), option("new", 1.0)]
    assert _of_options(before, after) == [
        "old: no longer an option",
        "new: a new option",
        "a: 1000 → 1006 tokens/s a chip",
    ]


def tree(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


PRICES, X, Y = "analysis/facts/prices.csv", "params/x.yml", "params/y.yml"


@pytest.fixture
def trees(tmp_path) -> tuple[Path, Path]:
    """A price more, another site, and a belief moved."""
    old = {PRICES: "thing,usd\nb200,4\n", X: "site: texas\nbelieve: {b: {low: 1}, c: {low: 1}}\n"}
    new = {PRICES: "thing,usd\nb200,3\n", X: "site: ohio\nbelieve: {b: {low: 2}, c: {low: 1}}\n"}
    return tree(tmp_path / "old", **old), tree(tmp_path / "new", **new)


def test_rows_that_are_gone_and_that_came_are_told_apart(trees):
    assert changed_rows(*trees, "prices.csv") == (["b200 · 4"], ["b200 · 3"])
    assert changed_rows(*reversed(trees), "prices.csv") == (["b200 · 3"], ["b200 · 4"])


def test_beliefs_are_told_apart_from_what_else_a_scenario_states(trees):
    old, new = trees
    assert list(changed_groups(old, new)) == ["scenarios", "beliefs", "prices.csv"]
    assert changed_rows(old, new, "scenarios") == (
        ['params/x.yml: site: "texas"'],
        ['params/x.yml: site: "ohio"'],
    )
    assert changed_rows(old, new, "beliefs") == (
        ['params/x.yml: b: {"low": 1}'],
        ['params/x.yml: b: {"low": 2}'],
    )


def test_a_scenario_that_came_states_all_that_is_in_it(trees):
    old, new = trees
    tree(new, **{Y: "site: texas\n"})
    assert changed_rows(old, new, "scenarios")[1][-1] == 'params/y.yml: site: "texas"'


def test_all_that_is_the_same_did_not_move(trees):
    assert list(changed_groups(trees[0], trees[0])) == []


COSTS = {"": 1.0, "laws": 0.9, "prices.csv": 0.7, "laws prices.csv": 0.5}


def test_a_move_has_the_mean_share_of_both_orders(tmp_path, monkeypatch):
    # Laws bring -0.1 first and -0.2 after the prices; these -0.3 first and -0.4 after the laws.
    monkeypatch.setattr(moved, "changed_groups", lambda old, new: iter(["laws", "prices.csv"]))

    def mixed(old, new, groups, target):
        (target / " ".join(sorted(groups))).mkdir(parents=True)
        return target

    def evaluated(folder, names):
        ends = {"old": "", "new": "laws prices.csv"}
        key = ends[folder.name] if folder.name in ends else next(folder.iterdir()).name
        answers = {
            name: (f"act {key}", COSTS[key]) for name in names if name != "broken" or not key
        }
        return Evaluated(answers, frozenset({"analysis/facts/prices.csv"}))

    monkeypatch.setattr(moved, "mixed_tree", mixed)
    monkeypatch.setattr(moved, "evaluated", evaluated)
    (found,) = moved.moves(tmp_path / "old", tmp_path / "new", ["s", "broken"], tmp_path)
    assert (found.before, found.after) == (("act ", 1.0), ("act laws prices.csv", 0.5))
    assert found.parts == pytest.approx({"laws": -0.15, "prices.csv": -0.35})
    assert found.order == ()  # every order counts alike


def test_groups_that_move_nothing_are_not_taken_apart():
    """Of four groups the third moves the answer from 1 to 2: known at 0 and 4, halved at 2, where
    nothing has moved yet, and then at 3 alone.
    """
    asked = []

    def evaluate(due):
        asked.extend(sorted(subset) for subset, _ in due)
        return [dict.fromkeys(names, ("act", 1.0 + ("c" in subset))) for subset, names in due]

    ends = [{"s": ("act", 1.0)}, {"s": ("act", 2.0)}]
    found = moved._growing_mixtures(["a", "b", "c", "d"], ends, evaluate)
    assert asked == [["a", "b"], ["a", "b", "c"]]
    values = {subset: answers["s"][1] for subset, answers in found.items()}
    assert moved.sequential(["a", "b", "c", "d"], values) == {"a": 0, "b": 0, "c": 1, "d": 0}


ROW = {
    "act": "move",
    "option": "gb300-rack",
    "tenure": "own",
    "later_option": "",
    "later_tenure": "",
    "sentence": "Buy GB300 in FP4.",
    "better_share": 0.1,
    "acts": [{"instruction": "Buy GB300 in FP4"}],
    "cost_ratio": {"low": 0.4, "mid": 0.5, "high": 0.6},
}
NEXT = {"act": "keep", "option": "today", "tenure": "as held", "cost_ratio": 1.0}


def test_an_answer_as_a_row_has_what_comes_next_or_blanks():
    row = answer_row({**ROW, "next": NEXT})
    assert (row["next_act"], row["next_option"], row["next_cost_ratio"]) == ("keep", "today", 1.0)
    assert (row["instruction"], row["cost_ratio_mid"]) == ("Buy GB300 in FP4", 0.5)
    alone = answer_row({**ROW, "next": None})
    assert (alone["next_act"], alone["next_cost_ratio"]) == ("", None)
