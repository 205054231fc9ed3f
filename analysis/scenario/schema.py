"""What a scenario file may say: one frozen record a section, nothing missing, nothing unknown."""

from datetime import date
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
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

    input_tokens: Count
    cached_share: Annotated[float, Field(ge=0, lt=1)]  # a prompt has something new
    output_tokens: Count
    tokens_per_s_per_user: Positive
    ttft_limit_s: Positive


class Deployment(Record):
    """A way to serve it: chips of one kind, a precision and, where known, a serving engine."""

    accelerator: str
    chips: Count
    precision: Literal["bf16", "fp8", "fp4", "int4"]
    engine: Literal["vllm", "sglang", "trtllm"] | None


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
    ramp_months: Positive
    patience_months: Positive
    hedge_share: Share


class Fleet(Record):
    """A buyer's fleet, and the site's limits on power and on liquid cooling."""

    chips: Count
    added_chips_per_month: Positive
    power_w: Positive
    liquid_w: Positive


class Finance(Record):
    """How chips are held: the share owned, the contract for the rest, the share of halls leased."""

    owned_share: Share
    rent: Literal["rent_3yr", "rent_1yr", "rent_on_demand"]
    leased_share: Share
    api: str | None  # a thing of prices.csv with token prices: the same work bought from a provider


class Budget(Record):
    """Money for serving, what is scarce, and what a move costs in dollars and in double running."""

    usd_per_year: Positive
    scarce: Literal["dollars", "megawatts"]
    migration_usd: Annotated[float, Field(ge=0)]
    dual_months: Annotated[float, Field(ge=0)]
    horizon_months: Annotated[int, Field(ge=6, le=60)]


class Product(Record):
    """One sale of a product: price, tokens of an attempt (medians), and what else it costs.

    `spread_ratio` is the standard deviation of the logarithm of an attempt's tokens.
    """

    price_usd: Positive
    input_tokens: Annotated[float, Field(ge=0)]  # computed afresh
    cached_tokens: Annotated[float, Field(ge=0)]
    output_tokens: Positive
    spread_ratio: Positive
    success_share: Annotated[float, Field(gt=0, le=1)]
    other_usd: Annotated[float, Field(ge=0)]  # an attempt's tools, telephony, search
    margin_share: Share  # gross margin to reach
    source: Text
    why: Text


class Credence(Record):
    """How the claim is believed: the reading that counts as true, and ratios of the evidence.

    `instead` maps the date of an entry of evidence.csv to a likelihood ratio that replaces its own.
    """

    reading: str
    instead: dict[str, Positive]


class Params(Record):
    """A whole scenario."""

    title: Text
    question: Text
    as_of: date
    claim: str | None
    reading: str
    model: str
    workload: Workload
    baseline: Deployment
    candidate: Deployment
    site: str
    rollout: Rollout
    decision: Decision
    fleet: Fleet
    finance: Finance
    budget: Budget
    products: dict[str, Product]
    credence: Credence
    believe: dict[str, Belief]
