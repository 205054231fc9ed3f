"""What if, by hand: edits, where they are tried, and what a page evaluates."""

from types import SimpleNamespace

import numpy as np
import pytest

import analysis as an
from analysis.questions import what_if, what_if_edits, what_if_worlds
from analysis.questions.acts import Act
from analysis.questions.what_if import ADJUSTABLE, REACH, STATISTICS, Responses, edited, predicted
from analysis.scenario.schema import Belief

ENDS = ("low", "high")
KEEP = Act("keep", "today", "as held")
MOVE = Act("move", "gb300-rack", "own")


def test_an_edit_moves_all_three_ends_by_the_width_of_a_score():
    # From 1 to 4 on logarithms is 1.386, 2 x 1.2816 scores: one is a factor of e^0.5409 = 1.7175.
    belief = Belief(low=1.0, mid=2.0, high=4.0, unit="", source="judged", why="x")
    factor = 4 ** (1 / 2 / 1.2815515655)
    for score in (1.0, -0.5):
        moved = edited("a_ratio", belief, score)
        by_hand = [end * factor**score for end in (1, 2, 4)]
        assert [moved.low, moved.mid, moved.high] == pytest.approx(by_hand)


def test_an_edit_of_nothing_says_what_is_stated_under_each_promise():
    stated = np.arange(8.0).reshape(4, 2, 1)
    found = Responses(
        names=("load_factor",),
        acts=(KEEP,),
        promises=(10.0, 30.0),
        refused=(),
        own=1,
        own_acceptance=0,
        stated=stated,
        slopes=np.full((4, 1, 3), 0.5),
        tilts=np.zeros((4, 2, 1, 2)),
        acceptances=(1.0,),
        accepted=np.zeros((4, 1, 1)),
        accepted_tilts=np.zeros((4, 1, 1, 1)),
        chances=(0.0,),
        own_chance=0.0,
        claimed=np.zeros((4, 1, 1)),
        claim_tilts=np.zeros((4, 1, 1)),
        claim_accepted=np.zeros((4, 1, 1)),
        draws=64,
    )
    assert predicted(found, [0.0])[:, 0].tolist() == [1, 3, 5, 7]
    assert predicted(found, [0.0], 0)[:, 0].tolist() == [0, 2, 4, 6]
    # At one score: half of it, of its square and of its cube, e^1.5 in all.
    assert predicted(found, [1.0])[:, 0] == pytest.approx(np.exp(1.5) * np.array([1, 3, 5, 7]))


def test_edits_are_tried_alone_and_together_inside_the_ball_that_is_answered():
    # Two beliefs: none, each halfway and all the way up and down, and two for each of nine terms.
    points = what_if_edits.design(2, 9)
    assert len(points) == 1 + 2 * 4 + 2 * 9
    assert points[0].tolist() == [0, 0]
    alone = sorted(map(tuple, points[1:9].tolist()))
    ends = [side * part * 2.1 for side in (1, -1) for part in (0.5, 1)]
    assert alone == sorted([(end, 0.0) for end in ends] + [(0.0, end) for end in ends])
    radius = np.linalg.norm(points[9:], axis=1)
    assert radius.min() >= 0.4 * REACH
    assert radius.max() <= REACH
    assert len({tuple(each) for each in np.sign(points[9:])}) == 4  # in all directions


def test_a_belief_that_moves_no_cost_by_a_five_hundredth_has_no_slider(monkeypatch):
    case = an.load("reference")
    count = len(ADJUSTABLE)

    def at(case, acts, names, points, draws):
        """The first belief moves the second act from 100 to 101, the others to 100.1."""
        found = np.full((len(STATISTICS), 2, len(points)), 100.0)
        found[:, 1, 1:] += 0.1
        found[:, 1, 1] += 0.9
        return found

    monkeypatch.setattr(what_if, "at_edits", at)
    assert all(case.believe[name].low < case.believe[name].high for name in ADJUSTABLE)
    assert what_if._moving(case, (KEEP, MOVE), 8) == ADJUSTABLE[:1]
    assert count > 1


@pytest.mark.parametrize("names", [(), ("load_factor", "tariff_ratio")])
def test_a_page_of_one_promise_has_no_tilts(monkeypatch, names):
    case = an.load("reference")
    own = case.workload.tokens_per_s_per_user

    base = SimpleNamespace(acts={KEEP: np.full(8, 2.0), MOVE: np.full(8, 1.0)})
    alone = what_if_worlds.Promised({own: base}, ())
    monkeypatch.setattr(what_if, "promised", lambda case, base: alone)
    monkeypatch.setattr(what_if, "accepted", lambda case, base, found: {1.0: base})
    monkeypatch.setattr(what_if, "claimed", lambda case, base: None)
    monkeypatch.setattr(what_if, "log_accepted", lambda found, own, acts: np.zeros((4, 1, 2)))
    monkeypatch.setattr(what_if, "draws_of", lambda base: 8)
    monkeypatch.setattr(what_if, "act_usd", lambda found, acts: np.stack([*found.acts.values()]))
    monkeypatch.setattr(what_if, "_followed", lambda base, others: (KEEP, MOVE))
    monkeypatch.setattr(what_if, "_moving", lambda case, acts, draws: names)
    monkeypatch.setattr(what_if, "at_edits", lambda *given: _flat(given[3]))
    found = what_if.responses(case, base)
    assert found.tilts.shape == (4, 1, 2, 2 * len(names))
    assert not found.tilts.any()
    assert found.slopes == pytest.approx(np.zeros(found.slopes.shape), abs=1e-12)
    assert found.stated[:, 0].tolist() == [[2, 1], [2, 1], [2, 1], [1, 0.5]]
    assert predicted(found, [0.0] * len(names)) == pytest.approx(found.stated[:, 0])


def _flat(points: np.ndarray) -> np.ndarray:
    return np.full((len(STATISTICS), 2, len(points)), 7.0)


def test_keeping_costs_the_budget_where_rent_is_all_that_it_costs():
    # The work is what the budget buys at the median, so that keeping costs it in the median; a
    # contract keeps its price. Where the load is higher, each request costs less and there are the
    # more of them.
    case = an.load("reference")
    found = what_if_edits.at_edits(case, (KEEP,), ("load_factor",), np.array([[0.0], [1.0]]), 64)
    assert found.shape == (len(STATISTICS), 1, 2)
    low, high = (found[STATISTICS.index(end), 0] / case.budget.usd_per_year for end in ENDS)
    assert (low < 1).all()
    assert (high > 1).all()
    assert found[STATISTICS.index("ratio"), 0] == pytest.approx([1, 1])


def test_a_page_offers_promises_from_10_to_100_tokens_a_second():
    assert what_if_worlds.PROMISES == (10, 20, 30, 50, 75, 100)
