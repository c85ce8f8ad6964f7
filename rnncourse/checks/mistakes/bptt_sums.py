"""Mistakes made in what going back through all steps adds up and gives back."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue
from rnncourse.checks.mistakes.bptt_time import Array, collect, right_one, states_before, through

CATALOGUE = Catalogue("bptt")


def _of(name: str, when: str, heading: str = "Back through time", keeps: bool = False) -> Any:
    return CATALOGUE.of("rnn_backward", name, heading, when, keeps)


# ---------------------------------------------------------------- the weights' gradients
@_of(
    "dW_hh_from_the_new_state",
    "dW_hh is made with h[t]. W_hh multiplied the state *before*: h[t - 1], and h0 at the first step.",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    da, dh0 = through(dh, 1 - h**2, W_hh)
    return collect(da, dh0, x, h, W_xh)


@_of(
    "initial_state_ignored",
    "dW_hh leaves out the first step, where the state before is h0. Only a zero h0 has no share in it.",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    da, dh0 = through(dh, 1 - h**2, W_hh)
    return collect(da, dh0, x, states_before(np.zeros_like(h0), h), W_xh)


@_of(
    "last_state_for_the_first",
    "dW_hh takes h[-1] for the state before step 0: h[t - 1] at t = 0 is the last row. There, h0 is meant.",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    da, dh0 = through(dh, 1 - h**2, W_hh)
    return collect(da, dh0, x, states_before(h[-1], h), W_xh)


@_of(
    "weights_overwritten",
    "the weights' gradients are set anew at each step, so only step 0 is left. All steps share the weights: "
    "add up.",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    dx, dh0, *_ = right_one(dh, x, h0, h, W_xh, W_hh)
    da, _ = through(dh, 1 - h**2, W_hh)
    return dx, dh0, *collect(da[:1], dh0, x[:1], h0[None], W_xh)[2:]


@_of("weights_of_the_last_step", "the weights' gradients are those of the last step alone. Add up all steps.")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    da, dh0 = through(dh, 1 - h**2, W_hh)
    last = collect(da[-1:], dh0, x[-1:], states_before(h0, h)[-1:], W_xh)
    return da @ W_xh, dh0, *last[2:]


@_of("dW_hh_transposed", "dW_hh is transposed: h[t - 1] comes first in the product. It is da.T @ h_prev.")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    dx, dh0, dW_xh, dW_hh, db_h = right_one(dh, x, h0, h, W_xh, W_hh)
    return dx, dh0, dW_xh, dW_hh.T.copy(), db_h


@_of("bias_averaged", "db_h is the mean over the batch. It is the sum over steps *and* batch.")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    *others, db_h = right_one(dh, x, h0, h, W_xh, W_hh)
    return *others, db_h / x.shape[1]


@_of("bias_mean_of_all", "db_h is the mean over steps and batch. It is the sum.")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    *others, db_h = right_one(dh, x, h0, h, W_xh, W_hh)
    return *others, db_h / (x.shape[0] * x.shape[1])


@_of("bias_per_example", "db_h is kept for every example, (B, H). One bias serves all: sum over the batch.")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    da, _ = through(dh, 1 - h**2, W_hh)
    return *right_one(dh, x, h0, h, W_xh, W_hh)[:4], da.sum(axis=0)


@_of("bias_wrong_axis", "db_h is summed over the units as well as the steps: the axis of length H is gone.")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    da, _ = through(dh, 1 - h**2, W_hh)
    return *right_one(dh, x, h0, h, W_xh, W_hh)[:4], da.sum(axis=(0, 2))


@_of(
    "divided_by_steps",
    "the weights' gradients are divided by T. A mean, where one is meant, is in dh already.",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    dx, dh0, *weights = right_one(dh, x, h0, h, W_xh, W_hh)
    return dx, dh0, *(gradient / len(x) for gradient in weights)


@_of(
    "divided_by_batch",
    "the weights' gradients are divided by B. A mean, where one is meant, is in dh already.",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    dx, dh0, *weights = right_one(dh, x, h0, h, W_xh, W_hh)
    return dx, dh0, *(gradient / x.shape[1] for gradient in weights)


# ---------------------------------------------------------------- dh0, clipping, order
@_of(
    "dh0_is_of_step_1",
    "dh0 is the gradient of h[0], the state *after* the first step. Go back through that step once more.",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    da, _ = through(dh, 1 - h**2, W_hh)
    total = dh[0] + (da[1] @ W_hh if len(da) > 1 else 0)
    dx, _, *weights = right_one(dh, x, h0, h, W_xh, W_hh)
    return dx, total, *weights


@_of("dh0_inside_the_tanh", "dh0 is the gradient inside the first tanh. It still has to go through W_hh.")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    da, _ = through(dh, 1 - h**2, W_hh)
    dx, _, *weights = right_one(dh, x, h0, h, W_xh, W_hh)
    return dx, da[0].copy(), *weights


@_of("dh0_zero", "dh0 is zero. The gradient also arrives at the state before the first step.")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    dx, _, *weights = right_one(dh, x, h0, h, W_xh, W_hh)
    return dx, np.zeros_like(h0), *weights


@_of(
    "clipped",
    "all gradients are clipped to -5 ... 5 inside. Clipping is for the update, where everybody can see it.",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    return tuple(np.clip(gradient, -5, 5) for gradient in right_one(dh, x, h0, h, W_xh, W_hh))


@_of(
    "carried_clipped", "what is carried from step to step is clipped to -1 ... 1. Nothing is clipped in here."
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    da, carried = np.zeros_like(dh), np.zeros_like(dh[0])
    for t in reversed(range(len(dh))):
        da[t] = (dh[t] + carried) * (1 - h[t] ** 2)
        carried = np.clip(da[t] @ W_hh, -1, 1)
    return collect(da, carried, x, states_before(h0, h), W_xh)


@_of("order_of_inputs", "dh0 comes before dx. Return dx, dh0, dW_xh, dW_hh, db_h.")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    dx, dh0, *weights = right_one(dh, x, h0, h, W_xh, W_hh)
    return dh0, dx, *weights


@_of("order_of_weights", "dW_hh comes before dW_xh. Return dx, dh0, dW_xh, dW_hh, db_h.")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    dx, dh0, dW_xh, dW_hh, db_h = right_one(dh, x, h0, h, W_xh, W_hh)
    return dx, dh0, dW_hh, dW_xh, db_h


@_of("dx_in_reverse", "dx stands in reverse order: collected from the last step on, and not turned round.")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    dx, *others = right_one(dh, x, h0, h, W_xh, W_hh)
    return dx[::-1].copy(), *others


# ---------------------------------------------------------------- what a caller notices
@_of(
    "kept_from_an_earlier_call",
    "the weights' gradients are added to those of an earlier call. Make them zero at the beginning of each.",
    keeps=True,
)
def _() -> Any:
    kept: list[Array] = []  # the sums so far, for as long as the shapes stay the same

    def answer(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
        dx, dh0, *weights = right_one(dh, x, h0, h, W_xh, W_hh)
        if kept and (kept[0].shape, kept[1].shape) == (dh.shape, x.shape):
            weights = [old + new for old, new in zip(kept[2:], weights, strict=True)]
        kept[:] = [dh, x, *weights]
        return dx, dh0, *(total.copy() for total in weights)

    return answer


@_of(
    "dh_changed",
    "Your numbers are right, but what is carried is added to the caller's dh itself, dh[t] += .... Add into "
    "a new array.",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    carried = np.zeros_like(dh[0])
    da = np.zeros_like(dh)
    for t in reversed(range(len(dh))):
        dh[t] += carried
        da[t] = dh[t] * (1 - h[t] ** 2)
        carried = da[t] @ W_hh
    return collect(da, carried, x, states_before(h0, h), W_xh)
