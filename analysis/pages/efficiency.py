"""The first screen: what was said, what it would have to mean, what is measured, what to expect,
when we shall know.
"""

import pandas as pd
from IPython.display import Markdown

from analysis.laws import claim as law
from analysis.pages import format as text
from analysis.pages.format import Shown, called, headline_option, interval
from analysis.questions import claim as verdict
from analysis.questions import credence, pass_through
from analysis.scenario.claims import Claim, claim, ledger
from analysis.scenario.readings import MEASURED, readings

MOVING = ["eligible_share", "first_year_ratio"]
PASSES = ("passes through", "falls short", "may pass through")


def gain(draws: pd.DataFrame, ladder: pd.DataFrame) -> Shown:
    """Tokens per dollar, new for old: under the scenario's reading, or else as modelled for a
    buyer's first year.
    """
    if headline_option(draws) == "claimed":
        return interval(
            draws.loc["baseline", "request_usd"] / draws.loc["claimed", "request_usd"], "", "ratio"
        )
    return interval(ladder["draws"].iloc[-1], "", "ratio")


def word(value: Shown, claimed: Claim | None) -> str:
    """Whether the headline passes through to this buyer, from where the 80% range lies against it;
    or whether it pays.

    Not a verdict on what was said: the ledger judges that, statement by statement.
    """
    return text.three_ways(
        value, *((claimed.headline_ratio * verdict.ROUNDING, PASSES) if claimed else (1, text.PAYS))
    )


def answer(case, draws: pd.DataFrame, ladder: pd.DataFrame) -> text.Payload:
    """The headline sentence of any scenario, with its verdict; `ladder` is what `pass_through.ladder`
    gave.
    """
    value, claimed = gain(draws, ladder), claim(case.claim) if case.claim else None
    old, new = (called(case, name) for name in ("baseline", "candidate"))
    first = interval(ladder["draws"].iloc[-1], "", "ratio")
    said = text.text(claimed.headline_ratio, "ratio") if claimed else ""
    if headline_option(draws) == "claimed":
        words = f"Taken at its word, as “{readings()[case.reading].title}”, the claim makes a dollar buy {{value.mid}} "
        words += f"the tokens ({{value.range}}), where the headline said {said}; without it, a first year on {new} in "
        words += f"place of {old} brings {first.mid} ({first.range})."
        return text.headline(words, value, word(value, claimed))
    kept, watt = ladder.set_index("step").loc[pass_through.HEAT, "factor"], _watt(draws)
    end = f"; the headline said {said}." if said else "."
    if case.budget.scarce == "megawatts":
        words = f"Where power is short, a megawatt on {new} serves {{value.mid}} the tokens that it serves on {old} "
        words += (
            f"({{value.range}}); a dollar buys {first.mid} ({first.range}) in its first year{end}"
        )
        return text.headline(words, watt, word(watt, claimed))
    words = f"In its first year a dollar on {new} buys {{value.mid}} the tokens that it buys on {old} ({{value.range}})"
    words += f", heat and halls counted ({kept:.2f}×)" if kept < 0.995 else ""
    return text.headline(f"{words}, and a megawatt {watt.mid}{end}", value, word(value, claimed))


def page(case, draws: pd.DataFrame, found: pd.DataFrame, ladder: pd.DataFrame) -> Markdown:
    """The verdict in one screen of plain words, for any scenario; `found` is what `verdict.effects`
    gave.
    """
    real, spent, gains = ladder["draws"].iloc[-1], case.budget.usd_per_year, _gains(draws).median()
    enough, (share, load) = (
        gains["throughput"] / gains["dollars"],
        draws.loc["baseline", MOVING].median(),
    )
    told = {
        "claimed": claim(case.claim) if case.claim else None,
        "question": case.question,
        "spent": spent,
        "ratios": verdict.published_ratios(case).query("same_step and matching == 'matched'")[
            "times_ratio"
        ],
        "ratio": interval(real, "", "ratio"),
        "worth": interval(real * spent, "usd", "Musd"),
        "watt": _watt(draws),
        "gains": gains,
        "enough": enough,
        "first": enough * share / (load - 1 + share) if load > 1 - share else float("inf"),
    }
    return text.written(
        "brief.md", **told, **_of_the_claim(case, draws, found, enough) if case.claim else {}
    )


def _of_the_claim(case, draws: pd.DataFrame, found: pd.DataFrame, enough: float) -> dict:
    """What the screen tells of the claim: its statements, its readings, and where it stands among
    measurements.
    """
    claimed = claim(case.claim)
    rows = ledger(claimed, case.as_of)
    return {
        "statements": rows,
        "verdicts": rows["verdict"].value_counts(),
        "head": rows.set_index("id").loc[claimed.headline],
        "late": sorted(set(rows[rows["due"] == "overdue"]["by"])),
        "needs": verdict.requirements(case, found).query(
            "reading != @MEASURED", local_dict={"MEASURED": MEASURED}
        ),
        "own": readings()[case.credence.reading].title,
        "asked": verdict.required_ratio(case, draws),
        "believed": credence.weights(case)["true"],
        "touched": float(law.paying_affected_share(enough, claimed.cut_share)),
    }


def _gains(draws: pd.DataFrame) -> pd.DataFrame:
    return verdict.gains(draws.loc["baseline"], draws.loc["candidate"])


def _watt(draws: pd.DataFrame) -> Shown:
    return interval(_gains(draws)["power"], "", "ratio")
