"""The validation page's best deployments: gains, frontiers, levels, peers and VR200's forecast."""

import numpy as np
import pytest

from analysis.calibration import best_of_each, frontiers, gains, validation
from analysis.facts import table
from analysis.model.dimensions import same_dimensions
from analysis.model.manner import KINDS
from analysis.model.measured import serving_points
from analysis.model.search import RATE
from analysis.pages import validation as page


def test_a_gain_of_drafts_is_that_of_two_points_at_one_layout_and_load():
    """By hand: one pool of eight MI355X with SGLang, DeepSeek-R1 in FP8, some load."""
    pairs = gains.draft_pairs()
    one = pairs.query("accelerator == 'mi355x' and disaggregated == 'no' and precision == 'fp8'")
    assert len(one) >= 10
    points = serving_points()
    points = points.assign(model=points["model"].map(same_dimensions))
    for row in one.head(5).to_dict("records"):
        same = points["draft_tokens"].notna() & points["tpot_s"].notna()
        for name in set(gains.SETTING) - {"draft_tokens"}:
            same &= points[name].fillna(0) == row[name]
        own = points[same & (points["apart"].isna())]
        rate = validation.measured_rate(own)
        with_drafts = rate[own["draft_tokens"] == row["draft_tokens"]].median()
        without = rate[own["draft_tokens"] == 0].median()
        assert row["measured"] == pytest.approx(with_drafts / without, rel=0.02)


def test_predicted_gains_follow_the_measured_ones():
    rows = gains.summary().set_index(["matching", "before", "after"])
    matched = rows.loc[gains.MATCHED]
    assert {("fp8", "fp4"), ("gb200", "gb300"), ("no drafts", "drafts")} <= set(matched.index)
    assert (matched["error"] <= 0.15).all()
    best = rows.loc[gains.BEST]
    assert ("b200", "gb200") in best.index
    assert (
        "one pool, no drafts",
        "pools and drafts",
    ) in best.index
    fp4 = ("fp8", "fp4")
    assert best.loc[fp4, "measured"] > matched.loc[fp4, "measured"]
    assert best.loc[fp4, "predicted"] > matched.loc[fp4, "predicted"]


def test_frontiers_fall_and_their_points_are_those_that_were_measured():
    lines, points = frontiers.lines(), frontiers.measured()
    for name, line in lines.groupby("accelerator"):
        by_speed = line.sort_values("tokens_per_s_per_user")
        assert (by_speed["mid"].diff().dropna() < 1e-6 * by_speed["mid"].max()).all()
        assert (line["low"] < line["mid"]).all()
        assert (line["mid"] < line["high"]).all()
        best = table("best_of_each").query(
            "accelerator == @name and model == 'deepseek-v3' and precision == 'fp4' "
            "and input_tokens == 8192"
        )
        own = points[points["accelerator"] == name]
        for row in best.to_dict("records"):
            kept = own[own["tokens_per_s_per_user"] >= row["promise"]]
            assert kept[RATE].max() == pytest.approx(row["best_measured"], rel=1e-3)
            drawn = line[line["tokens_per_s_per_user"] >= row["promise"]]["mid"].max()
            assert 0.9 * row["predicted"] <= drawn <= 1.001 * row["predicted"]  # one in each step
    assert set(points["kind"]) <= set(KINDS[:4])
    assert list(lines["accelerator"].unique()) == list(frontiers.CHIPS)


def test_published_points_of_vr200_are_those_of_the_table_and_in_no_fit():
    rows = frontiers.published().set_index("promise")
    stated = table("ratios").query(
        "candidate == 'vr200 fp4' and source == 'semianalysis_rubin_july' and per == 'chip'"
    )
    assert rows["published"].to_dict() == dict(
        zip(stated["user_tokens_per_s"], stated["after_tokens_per_s_per_chip"], strict=True)
    )
    assert not (serving_points()["accelerator"] == "vr200").any()
    assert (rows["low"] < rows["mid"]).all()
    assert (rows["mid"] < rows["high"]).all()
    assert rows["mid"].is_monotonic_decreasing


def test_generations_left_out_whole_stand_beside_the_forecast():
    """By hand from the stored errors: log of predicted over measured, all kinds but reports."""
    errors = table("validation").set_index("point")
    error = errors[f"generation_left_out_{RATE}_error"].dropna()
    names = serving_points()["accelerator"].loc[error.index]
    reports = errors["report_left_out_tpot_s_error"].notna().loc[error.index]
    own = error[(names == "mi355x") & ~reports]
    rows = validation.generations_left_out().set_index("generation")
    assert rows.loc["cdna4", "points"] == len(own)
    assert rows.loc["cdna4", "ratio"] == pytest.approx(float(np.exp(-own.median())))
    assert "rubin" not in rows.index
    assert "CDNA4" in page.generations_left_out().plain


def test_what_people_run_has_a_level_of_its_own():
    rows = validation.engine_levels().set_index("servers")
    own, as_tuned = rows.loc["as run"], rows.loc["as run, predicted as if tuned"]
    assert abs(np.log(own["ratio"])) < abs(np.log(as_tuned["ratio"]))
    assert own[RATE] <= 0.18
    assert own["inside"] >= 0.75
    assert as_tuned[RATE] > own[RATE]
    assert as_tuned["inside"] < own["inside"]


def test_peers_stand_beside_errors_of_the_same_kind():
    rows = validation.beside_peers().set_index(["kind", "tool"])
    for kind in ("one pool", "pools"):
        ours = rows.loc[kind, "unseen configurations"]
        peer = rows.loc[kind, "aiconfigurator 0.12.0"]
        assert ours[RATE] < peer[RATE]
        assert ours["tpot_s"] < peer["tpot_s"]
    curated = validation.points()["source"].str.startswith("aiconfigurator").sum()
    assert rows.loc[("one pool", "unseen configurations"), "answered"] == f"{curated:,}"


def test_errors_of_the_best_count_what_is_not_found_as_nothing():
    rows = table("best_of_each").query(
        "model == 'deepseek-v3' and accelerator == 'h100-sxm' and input_tokens == 8192"
    )
    errors = best_of_each.errors(rows).set_index(["found", "promise"])
    ratio = (rows["predicted"] / rows["best_measured"])[rows["promise"] == 100]
    assert ratio.isna().all()  # measured, and not found
    assert errors.loc[("predicted", 100.0), "ratio"] == 0
    assert errors.loc[("predicted", 100.0), "error"] == 1


def test_tables_of_the_page_print_seen_beside_unseen():
    text = page.best_unseen().plain
    for words in ("racks", "1,024 out", "nothing unseen", "chip unseen", "model unseen"):
        assert words in text
    overall = best_of_each.errors(table("best_of_each"))
    overall = overall[overall["promise"].isna()].set_index("found")["error"]
    for found in ("predicted", "accelerator_unseen_in_all", "model_unseen_in_all"):
        assert f"{overall[found]:.0%}" in page.best_error().markdown
