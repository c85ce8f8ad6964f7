"""Mistakes made in carrying the state from chunk to chunk."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("rnn")
_of = CATALOGUE.of

Array = np.ndarray
_CHUNKS = "Chunk by chunk"


def _step(x_t: Array, h: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return np.tanh(x_t @ W_xh.T + h @ W_hh.T + b_h)


def _unroll(x: Array, h: Array, *weights: Array) -> Array:
    rows = []
    for x_t in x:
        h = _step(x_t, h, *weights)
        rows.append(h)
    return np.stack(rows)


# ---------------------------------------------------------------- truncate_and_carry
def _pieces(x: Array, chunk: int) -> list[Array]:
    return [x[start : start + chunk] for start in range(0, len(x), chunk)]


@_of(
    "truncate_and_carry",
    "zero_at_every_chunk",
    _CHUNKS,
    "every chunk after the first starts from zero. It should start from the last state of the chunk before.",
)
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, chunk: int) -> Any:
    w = (W_xh, W_hh, b_h)
    pieces = _pieces(x, chunk)
    rest = [_unroll(piece, np.zeros_like(h0), *w) for piece in pieces[1:]]
    return np.concatenate([_unroll(pieces[0], h0, *w), *rest])


@_of(
    "truncate_and_carry",
    "not_carried",
    _CHUNKS,
    "every chunk starts from h0 again: the state is not carried over the cut.",
)
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, chunk: int) -> Any:
    return np.concatenate([_unroll(piece, h0, W_xh, W_hh, b_h) for piece in _pieces(x, chunk)])


@_of(
    "truncate_and_carry",
    "initial_state_ignored",
    _CHUNKS,
    "the first chunk starts from zero: h0 is not used.",
)
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, chunk: int) -> Any:
    return _unroll(x, np.zeros_like(h0), W_xh, W_hh, b_h)


@_of(
    "truncate_and_carry",
    "last_chunk_dropped",
    _CHUNKS,
    "a last chunk that is shorter than the others is dropped. Its steps belong to the result too.",
)
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, chunk: int) -> Any:
    whole = len(x) - len(x) % chunk
    return _unroll(x[:whole], h0, W_xh, W_hh, b_h) if whole else np.zeros((0, *h0.shape), h0.dtype)


@_of(
    "truncate_and_carry",
    "last_chunk_zero",
    _CHUNKS,
    "a last chunk that is shorter than the others is not computed: its rows are still zero.",
)
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, chunk: int) -> Any:
    h = _unroll(x, h0, W_xh, W_hh, b_h)
    h[len(x) - len(x) % chunk :] = 0
    return h


@_of(
    "truncate_and_carry",
    "last_chunk_padded",
    _CHUNKS,
    "the last chunk is filled up with zeros and the states of the filling stay in the result: h is "
    "longer than x.",
)
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, chunk: int) -> Any:
    filling = np.zeros((-len(x) % chunk, *x.shape[1:]), x.dtype)
    return _unroll(np.concatenate([x, filling]), h0, W_xh, W_hh, b_h)


@_of(
    "truncate_and_carry",
    "first_state_carried",
    _CHUNKS,
    "the *first* state of a chunk is handed to the next one. Its last state is what the next one needs.",
)
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, chunk: int) -> Any:
    rows, state = [], h0
    for piece in _pieces(x, chunk):
        rows.append(_unroll(piece, state, W_xh, W_hh, b_h))
        state = rows[-1][0]
    return np.concatenate(rows)


@_of(
    "truncate_and_carry",
    "chunk_ends_only",
    _CHUNKS,
    "only the last state of each chunk comes back. The states of all steps are asked for.",
)
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, chunk: int) -> Any:
    h = _unroll(x, h0, W_xh, W_hh, b_h)
    ends = [min(start + chunk, len(x)) - 1 for start in range(0, len(x), chunk)]
    return h[ends]


@_of(
    "truncate_and_carry",
    "last_chunk_only",
    _CHUNKS,
    "only the last chunk comes back: each chunk takes the place of the one before instead of following it.",
)
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, chunk: int) -> Any:
    h = _unroll(x, h0, W_xh, W_hh, b_h)
    return _pieces(h, chunk)[-1].copy()


@_of(
    "truncate_and_carry",
    "step_lost_at_cut",
    _CHUNKS,
    "the step at each cut is run twice: a chunk begins with the last input of the chunk before.",
)
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, chunk: int) -> Any:
    rows, state = [], h0
    for start in range(0, len(x), chunk):
        first = max(start - 1, 0)
        rows.append(_unroll(x[first : start + chunk], state, W_xh, W_hh, b_h)[start - first :])
        state = rows[-1][-1]
    return np.concatenate(rows)


@_of(
    "truncate_and_carry",
    "last_chunk_from_start",
    _CHUNKS,
    "a last chunk that is shorter than the others starts from h0. It goes on from the chunk before it.",
)
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, chunk: int) -> Any:
    w = (W_xh, W_hh, b_h)
    whole = len(x) - len(x) % chunk
    ends = [_unroll(part, h0, *w) for part in (x[:whole], x[whole:]) if len(part)]
    return np.concatenate(ends)


@_of(
    "truncate_and_carry",
    "mean_state_carried",
    _CHUNKS,
    "the mean of a chunk's states is handed to the next one. Its last state is what the next one needs.",
)
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, chunk: int) -> Any:
    rows, state = [], h0
    for piece in _pieces(x, chunk):
        rows.append(_unroll(piece, state, W_xh, W_hh, b_h))
        state = rows[-1].mean(axis=0)
    return np.concatenate(rows)


@_of(
    "truncate_and_carry",
    "initial_state_overwritten",
    _CHUNKS,
    "Your numbers are right, but the carried state is written into h0: the caller's array changes.",
)
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, chunk: int) -> Any:
    h = _unroll(x, h0, W_xh, W_hh, b_h)
    h0[...] = h[-1]
    return h
