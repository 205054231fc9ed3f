"""Numbers that bound each other: what must not be larger than its neighbour shows a swap."""

from collections import defaultdict

from analysis.facts.check_cells import Faults, Row, Rows, is_number
from analysis.units import factor, unit_of

# Fields of a thing, each at most the next; 0 means that it has no such part.
FIELD_ORDERS = {
    "accelerators": (
        ("bf16_flop_per_s_per_chip", "fp8_flop_per_s_per_chip"),
        ("fp8_flop_per_s_per_chip", "fp4_flop_per_s_per_chip"),
        ("link_bytes_per_s_per_chip", "bandwidth_bytes_per_s_per_chip"),
        ("power_w_per_chip", "provisioned_w_per_chip"),
        ("power_w_per_chip", "rack_power_w"),
    ),
    "models": (
        ("kv_heads_count", "heads_count"),
        ("experts_per_token_count", "experts_count"),
        ("active_parameters", "all_parameters"),
        ("dense_layers_count", "layers_count"),
    ),
    "sites": (("pue_ratio", "design_pue_ratio"),),
}
# Columns of a row that do not fall from left to right.
RISING = (
    ("earliest", "latest"),
    ("low_units", "mid_units", "high_units"),
    ("low_ratio", "mid_ratio", "high_ratio"),
    ("low", "start", "high"),
    ("tpot_s", "ttft_s"),  # a prompt is read before its first token, a token for each further one
)
ROUNDED = 1.005  # what a printed figure may be above the one that bounds it
# Requests in flight that rates and times imply, over those stated: means of skewed samples differ.
MOST_IN_FLIGHT = 1.6
RATIO_MISS = 0.003  # relative; rates and their ratio are rounded apart


def field_order_faults(name: str, rows: Rows) -> Faults:
    """Fields of a thing that are larger than a field that bounds them, on the smaller one's line.

    Rows are well-formed; where several state a field, the chosen one stands, or the first.
    """
    stands: dict[str, dict[str, tuple[int, float]]] = defaultdict(dict)
    for line, row in sorted(rows, key=lambda pair: not pair[1]["chosen"]):
        value = float(row["value"]) * float(row["times"])
        value *= factor(row["unit"], unit_of(row["field"]))
        stands[row["thing"]].setdefault(row["field"], (line, value))
    for thing, fields in stands.items():
        for small, large in FIELD_ORDERS.get(name, ()):
            if small not in fields or large not in fields:
                continue
            (line, lower), (_, upper) = fields[small], fields[large]
            if lower > upper * ROUNDED and upper > 0:
                yield line, f"{thing}.{small}: {lower:g} is above {large} ({upper:g})"


def row_order_faults(rows: Rows) -> Faults:
    """Columns of a row that contradict each other, each with its line."""
    for line, row in rows:
        for columns in RISING:
            ends = [row[column] for column in columns if row.get(column)]
            if set(columns) <= set(row) and ends != sorted(ends, key=_rank):
                yield line, f"expected {' <= '.join(columns)}, found {', '.join(ends)}"
        if fault := _flight_fault(row) or _ratio_fault(row):
            yield line, fault


def _rank(cell: str) -> tuple[float, str]:
    """Numbers by their size, days by their text."""
    return (float(cell), "") if is_number(cell) else (0.0, cell)


def _numbers(row: Row, *columns: str) -> list[float] | None:
    """The numbers of columns; None where one is blank or none."""
    cells = [row.get(column, "") for column in columns]
    return [float(cell) for cell in cells] if all(map(is_number, cells)) else None


def _flight_fault(row: Row) -> str:
    """Little's law: tokens written a second times the time of each are the requests in flight."""
    found = _numbers(row, "output_tokens_per_s_per_chip", "chips", "tpot_s", "concurrency")
    if found is None or row.get("apart"):
        return ""
    rate, chips, tpot_s, concurrency = found
    in_flight = rate * chips * tpot_s
    if in_flight <= MOST_IN_FLIGHT * concurrency:
        return ""
    return (
        f"output_tokens_per_s_per_chip * chips * tpot_s is {in_flight:.4g} requests in flight, "
        f"above concurrency ({concurrency:g})"
    )


def _ratio_fault(row: Row) -> str:
    """A ratio of two rates is what its row states."""
    rates = ("before_tokens_per_s_per_chip", "after_tokens_per_s_per_chip")
    found = _numbers(row, *rates, "times_ratio")
    if found is None or found[0] <= 0:
        return ""
    before, after, ratio = found
    if abs(after / before - ratio) <= RATIO_MISS * ratio:
        return ""
    return f"times_ratio: {ratio:g}, where {rates[1]} over {rates[0]} is {after / before:.4g}"
