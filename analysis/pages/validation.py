"""Sentences and tables of speed: what was left out, how wrong it came out, and what the operating
point looks like.
"""

import numpy as np
import pandas as pd
from IPython.display import Markdown

from analysis.calibration import validation
from analysis.facts import chip, table
from analysis.facts import sources as known
from analysis.facts.provenance import FITTED
from analysis.model.measured import serving_points
from analysis.pages.charts.speed import QUANTITIES as TITLES
from analysis.pages.format import Payload, interval, plain, say, taken
from analysis.pages.format import table as page_of

RATE = "output_tokens_per_s_per_chip"


def answer() -> dict:
    """The page's answer: the median error on configurations that the fit did not see; that on
    models and chips.
    """
    errors = validation.points()[f"{RATE}_error"].dropna()
    told = validation.summary().set_index("left_out")[RATE]
    model, chip = told["unseen models"], told["unseen accelerators of a known generation"]
    return {
        "value": interval(np.abs(np.expm1(errors)), "", "percent"),
        "model": model,
        "chip": chip,
    }


def coefficients() -> dict:
    """How many numbers were fitted, and to how many points."""
    rows, points = table("coefficients"), validation.points()
    counts = rows[rows["source"] == FITTED]["level"].value_counts()
    odd = table("serving").groupby(["model", "accelerator", "apart"]).size()
    apart = "; ".join(f"{count} of {on[0]} on {chip(on[1])} ({on[2]})" for on, count in odd.items())
    kinds = (
        points[["accelerator", "model", "engine"]]
        .nunique()
        .set_axis(["chips", "models", "engines"])
    )
    return {
        **counts,
        **kinds,
        "rest": counts.drop("pool").sum(),
        "points": len(points),
        "apart": apart,
    }


def summary():
    """The table to take away: median errors by what was left out, and the share of points inside
    their interval.
    """
    rows = []
    for told in validation.summary().itertuples():
        for name, title in TITLES.items():
            part = validation.points({v: k for k, v in validation.SCHEMES.items()}[told.left_out])
            size = 100 * np.abs(np.expm1(part[f"{name}_error"].dropna()))
            low, mid, high = np.percentile(size, [10, 50, 90])
            rows.append(
                {
                    "quantity": f"error of {title}",
                    "option": told.left_out,
                    "unit": "percent",
                    "low": low,
                    "mid": mid,
                    "high": high,
                }
            )
    return taken(rows)


def coverage() -> Payload:
    """Shares of unseen configurations inside the 80% interval of their series, by accelerator and
    by model.
    """
    told = pd.concat(
        [
            validation.coverage(by).rename(columns={by: "group"})
            for by in ("accelerator", "model", "engine")
        ]
    )
    names = {f"{name}_inside": title for name, title in TITLES.items()}
    return _page(told.rename(columns=names), dict.fromkeys(TITLES.values(), "{:.0%}"))


def records(rows: pd.DataFrame):
    """How far the most that is predicted lies from printed records."""
    off = np.log(rows["predicted"] / rows["measured"]).dropna()
    return say(
        "Over {count} printed records of {chips} accelerators the prediction is off by **{error:.0%}** in the median, "
        "and on the whole {bias:.0%} {side}.",
        count=len(off),
        chips=rows["accelerator"].nunique(),
        error=np.abs(np.expm1(off)).median(),
        bias=abs(np.expm1(off.median())),
        side="low" if off.median() < 0 else "high",
    )


def mlperf(rows: pd.DataFrame) -> Payload:
    """MLPerf results with what identifies them, the derived rate per chip, the prediction and the
    share of the roof.
    """
    shown = rows.assign(roof_share=rows["measured"] / rows["roof"])
    keep = {"result_id": "result", "precision": "weights"}
    keep |= {"measured": "tokens/s per chip (derived)", "roof_share": "measured over roof"}
    first = ["round", "result", "submitter", "system", "model", "weights", "chips"]
    order = [*first, *list(keep.values())[-2:], "predicted"]
    forms = {
        "tokens/s per chip (derived)": "{:,.0f}",
        "predicted": "{:,.0f}",
        "measured over roof": "{:.0%}",
    }
    return _page(shown.rename(columns=keep)[order], forms)


def worst(count: int) -> Payload:
    """The series of which the model is most wrong."""
    told = validation.worst(count)
    return _page(
        told.assign(bias=told["bias"].round(2) + 0.0), {"median_error": "{:.0%}", "bias": "{:+.0%}"}
    )


def sources() -> Markdown:
    """Where points, records and peers come from: each title leads to its publisher's page."""
    keys = {*serving_points()["source"], *table("mlperf")["source"], *table("peers")["source"]}
    rows = [
        (
            f"[{plain(r.title)}]({r.url})" if r.url else plain(r.title),
            plain(r.publisher),
            ", ".join(filter(None, (r.read, r.read_on))),
            plain(r.licence),
            r.grade,
        )
        for r in known().loc[sorted(keys)].itertuples()
    ]
    return page_of(rows, ["Source", "Publisher", "How and when it was read", "Licence", "Grade"])


def _page(rows: pd.DataFrame, forms: dict[str, str]) -> Payload:
    """A table to read: numbers as `forms` say, blanks where there is none, no index."""
    said = rows.assign(
        **{
            name: [form.format(x) if x == x else "" for x in rows[name]]
            for name, form in forms.items()
        }
    )
    said.columns = [name.replace("_", " ") for name in said]
    return Payload(
        {
            "text/html": said.to_html(index=False, border=0),
            "text/plain": said.to_string(index=False),
        }
    )
