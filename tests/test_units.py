"""Names claim units, pint converts at the border."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.units import SUFFIXES, UnitError, convert, factor, registry, unit_of


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("energy_j_per_token", "J / token"),
        ("wall_j_per_output_token", "J / token"),
        ("bandwidth_bytes_per_s_per_chip", "B / s / chip"),
        ("discount_share_per_s", "1 / s"),
        ("load_factor", ""),
        ("output_tokens_per_s_per_chip", "token / s / chip"),
        ("usd_per_s_per_chip", "usd / s / chip"),
        ("cache_bytes_per_token", "B / token"),
        ("layers_count", ""),
        ("experts_per_token_count", ""),
        ("notice_share_per_month", "1 / month"),
        ("supply_k", "kelvin"),
    ],
)
def test_a_name_claims_its_unit(name, unit):
    assert unit_of(name) == unit


@pytest.mark.parametrize(
    "name", ["energy", "s_energy", "watts", "time_ms", "price_eur", "", "per_s"]
)
def test_a_name_without_a_unit_claims_none(name):
    if name == "per_s":
        assert unit_of(name) in ("s", "1 / s")
        return
    with pytest.raises(ValueError, match="does not end in a unit"):
        unit_of(name)


@pytest.mark.parametrize("unit", sorted(set(SUFFIXES.values()) - {""}))
def test_pint_knows_every_unit_that_a_suffix_names(unit):
    assert registry.Quantity(1, unit).check(registry.Unit(unit).dimensionality)


# Definitions of the SI and of the trade, not results of this code.
@pytest.mark.parametrize(
    ("value", "unit", "into", "expected"),
    [
        (1, "kWh", "J", 3.6e6),
        (1, "GB", "B", 1e9),
        (1, "GiB", "B", 2**30),
        (1, "TFLOP/s", "flop/s", 1e12),
        (2, "usd/hour", "usd/s", 2 / 3600),
        (1, "usd/Mtok", "usd/token", 1e-6),
        (0.08, "usd/kWh", "usd/J", 0.08 / 3.6e6),
        (50, "percent", "", 0.5),
        (1, "MW", "W", 1e6),
        (1, "year", "s", 365.25 * 86400),
        (12, "month", "year", 1),
    ],
)
def test_conversions_are_those_of_the_definitions(value, unit, into, expected):
    assert convert(value, unit, into) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("unit", "into"), [("J", "W"), ("usd", "J"), ("token", "request"), ("chip", ""), ("B", "bit/s")]
)
def test_kinds_do_not_mix(unit, into):
    with pytest.raises(UnitError, match=f"'{unit}' is no unit of "):
        factor(unit, into)


@pytest.mark.parametrize(
    "unit",
    ["9**9**9", "W**9999", "usd * 1e300", "__import__('os')", "usd/", "J " * 9, "W*" * 99 + "W"],
)
def test_a_unit_is_a_short_product_of_known_units(unit):
    started = time.perf_counter()
    with pytest.raises(UnitError, match="no product of units"):
        factor(unit, "W")
    with pytest.raises(UnitError, match="no product of units"):
        factor("W", unit)
    assert time.perf_counter() - started < 0.1


def test_a_unit_with_another_zero_is_refused():
    with pytest.raises(UnitError, match="'degC' has its zero elsewhere: give the value in kelvin"):
        factor("degC", "kelvin")


@pytest.mark.parametrize(
    ("unit", "into"),
    [
        ("1/degC", "1 / kelvin"),
        ("degC/degC", ""),
        ("W/degC", "W / kelvin"),
        ("degF*s/degF", "s"),
        ("dB", ""),
        ("W", "W/degC"),
    ],
)
def test_no_product_hides_a_unit_with_another_zero(unit, into):
    """Pint takes the degrees of a product for differences without a word."""
    with pytest.raises(UnitError, match="has its zero elsewhere"):
        factor(unit, into)
    assert factor("W/delta_degC", "W / kelvin") == 1


@given(
    st.floats(1e-6, 1e12),
    st.sampled_from([("kWh", "J"), ("GB", "B"), ("hour", "s"), ("usd/Mtok", "usd/token")]),
)
def test_a_conversion_there_and_back_changes_nothing(value, units):
    assert convert(convert(value, *units), *reversed(units)) == pytest.approx(value, rel=1e-12)
