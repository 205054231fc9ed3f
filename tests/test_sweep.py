"""Sweeps: combinations with names of their own, refused at the door, one table, one page."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import analysis as an
from analysis.pages import results
from analysis.pages import sweep as page
from analysis.pages.charts import sweep as charts
from analysis.pages.site_hooks import answer_values
from analysis.press.mime import HEADLINE, TABLE
from analysis.questions.answer import Answer, decide
from analysis.questions.answer_row import ANSWER_COLUMNS, answer_row
from analysis.scenario.combinations import combinations, parsed_settings, sweep_name
from analysis.scenario.errors import ScenarioError

ROOT = Path(__file__).parents[1]
SPEED = "workload.tokens_per_s_per_user"
SWEPT = {SPEED: [10, 100], "model": ["deepseek-r1", "kimi-k2.5"]}


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return an.sweep("reference", SWEPT, draws=256)


def test_a_row_is_a_combination_and_says_what_the_scenario_would_say_alone(rows):
    assert list(rows.columns) == ["scenario", *SWEPT, *ANSWER_COLUMNS]
    assert rows[list(SWEPT)].to_numpy().tolist() == [
        [10, "deepseek-r1"],
        [10, "kimi-k2.5"],
        [100, "deepseek-r1"],
        [100, "kimi-k2.5"],
    ]
    row = rows.iloc[1]
    assert row["scenario"] == "reference+tokens_per_s_per_user=10+model=kimi-k2.5"
    alone = decide(an.load("reference", {SPEED: 10, "model": "kimi-k2.5"}), draws=256)
    assert (row["sentence"], row["cost_ratio_mid"]) == (alone.sentence, alone.cost_ratio.mid)
    assert row["next_cost_ratio"] == alone.next.cost_ratio


def test_overrides_hold_in_every_combination():
    found = combinations("reference", {SPEED: [10, 30]}, {"model": "kimi-k2.5"})
    assert [each.case.model for each in found] == ["kimi-k2.5"] * 2


@pytest.mark.parametrize(
    ("swept", "words"),
    [
        ({"workload.tokens_per_s_per_usr": [1]}, "did you mean 'tokens_per_s_per_user'"),
        ({"modle": ["kimi-k2.5"]}, "modle: no such key; did you mean 'model'"),
        ({"model": ["kimi-k2.6x", "kimi-k2.5"]}, "unknown model 'kimi-k2.6x'; did you mean"),
        ({"workload.output_tokens": [0]}, "workload.output_tokens: .*greater than or equal to 1"),
        ({"model": "kimi-k2.5"}, "model: expected a list of values, found 'kimi-k2.5'"),
        ({"model": []}, "model: expected a list of values"),
        ({"workload": [{"output_tokens": 1}]}, "state the keys below it, such as workload.NAME"),
        ({"model": ["kimi-k2.5", "kimi-k2.5"]}, "a value stands twice"),
        ({SPEED: list(range(1, 1200))}, "1,199 combinations; at most 1,000"),
        ({}, "expected keys with lists of values"),
    ],
)
def test_what_cannot_be_swept_is_refused_with_what_would_do(swept, words):
    with pytest.raises(ScenarioError, match=words):
        combinations("reference", swept)


@pytest.mark.parametrize("text", ["model", "=1", "model=", " = "])
def test_a_setting_without_key_or_value_is_refused(text):
    with pytest.raises(ScenarioError, match="expected a key and values such as workload"):
        parsed_settings([text])


def test_settings_are_read_as_yaml_and_a_key_stands_once():
    assert parsed_settings(["a.b=1, 2.5,null,x-y"]) == {"a.b": [1, 2.5, None, "x-y"]}
    with pytest.raises(ScenarioError, match="--set model: stated twice"):
        parsed_settings(["model=a", "model=b"])
    with pytest.raises(ScenarioError, match="--set model"):
        parsed_settings(["model=[a"])


def test_names_fit_a_file_and_tell_sweeps_apart():
    (found,) = combinations("reference", {"finance.api": [None]})
    assert found.name == "reference+api=null"
    assert sweep_name("a", {"x.y": [1]}) != sweep_name("a", {"x.y": [2]})
    assert "/" not in sweep_name("a", {"x/y": [1]})
    assert len(sweep_name("a", {f"k{n}": [1] for n in range(90)})) < 200


def test_where_the_promise_cannot_be_kept_a_row_says_so():
    found = an.sweep("reference", {SPEED: [30, 100_000]}, draws=64)
    assert list(found["act"] == "") == [False, True]
    assert "promised" in found["reason"][1]
    assert "cannot keep the promise" in page.answer(found).plain
    assert page.table(found).plain.count("none: ") == 1
    assert len(page.acts(found).to_dict()["datasets"]) == 1


def test_the_page_counts_acts_and_keeps_the_table(rows):
    words = page.answer(rows).records[HEADLINE]["headline"]
    assert f"of {len(rows)} combinations" in words
    kept = page.table(rows).records[TABLE]
    assert kept["columns"] == list(rows.columns)
    assert len(kept["rows"]) == len(rows)
    spec = page.cost(rows).to_dict()
    assert spec["facet"]["sort"] == ["deepseek-r1", "kimi-k2.5"]
    head = page.table(rows).plain.splitlines()[0]
    assert "tokens/s/user" in head
    assert "_" not in head


def test_the_panels_of_one_key_have_no_name(rows):
    one = rows[rows["model"] == "kimi-k2.5"].drop(columns="model")
    cost, acts = page.cost(one).to_dict(), page.acts(one).to_dict()
    assert cost["facet"]["header"]["labels"] is False
    assert [layer["encoding"]["y"]["axis"] for layer in acts["layer"]] == [None, None]
    assert '"all"' not in json.dumps([cost, acts])


def test_acts_are_not_cut_in_a_legend_nor_panels_at_an_axis(rows):
    """A label breaks at its steps, or keys, into lines that fit."""
    for chart in (page.cost(rows), page.acts(rows)):
        text = json.dumps(chart.to_dict())
        assert "split(datum.label, '; ')" in text
        assert "split(datum.label, ', ')" in text
    steps = [step for act in rows["instruction"] for step in act.split("; ")]
    assert max(len(step) for step in steps) * 7 < charts.LABEL  # pixels of a letter at most


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("swept")
    report(folder, "reference", "--set", f"{SPEED}=10,100")
    return folder


def report(folder: Path, *words: str, code: int = 0) -> str:
    command = [sys.executable, "-m", "analysis", "report", *words, "--output", str(folder)]
    done = subprocess.run(
        [*command, "--draws", "64", "--jobs", "1"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_sweep_has_one_page_a_table_and_a_link(site):
    (name,) = results.sweeps(str(site))
    html = (site / f"sweeps/{name}.html").read_text()
    assert html.count('<figure class="chart"') == 2
    assert 'href="../index.html"' in html
    assert f'href="sweeps/{name}.html"' in (site / "index.html").read_text()
    table = an.results(str(site), sweep=name)
    assert list(table[SPEED]) == [10, 100]
    assert table.shape == (2, 2 + len(ANSWER_COLUMNS))
    assert list(pd.read_csv(site / f"sweeps/{name}.csv")["act"]) == list(table["act"])
    assert not (site / "reference").exists()  # pages of scenarios are made where asked for


def test_a_second_build_finds_the_sweep_fresh(site):
    assert "1 fresh" in report(site, "reference", "--set", f"{SPEED}=10,100")


def test_pages_of_combinations_are_made_where_a_notebook_is_named(tmp_path):
    report(tmp_path, "reference", "--set", f"{SPEED}=10,100", "--notebook", "cost")
    names = [f"reference+tokens_per_s_per_user={speed}" for speed in (10, 100)]
    for name in names:
        assert "tokens_per_s_per_user=" in (tmp_path / "index.html").read_text()
        assert (tmp_path / name / "cost.html").is_file()
    table = an.results(str(tmp_path)).set_index("scenario")
    assert list(table.index) == sorted(names)
    assert list(table.loc[names, SPEED]) == [10, 100]
    assert table["sentence"].notna().all()


def test_a_sweep_is_refused_before_anything_is_written(tmp_path):
    assert "did you mean 'model'" in report(tmp_path / "a", "reference", "--set", "modle=x", code=2)
    assert "needs the name of the scenario" in report(tmp_path / "a", "--set", "model=x", code=2)
    words = ("reference", "--set", "model=kimi-k2.5", "--xlsx")
    assert "no board paper" in report(tmp_path / "a", *words, code=2)
    assert not (tmp_path / "a").exists()


def test_a_table_that_is_not_there_is_named_with_what_makes_it(site, tmp_path):
    with pytest.raises(FileNotFoundError, match="python -m analysis report --output"):
        an.results(str(tmp_path))
    with pytest.raises(FileNotFoundError, match="--set KEY=V1,V2"):
        an.results(str(tmp_path), sweep="any")
    with pytest.raises(FileNotFoundError, match="no sweep 'reference'; known: reference"):
        an.results(str(site), sweep="reference")


@pytest.mark.parametrize("name", ["reference", "startup"])
def test_a_written_answer_has_the_row_of_the_answer(name):
    content = json.loads((ROOT / f"reports/{name}/answer.json").read_text())
    files = [{"name": "answer.json", "content": content}]
    assert answer_values(files) == answer_row(Answer.model_validate(content).model_dump())


def test_an_answer_of_another_version_is_refused():
    with pytest.raises(ValueError, match="written by another version"):
        answer_values([{"name": "answer.json", "content": {"act": "keep"}}])
