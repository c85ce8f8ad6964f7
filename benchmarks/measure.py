"""Rows, and the clock that fills them: two functions called by turns, medians compared."""

import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterable
from typing import NamedTuple

from rnncourse.reference import buffers

Work = Callable[[], object]


class Row(NamedTuple):
    """One ratio, ours over the anchor's; at most ``goal`` is wanted, None where no goal is set."""

    work: str
    anchor: str
    shape: str
    ratio: float
    goal: float | None


def seconds(*works: Work, rounds: int = 11, warm: int = 2) -> list[float]:
    """Return the median seconds of each function.

    They are called by turns, so that a machine that becomes slower does so for all of them.
    """
    for work in works * warm:
        work()
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for work, times in zip(works, taken):
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
    return [statistics.median(times) for times in taken]


def ratio(ours: Work, anchor: Work, rounds: int = 11) -> float:
    """Return the median time of ours over the anchor's."""
    mine, theirs = seconds(ours, anchor, rounds=rounds)
    return mine / theirs


def peak_bytes(work: Work) -> int:
    """Return how much more memory NumPy and Python held at the worst moment of a call than before it."""
    work()  # what is made once and kept does not count ...
    buffers.release()  # ... but memory that only waits to be used again does
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        result = work()  # noqa: F841 - what comes back is alive at the peak, too
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def with_mean(rows: Iterable[Row], goal: float | None = None) -> list[Row]:
    """Add the geometric mean of some rows that share work and anchor.

    ``goal`` is the mean's, where it is not that of the rows.
    """
    rows = list(rows)
    mean = statistics.geometric_mean(row.ratio for row in rows)
    return [*rows, rows[0]._replace(shape="geometric mean", ratio=mean, goal=goal or rows[0].goal)]
