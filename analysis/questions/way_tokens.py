"""What tokens cost under every option and tenure: all of a request's, and each kind's."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.model.prices import api_prices
from analysis.model.runner import Columns
from analysis.questions.act_costs import Evaluation
from analysis.questions.ways import TODAY, at_chip_price, request_usd_at
from analysis.scenario.scenario import Scenario
from analysis.scenario.schema import ApiOption, quantiles

KINDS = ("input_usd_per_token", "cached_usd_per_token", "output_usd_per_token")


def cost_of_ways(case: Scenario, evaluation: Evaluation) -> pd.DataFrame:
    """Dollars per output token of every way that this buyer has, the cheapest first, a row a way.

    The prompts that an answer needs are paid for in it. Prices are today's, before any friction.
    Columns are option, tenure, `on_sale` (false where the option waits for a product), low, mid
    and high.
    """
    rows = []
    for way in (evaluation.ways.today, *evaluation.ways.others):
        per_token = way.usd_per_request / case.workload.output_tokens
        row = {"option": way.option, "tenure": way.tenure, **quantiles(per_token)}
        rows.append({**row, "on_sale": way.option not in evaluation.start_months})
    # Chips that run and the same chips hired beside them are one line where they cost the same.
    found = pd.DataFrame(rows).drop_duplicates(["option", "tenure"], keep="last")
    return found.sort_values("mid", kind="stable", ignore_index=True)


def token_prices(
    case: Scenario, evaluation: Evaluation, option: str, tenure: str
) -> Mapping[str, np.ndarray]:
    """Dollars per computed, cached and written token of one way, draw by draw, under KINDS.

    Raises KeyError where this buyer does not have the way.
    """
    api = _api_of(case, option, tenure)
    if api:
        return {name: np.array([usd]) for name, usd in api_prices(case, api).items()}
    if option == TODAY:
        return token_prices_at(evaluation.columns.today, evaluation.ways.today.usd_per_request)
    way = evaluation.ways.of(option, tenure)
    return token_prices_at(evaluation.columns.options[option], way.usd_per_request)


def token_prices_at(columns: Columns, request_usd: np.ndarray) -> Mapping[str, np.ndarray]:
    """Dollars per token of each kind where a request costs so much.

    A request is linear in the price of a chip second, so that its cost tells this price; the
    memory in which cached tokens wait has a price of its own.
    """
    price = np.asarray(columns["usd_per_s_per_chip"], dtype=float)
    cached = request_usd_at(columns, 0 * price, by_use=False)
    chips = request_usd_at(columns, price, by_use=False) - cached
    evaluated = at_chip_price(columns, price * (request_usd - cached) / chips)
    return {name: np.broadcast_to(evaluated[name], request_usd.shape) for name in KINDS}


def _api_of(case: Scenario, option: str, tenure: str) -> str:
    """The API behind a way, blank where it is of chips."""
    if tenure != "api":
        return ""
    if option == TODAY:
        return next(iter(case.api_options.values())).api
    known = case.options[option]
    assert isinstance(known, ApiOption)
    return known.api
