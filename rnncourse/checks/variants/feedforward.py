"""Right answers to "The limits of feedforward networks", written in other ways than the reference."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from rnncourse.checks.variants import Collection

VARIANTS = Collection("feedforward")
_of = VARIANTS.of


# ---------------------------------------------------------------- one_hot
@_of("one_hot")
def _(ids: np.ndarray, vocab_size: int) -> Any:
    return np.eye(vocab_size)[ids]


@_of("one_hot")
def _(ids: np.ndarray, vocab_size: int) -> Any:
    vectors = np.zeros((*ids.shape, vocab_size))
    for place in np.ndindex(*ids.shape):
        vectors[(*place, ids[place])] = 1
    return vectors


@_of("one_hot")
def _(ids: np.ndarray, vocab_size: int) -> Any:
    vectors = np.zeros((*ids.shape, vocab_size), order="F")
    np.put_along_axis(vectors, ids[..., None].astype(np.int64), 1, axis=-1)
    return vectors


@_of("one_hot")
def _(ids: np.ndarray, vocab_size: int) -> Any:
    flat = np.zeros((ids.size, vocab_size))
    flat[np.arange(ids.size), ids.reshape(-1)] = 1
    return flat.reshape(*ids.shape, vocab_size)


# ---------------------------------------------------------------- sliding_windows
@_of("sliding_windows")
def _(series: np.ndarray, width: int) -> Any:
    inputs, targets = [], []
    for n in range(len(series) - width):
        inputs.append(series[n : n + width])
        targets.append(series[n + width])
    return np.array(inputs), np.array(targets)


@_of("sliding_windows")
def _(series: np.ndarray, width: int) -> Any:
    places = np.arange(len(series) - width)
    return [series[places[:, None] + np.arange(width)], series[places + width]]


@_of("sliding_windows")
def _(series: np.ndarray, width: int) -> Any:
    N = len(series) - width
    columns = [series[k : k + N] for k in range(width)]
    return np.stack(columns, axis=1), series[width:].copy()


@_of("sliding_windows")
def _(series: np.ndarray, width: int) -> Any:
    together = np.array(np.lib.stride_tricks.sliding_window_view(series, width + 1))
    return together[:, :-1], together[:, -1]


# ---------------------------------------------------------------- mlp_forward
@_of("mlp_forward")
def _(x: np.ndarray, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray) -> Any:
    h = np.tanh(np.einsum("ni,hi->nh", x, W1) + b1)
    return np.einsum("nh,oh->no", h, W2) + b2


@_of("mlp_forward")
def _(x: np.ndarray, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray) -> Any:
    return np.array([W2 @ np.tanh(W1 @ row + b1) + b2 for row in x])


@_of("mlp_forward")
def _(x: np.ndarray, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray) -> Any:
    return (W2 @ np.tanh(W1 @ x.T + b1[:, None]) + b2[:, None]).T


@_of("mlp_forward")
def _(x: np.ndarray, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray) -> Any:
    y = np.zeros((len(x), len(W2)), dtype=x.dtype)
    for n in range(len(x)):
        h = [np.tanh(sum(W1[k, i] * x[n, i] for i in range(x.shape[1])) + b1[k]) for k in range(len(W1))]
        for o in range(len(W2)):
            y[n, o] = sum(W2[o, k] * h[k] for k in range(len(h))) + b2[o]
    return y


# ---------------------------------------------------------------- window_mlp_parameters
@_of("window_mlp_parameters")
def _(width: int, input_size: int, hidden_size: int, output_size: int) -> Any:
    return (width * input_size + 1) * hidden_size + (hidden_size + 1) * output_size


@_of("window_mlp_parameters")
def _(width: int, input_size: int, hidden_size: int, output_size: int) -> Any:
    shapes = [(hidden_size, width * input_size), (hidden_size,), (output_size, hidden_size), (output_size,)]
    return np.int64(sum(np.prod(shape, dtype=np.int64) for shape in shapes))


@_of("window_mlp_parameters")
def _(width: int, input_size: int, hidden_size: int, output_size: int) -> Any:
    total = hidden_size + output_size
    total += hidden_size * input_size * width
    total += hidden_size * output_size
    return total


# ---------------------------------------------------------------- rnn_parameters
@_of("rnn_parameters")
def _(input_size: int, hidden_size: int, output_size: int) -> Any:
    return hidden_size * (input_size + hidden_size + 1) + output_size * (hidden_size + 1)


@_of("rnn_parameters")
def _(input_size: int, hidden_size: int, output_size: int) -> Any:
    return (input_size + 1 + output_size) * hidden_size + hidden_size**2 + output_size


@_of("rnn_parameters")
def _(input_size: int, hidden_size: int, output_size: int) -> Any:
    shapes = [
        (hidden_size, input_size),
        (hidden_size, hidden_size),
        (hidden_size, 1),
        (output_size, hidden_size + 1),
    ]
    return sum(rows * columns for rows, columns in shapes)


# ---------------------------------------------------------------- bigram_probabilities
@_of("bigram_probabilities")
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    p = np.full((vocab_size, vocab_size), float(alpha))
    for first, second in itertools.pairwise(ids):
        p[first, second] += 1
    return p / p.sum(axis=1, keepdims=True)


@_of("bigram_probabilities")
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    codes = ids[:-1].astype(np.int64) * vocab_size + ids[1:]
    counts = np.bincount(codes, minlength=vocab_size**2).reshape(vocab_size, vocab_size)
    return (counts + alpha) / (counts.sum(axis=1)[:, None] + alpha * vocab_size)


@_of("bigram_probabilities")
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    hot = np.eye(vocab_size)[ids]
    counts = hot[:-1].T @ hot[1:]
    return np.array([(row + alpha) / (sum(row) + alpha * vocab_size) for row in counts], order="F")


@_of("bigram_probabilities")
def _(ids: np.ndarray, vocab_size: int, alpha: float) -> Any:
    pairs = list(zip(ids.tolist(), ids[1:].tolist(), strict=False))
    words = range(vocab_size)
    below = [sum(first == i for first, _ in pairs) + alpha * vocab_size for i in words]
    return np.array([[(pairs.count((i, j)) + alpha) / below[i] for j in words] for i in words])


# ---------------------------------------------------------------- dilated_window_mlp
@_of("dilated_window_mlp")
def _(
    series: np.ndarray, dilation: int, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray
) -> Any:
    width = W1.shape[1]
    rows = []
    for n in range(len(series) - width * dilation):
        window = series[n : n + width * dilation : dilation]
        rows.append(W2 @ np.tanh(W1 @ window + b1) + b2)
    return np.stack(rows)


@_of("dilated_window_mlp")
def _(
    series: np.ndarray, dilation: int, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray
) -> Any:
    width = W1.shape[1]
    view = np.lib.stride_tricks.sliding_window_view(series, width * dilation + 1)[:, :-1:dilation]
    return np.tanh(view @ W1.T + b1) @ W2.T + b2


@_of("dilated_window_mlp")
def _(
    series: np.ndarray, dilation: int, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray
) -> Any:
    N = len(series) - W1.shape[1] * dilation
    a = sum(np.outer(series[k * dilation : k * dilation + N], W1[:, k]) for k in range(W1.shape[1]))
    return np.einsum("nh,oh->no", np.tanh(a + b1), W2) + b2
