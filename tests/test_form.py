"""The form for a scenario, through its widgets: what it offers, refuses, and writes."""

from datetime import date
from pathlib import Path

import ipywidgets as widgets
import pytest

import analysis as an
from analysis.pages import form as forms
from analysis.pages.form import ScenarioForm
from analysis.scenario.schema import Belief, Params

SECTIONS = ("workload", "have", "serving", "rollout", "decision", "fleet", "finance", "budget")


@pytest.fixture
def article() -> ScenarioForm:
    return an.form("article")


@pytest.fixture
def params(tmp_path, monkeypatch) -> Path:
    """A folder in which the form saves, in place of params/."""
    monkeypatch.setattr(forms, "PARAMS", tmp_path)
    return tmp_path


def belief(form: ScenarioForm, name: str, **values) -> None:
    for field, value in values.items():
        form.fields["believe", name, field].value = value


def test_every_field_of_every_section_and_belief_has_a_widget(article):
    values = an.load("article").model_dump()
    expected = {(name,) for name in Params.model_fields if not isinstance(values[name], dict)}
    expected.add(("quotes",))
    for section in (*SECTIONS, "credence"):
        expected |= {(section, field) for field in values[section]}
    for section in ("believe", "products", "options"):
        expected |= {
            (section, name, field) for name, row in values[section].items() for field in row
        }
    assert set(article.fields) == expected


@pytest.mark.parametrize("name", an.scenarios())
def test_an_untouched_form_makes_the_scenario_that_it_opened(name, tmp_path):
    form = an.form(name)
    assert form.faults == []
    path = form.save(tmp_path / "copy.yml")
    before = an.load(name).model_dump(exclude={"name"})
    assert an.load(str(path)).model_dump(exclude={"name"}) == before


def test_widgets_are_those_of_the_types_of_the_schema(article):
    kinds = {
        ("workload", "input_tokens"): widgets.IntText,
        ("workload", "ttft_limit_s"): widgets.FloatText,
        ("rollout", "assume_real"): widgets.Checkbox,
        ("have", "precision"): widgets.Dropdown,
        ("have", "accelerator"): widgets.Combobox,
        ("have", "until"): widgets.DatePicker,
        ("serving", "draft_tokens"): widgets.Dropdown,
        ("options", "gb200-rack", "chips"): widgets.IntText,
        ("options", "api", "api"): widgets.Combobox,
        ("as_of",): widgets.DatePicker,
        ("believe", "load_factor", "mid"): widgets.FloatText,
    }
    assert {key: type(article.fields[key]) for key in kinds} == kinds
    assert article.fields["serving", "draft_tokens"].options == ("best", 0, 1, 2, 3, 4, 5)
    assert article.fields["have", "precision"].options == (
        ("bf16", "bf16"),
        ("fp8", "fp8"),
        ("fp4", "fp4"),
        ("int4", "int4"),
    )
    assert "h200-sxm" in article.fields["have", "accelerator"].options


def test_units_and_the_words_of_the_reference_stand_beside_a_field(article):
    shown = "\n".join(words(article))
    assert "W · what the site can draw, at the utility" in shown
    assert "share, 0 to 1 · share of the input whose keys and values" in shown
    assert "token" in shown


def words(widget: widgets.Widget) -> list[str]:
    """All words of labels and notes below a widget."""
    own = [widget.value] if isinstance(widget, widgets.HTML | widgets.Label) else []
    return own + [word for child in getattr(widget, "children", ()) for word in words(child)]


def test_a_file_states_only_what_differs(article, params):
    article.fields["title",].value = "Ours"
    article.fields["workload", "output_tokens"].value = 512
    article.fields["fleet", "power_w"].value = 2.5e6
    belief(article, "load_factor", low=0.3, mid=0.5, high=0.7, why="one region")
    path = article.save("ours")
    assert path == params / "ours.yml"
    assert path.read_text().splitlines()[0] == "# yaml-language-server: $schema=schema.json"
    assert path.read_text().splitlines()[1] == 'title: "Ours"'
    assert "workload: {output_tokens: 512}\n" in path.read_text()
    assert "fleet: {power_w: 2500000}\n" in path.read_text()
    assert path.read_text().count("\n  ") == 1, "one belief differs"
    saved = an.load(str(path))
    assert saved.believe["load_factor"] == Belief(
        low=0.3, mid=0.5, high=0.7, unit="", source="judged", why="one region"
    )
    assert saved.reading == an.load("article").reading
    assert saved.workload.output_tokens == 512


def test_faults_are_the_loaders_and_name_file_line_and_key(article):
    article.file.value = "ours"
    article.fields["have", "accelerator"].value = "b20"
    (fault,) = article.faults
    assert fault.startswith("params/ours.yml:")
    assert "have.accelerator" in fault
    assert "did you mean 'b200'" in fault
    line = int(fault.split(":")[1])
    assert article.text.splitlines()[line - 1].startswith("have:")
    assert f"<li>{fault.replace(chr(39), '&#x27;')}</li>" in article.message.value
    assert f"{line:>3}  have" in article.preview.value
    article.fields["have", "accelerator"].value = "b200"
    assert article.faults == []
    assert "<li>" not in article.message.value


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        (("workload", "output_tokens"), 0, "workload.output_tokens"),
        (("decision", "hedge_share"), 1.5, "decision.hedge_share"),
        (("as_of",), None, "as_of"),
        (("title",), "", "title"),
        (("model",), "deepseek-r2", "did you mean"),
        (("credence", "instead"), "2026-04-23: often", "credence.instead.2026-04-23"),
        (("believe", "load_factor", "low"), 0.9, "expected low <= mid <= high"),
        (("believe", "it_life_s", "unit"), "usd", "believe.it_life_s.unit"),
        (("believe", "it_life_s", "source"), "nobody", "believe.it_life_s.source"),
    ],
)
def test_what_does_not_fit_is_refused_in_the_form(article, tmp_path, key, value, expected):
    article.fields[key].value = value
    assert expected in "\n".join(article.faults)
    with pytest.raises(an.ScenarioError):
        article.save(tmp_path / "ours.yml")
    assert not (tmp_path / "ours.yml").exists()


def test_new_numbers_need_a_reason_of_their_own(article):
    belief(article, "load_factor", mid=0.61)
    assert article.faults == [
        "believe.load_factor.why: say why; this is the reason for 0.4 / 0.6 / 0.8"
    ]
    belief(article, "load_factor", why="a year of our own logs")
    assert article.faults == []


def test_no_file_is_overwritten_silently(article, params):
    path = params / "ours.yml"
    path.write_text("mine")
    article.file.value = "ours"
    article.button.click()
    assert path.read_text() == "mine"
    assert "is there already" in article.message.value
    article.replace.value = True
    article.button.click()
    assert path.read_text() == article.text
    assert "scenario = &#x27;ours&#x27;" in article.message.value


@pytest.mark.parametrize(("file", "why"), [("", "under which name"), ("reference", "rest on")])
def test_a_scenario_needs_a_name_of_its_own(article, params, file, why):
    article.replace.value = True
    with pytest.raises(ValueError, match=why):
        article.save(file)
    article.file.value = file
    article.button.click()
    assert "Not saved" in article.message.value
    assert list(params.iterdir()) == []


def test_a_path_is_taken_from_where_one_stands_and_params_from_the_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    form = an.form("thermal")
    path = form.save("mine.yml")
    assert path == tmp_path / "mine.yml"
    assert "$schema" not in path.read_text(), "the schema lies in params/"
    with pytest.raises(FileExistsError):
        form.save("params/thermal.yml")


def test_dates_and_ratios_come_through(article, tmp_path):
    article.fields["as_of",].value = date(2026, 6, 30)
    article.fields["credence", "instead"].value = "2026-04-23: 1.5"
    saved = an.load(str(article.save(tmp_path / "ours.yml")))
    assert saved.as_of == date(2026, 6, 30)
    assert saved.credence.instead == {"2026-04-23": 1.5}


def test_a_blank_is_none_where_there_may_be_none(article, tmp_path):
    article.fields["claim",].value = ""
    article.fields["reading",].value = "measured"
    saved = an.load(str(article.save(tmp_path / "ours.yml")))
    assert saved.claim is None


def test_quotes_of_ones_own_come_through(article, tmp_path):
    article.fields["quotes",].value = "{b200: 3}"
    assert "quotes" in "\n".join(article.faults)
    article.fields[
        "quotes",
    ].value = (
        '{"b200": {"rent_1yr": {"usd_per_hour": 3.1, "as_of": "2026-11-20", "source": "offer"}}}'
    )
    saved = an.load(str(article.save(tmp_path / "ours.yml")))
    assert saved.quotes["b200"]["rent_1yr"].usd_per_hour == 3.1


def test_what_stood_in_for_an_option_is_refused_with_its_key(article):
    article.fields["options", "gb200-rack", "accelerator"].value = "gb20"
    (fault,) = article.faults
    assert "options.gb200-rack.accelerator" in fault
    assert "did you mean" in fault


def test_a_scenario_that_does_not_read_is_refused():
    with pytest.raises(an.ScenarioError, match="did you mean 'article'"):
        an.form("articel")
