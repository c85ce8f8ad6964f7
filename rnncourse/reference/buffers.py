"""Memory for the loops over time: where an array starts, and what becomes of it when nobody looks any more.

Two things cost a loop over time more than its arithmetic would explain.

*Where an array starts.*  A processor fetches memory in lines of 64 bytes and computes on 64 bytes at once.
NumPy's arrays start at any multiple of 16, so three in four of them have every one of their vectors lie
across two lines.  `empty` starts on a line: small matrix products and element-wise steps take up to
twice as long without.

*Where it comes from.*  A fresh array of some megabytes is made of pages that the operating system hands
over one by one, at the first touch, each filled with zeros.  A training loop asks for the same sizes again
and again, so `empty` keeps memory that nobody looks at any more and hands it out again.

"Nobody looks" is not guessed.  Every view of an array keeps the memory under it alive; only when the
last view is gone does a block come back.  So what was handed out is never overwritten by a later call, for
as long as somebody holds it, in any thread.
"""

import math
import weakref
from collections import deque

import numpy as np
from numpy.typing import DTypeLike

LINE = 64  # bytes that a processor fetches at once
SMALLEST = 2**14  # bytes; below, keeping a block costs more than making one
KEPT = 2**27  # bytes; no more than this waits for its next use

_free: deque[np.ndarray] = deque()


def empty(shape: tuple[int, ...], dtype: DTypeLike) -> np.ndarray:
    """Return an array of any ``shape`` and ``dtype``, not yet filled, that starts on a cache line."""
    dtype = np.dtype(dtype)
    count = math.prod(shape)
    size = count * dtype.itemsize + LINE
    if size < SMALLEST:
        block = np.empty(size, np.uint8)
        start = -block.ctypes.data % LINE
        return block[start : start + size - LINE].view(dtype).reshape(shape)
    block = _take(size)
    array = np.frombuffer(block.data, dtype, count, -block.ctypes.data % LINE)
    # Views of views of an array refer to this memoryview in the end, whichever way they were made.
    weakref.finalize(array.base, _give_back, block).atexit = False
    return array.reshape(shape)


def zeros(shape: tuple[int, ...], dtype: DTypeLike) -> np.ndarray:
    """Return an array of any ``shape`` and ``dtype`` full of zeros, in memory from `empty`."""
    array = empty(shape, dtype)
    array.fill(0)
    return array


def copied(array: np.ndarray, dtype: DTypeLike) -> np.ndarray:
    """Return a copy of an ``array`` of any shape, in C order and in ``dtype``, in memory from `empty`."""
    copy = empty(array.shape, dtype)
    copy[...] = array
    return copy


def release() -> None:
    """Let go of all memory that waits for its next use."""
    _free.clear()


def _take(size: int) -> np.ndarray:
    """Return a block of ``size`` bytes: a kept one if there is one."""
    for _ in range(len(_free)):
        try:
            block = _free.popleft()  # taken out before it is looked at, so no two threads can have it
        except IndexError:
            break
        if len(block) == size:
            return block
        _free.append(block)
    return np.empty(size, np.uint8)


def _give_back(block: np.ndarray) -> None:
    """Keep a block for its next use, and drop those that have waited longest if there are too many."""
    _free.append(block)
    while sum(map(len, _free.copy())) > KEPT:
        _free.popleft()
