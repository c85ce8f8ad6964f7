"""Comparing a result with the expected one, and saying in words where they part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rnncourse.checks.plain_data import NUMERIC, Plain, Unusable


@dataclass(frozen=True)
class Tolerance:
    """How far a number may be off: ``relative`` to the largest expected number, plus ``absolute``."""

    relative: float = 1e-9
    absolute: float = 0.0

    def of(self, expected: np.ndarray) -> float:
        """Return the largest error allowed in an array like ``expected``."""
        largest = float(np.max(np.abs(expected))) if expected.size else 0.0
        return self.relative * largest + self.absolute


Right = np.ndarray | list[np.ndarray]  # a right result: an array, or a list of arrays of any shapes

EQUAL = Tolerance(0.0)
DOUBLE = Tolerance(1e-9)
# float32 keeps 24 bits (6e-8); a few dozen roundings one after the other stay well below this
SINGLE = Tolerance(2e-5)


@dataclass(frozen=True)
class Difference:
    """Where two results part: ``text`` may be shown to anybody, ``numbers`` give expected values away."""

    text: str
    numbers: str = ""


def numbers_of(got: Plain) -> np.ndarray | None:
    """Return the numbers of a plain result as an array; None where it holds none.

    A list of rows is read as the array that it would become: its values can be right. That it is no array is
    the business of :func:`kind_difference`.
    """
    if got is None or isinstance(got, Unusable):
        return None
    if isinstance(got, tuple | list):
        rows = [numbers_of(item) for item in got]
        if (
            not rows
            or any(row is None for row in rows)
            or len({row.shape for row in rows if row is not None}) > 1
        ):
            return None
        return np.stack([row for row in rows if row is not None])
    try:
        array = np.asarray(got)
    except (OverflowError, ValueError):
        return None
    return array if array.dtype.kind in NUMERIC else None


def pieces_of(got: Plain) -> list[np.ndarray | None]:
    """Return a plain result's numbers as one array, or one array for each entry of a list of many shapes.

    None stands where an entry holds no numbers.
    """
    whole = numbers_of(got)
    return [numbers_of(item) for item in got] if whole is None and isinstance(got, tuple | list) else [whole]


def _piecewise(
    name: str, got: Plain, expected: list[np.ndarray], compare: Callable[..., Difference | None]
) -> Difference | None:
    """Compare a list array by array; None where all agree."""
    if not isinstance(got, tuple | list) or len(got) != len(expected):
        return Difference(f"{name} is {in_words(got)}; a list of {len(expected)} arrays is asked for.")
    found = (compare(f"{name}[{i}]", *pair) for i, pair in enumerate(zip(got, expected, strict=True)))
    return next(filter(None, found), None)


def difference(
    name: str,
    got: Plain,
    expected: Right,
    tolerance: Tolerance,
    part: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Difference | None:
    """Compare one result by shape and values; None where they agree.

    Parameters
    ----------
    name : str
        What the result is called in the exercise, e.g. ``h``.
    got : plain data
        The learner's result.
    expected : ndarray or list of ndarray
        The reference's result. A list is compared array by array.
    tolerance : Tolerance
        How close is close enough.
    part : callable, optional
        Sets what is not looked at to 0, in both.
    """
    if isinstance(expected, list):
        return _piecewise(name, got, expected, lambda label, a, b: difference(label, a, b, tolerance, part))
    array = numbers_of(got)
    if array is None:
        one = f"one array of shape {_shape(expected)}" if expected.ndim else "one number"
        wanted = f"; {one} is asked for" if isinstance(got, tuple | list) else ""
        return Difference(f"{name} is {in_words(got)}{wanted}.")
    if array.shape != expected.shape:
        wanted = _shape(expected) if expected.ndim else "one number"
        return Difference(f"{name} has the shape {_shape(array)}; {wanted} is asked for.")
    if array.dtype.kind == "c":
        return Difference(f"{name} holds complex numbers.")
    array, expected = array.astype(np.float64), expected.astype(np.float64)
    limit = tolerance.of(expected)
    if part is not None:
        array, expected = part(array), part(expected)
    with np.errstate(all="ignore"):
        error = np.abs(array - expected)
    broken = ~np.isfinite(array)
    if broken.any():
        place = _first(broken)
        amount = f" ({int(broken.sum())} of {array.size} numbers are not finite)" if array.ndim else ""
        return Difference(f"{_at(name, place)} is {array[place]}{amount}.")
    wrong = error > limit
    if not wrong.any():
        return None
    place = _first(error == error.max())
    want, have = _pair(float(expected[place]), float(array[place]))
    off = f"expected {want}, got {have} (off by {error[place]:.3g})."
    if array.ndim == 0:
        return Difference(f"{name} is not right.", f"{name}: {off}")
    amount = f"{int(wrong.sum())} of {array.size} numbers in {name} are off"
    return Difference(f"{amount}.", f"{amount}. The largest error is at {_at(name, place)}: {off}")


def kind_difference(name: str, got: Plain, expected: Right, kind: str) -> Difference | None:
    """Compare what sort of thing a result is: array, arrays, float, int or bool, its shape and dtype."""
    if isinstance(expected, list):
        return _piecewise(name, got, expected, lambda label, a, b: kind_difference(label, a, b, "array"))
    if kind == "bool":
        fine = type(got) is bool or (isinstance(got, np.ndarray) and got.dtype == bool and got.ndim == 0)
        return None if fine else Difference(f"{name} is {in_words(got)}; True or False is asked for.")
    if kind == "int":
        if isinstance(got, np.ndarray) and got.dtype.kind in "iu" and got.ndim == 0:
            return None
        return None if type(got) is int else Difference(f"{name} is {in_words(got)}; an int is asked for.")
    array = numbers_of(got)
    if array is None:
        return Difference(f"{name} is {in_words(got)}.")
    if kind == "float":
        fine = array.ndim == 0 and array.dtype.kind == "f"
        return None if fine else Difference(f"{name} is {in_words(got)}; a float is asked for.")
    if not isinstance(got, np.ndarray):
        return Difference(
            f"{name} is {in_words(got)}; an array is asked for (np.array or np.stack makes one)."
        )
    if array.shape != expected.shape:
        return Difference(f"{name} has the shape {_shape(array)}; {_shape(expected)} is asked for.")
    if array.dtype.newbyteorder("=") != expected.dtype:
        return Difference(f"{name} has the dtype {array.dtype}; {expected.dtype} is asked for.")
    return None


def in_words(got: Plain) -> str:
    """Say what a result is, for the sentence "`h` is ...", without its values."""
    if got is None:
        return "None: nothing was returned (is there a `return` on every way through the function?)"
    if isinstance(got, Unusable):
        return got.why
    if isinstance(got, np.ndarray):
        return f"an array of shape {_shape(got)} and dtype {got.dtype}"
    if isinstance(got, tuple | list):
        inside = next((item for item in got if isinstance(item, Unusable)), None)
        more = f" that holds {inside.why}" if inside else ""
        return f"a {type(got).__name__} of length {len(got)}{more}"
    return f"the Python {type(got).__name__} {str(got)[:40]}"


def _shape(array: np.ndarray) -> str:
    return str(tuple(array.shape))


def _first(flags: np.ndarray) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(flags)), flags.shape))


def _at(name: str, place: tuple[int, ...]) -> str:
    return f"{name}[{', '.join(str(i) for i in place)}]" if place else name


def _pair(expected: float, got: float) -> tuple[str, str]:
    """Print two numbers with as many digits as it takes to tell them apart."""
    for digits in (6, 9, 12):
        pair = f"{expected:.{digits}g}", f"{got:.{digits}g}"
        if pair[0] != pair[1]:
            return pair
    return repr(expected), repr(got)
