"""Charts of the decision: tidy tables in, charts out."""

import altair as alt
import pandas as pd

from analysis.pages.charts.marks import intervals, name_axis, titled, vertical_line
from analysis.pages.charts.theme import CANDIDATE
from analysis.units import convert


def acts(costs: pd.DataFrame, budget_usd: float) -> alt.LayerChart:
    """What the work costs a year by act; the line is the budget.

    `costs` has a row an act: `act` (words), `kind`, and `low`, `mid`, `high` in dollars a year.
    """
    millions = {end: convert(costs[end], "usd", "Musd") for end in ("low", "mid", "high")}
    shown = costs.assign(**millions)
    base = alt.Chart(shown).encode(y=name_axis("act", shown["act"], axis=alt.Axis(labelLimit=430)))
    x = alt.X("low:Q", title="$ million a year", scale=alt.Scale(zero=True))
    line = vertical_line(convert(budget_usd, "usd", "Musd"), word="budget", top=-14)
    layers = [*intervals(base, x, color=CANDIDATE), *line]
    return titled("decision.acts", layers, 30 * len(shown), data=shown)
