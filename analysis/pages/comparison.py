"""The comparison page: all scenarios side by side, what each says to do, what would be regretted.

One function a cell of notebooks/comparison.ipynb. `answers` reads what the scenarios' own reports
have left, those of scenarios outside params/ included; all else follows from it. Only scenarios of
the same work (model, lengths of a request, promise) are compared. A scenario that cannot be read
costs its own row and no other's.
"""

import os

import altair as alt
import pandas as pd
from pydantic import ValidationError

from analysis.pages.charts import comparison as charts
from analysis.pages.inputs import DIFFERENCE_COLUMNS, statements_that_differ
from analysis.pages.numbers import Shown, text
from analysis.pages.outputs import Output, headline, html_table
from analysis.pages.words import plain
from analysis.press import storage
from analysis.questions.answer import BETTER, Answer, Work, lower_first
from analysis.questions.archive import archived, newest, since
from analysis.scenario.errors import ScenarioError
from analysis.scenario.scenario import PARAMS, REFERENCE, load, scenarios

WORST = "worst of all"
NO_REGRET_SHARE = 0.005  # would be written as 0%
FEW, LONGEST_VALUE = 4, 40  # statements of a row, and characters of each
# Keys that say how a claim is judged, not what the buyer has: the act does not follow from them.
NOT_TELLING = {"claim", "reading", "credence.reading"}
ANSWER = "/answer.json"


def answers() -> dict[str, Answer]:
    """The decision of every scenario that can be read, of the site being built or of reports/.

    Raises FileNotFoundError where no report has been made yet, ValueError naming the files where
    none can be read.
    """
    read, unread = _all_answers()
    if not read:
        raise ValueError(
            f"{', '.join(unread)} was written by another version; build that scenario again"
        )
    return read


def left_out() -> Output:
    """Which scenarios are missing here, because their answers cannot be read."""
    _, unread = _all_answers()
    if not unread:
        return Output("Every scenario of this site is on the page.")
    names = ", ".join(plain(name.split("/")[-2]) for name in unread)
    return Output(f"Left out, because another version has written them: {names}. Build them again.")


def _all_answers() -> tuple[dict[str, Answer], list[str]]:
    """Decisions by scenario, and the files that cannot be read."""
    base = os.environ.get("PASSTHROUGH_SITE", str(PARAMS.parent / "reports"))
    names = [name for name in storage.names(base) if name.endswith(ANSWER) and name.count("/") == 1]
    if not names:
        raise FileNotFoundError(
            f"no scenario has an answer in {base} yet; run: python -m analysis report"
        )
    read, unread = {}, []
    for name in sorted(names):
        try:
            found = Answer.model_validate_json(storage.get(base, name) or b"")
        except ValidationError:
            unread.append(f"{base}/{name}")
            continue
        read[name.removesuffix(ANSWER)] = found
    return read, unread


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
            advice=answers[largest[0]].sentence,
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
            words += "None of the advised acts is open to every one of these buyers."
        elif worst.min() < NO_REGRET_SHARE:
            words += "“{act}” is the best act in each of them."
        else:
            words += "“{act}” costs at most {regret} more than the best act in any of them."
        output = headline(
            words,
            value,
            count=len(largest),
            often=int(common.iloc[0]),
            common=lower_first(common.index[0]),
            act=worst.idxmin() if not worst.empty else "",
            regret=text(100 * worst.min(), "percent") if not worst.empty else "",
        )
    output = output.rests_on("params/*.yml")
    for name in scenarios():
        output = output.rests_on(f"params/{name}.yml")
    return output


def _advised(answers: dict[str, Answer], names: list[str]) -> pd.Series:
    """The instruction of each scenario, by its name."""
    return pd.Series({name: answers[name].acts[0].instruction for name in names})


def since_last_release(answers: dict[str, Answer]) -> Output:
    """What moved since the answers of the last release were kept."""
    rows = archived()
    last = newest(rows)
    if last.empty:
        return Output("No release has kept its answers yet.")
    moved = since(rows, answers)
    head = f"Since {last['version'].iloc[0]} of {last['date'].iloc[0]}"
    if moved.empty:
        return Output(
            f"{head} no act has changed, and no median cost has moved by a printed digit."
        )
    words = f"{head}, {int(moved['is_other_act'].sum())} of {len(last)} scenarios have another act."
    table = html_table(moved.drop(columns="is_other_act"))
    return Output(html=f"<p>{words}</p>{table.html}", plain=f"{words}\n{table.plain}")


def same_question(answers: dict[str, Answer]) -> Output:
    """The largest group of equal work, a row a scenario: what sets it apart and what it says."""
    return html_table(pd.DataFrame([_row(name, answers[name]) for name in same_work(answers)[0]]))


def other_work(answers: dict[str, Answer]) -> Output:
    """Scenarios of other work, each group with its own: they are no choice for one buyer."""
    groups = same_work(answers)[1:]
    if not groups:
        return Output("All scenarios of this site have the same work.")
    rows = [
        {"work": _work_words(answers[name].work), **_row(name, answers[name])}
        for names in groups
        for name in names
    ]
    return html_table(pd.DataFrame(rows))


def _row(name: str, found: Answer) -> dict[str, str]:
    """A scenario's row: its inputs that differ, what to do, the cost over keeping, how sure."""
    cost = found.cost_ratio
    return {
        "scenario": name,
        "what differs from the reference": _few_differences(name),
        "what to do": found.acts[0].instruction,
        "cost over keeping": f"{cost.mid:.2f} ({cost.low:.2f} to {cost.high:.2f})",
        f"another choice is {BETTER:.0%} cheaper": f"{found.better_share:.0%}",
    }


def _few_differences(name: str) -> str:
    """The first statements that differ, and how many more there are."""
    statements = _statements(name)
    if statements is None:
        return "its file cannot be read"
    own = [(key, value) for key, _, value in statements if key not in NOT_TELLING]
    if not own:
        return "nothing" if name == REFERENCE else "the claim and its evidence"
    words = "; ".join(f"{key}: {_short(value)}" for key, value in own[:FEW])
    return f"{words}; {len(own) - FEW} more" if len(own) > FEW else words


def _short(value: str) -> str:
    return value if len(value) <= LONGEST_VALUE else f"{value[:LONGEST_VALUE].rstrip()} …"


def _statements(name: str) -> list[tuple[str, str, str]] | None:
    """What a scenario states otherwise; None where its file is elsewhere, or has faults by now."""
    if name not in scenarios():
        return None
    try:
        return statements_that_differ(load(name))
    except ScenarioError:
        return None


def _work_words(work: Work) -> str:
    """Work as a reader knows it, for example "deepseek-r1, 8,192 in, 1,024 out, 30 tokens/s"."""
    cached = f" ({work.cached_share:.0%} cached)" if work.cached_share else ""
    return (
        f"{work.model}, {work.input_tokens:,g} in{cached}, {work.output_tokens:,g} out, "
        f"{work.tokens_per_s_per_user:g} tokens/s"
    )


def cost_ratios(answers: dict[str, Answer]) -> alt.LayerChart:
    """Cost of each scenario's act over keeping what runs, the dearest first.

    The title says the span of the medians.
    """
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


def differences(answers: dict[str, Answer]) -> Output:
    """What each scenario states otherwise than the reference, a row a statement."""
    return html_table(all_differences(answers))


def all_differences(answers: dict[str, Answer]) -> pd.DataFrame:
    """Scenario, key, the reference's value and the scenario's own, of all that can be read."""
    rows = [(name, *each) for name in answers for each in _statements(name) or ()]
    return pd.DataFrame(rows, columns=["scenario", *DIFFERENCE_COLUMNS])
