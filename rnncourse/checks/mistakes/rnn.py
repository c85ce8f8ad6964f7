"""Mistakes made with the recurrence: one step, many steps, chunks, the leaky unit."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import Catalogue

CATALOGUE = Catalogue("rnn")
_of = CATALOGUE.of

Array = np.ndarray
_STEP = "One step of the loop"
_UNROLLED = "Unrolled in time"
_CHUNKS = "Chunk by chunk"


def _step(x_t: Array, h: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return np.tanh(x_t @ W_xh.T + h @ W_hh.T + b_h)


def _unroll(x: Array, h: Array, *weights: Array) -> Array:
    rows = []
    for x_t in x:
        h = _step(x_t, h, *weights)
        rows.append(h)
    return np.stack(rows)


# ---------------------------------------------------------------- rnn_step
@_of("rnn_step", "tanh_around_input", _STEP,
     "tanh is taken of W_xh x_t alone, and the other terms are added after it. It goes around the whole sum.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return np.tanh(x_t @ W_xh.T) + h_prev @ W_hh.T + b_h


@_of("rnn_step", "tanh_around_state", _STEP,
     "tanh is taken of W_hh h_prev alone, and the other terms are added after it. It goes around the whole sum.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return x_t @ W_xh.T + np.tanh(h_prev @ W_hh.T) + b_h


@_of("rnn_step", "separate_tanhs", _STEP,
     "input and state each get a tanh of their own. There is one tanh, around their sum.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return np.tanh(x_t @ W_xh.T) + np.tanh(h_prev @ W_hh.T + b_h)


@_of("rnn_step", "bias_outside_tanh", _STEP, "b_h is added after the tanh. In (R1) it stands inside.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return np.tanh(x_t @ W_xh.T + h_prev @ W_hh.T) + b_h


@_of("rnn_step", "no_tanh", _STEP, "there is no tanh: this is a_t of (R1), and h_t is its tanh (R2).")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return x_t @ W_xh.T + h_prev @ W_hh.T + b_h


@_of("rnn_step", "sigmoid", _STEP, "the logistic sigmoid (0 to 1) stands in place of tanh (-1 to 1).")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return 1 / (1 + np.exp(-(x_t @ W_xh.T + h_prev @ W_hh.T + b_h)))


@_of("rnn_step", "relu", "tanh or ReLU?", "a ReLU stands in place of tanh.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return np.maximum(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 0)


@_of("rnn_step", "W_hh_transposed", _STEP,
     "the state is multiplied by W_hh where its transpose is meant. States are rows here, so W_hh h becomes h @ W_hh.T.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return np.tanh(x_t @ W_xh.T + h_prev @ W_hh + b_h)


@_of("rnn_step", "state_ignored", _STEP,
     "h_prev is not used. Without it there is no memory: the step is a feedforward layer.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return np.tanh(x_t @ W_xh.T + b_h)


@_of("rnn_step", "input_ignored", _STEP, "x_t is not used.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return np.tanh(h_prev @ W_hh.T + b_h)


@_of("rnn_step", "bias_dropped", _STEP, "b_h is left out.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return np.tanh(x_t @ W_xh.T + h_prev @ W_hh.T)


@_of("rnn_step", "bias_twice", _STEP, "b_h is added twice. (torch.nn.RNN has two biases; here they are one.)")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return np.tanh(x_t @ W_xh.T + h_prev @ W_hh.T + 2 * b_h)


@_of("rnn_step", "state_without_weights", _STEP,
     "h_prev is added as it is. It goes through W_hh first, so that units can talk to each other.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return np.tanh(x_t @ W_xh.T + h_prev + b_h)


@_of("rnn_step", "state_overwritten", _STEP,
     "Your numbers are right, but they are written into h_prev: the caller's state is gone. Make a new array.")
def _(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    h_prev[...] = _step(x_t, h_prev, W_xh, W_hh, b_h)
    return h_prev


# ---------------------------------------------------------------- rnn_forward
@_of("rnn_forward", "initial_state_ignored", _UNROLLED,
     "the state before the first step is zero. Either h0 is not used, or h[t - 1] at t = 0 reads the last row of a "
     "buffer that is still zero.")
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return _unroll(x, np.zeros_like(h0), *weights)


@_of("rnn_forward", "state_reset", _UNROLLED,
     "every step starts from h0 again. Each step should start from the state that the step before left behind.")
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return np.stack([_step(x_t, h0, *weights) for x_t in x])


@_of("rnn_forward", "no_memory", _UNROLLED,
     "every step starts from zero: nothing is handed on.")
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return np.stack([_step(x_t, np.zeros_like(h0), *weights) for x_t in x])


@_of("rnn_forward", "time_reversed", _UNROLLED,
     "time runs backwards: the last input is read first, and its state comes first.")
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return _unroll(x[::-1], h0, *weights)


@_of("rnn_forward", "backward_direction", _UNROLLED,
     "the last input is read first, though the states are then stored in the right order.")
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return _unroll(x[::-1], h0, *weights)[::-1].copy()


@_of("rnn_forward", "state_before", _UNROLLED,
     "h[t] holds the state *before* step t: h0 comes first and the last state is missing.")
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return np.concatenate([h0[None], _unroll(x, h0, *weights)[:-1]])


@_of("rnn_forward", "initial_state_in_front", _UNROLLED,
     "h0 stands in front of the states, T + 1 in all. h has one row for each step; h[0] is the state after the first.")
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return np.concatenate([h0[None], _unroll(x, h0, *weights)])


@_of("rnn_forward", "last_state_everywhere", _UNROLLED,
     "every row holds the last state. The same array was stored at each step and then changed; store a new one.")
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return np.stack([_unroll(x, h0, *weights)[-1]] * len(x))


@_of("rnn_forward", "last_state_only", "Many to one, many to many",
     "only the last state comes back. All of them are asked for, (T, B, H).")
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return _unroll(x, h0, *weights)[-1]


@_of("rnn_forward", "input_of_step_before", _UNROLLED,
     "step t reads x[t - 1], and step 0 reads the last input.")
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return _unroll(np.roll(x, 1, axis=0), h0, *weights)


@_of("rnn_forward", "first_input_always", _UNROLLED, "every step reads x[0].")
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return _unroll(np.broadcast_to(x[:1], x.shape), h0, *weights)


@_of("rnn_forward", "W_hh_transposed", _STEP,
     "the state is multiplied by W_hh where its transpose is meant. States are rows here, so W_hh h becomes h @ W_hh.T.")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return _unroll(x, h0, W_xh, W_hh.T, b_h)


@_of("rnn_forward", "no_tanh", _STEP, "there is no tanh in the loop.")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    rows, h = [], h0
    for x_t in x:
        h = x_t @ W_xh.T + h @ W_hh.T + b_h
        rows.append(h)
    return np.stack(rows)


@_of("rnn_forward", "bias_dropped", _STEP, "b_h is left out.")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Any:
    return _unroll(x, h0, W_xh, W_hh, 0 * b_h)


@_of("rnn_forward", "states_add_up", _UNROLLED,
     "the new state is added to the old one, `h += ...`. It takes its place, `h = ...`.")
def _(x: Array, h0: Array, *weights: Array) -> Any:
    rows, h = [], h0
    for x_t in x:
        h = h + _step(x_t, h, *weights)
        rows.append(h)
    return np.stack(rows)


@_of("rnn_forward", "batch_first", _UNROLLED,
     "the batch is the first axis of h. Time comes first here: (T, B, H).")
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return _unroll(x, h0, *weights).transpose(1, 0, 2).copy()


@_of("rnn_forward", "initial_state_overwritten", _UNROLLED,
     "Your numbers are right, but h0 is used as the loop's own variable and written to: the caller's array changes.")
def _(x: Array, h0: Array, *weights: Array) -> Any:
    h = _unroll(x, h0, *weights)
    h0[...] = h[-1]
    return h


@_of("rnn_forward", "float32_buffer", _UNROLLED,
     "the states are kept in a float32 array, which rounds float64 numbers to seven digits.")
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return _unroll(x, h0, *weights).astype(np.float32)


@_of("rnn_forward", "always_float64", _UNROLLED,
     "Your numbers are right, but float32 inputs give float64 states: np.zeros without a dtype makes float64.")
def _(x: Array, h0: Array, *weights: Array) -> Any:
    return _unroll(x, h0, *weights).astype(np.float64)


# ---------------------------------------------------------------- truncate_and_carry
def _pieces(x: Array, chunk: int) -> list[Array]:
    return [x[start : start + chunk] for start in range(0, len(x), chunk)]


@_of("truncate_and_carry", "zero_at_every_chunk", _CHUNKS,
     "every chunk after the first starts from zero. It should start from the last state of the chunk before.")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, chunk: int) -> Any:
    w = (W_xh, W_hh, b_h)
    pieces = _pieces(x, chunk)
    rest = [_unroll(piece, np.zeros_like(h0), *w) for piece in pieces[1:]]
    return np.concatenate([_unroll(pieces[0], h0, *w), *rest])


@_of("truncate_and_carry", "not_carried", _CHUNKS,
     "every chunk starts from h0 again: the state is not carried over the cut.")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, chunk: int) -> Any:
    return np.concatenate([_unroll(piece, h0, W_xh, W_hh, b_h) for piece in _pieces(x, chunk)])


@_of("truncate_and_carry", "initial_state_ignored", _CHUNKS,
     "the first chunk starts from zero: h0 is not used.")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, chunk: int) -> Any:
    return _unroll(x, np.zeros_like(h0), W_xh, W_hh, b_h)


@_of("truncate_and_carry", "last_chunk_dropped", _CHUNKS,
     "a last chunk that is shorter than the others is dropped. Its steps belong to the result too.")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, chunk: int) -> Any:
    whole = len(x) - len(x) % chunk
    return _unroll(x[:whole], h0, W_xh, W_hh, b_h) if whole else np.zeros((0, *h0.shape), h0.dtype)


@_of("truncate_and_carry", "last_chunk_zero", _CHUNKS,
     "a last chunk that is shorter than the others is not computed: its rows are still zero.")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, chunk: int) -> Any:
    h = _unroll(x, h0, W_xh, W_hh, b_h)
    h[len(x) - len(x) % chunk :] = 0
    return h


@_of("truncate_and_carry", "last_chunk_padded", _CHUNKS,
     "the last chunk is filled up with zeros and the states of the filling stay in the result: h is longer than x.")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, chunk: int) -> Any:
    filling = np.zeros((-len(x) % chunk, *x.shape[1:]), x.dtype)
    return _unroll(np.concatenate([x, filling]), h0, W_xh, W_hh, b_h)


@_of("truncate_and_carry", "first_state_carried", _CHUNKS,
     "the *first* state of a chunk is handed to the next one. Its last state is what the next one needs.")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, chunk: int) -> Any:
    rows, state = [], h0
    for piece in _pieces(x, chunk):
        rows.append(_unroll(piece, state, W_xh, W_hh, b_h))
        state = rows[-1][0]
    return np.concatenate(rows)


@_of("truncate_and_carry", "chunk_ends_only", _CHUNKS,
     "only the last state of each chunk comes back. The states of all steps are asked for.")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, chunk: int) -> Any:
    h = _unroll(x, h0, W_xh, W_hh, b_h)
    ends = [min(start + chunk, len(x)) - 1 for start in range(0, len(x), chunk)]
    return h[ends]


@_of("truncate_and_carry", "last_chunk_only", _CHUNKS,
     "only the last chunk comes back: each chunk takes the place of the one before instead of following it.")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, chunk: int) -> Any:
    h = _unroll(x, h0, W_xh, W_hh, b_h)
    return _pieces(h, chunk)[-1].copy()


@_of("truncate_and_carry", "step_lost_at_cut", _CHUNKS,
     "the step at each cut is run twice: a chunk begins with the last input of the chunk before.")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, chunk: int) -> Any:
    rows, state = [], h0
    for start in range(0, len(x), chunk):
        first = max(start - 1, 0)
        rows.append(_unroll(x[first : start + chunk], state, W_xh, W_hh, b_h)[start - first :])
        state = rows[-1][-1]
    return np.concatenate(rows)
