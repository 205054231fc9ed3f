"""Claims: the ledger's verdicts, what a claim file may not say, and the arithmetic from a headline
to a buyer.
"""

import time
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.laws import claim as law
from analysis.scenario.claims import CLAIMS, claim, claim_about, claims, ledger
from analysis.scenario.errors import ScenarioError
from analysis.scenario.expression import compute, fill

TODAY = date(2026, 11, 22)
SHARE = st.floats(0.01, 0.98)
RATIO = st.floats(1.01, 50)

# The verdicts of a first reading by hand; the run has to find each by its own checks.
MAGNUM = {
    "overhead_cut": "holds",
    "budget": "holds",
    "earnings_day": "fails",
    "three_weeks": "fails",
    "tuesday_post": "fails",
    "morning_papers": "fails",
    "next_generation": "fails",
    "new_fp4": "fails",
    "process": "fails",
    "b100_clusters": "fails",
    "half_energy": "cannot be told",
    "ampere_wall": "fails",
    "release_window": "cannot be told",
    "rack_name": "cannot be told",
    "loop_redesign": "cannot be told",
    "fiscal_quarter": "holds",
    "demand_doubt": "fails",
    "business_models": "fails",
    "two_sources": "cannot be told",
    "cost_bottleneck": "cannot be told",
    "biggest_leap": "fails",
    "declined_comment": "cannot be told",
}


def test_the_article_has_a_verdict_for_each_statement():
    found = ledger(claim("magnum"), TODAY).set_index("id")
    assert found["verdict"].to_dict() == MAGNUM
    assert found["evidence"].str.len().min() > 20
    assert found["publisher"].ne("").all()
    assert found["number"].tolist() == list(range(1, 23))
    assert found.loc["release_window", "due"] == "overdue"
    assert ledger(claim("magnum"), date(2026, 5, 1)).iloc[12]["due"] == "open"


@pytest.mark.parametrize(
    ("name", "cut", "multiplier"),
    [
        ("magnum", 0.72, 1 / 0.28),
        ("rubin", 0.9, 10),
        ("mi355x", 1 - 1 / 1.4, 1.4),
        ("helios", 0.9, 10),
        ("ironwood", 1 - 1 / 1.5, 1.5),
    ],
)
def test_five_announcements_run_through_the_same_code(name, cut, multiplier):
    found = claim(name)
    assert found.cut_share == pytest.approx(cut)
    assert found.headline_ratio == pytest.approx(multiplier)
    assert set(ledger(found, TODAY)["verdict"]) <= {"holds", "fails", "cannot be told"}
    assert name in claims()


def test_what_holds_as_arithmetic_alone_supports_nothing():
    """The sums of the article are right; no measurement, record or model stands behind them."""
    rows = ledger(claim("magnum"), TODAY).set_index("id")
    assert rows.loc["overhead_cut", "standing"] == rows.loc["budget", "standing"]
    assert rows.loc["budget", "standing"] == "holds as arithmetic"
    assert set(rows.loc[rows["verdict"] != "holds", "standing"]) == {"fails", "cannot be told"}
    measured = [
        row.standing
        for name in claims()
        for row in ledger(claim(name), TODAY).itertuples()
        if row.verdict == "holds" and "measurement" in row.kind
    ]
    assert measured
    assert set(measured) == {"is supported"}


def test_half_the_energy_is_answered_by_measurements():
    """0.40 against B200 in FP8, 0.95 in FP4, each at its best at 50 tokens/s: 2.12 and 1.71 kW."""
    rows = ledger(claim("magnum"), TODAY).set_index("id")
    evidence = rows.loc["half_energy", "evidence"]
    for before, share in ((524.896, "0.40"), (1238.31, "0.95")):
        assert f"{2.12 / 1.71 * before / 1617.01:.2f}" == share
        assert f"{share} of the energy" in evidence or f"takes {share}" in evidence
    assert rows.loc["half_energy", "kind"] == "joint, measurement"


def test_a_tenfold_is_measured_in_part():
    """Costs of a million output tokens on GB200 and Vera Rubin as printed: three times at best."""
    printed = {50: (0.333, 0.223), 100: (0.423, 0.266), 150: (0.799, 0.378), 200: (3.016, 0.991)}
    evidence = ledger(claim("rubin"), TODAY).set_index("id").loc["token_cost", "evidence"]
    for before, after in printed.values():
        assert f"{before / after:.1f}" in evidence


def test_the_linked_post_dates_itself():
    """The identifier in the article's link; 20:35:14 UTC on a Thursday."""
    moment = compute("moment(status)", {"status": 2047414012934082751})
    assert f"{moment:%A %Y-%m-%d %H:%M:%S}" == "Thursday 2026-04-23 20:35:14"


def _spoilt(tmp_path, old, new):
    path = tmp_path / "magnum.yml"
    text = (CLAIMS / "magnum.yml").read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return str(path), next(
        i for i, line in enumerate(path.read_text().splitlines(), 1) if new.splitlines()[0] in line
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("headline: overhead_cut", "headline: overhead_cot", "did you mean 'overhead_cut'?"),
        ("sources_count: 2", "sources_cnt: 2", "did you mean 'sources_count'?"),
        ("dependence_share: 0.8", "dependence_share: 1.8", "less than or equal to 1"),
        ("accelerator: a100-sxm", "accelerator: a100-sxn", "did you mean 'a100-sxm'?"),
        ("field: power_w_per_chip", "field: power_w_per_chap", "did you mean 'power_w_per_chip'?"),
        ("{statement: ampere_wall}", "{statement: ampere_wal}", "did you mean 'ampere_wall'?"),
        (
            'expression: "weekday(moment(status))"',
            'expression: "weekdy(moment(status))"',
            "did you mean 'weekday'?",
        ),
        ("expression: 1 / (1 - cut)", "expression: cut.__class__", "is not allowed"),
        ("expression: 1 / (1 - cut)", "expression: 2 ** 9 ** 9", "is not allowed"),
        (
            "source: twitter_snowflake",
            "source: twiter_snowflake",
            "did you mean 'twitter_snowflake'?",
        ),
        ("expression: 1 / (1 - cut)", "expression: 1 / (cut - cut)", "divides by zero"),
        ("expression: 1 / (1 - cut)", "expression: 1 / (1 - cut", "does not parse"),
        ("expression: 1 / (1 - cut)", "expression: cut * 1e50 * 1e50", "larger than 1e+60"),
        ("expression: 1 / (1 - cut)", "expression: cut < 1", "gives True, which is no number"),
        (
            'expression: "weekday(moment(status))"',
            'expression: "weekday(moment(status)) * 999999999"',
            "is no number, so it cannot be calculated with",
        ),
        (
            'expression: "weekday(moment(status))"',
            'expression: "weekday(status)"',
            "cannot be computed",
        ),
        (
            'expression: "weekday(moment(status))"',
            'expression: "moment(status * status)"',
            "cannot be computed",
        ),
        ("unit: W/chip}", "unit: 9**9**9}", "no product of units"),
        ("{found:.3f}", "{found:>999999999}", "takes at most 99 columns"),
        ("sources_count: 2", "sources_count: -2", "greater than or equal to 1"),
        ("tolerance: 0.005", "tolerance: -0.005", "greater than or equal to 0"),
        ("product: Magnum", "product: Magnun", "did you mean 'Magnum'?"),
        ("{found:.3f}", "{cut.real}", "unknown number"),
        ("announced: 2026-04-23", "announced: soon", "valid date"),
        ("- id: budget", "- id: overhead_cut  # again", "stands twice"),
        ("expected: [35, 36]", "expected: [36, 35]", "expected low <= high, found [36.0, 35.0]"),
        ("unit: W/chip}", "unit: degC}", "'degC' has its zero elsewhere"),
        ("unit: W/chip}", "unit: W/degC}", "'degC' has its zero elsewhere"),
        ("value: 0.72", "value: 0", "a cut lies above 0 and below 1, found 0"),
        ("value: 0.72", "value: 1", "a cut lies above 0 and below 1, found 1"),
        ("value: 0.72", "value: 1.2", "a share lies between 0 and 1"),
        ("value: 0.72", "value: -0.72", "greater than or equal to 0"),
        ("value: 0.72", "value: 1e308", "less than or equal to"),
        ("announced: 2026-04-23", "announced: 0001-01-01", "1990-01-01"),
        ("announced: 2026-04-23", "announced: 9999-12-31", "2100-01-01"),
        ("title: ", 'title: "\\ud800"  # ', "half of a pair of surrogates"),
    ],
)
def test_a_malformed_claim_is_refused_with_file_line_and_key(tmp_path, old, new, message):
    path, line = _spoilt(tmp_path, old, new)
    with pytest.raises(ScenarioError) as error:
        claim(path)
    assert message in str(error.value)
    where = [int(fault.split(":")[1]) for fault in error.value.faults]
    assert all(fault.startswith("magnum.yml:") for fault in error.value.faults)
    assert (
        min(abs(line - found) for found in where) <= 2
    )  # a check in braces counts at its first line


def test_a_product_was_announced_and_promised_when_the_claim_was_made(tmp_path):
    """The forecasts of a product begin with what was known of it on that day."""
    path, _ = _spoilt(tmp_path, "announced: 2026-04-23", "announced: 2026-04-22")
    with pytest.raises(ScenarioError) as error:
        claim(path)
    for milestone in ("announced", "promised"):
        fault = f"launches.csv has no row `{milestone}` that was known on 2026-04-22"
        assert f"product: 'Magnum': {fault}" in str(error.value)


def test_an_unknown_claim_names_the_nearest():
    with pytest.raises(ScenarioError, match="magnum"):
        claim("magnun")


def test_changing_a_stated_number_moves_the_verdict(tmp_path):
    path, _ = _spoilt(tmp_path, "value: 0.72", "value: 0.30")
    found = ledger(claim(path), TODAY).set_index("id")["verdict"]
    assert found["overhead_cut"] == found["budget"] == found["half_energy"] == "fails"


def test_evidence_reaches_no_attribute():
    with pytest.raises(ValueError, match="unknown number"):
        fill("{a.__class__}", {"a": 1})


# The worked example: the multiplier of the full model, as printed; then what price (1.36),
# eligibility (80%) and a first year's load (0.85) leave of it.
WORKED = [
    (2.23, 1.64, 1.45, 1.23),
    (1.98, 1.46, 1.34, 1.14),
    (1.31, 0.97, 0.97, 0.83),
    (1.34, 0.99, 0.99, 0.84),
    (2.35, 1.73, 1.51, 1.28),
    (1.64, 1.21, 1.16, 0.98),
    (1.61, 1.18, 1.14, 0.97),
    (1.18, 0.86, 0.89, 0.76),
]


@pytest.mark.parametrize(("full", "price", "eligible", "load"), WORKED)
def test_worked_example_b200_fp8_to_gb300_fp4(full, price, eligible, load):
    """Multipliers are printed to 0.005."""
    steps = [
        law.realised_ratio(1 / full, 2.652 / 1.95, share, u, 1)
        for share, u in ((1, 1), (0.8, 1), (0.8, 0.85))
    ]
    assert steps == pytest.approx([price, eligible, load], abs=0.0101)


def test_worked_example_by_monte_carlo():
    """Triangular inputs of the worked example: P10, P50, P90 = 0.83, 1.06, 1.36; above 1 with 62%,
    3.57 never.
    """
    draw = np.random.default_rng(0).triangular
    products_cut = draw(0.05, 0.45, 0.80, 200_000) * draw(0.40, 0.66, 0.72, 200_000)
    reading_cut = draw(0, 0.06, 0.25, 200_000) * (1 - 4.5 / 8)
    time = 1 - products_cut - reading_cut
    found = law.realised_ratio(
        time,
        draw(1, 1.25, 2, 200_000),
        draw(0.5, 0.85, 1, 200_000),
        draw(0.75, 0.92, 1.05, 200_000),
        draw(1, 1.05, 1.4, 200_000),
    )
    assert np.quantile(found, [0.1, 0.5, 0.9]) == pytest.approx([0.83, 1.06, 1.36], abs=0.006)
    assert (found > 1).mean() == pytest.approx(0.62, abs=0.01)
    assert (found > 2).mean() < 0.003
    assert found.max() < 3.57


@pytest.mark.parametrize(("gain", "kappa"), [(1.10, 0.235), (1.249, 0.549), (1.452, 0.920)])
def test_measured_gain_of_half_again_the_peak(gain, kappa):
    """InferenceX of February 2026 and MLPerf Inference v5.1 server and offline: FP4 peak
    times 1.5.
    """
    assert law.log_pass_ratio(gain, 1.5) == pytest.approx(kappa, abs=0.001)


@pytest.mark.parametrize(("price", "share"), [(1.2, 0.231), (1.36, 0.368), (1.95, 0.677)])
def test_share_that_pays_for_a_dearer_chip(price, share):
    found = law.paying_affected_share(price, 0.72)
    assert found == pytest.approx(share, abs=0.001)
    assert law.realised_ratio(1 - found * 0.72, price, 1, 1, 1) == pytest.approx(1)


@given(RATIO, RATIO, RATIO)
def test_log_pass_through_composes(headline, first, second):
    whole = law.log_pass_ratio(first * second, headline)
    assert whole == pytest.approx(
        law.log_pass_ratio(first, headline) + law.log_pass_ratio(second, headline)
    )
    assert headline**whole == pytest.approx(first * second)


@given(SHARE, SHARE)
def test_the_cut_that_passes_is_the_share_of_time_that_it_touches(touched, cut):
    gain = 1 / (1 - touched * cut)
    assert law.linear_pass_share(gain, cut) == pytest.approx(touched)


@given(SHARE)
def test_a_claim_of_nothing_changes_nothing(eligible):
    assert law.headline_ratio(0) == 1
    assert law.realised_ratio(1, 1, eligible, 1, 1) == pytest.approx(1)


@pytest.mark.parametrize(
    "expression",
    [
        "9**9**9",
        "'a' * 999999999",
        "day * 3",
        "day - moment(5)",
        "days(day, 5)",
        "days(day, moment(5))",
        "day < moment(5)",
        "day == moment(5)",
        "day == 5",
        "weekday(day) == 5",
        "moment(1e9)",
        "moment(9 * big)",
        "fiscal_quarter(5, day)",
        "max(5)",
        "-day",
        "(" * 190 + "1" + ")" * 190,
        "-" * 390 + "1",
        "big * big * big * big",
        "1 / 0",
        "1 if 1 else 2",
        "day.year",
        "1; 2",
        "",
    ],
)
def test_no_expression_of_a_file_runs_code_hangs_or_fills_memory(expression):
    numbers = {"day": date(2026, 4, 23), "big": 10**59}
    started = time.perf_counter()
    try:
        value = compute(expression, numbers)
    except ValueError:
        value = None
    assert value in (None, 1, -1)
    assert time.perf_counter() - started < 1


def test_two_kinds_of_days_do_not_compare():
    """Equal on paper, and never equal to Python: the answer would be a silent no."""
    with pytest.raises(ValueError, match="do not compare: date and datetime"):
        compute("day == moment(5)", {"day": date(2026, 4, 23)})


def test_a_sentence_is_no_larger_than_its_numbers_are_wide():
    with pytest.raises(ValueError, match="at most 99 columns"):
        fill("{a:>1000000000}", {"a": 1})
    with pytest.raises(ValueError, match="at most 99 columns"):
        fill("{a:{b}}", {"a": 1, "b": 10**9})


def test_a_product_has_the_claim_that_announces_it():
    assert claim_about("VR200 NVL72") == "rubin"
    assert claim_about("Magnum") == "magnum"
    assert claim_about("GB300 NVL72") is None
