"""A form for a scenario: each section and belief as a field, checked at each change, written as a
file that states only what differs from params/reference.yml.
"""

import html
import json
import tempfile
from datetime import date
from functools import cache
from pathlib import Path

import ipywidgets as widgets

from analysis.facts import Accelerator, Model, Site, names, sold_by_token, table
from analysis.laws.quantities import quantities
from analysis.pages.scenario_text import scenario_text, unexplained
from analysis.scenario.claims import claims
from analysis.scenario.readings import MEASURED, readings
from analysis.scenario.scenario import PARAMS, REFERENCE, WHOLE, load
from analysis.scenario.schema import Params
from analysis.scenario.yaml_file import ScenarioError, read
from analysis.units import is_share, unit_of

Key = tuple[str, ...]
ROOT = PARAMS.parent
COLUMN_WIDTHS = {"unit": "7em", "source": "12em", "why": "30em"}


class ScenarioForm(widgets.VBox):
    """Fields of a scenario, the file that they make, and what the loader says of it.

    `fields` maps a key such as ("workload", "output_tokens") to its widget; `text` is the file;
    `faults` is what stands in the way of saving, each with file, line and key of `text`.
    """

    def __init__(self, scenario: str = REFERENCE):
        """Open a scenario by name or path; ScenarioError where it does not read."""
        self.reference = _plain_values(REFERENCE)
        self.fields: dict[Key, widgets.ValueWidget] = {}
        self.faults: list[str] = []
        self.text = ""
        sections = self._sections(_plain_values(scenario))
        self.file = widgets.Text(placeholder="a name in params/, or a path ending in .yml")
        self.replace = widgets.Checkbox(description="replace a file that is there", indent=False)
        self.button = widgets.Button(description="Save", button_style="primary")
        self.message = widgets.HTML()
        self.preview = widgets.HTML()
        bar = widgets.HBox([widgets.Label("Save as"), self.file, self.button, self.replace])
        super().__init__([sections, bar, self.message, self.preview])
        self.button.on_click(self._on_save)
        for field in (*self.fields.values(), self.file):
            field.observe(self._on_change, "value")
        self.check()

    def values(self) -> dict:
        """The scenario as its fields have it: a nested mapping of plain values, as in a file."""
        nested: dict = {}
        for key, field in self.fields.items():
            section = nested
            for part in key[:-1]:
                section = section.setdefault(part, {})
            section[key[-1]] = _value_of(field)
        return nested

    def check(self, file: str | Path | None = None) -> list[str]:
        """Read what the fields make with the scenario loader, as the file of this name or of the
        name in the form; show its faults and return them.
        """
        values = self.values()
        target = _path_of(str(self.file.value if file is None else file))
        in_params = target is None or target.parent == PARAMS
        self.text = scenario_text(values, self.reference, in_params)
        self.faults = [*_loader_faults(self.text, target), *unexplained(values, self.reference)]
        self._show(self.faults, "Not yet a scenario that can be saved:" if self.faults else "")
        self.preview.value = _numbered(self.text)
        return self.faults

    def save(self, file: str | Path | None = None, replace: bool | None = None) -> Path:
        """Write the scenario to a name in params/ or to a path; give the path.

        Without arguments what stands in the form counts. Raises ScenarioError for the faults of the
        scenario, FileExistsError where the file is there and is not to be replaced, ValueError for
        a blank name and for the reference itself.
        """
        target = _path_of(str(self.file.value if file is None else file))
        if target is None:
            raise ValueError("Say under which name to save: a word for params/, or a path.")
        if target == PARAMS / f"{REFERENCE}.yml":
            raise ValueError("All scenarios rest on the reference; save under another name.")
        if self.check(file):
            raise ScenarioError(self.faults)
        may_replace = self.replace.value if replace is None else replace
        try:
            with target.open("w" if may_replace else "x", encoding="utf-8") as opened:
                opened.write(self.text)
        except FileExistsError:
            raise FileExistsError(
                f"{target} is there already: choose another name, or tick “replace”."
            ) from None
        return target

    def _on_change(self, _change) -> None:
        self.check()

    def _on_save(self, _button) -> None:
        try:
            target = self.save()
        except (OSError, ValueError) as fault:
            self._show(str(fault).splitlines(), "Not saved:")
            return
        name = target.stem if target.parent == PARAMS else str(target)
        self._show([], f"Saved as {target}. To use it in a notebook: scenario = {name!r}")

    def _show(self, faults: list[str], heading: str) -> None:
        items = "".join(f"<li>{html.escape(fault)}</li>" for fault in faults)
        self.message.value = f'<div role="status">{html.escape(heading)}<ul>{items}</ul></div>'

    def _sections(self, values: dict) -> widgets.Accordion:
        """A fold a section; fields that stand in no section come first."""
        schema = Params.model_json_schema()
        alone = {name: value for name, value in values.items() if not isinstance(value, dict)}
        titles, children = ["Scenario"], [self._record((), alone, schema, schema)]
        for name, value in values.items():
            if name in alone:
                continue
            section = _resolved(schema["properties"][name], schema)
            if name == "options":
                children.append(self._options(name, value, section, schema))
            elif name == "quotes":
                children.append(self._add((name,), value, section))
            elif name in WHOLE:
                record = _resolved(section["additionalProperties"], schema)
                children.append(self._rows(name, value, record, schema))
            else:
                children.append(self._record((name,), value, section, schema))
            titles.append(name.capitalize())
        return widgets.Accordion(children, titles=titles)

    def _record(self, key: Key, values: dict, record: dict, schema: dict) -> widgets.VBox:
        """A line a field: its key, the field, its unit, and what the reference says about it."""
        lines = []
        for name, value in values.items():
            kind = _resolved(record["properties"][name], schema)
            field = self._add((*key, name), value, kind)
            label = widgets.Label(name, layout=widgets.Layout(width="15em"))
            notes = [_unit_words(name), comments().get((*key, name), "")]
            note = widgets.HTML(html.escape(" · ".join(filter(None, notes))))
            lines.append(widgets.HBox([label, field, note]))
        return widgets.VBox(lines)

    def _rows(self, section: str, values: dict, record: dict, schema: dict) -> widgets.GridBox:
        """A row a belief or product, a column a field."""
        columns = list(record["properties"])
        cells: list[widgets.Widget] = [widgets.HTML()]
        cells += [widgets.HTML(f"<b>{column}</b>") for column in columns]
        for name, row in values.items():
            shown = quantities().get(name)
            cells.append(widgets.HTML(name, tooltip=shown.title if shown else name))
            for column in columns:
                kind = _resolved(record["properties"][column], schema)
                field = self._add((section, name, column), row[column], kind)
                field.layout.width = "auto"
                cells.append(field)
        widths = " ".join(COLUMN_WIDTHS.get(column, "8em") for column in columns)
        layout = widgets.Layout(grid_template_columns=f"16em {widths}", overflow="auto")
        return widgets.GridBox(cells, layout=layout)

    def _options(self, section: str, values: dict, kind: dict, schema: dict) -> widgets.VBox:
        """A record an option: chips, or an API."""
        kinds = [_resolved(each, schema) for each in kind["additionalProperties"]["oneOf"]]
        children: list[widgets.Widget] = []
        for name, value in values.items():
            (record,) = [each for each in kinds if set(each["properties"]) == set(value)]
            children.append(widgets.HTML(f"<b>{html.escape(name)}</b>"))
            children.append(self._record((section, name), value, record, schema))
        return widgets.VBox(children)

    def _add(self, key: Key, value, kind: dict) -> widgets.ValueWidget:
        """Make the field of a key, and keep it in `fields`."""
        field = _field(key[-1], value, kind)
        field.tooltip = ".".join(key)
        self.fields[key] = field
        return field


class OptionalText(widgets.Combobox):
    """A text of which a blank means that there is none (null in the file)."""


class OptionalNumber(widgets.Text):
    """A number of which a blank means that there is none (null in the file)."""


class Ratios(widgets.Textarea):
    """A mapping of names to numbers, a line each: `2026-04-23: 1`."""


class Nested(widgets.Textarea):
    """A mapping of mappings in JSON, which a file can hold: {"b200": {"rent_1yr": {...}}}."""


def form(scenario: str = REFERENCE) -> ScenarioForm:
    """A form that begins with a scenario, by name or path, and saves another: an.form("article").

    Raises ScenarioError where the scenario does not read.
    """
    return ScenarioForm(scenario)


@cache
def comments() -> dict[Key, str]:
    """What params/reference.yml says beside a key, by the key."""
    path = PARAMS / f"{REFERENCE}.yml"
    _, where = read(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    found = {}
    for key, place in where.items():
        line = lines[int(place.rpartition(":")[2]) - 1]
        _, mark, comment = line.partition("  # ")
        if mark and key and line.lstrip().startswith(f"{key[-1]}:"):
            found[key] = comment.strip()
    return found


@cache
def known_names(field: str) -> tuple[str, ...]:
    """Names that a field of a scenario can have; none where it takes any text."""
    if field == "api":
        return tuple(sorted(sold_by_token()))
    if field == "reading":
        return (MEASURED, *readings())
    if field == "claim":
        return tuple(claims())
    kinds = {"accelerator": Accelerator, "model": Model, "site": Site}
    if field in kinds:
        return tuple(names(kinds[field]))
    files = {"product": "launches", "ramp": "volumes"}
    if field in files:
        return tuple(dict.fromkeys(table(files[field])["product"]))
    return ()


def _field(name: str, value, kind: dict) -> widgets.ValueWidget:
    """The widget for a value of a type of the schema."""
    optional = any(each == {"type": "null"} for each in kind.get("anyOf", ()))
    if optional:
        (kind,) = [each for each in kind["anyOf"] if each != {"type": "null"}]
    if "anyOf" in kind:  # a word, or a whole number within bounds
        word, number = kind["anyOf"]
        numbers = range(number["minimum"], number["maximum"] + 1)
        return widgets.Dropdown(options=[word["const"], *numbers], value=value)
    if "enum" in kind:
        blank = [("none", None)] if optional else []
        return widgets.Dropdown(options=[*blank, *((e, e) for e in kind["enum"])], value=value)
    if kind["type"] == "boolean":
        return widgets.Checkbox(value=value, indent=False)
    if kind["type"] == "integer":
        return widgets.IntText(value=value)
    if kind["type"] == "number" and optional:
        return OptionalNumber(value="" if value is None else f"{value:g}", placeholder="none")
    if kind["type"] == "number":
        return widgets.FloatText(value=value)
    if kind["type"] == "object" and kind["additionalProperties"]["type"] == "object":
        return Nested(value=json.dumps(value, indent=1) if value else "")
    if kind["type"] == "object":
        return Ratios(value="\n".join(f"{entry}: {ratio:g}" for entry, ratio in value.items()))
    if kind.get("format") == "date":
        return widgets.DatePicker(value=None if value is None else date.fromisoformat(value))
    if optional:
        return OptionalText(value=value or "", options=known_names(name), placeholder="none")
    if known_names(name):
        return widgets.Combobox(value=value, options=known_names(name))
    return widgets.Text(value=value, layout=widgets.Layout(width="30em"))


def _value_of(field: widgets.ValueWidget):
    """The plain value of a field, as a file would hold it; what does not fit stays text, and the
    loader says so.
    """
    if isinstance(field, OptionalText):
        return field.value or None
    if isinstance(field, OptionalNumber):
        return _number(field.value)
    if isinstance(field, widgets.DatePicker):
        return field.value.isoformat() if field.value else None
    if isinstance(field, Nested):
        return _nested(field.value)
    if isinstance(field, Ratios):
        return dict(_ratio(line) for line in field.value.splitlines() if line.strip())
    return field.value


def _number(text: str) -> float | str | None:
    try:
        return float(text) if text.strip() else None
    except ValueError:
        return text


def _nested(text: str):
    try:
        return json.loads(text) if text.strip() else {}
    except json.JSONDecodeError:
        return text


def _ratio(line: str) -> tuple[str, float | str]:
    entry, _, number = line.rpartition(":")
    ratio = _number(number)
    return entry.strip(), number.strip() if ratio is None else ratio


def _plain_values(scenario: str) -> dict:
    """A whole scenario as a nested mapping of plain values."""
    values = load(scenario).model_dump(mode="json")
    return {name: values[name] for name in Params.model_fields}


def _path_of(file: str) -> Path | None:
    """Where a scenario of this name goes: params/NAME.yml, or the path; None for a blank name.

    A path that begins with params/ is one of the project, wherever the notebook runs.
    """
    words = file.strip()
    if not words:
        return None
    if words.endswith((".yml", ".yaml")):
        path = Path(words)
        return ROOT / path if path.parts[0] == PARAMS.name else path.absolute()
    return PARAMS / f"{words}.yml"


def _loader_faults(text: str, target: Path | None) -> list[str]:
    """What the loader finds in a scenario file of this text, named as it will be called."""
    shown = str(target or "new scenario")
    if target is not None and target.parent == PARAMS:
        shown = f"{PARAMS.name}/{target.name}"
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder, "draft.yml")
        draft.write_text(text, encoding="utf-8")
        try:
            load(str(draft))
        except ScenarioError as refused:
            return [fault.replace(str(draft), shown) for fault in refused.faults]
    return []


def _numbered(text: str) -> str:
    lines = enumerate(text.splitlines(), start=1)
    numbered = "\n".join(f"{number:>3}  {html.escape(line)}" for number, line in lines)
    return f'<pre aria-label="The file that will be written">{numbered}</pre>'


def _resolved(kind: dict, schema: dict) -> dict:
    """A type of the schema, looked up where it is a reference."""
    reference = kind.get("$ref")
    return schema["$defs"][reference.rpartition("/")[2]] if reference else kind


def _unit_words(name: str) -> str:
    """The unit that a field's name claims; blank for words and plain numbers."""
    if is_share(name):
        return "share, 0 to 1"
    try:
        return unit_of(name)
    except ValueError:  # a name without a unit, such as `title`
        return ""
