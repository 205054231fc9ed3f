"""The claim on the efficiency page: readings, credence, worlds, ledger, pass-through.

Where nothing was claimed, the cells about a claim say so in a sentence.
"""

from typing import NamedTuple

import altair as alt
import pandas as pd

from analysis.laws.claim import cut_share, linear_pass_share, log_pass_ratio
from analysis.pages.charts import claim as charts
from analysis.pages.charts.theme import CANDIDATE, CLAIM
from analysis.pages.numbers import three_numbers
from analysis.pages.outputs import NOT_MATHEMATICS, Output, say, table
from analysis.pages.verdicts import tally
from analysis.pages.words import plain
from analysis.questions import claim as claim_questions
from analysis.questions import credence as credence_questions
from analysis.questions import pass_through as pass_through_questions
from analysis.scenario.claims import AS_ARITHMETIC, SUPPORTED, claim
from analysis.scenario.claims import ledger as claim_ledger
from analysis.scenario.readings import MEASURED, readings
from analysis.scenario.scenario import Scenario, scenarios

NOTHING_CLAIMED = Output("Nothing was claimed in this scenario.")
STANDING_SIGNS = {SUPPORTED: "✓", AS_ARITHMETIC: "=", "fails": "✗", "cannot be told": "?"}
# On a page the names of its style sheet, which are readable in the dark; elsewhere the colours.
STANDING_COLOURS = {
    SUPPORTED: f"var(--accent, {CANDIDATE})",
    AS_ARITHMETIC: "var(--soft-ink, #6A6F76)",
    "fails": f"var(--bad, {CLAIM})",
    "cannot be told": "var(--soft-ink, #6A6F76)",
}
LEDGER_WIDTHS = (5, 23, 12, 39, 21)  # per cent of the table, a column each


class Worlds(NamedTuple):
    """Three worlds: probabilities, a row a draw, and tokens per dollar, new for old, in two."""

    weights: pd.DataFrame
    true: pd.Series
    mundane: pd.Series


def headline_ratio(case: Scenario) -> float | None:
    """The multiplier that the claim's headline suggests; None without a claim."""
    return claim(case.claim).headline_ratio if case.claim else None


def readings_chart(case: Scenario, effects: pd.DataFrame) -> alt.LayerChart:
    """What each reading would buy, per chip second and per dollar."""
    return charts.readings(effects, headline_ratio(case), _readings_finding(case, effects))


def _readings_finding(case: Scenario, effects: pd.DataFrame) -> str:
    """How many readings bring the headline to dollars; without a claim, what a dollar buys."""
    if not case.claim:
        (ratio,) = effects.loc[effects["outcome"] == "dollars", "mid"].head(1)
        return f"With the step a dollar buys {ratio:.2f}× the tokens"
    needs = claim_questions.requirements(case, effects)
    needs = needs[needs["reading"] != MEASURED]
    carried = int(needs["holds"].sum())
    verb = "brings" if carried == 1 else "bring"
    asked = claim_questions.required_headline(case)
    return f"{carried} of {len(needs)} readings {verb} the headline's {asked:.2f}× to a dollar"


def readings_table(case: Scenario, effects: pd.DataFrame) -> Output:
    """Each reading in words, its gains, and whether it carries the headline to dollars."""
    if not case.claim:
        return NOTHING_CLAIMED
    rows = []
    for row in claim_questions.requirements(case, effects).itertuples():
        if row.reading == MEASURED:
            meaning = "No claim: data sheets and calibration."
        else:
            meaning = readings()[row.reading].means
        gains = [f"{gain:.2f}×" for gain in (row.throughput, row.energy, row.dollars)]
        rows.append([f"**{plain(row.title)}.** {plain(meaning)}", *gains, _carries(row)])
    heads = ["Reading", "per chip second", "per joule", "per dollar", "carries the headline"]
    return table(rows, heads)


def _carries(row) -> str:
    if row.holds:
        return "yes"
    if row.at_a_price:
        return f"up to {row.price_ratio:.2f}× today's price"
    return "no"


def workloads(case: Scenario) -> Output:
    """Tokens per dollar, new for old, by reading and workload; it rests on the titles and workloads
    of all scenarios.
    """
    ratios = claim_questions.across_workloads(case)
    rows = [
        [plain(title), *("not served" if pd.isna(ratio) else f"{ratio:.2f}×" for ratio in row)]
        for title, row in ratios.iterrows()
    ]
    output = table(rows, ["Reading", *(plain(title) for title in ratios)])
    output = output.rests_on("params/*.yml")
    for name in scenarios():
        output = output.rests_on(f"params/{name}.yml", ("title", "workload"))
    return output


def credence(case: Scenario) -> alt.LayerChart | Output:
    """The path of belief through the log of evidence."""
    if not case.claim:
        return NOTHING_CLAIMED
    return charts.credence(credence_questions.updates(case))


def worlds(case: Scenario, draws: pd.DataFrame, ladder: pd.DataFrame) -> Worlds | None:
    """The true, the mundane and the empty world of the claim; None without a claim."""
    if not case.claim:
        return None
    weights = credence_questions.weights(case, len(draws.loc["baseline"]))
    true, mundane = pass_through_questions.worlds(case, draws, ladder)
    return Worlds(weights, true, mundane)


def worlds_table(worlds: Worlds | None) -> Output:
    """The three worlds: probability, and what a dollar buys in each and in their mixture."""
    if worlds is None:
        return NOTHING_CLAIMED
    outcomes = {"true": worlds.true, "mundane": worlds.mundane, "empty": [1.0]}
    rows = [
        [name, f"{worlds.weights[name].mean():.1%}", three_numbers(outcome)]
        for name, outcome in outcomes.items()
    ]
    mixture = credence_questions.mixture(*worlds)
    rows.append(["all three, by their weights", "", three_numbers(mixture)])
    return table(rows, ["World", "Probability", "Tokens per dollar, P10 / P50 / P90"])


def trust(worlds: Worlds | None) -> alt.LayerChart | Output:
    """Tokens per dollar against the probability that the claim is true."""
    if worlds is None:
        return NOTHING_CLAIMED
    believed = float(worlds.weights["true"].mean())
    return charts.trust(credence_questions.sensitivity(*worlds), believed)


def trust_needed(case: Scenario, worlds: Worlds | None) -> Output:
    """How probable the claim has to be before expected tokens per dollar carry a conclusion."""
    if worlds is None:
        return NOTHING_CLAIMED
    means = credence_questions.sensitivity(*worlds)
    headline = claim(case.claim).headline_ratio
    aims = {
        "a dollar buys a quarter more": 1.25,
        "it buys half of the headline, on a log scale": headline**0.5,
        "it buys the headline": headline,
    }
    rows = []
    for conclusion, aim in aims.items():
        enough = means.loc[means["mean"] >= aim * claim_questions.ROUNDING, "true_share"]
        rows.append([f"{conclusion} ({aim:.2f}×)", _least_probability(enough)])
    return table(rows, ["Conclusion, in expectation", "Probability of the claim that it takes"])


def _least_probability(enough: pd.Series) -> str:
    if enough.empty:
        return "none is enough"
    least = enough.min()
    return f"{least:.0%}" if least > 0 else "none is needed"


def ledger(case: Scenario) -> Output:
    """The claim's statements: verdict with a sign, evidence, source, what would settle it."""
    if not case.claim:
        return NOTHING_CLAIMED
    statements = claim_ledger(claim(case.claim), case.as_of)
    rows = pd.DataFrame(
        {
            "#": statements["number"],
            "Statement, in our words": statements["says"],
            "Verdict": [_signed(standing) for standing in statements["standing"]],
            "Evidence": [
                f"{row.evidence} ({row.kind}; {row.publisher})" for row in statements.itertuples()
            ],
            "What would settle it": [_settled_by(row) for row in statements.itertuples()],
        }
    )
    cells = "text-align: left; vertical-align: top; white-space: normal"
    styles = [
        {"selector": "td, th", "props": cells},
        {"selector": "", "props": "table-layout: fixed; width: 100%"},
    ]
    for column, width in enumerate(LEDGER_WIDTHS):
        styles.append({"selector": f"th.col{column}", "props": f"width: {width}%"})
    styled = (
        rows.style.format(escape="html")
        .hide(axis="index")
        .map(_verdict_style, subset=["Verdict"])
        .set_table_styles(styles)
        .set_table_attributes(f'class="{" ".join(NOT_MATHEMATICS)}"')
    )
    return Output(html=styled.to_html(table_uuid="ledger"), plain=rows.to_string(index=False))


def ledger_words(case: Scenario) -> Output:
    """How many statements of the claim are supported, only agree with themselves, fail, or stay
    open.
    """
    if not case.claim:
        return NOTHING_CLAIMED
    counts = claim_ledger(claim(case.claim), case.as_of)["standing"].value_counts()
    return say(
        "{tally} What holds as arithmetic agrees with itself, a calendar or a data sheet. That "
        "supports nothing.",
        tally=tally(counts.to_dict()),
    )


def _signed(standing: str) -> str:
    return f"{STANDING_SIGNS[standing]} {standing}"


def _verdict_style(cell: str) -> str:
    colours = {_signed(standing): colour for standing, colour in STANDING_COLOURS.items()}
    return f"color: {colours[cell]}; font-weight: 600"


def _settled_by(row) -> str:
    if row.due != "settled":
        return f"{row.settles}, by {row.by} ({row.due})"
    if row.verdict == "cannot be told":
        return "nothing more is awaited"
    return "settled"


def _part(share: float) -> str:
    return f"{share:z.0%}".replace("-", "−")


def pass_through(case: Scenario, ladder: pd.DataFrame) -> Output:
    """The ladder as numbers: each step's factor, what is left, how much of the headline that is.

    The part of the headline stands on two scales: linear and logarithmic.
    """
    headline = headline_ratio(case)
    heads = ["Step", "factor", "left, P10 / P50 / P90"]
    if headline:
        heads += ["share of the cut", "share of the headline, log"]
    rows = []
    for row in ladder.itertuples():
        cells = [plain(row.step), f"{row.factor:.2f}", three_numbers(row.draws)]
        if headline:
            linear = linear_pass_share(row.mid, cut_share(headline))
            cells += [_part(linear), _part(log_pass_ratio(row.mid, headline))]
        rows.append(cells)
    return table(rows, heads)
