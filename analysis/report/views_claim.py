"""Tables and figures of the claim for any scenario: where nothing was claimed, each says so in a sentence."""

import pandas as pd
from IPython.display import Markdown

from analysis.laws import claim as law
from analysis.report import figures_claim as figures
from analysis.report.text import number, plain
from analysis.study import credence, verdict
from analysis.study.claims import claim, ledger
from analysis.study.readings import MEASURED, readings

NOTHING = Markdown("Nothing was claimed in this scenario, so there is nothing to show here.")


def headline_ratio(case) -> float | None:
    """The multiplier that the claim's headline suggests; None without a claim."""
    return claim(case.claim).headline_ratio if case.claim else None


def reading_table(case, found: pd.DataFrame) -> Markdown:
    """Each reading in words, its gains, whether it carries the headline to dollars; `found` from `verdict.effects`."""
    if not case.claim:
        return NOTHING
    lines = ["| Reading | per chip second | per joule | per dollar | carries the headline |", "|---|---|---|---|---|"]
    for row in verdict.needs(case, found).itertuples():
        words = readings()[row.reading].means if row.reading != MEASURED else "No claim: data sheets and calibration."
        gains = " | ".join(f"{value:.2f}×" for value in (row.throughput, row.energy, row.dollars))
        at_parity = f"up to {row.price_ratio:.2f}× today's price" if row.price_ratio >= verdict.ROUNDING else "no"
        lines.append(f"| **{plain(row.title)}.** {plain(words)} | {gains} | {'yes' if row.holds else at_parity} |")
    return Markdown("\n".join(lines))


def workloads(case) -> Markdown:
    """Tokens per dollar, new for old, by reading and workload."""
    found = verdict.across(case)
    lines = [f"| Reading | {' | '.join(plain(name) for name in found)} |", "|---" * (found.shape[1] + 1) + "|"]
    for title, row in found.iterrows():
        lines.append(
            f"| {plain(title)} | {' | '.join('not served' if gain != gain else f'{gain:.2f}×' for gain in row)} |"
        )
    return Markdown("\n".join(lines))


def belief(case):
    """The path of belief through the log of evidence."""
    return figures.credence(credence.updates(case)) if case.claim else NOTHING


def trust(case, draws: pd.DataFrame):
    """Tokens per dollar against the probability that the claim is true."""
    if not case.claim:
        return NOTHING
    weighed, worlds = credence.weights(case, len(draws.loc["baseline"])), verdict.worlds(case, draws)
    return figures.trust(credence.sensitivity(weighed, *worlds), float(weighed["true"].median()))


def mixture(case, draws: pd.DataFrame) -> Markdown:
    """The three worlds with their probabilities, and what a dollar buys in each and in their mixture."""
    if not case.claim:
        return NOTHING
    weighed, worlds = credence.weights(case, len(draws.loc["baseline"])), verdict.worlds(case, draws)
    mixed = pd.Series(credence.mixture(weighed, *worlds))
    outcomes = {
        "true": worlds[0],
        "mundane": worlds[1],
        "empty": pd.Series([1.0]),
        "all three, by their weights": mixed,
    }
    lines = ["| World | Probability | Tokens per dollar, P10 / P50 / P90 |", "|---|---|---|"]
    for name, outcome in outcomes.items():
        chance = f"{weighed[name].median():.1%}" if name in weighed else ""
        lines.append(f"| {name} | {chance} | {' / '.join(number(end) for end in outcome.quantile([0.1, 0.5, 0.9]))} |")
    return Markdown("\n".join(lines))


def needed(case, draws: pd.DataFrame) -> Markdown:
    """How probable the claim has to be before the expected tokens per dollar carry each conclusion."""
    if not case.claim:
        return NOTHING
    means = credence.sensitivity(credence.weights(case, len(draws.loc["baseline"])), *verdict.worlds(case, draws))
    headline = headline_ratio(case)
    aims = {
        "a dollar buys a quarter more": 1.25,
        "it buys half of the headline, on a log scale": headline**0.5,
        "it buys the headline": headline,
    }
    lines = ["| Conclusion, in expectation | Probability of the claim that it takes |", "|---|---|"]
    for said, aim in aims.items():
        enough = means.loc[means["mean"] >= aim * verdict.ROUNDING, "true_share"]
        lines.append(f"| {said} ({aim:.2f}×) | {f'{enough.min():.0%}' if len(enough) else 'none is enough'} |")
    return Markdown("\n".join(lines))


def checks(case):
    """The ledger of the claim's statements."""
    return figures.ledger(ledger(claim(case.claim), case.as_of)) if case.claim else NOTHING


def pass_through(case, draws: pd.DataFrame) -> Markdown:
    """The ladder as numbers: each step's factor, what is left, and how much of the headline that is on both scales."""
    headline = headline_ratio(case)
    heads = ["Step", "factor", "left, P10 / P50 / P90", "share of the cut", "share of the headline, log"]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row in verdict.ladder(case, draws).itertuples():
        left = " / ".join(number(end) for end in (row.low, row.mid, row.high))
        cells = [plain(row.step), f"{row.factor:.2f}", left, "", ""]
        if headline is not None:
            linear = law.linear_pass_share(row.mid, law.cut_share(headline))
            cells[3:] = f"{linear:.0%}", f"{law.log_pass_ratio(row.mid, headline):.0%}"
        lines.append(f"| {' | '.join(cells)} |")
    return Markdown("\n".join(lines))
