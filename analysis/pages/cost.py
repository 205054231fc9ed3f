"""What the cost page says, for any scenario: sentences with computed numbers, and tables."""

import numpy as np
import pandas as pd
from IPython.display import Markdown

from analysis import model
from analysis.facts import chip, chosen
from analysis.facts import table as facts
from analysis.pages import format as text
from analysis.pages.charts import cost as figures
from analysis.pages.format import headline_option, interval, say, table, worded
from analysis.questions import (
    budget,
    fleet,
    launches,
    power,
    sensitivity,
)
from analysis.questions import (
    cost as reconcile,
)
from analysis.questions import (
    dates as schedule,
)
from analysis.questions import (
    products as viable,
)
from analysis.questions import (
    tenure as finance,
)
from analysis.scenario.claims import claim
from analysis.units import convert

TAKEN = {
    "usd_per_s_per_chip": "usd/hour/gpu",
    **dict.fromkeys(worded("token"), "usd/Mtok"),
    "request_usd": "usd",
}
ASKED = 8  # beliefs that the slower questions are asked of: the widest of the tornado


def words(name: str) -> str:
    """A belief or a left-over of calibration in words; one without words keeps its name, without
    its unit.
    """
    side = next((s for s in worded("side") if name.startswith(s)), "")
    own = name.removeprefix(side)
    return (worded("belief").get(own) or text.named(own)) + worded("side").get(side, "")


def money(case, draws: pd.DataFrame) -> Markdown:
    """What the options are called on this page, and which dollars it counts in."""
    words = "Here the **baseline** is {old} and the **candidate** {new}"
    if headline_option(draws) == "claimed":
        words += (
            "; **claimed** is the baseline made faster as the claim says, at the candidate's price"
        )
    old, new = (text.called(case, option) for option in ("baseline", "candidate"))
    return say(
        f"{words}. All money is in nominal United States dollars of {case.as_of:%Y}.",
        old=old,
        new=new,
    )


def needs(case, draws: pd.DataFrame) -> Markdown:
    """All that has to hold for the headline's dollars to come true, beside what this scenario
    believes of each.
    """
    if not case.claim:
        return Markdown("Nothing was claimed here.")
    told, ratio = (
        budget.stretch(case, draws, headline_option(draws)),
        claim(case.claim).headline_ratio,
    )
    new, old = (
        draws.loc[option]["usd_per_s_per_chip"].to_numpy()
        for option in (headline_option(draws), "baseline")
    )
    moving = case.budget.usd_per_year * (1 - told["stretch_ratio"] / told["busy_ratio"])
    need = budget.required_gain_ratio(case, draws, ratio)
    before = draws.loc["baseline"]
    return text.written(
        "needs.md",
        ratio=ratio,
        usd=headline_usd(case),
        gain=interval(told["gain_ratio"], "", "ratio"),
        price=interval(new / old, "", "ratio"),
        share=before["eligible_share"].median(),
        busy=before["first_year_ratio"].median(),
        moving=interval(moving, "usd", "Musd"),
        need=float(np.median(need)),
        never=float(np.mean(np.isinf(need))),
        infinite=np.inf,
    )


def headline_usd(case) -> float | None:
    """What the headline makes of the budget; None without a claim."""
    return claim(case.claim).headline_ratio * case.budget.usd_per_year if case.claim else None


def answer(case, draws: pd.DataFrame) -> text.Payload:
    """The first sentence: what the budget buys in its first year on the new chips, in dollars of
    today's work.
    """
    option, spent, said = headline_option(draws), case.budget.usd_per_year, headline_usd(case)
    value = interval(budget.stretch(case, draws, option)["effective_usd"], "usd", "Musd")
    lead = "With the claim taken at its word, a" if option == "claimed" else "A"
    words = f"{lead} first year's {text.musd(spent)} on {text.called(case, 'candidate')}, the move paid for, buys the "
    words += (
        f"work that {{value.mid}} ({{value.range}}) buys on {text.called(case, 'baseline')} today"
    )
    words += f"; the headline would make it {text.musd(said)}." if said else "."
    if case.budget.scarce == "megawatts":
        watts = power.tokens_by_limit(draws, option).set_index("limit").loc["megawatts", "mid"]
        words += f" Power, which is short here, serves {text.text(watts, 'ratio')} the tokens a megawatt."
    pays = ("would pay", "would not pay", "might pay") if option == "claimed" else text.PAYS
    return text.headline(words, value, text.three_ways(value, convert(spent, "usd", "Musd"), pays))


def token_costs(draws: pd.DataFrame) -> pd.DataFrame:
    """Dollars per million tokens by kind and option: median and 80% range."""
    rows = pd.DataFrame(text.rows_of(draws, dict.fromkeys(worded("token"), "usd/Mtok")))
    return rows.assign(kind=rows["quantity"].map(worded("token")))


def before_after(case, draws: pd.DataFrame) -> dict:
    """The cost of a request before and after."""
    option = headline_option(draws)
    change = budget.gain_ratio(draws, option)
    better = np.mean(change > 1)
    often = "every draw" if better == 1 else f"{min(better, 0.99):.0%} of the draws"
    old, new = (text.shown(draws, "request_usd", "usd", name).mid for name in ("baseline", option))
    before, after = (text.called(case, name) for name in ("baseline", option))
    ratio = interval(change, "", "ratio")
    return {
        "old": old,
        "new": new,
        "before": before,
        "after": after,
        "ratio": ratio,
        "often": often,
    }


def stack(draws: pd.DataFrame) -> Markdown:
    """The total of a chip-hour for each option and the parts that are most and least of it."""
    said = []
    for option, lines in reconcile.stack(draws).groupby("option", sort=False):
        parts = lines.set_index("line")["usd_per_chip_hour"].sort_values(ascending=False)
        share = parts / parts.sum()
        power = share.reindex(["electricity", "demand"]).sum()
        said.append(
            f"**{option}** {text.number(parts.sum())} dollars, of which {share.index[0]} {share.iloc[0]:.0%}, "
            f"{share.index[1]} {share.iloc[1]:.0%}, energy {power:.0%}"
        )
    return say("An owned chip-hour costs, on average over the draws: " + "; ".join(said) + ".")


def steps(case, draws: pd.DataFrame) -> Markdown:
    """The budget's way from the gain in tokens per dollar to what is left of it, with requests and
    tokens.
    """
    told = budget.stretch(case, draws, headline_option(draws))
    rows = [(words, interval(told[name], "", "ratio")) for name, words in budget.STEPS.items()]
    rows.append(("the same in today's dollars", interval(told["effective_usd"], "usd", "Musd")))
    rows.append(("requests a year, billions", interval(told["requests"] / 1e9)))
    rows.append(("output tokens a year, trillions", interval(told["output_tokens"] / 1e12)))
    return table(
        [(words, value.mid, value.range) for words, value in rows], ["Step", "median", "80% range"]
    )


def arrivals(case) -> np.ndarray:
    """Months until the scenario's product works for this buyer, a draw each; infinite for never."""
    return fleet.arrivals(case, schedule.forecast(case), model.beliefs(case), fleet.KEPT_DRAWS)


def over_time(case, draws: pd.DataFrame):
    """Work bought month by month as the product arrives."""
    return figures.over_time(
        budget.over_time(case, draws, arrivals(case), headline_option(draws)).assign(
            option=headline_option(draws)
        )
    )


def ready(case) -> str:
    """When the product works for this buyer, in words; by which day at even odds, or that it more
    likely never does.
    """
    month = float(np.median(arrivals(case)))
    if not np.isfinite(month):
        return "which more likely than not never comes"
    return f"at even odds by {launches.day_after(case.as_of, month):%B %Y}"


def products(case, draws: pd.DataFrame) -> Markdown:
    """Each product: price, threshold, chance of a loss on the old and the new chips, and when the
    margin is met.
    """
    rows = viable.viability(case, draws).set_index(["product", "option"])
    when = viable.crossings(rows.reset_index(), ready(case)).set_index("product")["when"]
    lines = []
    for name in case.products:
        old, new = (rows.loc[(name, option)] for option in ("baseline", headline_option(draws)))
        need = "no gain is enough" if np.isinf(old.needed_ratio) else f"{old.needed_ratio:.2f}×"
        lines.append(
            (
                text.plain(name.replace("-", " ")),
                f"${old.price_usd:,.2f}",
                f"{old.target_share:.0%}",
                need,
                f"{old.loss_share:.1%}",
                f"{new.loss_share:.1%}",
                when[name],
            )
        )
    heads = [
        "Product",
        "price",
        "aim",
        "threshold M*",
        "loss on a sale, before",
        "after",
        "aim met",
    ]
    return table(lines, heads)


def demand(case, draws: pd.DataFrame) -> dict:
    """What the market does with the cost cut: changes of price, tokens and spending at the
    scenario's beliefs.
    """
    ends = (budget.demand(case, draws, headline_option(draws)).quantile([0.5, 0.1, 0.9]) - 1).round(
        2
    ) + 0.0
    told = {name: "{:+.0%} ({:+.0%} to {:+.0%})".format(*changes) for name, changes in ends.items()}
    mid = ends["spend_ratio"].iloc[0]
    return {**told, "way": "about as much" if abs(mid) < 0.02 else "more" if mid > 0 else "less"}


def break_even(case, draws: pd.DataFrame) -> Markdown:
    """Above which load factor owning beats hiring on demand, or that nobody has quoted it."""
    quoted = {
        chip(getattr(case, option).accelerator): finance.break_even(case, draws, option)
        for option in ("baseline", "candidate")
    }
    lacking = [name for name, share in quoted.items() if np.isnan(share).any()]
    said = [
        f"owning {name} beats hiring it on demand above a load factor of {{:.0%}} ({{:.0%}} to {{:.0%}})".format(
            *np.quantile(share, [0.5, 0.1, 0.9])
        )
        for name, share in quoted.items()
        if name not in lacking
    ]
    if lacking:
        said.append(
            f"nobody had quoted {' or '.join(lacking)} on demand by {case.as_of}, so that choice is not shown"
        )
    held = np.median(draws.loc["baseline"]["load_factor"])
    words = "; ".join(said)
    return Markdown(
        f"{words[0].upper()}{words[1:]}. The scenario believes in a load factor of {held:.0%}."
    )


def question(case, draws: pd.DataFrame):
    """The decision's question: the stretch of the budget as a function of everything uncertain; 1
    is break-even.
    """
    option = headline_option(draws)
    return sensitivity.quantity(
        case, lambda told: budget.stretch(case, told, option)["stretch_ratio"]
    )


def doubt(case, draws: pd.DataFrame) -> tuple[pd.DataFrame, Markdown]:
    """The tornado's rows, and for the widest: the answer at both ends, where it turns, what knowing
    it is worth.
    """
    ask = question(case, draws)
    rows = sensitivity.tornado(ask)
    rows = rows.assign(label=rows["name"].map(words))
    if rows.empty:
        return rows, Markdown(
            "Nothing moves the answer: the move costs more than the budget, or brings nothing."
        )
    top = rows.head(ASKED).set_index("name")
    turned = sensitivity.flips(case, ask, list(top.index)).set_index("name")["percentile_share"]
    acts = budget.stretch(case, draws, headline_option(draws))["effective_usd"].to_numpy()
    payoffs = np.stack([np.full(len(acts), case.budget.usd_per_year), acts], axis=1)
    worth = sensitivity.information(
        payoffs, sensitivity.score_draws(list(top.index), len(acts))
    ).set_index("name")["worth"]
    worth, lines = (
        worth.map(lambda usd: float(f"{usd:.2g}")).round(-2),
        [],
    )  # dollars of a simulation, no cents
    for name, belief in top.iterrows():
        side = "below" if belief.at_low > belief.at_high else "above"
        turn = f"pays {side} its P{100 * turned[name]:.0f}" if name in turned else "never alone"
        ends = f"{belief.at_low:.2f}×", f"{belief.at_high:.2f}×"
        lines.append((belief.label, *ends, turn, f"${worth[name]:,.0f}"))
    told = table(
        lines,
        ["Belief", "at its P10", "at its P90", "turns the decision", "worth of knowing, a year"],
    ).data
    end = f"Knowing everything before choosing to move or stay would be worth ${worth.iloc[0]:,.0f} a year."
    return rows, Markdown(
        f"{told}\n\n{end if worth.iloc[0] else 'No knowledge would change the choice.'}"
    )


def sobol(case, draws: pd.DataFrame, rows: pd.DataFrame):
    """Shares of the variance, of the beliefs that the tornado found widest."""
    if not (names := list(rows["name"].head(ASKED))):
        return Markdown("There is no variance.")
    found = sensitivity.indices(question(case, draws), names)
    return figures.sobol(found.assign(label=found["name"].map(words)))


def published(case) -> Markdown:
    """Our $ per chip-hour from components beside the published totals, and how many come within a
    tenth.
    """
    rows = reconcile.totals(case)
    if rows.empty:
        return Markdown(f"Nobody had published a total by {case.as_of}.")
    lines = [
        (
            chip(row.accelerator),
            row.as_of,
            f"{row.ours:.2f}",
            f"{row.published:.2f}",
            f"{row.difference_share:+.1%}",
            f"{row.it_usd_per_chip:,.0f}",
        )
        for row in rows.itertuples()
    ]
    near = rows["difference_share"].abs() <= 0.10
    beyond = ", ".join(rows.loc[~near, "accelerator"].map(chip))
    close = f"{near.sum()} of {len(rows)} come within a tenth" + (
        f"; beyond it: {beyond}." if beyond else "."
    )
    told = table(
        lines,
        ["Chip", "published", "ours, $/h", "theirs, $/h", "difference", "computers, $ per chip"],
    ).data
    return Markdown(f"{told}\n\n{close}")


def numbers(case, draws: pd.DataFrame) -> text.Payload:
    """The table to take away: chip-hours, tokens and requests for each option, and the budget."""
    rows = text.rows_of(draws, TAKEN)
    for option in draws.index.unique(0)[1:]:
        told = budget.stretch(case, draws, option)
        rows.append(
            text.row("effective_usd", option, "usd", interval(told["effective_usd"]).values)
        )
        rows.append(text.row("stretch_ratio", option, "1", interval(told["stretch_ratio"]).values))
    return text.taken(rows)


def prices(case) -> Markdown:
    """The rows behind the purchase prices and quotes of both chips, as printed, with their
    sources.
    """
    chips, as_of = (
        dict.fromkeys((case.baseline.accelerator, case.candidate.accelerator)),
        str(case.as_of),
    )
    bought, quoted = pd.concat([chosen("capex", thing, as_of) for thing in chips]), facts("prices")
    quoted = quoted[quoted["thing"].isin(chips) & quoted["stands"] & (quoted["as_of"] <= as_of)]
    lines = [
        (
            chip(row.thing),
            row.field.partition("_usd")[0].replace("_", " "),
            row.as_of,
            text.printed(row.value, row.times, row.unit),
            text.plain(text.cited(row.source, row.where)),
        )
        for row in pd.concat([bought, quoted]).itertuples()
    ]
    return table(
        lines, ["Chip", "what", "as of", "printed", "source, where in it, and why adjusted"]
    )
