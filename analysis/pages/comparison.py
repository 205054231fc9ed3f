"""The comparison page: all scenarios side by side, what is better, what would be regretted.

One function a cell of notebooks/comparison.ipynb. `numbers` reads what the scenarios' own reports
have left; all else follows from it.
"""

import io
import os
from typing import Any

import altair as alt
import pandas as pd

from analysis.pages.charts import comparison as charts
from analysis.pages.inputs import DIFFERENCE_COLUMNS, statements_that_differ
from analysis.pages.numbers import Shown, prefixed, text
from analysis.pages.outputs import Output, headline, html_table
from analysis.pages.words import worded
from analysis.press import storage
from analysis.scenario.scenario import PARAMS, load, scenarios

GAIN = "tokens_per_usd_ratio"
MORE_IS_BETTER = (GAIN, "output_tokens_per_s_per_chip")  # of the other quantities less is
ACT_COST = "cost_over_buying"
WORST = "worst of all"
NO_REGRET_SHARE = 0.005  # would be written as 0%


def numbers() -> pd.DataFrame:
    """Every row of every scenario's numbers.csv, of the site that is being built or of reports/.

    Raises FileNotFoundError where no report has been made yet.
    """
    base = os.environ.get("PASSTHROUGH_SITE", str(PARAMS.parent / "reports"))
    names = [
        name
        for name in storage.names(base)
        if name.endswith("/numbers.csv") and name.count("/") == 1
    ]
    if not names:
        raise FileNotFoundError(
            f"no scenario has numbers in {base} yet; run: python -m analysis report"
        )
    tables = {name.split("/")[0]: _read(base, name) for name in names}
    return pd.concat(tables, names=["scenario"]).reset_index("scenario")


def _read(base: str, name: str) -> pd.DataFrame:
    content = io.BytesIO(storage.get(base, name) or b"")
    return pd.read_csv(content, float_precision="round_trip", keep_default_na=False)


def answer(numbers: pd.DataFrame) -> Output:
    """The range of gains over all scenarios, and the act that is regretted least."""
    gains = _gains(numbers).set_index("scenario")["mid"]
    regrets = regret_shares(numbers)
    worst = regrets[regrets["scenario"] == WORST].set_index("act")["regret_ratio"]
    if len(gains) == 1:
        words = (
            "In “{most}”, the only scenario, a dollar on the new hardware buys {value.mid} the "
            "tokens of the old; "
        )
    else:
        words = (
            "Over {count} scenarios a dollar on the new hardware buys {value.range} the tokens of "
            "the old, least in “{least}”, most in “{most}”; "
        )
    if worst.min() < NO_REGRET_SHARE:
        words += "to {act} is the best act."
    else:
        words += "to {act} costs at most {regret} of buying today more than the best act."
    output = headline(
        words,
        Shown((gains.min(), gains.median(), gains.max()), "ratio"),
        count=len(gains),
        least=gains.idxmin(),
        most=gains.idxmax(),
        act=worst.idxmin(),
        regret=text(100 * worst.min(), "percent"),
    )
    output = output.rests_on("params/*.yml")
    for name in scenarios():
        output = output.rests_on(f"params/{name}.yml")
    return output


def gains(numbers: pd.DataFrame) -> alt.LayerChart:
    """Tokens per dollar of each scenario, the largest first."""
    return charts.gains(_gains(numbers))


def side_by_side(numbers: pd.DataFrame) -> Output:
    """A row a scenario, a column a quantity: median with its 80% range."""
    return html_table(medians_with_ranges(numbers))


def medians_with_ranges(numbers: pd.DataFrame) -> pd.DataFrame:
    """A row a scenario, a column a compared quantity, as text."""
    rows = candidates(numbers)
    rows["text"] = [
        f"{text(row.mid, row.unit)} "
        f"({prefixed(row.low, row.unit)} to {prefixed(row.high, row.unit)})"
        for row in rows.itertuples()
    ]
    wide = rows.pivot_table("text", "scenario", "title", "first")
    wide = wide.reindex(columns=list(worded("compared").values())).fillna("")
    return wide.rename_axis(columns=None).reset_index()


def candidates(numbers: pd.DataFrame) -> pd.DataFrame:
    """The compared quantities of each scenario's candidate, a row each, with a title in words."""
    titles = worded("compared")
    own = (numbers["option"] == "candidate") & numbers["quantity"].isin(list(titles))
    rows = numbers[own].drop_duplicates(["scenario", "quantity"])
    return rows.assign(title=rows["quantity"].map(titles))


def _gains(numbers: pd.DataFrame) -> pd.DataFrame:
    rows = candidates(numbers)
    return rows[rows["quantity"] == GAIN]


def dominance(numbers: pd.DataFrame) -> Output:
    """For each scenario those of the same work that beat it in everything, or that none does."""
    return html_table(dominating(numbers))


def dominating(numbers: pd.DataFrame) -> pd.DataFrame:
    """Columns scenario and verdict: which of the same work are as good in all and better in one.

    That is Pareto dominance. Another model or workload is no choice that a buyer has, so it beats
    nothing.
    """
    wide = candidates(numbers).pivot_table(index="scenario", columns="quantity", values="mid")
    wide = wide.dropna()
    signs = [1 if quantity in MORE_IS_BETTER else -1 for quantity in wide.columns]
    goodness = wide * signs
    work = {name: _work(name) for name in goodness.index}
    verdicts = []
    for name in goodness.index:
        rivals = [other for other in goodness.index if work[other] == work[name] and other != name]
        better = [other for other in rivals if _dominates(goodness.loc[other], goodness.loc[name])]
        if better:
            verdicts.append("beaten by " + ", ".join(better))
        elif not rivals:
            verdicts.append("no other has its work")
        else:
            verdicts.append("on the frontier")
    return pd.DataFrame({"scenario": list(goodness.index), "verdict": verdicts})


def _work(name: str) -> tuple[Any, Any] | None:
    """Model and workload of a scenario in params/; None for one that is no longer there."""
    if name not in scenarios():
        return None
    case = load(name)
    return case.model, case.workload


def _dominates(other: pd.Series, own: pd.Series) -> bool:
    return bool((other >= own).all() and (other > own).any())


def regrets(numbers: pd.DataFrame) -> alt.LayerChart:
    """Regret of each act in each scenario, and the worst of each."""
    return charts.regrets(regret_shares(numbers))


def regret_shares(numbers: pd.DataFrame) -> pd.DataFrame:
    """What each act costs above the best of the same scenario, a row a scenario and act.

    Column `regret_ratio` is in units of the cost of buying today. The last rows, of the scenario
    "worst of all", hold each act's worst regret over all scenarios (Savage 1951).
    """
    rows = numbers[numbers["quantity"] == ACT_COST].rename(columns={"option": "act"})
    least = rows.groupby("scenario")["mid"].transform("min")
    rows = rows.assign(regret_ratio=rows["mid"] - least)[["scenario", "act", "regret_ratio"]]
    worst = rows.groupby("act", sort=False)["regret_ratio"].max().reset_index()
    return pd.concat([rows, worst.assign(scenario=WORST)], ignore_index=True)


def differences(numbers: pd.DataFrame) -> Output:
    """What each scenario states otherwise than the reference, a row a statement."""
    return html_table(all_differences(numbers))


def all_differences(numbers: pd.DataFrame) -> pd.DataFrame:
    """Scenario, key, the reference's value and the scenario's own, of all scenarios in params/."""
    present = [name for name in numbers["scenario"].unique() if name in scenarios()]
    rows = [
        (name, *statement) for name in present for statement in statements_that_differ(load(name))
    ]
    return pd.DataFrame(rows, columns=["scenario", *DIFFERENCE_COLUMNS])
