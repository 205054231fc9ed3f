"""Skeletons: the recipe of CONTRIBUTING followed to the letter in a copy, and what is refused."""

import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from analysis.facts import stale
from analysis.scenario.blanks import BLANK, KEPT, write_skeleton
from analysis.scenario.errors import ScenarioError

ROOT = Path(__file__).parents[1]
RECIPE = (ROOT / "CONTRIBUTING.md").read_text().split("## 8. Add a claim")[1].split("\n## ")[0]
CLAIM = {
    "title": "Acme's rack gives three times the tokens of B200",
    "announced": "2026-10-01",
    "source": "acme_keynote",
    "channel": "vendor keynote",
    "product": "Acme A9",
    "accelerators": "vr200",
    "says": "A chip gives three times the tokens.",
    "quantity": "tokens of a chip",
    "value": "3",
    "date": "2026-10-01",
    "settles": "Rates of both in one benchmark",
    "by": "2027-12-31",
    "where": "MLPerf Inference",
    "before": "100",
    "after": "350",
    "evidence": '"{after} over {before} is {found:.2f} of what is claimed."',
}
SCENARIO = {
    "title": "Acme",
    "question": "Is the rack worth waiting for?",
    "model": "deepseek-r1",
    "input_tokens": "1024",
    "cached_share": "0.5",
    "output_tokens": "256",
    "tokens_per_s_per_user": "20",
    "ttft_limit_s": "5",
    "accelerator": "b200",
    "chips": "8",
    "precision": "fp8",
    "held": "rent_3yr",
    "buyer": "enterprise",
}


def fill(path, values):
    """Every blank replaced by the value of its key, as a person would from top to bottom."""
    text = path.read_text()
    for key, value in values.items():
        text = re.sub(rf"(\b{key}: \[?){BLANK}", lambda found, value=value: found[1] + value, text)
    path.write_text(text)
    assert text.count(BLANK) == text.count(f"every {BLANK}") == 1  # that of the first comment


def blocks(kind):
    found = re.findall(rf"```{kind}\n(.*?)```", RECIPE, re.S)
    return [[line.strip() for line in block.strip().splitlines()] for block in found]


def run(folder, command):
    words = [sys.executable, *command.split()[1:]]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("house")
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("analysis", "params"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    return folder


def test_the_recipe_for_a_claim_works_as_it_is_written(house):
    tables = [house / "analysis/facts/sources.csv", house / "analysis/facts/launches.csv"]
    for table, rows in zip(tables, blocks("csv"), strict=True):
        with table.open("a") as file:
            file.writelines(f"{row}\n" for row in rows)
    (new_claim,), (new_scenario,), (check,) = blocks("sh")
    written = run(house, new_claim)
    path = Path(written.stdout.strip())
    assert path == house / "analysis/facts/claims/acme-a9.yml"
    before = path.read_text()

    blank = run(house, check)
    blanks = [n for n, line in enumerate(before.splitlines(), 1) if n > 2 and BLANK in line]
    named = [line.split(": ")[0] for line in blank.stdout.splitlines()]
    assert blank.returncode == 2
    assert sorted(set(named)) == sorted(f"acme-a9.yml:{line}" for line in blanks)
    assert "acme-a9.yml:17: statements.0.measure.value: is blank: fill it in" in blank.stdout

    again = run(house, new_claim)
    assert (again.returncode, path.read_text()) == (2, before)
    assert "is there already" in again.stderr

    fill(path, CLAIM)
    done = run(house, check)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    scenario = Path(run(house, new_scenario).stdout.strip())
    assert scenario == house / "params/acme-a9.yml"
    assert "params/acme-a9.yml:8: model: is blank" in run(house, check).stdout
    fill(scenario, SCENARIO)
    text = scenario.read_text().replace("claim: null ", "claim: acme-a9 ")
    mine = "mine: {accelerator: vr200, chips: 72, precision: fp4, engine: null, product: Acme A9}"
    scenario.write_text(re.sub(r"mine: \{.*\}", mine, text))
    done = run(house, check)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    code = (
        "import analysis as an; case = an.load('acme-a9'); draws = an.evaluate(case); "
        "from analysis.scenario.claims import claim, ledger; "
        "rows = ledger(claim(case.claim), case.as_of); "
        "print(case.claim, len(draws) > 0, rows['verdict'].tolist(), rows['evidence'][0])"
    )
    command = [sys.executable, "-c", code]
    answer = subprocess.run(command, cwd=house, capture_output=True, text=True, check=True)
    verdicts = "['holds', 'cannot be told'] 350 over 100 is 1.17 of what is claimed."
    assert answer.stdout.strip() == f"acme-a9 True {verdicts}"


@pytest.mark.parametrize("name", ["", "A9", "../x", "a/b", "a b", "9x", "-x", "x" * 41, "é", *KEPT])
@pytest.mark.parametrize("kind", ["claim", "scenario"])
def test_a_name_that_no_file_should_have_is_refused(kind, name, tmp_path):
    with pytest.raises(ScenarioError, match="a name is a small letter"):
        write_skeleton(kind, name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(tmp_path):
    (tmp_path / "mine.yml").write_text("mine")
    with pytest.raises(ScenarioError, match="is not written over"):
        write_skeleton("claim", "mine", tmp_path)
    assert (tmp_path / "mine.yml").read_text() == "mine"


def test_stale_rows_are_counted_by_table(tmp_path):
    """Of two prices of one thing the newer counts; a month counts from its end."""
    (tmp_path / "prices.csv").write_text(
        "thing,field,as_of,value,unit,times,source,where,kind,chosen\n"
        "b200,rack_usd,2026-01-01,1,usd,1,s,,press,\n"
        "b200,rack_usd,2026-11-20,1,usd,1,s,,press,\n"
        "h100-sxm,rack_usd,2026-08,1,usd,1,s,,press,\n"
        "a100-sxm,rack_usd,2026-02-28,1,usd,1,s,,press,\n"
        "a100-sxm,retail_usd,,1,usd,1,s,,press,\n"
    )
    found = stale.stale_rows(90, date(2026, 11, 26), tmp_path)
    assert found[["row", "age_days"]].to_numpy().tolist() == [["a100-sxm.rack_usd", 271]]
    assert found.attrs == {"dated": {"prices": 3}, "stale": {"prices": 1}}
    said = stale.printed(found, 90, date(2026, 11, 26))
    assert said.startswith("prices.csv: 1 of 3 dated rows older than 90 days on 2026-11-26\n")
    assert stale.stale_rows(86, date(2026, 11, 26), tmp_path).attrs["stale"] == {"prices": 2}
    assert stale.stale_rows(87, date(2026, 11, 26), tmp_path).attrs["stale"] == {"prices": 1}


def test_stale_rows_are_no_fault():
    done = run(ROOT, "python -m analysis check --stale 90 --as-of 2026-11-26")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^prices\.csv: \d+ of \d+ dated rows older than 90 days", done.stdout, re.M)
    bad = run(ROOT, "python -m analysis check --stale 90 --as-of soon")
    assert (bad.returncode, "Traceback" in bad.stderr) == (2, False)
