"""Mistakes made with the leaky network and its mask."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("rnn")

Array = np.ndarray
_UNROLLED = "Unrolled in time"
_NAME = "leaky_rnn_forward"


def _of(name: str, when: str) -> Any:
    return CATALOGUE.of(_NAME, name, _UNROLLED, when)


def _run(rule: Any, x: Array, h: Array, mask: Array) -> Array:
    """Unroll ``rule(x_t, h, m)``, with m the step's mask as a column."""
    rows = []
    for x_t, m in zip(x, mask[:, :, None] != 0, strict=True):
        h = rule(x_t, h, m)
        rows.append(h)
    return np.stack(rows)


def _inner(x_t: Array, h: Array, W_xh: Array, W_hh: Array, b_h: Array) -> Array:
    return x_t @ W_xh.T + h @ W_hh.T + b_h


@_of("leak_exchanged", "leak and 1 - leak are exchanged: the old state gets leak, the new one the rest.")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: Array, mask: Array) -> Any:
    def rule(x_t: Array, h: Array, m: Array) -> Array:
        return np.where(m, leak * h + (1 - leak) * np.tanh(_inner(x_t, h, W_xh, W_hh, b_h)), h)

    return _run(rule, x, h0, mask)


@_of("leak_ignored", "there is no leak: each new state takes the place of the old one altogether.")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: Array, mask: Array) -> Any:
    return _run(lambda x_t, h, m: np.where(m, np.tanh(_inner(x_t, h, W_xh, W_hh, b_h)), h), x, h0, mask)


@_of("old_state_dropped", "the old state's share is missing: h_t = leak * tanh(...) alone.")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: Array, mask: Array) -> Any:
    return _run(
        lambda x_t, h, m: np.where(m, leak * np.tanh(_inner(x_t, h, W_xh, W_hh, b_h)), h), x, h0, mask
    )


@_of("old_state_whole", "the old state is kept whole, h_{t-1} + leak * tanh(...): nothing ever leaks out.")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: Array, mask: Array) -> Any:
    return _run(
        lambda x_t, h, m: np.where(m, h + leak * np.tanh(_inner(x_t, h, W_xh, W_hh, b_h)), h), x, h0, mask
    )


@_of(
    "leak_inside_tanh",
    "the mixing stands inside the tanh. Only W_xh x_t + W_hh h_{t-1} + b_h goes in; mix afterwards.",
)
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: Array, mask: Array) -> Any:
    def rule(x_t: Array, h: Array, m: Array) -> Array:
        return np.where(m, np.tanh((1 - leak) * h + leak * _inner(x_t, h, W_xh, W_hh, b_h)), h)

    return _run(rule, x, h0, mask)


def _leaky(x_t: Array, h: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: Array) -> Array:
    return (1 - leak) * h + leak * np.tanh(_inner(x_t, h, W_xh, W_hh, b_h))


@_of("one_leak_for_all", "all units share one leak, the mean. leak is (H,): each unit has its own.")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: Array, mask: Array) -> Any:
    same = np.full_like(leak, leak.mean())
    return _run(lambda x_t, h, m: np.where(m, _leaky(x_t, h, W_xh, W_hh, b_h, same), h), x, h0, mask)


@_of("mask_ignored", "the mask is not used: the state moves on at masked positions too.")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: Array, mask: Array) -> Any:
    return _run(lambda x_t, h, m: _leaky(x_t, h, W_xh, W_hh, b_h, leak), x, h0, mask)


@_of("mask_inverted", "the mask is read the wrong way round. 1 means that the position counts.")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: Array, mask: Array) -> Any:
    return _run(lambda x_t, h, m: np.where(m, h, _leaky(x_t, h, W_xh, W_hh, b_h, leak)), x, h0, mask)


@_of("masked_to_zero", "a masked position sets the state to zero. It should stay what it was before.")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: Array, mask: Array) -> Any:
    return _run(lambda x_t, h, m: _leaky(x_t, h, W_xh, W_hh, b_h, leak) * m.astype(x.dtype), x, h0, mask)


@_of(
    "output_masked_to_zero",
    "the state is carried over rightly but the *output* is zero at masked positions. h[t] holds "
    "the carried state there.",
)
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: Array, mask: Array) -> Any:
    h = _run(lambda x_t, h, m: np.where(m, _leaky(x_t, h, W_xh, W_hh, b_h, leak), h), x, h0, mask)
    return h * (mask[:, :, None] != 0).astype(x.dtype)


@_of(
    "output_moves_on",
    "the next step does start from the carried state, but the output at a masked position is the "
    "state that was "
    "thrown away.",
)
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: Array, mask: Array) -> Any:
    rows, h = [], h0
    for x_t, m in zip(x, mask[:, :, None] != 0, strict=True):
        rows.append(_leaky(x_t, h, W_xh, W_hh, b_h, leak))
        h = np.where(m, rows[-1], h)
    return np.stack(rows)


@_of(
    "leaks_while_masked",
    "the old state leaks away at masked positions, (1 - leak) * h. It should stay as it is.",
)
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: Array, mask: Array) -> Any:
    def rule(x_t: Array, h: Array, m: Array) -> Array:
        return np.where(m, _leaky(x_t, h, W_xh, W_hh, b_h, leak), (1 - leak) * h)

    return _run(rule, x, h0, mask)


@_of("masked_back_to_start", "a masked position goes back to h0. The state just before is what stays.")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: Array, mask: Array) -> Any:
    return _run(lambda x_t, h, m: np.where(m, _leaky(x_t, h, W_xh, W_hh, b_h, leak), h0), x, h0, mask)


@_of(
    "input_masked_only",
    "the mask sets the *input* to zero and the step is made all the same. A masked step is no step at all.",
)
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: Array, mask: Array) -> Any:
    return _run(lambda x_t, h, m: _leaky(np.where(m, x_t, 0 * x_t), h, W_xh, W_hh, b_h, leak), x, h0, mask)


@_of("initial_state_ignored", "the state before the first step is zero: h0 is not used.")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: Array, mask: Array) -> Any:
    def rule(x_t: Array, h: Array, m: Array) -> Array:
        return np.where(m, _leaky(x_t, h, W_xh, W_hh, b_h, leak), h)

    return _run(rule, x, np.zeros_like(h0), mask)


@_of(
    "W_hh_transposed",
    "the state is multiplied by W_hh where its transpose is meant: W_hh h becomes h @ W_hh.T for rows.",
)
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: Array, mask: Array) -> Any:
    return _run(lambda x_t, h, m: np.where(m, _leaky(x_t, h, W_xh, W_hh.T, b_h, leak), h), x, h0, mask)


@_of(
    "stops_at_first_zero",
    "a sequence stands still from its first masked step on. It goes on where later steps count again.",
)
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: Array, mask: Array) -> Any:
    until = np.cumprod(mask != 0, axis=0)
    return _run(lambda x_t, h, m: np.where(m, _leaky(x_t, h, W_xh, W_hh, b_h, leak), h), x, h0, until)


@_of(
    "whole_batch_waits",
    "the whole batch stands still where one sequence is masked. Each sequence has its own mask[t, b].",
)
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: Array, mask: Array) -> Any:
    together = np.broadcast_to((mask != 0).all(axis=1, keepdims=True), mask.shape)
    return _run(lambda x_t, h, m: np.where(m, _leaky(x_t, h, W_xh, W_hh, b_h, leak), h), x, h0, together)


@_of(
    "lengths_for_mask",
    "the mask is read as lengths: as many steps from the start as it has ones. It says which steps happen.",
)
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: Array, mask: Array) -> Any:
    prefix = np.arange(len(mask))[:, None] < (mask != 0).sum(axis=0)
    return _run(lambda x_t, h, m: np.where(m, _leaky(x_t, h, W_xh, W_hh, b_h, leak), h), x, h0, prefix)


@_of("unleaked_while_masked", "a masked position jumps to tanh(...), without a leak. It stays where it was.")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: Array, mask: Array) -> Any:
    def rule(x_t: Array, h: Array, m: Array) -> Array:
        return np.where(m, _leaky(x_t, h, W_xh, W_hh, b_h, leak), np.tanh(_inner(x_t, h, W_xh, W_hh, b_h)))

    return _run(rule, x, h0, mask)


@_of("bias_dropped", "b_h is left out.")
def _(x: Array, h0: Array, W_xh: Array, W_hh: Array, b_h: Array, leak: Array, mask: Array) -> Any:
    return _run(lambda x_t, h, m: np.where(m, _leaky(x_t, h, W_xh, W_hh, 0 * b_h, leak), h), x, h0, mask)
