"""Mistakes made where gradients leave a step: states, input, weights."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue
from rnncourse.checks.mistakes.lstm import Array
from rnncourse.checks.mistakes.lstm_way_back import Values, back, file_pieces, file_step, leave

CATALOGUE = Catalogue("lstm")
_pieces, _file = partial(file_pieces, CATALOGUE), partial(file_step, CATALOGUE)
Piece = Callable[[Array, Array, Values], Array]


# ---------------------------------------------------------------- one of the six
def _instead(at: int, piece: Piece) -> Callable[[Array, Array, Values], tuple[Array, ...]]:
    """Return ``leave`` with one of the six gradients exchanged."""

    def wrong(da: Array, dc: Array, v: Values) -> tuple[Array, ...]:
        six = leave(da, dc, v)
        return *six[:at], piece(da, dc, v), *six[at + 1 :]

    return wrong


def _per_gate(da: Array, W: Array) -> Array:
    """Multiply each gate's gradient with its block of the weights, transposed once too often."""
    products = [d @ w.T for d, w in zip(np.split(da, 4, axis=1), np.split(W, 4), strict=True)]
    return np.sum(products, axis=0, dtype=da.dtype)


SIX: dict[str, tuple[str, int, Piece]] = {
    "W_hh_transposed": (
        "dh_prev takes each gate's block of W_hh transposed. Forwards it was h_prev @ W_hh.T; "
        "going back it is "
        "da @ W_hh.",
        1,
        lambda da, dc, v: _per_gate(da, v.W_hh),
    ),
    "W_hh_reshaped": (
        "dh_prev takes a W_hh that was transposed and reshaped to fit. da is (B, 4H) and W_hh (4H, H): "
        "da @ W_hh fits as it is.",
        1,
        lambda da, dc, v: da @ v.W_hh.T.reshape(v.W_hh.shape),
    ),
    "W_xh_reshaped": (
        "dx_t takes a W_xh that was transposed and reshaped to fit. da is (B, 4H) and W_xh (4H, D): "
        "da @ W_xh fits as it is.",
        0,
        lambda da, dc, v: da @ v.W_xh.T.reshape(v.W_xh.shape),
    ),
    "dc_prev_without_f": (
        "dc_prev is dc itself. The forget gate stands between c_t and c_prev: dc * f.",
        2,
        lambda da, dc, v: dc.copy(),
    ),
    "dc_prev_times_i": (
        "dc_prev is dc * i. What stands between c_t and c_prev is the forget gate f.",
        2,
        lambda da, dc, v: dc * v.i,
    ),
    "dc_prev_times_slope": (
        "dc_prev is dc * f * (1 - f). c_prev is multiplied by f itself; the slope belongs inside the gate.",
        2,
        lambda da, dc, v: dc * v.f * (1 - v.f),
    ),
    "dc_prev_through_gates": (
        "dc_prev gets da @ W_hh as well. The gates have seen h_prev; of c_prev they know nothing.",
        2,
        lambda da, dc, v: dc * v.f + da @ v.W_hh,
    ),
    "dh_prev_gets_dc_prev": (
        "dh_prev gets dc * f as well. That goes to c_prev; h_prev is seen by the gates alone.",
        1,
        lambda da, dc, v: dc * v.f + da @ v.W_hh,
    ),
    "dW_hh_from_h_t": (
        "dW_hh is made with h_t. The gates of this step have seen h_prev.",
        4,
        lambda da, dc, v: da.T @ (v.o * v.shown),
    ),
    "dW_hh_from_c_prev": (
        "dW_hh is made with c_prev. The gates of this step have seen h_prev.",
        4,
        lambda da, dc, v: da.T @ v.c_prev,
    ),
    "bias_averaged": (
        "db_h is a mean over the batch. It is the sum: every example has used the bias once.",
        5,
        lambda da, dc, v: da.mean(axis=0),
    ),
    "bias_of_the_first_example": (
        "db_h is that of the first example alone. It is the sum over the batch.",
        5,
        lambda da, dc, v: da[0].copy(),
    ),
    "bias_per_example": (
        "db_h is not summed over the batch: (B, 4H). All examples share one bias, (4H,).",
        5,
        lambda da, dc, v: da.copy(),
    ),
    "bias_from_h": (
        "db_h is multiplied by the sum of h_prev. A bias has the factor 1: only sum da over the batch.",
        5,
        lambda da, dc, v: da.sum(axis=0) * v.h_prev.sum(),
    ),
    "dW_xh_averaged": (
        "dW_xh is a mean over the batch. It is the sum over the examples.",
        3,
        lambda da, dc, v: da.T @ v.x_t / np.asarray(len(da), da.dtype),
    ),
}
for name, (when, at, piece) in SIX.items():
    _pieces(name, when, leave=_instead(at, piece))
_pieces(
    "dW_xh_transposed",
    "dW_xh comes back transposed, (D, 4H). A gradient has the shape of what it belongs to.",
    loop=False,
    leave=_instead(3, lambda da, dc, v: v.x_t.T @ da),
)
_pieces(
    "dW_hh_transposed",
    "dW_hh comes back transposed, (H, 4H). A gradient has the shape of what it belongs to.",
    loop=False,
    leave=_instead(4, lambda da, dc, v: v.h_prev.T @ da),
)


def _over_batch(da: Array, dc: Array, v: Values) -> tuple[Array, ...]:
    dx_t, dh_prev, dc_prev, *weights = leave(da, dc, v)
    return dx_t, dh_prev, dc_prev, *(w / np.asarray(len(da), da.dtype) for w in weights)


_pieces(
    "weights_averaged",
    "dW_xh, dW_hh and db_h are divided by the number of examples. The loss has its mean "
    "already; here they are "
    "summed.",
    leave=_over_batch,
)


# ---------------------------------------------------------------- more of one arrow than there is
def _adds_dh(dh_t: Array, dc_t: Array, *step: Array) -> Any:
    dx_t, dh_prev, *others = back(dh_t, dc_t, *step)
    return dx_t, dh_prev + dh_t, *others


def _adds_dc(dh_t: Array, dc_t: Array, *step: Array) -> Any:
    dx_t, dh_prev, dc_prev, *others = back(dh_t, dc_t, *step)
    return dx_t, dh_prev, dc_prev + dc_t, *others


def _dc_prev_from_dc_t(dh_t: Array, dc_t: Array, *step: Array) -> Any:
    dx_t, dh_prev, _, *others = back(dh_t, dc_t, *step)
    f = back(0 * dh_t, np.ones_like(dc_t), *step)[2]
    return dx_t, dh_prev, dc_t * f, *others


_file("dh_t_added", "dh_t is added to dh_prev. h_prev reaches h_t through the gates alone.", _adds_dh)
_file(
    "dc_t_added", "dc_t is added to dc_prev. All of it passes the forget gate: dc * f.", _adds_dc, loop=False
)
_file(
    "dc_prev_without_h",
    "dc_prev is dc_t * f: the way through h_t is missing in it. All of dc goes back, dc * f.",
    _dc_prev_from_dc_t,
)
