"""Patterns in wrong numbers, for errors that no named mistake explains.

Each detector states a fact about the numbers, which is true whatever the cause. It says nothing where the
fact could be chance: too few numbers, or only one of several wrong results that shows it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any

import numpy as np

from rnncourse.checks.compare import pieces_of
from rnncourse.checks.exercise import Exercise
from rnncourse.checks.gate_order import block_facts, weights_in_another_order
from rnncourse.checks.observation import Observation
from rnncourse.checks.plain_data import Plain
from rnncourse.checks.rules import Expected, compare_case

_ENOUGH = 4  # numbers below which a coincidence is likely
Facts = dict[str, str]  # kind of fact -> sentence


def pattern(exercise: Exercise, seen: Sequence[Observation], expected: Expected) -> tuple[str, ...]:
    """Describe the pattern that all wrong results of the ordinary calls share, if there is one."""
    if exercise.kind == "bool":
        return ()  # two values make no pattern
    wrong = [
        (observation, right)
        for observation, right in zip(seen, expected, strict=True)
        if observation.case.tag in exercise.core_tags
        and observation.failure is None
        and len(observation.results) == len(exercise.results)
        and compare_case(exercise, observation, right) is not None
    ]
    with np.errstate(all="ignore"):
        order = weights_in_another_order(exercise, [observation for observation, _ in wrong])
        if order:
            return (order,)
        for index, name in enumerate(exercise.results):
            found: list[Facts] = []
            for observation, right in wrong:
                got, want = _joined(observation.results[index]), _joined(right[index])
                if got is None or want is None or got.dtype.kind == "c":
                    return ()
                if compare_case(exercise, observation, right, index) is not None:
                    found.append(_facts_of(exercise, name, got, want, observation))
            for kind in found[0] if found else ():
                if all(kind in others for others in found):
                    return (found[0][kind],)
    return ()


def _facts_of(
    exercise: Exercise, name: str, got: np.ndarray, expected: np.ndarray, observation: Observation
) -> Facts:
    got = got.astype(np.float64)
    by_gate = block_facts(name, got, expected, exercise.gates)
    return by_gate | facts(name, got, expected, observation.case.args)


def _joined(result: Plain) -> np.ndarray | None:
    """Return a result's numbers as one array; a list of arrays of many shapes becomes one long row."""
    pieces = [piece for piece in pieces_of(result) if piece is not None]
    if not pieces or len(pieces) < len(pieces_of(result)):
        return None
    return pieces[0] if len(pieces) == 1 else np.concatenate([piece.ravel() for piece in pieces])


def facts(name: str, got: np.ndarray, expected: np.ndarray, args: Mapping[str, Any]) -> Facts:
    """List the facts that hold for one wrong result, the telling ones first."""
    nearly = _nearly(name, got, expected)
    if nearly:  # then a row that looks right is so by a lucky rounding
        return nearly
    found = _axes(name, got, expected)
    if got.shape == expected.shape and got.size and np.all(np.isfinite(got)):
        found |= _factor(name, got, expected, args)
        if got.ndim:
            found |= _shift(name, got, expected) | _columns(name, got, expected) | _parts(name, got, expected)
    return found


def _close(got: np.ndarray, expected: np.ndarray) -> bool:
    if got.shape != expected.shape or not got.size or not np.all(np.isfinite(got)):
        return False
    return bool(np.max(np.abs(got - expected)) <= 1e-7 * np.max(np.abs(expected)))


def _nearly(name: str, got: np.ndarray, expected: np.ndarray) -> Facts:
    """Right but for the last digits."""
    if got.shape != expected.shape or not got.size or expected.dtype.kind != "f":
        return {}
    with np.errstate(all="ignore"):
        part = float(np.max(np.abs(got - expected)) / np.max(np.abs(expected)))
    if not 0 < part <= 1e-5:
        return {}
    return {
        "nearly": f"{name} is right to about {int(-np.log10(part))} digits and no further. Rounding on the "
        f"way does that (float32 keeps 7 digits), and so does a small number added for safety."
    }


def _axes(name: str, got: np.ndarray, expected: np.ndarray) -> Facts:
    """Right numbers, axes in another order."""
    if got.ndim != expected.ndim or not 2 <= got.ndim <= 4 or expected.size < _ENOUGH:
        return {}
    for order in permutations(range(got.ndim)):
        if order != tuple(range(got.ndim)) and _close(got.transpose(order), expected):
            how = (
                "transposed"
                if got.ndim == 2
                else f"with axes in another order: transpose{order} puts them right"
            )
            return {f"axes {order}": f"The numbers of {name} are all there, but {how}."}
    return {}


def _factor(name: str, got: np.ndarray, expected: np.ndarray, args: Mapping[str, Any]) -> Facts:
    """Right numbers but for one factor, a sign, or one summand."""
    if not np.any(got):
        return {"zero": f"{name} is zero everywhere." if got.ndim else f"{name} is zero."}
    if not np.any(expected):
        return {}
    if _close(-got, expected):
        return {"sign": f"{name} has the right size and the wrong sign."}
    large = np.abs(expected) > 1e-3 * np.max(np.abs(expected))
    ratio = float(np.median(got[large] / expected[large]))
    if not np.isfinite(ratio) or ratio == 0:
        return {}
    found: Facts = {}
    if _close(got / ratio, expected):
        for meaning, size in _sizes(args).items():
            if np.isclose(ratio, size, rtol=1e-7):
                found[f"times {meaning}"] = f"{name} is what it should be, times {size}: that is {meaning}."
            if np.isclose(ratio * size, 1.0, rtol=1e-7):
                found[f"over {meaning}"] = (
                    f"{name} is what it should be, divided by {size}: that is {meaning}."
                )
        if got.size >= _ENOUGH:  # fewer numbers are always some multiple of one another
            found["factor"] = f"Every number in {name} is what it should be, times one and the same factor."
    if got.size >= _ENOUGH and _close(got - np.mean(got - expected), expected):
        found["offset"] = f"Every number in {name} is off by the same amount."
    return found


def _sizes(args: Mapping[str, Any]) -> dict[str, int]:
    """Name the numbers that a forgotten or doubled mean could bring in."""
    found: dict[str, int] = {}
    for name, value in args.items():
        if isinstance(value, np.ndarray):
            found |= {f"the length of axis {axis} of {name}": size for axis, size in enumerate(value.shape)}
            if value.ndim > 1:
                found[f"the product of the first two axes of {name}"] = value.shape[0] * value.shape[1]
    return {meaning: size for meaning, size in found.items() if size > 1}


def _shift(name: str, got: np.ndarray, expected: np.ndarray) -> Facts:
    """Right rows at the wrong place along the first axis."""
    if len(got) < 3 or expected.size < _ENOUGH:
        return {}
    if _close(got[::-1], expected):
        return {"reversed": f"The rows of {name} are right, in reverse order."}
    if _close(got[1:], expected[:-1]):
        return {"late": f"{name} is one step late: what belongs in row n stands in row n + 1."}
    if _close(got[:-1], expected[1:]):
        return {"early": f"{name} is one step early: what belongs in row n stands in row n - 1."}
    return {}


def _columns(name: str, got: np.ndarray, expected: np.ndarray) -> Facts:
    """Right columns in another order along the last axis."""
    size = got.shape[-1]
    if got.ndim < 2 or size < 2 or expected.size < 2 * _ENOUGH:
        return {}
    mine, theirs = got.reshape(-1, size), expected.reshape(-1, size)
    order = [next((j for j in range(size) if _close(mine[:, i], theirs[:, j])), -1) for i in range(size)]
    if sorted(order) != list(range(size)) or order == list(range(size)):
        return {}
    return {"columns": f"The columns of {name} (its last axis) are right, in another order."}


def _parts(name: str, got: np.ndarray, expected: np.ndarray) -> Facts:
    """Right at one end of the first axis only."""
    if len(got) < 3 or expected.ndim < 2:
        return {}
    rows = [_close(mine, right) for mine, right in zip(got, expected, strict=True)]
    if rows[0] and not any(rows[1:]):
        return {
            "first": f"{name}[0] is right and nothing after it: what is different from the second row on?"
        }
    if not rows[0] and all(rows[1:]):
        return {"not first": f"Only {name}[0] is wrong: look at how it begins."}
    if not rows[-1] and all(rows[:-1]):
        return {"not last": f"Only the last row of {name} is wrong: look at how it ends."}
    return {}
