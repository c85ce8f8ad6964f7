"""Mistakes made where gradients leave a step of the minimal gated unit: states, inputs, weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue
from rnncourse.checks.mistakes.gru_minimal import gates, leave, pieces, right

CATALOGUE = Catalogue("gru")

Array = np.ndarray


def _of(name: str, when: str) -> Any:
    return CATALOGUE.of("minimal_gated_step_backward", name, "Back through one step", when)


@_of(
    "direct_path_missing",
    "dh_prev lacks the direct path: h_prev is mixed into h_t, so it gets dh_t * (1 - f).",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    dx_t, dh_prev, *shares = right(dh_t, x_t, h_prev, W_xh, W_hh, b_h)
    return dx_t, dh_prev - dh_t * (1 - gates(x_t, h_prev, W_xh, W_hh, b_h)[0]), *shares


@_of("direct_path_f", "the direct path to h_prev is dh_t * f. The old state's share in h_t is 1 - f.")
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    f, _, da_n, dm, df = pieces(dh_t, x_t, h_prev, W_xh, W_hh, b_h)
    return leave(df * f * (1 - f), da_n, (dh_t + dm) * f, f * h_prev, x_t, h_prev, W_xh, W_hh)


@_of("path_through_f_missing", "dh_prev lacks the path through f, da_f @ W_hf: h_prev stands inside f, too.")
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    f, _, _, dm, _ = pieces(dh_t, x_t, h_prev, W_xh, W_hh, b_h)
    dx_t, _, *shares = right(dh_t, x_t, h_prev, W_xh, W_hh, b_h)
    return dx_t, dh_t * (1 - f) + dm * f, *shares


@_of("path_through_n_missing", "dh_prev lacks the path through the candidate, dm * f.")
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    f, _, da_n, _, df = pieces(dh_t, x_t, h_prev, W_xh, W_hh, b_h)
    return leave(df * f * (1 - f), da_n, dh_t * (1 - f), f * h_prev, x_t, h_prev, W_xh, W_hh)


@_of("dm_whole", "dm reaches h_prev whole. m is f * h_prev, so h_prev gets dm * f.")
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    f, _, da_n, dm, df = pieces(dh_t, x_t, h_prev, W_xh, W_hh, b_h)
    return leave(df * f * (1 - f), da_n, dh_t * (1 - f) + dm, f * h_prev, x_t, h_prev, W_xh, W_hh)


@_of(
    "W_hf_transposed",
    "da_f meets W_hf.T on its way to h_prev. Forward it was h @ W_hf.T, so back it is da_f @ W_hf.",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    f, _, da_n, dm, df = pieces(dh_t, x_t, h_prev, W_xh, W_hh, b_h)
    W_hf, W_hn = np.split(W_hh, 2)
    flipped, direct = np.concatenate([W_hf.T, W_hn]), dh_t * (1 - f) + dm * f
    return leave(df * f * (1 - f), da_n, direct, f * h_prev, x_t, h_prev, W_xh, flipped)


@_of("dW_hn_from_h_prev", "dW_hn is da_n.T @ h_prev. What met W_hn is m = f * h_prev.")
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    f, _, da_n, dm, df = pieces(dh_t, x_t, h_prev, W_xh, W_hh, b_h)
    return leave(df * f * (1 - f), da_n, dh_t * (1 - f) + dm * f, h_prev, x_t, h_prev, W_xh, W_hh)


@_of(
    "mean_over_the_batch",
    "the weight gradients are means over the batch. They are sums; the loss has its mean.",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, *weights: Array) -> Any:
    dx_t, dh_prev, *shares = right(dh_t, x_t, h_prev, *weights)
    return dx_t, dh_prev, *(share / len(x_t) for share in shares)


@_of("bias_averaged", "db_h is a mean over the batch. It is a sum, as the other gradients are.")
def _(dh_t: Array, x_t: Array, h_prev: Array, *weights: Array) -> Any:
    *before, db_h = right(dh_t, x_t, h_prev, *weights)
    return *before, db_h / len(x_t)


@_of("swapped_x_and_h", "dx_t and dh_prev are returned in swapped order.")
def _(dh_t: Array, x_t: Array, h_prev: Array, *weights: Array) -> Any:
    dx_t, dh_prev, *shares = right(dh_t, x_t, h_prev, *weights)
    return dh_prev, dx_t, *shares


@_of("swapped_weights", "dW_xh and dW_hh are returned in swapped order.")
def _(dh_t: Array, x_t: Array, h_prev: Array, *weights: Array) -> Any:
    dx_t, dh_prev, dW_xh, dW_hh, db_h = right(dh_t, x_t, h_prev, *weights)
    return dx_t, dh_prev, dW_hh, dW_xh, db_h


@_of(
    "upstream_overwritten",
    "Your numbers are right, but dh_t is multiplied in place: the caller's gradient is gone.",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, *weights: Array) -> Any:
    gradients = right(dh_t, x_t, h_prev, *weights)
    dh_t *= gates(x_t, h_prev, *weights)[0]
    return gradients
