"""Finding the exercises in a released notebook, and turning a function into the text of an answer cell."""

from __future__ import annotations

import ast
import builtins
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Exercise:
    """One exercise of a notebook: its id, the function's name, its points, the place of its answer cell."""

    id: str
    name: str
    points: float
    answer: int


def exercises(notebook: dict[str, Any]) -> list[Exercise]:
    """Return what is asked for, in order: every graded cell that says `check("...", function)`."""
    cells = notebook["cells"]
    found = []
    for cell in cells:
        setting = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] == "code" and setting.get("grade") and not setting.get("solution"):
            for call in _checks(text(cell)):
                name = ast.unparse(call.args[1])
                place = next(
                    (index for index, other in enumerate(cells) if _answers(other) and _defines(other, name)),
                    None,
                )
                if place is not None:
                    found.append(
                        Exercise(ast.literal_eval(call.args[0]), name, float(setting["points"]), place)
                    )
    return found


def text(cell: dict[str, Any]) -> str:
    """Return a cell's source as one string."""
    return "".join(cell["source"])


def _checks(source: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "check" and len(node.args) >= 2
    ]


def _answers(cell: dict[str, Any]) -> bool:
    return cell["cell_type"] == "code" and cell["metadata"].get("nbgrader", {}).get("solution", False)


def _defines(cell: dict[str, Any], name: str) -> bool:
    return any(isinstance(node, ast.FunctionDef) and node.name == name for node in ast.parse(text(cell)).body)


def written(function: Callable[..., Any], name: str) -> str | None:
    """Write a function as a student would hand it in, under another name and on its own.

    What it needs of its module moves inside. None where that cannot be done: a lambda, a closure, or
    something that the notebook does not have.
    """
    tree = _own(function, name, ())
    return None if tree is None else ast.unparse(ast.fix_missing_locations(tree))


def _own(function: Any, name: str, above: tuple[str, ...]) -> ast.FunctionDef | None:
    if not isinstance(function, FunctionType) or function.__closure__ or function.__name__ in above:
        return None
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    if not isinstance(tree, ast.FunctionDef):
        return None
    tree = _Bare().visit(tree)
    needed: list[ast.stmt] = []
    for missing in sorted(_free(tree)):
        value = function.__globals__.get(missing)
        if value is np and missing == "np":
            continue
        if isinstance(value, ModuleType) and not value.__name__.startswith("rnncourse"):
            needed.append(ast.parse(f"import {value.__name__} as {missing}").body[0])
            continue
        if isinstance(value, int | float | str):
            needed.append(ast.parse(f"{missing} = {value!r}").body[0])
            continue
        inner = _own(value, missing, (*above, function.__name__))
        if inner is None:
            return None
        needed.append(inner)
    for node in ast.walk(tree):
        # a function that calls itself does so under its new name
        if isinstance(node, ast.Name) and node.id == function.__name__:
            node.id = name
    tree.name = name
    tree.body = needed + tree.body
    return tree


class _Bare(ast.NodeTransformer):
    """Drops decorators, annotations and docstrings: they may name what the notebook does not have."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.decorator_list, node.returns = [], None
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.Assign | None:
        return None if node.value is None else ast.Assign([node.target], node.value)


def _free(tree: ast.FunctionDef) -> set[str]:
    """Names that a function takes from its module."""
    nodes = list(ast.walk(tree))
    bound = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    bound |= {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    used = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return {name for name in used - bound if not hasattr(builtins, name)}
