"""Files of quotes by hand: which rows are kept, as what, and why the others are not."""

from datetime import date

import pytest

from analysis.model.quotes import Dropped, dropped_lines, read_quotes

HEAD = "provider,chip,contract,usd_per_hour,date,source,region\n"
ROWS = """Lambda,B200,1yr,4.00,2026-05-01,card,us-east
Nebius,8x B200,1yr,24.00,2026-05-02,card,eu-north
Nebius,H200,on demand,about 3,2026-05-03,card,eu-north
Nebius,MI355X,on demand,2.50,2026-07-01,card,eu-north
"""
CATALOGUE = """InstanceType,AcceleratorName,AcceleratorCount,Price,Region,SpotPrice
p5,H100,8,40,us-east-2,16
p4,H200,4,24,us-east-2,0
g6,L4,0.5,0.4,us-east-2,
g7,L40S,1,1.5,us-east-2,0.5
"""


@pytest.fixture
def offers(tmp_path):
    path = tmp_path / "offers.csv"
    path.write_text(HEAD + ROWS)
    return path


def kept(quotes):
    return [(each.chip, each.contract, each.usd_per_hour) for each in quotes.chosen]


def reasons(quotes):
    return {each.row: each.reason for each in quotes.dropped}


def test_the_newest_row_of_a_chip_stands_and_a_price_of_eight_is_divided(offers):
    # 24 of eight chips are 3 of one; the row of the day before is older.
    quotes = read_quotes(offers)
    assert kept(quotes) == [("b200", "rent_1yr", 3.0), ("mi355x", "rent_on_demand", 2.5)]
    assert list(reasons(quotes)) == [2, 4]
    assert reasons(quotes)[2].startswith("older than another of b200")
    assert reasons(quotes)[4] == "price 'about 3' is no number above 0"


def test_quotes_of_later_days_are_not_known_yet(offers):
    quotes = read_quotes(offers, as_of=date(2026, 5, 2))
    assert kept(quotes) == [("b200", "rent_1yr", 3.0)]
    assert reasons(quotes)[5] == "its day is later than 2026-05-02"


def test_one_provider_is_asked_for_however_it_is_spelled(offers):
    quotes = read_quotes(offers, provider="lambda")
    assert kept(quotes) == [("b200", "rent_1yr", 4.0)]
    assert set(reasons(quotes).values()) == {"provider is not lambda"}


def test_one_region_is_asked_for_however_it_is_spelled(offers):
    quotes = read_quotes(offers, region="US-East")
    assert kept(quotes) == [("b200", "rent_1yr", 4.0)]
    assert set(reasons(quotes).values()) == {"region is not US-East"}


def test_a_catalogue_has_two_prices_of_an_instance_over_its_chips(tmp_path):
    # 40 and 16 over 8, 24 over 4, 1.5 and 0.5 over 1; a spot price of 0 is none, and half a chip
    # cannot be had alone.
    path = tmp_path / "aws.csv"
    path.write_text(CATALOGUE)
    quotes = read_quotes(path, day="2026-06-01")
    assert sorted(kept(quotes)) == [
        ("h100-sxm", "rent_on_demand", 5.0),
        ("h100-sxm", "rent_spot", 2.0),
        ("h200-sxm", "rent_on_demand", 6.0),
        ("l40s", "rent_on_demand", 1.5),
        ("l40s", "rent_spot", 0.5),
    ]
    assert reasons(quotes) == {4: "0.5 of a chip"}


def test_what_was_dropped_is_said_with_its_first_five_rows():
    lines = dropped_lines([Dropped(row, "no source") for row in (2, 3, 3, 4, 5, 6, 7, 9)])
    assert lines == ["dropped rows 2, 3, 4, 5, 6 and 2 more: no source"]  # 7 and 9
    assert dropped_lines([Dropped(8, "no date")]) == ["dropped row 8: no date"]
