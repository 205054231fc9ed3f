"""The first screen of the efficiency page: the answer in a sentence, and what stands behind it."""

from typing import Any

import pandas as pd

from analysis.laws.claim import paying_affected_share
from analysis.pages.decision import with_answer
from analysis.pages.numbers import Shown, interval, text
from analysis.pages.outputs import Output, fill, say
from analysis.pages.verdicts import PASSES, PAYS, headline_option, verdict
from analysis.pages.words import option_words
from analysis.questions import claim as claim_questions
from analysis.questions import credence as credence_questions
from analysis.questions.pass_through import CHIPS, HEAT
from analysis.scenario.claims import Claim, claim
from analysis.scenario.claims import ledger as claim_ledger
from analysis.scenario.readings import MEASURED, readings
from analysis.scenario.scenario import Scenario


def in_short(case: Scenario, draws: pd.DataFrame, ladder: pd.DataFrame) -> Output:
    """What becomes of the headline for this buyer, in two sentences.

    The verdict says whether the headline passes through to this buyer, or whether the step pays
    where nothing was claimed. It is none on the statements themselves: the ledger judges those.
    """
    first_year = _first_year(ladder)
    if headline_option(draws) == "claimed":
        output = _answer_at_its_word(case, draws, first_year)
    elif case.budget.scarce == "megawatts":
        output = _answer_per_megawatt(case, draws, first_year)
    else:
        output = _answer_per_dollar(case, draws, ladder, first_year)
    return with_answer(case, output)


def _answer_at_its_word(case: Scenario, draws: pd.DataFrame, first_year: Shown) -> Output:
    """The claim taken as true, under the scenario's reading of it."""
    claimed = claim(case.claim)
    change = draws.loc["baseline", "request_usd"] / draws.loc["claimed", "request_usd"]
    value = interval(change, "", "ratio")
    words = (
        "Taken at its word, as “{reading}”, the claim makes a dollar buy {value.mid} the tokens "
        "({value.range}). The headline said {said}, so it {verdict} here. Without the claim, a "
        "dollar on {new} buys {first_year.mid} the tokens of one on {old} in the first year "
        "({first_year.range})."
    )
    return say(
        words,
        value=value,
        verdict=_pass_verdict(value, claimed),
        reading=readings()[case.reading].title,
        said=text(claimed.headline_ratio, "ratio"),
        first_year=first_year,
        **_options(case),
    )


def _answer_per_megawatt(case: Scenario, draws: pd.DataFrame, first_year: Shown) -> Output:
    """The step for a buyer who lacks power."""
    value = _per_watt(draws)
    words = (
        "Power is short here, and a megawatt on {new} serves {value.mid} the tokens that it serves "
        "on {old} ({value.range}). In its first year a dollar buys {first_year.mid} "
        "({first_year.range})"
    )
    claimed = claim(case.claim) if case.claim else None
    return say(
        words + _what_the_headline_said(claimed),
        value=value,
        verdict=_pass_verdict(value, claimed),
        first_year=first_year,
        **_options(case),
    )


def _answer_per_dollar(
    case: Scenario, draws: pd.DataFrame, ladder: pd.DataFrame, value: Shown
) -> Output:
    """The step for a buyer who lacks money; heat and halls are named where they cost tokens."""
    words = (
        "A chip of {new} serves {tokens} the tokens of one of {old}, each at its best. In its "
        "first year a dollar spent there buys {value.mid} the tokens ({value.range})"
    )
    kept = ladder.set_index("step").loc[HEAT, "factor"]
    if kept < 0.995:
        words += (
            f". Heat and halls are counted: they leave {kept:.2f} of what the chips could serve"
        )
    claimed = claim(case.claim) if case.claim else None
    return say(
        words + _what_the_headline_said(claimed),
        value=value,
        verdict=_pass_verdict(value, claimed),
        tokens=text(ladder.set_index("step").loc[CHIPS, "mid"], "ratio"),
        **_options(case),
    )


def _options(case: Scenario) -> dict[str, str]:
    return {"old": option_words(case, "baseline"), "new": option_words(case, "candidate")}


def _what_the_headline_said(claimed: Claim | None) -> str:
    if claimed is None:
        return ". The step {verdict}."
    said = text(claimed.headline_ratio, "ratio")
    return f". The headline said {said}, so it {{verdict}} here."


def _pass_verdict(value: Shown, claimed: Claim | None) -> str:
    """Whether the 80% range lies above, below or about the headline, or 1 without a claim."""
    if claimed is None:
        return verdict(value, 1, PAYS)
    return verdict(value, claimed.headline_ratio * claim_questions.ROUNDING, PASSES)


def first_screen(
    case: Scenario, draws: pd.DataFrame, effects: pd.DataFrame, ladder: pd.DataFrame
) -> Output:
    """What was said, what it would have to mean, what is measured and what to expect, in words."""
    first_year = ladder["draws"].iloc[-1]
    spent = case.budget.usd_per_year
    gains = _gains(draws).median()
    enough = gains["throughput"] / gains["dollars"]
    ratios = claim_questions.published_ratios(case)
    ratios = ratios[ratios["same_step"] & (ratios["matching"] == "matched")]["times_ratio"]
    values = {
        "claimed": None,
        "question": case.question,
        "spent": spent,
        "ratios": ratios,
        "ratio": interval(first_year, "", "ratio"),
        "worth": interval(first_year * spent, "usd", "Musd"),
        "watt": _per_watt(draws),
        "gains": gains,
        "enough": enough,
        **_options(case),
    }
    if case.claim:
        values |= _claim_values(case, draws, effects, enough)
    return fill("first_screen.md", **values)


def _claim_values(
    case: Scenario, draws: pd.DataFrame, effects: pd.DataFrame, enough: float
) -> dict[str, Any]:
    """What the first screen says of the claim: statements, readings, place among measurements."""
    claimed = claim(case.claim)
    statements = claim_ledger(claimed, case.as_of)
    needs = claim_questions.requirements(case, effects)
    return {
        "claimed": claimed,
        "head": statements.set_index("id").loc[claimed.headline],
        "late": sorted(set(statements[statements["due"] == "overdue"]["by"])),
        "needs": needs[needs["reading"] != MEASURED],
        "true_reading": readings()[case.credence.reading].title,
        "needed_ratio": claim_questions.required_ratio(case, draws),
        "believed": credence_questions.weights(case)["true"],
        "affected": float(paying_affected_share(enough, claimed.cut_share)),
    }


def _first_year(ladder: pd.DataFrame) -> Shown:
    """Tokens per dollar in the first year, new for old: the ladder's last step."""
    return interval(ladder["draws"].iloc[-1], "", "ratio")


def _gains(draws: pd.DataFrame) -> pd.DataFrame:
    return claim_questions.gains(draws.loc["baseline"], draws.loc["candidate"])


def _per_watt(draws: pd.DataFrame) -> Shown:
    return interval(_gains(draws)["power"], "", "ratio")
