"""All scenarios side by side: answers, inputs that differ, which is better in everything, what
would be regretted.
"""

import io
import os

import altair as alt
import pandas as pd
from IPython.display import Markdown

from analysis.pages import format as text
from analysis.pages.charts import marks, theme
from analysis.pages.format import worded
from analysis.press import storage as store
from analysis.press.jobs import ROOT
from analysis.scenario import scenario

TITLES = worded("compared")  # of the quantities of the candidate that are compared
MORE = ("tokens_per_usd_ratio", "output_tokens_per_s_per_chip")  # is better; of the others less
OTHERWISE = ("key", "the reference says", "this scenario says")
ACTS, REGRET = "cost_over_buying", "regret_ratio"


def numbers() -> pd.DataFrame:
    """Every row of every scenario's numbers.csv, of the site that is being built or of reports/.

    FileNotFoundError where no report has been made yet.
    """
    base = os.environ.get("PASSTHROUGH_SITE", str(ROOT / "reports"))
    found = [
        name for name in store.names(base) if name.endswith("/numbers.csv") and name.count("/") == 1
    ]
    if not found:
        raise FileNotFoundError(
            f"no scenario has numbers in {base} yet; run: python -m analysis report"
        )
    exactly: dict = {"float_precision": "round_trip", "keep_default_na": False}
    tables = [pd.read_csv(io.BytesIO(store.get(base, name) or b""), **exactly) for name in found]
    return pd.concat(
        tables, keys=[name.split("/")[0] for name in found], names=["scenario"]
    ).reset_index("scenario")


def candidates(taken: pd.DataFrame) -> pd.DataFrame:
    """The compared quantities of each scenario's candidate, a row each, once."""
    rows = taken[(taken.option == "candidate") & taken.quantity.isin(list(TITLES))]
    rows = rows.drop_duplicates(["scenario", "quantity"])
    return rows.assign(title=rows.quantity.map(TITLES))


def beside(taken: pd.DataFrame) -> pd.DataFrame:
    """A row a scenario, a column a quantity: median with its 80% range."""
    rows = candidates(taken)
    said = [
        f"{text.text(row.mid, row.unit)} ({text.figure(row.low, row.unit)} to {text.figure(row.high, row.unit)})"
        for row in rows.itertuples()
    ]
    wide = rows.assign(said=said).pivot_table("said", "scenario", "title", "first")
    wide = wide.reindex(columns=list(TITLES.values())).fillna("")
    return wide.rename_axis(columns=None).reset_index()


def differences(taken: pd.DataFrame) -> pd.DataFrame:
    """What each scenario of params/ states otherwise than the reference, a row a statement."""
    names = [name for name in taken.scenario.unique() if name in scenario.scenarios()]
    rows = [(name, *row) for name in names for row in _otherwise(scenario.load(name))]
    return pd.DataFrame(rows, columns=["scenario", *OTHERWISE])


def otherwise(case) -> Markdown:
    """What a scenario states otherwise than the reference, a row a statement."""
    rows = [map(text.plain, row) for row in _otherwise(case)]
    return text.table(rows, OTHERWISE) if rows else Markdown("This is the reference, as it stands.")


def _otherwise(case) -> list[tuple[str, str, str]]:
    reference, own = (
        _flat(each.model_dump(exclude={"name", "overrides", "title", "question"}))
        for each in (scenario.load(scenario.REFERENCE), case)
    )
    return [
        (key, reference.get(key, ""), value)
        for key, value in own.items()
        if value != reference.get(key)
    ]


def _flat(tree, at: str = "") -> dict:
    if not isinstance(tree, dict):
        return {at: str(tree)}
    if {"low", "mid", "high"} <= set(tree):
        return {at: f"{tree['low']} / {tree['mid']} / {tree['high']} {tree['unit']}"}
    return {
        key: value
        for name, each in tree.items()
        for key, value in _flat(each, f"{at}.{name}".strip(".")).items()
    }


def dominance(taken: pd.DataFrame) -> pd.DataFrame:
    """For each scenario those of the same work that are as good in every compared quantity and
    better in one (Pareto).

    Another model or another workload is no choice that a buyer has, so it beats nothing.
    """
    wide = (
        candidates(taken).pivot_table(index="scenario", columns="quantity", values="mid").dropna()
    )
    better = wide * [1 if name in MORE else -1 for name in wide.columns]
    known = {name: scenario.load(name) for name in wide.index if name in scenario.scenarios()}
    work = {
        name: (known[name].model, known[name].workload) if name in known else None
        for name in wide.index
    }
    beaten = {
        name: [
            other
            for other in better.index
            if work[other] == work[name]
            and (better.loc[other] >= row).all()
            and (better.loc[other] > row).any()
        ]
        for name, row in better.iterrows()
    }
    alone = [list(work.values()).count(work[name]) == 1 for name in beaten]
    said = [
        "beaten by " + ", ".join(others)
        if others
        else "no other has its work"
        if only
        else "on the frontier"
        for others, only in zip(beaten.values(), alone, strict=True)
    ]
    return pd.DataFrame({"scenario": list(beaten), "verdict": said})


def regrets(taken: pd.DataFrame) -> pd.DataFrame:
    """What each act costs above the best act of the same scenario, in units of buying today; a row
    a scenario and act.

    The last rows hold each act's worst regret over all scenarios (Savage 1951).
    """
    rows = taken[taken.quantity == ACTS].rename(columns={"option": "act"})
    rows[REGRET] = rows.mid - rows.groupby("scenario").mid.transform("min")
    rows = rows[["scenario", "act", REGRET]]
    worst = (
        rows.groupby("act", sort=False)[REGRET].max().reset_index().assign(scenario="worst of all")
    )
    return pd.concat([rows, worst], ignore_index=True)


def answer(taken: pd.DataFrame) -> text.Payload:
    """The range of gains over all scenarios, and the act that is regretted least whichever of them
    comes true.
    """
    gains = candidates(taken).query("quantity == 'tokens_per_usd_ratio'").set_index("scenario").mid
    worst = regrets(taken).query("scenario == 'worst of all'").set_index("act")[REGRET]
    ends = text.Shown((gains.min(), gains.median(), gains.max()), "ratio")
    buys = "Over {count} scenarios a dollar on the new hardware buys {value.range} the tokens of the old, "
    buys += "least in “{least}”, most in “{most}”; "
    if len(gains) == 1:
        buys = "In “{most}”, the only scenario, a dollar on the new hardware buys {value.mid} the tokens of the old; "
    acts = "to {act} costs at most {regret} of buying today more than the best act."
    if worst.min() < 0.005:  # shown as 0%
        acts = "to {act} is the best act."
    return text.headline(
        buys + acts,
        ends,
        count=len(gains),
        least=gains.idxmin(),
        most=gains.idxmax(),
        act=worst.idxmin(),
        regret=text.text(100 * worst.min(), "percent"),
    )


def gains_chart(taken: pd.DataFrame) -> alt.LayerChart:
    """Tokens per dollar of each scenario, the largest first."""
    told = (
        candidates(taken)
        .query("quantity == 'tokens_per_usd_ratio'")
        .sort_values("mid", ascending=False)
    )
    base = alt.Chart(told).encode(y=marks.rows("scenario", told.scenario))
    x = marks.log_axis("low", "tokens per dollar, new over old", [*told.low, *told.high, 1])
    layers = [*marks.rule(1), *marks.spans(base, x, color=theme.CANDIDATE)]
    return marks.titled("all.gains", layers, 26 * len(told))


def regret_chart(taken: pd.DataFrame) -> alt.LayerChart:
    """Regret of each act in each scenario."""
    told = regrets(taken)
    x = alt.X(
        "act:N", title=None, sort=list(told.act.unique()), axis=alt.Axis(labelAngle=0, orient="top")
    )
    cells = marks.heat(told, x, marks.rows("scenario", told.scenario), REGRET)
    return marks.titled("all.regrets", cells, 26 * told.scenario.nunique(), 540)
