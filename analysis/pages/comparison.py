"""The comparison page: all scenarios side by side, what each says to do, what would be regretted.

One function a cell of notebooks/comparison.ipynb. `answers` reads what the scenarios' own reports
have left, those of scenarios outside params/ included; all else follows from it. Only scenarios of
the same work (model, lengths of a request, promise) are compared.
"""

import os

import altair as alt
import numpy as np
import pandas as pd
from pydantic import ValidationError

from analysis.pages.charts import comparison as charts
from analysis.pages.inputs import DIFFERENCE_COLUMNS, statements_that_differ
from analysis.pages.numbers import Shown, text
from analysis.pages.outputs import Output, headline, html_table
from analysis.pages.words import plain
from analysis.press import storage
from analysis.questions.answer import Answer, Work, lower_first
from analysis.scenario.scenario import PARAMS, load, scenarios

WORST = "worst of all"
NO_REGRET_SHARE = 0.005  # would be written as 0%
ANSWER = "/answer.json"


def answers() -> dict[str, Answer]:
    """The decision of every scenario, of the site that is being built or of reports/.

    Raises FileNotFoundError where no report has been made yet, ValueError naming the file where
    one is of another version.
    """
    base = os.environ.get("PASSTHROUGH_SITE", str(PARAMS.parent / "reports"))
    names = [name for name in storage.names(base) if name.endswith(ANSWER) and name.count("/") == 1]
    if not names:
        raise FileNotFoundError(
            f"no scenario has an answer in {base} yet; run: python -m analysis report"
        )
    return {name.removesuffix(ANSWER): _read(base, name) for name in sorted(names)}


def _read(base: str, name: str) -> Answer:
    try:
        return Answer.model_validate_json(storage.get(base, name) or b"")
    except ValidationError as error:
        raise ValueError(
            f"{base}/{name} was written by another version; build that scenario again"
        ) from error


def same_work(answers: dict[str, Answer]) -> list[list[str]]:
    """Names of the scenarios by equal work, the largest group first."""
    groups: dict[str, list[str]] = {}
    for name, answer in answers.items():
        groups.setdefault(answer.work.model_dump_json(), []).append(name)
    return sorted(groups.values(), key=len, reverse=True)


def answer(answers: dict[str, Answer]) -> Output:
    """What the scenarios of the same work say to do, and the act that is regretted least."""
    largest = same_work(answers)[0]
    ratios = sorted(answers[name].cost_ratio.mid for name in largest)
    value = Shown((ratios[0], ratios[len(ratios) // 2], ratios[-1]), "ratio")
    if len(largest) == 1:
        output = headline(
            "In “{name}”, the only scenario of its work: {advice}",
            value,
            name=largest[0],
            advice=plain(answers[largest[0]].sentence),
        )
    else:
        advised = _advised(answers, largest)
        common = advised.value_counts()
        worst = regret_shares(answers).query("scenario == @WORST").set_index("act")["regret_ratio"]
        words = (
            "Of {count} scenarios with the same work, {often} say: {common}. The best act "
            "costs {value.range} what keeping would. "
        )
        if worst.empty:
            words += "No act that one of them advises is open to the buyers of all."
        elif worst.min() < NO_REGRET_SHARE:
            words += "To {act} is the best act in each of them."
        else:
            words += "To {act} costs at most {regret} more than the best act in any of them."
        output = headline(
            words,
            value,
            count=len(largest),
            often=int(common.iloc[0]),
            common=plain(lower_first(common.index[0])),
            act=plain(lower_first(worst.idxmin())) if not worst.empty else "",
            regret=text(100 * worst.min(), "percent") if not worst.empty else "",
        )
    output = output.rests_on("params/*.yml")
    for name in scenarios():
        output = output.rests_on(f"params/{name}.yml")
    return output


def _advised(answers: dict[str, Answer], names: list[str]) -> pd.Series:
    """The instruction of each scenario, by its name."""
    return pd.Series({name: answers[name].acts[0].instruction for name in names})


def decisions(answers: dict[str, Answer]) -> Output:
    """A row a scenario, those of the same work together: what to do, what it costs, how sure."""
    rows = []
    for names in same_work(answers):
        for name in names:
            found = answers[name]
            following = found.acts[1] if found.next is not None else None
            cost = found.cost_ratio
            rows.append(
                {
                    "scenario": name,
                    "work": _work_words(found.work),
                    "what to do": found.acts[0].instruction,
                    "cost over keeping": f"{cost.mid:.2f} ({cost.low:.2f} to {cost.high:.2f})",
                    "another act is cheaper": f"{found.better_share:.0%}",
                    "next best": following.instruction if following is not None else "none",
                }
            )
    return html_table(pd.DataFrame(rows))


def _work_words(work: Work) -> str:
    """Work as a reader knows it, for example "deepseek-r1, 8,192 in, 1,024 out, 30 tokens/s"."""
    cached = f" ({work.cached_share:.0%} cached)" if work.cached_share else ""
    return (
        f"{work.model}, {work.input_tokens:,g} in{cached}, {work.output_tokens:,g} out, "
        f"{work.tokens_per_s_per_user:g} tokens/s"
    )


def cost_ratios(answers: dict[str, Answer]) -> alt.LayerChart:
    """Cost of each scenario's act over keeping what runs, the dearest first."""
    rows = [
        {"scenario": name, **answers[name].cost_ratio.model_dump()}
        for name in same_work(answers)[0]
    ]
    return charts.cost_ratios(pd.DataFrame(rows))


def regrets(answers: dict[str, Answer]) -> alt.LayerChart:
    """Regret of each act in each scenario of the same work, and the worst of each."""
    return charts.regrets(regret_shares(answers))


def regret_shares(answers: dict[str, Answer]) -> pd.DataFrame:
    """What each act costs above the best of the same scenario, a row a scenario and act.

    Acts are those that a scenario of the group advises; one that a buyer does not have has no row.
    `regret_ratio` is in units of the best act's expected cost. The last rows, of the scenario
    "worst of all", hold the worst regret of acts that every buyer of the group has (Savage 1951).
    """
    largest = same_work(answers)[0]
    acts = list(dict.fromkeys(_advised(answers, largest)))
    rows = []
    for name in largest:
        known = {
            row.instruction: row.usd_per_year.mean
            for row in answers[name].acts
            if row.usd_per_year is not None
        }
        least = min(known.values())
        rows += [(name, act, known[act] / least - 1) for act in acts if act in known]
    table = pd.DataFrame(rows, columns=["scenario", "act", "regret_ratio"])
    by_act = table.groupby("act", sort=False)["regret_ratio"]
    worst = by_act.max()[by_act.count() == len(largest)].reset_index()
    return pd.concat([table, worst.assign(scenario=WORST)], ignore_index=True)


def dominance(answers: dict[str, Answer]) -> Output:
    """For each scenario those of the same work that beat it in everything, or that none does."""
    return html_table(dominating(answers))


def dominating(answers: dict[str, Answer]) -> pd.DataFrame:
    """Columns scenario and verdict: which of the same work are as good in all and better in one.

    That is Pareto dominance, over dollars a token, joules a token and tokens a megawatt of the
    option that is advised. Another work is no choice that a buyer has, so it
    beats nothing.
    """
    merits = {name: _merits(found) for name, found in answers.items()}
    rows = []
    for names in same_work(answers):
        for name in names:
            rivals = [other for other in names if other != name]
            better = [other for other in rivals if _dominates(merits[other], merits[name])]
            verdict = "on the frontier"
            if better:
                verdict = "beaten by " + ", ".join(better)
            elif not rivals:
                verdict = "no other has its work"
            rows.append({"scenario": name, "work": _work_words(answers[name].work)})
            rows[-1]["verdict"] = verdict
    return pd.DataFrame(rows)


def _merits(found: Answer) -> tuple[float, float, float]:
    """What counts of a decision, each the better the larger."""
    served = {option.name: option for option in found.options}
    option = served.get(found.option, found.options[0])
    cost = np.inf if option.usd_per_mtok is None else option.usd_per_mtok.mid
    return -cost, -option.j_per_token.mid, option.tokens_per_s_per_mw.mid


def _dominates(other: tuple[float, ...], own: tuple[float, ...]) -> bool:
    pairs = list(zip(other, own, strict=True))
    return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)


def differences(answers: dict[str, Answer]) -> Output:
    """What each scenario states otherwise than the reference, a row a statement."""
    return html_table(all_differences(answers))


def all_differences(answers: dict[str, Answer]) -> pd.DataFrame:
    """Scenario, key, the reference's value and the scenario's own, of all scenarios in params/."""
    present = [name for name in answers if name in scenarios()]
    rows = [
        (name, *statement) for name in present for statement in statements_that_differ(load(name))
    ]
    return pd.DataFrame(rows, columns=["scenario", *DIFFERENCE_COLUMNS])
