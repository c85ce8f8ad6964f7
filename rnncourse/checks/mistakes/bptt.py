"""Mistakes made in one step back."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("bptt")

Array = np.ndarray


def _of(name: str, when: str) -> Any:
    return CATALOGUE.of("rnn_step_backward", name, "Back through one step", when)


def _from(da: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array) -> tuple[Array, ...]:
    """Go on from the gradient of what stands inside the tanh."""
    return da @ W_xh, da @ W_hh, da.T @ x_t, da.T @ h_prev, da.sum(axis=0)


@_of(
    "W_hh_transposed",
    "dh_prev is multiplied by W_hh.T. Forward multiplied by W_hh.T; the way back multiplies by W_hh itself.",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array) -> Any:
    da = dh_t * (1 - h_t**2)
    return da @ W_xh, da @ W_hh.T, da.T @ x_t, da.T @ h_prev, da.sum(axis=0)


@_of(
    "W_xh_transposed",
    "dx_t is multiplied by W_xh.T, which fits only where D = H. Forward multiplied by W_xh.T; the way back "
    "multiplies by W_xh.",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array) -> Any:
    da = dh_t * (1 - h_t**2)
    return da @ W_xh.T, da @ W_hh, da.T @ x_t, da.T @ h_prev, da.sum(axis=0)


@_of(
    "slope_missing",
    "the slope of tanh is missing: dh_t goes on as it is. It is multiplied by 1 - h_t**2 first.",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array) -> Any:
    return _from(dh_t, x_t, h_prev, W_xh, W_hh)


@_of(
    "tanh_of_a_tanh",
    "the slope is taken as 1 - tanh(h_t)**2. h_t is a tanh already: the slope is 1 - h_t**2.",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array) -> Any:
    return _from(dh_t * (1 - np.tanh(h_t) ** 2), x_t, h_prev, W_xh, W_hh)


@_of(
    "slope_of_the_inside",
    "the slope is taken as 1 - a**2, with a what stands inside the tanh. The slope is 1 - h_t**2.",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array) -> Any:
    return _from(dh_t * (1 - np.arctanh(h_t) ** 2), x_t, h_prev, W_xh, W_hh)


@_of(
    "slope_upside_down",
    "dh_t is *divided* by 1 - h_t**2, which is the slope of the inverse function. Multiply.",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array) -> Any:
    return _from(dh_t / (1 - h_t**2), x_t, h_prev, W_xh, W_hh)


@_of("slope_of_the_sigmoid", "the slope is that of the sigmoid, h_t * (1 - h_t). That of tanh is 1 - h_t**2.")
def _(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array) -> Any:
    return _from(dh_t * h_t * (1 - h_t), x_t, h_prev, W_xh, W_hh)


@_of("slope_not_squared", "the slope is taken as 1 - h_t. It is 1 - h_t**2.")
def _(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array) -> Any:
    return _from(dh_t * (1 - h_t), x_t, h_prev, W_xh, W_hh)


@_of("slope_twice", "the slope of tanh is multiplied in twice.")
def _(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array) -> Any:
    return _from(dh_t * (1 - h_t**2) ** 2, x_t, h_prev, W_xh, W_hh)


@_of("slope_at_the_state_before", "the slope is taken at h_prev. This step's tanh gave h_t.")
def _(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array) -> Any:
    return _from(dh_t * (1 - h_prev**2), x_t, h_prev, W_xh, W_hh)


@_of(
    "slope_for_weights_only",
    "dx_t and dh_prev are made from dh_t. All five come from the gradient behind the tanh, "
    "dh_t * (1 - h_t**2).",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array) -> Any:
    da = dh_t * (1 - h_t**2)
    return dh_t @ W_xh, dh_t @ W_hh, da.T @ x_t, da.T @ h_prev, da.sum(axis=0)


@_of(
    "slope_for_inputs_only",
    "the weights' gradients are made from dh_t. All five come from the gradient behind the tanh, "
    "dh_t * (1 - h_t**2).",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array) -> Any:
    da = dh_t * (1 - h_t**2)
    return da @ W_xh, da @ W_hh, dh_t.T @ x_t, dh_t.T @ h_prev, dh_t.sum(axis=0)


@_of("bias_from_dh", "db_h is the sum of dh_t. The bias stands inside the tanh, so the slope comes first.")
def _(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array) -> Any:
    return *_from(dh_t * (1 - h_t**2), x_t, h_prev, W_xh, W_hh)[:4], dh_t.sum(axis=0)


@_of(
    "dW_hh_from_the_new_state",
    "dW_hh is made with h_t. In forward, W_hh multiplied h_prev: that is its partner.",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array) -> Any:
    return _from(dh_t * (1 - h_t**2), x_t, h_t, W_xh, W_hh)


@_of("no_weights_in_dh_prev", "dh_prev has not gone through W_hh.")
def _(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array) -> Any:
    da = dh_t * (1 - h_t**2)
    return da @ W_xh, da.copy(), da.T @ x_t, da.T @ h_prev, da.sum(axis=0)


@_of(
    "dh_added_to_dh_prev",
    "dh_t itself is added to dh_prev. In this network the state before is reached through W_hh alone.",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array) -> Any:
    da = dh_t * (1 - h_t**2)
    return da @ W_xh, da @ W_hh + dh_t, da.T @ x_t, da.T @ h_prev, da.sum(axis=0)


@_of(
    "weights_averaged",
    "the weights' gradients are divided by B. They are sums over the batch; the mean is in the loss already.",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array) -> Any:
    dx_t, dh_prev, *weights = _from(dh_t * (1 - h_t**2), x_t, h_prev, W_xh, W_hh)
    return dx_t, dh_prev, *(gradient / len(x_t) for gradient in weights)


@_of("bias_averaged", "db_h is the mean over the batch. It is the sum.")
def _(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array) -> Any:
    da = dh_t * (1 - h_t**2)
    return *_from(da, x_t, h_prev, W_xh, W_hh)[:4], da.mean(axis=0)


@_of("bias_wrong_axis", "db_h is summed over axis 1, the units. Sum over the batch, axis 0; (H,) is left.")
def _(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array) -> Any:
    da = dh_t * (1 - h_t**2)
    return *_from(da, x_t, h_prev, W_xh, W_hh)[:4], da.sum(axis=1)


@_of("bias_per_example", "db_h is kept for every example, (B, H). One bias serves all: sum over the batch.")
def _(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array) -> Any:
    da = dh_t * (1 - h_t**2)
    return *_from(da, x_t, h_prev, W_xh, W_hh)[:4], da


@_of(
    "weights_transposed",
    "the weights' gradients are transposed. A gradient has the shape of what it belongs to: da.T @ x_t is "
    "(H, D).",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array) -> Any:
    da = dh_t * (1 - h_t**2)
    return da @ W_xh, da @ W_hh, x_t.T @ da, h_prev.T @ da, da.sum(axis=0)


@_of("dW_hh_transposed", "dW_hh is transposed, h_prev.T @ da. Its rows belong to the units it leads *to*.")
def _(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array) -> Any:
    da = dh_t * (1 - h_t**2)
    return da @ W_xh, da @ W_hh, da.T @ x_t, h_prev.T @ da, da.sum(axis=0)


@_of("order_of_inputs", "dh_prev comes before dx_t. Return dx_t, dh_prev, dW_xh, dW_hh, db_h.")
def _(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array) -> Any:
    dx_t, dh_prev, *weights = _from(dh_t * (1 - h_t**2), x_t, h_prev, W_xh, W_hh)
    return dh_prev, dx_t, *weights


@_of("order_of_weights", "dW_hh comes before dW_xh. Return dx_t, dh_prev, dW_xh, dW_hh, db_h.")
def _(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array) -> Any:
    dx_t, dh_prev, dW_xh, dW_hh, db_h = _from(dh_t * (1 - h_t**2), x_t, h_prev, W_xh, W_hh)
    return dx_t, dh_prev, dW_hh, dW_xh, db_h


@_of(
    "dh_overwritten",
    "Your numbers are right, but the slope is multiplied into dh_t in place: the caller's gradient is gone. "
    "Make a new array.",
)
def _(dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array) -> Any:
    dh_t *= 1 - h_t**2
    return _from(dh_t, x_t, h_prev, W_xh, W_hh)
