"""No valid scenario fails: what the door lets in is answered whole, on all three pages.

Whole scenarios are drawn from the schema's own limits. `make test` draws a few; the slow test, and
PASSTHROUGH_SCENARIOS=2000, draw as many as are asked for.
"""

import json
import os
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import pytest
from drawn_scenarios import scenarios
from hypothesis import HealthCheck, Phase, given, note, settings
from page_cells import shown_by_cell, words_of
from test_sentences import faults
from typer.testing import CliRunner

import analysis as an
from analysis.__main__ import app
from analysis.model.answerable import unanswerable
from analysis.pages.outputs import Output
from analysis.pages.site_hooks import describe
from analysis.questions import claim, dates, fleet
from analysis.questions.answer import decide
from analysis.scenario.check_files import check_files
from analysis.scenario.errors import ScenarioError
from analysis.scenario.faults import DIVISORS
from analysis.scenario.scenario import PARAMS

PAGES = ("efficiency", "cost", "rollout")
FEW = 100  # drawn in `make test`, two minutes of processor time
MOST_ROWS = 5000  # that Altair takes
NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)


def tables(chart: Any) -> Iterator[pd.DataFrame]:
    """The tables behind a chart and its layers."""
    if isinstance(getattr(chart, "data", None), pd.DataFrame):
        yield chart.data
    for part in ("layer", "hconcat", "vconcat", "concat"):
        for inner in getattr(chart, part, None) or ():
            yield from tables(inner)
    if isinstance(getattr(chart, "spec", None), alt.TopLevelMixin):
        yield from tables(chart.spec)


def wrong(cell: str, shown: Any) -> list[str]:
    """What is wrong with the output of a cell: words that no page holds, an empty chart."""
    if shown is None:  # a cell that has nothing to say of this scenario
        return []
    found = [f"{cell}: {name}: {words}" for name, words in faults(words_of(shown))]
    if not isinstance(shown, Output):
        sizes = [len(table) for table in tables(shown)]
        if not sizes or min(sizes) == 0 or max(sizes) > MOST_ROWS:
            found.append(f"{cell}: a chart of {sizes} rows")
    return found


def wrong_on_pages(path: Path, pages: tuple[str, ...] = PAGES) -> list[str]:
    """What is wrong on the pages of a scenario; ScenarioError where the door refuses it."""
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for page in pages:
            for cell, shown in shown_by_cell(page, str(path)).items():
                found += wrong(f"{page}#{cell}", shown)
    return found


def refusals(path: Path) -> list[str]:
    try:
        an.load(str(path))
    except ScenarioError as refused:
        return refused.faults
    return []


def assert_refused_or_answered(stated: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(stated))
    note(path.read_text())
    faults_at_the_door = refusals(path)
    assert [fault for fault in faults_at_the_door if ".yml:" not in fault] == []
    assert faults_at_the_door or wrong_on_pages(path) == []


@settings(
    max_examples=int(os.environ.get("PASSTHROUGH_SCENARIOS", FEW)),
    phases=NO_SHRINKING,
    suppress_health_check=list(HealthCheck),
)
@given(stated=scenarios())
def test_a_drawn_scenario_is_refused_by_name_or_answered_whole(stated, tmp_path_factory):
    assert_refused_or_answered(stated, tmp_path_factory.mktemp("drawn") / "drawn.yml")


@pytest.mark.slow
@pytest.mark.skipif("PASSTHROUGH_SLOW" not in os.environ, reason="takes more than an hour")
@settings(max_examples=2000, phases=NO_SHRINKING, suppress_health_check=list(HealthCheck))
@given(stated=scenarios())
def test_two_thousand_drawn_scenarios_are_refused_by_name_or_answered_whole(
    stated, tmp_path_factory
):
    assert_refused_or_answered(stated, tmp_path_factory.mktemp("drawn") / "drawn.yml")


HEAD = "title: A title\nquestion: A question?\n"
DEAR = "source: judged, why: a test}\n"
# What once ended a cell, or put `nan` on a page: (lines of the file, pages to look at).
ONCE_WRONG = {
    "few tokens and slow users": (
        "workload: {input_tokens: 9, output_tokens: 5, cached_share: 0, "
        "tokens_per_s_per_user: 1}\n",
        ("efficiency", "cost"),
    ),
    "no API whose price counts": ("finance: {api: null}\n", ("cost",)),
    "an API that prints no price of cached input": (
        "finance: {api: deepseek/deepseek-v3.2}\n",
        ("cost",),
    ),
    "a day before the API's prices": (
        "as_of: 2026-03-31\nclaim: null\nhave: {held: owned, bought: 2025-06-01}\n",
        ("cost",),
    ),
    "a horizon shorter than a delay": (
        "decision: {horizon_months: 6, patience_months: 1}\nbudget: {horizon_months: 6}\n",
        ("rollout",),
    ),
    "a product from before the record": ("rollout: {product: A100}\n", ("rollout",)),
    "a product whose sale nobody dated": ("rollout: {product: P100}\n", ("rollout",)),
    "a cancelled product": ("rollout: {product: Rubin CPX}\n", ("rollout",)),
    "a product announced before its date": ("rollout: {product: Falcon Shores}\n", ("rollout",)),
    "a day long before ours": (
        "as_of: 2025-02-01\nclaim: null\nheadline: b100\n"
        "options: {vr200-rack: null, "
        "b100: {accelerator: b100, chips: 64, precision: fp4, product: null}}\n"
        "have: {accelerator: h100-sxm, chips: 16, held: owned, bought: 2024-01-01}\n"
        "rollout: {product: H200, ramp: H100}\n",
        ("cost", "rollout"),
    ),
    "a last day": ("as_of: 2050-12-31\nclaim: null\n", ("rollout",)),
    "a move that costs more than the budget": (
        "budget: {usd_per_year: 1, migration_usd: 10000000}\n",
        ("cost", "rollout"),
    ),
    "an option that reads prompts too slowly": (
        "claim: null\nmodel: llama3.1-70b\noptions:\n  small: {precision: int4, product: null, "
        "accelerator: rtx-5060-ti-16gb, chips: 133}\n",
        ("cost",),
    ),
    "no patience for any delay": ("decision: {patience_months: 0.4}\n", ("rollout",)),
    "a share that is just below 0": (
        "model: gemma-4-26b-a4b\nworkload: {cached_share: 0.18, tokens_per_s_per_user: 45, "
        "input_tokens: 138, ttft_limit_s: 7.6, output_tokens: 4}\n",
        ("efficiency",),
    ),
    "products whose other costs eat the price": (
        "products:\n"
        + "".join(
            f"  {name}: {{price_usd: 0.01, input_tokens: 0, cached_tokens: 0, output_tokens: 1, "
            "spread_ratio: 4, success_share: 0.001, other_usd: 1, margin_share: 1, " + DEAR
            for name in (
                *("chat", "support-answer", "coding-agent", "research-agent", "voice-call"),
                *("batch-extraction", "constructor"),
            )
        ),
        ("cost",),
    ),
}


@pytest.mark.parametrize("case", ONCE_WRONG)
def test_what_once_failed_is_answered_whole(case, tmp_path):
    lines, pages = ONCE_WRONG[case]
    path = tmp_path / "mine.yml"
    path.write_text(HEAD + lines)
    assert wrong_on_pages(path, pages) == []


def words_on(page: str, cell: str, path: Path) -> str:
    return words_of(shown_by_cell(page, str(path))[cell])


@pytest.mark.parametrize(
    ("product", "words"),
    [
        ("Rubin CPX", "Rubin CPX was cancelled by 20 March 2026: it never comes."),
        ("P100", "When it opened to any is unknown."),
    ],
)
def test_a_launch_that_is_over_is_said_to_be(product, words, tmp_path):
    path = tmp_path / "mine.yml"
    path.write_text(f"{HEAD}rollout: {{product: {product}}}\n")
    assert words in words_on("rollout", "in-short", path)


REFUSED = {
    "a promise that nothing keeps": (
        "workload: {tokens_per_s_per_user: 3000}\n",
        "mine.yml:3: workload.tokens_per_s_per_user: baseline: deepseek-r1 in fp8 on 8 x b200",
    ),
    "chips that hold no model": ("have: {chips: 1}\n", "mine.yml:3: have: baseline: deepseek-r1"),
    "drafts of a model that has none": (
        "serving: {draft_tokens: 5}\nmodel: ernie-4.5-21b-a3b\n",
        "nobody has shown drafted tokens with this model",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_chips_can_serve_is_refused_at_the_door(case, tmp_path):
    lines, words = REFUSED[case]
    path = tmp_path / "mine.yml"
    path.write_text(HEAD + lines)
    with pytest.raises(ScenarioError) as refused:
        an.load(str(path))
    assert words in str(refused.value)


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_chips_can_serve_is_refused_before_a_report_begins(case, tmp_path):
    """What `check` and the report factory ask of a scenario is what its notebooks ask."""
    lines, words = REFUSED[case]
    path = tmp_path / "mine.yml"
    path.write_text(HEAD + lines)
    assert any(words in fault for fault in describe(str(path)).faults)
    assert any(words in fault for fault in check_files([path], unanswerable))
    assert check_files([path]) == []  # the files alone do not tell
    done = CliRunner().invoke(app, ["check", str(path)])
    assert (done.exit_code, words in done.stdout) == (2, True)


@pytest.mark.parametrize("faulty", ["titel: x\n", "workload: 3\n", "title: [\n", "\0"])
def test_a_scenario_that_cannot_be_read_takes_no_other_down(faulty, monkeypatch, tmp_path):
    """The page of every scenario shows the claim over the work of all."""
    case, title = an.load("article"), an.load("agents").title
    whole = claim.across_workloads(case)
    shutil.copytree(PARAMS, tmp_path / "params")
    agents = tmp_path / "params/agents.yml"
    monkeypatch.setattr("analysis.scenario.stated_work.PARAMS", tmp_path / "params")
    agents.write_text(agents.read_text() + "model: nobody-knows\n")
    assert list(claim.across_workloads(case)) == list(whole)  # its work can be read
    agents.write_text(faulty)
    left = claim.across_workloads(case)
    assert "This scenario" in left
    assert title in whole
    assert title not in left


def test_beliefs_that_leave_nothing_served_are_unanswerable():
    case = an.load("reference")
    hot = {
        name: case.believe[name].model_copy(update={"low": value, "mid": value, "high": value})
        for name, value in {"supply_k": 400.0, "derate_share_per_k": 10.0}.items()
    }
    heated = case.model_copy(update={"believe": {**case.believe, **hot}})
    assert list(unanswerable(case)) == []
    assert any("request_usd" in fault for _, fault in unanswerable(heated))


def test_every_belief_may_be_0_or_a_law_divides_by_it():
    """The list of divisors is whole: at 0 every other belief leaves numbers."""
    case = an.load("reference")
    infinite = []
    for name, belief in case.believe.items():
        nought = belief.model_copy(update={"low": 0.0, "mid": 0.0, "high": 0.0})
        at_zero = case.model_copy(update={"believe": {**case.believe, name: nought}})
        with np.errstate(all="ignore"):
            draws = an.evaluate(at_zero, 8, None)
            if not np.isfinite(draws.to_numpy()).all():
                infinite.append(name)
    assert set(infinite) <= set(DIVISORS)
    assert {"load_factor", "it_life_s"} <= set(infinite)


@pytest.mark.parametrize("count", [16, 256])
def test_other_numbers_of_draws_answer_too(count):
    from analysis.pages import cost, rollout

    case = an.load("article")
    draws = an.evaluate(case, count)
    assert len(draws.loc["candidate"]) == count
    forecast = dates.forecast(case)
    simulated = fleet.simulate(case, draws, forecast)
    assert simulated.usd_per_token.shape[0] == count
    for cell, shown in {
        "over-time": cost.over_time(case, draws),
        "products": cost.products(cost.viability(case, draws)),
        "blended": rollout.token_cost(case, simulated, rollout.fans(case, simulated)),
    }.items():
        assert wrong(cell, shown) == []
    assert decide(case, count).cost_ratio.mid == pytest.approx(
        decide(case, 4096).cost_ratio.mid, rel=0.5
    )
