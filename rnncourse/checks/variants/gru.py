"""Right answers to "Gated recurrent units", written in other ways; those on the way back are next door."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.variants import Collection, gru_backward

VARIANTS = Collection("gru")
_of = VARIANTS.of

Array = np.ndarray


def _sigmoid(a: Array) -> Array:
    return 0.5 * (1 + np.tanh(0.5 * a))


# ---------------------------------------------------------------- gru_step
@_of("gru_step")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    W_xr, W_xz, W_xn = np.split(W_xh, 3)
    W_hr, W_hz, W_hn = np.split(W_hh, 3)
    b_r, b_z, b_n = np.split(b_h, 3)
    r = 1 / (1 + np.exp(-(x_t @ W_xr.T + h_prev @ W_hr.T + b_r)))
    z = 1 / (1 + np.exp(-(x_t @ W_xz.T + h_prev @ W_hz.T + b_z)))
    n = np.tanh(x_t @ W_xn.T + b_n + r * (h_prev @ W_hn.T + b_hn))
    return (1 - z) * n + z * h_prev


@_of("gru_step")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    H = h_prev.shape[1]
    x, h = np.einsum("bd,gd->bg", x_t, W_xh) + b_h, np.einsum("bk,gk->bg", h_prev, W_hh)
    r, z = _sigmoid(x[:, : 2 * H] + h[:, : 2 * H]).reshape(-1, 2, H).transpose(1, 0, 2)
    n = np.tanh(x[:, 2 * H :] + r * (h[:, 2 * H :] + b_hn))
    return n + z * (h_prev - n)


@_of("gru_step")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    H, rows = len(b_hn), []
    for x, h in zip(x_t, h_prev, strict=True):  # one example at a time, W @ x as in the equations
        r = _sigmoid(W_xh[:H] @ x + W_hh[:H] @ h + b_h[:H])
        z = _sigmoid(W_xh[H : 2 * H] @ x + W_hh[H : 2 * H] @ h + b_h[H : 2 * H])
        n = np.tanh(W_xh[2 * H :] @ x + b_h[2 * H :] + r * (W_hh[2 * H :] @ h + b_hn))
        rows.append(z * h + (1 - z) * n)
    return np.array(rows)


@_of("gru_step")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    H = len(b_hn)  # columns for examples; Fortran order comes out
    gates = _sigmoid((np.hstack([x_t, h_prev]) @ np.hstack([W_xh, W_hh])[: 2 * H].T + b_h[: 2 * H]).T)
    n = np.tanh(
        (W_xh[2 * H :] @ x_t.T + b_h[2 * H :, None]) + gates[:H] * (W_hh[2 * H :] @ h_prev.T + b_hn[:, None])
    )
    return ((1 - gates[H:]) * n + gates[H:] * h_prev.T).T


# ---------------------------------------------------------------- gru_forward
def _step(x_t: Array, h: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Array:
    H = h.shape[1]
    x, s = x_t @ W_xh.T + b_h, h @ W_hh.T
    r, z = _sigmoid(x[:, :H] + s[:, :H]), _sigmoid(x[:, H : 2 * H] + s[:, H : 2 * H])
    n = np.tanh(x[:, 2 * H :] + r * (s[:, 2 * H :] + b_hn))
    return (1 - z) * n + z * h


@_of("gru_forward")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    states, h = [], h0
    for x_t in x:
        h = _step(x_t, h, W_xh, W_hh, b_h, b_hn)
        states.append(h)
    return np.array(states)


@_of("gru_forward")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    states = np.zeros((len(x) + 1, *h0.shape), h0.dtype)  # h0 in front: states[-1] is never misread
    states[0] = h0
    from_x = (x @ W_xh.T + b_h).reshape(*x.shape[:2], 3, -1)
    for t in range(len(x)):
        h = states[t]
        s = np.einsum("bk,ghk->bgh", h, W_hh.reshape(3, -1, h.shape[1]))
        r, z = _sigmoid(from_x[t, :, 0] + s[:, 0]), _sigmoid(from_x[t, :, 1] + s[:, 1])
        n = np.tanh(from_x[t, :, 2] + r * (s[:, 2] + b_hn))
        states[t + 1] = h + (1 - z) * (n - h)
    return states[1:]


@_of("gru_forward")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    h = np.empty((*x.shape[:2], len(b_hn)), x.dtype)
    for b in range(x.shape[1]):  # one sequence after the other
        state = h0[b : b + 1]
        for t in range(len(x)):
            state = _step(x[t, b : b + 1], state, W_xh, W_hh, b_h, b_hn)
            h[t, b] = state[0]
    return np.asfortranarray(h)


# ---------------------------------------------------------------- gru_step_reset_before
@_of("gru_step_reset_before")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    W_hr, W_hz, W_hn = np.split(W_hh, 3)
    x_r, x_z, x_n = np.split(x_t @ W_xh.T + b_h, 3, axis=1)
    r, z = _sigmoid(x_r + h_prev @ W_hr.T), _sigmoid(x_z + h_prev @ W_hz.T)
    n = np.tanh(x_n + (r * h_prev) @ W_hn.T)
    return n + z * (h_prev - n)


@_of("gru_step_reset_before")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    H = h_prev.shape[1]
    r, z = (
        _sigmoid(np.hstack([x_t, h_prev]) @ np.hstack([W_xh, W_hh])[: 2 * H].T + b_h[: 2 * H])
        .reshape(-1, 2, H)
        .swapaxes(0, 1)
    )
    n = np.tanh(np.hstack([x_t, r * h_prev]) @ np.hstack([W_xh, W_hh])[2 * H :].T + b_h[2 * H :])
    return z * h_prev + (1 - z) * n


@_of("gru_step_reset_before")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    U, V, b = W_xh.reshape(3, -1, W_xh.shape[1]), W_hh.reshape(3, -1, W_hh.shape[1]), b_h.reshape(3, -1)
    rows = []
    for x, h in zip(x_t, h_prev, strict=True):
        r, z = _sigmoid(np.einsum("ghd,d->gh", U[:2], x) + np.einsum("ghk,k->gh", V[:2], h) + b[:2])
        rows.append((1 - z) * np.tanh(U[2] @ x + V[2] @ (r * h) + b[2]) + z * h)
    return np.stack(rows)


# ---------------------------------------------------------------- parameter_count
@_of("parameter_count")
def _(cell: str, input_size: int, hidden_size: int) -> Any:
    if cell == "rnn":
        gates = 1
    elif cell == "lstm":
        gates = 4
    elif cell == "gru":
        gates = 3
    else:
        raise ValueError(f"unknown cell {cell!r}")
    count = gates * hidden_size * input_size + gates * hidden_size**2 + gates * hidden_size
    return count + hidden_size if cell == "gru" else count


@_of("parameter_count")
def _(cell: str, input_size: int, hidden_size: int) -> Any:
    rows = ("rnn", "-", "gru", "lstm").index(cell) * hidden_size + hidden_size
    return rows * input_size + rows * hidden_size + rows + (cell == "gru") * hidden_size


@_of("parameter_count")
def _(cell: str, input_size: int, hidden_size: int) -> Any:
    shapes = {"rnn": [], "lstm": [], "gru": [(hidden_size, 1)]}[cell]
    rows = hidden_size * {"r": 1, "l": 4, "g": 3}[cell[0]]
    shapes = [*shapes, (rows, input_size), (rows, hidden_size), (rows, 1)]
    return sum(np.int64(height) * width for height, width in shapes)


VARIANTS.variants += gru_backward.VARIANTS.variants
