"""Mistakes made in one step of the loop."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("rnn")
_of = CATALOGUE.of

Array = np.ndarray
_STEP = "One step of the loop"


def _step(x_t: Array, h: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return np.tanh(x_t @ W_xh.T + h @ W_hh.T + b_h)


# ---------------------------------------------------------------- rnn_step
@_of(
    "rnn_step",
    "tanh_around_input",
    _STEP,
    "tanh is taken of W_xh x_t alone, and the other terms are added after it. It goes around the whole sum.",
)
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return np.tanh(x_t @ W_xh.T) + h_prev @ W_hh.T + b_h


@_of(
    "rnn_step",
    "tanh_around_state",
    _STEP,
    "tanh is taken of W_hh h_prev alone, and the other terms are added after it. It goes around "
    "the whole sum.",
)
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return x_t @ W_xh.T + np.tanh(h_prev @ W_hh.T) + b_h


@_of(
    "rnn_step",
    "separate_tanhs",
    _STEP,
    "input and state each get a tanh of their own. There is one tanh, around their sum.",
)
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return np.tanh(x_t @ W_xh.T) + np.tanh(h_prev @ W_hh.T + b_h)


@_of("rnn_step", "bias_outside_tanh", _STEP, "b_h is added after the tanh. In (R1) it stands inside.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return np.tanh(x_t @ W_xh.T + h_prev @ W_hh.T) + b_h


@_of("rnn_step", "no_tanh", _STEP, "there is no tanh: this is a_t of (R1), and h_t is its tanh (R2).")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return x_t @ W_xh.T + h_prev @ W_hh.T + b_h


@_of("rnn_step", "sigmoid", _STEP, "the logistic sigmoid (0 to 1) stands in place of tanh (-1 to 1).")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return 1 / (1 + np.exp(-(x_t @ W_xh.T + h_prev @ W_hh.T + b_h)))


@_of("rnn_step", "relu", "tanh or ReLU?", "a ReLU stands in place of tanh.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return np.maximum(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 0)


@_of(
    "rnn_step",
    "W_hh_transposed",
    _STEP,
    "the state is multiplied by W_hh where its transpose is meant. States are rows here, so W_hh h "
    "becomes h @ W_hh.T.",
)
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return np.tanh(x_t @ W_xh.T + h_prev @ W_hh + b_h)


@_of(
    "rnn_step",
    "state_ignored",
    _STEP,
    "h_prev is not used. Without it there is no memory: the step is a feedforward layer.",
)
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return np.tanh(x_t @ W_xh.T + b_h)


@_of("rnn_step", "input_ignored", _STEP, "x_t is not used.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return np.tanh(h_prev @ W_hh.T + b_h)


@_of("rnn_step", "bias_dropped", _STEP, "b_h is left out.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return np.tanh(x_t @ W_xh.T + h_prev @ W_hh.T)


@_of("rnn_step", "bias_twice", _STEP, "b_h is added twice; torch.nn.RNN has two biases, which are one here.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return np.tanh(x_t @ W_xh.T + h_prev @ W_hh.T + 2 * b_h)


@_of(
    "rnn_step",
    "state_without_weights",
    _STEP,
    "h_prev is added as it is. It goes through W_hh first, so that units can talk to each other.",
)
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return np.tanh(x_t @ W_xh.T + h_prev + b_h)


@_of("rnn_step", "tanh_twice", _STEP, "tanh is taken twice. Once is enough: h_t = tanh(a_t), (R2).")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return np.tanh(_step(x_t, h_prev, W_xh, W_hh, b_h))


@_of("rnn_step", "tanh_around_bias", _STEP, "tanh is taken of b_h alone. It goes around the whole sum.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return x_t @ W_xh.T + h_prev @ W_hh.T + np.tanh(b_h)


@_of("rnn_step", "state_added", _STEP, "the new value is added to h_prev. It should take its place.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return h_prev + _step(x_t, h_prev, W_xh, W_hh, b_h)


@_of("rnn_step", "bias_subtracted", _STEP, "b_h is subtracted. In (R1) it is added.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return _step(x_t, h_prev, W_xh, W_hh, -b_h)


@_of(
    "rnn_step",
    "state_overwritten",
    _STEP,
    "Your numbers are right, but they are written into h_prev: the caller's state is gone. Make a new array.",
)
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    h_prev[...] = _step(x_t, h_prev, W_xh, W_hh, b_h)
    return h_prev
