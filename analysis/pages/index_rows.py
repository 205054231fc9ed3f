"""What the index says of a scenario: its group, what to do, and the number that counts for this
buyer.
"""

from collections.abc import Sequence

from analysis.pages.numbers import number, usd_words
from analysis.press.domain import Summary
from analysis.press.markup import plain
from analysis.press.records import Answer as Headline
from analysis.questions.answer import NEARLY, Answer, Range
from analysis.questions.ways import TODAY
from analysis.scenario.scenario import Scenario
from analysis.units import convert

SHORT_OF_POWER = "Short of power"
BUYS_TOKENS = "Buys tokens from an API"
GROUPS = {
    "owned": "Owns chips",
    "rent_3yr": "Rents chips",
    "rent_1yr": "Rents chips",
    "rent_on_demand": "Rents chips",
    "rent_spot": "Rents chips",
    "api": BUYS_TOKENS,
    "nothing": "Serves nothing yet",
}


def group(case: Scenario) -> str:
    """The buyer's question under which the index lists a scenario: what is held, or what is
    scarce.
    """
    if case.budget.scarce == "megawatts":
        return SHORT_OF_POWER
    return GROUPS[case.have.held]


def summarise(headline: Headline, group: str, files: Sequence[dict]) -> Summary:
    """What to do, and the number that counts for a buyer of this group.

    Somebody short of power reads tokens a kilowatt, somebody who pays by the token the yearly
    bill, everybody else what is saved. Without answer.json among `files` the headline says what it
    can.
    """
    found = next((file["content"] for file in files if file["name"] == "answer.json"), None)
    if found is None:
        return Summary(first_sentence(headline), headline.shown, "", headline.range)
    answer = Answer.model_validate(found)
    act = answer.acts[0].instruction
    if group == SHORT_OF_POWER:
        power = _power(act, answer)
        if power is not None:
            return power
    if group == BUYS_TOKENS:
        return _bill(act, answer)
    return Summary(act, *saving(answer.cost_ratio))


def _power(act: str, answer: Answer) -> Summary | None:
    """Tokens/s a kilowatt beside today's; None where the act serves on nothing else than today."""
    served = {option.name: option.tokens_per_s_per_mw for option in answer.options}
    today, option = served[TODAY], served.get(answer.option)
    if option is None or answer.option == TODAY:
        return None
    per_kilowatt = convert(1.0, "kW", "MW")
    low, mid, high = (number(end * per_kilowatt) for end in (option.low, option.mid, option.high))
    words = f"a kilowatt, today {number(today.mid * per_kilowatt)}"
    return Summary(act, f"{mid} tokens/s", words, f"{low} to {high}")


def _bill(act: str, answer: Answer) -> Summary:
    """The yearly bill, against that of going on as today."""
    costs = {row.act: row.usd_per_year for row in reversed(answer.acts) if row.usd_per_year}
    own = answer.acts[0].usd_per_year
    kept = costs["keep"]
    assert own is not None, "the act that is advised has a cost"
    words = f"a year, today {usd_words(kept.mid)}"
    return Summary(act, usd_words(own.mid), words, f"{usd_words(own.low)} to {usd_words(own.high)}")


def saving(cost_ratio: Range) -> tuple[str, str, str]:
    """A cost over today's as figure, caption and range: what is saved, or paid more."""
    if cost_ratio.low == cost_ratio.high:
        return "As today", "", ""
    less = 1 - cost_ratio.mid
    if abs(less) <= NEARLY:
        return "About as today", "", _percents(cost_ratio, 1)
    if less > 0:
        return f"{less:.0%} less", "than today, a year", _percents(cost_ratio, 1)
    return f"{-less:.0%} more", "than today, a year", _percents(cost_ratio, -1)


def _percents(cost_ratio: Range, sign: int) -> str:
    """The range of a saving, or of what is paid more where `sign` is -1."""
    ends = sorted(round(sign * (1 - end), 2) + 0.0 for end in (cost_ratio.low, cost_ratio.high))
    low, high = (f"{end:.0%}".replace("-", "−") for end in ends)
    return f"{low} to {high}"


def changed(before: Headline, now: Headline) -> str:
    """What the answer was: the act where another was advised, else the saving, where its figure is
    another. Blank where only chances or the next best moved.
    """
    was = first_sentence(before)
    if was != first_sentence(now):
        return was
    figures = [_figure(answer) for answer in (before, now)]
    return figures[0] if figures[0] != figures[1] else ""


def first_sentence(headline: Headline) -> str:
    """The act, with which a headline begins."""
    return plain(headline.headline).split(". ")[0].rstrip(".")


def _figure(headline: Headline) -> str:
    """What a headline says is saved; its own figure where it does not hold a cost over today's."""
    low, mid, high = headline.low, headline.value, headline.high
    if low is None or mid is None or high is None:
        return headline.shown
    return saving(Range(low=low, mid=mid, high=high))[0]
