"""Forecasts on the rollout page: the register, what is scored, stated against happened."""

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from analysis.pages.charts import rollout as charts
from analysis.pages.outputs import NOT_MATHEMATICS, Output, say, table_text
from analysis.pages.rollout_dates import chance_words
from analysis.pages.words import day, plain
from analysis.press.mime import FORECASTS
from analysis.questions import forecast_scores, forecasts
from analysis.scenario.scenario import Scenario

REGISTER_HEADS = {
    "text": "forecast",
    "chance_share": "chance stated",
    "base_share": "base rate",
    "word_share": "vendor's word",
}
NOTHING_OPEN = "No forecast is open: every milestone of this product is a fact."


def register(case: Scenario) -> Output:
    """The registered forecasts: a table for the reader, the record that will be scored."""
    record = forecasts.register(case)
    return Output(
        html=_register_table(record["forecasts"]),
        plain=_open_chances(record["forecasts"]).to_string(),
        records={FORECASTS: record},
    )


def _open_chances(rows: list[dict[str, Any]]) -> pd.DataFrame:
    chances = [row for row in rows if row["kind"] == "chance"]
    table = pd.DataFrame(chances, columns=list(REGISTER_HEADS))
    return table.rename(columns=REGISTER_HEADS)


def _register_table(rows: list[dict[str, Any]]) -> str:
    table = _open_chances(rows)
    if table.empty:
        return f"<p>{NOTHING_OPEN}</p>"
    return table.to_html(
        index=False, border=0, float_format=chance_words, classes=list(NOT_MATHEMATICS)
    )


def score_so_far(case: Scenario) -> Output:
    """How the forecasts that are resolved did, beside the base rate and the vendor's word."""
    scores = forecast_scores.score(forecasts.retrospective_registers(case))
    if scores.empty:
        return Output("No earlier forecast is resolved yet.")
    model, base = scores["model_brier"].mean(), scores["base_brier"].mean()
    better = "This method" if model < base else "The base rate"
    return say(
        "So far {count} earlier forecasts are resolved. Their mean Brier score is {model:.3f}, "
        "where 0 is perfect. The base rate scores {base:.3f}, the vendor's word {word:.3f}. "
        "{better} did better on these few.",
        count=len(scores),
        model=model,
        base=base,
        better=better,
        word=scores["word_brier"].mean(),
    )


def scored(case: Scenario) -> Output:
    """The forecasts of the day of the claim that are resolved by now, in the open."""
    registers = forecasts.retrospective_registers(case)
    if not registers:
        return Output("No product was claimed by then that no vendor has announced.")
    scores = forecast_scores.score(registers)
    rows = [
        [
            plain(row.text),
            f"{row.chance_share:.1%}",
            f"{row.base_share:.0%}",
            f"{row.word_share:.0%}",
            "yes" if row.outcome else "no",
            f"{row.model_brier:.3f}",
            f"{row.base_brier:.3f}",
        ]
        for row in scores.itertuples()
    ]
    made_on = day(pd.Timestamp(registers[0]["as_of"]))
    heads = [
        f"As of {made_on}",
        "chance stated",
        "base rate",
        "vendor's word",
        "came",
        "Brier",
        "Brier, base rate",
    ]
    verdict = forecast_scores.verdict(scores, forecast_scores.score_days(registers))
    kept = f"**On file**, as registered: {forecast_scores.on_file(case.as_of)}"
    return Output(f"{table_text(rows, heads)}\n\n{verdict}\n\n{kept}")


def reliability(case: Scenario) -> alt.LayerChart:
    """Chances that were stated against how often they came true."""
    bins = forecast_scores.reliability(case.as_of)
    off = np.average((bins["said_share"] - bins["came_share"]).abs(), weights=bins["cases"])
    points = f"{100 * off:.0f} points" if round(100 * off) != 1 else "1 point"
    return charts.reliability(bins, f"Stated chances are off by {points} on average")
