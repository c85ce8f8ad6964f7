r"""Networks without memory, (F1) to (F6): one-hot words, a window that slides, counting pairs.

.. math::

    e_i^\top E &= E[i]                                           && (F1) \\
    h &= \tanh(W_1 x + b_1)                                      && (F2) \\
    y &= W_2 h + b_2                                             && (F3) \\
    p(j \mid i) &= \frac{c_{ij} + \alpha}{\sum_k c_{ik} + \alpha V} && (F4)

Sources: Goodfellow et al. 2016, chapter 6 [goodfellow2016deep] for the network; Jurafsky & Martin,
chapter on n-grams, for additive smoothing [jurafsky2025speech].  Weights are laid out as in
``torch.nn.Linear``.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from rnncourse.reference.arguments import (
    check_draw,
    check_ids,
    check_kind,
    check_number,
    check_shape,
    check_sizes,
)


class Params(NamedTuple):
    """Weights ``W1 (H, I)``, ``b1 (H,)``, ``W2 (O, H)``, ``b2 (O,)``; their gradients use it too."""

    W1: np.ndarray
    b1: np.ndarray
    W2: np.ndarray
    b2: np.ndarray


class Cache(NamedTuple):
    """What ``backward`` needs from ``forward``; all arrays are the cache's own."""

    params: Params
    x: np.ndarray  # (N, I)
    h: np.ndarray  # (N, H)


def init(
    rng: np.random.Generator,
    input_size: int,
    hidden_size: int,
    output_size: int,
    dtype: DTypeLike = np.float64,
) -> Params:
    """Draw fresh weights, uniform in ``+-1/sqrt(number of inputs of the layer)``, as ``torch.nn.Linear``.

    The draws are made in float64 and then rounded: one seed gives the same weights in every dtype.
    """
    check_draw(rng, dtype, input_size=input_size, hidden_size=hidden_size, output_size=output_size)
    bound1, bound2 = 1 / np.sqrt(input_size), 1 / np.sqrt(hidden_size)
    return Params(
        W1=rng.uniform(-bound1, bound1, (hidden_size, input_size)).astype(dtype),
        b1=rng.uniform(-bound1, bound1, hidden_size).astype(dtype),
        W2=rng.uniform(-bound2, bound2, (output_size, hidden_size)).astype(dtype),
        b2=rng.uniform(-bound2, bound2, output_size).astype(dtype),
    )


def forward(params: Params, x: np.ndarray) -> tuple[np.ndarray, Cache]:
    """Compute the network, (F2) and (F3): ``y = W2 tanh(W1 x + b1) + b2`` for every row of ``x``.

    Parameters
    ----------
    params : Params
        ``W1 (H, I)``, ``b1 (H,)``, ``W2 (O, H)``, ``b2 (O,)``.
    x : array (N, I)
        One example per row.

    Returns
    -------
    y : array (N, O)
    cache : Cache
        For ``backward``.
    """
    check_kind("params", params, Params)
    check_shape("W1", params.W1, "H", "I")
    H, input_size = params.W1.shape
    check_shape("b1", params.b1, H)
    check_shape("W2", params.W2, "O", H)
    check_shape("b2", params.b2, len(params.W2))
    check_shape("x", x, "N", input_size)
    h = np.tanh(x @ params.W1.T + params.b1)  # (F2)
    y = h @ params.W2.T + params.b2  # (F3)
    return y, Cache(Params(*(p.copy() for p in params)), x.copy(), h)


def backward(dy: np.ndarray, cache: Cache) -> tuple[np.ndarray, Params]:
    """Backpropagate through the network.

    Parameters
    ----------
    dy : array (N, O)
        Gradient of the loss with respect to ``y``.
    cache : Cache
        What ``forward`` returned.

    Returns
    -------
    dx : array (N, I)
    dparams : Params
        Summed over the N examples.
    """
    check_kind("cache", cache, Cache)
    params, x, h = cache
    check_shape("dy", dy, len(x), len(params.W2))
    da = (dy @ params.W2) * (1 - h * h)  # back through (F3), then through the tanh of (F2)
    dparams = Params(W1=da.T @ x, b1=da.sum(axis=0), W2=dy.T @ h, b2=dy.sum(axis=0))
    return da @ params.W1, dparams


def one_hot(ids: np.ndarray, vocab_size: int) -> np.ndarray:
    """Write ids as vectors with a single 1, (F1): ``one_hot(i) @ E`` is row i of ``E``.

    Parameters
    ----------
    ids : integer array, any shape
    vocab_size : int
        V.

    Returns
    -------
    vectors : float64 array, shape of ``ids`` + (V,)
    """
    ids = np.asarray(ids)
    check_sizes(vocab_size=vocab_size)
    check_ids("ids", ids, vocab_size)
    # (F1): compare every id with every column's number; the one that agrees becomes 1
    return (ids[..., None] == np.arange(vocab_size)).astype(np.float64)


def sliding_windows(series: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut a series into windows, each with the value that follows it.

    Parameters
    ----------
    series : array (L,)
    width : int
        At least 1, below L.

    Returns
    -------
    inputs : array (N, width)
        Row n is ``series[n], ..., series[n + width - 1]``; ``N = L - width``.
    targets : array (N,)
        ``targets[n] = series[n + width]``, which no row up to n has shown.
    """
    series = np.asarray(series)
    check_shape("series", series, "L")
    check_sizes(least=0, width=width)
    if not 1 <= width < len(series):
        raise ValueError(f"width should lie in 1 ... {len(series) - 1} for this series, got {width}")
    # The view costs nothing but has every value in `width` places; copied, each row is its own.
    inputs = np.lib.stride_tricks.sliding_window_view(series[:-1], width).copy()
    return inputs, series[width:].copy()


def window_mlp_parameters(width: int, input_size: int, hidden_size: int, output_size: int) -> int:
    """Count the parameters of the network on a window, (F5); it grows with the width."""
    check_sizes(width=width, input_size=input_size, hidden_size=hidden_size, output_size=output_size)
    return hidden_size * (width * input_size) + hidden_size + output_size * hidden_size + output_size  # (F5)


def rnn_parameters(input_size: int, hidden_size: int, output_size: int) -> int:
    """Count the parameters of a recurrent network with a read-out, (F6); no width occurs in it."""
    check_sizes(input_size=input_size, hidden_size=hidden_size, output_size=output_size)
    D, H, O = input_size, hidden_size, output_size  # noqa: E741
    return H * D + H * H + H + O * H + O  # (F6)


def bigram_probabilities(ids: np.ndarray, vocab_size: int, alpha: float) -> np.ndarray:
    """Estimate how likely j follows i by counting pairs, (F4), with additive smoothing.

    Parameters
    ----------
    ids : integer array (L,)
        A text.
    vocab_size : int
        V.
    alpha : float
        Above 0; added to every count, so that a pair never seen is unlikely and not impossible.

    Returns
    -------
    p : float64 array (V, V)
        ``p[i, j]`` is the probability of j after i.  Every row sums to 1; a row never seen is uniform.
    """
    ids = np.asarray(ids)
    check_shape("ids", ids, "L")
    check_sizes(vocab_size=vocab_size)
    check_ids("ids", ids, vocab_size)
    check_number("alpha", alpha)
    if not alpha > 0:
        raise ValueError(f"alpha should be above 0, got {alpha}")
    # Number the pair (i, j) as i * V + j, and one bincount counts them all.
    pairs = ids[:-1].astype(np.int64) * vocab_size + ids[1:]
    counts = np.bincount(pairs, minlength=vocab_size**2).reshape(vocab_size, vocab_size)
    return (counts + alpha) / (counts.sum(axis=1, keepdims=True) + alpha * vocab_size)  # (F4)
