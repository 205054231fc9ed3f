"""What is sent to others of a scenario: the words of a board paper of two pages, a workbook's
tables, and an e-mail.

The paper's words stand in templates/board.html; this module computes what they need, from the
decision (answer.json), the records of the scenario's reports and the tables that it rests on.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from analysis.facts import chip
from analysis.model.draws import DRAWS, SEED, all_belief_draws
from analysis.pages.beliefs import belief_value, belief_words
from analysis.pages.board_sheets import sheets_of_decision, sheets_of_sources
from analysis.pages.board_sources import rests_on
from analysis.pages.cost_cash import condition_words
from analysis.pages.decision import beyond
from analysis.pages.index_rows import changed
from analysis.pages.numbers import number, usd_words
from analysis.pages.words import day
from analysis.press.domain import Forward
from analysis.press.html import parsed_template
from analysis.press.records import ReportRecord
from analysis.questions.act_costs import arrival_months
from analysis.questions.answer import (
    BETTER,
    TIE,
    ActCost,
    Answer,
    Range,
    evaluated,
    lower_first,
    named,
    next_row,
)
from analysis.questions.launches import day_after
from analysis.questions.over_today import over_today
from analysis.questions.ways import TODAY
from analysis.scenario.scenario import Scenario, load

MOST_ACTS, MOST_FLIPS, MOST_DATES = 7, 3, 3  # on two pages
# Characters of a page's rows from which its type is smaller.
LONG_ACTS, LONG_CHANGES = 360, 260
ANOTHER_CHOICE = (
    "Another choice ends on other chips, in another number format or under another contract, or it "
    "keeps what runs."
)
WIDTH = 76  # characters of a line of an e-mail


def forward(scenario: str, records: Sequence[ReportRecord], folder: Any) -> Forward:
    """Paper, workbook and e-mail of a scenario, by its name or path, from its reports' records.

    LookupError where none of the reports has left answer.json. `folder` holds the template.
    """
    case, answer = load(scenario), _answer(records)
    words = _words(case, answer, records)
    return Forward(
        title=f"{case.title}: {answer.acts[0].instruction}",
        day=answer.as_of,
        board=parsed_template("board.html", folder).render(words),
        sheets=(*sheets_of_decision(case, answer, records), *sheets_of_sources(case)),
        letter=_letter(case, answer, words),
    )


def _answer(records: Sequence[ReportRecord]) -> Answer:
    """The decision that one of the reports has left."""
    for record in records:
        for file in record.page.files if record.page else ():
            if file["name"] == "answer.json":
                return Answer.model_validate(file["content"])
    raise LookupError(f"no report of {records[0].scenario} has left an answer.json")


def _words(case: Scenario, answer: Answer, records: Sequence[ReportRecord]) -> dict[str, Any]:
    """What the template reads."""
    words: dict[str, Any] = {
        "title": case.title,
        "question": case.question,
        "as_of": day(date.fromisoformat(answer.as_of)),
        "act": answer.acts[0].instruction,
        "expect": _expectation(answer),
        "why": _reasons(case, answer),
        "acts": _act_rows(answer),
        "options": _option_rows(case, answer),
        "flips": _flip_rows(answer),
        "no_flip": _no_flip(answer),
        "next": _next_words(case, answer),
        "odds": _odds(answer),
        "conditions": condition_words(case),
        "dates": _dates(case),
        "moved": _moved(records),
        "rests": rests_on(case),
    }
    acts = sum(len(row.name) for row in words["acts"])
    changes = sum(len(row["to"]) for row in words["flips"]) + sum(map(len, words["dates"]))
    return words | {"is_long": acts > LONG_ACTS or changes > LONG_CHANGES}


def _expectation(answer: Answer) -> str:
    """The sentence behind the act, up to its chances."""
    sentences = answer.sentence.split(". ")[1:]
    return ". ".join(each for each in sentences if not _is_said_elsewhere(each)).rstrip(".") + "."


def _is_said_elsewhere(sentence: str) -> bool:
    return sentence.startswith(("The chance that", "Next best:"))


def _reasons(case: Scenario, answer: Answer) -> list[str]:
    """Why: the bill, the speed of a chip, the promise. Each is a sentence."""
    kept = next(row for row in answer.acts if row.act == "keep").usd_per_year
    own = answer.acts[0].usd_per_year
    assert kept is not None
    assert own is not None
    words = []
    if answer.act == "keep":
        words.append(f"The work costs {_musd(own.mean)} a year where it is.")
    else:
        words.append(
            f"The work is expected to cost {_musd(own.mean)} a year this way, and "
            f"{_musd(kept.mean)} where it is today."
        )
    served = {option.name: option for option in answer.options}
    end = served.get(answer.later_option or answer.option)
    if end is not None and end.name != TODAY:
        times = over_today(evaluated(case), end.name, "output_tokens_per_s_per_chip")
        rate = number(end.output_tokens_per_s_per_chip.mid)
        words.append(
            f"On {named(case, end.name)} a chip writes {rate} tokens a second at the promise, "
            f"{times:.2f} times as many as on {_today_chip(case)}."
        )
    work = answer.work
    cached = f", {work.cached_share:.0%} of them cached" if work.cached_share else ""
    words.append(
        f"The promise: {work.tokens_per_s_per_user:g} tokens a second for each user, and the first "
        f"token within {work.ttft_limit_s:g} seconds."
    )
    words.append(
        f"The work: {work.model}, {work.input_tokens:,g} tokens read a request{cached}, "
        f"{work.output_tokens:,g} written."
    )
    return words


def _today_chip(case: Scenario) -> str:
    """The chips that the work is set against, which an API's buyer does not hold."""
    return f"{chip(case.have.accelerator)} in {case.have.precision.upper()}"


def _musd(usd: float) -> str:
    return usd_words(usd).replace(" M", " million")


@dataclass(frozen=True)
class Bar:
    """A row with a bar: a name, its figure and range as text, and the range in shares of the widest
    row.
    """

    name: str
    figure: str
    range: str
    start_share: float
    mid_share: float
    end_share: float


def _bars(rows: Sequence[tuple[str, str, str, Range]]) -> list[Bar]:
    """Rows of name, figure, range in words, and the numbers that the bar draws."""
    widest = max((ends.high for *_, ends in rows), default=1.0)
    return [
        Bar(name, figure, span, ends.low / widest, ends.mid / widest, ends.high / widest)
        for name, figure, span, ends in rows
    ]


def _act_rows(answer: Answer) -> list[Bar]:
    """The cheapest acts, and keeping, by expected cost; of acts in the same words the cheapest."""
    known: dict[str, ActCost] = {}
    for row in answer.acts:
        if row.usd_per_year is not None:
            known.setdefault(row.instruction, row)
    rows = list(known.values())
    shown = rows[:MOST_ACTS] + [row for row in rows[MOST_ACTS:] if row.act == "keep"]
    return _bars([_act_row(row) for row in shown])


def _act_row(row: ActCost) -> tuple[str, str, str, Range]:
    cost = row.usd_per_year
    assert cost is not None
    span = f"{usd_words(cost.low)} to {usd_words(cost.high)}"
    return row.instruction, usd_words(cost.mean), span, cost


def _option_rows(case: Scenario, answer: Answer) -> list[Bar]:
    """Options by the cost of a million tokens written, under the cheapest contract of each."""
    priced = [(option, option.usd_per_mtok) for option in answer.options]
    rows = [
        (
            f"{named(case, option.name)}{' (today)' if option.name == TODAY else ''}",
            f"${number(cost.mid)}",
            f"${number(cost.low)} to ${number(cost.high)}" if cost.low < cost.high else "",
            cost,
        )
        for option, cost in priced
        if cost is not None
    ]
    return _bars(sorted(rows, key=lambda row: row[3].mid))


def _flip_rows(answer: Answer) -> list[dict[str, str]]:
    """What would change the act, the nearest to its median first."""
    act = answer.acts[0].instruction
    flips = [flip for flip in answer.flips if flip.to != act]
    return [
        {
            "belief": belief_words(flip.input),
            "value": beyond(belief_value(flip.input, flip.value, flip.unit), flip.percentile_share),
            "percentile": f"{100 * flip.percentile_share:.0f}",
            "to": flip.to,
        }
        for flip in flips[:MOST_FLIPS]
    ]


def _no_flip(answer: Answer) -> str:
    """Why no belief alone would change the act."""
    if answer.flips:
        return (
            "With every belief at its median another act costs less; this one costs less in "
            "expectation. The choice is close."
        )
    return "No single belief changes the choice within its range."


def _next_words(case: Scenario, answer: Answer) -> str:
    """The next best choice, and what it costs more."""
    own, other = answer.acts[0], next_row(case, answer)
    if other is None:
        return "No other choice is open to this buyer."
    assert own.usd_per_year is not None
    assert other.usd_per_year is not None
    more = other.usd_per_year.mean - own.usd_per_year.mean
    words = f"{other.instruction}."
    if more <= TIE * own.usd_per_year.mean:
        return f"{words} It is expected to cost about the same."
    return f"{words} It is expected to cost {_musd(more)} a year more."


def _odds(answer: Answer) -> list[str]:
    """How sure the act is."""
    share = answer.better_share
    odds = f"{max(share, 0.01):.0%}" if share >= 0.005 else "under 1%"
    worth = _musd(answer.knowing_usd_per_year)
    return [
        f"The chance that another choice turns out at least {BETTER:.0%} cheaper is {odds}.",
        ANOTHER_CHOICE,
        f"Knowing everything before choosing would be worth {worth} a year.",
        "A range holds four outcomes in five: one in ten lies below it, one in ten above.",
    ]


def _dates(case: Scenario) -> list[str]:
    """When each option that is not on sale can be had, as of the scenario's day."""
    months = arrival_months(case, all_belief_draws(case, DRAWS, SEED))
    words = [_date_words(case, named(case, name), each) for name, each in months.items()]
    return words[:MOST_DATES]


def _date_words(case: Scenario, name: str, months: np.ndarray) -> str:
    """Sentences on the day, or on the chance that there is none."""
    never = float(np.mean(np.isinf(months)))
    low, mid, high = np.quantile(months, [0.1, 0.5, 0.9], method="inverted_cdf")
    if high <= 0:
        return f"{name} can be had today."
    if np.isinf(mid):
        words = f"{name} is not expected to come."
    else:
        words = f"{name} comes by {_month(case, mid)} with even odds."
    if np.isfinite(high):
        words += f" Its range is from {_month(case, low)} to {_month(case, high)}."
    elif np.isfinite(low):
        words += f" The earliest tenth of its range is {_month(case, low)}."
    return words + (f" The chance that it never comes is {never:.0%}." if never >= 0.005 else "")


def _month(case: Scenario, months: float) -> str:
    """A month so far from the scenario's day; "today" where it lies behind."""
    when = day_after(case.as_of, months)
    return f"{when:%B %Y}" if when is not None and months > 0 else "today"


def _moved(records: Sequence[ReportRecord]) -> str:
    """What the answer was on the site before, in a sentence."""
    page = next(record.page for record in records if record.page is not None)
    if page.previous is None or page.answer is None:
        return "No earlier answer is on record."
    before = changed(page.previous, page.answer)
    if not before:
        return "The act and what it saves are those of the last site."
    return f"This has changed. On the last site it was: {before}."


def _letter(case: Scenario, answer: Answer, words: dict[str, Any]) -> str:
    """The text of an e-mail: the decision, what moved, what would change it."""
    parts = [
        f"{case.title}. {case.question}",
        f"{answer.acts[0].instruction}. {words['expect']}",
        *words["odds"][:1],
        *([words["conditions"]] if words["conditions"] else []),
        f"Next best: {lower_first(words['next'])}",
        f"What moved: {words['moved']}",
    ]
    for flip in words["flips"][:1]:
        parts.append(
            f"What would change it first: {flip['belief']}, if known to be {flip['value']}. This "
            f"begins at percentile {flip['percentile']} of its range. "
            f"Then: {lower_first(flip['to'])}."
        )
    parts.append(f"{words['rests']} As of {words['as_of']}.")
    return "\n\n".join(textwrap.fill(part, WIDTH) for part in parts)
