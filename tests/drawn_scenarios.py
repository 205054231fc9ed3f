"""Whole scenarios drawn from the schema: its own limits, and names from the fact tables."""

from datetime import date, timedelta
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin

from annotated_types import Gt, Lt
from hypothesis import strategies as st

from analysis.facts import Accelerator, Model, Site, names, purchasable, sold_by_token, table
from analysis.scenario.claims import claims
from analysis.scenario.readings import MEASURED, readings
from analysis.scenario.scenario import PARAMS
from analysis.scenario.schema import ApiOption, Option, Params, Product, Record
from analysis.scenario.yaml_file import read
from analysis.units import is_share

REFERENCE = read(PARAMS / "reference.yml")[0]
WIDEST = 1e12  # where the schema has no limit
DECADES = 2.5  # about the reference's number, in which most numbers are drawn
Number = float | int


@cache
def known_names() -> dict[str, list]:
    """Names that a key may take, from the tables that have them."""
    products = sorted(set(table("launches")["product"]))
    chips = list(purchasable(str(REFERENCE["as_of"])))
    return {
        "claim": [None, *claims()],
        "reading": [MEASURED, *readings()],
        "credence.reading": list(readings()),
        "model": names(Model),
        "site": names(Site),
        "accelerator": [*chips, *chips, *chips, *names(Accelerator)],
        "product": [None, None, *products],
        "rollout.product": products,
        "rollout.ramp": sorted(set(table("volumes")["product"])),
        "api": sorted(sold_by_token()),
        "finance.api": [None, *sorted(sold_by_token())],
        "source": ["judged", "epoch_gw", "nobody"],
        "days": sorted(set(table("evidence")["known"])),
    }


def scenarios() -> st.SearchStrategy[dict[str, Any]]:
    """Mappings as a scenario file states them, some of them faulty."""
    return _scenario()


@st.composite
def _scenario(draw: st.DrawFn) -> dict[str, Any]:
    stated: dict[str, Any] = {"title": draw(_texts()), "question": draw(_texts())}
    sections = [name for name in Params.model_fields if name not in ("title", "question")]
    for name in draw(st.lists(st.sampled_from(sections), max_size=12, unique=True)):
        stated[name] = draw(_section(name, stated))
    return stated


def _section(name: str, stated: dict[str, Any]) -> st.SearchStrategy:
    field = Params.model_fields[name]
    special = {
        "options": st.dictionaries(_option_names(), _options(), max_size=3),
        "headline": st.sampled_from([*stated.get("options", {}), *REFERENCE["options"]]),
        "quotes": _quotes(),
        "products": st.dictionaries(_product_names(), _records(Product, "product"), max_size=2),
        "believe": _beliefs(),
        "as_of": _days(),
    }
    if name in special:
        return special[name]
    if isinstance(field.annotation, type) and issubclass(field.annotation, Record):
        return _parts(field.annotation, name)
    return _values(field.annotation, field.metadata, name)


def _parts(kind: type[Record], key: str) -> st.SearchStrategy:
    """Some fields of a section."""
    optional = {
        name: _values(field.annotation, field.metadata, f"{key}.{name}")
        for name, field in kind.model_fields.items()
    }
    return st.fixed_dictionaries({}, optional=optional)


def _records(kind: type[Record], key: str) -> st.SearchStrategy:
    """A record, whole."""
    return st.fixed_dictionaries(
        {
            name: _values(field.annotation, field.metadata, f"{key}.{name}")
            for name, field in kind.model_fields.items()
        }
    )


def _values(kind: Any, limits: Any, key: str) -> st.SearchStrategy:
    """Values of a type within its limits; names from the tables that have them."""
    if get_origin(kind) is Annotated:
        inner, *more = get_args(kind)
        return _values(inner, [*limits, *(m for each in more for m in _flat(each))], key)
    known = known_names()
    if key == "credence.instead":
        return st.dictionaries(st.sampled_from(known["days"]), _around(1.0, 0, None), max_size=1)
    for name in (key, key.split(".")[-1]):
        if name in known and kind in (str, str | None):
            return st.sampled_from(known[name])
    arguments = get_args(kind)
    if get_origin(kind) is Literal:
        return st.sampled_from(arguments)
    if arguments:  # a union
        return st.one_of(
            *(st.none() if each is type(None) else _values(each, limits, key) for each in arguments)
        )
    if kind is bool:
        return st.booleans()
    if kind in (int, float):
        return _numbers(kind, limits, key)
    if kind is date:
        return _days()
    return _texts()


def _flat(metadata: Any) -> list[Any]:
    return getattr(metadata, "metadata", None) or [metadata]


def _numbers(kind: type, limits: Any, key: str) -> st.SearchStrategy:
    least, most = 0.0, None
    for limit in limits:
        least = max(least, getattr(limit, "ge", None) or getattr(limit, "gt", None) or 0)
        most = getattr(limit, "le", None) or getattr(limit, "lt", None) or most
    is_open = [any(isinstance(limit, kind) for limit in limits) for kind in (Gt, Lt)]
    at = _reference(key)
    if kind is int:
        whole = st.integers(int(least), int(most or WIDEST))
        if not at:
            return whole
        return st.one_of(_around(at, least, most).map(round), whole)
    if most is not None and most <= 1:
        return st.floats(least, most, exclude_min=is_open[0], exclude_max=is_open[1])
    wide = st.floats(least, most or WIDEST, exclude_min=is_open[0], exclude_max=is_open[1])
    return st.one_of(_around(at or 1.0, least, most), _around(at or 1.0, least, most), wide)


def _around(at: float, least: float, most: float | None) -> st.SearchStrategy:
    scores = st.floats(-DECADES, DECADES)
    return scores.map(lambda score: min(max(at * 10**score, least), most or WIDEST))


def _reference(key: str) -> float:
    found: Any = REFERENCE
    for part in key.split("."):
        found = found.get(part, {}) if isinstance(found, dict) else {}
    if key.startswith("product."):
        return {"price_usd": 1.0, "input_tokens": 1e4, "cached_tokens": 1e4}.get(
            key.split(".")[1], 10.0
        )
    if key.endswith("chips"):
        return 32.0
    return float(found) if isinstance(found, int | float) else 0.0


def _days() -> st.SearchStrategy[str]:
    newest = date.fromisoformat(str(REFERENCE["as_of"]))
    near = st.integers(-900, 400).map(lambda days: newest + timedelta(days=days))
    return st.one_of(*[near] * 9, st.dates(date(1, 1, 1), date(9999, 12, 31))).map(str)


def _days_before() -> st.SearchStrategy[str]:
    """Days of which most are known on most days of scenarios."""
    return st.one_of(st.just("2025-01-02"), _days())


def _texts() -> st.SearchStrategy[str]:
    return st.sampled_from(["A title", "Words that say why"])


def _option_names() -> st.SearchStrategy[str]:
    return st.one_of(
        st.sampled_from([*REFERENCE["options"], "constructor", "a.b"]),
        st.from_regex(r"[a-z0-9][a-z0-9.-]{0,9}", fullmatch=True),
    )


def _product_names() -> st.SearchStrategy[str]:
    return st.sampled_from([*REFERENCE["products"], "constructor", "of-our-own"])


def _options() -> st.SearchStrategy:
    chips = _records(Option, "option")
    return st.one_of(st.none(), chips, chips, chips, _records(ApiOption, "option"))


def _quotes() -> st.SearchStrategy:
    quote = st.fixed_dictionaries(
        {"usd_per_hour": _around(3.0, 0, None), "as_of": _days_before(), "source": _texts()}
    )
    held = st.sampled_from(["rent_3yr", "rent_1yr", "rent_on_demand", "rent_spot"])
    chips = st.sampled_from(known_names()["accelerator"])
    return st.dictionaries(chips, st.dictionaries(held, quote, min_size=1, max_size=4), max_size=2)


@st.composite
def _beliefs(draw: st.DrawFn) -> dict[str, dict]:
    chosen = draw(st.lists(st.sampled_from(sorted(REFERENCE["believe"])), max_size=4, unique=True))
    return {name: draw(_belief(name)) for name in chosen}


@st.composite
def _belief(draw: st.DrawFn, name: str) -> dict[str, Any]:
    stated = REFERENCE["believe"][name]
    if is_share(name) and not stated["unit"]:
        ends = st.one_of(st.floats(0, 1), st.floats(0.001, 0.999), st.sampled_from([0.0, 1.0]))
    else:
        near = _around(stated["mid"] or 1.0, 0, None)
        ends = st.one_of(*[near] * 9, st.floats(0, WIDEST))
    count = draw(st.sampled_from([1, 3, 3, 3]))
    low, mid, high = sorted(draw(ends) for _ in range(count)) * (3 // count)
    words = {"source": draw(st.sampled_from(["judged", "epoch_gw"])), "why": draw(_texts())}
    return {"low": low, "mid": mid, "high": high, "unit": stated["unit"], **words}
