"""Mistakes made with the output layer and the delay line."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("rnn")
_of = CATALOGUE.of

Array = np.ndarray
_OUTPUT = "From state to output"
_DELAY = "A delay line built by hand"


# ---------------------------------------------------------------- output_layer
@_of("output_layer", "bias_dropped", _OUTPUT, "b_y is left out.")
def _(h: Array, W_hy: Array, b_y: Array) -> Any:
    return h @ W_hy.T


@_of(
    "output_layer",
    "tanh_on_output",
    _OUTPUT,
    "the outputs go through tanh. (R3) is linear: y may be of any size.",
)
def _(h: Array, W_hy: Array, b_y: Array) -> Any:
    return np.tanh(h @ W_hy.T + b_y)


@_of(
    "output_layer",
    "tanh_on_state",
    _OUTPUT,
    "tanh is taken of h once more. It has been through tanh already.",
)
def _(h: Array, W_hy: Array, b_y: Array) -> Any:
    return np.tanh(h) @ W_hy.T + b_y


@_of(
    "output_layer",
    "softmax_on_output",
    _OUTPUT,
    "a softmax is taken of the outputs. The layer returns the plain scores; the loss takes the softmax.",
)
def _(h: Array, W_hy: Array, b_y: Array) -> Any:
    e = np.exp(h @ W_hy.T + b_y)
    return e / e.sum(axis=-1, keepdims=True)


@_of(
    "output_layer",
    "state_before",
    _OUTPUT,
    "step t reads the state h[t - 1], and step 0 the last one. y_t comes from h_t.",
)
def _(h: Array, W_hy: Array, b_y: Array) -> Any:
    return np.roll(h, 1, axis=0) @ W_hy.T + b_y


@_of(
    "output_layer",
    "last_step_only",
    "Many to one, many to many",
    "only the last step is read out. Every step is asked for: (T, B, V).",
)
def _(h: Array, W_hy: Array, b_y: Array) -> Any:
    return h[-1] @ W_hy.T + b_y


@_of(
    "output_layer",
    "flattened",
    _OUTPUT,
    "time and batch are one long axis. The result keeps both: (T, B, V).",
)
def _(h: Array, W_hy: Array, b_y: Array) -> Any:
    return h.reshape(-1, h.shape[-1]) @ W_hy.T + b_y


@_of("output_layer", "batch_first", _OUTPUT, "the batch is the first axis. Time comes first here: (T, B, V).")
def _(h: Array, W_hy: Array, b_y: Array) -> Any:
    return (h @ W_hy.T + b_y).transpose(1, 0, 2).copy()


@_of("output_layer", "bias_subtracted", _OUTPUT, "b_y is subtracted.")
def _(h: Array, W_hy: Array, b_y: Array) -> Any:
    return h @ W_hy.T - b_y


@_of(
    "output_layer",
    "always_float64",
    _OUTPUT,
    "Your numbers are right, but float32 states give float64 outputs: np.zeros without a dtype "
    "makes float64.",
)
def _(h: Array, W_hy: Array, b_y: Array) -> Any:
    return (h @ W_hy.T + b_y).astype(np.float64)


# ---------------------------------------------------------------- delay_line_weights
def _line(H: int, W_hh: Array, last: int, gain: float = 1.0) -> tuple[Array, Array, Array, Array, Array]:
    """Return a network with input into unit 0, the given loop, and output from unit ``last``."""
    W_xh, W_hy = np.zeros((H, 1)), np.zeros((1, H))
    W_xh[0, 0], W_hy[0, last] = gain, 1 / gain
    return W_xh, W_hh, np.zeros(H), W_hy, np.zeros(1)


@_of(
    "delay_line_weights",
    "one_step_too_late",
    _DELAY,
    "the signal arrives one step too late. The first unit holds x_t at once, so `delay` steps need "
    "delay + 1 units.",
)
def _(delay: int) -> Any:
    return _line(delay + 2, np.eye(delay + 2, k=-1), delay + 1)


@_of(
    "delay_line_weights",
    "one_step_too_early",
    _DELAY,
    "the signal arrives one step too early: H = delay units hold only delay - 1 steps of the past.",
)
def _(delay: int) -> Any:
    return _line(delay, np.eye(delay, k=-1), delay - 1)


@_of(
    "delay_line_weights",
    "no_delay",
    _DELAY,
    "the signal comes out at once: the output reads the unit that the input goes into.",
)
def _(delay: int) -> Any:
    return _line(delay + 1, np.eye(delay + 1, k=-1), 0)


@_of(
    "delay_line_weights",
    "register_backwards",
    _DELAY,
    "nothing ever reaches the output. Look at the way that values are handed on: W_hh[i, j] leads from "
    "unit j to unit i.",
)
def _(delay: int) -> Any:
    return _line(delay + 1, np.eye(delay + 1, k=1), delay)


@_of(
    "delay_line_weights",
    "ring",
    _DELAY,
    "the signal comes back again and again: the last unit hands its value to the first one, so the "
    "register is a ring.",
)
def _(delay: int) -> Any:
    return _line(delay + 1, np.roll(np.eye(delay + 1), 1, axis=0), delay)


@_of(
    "delay_line_weights",
    "units_keep_their_values",
    _DELAY,
    "units keep their own value and add what comes in: W_hh has ones on the diagonal too. A "
    "register lets go.",
)
def _(delay: int) -> Any:
    return _line(delay + 1, np.eye(delay + 1, k=-1) + np.eye(delay + 1), delay)


@_of(
    "delay_line_weights",
    "running_sum",
    _DELAY,
    "all inputs so far are added up: W_hh is the identity, and the output reads the unit that the "
    "input goes into.",
)
def _(delay: int) -> Any:
    return _line(delay + 1, np.eye(delay + 1), 0)


@_of(
    "delay_line_weights",
    "saturated",
    _DELAY,
    "the signal is made a hundred times larger on its way in, where tanh bends it. tanh(a) is "
    "close to a for small a only.",
)
def _(delay: int) -> Any:
    return _line(delay + 1, np.eye(delay + 1, k=-1), delay, gain=100.0)


@_of(
    "delay_line_weights",
    "input_into_every_unit",
    _DELAY,
    "the input goes into every unit of the register, so that the output adds up the last delay + 1 inputs.",
)
def _(delay: int) -> Any:
    W_xh, *rest = _line(delay + 1, np.eye(delay + 1, k=-1), delay)
    return np.ones_like(W_xh), *rest


@_of("delay_line_weights", "sign_flipped", _DELAY, "the signal arrives in time, with the wrong sign.")
def _(delay: int) -> Any:
    W_xh, W_hh, b_h, W_hy, b_y = _line(delay + 1, np.eye(delay + 1, k=-1), delay)
    return W_xh, W_hh, b_h, -W_hy, b_y


@_of(
    "delay_line_weights",
    "bias_not_zero",
    _DELAY,
    "every unit has a bias of 1, which pushes tanh far from zero. The register works where tanh is straight.",
)
def _(delay: int) -> Any:
    W_xh, W_hh, b_h, W_hy, b_y = _line(delay + 1, np.eye(delay + 1, k=-1), delay)
    return W_xh, W_hh, b_h + 1, W_hy, b_y
