"""The first screen: what was said, what it would have to mean, what is measured, what to expect, when we shall know."""

import pandas as pd
from IPython.display import Markdown

from analysis.laws import claim as law
from analysis.report import text
from analysis.report.text import Shown, called, day, plain, spread, step
from analysis.study import credence, verdict
from analysis.study.claims import Claim, claim, ledger
from analysis.study.readings import MEASURED, readings

PASSES = ("passes through", "falls short", "may pass through")


def gain(draws: pd.DataFrame, ladder: pd.DataFrame) -> Shown:
    """Tokens per dollar, new for old: under the scenario's reading, or else as modelled for a buyer's first year."""
    if step(draws) == "claimed":
        return spread(draws.loc["baseline", "request_usd"] / draws.loc["claimed", "request_usd"], "", "ratio")
    return spread(ladder["draws"].iloc[-1], "", "ratio")


def word(value: Shown, claimed: Claim | None) -> str:
    """Whether the headline passes through to this buyer, from where the 80% range lies against it; or whether it pays.

    Not a verdict on what was said: the ledger judges that, statement by statement.
    """
    return text.three_ways(value, *((claimed.headline_ratio * verdict.ROUNDING, PASSES) if claimed else (1, text.PAYS)))


def answer(case, draws: pd.DataFrame, ladder: pd.DataFrame) -> text.Payload:
    """The headline sentence of any scenario, with its verdict; `ladder` is what `verdict.ladder` gave."""
    value, claimed = gain(draws, ladder), claim(case.claim) if case.claim else None
    old, new = (called(case, name) for name in ("baseline", "candidate"))
    first = spread(ladder["draws"].iloc[-1], "", "ratio")
    said = text.text(claimed.headline_ratio, "ratio") if claimed else ""
    if step(draws) == "claimed":
        words = f"Taken at its word, as “{readings()[case.reading].title}”, the claim makes a dollar buy {{value.mid}} "
        words += f"the tokens ({{value.range}}), where the headline said {said}; without it, a first year on {new} in "
        words += f"place of {old} brings {first.mid} ({first.range})."
        return text.headline(words, value, word(value, claimed))
    kept, watt = ladder.set_index("step").loc[verdict.HEAT, "factor"], _watt(draws)
    end = f"; the headline said {said}." if said else "."
    if case.budget.scarce == "megawatts":
        words = f"Where power is short, a megawatt on {new} serves {{value.mid}} the tokens that it serves on {old} "
        words += f"({{value.range}}); a dollar buys {first.mid} ({first.range}) in its first year{end}"
        return text.headline(words, watt, word(watt, claimed))
    words = f"In its first year a dollar on {new} buys {{value.mid}} the tokens that it buys on {old} ({{value.range}})"
    words += f", heat and halls counted ({kept:.2f}×)" if kept < 0.995 else ""
    return text.headline(f"{words}, and a megawatt {watt.mid}{end}", value, word(value, claimed))


def page(case, draws: pd.DataFrame, found: pd.DataFrame, ladder: pd.DataFrame) -> Markdown:
    """The verdict in one screen of plain words, for any scenario; `found` is what `verdict.effects` gave."""
    claimed = claim(case.claim) if case.claim else None
    rows = ledger(claimed, case.as_of) if claimed else pd.DataFrame()
    parts = {"What is asked": plain(case.question)}
    if claimed:
        parts = {"What was said": _said(claimed, rows), "What it would have to mean": _needs(case, found, claimed)}
    parts["What is measured"] = _measured(case, draws, claimed)
    parts["What to expect"] = _expect(case, draws, ladder, claimed)
    parts |= {"What would change our mind": _mind(draws, claimed), "When we shall know": _when(claimed, rows)}
    return Markdown("\n\n".join(f"**{lead}.** {words}" for lead, words in parts.items()))


def _said(claimed: Claim, rows: pd.DataFrame) -> str:
    holds, fails, open_ = ((rows["verdict"] == said).sum() for said in ("holds", "fails", "cannot be told"))
    says = plain(_head(claimed, rows)["says"]).rstrip(".")
    when = f"{plain(claimed.channel)}, {day(claimed.announced)}"
    return f"{says} ({when}). Of its {len(rows)} statements {holds} hold, {fails} fail, {open_} cannot be told."


def _needs(case, found: pd.DataFrame, claimed: Claim) -> str:
    rows = verdict.needs(case, found).query("reading != @MEASURED", local_dict={"MEASURED": MEASURED})
    enough = " or ".join(f"“{plain(title)}”" for title in rows[rows["holds"]]["title"]) or "none of the readings below"
    spent, worth = (text.musd(case.budget.usd_per_year * ratio) for ratio in (1, claimed.headline_ratio))
    words = f"For {spent} to buy what takes {worth} today, the figure has to mean {enough}. "
    for row in rows[rows["at_a_price"]].itertuples():
        words += f"“{plain(row.title)}” would do if a chip second cost at most {row.price_ratio:.2f} times today's; "
        words += f"with less power drawn it is modelled at {row.price:.2f}. "
    low, high = rows["dollars"].min(), rows["dollars"].max()
    ends = f"{text.figure(low, 'ratio')} to {text.text(high, 'ratio')}"
    words += f"Over all {len(rows)} readings a dollar buys {ends} the tokens; "
    own = f"the text names one, “{plain(readings()[case.credence.reading].title)}”"
    return words + (f"{own}." if claimed.named else "which one is meant cannot be told from the text.")


def _measured(case, draws: pd.DataFrame, claimed: Claim | None) -> str:
    ratios = verdict.measured(case).query("beside and matching == 'matched'")["times_ratio"]
    if ratios.empty:
        return "No published result compares these two parts under matched conditions yet."
    low, mid, high = ratios.quantile([0, 0.5, 1])
    words = f"{len(ratios)} published results on matched terms, of parts of this step, lie between {low:.2f} and "
    words += f"{high:.2f} times the tokens a chip second, {mid:.2f} in the middle"
    if not claimed:
        return f"{words}."
    asked = verdict.asked_ratio(case, draws)
    below = (ratios < asked).sum()
    many = "all" if below == len(ratios) else below or "none"
    words += f"; {many} are below the {text.text(asked, 'ratio')} that the headline"
    return words + (" asks for." if asked == claimed.headline_ratio else ", one of dollars, asks for at these prices.")


def _expect(case, draws: pd.DataFrame, ladder: pd.DataFrame, claimed: Claim | None) -> str:
    real, watt, spent = ladder["draws"].iloc[-1], _watt(draws), case.budget.usd_per_year
    ratio, worth = spread(real, "", "ratio"), spread(real * spent, "usd", "Musd")
    words = (
        f"{ratio.mid} the tokens a dollar in the first year ({ratio.range}): {text.musd(spent)} a year buys what takes "
    )
    words += f"{worth.mid} today ({worth.range}), before what moving costs. Where megawatts are short, "
    words += f"not money, one serves {watt.mid} the tokens ({watt.range})."
    if not claimed:
        return words
    true = credence.weights(case)["true"]
    low, high = true.quantile([0.1, 0.9])
    return words + f" Probability of the claim, as its headline has it: {true.mean():.1%} ({low:.1%} to {high:.1%})."


def _watt(draws: pd.DataFrame) -> Shown:
    return spread(verdict.gains(draws.loc["baseline"], draws.loc["candidate"])["power"], "", "ratio")


def _mind(draws: pd.DataFrame, claimed: Claim | None) -> str:
    both = verdict.gains(draws.loc["baseline"], draws.loc["candidate"]).median()
    enough = both["throughput"] / both["dollars"]
    share, load = draws.loc["baseline", ["eligible_share", "first_year_ratio"]].median()
    first = enough * share / (load - 1 + share) if load > 1 - share else float("inf")
    year = f"from {first:.2f}" if first < 100 else "at none"
    words = f"A chip second is modelled at {both['price']:.2f} times today's cost, so a request gets cheaper from "
    words += f"{enough:.2f} times the throughput and a first year, with traffic that stays, pays {year}; "
    words += f"{both['throughput']:.2f} is modelled. A dated price or matched benchmark beyond a line would do."
    if not claimed:
        return words
    touched = float(law.paying_touched_share(enough, claimed.cut_share))
    if 0 < touched <= 1:
        words += f" The claimed cut alone would make it cheaper once it touches {touched:.0%} of the time."
    return words


def _when(claimed: Claim | None, rows: pd.DataFrame) -> str:
    if not claimed:
        return "Once matched results of both parts and dated prices are published; nothing was promised by a date."
    head, late = _head(claimed, rows), sorted(set(rows[rows["due"] == "overdue"]["by"]))
    settles = plain(head["settles"][0].lower() + head["settles"][1:])
    words = f"By {day(head['by'])}, from {plain(head['where'])}: {settles}."
    return words + (f" Past without the event: {', '.join(map(day, late))}." if late else "")


def _head(claimed: Claim, rows: pd.DataFrame) -> pd.Series:
    return rows.set_index("id").loc[claimed.headline]
