"""Prices of tokens: the tables win, genai-prices offers the rest under its own day and version."""

import pytest

import analysis as an
from analysis.facts import listed_prices, sold_by_token, token_price_fault, token_prices
from analysis.facts.tables import chosen
from analysis.model.prices import api_prices
from analysis.pages.inputs import sources
from analysis.scenario.errors import ScenarioError
from analysis.units import convert

DAY = "2026-11-22"
LISTED = "together/MiniMaxAI/MiniMax-M3"  # as the package names it; the table says minimax-m3


def usd_per_mtok(api, tokens=8192):
    rows = token_prices(api, DAY, tokens)
    return dict(zip(rows["field"], convert(rows["base"], "usd/token", "usd/Mtok"), strict=True))


def test_the_rows_of_the_table_win():
    """The table averages DeepSeek's peak hours over a week; the package knows no weekends."""
    api = "deepseek/deepseek-v4-pro"
    rows = chosen("prices", api, DAY)
    assert token_prices(api, DAY, 8192)["source"].tolist() == ["genai_prices"] * 3
    assert usd_per_mtok(api)["output_usd_per_token"] == pytest.approx(
        1e6 * rows.loc[rows["field"] == "output_usd_per_token", "base"].iloc[0]
    )
    assert listed_prices._priced(api, DAY, 8192)["output_usd_per_token"] * 1e6 == pytest.approx(
        (17 * 1.98 + 7 * 3.96) / 24
    )


def test_both_name_the_same_prices_where_both_have_one():
    """Rows that were transcribed by hand, against the package's own rules for a day."""
    for ours, theirs in (
        ("anthropic/claude-sonnet-5", "anthropic/claude-sonnet-5"),
        ("together/minimax-m3", LISTED),
        ("moonshot/kimi-k3", "moonshotai/kimi-k3"),
        ("openai/gpt-5.6-sol", "openai/gpt-5.6-sol"),
    ):
        table = usd_per_mtok(ours)
        listed = listed_prices._priced(theirs, DAY, 8192)
        assert {field: 1e6 * usd for field, usd in listed.items()} == pytest.approx(table), ours


def test_what_the_table_lacks_says_source_version_and_day():
    assert LISTED not in sold_by_token()
    assert token_price_fault(LISTED, DAY) == ""
    rows = token_prices(LISTED, DAY, 8192)
    assert rows["as_of"].unique().tolist() == ["2026-11-10"]
    assert rows["where"].str.contains("genai-prices 0.2.3, released 2026-11-10").all()
    case = an.load("reference", {"options.api.api": LISTED, "finance.api": LISTED})
    assert api_prices(case) == pytest.approx(
        {
            "input_usd_per_token": 0.3e-6,
            "cached_usd_per_token": 0.06e-6,
            "output_usd_per_token": 1.2e-6,
        }
    )
    shown = sources(case)
    shown = shown[shown["Of"] == LISTED].iloc[:, 2]
    assert len(shown) == 3
    assert shown.str.contains("released 2026-11-10").all()
    assert "api" in {act.option for act in an.decide(case).acts}


def test_a_long_prompt_has_its_own_tier():
    """Gemini 2.5 Pro costs twice as much to read beyond 200 thousand tokens, half more to write."""
    short, long = (listed_prices._priced("google/gemini-2.5-pro", DAY, n) for n in (8192, 400_000))
    assert long["input_usd_per_token"] == pytest.approx(2 * short["input_usd_per_token"])
    assert long["output_usd_per_token"] == pytest.approx(1.5 * short["output_usd_per_token"])


@pytest.mark.parametrize(
    ("api", "day", "message"),
    [
        ("opnai/gpt-5", DAY, "did you mean 'openai/gpt-5'?"),
        ("together/MiniMaxAI/MiniMax-M4", DAY, "did you mean 'together/MiniMaxAI/MiniMax-M"),
        (
            LISTED,
            "2026-11-09",
            "its price is of 2026-11-10 (genai-prices 0.2.3), later than 2026",
        ),
        ("voyageai/voyage-3", DAY, "has no price of its written tokens"),
        ("gpt-5", DAY, "unknown API with token prices 'gpt-5'"),
    ],
)
def test_what_has_no_price_on_a_day_is_refused(api, day, message):
    assert message in token_price_fault(api, day)
    with pytest.raises(LookupError):
        token_prices(api, day, 8192)
    with pytest.raises(ScenarioError) as refused:
        an.load("reference", {"options.api.api": api, "as_of": day})
    assert any("options.api.api" in fault and message in fault for fault in refused.value.faults)


def test_another_version_than_the_dated_one_is_refused(monkeypatch):
    monkeypatch.setattr(listed_prices, "version", lambda name: "0.3.0")
    assert "genai-prices 0.3.0 is installed, and sources.csv dates 0.2.3" in token_price_fault(
        LISTED, DAY
    )
    assert token_price_fault("openai/gpt-5", DAY) == ""
