"""Mistakes made in the GRU's other form, in which the reset gate comes before the product."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue
from rnncourse.checks.mistakes.gru import gates, inner, sigmoid, stacked

CATALOGUE = Catalogue("gru")

Array = np.ndarray
_BEFORE = "Reset before or after"


def _of(name: str, when: str, heading: str = _BEFORE) -> Any:
    return CATALOGUE.of("gru_step_reset_before", name, heading, when)


def _none(h: Array) -> Array:
    """Return a second bias that is zero: this form has none."""
    return np.zeros(h.shape[1], h.dtype)


def _gates(x_t: Array, h: Array, W_xh: Array, W_hh: Array, b_h: Array) -> tuple[Array, ...]:
    """Return r, z and n as they should be."""
    r, z, _, _ = gates(x_t, h, W_xh, W_hh, b_h, _none(h))
    _, _, x_n, from_m = inner(x_t, r * h, W_xh, W_hh, b_h, _none(h))
    return r, z, np.tanh(x_n + from_m)


def _right(x_t: Array, h: Array, *weights: Array) -> Array:
    _, z, n = _gates(x_t, h, *weights)
    return (1 - z) * n + z * h


@_of(
    "reset_after_product",
    "r meets the product, r * (W_hn h_prev), as in gru_step. Here r meets h_prev first.",
)
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    _, z, n, _ = gates(x_t, h_prev, W_xh, W_hh, b_h, _none(h_prev))
    return (1 - z) * n + z * h_prev


@_of(
    "reset_twice",
    "r meets the state before the product and the product once more. Once is enough, before it.",
)
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    r, z, _ = _gates(x_t, h_prev, W_xh, W_hh, b_h)
    _, _, x_n, from_m = inner(x_t, r * h_prev, W_xh, W_hh, b_h, _none(h_prev))
    return (1 - z) * np.tanh(x_n + r * from_m) + z * h_prev


@_of("reset_ignored", "the candidate does not use r: it sees all of h_prev. It should see r * h_prev.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    _, a_z, x_n, q = inner(x_t, h_prev, W_xh, W_hh, b_h, _none(h_prev))
    z = sigmoid(a_z)
    return (1 - z) * np.tanh(x_n + q) + z * h_prev


@_of(
    "reset_inverted", "the candidate sees (1 - r) * h_prev. r is how much of the past is *seen*: r * h_prev."
)
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    r, z, _ = _gates(x_t, h_prev, W_xh, W_hh, b_h)
    _, _, x_n, from_m = inner(x_t, (1 - r) * h_prev, W_xh, W_hh, b_h, _none(h_prev))
    return (1 - z) * np.tanh(x_n + from_m) + z * h_prev


@_of(
    "reset_everywhere",
    "z is computed from r * h_prev, too. The gates see h_prev whole; r is for the candidate.",
)
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    r, _, n = _gates(x_t, h_prev, W_xh, W_hh, b_h)
    z = sigmoid(inner(x_t, r * h_prev, W_xh, W_hh, b_h, _none(h_prev))[1])
    return (1 - z) * n + z * h_prev


@_of("reset_state_mixed", "r * h_prev is mixed into h_t. The mix takes h_prev whole; r is for the candidate.")
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    r, z, n = _gates(x_t, h_prev, *weights)
    return (1 - z) * n + z * r * h_prev


@_of("reset_of_everything", "r multiplies all that stands in the candidate. Only h_prev should be reset.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    r, z, _ = _gates(x_t, h_prev, W_xh, W_hh, b_h)
    _, _, x_n, q = inner(x_t, h_prev, W_xh, W_hh, b_h, _none(h_prev))
    return (1 - z) * np.tanh(r * (x_n + q)) + z * h_prev


@_of(
    "bias_inside_reset",
    "r multiplies W_hn h_prev + b_n, as b_hn is reset in gru_step. There is no b_hn here.",
)
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    r, z, _, q = gates(x_t, h_prev, W_xh, W_hh, b_h, b_h[2 * h_prev.shape[1] :])
    x_n = np.split(x_t @ W_xh.T, 3, axis=1)[2]
    return (1 - z) * np.tanh(x_n + r * q) + z * h_prev


@_of(
    "z_exchanged",
    "z and 1 - z are exchanged, as some papers write it. Here z keeps the old state, as it does in gru_step.",
)
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    _, z, n = _gates(x_t, h_prev, *weights)
    return z * n + (1 - z) * h_prev


@_of(
    "r_and_z_exchanged",
    "r and z have changed places: z resets and r mixes. The blocks are r, z, n.",
    "One step",
)
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return _right(x_t, h_prev, *(stacked(w, 1, 0, 2) for w in (W_xh, W_hh, b_h)))


@_of("gates_n_z_r", "the blocks are read in the order n, z, r. Here it is r, z, n.", "One step")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return _right(x_t, h_prev, *(stacked(w, 2, 1, 0) for w in (W_xh, W_hh, b_h)))


@_of("z_resets", "z stands where r is meant: one gate does both jobs.", "One step")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    _, z, _ = _gates(x_t, h_prev, W_xh, W_hh, b_h)
    _, _, x_n, from_m = inner(x_t, z * h_prev, W_xh, W_hh, b_h, _none(h_prev))
    return (1 - z) * np.tanh(x_n + from_m) + z * h_prev


@_of("r_mixes", "r stands where z is meant: one gate does both jobs.", "One step")
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    r, _, n = _gates(x_t, h_prev, *weights)
    return (1 - r) * n + r * h_prev


@_of("bias_dropped", "b_h is left out. Each of the three gates has its part of it.", "One step")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return _right(x_t, h_prev, W_xh, W_hh, 0 * b_h)


@_of(
    "W_hh_transposed",
    "the state meets each block of W_hh where its transpose is meant: W_hr h becomes h @ W_hr.T for rows.",
    "One step",
)
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return _right(x_t, h_prev, W_xh, np.concatenate([block.T for block in np.split(W_hh, 3)]), b_h)


@_of(
    "W_hn_transposed",
    "r * h_prev meets W_hn where its transpose is meant: W_hn m becomes m @ W_hn.T for rows.",
    "One step",
)
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    W_hr, W_hz, W_hn = np.split(W_hh, 3)
    return _right(x_t, h_prev, W_xh, np.concatenate([W_hr, W_hz, W_hn.T]), b_h)


@_of("no_tanh", "the candidate has no tanh.", "One step")
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    _, z, n = _gates(x_t, h_prev, *weights)
    return (1 - z) * np.arctanh(n) + z * h_prev


@_of("sigmoid_candidate", "the candidate is a sigmoid (0 to 1). It should be a tanh (-1 to 1).", "One step")
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    _, z, n = _gates(x_t, h_prev, *weights)
    return (1 - z) * sigmoid(np.arctanh(n)) + z * h_prev


@_of(
    "state_overwritten",
    "Your numbers are right, but h_prev itself is reset, `h_prev *= r`: the caller's state is gone.",
)
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    r, z, n = _gates(x_t, h_prev, *weights)
    h_t = (1 - z) * n + z * h_prev
    h_prev *= r
    return h_t
