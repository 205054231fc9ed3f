"""Why answers moved between two states of this project: groups of its files exchanged one by one.

A group is a fact table, the beliefs, all else that scenarios state, or the code. Each mixture of
old and new groups is a folder of its own, evaluated by a process with the code that is in it.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations, islice
from math import factorial
from pathlib import Path

from analysis.questions.trees import changed_groups, mixed_tree

MOST_FOR_SHAPLEY = 3  # groups; beyond, the mixtures would take longer than a minute
MOST_GROUPS = 9
EVALUATE = """
import json, sys
sys.path.insert(0, sys.argv[1])
import analysis as an
found = {}
for name in sys.argv[2:]:
    try:
        answer = an.decide(an.load(name))
        found[name] = [answer.acts[0].instruction, answer.cost_ratio.mid]
    except (ValueError, LookupError) as fault:
        found[name] = str(fault)
print(json.dumps(found))
"""
Answers = Mapping[str, tuple[str, float]]  # instruction and median cost over keeping, by scenario


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


def bundled(groups: Sequence[str], together: bool = False) -> dict[str, tuple[str, ...]]:
    """Groups by the name under which they are exchanged; many tables share the last one.

    >>> bundled(["code", "prices.csv"]), bundled(["code", "prices.csv"], together=True)
    ({'code': ('code',), 'prices.csv': ('prices.csv',)}, {'all of it': ('code', 'prices.csv')})
    """
    if together:
        return {"all of it": tuple(groups)}
    bundles: dict[str, tuple[str, ...]] = {group: (group,) for group in groups[:MOST_GROUPS]}
    if len(groups) > MOST_GROUPS:
        bundles[f"{len(groups) - MOST_GROUPS} other tables"] = tuple(groups[MOST_GROUPS:])
    return bundles


def moves(
    old: Path, new: Path, scenarios: Sequence[str], work: Path, together: bool = False
) -> list[Move]:
    """How the answers of `scenarios` moved from the tree `old` to the tree `new`.

    Mixtures are made below the folder `work`. Scenarios that some mixture cannot answer have no
    row. Raises Inseparable where the files of both do not run together. With `together` all that
    changed counts as one group.
    """
    bundles = bundled(list(changed_groups(old, new)), together)
    groups = list(bundles)
    is_few = len(groups) <= MOST_FOR_SHAPLEY
    subsets = list(_all_subsets(groups) if is_few else _growing(groups))

    def answers(subset: frozenset) -> Answers:
        name = "-".join(str(place) for place, group in enumerate(groups) if group in subset)
        chosen = [group for name in subset for group in bundles[name]]
        tree = mixed_tree(old, new, chosen, work / f"tree-{name or 'old'}")
        try:
            return evaluated(tree, scenarios)
        finally:
            shutil.rmtree(tree)

    with ThreadPoolExecutor(2) as pool:
        found = dict(zip(subsets, pool.map(answers, subsets), strict=True))
    rows = []
    for name in scenarios:
        values = {subset: each[name][1] for subset, each in found.items() if name in each}
        if len(values) < len(subsets):
            continue
        parts = shapley(groups, values) if is_few else sequential(groups, values)
        before, after = found[frozenset()][name], found[frozenset(groups)][name]
        rows.append(Move(name, before, after, parts, () if is_few else tuple(groups)))
    return rows


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


def evaluated(tree: Path, scenarios: Collection[str]) -> Answers:
    """The answers of a tree by its own code; without scenarios that it cannot answer.

    Inseparable where the code in it does not run.
    """
    command = [sys.executable, "-c", EVALUATE, str(tree), *scenarios]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise Inseparable(said[0][:300])
    found = json.loads(done.stdout.splitlines()[-1])
    return {name: tuple(each) for name, each in found.items() if not isinstance(each, str)}


def _all_subsets(groups: Sequence[str]) -> Iterable[frozenset]:
    for count in range(len(groups) + 1):
        yield from map(frozenset, combinations(groups, count))


def _growing(groups: Sequence[str]) -> Iterable[frozenset]:
    for count in range(len(groups) + 1):
        yield frozenset(groups[:count])
