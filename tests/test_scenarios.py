"""Scenarios are read strictly: each fault is refused with file, line, key and nearest name."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.model import evaluate
from analysis.scenario.errors import ScenarioError
from analysis.scenario.scenario import PARAMS, load, scenarios, schema

ROOT = Path(__file__).parents[1]
HEAD = "title: A test\nquestion: Is every fault refused?\n"


def belief(low="0.3", mid="0.5", high="0.7", unit='""', source="judged", name="load_factor") -> str:
    """A scenario with one belief, on its fourth line."""
    numbers = f"low: {low}, mid: {mid}, high: {high}, unit: {unit}"
    return f"{HEAD}believe:\n  {name}: {{{numbers}, source: {source}, why: a test}}\n"


def laughs(levels: int = 9) -> str:
    """The billion laughs: each level names the one before ten times."""
    rows = ["a0: &a0 [ha, ha]"]
    rows += [
        f"a{n}: &a{n} [{', '.join(f'*a{n - 1}' for _ in range(10))}]" for n in range(1, levels)
    ]
    return HEAD + "\n".join(rows)


# name: (text, words that the message must hold, line that it must name)
FAULTS = {
    "unknown section": (
        HEAD + "worklaod: {output_tokens: 5}\n",
        ["worklaod", "unknown key", "'workload'"],
        3,
    ),
    "unknown key": (
        HEAD + "workload:\n  output_token: 5\n",
        ["workload.output_token", "'output_tokens'"],
        4,
    ),
    "unknown belief": (
        belief(name="load_facter"),
        ["load_facter", "'load_factor'"],
        4,
    ),
    "missing key": (
        HEAD + "believe:\n  load_factor: {low: 0.1, mid: 0.2, high: 0.3, unit: ''}\n",
        ["why", "missing"],
        4,
    ),
    "text for a number": (
        HEAD + "workload:\n  output_tokens: many\n",
        ["workload.output_tokens", "many"],
        4,
    ),
    "number in quotes": (
        HEAD + "workload:\n  output_tokens: '1024'\n",
        ["workload.output_tokens", "1024"],
        4,
    ),
    "fraction for a count": (
        HEAD + "workload:\n  output_tokens: 10.5\n",
        ["workload.output_tokens", "10.5"],
        4,
    ),
    "yes for a number": (
        HEAD + "workload:\n  output_tokens: true\n",
        ["workload.output_tokens"],
        4,
    ),
    "list for a section": (HEAD + "workload: [1, 2]\n", ["workload"], 3),
    "scalar for a section": (HEAD + "have: b200\n", ["have"], 3),
    "null for a section": (HEAD + "have:\n", ["have"], 3),
    "negative tokens": (
        HEAD + "workload:\n  input_tokens: -1\n",
        ["workload.input_tokens", "-1"],
        4,
    ),
    "share above 1": (
        HEAD + "workload:\n  cached_share: 1.5\n",
        ["workload.cached_share", "1.5"],
        4,
    ),
    "unknown accelerator": (
        HEAD + "candidate: {accelerator: b2000}\n",
        ["candidate.accelerator", "b2000", "did you mean 'b200'"],
        3,
    ),
    "unknown model": (HEAD + "model: deepseek-r7\n", ["model", "deepseek-r7", "did you mean"], 3),
    "unknown site": (
        HEAD + "site: us-averige\n",
        ["site", "us-averige", "did you mean 'us-average'"],
        3,
    ),
    "unknown precision": (HEAD + "have: {precision: fp9}\n", ["have.precision", "fp9"], 3),
    "unknown engine": (HEAD + "have: {engine: vlm}\n", ["have.engine", "vlm", "vllm"], 3),
    "unknown claim": (HEAD + "claim: magnom\n", ["claim", "magnom", "magnum"], 3),
    "unknown reading": (
        HEAD + "reading: all_gpu_tim\n",
        ["reading", "all_gpu_tim", "all_gpu_time"],
        3,
    ),
    "no date": (HEAD + "as_of: 2026-02-30\n", ["as_of"], 3),
    "low above high": (belief(low="0.8"), ["believe.load_factor.low", "low <= mid <= high"], 4),
    "mid above high": (belief(mid="0.8"), ["believe.load_factor", "low <= mid <= high"], 4),
    "share outside": (belief(high="1.7"), ["believe.load_factor", "between 0 and 1"], 4),
    "negative": (belief(low="-0.5", mid="-0.5", high="-0.5"), ["believe.load_factor"], 4),
    "negative price": (
        belief("-1", "-1", "-1", unit="usd/W/year", name="lease_usd_per_s_per_w"),
        ["believe.lease_usd_per_s_per_w.unit", "not below 0"],
        4,
    ),
    "nothing fresh in a prompt": (
        HEAD + "workload: {cached_share: 1.0}\n",
        ["workload.cached_share", "less than 1"],
        3,
    ),
    "unknown API": (
        HEAD + "finance: {api: openai/gpt-55}\n",
        ["finance.api", "openai/gpt-55", "did you mean"],
        3,
    ),
    "chips without a purchase price": (
        HEAD + "have: {accelerator: l40s}\n",
        ["have.accelerator", "no purchase price of l40s", "finance: {owned_share: 0}", "b200"],
        3,
    ),
    "chips held under a contract that nobody has quoted": (
        HEAD + "have: {accelerator: mi300x, held: rent_1yr}\n",
        ["have.held", "rent_1yr of mi300x", "quotes: {mi300x: {rent_1yr: {usd_per_hour: ..."],
        3,
    ),
    "chips to be hired that nobody has quoted": (
        HEAD + "have: {accelerator: l40s}\nfinance: {owned_share: 0}\n",
        ["have.accelerator", "rent_3yr of l40s", "quotes: {l40s: {rent_3yr:"],
        3,
    ),
    "tokens bought from an API that is no option": (
        HEAD + "have: {held: api}\noptions: {api: null}\n",
        ["have.held", "needs an API among the options"],
        3,
    ),
    "price of electricity of nothing": (
        HEAD + "finance: {electricity_usd_per_kwh: 0}\n",
        ["finance.electricity_usd_per_kwh", "0"],
        3,
    ),
    "wrong unit": (belief(unit="kWh"), ["believe.load_factor.unit", "kWh"], 4),
    "unknown unit": (belief(unit="furlongz"), ["believe.load_factor.unit", "furlongz"], 4),
    "unit that never ends": (
        belief(unit="9**9**9"),
        ["believe.load_factor.unit", "no product of units"],
        4,
    ),
    "belief that went": (
        belief("24", "24", "24", unit="month", name="horizon_s"),
        ["believe.horizon_s", "state budget.horizon_months"],
        4,
    ),
    "old and new name of a belief": (
        belief() + belief(name="busy_share").splitlines(keepends=True)[3],
        ["believe.busy_share", "old name of load_factor"],
        5,
    ),
    "unknown source": (
        belief(source="juged"),
        ["believe.load_factor.source", "juged", "'judged'"],
        4,
    ),
    "nan": (belief(mid=".nan"), ["believe.load_factor.mid"], 4),
    "inf": (belief(high=".inf"), ["believe.load_factor.high"], 4),
    "minus inf": (belief(low="-.inf"), ["believe.load_factor.low"], 4),
    "nan as a word": (belief(mid="nan"), ["believe.load_factor.mid"], 4),
    "inf in the workload": (
        HEAD + "workload:\n  ttft_limit_s: .inf\n",
        ["workload.ttft_limit_s"],
        4,
    ),
    "duplicate key": (HEAD + "model: deepseek-r1\nmodel: deepseek-r1\n", ["model"], 4),
    "duplicate nested key": (
        HEAD + "workload: {output_tokens: 5, output_tokens: 6}\n",
        ["output_tokens"],
        3,
    ),
    "python tag": (HEAD + 'model: !!python/object/apply:os.system ["touch owned"]\n', ["tag"], 3),
    "own tag": (HEAD + "model: !secret deepseek-r1\n", ["tag"], 3),
    "standard tag": (HEAD + "workload: {output_tokens: !!int '5'}\n", ["tag"], 3),
    "alias": (HEAD + "have: &b {chips: 8}\nserving: *b\n", ["alias"], 3),
    "merge key": (HEAD + "have: &b {chips: 8}\nserving:\n  <<: *b\n", ["alias"], 3),
    "billion laughs": (laughs(), ["alias"], 3),
    "not a mapping": ("- title\n- question\n", ["expected a mapping"], 1),
    "one word": ("title\n", ["expected a mapping"], 1),
    "empty": ("", ["empty"], 1),
    "blank": ("\n \n", ["empty"], 1),
    "only a comment": ("# nothing\n", ["expected a mapping"], 1),
    "two documents": (HEAD + "---\n" + HEAD, ["document"], 3),
    "tab": (HEAD + "workload:\n\toutput_tokens: 5\n", [], 4),
    "unclosed": (HEAD + "workload: {output_tokens: 5\n", [], None),
    "deeply nested": (HEAD + "workload: " + "[" * 500 + "]" * 500 + "\n", ["deep"], 3),
    "huge number": (
        HEAD + "workload:\n  output_tokens: 1" + "0" * 5000 + "\n",
        ["output_tokens"],
        4,
    ),
    "huge float": (HEAD + "workload:\n  ttft_limit_s: 1e999\n", ["workload.ttft_limit_s"], 4),
    "beyond every float that is served": (
        HEAD + "workload: {ttft_limit_s: 1e308}\n",
        ["workload.ttft_limit_s", "less than or equal to 1000000"],
        3,
    ),
    "more chips than a deployment spans": (
        HEAD + "have: {chips: 1000000000000}\n",
        ["have.chips", "less than or equal to 10000"],
        3,
    ),
    "day beyond all facts": (HEAD + "as_of: 9999-12-31\n", ["as_of", "2050-12-31"], 3),
    "day before the launch record suffices": (
        HEAD + "as_of: 2020-01-01\n",
        ["as_of", "2023-07-01"],
        3,
    ),
    "load of nothing": (
        belief(low="0", mid="0", high="0"),
        ["believe.load_factor.low", "above 0"],
        4,
    ),
    "belief a million times off": (
        belief("5e6", "5e6", "5e6", unit="year", name="it_life_s"),
        ["believe.it_life_s.unit", "1,000 times off the reference's (5 year)"],
        4,
    ),
    "temperature whose zero is elsewhere": (
        belief("25", "30", "35", unit="degC", name="supply_k"),
        ["believe.supply_k.unit", "degC", "zero elsewhere", "kelvin"],
        4,
    ),
    "NUL in a title": ('title: "a\\0b"\nquestion: q\n', ["title", "U+0000"], 1),
    "half a character in a title": ('title: "a\\ud800b"\nquestion: q\n', ["title", "U+D800"], 1),
    "control character in the name of a product": (
        HEAD + 'products:\n  "a\\x1bb": {price_usd: 1}\n',
        ["products.a\\x1bb", "U+001B"],
        4,
    ),
    "unknown source of a product": (
        HEAD
        + "products:\n  x: {price_usd: 1, input_tokens: 1, cached_tokens: 1, output_tokens: 1, "
        "spread_ratio: 1, success_share: 0.5, other_usd: 0, margin_share: 0.5, source: juged, "
        "why: x}\n",
        ["products.x.source", "'judged'"],
        4,
    ),
    "product that was not announced by then": (
        HEAD + "as_of: 2025-03-01\nclaim: null\nrollout: {product: GB300 NVL72}\n",
        ["rollout.product: 'GB300 NVL72'", "2025-03-18", "options: {vr200-rack: null}"],
        5,
    ),
    "claim that was not made by then": (
        HEAD + "as_of: 2026-04-01\nclaim: magnum\n",
        ["claim", "2026-04-23", "claim: null"],
        4,
    ),
    "API without a price by then": (
        HEAD + "as_of: 2026-03-01\nfinance: {api: deepseek/deepseek-v4-pro}\n",
        ["finance.api", "no price of tokens as of 2026-03-01"],
        4,
    ),
    "quote of a later day": (
        HEAD + "quotes:\n  b200:\n    rent_1yr: {usd_per_hour: 1, as_of: 2027-12-01, source: x}\n",
        ["quotes.b200.rent_1yr.as_of", "2027-12-01 is later than the scenario's day"],
        5,
    ),
    "chips bought on a later day": (
        HEAD + "have: {held: owned, bought: 2030-01-01}\n",
        ["have.bought", "2030-01-01 is later than the scenario's day"],
        3,
    ),
    "evidence of a later day": (
        HEAD + "as_of: 2026-05-01\nclaim: magnum\ncredence: {instead: {2026-09-09: 2}}\n",
        ["credence.instead.2026-09-09", "is later than the scenario's day, 2026-05-01"],
        5,
    ),
    "key that is a list": (HEAD + "? [a, b]\n: 1\n", [], 3),
    "key that is a number": (HEAD + "1: 2\n", ["1"], 3),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_refused_with_file_line_and_key(fault, tmp_path):
    text, words, line = FAULTS[fault]
    path = tmp_path / "mine.yml"
    path.write_text(text)
    with pytest.raises(ScenarioError) as refused:
        load(str(path))
    message = str(refused.value)
    assert f"{path}:{line}" in message if line else str(path) in message
    assert [word for word in words if word not in message] == []
    assert len(message) < 2000


@pytest.mark.parametrize(
    "raw",
    [
        b"\x00\x01\x02",
        b"\xff\xfe\xfa",
        b"\x89PNG\r\n\x1a\n\x00",
        b"title: \xc3\x28\n",
        b"\x80" * 99,
    ],
)
def test_a_binary_file_is_refused(raw, tmp_path):
    path = tmp_path / "mine.yml"
    path.write_bytes(raw)
    with pytest.raises(ScenarioError, match=r"mine\.yml:1: "):
        load(str(path))


def test_a_huge_file_is_refused_before_it_is_parsed(tmp_path):
    path = tmp_path / "mine.yml"
    path.write_text("title: " + "x" * 2_000_000)
    with pytest.raises(ScenarioError, match="more than a scenario needs"):
        load(str(path))


def test_a_name_that_is_not_there_gets_the_nearest_and_all_there_are(tmp_path):
    with pytest.raises(ScenarioError, match="did you mean 'article'") as refused:
        load("articel")
    assert all(name in str(refused.value) for name in scenarios())
    with pytest.raises(ScenarioError, match="no such"):
        load(str(tmp_path / "nothing.yml"))
    with pytest.raises(ScenarioError):
        load(str(tmp_path))


@pytest.mark.parametrize(
    "name", ["hopper", "hopper.yml", "params/hopper.yml", str(PARAMS / "hopper.yml")]
)
def test_a_name_and_a_path_from_any_folder_are_one_scenario(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load(name).model_dump() == load("hopper").model_dump()


def test_a_file_here_goes_before_one_of_the_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hopper.yml").write_text(HEAD)
    assert load("hopper.yml").title == "A test"
    assert load("hopper").title != "A test"


def test_an_old_name_of_a_belief_is_read_with_a_note(tmp_path):
    path = tmp_path / "mine.yml"
    path.write_text(belief(name="busy_share"))
    with pytest.warns(
        FutureWarning, match=rf"{path}:4: believe.busy_share is now called load_factor"
    ):
        old = load(str(path))
    path.write_text(belief())
    assert old.believe == load(str(path)).believe


def test_a_fault_under_an_old_name_stands_at_its_line(tmp_path):
    path = tmp_path / "mine.yml"
    path.write_text(belief(high="1.7", name="busy_share"))
    with pytest.warns(FutureWarning), pytest.raises(ScenarioError, match=rf"{path}:4: "):
        load(str(path))


def test_an_override_may_have_an_old_name():
    old, new = ({f"believe.{name}.mid": 0.65} for name in ("busy_share", "load_factor"))
    assert load("reference", old).believe == load("reference", new).believe


def test_a_notebook_prints_faults_without_a_traceback():
    with pytest.raises(ScenarioError) as refused:
        load("articel")
    lines = refused.value._render_traceback_()
    assert lines[0] == "ScenarioError:"
    assert len(lines) == 2
    assert "did you mean 'article'?" in lines[1]


@pytest.mark.parametrize(
    "name", ["../params/article", "", ".", "a" * 400, "with\nnewline", "nul\0"]
)
def test_an_odd_name_is_refused_or_read_but_never_a_traceback_of_another_kind(name):
    with contextlib.suppress(ScenarioError):
        load(name)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"workload.output_token": 5}, ["workload.output_token", "'output_tokens'"]),
        ({"worklaod.output_tokens": 5}, ["worklaod", "'workload'"]),
        ({"workload.output_tokens": "many"}, ["workload.output_tokens", "many"]),
        ({"workload.output_tokens": float("nan")}, ["workload.output_tokens"]),
        ({"workload.output_tokens.more": 5}, ["workload.output_tokens.more"]),
        ({"believe.load_factor.low": 0.99}, ["load_factor", "low <= mid <= high"]),
        ({"have.accelerator": "gb301"}, ["have.accelerator", "'gb30"]),
        ({"": 5}, ["no such key"]),
        ({5: 5}, ["no such key"]),
        ({"workload": 5}, ["workload"]),
    ],
)
def test_a_faulty_override_is_refused_by_name(overrides, words):
    with pytest.raises(ScenarioError) as refused:
        load("reference", overrides)
    message = str(refused.value)
    assert [word for word in words if word not in message] == []


def test_every_fault_of_a_file_is_told_at_once(tmp_path):
    path = tmp_path / "mine.yml"
    path.write_text(HEAD + "workload:\n  output_tokens: many\n  input_tokens: -1\nworklaod: {}\n")
    with pytest.raises(ScenarioError) as refused:
        load(str(path))
    assert len(refused.value.faults) == 3


def refuses(path) -> bool:
    try:
        load(str(path))
    except ScenarioError:
        return True
    return False


TRICKY = st.text("{}[]:,-&*!|>%@`#?'\" \n\tab0", max_size=80).map(lambda text: HEAD + text)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.one_of(st.text(max_size=200), TRICKY))
def test_any_text_is_read_or_refused(tmp_path, text):
    path = tmp_path / "any.yml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with (
        pytest.raises(ScenarioError, match=r"any\.yml")
        if refuses(path)
        else contextlib.nullcontext()
    ):
        load(str(path))


def command(*words, cwd=ROOT):
    run = [sys.executable, "-m", "analysis", *map(str, words)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "200"}
    return subprocess.run(
        run,
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("words", [("check",), ("report", "--output", "site")])
def test_the_commands_refuse_with_status_2_no_traceback_and_nothing_written(words, tmp_path):
    for number, fault in enumerate(("unknown key", "python tag", "billion laughs")):
        (tmp_path / f"{number}.yml").write_text(FAULTS[fault][0])
    (tmp_path / "3.yml").write_bytes(b"\x00\x01")
    before = sorted(tmp_path.rglob("*"))
    done = command(words[0], *before, *words[1:], cwd=tmp_path)
    output = done.stdout + done.stderr
    assert done.returncode == 2, output
    assert "Traceback" not in output
    assert [path.name for path in before if f"{path}:" not in output] == []
    assert sorted(tmp_path.rglob("*")) == before


def test_the_project_s_own_facts_and_scenarios_pass():
    done = command("check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", scenarios())
def test_a_scenario_of_the_project_states_only_what_differs(name):
    assert load(name).title
    if name != "reference":
        text = (PARAMS / f"{name}.yml").read_text()
        assert len(text.splitlines()) < 40
        assert "schema.json" in text.splitlines()[0] + text.splitlines()[1]


@pytest.mark.parametrize("name", scenarios())
def test_the_readme_of_params_lists_the_scenario_with_its_question(name):
    assert f"| `{name}` | {load(name).question} |" in (PARAMS / "README.md").read_text()


def test_the_readme_of_params_shows_a_scenario_that_loads(tmp_path):
    path = tmp_path / "our-agents.yml"
    path.write_text((PARAMS / "README.md").read_text().split("```yaml\n")[1].split("```")[0])
    assert load(str(path)).candidate.accelerator == "mi355x"


def test_the_schema_for_editors_is_up_to_date():
    # python -m analysis schema --output params/schema.json
    committed = json.loads((PARAMS / "schema.json").read_text())
    assert committed == json.loads(json.dumps(schema()))


@pytest.mark.parametrize("months", [24, 36])
def test_the_horizon_of_halls_is_the_budget_s(months):
    """Over a longer horizon a wait for a retrofit costs a smaller share."""
    case = load("reference", {"budget.horizon_months": months})
    draws = evaluate(case, 4, None)
    assert draws["horizon_s"].iloc[0] == pytest.approx(months * 365.25 / 12 * 86400)
    waiting = (1 - draws["placeable_share"]) * draws["retrofit_s"] / draws["horizon_s"]
    assert (draws["placed_share"] - (1 - waiting)).abs().max() < 1e-12
