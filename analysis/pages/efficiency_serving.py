"""The efficiency page on serving: what each option gives, the steps to the best, the frontier."""

from typing import get_args

import altair as alt
import pandas as pd

from analysis.facts import chip
from analysis.pages.charts import serving as charts
from analysis.pages.numbers import number, text
from analysis.pages.outputs import Output, say, table
from analysis.pages.words import plain
from analysis.questions import energy as energy_questions
from analysis.questions import power as power_questions
from analysis.questions import serving_steps as step_questions
from analysis.questions import speed as speed_questions
from analysis.questions.answer import Answer, OptionAnswer, Range, decide, evaluated
from analysis.questions.over_today import Quantity, over_today
from analysis.questions.serving_steps import (
    CHIP,
    DRAFTS,
    NARROW_BEST,
    POOLS,
    PRECISION,
    RACK,
    START,
    STEPS,
    TODAYS_BEST,
)
from analysis.scenario.claims import claim
from analysis.scenario.scenario import Scenario


def options_chart(case: Scenario) -> alt.LayerChart:
    """Output tokens/s per chip of every option at the promise, beside what runs today."""
    found = decide(case)
    today = found.options[0]
    rows = []
    for option in found.options:
        rate = option.output_tokens_per_s_per_chip
        ratio = over_today(evaluated(case), option.name, "output_tokens_per_s_per_chip")
        rows.append(
            {
                "option": _option_words(case, option, today),
                "subject": _subject(option, today, found),
                **rate.model_dump(),
                "label": f"{number(rate.mid)}, {ratio:.2f}×",
            }
        )
    frame = pd.DataFrame(rows).sort_values("mid", ascending=False, kind="stable")
    best = frame.iloc[0]
    whose = "today's" if _has_chips(case) else f"that of {_named(today)}"
    finding = f"{best['option']} serves most per chip: {best['label'].split(', ')[-1]} {whose}"
    if best["subject"] == "today":
        finding = f"No option serves more per chip than {_named(today)}"
    return charts.options(frame, finding)


def _has_chips(case: Scenario) -> bool:
    """Whether chips serve today; else those of `have` only say what the work is set against."""
    return case.have.held not in ("api", "nothing")


def _named(option: OptionAnswer) -> str:
    return f"{chip(option.accelerator)} in {option.precision.upper()}"


def _option_words(case: Scenario, option: OptionAnswer, today: OptionAnswer) -> str:
    if option is not today:
        return _named(option)
    return f"today: {_named(option)}" if _has_chips(case) else f"set against: {_named(option)}"


def _subject(option: OptionAnswer, today: OptionAnswer, found: Answer) -> str:
    if option is today:
        return "today"
    return "advised" if option.name in (found.option, found.later_option) else "other"


MORE = 1.005  # a ratio of rates above which the words say that one serves more
KEY_FIELDS = {
    "tokens/s a chip": "output_tokens_per_s_per_chip",
    "J a token": "j_per_token",
    "tokens/s a MW": "tokens_per_s_per_mw",
    "$ per M tokens": "usd_per_mtok",
}


def key_numbers(case: Scenario) -> Output:
    """Tokens a chip, board energy, tokens a megawatt and cost: today's as they are, then over it.

    A row for today, for the advised option and for the headline's, and one for what was said.
    """
    found = decide(case)
    today = found.options[0]
    first = f"today: {_chip(today)}"
    if not _has_chips(case):  # the chips say what is compared, the price what is paid today
        first = f"{_chip(today)}, at the API's price"
    rows = [[first, *(_absolute(today, name) for name in KEY_FIELDS.values())]]
    advised = (found.option, found.later_option)
    for option in found.options[1:]:
        if option.name in advised or option.name == case.headline:
            word = "advised" if option.name in advised else "headline"
            cells = [_relative(case, option, today, name) for name in KEY_FIELDS.values()]
            rows.append([f"{word}: {_chip(option)}", *cells])
    if case.claim:
        rows.append(["said in the text", *_said(case)])
    return table(rows, ["", *KEY_FIELDS])


def _chip(option: OptionAnswer) -> str:
    return plain(f"{chip(option.accelerator)} {option.precision.upper()}")


def _absolute(option: OptionAnswer, field: str) -> str:
    value: Range | None = getattr(option, field)
    return number(value.mid) if value else ""


def _relative(case: Scenario, option: OptionAnswer, today: OptionAnswer, field: str) -> str:
    if field in get_args(Quantity):
        return text(over_today(evaluated(case), option.name, field), "ratio")  # type: ignore[arg-type]
    before: Range | None = getattr(today, field)
    after: Range | None = getattr(option, field)
    if after is None:
        return "no price"
    return text(after.mid / before.mid, "ratio") if before else number(after.mid)


def _said(case: Scenario) -> list[str]:
    """What the claim says of each column, blank where it says nothing."""
    said = dict.fromkeys(KEY_FIELDS, "")
    ratio = claim(case.claim).headline_ratio
    if case.credence.reading == "dollars":
        said["$ per M tokens"] = text(1 / ratio, "ratio")
    else:
        said["tokens/s a chip"] = text(ratio, "ratio")
    energy = power_questions.claimed_ratios(case)
    if energy is not None:
        said["J a token"] = text(energy.energy_ratio, "ratio")
    return list(said.values())


def serving_steps(case: Scenario) -> pd.DataFrame:
    """The steps from plain serving today to the best on the headline's chips."""
    return step_questions.serving_steps(case)


def steps_chart(case: Scenario, steps: pd.DataFrame) -> alt.LayerChart | Output:
    """What precision, chip, rack, pools and drafts each bring, with measured points beside them."""
    if not _has_steps(steps):
        return _no_steps(case)
    rows = steps.assign(
        words=[_step_words(case, row) for row in steps.itertuples()],
        kind=["step" if row in STEPS else "best" for row in steps["step"]],
        label=[_step_label(row) for row in steps.itertuples()],
    )
    first = rows["mid"].iloc[0]
    before = rows["mid"].shift(fill_value=first).where(rows["kind"] == "step", first)
    whole = rows.loc[rows["kind"] == "step", "mid"].iloc[-1] / first
    shares = steps.dropna(subset="factor").set_index("step")["factor"]
    largest = _STEP_NAMES[str(shares.idxmax())]
    finding = f"From plain serving to the best is {whole:.1f}×; most comes from {largest}"
    return charts.steps(rows.assign(before=before), finding)


_STEP_NAMES = {
    PRECISION: "the number format",
    CHIP: "the chip",
    RACK: "more chips together",
    POOLS: "separate pools",
    DRAFTS: "drafts",
}


def _has_steps(steps: pd.DataFrame) -> bool:
    return bool(len(steps)) and steps["step"].iloc[0] == START and steps["factor"].notna().any()


def _no_steps(case: Scenario) -> Output:
    old = case.deployment("baseline")
    return say(
        "Plain serving, in one pool without drafts, does not keep this promise on {old}, so there "
        "is nothing to start from.",
        old=f"{chip(old.accelerator)} in {old.precision.upper()}",
    )


def _step_words(case: Scenario, row) -> str:
    what = f"{chip(row.accelerator)} in {row.precision.upper()}"
    old = case.deployment("baseline")
    words = {
        START: f"{what}, one pool, no drafts",
        PRECISION: f"{row.precision.upper()} in place of {old.precision.upper()}",
        CHIP: f"{chip(row.accelerator)} in place of {chip(old.accelerator)}",
        RACK: f"up to {row.chips} chips together",
        POOLS: "prompts and answers in pools",
        DRAFTS: "tokens drafted ahead",
        TODAYS_BEST: f"{what} at its best",
        NARROW_BEST: f"{what} at its best",
    }
    return words[row.step]


def _step_label(row) -> str:
    rate = number(row.mid)
    return f"{row.factor:.2f}×, to {rate}" if row.factor == row.factor else rate


def steps_words(case: Scenario, steps: pd.DataFrame) -> Output:
    """How much of the way is open to the chips that run today, and how much needs new ones."""
    if not _has_steps(steps):
        return _no_steps(case)
    rates = steps.set_index("step")["mid"]
    whole = rates[[step for step in STEPS if step in rates]].iloc[-1]
    new = case.deployment("candidate")
    values = {
        "new": f"{chip(new.accelerator)} in {new.precision.upper()}",
        "old": chip(case.deployment("baseline").accelerator),
        "narrow": new.precision.upper(),
        "chips": str(new.chips),
    }
    sentences = []
    if TODAYS_BEST in rates:
        sentences.append(
            "With up to {chips} chips in a deployment and the best serving on both sides, {new} "
            "gives {both} the tokens of today's {old} in today's format."
        )
        values["both"] = f"{whole / rates[TODAYS_BEST]:.2f}×"
    if NARROW_BEST in rates:
        alone = whole / rates[NARROW_BEST]
        values["chip_alone"] = f"{alone:.2f}×"
        sentences.append("Against the same {old} in {narrow} it is {chip_alone}.")
        if rates[NARROW_BEST] < rates.get(TODAYS_BEST, 0):
            sentences[-1] = "{old} gains nothing by {narrow}, so all of this needs the new chip."
        elif alone > MORE:
            sentences[-1] = (
                "Against the same {old} in {narrow} it is {chip_alone}: that much needs the new "
                "chip."
            )
        elif alone < 1 / MORE:
            sentences[-1] = (
                "Against the same {old} in {narrow} it is {chip_alone}, so the new chip serves "
                "less."
            )
    measured = steps.set_index("step")["measured"]
    last = [step for step in STEPS if step in rates][-1]
    if TODAYS_BEST in measured and measured[[TODAYS_BEST, last]].notna().all():
        sentences.append(
            "Measured at these lengths, the best result of the new chip is {measured} the best of "
            "{old} in today's format."
        )
        values["measured"] = f"{measured[last] / measured[TODAYS_BEST]:.2f}×"
    return say(" ".join(sentences), **values)


def frontiers(case: Scenario) -> alt.LayerChart:
    """What both options serve at every speed for one user, with the points that were measured."""
    measured = speed_questions.measured_frontier_points(case)
    lines = speed_questions.frontiers(case, as_measured=bool(len(measured)))
    lines = lines.assign(served=[_served(row) for row in lines.itertuples()])
    words = {}
    for option in speed_questions.OPTIONS:
        what = case.deployment(option)
        words[option] = f"{chip(what.accelerator)} in {what.precision.upper()}"
    promised = case.workload.tokens_per_s_per_user
    finding = "The faster for one user, the fewer tokens for all"
    if len(measured):
        finding = f"{len(measured)} measured points beside the predicted frontiers, nothing cached"
    return charts.frontier(
        lines.replace({"option": words}), measured.replace({"option": words}), promised, finding
    )


def _served(row) -> str:
    pools = "pools" if row.disaggregated_count > 0 else "one pool"
    drafts = f", {row.draft_count:.0f} drafts" if row.draft_count else ""
    return f"{pools}{drafts}, {row.deployment_chips:.0f} chips, {row.engine or 'any engine'}"


def megawatts(case: Scenario) -> Output:
    """Every option by tokens a megawatt, and joules a token at boards, wall and meter."""
    found = decide(case)
    joules = energy_questions.options(case)
    today = found.options[0]
    rows = []
    for option in found.options:
        watts = option.tokens_per_s_per_mw
        own = joules.loc[option.name]
        rows.append(
            [
                plain(_option_words(case, option, today)),
                f"{number(watts.mid)} ({number(watts.low)} to {number(watts.high)})",
                f"{over_today(evaluated(case), option.name, 'tokens_per_s_per_mw'):.2f}×",
                *(number(own[boundary]) for boundary in ("board", "wall", "facility")),
                f"{own['facility'] / joules['facility'].iloc[0]:.2f}×",
            ]
        )
    heads = ["Option", "tokens/s a megawatt", "over the first", "J a token at the boards", "wall"]
    return table(rows, [*heads, "meter", "meter, over the first"])


def half_energy(case: Scenario) -> Output:
    """What was said of energy, and what this model and the measurements make of it, in words."""
    found = decide(case)
    today, by_name = found.options[0], {option.name: option for option in found.options}
    if case.headline not in by_name:
        return Output("The headline's option cannot keep this promise, so it has no energy here.")
    new = by_name[case.headline]
    values = {
        "new": f"{chip(new.accelerator)} in {new.precision.upper()}",
        "old": f"{chip(today.accelerator)} in {today.precision.upper()}",
        "modelled": f"{over_today(evaluated(case), new.name, 'j_per_token'):.2f}",
    }
    words = "A token on {new} takes {modelled} times the board energy of one on {old}"
    narrow = [
        option
        for option in found.options[1:]
        if option.accelerator == today.accelerator and option.precision == new.precision
    ]
    if narrow and new.accelerator != today.accelerator and new.precision != today.precision:
        values["narrow"] = f"{chip(today.accelerator)} in {new.precision.upper()}"
        values["against"] = f"{new.j_per_token.mid / narrow[0].j_per_token.mid:.2f}"
        words += ", and {against} times that of {narrow}"
    claimed = power_questions.claimed_ratios(case)
    if claimed is not None:
        values["said"] = f"{claimed.energy_ratio:.2f}"
        words += ". The claim said {said}"
    return say(f"{words}.", **values)
