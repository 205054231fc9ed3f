"""The best few deployments for one question, by tokens, dollars or joules, side by side."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.facts import Accelerator, chosen, find, nearest, read_names
from analysis.model.board_power import ENERGY
from analysis.model.launch import launch_commands
from analysis.model.predict import predict
from analysis.model.prices import CONTRACTS
from analysis.model.ranks import POOLS
from analysis.model.search import (
    LAYOUT,
    MEASURED,
    RATE,
    WORKER,
    Search,
    deployments,
    keeping,
    stated_layout,
)
from analysis.units import convert

OBJECTIVES = {"tokens": (RATE, False), "usd": ("usd_per_mtok", True), "joules": (ENERGY, True)}
COUNT = 5
MOST = 2000  # deployments that are predicted with their energy: the fastest that keep the promise
SHOWN = [
    *("accelerator", "precision", "engine", "mode", "layout", "draft_tokens", "concurrency"),
    *(RATE, "tokens_per_s_per_user", "ttft_s", "usd_per_mtok", ENERGY, "price"),
]
_SHORT = {
    "tensor_parallel": "TP",
    "data_parallel": "DP",
    "expert_parallel": "EP",
    "pipeline_parallel": "PP",
}


class Unanswerable(ValueError):
    """A question that has no deployment for an answer, with the reason of each chip."""


def best_few(
    accelerators: Sequence[str],
    model: str,
    precisions: Sequence[str] = ("",),
    *,
    input_tokens: float,
    output_tokens: float,
    tokens_per_s_per_user: float,
    ttft_limit_s: float = np.inf,
    cached_share: float = 0.0,
    chips: int | None = None,
    engine: str = "",
    objective: str = "tokens",
    usd_per_hour: float | None = None,
    as_of: str | None = None,
    count: int = COUNT,
) -> pd.DataFrame:
    """The best deployments that keep a promise, the best first, each layout once.

    Searched are all accelerators (under the names that people write) in all precisions; a blank one
    is that of the checkpoint. `chips` is the most that a deployment may span, by default a scale-up
    domain. `objective` is tokens (output tokens/s a chip), usd ($ per million output tokens with
    every chip busy, at the longest contract that is quoted as of a day, or at `usd_per_hour` a
    chip) or joules (of the boards, an output token). Columns are SHOWN with what `predict` adds
    and the layout as it reads it. Raises Unanswerable where nothing keeps the promise, with the
    nearest that can be had, and ValueError for an unknown objective.
    """
    if objective not in OBJECTIVES:
        raise ValueError(f"objective {objective!r}: {nearest(objective, OBJECTIVES)}")
    question = {
        "input_tokens": float(input_tokens),
        "output_tokens": float(output_tokens),
        "cached_share": float(cached_share),
    }
    tables, reasons = [], []
    for accelerator in accelerators:
        for precision in precisions:
            named = read_names(accelerator, model, precision, engine)
            if named.fault:
                reasons.append(named.fault)
                continue
            four = (named.accelerator, named.model, named.precision, named.engine)
            span = chips or int(find(Accelerator, named.accelerator).domain_chips)
            offers = deployments(
                Search(
                    *four,
                    chips=span,
                    input_tokens=float(input_tokens),
                    output_tokens=float(output_tokens),
                    cached_share=float(cached_share),
                    loads=MEASURED,
                )
            )
            kept, reason = _kept(offers, tokens_per_s_per_user, ttft_limit_s)
            if reason:
                what = f"{named.model} in {named.precision} on {span} x {named.accelerator}"
                reasons.append(f"{what}: {reason}")
                continue
            usd, price = _price(named.accelerator, usd_per_hour, as_of)
            answers = _predicted(kept, four, question).assign(price=price)
            rate = answers[RATE] * convert(1.0, "hour", "s")
            tables.append(answers.assign(usd_per_mtok=usd / rate * 1e6))
    if not tables:
        raise Unanswerable("; ".join(dict.fromkeys(reasons)))
    column, ascending = OBJECTIVES[objective]
    found = pd.concat(tables, ignore_index=True)
    if found[column].isna().all():
        raise Unanswerable("no rent of these chips is quoted: state --usd-per-hour")
    found = found.sort_values(column, ascending=ascending, kind="stable")
    same = ["accelerator", "precision", "engine", "proportion", "draft_tokens"]
    found = found.drop_duplicates(same).drop(columns="proportion")
    rest = [name for name in found if name not in SHOWN]
    return found[[*SHOWN, *rest]].head(count).reset_index(drop=True)


def _kept(offers: pd.DataFrame, speed: float, limit_s: float) -> tuple[pd.DataFrame, str]:
    """The fastest of the deployments that keep a promise, or why there is none."""
    if offers.empty:
        return offers, "does not fit in memory"
    kept, nearest = keeping(offers, speed, limit_s)
    return kept.sort_values(RATE, ascending=False, kind="stable").head(MOST), nearest


def _predicted(kept: pd.DataFrame, names: tuple[str, ...], question: dict) -> pd.DataFrame:
    """Deployments as `predict` reads and answers them, with the layout in words."""
    rows = pd.DataFrame([stated_layout(row) for row in kept.to_dict("records")], columns=LAYOUT)
    stated = dict(zip(("accelerator", "model", "precision"), names, strict=False))
    answers = predict(rows.assign(**stated, **question))
    layouts = answers.to_dict("records")
    answers = answers.assign(
        layout=[layout_words(row) for row in layouts],
        proportion=[_proportion(row) for row in layouts],
        tokens_per_s_per_user=1 / answers["tpot_s"],
    )
    return answers[answers["reason"] == ""]


def layout_words(row: dict) -> str:
    """A layout in the field's short words: `TP8`, `DP16 EP16`, `1x TP4 + 2x DP16 EP16`."""
    if row["mode"] == "aggregated":
        return _ranks(row, "")
    pools = [f"{row[f'{pool}_workers']:.0f}x {_ranks(row, f'{pool}_')}" for pool in POOLS]
    return " + ".join(pools)


def _proportion(row: dict) -> str:
    """A layout without how often it is repeated: 20 prefill to 2 decode workers are 10 to 1."""
    if row["mode"] == "aggregated":
        return layout_words(row)
    counts = [int(row[f"{pool}_workers"]) for pool in POOLS]
    share = math.gcd(*counts)
    repeated = {f"{pool}_workers": n // share for pool, n in zip(POOLS, counts, strict=True)}
    return layout_words({**row, **repeated})


def _ranks(row: dict, prefix: str) -> str:
    counts = {_SHORT[name]: row[f"{prefix}{name}"] for name in WORKER}
    words = [f"{short}{count:.0f}" for short, count in counts.items() if count > 1]
    return " ".join(words) or "TP1"


def _price(chip: str, usd_per_hour: float | None, as_of: str | None) -> tuple[float, str]:
    """Dollars of a chip hour, and what that price is; NaN where nobody has quoted one.

    Of several quotes that of the longest contract counts.
    """
    if usd_per_hour is not None:
        return usd_per_hour, f"${usd_per_hour:g} an hour, as stated"
    prices = chosen("prices", None, as_of)
    own = prices[prices["thing"] == chip].set_index("field")
    for contract in CONTRACTS:
        field = f"{contract}_usd_per_s_per_chip"
        if field in own.index:
            usd = convert(float(own.loc[field, "base"]), "usd/s", "usd/hour")
            return usd, f"{contract} at ${usd:.2f} an hour, {own.loc[field, 'as_of']}"
    return np.nan, ""


def printed(few: pd.DataFrame) -> str:
    """What `best_few` gives as text: a table for people, and how the first is started."""
    layout = few["layout"] + [f", {n:.0f} drafts" if n else "" for n in few["draft_tokens"]]
    chip = few["accelerator"] + " " + few["precision"]
    shown = pd.DataFrame({"chip": chip, "engine": few["engine"], "layout": layout})
    shown["in flight"] = few["concurrency"].map("{:.0f}".format)
    shown["tokens/s/chip"] = [
        f"{mid:,.0f} ({low:,.0f} to {high:,.0f})"
        for mid, low, high in few[[RATE, f"{RATE}_p10", f"{RATE}_p90"]].to_numpy()
    ]
    shown["tokens/s/user"] = few["tokens_per_s_per_user"].map("{:.0f}".format)
    shown["first token s"] = few["ttft_s"].map("{:.2g}".format)
    usd = few["usd_per_mtok"]
    shown["$/Mtok"] = [f"{value:.2f}" if np.isfinite(value) else "no quote" for value in usd]
    shown["J/token"] = few[ENERGY].map("{:.2f}".format)
    parts = [shown.to_string(index=False)]
    prices = dict.fromkeys(zip(few["accelerator"], few["price"], strict=True))
    parts += [f"$/Mtok: {chip}, {price}" for chip, price in prices if price]
    commands = launch_commands(few.iloc[0].to_dict())
    if commands:
        named = few.iloc[0]
        model = f"MODEL is a checkpoint of {named['model']} in {named['precision']}"
        if named["mode"] != "aggregated":
            model += "; PREFILL_1, DECODE_1 and so on are the hosts of the workers"
        parts += [f"The first is started like this ({model}):", *commands]
    return "\n".join(parts)
