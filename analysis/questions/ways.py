"""Every option of a scenario under every tenure: what a request costs that way, and what it takes.

A way that a buyer does not have is none, with the reason: nobody has quoted it, it is not on sale,
no layout keeps the promise.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from analysis.laws import LAWS
from analysis.laws.cost import usd_per_s_per_chip
from analysis.model.options import AsClaimed, OptionColumns, needs_wider
from analysis.model.prices import api_request_usd, rent_usd_per_s_per_chip
from analysis.model.runner import Columns, arguments, downstream, evaluate
from analysis.questions.acts import PAID_BY_USE, Tenure, Way
from analysis.questions.resale import kept_usd_per_s_per_chip
from analysis.scenario.faults import has_token_prices
from analysis.scenario.scenario import Scenario
from analysis.scenario.schema import Held, Option
from analysis.units import convert

TENURES: tuple[Tenure, ...] = ("own", "rent_3yr", "rent_1yr", "rent_on_demand", "rent_spot")
TENURE_WORDS = {
    "own": "own",
    "rent_3yr": "rent for 3 years",
    "rent_1yr": "rent for 1 year",
    "rent_on_demand": "rent on demand",
    "rent_spot": "rent at spot prices",
    "api": "buy tokens from an API",
    "as held": "as held today",
}
TODAY = "today"
MONTH_S = convert(1.0, "month", "s")
_AFTER_PRICE = tuple(
    law for law in downstream(LAWS, ["usd_per_s_per_chip"]) if law is not usd_per_s_per_chip
)
# What ways are made of: what `ways` reads of an option's columns, and `_drafts` of what_if_worlds.
READ = frozenset(argument for law in _AFTER_PRICE for argument in arguments(law)) | {
    "available_share",
    "draft_count",
    "elastic_share",
    "eligible_share",
    "first_year_ratio",
    "load_factor",
    "operating_usd_per_s_per_chip",
    "output_tokens_per_request",
    "owned_usd_per_s_per_chip",
    "paid_tokens_per_s_per_chip",
    "retrofit_usd_per_chip",
}


@dataclass(frozen=True)
class NoWay:
    """An option under a tenure that this buyer does not have, and why."""

    option: str
    tenure: Tenure
    reason: str


@dataclass(frozen=True, eq=False)
class Ways:
    """What a buyer has: the way that serves today, the others, and those that there are not.

    `today` is what keeping costs: the price of a request on the chips that run, at what these chips
    cost this buyer from now on. `requests_per_month` is the work that his budget buys there.
    """

    today: Way
    others: tuple[Way, ...]
    none: tuple[NoWay, ...]
    requests_per_month: np.ndarray

    def of(self, option: str, tenure: str) -> Way:
        """The way of an option under a tenure; KeyError where this buyer does not have it."""
        if option == TODAY:
            return self.today
        for way in self.others:
            if (way.option, way.tenure) == (option, tenure):
                return way
        raise KeyError((option, tenure))


def ways(
    case: Scenario,
    columns: OptionColumns,
    beliefs: Mapping[str, np.ndarray],
    start_months: Mapping[str, np.ndarray],
    requests_per_month: float | np.ndarray | None = None,
) -> Ways:
    """All ways of a scenario, draw by draw.

    `columns` and `beliefs` come from one set of draws; `start_months` has, for each option that
    waits for a product, the months until it works for this buyer (infinite: never). The work is
    what the budget buys today at the median, unless `requests_per_month` states it, once or a draw.
    """
    today = _today(case, columns.today, beliefs)
    stated = requests_per_month
    if stated is None:
        full = full_request_usd(case, columns.today, beliefs)
        stated = case.budget.usd_per_year / 12 / float(np.median(full))
    work = np.full(len(today.usd_per_request), stated)
    others: list[Way] = []
    none: list[NoWay] = []
    for name, option in case.chip_options.items():
        if name in columns.reasons:
            none += [NoWay(name, tenure, columns.reasons[name]) for tenure in TENURES]
            continue
        claimed = columns.as_claimed if name == case.headline else None
        chips = _Chips(name, option, columns.options[name], columns.rest.get(name), claimed)
        for way in _ways_of(case, chips, today, beliefs, work, start_months):
            (none if isinstance(way, NoWay) else others).append(way)  # type: ignore[arg-type]
    for name, api in case.api_options.items():
        if not has_token_prices(api.api, str(case.as_of)):
            none.append(NoWay(name, "api", f"nobody has quoted this as of {case.as_of}"))
            continue
        others.append(_api_way(case, name, api.api, columns.today, beliefs))
    return Ways(today, tuple(others), tuple(none), work)


def full_request_usd(
    case: Scenario, columns: Columns, beliefs: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Dollars of a request today at the full price of the chips that serve, shape (draws,).

    The budget over its median is the work. `columns` are those of what serves today.
    """
    if case.have.held == "owned":
        return request_usd_at(columns, columns["owned_usd_per_s_per_chip"], by_use=False)
    return _today(case, columns, beliefs).usd_per_request


def request_usd_at(columns: Columns, price_usd_per_s_per_chip, by_use: bool) -> np.ndarray:
    """Dollars of a request where a chip second has this price, shape (draws,).

    Paid by use, a part of the idle hours, `elastic_share`, need not be paid for: what follows the
    load up and down quickly enough.
    """
    price = np.asarray(price_usd_per_s_per_chip, dtype=float)
    if by_use:
        price = price * (1 - columns["elastic_share"] * (1 - columns["load_factor"]))
    evaluated = at_chip_price(columns, price)
    return np.broadcast_to(evaluated["request_usd"], np.shape(columns["load_factor"])).copy()


def at_chip_price(columns: Columns, price_usd_per_s_per_chip: np.ndarray) -> Columns:
    """An option's columns with everything that follows from another price of a chip second."""
    return evaluate({**columns, "usd_per_s_per_chip": price_usd_per_s_per_chip}, _AFTER_PRICE)


def chips_needed(columns: Columns, requests_per_month: np.ndarray) -> np.ndarray:
    """Chips that serve so many requests a month at the operating point and load, shape (draws,)."""
    tokens = requests_per_month * columns["output_tokens_per_request"]
    rate = columns["paid_tokens_per_s_per_chip"] * columns["load_factor"]
    return tokens / (rate * MONTH_S)


def movable_share(case: Scenario, option: Option, columns: Columns) -> np.ndarray:
    """Share of the work whose quality survives on an option, shape (draws,).

    All of it, unless weights become narrower than they are today and than the model was released.
    """
    share = np.asarray(columns["eligible_share"], dtype=float)
    return share if needs_wider(case, option) else np.ones_like(share)


def _tenure(held: Held) -> Tenure:
    """How chips that run are paid from now on: a contract for years goes on as it was signed."""
    if held in ("rent_1yr", "rent_on_demand", "rent_spot"):
        return held
    return "as held"


def _today(case: Scenario, columns: Columns, beliefs: Mapping[str, np.ndarray]) -> Way:
    """What the work costs where it is, from now on: what is sunk is sunk."""
    have, ones = case.have, np.ones_like(columns["load_factor"])
    tenure: Tenure
    if have.held in ("api", "nothing"):
        tenure, usd = "api", _first_api_usd(case, columns) * ones
    else:
        tenure, usd = _tenure(have.held), _held_request_usd(case, columns, beliefs)
    drift = beliefs["api_drift_ratio"] if tenure == "api" else beliefs["rent_drift_ratio"]
    return Way(
        option=TODAY,
        tenure=tenure,
        usd_per_request=usd,
        drift_per_month=drift ** (1 / 12),
        movable_share=ones,
        once_usd=0 * ones,
        start_months=0 * ones,
        first_year_ratio=ones,
        chips=0 * ones,  # they are there
    )


def _held_request_usd(
    case: Scenario, columns: Columns, beliefs: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Dollars of a request on the chips that run, at what they cost this buyer from now on."""
    held = case.have.held
    if held == "owned":
        operation = columns["operating_usd_per_s_per_chip"] / columns["available_share"]
        price = kept_usd_per_s_per_chip(case, operation, beliefs)
        return request_usd_at(columns, price, by_use=False)
    rent = rent_usd_per_s_per_chip(case, case.have.accelerator, held)
    rents = rent * np.ones_like(columns["load_factor"])
    return request_usd_at(columns, rents, by_use=held in PAID_BY_USE)


def _first_api_usd(case: Scenario, columns: Columns) -> float:
    """A request at the list price of the first API among the options; NaN where there is none."""
    day = str(case.as_of)
    apis = [each.api for each in case.api_options.values() if has_token_prices(each.api, day)]
    return api_request_usd(case, apis[0]) if apis else np.nan


@dataclass(frozen=True, eq=False)
class _Chips:
    """An option that is chips: its columns, and those of the same chips in today's format.

    The second are None where all of the work survives, or where they do not keep the promise.
    `claimed` is None where nothing that is claimed of the option is taken to be true.
    """

    name: str
    option: Option
    columns: Columns
    rest: Columns | None
    claimed: AsClaimed | None


def _ways_of(
    case: Scenario,
    chips: _Chips,
    today: Way,
    beliefs: Mapping[str, np.ndarray],
    work: np.ndarray,
    start_months: Mapping[str, np.ndarray],
) -> Iterator[Way | NoWay]:
    """The ways of one option: on the chips that run, at their own price; else every tenure."""
    columns = chips.columns
    ones = np.ones_like(columns["load_factor"])
    same_chips = chips.option.accelerator == case.have.accelerator
    if same_chips and case.have.held not in ("api", "nothing"):
        yield _same_chips_way(case, chips, today, beliefs, work)
    arrival = start_months.get(chips.name, 0 * ones)
    for tenure in TENURES:
        _, reason = _price(case, chips.option, columns, tenure)
        if reason:
            yield NoWay(chips.name, tenure, reason)
            continue

        def request_usd(served: Columns, tenure: Tenure = tenure) -> np.ndarray:
            price, _ = _price(case, chips.option, served, tenure)
            return request_usd_at(served, price * ones, tenure in PAID_BY_USE)

        usd, movable, needed = _served(case, chips, request_usd, today, work)
        once = case.budget.migration_usd * ones
        if tenure == "own":
            once = once + needed * columns["retrofit_usd_per_chip"]
        wait = 0.0 if tenure in PAID_BY_USE else beliefs["delivery_months"]
        yield Way(
            option=chips.name,
            tenure=tenure,
            usd_per_request=usd,
            drift_per_month=beliefs["rent_drift_ratio"] ** (1 / 12),
            movable_share=movable,
            once_usd=once,
            start_months=arrival + wait * ones,
            first_year_ratio=np.asarray(columns["first_year_ratio"], dtype=float),
            chips=needed,
        )


def _served(
    case: Scenario,
    chips: _Chips,
    request_usd: Callable[[Columns], np.ndarray],
    today: Way,
    work: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Dollars of a mean request, the share of work that moves, and the chips that serve it.

    Work whose quality does not survive the format is served in today's on the same chips in the
    draws in which a request costs less so than where it is now: by then the buyer has measured
    both. Else it stays.
    """
    survives = movable_share(case, chips.option, chips.columns)
    usd = request_usd(chips.columns)
    needed = chips_needed(chips.columns, work * survives)
    if chips.claimed is not None:
        usd, needed = usd * chips.claimed.usd_ratio, needed * chips.claimed.chips_ratio
    if chips.rest is None:
        return usd, survives, needed
    rest_usd = request_usd(chips.rest)
    moves_too = rest_usd < today.usd_per_request
    blended = np.where(moves_too, survives * usd + (1 - survives) * rest_usd, usd)
    rest_needed = chips_needed(chips.rest, work * (1 - survives))
    return blended, np.where(moves_too, 1.0, survives), needed + moves_too * rest_needed


def _same_chips_way(
    case: Scenario,
    chips: _Chips,
    today: Way,
    beliefs: Mapping[str, np.ndarray],
    work: np.ndarray,
) -> Way:
    """The chips that run, served another way: their price is what keeping pays."""
    ones = np.ones_like(chips.columns["load_factor"])
    usd, movable, needed = _served(
        case, chips, lambda served: _held_request_usd(case, served, beliefs), today, work
    )
    return Way(
        option=chips.name,
        tenure=_tenure(case.have.held),
        usd_per_request=usd,
        drift_per_month=beliefs["rent_drift_ratio"] ** (1 / 12),
        movable_share=movable,
        once_usd=case.budget.migration_usd * ones,
        start_months=0 * ones,
        first_year_ratio=ones,
        chips=needed,
    )


def _price(
    case: Scenario, option: Option, columns: Columns, tenure: Tenure
) -> tuple[float | np.ndarray, str]:
    """Dollars of a chip second under a tenure, or why this buyer cannot have it."""
    if tenure == "own":
        owned = np.asarray(columns["owned_usd_per_s_per_chip"], dtype=float)
        if case.buyer == "startup":
            return np.nan, "a startup does not build or lease halls of its own"
        if np.isnan(owned).any():
            return np.nan, f"no purchase price is known as of {case.as_of}"
        return owned, ""
    if tenure == "rent_spot":
        return np.nan, "spot capacity can be taken back at any time, so it keeps no promise"
    rent = rent_usd_per_s_per_chip(case, option.accelerator, tenure)
    if np.isnan(rent):
        return np.nan, f"nobody has quoted this as of {case.as_of}"
    return rent, ""


def _api_way(
    case: Scenario,
    name: str,
    api: str,
    columns: Columns,
    beliefs: Mapping[str, np.ndarray],
) -> Way:
    """The same lengths of work bought by the token: another model, at its maker's list price."""
    ones = np.ones_like(columns["load_factor"])
    return Way(
        option=name,
        tenure="api",
        usd_per_request=api_request_usd(case, api) * ones,
        drift_per_month=beliefs["api_drift_ratio"] ** (1 / 12),
        movable_share=np.asarray(columns["eligible_share"], dtype=float) * ones,
        once_usd=case.budget.migration_usd * ones,
        start_months=0 * ones,
        first_year_ratio=ones,
        chips=0 * ones,
    )
