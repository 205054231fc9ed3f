"""Tables and figures of the claim for any scenario: where nothing was claimed, each says so in a
sentence.
"""

from functools import wraps

import pandas as pd
from IPython.display import Markdown

from analysis.laws import claim as law
from analysis.pages.charts import claim as figures
from analysis.pages.format import interval, number, plain, table
from analysis.questions import claim as verdict
from analysis.questions import credence
from analysis.questions.pass_through import worlds as claim_worlds
from analysis.scenario.claims import claim, ledger
from analysis.scenario.readings import MEASURED, readings


def _of_a_claim(view):
    """`view`, or the sentence that there is none where nothing was claimed."""

    @wraps(view)
    def shown(case, *given):
        return (
            view(case, *given) if case.claim else Markdown("Nothing was claimed in this scenario.")
        )

    return shown


def _ends(values) -> str:
    """P10, P50 and P90 in one cell."""
    return " / ".join(number(end) for end in interval(values).values)


def headline_ratio(case) -> float | None:
    """The multiplier that the claim's headline suggests; None without a claim."""
    return claim(case.claim).headline_ratio if case.claim else None


@_of_a_claim
def reading_table(case, found: pd.DataFrame) -> Markdown:
    """Each reading in words, its gains, whether it carries the headline to dollars; `found` from
    `verdict.effects`.
    """
    rows = []
    for row in verdict.requirements(case, found).itertuples():
        words = (
            readings()[row.reading].means
            if row.reading != MEASURED
            else "No claim: data sheets and calibration."
        )
        carried = (
            "yes"
            if row.holds
            else f"up to {row.price_ratio:.2f}× today's price"
            if row.at_a_price
            else "no"
        )
        gains = [f"{value:.2f}×" for value in (row.throughput, row.energy, row.dollars)]
        rows.append([f"**{plain(row.title)}.** {plain(words)}", *gains, carried])
    return table(
        rows, ["Reading", "per chip second", "per joule", "per dollar", "carries the headline"]
    )


def workloads(case) -> Markdown:
    """Tokens per dollar, new for old, by reading and workload."""
    found = verdict.across_workloads(case)
    rows = [
        [plain(title), *("not served" if x != x else f"{x:.2f}×" for x in row)]
        for title, row in found.iterrows()
    ]
    return table(rows, ["Reading", *map(plain, found)])


@_of_a_claim
def belief(case):
    """The path of belief through the log of evidence."""
    return figures.credence(credence.updates(case))


def worlds(case, draws: pd.DataFrame, ladder: pd.DataFrame) -> tuple:
    """Probabilities of the three worlds, and tokens per dollar in the true and the mundane one; ()
    without a claim.
    """
    count = len(draws.loc["baseline"])
    return (credence.weights(case, count), *claim_worlds(case, draws, ladder)) if case.claim else ()


@_of_a_claim
def mixture(case, told: tuple) -> Markdown:
    """The three worlds with their probabilities, and what a dollar buys in each and in their
    mixture.
    """
    weighed, true, mundane = told
    outcomes = {"true": true, "mundane": mundane, "empty": [1.0]}
    rows = [[name, f"{weighed[name].mean():.1%}", _ends(each)] for name, each in outcomes.items()]
    rows.append(["all three, by their weights", "", _ends(credence.mixture(*told))])
    return table(rows, ["World", "Probability", "Tokens per dollar, P10 / P50 / P90"])


@_of_a_claim
def trust(case, told: tuple):
    """Tokens per dollar against the probability that the claim is true."""
    return figures.trust(credence.sensitivity(*told), float(told[0]["true"].mean()))


@_of_a_claim
def needed(case, told: tuple) -> Markdown:
    """How probable the claim has to be before the expected tokens per dollar carry each
    conclusion.
    """
    means, headline = credence.sensitivity(*told), headline_ratio(case)
    aims = {
        "a dollar buys a quarter more": 1.25,
        "it buys half of the headline, on a log scale": headline**0.5,
        "it buys the headline": headline,
    }
    rows = []
    for said, aim in aims.items():
        enough = means.loc[means["mean"] >= aim * verdict.ROUNDING, "true_share"]
        need = (
            "none is enough"
            if enough.empty
            else f"{enough.min():.0%}"
            if enough.min()
            else "none is needed"
        )
        rows.append([f"{said} ({aim:.2f}×)", need])
    return table(rows, ["Conclusion, in expectation", "Probability of the claim that it takes"])


@_of_a_claim
def checks(case):
    """The ledger of the claim's statements."""
    return figures.ledger(ledger(claim(case.claim), case.as_of))


def pass_through(case, ladder: pd.DataFrame) -> Markdown:
    """The ladder as numbers: each step's factor, what is left, and how much of the headline that is
    on both scales.
    """
    headline, rows = headline_ratio(case), []
    for row in ladder.itertuples():
        rows.append([plain(row.step), f"{row.factor:.2f}", _ends(row.draws)])
        if headline:
            linear = law.linear_pass_share(row.mid, law.cut_share(headline))
            rows[-1] += f"{linear:.0%}", f"{law.log_pass_ratio(row.mid, headline):.0%}"
    shares = ["share of the cut", "share of the headline, log"] if headline else []
    return table(rows, ["Step", "factor", "left, P10 / P50 / P90", *shares])
