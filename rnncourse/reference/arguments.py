"""What every function here asks of its arguments: a shape, a floating dtype, a mask, ids that exist."""

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from rnncourse.reference.buffers import empty


def check_shape(name: str, array: np.ndarray, *expected: int | str) -> None:
    """Raise an error unless ``array`` is a NumPy array of real numbers that has the expected shape.

    Parameters
    ----------
    name : str
        The argument's name, as the caller knows it.
    array : array
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
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} should hold real numbers, got dtype {array.dtype}")
    fits = len(expected) == array.ndim and all(
        isinstance(want, str) or want == length for want, length in zip(expected, array.shape)
    )
    if not fits:
        # (3,) and not (3): print a shape the way NumPy prints it
        inside = ", ".join(map(str, expected)) + ("," if len(expected) == 1 else "")
        raise ValueError(f"{name} should have shape ({inside}), got {array.shape}")


def float_dtype(*arrays: ArrayLike) -> np.dtype:
    """Return the floating dtype that holds all ``arrays``; float64 if none of them is floating."""
    dtype = np.result_type(*(np.asarray(array).dtype for array in arrays))
    return dtype if np.issubdtype(dtype, np.floating) else np.dtype(np.float64)


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
    ValueError
        ``"mask should have shape ..."``; ``"mask should not hold NaN"``: is such a step one, or none?
    """
    T, B, D = x.shape
    copy = empty((T, B, D + ones), dtype)
    copy[:, :, :D] = x
    copy[:, :, D:] = 1
    if mask is None:
        return copy, None
    mask = np.asarray(mask)
    check_shape("mask", mask, T, B)
    if np.isnan(mask).any():
        raise ValueError("mask should not hold NaN")
    skipped = (mask == 0)[:, :, None]
    np.copyto(copy[:, :, :D], 0, where=skipped)
    return copy, skipped


def check_sizes(**sizes: int) -> None:
    """Raise an error unless every size is a whole number, at least 1.

    Raises
    ------
    TypeError
        ``"hidden_size should be an integer, got 2.5"``.
    ValueError
        ``"hidden_size should be at least 1, got 0"``.
    """
    for name, size in sizes.items():
        if not isinstance(size, int | np.integer):
            raise TypeError(f"{name} should be an integer, got {size!r}")
        if size < 1:
            raise ValueError(f"{name} should be at least 1, got {size}")


def check_window(window: int | None) -> None:
    """Raise an error unless the window of a truncated backward pass has a step in it."""
    if window is not None:
        check_sizes(window=window)


def check_ids(name: str, ids: np.ndarray, vocab_size: int) -> None:
    """Raise a ``ValueError`` unless ``ids`` are integers in ``0 ... vocab_size - 1``.

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
    counts : array of booleans that broadcasts to ``scores``, optional
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
    counts = np.ones((steps, batch), bool) if mask is None else np.asarray(mask) != 0
    check_shape("mask", counts, steps, batch)
    if not counts.any(axis=0).all():
        raise ValueError(
            "mask should let at least one place of every sequence count, "
            f"got none for sequence {np.argmin(counts.any(axis=0))}"
        )
    return counts


def check_lengths(name: str, lengths: np.ndarray | None, batch: int, longest: int) -> np.ndarray:
    """Return the lengths of ``batch`` sequences, ``longest`` for all of them if none are given.

    Raises
    ------
    ValueError
        Unless they are ``batch`` integers in ``0 ... longest``.
    """
    lengths = np.full(batch, longest) if lengths is None else np.asarray(lengths)
    check_shape(name, lengths, batch)
    check_ids(name, lengths, longest + 1)
    return lengths
