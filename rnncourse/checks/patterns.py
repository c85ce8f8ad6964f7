"""Patterns in wrong numbers, for errors that no named mistake explains.

Each detector states a fact about the numbers, which is true whatever the cause; it says nothing where
the fact could be chance (too few numbers, all of them equal, sizes that fit in two ways).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations

import numpy as np

from .compare import numbers_of
from .exercise import Exercise
from .observe import Observation
from .rules import Expected, compare_case

_ENOUGH = 4  # numbers below which a coincidence is likely


def pattern(exercise: Exercise, seen: Sequence[Observation], expected: Expected) -> tuple[str, ...]:
    """Describe the pattern in the first wrong result that all wrong results of that kind share, if there is one."""
    wrong = [
        (observation, right)
        for observation, right in zip(seen, expected, strict=True)
        if observation.case.tag in exercise.core_tags
        and observation.failure is None
        and len(observation.results) == len(exercise.results)
        and compare_case(exercise, observation, right) is not None
    ]
    if not wrong:
        return ()
    for index, name in enumerate(exercise.results):
        found = []
        for observation, right in wrong:
            got = numbers_of(observation.results[index])
            if got is not None and not _close(got, right[index]):
                found.append(set(facts(name, got.astype(float, copy=False), right[index], observation.case.args)))
        shared = set.intersection(*found) if found else set()
        if shared:
            return (min(shared, key=len),)
    return ()


def facts(name: str, got: np.ndarray, expected: np.ndarray, args: Mapping[str, object]) -> list[str]:
    """List the facts that hold for one wrong result."""
    found = [*_axes(name, got, expected)]
    if got.shape == expected.shape and got.size >= 1 and np.all(np.isfinite(got)):
        found += _factor(name, got, expected, args)
        if got.ndim:
            found += _shift(name, got, expected) + _columns(name, got, expected) + _parts(name, got, expected)
    return found


def _close(got: np.ndarray, expected: np.ndarray) -> bool:
    if got.shape != expected.shape or not got.size or not np.all(np.isfinite(got)):
        return False
    scale = float(np.max(np.abs(expected)))
    return bool(np.max(np.abs(got - expected)) <= 1e-7 * scale)


def _axes(name: str, got: np.ndarray, expected: np.ndarray) -> list[str]:
    """Right numbers, axes in another order."""
    if got.ndim != expected.ndim or not 2 <= got.ndim <= 4 or expected.size < _ENOUGH:
        return []
    for order in permutations(range(got.ndim)):
        if order != tuple(range(got.ndim)) and _close(got.transpose(order), expected):
            kind = "transposed" if got.ndim == 2 else f"the axes in another order: transpose{order} puts them right"
            return [f"The numbers of {name} are all there, but {kind}."]
    return []


def _factor(name: str, got: np.ndarray, expected: np.ndarray, args: Mapping[str, object]) -> list[str]:
    """Right numbers but for one factor, a sign, or one summand."""
    if not np.any(got):
        return [f"{name} is zero everywhere."]
    if not np.any(expected):
        return []
    if _close(-got, expected):
        return [f"{name} has the right size everywhere and the wrong sign everywhere."]
    large = np.abs(expected) > 1e-3 * np.max(np.abs(expected))
    ratio = float(np.median(got[large] / expected[large]))
    sizes = _sizes(args)
    known = sorted({size for size in sizes if np.isclose(ratio, size, rtol=1e-7)})
    inverse = sorted({size for size in sizes if np.isclose(ratio * size, 1.0, rtol=1e-7)})
    if got.size < _ENOUGH:
        # one number is always some multiple of another: only a factor that is a size of the inputs says something
        if known:
            return [f"{name} is the right number times {known[0]}, which is {sizes[known[0]]}."]
        return [f"{name} is the right number divided by {inverse[0]}, which is {sizes[inverse[0]]}."] if inverse else []
    if _close(got / ratio, expected):
        which = f", which is {sizes[known[0]]}" if known else f": 1 / {sizes[inverse[0]]}" if inverse else ""
        times = f"{ratio:.6g}{which}" if known or inverse else "one and the same factor"
        return [f"Every number in {name} is the right one times {times}."]
    if _close(got - np.mean(got - expected), expected):
        return [f"Every number in {name} is off by the same amount."]
    return []


def _sizes(args: Mapping[str, object]) -> dict[int, str]:
    """Name the numbers that a forgotten or doubled mean could bring in."""
    found: dict[int, str] = {}
    for name, value in args.items():
        if isinstance(value, np.ndarray):
            for axis, size in enumerate(value.shape):
                found.setdefault(size, f"the length of axis {axis} of {name}")
            if value.ndim > 1:
                count = int(np.prod(value.shape[:2]))
                found.setdefault(count, f"the number of positions in the first two axes of {name}")
    found.pop(1, None)
    return found


def _shift(name: str, got: np.ndarray, expected: np.ndarray) -> list[str]:
    """Right rows at the wrong place along the first axis."""
    if len(got) < 3 or expected.size < _ENOUGH:
        return []
    if _close(got[::-1], expected):
        return [f"The rows of {name} are right, in reverse order."]
    for steps in (1, 2):
        if len(got) - steps >= 2:
            rows = "row" if steps == 1 else "rows"
            if _close(got[steps:], expected[:-steps]):
                return [f"{name} is late by {steps}: what belongs in row n stands {steps} {rows} further down."]
            if _close(got[:-steps], expected[steps:]):
                return [f"{name} is early by {steps}: what belongs in row n stands {steps} {rows} further up."]
    return []


def _columns(name: str, got: np.ndarray, expected: np.ndarray) -> list[str]:
    """Right columns in another order along the last axis."""
    size = got.shape[-1]
    if got.ndim < 2 or size < 2 or expected.size < 2 * _ENOUGH:
        return []
    mine, theirs = got.reshape(-1, size), expected.reshape(-1, size)
    order = [next((j for j in range(size) if _close(mine[:, i], theirs[:, j])), None) for i in range(size)]
    if None in order or len(set(order)) < size or order == list(range(size)):
        return []
    return [f"The columns of {name} (its last axis) are right, in another order."]


def _parts(name: str, got: np.ndarray, expected: np.ndarray) -> list[str]:
    """Right at one end of the first axis only."""
    if len(got) < 3 or expected.ndim < 2 or not np.any(expected[0]) or not np.any(expected[-1]):
        return []
    rows = [_close(mine, right) for mine, right in zip(got, expected, strict=True)]
    if rows[0] and not any(rows[1:]):
        return [f"{name}[0] is right, and nothing after it: look at what is handed on from one row to the next."]
    if not rows[0] and all(rows[1:]):
        return [f"Only {name}[0] is wrong: look at how it begins."]
    if not rows[-1] and all(rows[:-1]):
        return [f"Only the last row of {name} is wrong: look at how it ends."]
    return []
