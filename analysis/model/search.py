"""The search: deployments in one pool and in two, with and without drafts, and the best of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pandas as pd

from analysis.facts import read_names, table
from analysis.model.evidence import Highest, Kind, highest_loads, shown
from analysis.model.layouts import BATCHES, DOUBLING, Infeasible
from analysis.model.manner import DISAGGREGATED, DRAFTED
from analysis.model.numbers import number_column
from analysis.model.own_coefficients import without_drafts
from analysis.model.predict import predict
from analysis.model.runner import Columns
from analysis.model.settings import ENGINES
from analysis.model.workers import RATE, Chip, Coefficients, Offers, setting_of
from analysis.scenario.file_text import MeasurementFault

EDGES = np.linspace(0, 1, 33)  # shares of deployments by the time of their first token
DEPTHS = (0, 1, 2, 3, 4, 5)  # drafted tokens a step
MODES = ("aggregated", "disaggregated")
# Loads that are tried. A benchmark doubles the requests in flight from one point to the next, and
# so do those who set a server up; whoever plans with all loads between serves some 9% more.
ANY, MEASURED = "any", "measured"
LOADS = {ANY: BATCHES, MEASURED: DOUBLING}
PROMISES = ("tokens_per_s_per_user", "ttft_s")
NAMES = ("accelerator", "model", "precision", "engine")
QUESTION = ["accelerator", "model", "precision", "chips", "input_tokens", "output_tokens"]
WORKER = ("tensor_parallel", "data_parallel", "expert_parallel", "pipeline_parallel")
LAYOUT = (  # of a deployment, as `predict` reads it
    *("engine", "mode", "chips", *WORKER),
    *("prefill_workers", *(f"prefill_{rank}" for rank in WORKER)),
    *("decode_workers", *(f"decode_{rank}" for rank in WORKER)),
    *("draft_tokens", "concurrency"),
)


@dataclass(frozen=True)
class Search:
    """What is searched: deployments of a model on up to so many chips, for one workload.

    Names are those of our tables; a blank engine stands for all that are known. `modes` and
    `depths` (of drafts) say what the operator can run, `coefficients` are other ones than the
    fit's, and `loads` is one of LOADS: all loads, or those at which servers are measured.
    """

    accelerator: str
    model: str
    precision: str
    engine: str
    chips: int
    input_tokens: float
    output_tokens: float
    cached_share: float = 0.0
    modes: tuple[str, ...] = MODES
    depths: tuple[int, ...] = DEPTHS
    coefficients: Coefficients | None = None
    loads: str = ANY

    @property
    def names(self) -> tuple[str, str, str]:
        """Accelerator, model and precision."""
        return self.accelerator, self.model, self.precision

    @property
    def lengths(self) -> tuple[float, float]:
        """Tokens of a prompt and of an answer."""
        return self.input_tokens, self.output_tokens

    @property
    def workload(self) -> dict[str, float]:
        """The workload as the laws read it."""
        return {
            "input_tokens_per_request": self.input_tokens,
            "cached_share": self.cached_share,
            "output_tokens_per_request": self.output_tokens,
        }


def best(frame: pd.DataFrame) -> pd.DataFrame:
    """The best deployment that keeps a promise, for each row; the frame with its columns added.

    Read are `accelerator`, `model`, `precision`, `chips` (the most that one deployment may span),
    `input_tokens`, `output_tokens` and `tokens_per_s_per_user`, and where they are there
    `ttft_limit_s`, `cached_share`, `mode` and `engine`: blank, the best of all is taken. `loads` is
    `measured`, where it is blank: those at which servers are measured and set up, each twice the
    one before; or `any`, with which scenarios are decided and which serve some 9% more. Added are
    the layout, load and depth as `predict` reads them with `deployment_chips`, its predictions with
    their ranges, and `reason` where nothing keeps the promise, with the nearest that can be had.
    Raises MeasurementFault where a column is missing.
    """
    needed = [*QUESTION, "tokens_per_s_per_user"]
    missing = [name for name in needed if name not in frame]
    if missing:
        raise MeasurementFault(
            f"missing columns: {', '.join(missing)}; needed: {', '.join(needed)}"
        )
    answers = [_answer(row) for row in _questions(frame).to_dict("records")]
    found = pd.DataFrame(answers, index=frame.index, columns=[*LAYOUT, "reason"])
    kept = frame.drop(columns=[name for name in found if name in frame])
    predicted = predict(kept.join(found))
    reason = np.where(found["reason"] != "", found["reason"], predicted["reason"])
    return predicted.assign(chips=frame["chips"], deployment_chips=found["chips"], reason=reason)


def _questions(frame: pd.DataFrame) -> pd.DataFrame:
    """What is asked, with names as our tables spell them and blanks as the usual."""
    columns = {name: _texts(frame, name) for name in NAMES}
    named = [read_names(*four) for four in zip(*columns.values(), strict=True)]
    asked = pd.DataFrame([vars(each) for each in named], index=frame.index)
    for name in (*QUESTION[3:], "tokens_per_s_per_user", "cached_share"):
        asked[name] = number_column(frame, name)
    asked["cached_share"] = asked["cached_share"].fillna(0)
    asked["ttft_limit_s"] = pd.Series(number_column(frame, "ttft_limit_s"), frame.index)
    asked["ttft_limit_s"] = asked["ttft_limit_s"].fillna(np.inf)
    for name in ("mode", "loads"):
        asked[name] = [text.lower() for text in _texts(frame, name)]
    asked["loads"] = asked["loads"].replace("", MEASURED)
    return asked


def _texts(frame: pd.DataFrame, name: str) -> list[str]:
    if name not in frame:
        return [""] * len(frame)
    written = frame[name].astype(object).where(frame[name].notna(), "")
    return [str(value).strip() for value in written]


def _answer(question: dict) -> dict:
    """The best deployment for one question, as the columns that `predict` reads, and a reason."""
    fault = _fault(question)
    if fault:
        return {"reason": fault}
    modes = MODES if question["mode"] == "" else (question["mode"],)
    search = Search(
        **{name: question[name] for name in NAMES},
        chips=int(question["chips"]),
        input_tokens=question["input_tokens"],
        output_tokens=question["output_tokens"],
        cached_share=question["cached_share"],
        modes=modes,
        loads=question["loads"],
    )
    offers = undominated(search)
    what = f"{question['model']} in {question['precision']} on {question['accelerator']}"
    if offers.empty:
        return {"reason": f"{what}: does not fit in the memory of {question['chips']:.0f} chips"}
    kept, nearest = keeping(offers, question["tokens_per_s_per_user"], question["ttft_limit_s"])
    if kept.empty:
        return {"reason": f"{what}: {nearest}"}
    chosen = kept.loc[kept[RATE].idxmax()]
    return {**stated_layout(chosen), "reason": ""}


def _fault(question: dict) -> str:
    """Why a question cannot be answered; empty where it can."""
    if question["fault"]:
        return question["fault"]
    numbers = [question[name] for name in (*QUESTION[3:], "tokens_per_s_per_user")]
    if not all(np.isfinite(number) and number > 0 for number in numbers):
        return "chips, tokens and speeds have to be finite numbers above 0"
    if question["mode"] not in ("", *MODES):
        return f"unknown mode {question['mode']!r}; known: {', '.join(MODES)}"
    if question["loads"] not in LOADS:
        return f"unknown loads {question['loads']!r}; known: {', '.join(LOADS)}"
    return ""


def keeping(
    offers: pd.DataFrame, tokens_per_s_per_user: float, ttft_limit_s: float
) -> tuple[pd.DataFrame, str]:
    """Deployments that keep a promise; where none does, also the nearest that can be had.

    `offers` is what `deployments` gives, with a row at least.
    """
    in_time = (offers["ttft_s"] <= ttft_limit_s).to_numpy()
    kept = in_time & (offers["tokens_per_s_per_user"] >= tokens_per_s_per_user).to_numpy()
    reason = ""
    if not in_time.any():
        soonest = offers["ttft_s"].min()
        reason = f"no first token in time; the soonest comes after {soonest:.3g} s"
    elif not kept.any():
        fastest = offers.loc[in_time, "tokens_per_s_per_user"].max()
        reason = f"the promise cannot be kept; the most is {fastest:.3g} tokens/s a user"
    return offers[kept], reason


def frontier(offers: pd.DataFrame) -> pd.DataFrame:
    """Deployments that none beats in tokens/s a user and a chip at once, the fastest first."""
    points = offers.sort_values(["tokens_per_s_per_user", RATE], ascending=False)
    best_so_far = points[RATE].cummax().shift(fill_value=0)
    return points[points[RATE] > best_so_far].reset_index(drop=True)


def stated_layout(deployment: Mapping) -> dict:
    """A deployment as the columns that `predict` reads."""
    pooled = deployment["disaggregated_count"] > 0
    stated = {
        "engine": deployment["engine"],
        "mode": MODES[int(pooled)],
        "chips": deployment["deployment_chips"],
    }
    for rank in WORKER:
        stated[rank] = np.nan if pooled else deployment[rank]
    for pool, prefix in (("prefill", "prefill_"), ("decode", "")):
        workers = deployment[f"{prefix}instances_count"]
        stated[f"{pool}_workers"] = workers if pooled else np.nan
        for rank in WORKER:
            stated[f"{pool}_{rank}"] = deployment[f"{prefix}{rank}"] if pooled else np.nan
    stated["draft_tokens"] = deployment["draft_count"]
    stated["concurrency"] = deployment["concurrency_requests"]
    return stated


@dataclass(frozen=True, eq=False)
class Deployment:
    """A deployment that was found: what the laws read of it, its engine, and how it is served.

    `columns` hold layout and load with coefficients at their medians, `manner` words of manner.py.
    """

    columns: Columns
    engine: str
    manner: str


def best_deployment(search: Search, promise: Mapping[str, float]) -> Deployment:
    """The best deployment under a promise: tokens_per_s_per_user and ttft_limit_s.

    Raises Infeasible, with the nearest that can be had, where nothing keeps the promise.
    """
    offers = undominated(search)
    what = f"{search.model} in {search.precision} on {search.chips} x {search.accelerator}"
    if 0 not in search.depths and not Chip(*search.names, "", search.workload).can_draft():
        raise Infeasible(f"{what}: nobody has shown drafted tokens with this model")
    if offers.empty:
        raise Infeasible(f"{what}: does not fit in memory")
    kept, nearest = keeping(offers, **promise)
    if kept.empty:
        raise Infeasible(f"{what}: {_promised(**promise)}; {nearest}")
    chosen = kept.loc[kept[RATE].idxmax()]
    words = [DISAGGREGATED] if chosen["disaggregated_count"] > 0 else []
    words += [DRAFTED] if chosen["draft_count"] > 0 else []
    manner = " ".join(words)
    fixed = setting_of(search.coefficients)(*search.names, chosen["engine"], manner)
    predicted = {"engine", "ttft_s", "tpot_s", RATE, "tokens_per_s_per_user"}
    layout = {name: float(chosen[name]) for name in offers if name not in predicted}
    return Deployment({**fixed, **search.workload, **layout}, chosen["engine"], manner)


def _promised(tokens_per_s_per_user: float, ttft_limit_s: float) -> str:
    """A promise in words."""
    speed = f"promised {tokens_per_s_per_user:,.4g} tokens/s a user"
    if ttft_limit_s == np.inf:
        return speed
    return f"{speed} and a first token within {ttft_limit_s:,.4g} s"


_OFFERED = ["deployment_chips", "disaggregated_count", "engine", "ttft_s", "tpot_s", RATE]


def undominated(search: Search) -> pd.DataFrame:
    """Those of `deployments` that none clearly beats in speed, first token and rate at once.

    Whatever is promised, the best that keeps it is among them, and so is the nearest that can be
    had. Deployments without drafts are found once for all acceptances of drafts. Not to be changed.
    """
    drafted = replace(search, depths=tuple(depth for depth in search.depths if depth > 0))
    plain = replace(search, depths=tuple(depth for depth in search.depths if depth == 0))
    plain = replace(plain, coefficients=without_drafts(search.coefficients))
    for is_shown in (True, False):  # the second where nothing of what somebody has shown fits
        found = [_undominated(part, is_shown) for part in (plain, drafted) if part.depths]
        if any(len(part) for part in found):
            break
    return pd.concat([part for part in found if len(part)] or found[:1], ignore_index=True)


@cache
def _undominated(search: Search, is_shown: bool) -> pd.DataFrame:
    offers = _found(search, is_shown)
    if offers.empty:
        return offers
    offers = offers.sort_values(["tokens_per_s_per_user", RATE], ascending=False, kind="stable")
    rate, ttft_s = offers[RATE].to_numpy(), offers["ttft_s"].to_numpy()
    kept = np.ones(len(offers), dtype=bool)
    # Of those that are no sooner than an edge, none stays that a faster one, sooner than the edge,
    # beats: an eighth stays, in a twentieth of the time in which pairs are compared.
    for edge in np.unique(np.quantile(ttft_s, EDGES)):
        best_sooner = np.maximum.accumulate(np.where(ttft_s <= edge, rate, -np.inf))
        beaten = np.concatenate([[False], best_sooner[:-1] >= rate[1:]])
        kept &= (ttft_s < edge) | ~beaten
    return offers[kept].sort_index()


def deployments(search: Search) -> pd.DataFrame:
    """Deployments of up to `chips`, a row each, with what the laws say of them at their medians.

    Kept of `searched` are those that are served as somebody has shown it to work (`proven`).
    Columns are those that the laws read of a layout and load, `engine`, and what they predict.
    """
    offers = _found(search, is_shown=True)
    return _found(search, is_shown=False) if offers.empty else offers


def _found(search: Search, is_shown: bool) -> pd.DataFrame:
    """What somebody has shown of all that is searched; or all of it."""
    if not is_shown:
        return _rows(searched(search), None)
    offers = searched(search, highest_loads(*search.names, *search.lengths, ""))
    return _rows(offers, _are_shown(offers, search))


def searched(search: Search, within: Mapping[Kind, Highest] | None = None) -> list[Offers]:
    """All that fits in memory, whether or not anybody has shown it to work, by kind of serving.

    Of two pools only those that may be best at some speed; of one pool all layouts, depths and
    batches. `within` highest loads (`evidence.highest_loads`) only kinds of serving that have been
    shown, to the depths of drafts to which they were.
    """
    offers: list[Offers] = []
    names = engines(search.accelerator, search.precision)
    for name in names if search.engine == "" else (search.engine,):
        four = (*search.names, name)
        own = Chip(*four, search.workload, search.coefficients, LOADS[search.loads])
        drafts = [depth for depth in search.depths if depth == 0 or own.can_draft()]
        for mode, laid_out in zip(MODES, (own.one_pool, own.two_pools), strict=True):
            shown_to = drafts if within is None else _shown_depths(drafts, within, name, mode)
            if shown_to and mode in search.modes:
                offers += laid_out(search.chips, shown_to)
    return offers


def _shown_depths(
    depths: Sequence[int], within: Mapping[Kind, Highest], engine: str, mode: str
) -> list[int]:
    """Depths of drafts that somebody has shown with an engine in a mode of serving."""
    pools = mode == "disaggregated"
    deepest = {
        drafts: within[engine, pools, drafts].draft_tokens
        for drafts in (False, True)
        if (engine, pools, drafts) in within
    }
    return [depth for depth in depths if depth <= deepest.get(depth > 0, -1)]


def proven(offers: Sequence[Offers], search: Search, unseen: str = "") -> pd.DataFrame:
    """Deployments of a kind and at a load that somebody has shown (`evidence`), or all if nobody.

    `offers` is what `searched` gives for the same search. `unseen`, `model` or `accelerator`,
    leaves out what was measured of it. A row a deployment: the columns of the offers, `engine` and
    `tokens_per_s_per_user`.
    """
    kept = _are_shown(offers, search, unseen)
    is_any = any(is_shown.any() for is_shown in kept)
    return _rows(offers, kept if is_any else None)


def _are_shown(offers: Sequence[Offers], search: Search, unseen: str = "") -> list[np.ndarray]:
    """Which deployments of each kind somebody has shown."""
    loads = highest_loads(*search.names, *search.lengths, unseen)
    computed_tokens = search.input_tokens * (1 - search.cached_share)
    rates = (_prompt_rate(each.columns, computed_tokens, search.output_tokens) for each in offers)
    return [shown(each, loads, rate) for each, rate in zip(offers, rates, strict=True)]


def _rows(offers: Sequence[Offers], kept: Sequence[np.ndarray] | None) -> pd.DataFrame:
    """Those kept of the offers as one table; all for None."""
    if not offers:
        return pd.DataFrame(columns=_OFFERED)
    parts = [slice(None)] * len(offers) if kept is None else kept
    found = {
        name: np.concatenate(
            [each.columns[name][part] for each, part in zip(offers, parts, strict=True)]
        )
        for name in offers[0].columns
    }
    counts = [len(each.columns[RATE][part]) for each, part in zip(offers, parts, strict=True)]
    named = np.repeat(np.array([each.engine for each in offers], dtype=object), counts)
    return pd.DataFrame({**found, "engine": named, "tokens_per_s_per_user": 1 / found["tpot_s"]})


def _prompt_rate(offers: Columns, input_tokens: float, output_tokens: float) -> np.ndarray:
    """Computed prompt tokens/s of a chip in the prefill pool; 0 for one pool."""
    workers = offers["prefill_instances_count"] * offers["disaggregated_count"]
    ranks = offers["prefill_tensor_parallel"] * offers["prefill_data_parallel"]
    chips = workers * ranks * offers["prefill_pipeline_parallel"]
    answers_per_s = offers[RATE] * offers["deployment_chips"] / output_tokens
    return np.where(chips > 0, answers_per_s * input_tokens / np.maximum(chips, 1), 0.0)


@cache
def engines(accelerator: str, precision: str) -> tuple[str, ...]:
    """Engines measured on chips of this generation in this precision.

    Where none was, those measured on any chip of the maker, which run at their mean over
    generations; blank where nobody has measured the maker.
    """
    rows = table("coefficients")
    things = set(rows.loc[rows["level"] == "platform", "thing"])
    families = table("families")
    family = families.set_index("accelerator").loc[accelerator]
    makers = sorted(set(families.loc[families["maker"] == family["maker"], "generation"]))
    for generations in ([family["generation"]], makers):
        platforms = {f"{generation} {{}} {precision}" for generation in generations}
        found = [name for name in ENGINES if any(p.format(name) in things for p in platforms)]
        if found:
            return tuple(found)
    return ("",)
