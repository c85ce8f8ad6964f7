"""Mistakes made in unrolling the loop."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("rnn")
_of = CATALOGUE.of

Array = np.ndarray
_STEP = "One step of the loop"
_UNROLLED = "Unrolled in time"


def _step(x_t: Array, h: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return np.tanh(x_t @ W_xh.T + h @ W_hh.T + b_h)


def _unroll(x: Array, h: Array, *weights: Array) -> Array:
    rows = []
    for x_t in x:
        h = _step(x_t, h, *weights)
        rows.append(h)
    return np.stack(rows)


# ---------------------------------------------------------------- rnn_forward
@_of(
    "rnn_forward",
    "initial_state_ignored",
    _UNROLLED,
    "the state before the first step is zero. Either h0 is not used, or h[t - 1] at t = 0 reads "
    "the last row of a "
    "buffer that is still zero.",
)
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return _unroll(x, np.zeros_like(h0), *weights)


@_of(
    "rnn_forward",
    "state_reset",
    _UNROLLED,
    "every step starts from h0 again. Each step should start from the state that the step before "
    "left behind.",
)
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return np.stack([_step(x_t, h0, *weights) for x_t in x])


@_of("rnn_forward", "no_memory", _UNROLLED, "every step starts from zero: nothing is handed on.")
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return np.stack([_step(x_t, np.zeros_like(h0), *weights) for x_t in x])


@_of(
    "rnn_forward",
    "time_reversed",
    _UNROLLED,
    "time runs backwards: the last input is read first, and its state comes first.",
)
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return _unroll(x[::-1], h0, *weights)


@_of(
    "rnn_forward",
    "backward_direction",
    _UNROLLED,
    "the last input is read first, though the states are then stored in the right order.",
)
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return _unroll(x[::-1], h0, *weights)[::-1].copy()


@_of(
    "rnn_forward",
    "state_before",
    _UNROLLED,
    "h[t] holds the state *before* step t: h0 comes first and the last state is missing.",
)
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return np.concatenate([h0[None], _unroll(x, h0, *weights)[:-1]])


@_of(
    "rnn_forward",
    "initial_state_in_front",
    _UNROLLED,
    "h0 stands in front of the states, T + 1 in all. h has one row for each step; h[0] is the "
    "state after the first.",
)
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return np.concatenate([h0[None], _unroll(x, h0, *weights)])


@_of(
    "rnn_forward",
    "last_state_everywhere",
    _UNROLLED,
    "every row holds the last state. The same array was stored at each step and then changed; "
    "store a new one.",
)
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return np.stack([_unroll(x, h0, *weights)[-1]] * len(x))


@_of(
    "rnn_forward",
    "last_state_only",
    "Many to one, many to many",
    "only the last state comes back. All of them are asked for, (T, B, H).",
)
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return _unroll(x, h0, *weights)[-1]


@_of(
    "rnn_forward",
    "input_of_step_before",
    _UNROLLED,
    "step t reads x[t - 1], and step 0 reads the last input.",
)
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return _unroll(np.roll(x, 1, axis=0), h0, *weights)


@_of(
    "rnn_forward",
    "input_late",
    _UNROLLED,
    "step 0 reads zeros and step t reads x[t - 1]: the inputs are one step late.",
)
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return _unroll(np.concatenate([0 * x[:1], x[:-1]]), h0, *weights)


@_of(
    "rnn_forward",
    "tanh_after_the_loop",
    _STEP,
    "the loop runs without tanh, which is taken of the whole result at the end. It belongs in every step.",
)
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    rows, h = [], h0
    for x_t in x:
        h = x_t @ W_xh.T + h @ W_hh.T + b_h
        rows.append(h)
    return np.tanh(np.stack(rows))


@_of("rnn_forward", "first_input_always", _UNROLLED, "every step reads x[0].")
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return _unroll(np.broadcast_to(x[:1], x.shape), h0, *weights)


@_of(
    "rnn_forward",
    "W_hh_transposed",
    _STEP,
    "the state is multiplied by W_hh where its transpose is meant. States are rows here, so W_hh h "
    "becomes h @ W_hh.T.",
)
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return _unroll(x, h0, W_xh, W_hh.T, b_h)


@_of("rnn_forward", "no_tanh", _STEP, "there is no tanh in the loop.")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    rows, h = [], h0
    for x_t in x:
        h = x_t @ W_xh.T + h @ W_hh.T + b_h
        rows.append(h)
    return np.stack(rows)


@_of("rnn_forward", "bias_dropped", _STEP, "b_h is left out.")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return _unroll(x, h0, W_xh, W_hh, 0 * b_h)


@_of(
    "rnn_forward",
    "states_add_up",
    _UNROLLED,
    "the new state is added to the old one, `h += ...`. It should take its place, `h = ...`.",
)
def _(x: Array, h0: Array, *weights: Array) -> Any:
    rows, h = [], h0
    for x_t in x:
        h = h + _step(x_t, h, *weights)
        rows.append(h)
    return np.stack(rows)


@_of(
    "rnn_forward",
    "batch_first",
    _UNROLLED,
    "the batch is the first axis of h. Time comes first here: (T, B, H).",
)
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return _unroll(x, h0, *weights).transpose(1, 0, 2).copy()


@_of(
    "rnn_forward",
    "initial_state_overwritten",
    _UNROLLED,
    "Your numbers are right, but h0 is used as the loop's own variable and written to: the "
    "caller's array changes.",
)
def _(x: Array, h0: Array, *weights: Array) -> Any:
    h = _unroll(x, h0, *weights)
    h0[...] = h[-1]
    return h


@_of(
    "rnn_forward",
    "float32_buffer",
    _UNROLLED,
    "the states are kept in a float32 array, which rounds float64 numbers to seven digits.",
)
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return _unroll(x, h0, *weights).astype(np.float32)


@_of(
    "rnn_forward",
    "always_float64",
    _UNROLLED,
    "Your numbers are right, but float32 inputs give float64 states: np.zeros without a dtype makes float64.",
)
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return _unroll(x, h0, *weights).astype(np.float64)
