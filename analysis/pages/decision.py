"""What every page of a scenario says of the decision: the same sentence, and the rows behind it."""

import os
from dataclasses import replace
from functools import partial
from typing import Any

from analysis.facts import chip
from analysis.pages.beliefs import belief_value, belief_words
from analysis.pages.numbers import Shown, number, usd_words
from analysis.pages.outputs import Output, headline, table
from analysis.pages.words import plain
from analysis.press.mime import FILES
from analysis.questions.answer import ActCost, Answer, decide, evaluated
from analysis.questions.over_today import over_today
from analysis.questions.ways import TENURE_WORDS
from analysis.scenario.scenario import PARAMS, Scenario

ACT_WORDS = {
    "keep": "keep what runs",
    "serve better": "serve better on the same chips",
    "move": "move now",
    "wait": "wait",
    "meanwhile": "order now, start at once",
    "bridge": "bridge, then move",
    "split": "move a part now",
}
MOST_ACTS = 12  # in a table or chart: those that are far dearer help nobody


def answer(case: Scenario) -> Output:
    """The decision in a sentence, the same on every page."""
    found = decide(case)
    ratio = Shown((found.cost_ratio.low, found.cost_ratio.mid, found.cost_ratio.high), "ratio")
    output = headline(plain(found.sentence), ratio, ACT_WORDS[found.act])
    return (
        output.rests_on(os.path.relpath(case.own_file, PARAMS.parent)) if case.own_file else output
    )


def with_answer(case: Scenario, output: Output) -> Output:
    """An output that leaves the whole decision for the site, as answer.json of the scenario.

    It is not the headline's output, which notebooks are committed with.
    """
    content = _rounded(decide(case).model_dump(mode="json"))
    record = {"name": "answer.json", "content": content}
    return replace(output, records={**output.records, FILES: record})


def _rounded(tree: Any) -> Any:
    """Numbers to six digits, as in numbers.csv: more are noise of the draws."""
    if isinstance(tree, dict):
        return {key: _rounded(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_rounded(value) for value in tree]
    return float(f"{tree:.6g}") if isinstance(tree, float) else tree


def acts(case: Scenario) -> Output:
    """Every act that this buyer has, the cheapest first, and what it costs a year."""
    found = decide(case)
    rows = []
    for row in _available(found)[:MOST_ACTS]:
        cost = row.usd_per_year
        assert cost is not None
        words = plain(row.instruction)
        rows.append(
            [words, usd_words(cost.mean), f"{usd_words(cost.low)} to {usd_words(cost.high)}"]
        )
    return table(rows, ["Act", "expected cost a year", "80% range"])


def no_acts(case: Scenario) -> Output:
    """The ways that this buyer does not have, each with its reason."""
    found = decide(case)
    options: dict[tuple[str, str], list[str]] = {}
    for row in found.acts:
        if not row.available:
            options.setdefault((row.tenure, row.reason), []).append(row.option)
    rows = [
        [plain(TENURE_WORDS[tenure]), plain(", ".join(names)), plain(reason)]
        for (tenure, reason), names in options.items()
    ]
    if not rows:
        return Output("This buyer has every option under every contract.")
    return table(rows, ["Contract", "options", "why there is none"])


def options(case: Scenario) -> Output:
    """Every option served at its best under the promise: speed, tokens a megawatt, energy, cost."""
    found = decide(case)
    today = found.options[0]
    rows = []
    for option in found.options:
        rate = option.output_tokens_per_s_per_chip
        cost = "" if option.usd_per_mtok is None else f"${number(option.usd_per_mtok.mid)}"
        where = today_words(case) if option is today else plain(option.name)
        over = partial(over_today, evaluated(case), option.name)
        rows.append(
            [
                where,
                f"{plain(chip(option.accelerator))} in {option.precision.upper()}",
                _mode(option.mode, option.draft_tokens),
                f"{number(rate.mid)} ({number(rate.low)} to {number(rate.high)})",
                f"{over('output_tokens_per_s_per_chip'):.2f}×",
                f"{over('tokens_per_s_per_mw'):.2f}×",
                f"{over('j_per_token'):.2f}×",
                cost,
            ]
        )
    heads = ["Option", "chips", "served", "output tokens/s a chip", "over the first row"]
    heads += ["tokens a megawatt", "board energy a token", "$ per million output tokens"]
    return table(rows, heads)


def today_words(case: Scenario) -> str:
    """What the first row of a table of options is: what runs, or what the work is set against."""
    if case.have.held in ("api", "nothing"):
        return "to compare with; the price is that of the API today"
    return "today"


def beyond(value: str, percentile_share: float) -> str:
    """A value of a belief from which the choice changes, with the side on which it does.

    >>> beyond("2.0 months", 0.32), beyond("59%", 0.89)
    ('2.0 months or less', '59% or more')
    """
    return f"{value} or {'less' if percentile_share < 0.5 else 'more'}"


def flips(case: Scenario) -> Output:
    """Beliefs that alone would change the choice, at which value, and what to do then."""
    found = decide(case)
    if not found.flips:
        return Output(
            "No single belief changes the choice within its range from the 1st to the 99th "
            "percentile."
        )
    rows = [
        [
            plain(belief_words(flip.input)),
            plain(beyond(belief_value(flip.input, flip.value, flip.unit), flip.percentile_share)),
            f"P{100 * flip.percentile_share:.0f}",
            plain(flip.to),
        ]
        for flip in found.flips
    ]
    return table(rows, ["Belief", "if it is known to be", "which begins at its", "then"])


def knowing(case: Scenario) -> Output:
    """What knowing everything before choosing would be worth."""
    found = decide(case)
    worth = usd_words(found.knowing_usd_per_year)
    return Output(
        f"Knowing everything before choosing would be worth {worth} a year. No study should cost "
        "more than that."
    )


def _available(found: Answer) -> list[ActCost]:
    return [row for row in found.acts if row.available]


def _mode(mode: str, draft_tokens: int) -> str:
    pools = "pools" if mode == "disaggregated" else "one pool"
    drafts = "1 draft" if draft_tokens == 1 else f"{draft_tokens} drafts"
    return f"{pools}, {drafts}" if draft_tokens else pools
