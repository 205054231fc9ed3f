"""The columns of each table with several numbers a row: which it needs, and which may be blank."""

from dataclasses import dataclass

_PARALLEL = "tensor_parallel expert_parallel data_parallel"
_POOLS = [f"{pool}_{name}" for pool in ("prefill", "decode") for name in _PARALLEL.split()]
_SPLITS = ("accelerator", "configuration", "generation", "model", "report", "series")
_UNSEEN = [
    f"{what}_unseen_in_{seen}" for what in ("model", "accelerator") for seen in ("bound", "all")
]
_SPEEDS = ("output_tokens_per_s_per_chip", "tpot_s", "ttft_s")


@dataclass(frozen=True)
class Columns:
    """Columns that are never blank, and columns whose cells may be; words with spaces between."""

    filled: str
    blank: str = ""

    def names(self) -> list[str]:
        """All columns that the table needs."""
        return [*self.filled.split(), *self.blank.split()]


# A table that is not here is checked by the names of its columns alone.
TABLES = {
    "acceptance": Columns(
        "model method draft_count accepted_tokens_ratio data source where",
        "input_tokens measured",
    ),
    "aliases": Columns("alias source where", "accelerator model precision engine"),
    "best_of_each": Columns(
        "accelerator model precision input_tokens output_tokens promise chips points",
        f"best_measured predicted {' '.join(_UNSEEN)}",
    ),
    "coefficients": Columns("level thing field value source", "log_error"),
    "deviations": Columns("of part size"),
    "energy": Columns(
        "accelerator model precision engine chips energy_j_per_output_token "
        "output_tokens_per_s_per_chip boundary source where",
        f"{_PARALLEL} input_tokens output_tokens concurrency tpot_s",
    ),
    "energy_coefficients": Columns("field value", "standard_error"),
    "energy_steps": Columns("before after boundary model differs source"),
    "energy_validation": Columns("point speed predicted off inside"),
    "evidence": Columns(
        "claim known title cluster low_ratio mid_ratio high_ratio reliability_share kind source why"
    ),
    "families": Columns("accelerator maker generation source"),
    "field": Columns(
        f"accelerator model precision engine chips {_PARALLEL} pipeline_parallel input_tokens "
        "output_tokens concurrency source where",
        "engine_version kv_precision ttft_s tpot_s output_tokens_per_s_per_chip apart measured",
    ),
    "held_back": Columns("quantity error given_error log_sd given_log_sd of report way draw"),
    "launches": Columns(
        "product vendor form milestone earliest latest precision status known source", "where"
    ),
    "log_sd": Columns("level kind quantity log_sd points", "thing"),
    "mlperf": Columns(
        "round result_id submitter system accelerator chips model scenario precision "
        "tokens_per_s source"
    ),
    "mlperf_work": Columns("model input_tokens output_tokens where source"),
    "parts": Columns(
        "accelerator part slice_count_per_chip rank_count_per_chip source where", "forms usual"
    ),
    "peers": Columns(
        "tool kind quantity median_error_share where source", "p90_error_share answered_share"
    ),
    "priors": Columns("level field start low high log_sd why"),
    "ratios": Columns(
        "step baseline candidate model conditions matching per times_ratio pairs_count "
        "source where",
        "user_tokens_per_s before_tokens_per_s_per_chip after_tokens_per_s_per_chip",
    ),
    "resale": Columns(
        "accelerator as_of age_years basis low_ratio mid_ratio high_ratio source where",
        "new_usd_per_chip",
    ),
    "resolutions": Columns("question resolved outcome unit source where"),
    "serving": Columns(
        "accelerator model precision engine chips input_tokens output_tokens speculative "
        "disaggregated source",
        f"{_PARALLEL} prefill_workers decode_workers {' '.join(_POOLS)} concurrency draft_tokens "
        "ttft_s tpot_s output_tokens_per_s_per_chip energy_j_per_output_token prefill_chips "
        "repeats measured apart",
    ),
    "sources": Columns("source title publisher read licence grade", "url published read_on"),
    "validation": Columns(
        "point",
        " ".join(f"{split}_left_out_{speed}_error" for split in _SPLITS for speed in _SPEEDS),
    ),
    "volumes": Columns("product until mid_units unit source", "low_units high_units where"),
    "words": Columns("column word meaning source where"),
}
# Columns that say by themselves which row it is: no two rows of a table have the same.
KEYS = {
    "best_of_each": (
        "accelerator",
        "model",
        "precision",
        "input_tokens",
        "output_tokens",
        "promise",
    ),
    "coefficients": ("level", "thing", "field"),
    "deviations": ("of", "part"),
    "energy_coefficients": ("field",),
    "energy_steps": ("before", "after", "boundary", "model"),
    "energy_validation": ("point", "speed"),
    "families": ("accelerator",),
    "log_sd": ("level", "kind", "thing", "quantity"),
    "mlperf_work": ("model",),
    "parts": ("accelerator",),
    "priors": ("level", "field"),
    "resolutions": ("question",),
    "sources": ("source",),
    "validation": ("point",),
    "words": ("column", "word"),
}
# Columns of numbers whose names claim no unit: plain counts, as the tables of `predict` name
# them, and what calibration writes.
COUNTS = {"concurrency", "repeats", "prefill_workers", "decode_workers"}
NUMBERS = {
    *COUNTS,
    *("low_units", "mid_units", "high_units", "points", "point", "predicted", "off"),
    *("start", "low", "high", "log_sd", "log_error", "standard_error"),
    *("size", "error", "given_error", "given_log_sd", "draw", "promise", "best_measured", *_UNSEEN),
    *TABLES["validation"].blank.split(),
}
# Columns of days: those that the code counts with are whole days, the others as printed.
WHOLE_DAYS = {"known", "earliest", "latest", "until", "resolved"}
DAYS = {*WHOLE_DAYS, "as_of", "measured", "published", "read_on"}
# Fields of tables with a number a row, where a field that is none of them is a slip.
_CHIP = "usd_per_s_per_chip"
_OWNERS = ("hyperscaler", "neocloud", "maker")
_RENTS = ("on_demand", "3yr", "1yr", "spot", "hyperscaler", "marketplace")
_TOKENS = ("input", "cached_input", "output")
FIELDS = {
    "buyers": {
        "debt_interest_share_per_s",
        "debt_share",
        "leased_share",
        "paid_ratio",
        "equity_return_share_per_s",
        "rent_paid_ratio",
        "cost_of_capital_share_per_s",
        "owned_share",
    },
    "capex": {f"{part}_usd_per_chip" for part in ("accelerator", "server", "network", "storage")},
    "precisions": {
        "weight_bytes_per_parameter",
        "cached_value_bytes_per_token",
        "state_bytes_per_value",
        "mfu_share",
    },
    "prices": {
        *(f"owner_{owner}_{_CHIP}" for owner in _OWNERS),
        *(f"rent_{contract}_{_CHIP}" for contract in _RENTS),
        *(f"{when}{kind}_usd_per_token" for when in ("", "peak_") for kind in _TOKENS),
        *("electricity_usd_per_j", "facility_usd_per_w", "pue_ratio", "water_l_per_j"),
        *("rack_usd", "rack_memory_usd", "rack_high_usd", "superchip_usd", "retail_usd_per_chip"),
    },
}
