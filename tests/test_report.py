"""The report factory: the same bytes, only what changed, offline pages, safe pages, a site around
them.
"""

import base64
import csv
import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_notebooks import (
    CHART,
    PARAMETERS,
    PRINTED,
    SETUP,
    STYLED,
    answered,
    build,
    notebook,
)

from analysis.__main__ import DOMAIN
from analysis.press import (
    altair_speedup,
    html,
    jobs,
    markup,
    mime,
    renderer_process,
    site,
    storage,
    svg,
)
from analysis.press.build import start_pool
from analysis.press.domain import load_domain
from analysis.press.inputs import InputReader, common_digest, inputs_of
from analysis.press.jobs import BuildOptions, Cell, Job, declared_parameters
from analysis.press.normalise import normalise
from analysis.press.pool import WorkerPool
from analysis.press.records import Answer, Input, Page, ReportError, ReportRecord
from analysis.questions import forecast_scores, forecasts

ROOT = Path(__file__).parents[1]
SCENARIOS = ["article", "hopper"]
OPTIONS = BuildOptions(DOMAIN, "", "fork", None, "", (), watching=False)
COMMON = "all files are as they were"


def planned(scenarios: list[str], notebooks: list[str], **changes) -> list[Job]:
    return jobs.plan(scenarios, notebooks, replace(OPTIONS, **changes), COMMON)


def keys(scenarios: list[str], notebooks: list[str], **changes) -> dict[str, str]:
    return {job.name: job.key for job in planned(scenarios, notebooks, **changes)}


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def times(folder: Path) -> dict[str, int]:
    return {
        path.relative_to(folder).as_posix(): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory) -> list[str]:
    folder = tmp_path_factory.mktemp("notebooks")
    return [
        notebook(folder / "small.ipynb", PARAMETERS, SETUP, answered(), CHART, STYLED, PRINTED),
        notebook(
            folder / "other.ipynb",
            PARAMETERS,
            SETUP,
            answered("Another answer.", 2.0, "fails"),
            CHART,
        ),
        notebook(folder / "whole.ipynb", ("results = ''", "parameters"), ("1 + 1",)),
    ]


@pytest.fixture(scope="module")
def built(tmp_path_factory, notebooks) -> Path:
    folder = tmp_path_factory.mktemp("site")
    made = build(SCENARIOS, notebooks, str(folder), jobs=2, progress="none")
    assert {record.name: record.status for record in made} == dict.fromkeys(
        ["article/small", "article/other", "hopper/small", "hopper/other", "whole"], "ok"
    )
    return folder


def test_a_second_build_touches_nothing(built, notebooks):
    before = times(built)
    assert build(SCENARIOS, notebooks, str(built), progress="none") == []
    assert {name for name, at in times(built).items() if before.get(name) != at} <= {".lock"}


def test_in_a_watch_prose_is_shown_anew_and_its_code_does_not_run_again(notebooks, tmp_path):
    ran, path = tmp_path / "ran", tmp_path / "counted.ipynb"
    cells = [
        PARAMETERS,
        SETUP,
        answered(),
        CHART,
        PRINTED,
        (f"open({str(ran)!r}, 'a').write('x')",),
    ]
    notebook(path, *cells)
    site_folder = str(tmp_path / "site")
    with start_pool(DOMAIN, site_folder, 1, {}) as pool:
        for prose in ("# One\n\nA word.", "# Two\n\nAnother word."):
            notebook(path, *cells, prose=prose)
            build(["article"], [str(path)], site_folder, pool=pool, progress="none")
        assert ran.read_text() == "x"
        build(["article"], [str(path)], str(tmp_path / "fresh"), progress="none")
        assert (tmp_path / "site/article/counted.html").read_bytes() == (
            tmp_path / "fresh/article/counted.html"
        ).read_bytes()
        notebook(path, *cells[:-1], (f"open({str(ran)!r}, 'a').write('yz')",))
        build(["article"], [str(path)], site_folder, pool=pool, progress="none")
    assert ran.read_text() == "xxyz"


def test_another_process_order_and_hash_seed_give_the_same_bytes(built, notebooks, tmp_path):
    call = (
        f"build({DOMAIN!r}, {SCENARIOS}, {notebooks}, {str(tmp_path)!r}, jobs=1, progress='none')"
    )
    environment = os.environ | {
        "PYTHONHASHSEED": "12345",
        "TZ": "Asia/Tokyo",
        "LC_ALL": "C",
        "OMP_NUM_THREADS": "2",
    }
    subprocess.run(
        [sys.executable, "-c", f"from analysis.press.build import build; {call}"],
        check=True,
        env=environment,
        cwd=ROOT,
    )
    assert files(tmp_path) == files(built)


def test_stock_kernels_give_the_same_pages(built, notebooks, tmp_path):
    build(["article"], notebooks, str(tmp_path), engine="kernel", progress="none")
    ours, theirs = files(built), files(tmp_path)
    names = [name for name in theirs if name.startswith("article/")]
    assert {"article/small.html", "article/other.html", "article/numbers.csv"} <= set(names)
    assert {name for name in names if ours[name] != theirs[name]} == set()


def test_only_what_changed_is_made_again(built, notebooks, tmp_path):
    copies = [str(Path(tmp_path, "notebooks", Path(name).name)) for name in notebooks]
    for old, new in zip(notebooks, copies, strict=True):
        Path(new).parent.mkdir(exist_ok=True)
        Path(new).write_bytes(Path(old).read_bytes())
    before = keys(SCENARIOS, copies)
    assert before == keys(SCENARIOS, notebooks)
    notebook(Path(copies[0]), PARAMETERS, SETUP, CHART)
    after = keys(SCENARIOS, copies)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"article/small", "hopper/small"}
    outputs = json.loads(Path(copies[1]).read_text())
    outputs["cells"][1]["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": "run by hand"}
    ]
    Path(copies[1]).write_text(json.dumps(outputs))
    assert keys(SCENARIOS, copies) == after
    drawn = keys(SCENARIOS, copies, environment=(("PASSTHROUGH_DRAWS", "64"),))
    assert set(drawn.values()).isdisjoint(after.values())


STATED = "title: Ours\nworkload:\n  input_tokens: 1000\n\n  output_tokens: 500\nbelieve: {}\n"


@pytest.mark.parametrize(
    ("old", "new", "is_read"),
    [
        ("title: Ours", "title: Other words", True),
        ("  output_tokens: 500", "  output_tokens: 600", True),
        ("\n\n", "\n  # a comment between\n", False),
        ("believe: {}", "believe: {load_factor: 1}", False),
        ("believe: {}", "believe: {", True),
    ],
)
def test_an_edit_counts_where_it_touches_what_was_read(old, new, is_read, tmp_path):
    path = tmp_path / "params/ours.yml"
    path.parent.mkdir()
    path.write_text(STATED)
    before = InputReader(tmp_path).input("params/ours.yml", ("workload", "title"))
    whole = InputReader(tmp_path).input("params/ours.yml")
    names = InputReader(tmp_path).input("params/*.yml")
    path.write_text(STATED.replace(old, new))
    assert path.read_text() != STATED
    after = InputReader(tmp_path)
    assert (after.renewed(before) is None) == is_read
    assert after.renewed(whole) is None
    assert after.renewed(names) == names
    (tmp_path / "params/theirs.yml").write_text("title: Theirs")
    assert InputReader(tmp_path).renewed(names) is None


def test_a_file_that_changes_while_a_report_reads_it_is_read_again(tmp_path):
    path = tmp_path / "params/ours.yml"
    path.parent.mkdir()
    path.write_text(STATED)
    payload = {"inputs": [{"path": "params/ours.yml"}]}
    for since, is_trusted in ((time.time() + 10, True), (time.time() - 10, False)):
        (found,) = inputs_of([payload], InputReader(tmp_path), since)
        assert (InputReader(tmp_path).renewed(found) == found) == is_trusted


def test_reports_of_a_claim_rest_on_what_the_page_shows_of_other_scenarios(tmp_path):
    """The page about a claim shows every reading at the workload of every scenario; no other
    scenario is read whole.
    """
    shown = ("from analysis.pages import efficiency_claim\nimport analysis as an",)
    run = ("efficiency_claim.workloads(an.load(scenario, overrides))",)
    path = notebook(tmp_path / "claim.ipynb", PARAMETERS, shown, run)
    (record,) = build(["article"], [path], str(tmp_path / "site"), progress="none")
    read = {each.path: each.keys for each in record.page.inputs}
    assert read["params/hopper.yml"] == ("title", "workload")
    assert read["params/*.yml"] == ()
    (job,) = planned(["article"], [path], output=str(tmp_path / "site"))
    job = replace(job, key=record.page.key)
    assert job.is_fresh(InputReader(ROOT))


class EditedReader(InputReader):
    """Finds scenarios edited: in what reports read of them, or elsewhere."""

    def __init__(self, in_what_is_read: bool):
        super().__init__(ROOT)
        self.in_what_is_read = in_what_is_read

    def renewed(self, recorded: Input) -> Input | None:
        return None if self.in_what_is_read else replace(recorded, file_digest="edited")


def test_a_record_is_renewed_where_an_edit_touched_nothing_that_was_read(tmp_path):
    read = Input("params/hopper.yml", ("title",), "of the title", "of the file")
    (job,) = [job for job in planned(["article"], []) if job.notebook == "cost"]
    job = replace(job, options=replace(OPTIONS, output=str(tmp_path)))
    page = Page(job.key, 1, "", "", "", None, None, (), (), (), (read,))
    job.store_record(ReportRecord("article", "cost", page, None))
    storage.put(str(tmp_path), job.page_name(), "x")
    assert not job.is_fresh(EditedReader(in_what_is_read=True))
    assert job.record().page.inputs == (read,)
    assert job.is_fresh(EditedReader(in_what_is_read=False))
    assert job.record().page.inputs[0].file_digest == "edited"


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"null", b"{}", b'{"page": 1}', b'"x"', b"\xff", None],
    ids=["empty", "cut", "list", "null", "bare", "number", "text", "binary", "none"],
)
def test_a_record_that_cannot_be_read_is_none(text):
    assert ReportRecord.from_json(text) is None


def test_a_record_comes_back_as_it_was_stored():
    answer = Answer("A sentence.", 1.5, 1.0, 2.0, "usd", "holds", "$1.50", "$1 to $2")
    read = Input("params/a.yml", ("title",), "d", "f")
    page = Page(
        "k",
        7,
        "T",
        "Q?",
        "2026-11-22",
        answer,
        None,
        (),
        ({"x": 1},),
        ({"name": "a.json", "content": {}},),
        (read,),
    )
    error = ReportError("cell-1", "ValueError", "no")
    record = ReportRecord("a", "cost", page, error, is_guest=True)
    text = record.to_json()
    assert ReportRecord.from_json(text) == record
    for cut in range(len(text)):
        assert ReportRecord.from_json(text[:cut]) is None


def test_a_broken_record_is_made_again(built, notebooks, tmp_path):
    output = str(tmp_path / "site")
    build(["article"], notebooks[:1], output, progress="none")
    before = files(tmp_path)
    for text in ("", "null", before["site/.records/article/small.json"][:100].decode()):
        storage.put(output, ".records/article/small.json", text)
        (record,) = build(["article"], notebooks[:1], output, progress="none")
        assert record.status == "ok"
        assert files(tmp_path) == before


@pytest.mark.parametrize("spoil", [lambda t: t.replace("m", "n", 1), lambda t: "", lambda t: "x"])
@pytest.mark.parametrize("name", ["article/small.html", "index.html", "feed.xml"])
def test_a_page_that_is_not_as_it_was_written_is_made_again(name, spoil, notebooks, tmp_path):
    """Whether a page is fresh is asked of its content: its length says little."""
    output = str(tmp_path)
    build(["article"], notebooks[:1], output, progress="none")
    before = files(tmp_path)
    (tmp_path / name).write_text(spoil(before[name].decode()))
    build(["article"], notebooks[:1], output, progress="none")
    assert files(tmp_path) == before


def test_records_that_no_build_wrote_are_made_again(notebooks, tmp_path):
    output = str(tmp_path)
    build(["article"], notebooks[:1], output, progress="none")
    before = files(tmp_path)
    path = tmp_path / ".records/article/small.json"
    record = json.loads(before[".records/article/small.json"])
    broken = [
        "[" * 100_000,
        json.dumps(record | {"page": record["page"] | {"files": [{}]}}),
        json.dumps(record | {"page": record["page"] | {"bytes": float("inf")}}),
        json.dumps(record | {"page": record["page"] | {"numbers": [1]}}),
    ]
    for text in broken:
        path.write_text(text)
        (made,) = build(["article"], notebooks[:1], output, progress="none")
        assert made.status == "ok"
        assert files(tmp_path) == before


def test_a_lock_that_is_a_link_empties_no_file(notebooks, tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "precious").write_text("kept")
    (tmp_path / "site/.lock").symlink_to(tmp_path / "precious")
    said: list[str] = []
    with storage.lock(str(tmp_path / "site"), said.append):
        assert not (tmp_path / "site/.lock").is_symlink()
    assert (tmp_path / "precious").read_text() == "kept"
    assert len(said) == 1


@pytest.mark.parametrize("changed", ["code or facts", "a variable"])
def test_a_build_makes_again_what_other_code_facts_or_variables_made(
    changed, notebooks, tmp_path, monkeypatch
):
    """The key that a build asks for holds what every report depends on, not a test's own."""
    paths, output = notebooks[2:], str(tmp_path)
    build(["article"], paths, output, progress="none")
    assert build(["article"], paths, output, progress="none") == []
    if changed == "a variable":
        monkeypatch.setenv("PASSTHROUGH_DRAWS", "64")
    else:
        monkeypatch.setattr("analysis.press.build.common_digest", lambda _: "a fact was edited")
    assert [each.name for each in build(["article"], paths, output, progress="none")] == ["whole"]
    monkeypatch.undo()
    assert [each.name for each in build(["article"], paths, output, progress="none")] == ["whole"]


def test_a_variable_of_a_machine_reaches_no_report_but_with_its_job(monkeypatch):
    monkeypatch.setenv("PASSTHROUGH_DRAWS", "64")
    assert "PASSTHROUGH_DRAWS" not in WorkerPool(1, DOMAIN, {})._environment
    stated = WorkerPool(1, DOMAIN, {"PASSTHROUGH_DRAWS": "32"})._environment
    assert stated["PASSTHROUGH_DRAWS"] == "32"


@pytest.mark.parametrize(
    "where",
    ["analysis/facts/prices.csv", "analysis/laws/cost.py", "analysis/press/assets/page.css"],
)
def test_every_report_depends_on_facts_laws_and_templates(where, monkeypatch):
    domain = load_domain(DOMAIN)
    before = common_digest(domain)
    read = Path.read_bytes

    def edited(path: Path) -> bytes:
        return read(path) + (b" " if path == ROOT / where else b"")

    monkeypatch.setattr(Path, "read_bytes", edited)
    assert common_digest(domain) != before


def test_the_key_of_a_report_holds_what_every_report_depends_on(notebooks):
    before = keys(SCENARIOS, notebooks)
    edited = jobs.plan(SCENARIOS, notebooks, OPTIONS, "a law was edited")
    assert {job.key for job in edited}.isdisjoint(before.values())


def test_pages_need_no_network_and_allow_only_what_is_in_them(built):
    for name, content in files(built).items():
        if not name.endswith(".html"):
            continue
        text = content.decode()
        assert (
            re.findall(
                r"""<(?:script|link|img|iframe)[^>]+(?:src|href)=["']?(?:https?:)?//""", text
            )
            == []
        ), name
        policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1].replace(
            "&#39;", "'"
        )
        assert "default-src 'none'" in policy
        assert "unsafe-eval" not in policy
        for script in re.findall(r"<script>(.*?)</script>", text, re.S):
            assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() in policy, (
                name
            )


def test_pages_are_small(built, notebooks, tmp_path):
    build(["article"], notebooks[:1], str(tmp_path), assets="shared", progress="none")
    alone, among = files(built)["article/small.html"], files(tmp_path)
    assert len(alone) < 700_000
    assert len(among["article/small.html"]) < 250_000
    library = next(name for name in among if name.startswith("assets/"))
    assert among[library] == gzip.decompress(html.library())
    assert f'src="../{library}"'.encode() in among["article/small.html"]


def test_tables_hold_every_answer(built):
    rows = list(csv.DictReader((built / "results.csv").read_text().splitlines()))
    assert [(row["scenario"], row["notebook"], row["value"], row["verdict"]) for row in rows] == [
        (scenario, name, *said)
        for scenario in SCENARIOS
        for name, *said in (("other", "2", "fails"), ("small", "3.57", "holds"))
    ]
    assert (
        pyarrow.parquet.read_table(built / "results.parquet").column("value").to_pylist()
        == [2.0, 3.57] * 2
    )
    taken = list(csv.DictReader((built / "article/numbers.csv").read_text().splitlines()))
    assert taken[1] == {
        "notebook": "small",
        "quantity": "output_usd_per_token",
        "option": "baseline",
        "unit": "usd/Mtok",
        "low": "1.2",
        "mid": "3.57",
        "high": "8.1",
    }


def test_registered_forecasts_are_collected_and_can_be_scored(built):
    assert [
        told["as_of"] for told in forecasts.read_registers([built / "article/forecasts.json"])
    ] == ["2026-04-23"] * 2
    assert not (built / "forecasts.json").exists()
    tables, told = forecast_scores.score_registers([built / "article/forecasts.json"])
    assert tables == []
    assert "No forecast is resolved yet" in told


def test_the_index_leads_to_every_page(built):
    for name in ("index.html", "sources/index.html", "article/small.html"):
        for link in re.findall(r'<a [^>]*href="([^"#:]+)"', (built / name).read_text()):
            assert (built / name).parent.joinpath(link).is_file(), (name, link)


def test_the_feed_shows_what_changed():
    domain = load_domain(DOMAIN)
    before = Answer("Was 1.", 1.0, 1.0, 1.0, "", "", "", "")
    feeds = []
    for value in (2.0, 2.5):
        answer = Answer("Now 2.", value, 1.0, 3.0, "", "", "", "")
        page = Page("", 1, "A & <B>\x07", "", "2026-11-22", answer, before, (), (), (), ())
        feeds.append(site.feed(domain, [ReportRecord("a", "b", page, None)]))
    first, second = (ElementTree.fromstring(text) for text in feeds)
    atom = "{http://www.w3.org/2005/Atom}"
    assert [first.find(f"{atom}entry/{atom}{name}").text for name in ("title", "summary")] == [
        "A & <B>: b",
        "Now 2. It was: Was 1.",
    ]
    assert first.find(f"{atom}entry/{atom}id").text != second.find(f"{atom}entry/{atom}id").text


def test_the_feed_is_dated_by_its_scenarios():
    """A page of the whole site states no day: it is as new as the newest scenario."""
    answer = Answer("Now 2.", 2.0, 1.0, 3.0, "", "", "", "")
    days = {"a": "2026-06-30", "b": "2026-11-22", "": ""}
    records = []
    for scenario, day in days.items():
        page = Page("", 1, scenario, "", day, answer, None, (), (), (), ())
        records.append(ReportRecord(scenario, "cost", page, None))
    text = site.feed(load_domain(DOMAIN), records)
    atom = "{http://www.w3.org/2005/Atom}"
    dates = [each.text[:10] for each in ElementTree.fromstring(text).iter(f"{atom}updated")]
    assert sorted(dates) == ["2026-06-30", "2026-11-22", "2026-11-22", "2026-11-22"]
    assert "1970" not in site.feed(load_domain(DOMAIN), records[2:])
    assert "1970" not in site.feed(load_domain(DOMAIN), [])


def test_a_scenario_from_outside_params_stays_until_its_page_is_removed(tmp_path):
    output = str(tmp_path / "site")
    page = Page("", 1, "", "", "", None, None, (), (), (), ())
    for scenario, is_guest in (("mine", True), ("gone", False)):
        record = ReportRecord(scenario, "cost", page, None, is_guest)
        storage.put(output, f".records/{scenario}/cost.json", record.to_json())
        storage.put(output, f"{scenario}/cost.html", "x")
    site.remove_unplanned(output, [])
    assert [record.scenario for record in site.read_records(output)] == ["mine"]
    assert storage.get(output, "mine/cost.html") == b"x"
    storage.drop(output, "mine/cost.html")
    site.remove_unplanned(output, [])
    assert site.read_records(output) == []


def test_a_scenario_named_by_a_path_is_a_guest(tmp_path):
    path = tmp_path / "mine.yml"
    path.write_text("title: Mine\n")
    guests = {job.scenario: job.is_guest for job in planned(["article", str(path)], [])}
    assert guests == {"article": False, "mine": True, "": False}


def test_a_thousand_scenarios_make_an_index_that_loads(tmp_path):
    answer = Answer("A dollar buys 1.11 times the tokens.", 1.11, 0.9, 1.4, "", "", "1.11", "")
    page = Page("", 1, "A scenario", "What then?", "2026-11-22", answer, None, (), (), (), ())
    records = [
        ReportRecord(f"s{number:04}", name, page, None) for number in range(1000) for name in "abc"
    ]
    assert len(site.index(load_domain(DOMAIN), records)) < 2_000_000


@pytest.mark.parametrize(
    ("text", "shown", "hidden"),
    [
        ("costs $3.57 ($1.20 to $8.10)", "$3.57 ($1.20 to $8.10)", "<math"),
        ("of $x^2$ and", "<msup>", "$"),
        ("$$\\frac{a}{b}$$", "<mfrac>", "$$"),
        ("a <script>alert(1)</script> b", "&lt;script&gt;", "<script"),
        ("<img src=x onerror=alert(1)>", "&lt;img", "<img"),
        ("[x](javascript:alert(1))", "x", "javascript:"),
        ("&#36;10 &lt;b&gt;", "&lt;b&gt;", "&amp;"),
    ],
)
def test_markdown_of_an_output(text, shown, hidden):
    made = markup.markdown(text)
    assert shown in made.replace("&#36;", "$")
    assert hidden not in made


FRAMES = [
    "<script>{}</script>",
    "<img src=x onerror='{}'>",
    "<a href='javascript:{}'>x</a>",
    "<svg onload={}>",
    "<style>{}</style>",
    "<iframe srcdoc='{}'></iframe>",
    "</table></div></main>{}",
    "<base href='//x'>{}",
]


def test_cells_tagged_detail_stand_under_folds_that_a_heading_begins():
    def prose(source, *tags):
        return {"cell_type": "markdown", "metadata": {"tags": list(tags)}, "source": source}

    code = {"cell_type": "code", "metadata": {"tags": ["detail"]}, "source": "1", "outputs": []}
    cells = [
        prose("# One\n\nShown."),
        prose("## Sources\n\nWhere from.", "detail"),
        code,
        code,
        prose("### Method\n\nHow.", "detail"),
        prose("Last."),
        code,
    ]
    about = html.PageFrame("a", "a", "", "", "", "a", (), "")
    page = html.render(normalise({"metadata": {}, "cells": cells}), about)
    main = page[page.index("<main") : page.index("</main>")]
    folds = re.findall(r'<details class="detail"><summary>(.*?)</summary>', main)
    assert folds == ['<h2 id="sources">Sources</h2>', '<h3 id="method">Method</h3>', "Detail"]
    assert main.count("<details") == main.count("</details>") == 5
    assert main.index("</details>", main.index("How.")) < main.index("Last.")
    assert main.count('<pre class="source">') == 3
    assert '<a href="#sources">Sources</a>' in page


@given(st.text(), st.sampled_from(FRAMES))
def test_html_of_an_output_cannot_act(text, frame):
    made = markup.clean(frame.replace("{}", text))
    assert not re.search(
        r"<(script|iframe|base|svg|object|embed|form|/main|/div>\s*</main)", made, re.I
    )
    assert (
        not re.search(
            r"<[^>]+\son\w+\s*=|javascript:",
            re.sub(r"<style>.*?</style>", "", made, flags=re.S),
            re.I,
        )
        or text in made
    )


def test_what_a_run_leaves_to_chance_is_taken_out():
    styled = '<style>#T_ab12f_row0 {color: red}</style><table id="T_ab12f"></table>'
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": "a"},
        {
            "output_type": "stream",
            "name": "stderr",
            "text": "/tmp/ipykernel_77/123.py:1: UserWarning",
        },
        {"output_type": "stream", "name": "stdout", "text": "b"},
        {
            "output_type": "display_data",
            "metadata": {},
            "data": {"text/html": styled, "text/plain": "<Styler at 0x7f00aa11bb>"},
        },
    ]
    cell = {
        "cell_type": "code",
        "metadata": {"papermill": {}, "tags": []},
        "source": "",
        "outputs": outputs,
    }
    cleaned = normalise({"metadata": {"papermill": {}}, "cells": [cell]})["cells"][0]
    assert [output.get("text") for output in cleaned["outputs"]] == [
        "ab",
        "<cell>:1: UserWarning",
        None,
    ]
    assert cleaned["outputs"][2]["data"] == {
        "text/html": styled.replace("ab12f", "00000"),
        "text/plain": "<Styler at 0x0>",
    }
    assert cleaned["metadata"] == {"tags": []}


def test_a_long_word_takes_no_time_to_clean():
    output = {"output_type": "display_data", "metadata": {}, "data": {"text/html": "x" * 1_000_000}}
    cell = {"cell_type": "code", "metadata": {}, "source": "", "outputs": [output]}
    began = time.process_time()
    normalise({"metadata": {}, "cells": [cell]})
    assert time.process_time() - began < 5  # a search that begins anew at each letter takes minutes


def test_tables_are_told_as_altair_tells_them():
    import altair as alt
    import numpy as np
    import pandas as pd

    table = pd.DataFrame(
        {
            "x": [1.5, np.nan, np.inf],
            "n": [1, 2, 3],
            "b": [True, False, True],
            "w": ["a", None, "ü"],
            "t": pd.to_datetime(["2026-01-02T00:00", None, "2026-01-03T04:05"]),
            "o": [[1], None, "z"],
        }
    )
    assert altair_speedup.table_rows(table[list("xnbwt")]) == alt.to_values(table[list("xnbwt")])
    assert altair_speedup.table_rows(table) == alt.to_values(table)
    with pytest.raises(alt.MaxRowsError):
        altair_speedup.table_rows(pd.concat([table] * 2000))


DRAWN = """import altair as alt, json, pandas as pd
table = pd.DataFrame({'n': [1, 2], 'x': [1.5, None], 'w': ['a', 'b']})
tips = ['w', alt.Tooltip('x', format='.1f')]
told = alt.Chart(table).mark_line().encode(x='n:Q', y=alt.Y('x:Q', title=None), tooltip=tips)
picked = alt.selection_point(fields=['w'])
grey = alt.value('grey')
point = told.mark_point().encode(color=alt.when(picked).then('w:N').otherwise(grey))
point = point.add_params(picked)
facets = alt.layer(told, told.mark_text()).facet('w:N')
chart = alt.vconcat(alt.layer(told, point, told.copy()), facets).properties(title='A')
print(json.dumps({key: value for key, value in chart.to_dict().items() if key != 'config'}))"""


SPED_UP = "from analysis.press import altair_speedup\naltair_speedup.switch_on()\n"


def test_charts_are_what_altair_alone_writes():
    alone, ours = (
        subprocess.check_output([sys.executable, "-c", way + DRAWN], cwd=ROOT, text=True)
        for way in ("", SPED_UP)
    )
    assert json.loads(ours) == json.loads(alone)


def test_a_notebook_of_a_user_meets_altair_as_it_is():
    """Neither the display of charts nor their look touches how Altair makes them."""
    code = (
        "import altair as alt\n"
        "from altair.utils import schemapi\n"
        "parts = lambda: (schemapi._todict, schemapi._deep_copy, schemapi._FromDict,\n"
        "    schemapi.SchemaBase.validate, alt.data_transformers.get())\n"
        "before = parts()\n"
        "from analysis.pages.charts import theme\n"
        "theme.use()\n"
        "print(parts() == before, alt.renderers.active)"
    )
    done = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True)
    assert done == "True passthrough\n"


def test_the_library_draws_the_charts_that_altair_writes():
    import altair
    import vl_convert

    assert altair.SCHEMA_VERSION.removeprefix("v").startswith(renderer_process.VERSION)
    assert f"application/vnd.vegalite.v{renderer_process.VERSION[0]}+json" == mime.CHART
    made = vl_convert.javascript_bundle(
        renderer_process.BUNDLE, vl_version=renderer_process.VERSION
    )
    assert gzip.decompress(html.library()).decode() == made, (
        "make the asset anew: see analysis/press/assets/vega.txt"
    )


def test_papermill_finds_the_engine_whoever_is_imported_first():
    for first in ("papermill", "analysis.press.engine"):
        asked = "papermill.engines.papermill_engines.get_engine('passthrough')"
        code = f"import {first}, papermill, sys; {asked}; print('pandas' in sys.modules)"
        done = subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT
        )
        assert done.stdout == "False\n"


def test_a_build_that_has_nothing_to_do_imports_little(built, notebooks):
    code = (
        "import sys\n"
        "from analysis.press.build import build\n"
        f"build({DOMAIN!r}, {SCENARIOS}, {notebooks}, {str(built)!r}, progress='none')\n"
        "heavy = ('pandas', 'numpy', 'papermill', 'IPython')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("damage", ["changed", "gone", "state cut off", "state is a list"])
def test_tables_are_made_anew_where_they_are_not_as_they_were_written(damage, built, notebooks):
    table, state = built / "results.csv", built / site.TABLES
    was = table.read_bytes()
    if damage == "gone":
        table.unlink()
    elif damage == "changed":
        table.write_text("scenario\nmine\n")
    else:
        state.write_text('{"made_of": "' if damage == "state cut off" else "[]")
        table.write_text("scenario\nmine\n")
    build(SCENARIOS, notebooks, str(built))
    assert table.read_bytes() == was
    again = state.read_bytes()
    build(SCENARIOS, notebooks, str(built))
    assert state.read_bytes() == again


def test_parameters_are_found_where_they_are_declared():
    source = "a: int = 1\nb = {'c': 2}  # c = 3\n# d = 4\na == b"
    first, second = Cell("code", "", (), "x = 1"), Cell("code", "", ("parameters",), source)
    assert declared_parameters([first, second]) == ["a", "b"]
    assert declared_parameters([first]) is None


UNFIT = ("../up", "a b", "<script>", ".hidden", "sources", "Index.html", "feed.xml", "a.html")


@pytest.mark.parametrize("name", [*UNFIT, "x" * 90])
def test_a_name_that_is_no_file_name_is_refused(name, tmp_path):
    path = tmp_path / f"{name.replace('/', '')}.yml"
    path.write_text("title: x")
    with pytest.raises(OSError, match=r"file name may|no scenario|the site itself"):
        planned([str(path) if "/" not in name else name], [])


def test_an_unknown_scenario_is_named_with_those_that_exist():
    with pytest.raises(FileNotFoundError, match=r"no scenario nonsense; known: .*article"):
        planned(["nonsense"], [])


def test_a_file_appears_whole_or_not_at_all(tmp_path, monkeypatch):
    storage.put(str(tmp_path), "a/b.html", "old")
    monkeypatch.setattr(
        os, "replace", lambda *_: (_ for _ in ()).throw(OSError("the disk went away"))
    )
    with pytest.raises(OSError, match="went away"):
        storage.put(str(tmp_path), "a/b.html", "new")
    assert files(tmp_path) == {"a/b.html": b"old"}


def drawn_by_v8(*specs: dict) -> list[str]:
    """Pictures as V8 draws them, in a process of its own: V8 starts threads, which other tests
    forbid.
    """
    code = (
        "import json, os, sys\n"
        "from analysis.press.renderer_process import drawing_engine\n"
        "draw = drawing_engine()\n"
        "pictures = [draw(json.dumps(spec)) for spec in json.load(sys.stdin)]\n"
        "print(json.dumps(pictures), flush=True)\n"
        "os._exit(0)"
    )
    command = [sys.executable, "-c", code]
    return json.loads(
        subprocess.run(
            command, input=json.dumps(specs), check=True, capture_output=True, text=True
        ).stdout
    )


def test_a_picture_is_laid_out_as_by_a_program_that_measures_its_words():
    import altair as alt
    import pandas as pd
    import vl_convert

    rows = pd.DataFrame(
        {
            "words": ["A dollar buys 1.24× the tokens", "Only matrix products shrink", "Wij"],
            "x": [1, 2, 3],
        }
    )
    spec = (
        alt.Chart(rows, title="What is left of the headline")
        .mark_bar()
        .encode(x="x:Q", y="words:N")
        .to_dict()
    )
    (ours,), theirs = (
        drawn_by_v8(spec),
        vl_convert.vegalite_to_svg(spec, vl_version=renderer_process.VERSION),
    )
    sizes = [
        [int(part) for part in re.search(r'width="(\d+)" height="(\d+)"', svg).groups()]
        for svg in (ours, theirs)
    ]
    assert sizes[0][1] == sizes[1][1]
    assert sizes[0][0] == pytest.approx(sizes[1][0], abs=4)
    assert re.findall(r"<text[^>]*>([^<]+)", ours) == re.findall(r"<text[^>]*>([^<]+)", theirs)


def test_a_smaller_picture_is_the_same_picture():
    import io

    import altair as alt
    import numpy as np
    import pandas as pd
    import vl_convert
    from PIL import Image, ImageChops, ImageStat

    table = pd.DataFrame(
        {"x": np.arange(60), "y": np.sin(np.arange(60) / 7), "c": ["a", "b", "c"] * 20}
    )
    base = alt.Chart(table, title="A wave").encode(x="x:Q", y="y:Q", color="c:N")
    spec = (base.mark_point() + base.mark_line(strokeDash=[2, 2])).to_dict()
    whole = drawn_by_v8(spec)[0]
    less = svg.compact(whole)
    assert len(less) < len(whole) / 2
    drawn = [
        Image.open(io.BytesIO(vl_convert.svg_to_png(svg))).convert("RGB") for svg in (whole, less)
    ]
    assert drawn[0].size == drawn[1].size
    assert max(ImageStat.Stat(ImageChops.difference(*drawn)).mean) < 0.5


def test_a_picture_does_not_depend_on_what_was_drawn_before():
    import altair as alt
    import pandas as pd

    chart = alt.Chart(pd.DataFrame({"x": [1, 2], "y": [3.0, 4.0]})).mark_rect(clip=True)
    spec = chart.encode(x="x:O", y="y:O", color="y:Q").to_dict()
    drawn = drawn_by_v8(spec, spec)
    assert drawn[0] != drawn[1], "the library no longer counts on; nothing is left to take out"
    assert svg.compact(drawn[0]) == svg.compact(drawn[1])


@pytest.mark.slow
def test_both_engines_make_the_same_of_every_notebook_of_the_project(tmp_path):
    for engine in ("fork", "kernel"):
        made = build(
            ["article", "competitor"], [], str(tmp_path / engine), engine=engine, progress="none"
        )
        assert [(record.name, record.error) for record in made if record.error] == []
    ours, theirs = files(tmp_path / "fork"), files(tmp_path / "kernel")
    assert len([name for name in ours if name.endswith(".html") and "sources/" not in name]) >= 9
    assert {name for name in ours if ours[name] != theirs.get(name)} == set()
    for name, content in ours.items():
        most = 850_000 if name == "validation.html" else 750_000  # it shows measured points
        assert len(content) < most or not name.endswith(".html"), f"{name} has {len(content)} bytes"
