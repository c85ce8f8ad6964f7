"""Mistakes made in cutting time short."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue
from rnncourse.checks.mistakes.bptt_time import Array, collect, states_before

CATALOGUE = Catalogue("bptt")


def _of(name: str, when: str) -> Any:
    return CATALOGUE.of("truncated_bptt", name, "Cutting time short", when)


def _cut(dh: Array, h: Array, W_hh: Array, stops: Callable[[int], bool]) -> tuple[Array, Array]:
    """Go back; what step t sends to the step before it is thrown away where ``stops(t)``."""
    da, carried = np.zeros_like(dh), np.zeros_like(dh[0])
    for t in reversed(range(len(dh))):
        da[t] = (dh[t] + carried) * (1 - h[t] ** 2)
        carried = np.zeros_like(carried) if stops(t) else da[t] @ W_hh
    return da, carried


@_of("not_truncated", "window is not used: the gradient flows through all of time.")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array, window: int) -> Any:
    da, dh0 = _cut(dh, h, W_hh, lambda t: False)
    return collect(da, dh0, x, states_before(h0, h), W_xh)


@_of("cut_at_every_step", "the gradient is cut between any two steps. Inside a window it flows.")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array, window: int) -> Any:
    da, dh0 = _cut(dh, h, W_hh, lambda t: t > 0)
    return collect(da, dh0, x, states_before(h0, h), W_xh)


@_of(
    "dh0_cut", "the gradient is cut at t = 0, too, so that dh0 is zero. Nothing but h0 stands before step 0."
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array, window: int) -> Any:
    da, dh0 = _cut(dh, h, W_hh, lambda t: t % window == 0)
    return collect(da, dh0, x, states_before(h0, h), W_xh)


@_of(
    "cut_one_step_late",
    "the cut lies one step too late, between steps 1 and 0 of a window. It is where a window begins.",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array, window: int) -> Any:
    da, dh0 = _cut(dh, h, W_hh, lambda t: t > 0 and (t - 1) % window == 0)
    return collect(da, dh0, x, states_before(h0, h), W_xh)


@_of(
    "cut_one_step_early",
    "the cut lies one step too early, before the last step of a window: t + 1 is asked, not t.",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array, window: int) -> Any:
    da, dh0 = _cut(dh, h, W_hh, lambda t: t > 0 and (t + 1) % window == 0)
    return collect(da, dh0, x, states_before(h0, h), W_xh)


@_of(
    "counted_from_the_end",
    "the windows are counted from the last step. They begin at step 0, so the *last* may be shorter.",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array, window: int) -> Any:
    T = len(x)
    da, dh0 = _cut(dh, h, W_hh, lambda t: t > 0 and (T - t) % window == 0)
    return collect(da, dh0, x, states_before(h0, h), W_xh)


@_of("first_cut_only", "the gradient is cut once, at t = window. It is cut at every multiple.")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array, window: int) -> Any:
    da, dh0 = _cut(dh, h, W_hh, lambda t: t == window)
    return collect(da, dh0, x, states_before(h0, h), W_xh)


@_of("window_of_one_more", "the windows are window + 1 steps long.")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array, window: int) -> Any:
    da, dh0 = _cut(dh, h, W_hh, lambda t: t > 0 and t % (window + 1) == 0)
    return collect(da, dh0, x, states_before(h0, h), W_xh)


@_of("as_many_windows", "the sequence is cut into `window` pieces. window is the number of steps in a piece.")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array, window: int) -> Any:
    length = -(-len(x) // window)
    da, dh0 = _cut(dh, h, W_hh, lambda t: t > 0 and t % length == 0)
    return collect(da, dh0, x, states_before(h0, h), W_xh)


@_of(
    "every_loss_the_same_way",
    "each dh[t] flows back through exactly `window` steps, across any border. Here it stops at the border.",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array, window: int) -> Any:
    da, dh0 = np.zeros_like(h), np.zeros_like(h0)
    for s in range(len(x)):
        flowing = dh[s]
        for t in range(s, max(s - window, -1), -1):
            flowing = flowing * (1 - h[t] ** 2)
            da[t] += flowing
            flowing = flowing @ W_hh
        if s < window:
            dh0 += flowing
    return collect(da, dh0, x, states_before(h0, h), W_xh)


@_of(
    "last_window_only",
    "the gradient stops at the border of the last window, and all before it is lost. Go on.",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array, window: int) -> Any:
    start = (len(x) - 1) // window * window
    da, dh0 = _cut(dh, h, W_hh, lambda t: t > 0 and t % window == 0)
    da[:start] = 0
    return collect(da, dh0 if start == 0 else np.zeros_like(h0), x, states_before(h0, h), W_xh)


@_of(
    "own_gradient_cut",
    "dh[t] is thrown away together with what was carried, at the last step of a window. It stays.",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array, window: int) -> Any:
    T = len(x)
    ends = (np.arange(T) % window == window - 1) & (np.arange(T) < T - 1)
    kept = np.where(ends[:, None, None], 0 * dh, dh)
    da, dh0 = _cut(kept, h, W_hh, lambda t: t > 0 and t % window == 0)
    return collect(da, dh0, x, states_before(h0, h), W_xh)


@_of(
    "state_reset",
    "dW_hh takes zeros for the state before each window. The gradient is cut there; the state goes on.",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array, window: int) -> Any:
    da, dh0 = _cut(dh, h, W_hh, lambda t: t > 0 and t % window == 0)
    starts = (np.arange(len(x)) % window == 0) & (np.arange(len(x)) > 0)
    before = states_before(h0, h)
    return collect(da, dh0, x, np.where(starts[:, None, None], 0 * before, before), W_xh)


@_of(
    "starts_from_h0",
    "dW_hh takes h0 for the state before each window. It is the last state of the window before.",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array, window: int) -> Any:
    da, dh0 = _cut(dh, h, W_hh, lambda t: t > 0 and t % window == 0)
    starts = np.arange(len(x)) % window == 0
    return collect(da, dh0, x, np.where(starts[:, None, None], h0, states_before(h0, h)), W_xh)


@_of(
    "dh0_of_every_window",
    "dh0 adds up what reaches the beginning of *every* window. Only the first begins at h0.",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array, window: int) -> Any:
    da, _ = _cut(dh, h, W_hh, lambda t: t > 0 and t % window == 0)
    return collect(da, (da[::window] @ W_hh).sum(axis=0), x, states_before(h0, h), W_xh)


@_of("averaged_over_windows", "the weights' gradients are averaged over the windows. They add up.")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array, window: int) -> Any:
    da, dh0 = _cut(dh, h, W_hh, lambda t: t > 0 and t % window == 0)
    dx, dh0, *weights = collect(da, dh0, x, states_before(h0, h), W_xh)
    return dx, dh0, *(gradient / -(-len(x) // window) for gradient in weights)


@_of("rest_left_out", "a last window that is shorter is left out. It counts like any other.")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array, window: int) -> Any:
    kept = dh.copy()
    kept[len(x) // window * window :] = 0
    da, dh0 = _cut(kept, h, W_hh, lambda t: t > 0 and t % window == 0)
    return collect(da, dh0, x, states_before(h0, h), W_xh)


@_of(
    "W_hh_transposed",
    "the carried gradient is multiplied by W_hh.T. The way back multiplies by W_hh itself.",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array, window: int) -> Any:
    da, dh0 = _cut(dh, h, W_hh.T, lambda t: t > 0 and t % window == 0)
    return collect(da, dh0, x, states_before(h0, h), W_xh)


@_of("slope_missing", "the slope of tanh is missing. At every step, the total is multiplied by 1 - h[t]**2.")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array, window: int) -> Any:
    da, dh0 = _cut(dh, 0 * h, W_hh, lambda t: t > 0 and t % window == 0)
    return collect(da, dh0, x, states_before(h0, h), W_xh)


@_of(
    "dh_changed",
    "Your numbers are right, but what is carried is added to the caller's dh itself, dh[t] += .... Add into "
    "a new array.",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array, window: int) -> Any:
    da, carried = np.zeros_like(dh), np.zeros_like(h0)
    for t in reversed(range(len(dh))):
        dh[t] += carried
        da[t] = dh[t] * (1 - h[t] ** 2)
        carried = np.zeros_like(h0) if t > 0 and t % window == 0 else da[t] @ W_hh
    return collect(da, carried, x, states_before(h0, h), W_xh)
