"""Numbers that others published, reproduced by the project's laws: inputs, printed output,
tolerance, source.

Each row is (what, ours, printed, within). `within` is half a unit of the last printed digit unless
a comment says more.
"""

import numpy as np
import pytest
from scipy.stats import norm

from analysis.facts import Model, find
from analysis.laws import architecture, claim, cooling, cost, decode, energy, network, products
from analysis.questions import sensitivity
from analysis.units import convert

HOUR, DAY = convert(1, "hour", "s"), convert(1, "day", "s")
YEAR = 365 * DAY
MONTH = YEAR / 12
MEGA = convert(1, "Mtok", "tok")


def monthly(price_usd, rate_per_year, life_s):
    """A loan's monthly payment, through the capital recovery law."""
    return (
        price_usd
        * cost.recovery_share_per_s(rate_per_year / 12 / MONTH, life_s, 0.0, MONTH)
        * MONTH
    )


def yearly(price_usd, rate_per_year, life_years):
    return (
        price_usd
        * cost.recovery_share_per_s(rate_per_year / YEAR, life_years * YEAR, 0.0, YEAR)
        * YEAR
    )


def usd_per_mtok(usd_per_chip_hour, tokens_per_s_per_chip):
    """All cost on output tokens, as InferenceX has it: a request of one token without prompt."""
    request_usd = cost.serving_usd_per_request(usd_per_chip_hour / HOUR, 1, tokens_per_s_per_chip)
    return cost.output_usd_per_token(request_usd, 0.0, 1) * MEGA


def check(rows):
    misses = [
        f"{what}: {ours:.6g}, printed {printed:g}"
        for what, ours, printed, within in rows
        if abs(ours - printed) > within
    ]
    assert not misses, misses


def electricity(it_w, load, pue, usd_per_kwh):
    """Monthly bill through the laws: computers to feed, feed to mean draw, draw to money."""
    drawn_w = cost.drawn_w_per_chip(cost.feed_w_per_chip(it_w, pue), load)
    return (
        cost.electricity_usd_per_s_per_chip(drawn_w, convert(usd_per_kwh, "usd/kWh", "usd/J"), 1.0)
        * MONTH
    )


def hamilton(facility_usd, it_months=(36, 48), facility_months=120):
    servers = monthly(45_978 * 1450, 0.05, it_months[0] * MONTH)
    net = monthly(12_810_000, 0.05, it_months[1] * MONTH)
    power_cooling, other = (
        monthly(facility_usd * part, 0.05, facility_months * MONTH) for part in (0.82, 0.18)
    )
    people = (3 * 20 + 1 * 30) * 1.3 * MONTH / HOUR
    return np.array(
        [servers, net, power_cooling, other, electricity(8e6, 0.80, 1.45, 0.07), people]
    )


def test_g1_warehouse_of_hennessy_and_patterson():
    """Hennessy and Patterson, 6th edition, figures 6.13 and 6.14 (J. Hamilton 2010): 8 MW, 45,978
    servers at $1,450.
    """
    parts = hamilton(88e6)
    printed = [2_000_000, 295_000, 765_000, 170_000, 475_000, 85_000]
    check(
        (f"part {i}", got, want, want * 0.0125)
        for i, (got, want) in enumerate(zip(parts, printed, strict=True))
    )
    check(
        (f"share {i}", 100 * s, p, 0.5)
        for i, (s, p) in enumerate(zip(parts / parts.sum(), [53, 8, 20, 4, 13, 2], strict=True))
    )
    check(
        [
            ("total", parts.sum(), 3_800_000, 50_000),
            ("$ a server hour", parts.sum() / 45_978 / 720, 0.11, 0.005),
        ]
    )


def test_g1_the_printed_example_needs_the_other_facility_price():
    """The book's five-year table and Hamilton's own sheet agree with $72 M ($9/W), not with figure
    6.13's $88 M.
    """
    own = hamilton(72e6)[:5]
    check(
        (f"share {i}", 100 * s, p, 0.5)
        for i, (s, p) in enumerate(zip(own / own.sum(), [57, 8, 18, 4, 13], strict=True))
    )
    five = hamilton(72e6, (60, 60), 60)
    printed = [1_260_000, 242_000, 1_115_000, 245_000]
    check(
        (f"part {i}", got, want, 2500)
        for i, (got, want) in enumerate(zip(five[:4], printed, strict=True))
    )
    check(
        [
            ("total", five[:4].sum() + 475_000 + 85_000, 3_422_000, 5000),
            ("$/server-h", 3_422_000 / 45_978 / 720, 0.103, 5e-4),
        ]
    )
    assert abs(hamilton(88e6, (60, 60), 60)[2] - 1_115_000) > 100_000


def barroso(price, watt, usd_per_kwh, pue, facility_usd_per_w=15, rate=0.12):
    """Facility, energy and server dollars a month; 720 hours and 5% of amortisation are the book's
    conventions.
    """
    facility = monthly(facility_usd_per_w * watt, rate, 144 * MONTH) + 0.04 * watt
    server = monthly(price, rate, 36 * MONTH) + 0.05 * price / 36
    return np.array(
        [facility, electricity(watt, 0.75, pue, usd_per_kwh) * 720 * HOUR / MONTH, server]
    )


def test_g2_barroso_and_hoelzle():
    """Barroso and Hoelzle 2009, chapter 6, cases A and B; Barroso et al. 2013 as quoted by Hennessy
    and Patterson.
    """
    a, b = barroso(6000, 300, 0.066, 2.0), barroso(2000, 500, 0.10, 2.0)
    check([("A server", 100 * a[2] / a.sum(), 69, 0.5), ("A total", a.sum(), 300.11, 0.01)])
    check(
        (f"B {i}", 100 * s, p, 0.5)
        for i, (s, p) in enumerate(zip(b / b.sum(), [49, 22, 29], strict=True))
    )
    second = barroso(7700, 340, 0.067, 1.8, 10, 0.08)
    check([("second edition", second.sum(), 324.53, 0.05)])
    straight = cost.recovery_share_per_s(0.0, 144 * MONTH, 0.0, MONTH) * MONTH * 12
    check(
        [
            ("depreciation $/W", straight, 0.08, 0.005),
            ("interest $/W", monthly(12, 0.08, 144 * MONTH) - straight, 0.05, 0.005),
        ]
    )


def test_g3_a_day_of_deepseek():
    """deepseek-ai/open-infra-index, day 6 (February 2025): 226.75 nodes of 8 at $2; 342 + 266 + 168
    G tokens.
    """
    spent = 226.75 * 8 * 2 / HOUR * DAY
    prices = (convert(p, "usd/Mtok", "usd/tok") for p in (0.55, 0.14, 2.19))
    earned = products.attempt_usd(266e9, 342e9, 168e9, *prices)
    check([("cost", spent, 87_072, 0.5), ("revenue, tokens rounded", earned, 562_027, 600)])
    check([("margin on cost, %", 100 * (products.cost_gain_ratio(562_027, spent) - 1), 545, 0.6)])


def test_g3_hidden_identity_splits_cost_into_input_and_output():
    """Published rates per node (73.7k in, 14.8k out) need 226.86 node-days: they are means over the
    pools.
    """
    nodes = np.array([608e9 / 73.7e3, 168e9 / 14.8e3]) / DAY
    check(
        [
            ("prefill", nodes[0], 95.48, 0.01),
            ("decode", nodes[1], 131.38, 0.01),
            ("sum", nodes.sum(), 226.75, 0.15),
        ]
    )
    serving, share = 87_072.0, nodes[0] / nodes.sum()
    check(
        [("input $/M", cost.input_usd_per_token(serving, share, 608e9, 0.0) * MEGA, 0.0603, 5e-5)]
    )
    check([("output $/M", cost.output_usd_per_token(serving, share, 168e9) * MEGA, 0.300, 5e-4)])
    check([("all on output", cost.output_usd_per_token(serving, 0.0, 168e9) * MEGA, 0.518, 5e-4)])
    check([("blended over all tokens", serving / (608e9 + 168e9) * MEGA, 0.112, 5e-4)])


INFERENCEX = [
    ("B200 at 23", 1.95, 5856.9, 0.092, 6e-4),
    ("MI300X at 23", 1.12, 725.2, 0.429, 6e-4),
    ("GB200 at 75", 2.21, 5789.6, 0.106, 6e-4),
    ("GB200 at 120", 2.21, 3987.5, 0.154, 1e-3),
    ("H100 at 42, cost interpolated apart", 1.30, 266.3, 1.365, 0.015),
    ("NVIDIA's post: GB300", 2.65, 6000, 0.12, 0.005),
]


@pytest.mark.parametrize(("what", "usd_per_hour", "rate", "printed", "within"), INFERENCEX)
def test_g4_dollars_per_million_tokens(what, usd_per_hour, rate, printed, within):
    """inferencex.semianalysis.com/compare, DeepSeek-R1 FP8 8k/1k, April 2026: output tokens carry
    all cost.
    """
    check([(what, usd_per_mtok(usd_per_hour, rate), printed, within)])


def test_g4_tokens_per_megawatt_and_ratios():
    """The same pages: tokens a second and provisioned megawatt; GB300 over GB200 on DSv4-Pro;
    drafting.
    """
    rates, watts = np.array([5856.9, 725.2, 5789.6]), np.array([2170.0, 1790.0, 2100.0])
    per_mw = rates * cooling.powered_chips(convert(1, "MW", "W"), watts)
    check(
        (f"tok/s/MW {i}", got, want, 60)
        for i, (got, want) in enumerate(zip(per_mw, [2_699_051, 405_137, 2_756_947], strict=True))
    )
    gain, premium = 6182 / 2189, 2.652 / 2.21
    check([("throughput", gain, 2.82, 0.01), ("premium", premium, 1.20, 1e-3)])
    check(
        [("per dollar", claim.realised_ratio(1 / gain, premium, 1.0, 1.0, 1.0), 2.31, 0.06)]
    )  # printed from rounded parts
    check(
        [
            ("MTP", products.cost_gain_ratio(0.251, 0.057), 4.4, 0.05),
            ("GB300 at 150", products.cost_gain_ratio(2.35, 0.11), 21, 0.5),
        ]
    )


def test_g5_rounded_input_of_nvidia():
    """NVIDIA, 'cost per token', 15 April 2026: "90" tok/s gives $4.35, the printed $4.20 implies
    93.2.
    """
    check(
        [
            ("as stated", usd_per_mtok(1.41, 90), 4.35, 0.005),
            ("as implied", usd_per_mtok(1.41, 93.2), 4.20, 0.005),
        ]
    )
    check([("35 times", products.cost_gain_ratio(4.20, 0.12), 35, 0.05)])


def test_g6_mlperf_ratios():
    """MLPerf Inference v5.1 and v6.0, DeepSeek-R1, GB200 and GB300 NVL72; ratios derived here, not
    official results.
    """
    check([("offline", 5842.5 / 4023.8, 1.452, 5e-4), ("server", 2907.3 / 2327.5, 1.249, 5e-4)])
    check(
        [
            ("software alone", 8064 / 2907, 2.774, 5e-4),
            ("in GPU time, %", 100 * claim.cut_share(8064 / 2907), 63.95, 0.005),
        ]
    )
    check([("four racks", 2_494_310 / 288, 8661, 0.5)])
    check(
        [
            ("pass-through", claim.log_pass_ratio(1.249, 1.5), 0.549, 1e-3),
        ]
    )


def test_g7_one_gigawatt_of_epoch():
    """Epoch AI, 14 May 2026: $38 B, $0.9 B a year to run; IT 5 years, facility 14. Rate and split
    are our fit.
    """
    totals = [yearly(25.5, 0.068, life) + yearly(12.5, 0.068, 14) + 0.9 for life in (5, 3, 7)]
    check(
        (f"total {i}", got, want, w)
        for i, (got, want, w) in enumerate(zip(totals, [8.5, 12, 7], [0.05, 0.5, 0.5], strict=True))
    )
    check(
        [
            ("servers' share", 100 * 5 / totals[0], 60, 1.5),
            ("energy's share", 100 * 0.6 / totals[0], 7, 0.5),
        ]
    )


def epoch_step_s(parameters, bytes_per_parameter, flop_per_s, batch, layers, chips=8):
    """Epoch's section 2.2 by our laws: four reductions a layer of 6 us + 2 us (sqrt(N) - 1), no
    losses, a hard max.
    """
    wait = 2 * (6e-6 + 2e-6 * max(np.sqrt(chips) - 1, 0))
    read = decode.linear_read_s(parameters * bytes_per_parameter, chips, 3.3e12, 1.0)
    compute = decode.linear_compute_s(2 * parameters, batch, 1, 1, chips, flop_per_s, 1.0)
    return network.communication_s(layers, wait, 0.0, batch) + np.maximum(read, compute)


def parameters(name, **changed):
    columns = {
        field: getattr(find(Model, name), field) for field in find(Model, name).__dataclass_fields__
    }
    columns |= {"one_request": 1.0, **changed}
    for law in architecture.ARCHITECTURE:
        arguments = law.__code__.co_varnames[: law.__code__.co_argcount]
        columns[law.__name__] = law(**{key: columns[key] for key in arguments})
    return columns


def test_g8_epochs_inference_economics():
    """ege-erdil/inference-economics: H100 at $2.10, 8 chips; Llama-3-70B in 16 and 8 bits,
    Llama-3-405B in 8.
    """
    p = parameters("llama3.1-70b")["stored_parameters"]
    cases = [
        (2, 1e15, 8.4351, (39.364, 0.6151, 0.1538)),
        (1, 2e15, 5.7626, (26.892, 0.4202, 0.1050)),
    ]
    for width, flop, printed_ms, printed_usd in cases:
        step = epoch_step_s(p, width, flop, 1, 80)
        check([(f"{width} bytes", step * 1e3, printed_ms, printed_ms * 1e-3)])
        check(
            (f"batch {b}", usd_per_mtok(2.10, b / step / 8), usd, usd * 2e-3)
            for b, usd in zip((1, 64, 256), printed_usd, strict=True)
        )
    halved = epoch_step_s(p, 2, 1e15, 1, 80) / epoch_step_s(p, 1, 2e15, 1, 80)
    check(
        [
            ("half the bytes", halved, 1.464, 1e-3),
            (
                "the same by Amdahl",
                products.eligible_ratio(2.0, 0.6337),
                1.464,
                1e-3,
            ),
        ]
    )


def test_g8_trap_of_sixteen_key_value_heads():
    """The notebook gives Llama-405B groups of 8, so 16 key-value heads: parameters and cache are
    not the model's.
    """
    trapped, true = parameters("llama3.1-405b", kv_heads_count=16.0), parameters("llama3.1-405b")
    step = epoch_step_s(trapped["stored_parameters"], 1, 2e15, 1, 126)
    check(
        [
            ("step, ms", step * 1e3, 20.4003, 0.02),
            ("batch 64", usd_per_mtok(2.10, 64 / step / 8), 1.4875, 0.003),
        ]
    )
    cached = [126 * columns["cache_width"] * 2 for columns in (trapped, true)]
    check(
        [
            ("trap, MB a token", cached[0] / 1e6, 1.032, 5e-4),
            ("true, kB a token", cached[1] / 1e3, 516, 0.5),
        ]
    )


def test_g9_google_and_g10_power_share():
    """Google, arXiv 2508.15734: 0.24 Wh a prompt, parts 58, 25, 10, 8%; SemiAnalysis: 20% worse of
    a 20% share.
    """
    check(
        [
            ("accelerators, Wh", 0.24 * 0.58, 0.14, 0.005),
            ("overhead of 8%", claim.headline_ratio(0.08), 1.09, 0.005),
        ]
    )
    check(
        [("facility over wall", energy.facility_j_per_output_token(0.92 * 0.24, 1.09), 0.24, 0.005)]
    )
    worse = products.eligible_ratio(1 / 1.2, 0.20)
    check([("cost of the total, %", 100 * (1 / worse - 1), 4, 1e-9)])


def test_g11_price_decline_and_g12_rack_economics():
    """a16z: $60 to $0.06 in three years, 62 times in 20 months; Bernstein: $5.9 M a rack, $35 B a
    gigawatt.
    """
    check(
        [
            ("a year", products.cost_gain_ratio(60, 0.06) ** (1 / 3), 10, 1e-6),
            ("62 times", 62 ** (12 / 20), 11.9, 0.1),
        ]
    )
    racks = 35e9 / 5.9e6
    check(
        [
            ("racks", racks, 5932, 0.5),
            ("kW a rack", 1e6 / racks, 168.6, 0.05),
            ("gross profit, %", 39 * 0.74, 29, 0.5),
        ]
    )


def test_article_at_its_word():
    """813 Morning Brief, 23 April 2026: 72% less, and $10 million that 'becomes nearly $36
    million'.
    """
    check([("multiplier", claim.headline_ratio(0.72), 3.5714, 5e-5)])
    check([("$ M", 10 * claim.headline_ratio(0.72), 35.71, 0.005)])


def test_sobol_indices_of_ishigami():
    """Ishigami and Homma 1990, a = 7, b = 0.1: first order .3139, .4424, 0; total .5576, .4424,
    .2437.
    """

    def ask(score):
        x, y, z = (np.pi * (2 * norm.cdf(score(name)) - 1) for name in "xyz")
        return np.sin(x) + 7 * np.sin(y) ** 2 + 0.1 * z**4 * np.sin(x)

    found = sensitivity.indices(ask, ["x", "y", "z"], samples=4096).set_index("name")
    for name, first, total in (("x", 0.3139, 0.5576), ("y", 0.4424, 0.4424), ("z", 0.0, 0.2437)):
        check(
            [
                (f"S {name}", found.S1[name], first, 0.02),
                (f"ST {name}", found.ST[name], total, 0.02),
            ]
        )
        assert abs(found.S1[name] - first) <= 1.5 * found.S1_conf[name] + 1e-3
