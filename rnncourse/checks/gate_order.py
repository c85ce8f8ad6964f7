"""Patterns in wrong numbers of gated cells: right gate by gate, with the gates in another order.

An exercise says with ``gates`` which gates its cell has, in the order of the stacks ``W_xh``, ``W_hh`` and
``b_h``.  Like every pattern, these state facts about the numbers, whatever the cause.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import Any

import numpy as np

from rnncourse.checks.compare import numbers_of
from rnncourse.checks.exercise import Case, Exercise
from rnncourse.checks.observation import Observation

STACKED = ("W_xh", "W_hh", "b_h")  # arguments that hold all gates, one below the other
_CLOSE = 1e-7


def weights_in_another_order(exercise: Exercise, wrong: Sequence[Observation]) -> str:
    """Say in which order an answer takes its gates from the stacks, where that alone is wrong; else "".

    All wrong calls must be what the right cell returns for stacks whose gates are in that order (with the
    gradients of the stacks in that order too).  Nothing is said where two orders explain the numbers.
    """
    explains = [
        order
        for order in _orders(exercise.gates)
        if wrong and all(_explains(exercise, seen, order) for seen in wrong)
    ]
    if len(explains) != 1:
        return ""
    # gate k is taken from block order[k]: so block j is taken for gate order.index(j)
    taken = ", ".join(exercise.gates[explains[0].index(j)] for j in range(len(exercise.gates)))
    return (
        f"These are the numbers of a cell whose gates are stacked in the order {taken}. Here the order is "
        f"{', '.join(exercise.gates)}."
    )


def block_facts(name: str, got: np.ndarray, expected: np.ndarray, gates: tuple[str, ...]) -> dict[str, str]:
    """List what holds, gate by gate, for the gradient of a stack: right in another order, one part wrong."""
    stacked = gates and name.removeprefix("d") in STACKED
    if not stacked or got.shape != expected.shape or got.size < 2 * len(gates):
        return {}
    mine, right = np.split(got, len(gates)), np.split(expected, len(gates))
    stands = [order for order in _orders(gates) if _all_close([right[k] for k in order], mine)]
    if len(stands) == 1:
        order = ", ".join(gates[k] for k in stands[0])
        return {"gates": f"Every gate's part of {name} is right, but they stand in the order {order}."}
    wrong = [gate for gate, a, b in zip(gates, right, mine, strict=True) if not _all_close([a], [b])]
    if len(wrong) == 1:
        return {f"gate {wrong[0]}": f"Of {name}, only the part of the gate {wrong[0]} is wrong."}
    return {}


def _orders(gates: Sequence[str]) -> Iterator[tuple[int, ...]]:
    """Yield every order but the right one."""
    places = tuple(range(len(gates)))
    return (order for order in permutations(places) if order != places)


def _explains(exercise: Exercise, seen: Observation, order: tuple[int, ...]) -> bool:
    moved = {
        name: _moved(value, order) if name in STACKED else value for name, value in seen.case.args.items()
    }
    if not set(STACKED) & set(moved):
        return False
    results = [np.asarray(right) for right in exercise.expected(Case(seen.case.tag, moved))]  # no lists here
    inverse = tuple(int(k) for k in np.argsort(order))
    for at, name in enumerate(exercise.results):
        if name.removeprefix("d") in STACKED:
            results[at] = _moved(results[at], inverse)
    got = [numbers_of(result) for result in seen.results]
    return len(got) == len(results) and _all_close(results, got)


def _moved(stack: np.ndarray, order: Sequence[int]) -> np.ndarray:
    """Put block ``order[k]`` where block k was."""
    blocks = np.split(stack, len(order))
    return np.concatenate([blocks[k] for k in order])


def _all_close(wanted: Sequence[np.ndarray], got: Sequence[Any]) -> bool:
    """Say whether arrays agree one by one, each as closely as its largest number allows."""
    for right, mine in zip(wanted, got, strict=True):
        if mine is None or mine.shape != right.shape or mine.dtype.kind == "c":
            return False
        if not np.max(np.abs(mine - right)) <= _CLOSE * np.max(np.abs(right)):  # so that NaN is not close
            return False
    return True
