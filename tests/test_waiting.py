"""Wait or not: the tree, regret and the gain that waiting needs, by hand and from the decision."""

from dataclasses import replace
from types import SimpleNamespace

import altair as alt
import numpy as np
import pytest

from analysis.pages import rollout as page
from analysis.pages.cost_cash import condition_words
from analysis.pages.rollout_map import NOTHING_AWAITED, published_turn
from analysis.pages.rollout_plans import plan_words
from analysis.questions import waiting
from analysis.questions.act_costs import drawn, plan
from analysis.questions.acts import Act, bridge_cost, usd_per_year
from analysis.questions.answer import cheapest_by_kind, decide
from analysis.questions.ways import Ways
from analysis.scenario.scenario import load

NAMES = ["article", "agents", "measured", "startup"]
NOTHING = {"options.vr200-rack.product": None}


@pytest.mark.parametrize("name", NAMES)
def test_the_tree_agrees_with_the_decision(name):
    """Chances of a plan's ends add up, and its ends weighed by them cost what the answer says."""
    case = load(name)
    found = decide(case)
    ends = waiting.branches(case, drawn(case))
    first = ends["act"].iloc[0]
    assert (first.kind, first.option, first.tenure) == (found.act, found.option, found.tenure)
    by_kind = cheapest_by_kind(found)
    for act, rows in ends.groupby("act", sort=False):
        assert rows["chance_share"].sum() == pytest.approx(1)
        mean = (rows["chance_share"] * rows["usd"]).sum()
        assert mean == pytest.approx(by_kind[act.kind].mean)
        assert rows["act_usd"].iloc[0] == pytest.approx(by_kind[act.kind].mean)


def test_the_chances_of_the_tree_are_those_of_the_dates():
    """Of 8 draws 3 come within 6 months, 4 more within 12, and one never."""
    months = np.array([1, 2, 6, 7, 8, 11, 12, np.inf])
    keep = Act("keep", "today", "as held")
    wait = Act("wait", "today", "as held", "next", "own")
    evaluation = SimpleNamespace(
        acts={keep: np.full(8, 9.0), wait: np.arange(8.0)},
        ways=Ways(
            today=None,
            others=(SimpleNamespace(option="next", tenure="own", start_months=months),),
            none=(),
            requests_per_month=np.ones(8),
        ),
    )
    case = SimpleNamespace(decision=SimpleNamespace(patience_months=12))
    ends = waiting.branches(case, evaluation)
    assert ends["chance_share"].tolist() == [3 / 8, 4 / 8, 1 / 8, 1]
    assert ends["usd"].tolist() == [1, 4.5, 7, 9]
    assert ends["until_months"].tolist()[:3] == [6, 12, np.inf]


def test_regret_by_hand():
    """Keeping costs 4 and 4, moving 1 and 5: the best in hindsight 1 and 4."""
    keep, move = Act("keep", "today", "as held"), Act("move", "next", "own")
    evaluation = SimpleNamespace(acts={keep: np.array([4.0, 4.0]), move: np.array([1.0, 5.0])})
    rows = waiting.regrets(evaluation).set_index("act")
    assert rows.loc[keep, ["worst_usd", "best_share"]].tolist() == [3, 0.5]
    assert rows.loc[move, ["worst_usd", "best_share"]].tolist() == [1, 0.5]
    assert rows.loc[keep, "p90_usd"] == pytest.approx(2.7)


def test_the_advised_act_is_regretted_by_what_knowing_is_worth():
    case = load("article")
    evaluation = drawn(case)
    least = np.min(np.stack(list(evaluation.acts.values())), axis=0).mean()
    advised = waiting.regrets(evaluation)["usd"].iloc[0]
    assert advised - least == pytest.approx(decide(case).knowing_usd_per_year)


@pytest.mark.parametrize("name", NAMES)
def test_a_longer_wait_or_a_larger_saving_needs_a_larger_gain(name):
    case = load(name)
    gains = waiting.needed_gain(drawn(case), [2, 4, 6, 8], [-0.1, 0, 0.1])
    table = gains.pivot(index="delay_months", columns="saved_share", values="gain_ratio").to_numpy()
    assert (table[1:] >= table[:-1]).all()
    assert (table[:, 1:] >= table[:, :-1]).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_a_tenth_more_than_the_needed_gain_pays_and_a_tenth_less_does_not(name, factor):
    """The same waiting, priced once more by the costs of acts."""
    case = load(name)
    evaluation = drawn(case)
    (need,) = waiting.needed_gain(evaluation, [4], [0.0])["gain_ratio"]
    place = waiting.standing(evaluation)
    later = evaluation.ways.of(place.act_later.later_option, place.act_later.later_tenure)
    scaled = replace(
        later,
        usd_per_request=later.usd_per_request * place.gain_ratio[1] / (need * factor),
        start_months=np.full(len(later.usd_per_request), 4.0),
    )
    money = plan(case, evaluation.ways)
    firsts = [None]
    if evaluation.first_steps.bridge:
        firsts.append(evaluation.ways.of(*evaluation.first_steps.bridge))
    costs = [
        usd_per_year(bridge_cost(evaluation.ways.today, first, scaled, money), money)
        for first in firsts
    ]
    first_draws = slice(0, waiting.GRID_DRAWS)
    cheapest = min(usd[first_draws].mean() for usd in costs)
    pays = cheapest < evaluation.acts[place.act_now][first_draws].mean()
    assert pays == (factor > 1)


def test_where_nothing_is_awaited_the_page_says_so():
    case = load("reference", NOTHING)
    plans = page.evaluation(case)
    assert not waiting.waits(plans)
    gains = page.needed_gains(case, plans)
    assert page.wait_or_move(case, plans, gains).markdown == NOTHING_AWAITED
    assert page.wait_or_not(case, plans, gains).markdown == ""
    assert "no plan waits for a product" in page.tree(case, plans).title.text
    assert "The next best costs more by" in page.first_screen(case, plans).markdown
    with pytest.raises(LookupError, match="waits for a product"):
        waiting.standing(plans)


@pytest.mark.parametrize("name", NAMES)
def test_pictures_of_plans_say_what_they_find(name):
    case = load(name)
    plans = page.evaluation(case)
    picture = page.tree(case, plans)
    chart = page.wait_or_move(case, plans, page.needed_gains(case, plans))
    assert isinstance(chart, alt.LayerChart)
    advised = decide(case)
    rows = picture.data
    assert rows["advised"].any()
    assert rows.loc[rows["advised"], "plan_musd_per_year"].iloc[0] == pytest.approx(
        advised.acts[0].usd_per_year.mean / 1e6
    )
    assert "Waiting" in chart.title.text


def test_a_plan_in_a_few_words():
    case = load("startup")
    assert plan_words(case, Act("keep", "today", "api")) == "the API as today"
    wait = Act("wait", "today", "api", "vr200-rack", "rent_3yr")
    assert plan_words(case, wait) == "keep the API, then rent VR200 NVL72 for 3 years"
    bridge = Act("bridge", "api", "api", "vr200-rack", "own")
    assert plan_words(case, bridge) == "the API by the token, then buy VR200 NVL72"


@pytest.mark.parametrize(("name", "pays"), [("article", True), ("reference", False)])
def test_the_map_says_what_was_published_of_the_awaited_chip(name, pays):
    """VR200 over GB200 in FP4 was published at 2.259, 2.717 and 2.97 times; the forecast is lower.

    The middle of these lifts the expected gain in proportion, and the words say whether to wait.
    """
    case = load(name)
    evaluation = drawn(case)
    place = waiting.standing(evaluation)
    found = waiting.published(case, evaluation, place)
    assert found is not None
    assert (found.low_ratio, found.mid_ratio, found.high_ratio) == (2.259, 2.717, 2.97)
    rates = [
        evaluation.columns.options[option]["output_tokens_per_s_per_chip"]
        / evaluation.columns.today["output_tokens_per_s_per_chip"]
        for option in ("vr200-rack", "gb200-rack")
    ]
    expected = np.median(rates[0]) / np.median(rates[1])
    assert found.forecast_ratio == pytest.approx(expected)
    assert expected < found.low_ratio
    words = page.wait_or_not(case, evaluation, page.needed_gains(case, evaluation)).markdown
    lifted = place.gain_ratio[1] * found.mid_ratio / found.forecast_ratio
    assert f"the gain would be about {lifted:.2f}" in words
    assert ("and waiting would pay." in words) == pays
    assert ("and waiting would still cost more." in words) != pays
    assert waiting.published(load(name, {"model": "kimi-k2.5"}), evaluation, place) is None
    turn = "published at 2.26 to 2.97 times those of GB200 in FP4"
    assert (turn in published_turn(case, evaluation)) == pays
    assert (turn in condition_words(case)) == pays
