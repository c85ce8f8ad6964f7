"""Right answers to "Backpropagation through time" on outputs, words and tests, written in other ways."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rnncourse.checks.variants.bptt_time import VARIANTS

_of = VARIANTS.of

Array = np.ndarray


# ---------------------------------------------------------------- softmax_cross_entropy_backward
@_of("softmax_cross_entropy_backward")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    counts = np.ones(targets.shape, bool) if mask is None else np.asarray(mask) != 0
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    hot = np.eye(logits.shape[-1], dtype=logits.dtype)[targets]
    return (p - hot) * counts[..., None].astype(logits.dtype) / logits.dtype.type(counts.sum())


@_of("softmax_cross_entropy_backward")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    dlogits, count = np.zeros_like(logits), 0
    for place in np.ndindex(*targets.shape):
        if mask is None or mask[place]:
            z = logits[place] - logits[place].max()
            dlogits[place] = np.exp(z - np.log(np.exp(z).sum()))
            dlogits[place][targets[place]] -= 1
            count += 1
    return dlogits / count


@_of("softmax_cross_entropy_backward")
def _(logits: Array, targets: Array, mask: Array | None = None) -> Any:
    T, B, V = logits.shape
    rows = logits.reshape(-1, V)
    p = np.exp(rows - np.logaddexp.reduce(rows, axis=1, keepdims=True))
    p[np.arange(T * B), targets.ravel()] -= 1
    if mask is None:
        return (p / (T * B)).reshape(T, B, V)
    counts = np.asarray(mask).ravel().astype(bool)
    p[~counts] = 0
    return (p / counts.sum()).reshape(T, B, V).astype(logits.dtype)


# ---------------------------------------------------------------- output_layer_backward
@_of("output_layer_backward")
def _(dy: Array, h: Array, W_hy: Array) -> Any:
    return [
        np.einsum("tbv,vh->tbh", dy, W_hy),
        np.einsum("tbv,tbh->vh", dy, h),
        np.einsum("tbv->v", dy),
    ]


@_of("output_layer_backward")
def _(dy: Array, h: Array, W_hy: Array) -> Any:
    dh, dW_hy, db_y = np.zeros_like(h), np.zeros_like(W_hy), np.zeros_like(W_hy[:, 0])
    for t in range(len(h)):
        for b in range(h.shape[1]):
            dh[t, b] = W_hy.T @ dy[t, b]
            dW_hy += np.outer(dy[t, b], h[t, b])
            db_y += dy[t, b]
    return dh, dW_hy, db_y


@_of("output_layer_backward")
def _(dy: Array, h: Array, W_hy: Array) -> Any:
    dW_hy = np.tensordot(h, dy, axes=((0, 1), (0, 1))).T  # Fortran order comes out
    return np.stack([dy_t @ W_hy for dy_t in dy]), dW_hy, dy.sum(axis=1).sum(axis=0)


# ---------------------------------------------------------------- embedding_backward
@_of("embedding_backward")
def _(ids: Array, dvectors: Array, vocab_size: int) -> Any:
    dE = np.zeros((vocab_size, dvectors.shape[-1]), dvectors.dtype)
    for place in np.ndindex(*ids.shape):
        dE[ids[place]] += dvectors[place]
    return dE


@_of("embedding_backward")
def _(ids: Array, dvectors: Array, vocab_size: int) -> Any:
    hot = np.eye(vocab_size, dtype=dvectors.dtype)[ids.reshape(-1)]
    return hot.T @ dvectors.reshape(ids.size, -1)


@_of("embedding_backward")
def _(ids: Array, dvectors: Array, vocab_size: int) -> Any:
    columns = [
        np.bincount(ids.ravel(), weights=column, minlength=vocab_size)
        for column in dvectors.reshape(ids.size, -1).T
    ]
    return np.array(columns, dvectors.dtype).T


@_of("embedding_backward")
def _(ids: Array, dvectors: Array, vocab_size: int) -> Any:
    return np.stack([dvectors[ids == word].sum(axis=0) for word in range(vocab_size)])


# ---------------------------------------------------------------- numerical_gradient
@_of("numerical_gradient")
def _(f: Callable[[Array], float], x: Array, eps: float = 1e-6) -> Any:
    nudged, gradient = np.array(x), np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        value = nudged[place]
        nudged[place] = value + eps
        above = f(nudged)
        nudged[place] = value - eps
        gradient[place] = (above - f(nudged)) / (2 * eps)
        nudged[place] = value
    return gradient


@_of("numerical_gradient")
def _(f: Callable[[Array], float], x: Array, eps: float = 1e-6) -> Any:
    rows = np.eye(x.size) * eps
    slopes = [f(x + row.reshape(x.shape)) - f(x - row.reshape(x.shape)) for row in rows]
    return np.array(slopes).reshape(x.shape) / eps / 2


@_of("numerical_gradient")
def _(f: Callable[[Array], float], x: Array, eps: float = 1e-6) -> Any:
    gradient = np.empty(x.size)
    for i in range(x.size):
        step = np.zeros(x.shape)
        step.flat[i] = 1
        gradient[i] = 0.5 * (float(f(x + eps * step)) / eps - float(f(x - eps * step)) / eps)
    return gradient.reshape(x.shape)


# ---------------------------------------------------------------- catch_the_bug
def _run(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    rows, state = [], h0
    for x_t in x:
        state = np.tanh(x_t @ W_xh.T + state @ W_hh.T + b_h)
        rows.append(state)
    return np.stack(rows)


def _drawn(rng: np.random.Generator, T: int, B: int, D: int, H: int) -> tuple[list[Array], Array]:
    """Draw what forward takes, and the gradients that enter."""
    forward = [rng.normal(size=size) for size in ((T, B, D), (B, H), (H, D), (H, H), (H,))]
    forward[3] = forward[3] * 0.5
    return forward, rng.normal(size=(T, B, H))


@_of("catch_the_bug")
def _(rnn_backward: Callable[..., Any]) -> Any:
    """Measure every number of every gradient."""
    forward, dh = _drawn(np.random.default_rng(1), 5, 2, 3, 4)
    x, h0, W_xh, W_hh, _ = forward
    given = [dh, x, h0, _run(*forward), W_xh, W_hh]
    kept = [array.copy() for array in given]
    first, second = rnn_backward(*given), rnn_backward(*given)
    if not all(np.array_equal(a, b) for a, b in zip(given, kept, strict=True)):
        return False
    if len(first) != 5 or len(second) != 5:
        return False
    for i, array in enumerate(forward):
        measured = np.zeros(array.shape)
        for place in np.ndindex(array.shape):
            value = array[place]
            array[place] = value + 1e-5
            above = (dh * _run(*forward)).sum()
            array[place] = value - 1e-5
            measured[place] = (above - (dh * _run(*forward)).sum()) / 2e-5
            array[place] = value
        for results in (first, second):
            if np.shape(results[i]) != array.shape or not np.allclose(results[i], measured, 1e-6, 1e-7):
                return False
    return True


@_of("catch_the_bug")
def _(rnn_backward: Callable[..., Any]) -> Any:
    """Measure along random directions, one for each argument, on two networks."""
    rng = np.random.default_rng(5)
    for T, B, D, H in ((6, 3, 2, 4), (4, 2, 5, 3)):
        forward, dh = _drawn(rng, T, B, D, H)
        given = (dh, forward[0], forward[1], _run(*forward), forward[2], forward[3])
        for _ in range(2):
            copies = [array.copy() for array in given]
            try:
                claimed = list(rnn_backward(*copies))
                fits = [np.shape(c) for c in claimed] == [np.shape(a) for a in forward]
            except Exception:
                return np.False_
            if not fits or any((a != b).any() for a, b in zip(copies, given, strict=True)):
                return np.False_
            for i, claim in enumerate(claimed):
                v = rng.normal(size=claim.shape)
                moved = [[*forward[:i], forward[i] + s * 1e-5 * v, *forward[i + 1 :]] for s in (1, -1)]
                above, below = ((dh * _run(*arrays)).sum() for arrays in moved)
                if abs((above - below) / 2e-5 - (claim * v).sum()) > 1e-6 * (1 + abs((claim * v).sum())):
                    return np.False_
    return np.True_


@_of("catch_the_bug")
def _(rnn_backward: Callable[..., Any]) -> Any:
    """Compare with the chain rule written out: every path from a step back to a step, and its sum."""

    def by_paths(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> list[Array]:
        states = [h0, *h]
        da = [np.zeros_like(h0) for _ in h]
        dh0 = np.zeros_like(h0)
        for s in range(len(x)):
            flow = dh[s]
            for t in range(s, -1, -1):
                da[t] = da[t] + flow * (1 - h[t] ** 2)
                flow = (flow * (1 - h[t] ** 2)) @ W_hh
            dh0 = dh0 + flow
        pairs = list(zip(da, x, states, strict=False))
        dW_xh, dW_hh = sum(a.T @ b for a, b, _ in pairs), sum(a.T @ c for a, _, c in pairs)
        return [np.array([a @ W_xh for a in da]), dh0, dW_xh, dW_hh, np.sum(da, axis=(0, 1))]

    rng = np.random.default_rng(8)
    sizes = [(7, 2, 3, 5), (7, 2, 3, 5), (5, 4, 2, 3)]
    for T, B, D, H in [size for size in sizes for _ in range(2)]:
        forward, dh = _drawn(rng, T, B, D, H)
        given = [dh, forward[0], forward[1], _run(*forward), forward[2], forward[3]]
        frozen = [array.tobytes() for array in given]
        results, wanted = rnn_backward(*given), by_paths(*given)
        if frozen != [array.tobytes() for array in given] or len(results) != 5:
            return False
        for got, want in zip(results, wanted, strict=True):
            if got.shape != want.shape or np.linalg.norm(got - want) > 1e-8 * np.linalg.norm(want):
                return False
    return True
