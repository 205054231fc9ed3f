"""Which models run alike: those of the same dimensions."""

from functools import cache

from analysis.facts import Model, find, names

# Fields that say how large a model is on paper, not how it runs.
_SIZES_ON_PAPER = (
    "name",
    "all_parameters",
    "active_parameters",
    "context_tokens",
    "mtp_layers_count",
)


@cache
def same_dimensions(model: str) -> str:
    """The first model of the table of these dimensions: DeepSeek-R1 runs as DeepSeek-V3 does."""
    return next(name for name in names(Model) if _dimensions(name) == _dimensions(model))


@cache
def _dimensions(model: str) -> tuple:
    record = vars(find(Model, model))
    return tuple(value for field, value in record.items() if field not in _SIZES_ON_PAPER)
