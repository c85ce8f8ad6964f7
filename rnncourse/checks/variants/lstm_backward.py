"""Right answers on the LSTM's way back, written in other ways than the reference."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.variants import Collection

VARIANTS = Collection("lstm")
_of = VARIANTS.of

Array = np.ndarray


def _sigmoid(a: Array) -> Array:
    return 1 / (1 + np.exp(-a))


# ---------------------------------------------------------------- lstm_step_backward
@_of("lstm_step_backward")
def _(
    dh_t: Array, dc_t: Array, x_t: Array, h_prev: Array, c_prev: Array, W_xh: Array, W_hh: Array, b_h: Array
) -> Any:
    i, f, g, o = np.split(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 4, axis=1)
    i, f, g, o = _sigmoid(i), _sigmoid(f), np.tanh(g), _sigmoid(o)
    shown = np.tanh(f * c_prev + i * g)
    dc = dc_t + dh_t * o * (1 - shown**2)
    inside = (
        dc * g * i * (1 - i),
        dc * c_prev * f * (1 - f),
        dc * i * (1 - g**2),
        dh_t * shown * o * (1 - o),
    )
    U, V = W_xh.reshape(4, -1, x_t.shape[1]), W_hh.reshape(4, -1, h_prev.shape[1])
    dx_t = np.einsum("kbh,khd->bd", inside, U)  # the gates on an axis of their own
    dh_prev = np.einsum("kbh,khj->bj", inside, V)
    dW_xh = np.einsum("kbh,bd->khd", inside, x_t).reshape(W_xh.shape)
    dW_hh = np.einsum("kbh,bj->khj", inside, h_prev).reshape(W_hh.shape)
    return [dx_t, dh_prev, dc * f, dW_xh, dW_hh, np.sum(inside, axis=1).reshape(-1)]


@_of("lstm_step_backward")
def _(
    dh_t: Array, dc_t: Array, x_t: Array, h_prev: Array, c_prev: Array, W_xh: Array, W_hh: Array, b_h: Array
) -> Any:
    dx_t, dh_prev, dc_prev = np.empty_like(x_t), np.empty_like(h_prev), np.empty_like(c_prev)
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
    for b in range(len(x_t)):  # example by example
        a_i, a_f, a_g, a_o = np.split(W_xh @ x_t[b] + W_hh @ h_prev[b] + b_h, 4)
        i, f, g, o = _sigmoid(a_i), _sigmoid(a_f), np.tanh(a_g), _sigmoid(a_o)
        shown = np.tanh(f * c_prev[b] + i * g)
        dc = dh_t[b] * o * (1 - shown * shown)
        dc += dc_t[b]
        da = np.concatenate(
            [
                dc * g * (i - i * i),
                dc * c_prev[b] * (f - f * f),
                dc * i * (1 - g * g),
                dh_t[b] * shown * (o - o * o),
            ]
        )
        dx_t[b], dh_prev[b], dc_prev[b] = W_xh.T @ da, W_hh.T @ da, f * dc
        dW_xh += np.outer(da, x_t[b])
        dW_hh += np.outer(da, h_prev[b])
        db_h += da
    return dx_t, dh_prev, dc_prev, dW_xh, dW_hh, db_h


@_of("lstm_step_backward")
def _(
    dh_t: Array, dc_t: Array, x_t: Array, h_prev: Array, c_prev: Array, W_xh: Array, W_hh: Array, b_h: Array
) -> Any:
    def cosh_slope(a: Array) -> Array:  # slopes from what stands inside, and not from the values
        return np.cosh(a) ** -2

    a_i, a_f, a_g, a_o = np.split(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 4, axis=1)
    c_t = _sigmoid(a_f) * c_prev + _sigmoid(a_i) * np.tanh(a_g)
    dc = cosh_slope(c_t) * _sigmoid(a_o) * dh_t + dc_t
    da = np.hstack(
        [
            dc * np.tanh(a_g) * cosh_slope(a_i / 2) / 4,
            dc * c_prev * cosh_slope(a_f / 2) / 4,
            dc * _sigmoid(a_i) * cosh_slope(a_g),
            dh_t * np.tanh(c_t) * cosh_slope(a_o / 2) / 4,
        ]
    )
    both = da @ np.hstack([W_xh, W_hh])
    weights = da.T @ np.hstack([x_t, h_prev, np.ones_like(x_t[:, :1])])  # the bias sees a one
    D = x_t.shape[1]
    dc *= _sigmoid(a_f)
    return both[:, :D], both[:, D:], dc, weights[:, :D], weights[:, D:-1], weights[:, -1]


# ---------------------------------------------------------------- lstm_backward
@_of("lstm_backward")
def _(dh: Array, dc_last: Array, x: Array, h0: Array, c0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    (T, B, _), H = x.shape, h0.shape[1]
    h, c = np.zeros((T + 1, B, H), x.dtype), np.zeros((T + 1, B, H), x.dtype)
    gates = np.zeros((T, 4, B, H), x.dtype)
    h[0], c[0] = h0, c0
    for t in range(T):
        gates[t] = np.stack(np.split(x[t] @ W_xh.T + h[t] @ W_hh.T + b_h, 4, axis=1))
        gates[t, 2] = np.tanh(gates[t, 2])
        gates[t, [0, 1, 3]] = _sigmoid(gates[t, [0, 1, 3]])
        i, f, g, o = gates[t]
        c[t + 1] = f * c[t] + i * g
        h[t + 1] = o * np.tanh(c[t + 1])
    da = np.zeros((T, B, 4 * H), x.dtype)
    dh_next, dc_next = np.zeros_like(h0), dc_last.copy()
    for t in range(T - 1, -1, -1):
        i, f, g, o = gates[t]
        total, shown = dh[t] + dh_next, np.tanh(c[t + 1])
        dc_next += total * o * (1 - shown**2)
        da[t, :, :H] = dc_next * g * i * (1 - i)
        da[t, :, H : 2 * H] = dc_next * c[t] * f * (1 - f)
        da[t, :, 2 * H : 3 * H] = dc_next * i * (1 - g**2)
        da[t, :, 3 * H :] = total * shown * o * (1 - o)
        dh_next = da[t] @ W_hh
        dc_next *= f
    dW_xh, dW_hh = np.einsum("tbg,tbd->gd", da, x), np.einsum("tbg,tbh->gh", da, h[:-1])
    return da @ W_xh, dh_next, dc_next, dW_xh, dW_hh, da.sum(axis=(0, 1))


@_of("lstm_backward")
def _(dh: Array, dc_last: Array, x: Array, h0: Array, c0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    if not len(x):  # recursion: what comes after the first step sends back to it
        return x, np.zeros_like(h0), dc_last.copy(), *(np.zeros_like(w) for w in (W_xh, W_hh, b_h))
    a_i, a_f, a_g, a_o = np.split(x[0] @ W_xh.T + h0 @ W_hh.T + b_h, 4, axis=1)
    i, f, g, o = _sigmoid(a_i), _sigmoid(a_f), np.tanh(a_g), _sigmoid(a_o)
    c1 = f * c0 + i * g
    shown = np.tanh(c1)
    rest = _recursive(dh[1:], dc_last, x[1:], o * shown, c1, W_xh, W_hh, b_h)
    total = dh[0] + rest[1]
    dc = rest[2] + total * o * (1 - shown**2)
    da = np.hstack(
        [dc * g * i * (1 - i), dc * c0 * f * (1 - f), dc * i * (1 - g**2), total * shown * o * (1 - o)]
    )
    dx = np.concatenate([(da @ W_xh)[None], rest[0]])
    return [dx, da @ W_hh, dc * f, rest[3] + da.T @ x[0], rest[4] + da.T @ h0, rest[5] + da.sum(axis=0)]


_recursive = VARIANTS.variants[-1][1]


@_of("lstm_backward")
def _(dh: Array, dc_last: Array, x: Array, h0: Array, c0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    def back(b: int) -> list[Array]:
        """Go back through one sequence of the batch, with plain vectors."""
        states, values = [(h0[b], c0[b])], []
        for x_t in x[:, b]:
            h, c = states[-1]
            a_i, a_f, a_g, a_o = np.split(W_xh @ x_t + W_hh @ h + b_h, 4)
            i, f, g, o = _sigmoid(a_i), _sigmoid(a_f), np.tanh(a_g), _sigmoid(a_o)
            values.append((i, f, g, o))
            states.append((o * np.tanh(f * c + i * g), f * c + i * g))
        dx, dh_next, dc_next = np.zeros_like(x[:, b]), np.zeros_like(h0[b]), dc_last[b]
        dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
        for t in reversed(range(len(x))):
            (i, f, g, o), (h, c), shown = values[t], states[t], np.tanh(states[t + 1][1])
            total = dh[t, b] + dh_next
            dc = dc_next + total * o * (1 - shown**2)
            above = [
                dc * g * i * (1 - i),
                dc * c * f * (1 - f),
                dc * i * (1 - g**2),
                total * shown * o * (1 - o),
            ]
            da = np.concatenate(above)
            dx[t], dh_next, dc_next = da @ W_xh, da @ W_hh, dc * f
            dW_xh += np.outer(da, x[t, b])
            dW_hh += np.outer(da, h)
            db_h += da
        return [dx, dh_next, dc_next, dW_xh, dW_hh, db_h]

    dx, dh_start, dc_start, dW_xh, dW_hh, db_h = zip(*map(back, range(len(h0))), strict=True)
    return np.stack(dx, axis=1), np.stack(dh_start), np.stack(dc_start), sum(dW_xh), sum(dW_hh), sum(db_h)
