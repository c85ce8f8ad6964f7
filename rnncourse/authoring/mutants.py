"""Automatic mistakes: a right answer with one small change, and which of those its check lets pass.

The catalogue holds the mistakes that people are known to make; this module makes those that nobody thought
of: an operator exchanged, a term dropped, a transpose taken away or put in, an index moved, a constant
changed, a statement or a call left out, arguments or results swapped.  A change that a check lets pass is a
*survivor*: either the changed answer computes the same after all, and ``equivalent.REASONS`` says why, or
the check has a hole.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from rnncourse import checks
from rnncourse.authoring.equivalent import REASONS
from rnncourse.authoring.percent import parse

_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.MatMult)
_COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
_AXES = (0, 1, -1, None)
_SIZES = ("shape", "ndim", "size", "dtype")
_VECTORS = r"^([\w, ]+) : .*array \(\w+,\)"  # "b_h : array (H,)" in a docstring


class Mutant(NamedTuple):
    """A changed answer: ``label`` is the changed line before and after, ``source`` the whole function."""

    label: str
    source: str


def mutants(source: str) -> list[Mutant]:
    """Return every change of one place in a function.

    Parameters
    ----------
    source : str
        One function definition; its docstring and its defaults are left alone.  Where the docstring says
        of an argument that it is a vector, ``array (N,)``, it is not transposed: that changes nothing.

    Returns
    -------
    list of Mutant
        All sources are different from one another and from the function; so are the labels.
    """
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    docstring = ast.get_docstring(function)
    if docstring is not None:
        del function.body[0]
    vectors = set(re.findall(r"\w+", " ".join(re.findall(_VECTORS, docstring or "", re.MULTILINE))))
    before = ast.unparse(function)
    found: dict[str, str] = {}  # source: label
    labels: dict[str, int] = {}
    for place in range(len(_inside(function))):
        for index in range(sum(1 for _ in _changes(_inside(function)[place], vectors))):
            changed = copy.deepcopy(function)
            node = _inside(changed)[place]
            replacement = next(new for at, new in enumerate(_changes(node, vectors)) if at == index)
            after = ast.unparse(ast.fix_missing_locations(_Replace(node, replacement).visit(changed)))
            if after != before and after not in found:
                label = _difference(before, after)
                labels[label] = labels.get(label, 0) + 1
                found[after] = label if labels[label] == 1 else f"{label} ({labels[label]})"
    return [Mutant(label, after) for after, label in found.items()]


def _inside(function: ast.FunctionDef) -> list[ast.AST]:
    """List what stands in the body, but for what a length or a shape is asked of: only its size matters."""
    nodes = [node for statement in function.body for node in ast.walk(statement)]
    sized = [node.args[0] for node in nodes if isinstance(node, ast.Call) and _asks_size(node.func)]
    sized += [node.value for node in nodes if isinstance(node, ast.Attribute) and node.attr in _SIZES]
    left_out = {id(inner) for node in sized if isinstance(node, ast.Name) for inner in ast.walk(node)}
    return [node for node in nodes if id(node) not in left_out]


def _asks_size(function: ast.expr) -> bool:
    """Say whether a function looks at the size of its argument alone: ``len``, ``np.zeros_like`` ..."""
    return ast.unparse(function) == "len" or ast.unparse(function).endswith("_like")


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> Any:
        return self.new if node is self.old else self.generic_visit(node)


def _changes(node: ast.AST, vectors: set[str]) -> Iterator[ast.AST]:
    """Yield what may stand in the place of a node; the node itself is not changed."""

    def like(**fields: Any) -> Any:
        new = copy.copy(node)
        for name, value in fields.items():
            setattr(new, name, value)
        return new

    match node:
        case ast.BinOp(left=left, op=op, right=right):
            yield from (like(op=other()) for other in _OPERATORS if not isinstance(op, other))
            yield from (left, right)
            if isinstance(op, ast.Sub | ast.Div | ast.MatMult):
                yield like(left=right, right=left)
        case ast.UnaryOp(operand=operand):
            yield operand
        case ast.Compare(ops=[op]) if isinstance(op, _COMPARISONS):
            yield from (like(ops=[other()]) for other in _COMPARISONS if not isinstance(op, other))
        case ast.Attribute(value=value, attr="T"):
            yield value
        case ast.Name(id=name, ctx=ast.Load()) if not name.startswith("np"):
            yield ast.UnaryOp(ast.USub(), node)
            if name not in vectors:
                yield ast.Attribute(node, "T", ast.Load())
            yield ast.parse(f"{name}[::-1]", mode="eval").body
        case ast.Constant(value=bool(value)):
            yield like(value=not value)
        case ast.Constant(value=int(value)):
            yield from (like(value=value + 1), like(value=value - 1))
        case ast.Constant(value=float(value)):
            yield from (like(value=value * 1.01), like(value=value + 1))
        case ast.keyword(arg="axis", value=value):
            yield from (like(value=ast.Constant(axis)) for axis in _AXES)
        case ast.Call(args=[first, *others]) if not isinstance(first, ast.Starred):
            yield first
            if others:
                yield like(args=[others[0], first, *others[1:]])
        case ast.Tuple(elts=elements, ctx=ast.Load()):
            for at in range(len(elements) - 1):
                yield like(elts=[*elements[:at], elements[at + 1], elements[at], *elements[at + 2 :]])
        case ast.Subscript(value=value, slice=ast.Name() as index, ctx=ast.Load()):
            for op in (ast.Add(), ast.Sub()):
                yield like(slice=ast.BinOp(index, op, ast.Constant(1)))
            yield value
        case ast.IfExp(body=body, orelse=other):
            yield from (body, other)
        case ast.AugAssign(target=target, op=op, value=value):
            yield ast.Assign([target], value)
            yield from (like(op=other()) for other in _OPERATORS[:4] if not isinstance(op, other))
            yield ast.Pass()
        case ast.Assign() | ast.Expr() | ast.If():
            yield ast.Pass()


def _difference(before: str, after: str) -> str:
    """Show the first line that differs, as it was and as it is."""
    pairs = zip(before.splitlines(), after.splitlines())
    old, new = next(((a, b) for a, b in pairs if a != b), ("", "the end is missing"))
    return f"{old.strip()}  ->  {new.strip()}"


class Survivor(NamedTuple):
    """A mutant that a check lets pass; ``reason`` says why it computes the same, "" where nothing does."""

    label: str
    reason: str


class Row(NamedTuple):
    """What became of one exercise's mutants."""

    exercise: str
    mutants: int
    survivors: list[Survivor]

    @property
    def holes(self) -> list[str]:
        """The survivors that nobody has judged to be equivalent."""
        return [survivor.label for survivor in self.survivors if not survivor.reason]


def report(source: Path, seeds: tuple[int, ...] = (1, 2), every: int = 1) -> Iterator[Row]:
    """Try the checks of one assignment on every mutant of its solution, exercise by exercise.

    Parameters
    ----------
    source : Path
        ``solutions/<stem>.py``.
    seeds : tuple of int
        Of the inputs.  Most mutants fall at the first; a survivor passes at all of them.
    every : int
        Take only every n-th mutant, and all that somebody has judged: a quick look in place of a full one.
    """
    cells = [cell for cell in parse(source) if cell.name in ("setup", "solution")]
    names: dict[str, Any] = {}
    for cell in cells:  # what an answer finds around it: the imports, and the other answers
        exec(compile(cell.source, source.name, "exec"), names)
    for cell in cells:
        if cell.name == "solution":
            exercise = f"{source.stem}.{cell.id}"
            judged = REASONS.get(exercise, {})
            made = [m for at, m in enumerate(mutants(cell.source)) if at % every == 0 or m.label in judged]
            passed = [mutant.label for mutant in made if _passes(exercise, mutant, names, seeds)]
            yield Row(exercise, len(made), [Survivor(label, judged.get(label, "")) for label in passed])


def _passes(exercise: str, mutant: Mutant, names: Mapping[str, Any], seeds: tuple[int, ...]) -> bool:
    around = dict(names)
    exec(compile(mutant.source, "<mutant>", "exec"), around)
    answer = around[exercise.split(".")[1]]
    return all(checks.check(exercise, answer, seed).passed for seed in seeds)
