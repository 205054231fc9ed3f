"""The validation page's best deployments: frontiers, gains, and what was published of VR200."""

import altair as alt
import numpy as np
import pandas as pd

from analysis.calibration import best_of_each, gains
from analysis.calibration import frontiers as found_frontiers
from analysis.calibration.best_of_each import NEAR
from analysis.facts import chip, find, table
from analysis.facts.records import Accelerator
from analysis.pages.charts import speed as speed_charts
from analysis.pages.charts import validation as charts
from analysis.pages.outputs import Output, html_table, say

SERVER_CHIPS = 8  # of one server
FIRST_PROMISE = 50  # tokens/s for each user, of which the title of the frontiers speaks
KNOWN = {  # columns of best_of_each.FOUND that a reader needs, in words
    "predicted": "nothing unseen",
    "accelerator_unseen_in_bound": "chip unseen, bound alone",
    "accelerator_unseen_in_all": "chip unseen",
    "model_unseen_in_bound": "model unseen, bound alone",
    "model_unseen_in_all": "model unseen",
}
WHOLE = ["predicted", "accelerator_unseen_in_all", "model_unseen_in_all"]


def best_error() -> Output:
    """How far the best found lies from the best measured, as fitted and unseen."""
    rows = best_of_each.errors(table("best_of_each"))
    overall = rows[rows["promise"].isna()].set_index("found")
    seen, chip_unseen, model_unseen = (overall.loc[name] for name in WHOLE)
    return say(
        "Over {count} questions, at the loads at which servers are measured, the best found is "
        "**{ratio:.2f} times** the best measured, in the median, and off by **{seen:.0%}**. With "
        "the chip unseen it is off by **{chip:.0%}**. With the model unseen it is off by "
        "**{model:.0%}**. It then finds {over:.1f} times the best measured.",
        count=int(seen["questions"]),
        ratio=seen["ratio"],
        seen=seen["error"],
        chip=chip_unseen["error"],
        model=model_unseen["error"],
        over=model_unseen["ratio"],
    )


def best_unseen() -> Output:
    """Median errors of the best found by promise: racks, servers, by lengths, seen and unseen."""
    rows = table("best_of_each")
    rack = rows["accelerator"].map(_is_rack)
    groups = {"racks": rows[rack], "servers": rows[~rack]}
    for input_tokens, output_tokens in best_of_each.ALL_LENGTHS:
        own = rows[_of_lengths(rows, (input_tokens, output_tokens))]
        groups[f"{input_tokens:,.0f} tokens in, {output_tokens:,.0f} out"] = own
    groups["all"] = rows
    return html_table(_by_promise(groups, WHOLE))


def best_by_chip() -> Output:
    """The same by chip, and with the bound alone unseen."""
    groups = {chip(str(name)): own for name, own in table("best_of_each").groupby("accelerator")}
    return html_table(_by_promise(groups, list(KNOWN)))


def _of_lengths(rows: pd.DataFrame, lengths: tuple[float, float]) -> pd.Series:
    return (rows["input_tokens"] == lengths[0]) & (rows["output_tokens"] == lengths[1])


def _is_rack(accelerator: str) -> bool:
    return find(Accelerator, accelerator).domain_chips > SERVER_CHIPS


def _by_promise(groups: dict[str, pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """Texts of errors: a row a group and column of best_of_each.FOUND, a column a promise."""
    shown = []
    for name, own in groups.items():
        errors = best_of_each.errors(own)
        for found in columns:
            of_this = errors[errors["found"] == found].set_index("promise")
            overall = of_this[of_this.index.isna()].iloc[0]
            row = {"questions of": name, "what was unseen": KNOWN[found]}
            for promise in best_of_each.PROMISES:
                error = of_this.loc[promise, "error"]
                row[f"off at {promise}"] = "" if np.isnan(error) else f"{error:.0%}"
            row["off at all"] = f"{overall['error']:.0%}"
            row["found over measured"] = f"{overall['ratio']:.2f}"
            row["within {} to {}".format(*NEAR)] = f"{overall['near']:.0%}"
            shown.append(row)
    return pd.DataFrame(shown)


def best_table() -> Output:
    """Best found over best measured, tokens/s a chip, of the model that was measured most."""
    rows = table("best_of_each")
    rows = rows[rows["model"] == best_of_each.same_dimensions(found_frontiers.MODEL)]
    rows = rows[_of_lengths(rows, best_of_each.LENGTHS)]
    names = {"accelerator": "chip", "precision": "weights", "points": "points"}
    texts = [
        ""
        if np.isnan(row.best_measured)
        else f"{_rate(row.predicted)} over {row.best_measured:,.0f}"
        for row in rows.itertuples()
    ]
    shown = rows.assign(text=texts, accelerator=rows["accelerator"].map(chip))
    shown["promise"] = shown["promise"].map("at {:.0f} tokens/s a user".format)
    promises = list(dict.fromkeys(shown["promise"]))
    wide = shown.pivot_table("text", list(names), "promise", aggfunc="first", sort=False)[promises]
    return html_table(wide.reset_index().rename(columns=names).rename_axis(columns=None))


def _rate(value: float) -> str:
    return "none" if np.isnan(value) else f"{value:,.0f}"


def frontiers() -> alt.FacetChart:
    """The best found at each speed on four chips, with its range and what was measured."""
    rows = table("best_of_each")
    model = best_of_each.same_dimensions(found_frontiers.MODEL)
    own = rows[
        rows["accelerator"].isin(found_frontiers.CHIPS)
        & (rows["model"] == model)
        & (rows["precision"] == found_frontiers.PRECISION)
        & (rows["promise"] == FIRST_PROMISE)
        & _of_lengths(rows, best_of_each.LENGTHS)
    ]
    ratios = own["predicted"] / own["best_measured"]
    finding = (
        f"At {FIRST_PROMISE} tokens/s a user the best found is {ratios.min():.2f} to "
        f"{ratios.max():.2f} times the best measured"
    )
    return charts.frontiers(found_frontiers.lines(), found_frontiers.measured(), finding)


def within_band() -> Output:
    """How many measured points of the frontiers are not above the band."""
    marks = found_frontiers.against_band()
    return say(
        "Of {count} marks {above} lie above the band, where somebody measured more than the search "
        "thinks likely.",
        count=len(marks),
        above=int((marks == "above").sum()),
    )


def gains_chart() -> alt.FacetChart:
    """What one change brings, all else equal and each side at its best, measured and predicted."""
    rows = gains.summary()
    fp4 = rows[rows["after"] == "fp4"].set_index("matching")["measured"]
    words = [f"{_word(row.before)} to {_word(row.after)}" for row in rows.itertuples()]
    labels = [
        f"{row.measured:.2f}, {row.predicted:.2f} ({row.count})"
        for row in rows.itertuples(name="Row", index=False)
    ]
    finding = (
        f"FP4 brings {fp4[gains.MATCHED]:.2f} times at one layout, and {fp4[gains.BEST]:.2f} times "
        "where each is at its best"
    )
    return charts.gains(rows.assign(words=words, label=labels), finding)


def _word(thing: str) -> str:
    if thing in ("fp8", "fp4"):
        return thing.upper()
    return chip(thing) if any(letter.isdigit() for letter in thing) else thing


def draft_chart() -> alt.LayerChart:
    """Gain of drafts at one layout and load: measured against predicted."""
    pairs = gains.draft_pairs()
    off = np.abs(pairs["predicted"] / pairs["measured"] - 1).median()
    same_way = ((pairs["measured"] > 1) == (pairs["predicted"] > 1)).mean()
    finding = (
        f"Over {len(pairs)} pairs the gain of drafts is off by {off:.0%}, and its sign is right in "
        f"{same_way:.0%}"
    )
    return speed_charts.drafts(pairs, finding)


def published_error() -> Output:
    """How far VR200's forecast lies from what was published."""
    rows = found_frontiers.published()
    inside = rows["published"].between(rows["low"], rows["high"])
    ratio = (rows["mid"] / rows["published"]).median()
    above = int((rows["published"] > rows["high"]).sum())
    return say(
        "The forecast is **{ratio:.2f} times** what was published, in the median. **{inside}** of "
        "the {count} published rates {lie} inside its range, and {above} lie above it.",
        ratio=ratio,
        inside=int(inside.sum()) or "Not one",
        lie="lie" if inside.sum() > 1 else "lies",
        above="all" if above == len(rows) else above,
        count=len(rows),
    )


def published_table() -> Output:
    """What was published of VR200 beside its forecast, a row a promised speed."""
    shown = [
        {
            "promised tokens/s a user": f"{row.promise:.0f}",
            "published tokens/s per chip": f"{row.published:,.0f}",
            "forecast, with its range": _ranged(row),
            "published over GB300": f"{row.published_ratio:.2f}",
            "forecast over GB300": "none" if np.isnan(row.ratio) else f"{row.ratio:.2f}",
        }
        for row in found_frontiers.published().itertuples()
    ]
    return html_table(pd.DataFrame(shown))


def frontier_sources() -> list[str]:
    """Keys of the sources that published rates of VR200."""
    return sorted(set(found_frontiers.published_rows()["source"]))


def _ranged(row) -> str:
    if np.isnan(row.mid):
        return "none"
    return f"{row.mid:,.0f} ({row.low:,.0f} to {row.high:,.0f})"
