"""A user's own measurements: the joint normal, what it moves, and what three points are worth."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import analysis as an
from analysis.calibration.deviations import held_back_summary
from analysis.facts import table
from analysis.model.installation import (
    QUANTITIES,
    SHARED,
    Deviations,
    Posterior,
    deviations,
    fields,
    is_first,
)
from analysis.model.own_measurements import learn
from analysis.pages import efficiency
from analysis.pages.inputs import statements_that_differ
from analysis.questions.own_measurements import moved
from analysis.scenario.errors import ScenarioError
from analysis.scenario.file_text import MeasurementFault

ROOT = Path(__file__).parents[1]
RATE = QUANTITIES[0]
POINT = {
    "accelerator": "h100-sxm",
    "model": "qwen3-32b",
    "precision": "fp8",
    "engine": "vllm",
    "chips": 4,
    "tensor_parallel": 4,
    "input_tokens": 1024,
    "output_tokens": 512,
}


def points(**columns) -> pd.DataFrame:
    length = max(len(value) for value in columns.values())
    return pd.DataFrame({**POINT, **columns}, index=range(length))


def measured_at(frame: pd.DataFrame, rate: float, tpot: float, ttft: float = 1.0) -> pd.DataFrame:
    """The frame as if measured: what is predicted, times a factor for each quantity."""
    answered = an.predict(frame)
    for name, factor in zip(QUANTITIES, (rate, tpot, ttft), strict=True):
        frame = frame.assign(**{f"{name}_measured": answered[name] * factor})
    return frame


@pytest.fixture(scope="module")
def slow() -> pd.DataFrame:
    """Three points of a server that takes a fifth longer than predicted."""
    return measured_at(points(concurrency=[1, 16, 64]), 1 / 1.2, 1.2, 1.2)


# The posterior is that of the joint normal: compared with the covariance of all rows at once.


def dense(things, slopes, residuals, prior: Deviations, place):
    """Mean and log standard deviation of a point, given the rows before, by conditioning."""
    count = len(slopes) * len(QUANTITIES)
    flat = slopes.reshape(count, -1)
    row = np.repeat(np.arange(len(slopes)), len(QUANTITIES))
    covariance = np.diag(np.tile(prior.noise**2, len(slopes)))
    same = [
        things[part].to_numpy()[row][:, None] == things[part].to_numpy()[row] for part in SHARED
    ]
    for part, shared in zip((*SHARED, "point"), [*same, row[:, None] == row], strict=True):
        lifted = flat * prior.sizes(part)
        covariance = covariance + shared * (lifted @ lifted.T)
    known = np.isfinite(residuals.ravel()) & (row < place)
    target = row == place
    solved = np.linalg.solve(covariance[np.ix_(known, known)], covariance[np.ix_(known, target)])
    left = covariance[np.ix_(target, target)] - covariance[np.ix_(target, known)] @ solved
    return residuals.ravel()[known] @ solved, np.sqrt(np.diag(left))


@pytest.mark.parametrize("target", ["same", "other model", "other chip", "other mode", "all else"])
def test_the_posterior_is_the_joint_normal_given_the_rows(target):
    generator = np.random.default_rng(3)
    rows = [["own m", "m", "p", "s", "t"]] * 3 + [["own m", "m", "p2", "s2", "t2"]]
    last = {
        "same": rows[0],
        "other model": ["own m2", "m2", "p", "s3", "t3"],
        "other chip": ["own m", "m", "p3", "s4", "t4"],
        "other mode": ["own m", "m", "p", "s", "t5"],
        "all else": ["own x", "x", "y", "z", "v"],
    }[target]
    things = pd.DataFrame([*rows, last], columns=list(SHARED))
    slopes = generator.normal(0, 0.3, (5, len(QUANTITIES), len(fields())))
    residuals = generator.normal(0, 0.2, (5, len(QUANTITIES)))
    residuals[1, 2] = np.nan  # nobody measured a time to the first token there
    prior = replace(deviations(), widening=1.0)
    posterior = Posterior(things[:4], slopes[:4], residuals[:4], prior)
    mean, size = dense(things, slopes, residuals, prior, 4)
    group = tuple(last)
    assert slopes[4] @ posterior.shift(group) == pytest.approx(mean, abs=1e-9)
    wide = np.full((1, len(QUANTITIES)), 10.0)  # nothing is known beside, so the width is its own
    prior_size = posterior.prior_log_sds(slopes[[4]])
    found = posterior.log_sds(group, slopes[[4]], prior_size)[0]
    assert found == pytest.approx(size)
    assert (posterior.log_sds(group, slopes[[4]], wide) <= wide).all()


def test_parts_are_named_and_sized_for_every_coefficient():
    assert set(table("deviations")["part"]) == {*SHARED, "point", "noise", "posterior"}
    assert 0 < is_first().sum() < len(fields())
    assert (deviations().noise > 0).all()


# What moves, and how far.


def test_predictions_move_towards_what_was_measured_elsewhere_too(slow):
    asked = points(concurrency=[4, 32, 16, 16], tensor_parallel=[4, 4, 2, 4], chips=[4, 4, 2, 4])
    asked["input_tokens"] = [1024, 1024, 1024, 8192]
    before, after = an.predict(asked), an.predict(asked, measured=slow)
    ratio = after["tpot_s"] / before["tpot_s"]
    assert ratio.between(1.05, 1.25).all(), "other loads, layouts and lengths share the server"
    assert (after[RATE] < before[RATE]).all()
    widths = [np.log(each[f"{RATE}_p90"] / each[f"{RATE}_p10"]) for each in (before, after)]
    assert (widths[1] <= widths[0] + 1e-12).all()


def test_ranges_narrow_where_little_was_known():
    """A tuned server that the tables know better than three points do keeps its range."""
    little = {"accelerator": "l40s", "model": "qwen3-14b", "chips": 1, "tensor_parallel": 1}
    own = measured_at(points(concurrency=[1, 8, 32]).assign(**little), 0.9, 1.1)
    asked = points(concurrency=[16]).assign(**little)
    plain, given = an.predict(asked), an.predict(asked, measured=own)
    for name in QUANTITIES:
        widths = [np.log(each[f"{name}_p90"] / each[f"{name}_p10"])[0] for each in (plain, given)]
        assert widths[1] < 0.97 * widths[0], name


def test_what_is_shared_less_moves_less(slow):
    chips = ["h100-sxm", "h200-sxm", "mi300x", "mi300x"]
    asked = points(
        accelerator=chips,
        model=["qwen3-32b"] * 3 + ["llama3.1-8b"],
        concurrency=[16] * 4,
    )
    before, after = an.predict(asked), an.predict(asked, measured=slow)
    own, sibling, other_maker, nothing = np.log(after["tpot_s"] / before["tpot_s"])
    assert own > sibling > other_maker > 0.01
    assert nothing == 0
    same = [f"{name}_{end}" for name in QUANTITIES for end in ("p10", "p90")]
    assert (after.loc[3, same] == before.loc[3, same]).all()


def test_more_rows_pull_harder_and_their_order_is_nothing(slow):
    asked = points(concurrency=[32])
    before = an.predict(asked)["tpot_s"][0]
    one = an.predict(asked, measured=slow[:1])["tpot_s"][0]
    three = an.predict(asked, measured=slow)["tpot_s"][0]
    turned = an.predict(asked, measured=slow[::-1])["tpot_s"][0]
    assert before < one < three < 1.2 * before
    assert turned == pytest.approx(three, rel=1e-9)


def test_a_rate_alone_says_something_of_the_times(slow):
    rates = slow.drop(columns=["tpot_s_measured", "ttft_s_measured"])
    asked = points(concurrency=[32])
    assert an.predict(asked, measured=rates)["tpot_s"][0] > an.predict(asked)["tpot_s"][0]


def test_rows_that_cannot_be_used_are_left_out_or_said(slow):
    unknown = slow.assign(accelerator="no such chip")
    both = pd.concat([slow, unknown], ignore_index=True)
    assert learn(both).rows == len(slow)
    with pytest.raises(MeasurementFault, match="no such chip"):
        learn(unknown)
    with pytest.raises(MeasurementFault, match="_measured"):
        learn(points(concurrency=[1]))
    in_milliseconds = slow.assign(tpot_s_measured=[0.01, 12.0, 0.02])
    with pytest.raises(MeasurementFault, match=r"row 2, column tpot_s_measured: 12 where 0\.00"):
        learn(in_milliseconds)


def test_the_command_says_what_own_measurements_moved(tmp_path, slow):
    points(concurrency=[32]).to_csv(tmp_path / "points.csv", index=False)
    slow.to_csv(tmp_path / "mine.csv", index=False)
    words = [sys.executable, "-m", "analysis", "predict", str(tmp_path / "points.csv")]
    words += ["--measured", str(tmp_path / "mine.csv"), "--output", str(tmp_path / "out.csv")]
    told = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "median_width_ratio" in told
    answered = pd.read_csv(tmp_path / "out.csv")
    expected = an.predict(points(concurrency=[32]), measured=slow)
    assert answered["tpot_s"][0] == pytest.approx(expected["tpot_s"][0], rel=1e-6)


# A scenario that names a file of measurements.

SCENARIO = "title: Ours\nquestion: What should we do?\nmeasured: runs.csv\n"
RUN = {"accelerator": "b200", "model": "deepseek-r1", "precision": "fp8", "engine": "sglang"}
RUN |= {"chips": 8, "tensor_parallel": 8, "input_tokens": 8192, "output_tokens": 1024}


@pytest.fixture
def scenario(tmp_path):
    def write(rows: pd.DataFrame | str | None, text: str = SCENARIO):
        if isinstance(rows, pd.DataFrame):
            rows.to_csv(tmp_path / "runs.csv", index=False)
        elif rows is not None:
            (tmp_path / "runs.csv").write_text(rows)
        path = tmp_path / "ours.yml"
        path.write_text(text)
        return str(path)

    return write


@pytest.fixture(scope="module")
def runs() -> pd.DataFrame:
    return measured_at(pd.DataFrame({**RUN, "concurrency": [4, 32, 64]}), 0.7, 1.4, 1.3)


def test_a_scenario_s_measurements_flow_into_speeds_dollars_and_the_page(scenario, runs):
    case, reference = an.load(scenario(runs)), an.load("reference")
    draws, before = an.evaluate(case), an.evaluate(reference)
    slower = draws.loc["baseline"].median() / before.loc["baseline"].median()
    assert slower["output_tokens_per_s_per_chip"] < 0.95
    assert slower["request_usd"] > 1.02
    assert an.decide(case) != an.decide(reference)
    found = moved(case)
    assert found is not None
    assert found.rows == 3
    assert found.options["ratio"].iloc[0] < 0.95
    assert (found.options["width_ratio"] < 1.05).all()
    page = efficiency.own_measurements(case)
    assert page is not None
    assert "3 measured rows of runs.csv" in page.markdown
    assert page.markdown.count("|\n") >= len(found.options)


def test_where_a_file_lies_is_no_part_of_a_scenario(scenario, runs, tmp_path):
    """Else a page would show a path, and a copy elsewhere would be another forecast."""
    case = an.load(scenario(runs))
    assert str(tmp_path) not in case.model_dump_json()
    differing = [key for key, _, _ in statements_that_differ(case)]
    assert differing == ["measured"]


def test_a_scenario_without_measurements_shows_nothing_of_them():
    assert efficiency.own_measurements(an.load("reference")) is None


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (None, "No such file"),
        ("a;b\n1;2\n", "no measured column"),
        ("accelerator,concurrency\nb200,8\n", "does not say `input_tokens`"),
        (
            "input_tokens,output_tokens,concurrency,tpot_s_measured\n1024,1k,8,0.02\n",
            "row 2, column output_tokens: '1k'",
        ),
        (
            "accelerator,input_tokens,output_tokens,concurrency,tpot_s_measured\nx9,10,10,1,0.1\n",
            "unknown accelerator 'x9'",
        ),
    ],
)
def test_a_file_that_says_nothing_is_refused_with_file_line_and_key(scenario, rows, told):
    with pytest.raises(ScenarioError) as fault:
        an.load(scenario(rows))
    (said,) = fault.value.faults
    assert "ours.yml:3: measured: " in said
    assert "runs.csv" in said
    assert told in said or "does not say" in said


# What three points of a report are worth, on reports that neither fit nor widths have seen.


def test_three_points_of_any_load_help_where_they_are_of_one_server():
    """Of a report that mixes chips and models, three points at random say nothing of the rate."""
    drawn = held_back_summary().query("way == 'at random'").set_index(["of", "quantity"])
    falls = 1 - drawn["given_error"] / drawn["error"]
    assert (falls.loc["server"] > 0.15).all()
    assert falls.loc["report"][RATE] < 0


def test_three_points_by_load_bring_the_others_nearer_and_the_interval_holds():
    summary = held_back_summary().set_index(["of", "way", "quantity"])
    server = summary.loc["server", "by load"]
    report = summary.loc["report", "by load"]
    assert (report["reports"] >= 8).all()
    assert (server["given_error"] < server["error"] * 2 / 3).all()
    assert (report["given_error"] < report["error"]).all()
    assert (report["given_inside"] >= 0.75).all()
    assert (server["given_inside"] >= 0.75).all()
    assert (summary["given_inside"] >= 0.74).all()
