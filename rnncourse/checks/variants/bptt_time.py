"""Right answers to "Backpropagation through time" that go back through the steps, each written otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.variants import Collection

VARIANTS = Collection("bptt")
_of = VARIANTS.of

Array = np.ndarray


# ---------------------------------------------------------------- rnn_step_backward
@_of("rnn_step_backward")
def _(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array) -> Any:
    da = (1 - h_t * h_t) * dh_t
    return [
        np.einsum("bh,hd->bd", da, W_xh),
        np.einsum("bh,hk->bk", da, W_hh),
        np.einsum("bh,bd->hd", da, x_t),
        np.einsum("bh,bk->hk", da, h_prev),
        np.einsum("bh->h", da),
    ]


@_of("rnn_step_backward")
def _(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array) -> Any:
    dx_t, dh_prev = np.zeros_like(x_t), np.zeros_like(h_prev)
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(W_hh[0])
    for b in range(len(x_t)):
        da = dh_t[b] * (1 - h_t[b]) * (1 + h_t[b])
        dx_t[b], dh_prev[b] = W_xh.T @ da, W_hh.T @ da
        dW_xh += np.outer(da, x_t[b])
        dW_hh += np.outer(da, h_prev[b])
        db_h += da
    return dx_t, dh_prev, dW_xh, dW_hh, db_h


@_of("rnn_step_backward")
def _(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array) -> Any:
    da = (dh_t - dh_t * h_t**2).T  # (H, B): the gradients come out in Fortran order
    ones = np.ones((len(x_t), 1), x_t.dtype)
    inputs = np.concatenate([x_t, h_prev, ones], axis=1)
    both = (np.concatenate([W_xh, W_hh], axis=1).T @ da).T
    weights = (inputs.T @ da.T).T
    D = x_t.shape[1]
    return both[:, :D], both[:, D:], weights[:, :D], weights[:, D:-1], weights[:, -1]


# ---------------------------------------------------------------- rnn_backward
@_of("rnn_backward")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    dx, carried = np.zeros_like(x), np.zeros_like(h0)
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(W_hh[0])
    for t in range(len(x) - 1, -1, -1):
        da = (dh[t] + carried) * (1 - h[t] ** 2)
        dx[t], carried = da @ W_xh, da @ W_hh
        dW_xh += da.T @ x[t]
        dW_hh += da.T @ (h[t - 1] if t > 0 else h0)
        db_h += da.sum(axis=0)
    return dx, carried, dW_xh, dW_hh, db_h


@_of("rnn_backward")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    before = np.concatenate([h0[None], h[:-1]])
    total = np.array(dh)  # a copy: the carried gradients are added into it
    for t in range(len(x) - 1, 0, -1):
        total[t - 1] += (total[t] * (1 - h[t] ** 2)) @ W_hh
    da = total * (1 - h**2)
    return [
        np.einsum("tbh,hd->tbd", da, W_xh),
        np.einsum("bh,hk->bk", da[0], W_hh),
        np.einsum("tbh,tbd->hd", da, x),
        np.einsum("tbh,tbk->hk", da, before),
        da.sum(axis=(0, 1)),
    ]


@_of("rnn_backward")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    dx, dh0 = np.zeros_like(x), np.zeros_like(h0)
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(W_hh[0])
    for b in range(x.shape[1]):  # one sequence after the other
        carried = dh0[b]
        for t in reversed(range(len(x))):
            da = (dh[t, b] + carried) * (1 - h[t, b] ** 2)
            dx[t, b] = W_xh.T @ da
            carried = W_hh.T @ da
            dW_xh += np.outer(da, x[t, b])
            dW_hh += np.outer(da, h[t - 1, b] if t else h0[b])
            db_h += da
        dh0[b] = carried
    return dx, dh0, dW_xh, dW_hh, db_h


@_of("rnn_backward")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    def back(t: int, carried: Array) -> tuple[list[Array], Array, Array, Array, Array]:
        da = (carried + dh[t]) * (1 - np.square(h[t]))
        shares = da.T @ x[t], da.T @ (h[t - 1] if t else h0), da.sum(axis=0)
        if t == 0:
            return [da @ W_xh], da @ W_hh, *shares
        dx, dh0, *sums = back(t - 1, da @ W_hh)
        return [*dx, da @ W_xh], dh0, *(a + b for a, b in zip(sums, shares, strict=True))

    dx, *others = back(len(x) - 1, np.zeros_like(h0))
    return np.stack(dx), *others


@_of("rnn_backward")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    # every path by itself: from each step s back to each step t <= s, added up with math.fsum's patience
    T, B, H = h.shape
    da = np.zeros_like(h)
    dh0 = np.zeros_like(h0)
    for s in range(T):
        flowing = np.array(dh[s])
        for t in range(s, -1, -1):
            flowing = flowing * (1 - h[t] ** 2)
            da[t] += flowing
            flowing = flowing @ W_hh
        dh0 += flowing
    rows = da.reshape(T * B, H)
    before = np.vstack([h0, h[:-1].reshape(-1, H)])
    dW_xh = rows.T @ x.reshape(T * B, -1)
    return (rows @ W_xh).reshape(x.shape), dh0, dW_xh, rows.T @ before, rows.sum(axis=0)


# ---------------------------------------------------------------- truncated_bptt
@_of("truncated_bptt")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array, window: int) -> Any:
    da, carried = np.empty_like(dh), np.zeros_like(h0)
    for t in reversed(range(len(x))):
        if (t + 1) % window == 0:
            carried = np.zeros_like(h0)
        da[t] = (dh[t] + carried) * (1 - h[t] ** 2)
        carried = da[t] @ W_hh
    before = np.concatenate([h0[None], h[:-1]])
    dW_xh = np.tensordot(da, x, axes=((0, 1), (0, 1)))
    dW_hh = np.tensordot(da, before, axes=((0, 1), (0, 1)))
    return da @ W_xh, carried, dW_xh, dW_hh, da.sum(axis=(0, 1))


@_of("truncated_bptt")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array, window: int) -> Any:
    def whole(start: int, stop: int) -> tuple[Array, ...]:
        """Go back through one window as if it were all there is."""
        state, carried, rows = (h[start - 1] if start else h0), np.zeros_like(h0), []
        for t in range(stop - 1, start - 1, -1):
            rows.append((dh[t] + carried) * (1 - h[t] ** 2))
            carried = rows[-1] @ W_hh
        da = np.stack(rows[::-1])
        before = np.concatenate([state[None], h[start : stop - 1]])
        dW_xh = np.einsum("tbh,tbd->hd", da, x[start:stop])
        return da @ W_xh, carried, dW_xh, np.einsum("tbh,tbk->hk", da, before), da.sum(axis=(0, 1))

    T = len(x)
    parts = [whole(start, min(start + window, T)) for start in range(0, T, window)]
    dx = np.concatenate([part[0] for part in parts])
    return [dx, parts[0][1], *(sum(part[i] for part in parts) for i in (2, 3, 4))]


@_of("truncated_bptt")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array, window: int) -> Any:
    dx, carried = np.zeros_like(x), np.zeros_like(h0)
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(W_hh[0])
    for t in range(len(x) - 1, -1, -1):
        da = (dh[t] + carried) * (1 - h[t] ** 2)
        dx[t] = da @ W_xh
        dW_xh += da.T @ x[t]
        dW_hh += da.T @ (h[t - 1] if t else h0)
        db_h += da.sum(axis=0)
        carried = da @ W_hh * np.asarray(t == 0 or t % window != 0, dh.dtype)
    return dx, carried, dW_xh, dW_hh, db_h


# ---------------------------------------------------------------- leaky_rnn_backward
@_of("leaky_rnn_backward")
def _(
    dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: Array, mask: Array
) -> Any:
    dx, carried = np.zeros_like(x), np.zeros_like(h0)
    dW_xh, dW_hh, db_h, dleak = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, leak))
    for t in reversed(range(len(x))):
        before = h[t - 1] if t else h0
        m = (mask[t] != 0)[:, None].astype(dh.dtype)
        total = dh[t] + carried
        c = np.tanh(x[t] @ W_xh.T + before @ W_hh.T + b_h)
        dc = m * total * leak
        da = dc * (1 - c**2)
        dleak += (m * total * (c - before)).sum(axis=0)
        dx[t] = da @ W_xh
        dW_xh += da.T @ x[t]
        dW_hh += da.T @ before
        db_h += da.sum(axis=0)
        carried = total - dc + da @ W_hh
    return dx, carried, dW_xh, dW_hh, db_h, dleak


@_of("leaky_rnn_backward")
def _(
    dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: Array, mask: Array
) -> Any:
    before = np.concatenate([h0[None], h[:-1]])
    rates = leak * mask[:, :, None].astype(dh.dtype)  # (T, B, H): a masked position is a leak of zero
    candidates = before + (h - before) / leak  # (where masked it is not needed)
    da, change, carried = np.zeros_like(h), np.zeros_like(h), np.zeros_like(h0)
    for t in range(len(x) - 1, -1, -1):
        change[t] = dh[t] + carried
        da[t] = change[t] * rates[t] * (1 - candidates[t] ** 2)
        carried = change[t] * (1 - rates[t]) + da[t] @ W_hh
    dleak = np.einsum("tbh,tbh,tb->h", change, candidates - before, mask.astype(dh.dtype))
    dW_xh, dW_hh = np.einsum("tbh,tbd->hd", da, x), np.einsum("tbh,tbk->hk", da, before)
    return [da @ W_xh, carried, dW_xh, dW_hh, da.sum(axis=0).sum(axis=0), dleak]


@_of("leaky_rnn_backward")
def _(
    dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: Array, mask: Array
) -> Any:
    dx, dh0 = np.zeros_like(x), np.zeros_like(h0)
    dW_xh, dW_hh, db_h, dleak = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, leak))
    for b in range(x.shape[1]):
        total = np.zeros_like(h0[b])
        for t in reversed(range(len(x))):
            total = total + dh[t, b]
            if not mask[t, b]:
                continue
            before = h[t - 1, b] if t else h0[b]
            c = np.tanh(W_xh @ x[t, b] + W_hh @ before + b_h)
            da = total * leak * (1 - c * c)
            dleak += total * (c - before)
            dx[t, b] = W_xh.T @ da
            dW_xh += np.outer(da, x[t, b])
            dW_hh += np.outer(da, before)
            db_h += da
            total = total * (1 - leak) + W_hh.T @ da
        dh0[b] = total
    return dx, dh0, dW_xh, dW_hh, db_h, dleak
