"""Sentences and tables of the rollout for any scenario: promised, shipped, doubted or assumed."""

from dataclasses import asdict
from itertools import product

import numpy as np
import pandas as pd
from IPython.display import Markdown

from analysis import model
from analysis.facts import chip
from analysis.laws import decision, rollout, scoring
from analysis.pages.charts import rollout as figures
from analysis.pages.format import (
    Payload,
    cited,
    day,
    headline,
    headline_option,
    interval,
    plain,
    row,
    table,
    taken,
)
from analysis.questions import dates as schedule
from analysis.questions import decision as choice
from analysis.questions import evidence, forecast_scores, forecasts, slips, waiting
from analysis.questions import launches as record
from analysis.units import convert

STAGE = {"limited": "limited release", "general": "general availability", "volume": "volume"}


def answer(case, draws: pd.DataFrame, seen: schedule.Forecast, paid: pd.DataFrame) -> Payload:
    """When it comes, and what to do until then, each with its chance of being wrong; `paid` from
    `choice.costs`.
    """
    told = choice.advice(paid)
    doubted = (
        schedule.forecast(schedule.with_rollout(case, assume_real=False))
        if case.rollout.assume_real
        else seen
    )
    advised = _advice(case, seen, told)
    words = f"{timing(case, seen, doubted.real_share)} {advised[0].upper()}{advised[1:]}."
    if doubted.real_share < seen.real_share:
        other = choice.advice(choice.costs(case, draws, doubted, headline_option(draws)))
        words += f" At the evidence's odds instead, {_advice(case, seen, other)}."
    assumed = ", if it exists" if doubted.real_share < seen.real_share else ""
    return headline(words, interval(paid["wait"], "", "ratio"), told.act + assumed)


def timing(case, seen: schedule.Forecast, doubted_share: float) -> str:
    """The dates in one sentence: facts where it has shipped, chances where it has not."""
    name, rows = plain(seen.product), schedule.outlook(seen).set_index("milestone")
    known, free = record.milestones(seen.product, seen.as_of), rows.loc["general"]
    first, free_day = (
        day(known[fact].latest) if fact in known else None for fact in ("shipped", "volume")
    )
    if seen.general:
        return f"{name} is here: a first customer had it by {first} and it opened to any by {free_day}."
    span = f"{day(free.mid)} ({day(free.low)} to {day(free.high)})"
    if seen.shipped:
        return f"{name} reached its first customer by {first}; as likely as not it is open to any customer by {span}."
    real = schedule.outlook(seen.if_real()).set_index("milestone")
    never = f"with a chance of {real.never_share['general']:.0%} it never comes"
    dates = (
        f"limited release is as likely as not by {day(real.mid['limited'])} and general availability by "
        f"{day(real.mid['general'])}, and {never}."
    )
    if seen.real_share < 1:
        odds = f"That {name} comes at all has a chance of {1 - rows.never_share['limited']:.1%}"
        return f"{odds}; if it exists, {dates}"
    left = (
        f", which this page assumes and to which the evidence gives {doubted_share:.1%}"
        if doubted_share < 1
        else ""
    )
    return f"If {name} exists{left}: {dates}"


def _advice(case, seen: schedule.Forecast, told: choice.Advice) -> str:
    """The act of least expected cost as an instruction, with its saving and the chance that another
    was cheaper.
    """
    old, new = plain(chip(case.baseline.accelerator)), plain(seen.product)
    order = (
        f"order {new} and rent {old} until it is delivered"
        if seen.general
        else f"rent {old} until {new} is there"
    )
    patience = f"{case.decision.patience_months:g} months"
    words = {
        "buy now": f"buy {old} now",
        "wait": order,
        "rent and switch": f"{order}, keep {old} where {new} proves no better, and stop waiting after {patience}",
        "half now": f"buy part of the {old} now; for the rest, {order}",
    }[told.act]
    saved = 1 - told.cost_ratio
    cost = f"{saved:.0%} less than buying all of the {old} today" if saved > 0.005 else "least"
    wrong = f"{told.wrong_share:.0%}" if told.wrong_share >= 0.005 else "under 1%"
    odds = f"with a chance of {wrong} another act would have been cheaper"
    return f"{words}: expected to cost {cost}; {odds}"


def dates(seen: schedule.Forecast) -> Markdown:
    """Milestones with P10, P50, P90 and never; for a claimed product also under the assumption that
    it exists.
    """
    views = {_given(seen): seen} | (
        {", if it exists": seen.if_real()} if seen.real_share < 1 else {}
    )
    told = [
        (given, row) for given, view in views.items() for row in schedule.outlook(view).itertuples()
    ]
    rows = [
        [
            STAGE[row.milestone] + given,
            day(row.low),
            day(row.mid),
            day(row.high),
            f"{row.never_share:.1%}",
        ]
        for given, row in told
    ]
    return table(rows, ["Milestone", "P10", "P50", "P90", "never"])


def _given(seen: schedule.Forecast) -> str:
    """What a number says that takes the existence of a claimed product for granted."""
    claimed = record.milestones(seen.product, seen.as_of)["announced"].status == "claimed"
    return ", if it exists" if claimed and seen.real_share == 1 else ""


def at_announcement(case) -> Markdown:
    """What the method would have said on the day of the announcement, beside what is known now, and
    without cooling.
    """
    start = record.milestones(case.rollout.product, case.as_of)["announced"].latest
    believed = model.beliefs(case)
    bare = believed.assign(
        **dict.fromkeys(("design_fix_months", "validation_months", "loop_months"), 0.0)
    )
    seen = [schedule.forecast(case, start, beliefs).if_real() for beliefs in (believed, bare)]
    then, alone = (schedule.outlook(each).set_index("milestone") for each in seen)
    known = record.milestones(case.rollout.product, case.as_of)
    came = {"limited": known.get("shipped"), "general": known.get("volume")}
    rows = [
        [
            STAGE[name],
            *(day(end) for end in then.loc[name, ["low", "mid", "high"]]),
            day(row.latest) if row else f"not known by {day(case.as_of)}",
        ]
        for name, row in came.items()
    ]
    said = table(rows, [f"Seen on {day(start)}", "P10", "P50", "P90", "came"]).data
    bare = [day(alone.mid[name]) for name in came]
    engineering = f"would have said {bare[0]} and {bare[1]} at even odds; the rest is engineering"
    if bare == [day(then.mid[name]) for name in came]:
        engineering = "set both medians; the engineering holds neither up"
    return Markdown(
        f"{said}\n\nThe window and the slips of the record alone, with no cooling to prove, {engineering}. *Never* was "
        f"{then.never_share['limited']:.0%}, at a constant hazard until it ships; a vendor's launch is later credited "
        "with the months that it has survived, so that less is left of it as the launch ages."
    )


def promised(seen: schedule.Forecast) -> Markdown:
    """What was promised, by whom it is told, and the other way to read a quarter."""
    known = record.milestones(seen.product, seen.as_of)
    rows = [
        [name, day(row.earliest), day(row.latest), plain(cited(row.source, row.where))]
        for name, row in known.items()
    ]
    return table(rows, ["What", "from", "to", "source, and what it says"])


def rates(case) -> dict:
    """What the reference class says, with the intervals of its two chances."""
    said = slips.reference_rates(record.reference_class(case.as_of))
    return {"said": said, "gone": said.cancelled.interval, "late": said.late.interval}


def held(case) -> dict:
    """How the record forecasts launches that it was not shown."""
    card = forecast_scores.scorecard(case.as_of)
    return {"held": card["inside"].sum(), "count": len(card), "mean": card.mean(numeric_only=True)}


def news(case, seen: schedule.Forecast) -> Markdown:
    """The dated log of evidence with its likelihood ratios."""
    rows = evidence.news(case, seen.as_of)
    if rows.empty:
        return Markdown(
            "No entry: this product is the vendor's own announcement, so its existence is not in doubt."
        )
    cells = [
        [
            day(row.known),
            f"**{plain(row.title)}.** {plain(row.why)}",
            f"{row.mid_ratio:g} ({row.low_ratio:g} to {row.high_ratio:g})",
            f"{row.weighed_ratio:.2f}",
        ]
        for row in rows.itertuples()
    ]
    return table(cells, ["Known", "What, and why it weighs so", "likelihood ratio", "as weighed"])


def acts(paid: pd.DataFrame) -> Markdown:
    """Cost, odds and regret of each act."""
    rows = [
        [
            act,
            f"{row.mean_ratio:.2f}",
            f"{row.low_ratio:.2f} to {row.high_ratio:.2f}",
            f"{row.best_share:.0%}",
            f"{row.regret_ratio:.1%}",
            f"{row.worst_regret_ratio:.0%}",
        ]
        for act, row in choice.summary(paid).iterrows()
    ]
    return table(
        rows,
        ["Act", "mean cost", "80% range", "cheapest or equal in", "mean regret", "regret, P95"],
    )


def worth(case, draws: pd.DataFrame, seen: schedule.Forecast, paid: pd.DataFrame) -> dict:
    """Break-even delay and multiplier, the least worst regret, the option in renting, and the value
    of knowing.
    """
    told, gain = choice.advice(paid), float(paid.multiplier_ratio.median())
    delay, safe = waiting.break_even_month(case, gain), choice.regrets(case, draws, seen)["worst"]
    need = waiting.break_even(case, [12]).multiplier_ratio[0]
    waits = f"pays for a wait of up to {delay:.1f} months" if delay else "pays for no wait"
    return {
        **asdict(told),
        "gain": gain,
        "waits": waits,
        "need": need,
        "act": safe.idxmin(),
        "regret": safe.min(),
        "declining": max(told.option_ratio, 0),
    }


def tasks(seen: schedule.Forecast):
    """What sets the date of general availability, where there is still a date to set."""
    if seen.general:
        return Markdown("Nothing holds it any more: it is open to any customer.")
    if seen.shipped:
        return Markdown(
            "A first customer has it; what is left is the ramp to open sale, as long as past ramps were."
        )
    return figures.tasks(schedule.criticality(seen))


def scored(case) -> Markdown:
    """The forecasts of the day of the claim that are resolved by now, in the open."""
    registers = forecasts.retrospective_registers(case)
    if not registers:
        return Markdown("No product was claimed by then that no vendor has announced.")
    made = pd.Timestamp(registers[0]["as_of"])
    rows = forecast_scores.score(registers)
    cells = [
        [
            plain(row.text),
            f"{row.chance_share:.1%}",
            f"{row.base_share:.0%}",
            f"{row.word_share:.0%}",
            "yes" if row.outcome else "no",
            f"{row.model_brier:.3f}",
            f"{row.base_brier:.3f}",
        ]
        for row in rows.itertuples()
    ]
    heads = [
        f"As of {made.day} {made:%B %Y}",
        "said",
        "base rate",
        "at its word",
        "came",
        "Brier",
        "Brier, base rate",
    ]
    return Markdown(
        table(cells, heads).data
        + "\n\n"
        + forecast_scores.verdict(rows, forecast_scores.score_days(registers))
    )


def numbers(case, seen: schedule.Forecast, paid: pd.DataFrame, fans: pd.DataFrame) -> Payload:
    """Chances, costs of the acts and the blended fleet, to take away."""
    year, words, rows = case.as_of.year + 1, {}, []
    given = seen.product + _given(seen)
    for name, quarter in product(forecasts.MILESTONES, (1, 2, 4)):
        chance = schedule.chance_by(seen, name, pd.Period(f"{year}Q{quarter}").end_time.date())
        rows.append(row(f"chance_{name}_by_{year}_q{quarter}", given, "1", [chance] * 3))
        words[rows[-1]["quantity"]] = f"chance of {STAGE[name]} by Q{quarter} {year}"
    rows += [
        row("cost_over_buying", act, "1", paid[act].quantile([0.1, 0.5, 0.9]))
        for act in choice.ACTS
    ]
    for month, fan in money(fans).reset_index(drop=True).iloc[::12].iterrows():
        rows.append(
            row("blended_usd_per_token", f"month {month}", "usd/Mtok", fan[["low", "mid", "high"]])
        )
    return taken(rows, words)


def money(fans: pd.DataFrame) -> pd.DataFrame:
    """The fan of a token's cost in dollars per million."""
    rows = fans[fans.quantity == "usd_per_token"]
    ends = ("low", "lower", "mid", "upper", "high")
    return rows.assign(**{end: convert(rows[end], "usd/tok", "usd/Mtok") for end in ends})


def checks(case, seen: schedule.Forecast, paid: pd.DataFrame, done: dict) -> Markdown:
    """What has to hold of this page's numbers; AssertionError naming what does not."""
    months = np.arange(0, 241.0)
    curve = {name: schedule.chance(seen, name, months) for name in ("limited", "general", "volume")}
    told, old, new = choice.advice(paid), done["old_alive_chips"], done["new_alive_chips"]
    later = zip(("limited", "general"), ("general", "volume"), strict=True)
    found = {
        "Chances lie between 0 and 1 and never fall": all(
            (np.diff(line) >= -1e-12).all() and 0 <= line[0] <= line[-1] <= 1 + 1e-12
            for line in curve.values()
        ),
        "A later milestone is never the more likely one": all(
            (curve[a] >= curve[b] - 1e-9).all() for a, b in later
        ),
        "No more chips are in service than were bought": (
            new <= done["new_bought_chips"].cumsum(axis=1) + 1e-6
        ).all()
        and (old <= case.fleet.chips + done["old_bought_chips"].cumsum(axis=1) + 1e-6).all(),
        "Knowing all is worth at least as much as knowing a part": told.knowing_ratio
        >= max(told.knowing_date_ratio, told.knowing_multiplier_ratio) - 1e-9,
    }
    failed = [words for words, holds in found.items() if not holds]
    assert not failed, failed
    return Markdown("\n".join(f"- ✓ {words}" for words in found))


def laws() -> Markdown:
    """The laws of the rollout, the decision and the scores: name, unit, arguments, meaning and
    source.
    """
    rows = model.explain([*rollout.ROLLOUT, *decision.DECISION, *scoring.SCORING])
    shown = rows[["quantity", "unit", "from", "law"]]
    return table(
        [map(plain, row) for row in shown.itertuples(index=False)],
        ["Quantity", "unit", "from", "law"],
    )
