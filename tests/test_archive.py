"""The archive of answers: rows are added below, earlier ones never change, and moves are named."""

import hashlib
from datetime import date

import pytest

from analysis.pages import comparison
from analysis.questions.answer import Answer
from analysis.questions.archive import (
    ARCHIVE,
    append,
    archived,
    begin,
    code_version,
    newest,
    read_answers,
    since,
)
from analysis.scenario.scenario import PARAMS, scenarios

ROOT = PARAMS.parent
# Rows that were there at each release, and the beginning of the SHA-256 of the file up to them.
SAID = {12: "97ce55b31aab4b2f"}


@pytest.fixture(scope="module")
def answers() -> dict[str, Answer]:
    return read_answers(["article", "hopper"], ROOT / "reports")


def test_what_a_release_said_never_changes():
    """A new release adds its rows below: add their number and digest to SAID."""
    lines = ARCHIVE.read_bytes().splitlines(keepends=True)
    for count, digest in SAID.items():
        said = hashlib.sha256(b"".join(lines[: count + 1])).hexdigest()
        assert said.startswith(digest), f"the first {count} rows have changed"
    assert len(lines) - 1 == max(SAID), "rows of a new release: add their number and digest to SAID"


def test_rows_are_added_below_and_a_version_stands_once(answers, tmp_path):
    path = tmp_path / "answers.csv"
    begin(path)
    assert append(answers, "1", date(2026, 1, 2), path) == 2
    first = path.read_bytes()
    assert append(answers, "1", date(2026, 1, 3), path) == 0
    assert path.read_bytes() == first
    assert append(answers, "2", date(2026, 1, 3), path) == 2
    assert path.read_bytes().startswith(first)
    with pytest.raises(ValueError, match="2026-01-01 is before 2026-01-03"):
        append(answers, "3", date(2026, 1, 1), path)
    rows = archived(path)
    assert list(rows["scenario"]) == ["article", "hopper"] * 2
    assert rows["cost_ratio_mid"][0] == pytest.approx(answers["article"].cost_ratio.mid, abs=1e-4)
    assert set(newest(rows)["version"]) == {"2"}


def test_an_act_or_a_cost_that_moved_is_named_and_no_other(answers, tmp_path):
    path = tmp_path / "answers.csv"
    begin(path)
    append(answers, "1", date(2026, 1, 2), path)
    assert since(archived(path), answers).empty
    text = path.read_text().replace(answers["hopper"].acts[0].instruction, "Keep what runs")
    path.write_text(text)
    (row,) = since(archived(path), answers).to_dict(orient="records")
    assert (row["scenario"], row["is_other_act"]) == ("hopper", True)
    assert row["before"].startswith("Keep what runs (0.")
    ratio = answers["article"].cost_ratio
    dearer = ratio.model_copy(update={"mid": ratio.mid + 0.02})
    now = {"article": answers["article"].model_copy(update={"cost_ratio": dearer})}
    (row,) = since(archived(path), now).to_dict(orient="records")
    assert (row["scenario"], row["is_other_act"]) == ("article", False)


def test_the_comparison_says_what_moved_since_the_last_release(answers, tmp_path, monkeypatch):
    path = tmp_path / "answers.csv"
    begin(path)
    monkeypatch.setattr(comparison, "archived", lambda: archived(path))
    assert "No release has kept" in comparison.since_last_release(answers).markdown
    append(answers, "0.2", date(2026, 1, 2), path)
    assert "no act has changed" in comparison.since_last_release(answers).markdown
    path.write_text(path.read_text().replace(answers["hopper"].acts[0].instruction, "Keep it"))
    told = comparison.since_last_release(answers).plain
    assert "1 of 2 scenarios have another act" in told
    assert "Keep it (0." in told


def test_an_answer_that_is_not_there_is_named_with_what_makes_it(tmp_path):
    with pytest.raises(OSError, match="python -m analysis report article"):
        read_answers(["article"], tmp_path)
    (tmp_path / "article").mkdir()
    (tmp_path / "article/answer.json").write_text("{}")
    with pytest.raises(OSError, match="written by another version"):
        read_answers(["article"], tmp_path)
    assert set(read_answers(scenarios(), ROOT / "reports")) == set(scenarios())


def test_the_version_of_the_code_names_its_revision(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "9.8"\n')
    assert code_version(tmp_path) == "9.8"
    assert code_version(ROOT).startswith("0.")
