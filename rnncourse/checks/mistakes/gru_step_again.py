"""Mistakes made where the way back computes one step of the GRU again, or stacks its gates."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue
from rnncourse.checks.mistakes.gru import gates, inner, stacked
from rnncourse.checks.mistakes.gru_step_backward import leave, right, slopes

CATALOGUE = Catalogue("gru")

Array = np.ndarray
_BACK = "Back through one step"


def _of(name: str, when: str, heading: str = _BACK) -> Any:
    return CATALOGUE.of("gru_step_backward", name, heading, when)


@_of(
    "b_hn_not_in_q",
    "q is W_hn h_prev without b_hn, forward and in r's gradient. b_hn stands inside the product.",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    return right(dh_t, x_t, h_prev, W_xh, W_hh, b_h, 0 * b_hn)


@_of(
    "dr_without_b_hn",
    "r's gradient has W_hn h_prev as its factor. What r multiplies is q = W_hn h_prev + b_hn: the bias, too.",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    r, z, n, q = gates(x_t, h_prev, W_xh, W_hh, b_h, b_hn)
    _, da_z, da_n, dq = slopes(dh_t, h_prev, r, z, n, q)
    da_r = da_n * (q - b_hn) * r * (1 - r)
    return leave((da_r, da_z, da_n, dq), dh_t * z, x_t, h_prev, W_xh, W_hh)


@_of(
    "b_hn_outside_reset",
    "b_hn stands outside the reset product, r * (W_hn h_prev) + b_hn, forward and back. r multiplies it too.",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    outside = np.concatenate([b_h[: -len(b_hn)], b_h[-len(b_hn) :] + b_hn])
    *others, db_h, _ = right(dh_t, x_t, h_prev, W_xh, W_hh, outside, 0 * b_hn)
    return *others, db_h, db_h[-len(b_hn) :].copy()


@_of(
    "reset_before_product",
    "r meets the state *before* the product, W_hn (r * h_prev) + b_hn, forward and back. Here the product "
    "comes first, then r.",
    "Reset before or after",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    r, z, _, _ = gates(x_t, h_prev, W_xh, W_hh, b_h, b_hn)
    _, _, x_n, m_n = inner(x_t, r * h_prev, W_xh, W_hh, b_h, b_hn)
    n = np.tanh(x_n + m_n)
    da_n = dh_t * (1 - z) * (1 - n**2)
    dm = da_n @ W_hh[2 * len(b_hn) :]
    da_r, da_z = dm * h_prev * r * (1 - r), dh_t * (h_prev - n) * z * (1 - z)
    da = np.concatenate([da_r, da_z, da_n], axis=1)
    gates_only = np.concatenate([da_r, da_z], axis=1)
    dh_prev = dh_t * z + dm * r + gates_only @ W_hh[: 2 * len(b_hn)]
    dW_hh = np.concatenate([gates_only.T @ h_prev, da_n.T @ (r * h_prev)])
    return da @ W_xh, dh_prev, da.T @ x_t, dW_hh, da.sum(axis=0), da_n.sum(axis=0)


@_of(
    "reset_ignored",
    "the candidate does not use r: forward it is tanh(x_n + q), and nothing goes back through r.",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    r, z, _, q = gates(x_t, h_prev, W_xh, W_hh, b_h, b_hn)
    n = np.tanh(inner(x_t, h_prev, W_xh, W_hh, b_h, b_hn)[2] + q)
    da_r, da_z, da_n, _ = slopes(dh_t, h_prev, r, z, n, q)
    return leave((0 * da_r, da_z, da_n, da_n), dh_t * z, x_t, h_prev, W_xh, W_hh)


@_of(
    "gates_z_r_n",
    "the blocks are read in the order z, r, n, as Keras stacks them, forward and back. Here it is r, z, n.",
    "The same machine in Torch",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    read = [stacked(w, 1, 0, 2) for w in (W_xh, W_hh, b_h)]
    dx_t, dh_prev, *shares, db_hn = right(dh_t, x_t, h_prev, *read, b_hn)
    return dx_t, dh_prev, *(stacked(share, 1, 0, 2) for share in shares), db_hn


@_of(
    "gradients_z_r_n",
    "the blocks of the weight gradients are stacked z, r, n. They belong in the order r, z, n.",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, *weights: Array) -> Any:
    dx_t, dh_prev, *shares, db_hn = right(dh_t, x_t, h_prev, *weights)
    return dx_t, dh_prev, *(stacked(share, 1, 0, 2) for share in shares), db_hn


@_of(
    "gradients_n_z_r",
    "the blocks of the weight gradients are stacked n, z, r. They belong in the order r, z, n.",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, *weights: Array) -> Any:
    dx_t, dh_prev, *shares, db_hn = right(dh_t, x_t, h_prev, *weights)
    return dx_t, dh_prev, *(stacked(share, 2, 1, 0) for share in shares), db_hn
