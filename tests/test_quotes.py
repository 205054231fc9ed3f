"""Quotes that a buyer brings: read, chosen by day, and added to a scenario with its comments."""

import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from analysis.model.quotes import dropped_lines, read_quotes
from analysis.scenario.errors import ScenarioError
from analysis.scenario.file_text import MeasurementFault
from analysis.scenario.scenario import PARAMS, load
from analysis.scenario.write_quotes import NewQuote, add_quotes, quotes_text
from analysis.scenario.yaml_file import read

ROOT = Path(__file__).parents[1]
OWN = """provider,chip,contract,usd_per_hour,date,source,currency
CoreWeave,8x NVIDIA B200,1yr,30.4,2026-11-20,our offer,USD
Lambda,B200,1 year,4.10,2026-10-20,rate card,
Nebius,b200,rent_3yr,3.20,2026-11-21,"our offer, by mail",
OVH,H100 80GB,on-demand,€2.50,2026-11-01,web,
X,H100 SXM,on demand,2.5,,web,
X,Warp9,on demand,2.5,2026-11-01,web,
X,MI355X,lease,2.5,2026-11-01,web,
X,MI355X,spot,$2.5,2026-11-30,web,
X,MI300X,spot,-1,2026-11-01,web,
X,H200,rent_on_demand,3.9,2026-11-01,,
X,H200,rent_on_demand,3.9,1 Nov 2026,web,
Y,GB200,rent_on_demand,9.9,2026-11-02,web,
Z,GB200,rent_on_demand,8.8,2026-11-02,web,EUR
Z,GB200,rent_on_demand,8.9,2026-11-02,web,USD
"""
SKYPILOT = """InstanceType,AcceleratorName,AcceleratorCount,vCPUs,Price,Region,GpuInfo,SpotPrice
p5.48xlarge,H100,8.0,192,55.04,us-east-2,"{'Gpus': [{'Name': 'H100'}]}",18.2
p5.48xlarge,H100,8.0,192,60.0,eu-west-1,"{'Gpus': [{'Name': 'H100'}]}",
m5.large,,,2,0.096,us-east-1,,0.03
g6f.large,L4,0.125,2,0.2,us-east-1,x,0.1
inf9,Inferentia9,16,192,35.7,us-east-2,x,0
"""


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "offers.csv"
    path.write_text(OWN)
    return path


def found(quotes):
    return {(each.chip, each.contract): each.usd_per_hour for each in quotes.chosen}


def test_a_table_of_offers_gives_the_newest_of_each_and_says_what_is_dropped(own):
    quotes = read_quotes(own, as_of=date(2026, 11, 22))
    assert found(quotes) == pytest.approx(
        {
            ("b200", "rent_1yr"): 30.4 / 8,
            ("b200", "rent_3yr"): 3.2,
            ("gb200", "rent_on_demand"): 8.9,
        }
    )
    assert quotes.chosen[0].note == "'8x NVIDIA B200' says 8 chips; its price is divided by 8"
    assert dropped_lines(quotes.dropped) == [
        "dropped row 3: older than another of b200, rent_1yr (row 2, 2026-11-20)",
        "dropped row 5: currency: €2.50 is not in US dollars",
        "dropped row 6: no date; --date says the day of a file that has none",
        "dropped row 7: unknown accelerator 'Warp9'; no accelerator of that family is known",
        "dropped row 8: contract 'lease': known: rent_1yr, rent_3yr, rent_on_demand, rent_spot",
        "dropped row 9: its day is later than 2026-11-22",
        "dropped row 10: price '-1' is no number above 0",
        "dropped row 11: no source",
        "dropped row 12: date '1 Nov 2026' is no day (YYYY-MM-DD)",
        "dropped row 13: not below another of gb200, rent_on_demand (row 15, 2026-11-02)",
        "dropped row 14: currency: 8.8 EUR is not in US dollars",
    ]


def test_a_later_day_or_another_provider_gives_other_quotes(own):
    assert ("mi355x", "rent_spot") in found(read_quotes(own))
    old = read_quotes(own, as_of=date(2026, 11, 1))
    assert found(old) == {("b200", "rent_1yr"): 4.1}
    assert found(read_quotes(own, provider="nebius")) == {("b200", "rent_3yr"): 3.2}


def test_a_catalogue_prices_instances_and_has_no_day(tmp_path):
    path = tmp_path / "aws.csv"
    path.write_text(SKYPILOT)
    quotes = read_quotes(path, day="2026-11-20")
    assert found(quotes) == pytest.approx(
        {("h100-sxm", "rent_on_demand"): 55.04 / 8, ("h100-sxm", "rent_spot"): 18.2 / 8}
    )
    assert {each.source for each in quotes.chosen} == {
        "aws: SkyPilot catalogue, p5.48xlarge in us-east-2"
    }
    assert dropped_lines(quotes.dropped) == [
        "dropped row 3: not below another of h100-sxm, rent_on_demand (row 2, 2026-11-20)",
        "dropped row 4: an instance without accelerators",
        "dropped row 5: 0.125 of a chip",
        "dropped row 6: unknown accelerator 'Inferentia9'; did you mean 'inferentia2'?",
    ]
    elsewhere = read_quotes(path, day="2026-11-20", region="eu-west-1")
    assert found(elsewhere) == {("h100-sxm", "rent_on_demand"): 7.5}
    undated = read_quotes(path)
    assert undated.chosen == []
    assert any("no date" in line for line in dropped_lines(undated.dropped))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("provider,chip\nX,B200\n", "column 'contract' is missing; "),
        ("provider,chip,contract,usd_per_hor,date,source\n1,2,3,4,5,6\n", "mean 'usd_per_hor'"),
        ("", "is empty"),
        ("provider,chip,contract,usd_per_hour,date,source\n1,2\n", "has 2 cells where"),
    ],
)
def test_a_file_of_neither_format_is_refused(tmp_path, text, message):
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(MeasurementFault, match=message):
        read_quotes(path)


NEW = [
    NewQuote("b200", "rent_1yr", 3.8, date(2026, 11, 20), "CoreWeave: our offer"),
    NewQuote("b200", "rent_3yr", 3.2, date(2026, 11, 21), "Nebius: 'all in', by mail # 3"),
]


@pytest.mark.parametrize("path", sorted(PARAMS.glob("*.yml")), ids=lambda path: path.stem)
def test_quotes_are_added_and_every_comment_stays(path, tmp_path):
    """Lines stay as they are; comments inside of values, as the reference has, keep their words."""
    copy = tmp_path / path.name
    shutil.copy(path, copy)
    assert add_quotes(copy, NEW) == []
    before, after = path.read_text(), copy.read_text()
    comments = re.findall(r"#\s*(.*\S)", before)
    assert [comment for comment in comments if comment not in after] == []
    if path.stem != "reference":
        added = [line for line in after.splitlines() if line not in before.splitlines()]
        assert (len(added), [x for x in before.splitlines() if x not in after.splitlines()]) == (
            4,
            [],
        )
    old, new = (load(str(each)).model_dump(exclude={"quotes"}) for each in (path, copy))
    assert old == new
    case = load(str(copy))
    assert case.quotes["b200"]["rent_1yr"].usd_per_hour == 3.8
    assert case.quotes["b200"]["rent_3yr"].source == "Nebius: 'all in', by mail # 3"


def test_a_newer_quote_replaces_an_older_one_and_never_the_other_way_round(tmp_path):
    copy = tmp_path / "mine.yml"
    shutil.copy(PARAMS / "hopper.yml", copy)
    add_quotes(copy, NEW)
    older = [NewQuote("b200", "rent_1yr", 2.0, date(2026, 11, 19), "old")]
    assert add_quotes(copy, older) == ["kept b200, rent_1yr: mine.yml has one of 2026-11-20"]
    newer = [NewQuote("b200", "rent_1yr", 3.6, date(2026, 11, 21), "new")]
    assert add_quotes(copy, newer) == ["replaced b200, rent_1yr: 3.8 of 2026-11-20 in mine.yml"]
    assert load(str(copy)).quotes["b200"]["rent_1yr"].usd_per_hour == 3.6


def test_a_scenario_that_would_not_be_valid_is_left_as_it_is(tmp_path):
    copy = tmp_path / "mine.yml"
    shutil.copy(PARAMS / "hopper.yml", copy)
    text = copy.read_text()
    with pytest.raises(ScenarioError, match="unknown accelerator 'b20O'") as refused:
        add_quotes(copy, [NewQuote("b20O", "rent_1yr", 3.8, date(2026, 11, 20), "x")])
    assert "nothing is written" in str(refused.value)
    assert copy.read_text() == text
    assert [path.name for path in tmp_path.iterdir()] == ["mine.yml"]


def test_the_command_prints_a_section_that_a_scenario_takes(own, tmp_path):
    command = [sys.executable, "-m", "analysis", "quotes", str(own)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "dropped row 14: currency" in done.stderr
    copy = tmp_path / "mine.yml"
    later = "as_of: 2026-11-30\n"  # a quote is never of a later day than its scenario
    copy.write_text((PARAMS / "hopper.yml").read_text() + later + done.stdout)
    assert set(load(str(copy)).quotes) == {"b200", "mi355x", "gb200"}
    written = subprocess.run(
        [*command, "--write", str(tmp_path / "other.yml")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (written.returncode, "Traceback" in written.stderr) == (2, False)
    assert quotes_text([]) == "quotes: {}\n"
    values, _ = read(copy)
    assert values["quotes"]["gb200"]["rent_on_demand"]["usd_per_hour"] == 8.9
