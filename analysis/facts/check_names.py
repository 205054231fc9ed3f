"""The names that tables may hold: those of our things, and the words of some columns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from analysis.facts.check_cells import Rows
from analysis.facts.hints import unknown

MILESTONES = {
    "announced",
    "promised",
    "promised fiscal",
    "promised general",
    "shipped",
    "volume",
    "cancelled",
    "postponed",
    "sample",
    "deployed",
    "measured",
    "announced volume",
}
MATCHINGS = {"matched", "same_promise", "best_of_each", "single_point", "best_against_best"}
PRECISIONS = {"bf16", "fp8", "fp4", "int4"}
ENGINES = {"vllm", "sglang", "trtllm", "atom"}
# Columns of a thing, and the table that has it.
THINGS = {"accelerator": "accelerators", "model": "models", "claim": "claims"}
THINGS |= dict.fromkeys(("before", "after"), "accelerators")
# A chip of which a price is quoted, and no data sheet is at hand.
PRICED = {"h800"}


@cache
def allowed_words(name: str, column: str) -> frozenset[str]:
    """The words that a column of a table may hold; none where it holds anything."""
    words = {
        "milestone": MILESTONES,
        "status": {"happened", "promised", "reported", "claimed"},
        "outcome": {"0", "1"},
        "boundary": {"board", "wall"},
        "matching": MATCHINGS,  # how the two sides of a ratio were made comparable
        "per": {"chip", "megawatt", "owner dollar", "rent dollar"},
        "precision": PRECISIONS,
        "kv_precision": PRECISIONS,
        "engine": ENGINES,
        "disaggregated": {"yes", "no"},
        "speculative": {"mtp", "no", "inferred"},
        "usual": {"yes"},
        "inside": {"True", "False"},
        "basis": {"rent", "resale"},
    }
    if name == "launches":
        words["precision"] = {"day", "month", "quarter", "half", "year"}  # of a date
    if name == "volumes":
        words["unit"] = {"chip", "rack"}
    if name == "resolutions":
        words["unit"] = {"share"}
    return frozenset(words.get(column, ()))


@dataclass(frozen=True)
class Known:
    """The names of a folder's tables: sources, accelerators, models and claims."""

    TABLES = ("sources", "accelerators", "models")

    names: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, tables: Mapping[str, Rows], claims: Iterable[str]) -> "Known":
        """What tables state; of one that cannot be read every name counts as known."""
        names = {"claims": frozenset(claims)}
        for name, rows in tables.items():
            key = "source" if name == "sources" else "thing"
            names[name] = frozenset(row[key] for _, row in rows if row.get(key))
        return cls(names)

    def fault(self, kind: str, name: str) -> str:
        """What is wrong with the name of a thing (kind is its table), or nothing."""
        known = self.names[kind]
        if not known or name in known:
            return ""
        return unknown(kind.removesuffix("s"), name, known)

    def source_fault(self, source: str) -> str:
        """What is wrong with the source of a row, or nothing."""
        return self.fault("sources", source) if source else "has no source"

    def cell_fault(self, name: str, column: str, cell: str) -> str:
        """What is wrong with a word or a name in a cell of a table, or nothing."""
        words = allowed_words(name, column)
        if words and cell not in words:
            return unknown("word", cell, words)
        if column in THINGS:
            return self.fault(THINGS[column], cell).replace(f"unknown {column}", "unknown word")
        if name == "ratios" and column in ("baseline", "candidate"):
            chip, _, precision = cell.partition(" ")
            if precision not in (*PRECISIONS, "any"):
                return unknown("precision", precision, [*PRECISIONS, "any"])
            return self.fault("accelerators", chip)
        return ""

    def priced_fault(self, thing: str) -> str:
        """What is wrong with the name of a chip that has a price, or nothing."""
        return "" if thing in PRICED else self.fault("accelerators", thing)
