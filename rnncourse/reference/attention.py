r"""Attention: look at all places of a source, and take the mean of what they hold, weighted by fit.

For one query ``q`` and a source of S places with keys ``k_s`` and values ``v_s``,

.. math::

    e_s &= q^\top k_s / \sqrt H                       && \text{(scaled dot product)} \\
    e_s &= v^\top \tanh(W_q q + W_k k_s)              && \text{(additive)} \\
    a_s &= \exp(e_s) \big/ \textstyle\sum_r \exp(e_r) && \text{(weights)} \\
    c   &= \textstyle\sum_s a_s v_s                   && \text{(context)}

Going back from the context, every place has two jobs: its value was added, and its weight decided how
much.  The weights compete, so what reaches a score is how much better than the mean its place was,

.. math::  \partial L / \partial e_s = a_s \bigl( \bar a_s - \textstyle\sum_r a_r \bar a_r \bigr),
    \qquad \bar a_s = v_s^\top\, \partial L / \partial c .

One query per sequence ``(B, H)``, as in one step of a decoder, or T of them ``(T, B, H)``, as when all
steps of a decoder are known.

Sources: Bahdanau et al. 2015 for the additive form, Vaswani et al. 2017 for the scaled dot product,
which agrees with ``torch.nn.functional.scaled_dot_product_attention``.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from rnncourse.reference.arguments import (
    check_draw,
    check_kind,
    check_shape,
    float_dtype,
    floats,
    sequence_mask,
)


class Params(NamedTuple):
    """Weights of the additive form: ``W_q (A, H)``, ``W_k (A, K)``, ``v (A,)``; gradients use it too."""

    W_q: np.ndarray
    W_k: np.ndarray
    v: np.ndarray


def init(
    rng: np.random.Generator,
    query_size: int,
    key_size: int,
    attention_size: int,
    dtype: DTypeLike = np.float64,
) -> Params:
    """Draw fresh weights for the additive form, each uniform in ``+-1/sqrt(number of its inputs)``.

    The draws are made in float64 and then rounded: one seed gives the same weights in every dtype.
    """
    check_draw(rng, dtype, query_size=query_size, key_size=key_size, attention_size=attention_size)
    shapes = [(attention_size, query_size), (attention_size, key_size), (attention_size,)]
    bounds = [1 / math.sqrt(shape[-1]) for shape in shapes]
    return Params(*(rng.uniform(-b, b, shape).astype(dtype) for b, shape in zip(bounds, shapes)))


def dot_attention(
    query: np.ndarray, keys: np.ndarray, values: np.ndarray, mask: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Attend by the scaled dot product, ``e_s = q . k_s / sqrt(H)``.

    The division keeps the spread of the scores independent of H: a sum of H products of numbers of
    spread 1 has spread ``sqrt(H)``.

    Parameters
    ----------
    query : array (B, H) or (T, B, H)
    keys : array (S, B, H)
    values : array (S, B, E)
        Often the keys themselves.
    mask : array (S, B) of numbers or booleans, optional
        0 where a place does not count.  What stands there in ``keys`` and ``values`` (even NaN) does
        not matter, and its weight is exactly 0.

    Returns
    -------
    context : array (B, E) or (T, B, E)
    weights : array (S, B) or (T, S, B)
        Sum to 1 over the S places.

    Raises
    ------
    ValueError
        On shapes that do not agree; on a sequence without a place that counts, which has no mean, by its
        number; and on scores that are not finite.
    """
    q, k, v, counts = _prepare(query, keys, values, mask)
    weights = _weights(_dot_scores(q, k), counts)
    return _as_given(weights @ v, query), _weights_as_given(weights, query)


def dot_attention_backward(
    dcontext: np.ndarray,
    query: np.ndarray,
    keys: np.ndarray,
    values: np.ndarray,
    mask: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Go back through ``dot_attention``.

    Parameters
    ----------
    dcontext : array (B, E) or (T, B, E)
        Gradient of the loss with respect to the context.
    query, keys, values, mask
        As in ``dot_attention``.

    Returns
    -------
    dquery, dkeys, dvalues : arrays like ``query``, ``keys`` and ``values``
        Exactly 0 on masked places.
    """
    q, k, v, counts = _prepare(query, keys, values, mask)
    weights = _weights(_dot_scores(q, k), counts)
    dscores, dvalues = _weights_backward(dcontext, query, weights, v)
    dscores /= math.sqrt(q.shape[2])  # the scale stood before both factors
    dkeys = dscores.swapaxes(1, 2) @ q  # a key meets every query, so its gradient is a sum over T
    return _as_given(dscores @ k, query), _time_first(dkeys), dvalues


def additive_attention(
    params: Params,
    query: np.ndarray,
    keys: np.ndarray,
    values: np.ndarray,
    mask: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Attend by a small network, ``e_s = v . tanh(W_q q + W_k k_s)``.

    Query and keys may have different sizes here; each has its own way into the A hidden units.

    Parameters
    ----------
    params : Params
        ``W_q (A, H)``, ``W_k (A, K)``, ``v (A,)``.
    query : array (B, H) or (T, B, H)
    keys : array (S, B, K)
    values : array (S, B, E)
    mask : array (S, B) of numbers or booleans, optional
        As in ``dot_attention``.

    Returns
    -------
    context : array (B, E) or (T, B, E)
    weights : array (S, B) or (T, S, B)

    Raises
    ------
    ValueError
        As ``dot_attention``.
    """
    q, k, v, counts = _prepare(query, keys, values, mask)
    _, scores = _additive_scores(params, q, k)
    weights = _weights(scores, counts)
    return _as_given(weights @ v, query), _weights_as_given(weights, query)


def additive_attention_backward(
    params: Params,
    dcontext: np.ndarray,
    query: np.ndarray,
    keys: np.ndarray,
    values: np.ndarray,
    mask: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, Params]:
    """Go back through ``additive_attention``.

    Parameters
    ----------
    dcontext : array (B, E) or (T, B, E)
        Gradient of the loss with respect to the context.
    params, query, keys, values, mask
        As in ``additive_attention``.

    Returns
    -------
    dquery, dkeys, dvalues : arrays like ``query``, ``keys`` and ``values``
    dparams : Params
        Summed over queries, places and batch.
    """
    q, k, v, counts = _prepare(query, keys, values, mask)
    hidden, scores = _additive_scores(params, q, k)
    weights = _weights(scores, counts)
    dscores, dvalues = _weights_backward(dcontext, query, weights, v)
    dv = np.einsum("bts,btsa->a", dscores, hidden)
    dhidden = dscores[..., None] * params.v * (1 - hidden * hidden)  # back through v and tanh
    # A query was spread over all places and a key over all queries: going back, those are sums.
    dq, dk = dhidden.sum(axis=2), dhidden.sum(axis=1)  # (B, T, A), (B, S, A)
    dparams = Params(np.einsum("bta,bth->ah", dq, q), np.einsum("bsa,bsk->ak", dk, k), dv)
    return _as_given(dq @ params.W_q, query), _time_first(dk @ params.W_k), dvalues, dparams


# Inside, the batch stands first: then every product is a stack of B matrix products.


def _prepare(
    query: np.ndarray, keys: np.ndarray, values: np.ndarray, mask: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Check the arguments; return query (B, T, H), keys (B, S, K), values (B, S, E), mask (B, 1, S)."""
    query, keys, values = floats("query", query), np.asarray(keys), np.asarray(values)
    if query.ndim not in (2, 3) or query.shape[-1] == 0:
        raise ValueError(f"query should have shape (B, H) or (T, B, H), got {query.shape}")
    B = query.shape[-2]
    check_shape("keys", keys, "S", B, "K")
    check_shape("values", values, len(keys), B, "E")
    counts = sequence_mask(mask, len(keys), B)
    dtype = float_dtype(query, keys, values)
    q = query.reshape(-1, B, query.shape[-1]).astype(dtype).swapaxes(0, 1)
    # 0 * NaN is NaN, so what stands on masked places has to go before the products
    k, v = (np.where(counts[:, :, None], a, 0).astype(dtype).swapaxes(0, 1) for a in (keys, values))
    return q, k, v, counts.T[:, None, :]


def _dot_scores(q: np.ndarray, k: np.ndarray) -> np.ndarray:
    """Return the scores ``(B, T, S)`` of queries ``(B, T, H)`` against keys ``(B, S, H)``."""
    B, S, _ = k.shape
    check_shape("keys", k.swapaxes(0, 1), S, B, q.shape[2])
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused with its place
        return q @ k.swapaxes(1, 2) / math.sqrt(q.shape[2])


def _additive_scores(params: Params, q: np.ndarray, k: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the hidden units of every pair of a query and a place, ``(B, T, S, A)``, and their scores."""
    check_kind("params", params, Params)
    W_q, W_k, v = params
    check_shape("W_q", W_q, "A", q.shape[2])
    check_shape("W_k", W_k, len(W_q), k.shape[2])
    check_shape("v", v, len(W_q))
    hidden = np.tanh((q @ W_q.T)[:, :, None] + (k @ W_k.T)[:, None])
    with np.errstate(over="ignore", invalid="ignore"):
        return hidden, hidden @ v


def _weights(scores: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Take the softmax over the places that count: ``exp(-inf)`` is a zero without any rounding."""
    wrong = counts & ~np.isfinite(scores)
    if wrong.any():
        b, t, s = np.argwhere(wrong)[0]
        raise ValueError(
            f"query and keys should have finite scores, got {scores[b, t, s]} at place {s} of sequence {b}"
        )
    scores = np.where(counts, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=2, keepdims=True))
    return weights / weights.sum(axis=2, keepdims=True)


def _weights_backward(
    dcontext: np.ndarray, query: np.ndarray, weights: np.ndarray, v: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients of the scores ``(B, T, S)`` and, laid out as they came, of the values."""
    dcontext = np.asarray(dcontext)
    check_shape("dcontext", dcontext, *np.shape(query)[:-1], v.shape[2])
    dc = dcontext.reshape(-1, len(v), v.shape[2]).astype(v.dtype).swapaxes(0, 1)
    dweights = dc @ v.swapaxes(1, 2)
    dscores = weights * (dweights - (weights * dweights).sum(axis=2, keepdims=True))
    return dscores, _time_first(weights.swapaxes(1, 2) @ dc)


def _time_first(array: np.ndarray) -> np.ndarray:
    """Turn ``(B, S, N)`` into an array ``(S, B, N)`` in one piece."""
    return np.ascontiguousarray(array.swapaxes(0, 1))


def _as_given(array: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Turn ``(B, T, N)`` into ``(T, B, N)``, or ``(B, N)`` where one query was given."""
    return _time_first(array).reshape(*np.shape(query)[:-1], array.shape[2])


def _weights_as_given(weights: np.ndarray, query: np.ndarray) -> np.ndarray:
    """Turn ``(B, T, S)`` into ``(T, S, B)``, or ``(S, B)`` where one query was given."""
    weights = np.ascontiguousarray(weights.transpose(1, 2, 0))
    return weights if np.ndim(query) == 3 else weights[0]
