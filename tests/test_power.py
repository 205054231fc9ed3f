"""Answers in joules and watts: steps that add up, the claim's ladder, what megawatts carry, racks,
water and carbon.
"""

import numpy as np
import pytest

from analysis import model
from analysis.laws import cooling, energy
from analysis.pages.charts import energy as figures
from analysis.questions import energy as energy_questions
from analysis.questions import power
from analysis.scenario.scenario import load


@pytest.fixture(scope="module")
def case():
    return load("reference")


@pytest.fixture(scope="module")
def draws(case):
    return model.evaluate(case, draws=200)


def test_waterfall_ends_at_the_meter(draws):
    steps = energy_questions.waterfall(draws)
    for option, rows in steps.groupby("option", sort=False):
        d = draws.loc[option]
        assert rows["mid"].is_monotonic_increasing
        assert list(rows["boundary"][rows["boundary"] != ""]) == ["board", "wall", "facility"]
        assert rows["mid"].iloc[0] == pytest.approx(d["energy_j_per_output_token"].median())
        meter = (d["energy_j_per_output_token"] * d["wall_ratio"] * d["pue_ratio"]).median()
        assert rows["mid"].iloc[-1] == pytest.approx(meter)


def test_boundaries_of_a_token_differ_by_wall_and_pue_once(draws):
    rows = energy_questions.tokens(draws.loc[["baseline"]]).pivot(
        index="token", columns="boundary", values="mid"
    )
    assert (rows["board"] < rows["wall"]).all()
    assert (rows["wall"] < rows["facility"]).all()
    ratio = draws.loc["baseline"]["pue_ratio"].iloc[0]
    np.testing.assert_allclose(rows["facility"] / rows["wall"], ratio)
    assert rows["board"]["cached"] < 0.1 * rows["board"]["input"]


def test_metered_power_of_the_cost_model_agrees_with_joules_per_token(draws):
    """Two ways to the same meter: energy per token at the served rate, and wall power while busy
    plus idle hours.
    """
    d = draws.loc["baseline"]
    per_token = d["energy_j_per_output_token"] * d["wall_ratio"] * d["pue_ratio"]
    at_rate = per_token * d["paid_tokens_per_s_per_chip"] * d["load_factor"]
    np.testing.assert_allclose(d["metered_w_per_chip"], at_rate)


def test_board_power_by_phase_lies_between_idle_and_limit(draws):
    d = draws.loc["baseline"].median()
    waiting, reading = (
        energy.loaded_w_per_chip(d["power_w_per_chip"], d["floor_share"], load)
        for load in (0, d["memory_weight_ratio"])
    )
    assert d["idle_w_per_chip"] < waiting < reading < d["power_w_per_chip"]
    assert waiting < min(d["decode_w_per_chip"], d["prefill_w_per_chip"])
    assert max(d["decode_w_per_chip"], d["prefill_w_per_chip"]) <= d["power_w_per_chip"]


def test_ladder_puts_the_claim_beside_what_meters_saw(case):
    """Claim 0.5 and 0.28: 1.79. Limits 700 to 1000 W: 1.43. MLPerf H100 (v4.0) to B200 (v5.1),
    llama2-70b: 1.77.
    """
    rows = power.generation_steps(case).set_index(["step", "boundary"])["power_ratio"]
    assert rows["the claim, at its word", "not stated"] == pytest.approx(1.786, abs=5e-4)
    assert rows["H100 to B200", "board limit"] == pytest.approx(1000 / 700)
    assert rows["B100 to GB300", "board limit"] == 2
    assert rows["H100 to B200", "wall"] == pytest.approx((10401 / 8) / (5888 / 8), rel=1e-3)
    assert rows["H200 to B200", "wall"] == pytest.approx(10401 / 6153, rel=1e-3)


def test_ladder_without_a_claim_on_energy():
    """A claim that speaks of no energy, or none at all, leaves the measured steps."""
    node = {"accelerator": "mi355x", "chips": 8, "precision": "fp4", "engine": None}
    options = {"mi355x-node": {**node, "product": None}}
    about_speed = {"claim": "mi355x", "headline": "mi355x-node", "options": options}
    for overrides in ({"claim": None}, about_speed):
        assert "not stated" not in set(
            power.generation_steps(load("reference", overrides))["boundary"]
        )


def test_two_limits_two_multipliers(draws):
    rows = power.tokens_by_limit(draws).set_index("limit")["mid"]
    old, new = draws.loc["baseline"], draws.loc["candidate"]
    more = (new["output_tokens_per_s_per_chip"] / old["output_tokens_per_s_per_chip"]).median()
    assert rows["chips"] == pytest.approx(more)
    assert rows["megawatts"] < rows["chips"]  # the new board draws more
    assert rows["dollars"] < rows["chips"]  # and costs more
    assert rows["chips, halls and heat counted"] < rows["chips"]  # and its rack finds fewer halls


def test_sites_scale_with_their_feed(case, draws):
    rows = power.sites(case, draws).set_index(["quantity", "site_w", "option"])["mid"]
    for quantity in ("chips", "tokens_per_s", "usd_per_s"):
        assert rows[quantity, 1e8, "baseline"] == pytest.approx(
            100 * rows[quantity, 1e6, "baseline"]
        )
    assert (
        rows["watt_usd_per_s_per_w", 1e6, "baseline"]
        == rows["watt_usd_per_s_per_w", 1e8, "baseline"]
    )
    assert rows["chips", 1e6, "candidate"] < rows["chips", 1e6, "baseline"]


def test_a_site_carries_the_tokens_per_megawatt_of_the_model(case, draws):
    """A megawatt's tokens are InferenceX's convention at this site's own feed, times the load
    factor.
    """
    d = draws.loc["baseline"]
    cooled = d["output_tokens_per_s_per_chip"] * d["derated_tokens_ratio"]
    per_w = cooled / d["feed_w_per_chip"] * d["load_factor"]
    rows = power.sites(case, draws).set_index(["quantity", "site_w", "option"])["mid"]
    assert rows["tokens_per_s", 1e6, "baseline"] == pytest.approx(1e6 * per_w.median())


def test_heat_takes_tokens_in_the_thermal_scenario():
    hot = model.evaluate(load("thermal"), draws=200).loc["candidate"]
    kept = hot["placed_tokens_per_s_per_chip"] / hot["output_tokens_per_s_per_chip"]
    assert hot["derated_tokens_ratio"].median() < 0.99
    assert kept.median() < hot["derated_tokens_ratio"].median()


@pytest.mark.filterwarnings("error")
def test_heat_and_halls_reach_a_dollar_once():
    """Against the same chips in a cool, ready hall: the energy bill aside, a dollar loses what the
    two ratios say.
    """
    hot = load("thermal")
    mild = {
        "believe.supply_k": hot.believe["supply_k"].model_copy(
            update={"low": 288, "mid": 288, "high": 288}
        )
    }
    paid = hot.believe["candidate_paid_wait_share"].model_copy(
        update={"low": 0, "mid": 0, "high": 0}
    )
    cool = load(
        "thermal",
        {
            k: v.model_dump()
            for k, v in (mild | {"believe.candidate_paid_wait_share": paid}).items()
        },
    )
    warm, ready = (model.evaluate(case, draws=200).loc["candidate"] for case in (hot, cool))
    assert (ready["derated_tokens_ratio"] * ready["paid_work_share"]).eq(1).all()
    kept = warm["derated_tokens_ratio"] * warm["paid_work_share"]
    np.testing.assert_allclose(
        warm["paid_tokens_per_s_per_chip"] / ready["paid_tokens_per_s_per_chip"], kept
    )
    # The meter sees tokens that are made: what is not electricity costs as much as before, over
    # fewer tokens.
    hour = [
        d["busy_usd_per_s_per_chip"]
        - d["electricity_usd_per_s_per_chip"] / d["available_share"] / d["load_factor"]
        for d in (warm, ready)
    ]
    np.testing.assert_allclose(*hour)
    assert (ready["serving_usd_per_request"] / warm["serving_usd_per_request"] >= kept).all()
    assert kept.median() < 0.7


def test_no_clock_is_ever_zero():
    clock = cooling.clock_ratio(np.array([290.0, 313.0, 323.0, 400.0]), 313.0, 0.02)
    assert clock[:3] == pytest.approx([1, 1, np.exp(-0.2)])
    assert cooling.derated_tokens_ratio(clock, 1.0) == pytest.approx(clock)
    assert (cooling.derated_tokens_ratio(clock, 0.0) == 1).all()


def test_carbon_counts_the_pue_of_the_site_it_is_asked_at(draws):
    rows = (
        energy_questions.footprint(draws)
        .query("option == 'baseline'")
        .set_index(["site", "quantity"])["mid"]
    )
    assert rows["nordic", "carbon, operation"] < 0.3 * rows["virginia", "carbon, operation"]
    assert rows["nordic", "carbon, embodied"] == rows["virginia", "carbon, embodied"]
    assert rows["virginia", "carbon, embodied"] < rows["virginia", "carbon, operation"]


def test_charts_say_what_they_show(case, draws):
    charts = [
        figures.waterfall(energy_questions.waterfall(draws)),
        figures.boundaries(energy_questions.tokens(draws)),
        figures.batch(energy_questions.energy_by_batch()),
        figures.power_ratios(power.generation_steps(case)),
        figures.multipliers(power.tokens_by_limit(draws)),
        figures.density(power.density(case, draws)),
        figures.warm_water(power.warm_water(draws)),
    ]
    for chart in charts:
        spec = chart.to_dict()
        assert len(spec["description"]) > 40
        assert spec["title"]["subtitle"]


def test_measured_points_lie_on_the_prediction(draws):
    rows = energy_questions.energy_by_batch()
    off = np.abs(np.log(rows["mid"] / rows["measured"]))
    assert off.median() < 0.15
    for _, series in rows.groupby("series"):
        assert series["measured"].iloc[0] > series["measured"].iloc[-1]
        assert series["mid"].iloc[0] > series["mid"].iloc[-1]


def test_outdoor_air_cools_as_far_as_it_stays_below_the_supply():
    """Half of the hours where the mean of the air and the approach make the supply; a wider
    approach leaves fewer.
    """
    assert cooling.free_cooling_share(292.0, 6.0, 286.0, 5.0) == pytest.approx(0.5)
    assert (
        cooling.free_cooling_share(292.0, 8.0, 286.0, 5.0)
        < 0.5
        < cooling.free_cooling_share(294.0, 6.0, 286.0, 5.0)
    )


def test_a_chip_s_making_is_spread_over_the_tokens_that_it_serves():
    """160 kg over 1e8 s at 1000 tokens/s is 1.6 µg a token at full load, and twice that at half of
    it.
    """
    assert cooling.embodied_g_per_output_token(160e3, 1e8, 1.0, 1e3) == pytest.approx(1.6e-6)
    assert cooling.embodied_g_per_output_token(160e3, 1e8, 0.5, 1e3) == pytest.approx(3.2e-6)
