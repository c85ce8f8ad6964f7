"""What every function here asks of its arguments: a shape, a floating dtype, a mask, ids that exist."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from rnncourse.reference.buffers import empty


def check_shape(name: str, array: np.ndarray, *expected: int | str) -> None:
    """Raise an error unless ``array`` is a NumPy array of real numbers that has the expected shape.

    Parameters
    ----------
    name : str
        The argument's name, as the caller knows it.
    array : array, any shape
        What came.
    expected : int or str
        One entry per axis: a number must match, a letter such as ``"T"`` stands for any length.

    Raises
    ------
    TypeError
        ``"<name> should be a NumPy array, got list"``; ``"<name> should hold real numbers, got dtype
        complex128"``: what NumPy would do with such a thing is seldom what was meant.
    ValueError
        ``"<name> should have shape (T, B, 3), got (4, 5)"``.
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name} should be a NumPy array, got {type(array).__name__}")
    _check_real(name, array)
    fits = len(expected) == array.ndim and all(
        isinstance(want, str) or want == length for want, length in zip(expected, array.shape)
    )
    if not fits:
        # (3,) and not (3): print a shape the way NumPy prints it
        inside = ", ".join(map(str, expected)) + ("," if len(expected) == 1 else "")
        raise ValueError(f"{name} should have shape ({inside}), got {array.shape}")


def _check_real(name: str, array: np.ndarray) -> None:
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} should hold real numbers, got dtype {array.dtype}")


def check_kind(name: str, value: Any, kind: type) -> None:
    """Raise a ``TypeError`` unless ``value`` is a ``kind``: ``"cache should be lstm.Cache, got tuple"``."""
    if not isinstance(value, kind):
        expected, got = (
            (f"{k.__module__.rpartition('.')[2]}." if k.__module__ != "builtins" else "") + k.__qualname__
            for k in (kind, type(value))
        )
        raise TypeError(f"{name} should be {expected}, got {got}")


def float_dtype(*arrays: ArrayLike) -> np.dtype:
    """Return the floating dtype that holds all ``arrays``; float64 if none of them is floating."""
    dtype = np.result_type(*(np.asarray(array).dtype for array in arrays))
    return dtype if np.issubdtype(dtype, np.floating) else np.dtype(np.float64)


def floats(name: str, array: ArrayLike) -> np.ndarray:
    """Return an array of any shape as floating numbers, where an array or lists of real numbers came.

    Raises
    ------
    TypeError
        As `check_shape`: NumPy would read numbers out of a text, and drop what is imaginary.
    """
    array = np.asarray(array)
    _check_real(name, array)
    return array.astype(float_dtype(array), copy=False)


def booleans(mask: ArrayLike, *shape: int) -> np.ndarray:
    """Return a mask of numbers or booleans as booleans of the same ``shape``: True where it is not 0.

    Raises
    ------
    TypeError, ValueError
        As `check_shape`; ``"mask should not hold NaN"``: does such a place count, or not?
    """
    mask = np.asarray(mask)
    check_shape("mask", mask, *shape)
    if np.isnan(mask).any():
        raise ValueError("mask should not hold NaN")
    return mask != 0


def copy_unmasked(
    x: np.ndarray, mask: np.ndarray | None, dtype: DTypeLike, ones: bool = False
) -> tuple[np.ndarray, np.ndarray | None]:
    """Copy the inputs that count, and say where none do.

    Parameters
    ----------
    x : array (T, B, D)
        Inputs of a sequence.
    mask : array (T, B) of numbers or booleans, or None
        0 where a step does not happen.
    dtype : dtype
        Of the copy.
    ones : bool
        Write a one behind every input: ``[x | 1] @ [W | b].T`` is ``x @ W.T + b`` in one product.

    Returns
    -------
    x : array (T, B, D), with ``ones`` (T, B, D + 1)
        The copy, zero where the mask is: ``0 * NaN`` must not reach a gradient.
    skipped : array (T, B, 1) of booleans, or None without a mask
        True where a step does not happen.

    Raises
    ------
    TypeError, ValueError
        What `booleans` says of the mask.
    """
    T, B, D = x.shape
    copy = empty((T, B, D + ones), dtype)
    copy[:, :, :D] = x
    copy[:, :, D:] = 1
    if mask is None:
        return copy, None
    skipped = ~booleans(mask, T, B)[:, :, None]
    np.copyto(copy[:, :, :D], 0, where=skipped)
    return copy, skipped


def check_sizes(*, least: int = 1, **sizes: int) -> None:
    """Raise an error unless every size is a whole number, at least 1 or ``least``.

    Raises
    ------
    TypeError
        ``"hidden_size should be an integer, got 2.5"``.
    ValueError
        ``"hidden_size should be at least 1, got 0"``.
    """
    for name, size in sizes.items():
        if not isinstance(size, int | np.integer) or isinstance(size, bool):
            raise TypeError(f"{name} should be an integer, got {size!r}")
        if size < least:
            raise ValueError(f"{name} should be at least {least}, got {size}")


def check_draw(rng: Any, dtype: DTypeLike, **sizes: int) -> None:
    """Raise an error unless weights of these sizes can be drawn: by a generator, in a floating dtype.

    Raises
    ------
    TypeError
        ``"rng should be numpy.random.Generator, got int"``; what `check_floating` says (in integers, every
        weight between -1 and 1 would be 0); and, as a ``ValueError`` too, what `check_sizes` says.
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng should be numpy.random.Generator, got {type(rng).__name__}")
    check_floating(dtype)
    check_sizes(**sizes)


def check_floating(dtype: DTypeLike) -> None:
    """Raise a ``TypeError`` unless ``dtype`` is a floating one: ``"dtype should be floating, got int64"``."""
    if not np.issubdtype(dtype, np.floating):
        raise TypeError(f"dtype should be floating, got {np.dtype(dtype)}")


def check_number(name: str, value: float, low: float = -np.inf, high: float = np.inf) -> None:
    """Raise an error unless ``value`` is a finite number in ``low ... high``.

    Raises
    ------
    TypeError
        ``"momentum should be a real number, got '0.9'"``.
    ValueError
        ``"momentum should lie in 0 ... 1, got 2.0"``; ``"gain should be finite, got nan"``.
    """
    if not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{name} should be a real number, got {value!r}")
    if not np.isfinite(value):
        raise ValueError(f"{name} should be finite, got {value}")
    if not low <= value <= high:
        wanted = f"lie in {low} ... {high}" if high < np.inf else f"be at least {low}"
        raise ValueError(f"{name} should {wanted}, got {value}")


def check_window(window: int | None) -> None:
    """Raise an error unless the window of a truncated backward pass has a step in it."""
    if window is not None:
        check_sizes(window=window)


def check_ids(name: str, ids: np.ndarray, vocab_size: int) -> None:
    """Raise a ``ValueError`` unless ``ids``, of any shape, are integers in ``0 ... vocab_size - 1``.

    NumPy would take -1 for the last row without a word; a wrong id must not pass as a right one.
    """
    if not np.issubdtype(ids.dtype, np.integer):
        raise ValueError(f"{name} should hold integers, got dtype {ids.dtype}")
    if ids.size and not (ids.min() >= 0 and ids.max() < vocab_size):
        raise ValueError(
            f"{name} should lie in 0 ... {vocab_size - 1}, got values from {ids.min()} to {ids.max()}"
        )


def check_scores(name: str, scores: np.ndarray, counts: np.ndarray | None = None) -> None:
    """Raise a ``ValueError`` where a score that counts is NaN or plus infinity.

    Whoever compares scores needs numbers: every comparison with NaN is false, so NaN would lose or win
    without a word.  Minus infinity is a score: what has it is forbidden.

    Parameters
    ----------
    name : str
        The argument's name, as the caller knows it.
    scores : array, any shape
    counts : array of booleans, optional
        Of the same shape as ``scores``, or of one that broadcasts to it.
        Where it is False, anything may stand.
    """
    wrong = np.isnan(scores) | np.isposinf(scores)
    if counts is not None:
        wrong &= counts
    if wrong.any():
        where = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise ValueError(f"{name} should hold numbers or -inf, got {scores[where]} at {where}")


def sequence_mask(mask: np.ndarray | None, steps: int, batch: int) -> np.ndarray:
    """Return a mask ``(T, B)`` as booleans, all True without one.

    Raises
    ------
    ValueError
        On a wrong shape, and ``"mask should let at least one place of every sequence count, got none for
        sequence 2"``.
    """
    counts = np.ones((steps, batch), bool) if mask is None else booleans(mask, steps, batch)
    if not counts.any(axis=0).all():
        raise ValueError(
            "mask should let at least one place of every sequence count, "
            f"got none for sequence {np.argmin(counts.any(axis=0))}"
        )
    return counts


def check_lengths(name: str, lengths: np.ndarray | None, batch: int, longest: int) -> np.ndarray:
    """Return the lengths ``(B,)`` of ``batch`` sequences, ``longest`` for all of them if none are given.

    Raises
    ------
    ValueError
        Unless they are ``batch`` integers in ``0 ... longest``.
    """
    lengths = np.full(batch, longest) if lengths is None else np.asarray(lengths)
    check_shape(name, lengths, batch)
    check_ids(name, lengths, longest + 1)
    return lengths
