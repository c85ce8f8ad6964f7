"""Mistakes that leave the numbers right, or right at the first call: dtypes, and what is written to."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.lstm_relatives import coupled_peephole_step_backward
from rnncourse.checks.mistakes import Catalogue
from rnncourse.checks.mistakes.lstm import STEP, Array, Function, right
from rnncourse.checks.mistakes.lstm_backward import right_gradients
from rnncourse.checks.mistakes.lstm_coupled import coupled
from rnncourse.checks.mistakes.lstm_peephole import peephole
from rnncourse.checks.mistakes.lstm_sequence import run
from rnncourse.checks.mistakes.lstm_way_back import BACK, straight

CATALOGUE = Catalogue("lstm")
_UNROLLED, _TIME, _BIAS = "Unrolled in time", "Back through time", "The forget bias"
_of = CATALOGUE.of


def _wide(results: tuple[Array, ...]) -> tuple[Array, ...]:
    return tuple(result.astype(np.float64) for result in results)


# ---------------------------------------------------------------- gradients that stay
class Kept:
    """A way back whose weight gradients are never set to zero: they add up from call to call."""

    def __init__(self, function: Function, weights_from: int) -> None:
        self.function, self.weights_from = function, weights_from
        self.sums: dict[tuple[tuple[int, ...], ...], list[Array]] = {}

    def __call__(self, *args: Array) -> tuple[Array, ...]:
        """Return the gradients of this call, with those of all calls of the same sizes in the weights'."""
        results = self.function(*args)
        shapes = tuple(arg.shape for arg in args)
        before = self.sums.get(shapes, [np.zeros_like(result) for result in results[self.weights_from :]])
        total = [a + b for a, b in zip(before, results[self.weights_from :], strict=True)]
        self.sums[shapes] = total
        return *results[: self.weights_from], *total


KEPT = (
    "the weight gradients of an earlier call are still there, and this call's are added to "
    "them. Begin each call "
    "with zeros."
)
_of("lstm_step_backward", "gradients_kept", BACK, KEPT, keeps=True)(lambda: Kept(straight, 3))
_of("lstm_backward", "gradients_kept", _TIME, KEPT, keeps=True)(lambda: Kept(right_gradients, 3))
_of("coupled_peephole_lstm_step_backward", "gradients_kept", BACK, KEPT, keeps=True)(
    lambda: Kept(coupled_peephole_step_backward, 3)
)


# ---------------------------------------------------------------- what the caller passed in
@_of(
    "lstm_step",
    "cell_overwritten",
    STEP,
    "Your numbers are right, but c_prev is changed in place, `c_prev *= f`: the caller's cell "
    "is gone. Make a new "
    "array.",
)
def _(x_t: Array, h_prev: Array, c_prev: Array, *weights: Array) -> Any:
    h_t, c_prev[...] = right(x_t, h_prev, c_prev, *weights)
    return h_t, c_prev.copy()


@_of(
    "lstm_forward",
    "c0_overwritten",
    _UNROLLED,
    "Your numbers are right, but c0 is changed in place, `c *= f`: the caller's cell is gone. "
    "Make a new array.",
)
def _(x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    h, c = run(x, h0, c0, *weights)
    c0[...] = c[-1]
    return h, c


@_of(
    "lstm_step_backward",
    "dc_t_overwritten",
    BACK,
    "Your numbers are right, but dc_t is changed in place, `dc_t += ...`. Write dc = dc_t + "
    "...: a new array.",
)
def _(dh_t: Array, dc_t: Array, *step: Array) -> Any:
    gradients = straight(dh_t, dc_t, *step)
    dc_t += dh_t
    return gradients


@_of(
    "lstm_backward",
    "dh_overwritten",
    _TIME,
    "Your numbers are right, but dh is changed in place, `dh[t] += ...`. Write dh[t] + dh_next: a new array.",
)
def _(dh: Array, dc_last: Array, *rest: Array) -> Any:
    gradients = right_gradients(dh, dc_last, *rest)
    dh[:-1] += 1  # nothing is carried to the last step
    return gradients


@_of(
    "forget_bias",
    "b_h_overwritten",
    _BIAS,
    "Your numbers are right, but they are written into b_h: the caller's biases are gone. Work on a copy.",
)
def _(b_h: Array, value: float) -> Any:
    b_h[len(b_h) // 4 : len(b_h) // 2] = value
    return b_h


# ---------------------------------------------------------------- dtypes
_WIDE = (
    "Your numbers are right, but float32 inputs give float64 results: np.zeros without a dtype makes float64."
)
_NARROW = "numbers are kept in a float32 array on the way, which rounds float64 to seven digits."


@_of("lstm_forward", "float32_buffer", _UNROLLED, _NARROW)
def _(*args: Array) -> Any:
    return tuple(states.astype(np.float32) for states in run(*args))


@_of("lstm_backward", "float32_buffer", _TIME, _NARROW)
def _(*args: Array) -> Any:
    return tuple(gradient.astype(np.float32) for gradient in right_gradients(*args))


@_of("lstm_step", "always_float64", STEP, _WIDE)
def _(*args: Array) -> Any:
    return _wide(right(*args))


@_of("lstm_forward", "always_float64", _UNROLLED, _WIDE)
def _(*args: Array) -> Any:
    return _wide(run(*args))


@_of("lstm_step_backward", "always_float64", BACK, _WIDE)
def _(*args: Array) -> Any:
    return _wide(straight(*args))


@_of("lstm_backward", "always_float64", _TIME, _WIDE)
def _(*args: Array) -> Any:
    return _wide(right_gradients(*args))


@_of("forget_bias", "always_float64", _BIAS, _WIDE)
def _(b_h: Array, value: float) -> Any:
    quarter = len(b_h) // 4
    return np.concatenate([b_h[:quarter], np.full(quarter, value), b_h[2 * quarter :]]).astype(np.float64)


@_of("peephole_lstm_step", "always_float64", "Peepholes", _WIDE)
def _(*args: Array) -> Any:
    return _wide(peephole(*args))


@_of("coupled_lstm_step", "always_float64", "Coupled gates", _WIDE)
def _(*args: Array) -> Any:
    return _wide(coupled(*args))


@_of("coupled_peephole_lstm_step_backward", "always_float64", BACK, _WIDE)
def _(*args: Array) -> Any:
    return _wide(coupled_peephole_step_backward(*args))
