"""Why answers moved: groups of files exchanged, each share by hand, changed rows named."""

import itertools
import json
import shutil
import subprocess
from pathlib import Path

import pytest

import analysis as an
from analysis.pages import moved as page
from analysis.press.domain import load_domain
from analysis.press.site import feed
from analysis.questions import moved
from analysis.questions.answer import decide
from analysis.questions.trees import (
    changed_groups,
    changed_rows,
    mixed_tree,
    of_folder,
    of_revision,
)

ROOT = Path(__file__).parents[1]
BELIEF = "load_factor:"


@pytest.fixture(scope="module")
def trees(tmp_path_factory) -> tuple[Path, Path]:
    """The project as it is, and with another rent, price of electricity and belief."""
    folder = tmp_path_factory.mktemp("trees")
    old, new = of_folder(ROOT, folder / "old"), of_folder(ROOT, folder / "new")
    prices = new / "analysis/facts/prices.csv"
    lines = prices.read_text().splitlines(keepends=True)
    place = next(n for n, line in enumerate(lines) if ",usd_per_hour" in line or "rent" in line)
    prices.write_text("".join([*lines[:place], *lines[place + 1 :]]))
    reference = new / "params/reference.yml"
    text = reference.read_text()
    assert "owned_share: " in text
    reference.write_text(
        text.replace("electricity_usd_per_kwh: null", "electricity_usd_per_kwh: 3")
    )
    (new / "analysis/pages/words.csv").write_text("kind,name,words\n")
    return old, new


def test_groups_are_what_answers_rest_on(trees):
    old, new = trees
    found = list(changed_groups(old, new))
    assert found == ["scenarios", "prices.csv"]
    gone, come = changed_rows(old, new, "prices.csv")
    assert (len(gone), come) == (1, [])
    gone, come = changed_rows(old, new, "scenarios")
    assert '"electricity_usd_per_kwh": 3' in come[0]


def test_a_mixture_has_the_new_files_of_its_groups_alone(trees, tmp_path):
    old, new = trees
    mixed = mixed_tree(old, new, ["prices.csv"], tmp_path / "mixed")
    assert list(changed_groups(mixed, new)) == ["scenarios"]
    assert list(changed_groups(old, mixed)) == ["prices.csv"]


def test_beliefs_are_exchanged_apart_from_what_else_a_scenario_states(tmp_path):
    old, new = of_folder(ROOT, tmp_path / "old"), of_folder(ROOT, tmp_path / "new")
    (old / "params/x.yml").write_text("title: a\nbelieve: {b: {low: 1}}\n")
    (new / "params/x.yml").write_text("title: c\nbelieve: {b: {low: 2}}\n")
    assert list(changed_groups(old, new)) == ["scenarios", "beliefs"]
    mixed = mixed_tree(old, new, ["beliefs"], tmp_path / "mixed")
    assert list(changed_groups(mixed, new)) == ["scenarios"]
    assert list(changed_groups(old, mixed)) == ["beliefs"]


@pytest.mark.parametrize("share", [moved.shapley, moved.sequential])
def test_shares_add_up_to_the_difference(share):
    values = {}
    for count in range(4):
        for subset in itertools.combinations("abc", count):
            values[frozenset(subset)] = len(subset) ** 2 + 3 * ("a" in subset)
    parts = share("abc", values)
    assert sum(parts.values()) == pytest.approx(values[frozenset("abc")] - values[frozenset()])
    if share is moved.shapley:
        assert parts == pytest.approx({"a": 6, "b": 3, "c": 3})


def test_every_group_is_exchanged_by_itself_unless_code_does_not_run_apart():
    names = ["laws", "code", "beliefs", *(f"t{number}.csv" for number in range(20))]
    assert moved.bundled(names) == {name: (name,) for name in names}
    assert moved.bundled(names, "laws and code")["laws and code"] == ("laws", "code")
    assert list(moved.bundled(names, "laws and code"))[1:] == names[2:]
    assert moved.bundled(names, "all of it") == {"all of it": tuple(names)}


def test_steps_are_halved_where_something_moved_alone():
    groups, asked = [f"g{number}" for number in range(8)], []
    costs = {"a": ("g2", "g6"), "b": ("g5",), "c": ()}

    def answers(subset, names):
        return {name: ("act", float(sum(g in subset for g in costs[name]))) for name in names}

    def evaluate(questions):
        asked.extend(questions)
        return [answers(*question) for question in questions]

    ends = [answers(frozenset(), costs), answers(frozenset(groups), costs)]
    found = moved._growing_mixtures(groups, ends, evaluate)
    assert len(found) == 9
    assert all(each == answers(subset, costs) for subset, each in found.items())
    assert len(asked) < 7
    assert not any("c" in names for _, names in asked)


def test_groups_are_laws_calibration_and_other_code(tmp_path):
    old, new = of_folder(ROOT, tmp_path / "old"), of_folder(ROOT, tmp_path / "new")
    for name in ("laws/cost.py", "model/runner.py", "facts/log_sd.csv", "pages/cost.py"):
        path = new / "analysis" / name
        path.write_text(path.read_text() + "\n")
    assert list(changed_groups(old, new)) == ["laws", "code", "calibration"]
    assert changed_rows(old, new, "laws") == ([], ["analysis/laws/cost.py"])


def test_a_table_that_no_answer_reads_moves_none_and_is_not_exchanged(tmp_path, monkeypatch):
    old, new = of_folder(ROOT, tmp_path / "old"), of_folder(ROOT, tmp_path / "new")
    for name in ("volumes.csv", "prices.csv"):
        path = new / "analysis/facts" / name
        path.write_text(path.read_text() + "\n")
    made = []

    def answers(tree, names):
        made.append(tree)
        return moved.Evaluated(
            {name: ("act", float(tree == new)) for name in names},
            frozenset({"analysis/facts/prices.csv"}),
        )

    monkeypatch.setattr(moved, "evaluated", answers)
    (move,) = moved.moves(old, new, ["reference"], tmp_path)
    assert move.parts == {"prices.csv": 1.0, "volumes.csv": 0.0}
    assert made == [old, new]


def test_a_move_is_attributed_to_what_moved_it(trees, tmp_path):
    old, new = trees
    (move,) = moved.moves(old, new, ["reference"], tmp_path)
    assert move.parts["scenarios"] != 0
    assert sum(move.parts.values()) == pytest.approx(move.after[1] - move.before[1])
    assert set(move.parts) == {"scenarios", "prices.csv"}
    assert "analysis/facts/prices.csv" in moved.evaluated(new, ["hopper"]).read
    assert move.order == ()


def test_files_that_do_not_run_together_are_said_to(trees, tmp_path):
    old, _ = trees
    broken = tmp_path / "broken"
    shutil.copytree(old, broken)
    (broken / "analysis/questions/answer.py").write_text("raise RuntimeError('another version')\n")
    with pytest.raises(moved.Inseparable, match="another version"):
        moved.moves(old, broken, ["reference"], tmp_path)


def test_a_mixture_that_cannot_read_what_both_states_answer_is_no_answer(tmp_path):
    """A key that only the newer code knows: alone, code and scenarios leave nothing to compare."""
    old, new = of_folder(ROOT, tmp_path / "old"), of_folder(ROOT, tmp_path / "new")
    key = "  draft_acceptance_ratio: 1 "
    stated = (old / "params/reference.yml").read_text().splitlines(keepends=True)
    (old / "params/reference.yml").write_text("".join(x for x in stated if not x.startswith(key)))
    schema = old / "analysis/scenario/schema.py"
    line = "    draft_acceptance_ratio: Annotated[float, Field(ge=0.01, le=100)] = 1.0\n"
    assert line in schema.read_text()
    schema.write_text(schema.read_text().replace(line, ""))
    for name in ("model/own_coefficients.py", "questions/what_if_worlds.py"):
        file = old / "analysis" / name
        file.write_text(file.read_text().replace("case.serving.draft_acceptance_ratio", "1.0"))
    with pytest.raises(moved.Inseparable, match=r"hopper: .*draft_acceptance_ratio"):
        moved.moves(old, new, ["hopper"], tmp_path)
    (move,) = moved.moves(old, new, ["hopper"], tmp_path, "laws, code and scenarios")
    assert move.parts == {"laws, code and scenarios": 0.0}


def test_a_revision_that_is_none_is_refused(tmp_path):
    for name in ("no-such-revision", "--output=x"):
        with pytest.raises(OSError, match="no site with answers and no git revision"):
            of_revision(ROOT, name, tmp_path)


def test_the_page_names_moves_rows_and_order(monkeypatch):
    move = moved.Move("article", ("Keep B200", 1.0), ("Buy GB200", 0.6), {"prices.csv": -0.4}, ())
    monkeypatch.setattr(page, "of_revision", lambda root, name, target: of_folder(ROOT, target))
    monkeypatch.setattr(page, "both_ends", lambda *_: [])
    monkeypatch.setattr(page, "moves", lambda *_, **__: [move])
    html = page.moved_page("v1", ["article", "hopper"])
    for words in ("since v1", "Keep B200 (1.000)", "prices.csv -0.400", "another act", "hopper"):
        assert words in html


def test_names_are_checked_before_anything_is_evaluated(monkeypatch):
    monkeypatch.setattr(page, "of_revision", lambda *_: pytest.fail("evaluated"))
    with pytest.raises(an.ScenarioError, match="did you mean 'hopper'"):
        page.moved_page("v1", ["article", "hoper"])
    with pytest.raises(an.ScenarioError, match=r"nowhere\.yml"):
        page.moved_page("v1", ["article", "/tmp/nowhere.yml"])


def test_every_spelling_of_a_scenario_is_compared_and_what_has_no_past_is_named(
    monkeypatch, tmp_path
):
    asked = []
    own = tmp_path / "own.yml"
    own.write_text("title: Ours\nquestion: And now?\n")
    monkeypatch.setattr(page, "of_revision", lambda root, name, target: of_folder(ROOT, target))
    monkeypatch.setattr(page, "both_ends", lambda *_: [])
    monkeypatch.setattr(page, "moves", lambda old, new, names, *_: asked.extend(names) or [])
    html = page.moved_page("v1", ["article.yml", "hopper", "params/hopper.yml", str(own)])
    assert asked == ["article", "hopper"]
    assert [page.one_name(each) for each in ("hopper.yml", str(own))] == ["hopper", str(own)]
    assert f"files of params/ alone: {own}." in html
    assert page.without_past("v1", ["article.yml", "hopper", str(own)]) == [str(own)]


def test_a_scenario_outside_params_is_compared_with_its_kept_answer(site, tmp_path):
    own = tmp_path / "hopper.yml"
    shutil.copy(ROOT / "params/hopper.yml", own)
    assert "Keep what runs (1.000)" in page.moved_page(str(site), [str(own)])
    assert page.without_past(str(site), [str(own), "article"]) == ["article"]


def test_a_file_that_cannot_be_read_harms_no_other_and_is_named(site, tmp_path):
    broken = tmp_path / "broken.yml"
    broken.write_text("title: [")
    html = page.moved_page(str(site), ["hopper", str(broken)])
    assert "Keep what runs (1.000)" in html
    assert "cannot be read: broken (" in html


def test_the_error_of_a_shallow_clone_says_how_to_get_the_rest(tmp_path):
    clone = tmp_path / "clone"
    command = ["git", "clone", "--quiet", "--depth", "1", ROOT.as_uri(), str(clone)]
    subprocess.run(command, check=True)
    with pytest.raises(OSError, match="git fetch --unshallow"):
        of_revision(clone, "HEAD~1", tmp_path / "old")
    assert (of_revision(clone, "HEAD", tmp_path / "new") / "params").is_dir()


@pytest.fixture
def site(tmp_path) -> Path:
    """A kept site of one scenario, whose answer, electricity and one option were others."""
    folder = tmp_path / "site"
    (folder / "hopper").mkdir(parents=True)
    answer = json.loads((ROOT / "reports/hopper/answer.json").read_text())
    answer["acts"][0]["instruction"] = "Keep what runs"
    answer["cost_ratio"]["mid"] = 1.0
    answer["work"]["output_tokens"] = 77
    answer["options"][0]["output_tokens_per_s_per_chip"]["mid"] *= 2
    (folder / "hopper/answer.json").write_text(json.dumps(answer))
    (folder / "scenarios.csv").write_text("scenario,workload.cached_share,gone\nhopper,0.123,1\n")
    return folder


def test_a_kept_site_says_from_where_to_where_and_what_it_cannot_tell(site):
    html = page.moved_page(str(site), ["hopper", "article"])
    now = decide(an.load("hopper"))
    for words in (
        "Keep what runs (1.000)",
        f"{now.acts[0].instruction} ({now.cost_ratio.mid:.3f})",
        "workload.cached_share: 0.123 → ",
        "work: output_tokens: 77 → ",
        f"{now.options[0].name}: ",
        "cannot say how much a table, a belief or a law moved an answer",
        "only one of the two has an answer of them: article",
    ):
        assert words in html
    (site / "scenarios.csv").unlink()
    assert "has no table of what its scenarios state" in page.moved_page(str(site), ["hopper"])


def test_an_answer_of_a_kept_site_that_cannot_be_read_is_named(site):
    (site / "hopper/answer.json").write_text('{"acts": []}')
    with pytest.raises(OSError, match=r"hopper/answer\.json: no answer of this project"):
        page.moved_page(str(site), ["hopper"])


def test_the_feed_leads_to_the_page_where_it_stands():
    domain = load_domain("analysis.pages.site_hooks:DOMAIN")
    link = '<link rel="related" href="moved.html" title="Why answers moved"/>'
    assert link in feed(domain, [], domain.links)
    assert "moved.html" not in feed(
        domain, [], [each for each in domain.links if not each.is_optional]
    )
