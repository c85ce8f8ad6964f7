"""Mistakes made on the way back through one step of the minimal gated unit."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue
from rnncourse.checks.mistakes.gru import sigmoid

CATALOGUE = Catalogue("gru")

Array = np.ndarray
_BACK = "Back through one step"


def _of(name: str, when: str, heading: str = _BACK) -> Any:
    return CATALOGUE.of("minimal_gated_step_backward", name, heading, when)


def gates(x_t: Array, h: Array, W_xh: Array, W_hh: Array, b_h: Array) -> tuple[Array, Array]:
    """Return f and n of a step, each ``(B, H)``."""
    (W_hf, W_hn), (x_f, x_n) = np.split(W_hh, 2), np.split(x_t @ W_xh.T + b_h, 2, axis=1)
    f = sigmoid(x_f + h @ W_hf.T)
    return f, np.tanh(x_n + (f * h) @ W_hn.T)


def pieces(dh_t: Array, x_t: Array, h: Array, *weights: Array) -> tuple[Array, ...]:
    """Return f, n, da_n, dm, and the gradient of f before its slope."""
    f, n = gates(x_t, h, *weights)
    da_n = dh_t * f * (1 - n**2)
    dm = da_n @ np.split(weights[1], 2)[1]
    return f, n, da_n, dm, dh_t * (n - h) + dm * h


def leave(
    da_f: Array, da_n: Array, direct: Array, m: Array, x_t: Array, h: Array, W_xh: Array, W_hh: Array
) -> tuple[Array, ...]:
    """Return the five gradients; ``direct`` is what h_prev gets by way of the mix and of m."""
    da = np.concatenate([da_f, da_n], axis=1)
    dW_hh = np.concatenate([da_f.T @ h, da_n.T @ m])
    return da @ W_xh, direct + da_f @ np.split(W_hh, 2)[0], da.T @ x_t, dW_hh, da.sum(axis=0)


def right(dh_t: Array, x_t: Array, h: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    """Go back through a step as it should be."""
    f, _, da_n, dm, df = pieces(dh_t, x_t, h, W_xh, W_hh, b_h)
    return leave(df * f * (1 - f), da_n, dh_t * (1 - f) + dm * f, f * h, x_t, h, W_xh, W_hh)


# ---------------------------------------------------------------- the forget gate
@_of(
    "df_of_the_mix_only", "f's gradient has the mix alone, dh_t * (n - h_prev). f also makes m = f * h_prev."
)
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    f, n, da_n, dm, _ = pieces(dh_t, x_t, h_prev, W_xh, W_hh, b_h)
    da_f = dh_t * (n - h_prev) * f * (1 - f)
    return leave(da_f, da_n, dh_t * (1 - f) + dm * f, f * h_prev, x_t, h_prev, W_xh, W_hh)


@_of(
    "df_of_the_candidate_only", "f's gradient has the candidate alone, dm * h_prev. f also mixes: n - h_prev."
)
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    f, _, da_n, dm, _ = pieces(dh_t, x_t, h_prev, W_xh, W_hh, b_h)
    da_f = dm * h_prev * f * (1 - f)
    return leave(da_f, da_n, dh_t * (1 - f) + dm * f, f * h_prev, x_t, h_prev, W_xh, W_hh)


@_of(
    "df_sign_of_the_mix",
    "the mix's part of f's gradient has the wrong sign. f gives to n and takes: n - h_prev.",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    f, n, da_n, dm, _ = pieces(dh_t, x_t, h_prev, W_xh, W_hh, b_h)
    da_f = (dh_t * (h_prev - n) + dm * h_prev) * f * (1 - f)
    return leave(da_f, da_n, dh_t * (1 - f) + dm * f, f * h_prev, x_t, h_prev, W_xh, W_hh)


@_of("df_without_h_prev", "the mix's part of f's gradient is dh_t * n. f also stands in 1 - f: n - h_prev.")
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    f, n, da_n, dm, _ = pieces(dh_t, x_t, h_prev, W_xh, W_hh, b_h)
    da_f = (dh_t * n + dm * h_prev) * f * (1 - f)
    return leave(da_f, da_n, dh_t * (1 - f) + dm * f, f * h_prev, x_t, h_prev, W_xh, W_hh)


@_of("df_from_da_n", "f's gradient uses da_n where dm is meant: between n and m stands W_hn.")
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    f, n, da_n, dm, _ = pieces(dh_t, x_t, h_prev, W_xh, W_hh, b_h)
    da_f = (dh_t * (n - h_prev) + da_n * h_prev) * f * (1 - f)
    return leave(da_f, da_n, dh_t * (1 - f) + dm * f, f * h_prev, x_t, h_prev, W_xh, W_hh)


@_of(
    "df_from_the_product",
    "f's gradient has W_hn h_prev as a factor, as r's in the GRU. Here f meets h_prev first.",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    f, n, da_n, dm, _ = pieces(dh_t, x_t, h_prev, W_xh, W_hh, b_h)
    da_f = (dh_t * (n - h_prev) + da_n * (h_prev @ np.split(W_hh, 2)[1].T)) * f * (1 - f)
    return leave(da_f, da_n, dh_t * (1 - f) + dm * f, f * h_prev, x_t, h_prev, W_xh, W_hh)


@_of("sigmoid_slope_missing", "the slope of the sigmoid, f * (1 - f), is missing.")
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    f, _, da_n, dm, df = pieces(dh_t, x_t, h_prev, W_xh, W_hh, b_h)
    return leave(df, da_n, dh_t * (1 - f) + dm * f, f * h_prev, x_t, h_prev, W_xh, W_hh)


@_of(
    "sigmoid_slope_of_the_mix_only",
    "the slope f * (1 - f) multiplies the mix's part alone. It is for both parts.",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    f, n, da_n, dm, _ = pieces(dh_t, x_t, h_prev, W_xh, W_hh, b_h)
    da_f = dh_t * (n - h_prev) * f * (1 - f) + dm * h_prev
    return leave(da_f, da_n, dh_t * (1 - f) + dm * f, f * h_prev, x_t, h_prev, W_xh, W_hh)


@_of("tanh_slope_of_f", "f's slope is 1 - f**2, a tanh's. f is a sigmoid: f * (1 - f).")
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    f, _, da_n, dm, df = pieces(dh_t, x_t, h_prev, W_xh, W_hh, b_h)
    return leave(df * (1 - f**2), da_n, dh_t * (1 - f) + dm * f, f * h_prev, x_t, h_prev, W_xh, W_hh)


# ---------------------------------------------------------------- the candidate
@_of(
    "dn_with_1_minus_f", "the candidate gets dh_t * (1 - f), as with the GRU's z. Its share in h_t is f here."
)
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    f, n = gates(x_t, h_prev, W_xh, W_hh, b_h)
    da_n = dh_t * (1 - f) * (1 - n**2)
    dm = da_n @ np.split(W_hh, 2)[1]
    da_f = (dh_t * (n - h_prev) + dm * h_prev) * f * (1 - f)
    return leave(da_f, da_n, dh_t * (1 - f) + dm * f, f * h_prev, x_t, h_prev, W_xh, W_hh)


@_of("dn_without_f", "the candidate gets all of dh_t. Its share in h_t is f.")
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    f, n = gates(x_t, h_prev, W_xh, W_hh, b_h)
    da_n = dh_t * (1 - n**2)
    dm = da_n @ np.split(W_hh, 2)[1]
    da_f = (dh_t * (n - h_prev) + dm * h_prev) * f * (1 - f)
    return leave(da_f, da_n, dh_t * (1 - f) + dm * f, f * h_prev, x_t, h_prev, W_xh, W_hh)


@_of("tanh_slope_missing", "the slope of the tanh, 1 - n**2, is missing.")
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    f, n = gates(x_t, h_prev, W_xh, W_hh, b_h)
    dm = dh_t * f @ np.split(W_hh, 2)[1]
    da_f = (dh_t * (n - h_prev) + dm * h_prev) * f * (1 - f)
    return leave(da_f, dh_t * f, dh_t * (1 - f) + dm * f, f * h_prev, x_t, h_prev, W_xh, W_hh)


@_of("W_hn_transposed", "dm is da_n @ W_hn.T. Forward it was m @ W_hn.T, so back it is da_n @ W_hn.")
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    f, n, da_n, _, _ = pieces(dh_t, x_t, h_prev, W_xh, W_hh, b_h)
    dm = da_n @ np.split(W_hh, 2)[1].T
    da_f = (dh_t * (n - h_prev) + dm * h_prev) * f * (1 - f)
    return leave(da_f, da_n, dh_t * (1 - f) + dm * f, f * h_prev, x_t, h_prev, W_xh, W_hh)


@_of(
    "reset_after_product",
    "f meets the product, f * (W_hn h_prev), as r does in the GRU, forward and back. Here f "
    "meets h_prev first.",
    "Reset before or after",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    (W_hf, W_hn), (x_f, x_n) = np.split(W_hh, 2), np.split(x_t @ W_xh.T + b_h, 2, axis=1)
    f, q = sigmoid(x_f + h_prev @ W_hf.T), h_prev @ W_hn.T
    n = np.tanh(x_n + f * q)
    da_n = dh_t * f * (1 - n**2)
    da_f = (dh_t * (n - h_prev) + da_n * q) * f * (1 - f)
    dx_t, dh_prev, dW_xh, dW_hh, db_h = leave(
        da_f, da_n, dh_t * (1 - f) + (da_n * f) @ W_hn, h_prev, x_t, h_prev, W_xh, W_hh
    )
    dW_hh[len(W_hf) :] = (da_n * f).T @ h_prev
    return dx_t, dh_prev, dW_xh, dW_hh, db_h


@_of(
    "f_exchanged_throughout",
    "the whole step is h = f * h_prev + (1 - f) * n, forward and back. Here f is how much of "
    "h_prev is replaced.",
    "One step",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    f, n = gates(x_t, h_prev, W_xh, W_hh, b_h)
    da_n = dh_t * (1 - f) * (1 - n**2)
    dm = da_n @ np.split(W_hh, 2)[1]
    da_f = (dh_t * (h_prev - n) + dm * h_prev) * f * (1 - f)
    return leave(da_f, da_n, dh_t * f + dm * f, f * h_prev, x_t, h_prev, W_xh, W_hh)


@_of("gates_n_f", "the blocks are read and stacked in the order n, f. Here it is f, n.", "One step")
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    H = h_prev.shape[1]
    dx_t, dh_prev, *shares = right(dh_t, x_t, h_prev, *(np.roll(w, H, axis=0) for w in (W_xh, W_hh, b_h)))
    return dx_t, dh_prev, *(np.roll(share, H, axis=0) for share in shares)


@_of("gradients_n_f", "the blocks of the weight gradients are stacked n, f. They belong in the order f, n.")
def _(dh_t: Array, x_t: Array, h_prev: Array, *weights: Array) -> Any:
    dx_t, dh_prev, *shares = right(dh_t, x_t, h_prev, *weights)
    return dx_t, dh_prev, *(np.roll(share, h_prev.shape[1], axis=0) for share in shares)
