"""Right answers to "A loop that remembers", written in other ways than the reference."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.variants import Collection

VARIANTS = Collection("rnn")
_of = VARIANTS.of

Array = np.ndarray


# ---------------------------------------------------------------- rnn_step
@_of("rnn_step")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return np.tanh(np.einsum("bd,hd->bh", x_t, W_xh) + np.einsum("bk,hk->bh", h_prev, W_hh) + b_h)


@_of("rnn_step")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return np.array([np.tanh(W_xh @ x + W_hh @ h + b_h) for x, h in zip(x_t, h_prev, strict=True)])


@_of("rnn_step")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    both = np.concatenate([x_t, h_prev], axis=1)
    return np.tanh(both @ np.concatenate([W_xh, W_hh], axis=1).T + b_h)


@_of("rnn_step")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return np.tanh(W_xh @ x_t.T + W_hh @ h_prev.T + b_h[:, None]).T  # Fortran order comes out


# ---------------------------------------------------------------- rnn_forward
@_of("rnn_forward")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    h, state = [], h0
    for x_t in x:
        state = np.tanh(x_t @ W_xh.T + state @ W_hh.T + b_h)
        h.append(state)
    return np.array(h)


@_of("rnn_forward")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    states = np.zeros((len(x) + 1, *h0.shape), x.dtype)
    states[0] = h0
    a = np.einsum("tbd,hd->tbh", x, W_xh) + b_h
    for t in range(len(x)):
        states[t + 1] = np.tanh(a[t] + np.einsum("bk,hk->bh", states[t], W_hh))
    return states[1:]


@_of("rnn_forward")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    h = np.zeros((*x.shape[:2], len(b_h)), x.dtype)
    for b in range(x.shape[1]):
        state = h0[b]
        for t in range(len(x)):
            state = np.tanh(W_xh @ x[t, b] + W_hh @ state + b_h)
            h[t, b] = state
    return h


@_of("rnn_forward")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    def states(t: int) -> list[Array]:
        before = states(t - 1) if t else []
        return [*before, np.tanh(x[t] @ W_xh.T + (before[-1] if before else h0) @ W_hh.T + b_h)]

    return np.asfortranarray(np.stack(states(len(x) - 1)))


# ---------------------------------------------------------------- output_layer
@_of("output_layer")
def _(h: Array, W_hy: Array, b_y: Array) -> Any:
    return np.einsum("tbh,vh->tbv", h, W_hy) + b_y


@_of("output_layer")
def _(h: Array, W_hy: Array, b_y: Array) -> Any:
    return np.stack([h_t @ W_hy.T + b_y for h_t in h])


@_of("output_layer")
def _(h: Array, W_hy: Array, b_y: Array) -> Any:
    y = np.tensordot(h, W_hy, axes=(2, 1))
    y += b_y
    return y


@_of("output_layer")
def _(h: Array, W_hy: Array, b_y: Array) -> Any:
    return np.moveaxis(
        np.array([(h * row).sum(axis=-1) + bias for row, bias in zip(W_hy, b_y, strict=True)]), 0, -1
    )


# ---------------------------------------------------------------- softmax_cross_entropy
@_of("softmax_cross_entropy")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    total, count = 0.0, 0
    for place in np.ndindex(*targets.shape):
        if mask is None or mask[place]:
            z = logits[place]
            total += z.max() + np.log(np.exp(z - z.max()).sum()) - z[targets[place]]
            count += 1
    return total / count


@_of("softmax_cross_entropy")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    log_z = np.logaddexp.reduce(logits, axis=-1)
    chosen = np.take_along_axis(logits, targets[..., None], axis=-1).squeeze(-1)
    return np.average(log_z - chosen, weights=None if mask is None else np.asarray(mask, float))


@_of("softmax_cross_entropy")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    mask = np.ones(targets.shape) if mask is None else mask
    shifted = logits - np.max(logits, axis=-1, keepdims=True)
    log_p = shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))
    hot = np.eye(logits.shape[-1])[targets]
    return np.asarray(-((log_p * hot).sum(axis=-1) * mask).sum() / np.sum(mask))  # an array without axes


@_of("softmax_cross_entropy")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    rows, places = logits.reshape(-1, logits.shape[-1]), targets.reshape(-1)
    if mask is not None:
        counts = np.asarray(mask).reshape(-1).astype(bool)
        rows, places = rows[counts], places[counts]
    rows = rows - rows.max(axis=1, keepdims=True)
    return (np.log(np.exp(rows).sum(axis=1)) - rows[np.arange(len(rows)), places]).mean()


# ---------------------------------------------------------------- delay_line_weights
@_of("delay_line_weights")
def _(delay: int) -> Any:
    H = delay + 1
    W_hh = np.zeros((H, H))
    for i in range(delay):
        W_hh[i + 1, i] = 1
    return np.eye(H, 1), W_hh, np.zeros(H), np.eye(1, H, k=delay), np.zeros(1)


@_of("delay_line_weights")
def _(delay: int) -> Any:
    H = delay + 4  # units to spare, the register running downwards from the last one
    W_xh, W_hy = np.zeros((H, 1)), np.zeros((1, H))
    W_xh[-1], W_hy[0, H - 1 - delay] = 0.5, 2
    return [W_xh, np.eye(H, k=1), np.zeros(H), W_hy, np.zeros(1)]


@_of("delay_line_weights")
def _(delay: int) -> Any:
    H = delay + 1  # a rotated register: no unit holds a single step any more
    Q, _ = np.linalg.qr(np.random.default_rng(7).normal(size=(H, H)))
    return (
        Q @ np.eye(H, 1) * 0.1,
        Q @ np.eye(H, k=-1) @ Q.T,
        np.zeros(H),
        np.eye(1, H, k=delay) @ Q.T * 10,
        np.zeros(1),
    )


@_of("delay_line_weights")
def _(delay: int) -> Any:
    H = delay + 1
    return (
        np.eye(H, 1, dtype=int),
        np.eye(H, k=-1, dtype=int),
        np.zeros(H),
        np.flip(np.eye(1, H)),
        np.zeros(1),
    )


# ---------------------------------------------------------------- truncate_and_carry
def _unroll(x: Array, h: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    rows = []
    for x_t in x:
        h = np.tanh(x_t @ W_xh.T + h @ W_hh.T + b_h)
        rows.append(h)
    return np.stack(rows)


@_of("truncate_and_carry")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, chunk: int) -> Any:
    pieces, state, start = [], h0, 0
    while start < len(x):
        pieces.append(_unroll(x[start : start + chunk], state, W_xh, W_hh, b_h))
        state = pieces[-1][-1]
        start += chunk
    return np.concatenate(pieces)


@_of("truncate_and_carry")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, chunk: int) -> Any:
    h = np.empty((*x.shape[:2], len(b_h)), x.dtype)
    for start in range(0, len(x), chunk):
        h[start : start + chunk] = _unroll(
            x[start : start + chunk], h[start - 1] if start else h0, W_xh, W_hh, b_h
        )
    return h


@_of("truncate_and_carry")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, chunk: int) -> Any:
    head = _unroll(x[:chunk], h0, W_xh, W_hh, b_h)
    rows, state = [head], head[-1]
    for piece in np.split(x[chunk:], range(chunk, len(x) - chunk, chunk)):
        if len(piece):
            rows.append(_unroll(piece, state, W_xh, W_hh, b_h))
            state = rows[-1][-1]
    return np.vstack(rows)


# ---------------------------------------------------------------- leaky_rnn_forward
@_of("leaky_rnn_forward")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: Array, mask: Array) -> Any:
    states, h = [], h0
    for t in range(len(x)):
        candidate = np.tanh(x[t] @ W_xh.T + h @ W_hh.T + b_h)
        h = np.where(mask[t][:, None], h + leak * (candidate - h), h)
        states.append(h)
    return np.stack(states)


@_of("leaky_rnn_forward")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: Array, mask: Array) -> Any:
    rates = leak * mask[:, :, None].astype(x.dtype)  # (T, B, H): a masked position is a leak of zero
    h = np.empty(rates.shape, x.dtype)
    for t, (x_t, rate) in enumerate(zip(x, rates, strict=True)):
        before = h[t - 1] if t else h0
        h[t] = (1 - rate) * before + rate * np.tanh(x_t @ W_xh.T + before @ W_hh.T + b_h)
    return h


@_of("leaky_rnn_forward")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: Array, mask: Array) -> Any:
    T, B, _ = x.shape
    h = np.zeros((T, B, len(b_h)), x.dtype)
    for b in range(B):
        state = h0[b].copy()
        for t in range(T):
            if mask[t, b]:
                state = (1 - leak) * state + leak * np.tanh(W_xh @ x[t, b] + W_hh @ state + b_h)
            h[t, b] = state
    return h
