"""Right answers to "Long short-term memory", written in other ways than the reference."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.variants import Collection, lstm_backward, lstm_relatives

VARIANTS = Collection("lstm")
_of = VARIANTS.of

Array = np.ndarray


def _sigmoid(a: Array) -> Array:
    return 1 / (1 + np.exp(-a))


def _step(
    x_t: Array, h_prev: Array, c_prev: Array, W_xh: Array, W_hh: Array, b_h: Array
) -> tuple[Array, Array]:
    a_i, a_f, a_g, a_o = np.split(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 4, axis=1)
    c_t = _sigmoid(a_f) * c_prev + _sigmoid(a_i) * np.tanh(a_g)
    return _sigmoid(a_o) * np.tanh(c_t), c_t


# ---------------------------------------------------------------- lstm_step
@_of("lstm_step")
def _(x_t: Array, h_prev: Array, c_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    def block(k: int) -> Array:  # every gate's matrices apart, by einsum
        rows = slice(k * h_prev.shape[1], (k + 1) * h_prev.shape[1])
        from_input = np.einsum("bd,hd->bh", x_t, W_xh[rows])
        return from_input + np.einsum("bk,hk->bh", h_prev, W_hh[rows]) + b_h[rows]

    i, f, g, o = (
        1 / (1 + np.exp(-block(0))),
        1 / (1 + np.exp(-block(1))),
        np.tanh(block(2)),
        1 / (1 + np.exp(-block(3))),
    )
    c_t = f * c_prev + i * g
    return o * np.tanh(c_t), c_t


@_of("lstm_step")
def _(x_t: Array, h_prev: Array, c_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    h_t, c_t = np.empty_like(h_prev), np.empty_like(c_prev)
    H = h_prev.shape[1]
    for b in range(len(x_t)):  # number by number
        for k in range(H):
            a = [W_xh[r] @ x_t[b] + W_hh[r] @ h_prev[b] + b_h[r] for r in (k, H + k, 2 * H + k, 3 * H + k)]
            i, f, o = (1 / (1 + np.exp(-a[r])) for r in (0, 1, 3))
            c_t[b, k] = f * c_prev[b, k] + i * np.tanh(a[2])
            h_t[b, k] = o * np.tanh(c_t[b, k])
    return [h_t, c_t]  # a list for a tuple


@_of("lstm_step")
def _(x_t: Array, h_prev: Array, c_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    both = np.concatenate([x_t, h_prev], axis=1)
    a = (np.concatenate([W_xh, W_hh], axis=1) @ both.T + b_h[:, None]).reshape(4, -1, len(x_t))
    i, f, o = 0.5 * np.tanh(0.5 * a[[0, 1, 3]]) + 0.5  # a sigmoid is a tanh at half the speed
    c_t = f * c_prev.T + i * np.tanh(a[2])
    return (o * np.tanh(c_t)).T, c_t.T  # Fortran order comes out


# ---------------------------------------------------------------- lstm_forward
@_of("lstm_forward")
def _(x: Array, h0: Array, c0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    h, c, hs, cs = h0, c0, [], []
    for x_t in x:
        h, c = _step(x_t, h, c, W_xh, W_hh, b_h)
        hs.append(h)
        cs.append(c)
    return np.array(hs), np.array(cs)


@_of("lstm_forward")
def _(x: Array, h0: Array, c0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    T, B, H = len(x), *h0.shape
    h, c = np.empty((T + 1, B, H), x.dtype), np.empty((T + 1, B, H), x.dtype)
    h[0], c[0] = h0, c0
    from_input = np.einsum("tbd,gd->tbg", x, W_xh) + b_h  # for all steps at once
    for t in range(T):
        a = from_input[t] + np.einsum("bk,gk->bg", h[t], W_hh)
        i, f, o = (_sigmoid(a[:, k * H : (k + 1) * H]) for k in (0, 1, 3))
        c[t + 1] = f * c[t] + i * np.tanh(a[:, 2 * H : 3 * H])
        h[t + 1] = o * np.tanh(c[t + 1])
    return h[1:], c[1:]


@_of("lstm_forward")
def _(x: Array, h0: Array, c0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    states = np.zeros((2, len(x), *h0.shape), x.dtype)  # sequence by sequence
    for b in range(x.shape[1]):
        h, c = h0[b : b + 1], c0[b : b + 1]
        for t in range(len(x)):
            h, c = _step(x[t, b : b + 1], h, c, W_xh, W_hh, b_h)
            states[:, t, b] = h[0], c[0]
    return list(states)


@_of("lstm_forward")
def _(x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    if not len(x):
        return x[:, :, :0], x[:, :, :0]
    h_t, c_t = _step(x[0], h0, c0, *weights)
    h, c = [h_t], [c_t]
    c_t = c_t.copy()
    for x_t in x[1:]:
        h_t, new = _step(x_t, h_t, c_t, *weights)
        c_t[...] = new  # in place, in an array of its own
        h.append(h_t)
        c.append(c_t.copy())
    return np.asfortranarray(np.stack(h)), np.asfortranarray(np.stack(c))


# ---------------------------------------------------------------- forget_bias
@_of("forget_bias")
def _(b_h: Array, value: float) -> Any:
    parts = np.split(b_h, 4)
    return np.concatenate([parts[0], np.full_like(parts[1], value), *parts[2:]])


@_of("forget_bias")
def _(b_h: Array, value: float) -> Any:
    changed = np.array(b_h).reshape(4, -1)
    changed[1] = value
    return changed.ravel()


@_of("forget_bias")
def _(b_h: Array, value: float) -> Any:
    gate = np.repeat(np.arange(4), b_h.size // 4)
    return np.where(gate == 1, np.asarray(value, b_h.dtype), b_h)


@_of("forget_bias")
def _(b_h: Array, value: float) -> Any:
    H = len(b_h) // 4
    return np.array([value if H <= k < 2 * H else b for k, b in enumerate(b_h)], dtype=b_h.dtype)


VARIANTS.variants += lstm_backward.VARIANTS.variants + lstm_relatives.VARIANTS.variants
