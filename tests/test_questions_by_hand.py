"""Questions by hand: claims, beliefs, products, resale, waiting, joules, watts and speed."""

from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import analysis as an
from analysis.facts import Site, find, table
from analysis.questions import energy, resale, serving_steps, speed, waiting
from analysis.questions.acts import Act
from analysis.questions.budget import over_time
from analysis.questions.claim import (
    _changes_precision,
    effects,
    gains,
    published_ratios,
    required_headline,
    requirements,
)
from analysis.questions.credence import mixture, sensitivity, updates, weights
from analysis.questions.pass_through import ladder
from analysis.questions.power import generation_steps
from analysis.questions.products import needed_ratio, payable_usd_per_token, viability
from analysis.questions.sensitivity import indices, information, tornado, value_of_knowing
from analysis.questions.supply import ramp

RATE = "output_tokens_per_s_per_chip"


def draws(**options: dict) -> pd.DataFrame:
    """Columns of each option as `evaluate` gives them, two equal draws each."""
    tables = {name: pd.DataFrame(columns, index=[0, 1]) for name, columns in options.items()}
    return pd.concat(tables, names=["option", "draw"])


@pytest.fixture(scope="module")
def article():
    case = an.load("article")
    return case, an.evaluate(case, draws=8)


def test_gains_are_new_over_old_and_costs_the_other_way_round():
    old = {
        "paid_tokens_per_s_per_chip": 100.0,
        "energy_j_per_output_token": 4.0,
        "request_usd": 3.0,
        "usd_per_s_per_chip": 2.0,
        RATE: 100.0,
        "derated_tokens_ratio": 1.0,
        "feed_w_per_chip": 1000.0,
    }
    new = {**old, "paid_tokens_per_s_per_chip": 250.0, "energy_j_per_output_token": 1.0}
    new |= {"request_usd": 1.2, "usd_per_s_per_chip": 3.0, RATE: 300.0, "feed_w_per_chip": 2000.0}
    (row,) = gains(draws(a=old).loc["a"][:1], draws(a=new).loc["a"][:1]).to_dict("records")
    by_hand = {"throughput": 2.5, "energy": 4, "dollars": 2.5, "price": 1.5, "power": 1.5}
    assert row == pytest.approx(by_hand)


def test_every_reading_has_a_row_for_each_gain(article):
    case, found = article
    rows = effects(case, found)
    counts = rows.groupby("reading", sort=False)["outcome"].nunique()
    assert set(counts) == {5}
    assert counts.index[0] == "measured"
    assert len(counts) == 1 + len(an.scenario.readings.readings())


def test_a_headline_holds_where_dollars_gain_nearly_as_much(article):
    case, _ = article
    headline = required_headline(case)
    rows = [
        ("as said", headline, headline, 1.0),
        ("nearly", headline, 0.98 * headline, 1.0),
        ("too dear", headline, headline / 2, 2.0),
        ("too slow", headline / 2, headline / 2, 1.0),
    ]
    columns = ["reading", "throughput", "dollars", "price"]
    wide = pd.DataFrame(rows, columns=columns).assign(title=[row[0] for row in rows])
    long = wide.melt(["reading", "title"], var_name="outcome", value_name="mid")
    found = requirements(case, long).set_index("reading")
    assert found["holds"].to_dict() == {
        "as said": True,
        "nearly": True,
        "too dear": False,
        "too slow": False,
    }
    assert found["at_a_price"].to_dict()["too dear"]
    assert not found["at_a_price"].to_dict()["too slow"]


def test_nothing_claimed_is_no_headline(article):
    case, _ = article
    with pytest.raises(ValueError, match="nothing was claimed"):
        required_headline(case.model_copy(update={"claim": None}))


def test_a_change_of_precision_is_the_scenario_s_where_both_ends_are():
    old, new = pd.Series(["fp8", "fp8", "bf16"]), pd.Series(["fp4", "fp8", "fp4"])
    ends = SimpleNamespace(precision="fp8"), SimpleNamespace(precision="fp4")
    assert _changes_precision(old, new, *ends).tolist() == [True, False, False]


def test_published_ratios_of_the_scenario_s_own_chips_are_of_its_step():
    case = an.load("reference")  # from B200 in FP8 to GB300 in FP4
    rows = published_ratios(case)
    own = rows[rows["same_step"]]
    stay = own["baseline"].str.split(" ").str[0] == own["candidate"].str.split(" ").str[0]
    assert 0 < len(own) < len(rows)
    assert (own[stay]["baseline"] == "b200 fp8").all()
    assert (own[stay]["candidate"] == "b200 fp4").all()


def test_a_chip_against_itself_gains_nothing_on_the_ladder(article):
    case, found = article
    base = found.loc["baseline"]
    same = pd.concat({"baseline": base, "candidate": base}, names=["option", "draw"])
    steps = ladder(case, same).set_index("step")["mid"]
    names = ["Each chip at its best", "Heat and halls", "Power and hall of each", "Price of each"]
    assert steps[names].to_numpy() == pytest.approx(1)


def odds(true: float, mundane: float, empty: float, count: int = 4000) -> pd.DataFrame:
    row = {"true": true, "mundane": mundane, "empty": empty}
    return pd.DataFrame(row, index=range(count))


def test_a_mixture_draws_each_world_as_often_as_it_is_likely():
    # A fifth at 8, two fifths at 2 and two at today's 1.
    drawn = mixture(odds(0.2, 0.4, 0.4), np.full(4000, 8.0), np.full(4000, 2.0))
    shares = [np.mean(drawn == value) for value in (8, 2, 1)]
    assert shares == pytest.approx([0.2, 0.4, 0.4], abs=0.03)


def test_worlds_that_are_not_true_keep_their_odds_at_any_chance_of_truth():
    # One to one between 2 and 1: 1.5 where it is never true, and 8 where it always is.
    rows = sensitivity(
        odds(0.2, 0.4, 0.4), np.full(4000, 8.0), np.full(4000, 2.0), levels=(0.0, 0.5, 1.0)
    )
    assert rows["mean"].tolist() == pytest.approx([1.5, 4.75, 8], abs=0.15)


def test_what_is_believed_is_what_the_last_update_leaves(article):
    case, _ = article
    last = updates(case, 16)["draws"].iloc[-1]
    strong = an.model.beliefs(case, 16, an.model.SEED)["strong_share"].to_numpy()
    found = weights(case, 16)
    assert found["true"].to_numpy() == pytest.approx(last * strong)
    assert found.sum(axis=1).to_numpy() == pytest.approx(1)


def test_a_tornado_has_the_answer_at_a_tenth_and_at_nine_tenths():
    # 2a + b at scores of 1.2816 below and above the median.
    rows = tornado(lambda scores: 2 * scores("a") + scores("b"))
    z = 1.2815515655
    assert rows[["name", "at_low", "at_high"]].to_numpy().tolist() == [
        ["a", pytest.approx(-2 * z), pytest.approx(2 * z)],
        ["b", pytest.approx(-z), pytest.approx(z)],
    ]


def test_indices_of_a_sum_are_the_parts_of_its_variance():
    # 2a + b + 0: variances 4, 1 and 0, the highest first.
    def question(scores):
        return scores("b") + 2 * scores("a") + 0 * scores("c")

    rows = indices(question, ["b", "a", "c"], samples=512)
    assert rows["name"].tolist() == ["a", "b", "c"]
    assert list(rows.index) == [0, 1, 2]
    assert rows["ST"].to_numpy() == pytest.approx([0.8, 0.2, 0], abs=0.05)
    assert rows["S1"].to_numpy() == pytest.approx([0.8, 0.2, 0], abs=0.05)


def test_knowing_a_coin_is_worth_what_it_decides():
    # One act pays 4 on heads alone, the other always 1: 2 at best, and 2.5 by who knows.
    heads = np.tile([1.0, 0.0], 200)
    payoffs = np.stack([4 * heads, np.ones(400)], axis=1)
    assert value_of_knowing(payoffs, heads) == pytest.approx(0.5)
    noise = np.arange(400.0)
    rows = information(payoffs, pd.DataFrame({"weather": noise, "coin": heads}))
    assert rows["name"].tolist() == ["everything", "coin", "weather"]
    assert rows["worth"].tolist() == pytest.approx([0.5, 0.5, 0])


def product(**changed):
    values = {"price_usd": 0.02, "margin_share": 0.8, "success_share": 1.0, "other_usd": 0.001}
    values |= {"input_tokens": 2000, "cached_tokens": 1000, "output_tokens": 500}
    known = an.load("reference").products["chat"]
    return known.model_copy(update={**values, "spread_ratio": 1e-9, **changed})


def test_a_product_pays_up_to_what_its_margin_leaves_for_its_tokens():
    # A fifth of 2 cents less a tenth of a cent: 0.3 cents for 3,500 tokens.
    assert payable_usd_per_token(product()) == pytest.approx(0.003 / 3500)
    assert needed_ratio(product(), np.array([0.006])) == pytest.approx(2)
    # Other costs of half a cent are more than that fifth: at no price.
    assert np.isnan(payable_usd_per_token(product(other_usd=0.005)))
    assert needed_ratio(product(other_usd=0.005), np.array([0.006])) == np.inf


def test_tokens_at_one_price_cost_that_price_in_the_mean():
    case = an.load("reference").model_copy(update={"products": {"chat": product()}})
    dollar = {f"{kind}_usd_per_token": 1e-6 for kind in ("input", "cached", "output")}
    (row,) = viability(case, {"a dollar": dollar}).to_dict("records")
    assert [row[end] for end in ("low", "mid", "high")] == pytest.approx([1, 1, 1])
    assert row["margin_share"] == pytest.approx(1 - (0.0035 + 0.001) / 0.02)


def test_keeping_a_chip_forgoes_what_it_loses_over_the_horizon(monkeypatch):
    # A chip brings 1 - age² / 100 of its $40,000: 0.99 after the year that it has run, 0.91 after
    # the two of the horizon. That is $3,200 over 63 million seconds, beside 1e-4 of operation;
    # leasing it out at half of 1e-3 would bring more.
    case = an.load("hopper")
    bought = case.as_of - timedelta(days=365)
    have = case.have.model_copy(update={"held": "owned", "bought": bought})
    budget = case.budget.model_copy(update={"horizon_months": 24})
    case = case.model_copy(update={"have": have, "budget": budget})
    monkeypatch.setattr(resale, "resale_share", lambda age: 1 - age**2 / 100)
    prices = {"accelerator_usd_per_chip": 40000.0}
    monkeypatch.setattr(resale, "purchase_prices", lambda chip, day: prices)
    for rent, leased in ((np.nan, 0.0), (1e-3, 5e-4)):
        monkeypatch.setattr(resale, "rent_usd_per_s_per_chip", lambda *_, usd=rent: usd)
        found = resale.kept_usd_per_s_per_chip(
            case, np.array([1e-4]), {"lease_out_share": np.array([0.5])}
        )
        lost = 40000 * 0.08 / (2 * 365.25 * 86400)
        assert found == pytest.approx(max(1e-4 + lost, leased), rel=1e-3)


def test_gains_between_two_of_the_grid_are_found_on_a_logarithmic_scale():
    grid = waiting.GAINS
    saved = np.where(np.arange(len(grid)) < 3, 0.1, 0.3)
    assert waiting._crossing(saved, 0.2) == pytest.approx(np.sqrt(grid[2] * grid[3]))
    assert waiting._crossing(saved, 0.1) == 0
    assert waiting._crossing(saved, 0.4) == np.inf


def ways_of(**found):
    return SimpleNamespace(of=lambda option, tenure: found[option])


def test_where_a_product_stands_is_told_of_the_cheapest_act_that_waits():
    # Waiting for `next` costs 6 and 8, a bridge 9, moving now 10 a year: 10 - 7 is saved. A request
    # costs 3 now and 2 then.
    keep = Act("keep", "today", "as held")
    move, wait = Act("move", "now", "own"), Act("wait", "today", "as held", "next", "own")
    bridge = Act("bridge", "now", "own", "other", "own")
    costs = {keep: [20, 20], move: [10, 10], bridge: [9, 9], wait: [6, 8]}
    way = SimpleNamespace(usd_per_request=np.full(2, 3.0))
    later = SimpleNamespace(usd_per_request=np.full(2, 2.0), start_months=np.array([4.0, np.inf]))
    evaluation = SimpleNamespace(
        acts={act: np.array(usd, float) for act, usd in costs.items()},
        ways=ways_of(now=way, next=later, other=way),
    )
    found = waiting.standing(evaluation)
    assert (found.act_now, found.act_later) == (move, wait)
    assert found.saved_usd == 3
    assert found.delay_months == (4, 4, np.inf)
    assert found.gain_ratio == pytest.approx((1.5, 1.5, 1.5))


def test_ends_of_the_tree_are_half_of_a_patience_and_all_of_it():
    # Of four draws one comes within 3 months, one within 6, and two later or never.
    wait = Act("wait", "today", "as held", "next", "own")
    later = SimpleNamespace(start_months=np.array([2.5, 6, 7, np.inf]))
    evaluation = SimpleNamespace(acts={wait: np.arange(4.0)}, ways=ways_of(next=later))
    case = SimpleNamespace(decision=SimpleNamespace(patience_months=6))
    ends = waiting.branches(case, evaluation)
    assert ends["until_months"].tolist() == [3, 6, np.inf]
    assert ends["chance_share"].tolist() == [0.25, 0.25, 0.5]


def test_a_budget_that_awaits_what_never_comes_does_today_s_work(article):
    case, found = article
    rows = over_time(case, found, np.full(8, np.inf))
    assert (
        pytest.approx(np.tile(rows["today"].to_numpy(), (3, 1)))
        == rows[["low", "mid", "high"]].to_numpy().T
    )
    assert rows["today"].iloc[11] == pytest.approx(case.budget.usd_per_year)


JOULES = {
    "energy_j_per_output_token": 2.0,
    "wall_ratio": 1.5,
    "host_ratio": 0.2,
    "idle_ratio": 0.1,
    "pue_ratio": 1.25,
    "embodied_g_per_output_token": 3e-6,
    "grid_water_l_per_j": 5e-7,
}


def test_joules_add_up_from_boards_to_the_meter_of_each_option():
    # 2 at the boards, 2 x 1.2 with hosts, 0.2 more idle; 2 x 1.5 at the wall, 3 x 1.25 at a meter.
    rows = energy.waterfall(draws(baseline=JOULES, candidate=JOULES | {"wall_ratio": 2.0}))
    by_option = {name: own["mid"].tolist() for name, own in rows.groupby("option", sort=False)}
    assert by_option["baseline"] == pytest.approx([2, 2.4, 2.6, 3, 3.75])
    assert by_option["candidate"] == pytest.approx([2, 2.4, 2.6, 4, 5])


def test_a_footprint_is_the_meter_s_energy_times_what_a_joule_emits():
    site = find(Site, "us-average")
    rows = energy.footprint(draws(baseline=JOULES), ["us-average"]).set_index("quantity")
    meter = 2 * 1.5 * site.pue_ratio * 1e6  # joules of a million tokens
    assert rows.loc["carbon, operation", "mid"] == pytest.approx(meter * site.carbon_g_per_j)
    assert rows.loc["carbon, embodied", "mid"] == pytest.approx(3)
    assert rows.loc["water, power stations", "mid"] == pytest.approx(meter * 5e-7)
    assert rows.loc["water, on site", "mid"] == pytest.approx(2 * 1.5e6 * site.water_l_per_j)


def test_a_series_of_five_loads_is_a_line_and_one_of_four_is_none(monkeypatch):
    known = energy.board_points_by_load()
    five, four = (own for _, own in list(known.groupby(energy.SERIES))[:2])
    few = pd.concat([five.head(5), four.head(4)])
    monkeypatch.setattr(energy, "board_points_by_load", lambda: few)
    found = energy.energy_by_batch.__wrapped__()
    assert len(found) == 5
    assert found["concurrency"].is_monotonic_increasing


def test_what_a_claim_of_energy_implies_stands_before_all_that_was_measured():
    rows = generation_steps(an.load("reference"))
    assert rows["boundary"].iloc[0] == "not stated"
    measured = rows[rows["boundary"].isin(["board", "wall"])]
    assert len(measured) == len(table("energy_steps"))
    power = measured["energy_ratio"] / measured["time_ratio"]
    assert measured["power_ratio"].to_numpy() == pytest.approx(power.to_numpy())


PARTS = {
    "linear_read_s": 3.0,
    "linear_compute_s": 4.0,
    "expert_read_s": 0.0,
    "expert_compute_s": 0.0,
    "cache_read_s": 2.0,
    "attention_s": 0.0,
    "overhead_s": 1.0,
    "activation_s_per_token": 0.5,
    "step_tokens": 2.0,
    "communication_s": 1.0,
    "step_residual_factor": 1.0,
    "work_residual_factor": 1.0,
    "interference_s": 0.0,
}


def test_parts_of_a_step_are_shares_of_its_time():
    # 3-4-5 of weights, 2 of the cache, 1 of links and 1 + 0.5 x 2 of overheads: 10 s in all.
    rows = speed.parts(draws(baseline=PARTS)).set_index("part")
    assert rows["share"].to_dict() == pytest.approx(
        {
            "linear": 0.5,
            "expert": 0,
            "cache": 0.2,
            "communication": 0.1,
            "overhead": 0.2,
            "interference": 0,
        }
    )
    assert rows.loc[["linear", "cache"], "bound"].tolist() == ["compute", "read"]


def test_both_options_have_a_frontier(monkeypatch):
    point = pd.DataFrame({RATE: [1.0]})
    monkeypatch.setattr(speed, "_frontier", lambda case, option, as_measured: point)
    assert speed.frontiers(an.load("reference"))["option"].tolist() == ["baseline", "candidate"]


def test_a_mixture_that_keeps_no_promise_counts_as_the_slower_end(monkeypatch):
    # The ends serve 100 and 200 tokens/s a chip, one mixture 50, and one is too slow for a user.
    served = pd.DataFrame(
        [(0, 100, 1.0, 40), (1, 500, 1.0, 10), (2, 50, 1.0, 40), (3, 200, 1.0, 40)],
        columns=["mixture", RATE, "ttft_s", "tokens_per_s_per_user"],
    )
    monkeypatch.setattr(speed, "sweep_layouts", lambda fixed, layouts: served)
    subsets = [frozenset(), frozenset({"arithmetic"}), frozenset({"bandwidth"})]
    subsets.append(frozenset(speed.DIFFERENCES))
    found = speed._mixed_rates(an.load("reference"), subsets)
    assert list(found.values()) == [100, 100, 50, 200]


def test_steps_lead_from_plain_serving_to_the_best_of_each():
    found = [each.step for each in serving_steps._stages(an.load("reference"))]
    assert found[: found.index(serving_steps.TODAYS_BEST)] == [
        "plain",
        "precision",
        "chip",
        "rack",
        "pools",
        "drafts",
    ]


def test_the_best_measured_is_the_highest_rate_that_keeps_the_speed(monkeypatch):
    case = an.load("reference")  # 30 tokens/s a user
    points = pd.DataFrame(
        {
            "tpot_s": [0.02, 0.03, 0.04],  # 50, 33 and 25 tokens/s
            RATE: [1000.0, 2000.0, 4000.0],
            "chips": 8,
            "disaggregated": "no",
            "draft_tokens": 0,
            "speculative": "no",
            "model": case.model,
            "accelerator": "b200",
            "precision": "fp8",
            "input_tokens": case.workload.input_tokens,
            "output_tokens": case.workload.output_tokens,
            "engine_level": "tuned",
        }
    )
    monkeypatch.setattr(serving_steps, "serving_points", lambda: points)
    found = serving_steps.measured_points(case, "b200", "fp8")["tokens_per_s_per_user"]
    assert found.tolist() == pytest.approx([50, 100 / 3, 25])
    plain = next(serving_steps._stages(case))
    assert serving_steps._measured(case, plain) == 2000


def test_a_ramp_is_drawn_over_three_years():
    fan, estimates = ramp(an.load("reference"))
    assert len(fan) == 36
    assert (estimates["low_units"] < estimates["high_units"]).all()
