"""The first part of the cost page: what a token costs under every option and contract."""

from dataclasses import dataclass

import altair as alt
import pandas as pd

from analysis.pages.charts import cost_act as charts
from analysis.pages.numbers import Shown, number
from analysis.pages.outputs import Output, say
from analysis.pages.words import plain, worded
from analysis.questions.acts import Act
from analysis.questions.answer import decide, evaluated, named, ranking
from analysis.questions.way_tokens import cost_of_ways
from analysis.questions.ways import TODAY
from analysis.scenario.scenario import Scenario
from analysis.scenario.schema import ApiOption
from analysis.units import convert


@dataclass(frozen=True)
class Shift:
    """The act that the page follows month by month, and whether it is the advised one.

    Where the advice is to keep what runs, it is the next best act.
    """

    act: Act
    advised: bool

    @property
    def end(self) -> tuple[str, str]:
        """Option and tenure on which the moved work ends."""
        if self.act.later_option:
            return self.act.later_option, self.act.later_tenure
        return self.act.option, self.act.tenure


def shift(case: Scenario) -> Shift | None:
    """The act to follow; None where nothing can be done but to keep."""
    ranked = ranking(evaluated(case))
    if ranked[0].kind != "keep":
        return Shift(ranked[0], advised=True)
    return Shift(ranked[1], advised=False) if len(ranked) > 1 else None


def way_words(case: Scenario, option: str, tenure: str) -> str:
    """An option under a tenure as a reader knows it, for example "B200 in FP4, owned"."""
    where = named(case, option)
    if tenure == "api":
        return where
    held = worded("held")[tenure]
    return f"{where}, {held}"


def line_words(case: Scenario, option: str, tenure: str) -> str:
    """The same in a few characters, for the lines of a chart: "B200 FP4, own"."""
    if tenure == "api":
        named_api = case.options.get(option)
        return f"API {named_api.api.split('/')[-1]}" if isinstance(named_api, ApiOption) else "API"
    contract = worded("contract")[tenure]
    return f"{named(case, option).replace(' in ', ' ')}, {contract}"


def options(case: Scenario) -> alt.LayerChart:
    """A million output tokens under every option and contract, the cheapest first."""
    rows = token_costs_of_ways(case)
    today = rows[rows["option"] == TODAY].iloc[0]
    return charts.options(rows, float(today["mid"]), _finding(case, rows))


def token_costs_of_ways(case: Scenario) -> pd.DataFrame:
    """What `cost_of_ways` gives, in dollars per million tokens, with a `label` and a `role`.

    The role is `today`, `advised` or blank.
    """
    rows = cost_of_ways(case, evaluated(case))
    ends = ["low", "mid", "high"]
    rows[ends] = convert(rows[ends], "usd/tok", "usd/Mtok")
    if case.have.held in ("api", "nothing"):  # the API that serves today is a line already
        rows = rows[(rows["option"] == TODAY) | (rows["tenure"] != "api")]
    rows = rows.reset_index(drop=True)
    names = [line_words(case, row.option, row.tenure) for row in rows.itertuples()]
    rows["label"] = _distinct(names, list(rows["option"]))
    rows["role"] = ""
    rows.loc[~rows["on_sale"], "label"] += " (to come)"
    followed = shift(case)
    if followed is not None and followed.advised:
        act = followed.act
        steps = {(act.option, act.tenure), followed.end} - {(TODAY, act.tenure)}
        for place, row in enumerate(rows.itertuples()):
            if (row.option, row.tenure) in steps:
                rows.loc[place, "role"] = "advised"
                rows.loc[place, "label"] = f"Advised: {rows.loc[place, 'label']}"
    rows.loc[rows["option"] == TODAY, "role"] = "today"
    rows.loc[rows["option"] == TODAY, "label"] = "Today: " + rows["label"]
    return rows


def _distinct(names: list[str], options: list[str]) -> list[str]:
    """Names with that of the option behind them where two would be the same line."""
    return [
        f"{name} ({option})" if names.count(name) > 1 else name
        for name, option in zip(names, options, strict=True)
    ]


def cost_today_and_then(case: Scenario) -> tuple[Shown, Shown]:
    """Dollars per million output tokens today, and where the followed act ends."""
    rows = token_costs_of_ways(case).set_index("option")
    followed = shift(case)
    option, tenure = followed.end if followed else (TODAY, "")
    then = rows.loc[[option]]
    if option != TODAY:
        then = then[then["tenure"] == tenure]
    return _shown(rows.loc[[TODAY]]), _shown(then)


def _shown(rows: pd.DataFrame) -> Shown:
    row = rows.iloc[0]
    return Shown((row["low"], row["mid"], row["high"]), "usd")


def _finding(case: Scenario, rows: pd.DataFrame) -> str:
    """The title of the chart: what the advised way costs, or that nothing beats today."""
    today, then = cost_today_and_then(case)
    followed = shift(case)
    if followed is None or not followed.advised:
        return f"Today a million output tokens cost {today.mid}, and the advice is to stay there"
    where = way_words(case, *followed.end)
    return f"{where}: {then.mid} a million output tokens; today: {today.mid}"


def options_words(case: Scenario) -> Output:
    """Which way is the cheapest for each token, and why the advice may be another."""
    rows = token_costs_of_ways(case)
    rows = rows[rows["on_sale"]]
    best, today = rows.iloc[0], rows[rows["option"] == TODAY].iloc[0]
    if best["option"] == TODAY:
        first = "No other way on sale makes a token as cheaply as today's."
    else:
        first = "Of all that is on sale, tokens cost least on {best}: {share} of today's cost."
    followed = shift(case)
    second = "The advice ends there too."
    cost_ratio = decide(case).cost_ratio.mid
    if cost_ratio > best["mid"] / today["mid"]:
        second += (
            f" Over {case.budget.horizon_months} months the bill falls by only "
            f"{1 - cost_ratio:.0%}. The months before the work has moved, the move itself and a "
            "first year that is less full count too."
        )
    if followed is None or not followed.advised:
        second = "The advice is to keep what runs, because a move has costs of its own."
    elif followed.end != (best["option"], best["tenure"]):
        second = (
            "The advice is another way. It counts the whole act: the wait, prices that drift and "
            "the move itself."
        )
    best_words = way_words(case, best["option"], best["tenure"])
    share = f"{best['mid'] / today['mid']:.0%}"
    return say(f"{first} {second}", best=plain(best_words), share=share)


def dollars(usd: float) -> str:
    """Dollars of a million tokens, with three digits."""
    return f"${number(usd)}"
