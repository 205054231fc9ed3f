"""A sample of mutants: cosmic-ray's operators over the rooms that decide, one mutant a place.

Which mutants are drawn follows from their own text, so a change of one function leaves the sample
of all others as it is.
"""

import ast
import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.ast.ast_query import ASTQuery
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).parents[2]
# The decision is a room of its own here, so that its share of the sample is not left to chance.
DECISION = tuple(
    f"analysis/questions/{name}.py"
    for name in ("act_costs", "acts", "answer", "flips", "tenure", "way_tokens", "ways")
)
ROOMS = {
    "laws": "analysis/laws",
    "model": "analysis/model",
    "decision": DECISION,
    "questions": "analysis/questions",
}
# Bits of numbers are nowhere counted, so these fail wherever they stand and would flatter the
# tests; a decorator less is a cache less, which is slower and not wrong.
BITS = ("RShift", "LShift", "BitOr", "BitAnd", "BitXor")
LEFT_OUT = ("RemoveDecorator", "VariableReplacer", "VariableInserter")


@dataclass(frozen=True)
class Mutant:
    """One change of one place, as it stands in the file and as it reads with the change."""

    room: str
    file: str
    line: int
    function: str
    operator: str
    occurrence: int
    before: str
    after: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What the mutant is, wherever its line has moved to."""
        return self.file, self.function, self.before, self.after

    def code(self) -> str:
        """The whole module with the change."""
        return mutate_code(
            (ROOT / self.file).read_text(), _operator(self.operator), self.occurrence
        )


def _operator(name: str) -> Operator:
    return get_operator(name)()


def _operators() -> list[str]:
    """Names of the operators in use; arithmetic becomes arithmetic, never an operation on bits."""
    return [
        name
        for name in operator_names()
        if not any(name.endswith(left_out) for left_out in LEFT_OUT)
        and not ("BinaryOperator" in name and any(bit in name for bit in BITS))
    ]


def files(room: str) -> list[str]:
    """Modules of a room, relative to the root."""
    where = ROOMS[room]
    if not isinstance(where, str):
        return list(where)
    found = sorted((ROOT / where).glob("*.py"))
    names = [str(path.relative_to(ROOT)) for path in found]
    return [name for name in names if name not in DECISION]


class _Behaviour(ast.NodeTransformer):
    """Takes out what never runs or changes nothing: annotations and docstrings."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(value=None)
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)


def _behaviour(code: str) -> str:
    return ast.dump(_Behaviour().visit(ast.parse(code)))


def _mutants_of(room: str, file: str) -> Iterator[tuple[tuple, Mutant]]:
    """Each place of a file and the mutants that it can have."""
    source = (ROOT / file).read_text()
    lines = source.splitlines()
    tree = get_ast(source)
    for name in _operators():
        operator = _operator(name)
        positions = [
            (node, begin, end)
            for node in ast_nodes(tree)
            for begin, end in operator.mutation_positions(node)
        ]
        for occurrence, (node, begin, end) in enumerate(positions):
            function = ASTQuery(node).get_definition_name() or ""
            text = lines[begin[0] - 1].strip()
            yield (
                (function, begin, end),
                Mutant(room, file, begin[0], function, name, occurrence, text, ""),
            )


def _rank(*text: object) -> str:
    return hashlib.sha256(repr(text).encode()).hexdigest()


def _drawn_at(place: tuple, mutants: list[Mutant]) -> Mutant:
    """The mutant of a place: chosen by the text around it, not by its line."""
    return min(mutants, key=lambda one: _rank(one.file, one.function, one.before, one.operator))


def _with_text(mutant: Mutant) -> Mutant | None:
    """With the line as changed; none where the change is only of an annotation."""
    source = (ROOT / mutant.file).read_text()
    code = mutant.code()
    try:
        same = _behaviour(code) == _behaviour(source)
    except SyntaxError:
        return None
    if same:
        return None
    old, new = source.splitlines(), code.splitlines()
    changed = [i for i, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
    at = changed[0]
    return Mutant(
        **{
            **vars(mutant),
            "line": at + 1,
            "before": old[at].strip(),
            "after": new[at].strip(),
        }
    )


def sample(count: int, seed: int) -> list[Mutant]:
    """`count` mutants, each room its part by the number of its places."""
    rooms: dict[str, list[Mutant]] = {}
    for room in ROOMS:
        places: dict[tuple, list[Mutant]] = defaultdict(list)
        for file in files(room):
            for place, mutant in _mutants_of(room, file):
                places[(file, *place)].append(mutant)
        drawn = [_drawn_at(place, found) for place, found in places.items()]
        copies: dict[tuple, int] = defaultdict(int)
        ranked = []
        for one in drawn:
            what = (one.file, one.function, one.before, one.operator)
            copies[what] += 1
            ranked.append((_rank(seed, *what, copies[what]), one))
        rooms[room] = [one for _, one in sorted(ranked, key=lambda pair: pair[0])]
    total = sum(len(found) for found in rooms.values())
    chosen = []
    for found in rooms.values():
        wanted = round(count * len(found) / total)
        able = (text for one in found if (text := _with_text(one)) is not None)
        chosen += [one for one, _ in zip(able, range(wanted), strict=False)]
    return chosen
