"""Mistakes made with windows."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("feedforward")
_of = CATALOGUE.of

_SLIDES = "A window that slides"


def _windows(series: np.ndarray, width: int, count: int) -> np.ndarray:
    return series[np.arange(count)[:, None] + np.arange(width)]


# ---------------------------------------------------------------- sliding_windows
@_of(
    "sliding_windows",
    "target_in_window",
    _SLIDES,
    "the target is the last value of its own window: the network would be asked for what it has "
    "just been shown.",
)
def _(series: np.ndarray, width: int) -> Any:
    N = len(series) - width
    return _windows(series, width, N), series[width - 1 : -1].copy()


@_of(
    "sliding_windows",
    "last_window_lost",
    _SLIDES,
    "the last window is missing. It still has a value after it; count for a series of 5 and width 3.",
)
def _(series: np.ndarray, width: int) -> Any:
    N = len(series) - width - 1
    return _windows(series, width, N), series[width:-1].copy()


@_of(
    "sliding_windows",
    "target_skips_one",
    _SLIDES,
    "one value is skipped between window and target: the target should be the very next one.",
)
def _(series: np.ndarray, width: int) -> Any:
    N = len(series) - width - 1
    return _windows(series, width, N), series[width + 1 :].copy()


@_of(
    "sliding_windows",
    "window_without_target",
    _SLIDES,
    "there is one window more than there are targets: nothing follows the last window, so it cannot be used.",
)
def _(series: np.ndarray, width: int) -> Any:
    N = len(series) - width
    return _windows(series, width, N + 1), series[width:].copy()


@_of(
    "sliding_windows",
    "no_overlap",
    _SLIDES,
    "every window begins where the one before ended. A sliding window moves by one value.",
)
def _(series: np.ndarray, width: int) -> Any:
    starts = np.arange(0, len(series) - width, width)
    return series[starts[:, None] + np.arange(width)], series[starts + width]


@_of(
    "sliding_windows",
    "newest_first",
    _SLIDES,
    "each window runs backwards, newest value first. Time runs from left to right here.",
)
def _(series: np.ndarray, width: int) -> Any:
    N = len(series) - width
    return _windows(series, width, N)[:, ::-1].copy(), series[width:].copy()


@_of(
    "sliding_windows",
    "target_is_first",
    _SLIDES,
    "the target is the first value of the window rather than the value after its last.",
)
def _(series: np.ndarray, width: int) -> Any:
    N = len(series) - width
    return _windows(series, width, N), series[:N].copy()


@_of(
    "sliding_windows",
    "windows_in_columns",
    _SLIDES,
    "the windows stand in the columns. One window is one row: (N, width).",
)
def _(series: np.ndarray, width: int) -> Any:
    N = len(series) - width
    return _windows(series, width, N).T.copy(), series[width:].copy()


@_of(
    "sliding_windows",
    "targets_in_a_column",
    _SLIDES,
    "the targets are a column, (N, 1). Subtracted from (N,) that would broadcast to (N, N); (N,) "
    "is asked for.",
)
def _(series: np.ndarray, width: int) -> Any:
    N = len(series) - width
    return _windows(series, width, N), series[width:, None].copy()


@_of("sliding_windows", "swapped", _SLIDES, "inputs and targets come back in the other order.")
def _(series: np.ndarray, width: int) -> Any:
    return series[width:].copy(), _windows(series, width, len(series) - width)


@_of(
    "sliding_windows",
    "views",
    _SLIDES,
    "Your numbers are right, but they are views: both results still lie in the memory of the "
    "series, and whoever "
    "changes it later changes your windows. Return copies.",
)
def _(series: np.ndarray, width: int) -> Any:
    return np.lib.stride_tricks.sliding_window_view(series[:-1], width), series[width:]


@_of(
    "sliding_windows",
    "always_float64",
    _SLIDES,
    "Your numbers are right, but a series of float32 or of integers comes back as float64: np.zeros "
    "without a dtype makes that.",
)
def _(series: np.ndarray, width: int) -> Any:
    N = len(series) - width
    return _windows(series, width, N).astype(np.float64), series[width:].astype(np.float64)


@_of(
    "sliding_windows",
    "target_inside",
    _SLIDES,
    "each window is one value too long: its last value is the target itself, which is to be predicted.",
)
def _(series: np.ndarray, width: int) -> Any:
    return _windows(series, width + 1, len(series) - width), series[width:].copy()


@_of(
    "sliding_windows",
    "targets_are_windows",
    _SLIDES,
    "the target is the whole window one step later. One value is asked for: the one after the window.",
)
def _(series: np.ndarray, width: int) -> Any:
    N = len(series) - width
    return _windows(series, width, N), _windows(series[1:], width, N)


@_of(
    "sliding_windows",
    "target_is_the_change",
    _SLIDES,
    "the target is how much the series changes next. The next value itself is asked for.",
)
def _(series: np.ndarray, width: int) -> Any:
    return _windows(series, width, len(series) - width), np.diff(series)[width - 1 :]
