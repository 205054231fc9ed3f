"""The decision: golden cases that one can do by hand, and what holds of every scenario."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtri

import analysis as an
from analysis.model import quantile
from analysis.model.draws import SEED, z_scores
from analysis.questions import act_costs
from analysis.questions.acts import Act
from analysis.questions.answer import (
    BETTER,
    Answer,
    act_of,
    better_share,
    decide,
    end_of,
    evaluated,
    instruction,
    next_row,
    ranking,
    schema,
)
from analysis.questions.flips import turning_points
from analysis.scenario.errors import ScenarioError
from analysis.scenario.scenario import Scenario, load, scenarios
from analysis.units import factor, unit_of

DRAWS = 512
DRAWS_OF_FLIPS = 4096  # the tails beyond a flip need as many as the pages have


def quote(usd_per_hour: float) -> dict:
    return {"usd_per_hour": usd_per_hour, "as_of": "2026-11-20", "source": "a golden case"}


def case_with(options: dict, **overrides) -> Scenario:
    """The reference with these options alone, and other overrides by dotted key."""
    dropped = dict.fromkeys([f"options.{name}" for name in load("reference").options])
    stated = {f"options.{name}": option for name, option in options.items()}
    headline = next(name for name, option in options.items() if "api" not in option)
    keys = {name.replace("__", "."): value for name, value in overrides.items()}
    return load("reference", {**dropped, **stated, "headline": headline, **keys})


def chips(accelerator: str, precision: str, count: int = 8, product: str | None = None) -> dict:
    return {
        "accelerator": accelerator,
        "chips": count,
        "precision": precision,
        "engine": None,
        "product": product,
    }


def fixed(value: float, unit: str = "") -> dict:
    """A belief without doubt."""
    ends = {"low": value, "mid": value, "high": value}
    return {**ends, "unit": unit, "source": "judged", "why": "a golden case"}


SURE = {
    "believe__eligible_share": fixed(1.0),
    "believe__first_year_ratio": fixed(1.0),
    "believe__rent_drift_ratio": fixed(1.0),
    "believe__delivery_months": fixed(0.0, "month"),
    "budget__migration_usd": 0.0,
    "budget__dual_months": 0.0,
    "decision__ramp_months": 0.001,
}


def test_a_renter_moves_to_what_is_cheaper_at_the_same_tenure():
    """For an eighth of the rent a request costs an eighth, times what today's chips serve over what
    the others do: without caches and frictions there is nothing else.
    """
    case = case_with(
        {"b300-fp8": chips("b300", "fp8")},
        workload__cached_share=0.0,
        quotes__b200={"rent_3yr": quote(4.0)},
        quotes__b300={"rent_3yr": quote(0.5), "rent_on_demand": quote(90.0)},
        **SURE,
    )
    answer = decide(case, DRAWS)
    assert (answer.act, answer.option, answer.tenure) == ("move", "b300-fp8", "rent_3yr")
    columns = act_costs.drawn(case, DRAWS).columns
    rates = [
        np.asarray(each["paid_tokens_per_s_per_chip"])
        for each in (columns.today, columns.options["b300-fp8"])
    ]
    assert answer.cost_ratio.mid == pytest.approx(np.median(rates[0] / rates[1]) / 8, rel=1e-9)


def test_an_owner_of_depreciated_chips_with_cheap_power_keeps_them():
    """Chips of 2019 fetch next to nothing and cost their operation; a rack at list price does not
    beat that.
    """
    case = case_with(
        {"gb300-rack": chips("gb300", "fp8", 72)},
        have__held="owned",
        have__bought="2019-01-01",
        site="texas",
        believe__lease_out_share=fixed(0.0),
        quotes__gb300={"rent_3yr": quote(5.0)},
    )
    answer = decide(case, DRAWS)
    assert (answer.act, answer.option) == ("keep", "today")
    assert (answer.cost_ratio.low, answer.cost_ratio.high) == (1, 1)
    assert answer.next is not None
    assert answer.next.cost_ratio > 1


def test_the_same_owner_moves_once_a_chip_is_given_away():
    """At $0.01 an hour even somebody whose chips are sunk moves."""
    case = case_with(
        {"gb300-rack": chips("gb300", "fp8", 72)},
        have__held="owned",
        have__bought="2019-01-01",
        believe__lease_out_share=fixed(0.0),
        quotes__gb300={"rent_3yr": quote(0.01)},
        **SURE,
    )
    answer = decide(case, DRAWS)
    assert (answer.act, answer.option, answer.tenure) == ("move", "gb300-rack", "rent_3yr")


def test_work_that_needs_the_wider_format_is_served_in_it_on_the_same_new_chips():
    """Where FP8 on the new chips is cheaper than where the work is, a mean request costs 0.8 of one
    in FP4 and 0.2 of one in FP8, and all of it moves; where it is dearer, the 0.2 stay.
    """
    options = {"b300-fp4": chips("b300", "fp4"), "b300-fp8": chips("b300", "fp8")}
    cheap = {**SURE, "believe__eligible_share": fixed(0.8)}
    for rent, all_moves in ((0.5, True), (90.0, False)):
        case = case_with(
            options,
            quotes__b200={"rent_3yr": quote(4.0)},
            quotes__b300={"rent_3yr": quote(rent)},
            **cheap,
        )
        found = act_costs.drawn(case, DRAWS).ways
        by_option = {way.option: way for way in found.others if way.tenure == "rent_3yr"}
        narrow, wide = by_option["b300-fp4"], by_option["b300-fp8"]
        alone = case.model_copy(update={"options": {"b300-fp4": case.options["b300-fp4"]}})
        assert narrow.movable_share == pytest.approx(1.0 if all_moves else 0.8)
        assert wide.movable_share == pytest.approx(1.0)
        columns = act_costs.drawn(alone, DRAWS).columns
        assert list(columns.rest) == ["b300-fp4"]
        assert case.deployment("b300-fp4").precision == "fp4"
        if all_moves:
            # Both formats have errors of their own in these draws, so their means are compared.
            fp8_share = (0.2 * wide.usd_per_request / narrow.usd_per_request).mean()
            assert 0.25 < fp8_share < 0.6


def test_an_option_that_cannot_keep_the_promise_is_said_to_be_none():
    case = case_with({"gb300-rack": chips("gb300", "fp4", 72), "l40s-one": chips("l40s", "fp8", 1)})
    answer = decide(case, DRAWS)
    rows = [row for row in answer.acts if row.option == "l40s-one"]
    assert rows
    assert all(not row.available and "does not fit" in row.reason for row in rows)
    assert all(row.usd_per_year is None for row in rows)


def test_a_tenure_that_nobody_quotes_is_none_with_its_reason():
    answer = decide(load("reference"), DRAWS)
    reasons = {(row.option, row.tenure): row.reason for row in answer.acts if not row.available}
    assert reasons["b300", "rent_1yr"] == "nobody has quoted this as of 2026-11-22"


def test_chips_without_a_price_or_a_quote_are_no_way_and_say_why():
    """A chip that only the data sheet knows: no price, no rent."""
    rows = an.accelerators()
    bare = rows[(rows["rents"] == "") & ~rows["purchase_price"] & (rows["fp8"] > 0)]
    options = {
        "gb300-rack": chips("gb300", "fp4", 72),
        "bare": chips(bare["name"].iloc[0], "fp8", 16),
    }
    answer = decide(case_with(options, workload__tokens_per_s_per_user=5.0), DRAWS)
    reasons = [row.reason for row in answer.acts if row.option == "bare"]
    assert len(reasons) == 5
    assert all("no purchase price" in r or "nobody has quoted" in r or "spot" in r for r in reasons)
    assert not any(row.available for row in answer.acts if row.option == "bare")


def test_a_move_that_costs_more_than_the_budget_is_not_made_and_the_answer_says_why():
    """$150,000 once for a work of $50,000 a year: no saving pays for it within the horizon."""
    answer = decide(load("reference", {"budget.usd_per_year": 50_000}), DRAWS)
    assert answer.act == "keep"
    assert "A move costs $150,000 once, 3.0 times a year's budget." in answer.sentence
    small = decide(load("reference"), DRAWS)
    assert "A move costs" not in small.sentence


def test_a_stated_price_of_electricity_stands_before_the_sites():
    """At 10 and 30 cents, each chip's electricity is its metered power at that price."""
    for cents in (0.10, 0.30):
        case = load("reference", {"finance.electricity_usd_per_kwh": cents})
        draws = an.evaluate(case, draws=DRAWS)
        by_hand = draws["metered_w_per_chip"] * cents / 3.6e6
        assert draws["electricity_usd_per_s_per_chip"].to_numpy() == pytest.approx(by_hand)


def test_rents_alone_count_where_nothing_is_owned():
    """H200 NVL has no purchase price: hired at a stated rent, a chip second costs that rent."""
    overrides = {
        "have.accelerator": "h200-nvl",
        "finance.owned_share": 0,
        "quotes": {"h200-nvl": {"rent_3yr": quote(0.72)}},
    }
    draws = an.evaluate(load("reference", overrides), draws=DRAWS)
    assert draws.loc["baseline", "usd_per_s_per_chip"].to_numpy() == pytest.approx(0.72 / 3600)


def test_a_startup_owns_nothing():
    answer = decide(load("startup"), DRAWS)
    owned = [row for row in answer.acts if row.tenure == "own"]
    assert owned
    assert all(not row.available and "startup" in row.reason for row in owned)


@pytest.mark.parametrize("name", ["reference", "hopper", "startup"])
def test_another_option_never_raises_the_cost_of_the_best_act(name):
    fewer = load(name, {"options.b200-fp4": None, "options.mi355x": None})
    more = load(name)
    best = [
        min(float(np.mean(usd)) for usd in act_costs.drawn(case, DRAWS).acts.values())
        for case in (fewer, more)
    ]
    assert best[1] <= best[0] * (1 + 1e-9)


def test_an_option_that_is_worse_in_every_respect_is_never_chosen():
    dear = {"rent_3yr": quote(50.0), "rent_on_demand": quote(60.0)}
    case = case_with(
        {"worse": chips("h200-sxm", "fp8")},
        buyer="startup",
        quotes__b200={"rent_3yr": quote(1.0)},
        **{"quotes__h200-sxm": dear},
    )
    assert decide(case, DRAWS).act == "keep"


def test_scaling_all_prices_changes_no_act():
    """Twice the rents, the budget and what a move costs: the same acts at twice the cost."""
    options = {"b300": chips("b300", "fp4", 64), "gb200": chips("gb200", "fp4", 72)}
    costs = []
    for scale in (1.0, 2.0):
        case = case_with(
            options,
            buyer="startup",
            quotes__b200={"rent_3yr": quote(3.7 * scale)},
            quotes__b300={"rent_3yr": quote(4.25 * scale), "rent_on_demand": quote(6 * scale)},
            quotes__gb200={"rent_3yr": quote(4.0 * scale), "rent_on_demand": quote(6 * scale)},
            budget__usd_per_year=1e7 * scale,
            budget__migration_usd=1.5e5 * scale,
            believe__cache_usd_per_s_per_byte=fixed(scale * 1.0, "usd/GB/year"),
        )
        costs.append(act_costs.drawn(case, DRAWS).acts)
    once, twice = costs
    assert list(once) == list(twice)
    for act in once:
        assert twice[act] == pytest.approx(2 * once[act], rel=1e-6)


@pytest.mark.parametrize("name", scenarios())
def test_every_scenario_has_one_answer_that_nothing_on_the_table_beats(name):
    answer = decide(load(name), DRAWS)
    available = [row for row in answer.acts if row.available and row.usd_per_year is not None]
    costs = [row.usd_per_year.mean for row in available if row.usd_per_year is not None]
    assert costs == sorted(costs)
    first = available[0]
    chosen = (answer.act, answer.option, answer.tenure, answer.later_option)
    assert (first.act, first.option, first.tenure, first.later_option) == chosen
    for row in available:
        cost = row.usd_per_year
        assert cost is not None
        assert cost.low <= cost.mid <= cost.high
        assert np.isfinite(cost.mean)
    assert answer.cost_ratio.low <= answer.cost_ratio.mid <= answer.cost_ratio.high
    assert 0 <= answer.better_share <= 1
    assert "nan" not in answer.sentence
    assert "inf" not in answer.sentence.lower().replace("information", "")
    assert Answer.model_validate_json(answer.model_dump_json()) == answer
    assert json.loads(answer.model_dump_json())["scenario"] == name


@pytest.mark.parametrize("name", ["reference", "article", "agents", "startup"])
def test_a_flip_is_where_the_act_really_changes(name):
    """Among draws at or beyond the stated value the act that the flip names is cheaper on average
    than the advised one; among all draws it is not, and it is never the advised one.
    """
    case = load(name)
    base, answer = act_costs.drawn(case, DRAWS_OF_FLIPS), decide(case, DRAWS_OF_FLIPS)
    advised = act_of(answer)
    by_words = {instruction(case, act): usd for act, usd in base.acts.items()}
    assert answer.flips
    for flip in answer.flips:
        over_advised = by_words[flip.to] - base.acts[advised]
        assert flip.to != instruction(case, advised)
        assert over_advised.mean() > 0
        score = float(ndtri(flip.percentile_share))
        scores = z_scores(flip.input, DRAWS_OF_FLIPS, SEED)
        beyond = scores >= score if score > 0 else scores <= score
        assert over_advised[beyond].mean() < 0, flip
        value = quantile(flip.input, case.believe[flip.input], score)
        unit = case.believe[flip.input].unit
        assert flip.value == pytest.approx(value / factor(unit, unit_of(flip.input)), rel=1e-3)


def test_a_flip_lies_where_two_straight_lines_of_expected_cost_cross():
    """The other act costs 1 more, and 2 less for each unit of the score: they cross at 0.5, P69. A
    score that moves nothing has no flip, and nothing flips where there is one act.
    """
    drawn = {name: z_scores(name, 4096, SEED) for name in ("delivery_months", "load_factor")}
    noise = z_scores("eligible_share", 4096, SEED)
    keep, move = Act("keep", "today", "as held"), Act("move", "other", "own")
    acts = {keep: 10 + noise, move: 11 - 2 * drawn["delivery_months"] + noise}
    (point,) = turning_points(acts, keep, drawn, drawn.__getitem__, 0.0)
    assert (point.name, point.act) == ("delivery_months", move)
    assert point.score == pytest.approx(0.5, abs=0.03)
    assert turning_points({keep: 10 + noise}, keep, drawn, drawn.__getitem__, 0.0) == []


def test_where_a_twin_of_the_best_act_is_cheaper_no_choice_turns():
    """The twin costs 3 less for each unit of the score, so it is the cheapest wherever the other is
    cheaper than the best. Without it, or where it is none, the choice turns at 0.5.
    """
    drawn = {"delivery_months": z_scores("delivery_months", 4096, SEED)}
    noise, late = z_scores("eligible_share", 4096, SEED), drawn["delivery_months"]
    best, twin, other = (Act("move", name, "own") for name in ("best", "twin", "other"))
    acts = {best: 10 + noise, other: 11 - 2 * late + noise, twin: 10.5 - 3 * late + noise}
    assert turning_points(acts, best, drawn, drawn.__getitem__, 0.0, {best, twin}) == []
    (point,) = turning_points(acts, best, drawn, drawn.__getitem__, 0.0)
    assert point.act == twin
    del acts[twin]
    (point,) = turning_points(acts, best, drawn, drawn.__getitem__, 0.0, {best, twin})
    assert (point.act, point.score) == (other, pytest.approx(0.5, abs=0.03))


def test_ranking_prefers_what_changes_least_among_equals():
    keep, move = Act("keep", "today", "as held"), Act("move", "other", "own")
    evaluation = act_costs.Evaluation(
        {keep: np.ones(3), move: np.ones(3)},
        (),
        None,
        None,
        None,
        {},
        None,  # type: ignore[arg-type]
    )
    assert ranking(evaluation) == [keep, move]


def test_a_claim_of_nothing_changes_no_act():
    """What a claim is taken to mean moves what is claimed, never the acts, which rest on facts."""
    taken, measured = (load("reference", {"reading": r}) for r in ("all_gpu_time", "measured"))
    acts = [act_costs.drawn(case, DRAWS).acts for case in (taken, measured)]
    for act, usd in acts[0].items():
        assert acts[1][act] == pytest.approx(usd)


def test_the_old_keys_are_read_for_a_version_and_say_how_to_write_them(tmp_path):
    path = tmp_path / "old.yml"
    path.write_text(
        "title: Old keys\nquestion: Are they read?\n"
        "baseline: {accelerator: h200-sxm, chips: 8, precision: fp8}\n"
        "candidate: {accelerator: mi355x, chips: 8, precision: fp4}\n"
    )
    with pytest.warns(FutureWarning, match="old.yml:3: baseline is now called have"):
        case = load(str(path))
    assert case.have.accelerator == "h200-sxm"
    assert case.candidate.accelerator == "mi355x"
    assert case.headline == "candidate"


@pytest.mark.parametrize(
    ("overrides", "match"),
    [
        ({"headline": "gb30-rack"}, "did you mean 'gb300-rack'"),
        ({"options.b300": chips("b30", "fp4")}, "options.b300.accelerator.*b300"),
        ({"options.api": {"api": "deepseek/deepseek-v4"}}, "options.api.api"),
        ({"have.held": "owned"}, "have.bought"),
        ({"quotes.b20": {"rent_3yr": quote(3.0)}}, "quotes.b20"),
        ({"options.b300": chips("b300", "fp4", product="VR201")}, "options.b300.product"),
    ],
)
def test_a_fault_of_an_option_is_refused_with_its_key(overrides, match):
    with pytest.raises(ScenarioError, match=match):
        load("reference", overrides)


def test_the_package_offers_the_decision():
    assert an.decide(an.load("reference")).sentence == decide(load("reference")).sentence


REPORTS = Path(__file__).parents[1] / "reports"


def test_the_schema_of_an_answer_is_committed():
    # python -m analysis schema --answer --output reports/answer.schema.json
    committed = json.loads((REPORTS / "answer.schema.json").read_text())
    assert committed == json.loads(json.dumps(schema()))


@pytest.mark.parametrize("name", scenarios())
def test_the_committed_answer_is_the_one_that_the_model_gives(name):
    # python -m analysis report
    committed = Answer.model_validate_json((REPORTS / name / "answer.json").read_text())
    assert committed.sentence == decide(load(name)).sentence


@pytest.mark.parametrize("name", scenarios())
def test_the_next_best_and_what_changes_the_choice_end_elsewhere(name):
    """Neither is the advised act with another stop-gap, and all cheaper acts are such twins."""
    case = load(name)
    answer = decide(case)
    end, after = end_of(case, act_of(answer)), next_row(case, answer)
    assert after is not None
    assert answer.next is not None
    assert (after.act, after.option, after.tenure) == (
        answer.next.act,
        answer.next.option,
        answer.next.tenure,
    )
    assert end_of(case, act_of(after)) != end
    cheaper = answer.acts[: answer.acts.index(after)]
    assert {end_of(case, act_of(row)) for row in cheaper} == {end}
    said = answer.sentence.rpartition("Next best: ")[2]
    assert said == f"{after.instruction[0].lower()}{after.instruction[1:]}."
    ends = {row.instruction: end_of(case, act_of(row)) for row in answer.acts if row.available}
    assert end not in [ends[flip.to] for flip in answer.flips]


def test_the_same_end_by_another_stop_gap_is_no_other_choice():
    """Twins of the advised act differ in what serves until delivery; they are no better choice."""
    case = an.load("article")
    evaluation = evaluated(case)
    best = ranking(evaluation)[0]
    end = end_of(case, best)
    twins = [act for act in evaluation.acts if act != best and end_of(case, act) == end]
    assert [act.kind for act in twins] == ["move"]
    share = better_share(case, evaluation, best)
    assert share == decide(case).better_share
    free = dict(evaluation.acts) | dict.fromkeys(twins, 0 * evaluation.acts[best])
    assert better_share(case, replace(evaluation, acts=free), best) == share
    keep = next(iter(evaluation.acts))
    assert end_of(case, keep) == ("today",)
    for saving, chance in ((1 - BETTER / 2, 0.0), (1 - 2 * BETTER, 1.0)):
        two = {best: evaluation.acts[best], keep: saving * evaluation.acts[best]}
        assert better_share(case, replace(evaluation, acts=two), best) == chance
    assert better_share(case, replace(evaluation, acts={best: evaluation.acts[best]}), best) == 0
