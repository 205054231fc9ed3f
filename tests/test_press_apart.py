"""The press knows no domain: it renders notebooks that have nothing to do with this project."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from report_notebooks import notebook

from analysis.press.domain import load_domain

DOMAIN = """
from pathlib import Path

from analysis.press.domain import Description, Domain, ExtraLink, ExtraPage

ROOT = Path(__file__).parent


def describe(scenario):
    name, _, season = (ROOT / "params" / f"{scenario}.yml").read_text().partition(":")
    if name != "season":
        return Description("", "", "", (f"params/{scenario}.yml:1: {name}: not a season",))
    return Description(f"A garden in {season.strip()}", "What grows?", "2026-05-01", ())


def warm():
    import statistics


def extra_pages():
    yield ExtraPage("sources/index.html", "<p>Seed catalogues</p></html>")


GARDEN = Domain(
    name="Garden",
    root=ROOT,
    inputs=(ROOT / "garden.py",),
    title="What grows when?",
    lead="A row a season.",
    columns=(),
    links=(ExtraLink("sources/index.html", "Seeds", "where they come from"),),
    describe=describe,
    warm=warm,
    extra_pages=extra_pages,
)
"""
HEADLINE = "application/vnd.passthrough.headline+json"
SHOWN = {"headline": "Nine beans grow.", "value": 9.0, "shown": "9 beans", "range": "8 to 10 beans"}
CELLS = (
    ("scenario = 'spring'", "parameters"),
    ("import statistics\nfrom IPython.display import display\nstatistics.mean([8, 9, 10])",),
    (f"display({ {HEADLINE: SHOWN, 'text/plain': 'Nine'} }, raw=True)",),
)


@pytest.fixture
def garden(tmp_path) -> Path:
    root = tmp_path / "garden"
    (root / "params").mkdir(parents=True)
    (root / "garden.py").write_text(DOMAIN)
    (root / "params/spring.yml").write_text("season: spring\n")
    notebook(root / "notebooks/beans.ipynb", *CELLS, prose="# Beans\n\nOf $x^2$ beans.")
    return root


def built(root: Path, *scenarios: str) -> subprocess.CompletedProcess:
    """A build in a folder outside the repository, by a program that knows the garden alone."""
    call = f"build('garden:GARDEN', {scenarios}, output='site', progress='json')"
    code = (
        f"from analysis.press.build import build; records = {call}\n"
        "import sys\n"
        "rooms = {name.split('.')[1] for name in sys.modules if name.startswith('analysis.')}\n"
        "print(sorted(rooms), [record.status for record in records])"
    )
    path = os.pathsep.join([str(root), str(Path(__file__).parents[1])])
    environment = os.environ | {"PYTHONPATH": path}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)


def test_a_notebook_of_another_subject_becomes_a_site(garden):
    done = built(garden)
    assert done.stdout.splitlines()[-1] == "['press'] ['ok']", done.stdout + done.stderr
    page = (garden / "site/spring/beans.html").read_text()
    assert "Nine beans grow." in page
    assert "<msup>" in page
    assert "2026-05-01" in page
    index = (garden / "site/index.html").read_text()
    for words in ("What grows when?", "A garden in spring", "9 beans", "8 to 10 beans", "Seeds"):
        assert words in index
    for words in ("Passthrough", "announcement", "Efficiency"):
        assert words not in index + (garden / "site/feed.xml").read_text()
    assert (garden / "site/sources/index.html").is_file()
    assert json.loads(built(garden).stdout.splitlines()[-2])["fresh"] == 1


def test_faults_of_its_scenarios_are_said_before_anything_is_written(garden):
    (garden / "params/winter.yml").write_text("weather: cold\n")
    done = built(garden, "winter")
    assert "params/winter.yml:1: weather: not a season" in done.stderr
    assert not (garden / "site/index.html").exists()


def test_a_scenario_that_becomes_faulty_keeps_its_page_and_the_index_says_so(garden):
    """A reader of the site sees that the page is not of the scenario as it stands."""
    (garden / "params/winter.yml").write_text("season: winter\n")
    built(garden)
    page = (garden / "site/winter/beans.html").read_bytes()
    (garden / "params/winter.yml").write_text("weather: cold\n")
    for _ in range(2):  # it is tried again, and stays marked
        done = built(garden)
        assert done.stdout.splitlines()[-1] == "['press'] ['failed']"
        assert (garden / "site/winter/beans.html").read_bytes() == page
        index = (garden / "site/index.html").read_text()
        assert "is the page before" in index
        assert "weather: not a season" in index
    (garden / "params/winter.yml").write_text("season: winter\n")
    built(garden)
    assert "is the page before" not in (garden / "site/index.html").read_text()


def test_a_record_that_names_another_report_removes_and_lists_nothing(garden):
    """Who can write a record cannot reach a page of another report, or a file outside the site."""
    built(garden)
    outside, record = garden / "outside.html", garden / "site/.records/spring/beans.json"
    outside.write_text("not of the site")
    stated = json.loads(record.read_text())
    for scenario, name in (("..", "outside"), ("spring", "beans")):
        false = garden / "site/.records/autumn/peas.json"
        false.parent.mkdir(exist_ok=True)
        false.write_text(json.dumps(stated | {"scenario": scenario, "notebook": name}))
        assert built(garden).returncode == 0
        assert outside.read_text() == "not of the site"
        assert (garden / "site/spring/beans.html").is_file()
        assert "outside.html" not in (garden / "site/index.html").read_text()
        assert not false.exists()


def test_every_promise_of_the_press_has_a_test():
    """CONTRIBUTING lists what the press promises; each row names tests that are there."""
    tests = Path(__file__).parent
    text = (tests.parent / "CONTRIBUTING.md").read_text()
    section = text.partition("## What the press promises")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 15
    missing = []
    for row in rows:
        named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", row)
        assert named, row
        for file, test in named:
            if f"def {test}(" not in (tests / file).read_text():
                missing.append(f"{file}::{test}")
    assert missing == []


def test_a_path_that_leads_to_no_domain_is_refused(tmp_path, monkeypatch):
    (tmp_path / "elsewhere.py").write_text("SOMETHING = 1")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(TypeError, match="elsewhere:SOMETHING is no Domain but int"):
        load_domain("elsewhere:SOMETHING")
