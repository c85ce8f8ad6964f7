"""Mistakes made in going back through all steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue

CATALOGUE = Catalogue("bptt")

Array = np.ndarray


def _of(name: str, when: str, heading: str = "Back through time", keeps: bool = False) -> Any:
    return CATALOGUE.of("rnn_backward", name, heading, when, keeps)


def through(dh: Array, slope: Array, W_hh: Array) -> tuple[Array, Array]:
    """Go back through all steps; return the gradient inside each tanh, (T, B, H), and dh0."""
    da, carried = np.zeros_like(dh), np.zeros_like(dh[0])
    for t in reversed(range(len(dh))):
        da[t] = (dh[t] + carried) * slope[t]
        carried = da[t] @ W_hh
    return da, carried


def states_before(h0: Array, h: Array) -> Array:
    """Return the state that each step started from, (T, B, H)."""
    return np.concatenate([h0[None], h[:-1]])


def collect(da: Array, dh0: Array, x: Array, before: Array, W_xh: Array) -> tuple[Array, ...]:
    """Gather the five results; ``before`` holds the state that each step started from."""
    dW_xh = np.einsum("tbh,tbd->hd", da, x)
    dW_hh = np.einsum("tbh,tbk->hk", da, before)
    return da @ W_xh, dh0, dW_xh, dW_hh, da.sum(axis=(0, 1))


def right_one(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> tuple[Array, ...]:
    """Return the right results, for mistakes that spoil one of them."""
    da, dh0 = through(dh, 1 - h**2, W_hh)
    return collect(da, dh0, x, states_before(h0, h), W_xh)


# ---------------------------------------------------------------- what is carried from step to step
@_of(
    "nothing_carried",
    "nothing comes back from step t + 1 to step t. h[t] also made all that came later; add what that sends "
    "back.",
    "Direct and total",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    da = dh * (1 - h**2)
    return collect(da, da[0] @ W_hh, x, states_before(h0, h), W_xh)


@_of(
    "own_gradient_dropped",
    "only the last step's dh enters: before it, what is carried back takes the place of dh[t]. Add the two.",
    "Direct and total",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    last = np.zeros_like(dh)
    last[-1] = dh[-1]
    da, dh0 = through(last, 1 - h**2, W_hh)
    return collect(da, dh0, x, states_before(h0, h), W_xh)


@_of(
    "carried_set_once",
    "what is carried is set at the last step and never again: every earlier step receives the same.",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    slope, T = 1 - h**2, len(dh)
    carried = (dh[-1] * slope[-1]) @ W_hh
    da = dh + (np.arange(T)[:, None, None] < T - 1).astype(dh.dtype) * carried
    da *= slope
    return collect(da, carried, x, states_before(h0, h), W_xh)


@_of(
    "carried_one_step_only",
    "a gradient goes back one step and no further: what step t sends back is made of dh[t] alone. Send back "
    "the total.",
    "Direct and total",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    slope = 1 - h**2
    sent = (dh * slope) @ W_hh
    da = (dh + np.concatenate([sent[1:], 0 * sent[:1]])) * slope
    return collect(da, sent[0], x, states_before(h0, h), W_xh)


@_of(
    "carried_accumulated",
    "what is carried grows with += at each step. It is what the step *after* sends back: set it anew.",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    da, carried = np.zeros_like(dh), np.zeros_like(dh[0])
    for t in reversed(range(len(dh))):
        da[t] = (dh[t] + carried) * (1 - h[t] ** 2)
        carried = carried + da[t] @ W_hh
    return collect(da, carried, x, states_before(h0, h), W_xh)


@_of(
    "direct_for_the_weights",
    "the weights' gradients are made from dh[t] alone, though the carried gradient is computed. They need "
    "the total, too.",
    "Direct and total",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    slope, before = 1 - h**2, states_before(h0, h)
    da, dh0 = through(dh, slope, W_hh)
    return *collect(da, dh0, x, before, W_xh)[:2], *collect(dh * slope, dh0, x, before, W_xh)[2:]


@_of(
    "runs_forwards",
    "the loop runs from the first step to the last. What step t needs comes from step t + 1: go backwards.",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    da, carried = through(dh[::-1], 1 - h[::-1] ** 2, W_hh)
    return collect(da[::-1], carried, x, states_before(h0, h), W_xh)


@_of(
    "dh_one_late",
    "step t takes dh[t + 1], and the last step nothing: the gradients that enter are off by one.",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    da, dh0 = through(np.concatenate([dh[1:], 0 * dh[:1]]), 1 - h**2, W_hh)
    return collect(da, dh0, x, states_before(h0, h), W_xh)


@_of("first_step_left_out", "the loop stops before step 0: range(T - 1, 0, -1) does not reach it.")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    da, _ = through(dh, 1 - h**2, W_hh)
    carried = da[1] @ W_hh if len(da) > 1 else np.zeros_like(h0)
    da[0] = 0
    return collect(da, carried, x, states_before(h0, h), W_xh)


# ---------------------------------------------------------------- the slope of tanh
@_of("slope_missing", "the slope of tanh is missing. At every step, the total is multiplied by 1 - h[t]**2.")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    da, dh0 = through(dh, np.ones_like(h), W_hh)
    return collect(da, dh0, x, states_before(h0, h), W_xh)


@_of("tanh_of_a_tanh", "the slope is taken as 1 - tanh(h[t])**2. h[t] is a tanh already: it is 1 - h[t]**2.")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    da, dh0 = through(dh, 1 - np.tanh(h) ** 2, W_hh)
    return collect(da, dh0, x, states_before(h0, h), W_xh)


@_of(
    "slope_of_the_inside",
    "the slope is taken as 1 - a**2, with a what stands inside the tanh. The slope is 1 - h[t]**2.",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    da, dh0 = through(dh, 1 - np.arctanh(h) ** 2, W_hh)
    return collect(da, dh0, x, states_before(h0, h), W_xh)


@_of(
    "slope_upside_down", "the total is *divided* by 1 - h[t]**2, the slope of the inverse function. Multiply."
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    da, dh0 = through(dh, 1 / (1 - h**2), W_hh)
    return collect(da, dh0, x, states_before(h0, h), W_xh)


@_of("slope_of_the_sigmoid", "the slope is that of the sigmoid, h * (1 - h). That of tanh is 1 - h**2.")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    da, dh0 = through(dh, h * (1 - h), W_hh)
    return collect(da, dh0, x, states_before(h0, h), W_xh)


@_of("slope_one_step_early", "the slope at step t is taken from h[t - 1]. That step's tanh gave h[t].")
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    da, dh0 = through(dh, 1 - states_before(h0, h) ** 2, W_hh)
    return collect(da, dh0, x, states_before(h0, h), W_xh)


@_of(
    "slope_before_the_sum",
    "the slope of tanh multiplies dh[t] before the carried gradient is added. It multiplies the sum.",
    "Direct and total",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    da, carried = np.zeros_like(dh), np.zeros_like(dh[0])
    for t in reversed(range(len(dh))):
        da[t] = dh[t] * (1 - h[t] ** 2) + carried
        carried = da[t] @ W_hh
    return collect(da, carried, x, states_before(h0, h), W_xh)


# ---------------------------------------------------------------- the wrong matrix
@_of(
    "W_hh_transposed",
    "the carried gradient is multiplied by W_hh.T. Forward multiplied by W_hh.T; the way back multiplies by "
    "W_hh itself.",
    "Back through one step",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    da, dh0 = through(dh, 1 - h**2, W_hh.T)
    return collect(da, dh0, x, states_before(h0, h), W_xh)


@_of(
    "W_xh_transposed",
    "dx is multiplied by W_xh.T, which fits only where D = H. The way back multiplies by W_xh.",
    "Back through one step",
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    da, dh0 = through(dh, 1 - h**2, W_hh)
    return collect(da, dh0, x, states_before(h0, h), W_xh.T)


@_of(
    "no_weights_between_steps", "the carried gradient does not go through W_hh on its way to the step before."
)
def _(dh: Array, x: Array, h0: Array, h: Array, W_xh: Array, W_hh: Array) -> Any:
    da, dh0 = through(dh, 1 - h**2, np.eye(len(W_hh), dtype=W_hh.dtype))
    return collect(da, dh0, x, states_before(h0, h), W_xh)
