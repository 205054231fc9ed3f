"""The workbook of a scenario: the decision, the numbers of its pages, quotes, beliefs, sources."""

from collections.abc import Sequence

from analysis.pages.board_sources import beliefs, cited_sources, quotes
from analysis.press.domain import Cell, Sheet
from analysis.press.records import ReportRecord
from analysis.questions.answer import BETTER, ActCost, Answer, Range, named
from analysis.questions.ways import TENURE_WORDS
from analysis.scenario.scenario import Scenario

ACT_HEADS = ("act", "contract", "mean $ a year", "P10", "P50", "P90", "why there is none")
NUMBER_HEADS = ("page", "quantity", "option", "unit", "P10", "P50", "P90")
_RANGED = ("tokens/s a chip", "tokens/s a MW", "J a token", "$ per million tokens written")
OPTION_HEADS = (
    "option",
    "served",
    "chips",
    "drafted tokens",
    *(f"{name}, {end}" for name in _RANGED for end in ("P10", "P50", "P90")),
)
QUOTE_HEADS = ("of", "what", "as of", "value", "unit", "times", "source", "where and why")
BELIEF_HEADS = ("belief", "P10", "P50", "P90", "unit", "source", "why")
SOURCE_HEADS = ("source", "title", "publisher", "address", "published", "read", "grade", "facts")


def sheets_of_decision(
    case: Scenario, answer: Answer, records: Sequence[ReportRecord]
) -> tuple[Sheet, Sheet, Sheet, Sheet]:
    """The decision as tables: answer, acts, options, and the numbers of its pages."""
    work, ratio = answer.work, answer.cost_ratio
    facts: list[tuple[Cell, ...]] = [
        ("scenario", case.title),
        ("question", case.question),
        ("as of", answer.as_of),
        ("what to do", answer.acts[0].instruction),
        ("in a sentence", answer.sentence),
        ("cost over keeping, P10", ratio.low),
        ("cost over keeping, P50", ratio.mid),
        ("cost over keeping, P90", ratio.high),
        (f"chance that another choice is {BETTER:.0%} cheaper", answer.better_share),
        ("worth of knowing everything, $ a year", answer.knowing_usd_per_year),
        *((name.replace("_", " "), value) for name, value in work.model_dump().items()),
    ]
    acts = [_act_cells(row) for row in answer.acts]
    options = [
        (
            named(case, option.name),
            option.mode,
            option.chips,
            option.draft_tokens,
            *_ends(option.output_tokens_per_s_per_chip),
            *_ends(option.tokens_per_s_per_mw),
            *_ends(option.j_per_token),
            *_ends(option.usd_per_mtok),
        )
        for option in answer.options
    ]
    numbers = [
        (record.notebook, row.quantity, row.option, row.unit, row.low, row.mid, row.high)
        for record in records
        for row in (record.page.numbers if record.page else ())
    ]
    return (
        Sheet("answer", ("what", "value"), tuple(facts)),
        Sheet("acts", ACT_HEADS, tuple(acts)),
        Sheet("options", OPTION_HEADS, tuple(options)),
        Sheet("numbers", NUMBER_HEADS, tuple(numbers)),
    )


def _ends(ends: Range | None) -> tuple[Cell, Cell, Cell]:
    return (None, None, None) if ends is None else (ends.low, ends.mid, ends.high)


def _act_cells(row: ActCost) -> tuple[Cell, ...]:
    contract = TENURE_WORDS.get(row.tenure, row.tenure)
    cost = row.usd_per_year
    if cost is None:
        return row.option, contract, None, None, None, None, row.reason
    return row.instruction, contract, cost.mean, cost.low, cost.mid, cost.high, ""


def sheets_of_sources(case: Scenario) -> tuple[Sheet, Sheet, Sheet]:
    """What the decision rests on: prices, beliefs, and the sources of all facts."""
    return (
        Sheet("quotes", QUOTE_HEADS, tuple(quotes(case))),
        Sheet("beliefs", BELIEF_HEADS, tuple(beliefs(case))),
        Sheet("sources", SOURCE_HEADS, tuple(cited_sources(case))),
    )
