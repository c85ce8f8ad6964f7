"""What a function returned, as plain data that cannot play tricks.

Arrays become copies of exactly the class ``numpy.ndarray``, so that no method of a subclass takes part in a
comparison. Everything that is no number, array, tuple or list becomes an :class:`Unusable` with a sentence.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

LARGEST = 1_000_000  # numbers in one result; the exercises' own results have a few hundred
_SCALARS = frozenset(np.sctypeDict.values())
NUMERIC = "biufc"  # kinds of dtype: booleans, integers, floats, complex numbers

Plain = Any  # numpy.ndarray | float | int | bool | complex | None | tuple | list | Unusable


@dataclass(frozen=True)
class Unusable:
    """A result that cannot be compared, and why; the sentence continues "`h` is ..."."""

    why: str


def plain(value: object, room: int = LARGEST, depth: int = 0) -> Plain:
    """Copy ``value`` into plain data.

    Parameters
    ----------
    value : object
        Whatever a learner's function returned.
    room : int
        How many numbers are accepted.
    depth : int
        Nesting so far; lists more than five deep are refused.
    """
    kind = type(value)
    if value is None or kind in (bool, int, float, complex):
        return value
    if kind is np.ndarray:
        return _array(value, room)  # type: ignore[arg-type]
    if kind in _SCALARS:
        return _array(np.asarray(value), room)
    if issubclass(kind, tuple | list):
        items: Iterator[object]
        items = tuple.__iter__(value) if issubclass(kind, tuple) else list.__iter__(value)  # type: ignore[arg-type]
        if depth > 5 or len(value) > room:  # type: ignore[arg-type]
            return Unusable("a list too long or too deep to be looked at")
        copied = [plain(item, room // max(1, len(value)), depth + 1) for item in items]  # type: ignore[arg-type]
        return tuple(copied) if issubclass(kind, tuple) else copied
    return Unusable(_describe(value, kind))


def _array(array: np.ndarray, room: int) -> np.ndarray | Unusable:
    if array.dtype.kind not in NUMERIC:
        reason = " (ragged lists make such an array)" if array.dtype.kind == "O" else ""
        return Unusable(f"an array of dtype {array.dtype}, not of numbers{reason}")
    if array.size > room:
        return Unusable(f"an array of shape {array.shape}, far larger than it should be")
    return array.copy()


def _describe(value: object, kind: type) -> str:
    name = f"{kind.__module__}.{kind.__name__}"
    if isinstance(value, types.GeneratorType | types.CoroutineType):
        value.close()
        return "a generator (does your function say `yield` where `return` is meant?)"
    if issubclass(kind, np.ndarray):
        return f"a {name}; a plain numpy.ndarray is asked for (np.asarray makes one)"
    if name.startswith("torch."):
        return f"a {name}; this exercise is NumPy's, so a numpy.ndarray is asked for"
    if value is Ellipsis:
        return "`...`, so it is not written yet"
    if callable(value):
        return "a function or class (was it meant to be called, with parentheses?)"
    return f"a {name.removeprefix('builtins.')}, which holds no plain numbers"


def arrays_in(value: object, depth: int = 0) -> list[np.ndarray]:
    """List the arrays inside a result, as they are (not copied): needed to see shared memory."""
    if isinstance(value, np.ndarray):
        return [value]
    if depth < 5 and type(value) in (tuple, list) and len(value) < 1000:  # type: ignore[arg-type]
        return [array for item in value for array in arrays_in(item, depth + 1)]  # type: ignore[attr-defined]
    return []
