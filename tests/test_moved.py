"""Why answers moved: groups of files exchanged, each share by hand, changed rows named."""

import itertools
import shutil
from pathlib import Path

import pytest

from analysis.pages import moved as page
from analysis.questions import moved
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


def test_many_tables_are_exchanged_together():
    names = [f"t{number}.csv" for number in range(20)]
    bundles = moved.bundled(names)
    assert [each for bundle in bundles.values() for each in bundle] == names
    assert len(bundles) == moved.MOST_GROUPS + 1


def test_a_move_is_attributed_to_what_moved_it(trees, tmp_path):
    old, new = trees
    (move,) = moved.moves(old, new, ["reference"], tmp_path)
    assert move.parts["scenarios"] != 0
    assert sum(move.parts.values()) == pytest.approx(move.after[1] - move.before[1])
    assert move.order == ()


def test_files_that_do_not_run_together_are_said_to(trees, tmp_path):
    old, _ = trees
    broken = tmp_path / "broken"
    shutil.copytree(old, broken)
    (broken / "analysis/questions/answer.py").write_text("raise RuntimeError('another version')\n")
    with pytest.raises(moved.Inseparable, match="another version"):
        moved.moves(old, broken, ["reference"], tmp_path)


def test_a_revision_that_is_none_is_refused(tmp_path):
    for name in ("no-such-revision", "--output=x"):
        with pytest.raises(OSError, match="no git revision"):
            of_revision(ROOT, name, tmp_path)


def test_the_page_names_moves_rows_and_order(monkeypatch):
    move = moved.Move("article", ("Keep B200", 1.0), ("Buy GB200", 0.6), {"prices.csv": -0.4}, ())
    monkeypatch.setattr(page, "of_revision", lambda root, name, target: of_folder(ROOT, target))
    monkeypatch.setattr(page, "moves", lambda *_, **__: [move])
    html = page.moved_page("v1", ["article", "hopper"])
    for words in ("since v1", "Keep B200 (1.000)", "prices.csv -0.400", "another act", "hopper"):
        assert words in html
