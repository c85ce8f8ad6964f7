"""Mistakes made with the GRU's biases, the order of its gates, their functions and products."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue
from rnncourse.checks.mistakes.gru import gates, inner, right, sigmoid, stacked

CATALOGUE = Catalogue("gru")

Array = np.ndarray
_STEP = "One step"


def _of(name: str, when: str, heading: str = _STEP) -> Any:
    return CATALOGUE.of("gru_step", name, heading, when)


# ---------------------------------------------------------------- biases
@_of(
    "b_hn_outside_reset", "b_hn is added outside the reset product, r * (W_hn h_prev) + b_hn. r meets it too."
)
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    outside = np.concatenate([b_h[: -len(b_hn)], b_h[-len(b_hn) :] + b_hn])
    return right(x_t, h_prev, W_xh, W_hh, outside, 0 * b_hn)


@_of("b_hn_dropped", "b_hn is left out. It is added to W_hn h_prev, before r multiplies the sum.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    return right(x_t, h_prev, W_xh, W_hh, b_h, 0 * b_hn)


@_of("b_h_dropped", "b_h is left out. Each of the three gates has its part of it.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    return right(x_t, h_prev, W_xh, W_hh, 0 * b_h, b_hn)


@_of("b_n_inside_reset", "the last part of b_h stands inside the reset product too. Only b_hn belongs there.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    H = len(b_hn)
    moved = np.concatenate([b_h[: 2 * H], 0 * b_hn])
    return right(x_t, h_prev, W_xh, W_hh, moved, b_hn + b_h[2 * H :])


@_of(
    "b_n_twice", "the last part of b_h is added twice: with the input, and inside the reset product as well."
)
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    return right(x_t, h_prev, W_xh, W_hh, b_h, b_hn + b_h[2 * len(b_hn) :])


# ---------------------------------------------------------------- which gate is which
@_of(
    "gates_z_r_n",
    "the blocks are read in the order z, r, n, as Keras stacks them. Here it is r, z, n, as in Torch.",
    "The same machine in Torch",
)
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    return right(x_t, h_prev, *(stacked(w, 1, 0, 2) for w in (W_xh, W_hh, b_h)), b_hn)


@_of("gates_r_n_z", "the blocks are read in the order r, n, z. Here it is r, z, n.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    return right(x_t, h_prev, *(stacked(w, 0, 2, 1) for w in (W_xh, W_hh, b_h)), b_hn)


@_of("gates_n_z_r", "the blocks are read in the order n, z, r. Here it is r, z, n.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    return right(x_t, h_prev, *(stacked(w, 2, 1, 0) for w in (W_xh, W_hh, b_h)), b_hn)


@_of("gates_n_r_z", "the blocks are read in the order n, r, z. Here it is r, z, n.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    return right(x_t, h_prev, *(stacked(w, 1, 2, 0) for w in (W_xh, W_hh, b_h)), b_hn)


@_of("gates_z_n_r", "the blocks are read in the order z, n, r. Here it is r, z, n.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    return right(x_t, h_prev, *(stacked(w, 2, 0, 1) for w in (W_xh, W_hh, b_h)), b_hn)


@_of(
    "gates_interleaved",
    "every third row is read as one gate's, W[0::3]. The gates stand one after the other: "
    "rows 0 to H are r's.",
)
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    apart = (np.concatenate([w[gate::3] for gate in range(3)]) for w in (W_xh, W_hh, b_h))
    return right(x_t, h_prev, *apart, b_hn)


# ---------------------------------------------------------------- functions and products
@_of("no_sigmoid", "r and z are used without their sigmoid: they are not between 0 and 1.")
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    r, z, x_n, q = inner(x_t, h_prev, *weights)
    return (1 - z) * np.tanh(x_n + r * q) + z * h_prev


@_of("no_tanh", "the candidate has no tanh.")
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    a_r, a_z, x_n, q = inner(x_t, h_prev, *weights)
    z = sigmoid(a_z)
    return (1 - z) * (x_n + sigmoid(a_r) * q) + z * h_prev


@_of("sigmoid_candidate", "the candidate is a sigmoid (0 to 1). It should be a tanh (-1 to 1).")
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    a_r, a_z, x_n, q = inner(x_t, h_prev, *weights)
    z = sigmoid(a_z)
    return (1 - z) * sigmoid(x_n + sigmoid(a_r) * q) + z * h_prev


@_of("tanh_gates", "r and z are a tanh (-1 to 1). A gate is a sigmoid (0 to 1).")
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    a_r, a_z, x_n, q = inner(x_t, h_prev, *weights)
    z = np.tanh(a_z)
    return (1 - z) * np.tanh(x_n + np.tanh(a_r) * q) + z * h_prev


@_of("tanh_reset", "r is a tanh (-1 to 1). A gate is a sigmoid (0 to 1).")
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    a_r, a_z, x_n, q = inner(x_t, h_prev, *weights)
    z = sigmoid(a_z)
    return (1 - z) * np.tanh(x_n + np.tanh(a_r) * q) + z * h_prev


@_of("tanh_update", "z is a tanh (-1 to 1). A gate is a sigmoid (0 to 1).")
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    _, a_z, _, _ = inner(x_t, h_prev, *weights)
    z, n = np.tanh(a_z), gates(x_t, h_prev, *weights)[2]
    return (1 - z) * n + z * h_prev


@_of("sigmoid_sign", "the sigmoid is 1 / (1 + exp(a)). A minus is missing: 1 / (1 + exp(-a)).")
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    a_r, a_z, x_n, q = inner(x_t, h_prev, *weights)
    z = sigmoid(-a_z)
    return (1 - z) * np.tanh(x_n + sigmoid(-a_r) * q) + z * h_prev


@_of(
    "W_hh_transposed",
    "the state meets each block of W_hh where its transpose is meant: W_hr h becomes h @ W_hr.T for rows.",
)
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    flipped = np.concatenate([block.T for block in np.split(W_hh, 3)])
    return right(x_t, h_prev, W_xh, flipped, b_h, b_hn)


@_of("state_only_in_candidate", "r and z do not see h_prev. Both gates look at the input and at the past.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    H = len(b_hn)
    blind = np.concatenate([0 * W_hh[: 2 * H], W_hh[2 * H :]])
    _, z, n, _ = gates(x_t, h_prev, W_xh, blind, b_h, b_hn)
    return (1 - z) * n + z * h_prev


@_of("input_ignored", "x_t is not used.")
def _(x_t: Array, h_prev: Array, W_xh: Array, *rest: Array) -> Any:
    return right(x_t, h_prev, 0 * W_xh, *rest)


@_of(
    "state_overwritten",
    "Your numbers are right, but they are written into h_prev: the caller's state is gone.",
)
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    h_prev[...] = right(x_t, h_prev, *weights)
    return h_prev


@_of(
    "always_float64",
    "Your numbers are right, but float32 inputs give a float64 state: np.zeros without a "
    "dtype makes float64.",
)
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    return right(x_t, h_prev, *weights).astype(np.float64)
