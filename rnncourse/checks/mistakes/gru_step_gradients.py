"""Mistakes made in one step of the GRU on the way back, where gradients leave it: states, inputs, weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue
from rnncourse.checks.mistakes.gru import gates
from rnncourse.checks.mistakes.gru_step_backward import leave, right, slopes

CATALOGUE = Catalogue("gru")

Array = np.ndarray
_BACK = "Back through one step"


def _of(name: str, when: str) -> Any:
    return CATALOGUE.of("gru_step_backward", name, _BACK, when)


# ---------------------------------------------------------------- to the state and the input
@_of(
    "direct_path_missing",
    "dh_prev lacks the direct path: h_prev is mixed into h_t, so it gets dh_t * z besides.",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    r, z, n, q = gates(x_t, h_prev, W_xh, W_hh, b_h, b_hn)
    return leave(slopes(dh_t, h_prev, r, z, n, q), 0 * dh_t, x_t, h_prev, W_xh, W_hh)


@_of(
    "direct_path_1_minus_z", "the direct path to h_prev is dh_t * (1 - z). The old state's share in h_t is z."
)
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    r, z, n, q = gates(x_t, h_prev, W_xh, W_hh, b_h, b_hn)
    return leave(slopes(dh_t, h_prev, r, z, n, q), dh_t * (1 - z), x_t, h_prev, W_xh, W_hh)


@_of("direct_path_whole", "the direct path to h_prev is dh_t whole. The old state's share in h_t is z.")
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    r, z, n, q = gates(x_t, h_prev, W_xh, W_hh, b_h, b_hn)
    return leave(slopes(dh_t, h_prev, r, z, n, q), dh_t, x_t, h_prev, W_xh, W_hh)


@_of("direct_path_only", "dh_prev is dh_t * z alone. h_prev also stands inside r, z and the candidate.")
def _(dh_t: Array, x_t: Array, h_prev: Array, *weights: Array) -> Any:
    dx_t, _, *shares = right(dh_t, x_t, h_prev, *weights)
    return dx_t, dh_t * gates(x_t, h_prev, *weights)[1], *shares


def _without(
    gate: int, dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, *biases: Array
) -> Any:
    """Leave the path through one block of W_hh out of dh_prev."""
    dx_t, dh_prev, *shares = right(dh_t, x_t, h_prev, W_xh, W_hh, *biases)
    block = slopes(dh_t, h_prev, *gates(x_t, h_prev, W_xh, W_hh, *biases))[gate if gate < 2 else 3]
    return dx_t, dh_prev - block @ np.split(W_hh, 3)[gate], *shares


@_of("path_through_r_missing", "dh_prev lacks the path through r, da_r @ W_hr: h_prev stands inside r, too.")
def _(dh_t: Array, x_t: Array, h_prev: Array, *weights: Array) -> Any:
    return _without(0, dh_t, x_t, h_prev, *weights)


@_of("path_through_z_missing", "dh_prev lacks the path through z, da_z @ W_hz: h_prev stands inside z, too.")
def _(dh_t: Array, x_t: Array, h_prev: Array, *weights: Array) -> Any:
    return _without(1, dh_t, x_t, h_prev, *weights)


@_of("path_through_n_missing", "dh_prev lacks the path through the candidate, (da_n * r) @ W_hn.")
def _(dh_t: Array, x_t: Array, h_prev: Array, *weights: Array) -> Any:
    return _without(2, dh_t, x_t, h_prev, *weights)


@_of("dh_prev_without_r", "dh_prev gets da_n @ W_hn. On this path r stands between: (da_n * r) @ W_hn.")
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    r, z, n, q = gates(x_t, h_prev, W_xh, W_hh, b_h, b_hn)
    da_r, da_z, da_n, dq = slopes(dh_t, h_prev, r, z, n, q)
    dx_t, _, *shares = leave((da_r, da_z, da_n, dq), dh_t * z, x_t, h_prev, W_xh, W_hh)
    _, dh_prev, *_ = leave((da_r, da_z, da_n, da_n), dh_t * z, x_t, h_prev, W_xh, W_hh)
    return dx_t, dh_prev, *shares


@_of(
    "W_hh_transposed",
    "dh_prev meets the transposed blocks of W_hh. Forward it was h @ W.T, so back it is da @ W.",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    r, z, n, q = gates(x_t, h_prev, W_xh, W_hh, b_h, b_hn)
    flipped = np.concatenate([block.T for block in np.split(W_hh, 3)])
    return leave(slopes(dh_t, h_prev, r, z, n, q), dh_t * z, x_t, h_prev, W_xh, flipped)


@_of("dx_from_dq", "dx_t comes from dq where da_n is meant: x_t's share of the candidate does not pass r.")
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    da_r, da_z, _, dq = slopes(dh_t, h_prev, *gates(x_t, h_prev, W_xh, W_hh, b_h, b_hn))
    _, *rest = right(dh_t, x_t, h_prev, W_xh, W_hh, b_h, b_hn)
    return np.concatenate([da_r, da_z, dq], axis=1) @ W_xh, *rest


# ---------------------------------------------------------------- to the weights
@_of("dW_hn_without_r", "dW_hn is da_n.T @ h_prev. W_hn's product meets r on its way: (da_n * r).T @ h_prev.")
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    *before, dW_hh, db_h, db_hn = right(dh_t, x_t, h_prev, W_xh, W_hh, b_h, b_hn)
    da_n = slopes(dh_t, h_prev, *gates(x_t, h_prev, W_xh, W_hh, b_h, b_hn))[2]
    return *before, np.concatenate([dW_hh[: -len(b_hn)], da_n.T @ h_prev]), db_h, db_hn


@_of("db_hn_without_r", "db_hn is db_n, without r. b_hn stands inside the reset product: da_n * r, summed.")
def _(dh_t: Array, x_t: Array, h_prev: Array, *weights: Array) -> Any:
    *before, db_h, db_hn = right(dh_t, x_t, h_prev, *weights)
    return *before, db_h, db_h[-len(db_hn) :].copy()


@_of("db_n_with_r", "db_n is db_hn, with r in it. The last part of b_h stands outside the reset product.")
def _(dh_t: Array, x_t: Array, h_prev: Array, *weights: Array) -> Any:
    *before, db_h, db_hn = right(dh_t, x_t, h_prev, *weights)
    return *before, np.concatenate([db_h[: -len(db_hn)], db_hn]), db_hn


@_of("dW_hh_from_new_state", "dW_hh is made with h_t. What met W_hh in this step is h_prev.")
def _(dh_t: Array, x_t: Array, h_prev: Array, *weights: Array) -> Any:
    *before, _, db_h, db_hn = right(dh_t, x_t, h_prev, *weights)
    r, z, n, q = gates(x_t, h_prev, *weights)
    da_r, da_z, _, dq = slopes(dh_t, h_prev, r, z, n, q)
    h_t = (1 - z) * n + z * h_prev
    return *before, np.concatenate([da_r, da_z, dq], axis=1).T @ h_t, db_h, db_hn


@_of(
    "mean_over_the_batch",
    "the weight gradients are means over the batch. They are sums; the loss has its mean.",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, *weights: Array) -> Any:
    dx_t, dh_prev, *shares = right(dh_t, x_t, h_prev, *weights)
    return dx_t, dh_prev, *(share / len(x_t) for share in shares)


@_of("biases_averaged", "db_h and db_hn are means over the batch. They are sums, as the other gradients are.")
def _(dh_t: Array, x_t: Array, h_prev: Array, *weights: Array) -> Any:
    *before, db_h, db_hn = right(dh_t, x_t, h_prev, *weights)
    return *before, db_h / len(x_t), db_hn / len(x_t)


@_of("biases_per_example", "db_h and db_hn have a row for each example. Sum over the batch: axis 0.")
def _(dh_t: Array, x_t: Array, h_prev: Array, *weights: Array) -> Any:
    *before, _, _ = right(dh_t, x_t, h_prev, *weights)
    da_r, da_z, da_n, dq = slopes(dh_t, h_prev, *gates(x_t, h_prev, *weights))
    return *before, np.concatenate([da_r, da_z, da_n], axis=1), dq


@_of("swapped_x_and_h", "dx_t and dh_prev are returned in swapped order.")
def _(dh_t: Array, x_t: Array, h_prev: Array, *weights: Array) -> Any:
    dx_t, dh_prev, *shares = right(dh_t, x_t, h_prev, *weights)
    return dh_prev, dx_t, *shares


@_of("swapped_weights", "dW_xh and dW_hh are returned in swapped order.")
def _(dh_t: Array, x_t: Array, h_prev: Array, *weights: Array) -> Any:
    dx_t, dh_prev, dW_xh, dW_hh, *biases = right(dh_t, x_t, h_prev, *weights)
    return dx_t, dh_prev, dW_hh, dW_xh, *biases


@_of("swapped_biases", "db_h and db_hn are returned in swapped order.")
def _(dh_t: Array, x_t: Array, h_prev: Array, *weights: Array) -> Any:
    *before, db_h, db_hn = right(dh_t, x_t, h_prev, *weights)
    return *before, db_hn, db_h


@_of(
    "upstream_overwritten",
    "Your numbers are right, but dh_t is multiplied in place: the caller's gradient is gone.",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, *weights: Array) -> Any:
    gradients = right(dh_t, x_t, h_prev, *weights)
    dh_t *= gates(x_t, h_prev, *weights)[1]
    return gradients
