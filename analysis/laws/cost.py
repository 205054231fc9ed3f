"""What a chip costs to own or hire, and what a token made on it costs. Nominal US dollars, rates
after tax.
"""

import numpy as np


def discount_share_per_s(
    debt_share, debt_interest_share_per_s, equity_return_share_per_s, income_tax_share
):
    """Weighted average cost of capital, nominal and after tax: interest is deductible, a return on
    equity is not.
    """
    debt = debt_share * debt_interest_share_per_s * (1 - income_tax_share)
    return debt + (1 - debt_share) * equity_return_share_per_s


def recovery_share_per_s(discount_share_per_s, life_s, residual_share, period_s):
    """Level payment at the end of each period that repays a price over its life, less what a sale
    brings at the end.

    The capital recovery factor of Hennessy and Patterson (6th edition, section 6.4); straight line
    at a rate of 0.
    """
    rate = discount_share_per_s * period_s
    periods = life_s / period_s
    free = rate == 0
    level = np.where(free, 1, rate) / -np.expm1(-periods * np.log1p(np.where(free, 1, rate)))
    level = np.where(free, 1 / periods, level)
    return (level * (1 - residual_share) + rate * residual_share) / period_s


def it_recovery_share_per_s(discount_share_per_s, it_life_s, it_residual_share, period_s):
    """Capital recovery on the computers: short lives, some resale."""
    return recovery_share_per_s(discount_share_per_s, it_life_s, it_residual_share, period_s)


def facility_recovery_share_per_s(
    discount_share_per_s, facility_life_s, facility_residual_share, period_s
):
    """Capital recovery on building, power and cooling, which outlive several generations of
    computers.
    """
    return recovery_share_per_s(
        discount_share_per_s, facility_life_s, facility_residual_share, period_s
    )


def paid_usd_per_chip(accelerator_usd_per_chip, paid_ratio):
    """What this buyer pays for the accelerator: the table's price times his premium or discount."""
    return accelerator_usd_per_chip * paid_ratio


def it_usd_per_chip(
    paid_usd_per_chip, server_usd_per_chip, network_usd_per_chip, storage_usd_per_chip
):
    """Purchase price of the computers that one accelerator needs, spares not counted."""
    return paid_usd_per_chip + server_usd_per_chip + network_usd_per_chip + storage_usd_per_chip


def critical_w_per_chip(provisioned_w_per_chip, provisioned_pue_ratio):
    """Power for computers, out of published all-in figures, which hold the cooling of the site they
    were made for.
    """
    return provisioned_w_per_chip / provisioned_pue_ratio


def feed_w_per_chip(critical_w_per_chip, design_pue_ratio):
    """Peak at the utility: computers and this site's cooling at the hottest hour."""
    return critical_w_per_chip * design_pue_ratio


def facility_usd_per_chip(facility_usd_per_w, critical_w_per_chip, overbuild_ratio, leased_share):
    """Price of the built halls for one accelerator, quoted per watt of computers; stranded power
    multiplies it.
    """
    return facility_usd_per_w * critical_w_per_chip * overbuild_ratio * (1 - leased_share)


def accelerator_usd_per_s_per_chip(paid_usd_per_chip, it_recovery_share_per_s):
    """Level payment on the accelerator."""
    return paid_usd_per_chip * it_recovery_share_per_s


def server_usd_per_s_per_chip(server_usd_per_chip, it_recovery_share_per_s):
    """Level payment on host processor, memory, chassis and power supplies."""
    return server_usd_per_chip * it_recovery_share_per_s


def network_usd_per_s_per_chip(network_usd_per_chip, it_recovery_share_per_s):
    """Level payment on switches, optics and cables, within the rack and beyond it."""
    return network_usd_per_chip * it_recovery_share_per_s


def storage_usd_per_s_per_chip(storage_usd_per_chip, it_recovery_share_per_s):
    """Level payment on storage for weights, logs and cached prompts."""
    return storage_usd_per_chip * it_recovery_share_per_s


def spare_usd_per_s_per_chip(it_usd_per_chip, spare_share, it_recovery_share_per_s):
    """Level payment on computers bought to replace those that fail."""
    return it_usd_per_chip * spare_share * it_recovery_share_per_s


def facility_usd_per_s_per_chip(facility_usd_per_chip, facility_recovery_share_per_s):
    """Level payment on building, power and cooling."""
    return facility_usd_per_chip * facility_recovery_share_per_s


def lease_usd_per_s_per_chip(lease_usd_per_s_per_w, critical_w_per_chip, leased_share):
    """Rent for leased halls (colocation), per watt of computers, used or not."""
    return lease_usd_per_s_per_w * critical_w_per_chip * leased_share


def drawn_w_per_chip(feed_w_per_chip, drawn_share):
    """Mean power at the meter as a share of the peak, where no serving model tells it; the hall is
    in both.
    """
    return feed_w_per_chip * drawn_share


def metered_w_per_chip(
    board_j_per_output_token,
    board_j_per_input_token,
    paid_tokens_per_s_per_chip,
    output_tokens_per_request,
    input_tokens_per_request,
    cached_share,
    load_factor,
    wall_ratio,
    pue_ratio,
):
    """Mean power at the meter over busy and idle hours, from energy per token; cooling enters here,
    once.
    """
    prompt_ratio = input_tokens_per_request * (1 - cached_share) / output_tokens_per_request
    token_j = board_j_per_output_token + board_j_per_input_token * prompt_ratio
    return token_j * paid_tokens_per_s_per_chip * load_factor * wall_ratio * pue_ratio


def electricity_usd_per_s_per_chip(metered_w_per_chip, electricity_usd_per_j, tariff_ratio):
    """Energy at the meter times its price under this buyer's tariff; the meter already sees cooling
    and losses.
    """
    return metered_w_per_chip * electricity_usd_per_j * tariff_ratio


def demand_usd_per_s_per_chip(feed_w_per_chip, demand_usd_per_s_per_w):
    """Utility's charge for the peak that it has to hold ready, drawn or not."""
    return feed_w_per_chip * demand_usd_per_s_per_w


def maintenance_usd_per_s_per_chip(it_usd_per_chip, maintenance_share_per_s):
    """Support contracts and repair, as a yearly share of the computers' price."""
    return it_usd_per_chip * maintenance_share_per_s


def tax_usd_per_s_per_chip(it_usd_per_chip, facility_usd_per_chip, property_tax_share_per_s):
    """Property tax and insurance, as a yearly share of everything bought."""
    return (it_usd_per_chip + facility_usd_per_chip) * property_tax_share_per_s


def capital_usd_per_s_per_chip(
    accelerator_usd_per_s_per_chip,
    server_usd_per_s_per_chip,
    network_usd_per_s_per_chip,
    storage_usd_per_s_per_chip,
    spare_usd_per_s_per_chip,
    facility_usd_per_s_per_chip,
):
    """Level payments on all that is bought."""
    computers = (
        accelerator_usd_per_s_per_chip + server_usd_per_s_per_chip + network_usd_per_s_per_chip
    )
    return (
        computers
        + storage_usd_per_s_per_chip
        + spare_usd_per_s_per_chip
        + facility_usd_per_s_per_chip
    )


def operating_usd_per_s_per_chip(
    lease_usd_per_s_per_chip,
    electricity_usd_per_s_per_chip,
    demand_usd_per_s_per_chip,
    maintenance_usd_per_s_per_chip,
    staff_usd_per_s_per_chip,
    software_usd_per_s_per_chip,
    tax_usd_per_s_per_chip,
):
    """All that is paid as it is used: hall, power, upkeep, people, licences, tax."""
    hall = lease_usd_per_s_per_chip + electricity_usd_per_s_per_chip + demand_usd_per_s_per_chip
    upkeep = maintenance_usd_per_s_per_chip + staff_usd_per_s_per_chip + software_usd_per_s_per_chip
    return hall + upkeep + tax_usd_per_s_per_chip


def owned_usd_per_s_per_chip(
    capital_usd_per_s_per_chip, operating_usd_per_s_per_chip, available_share
):
    """All-in cost of a working second of an owned chip: repair time is paid for too. Idle time is
    not in here.
    """
    return (capital_usd_per_s_per_chip + operating_usd_per_s_per_chip) / available_share


def usd_per_s_per_chip(owned_usd_per_s_per_chip, rent_usd_per_s_per_chip, owned_share):
    """Mean cost of a chip second in a fleet of which a share is owned and the rest hired on
    contract. A price of what there is none of does not count, and need not be known.
    """
    owned = np.where(owned_share > 0, owned_share * owned_usd_per_s_per_chip, 0.0)
    return owned + np.where(owned_share < 1, (1 - owned_share) * rent_usd_per_s_per_chip, 0.0)


def busy_usd_per_s_per_chip(usd_per_s_per_chip, load_factor):
    """Cost of a second at work: idle seconds are carried by the busy ones. The load factor enters
    here only.
    """
    return usd_per_s_per_chip / load_factor


def serving_usd_per_request(
    busy_usd_per_s_per_chip, output_tokens_per_request, paid_tokens_per_s_per_chip
):
    """Chip time of one request, prompt and answer, at the rate that heat and halls leave and a busy
    second's cost.
    """
    return busy_usd_per_s_per_chip * output_tokens_per_request / paid_tokens_per_s_per_chip


def input_usd_per_token(
    serving_usd_per_request, prefill_busy_share, input_tokens_per_request, cached_share
):
    """Cost of a prompt token that has to be computed: the prompt's share of chip time over the
    uncached tokens.
    """
    return (
        serving_usd_per_request
        * prefill_busy_share
        / (input_tokens_per_request * (1 - cached_share))
    )


def output_usd_per_token(serving_usd_per_request, prefill_busy_share, output_tokens_per_request):
    """Cost of a written token: the chip time that is left after prompts."""
    return serving_usd_per_request * (1 - prefill_busy_share) / output_tokens_per_request


def kept_bytes_per_token(request_bytes_per_request, context_tokens_per_request):
    """Bytes that a token leaves in the cache, over all layers and as held by the chips that serve
    it.
    """
    return request_bytes_per_request / context_tokens_per_request


def cached_usd_per_token(
    kept_bytes_per_token,
    cache_usd_per_s_per_byte,
    kept_s,
    fetched_bytes_per_s_per_chip,
    busy_usd_per_s_per_chip,
):
    """Cost of a prompt token found in the cache: memory since its last use, and the chip that waits
    for it.
    """
    fetch_usd_per_byte = busy_usd_per_s_per_chip / fetched_bytes_per_s_per_chip
    return kept_bytes_per_token * (cache_usd_per_s_per_byte * kept_s + fetch_usd_per_byte)


def request_usd(
    input_tokens_per_request,
    cached_share,
    output_tokens_per_request,
    input_usd_per_token,
    cached_usd_per_token,
    output_usd_per_token,
    one_request,
):
    """Cost of one request: computed, cached and written tokens, each at its own cost."""
    fresh_usd = (1 - cached_share) * input_usd_per_token + cached_share * cached_usd_per_token
    answer_usd = output_tokens_per_request * output_usd_per_token
    return (input_tokens_per_request * fresh_usd + answer_usd) * one_request


def break_even_load_factor(committed_usd_per_s_per_chip, on_demand_usd_per_s_per_chip):
    """Load factor above which paying for every hour beats paying more for the hours used."""
    return committed_usd_per_s_per_chip / on_demand_usd_per_s_per_chip


PRICES = (
    discount_share_per_s,
    it_recovery_share_per_s,
    facility_recovery_share_per_s,
    paid_usd_per_chip,
    it_usd_per_chip,
    critical_w_per_chip,
    feed_w_per_chip,
    facility_usd_per_chip,
)
PAYMENTS = (
    accelerator_usd_per_s_per_chip,
    server_usd_per_s_per_chip,
    network_usd_per_s_per_chip,
    storage_usd_per_s_per_chip,
    spare_usd_per_s_per_chip,
    facility_usd_per_s_per_chip,
)
BILLS = (
    lease_usd_per_s_per_chip,
    electricity_usd_per_s_per_chip,
    demand_usd_per_s_per_chip,
    maintenance_usd_per_s_per_chip,
    tax_usd_per_s_per_chip,
)
CAPITAL = (*PRICES, *PAYMENTS, capital_usd_per_s_per_chip)
OPERATION = (*BILLS, operating_usd_per_s_per_chip, owned_usd_per_s_per_chip)
TOKEN = (
    usd_per_s_per_chip,
    busy_usd_per_s_per_chip,
    serving_usd_per_request,
    input_usd_per_token,
    output_usd_per_token,
    kept_bytes_per_token,
    cached_usd_per_token,
    request_usd,
)
COST = (*CAPITAL, metered_w_per_chip, *OPERATION, *TOKEN)
STACK = (
    *(law.__name__ for law in (*PAYMENTS, *BILLS)),
    "staff_usd_per_s_per_chip",
    "software_usd_per_s_per_chip",
)
