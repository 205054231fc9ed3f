"""Readings, the ladder, credence and the first screen: what a claim would do, and what is believed
of it.
"""

import numpy as np
import pytest

import analysis as an
from analysis import model
from analysis.facts import table
from analysis.laws import LAWS, rollout
from analysis.laws import claim as law
from analysis.model.settings import setting
from analysis.pages import efficiency
from analysis.pages.efficiency_claim import NOTHING_CLAIMED
from analysis.questions import claim as verdict
from analysis.questions import credence, pass_through
from analysis.scenario import readings
from analysis.scenario.claims import claim
from analysis.scenario.errors import ScenarioError

DRAWS = 64


@pytest.fixture(scope="module")
def case():
    return an.load("reference")


@pytest.fixture(scope="module")
def tables(case):
    return list(model.option_columns(case, DRAWS).values())


@pytest.fixture(scope="module")
def found(case):
    return verdict.effects(case, model.evaluate(case, DRAWS))


def mids(found, outcome):
    return found.query("outcome == @outcome").set_index("reading")["mid"]


def test_every_quantity_of_a_reading_is_one_of_the_model(tables):
    known = {law_.__name__ for law_ in LAWS} | set(tables[0])
    for name, reading in readings.readings().items():
        assert set(reading.change) <= known, name


def test_no_reading_gives_more_than_its_own_limit(case, found):
    limit = claim(case.claim).headline_ratio * (1 + 1e-9)
    for outcome in ("throughput", "energy"):
        assert mids(found, outcome).drop("measured").between(1 - 1e-9, limit).all()
    assert mids(found, "dollars").drop("measured").max() <= limit


def test_all_gpu_time_is_the_headline_and_its_price_the_only_loss(found):
    """As in the worked example: 3.57 times the tokens a chip second, and that over the price ratio
    a dollar.
    """
    assert mids(found, "throughput")["all_gpu_time"] == pytest.approx(1 / 0.28)
    assert mids(found, "energy")["all_gpu_time"] == pytest.approx(1 / 0.28)
    assert (
        mids(found, "dollars")["all_gpu_time"]
        < 1 / 0.28
        < mids(found, "dollars")["dollars"] * 1.001
    )
    assert mids(found, "throughput")["energy"] == pytest.approx(1)


@pytest.mark.parametrize("name", sorted(readings.readings()))
def test_a_claim_of_nothing_changes_nothing(name, tables):
    """At a cut of 0 every factor is 1; the footprint reading speaks of 16 bits, so its baseline has
    to serve 16.
    """
    assert set(readings.factors(name, 0.0, "bf16").values()) == {1.0}
    same = model.evaluate(tables[0], change=readings.factors(name, 0.0, "bf16"))
    for quantity, value in model.evaluate(tables[0]).items():
        np.testing.assert_array_equal(same[quantity], value)


def test_what_36_million_needs(case, found):
    """The headline reaches dollars as dollars or as software; as GPU time only at a price
    of one.
    """
    needed = verdict.requirements(case, found).set_index("reading")
    assert needed.loc["dollars", "holds"]
    assert not needed.loc["all_gpu_time", "holds"]
    assert needed.loc["all_gpu_time", "price_ratio"] == pytest.approx(1)
    assert needed.drop(["dollars", "software"])["holds"].sum() == 0


def test_a_reading_at_the_candidates_price_keeps_the_baselines_work(tables):
    taken = readings.at_claimed_price(*tables, "all_gpu_time")
    changed = {name for name in taken if not np.array_equal(taken[name], tables[0][name])}
    assert "accelerator_usd_per_chip" in changed
    assert not changed & {
        "bandwidth_bytes_per_s_per_chip",
        "power_w_per_chip",
        "concurrency_requests",
    }
    assert readings.at_claimed_price(*tables, "dollars") is tables[0]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"reading": "all_gpu_tim"}, "did you mean 'all_gpu_time'?"),
        ({"claim": "magnun"}, "did you mean 'magnum'?"),
        ({"claim": None, "reading": "dollars"}, "needs a claim"),
        ({"credence.reading": "dolars"}, "did you mean 'dollars'?"),
        ({"credence.instead": {"2026-04-24": 1.0}}, "did you mean '2026-04-23'?"),
    ],
)
def test_unknown_names_are_refused(overrides, message):
    with pytest.raises(ScenarioError) as error:
        an.load("reference", overrides)
    assert message in str(error.value)


@pytest.mark.parametrize(("option", "hopper"), [("gb300-rack", False), ("b200-fp4", True)])
def test_the_ladder_ends_at_what_a_mean_request_costs_in_the_first_year(option, hopper):
    """The share that survives FP4 in FP4, the rest in FP8: on the same chips where that is
    cheaper, else where it is; and all less full at first.
    """
    held = {"have.accelerator": "h200-sxm"} if hopper else {}
    case = an.load("reference", {"headline": option, **held})
    draws = an.evaluate(case)
    ladder = pass_through.ladder(case, draws).set_index("step")["draws"]
    base, candidate = draws.loc["baseline"], draws.loc["candidate"]
    wider = an.load("reference", {"headline": option, f"options.{option}.precision": "fp8", **held})
    rest = an.evaluate(wider).loc["candidate", "request_usd"]
    moves = rest < base["request_usd"]
    assert 0.01 < moves.mean() < 1
    rest = rest.where(moves, base["request_usd"])
    share = base["eligible_share"]
    mean_usd = share * candidate["request_usd"] + (1 - share) * rest
    whole = base["request_usd"] / mean_usd * base["first_year_ratio"]
    np.testing.assert_allclose(ladder.iloc[-1], whole)
    if case.claim:
        assert ladder.iloc[0][0] == pytest.approx(1 / 0.28)


@pytest.mark.parametrize(
    ("prior", "silent", "wrong"), [(0.05, 0.032, 0.012), (0.15, 0.101, 0.038), (0.30, 0.215, 0.087)]
)
def test_update_by_silence_and_by_errors(prior, silent, wrong):
    """Worked by hand: 45% reached by now, four in five noticed; then 0.35 for several wrong facts
    in one text.
    """
    after = rollout.updated_share(prior, 1 - 0.45 * 0.8)
    assert after == pytest.approx(silent, abs=0.0008)
    assert rollout.updated_share(after, 0.35) == pytest.approx(wrong, abs=0.0008)


def test_two_readers_of_one_paper():
    assert law.independent_count(2, 0.8) == pytest.approx(1.11, abs=0.01)
    assert law.independent_count(5, 0) == 5
    assert law.independent_count(5, 1) == 1


def test_one_likelihood_ratio_moves_the_belief():
    plain = credence.weights(an.load("reference"), DRAWS)
    kinder = credence.weights(
        an.load("reference", {"credence.instead": {"2026-04-23": 3.0}}), DRAWS
    )
    assert kinder["true"].median() > 3 * plain["true"].median()
    np.testing.assert_allclose(plain.sum(axis=1), 1)


def test_silence_counts_only_once_a_promised_date_has_passed():
    steps = credence.updates(an.load("reference", {"as_of": "2026-09-15"}), DRAWS)["step"].tolist()
    assert "Silence past a promised date" not in steps
    assert not any("Tuning guide" in step for step in steps)
    assert (
        "Silence past a promised date"
        in credence.updates(an.load("reference"), DRAWS)["step"].tolist()
    )


def test_more_trust_never_lowers_what_is_expected(case):
    worlds = np.full(4000, 2.6), np.full(4000, 1.1)
    weighed = credence.weights(case, 4000)
    means = credence.sensitivity(weighed, *worlds)["mean"]
    assert means.is_monotonic_increasing
    assert means.iloc[-1] == pytest.approx(2.6)


def test_heat_and_halls_stand_in_the_headline_where_the_scenario_asks_for_them():
    """A cool hall changes nothing; in a hot one the answer falls with the step that the ladder
    shows, once.
    """
    last = {}
    for name in ("reference", "thermal"):
        case = an.load(name)
        draws = model.evaluate(case, DRAWS)
        steps = pass_through.ladder(case, draws).set_index("step")
        last[name] = (
            steps.loc[pass_through.HEAT, "factor"],
            float(pass_through.ladder(case, draws)["mid"].iloc[-1]),
        )
        old, new = (draws.loc[o]["paid_tokens_per_s_per_chip"] for o in ("baseline", "candidate"))
        np.testing.assert_allclose(steps.loc[pass_through.HEAT, "draws"], new / old)
    assert last["reference"][0] == 1
    assert last["thermal"][0] < 0.75
    # Medians of products are no products of medians, and what calibration leaves open is wide.
    assert last["thermal"][1] / last["reference"][1] == pytest.approx(last["thermal"][0], rel=0.18)


def test_published_ratios_follow_from_what_was_printed():
    rows = table("ratios").dropna(subset=["before_tokens_per_s_per_chip"])
    ratio = rows["after_tokens_per_s_per_chip"] / rows["before_tokens_per_s_per_chip"]
    np.testing.assert_allclose(rows["times_ratio"], ratio, rtol=2e-3)
    kinds = {"matched", "same_promise", "best_of_each", "single_point"}
    assert set(table("ratios")["matching"]) == kinds
    # A ratio per megawatt or dollar is none of two rates of a chip.
    assert set(rows["per"]) == {"chip"}


def test_one_curve_holds_the_cliff_and_the_frontier():
    """Vera Rubin over GB300 on agent traces: 67 at the end of one engine's curve, 1.4 to 3 where
    most would serve, 1.6 at the rents of both.
    """
    rows = table("ratios").query("step == 'ultra_to_rubin' and model == 'deepseek-v4-pro'")
    cliff = rows.query("baseline == 'gb300 fp4' and matching == 'single_point'")["times_ratio"]
    matched = rows.query("baseline == 'gb300 fp4' and matching == 'same_promise'")["times_ratio"]
    assert cliff.max() == 67
    assert matched.max() == 7.2
    assert rows.query("per == 'rent dollar'")["times_ratio"].item() == 1.62


def test_measured_results_stand_beside_their_own_step(case):
    beside = {
        name: set(verdict.published_ratios(an.load(name)).query("same_step")["step"])
        for name in ("reference", "hopper", "competitor")
    }
    assert beside["reference"] == {"blackwell_to_ultra", "fp8_to_fp4", "precision_and_chip"}
    assert beside["hopper"] == {"hopper_to_blackwell"}
    assert beside["competitor"] == {"competitor", "fp8_to_fp4"}
    rows = verdict.published_ratios(case).query("same_step and matching == 'matched'")
    assert len(rows) > 20
    assert (rows["times_ratio"] < claim(case.claim).headline_ratio).all()


def test_a_changed_reading_moves_the_verdict():
    words = {}
    for reading in ("measured", "dollars"):
        case = an.load("reference", {"reading": reading})
        draws = an.evaluate(case)
        words[reading] = efficiency.in_short(case, draws, efficiency.ladder(case, draws))
    assert words["measured"].markdown.startswith("A chip of GB300 in FP4 serves")
    assert "it falls short here" in words["measured"].markdown
    assert words["dollars"].markdown.startswith("Taken at its word")
    assert "it passes through here" in words["dollars"].markdown


@pytest.mark.parametrize("overrides", [{}, {"claim": None}, {"reading": "dollars"}])
def test_the_first_screen_is_complete_in_every_kind_of_scenario(overrides):
    case = an.load("measured", overrides)
    draws = an.evaluate(case)
    found, ladder = verdict.effects(case, draws), pass_through.ladder(case, draws)
    words = efficiency.first_screen(case, draws, found, ladder).markdown
    leads = [
        "What is measured",
        "What to expect",
        "What would change our mind",
        "When it will be settled",
    ]
    leads += ["What was said", "What it would have to mean"] if case.claim else ["What is asked"]
    assert all(f"**{lead}.**" in words for lead in leads)
    in_short = efficiency.in_short(case, draws, ladder)
    assert ("headline" in in_short.markdown) == bool(case.claim)
    assert not {"nan", "None", "inf"} & set(words.replace(".", " ").replace(",", " ").split())
    assert len(words.split()) < 330
    worlds = efficiency.worlds(case, draws, ladder)
    shown = [
        efficiency.worlds_table(worlds),
        efficiency.trust(worlds),
        efficiency.trust_needed(case, worlds),
        efficiency.credence(case),
        efficiency.ledger(case),
    ]
    nothing = [output for output in shown if output == NOTHING_CLAIMED]
    assert len(nothing) == (0 if case.claim else len(shown))
    assert len(efficiency.pass_through(case, ladder).markdown.splitlines()) == 2 + len(ladder)


@pytest.mark.parametrize("name", sorted(readings.readings()))
def test_a_reading_of_products_with_weights_counts_experts_with_the_rest(name):
    change = readings.readings()[name].change
    assert change.get("linear_compute_s") == change.get("expert_compute_s")
    assert change.get("prefill_linear_s") == change.get(
        "prefill_expert_s", change.get("prefill_expert_compute_s")
    )


@pytest.mark.parametrize("name", ["matrix_products", "scale_handling"])
def test_a_reading_of_products_leaves_the_reading_of_experts_in_a_prompt_as_it_was(
    name, case, tables
):
    taken = readings.at_claimed_price(*tables, name)
    before, after = model.evaluate(taken), model.claimed_columns(case, *tables, name)
    np.testing.assert_array_equal(after["prefill_expert_read_s"], before["prefill_expert_read_s"])
    assert np.all(after["prefill_expert_compute_s"] < before["prefill_expert_compute_s"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "{linear_compute_s: 1 - cut",
            "{linear_comptue_s: 1 - cut",
            "did you mean 'linear_compute",
        ),
        ("{linear_compute_s: 1 - cut", "{linear_compute_s: 1 - cutt", "did you mean 'cut'"),
        ("{linear_compute_s: 1 - cut", "{linear_compute_s: 1 / (cut - cut)", "divides by zero"),
        ("{linear_compute_s: 1 - cut", "{linear_compute_s: 1 - (cut", "does not parse"),
        ("{linear_compute_s: 1 - cut", "{linear_compute_s: cut - 1", "gives no factor above 0"),
        (
            "{linear_compute_s: 1 - cut",
            "{linear_compute_s: 1 / (0.72 - cut)",
            "divides by zero (for a cut of 0.72)",
        ),
        ("{linear_compute_s: 1 - cut", "{linear_compute_s: 1e59 * cut", "no factor above 0"),
        (
            "source: nvidia_nvfp4_post",
            "source: nvidia_nvfp4_pst",
            "did you mean 'nvidia_nvfp4_post'",
        ),
    ],
)
def test_a_malformed_reading_is_refused_with_file_line_and_key(tmp_path, old, new, message):
    text = readings.FILE.read_text()
    assert old in text
    path = tmp_path / "readings.yml"
    path.write_text(text.replace(old, new, 1))
    line = text[: text.index(old)].count("\n") + 1
    with pytest.raises(ScenarioError) as refused:
        readings.read_readings(path)
    assert refused.value.faults[0].startswith(f"readings.yml:{line}: ")
    assert message in str(refused.value)


@pytest.mark.parametrize(("precision", "bits"), [("bf16", 16), ("fp8", 8), ("fp4", 4.5)])
def test_bits_of_a_weight_are_those_of_the_format(precision, bits):
    assert readings.weight_bits(precision) == bits


def test_a_weight_of_four_integer_bits_counts_as_the_model_counts_it():
    """Four bits and a 16-bit scale for 32 values, as facts/precisions.csv has it."""
    stated = setting("h100-sxm", "llama3.1-70b", "int4")["dense_bytes_per_parameter"]
    assert readings.weight_bits("int4") == 8 * stated == 4.5
    assert readings.factors("weight_footprint", 0.75, "int4")["linear_bytes"] == 4 / 4.5
