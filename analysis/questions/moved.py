"""Why answers moved between two states of this project: groups of its files exchanged one by one.

A group is a fact table, what calibration wrote, the beliefs, all else that scenarios state, the
laws, or other code. Each mixture of old and new groups is a folder of its own, evaluated by a
process with the code that is in it.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations, islice
from math import factorial
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from analysis.questions.trees import (
    BELIEFS,
    CODE,
    FACTS,
    LAWS,
    SCENARIOS,
    changed_groups,
    group_of,
    mixed_tree,
)

MOST_FOR_SHAPLEY = 3  # groups; beyond, the mixtures would take longer than a minute
AT_ONCE = 2  # processes
# What is exchanged as one, the least first. A key that a newer schema knows is none to older code.
TOGETHER = ("", "laws and code", "laws, code and scenarios", "all of it")
EVALUATE = """
import json, sys
root, read = sys.argv[1], set()
def note(event, words):
    if event == "open" and isinstance(words[0], str) and words[0].startswith(root):
        read.add(words[0][len(root):].lstrip("/"))
sys.addaudithook(note)
sys.path.insert(0, root)
import analysis as an
found = {}
for name in sys.argv[2:]:
    try:
        answer = an.decide(an.load(name))
        found[name] = [answer.acts[0].instruction, answer.cost_ratio.mid]
    except (ValueError, LookupError) as fault:
        found[name] = str(fault)
print(json.dumps([found, sorted(read)]))
"""
NOT_TABLES = (CODE, LAWS, SCENARIOS, BELIEFS)
Answers = Mapping[str, tuple[str, float]]  # instruction and median cost over keeping, by scenario
Found = dict[frozenset, Answers]
AllAnswers = Callable[[Sequence[tuple[frozenset, Collection[str]]]], list[Answers]]


@dataclass(frozen=True)
class Move:
    """How an answer moved: acts and median costs over keeping before and after, and what each group
    of files contributes to the difference of the costs.

    `order` is in which groups were exchanged, empty where every order counts alike (Shapley 1953).
    """

    scenario: str
    before: tuple[str, float]
    after: tuple[str, float]
    parts: Mapping[str, float]
    order: tuple[str, ...]


class Inseparable(ValueError):
    """Old and new files do not run together; the message is that of the mixture."""


class Evaluated(NamedTuple):
    """The answers of a tree, which of its files were opened for them, and why others failed."""

    answers: Answers
    read: frozenset[str]
    faults: Mapping[str, str] = MappingProxyType({})


def bundled(groups: Sequence[str], together: str = "") -> dict[str, tuple[str, ...]]:
    """Groups by the name under which they are exchanged, one of TOGETHER as one.

    >>> bundled(["laws", "code", "prices.csv"], "laws and code")
    {'laws and code': ('laws', 'code'), 'prices.csv': ('prices.csv',)}
    """
    joined = {
        "": (),
        "laws and code": (LAWS, CODE),
        "laws, code and scenarios": (LAWS, CODE, SCENARIOS),
        "all of it": tuple(groups),
    }[together]
    one = tuple(group for group in groups if group in joined)
    bundles = {together: one} if one else {}
    return bundles | {group: (group,) for group in groups if group not in one}


def both_ends(old: Path, new: Path, scenarios: Sequence[str]) -> list[Evaluated]:
    """The answers of two trees by their own code; Inseparable where it does not run."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda tree: evaluated(tree, scenarios), (old, new)))


def moves(
    old: Path,
    new: Path,
    scenarios: Sequence[str],
    work: Path,
    together: str = "",
    ends: Sequence[Evaluated] = (),
) -> list[Move]:
    """How the answers of `scenarios` moved from the tree `old` to the tree `new`.

    Mixtures are made below the folder `work`. Scenarios that one of the two cannot answer have no
    row. A table that neither state opens for its answers moves none and is not exchanged. Raises
    Inseparable where the files of both do not run together; `together`, one of TOGETHER, is what
    counts as one group. `ends` are the answers of both trees, where they are known.
    """
    groups = list(changed_groups(old, new))
    ends = ends or both_ends(old, new, scenarios)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        known = set(ends[0].answers).intersection(ends[1].answers)
        read = {group_of(name) for end in ends for name in end.read if name.startswith(FACTS)}
        tables = [group for group in groups if group not in NOT_TABLES]
        unread = [group for group in tables if group not in read]
        bundles = bundled([group for group in groups if group not in unread], together)

        def answers(subset: frozenset, names: Collection[str]) -> Answers:
            place = "-".join(str(k) for k, group in enumerate(bundles) if group in subset)
            chosen = [group for name in subset for group in bundles[name]]
            tree = mixed_tree(old, new, chosen, work / f"tree-{place}")
            try:
                done = evaluated(tree, names)
            finally:
                shutil.rmtree(tree)
            for name in known.intersection(names).difference(done.answers):
                raise Inseparable(f"{name}: {done.faults.get(name, 'no answer')[:300]}")
            return done.answers

        def all_answers(asked: Sequence[tuple[frozenset, Collection[str]]]) -> list[Answers]:
            return list(pool.map(answers, *zip(*asked, strict=True))) if asked else []

        is_few = len(bundles) <= MOST_FOR_SHAPLEY
        mixtures = _all_mixtures if is_few else _growing_mixtures
        found = mixtures(list(bundles), [end.answers for end in ends], all_answers)
    share = shapley if is_few else sequential
    rows = []
    for name in scenarios:
        values = {subset: each[name][1] for subset, each in found.items() if name in each}
        if len(values) < len(found):
            continue
        parts = share(list(bundles), values) | dict.fromkeys(unread, 0.0)
        before, after = found[frozenset()][name], found[frozenset(bundles)][name]
        rows.append(Move(name, before, after, parts, () if is_few else tuple(bundles)))
    return rows


def _all_mixtures(groups: Sequence[str], ends: Sequence[Answers], evaluate: AllAnswers) -> Found:
    """The answers of every mixture of old and new groups; those of the ends are known."""
    inner = [each for each in _all_subsets(groups) if 0 < len(each) < len(groups)]
    found = dict(zip(inner, evaluate([(each, list(ends[0])) for each in inner]), strict=True))
    return {frozenset(): ends[0], **found, frozenset(groups): ends[1]}


def _growing_mixtures(
    groups: Sequence[str], ends: Sequence[Answers], evaluate: AllAnswers
) -> Found:
    """The answers as groups are exchanged one after another.

    Steps between two that give a scenario the same answer, to the last digit, are taken to give it
    that, too: they are halved only where something moved.
    """
    known = {0: ends[0], len(groups): ends[1]}
    spans = [(0, len(groups))]
    while spans:
        spans = [(low, high) for low, high in spans if high - low > 1]
        moved = [
            [name for name, each in known[low].items() if known[high].get(name) != each]
            for low, high in spans
        ]
        middles = [(low + high) // 2 for low, high in spans]
        asked = [
            (frozenset(groups[:middle]), names)
            for middle, names in zip(middles, moved, strict=True)
            if names
        ]
        answers = iter(evaluate(asked))
        for (low, _), middle, names in zip(spans, middles, moved, strict=True):
            same = {name: each for name, each in known[low].items() if name not in names}
            known[middle] = {**same, **next(answers)} if names else same
        ends_of = zip(spans, middles, strict=True)
        spans = [half for (low, high), at in ends_of for half in ((low, at), (at, high))]
    return {frozenset(groups[:count]): each for count, each in known.items()}


def shapley(groups: Sequence[str], values: Mapping[frozenset, float]) -> dict[str, float]:
    """What each group contributes to the value of all, the mean over every order (Shapley 1953).

    >>> two = frozenset("ab")
    >>> shapley("ab", {frozenset(): 0, frozenset("a"): 1, frozenset("b"): 2, two: 5})
    {'a': 2.0, 'b': 3.0}
    """
    count, parts = len(groups), {}
    for group in groups:
        total = 0.0
        for others in _all_subsets([each for each in groups if each != group]):
            orders = factorial(len(others)) * factorial(count - len(others) - 1)
            gain = values[others | {group}] - values[others]
            total += orders * gain / factorial(count)
        parts[group] = total
    return parts


def sequential(groups: Sequence[str], values: Mapping[frozenset, float]) -> dict[str, float]:
    """What each group adds when it is exchanged after those before it."""
    steps = list(_growing(groups))
    return {
        group: values[after] - values[before]
        for group, before, after in zip(groups, steps, islice(steps, 1, None), strict=False)
    }


def evaluated(tree: Path, scenarios: Collection[str]) -> Evaluated:
    """The answers of a tree by its own code; without scenarios that it cannot answer.

    Inseparable where the code in it does not run. One thread a process: matrices are small here,
    and threads that wait for each other took half of the processor time.
    """
    command = [sys.executable, "-c", EVALUATE, str(tree), *scenarios]
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    environment = {**os.environ, **one_thread}
    done = subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise Inseparable(said[0][:300])
    found, read = json.loads(done.stdout.splitlines()[-1])
    answers = {name: tuple(each) for name, each in found.items() if not isinstance(each, str)}
    faults = {name: each for name, each in found.items() if isinstance(each, str)}
    return Evaluated(answers, frozenset(read), faults)


def _all_subsets(groups: Sequence[str]) -> Iterable[frozenset]:
    for count in range(len(groups) + 1):
        yield from map(frozenset, combinations(groups, count))


def _growing(groups: Sequence[str]) -> Iterable[frozenset]:
    for count in range(len(groups) + 1):
        yield frozenset(groups[:count])
