"""Mistakes made in one step of the GRU."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("gru")

Array = np.ndarray
_STEP = "One step"


def _of(name: str, when: str, heading: str = _STEP) -> Any:
    return CATALOGUE.of("gru_step", name, heading, when)


def sigmoid(a: Array) -> Array:
    """Return a number between 0 and 1 for each in ``a``."""
    return 1 / (1 + np.exp(-a))


def inner(x_t: Array, h: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> tuple[Array, ...]:
    """Return what stands inside r and z, the input's share of n, and q, each ``(B, H)``."""
    x_r, x_z, x_n = np.split(x_t @ W_xh.T + b_h, 3, axis=1)
    h_r, h_z, h_n = np.split(h @ W_hh.T, 3, axis=1)
    return x_r + h_r, x_z + h_z, x_n, h_n + b_hn


def gates(*step: Array) -> tuple[Array, ...]:
    """Return r, z, n and q of a step, given in the order of ``gru_step``'s arguments."""
    a_r, a_z, x_n, q = inner(*step)
    r = sigmoid(a_r)
    return r, sigmoid(a_z), np.tanh(x_n + r * q), q


def right(x_t: Array, h_prev: Array, *weights: Array) -> Array:
    """Take a step as it should be."""
    _, z, n, _ = gates(x_t, h_prev, *weights)
    return (1 - z) * n + z * h_prev


def stacked(stack: Array, *order: int) -> Array:
    """Put the blocks of three gates into another order."""
    blocks = np.split(stack, 3)
    return np.concatenate([blocks[gate] for gate in order])


# ---------------------------------------------------------------- mixing
@_of(
    "z_exchanged",
    "z and 1 - z are exchanged: the candidate gets z, the old state 1 - z. Here z says how much of "
    "the old state is *kept*.",
)
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    _, z, n, _ = gates(x_t, h_prev, *weights)
    return z * n + (1 - z) * h_prev


@_of("z_for_both", "old state and candidate both get z. One gets z, the other what is left, 1 - z.")
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    _, z, n, _ = gates(x_t, h_prev, *weights)
    return z * n + z * h_prev


@_of("rest_for_both", "old state and candidate both get 1 - z. The old state should get z.")
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    _, z, n, _ = gates(x_t, h_prev, *weights)
    return (1 - z) * n + (1 - z) * h_prev


@_of("old_state_dropped", "the old state's share z * h_prev is missing: h_t is (1 - z) * n alone.")
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    _, z, n, _ = gates(x_t, h_prev, *weights)
    return (1 - z) * n


@_of("old_state_whole", "the old state is kept whole, h_prev + (1 - z) * n. Its share is z.")
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    _, z, n, _ = gates(x_t, h_prev, *weights)
    return (1 - z) * n + h_prev


@_of("candidate_whole", "the candidate is added whole, n + z * h_prev. Its share is 1 - z.")
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    _, z, n, _ = gates(x_t, h_prev, *weights)
    return n + z * h_prev


@_of("candidate_for_state", "the candidate n comes back as the new state: nothing is mixed with h_prev.")
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    return gates(x_t, h_prev, *weights)[2]


@_of("reset_state_mixed", "r * h_prev is mixed in where h_prev is meant: r belongs to the candidate alone.")
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    r, z, n, _ = gates(x_t, h_prev, *weights)
    return (1 - z) * n + z * r * h_prev


@_of("tanh_of_state", "tanh is taken of the mixed state once more. The only tanh is in the candidate.")
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    return np.tanh(right(x_t, h_prev, *weights))


# ---------------------------------------------------------------- the candidate and r
@_of(
    "tanh_around_input",
    "the candidate's tanh is taken of the input's share alone, and r * q is added after it.",
)
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    a_r, a_z, x_n, q = inner(x_t, h_prev, *weights)
    z = sigmoid(a_z)
    return (1 - z) * (np.tanh(x_n) + sigmoid(a_r) * q) + z * h_prev


@_of(
    "reset_before_product",
    "r meets the state *before* the product, W_hn (r * h_prev) + b_hn. Here the product comes first, then r.",
    "Reset before or after",
)
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    r, z, _, _ = gates(x_t, h_prev, W_xh, W_hh, b_h, b_hn)
    _, _, x_n, q = inner(x_t, r * h_prev, W_xh, W_hh, b_h, b_hn)
    return (1 - z) * np.tanh(x_n + q) + z * h_prev


@_of(
    "reset_before_product_and_bias",
    "r meets the state before the product, r * h_prev, and b_hn besides. Here the product comes first: "
    "r * (W_hn h_prev + b_hn).",
    "Reset before or after",
)
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    r, z, _, _ = gates(x_t, h_prev, W_xh, W_hh, b_h, b_hn)
    _, _, x_n, q = inner(x_t, r * h_prev, W_xh, W_hh, b_h, r * b_hn)
    return (1 - z) * np.tanh(x_n + q) + z * h_prev


@_of("reset_ignored", "the candidate does not use r: it is tanh(x_n + q). r should multiply q.")
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    _, a_z, x_n, q = inner(x_t, h_prev, *weights)
    z = sigmoid(a_z)
    return (1 - z) * np.tanh(x_n + q) + z * h_prev


@_of("reset_inverted", "the past gets 1 - r in the candidate. r is how much of it is *seen*: r * q.")
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    a_r, a_z, x_n, q = inner(x_t, h_prev, *weights)
    z = sigmoid(a_z)
    return (1 - z) * np.tanh(x_n + (1 - sigmoid(a_r)) * q) + z * h_prev


@_of(
    "reset_of_everything", "r multiplies all that stands in the candidate. It should meet the past alone, q."
)
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    a_r, a_z, x_n, q = inner(x_t, h_prev, *weights)
    z = sigmoid(a_z)
    return (1 - z) * np.tanh(sigmoid(a_r) * (x_n + q)) + z * h_prev


@_of(
    "reset_outside_tanh", "r multiplies the finished candidate, r * tanh(x_n + q). It belongs inside, r * q."
)
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    a_r, a_z, x_n, q = inner(x_t, h_prev, *weights)
    z = sigmoid(a_z)
    return (1 - z) * sigmoid(a_r) * np.tanh(x_n + q) + z * h_prev


@_of("z_resets", "z stands where r is meant: one gate does both jobs. r multiplies q.")
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    _, a_z, x_n, q = inner(x_t, h_prev, *weights)
    z = sigmoid(a_z)
    return (1 - z) * np.tanh(x_n + z * q) + z * h_prev


@_of("r_mixes", "r stands where z is meant: one gate does both jobs. z mixes.")
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    r, _, n, _ = gates(x_t, h_prev, *weights)
    return (1 - r) * n + r * h_prev


@_of("past_not_seen", "the candidate does not see the past at all: r * q is missing in it.")
def _(x_t: Array, h_prev: Array, *weights: Array) -> Any:
    _, a_z, x_n, _ = inner(x_t, h_prev, *weights)
    z = sigmoid(a_z)
    return (1 - z) * np.tanh(x_n) + z * h_prev
