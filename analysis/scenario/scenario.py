"""A scenario: a file in params/ that states only what differs from params/reference.yml."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import Field

from analysis.facts import Accelerator, names
from analysis.facts.hints import closest, nearest
from analysis.scenario.blanks import blank_faults
from analysis.scenario.claims import claim, claims
from analysis.scenario.errors import Key, ScenarioError, Where, refuse
from analysis.scenario.faults import Faults, faults_of, has_token_prices
from analysis.scenario.file_text import MeasurementFault
from analysis.scenario.own_file import own_file, own_points
from analysis.scenario.records import checked
from analysis.scenario.renamed import present_key, with_present_names
from analysis.scenario.schema import ApiOption, Deployment, Have, Option, Params
from analysis.scenario.yaml_file import read

PARAMS = Path(__file__).parents[2] / "params"
REFERENCE = "reference"
# Sections whose entries are replaced whole: new numbers never keep an old reason.
OPEN = ("options", "products", "quotes")  # sections whose entries a scenario names itself
WHOLE = ("believe", "products", "options", "quotes")


class Scenario(Params):
    """A scenario with the name of its file and what was overridden; else as schema.Params.

    `own_file` is the path of the measurements that it names, `own_points` these as the text of a
    CSV; both are blank where it names none.
    """

    name: str
    overrides: dict
    own_file: str = Field(exclude=True)  # where a file lies is no part of what is asked
    own_points: str

    @property
    def baseline(self) -> Have:
        """What serves today: the chips that a headline is compared with."""
        return self.have

    @property
    def candidate(self) -> Option:
        """The option of which the claim speaks."""
        option = self.options[self.headline]
        if not isinstance(option, Option):
            raise TypeError(f"{self.headline!r} is no deployment of chips")
        return option

    def deployment(self, name: str) -> Deployment:
        """The chips behind a name: `baseline`, `candidate`, or an option's own; KeyError else."""
        if name in ("baseline", "candidate"):
            return getattr(self, name)
        option = self.options[name]
        if not isinstance(option, Option):
            raise KeyError(f"{name!r} is no deployment of chips")
        return option

    @property
    def chip_options(self) -> dict[str, Option]:
        """The options that are chips, by name."""
        return {name: o for name, o in self.options.items() if isinstance(o, Option)}

    @property
    def api_options(self) -> dict[str, ApiOption]:
        """The options that are an API, by name."""
        return {name: o for name, o in self.options.items() if isinstance(o, ApiOption)}


def load(
    name: str | Path,
    overrides: Mapping[str, Any] | None = None,
    further: Callable[["Scenario"], Faults] | None = None,
) -> Scenario:
    """A scenario: its file over reference.yml, under overrides.

    `name` is a name of params/, a file name or a path; `hopper`, `hopper.yml` and
    `params/hopper.yml` are one from any working directory. `overrides` has dotted keys, such as
    {"workload.output_tokens": 2000}. `further` finds what only a model can, in a scenario that is
    else whole. Raises ScenarioError with all faults, each with file, line, key and nearest valid
    name; an unknown name lists all scenarios.
    """
    path = file_of(str(name))
    reference = PARAMS / f"{REFERENCE}.yml"
    base, where = read(reference, _shown(reference))
    own: dict[str, Any] = {}
    if path.absolute() != reference:
        own, lines = with_present_names(*read(path, _shown(path)), base)
        refuse(lines, blank_faults(own))
        where = _over(where, lines)
    stated = _merged(base, own)
    nested = _nested(stated, overrides or {})
    where = {**where, **dict.fromkeys(_keys(nested), "overrides")}
    merged = _merged(stated, nested)
    merged["options"] = {name: o for name, o in merged["options"].items() if o is not None}
    merged.pop("$schema", None)
    if "claim" not in own and "claim" not in nested and not _speaks_of_headline(merged):
        merged["claim"] = None
    finance = merged["finance"]
    inherited = isinstance(finance, Mapping) and not any(
        ("finance", "api") in _keys(part) for part in (own, nested)
    )
    if inherited and _is_before_its_prices(finance["api"], merged["as_of"]):
        merged["finance"] = {**finance, "api": None}
    params = checked(Params, merged, where)
    refuse(where, faults_of(params, base["believe"]))
    file, points = _own_measurements(params, path.parent, where)
    case = Scenario(
        **dict(params),
        name=path.stem,
        overrides=dict(overrides or {}),
        own_file=file,
        own_points=points,
    )
    if further is not None:
        refuse(where, further(case))
    return case


def _own_measurements(params: Params, folder: Path, where: Where) -> tuple[str, str]:
    """The file of own measurements and its points; ScenarioError at `measured` for a fault."""
    file, points = own_file(params, folder), ""
    try:
        points = own_points(params, file)
    except (MeasurementFault, OSError, ValueError) as fault:
        said = f"{file}: {fault.strerror}" if isinstance(fault, OSError) else str(fault)
        refuse(where, [(("measured",), said)])
    return file, points


def _speaks_of_headline(values: Mapping[str, Any]) -> bool:
    """Whether the claim was made by the scenario's day and speaks of the headline's option: one
    that is only inherited is else none.

    Names that are faulty count as spoken of, and are refused by name.
    """
    option = values["options"].get(str(values["headline"]))
    chip = option.get("accelerator") if isinstance(option, Mapping) else None
    if values["claim"] not in claims() or chip not in names(Accelerator):
        return True
    claimed = claim(values["claim"])
    is_made = _day(values["as_of"]) >= claimed.announced
    return is_made and chip in claimed.accelerators


def _is_before_its_prices(api: str, as_of: Any) -> bool:
    """Whether an API is inherited on a day before anybody printed its prices: it is then none."""
    return not has_token_prices(api, str(_day(as_of)))


def _day(as_of: Any) -> date:
    """A day of a file; one that is none counts as the last, and is refused by name."""
    try:
        return date.fromisoformat(str(as_of))
    except ValueError:
        return date.max


def scenarios() -> list[str]:
    """Names of the scenarios in params/, the reference first."""
    names = sorted(path.stem for path in PARAMS.glob("*.yml"))
    return [REFERENCE, *(name for name in names if name != REFERENCE)]


def schema() -> dict[str, Any]:
    """JSON Schema of a scenario file; nothing is required, since a file states what differs."""
    properties = Params.model_json_schema()
    properties.pop("required", None)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **properties}


def file_of(name: str) -> Path:
    """The file that a name or a path means; ScenarioError, with all names, for an unknown name."""
    path = Path(name)
    is_file_name = path.suffix in (".yml", ".yaml")
    if is_file_name and (path.is_absolute() or _is_file(path)):
        return path
    is_of_params = str(path.parent) in (".", PARAMS.name)
    own = PARAMS / (path.name if is_file_name else f"{name}.yml")
    if _is_file(own) and (is_of_params or not is_file_name):
        return own
    if is_file_name and not is_of_params:
        return path
    close = closest(path.stem if is_file_name else name, scenarios())
    hint = f"did you mean {close!r}? " if close else ""
    known = ", ".join(scenarios())
    raise ScenarioError([f"{name[:200]!r}: no such scenario; {hint}There are: {known}"])


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _shown(path: Path) -> str:
    return f"{path.parent.name}/{path.name}" if path.parent == PARAMS else str(path)


def _over(where: Where, lines: Where) -> Where:
    """Where keys stand once a file's own are laid over the reference's."""
    replaced = {key[:2] for key in lines if key and key[0] in WHOLE}
    kept = {key: line for key, line in where.items() if key[:2] not in replaced}
    return {**kept, **lines}


def _merged(base: dict[str, Any], own: Mapping[str, Any], depth: Key = ()) -> dict[str, Any]:
    """Values over others, mapping by mapping; entries of WHOLE sections are replaced."""
    merged = dict(base)
    for key, value in own.items():
        inside_whole = bool(depth) and depth[0] in WHOLE
        both_nested = isinstance(value, dict) and isinstance(base.get(key), dict)
        if both_nested and not inside_whole:
            value = _merged(base[key], value, (*depth, key))
        merged[key] = value
    return merged


def _nested(base: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted keys as a nested mapping; ScenarioError for a key that the reference does not have."""
    nested: dict[str, Any] = {}
    for dotted, value in overrides.items():
        *parents, last = present_key(str(dotted).split("."), str(base["headline"]))
        target, known = nested, base
        for key in parents:
            inner = known.get(key, {})
            known = inner if isinstance(inner, Mapping) else {}
            target = target.setdefault(key, {})
        may_be_new = parents[:1] == ["quotes"] or (len(parents) == 1 and parents[0] in OPEN)
        if last not in known and not may_be_new:
            hint = nearest(last, known) if known else nearest([*parents, last][0], base)
            raise ScenarioError([f"overrides: {dotted}: no such key; {hint}"])
        if len(parents) == 2 and parents[0] in WHOLE:
            for key, stated in known.items():
                target.setdefault(key, stated)
        target[last] = value
    return nested


def _keys(tree: Mapping[str, Any], above: Key = ()) -> Iterator[Key]:
    for key, value in tree.items():
        yield (*above, key)
        if isinstance(value, Mapping):
            yield from _keys(value, (*above, key))
