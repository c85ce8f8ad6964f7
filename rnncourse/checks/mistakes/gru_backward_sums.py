"""Mistakes made with the GRU on the way back through time, where gradients add up and come back."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue
from rnncourse.checks.mistakes.gru_backward import states, steps_back, way_back
from rnncourse.checks.mistakes.gru_step_backward import right

CATALOGUE = Catalogue("gru")

Array = np.ndarray


def _of(name: str, when: str) -> Any:
    return CATALOGUE.of("gru_backward", name, "Back through time", when)


# ---------------------------------------------------------------- adding up
@_of(
    "weights_overwritten",
    "weight gradients are overwritten at every step, so step 0 alone is left. Add them up.",
)
def _(dh: Array, x: Array, h0: Array, *weights: Array) -> Any:
    steps, dh0 = steps_back(dh, x, states(x, h0, *weights)[:-1], *weights)
    return np.stack([one[0] for one in steps]), dh0, *steps[0][2:]


@_of(
    "weights_of_the_last_step",
    "the weight gradients are those of the last step alone. Every step adds its share.",
)
def _(dh: Array, x: Array, h0: Array, *weights: Array) -> Any:
    steps, dh0 = steps_back(dh, x, states(x, h0, *weights)[:-1], *weights)
    return np.stack([one[0] for one in steps]), dh0, *steps[-1][2:]


@_of("mean_over_time", "the weight gradients are means over the steps. Every step adds its whole share.")
def _(dh: Array, x: Array, h0: Array, *weights: Array) -> Any:
    dx, dh0, *shares = way_back(dh, x, h0, *weights)
    return dx, dh0, *(share / len(x) for share in shares)


@_of("biases_per_step", "db_h and db_hn have a row for each step. The bias is one for all steps: add up.")
def _(dh: Array, x: Array, h0: Array, *weights: Array) -> Any:
    steps, _ = steps_back(dh, x, states(x, h0, *weights)[:-1], *weights)
    *before, _, _ = way_back(dh, x, h0, *weights)
    return *before, np.stack([one[4] for one in steps]), np.stack([one[5] for one in steps])


# ---------------------------------------------------------------- what comes back
@_of("swapped_x_and_h0", "dx and dh0 are returned in swapped order.")
def _(dh: Array, x: Array, h0: Array, *weights: Array) -> Any:
    dx, dh0, *shares = way_back(dh, x, h0, *weights)
    return dh0, dx, *shares


@_of("swapped_weights", "dW_xh and dW_hh are returned in swapped order.")
def _(dh: Array, x: Array, h0: Array, *weights: Array) -> Any:
    dx, dh0, dW_xh, dW_hh, *biases = way_back(dh, x, h0, *weights)
    return dx, dh0, dW_hh, dW_xh, *biases


@_of("swapped_biases", "db_h and db_hn are returned in swapped order.")
def _(dh: Array, x: Array, h0: Array, *weights: Array) -> Any:
    *before, db_h, db_hn = way_back(dh, x, h0, *weights)
    return *before, db_hn, db_h


@_of(
    "upstream_overwritten", "Your numbers are right, but dh[t] is added to in place: the caller's dh changes."
)
def _(dh: Array, x: Array, h0: Array, *weights: Array) -> Any:
    before = states(x, h0, *weights)[:-1]
    gradients = way_back(dh, x, h0, *weights)
    for t in reversed(range(1, len(x))):
        dh[t - 1] += right(dh[t], x[t], before[t], *weights)[1]
    return gradients


@_of(
    "float32_buffer",
    "gradients are collected in float32 arrays, which round float64 numbers to seven digits.",
)
def _(dh: Array, x: Array, h0: Array, *weights: Array) -> Any:
    return tuple(gradient.astype(np.float32) for gradient in way_back(dh, x, h0, *weights))


@_of(
    "always_float64",
    "Your numbers are right, but float32 inputs give float64 gradients: np.zeros without a "
    "dtype makes float64.",
)
def _(dh: Array, x: Array, h0: Array, *weights: Array) -> Any:
    return tuple(gradient.astype(np.float64) for gradient in way_back(dh, x, h0, *weights))
