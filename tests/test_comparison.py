"""What all scenarios say side by side: only equal work is compared, and regret is by hand."""

import re

import pytest

from analysis.pages import comparison
from analysis.questions.answer import Answer, decide
from analysis.scenario.errors import ScenarioError
from analysis.scenario.scenario import load


@pytest.fixture(scope="module")
def answers() -> dict[str, Answer]:
    names = ("reference", "measured", "agents", "startup")
    return {name: decide(load(name), draws=256) for name in names}


def test_only_scenarios_of_the_same_work_are_compared(answers):
    largest, other = comparison.same_work(answers)
    assert (set(largest), other) == ({"reference", "measured", "startup"}, ["agents"])
    assert "agents" not in set(comparison.regret_shares(answers)["scenario"])
    assert "agents" not in comparison.same_question(answers).plain
    assert "65,536 in" in comparison.other_work(answers).plain


def test_a_row_names_the_inputs_that_set_its_scenario_apart(answers):
    rows = comparison.same_question(answers).plain
    assert "have.held: owned" in rows
    assert "have.held: api" in rows
    assert comparison._few_differences("reference") == "nothing"
    assert re.search(r"; \d+ more$", comparison._few_differences("next-generation"))
    assert comparison.other_work({"reference": answers["reference"]}).markdown.startswith("All ")


def test_a_scenario_that_cannot_be_read_costs_its_own_row_alone(answers, tmp_path, monkeypatch):
    for name in ("reference", "agents"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "answer.json").write_text(answers[name].model_dump_json())
    (tmp_path / "agents/answer.json").write_text("{}")
    monkeypatch.setenv("PASSTHROUGH_SITE", str(tmp_path))
    assert list(comparison.answers()) == ["reference"]
    assert "another version has written them: agents" in comparison.left_out().markdown
    monkeypatch.setattr(comparison, "load", broken)
    assert comparison._few_differences("measured") == "its file cannot be read"
    assert comparison.all_differences(answers).empty


def broken(name: str):
    raise ScenarioError(["params/x.yml:1: broken"])


def test_regret_is_what_an_act_costs_above_the_best_of_its_scenario(answers):
    rows = comparison.regret_shares(answers)
    own = rows[rows["scenario"] == "measured"].set_index("act")["regret_ratio"]
    assert own[answers["measured"].acts[0].instruction] == 0
    assert (rows["regret_ratio"] >= 0).all()
    costs = {
        row.instruction: row.usd_per_year.mean
        for row in answers["measured"].acts
        if row.usd_per_year is not None
    }
    act = answers["reference"].acts[0].instruction
    assert own[act] == pytest.approx(costs[act] / min(costs.values()) - 1)


def test_the_worst_regret_is_of_acts_that_every_buyer_has(answers):
    rows = comparison.regret_shares(answers)
    worst = rows[rows["scenario"] == comparison.WORST].set_index("act")["regret_ratio"]
    bought = [act for act in worst.index if act.startswith("Buy ")]
    assert bought == [], "a startup does not buy"
    for act, regret in worst.items():
        own = rows[(rows["act"] == act) & (rows["scenario"] != comparison.WORST)]
        assert len(own) == 3
        assert regret == own["regret_ratio"].max()


def test_an_answer_of_another_version_is_named(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/answer.json").write_text("{}")
    monkeypatch.setenv("PASSTHROUGH_SITE", str(tmp_path))
    with pytest.raises(ValueError, match=r"mine/answer\.json was written by another version"):
        comparison.answers()


def test_a_site_without_reports_says_what_to_run(tmp_path, monkeypatch):
    monkeypatch.setenv("PASSTHROUGH_SITE", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="python -m analysis report"):
        comparison.answers()


def test_the_words_of_a_single_scenario_are_escaped_once(answers):
    name = comparison.same_work(answers)[0][0]
    shown = comparison.answer({name: answers[name]}).markdown
    assert "&amp;" not in shown
