"""Right answers to the backward exercises of "Gated recurrent units", written in other ways."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.variants import Collection

VARIANTS = Collection("gru")
_of = VARIANTS.of

Array = np.ndarray


def _sigmoid(a: Array) -> Array:
    return 1 / (1 + np.exp(-a))


# ---------------------------------------------------------------- gru_step_backward
@_of("gru_step_backward")
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    x, h = np.split(x_t @ W_xh.T + b_h, 3, axis=1), np.split(h_prev @ W_hh.T, 3, axis=1)
    r, z, q = _sigmoid(x[0] + h[0]), _sigmoid(x[1] + h[1]), h[2] + b_hn
    n = np.tanh(x[2] + r * q)
    # against the stream, one operation after the other
    dn, dz, dh_prev = dh_t * (1 - z), dh_t * (h_prev - n), dh_t * z
    dx_n = dn * (1 - n * n)
    dr, dq = dx_n * q, dx_n * r
    da_z, da_r = dz * z * (1 - z), dr * r * (1 - r)
    from_x, from_h = np.hstack([da_r, da_z, dx_n]), np.hstack([da_r, da_z, dq])
    dh_prev = dh_prev + from_h @ W_hh
    return from_x @ W_xh, dh_prev, from_x.T @ x_t, from_h.T @ h_prev, from_x.sum(axis=0), dq.sum(axis=0)


@_of("gru_step_backward")
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    U, V = W_xh.reshape(3, -1, W_xh.shape[1]), W_hh.reshape(3, -1, W_hh.shape[1])
    x = np.einsum("bd,ghd->gbh", x_t, U) + b_h.reshape(3, 1, -1)
    h = np.einsum("bk,ghk->gbh", h_prev, V)
    r, z = _sigmoid(x[:2] + h[:2])
    n = np.tanh(x[2] + r * (h[2] + b_hn))
    da = np.empty_like(x)
    da[2] = dh_t * (1 - z) * (1 - n**2)
    da[1] = dh_t * (h_prev - n) * z * (1 - z)
    da[0] = da[2] * (h[2] + b_hn) * r * (1 - r)
    by_h = da.copy()
    by_h[2] *= r
    dh_prev = dh_t * z + np.einsum("gbh,ghk->bk", by_h, V)
    dW_xh = np.einsum("gbh,bd->ghd", da, x_t).reshape(W_xh.shape)
    dW_hh = np.einsum("gbh,bk->ghk", by_h, h_prev).reshape(W_hh.shape)
    return [
        np.einsum("gbh,ghd->bd", da, U),
        dh_prev,
        dW_xh,
        dW_hh,
        da.sum(axis=1).ravel(),
        by_h[2].sum(axis=0),
    ]


@_of("gru_step_backward")
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    H = len(b_hn)
    dx_t, dh_prev = np.zeros_like(x_t), np.zeros_like(h_prev, order="F")
    dW_xh, dW_hh, db_h, db_hn = (np.zeros(w.shape, w.dtype) for w in (W_xh, W_hh, b_h, b_hn))
    for b in range(len(x_t)):  # one example at a time
        x, h = W_xh @ x_t[b] + b_h, W_hh @ h_prev[b]
        r, z, q = _sigmoid(x[:H] + h[:H]), _sigmoid((x + h)[H : 2 * H]), h[2 * H :] + b_hn
        n = np.tanh(x[2 * H :] + r * q)
        a_n = dh_t[b] * (1 - z) * (1 - n**2)
        a_x = np.concatenate([a_n * q * r * (1 - r), dh_t[b] * (h_prev[b] - n) * z * (1 - z), a_n])
        a_h = np.concatenate([a_x[: 2 * H], a_n * r])
        dx_t[b] = W_xh.T @ a_x
        dh_prev[b] = dh_t[b] * z + W_hh.T @ a_h
        dW_xh += np.outer(a_x, x_t[b])
        dW_hh += np.outer(a_h, h_prev[b])
        db_h += a_x
        db_hn += a_n * r
    return dx_t, dh_prev, dW_xh, dW_hh, db_h, db_hn


# ---------------------------------------------------------------- gru_backward
def _back(
    dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array
) -> tuple[Array, Array]:
    """Return what meets the input and what meets the state, ``(B, 4H)`` and z beside them."""
    x, h = np.split(x_t @ W_xh.T + b_h, 3, axis=1), np.split(h_prev @ W_hh.T, 3, axis=1)
    r, z, q = _sigmoid(x[0] + h[0]), _sigmoid(x[1] + h[1]), h[2] + b_hn
    n = np.tanh(x[2] + r * q)
    a_n = dh_t * (1 - z) * (1 - n**2)
    a_z, a_r = dh_t * (h_prev - n) * z * (1 - z), a_n * q * r * (1 - r)
    return np.hstack([a_r, a_z, a_n, a_n * r]), z


def _advance(x_t: Array, h: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Array:
    x, s = np.split(x_t @ W_xh.T + b_h, 3, axis=1), np.split(h @ W_hh.T, 3, axis=1)
    z = _sigmoid(x[1] + s[1])
    return (1 - z) * np.tanh(x[2] + _sigmoid(x[0] + s[0]) * (s[2] + b_hn)) + z * h


@_of("gru_backward")
def _(dh: Array, x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    T, H, before = len(x), len(b_hn), [h0]
    for x_t in x[:-1]:
        before.append(_advance(x_t, before[-1], W_xh, W_hh, b_h, b_hn))
    dx, carried = np.zeros_like(x), np.zeros_like(h0)
    dW_xh, dW_hh, db_h, db_hn = (np.zeros_like(w) for w in (W_xh, W_hh, b_h, b_hn))
    for t in range(T - 1, -1, -1):
        total = dh[t] + carried
        a, z = _back(total, x[t], before[t], W_xh, W_hh, b_h, b_hn)
        by_x, by_h = a[:, : 3 * H], np.hstack([a[:, : 2 * H], a[:, 3 * H :]])
        dx[t], carried = by_x @ W_xh, total * z + by_h @ W_hh
        dW_xh += by_x.T @ x[t]
        dW_hh += by_h.T @ before[t]
        db_h += by_x.sum(axis=0)
        db_hn += by_h[:, 2 * H :].sum(axis=0)
    return dx, carried, dW_xh, dW_hh, db_h, db_hn


@_of("gru_backward")
def _(dh: Array, x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    H, h = len(b_hn), np.concatenate([h0[None], np.zeros_like(dh)])
    for t in range(len(x)):
        h[t + 1] = _advance(x[t], h[t], W_xh, W_hh, b_h, b_hn)
    a, total = np.zeros((*x.shape[:2], 4 * H), x.dtype), np.zeros_like(h0)
    for t in reversed(range(len(x))):  # the slopes in the loop, all sums over time after it
        total = total + dh[t]
        a[t], z = _back(total, x[t], h[t], W_xh, W_hh, b_h, b_hn)
        total = total * z + a[t][:, : 2 * H] @ W_hh[: 2 * H] + a[t][:, 3 * H :] @ W_hh[2 * H :]
    by_x, by_h = a[..., : 3 * H], np.concatenate([a[..., : 2 * H], a[..., 3 * H :]], axis=2)
    dW_xh, dW_hh = np.einsum("tbg,tbd->gd", by_x, x), np.tensordot(by_h, h[:-1], axes=((0, 1), (0, 1)))
    return by_x @ W_xh, total, dW_xh, dW_hh, by_x.sum(axis=(0, 1)), by_h.sum(axis=(0, 1))[2 * H :]


@_of("gru_backward")
def _(dh: Array, x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, b_hn: Array) -> Any:
    H = len(b_hn)

    def down(t: int, h: Array) -> tuple[Any, ...]:  # forward on the way down, backward on the way up
        if t == len(x):
            return [], np.zeros_like(h), *(np.zeros_like(w) for w in (W_xh, W_hh, b_h, b_hn))
        rows, carried, *sums = down(t + 1, _advance(x[t], h, W_xh, W_hh, b_h, b_hn))
        a, z = _back(dh[t] + carried, x[t], h, W_xh, W_hh, b_h, b_hn)
        by_x, by_h = a[:, : 3 * H], np.delete(a, np.s_[2 * H : 3 * H], axis=1)
        shares = by_x.T @ x[t], by_h.T @ h, by_x.sum(axis=0), by_h[:, 2 * H :].sum(axis=0)
        sent = (dh[t] + carried) * z + by_h @ W_hh
        return [by_x @ W_xh, *rows], sent, *(old + new for old, new in zip(sums, shares, strict=True))

    rows, *rest = down(0, h0)
    return np.stack(rows), *rest


# ---------------------------------------------------------------- minimal_gated_step_backward
@_of("minimal_gated_step_backward")
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    (W_xf, W_xn), (W_hf, W_hn), (b_f, b_n) = np.split(W_xh, 2), np.split(W_hh, 2), np.split(b_h, 2)
    f = _sigmoid(x_t @ W_xf.T + h_prev @ W_hf.T + b_f)
    m = f * h_prev
    n = np.tanh(x_t @ W_xn.T + m @ W_hn.T + b_n)
    da_n = (dh_t * f) * (1 - n**2)
    dm = da_n @ W_hn
    df = dh_t * n - dh_t * h_prev + dm * h_prev
    da_f = df * (f - f**2)
    dx_t = da_f @ W_xf + da_n @ W_xn
    dh_prev = dh_t * (1 - f) + dm * f + da_f @ W_hf
    dW_xh, dW_hh = np.vstack([da_f.T @ x_t, da_n.T @ x_t]), np.vstack([da_f.T @ h_prev, da_n.T @ m])
    return dx_t, dh_prev, dW_xh, dW_hh, np.concatenate([da_f.sum(axis=0), da_n.sum(axis=0)])


@_of("minimal_gated_step_backward")
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    H = h_prev.shape[1]
    a_f = np.einsum("bd,hd->bh", x_t, W_xh[:H]) + np.einsum("bk,hk->bh", h_prev, W_hh[:H]) + b_h[:H]
    f = np.tanh(a_f / 2) / 2 + 0.5
    n = np.tanh(x_t @ W_xh[H:].T + np.einsum("bk,bk,hk->bh", f, h_prev, W_hh[H:]) + b_h[H:])
    a = np.empty((len(x_t), 2 * H), dh_t.dtype)
    a[:, H:] = dh_t * f * (1 - n) * (1 + n)
    a[:, :H] = ((n - h_prev) * dh_t + h_prev * np.einsum("bh,hk->bk", a[:, H:], W_hh[H:])) * f * (1 - f)
    dh_prev = (1 - f) * dh_t + f * (a[:, H:] @ W_hh[H:]) + a[:, :H] @ W_hh[:H]
    dW_hh = np.zeros_like(W_hh)
    dW_hh[:H], dW_hh[H:] = a[:, :H].T @ h_prev, a[:, H:].T @ (f * h_prev)
    return [a @ W_xh, dh_prev, a.T @ x_t, dW_hh, a.sum(axis=0)]


@_of("minimal_gated_step_backward")
def _(dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    H, rows = h_prev.shape[1], []
    for dh, x, h in zip(dh_t, x_t, h_prev, strict=True):  # one example at a time, columns and outer products
        f = _sigmoid(W_xh[:H] @ x + W_hh[:H] @ h + b_h[:H])
        n = np.tanh(W_xh[H:] @ x + W_hh[H:] @ (f * h) + b_h[H:])
        a_n = dh * f * (1 - n**2)
        m = W_hh[H:].T @ a_n
        a_f = (dh * (n - h) + m * h) * f * (1 - f)
        a = np.concatenate([a_f, a_n])
        to_h = np.concatenate([np.outer(a_f, h), np.outer(a_n, f * h)])
        rows.append((W_xh.T @ a, dh * (1 - f) + m * f + W_hh[:H].T @ a_f, np.outer(a, x), to_h, a))
    dx_t, dh_prev, *shares = zip(*rows, strict=True)
    return np.asfortranarray(dx_t), np.array(dh_prev), *(sum(share[1:], share[0]) for share in shares)
