"""Right answers on the relatives of the LSTM, in other ways than the reference: peepholes, coupled gates."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.variants import Collection

VARIANTS = Collection("lstm")
_of = VARIANTS.of

Array = np.ndarray


def _sigmoid(a: Array) -> Array:
    return 1 / (1 + np.exp(-a))


# ---------------------------------------------------------------- peephole_lstm_step
@_of("peephole_lstm_step")
def _(
    x_t: Array, h_prev: Array, c_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, *peepholes: Array
) -> Any:
    p_i, p_f, p_o = peepholes
    H = h_prev.shape[1]
    a = np.einsum("bd,gd->bg", x_t, W_xh) + np.einsum("bk,gk->bg", h_prev, W_hh) + b_h
    a[:, :H] += p_i * c_prev
    a[:, H : 2 * H] += p_f * c_prev
    c_t = _sigmoid(a[:, H : 2 * H]) * c_prev + _sigmoid(a[:, :H]) * np.tanh(a[:, 2 * H : 3 * H])
    a[:, 3 * H :] += p_o * c_t
    return _sigmoid(a[:, 3 * H :]) * np.tanh(c_t), c_t


@_of("peephole_lstm_step")
def _(
    x_t: Array,
    h_prev: Array,
    c_prev: Array,
    W_xh: Array,
    W_hh: Array,
    b_h: Array,
    p_i: Array,
    p_f: Array,
    p_o: Array,
) -> Any:
    rows = []
    for x, h, c in zip(
        x_t, h_prev, c_prev, strict=True
    ):  # example by example; peepholes as diagonal matrices
        a_i, a_f, a_g, a_o = np.split(W_xh @ x + W_hh @ h + b_h, 4)
        new = _sigmoid(a_f + np.diag(p_f) @ c) * c + _sigmoid(a_i + np.diag(p_i) @ c) * np.tanh(a_g)
        rows.append([_sigmoid(a_o + np.diag(p_o) @ new) * np.tanh(new), new])
    return [np.stack(column) for column in zip(*rows, strict=True)]


@_of("peephole_lstm_step")
def _(
    x_t: Array,
    h_prev: Array,
    c_prev: Array,
    W_xh: Array,
    W_hh: Array,
    b_h: Array,
    p_i: Array,
    p_f: Array,
    p_o: Array,
) -> Any:
    none = np.zeros_like(p_i)
    a = x_t @ W_xh.T + h_prev @ W_hh.T + b_h + np.tile(c_prev, 4) * np.concatenate([p_i, p_f, none, none])
    i, f, g, o = a.reshape(len(a), 4, -1).swapaxes(0, 1)
    c_t = (1 + np.tanh(f / 2)) / 2 * c_prev + (1 + np.tanh(i / 2)) / 2 * np.tanh(g)
    o = (1 + np.tanh((o + p_o * c_t) / 2)) / 2
    return np.asfortranarray(o * np.tanh(c_t)), np.asfortranarray(c_t)


# ---------------------------------------------------------------- coupled_lstm_step
@_of("coupled_lstm_step")
def _(x_t: Array, h_prev: Array, c_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    H = h_prev.shape[1]
    a = np.einsum("bd,gd->bg", x_t, W_xh) + np.einsum("bk,gk->bg", h_prev, W_hh) + b_h
    f, i = _sigmoid(a[:, :H]), _sigmoid(-a[:, :H])  # 1 - sigmoid(a) is sigmoid(-a)
    c_t = f * c_prev + i * np.tanh(a[:, H : 2 * H])
    return _sigmoid(a[:, 2 * H :]) * np.tanh(c_t), c_t


@_of("coupled_lstm_step")
def _(x_t: Array, h_prev: Array, c_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    a_f, a_g, a_o = (
        x_t @ U.T + h_prev @ V.T + b
        for U, V, b in zip(*(np.split(w, 3) for w in (W_xh, W_hh, b_h)), strict=True)
    )
    g = np.tanh(a_g)
    c_t = g + _sigmoid(a_f) * (c_prev - g)  # from g, part of the way back to c_prev
    return [_sigmoid(a_o) * np.tanh(c_t), c_t]


@_of("coupled_lstm_step")
def _(x_t: Array, h_prev: Array, c_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    h_t, c_t = np.zeros_like(h_prev), np.zeros_like(c_prev)
    for b in range(len(x_t)):
        a_f, a_g, a_o = np.split(W_xh @ x_t[b] + W_hh @ h_prev[b] + b_h, 3)
        keep = _sigmoid(a_f)
        c_t[b] = keep * c_prev[b] + (1 - keep) * np.tanh(a_g)
        h_t[b] = np.tanh(c_t[b]) / (1 + np.exp(-a_o))
    return h_t, c_t


# ---------------------------------------------------------------- the twist
@_of("coupled_peephole_lstm_step_backward")
def _(
    dh_t: Array,
    dc_t: Array,
    x_t: Array,
    h_prev: Array,
    c_prev: Array,
    W_xh: Array,
    W_hh: Array,
    b_h: Array,
    p_f: Array,
    p_o: Array,
) -> Any:
    a_f, a_g, a_o = np.split(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 3, axis=1)
    f, g = _sigmoid(a_f + p_f * c_prev), np.tanh(a_g)
    c_t = g + f * (c_prev - g)
    o = _sigmoid(a_o + p_o * c_t)
    h_t = o * np.tanh(c_t)
    # all of dh_t by c_t in one: h_t = o(c_t) tanh(c_t)
    dc = dc_t + dh_t * (o * (1 - np.tanh(c_t) ** 2) + h_t * (1 - o) * p_o)
    inside = dc * (c_prev - g) * f * (1 - f), dc * (1 - f) * (1 - g**2), dh_t * h_t * (1 - o)
    U, V = W_xh.reshape(3, -1, x_t.shape[1]), W_hh.reshape(3, -1, h_prev.shape[1])
    return [
        np.einsum("kbh,khd->bd", inside, U),
        np.einsum("kbh,khj->bj", inside, V),
        f * dc + p_f * inside[0],
        np.einsum("kbh,bd->khd", inside, x_t).reshape(W_xh.shape),
        np.einsum("kbh,bj->khj", inside, h_prev).reshape(W_hh.shape),
        np.einsum("kbh->kh", inside).reshape(b_h.shape),
        np.einsum("bh,bh->h", inside[0], c_prev),
        np.einsum("bh,bh->h", inside[2], c_t),
    ]


@_of("coupled_peephole_lstm_step_backward")
def _(dh_t: Array, dc_t: Array, x_t: Array, h_prev: Array, c_prev: Array, *weights: Array) -> Any:
    W_xh, W_hh, b_h, p_f, p_o = weights
    dx_t, dh_prev, dc_prev = np.empty_like(x_t), np.empty_like(h_prev), np.empty_like(c_prev)
    sums = [np.zeros_like(w) for w in weights]
    for b in range(len(x_t)):  # example by example
        a_f, a_g, a_o = np.split(W_xh @ x_t[b] + W_hh @ h_prev[b] + b_h, 3)
        f, g = _sigmoid(a_f + p_f * c_prev[b]), np.tanh(a_g)
        c_t = f * c_prev[b] + (1 - f) * g
        o, shown = _sigmoid(a_o + p_o * c_t), np.tanh(c_t)
        da_o = dh_t[b] * shown * o * (1 - o)
        dc = dc_t[b] + dh_t[b] * o * (1 - shown**2) + p_o * da_o
        da_f = (dc * c_prev[b] - dc * g) * f * (1 - f)
        da = np.concatenate([da_f, dc * (1 - f) * (1 - g**2), da_o])
        dx_t[b], dh_prev[b], dc_prev[b] = W_xh.T @ da, W_hh.T @ da, dc * f + p_f * da_f
        shares = np.outer(da, x_t[b]), np.outer(da, h_prev[b]), da, da_f * c_prev[b], da_o * c_t
        sums = [so_far + share for so_far, share in zip(sums, shares, strict=True)]
    return dx_t, dh_prev, dc_prev, *sums


@_of("coupled_peephole_lstm_step_backward")
def _(
    dh_t: Array,
    dc_t: Array,
    x_t: Array,
    h_prev: Array,
    c_prev: Array,
    W_xh: Array,
    W_hh: Array,
    b_h: Array,
    p_f: Array,
    p_o: Array,
) -> Any:
    H = h_prev.shape[1]
    a = x_t @ W_xh.T + h_prev @ W_hh.T + b_h
    f = _sigmoid(a[:, :H] + p_f * c_prev)
    i, g = 1 - f, np.tanh(a[:, H : 2 * H])
    c_t = f * c_prev + i * g
    o = _sigmoid(a[:, 2 * H :] + p_o * c_t)
    da = np.empty_like(a)
    da[:, 2 * H :] = dh_t * np.tanh(c_t) * o * (1 - o)
    dc = dc_t.copy()
    dc += dh_t * o / np.cosh(c_t) ** 2
    dc += da[:, 2 * H :] * p_o
    df, di = dc * c_prev, dc * g  # i is a gate of its own for a moment; what reaches it goes on to f
    df -= di
    da[:, :H] = df * f * (1 - f)
    da[:, H : 2 * H] = dc * i * (1 - g) * (1 + g)
    dc *= f
    dc += da[:, :H] * p_f
    dp_f, dp_o = np.diag(da[:, :H].T @ c_prev).copy(), np.diag(da[:, 2 * H :].T @ c_t).copy()
    return da @ W_xh, da @ W_hh, dc, da.T @ x_t, da.T @ h_prev, da.sum(axis=0), dp_f, dp_o
