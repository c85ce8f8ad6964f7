"""Mistakes made with the Jacobians of leaky units and masked steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("gradients")

Array = np.ndarray


def _of(name: str, when: str, heading: str = "A product of Jacobians") -> Any:
    return CATALOGUE.of("leaky_jacobian_norms", name, heading, when)


def _candidates(h: Array, h0: Array, leak: Array) -> Array:
    before = np.concatenate([h0[None], h[:-1]])
    return (h - (1 - leak) * before) / leak


def _steps(kept: Array, slopes: Array, W_hh: Array) -> Array:
    """Return ``diag(kept) + diag(slopes[t]) @ W_hh`` for every step, (T, H, H)."""
    return np.diag(kept) + slopes[:, :, None] * W_hh


def _leaky(h: Array, h0: Array, W_hh: Array, leak: Array) -> Array:
    return _steps(1 - leak, leak * (1 - _candidates(h, h0, leak) ** 2), W_hh)


def _norms(jacobians: Array, mask: Array, skipped: Array | None = None) -> Array:
    """Return the norms of the products; at masked steps the Jacobian is ``skipped`` (the identity)."""
    rows, product = [], np.eye(jacobians.shape[1], dtype=jacobians.dtype)
    for t in reversed(range(len(jacobians))):
        rows.append(np.linalg.norm(product, 2))
        if mask[t]:
            product = product @ jacobians[t]
        elif skipped is not None:
            product = product @ skipped
    return np.array(rows[::-1])


@_of(
    "mask_ignored",
    "the mask is not used. A masked step carries the state over, so its Jacobian is the identity.",
)
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    return _norms(_leaky(h, h0, W_hh, leak), np.ones(len(h)))


@_of("mask_inverted", "the mask is read the wrong way round. 1 means that the step counts.")
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    return _norms(_leaky(h, h0, W_hh, leak), mask == 0)


@_of(
    "masked_step_cuts",
    "a masked step has the Jacobian 0, as if nothing passed through it. Everything does: the identity.",
)
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    return _norms(_leaky(h, h0, W_hh, leak), mask, 0 * W_hh)


@_of(
    "leaks_while_masked",
    "a masked step has the Jacobian diag(1 - leak). Nothing leaks while a step is masked: the identity.",
)
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    return _norms(_leaky(h, h0, W_hh, leak), mask, np.diag(1 - leak))


@_of(
    "mask_one_step_early",
    "the mask is one step off: dh_t/dh_{t-1} is the identity where step t is masked, not step t - 1.",
)
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    return _norms(_leaky(h, h0, W_hh, leak), np.append([1], mask[:-1]))


@_of(
    "mask_one_step_late",
    "the mask is one step off: dh_t/dh_{t-1} is the identity where step t is masked, not step t + 1.",
)
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    return _norms(_leaky(h, h0, W_hh, leak), np.append(mask[1:], [1]))


@_of(
    "old_state_forgotten",
    "the direct way from h_{t-1} to h_t is missing, diag(1 - leak). It is what keeps gradients alive.",
)
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    return _norms(_steps(0 * leak, leak * (1 - _candidates(h, h0, leak) ** 2), W_hh), mask)


@_of(
    "old_state_whole",
    "the direct way from h_{t-1} to h_t is the identity. The old state is multiplied by 1 - leak.",
)
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    return _norms(_steps(0 * leak + 1, leak * (1 - _candidates(h, h0, leak) ** 2), W_hh), mask)


@_of("leak_missing", "the way through tanh is not multiplied by leak.")
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    return _norms(_steps(1 - leak, 1 - _candidates(h, h0, leak) ** 2, W_hh), mask)


@_of("no_leak", "there is no leak at all: these are the norms of an ordinary RNN with the same states.")
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    return _norms(_steps(0 * leak, 1 - h**2, W_hh), mask)


@_of(
    "slope_of_the_state",
    "the slope is 1 - h_t**2. h_t is a mixture here; the slope needs the tanh inside it, (h_t - (1 - leak) "
    "* h_{t-1}) / leak.",
)
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    return _norms(_steps(1 - leak, leak * (1 - h**2), W_hh), mask)


@_of("slope_missing", "the slope of tanh is left out: diag(1 - leak) + diag(leak) @ W_hh.")
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    return _norms(_steps(1 - leak, leak + 0 * h, W_hh), mask)


@_of("tanh_twice", "the slope is 1 - tanh(candidate)**2. The candidate is a tanh already.")
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    return _norms(_steps(1 - leak, leak * (1 - np.tanh(_candidates(h, h0, leak)) ** 2), W_hh), mask)


@_of("not_divided_by_leak", "the candidate is not divided by leak: without it, it is leak * tanh.")
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    return _norms(_steps(1 - leak, leak * (1 - (leak * _candidates(h, h0, leak)) ** 2), W_hh), mask)


@_of("leak_exchanged", "leak and 1 - leak are exchanged everywhere.")
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    return _norms(_leaky(h, h0, W_hh, 1 - leak), mask)


@_of(
    "leak_exchanged_in_jacobian",
    "the candidate is right, and in the Jacobian leak and 1 - leak are exchanged.",
)
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    return _norms(_steps(leak, (1 - leak) * (1 - _candidates(h, h0, leak) ** 2), W_hh), mask)


@_of(
    "leak_on_columns",
    "leak multiplies the columns of W_hh. It belongs to the unit that moves, so it multiplies rows.",
)
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    return _norms(np.diag(1 - leak) + (1 - _candidates(h, h0, leak) ** 2)[:, :, None] * W_hh * leak, mask)


@_of(
    "slope_on_columns",
    "leak and slope multiply the columns of W_hh. They belong to the unit that reacts: rows.",
)
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    return _norms(np.diag(1 - leak) + (leak * (1 - _candidates(h, h0, leak) ** 2))[:, None, :] * W_hh, mask)


@_of("one_leak_for_all", "all units share one leak, the mean. leak is (H,): each unit has its own.")
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    return _norms(_leaky(h, h0, W_hh, 0 * leak + leak.mean()), mask)


@_of("W_hh_transposed", "each Jacobian is made with W_hh.T, the transpose of W_hh.")
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    return _norms(_leaky(h, h0, W_hh.T, leak), mask)


@_of(
    "old_state_added_everywhere",
    "1 - leak is added to every entry of the Jacobian. A unit keeps its *own* old state: np.diag(1 - leak).",
)
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    return _norms((1 - leak) + (leak * (1 - _candidates(h, h0, leak) ** 2))[:, :, None] * W_hh, mask)


@_of(
    "product_reversed",
    "the Jacobians are multiplied in the wrong order: the latest stands on the left, J_T ... J_{t+1}.",
)
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    rows, product = [], np.eye(len(h0), dtype=h.dtype)
    for jacobian, counts in zip(_leaky(h, h0, W_hh, leak)[::-1], mask[::-1], strict=True):
        rows.append(np.linalg.norm(product, 2))
        product = jacobian @ product if counts else product
    return np.array(rows[::-1])


@_of(
    "product_of_norms",
    "the norms of the single Jacobians are multiplied. That is an upper bound for the norm of the product.",
    "Spectral radius and spectral norm",
)
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    single = np.linalg.norm(_leaky(h, h0, W_hh, leak), ord=2, axis=(1, 2))
    single = np.where(mask, single, 1 + 0 * single)
    return np.array([np.prod(single[t + 1 :]) for t in range(len(h))])


@_of(
    "one_jacobian_too_many",
    "each product reaches one step too far, back to h_{t-1}: the first number is dh_T/dh_0, and the last is "
    "not always 1.",
)
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    rows, product = [], np.eye(len(h0), dtype=h.dtype)
    for jacobian, counts in zip(_leaky(h, h0, W_hh, leak)[::-1], mask[::-1], strict=True):
        product = product @ jacobian if counts else product
        rows.append(np.linalg.norm(product, 2))
    return np.array(rows[::-1])


@_of(
    "candidate_from_next_state",
    "the candidate of step t is made from h_t and h_{t+1}. Step t leads from h_{t-1} to h_t.",
)
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    late = np.concatenate([h[1:], h[-1:]])
    return _norms(_leaky(late, h[0], W_hh, leak), mask)


@_of(
    "masked_sequence_shortened",
    "masked steps are cut out of the sequence, and the freed places at the end hold 1. A masked step keeps "
    "its place in the result.",
)
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    norms = _norms(_leaky(h, h0, W_hh, leak), mask)
    left = norms[mask != 0]
    return np.append(left, norms[: len(norms) - len(left)] * 0 + 1)


@_of(
    "frobenius",
    "the Frobenius norm is taken, np.linalg.norm(P). The spectral norm has ord=2.",
    "Spectral radius and spectral norm",
)
def _(h: Array, h0: Array, W_hh: Array, leak: Array, mask: Array) -> Any:
    rows, product = [], np.eye(len(h0), dtype=h.dtype)
    for jacobian, counts in zip(_leaky(h, h0, W_hh, leak)[::-1], mask[::-1], strict=True):
        rows.append(np.linalg.norm(product))
        product = product @ jacobian if counts else product
    return np.array(rows[::-1])
