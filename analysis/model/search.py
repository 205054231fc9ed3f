"""The search: deployments in one pool and in two, with and without drafts, and the best of them.

Two pools are found in three steps. What a decode worker does at each layout, draft depth and batch
depends on no other, and so does what a prefill worker does; the best of both are joined in the
proportion that keeps both busy. All that is offered has gone through the laws as a whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
import pandas as pd

from analysis.facts import Accelerator, Model, find, read_names, table
from analysis.laws.throughput import THROUGHPUT
from analysis.model.closed_loop import serve
from analysis.model.dimensions import same_dimensions
from analysis.model.evidence import highest_loads, shown
from analysis.model.layouts import BATCHES, Infeasible
from analysis.model.manner import DISAGGREGATED, DRAFTED
from analysis.model.numbers import number_column
from analysis.model.own_measurements import Installation
from analysis.model.predict import predict
from analysis.model.runner import Columns, evaluate
from analysis.model.settings import ENGINES, setting
from analysis.scenario.file_text import MeasurementFault

SIZES = (1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 72)  # chips of a worker
DEPTHS = (0, 1, 2, 3, 4, 5)  # drafted tokens a step
MODES = ("aggregated", "disaggregated")
RANKS = ("tensor_parallel", "data_parallel", "expert_parallel")
NEAR_BEST = 0.8  # of the best rate of decode workers at a speed: those that pools are built from
DECODE_COUNTS = (1, 2, 3, 4, 5, 6, 8, 10)  # decode workers of a deployment
KEPT_PAIRS = 3  # proportions of the pools that are tried for a decode worker
LOADS = (0.7, 0.85, 1.0, 1.15)  # requests in flight over those that fill both pools
PROMISES = ("tokens_per_s_per_user", "ttft_s")
NAMES = ("accelerator", "model", "precision", "engine")
QUESTION = ["accelerator", "model", "precision", "chips", "input_tokens", "output_tokens"]
RATE = "output_tokens_per_s_per_chip"
WORKER = ("tensor_parallel", "data_parallel", "expert_parallel", "pipeline_parallel")
LAYOUT = (  # of a deployment, as `predict` reads it
    *("engine", "mode", "chips", *WORKER),
    *("prefill_workers", *(f"prefill_{rank}" for rank in WORKER)),
    *("decode_workers", *(f"decode_{rank}" for rank in WORKER)),
    *("draft_tokens", "concurrency"),
)


class Coefficients(Protocol):
    """Other coefficients than the fit's: those of an installation, or of a fit to fewer points."""

    def setting(
        self, accelerator: str, model: str, precision: str, engine: str = "", manner: str = ""
    ) -> dict[str, float]:
        """What the names fix, as `settings.setting` gives it."""


def best(frame: pd.DataFrame) -> pd.DataFrame:
    """The best deployment that keeps a promise, for each row; the frame with its columns added.

    Read are `accelerator`, `model`, `precision`, `chips` (the most that one deployment may span),
    `input_tokens`, `output_tokens` and `tokens_per_s_per_user`, and where they are there
    `ttft_limit_s`, `cached_share`, `mode` and `engine`: blank, the best of all is taken. Added are
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
    mode = frame["mode"] if "mode" in frame else pd.Series("", frame.index)
    asked["mode"] = mode.fillna("").astype(str).str.strip().str.lower()
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
    offers = deployments(
        *(question[name] for name in NAMES),
        int(question["chips"]),
        question["input_tokens"],
        question["output_tokens"],
        question["cached_share"],
        modes,
    )
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
    return ""


def keeping(
    offers: pd.DataFrame, tokens_per_s_per_user: float, ttft_limit_s: float
) -> tuple[pd.DataFrame, str]:
    """Deployments that keep a promise; where none does, also the nearest that can be had.

    `offers` is what `deployments` gives, with a row at least.
    """
    in_time = offers[offers["ttft_s"] <= ttft_limit_s]
    if in_time.empty:
        soonest = offers["ttft_s"].min()
        return in_time, f"no first token in time; the soonest comes after {soonest:.3g} s"
    kept = in_time[in_time["tokens_per_s_per_user"] >= tokens_per_s_per_user]
    if kept.empty:
        fastest = in_time["tokens_per_s_per_user"].max()
        return kept, f"the promise cannot be kept; the most is {fastest:.3g} tokens/s a user"
    return kept, ""


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


def best_deployment(
    names: tuple[str, str, str, str],
    chips: int,
    workload: Mapping[str, float],
    promise: Mapping[str, float],
    modes: tuple[str, ...] = MODES,
    depths: tuple[int, ...] = DEPTHS,
    installation: Installation | None = None,
) -> Deployment:
    """The best deployment under a promise.

    `names` are accelerator, model, precision and engine; a blank engine lets the search choose.
    `workload` has input_tokens_per_request, output_tokens_per_request and cached_share, `promise`
    tokens_per_s_per_user and ttft_limit_s. `modes` and `depths` say what the operator can run,
    `installation` what own measurements say of the coefficients.
    Raises Infeasible, with the nearest that can be had, where nothing keeps the promise.
    """
    lengths = [f"{kind}_tokens_per_request" for kind in ("input", "output")]
    offers = deployments(
        *names,
        chips,
        *(workload[name] for name in lengths),
        workload["cached_share"],
        modes,
        depths,
        installation,
    )
    what = f"{names[1]} in {names[2]} on {chips} x {names[0]}"
    if 0 not in depths and not Chip(*names, workload).can_draft():
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
    setting_of = setting if installation is None else installation.setting
    fixed = setting_of(*names[:3], chosen["engine"], manner)
    predicted = {"engine", "ttft_s", "tpot_s", RATE, "tokens_per_s_per_user"}
    layout = {name: float(chosen[name]) for name in offers if name not in predicted}
    return Deployment({**fixed, **workload, **layout}, chosen["engine"], manner)


def _promised(tokens_per_s_per_user: float, ttft_limit_s: float) -> str:
    """A promise in words."""
    speed = f"promised {tokens_per_s_per_user:,.4g} tokens/s a user"
    if ttft_limit_s == np.inf:
        return speed
    return f"{speed} and a first token within {ttft_limit_s:,.4g} s"


@cache
def deployments(
    accelerator: str,
    model: str,
    precision: str,
    engine: str,
    chips: int,
    input_tokens: float,
    output_tokens: float,
    cached_share: float = 0.0,
    modes: tuple[str, ...] = MODES,
    depths: tuple[int, ...] = DEPTHS,
    installation: Installation | None = None,
) -> pd.DataFrame:
    """Deployments of up to `chips`, a row each, with what the laws say of them at their medians.

    Kept of `searched` are those that are served as somebody has shown it to work (`proven`). Not to
    be changed.
    """
    found = searched(
        accelerator,
        model,
        precision,
        engine,
        chips,
        input_tokens,
        output_tokens,
        cached_share,
        modes,
        depths,
        installation,
    )
    names, lengths = (accelerator, model, precision), (input_tokens, output_tokens)
    return proven(found, names, lengths, cached_share)


def searched(
    accelerator: str,
    model: str,
    precision: str,
    engine: str,
    chips: int,
    input_tokens: float,
    output_tokens: float,
    cached_share: float = 0.0,
    modes: tuple[str, ...] = MODES,
    depths: tuple[int, ...] = DEPTHS,
    coefficients: Coefficients | None = None,
) -> pd.DataFrame:
    """All that fits in memory, whether or not anybody has shown it to work, a row a deployment.

    Columns are those that the laws read of a layout and load, `engine`, and what they predict. Of
    two pools only those that may be best at some speed; of one pool all layouts, depths and
    batches.
    """
    workload = {
        "input_tokens_per_request": input_tokens,
        "output_tokens_per_request": output_tokens,
        "cached_share": cached_share,
    }
    tables = []
    for name in engines(accelerator, precision) if engine == "" else (engine,):
        own = Chip(accelerator, model, precision, name, workload, coefficients)
        drafts = [depth for depth in depths if depth == 0 or own.can_draft()]
        if not drafts:
            continue
        if "aggregated" in modes:
            tables.append(own.one_pool(chips, drafts))
        if "disaggregated" in modes:
            tables.append(own.two_pools(chips, drafts))
    if not tables:
        return pd.DataFrame(columns=_OFFERED)
    found = pd.concat(tables, ignore_index=True)
    return found.assign(tokens_per_s_per_user=1 / found["tpot_s"])


def proven(
    found: pd.DataFrame,
    names: tuple[str, str, str],
    lengths: tuple[float, float],
    cached_share: float = 0.0,
    unseen: str = "",
) -> pd.DataFrame:
    """Deployments of a kind and at a load that somebody has shown (`evidence`), or all if nobody.

    `found` is what `searched` gives for the same accelerator, model, precision and tokens of a
    prompt and an answer. `unseen`, `model` or `accelerator`, leaves out what was measured of it.
    """
    if found.empty:
        return found
    input_tokens, output_tokens = lengths
    loads = highest_loads(*names, *lengths, unseen)
    rate = _prompt_rate(found, input_tokens * (1 - cached_share), output_tokens)
    kept = shown(found, loads, rate)
    return found[kept].reset_index(drop=True) if kept.any() else found


def _prompt_rate(offers: pd.DataFrame, input_tokens: float, output_tokens: float) -> np.ndarray:
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


class Chip:
    """One model on one kind of chip, in one precision with one engine, for one workload."""

    def __init__(
        self,
        accelerator: str,
        model: str,
        precision: str,
        engine: str,
        workload: Mapping[str, float],
        coefficients: Coefficients | None = None,
    ):
        self.setting_of = setting if coefficients is None else coefficients.setting
        self.names = (accelerator, model, precision, engine)
        self.engine, self.workload = engine, dict(workload)
        self.chip, self.shape = find(Accelerator, accelerator), find(Model, model)

    def can_draft(self) -> bool:
        """Whether the model has draft layers, its own or by others that somebody has measured."""
        measured = table("acceptance")["model"].map(same_dimensions)
        own = self.shape.mtp_layers_count > 0
        return own or same_dimensions(self.names[1]) in set(measured)

    def fixed(self, pools: bool, drafts: bool) -> Columns:
        """What the laws read besides layout and load."""
        words = [DISAGGREGATED] * pools + [DRAFTED] * drafts
        return {**self.setting_of(*self.names, " ".join(words)), **self.workload}

    def workers(self, chips: int) -> pd.DataFrame:
        """Ways to lay the model over a worker of up to `chips`, a row each."""
        rows = [
            (size, *ranks) for size in SIZES if size <= chips for ranks in self._worker_ranks(size)
        ]
        return pd.DataFrame(rows, columns=["size", *RANKS], dtype=float)

    def _worker_ranks(self, size: int) -> list[tuple[int, int, int]]:
        """Tensor, data and expert ranks with which a worker fills so many chips."""
        ranks: list[tuple[int, int, int]] = []
        for tensor in (1, 2, 4, 8, 16):
            fits = size % tensor == 0 and tensor <= self.chip.domain_chips
            if not fits or self.shape.heads_count % tensor:
                continue
            if tensor == size:
                ranks.append((tensor, 1, 1))
            if self.shape.experts_count and size > 1 and (tensor == size or tensor == 1):
                ranks.append((tensor, size // tensor, size))
        return ranks

    def one_pool(self, chips: int, depths: Sequence[int]) -> pd.DataFrame:
        """All layouts, depths and batches of one pool that fit in memory."""
        tables = []
        for drafts, own in _by_drafting(depths):
            points = self.workers(chips).merge(_grid(own), how="cross")
            load, depth = points["batch"].to_numpy(), points["depth"].to_numpy()
            inputs = _worker_inputs(points, load, depth)
            inputs["disaggregated_count"] = np.zeros(len(points))
            tables.append(self._offered(self.fixed(False, drafts), inputs))
        return pd.concat(tables, ignore_index=True)

    def _offered(self, fixed: Columns, inputs: Columns) -> pd.DataFrame:
        """Deployments with what the laws say of them; those that fit in memory."""
        with np.errstate(all="ignore"):
            results = serve({**fixed, **inputs})
        predicted = {name: results[name] for name in ("ttft_s", "tpot_s", RATE)}
        running = results["concurrency_requests"] * results["decoding_share"]
        fits = (results["capacity_requests"] >= running) & np.isfinite(results[RATE])
        offers = pd.DataFrame({**inputs, **predicted})
        offers["decoding_share"] = results["decoding_share"]
        return offers[fits & (offers["tpot_s"] > 0)].assign(engine=self.engine)

    def two_pools(self, chips: int, depths: Sequence[int]) -> pd.DataFrame:
        """Pools that may be best at some speed, in the proportions that keep both busy."""
        tables: list[pd.DataFrame] = []
        for drafts, own in _by_drafting(depths) if chips > 1 else []:
            fixed = self.fixed(True, drafts)
            decode = self._decode_workers(fixed, self.workers(chips - 1), own)
            prefill = self._prefill_workers(fixed, self.workers(min(chips - 1, 16)))
            joined = self._joined(decode, prefill, chips)
            if len(joined):
                tables.append(self._offered(fixed, _pool_inputs(joined)))
        return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=_OFFERED)

    def _alone(self, fixed: Columns, points: pd.DataFrame, load, depth) -> Columns:
        """What the laws say of a worker by itself, all of whose requests decode."""
        ones = np.ones(len(points))
        inputs = _worker_inputs(points, load, depth)
        inputs |= {"disaggregated_count": ones, "decoding_share": ones}
        with np.errstate(all="ignore"):
            return evaluate({**fixed, **inputs}, THROUGHPUT)

    def _decode_workers(
        self, fixed: Columns, workers: pd.DataFrame, depths: Sequence[int]
    ) -> pd.DataFrame:
        """Decode workers near the best rate at their speed, a row a layout, depth and batch."""
        points = workers.merge(_grid(depths), how="cross")
        load, depth = points["batch"].to_numpy(), points["depth"].to_numpy()
        results = self._alone(fixed, points, load, depth)
        answer_s = results["tpot_s"] * self.workload["output_tokens_per_request"]
        points = points.assign(tpot_s=results["tpot_s"], answers_per_s=load / answer_s)
        points = points[results["capacity_requests"] >= load]
        rate = points["answers_per_s"] / points["size"]
        order = points["tpot_s"].sort_values().index
        best_so_far = rate[order].cummax().reindex(points.index)
        return points[rate >= NEAR_BEST * best_so_far].reset_index(drop=True)

    def _prefill_workers(self, fixed: Columns, workers: pd.DataFrame) -> pd.DataFrame:
        """Prefill workers: those with most prompts a second and chip, and those soonest done."""
        results = self._alone(fixed, workers, np.ones(len(workers)), np.zeros(len(workers)))
        points = workers.assign(prompt_s=results["prompt_capacity_s"], first_s=results["first_s"])
        points = points[results["capacity_requests"] >= 1]
        cost = points["prompt_s"] * points["size"]
        kept = [*cost.nsmallest(2).index, *points["first_s"].nsmallest(1).index]
        return points.loc[list(dict.fromkeys(kept))].reset_index(drop=True)

    def _joined(self, decode: pd.DataFrame, prefill: pd.DataFrame, chips: int) -> pd.DataFrame:
        """Pools joined: the best proportions of each decode worker, at several loads."""
        pairs = decode.reset_index(names="worker").merge(
            prefill.add_prefix("prefill_"), how="cross"
        )
        pairs = pairs.merge(pd.DataFrame({"decode_workers": DECODE_COUNTS}), how="cross")
        needed = pairs["answers_per_s"] * pairs["decode_workers"] * pairs["prefill_prompt_s"]
        fewer, more = np.floor(needed), np.ceil(needed)
        either = pd.concat(
            [pairs.assign(prefill_workers=count.clip(lower=1)) for count in (fewer, more)]
        )
        used = either["prefill_workers"] * either["prefill_size"]
        used = used + either["decode_workers"] * either["size"]
        either = either.assign(deployment_chips=used)[used <= chips]
        prompts_per_s = either["prefill_workers"] / either["prefill_prompt_s"]
        answers_per_s = either["answers_per_s"] * either["decode_workers"]
        either["requests_per_s"] = np.minimum(prompts_per_s, answers_per_s)
        either["estimate"] = either["requests_per_s"] / either["deployment_chips"]
        either = either.sort_values(["worker", "estimate"], ascending=[True, False])
        kept = either.groupby("worker").head(KEPT_PAIRS)
        kept = kept.merge(pd.DataFrame({"load": LOADS}), how="cross")
        answer_s = kept["tpot_s"] * self.workload["output_tokens_per_request"]
        in_flight = kept["requests_per_s"] * (answer_s + kept["prefill_first_s"])
        return kept.assign(in_flight=np.maximum(np.round(in_flight * kept["load"]), 1))


_OFFERED = ["deployment_chips", "disaggregated_count", "engine", "ttft_s", "tpot_s", RATE]


def _by_drafting(depths: Sequence[int]) -> list[tuple[bool, list[int]]]:
    """Depths without drafts and with: each runs with coefficients of its own."""
    groups = [(False, [d for d in depths if d == 0]), (True, [d for d in depths if d > 0])]
    return [group for group in groups if group[1]]


def _grid(depths: Sequence[int]) -> pd.DataFrame:
    grid = pd.MultiIndex.from_product([depths, BATCHES], names=["depth", "batch"])
    return grid.to_frame(index=False).astype(float)


def _worker_inputs(workers: pd.DataFrame, load: np.ndarray, depth: np.ndarray) -> Columns:
    """One worker a row, on whose chips prompts run as well, as the columns that the laws read."""
    layout = {name: workers[name].to_numpy() for name in RANKS}
    layout["pipeline_parallel"] = layout["instances_count"] = np.ones(len(workers))
    return {
        **layout,
        **{f"prefill_{name}": value for name, value in layout.items()},
        "deployment_chips": workers["size"].to_numpy(),
        "draft_count": depth,
        "concurrency_requests": load,
    }


def _pool_inputs(joined: pd.DataFrame) -> Columns:
    """Joined pools as the columns that the laws read."""
    ones = np.ones(len(joined))
    inputs = {
        "deployment_chips": joined["deployment_chips"].to_numpy(float),
        "disaggregated_count": ones,
        "draft_count": joined["depth"].to_numpy(),
        "concurrency_requests": joined["in_flight"].to_numpy(),
        "instances_count": joined["decode_workers"].to_numpy(float),
        "prefill_instances_count": joined["prefill_workers"].to_numpy(float),
        "pipeline_parallel": ones,
        "prefill_pipeline_parallel": ones,
    }
    for name in RANKS:
        inputs[name] = joined[name].to_numpy()
        inputs[f"prefill_{name}"] = joined[f"prefill_{name}"].to_numpy()
    return inputs
