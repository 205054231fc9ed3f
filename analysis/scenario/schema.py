"""What a scenario file may say: one frozen record a section, nothing missing, nothing unknown.

Every number has limits, far beyond what anybody serves or pays: what lies outside is a slip of the
hand or of the unit, and what lies inside can be answered.
"""

from datetime import date
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

Usd = Annotated[float, Field(ge=0, le=1e13)]  # in all, or in a year
Price = Annotated[float, Field(ge=1e-6, le=1e9)]  # dollars of one thing
Months = Annotated[float, Field(ge=0, le=240)]
Power = Annotated[float, Field(ge=1, le=1e12)]  # watts
Tokens = Annotated[int, Field(ge=1, le=10_000_000)]  # of a request
Ratio = Annotated[float, Field(ge=1e-6, le=1e6)]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2050, 12, 31))]
# From the day on which enough launches had come, late and on sale, to forecast another from them.
RECORD_SINCE = date(2023, 7, 1)
AsOf = Annotated[date, Field(ge=RECORD_SINCE, le=date(2050, 12, 31))]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1, le=100_000_000)]
Text = Annotated[str, Field(min_length=1, max_length=20_000)]


class Record(BaseModel):
    """Frozen and strict: an unknown, missing or ill-typed field is an error that names it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Belief(Record):
    """A judged number: its 10th, 50th and 90th percentiles, where it comes from and why."""

    low: float
    mid: float
    high: float
    unit: str
    source: Text
    why: Text


def quantiles(values: Any) -> dict[str, float]:
    """P10, P50 and P90 of draws, named as a belief names its own: low, mid, high."""
    low, mid, high = np.quantile(values, [0.1, 0.5, 0.9]).tolist()
    return {"low": low, "mid": mid, "high": high}


class Workload(Record):
    """The work to serve: lengths of a request, the cached share of its input, the promise."""

    input_tokens: Tokens
    cached_share: Annotated[float, Field(ge=0, lt=1)]  # a prompt has something new
    output_tokens: Tokens
    tokens_per_s_per_user: Annotated[float, Field(ge=0.01, le=100_000)]
    ttft_limit_s: Annotated[float, Field(ge=0.001, le=1e6)]


Precision = Literal["bf16", "fp8", "fp4", "int4"]
Engine = Literal["vllm", "sglang", "trtllm"]
Held = Literal["owned", "rent_3yr", "rent_1yr", "rent_on_demand", "rent_spot", "api", "nothing"]
Buyer = Literal["neocloud", "hyperscaler", "enterprise", "startup"]


class Deployment(Record):
    """A way to serve it: chips of one kind, a precision and, where known, a serving engine.

    `chips` is the most that one deployment may span.
    """

    accelerator: str
    chips: Annotated[int, Field(ge=1, le=10_000)]
    precision: Precision
    engine: Engine | None = None


class Have(Deployment):
    """What serves today and how its chips are held.

    `bought` is the day on which owned chips were bought, `until` the day to which a contract runs:
    before it, chips that are given up are still paid for. Held through an `api` or by `nothing`,
    the chips say what work the budget is set against.
    """

    held: Held
    bought: Day | None = None
    until: Day | None = None


class Option(Deployment):
    """What could serve instead; one with a `product` waits until that product can be had."""

    product: str | None = None


class ApiOption(Record):
    """The work bought from a provider of tokens: a thing of prices.csv with token prices."""

    api: str


def _kind_of_option(stated: Any) -> str:
    """Which of the two kinds of options a mapping states: that of an API has the key `api`."""
    stated_api = "api" in stated if isinstance(stated, dict) else isinstance(stated, ApiOption)
    return "api" if stated_api else "chips"


AnyOption = Annotated[
    Annotated[Option, Tag("chips")] | Annotated[ApiOption, Tag("api")],
    Discriminator(_kind_of_option),
]


class Serving(Record):
    """What the operator can run: pools of their own for prompts, drafted tokens, and how tuned.

    `draft_acceptance_ratio` is how many more tokens drafts add to a step than was measured.
    """

    disaggregated: bool
    draft_tokens: Literal["best"] | Annotated[int, Field(ge=0, le=5)]
    engine_level: Literal["tuned", "as_run"]
    draft_acceptance_ratio: Annotated[float, Field(ge=0.01, le=100)] = 1.0


class Quote(Record):
    """A price that this buyer was offered: it stands before the quotes of the tables."""

    usd_per_hour: Price
    as_of: Day
    source: Text


class Rollout(Record):
    """What is to ship, whose ramp it follows, and what of the announcement is taken for granted."""

    product: str
    ramp: str
    assume_real: bool
    loops: Annotated[int, Field(ge=0, le=12)]
    fiscal_share: Share


class Decision(Record):
    """The choice between waiting, buying and renting, and how a buyer moves and gives up."""

    horizon_months: Annotated[int, Field(ge=6, le=120)]
    discount_share_per_year: Share
    ramp_months: Annotated[float, Field(gt=0, le=240)]
    patience_months: Annotated[float, Field(gt=0, le=240)]
    hedge_share: Share


class Fleet(Record):
    """A buyer's fleet, and the site's limits on power and on liquid cooling."""

    chips: Count
    added_chips_per_month: Annotated[float, Field(gt=0, le=100_000_000)]
    power_w: Power
    liquid_w: Power


class Finance(Record):
    """How chips are held: the share owned, the contract for the rest, the share of halls leased."""

    owned_share: Share
    rent: Literal["rent_3yr", "rent_1yr", "rent_on_demand"]
    leased_share: Share
    api: str | None  # a thing of prices.csv with token prices: the same work bought from a provider
    electricity_usd_per_kwh: (
        Annotated[float, Field(ge=1e-4, le=100)] | None
    )  # what this buyer pays; null: the price of the site


class Budget(Record):
    """Money for serving, what is scarce, and what a move costs in dollars and in double running."""

    usd_per_year: Annotated[float, Field(ge=1, le=1e13)]
    scarce: Literal["dollars", "megawatts"]
    migration_usd: Usd
    dual_months: Months
    horizon_months: Annotated[int, Field(ge=6, le=60)]


class Product(Record):
    """One sale of a product: price, tokens of an attempt (medians), and what else it costs.

    `spread_ratio` is the standard deviation of the logarithm of an attempt's tokens.
    """

    price_usd: Price
    input_tokens: Annotated[float, Field(ge=0, le=1e12)]  # computed afresh
    cached_tokens: Annotated[float, Field(ge=0, le=1e12)]
    output_tokens: Annotated[float, Field(ge=1, le=1e12)]
    spread_ratio: Annotated[float, Field(ge=0.001, le=4)]
    success_share: Annotated[float, Field(ge=0.001, le=1)]
    other_usd: Annotated[float, Field(ge=0, le=1e9)]  # an attempt's tools, telephony, search
    margin_share: Share  # gross margin to reach
    source: Text
    why: Text


class Credence(Record):
    """How the claim is believed: the reading that counts as true, and ratios of the evidence.

    `instead` maps the date of an entry of evidence.csv to a likelihood ratio that replaces its own.
    `true_share` is the chance with which the costs of acts take the claim to be true of the
    headline's option.
    """

    reading: str
    instead: dict[str, Ratio]
    true_share: Share = 0.0


class Params(Record):
    """A whole scenario."""

    title: Text
    question: Text
    as_of: AsOf
    claim: str | None
    reading: str
    model: str
    measured: str | None  # a file of own measurements, from the folder of the scenario's file
    workload: Workload
    have: Have
    options: dict[str, AnyOption]
    headline: str
    serving: Serving
    buyer: Buyer
    quotes: dict[str, dict[Held, Quote]]
    site: str
    rollout: Rollout
    decision: Decision
    fleet: Fleet
    finance: Finance
    budget: Budget
    products: dict[str, Product]
    credence: Credence
    believe: dict[str, Belief]
