"""Mistakes made on the way back through time: sums over steps, order of gates, what comes back."""

from __future__ import annotations

from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from rnncourse.checks.mistakes import Catalogue
from rnncourse.checks.mistakes.lstm import STEP, Array
from rnncourse.checks.mistakes.lstm_backward import right_gradients
from rnncourse.checks.mistakes.lstm_gates import NAMES, exchange, exchanged_in_words, reordered
from rnncourse.checks.mistakes.lstm_way_back import Values, back, leave, through_time

CATALOGUE = Catalogue("lstm")


def _of(name: str, when: str, heading: str = "Back through time") -> Any:
    return CATALOGUE.of("lstm_backward", name, heading, when)


# ---------------------------------------------------------------- sums
def _every_step(dh: Array, dc_last: Array, x: Array, h0: Array, c0: Array, *weights: Array) -> list[Any]:
    """Return every step's six gradients, first step first."""
    steps: list[Any] = []

    def step(*args: Array) -> tuple[Array, ...]:
        steps.append(back(*args))
        return steps[-1]

    through_time(step, dh, dc_last, x, h0, c0, *weights)
    return steps[::-1]


@_of(
    "weights_overwritten",
    "the weight gradients are overwritten at each step, so that those of step 0 are left. Add up, `+=`.",
)
def _(*args: Array) -> Any:
    dx, dh0, dc0, *_ = right_gradients(*args)
    return dx, dh0, dc0, *_every_step(*args)[0][3:]


@_of(
    "weights_of_the_last_step",
    "the weight gradients are those of the last step alone. They are sums over all steps.",
)
def _(*args: Array) -> Any:
    dx, dh0, dc0, *_ = right_gradients(*args)
    return dx, dh0, dc0, *_every_step(*args)[-1][3:]


@_of("divided_by_T", "the weight gradients are divided by the number of steps. They are sums.")
def _(*args: Array) -> Any:
    dx, dh0, dc0, *weights = right_gradients(*args)
    return dx, dh0, dc0, *(w / np.asarray(len(dx), dx.dtype) for w in weights)


@_of("bias_over_all", "db_h is a mean over steps and batch. It is the sum.")
def _(*args: Array) -> Any:
    *others, db_h = right_gradients(*args)
    return *others, db_h / np.asarray(np.prod(args[0].shape[:2]), db_h.dtype)


@_of("dW_hh_from_h0", "dW_hh is made with h0 at every step. Each step's gates have seen the state before it.")
def _(dh: Array, dc_last: Array, x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    def with_h0(da: Array, dc: Array, v: Values) -> tuple[Array, ...]:
        return leave(da, dc, v._replace(h_prev=h0))

    return through_time(partial(back, leave=with_h0), dh, dc_last, x, h0, c0, *weights)


@_of(
    "clipped",
    "the gradients are clipped to -5..5 on the way. Clipping has its place: between backward and step.",
)
def _(*args: Array) -> Any:
    return tuple(np.clip(gradient, -5, 5) for gradient in right_gradients(*args))


# ---------------------------------------------------------------- what comes back
@_of(
    "dh0_of_step_one",
    "dh0 is the gradient of the state *after* step 0. Going through step 0 gives that of h0.",
)
def _(*args: Array) -> Any:
    dx, _, *others = right_gradients(*args)
    steps = [*_every_step(*args), (0, 0)]  # after the last step nothing comes back
    return dx, args[0][0] + steps[1][1], *others


@_of(
    "dc0_of_step_one",
    "dc0 is the gradient of the cell *after* step 0. Going through step 0 gives that of c0.",
)
def _(dh: Array, dc_last: Array, x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    dx, dh0, _, *others = right_gradients(dh, dc_last, x, h0, c0, *weights)
    steps = [*_every_step(dh, dc_last, x, h0, c0, *weights), (0, 0, dc_last)]
    return dx, dh0, steps[1][2] + 0 * c0, *others


@_of("dh0_with_dh", "dh[0] is added to dh0. It is the gradient of h[0], the state after the first step.")
def _(*args: Array) -> Any:
    dx, dh0, *others = right_gradients(*args)
    return dx, dh0 + args[0][0], *others


@_of(
    "dh0_and_dc0_exchanged",
    "dh0 and dc0 come back in each other's place. Gradients are in the arguments' order.",
)
def _(*args: Array) -> Any:
    dx, dh0, dc0, *weights = right_gradients(*args)
    return dx, dc0, dh0, *weights


@_of("dW_xh_and_dW_hh_exchanged", "dW_xh and dW_hh come back in each other's place.")
def _(*args: Array) -> Any:
    *three, dW_xh, dW_hh, db_h = right_gradients(*args)
    return *three, dW_hh, dW_xh, db_h


@_of("dx_of_one_step", "dx is that of step 0 alone, (B, D). There is one for each step, (T, B, D).")
def _(*args: Array) -> Any:
    dx, *others = right_gradients(*args)
    return dx[0].copy(), *others


def _file_exchanged(one: str, two: str) -> None:
    order = exchange(one, two)

    @_of(f"{one}_and_{two}_exchanged", exchanged_in_words(one, two), STEP)
    def wrong(*args: Array) -> Any:
        *three, dW_xh, dW_hh, db_h = right_gradients(*args[:5], *(reordered(w, order) for w in args[5:]))
        return *three, *(reordered(w, order) for w in (dW_xh, dW_hh, db_h))  # twice exchanged is as before


for first, second in combinations(NAMES, 2):
    _file_exchanged(first, second)
