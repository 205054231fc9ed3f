"""A scenario: a YAML file in params/ that states only what differs from params/reference.yml, read
strictly.
"""

from pathlib import Path

from analysis.facts import Accelerator, Model, Site, chosen, names, nearest, sources, table, unknown
from analysis.scenario import readings
from analysis.scenario.schema import Params
from analysis.scenario.yaml_file import ScenarioError, checked, read, refuse
from analysis.units import convert, is_share, unit_of

PARAMS = Path(__file__).parents[2] / "params"
REFERENCE = "reference"
WHOLE = (
    "believe",
    "products",
)  # their entries are replaced whole: new numbers never keep an old reason


class Scenario(Params):
    """A scenario with the name of its file and what was overridden; attributes as in
    schema.Params.
    """

    name: str
    overrides: dict


def load(name: str, overrides: dict | None = None) -> Scenario:
    """Read params/<name>.yml (or a path) over reference.yml, under `overrides`
    ({"workload.output_tokens": 2000}).

    ScenarioError, with file, line, key and nearest valid name for every fault.
    """
    path = Path(name) if str(name).endswith((".yml", ".yaml")) else PARAMS / f"{name}.yml"
    reference, own = PARAMS / f"{REFERENCE}.yml", {}
    base, where = read(reference, _shown(reference))
    if path.absolute() != reference:
        own, lines = read(path, _shown(path))
        anew = {key[:2] for key in lines if key[:1] in {(section,) for section in WHOLE}}
        where = {key: line for key, line in where.items() if key[:2] not in anew} | lines
    told = _dotted(base, overrides or {})
    where = where | dict.fromkeys(_paths(told), "overrides")
    merged = _merge(_merge(base, own), told)
    merged.pop("$schema", None)
    params = checked(Params, merged, where)
    refuse(where, _doubts(params, base))
    return Scenario(**dict(params), name=path.stem, overrides=overrides or {})


def scenarios() -> list[str]:
    """Names of the scenarios in params/, the reference first."""
    found = sorted(path.stem for path in PARAMS.glob("*.yml"))
    return [REFERENCE, *(name for name in found if name != REFERENCE)]


def schema() -> dict:
    """JSON Schema of a scenario file: every section, nothing required, since a file states only
    what differs.
    """
    made = Params.model_json_schema()
    made.pop("required", None)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def _merge(base: dict, own: dict, depth: tuple = ()) -> dict:
    merged = dict(base)
    for key, value in own.items():
        deeper = (
            isinstance(value, dict)
            and isinstance(base.get(key), dict)
            and depth[:1] not in [(w,) for w in WHOLE]
        )
        merged[key] = _merge(base[key], value, (*depth, key)) if deeper else value
    return merged


def _dotted(base: dict, overrides: dict) -> dict:
    """Dotted keys as a nested mapping; every key has to exist in the reference."""
    nested: dict = {}
    for dotted, value in overrides.items():
        *parents, last = str(dotted).split(".")
        here, known = nested, base
        for key in parents:
            known = known.get(key, {}) if isinstance(known, dict) else {}
            here = here.setdefault(key, {})
        if not isinstance(known, dict) or last not in known:
            hint = (
                nearest(last, known)
                if known and isinstance(known, dict)
                else nearest([*parents, last][0], base)
            )
            raise ScenarioError([f"overrides: {dotted}: no such key; {hint}"])
        if len(parents) == 2 and parents[0] in WHOLE:
            here.update({k: v for k, v in known.items() if k not in here})
        here[last] = value
    return nested


def _paths(tree: dict, at: tuple = ()):
    for key, value in tree.items():
        yield (*at, key)
        if isinstance(value, dict):
            yield from _paths(value, (*at, key))


def _shown(path: Path) -> str:
    return f"{path.parent.name}/{path.name}" if path.parent == PARAMS else str(path)


def _doubts(params: Params, base: dict):
    """What the types cannot say: names that must exist, order of percentiles, units, shares inside
    0 and 1.
    """
    yield from readings.doubts(params)
    things: dict[tuple, tuple] = {("model",): (params.model, Model), ("site",): (params.site, Site)}
    things |= {
        (o, "accelerator"): (getattr(params, o).accelerator, Accelerator)
        for o in ("baseline", "candidate")
    }
    for key, (name, kind) in things.items():
        if name not in names(kind):
            yield key, unknown(kind.__name__.lower(), name, names(kind))
    prices = chosen("prices")
    quoted = set(prices["thing"][prices["field"] == "output_usd_per_token"])
    if params.finance.api is not None and params.finance.api not in quoted:
        yield ("finance", "api"), unknown("thing with token prices", params.finance.api, quoted)
    for field, file in (("product", "launches"), ("ramp", "volumes")):
        name, known = getattr(params.rollout, field), set(table(file)["product"])
        if name not in known:
            yield ("rollout", field), unknown(f"product of {file}.csv", name, known)
    for name, belief in params.believe.items():
        key = ("believe", name)
        if name not in base["believe"]:
            yield key, unknown("belief", name, base["believe"])
            continue
        if not belief.low <= belief.mid <= belief.high:
            yield (
                (*key, "low"),
                f"expected low <= mid <= high, found {belief.low}, {belief.mid}, {belief.high}",
            )
        if belief.source not in sources().index:
            yield (*key, "source"), unknown("source", belief.source, sources().index)
        yield from (((*key, "unit"), said) for said in _unit_doubts(name, belief))


def _unit_doubts(name: str, belief):
    try:
        ends = [convert(value, belief.unit, unit_of(name)) for value in (belief.low, belief.high)]
    except Exception as fault:  # pint raises several unrelated kinds for an unknown or unfit unit
        yield f"{belief.unit!r} is no unit for {name} ({unit_of(name) or 'a share'}): {fault}"
        return
    if ends[0] < 0 or (ends[0] < ends[1] and ends[0] == 0):
        yield f"expected a number that is not below 0, or a range above it, found {belief.low} {belief.unit}"
    inside = 0 <= ends[0] <= ends[1] <= 1 and not 0 < ends[0] < ends[1] == 1
    if is_share(name) and not inside:
        yield f"a share lies between 0 and 1 (an open range), found {belief.low} to {belief.high} {belief.unit}"
