"""The first screen: what was said, what it would have to mean, what is measured, what to expect, when we shall know."""

import pandas as pd
from IPython.display import Markdown

from analysis.laws import claim as law
from analysis.report.text import Payload, Shown, headline, number, plain, spread
from analysis.study import credence, verdict
from analysis.study.claims import Claim, claim, ledger
from analysis.study.readings import MEASURED, readings


def gain(case, draws: pd.DataFrame) -> Shown:
    """Tokens per dollar, new for old: under the scenario's reading, or else as modelled for a buyer's first year."""
    if "claimed" in draws.index:
        return spread(verdict.gains(draws.loc["baseline"], draws.loc["claimed"])["dollars"], "", "ratio")
    return spread(verdict.ladder(case, draws)["draws"].iloc[-1], "", "ratio")


def word(value: Shown, claimed: Claim | None) -> str:
    """The verdict, from where the 80 % range lies against the headline, or against 1 where nothing was claimed."""
    low, _, high = value.values  # noqa: PD011
    aim = claimed.headline_ratio * verdict.ROUNDING if claimed else 1
    words = ("holds", "fails", "cannot be told") if claimed else ("pays", "does not pay", "may pay")
    return words[0] if low >= aim else words[1] if high < aim else words[2]


def answer(case, draws: pd.DataFrame) -> Payload:
    """The headline sentence of any scenario, with its verdict."""
    value, claimed = gain(case, draws), _claimed(case)
    old, new = (f"{o.accelerator.upper()} in {o.precision.upper()}" for o in (case.baseline, case.candidate))
    if "claimed" in draws.index:
        start = f"Taken at its word, as “{readings()[case.reading].title}”, the claim makes a dollar buy"
        middle = " {value.mid} the tokens ({value.range})"
    else:
        start = f"In its first year a dollar on {new} buys"
        middle = " {value.mid} the tokens that it buys on " + old + " ({value.range})"
    end = f"; the headline said {number(claimed.headline_ratio)}×." if claimed else "."
    return headline(start + middle + end, value, word(value, claimed))


def page(case, draws: pd.DataFrame, found: pd.DataFrame) -> Markdown:
    """The verdict in one screen of plain words, for any scenario; `found` is what `verdict.effects` gave."""
    claimed = _claimed(case)
    parts = {"What is asked": plain(case.question)}
    if claimed:
        parts = {"What was said": _said(case, claimed), "What it would have to mean": _needs(case, found, claimed)}
    parts |= {"What is measured": _measured(case, claimed), "What to expect": _expect(case, draws, claimed)}
    parts |= {"What would change our mind": _mind(draws, case, claimed), "When we shall know": _when(case, claimed)}
    return Markdown("\n\n".join(f"**{lead}.** {words}" for lead, words in parts.items()))


def _claimed(case) -> Claim | None:
    return claim(case.claim) if case.claim else None


def _said(case, claimed: Claim) -> str:
    rows = ledger(claimed, case.as_of)
    holds, fails, open_ = ((rows["verdict"] == said).sum() for said in ("holds", "fails", "cannot be told"))
    says = plain(rows.set_index("id").loc[claimed.headline, "says"])
    when = f"{plain(claimed.channel)}, {_day(claimed.announced)}"
    return f"{says} ({when}). Of {len(rows)} statements {holds} hold, {fails} fail and {open_} cannot be told."


def _needs(case, found: pd.DataFrame, claimed: Claim) -> str:
    rows = verdict.needs(case, found).query("reading != @MEASURED", local_dict={"MEASURED": MEASURED})
    enough = " or ".join(f"“{plain(title)}”" for title in rows[rows["holds"]]["title"]) or "none of the readings below"
    spent = case.budget.usd_per_year
    worth = [spread([usd] * 3, "usd", "Musd").mid for usd in (spent, spent * claimed.headline_ratio)]
    words = (
        f"For {worth[0]} to do what {worth[1]} do today ({number(claimed.headline_ratio)} times the tokens a dollar), "
    )
    words += f"the figure has to mean {enough}. "
    for row in rows[~rows["holds"] & (rows["price_ratio"] >= verdict.ROUNDING)].itertuples():
        words += f"“{plain(row.title)}” would do if a chip second cost at most {row.price_ratio:.2f} times today's; "
        words += f"it is modelled at {row.throughput / row.dollars:.2f}. "
    low, high = rows["dollars"].min(), rows["dollars"].max()
    words += f"Over all {len(rows)} readings a dollar buys {low:.2f} to {high:.2f} times the tokens"
    return words + ("." if claimed.named else "; which one is meant cannot be told from the text.")


def _measured(case, claimed: Claim | None) -> str:
    rows = verdict.measured(case).query("beside and matching == 'matched'")
    if rows.empty:
        return "No published result compares these two parts under matched conditions yet."
    low, mid, high = rows["times_ratio"].quantile([0, 0.5, 1])
    words = f"{len(rows)} matched published results of parts of this step lie between {low:.2f} and {high:.2f} times "
    words += f"the tokens a chip second, {mid:.2f} in the middle"
    return words + (f"; {verdict.percentile_share(case):.0%} of them are below the headline." if claimed else ".")


def _expect(case, draws: pd.DataFrame, claimed: Claim | None) -> str:
    real = verdict.ladder(case, draws)["draws"].iloc[-1]
    ratio, worth = spread(real, "", "ratio"), spread(real * case.budget.usd_per_year, "usd", "Musd")
    spent = spread([case.budget.usd_per_year] * 3, "usd", "Musd").mid
    words = f"{ratio.mid} the tokens a dollar in the first year ({ratio.range}): {spent} a year do what {worth.mid} "
    words += f"do today ({worth.range}). "
    watt = spread(verdict.gains(draws.loc["baseline"], draws.loc["candidate"])["power"], "", "ratio")
    words += f"Where megawatts are short and not money, one serves {watt.mid} the tokens ({watt.range})."
    if not claimed:
        return words
    low, mid, high = credence.weights(case)["true"].quantile([0.1, 0.5, 0.9])
    return words + f" That the claim is true as its headline has it: {mid:.1%} ({low:.1%} to {high:.1%})."


def _mind(draws: pd.DataFrame, case, claimed: Claim | None) -> str:
    both = verdict.gains(draws.loc["baseline"], draws.loc["candidate"]).median()
    price = both["throughput"] / both["dollars"]
    words = f"At {price:.2f} times the cost of a chip second the step pays from {price:.2f} times the throughput; "
    words += (
        f"it is modelled at {both['throughput']:.2f}. A dated price or a matched benchmark on the other side would do."
    )
    if not claimed:
        return words
    touched = max(float(law.paying_touched_share(price, claimed.cut_share)), 0)
    words += f" The claimed cut alone would pay once it touches {touched:.0%} of the time."
    return words + f" What would settle the claim: {plain(_head(case, claimed)['settles'])}."


def _when(case, claimed: Claim | None) -> str:
    if not claimed:
        return (
            "As soon as matched results of both parts and dated prices are published; nothing was promised by a date."
        )
    rows = ledger(claimed, case.as_of).query("due == 'overdue'")
    words = f"By {_day(_head(case, claimed)['by'])}, in {plain(_head(case, claimed)['where'])}."
    late = ", ".join(_day(day) for day in sorted(set(rows["by"])))
    return words + (f" One promised date is already past without the event: {late}." if late else "")


def _day(day) -> str:
    return f"{day.day} {day:%B %Y}"


def _head(case, claimed: Claim) -> pd.Series:
    return ledger(claimed, case.as_of).set_index("id").loc[claimed.headline]
