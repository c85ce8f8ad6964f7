"""Mistakes made with the output layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("rnn")
_of = CATALOGUE.of

Array = np.ndarray
_OUTPUT = "From state to output"


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


@_of(
    "output_layer",
    "classes_first",
    _OUTPUT,
    "the V outputs are the first axis. They go last: (T, B, V).",
)
def _(h: Array, W_hy: Array, b_y: Array) -> Any:
    return np.moveaxis(h @ W_hy.T + b_y, -1, 0).copy()


@_of("output_layer", "bias_twice", _OUTPUT, "b_y is added twice.")
def _(h: Array, W_hy: Array, b_y: Array) -> Any:
    return h @ W_hy.T + 2 * b_y
